"""What each loss brings: ``python -m models.ablate --start RUN/best.pt --test DIR ...``.

Options else as ``models.train_regressor``. From the same weights, seed and pictures, R trains on for a few hundred
steps with all losses, again with each one left out, and without all of the paper's. Every result is measured on
rendered people that no training saw and, with ``--coded``, on the hand-coded real frames. All losses on with other
seeds (``--repeats``) tells how much of a difference is chance. Short runs tell which way a loss pulls, not how far it
would take a full training. OUT/ablation.csv grows by a row a run; finished ones are not repeated.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
import torch
from torch import nn

from models.evaluation.coded_frames import CodedFrames, read_coded_frames
from models.evaluation.score_tables import mean_scores
from models.regressor import FullRegressor
from models.regressor_scores import read_views, scored
from models.train_regressor import LOSSES, chosen_weights, command_line, open_data, open_networks, optimiser_of
from models.training.feature_cache import cache_features
from models.training.person_batches import CLEAN, STRANGER, Source
from models.training.regressor_data import Data, open_source
from models.training.regressor_steps import Steps

NONE, START, PAPER = "none", "start", "paper"
GROUPS = {NONE: "", PAPER: "content,identity,parameter,loopback,adversarial"}
"""Names for what is left out, besides the losses' own."""
WARM_STEPS = 20


def steps_on(args: argparse.Namespace, off: str, data: Data, seed: int) -> FullRegressor:
    """R after ``args.steps`` steps without the loss, or group of losses, ``off``."""
    weights = chosen_weights(GROUPS.get(off, off))
    model, unlabelled = open_networks(args, weights)
    steps = Steps(
        model.regressor, data, unlabelled, weights, args.people, args.clips, args.drawn, args.device, args.pictures
    )
    optimiser = optimiser_of(model.regressor)
    rng, g = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)  # dropout
    model.train()
    for step in range(args.steps):
        for group in optimiser.param_groups:
            group["lr"] = args.rate * group["pace"] * min((step + 1) / WARM_STEPS, 1.05 - step / args.steps)
        terms = steps.labelled(rng, g, with_clips=step % args.clips_every == 0)
        if unlabelled is not None and step % args.every == 0:
            terms |= {name: args.share * value for name, value in steps.unlabelled(rng, g).items()}
        loss = torch.stack([torch.zeros((), device=args.device), *terms.values()]).sum()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.regressor.parameters(), 1.0)
        optimiser.step()
    return model.eval()


def row_of(
    off: str, seed: int, model: FullRegressor, test: Source, coded: CodedFrames | None, device: str
) -> dict[str, str]:
    known, stranger = (scored(model.regressor, test, life, device=device) for life in (CLEAN, STRANGER))
    figures = {
        "icc": known.mean.icc,
        "mae": known.mean.mae,
        "icc_stranger": stranger.mean.icc,
        "mae_stranger": stranger.mean.mae,
        "pose_deg": known.pose_deg,
        "identity_rms": known.identity,
        "brow_style": known.brow_style,
    }
    if coded is not None:
        found = mean_scores(coded.scores({"R": read_views(model, coded.views, coded.rest, device)}))["R"]
        figures |= {"icc_coded": found.icc, "mae_coded": found.mae}
    return {"off": off, "seed": str(seed), **{name: f"{value:.4f}" for name, value in figures.items()}}


def finished(path: Path) -> set[tuple[str, int]]:
    """What was left out, and seed, of the runs that are there."""
    if not path.exists():
        return set()
    with path.open(newline="") as f:
        return {(row["off"], int(row["seed"])) for row in csv.DictReader(f)}


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--test", type=Path, required=True, help="folder of rendered people for measuring")
    parser.add_argument("--losses", default=",".join([PAPER, *LOSSES]), help="what is left out in turn, by commas")
    parser.add_argument("--coded", type=Path, help="folder of au_hand_dev.csv and clips/, to measure on as well")
    parser.add_argument("--repeats", type=int, default=2, help="runs with all losses on, by seed")
    parser.set_defaults(steps=250, rate=3e-4)
    args = parser.parse_args()
    if not args.start:
        raise SystemExit("--start is missing: give the checkpoint that all runs begin with")
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / "ablation.csv"
    for name in args.losses.split(","):
        chosen_weights(GROUPS.get(name, name))
    model, _ = open_networks(args, chosen_weights(""))
    data = open_data(args, model.extractor)
    cache = (args.cache or args.out / "features") / "test"
    cache_features(model.extractor, args.test, cache, device=args.device, quick=args.quick)
    test = open_source(args.test, cache)
    coded = read_coded_frames(args.coded) if args.coded else None
    alike = [(NONE, args.seed + k) for k in range(args.repeats)]
    for off, seed in [(START, args.seed), *alike, *((off, args.seed) for off in args.losses.split(","))]:
        if (off, seed) in finished(path):
            continue
        tried = model.eval() if off == START else steps_on(args, off, data, seed)
        row = row_of(off, seed, tried, test, coded, args.device)
        with path.open("a", newline="") as f:
            writer = csv.DictWriter(f, list(row))
            if f.tell() == 0:
                writer.writeheader()
            writer.writerow(row)
        print(" ".join(f"{k} {v}" for k, v in row.items()), flush=True)


if __name__ == "__main__":
    main()
