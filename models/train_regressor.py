"""Trains R, the ``full`` regressor, on frozen F_seg: ``python -m models.train_regressor --parser FILE --out DIR``.

Every step reads whole rendered people with known parameters, and frames of real clips, which teach by the landmarks'
motion, by steadiness and by the mirror. With ``--generator`` and ``--recognition`` every k-th step adds the paper's
losses without labels (eq. 7-12) on pictures of both kinds. F_seg's features are cached on the disk first. Seeded;
resumes from OUT/last.pt; the best on people held out is OUT/best.pt.
"""

import argparse
import csv
import json
import time
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from models.bisenet import FeatureExtractor, load_parser
from models.generator import GeneratorFileError, load_generator
from models.lightcnn import load_recognition
from models.losses import Weights
from models.regressor import Architecture, FullRegressor, Regressor, fitting
from models.regressor_scores import summary
from models.training.curves import draw_curves
from models.training.feature_cache import CacheError, cache_features
from models.training.rate import rate_at
from models.training.regressor_data import Data, load_data
from models.training.regressor_steps import Steps
from models.training.self_supervision import SelfSupervision

GEOMETRY_PACE = 0.1
"""The landmarks' branch has been trained before, on more people than come here: it moves slower than the rest."""
LOSSES = tuple(f.name for f in fields(Weights) if f.name not in ("alpha", "beta", "loopback_expression"))


def command_line(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--rendered", type=Path, required=True, help="folder of models.render_dataset")
    parser.add_argument("--real", type=Path, help="folder of models.real_faces")
    parser.add_argument("--parser", type=Path, required=True, help="F_seg: checkpoint of models.train_parsing")
    parser.add_argument("--generator", type=Path, help="G: checkpoint of models.train_generator")
    parser.add_argument("--recognition", type=Path, help="F_reg: checkpoint of models.train_recognition")
    parser.add_argument("--landmarks", type=Path, help="the landmarks' branch begins with this geometric regressor")
    parser.add_argument("--start", type=Path, help="begin with this checkpoint's R")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cache", type=Path, help="features of F_seg (default: OUT/features)")
    parser.add_argument("--quick", action="store_true", help="make the features in half precision")
    parser.add_argument("--files", type=int, help="use only so many files of --rendered")
    parser.add_argument("--mirrored", type=int, default=0, help="of these, so many are seen in the mirror as well")
    parser.add_argument("--cameras", type=int, default=0, help="all pictures again as so many other cameras saw them")
    parser.add_argument("--minutes", type=float, help="wall clock budget; the rate follows it")
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--people", type=int, default=5, help="rendered people in a step")
    parser.add_argument("--pictures", type=int, default=20, help="of each of them at most")
    parser.add_argument("--clips", type=int, default=4, help="real clips in a step")
    parser.add_argument("--clips-every", type=int, default=1, help="one step in so many sees clips")
    parser.add_argument("--every", type=int, default=4, help="one step in so many has the paper's losses")
    parser.add_argument("--drawn", type=int, default=8, help="pictures in such a step that G draws")
    parser.add_argument("--off", default="", help=f"losses left out, by commas: {', '.join(LOSSES)}")
    parser.add_argument("--share", type=float, default=1.0, help="weight of the paper's losses as a whole")
    parser.add_argument("--width", type=int, default=32, help="maps of each part in the AU sub-network")
    parser.add_argument("--hidden", type=int, default=256, help="of the fully connected layers")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--validate", type=int, default=250, help="steps between validations")
    parser.add_argument("--judges", type=int, default=40, help="people held out that a validation reads")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser


def chosen_weights(off: str) -> Weights:
    """Raises SystemExit where a loss is named that there is not."""
    names = [name for name in off.split(",") if name]
    if unknown := sorted(set(names) - set(LOSSES)):
        raise SystemExit(f"--off {','.join(unknown)}: the losses are {', '.join(LOSSES)}")
    return replace(Weights(), **dict.fromkeys(names, 0.0))


def open_networks(args: argparse.Namespace, weights: Weights) -> tuple[FullRegressor, SelfSupervision | None]:
    """R on F_seg as --start or --landmarks have it, and the frozen networks of the paper's losses if both are given."""
    try:
        extractor = FeatureExtractor(load_parser(args.parser))
        torch.manual_seed(args.seed)
        if args.start:
            model = FullRegressor.from_checkpoint(torch.load(args.start, map_location="cpu", weights_only=False))
            extractor = model.extractor
        else:
            model = FullRegressor(extractor, fitting(extractor, width=args.width, hidden=args.hidden))
        if args.landmarks:
            state = torch.load(args.landmarks, map_location="cpu", weights_only=False)["state"]
            model.regressor.geometry.load_state_dict(state)
        if not (args.generator and args.recognition):
            return model.to(args.device), None
        frozen = load_generator(args.generator), load_recognition(args.recognition)
    except (FileNotFoundError, ValueError, GeneratorFileError, RuntimeError, KeyError) as error:
        raise SystemExit(f"{' '.join(str(error).split())[:300]}") from None
    return model.to(args.device), SelfSupervision(extractor, *frozen, weights).to(args.device)


def optimiser_of(regressor: Regressor) -> torch.optim.Optimizer:
    """A step's rate is the rate of the training times its group's ``pace``."""
    own = {id(p) for p in regressor.geometry.parameters()}
    groups = [
        {"params": list(regressor.geometry.parameters()), "pace": GEOMETRY_PACE},
        {"params": [p for p in regressor.parameters() if id(p) not in own], "pace": 1.0},
    ]
    return torch.optim.AdamW(groups, weight_decay=0.02)


def open_data(args: argparse.Namespace, extractor: FeatureExtractor) -> Data:
    """Caches what is not cached yet, and opens it."""
    cache = args.cache or args.out / "features"
    try:
        made = {"device": args.device, "quick": args.quick, "cameras": args.cameras}
        cache_features(extractor, args.rendered, cache / "rendered", args.files, args.mirrored, **made)
        if args.real:
            cache_features(extractor, args.real, cache / "real", None, 10_000, **made)
        return load_data(args.rendered, args.real, cache, args.files)
    except (FileNotFoundError, CacheError) as error:
        raise SystemExit(str(error)) from None


@dataclass
class Progress:
    """How far a training is; saved in checkpoints."""

    step: int = 0
    best: float = -9.0
    spent_s: float = 0.0

    def resume(self, path: Path, model: FullRegressor, optimiser: torch.optim.Optimizer) -> None:
        """Goes on where OUT/last.pt stopped, if it is there. Raises SystemExit where it is of another R."""
        if not path.exists():
            return
        state = torch.load(path, map_location="cpu", weights_only=False)
        try:
            Architecture.from_dict(state["architecture"]["regressor"])
            model.load_state_dict(state["state"])
            optimiser.load_state_dict(state["optimiser"])
        except (KeyError, TypeError, RuntimeError) as error:
            reason = " ".join(str(error).split())[:160]
            raise SystemExit(f"{path} is of another R: delete it, or use another --out ({reason})") from None
        self.step, self.best, self.spent_s = state["step"], state["best"], state["spent"]


def descend(
    terms: dict[str, Tensor], regressor: Regressor, optimiser: torch.optim.Optimizer, mixed: torch.amp.GradScaler
) -> None:
    """One step down the sum of the terms."""
    optimiser.zero_grad()
    mixed.scale(torch.stack(list(terms.values())).sum()).backward()
    mixed.unscale_(optimiser)
    nn.utils.clip_grad_norm_(regressor.parameters(), 1.0)
    mixed.step(optimiser)
    mixed.update()


def validate(
    args: argparse.Namespace, model: FullRegressor, optimiser: torch.optim.Optimizer, data: Data, progress: Progress,
    means: dict[str, float], weights: Weights,
) -> None:  # fmt: skip
    """Scores on people held out; writes the log, its curves and the checkpoints."""
    model.eval()
    found = summary(model.regressor, data.held_out, args.judges, args.device)
    model.train()
    write_log(
        args.out / "log.csv", {"step": progress.step, "minutes": round(progress.spent_s / 60, 2), **found, **means}
    )
    draw_curves(args.out / "log.csv", args.out / "curve.png")
    now = found["icc"] - found["mae"] + 0.5 * (found["icc_stranger"] - found["mae_stranger"])
    better, progress.best = now > progress.best, max(now, progress.best)
    config = {k: str(v) if isinstance(v, Path) else v for k, v in vars(args).items()}
    common = model.checkpoint(
        step=progress.step, best=progress.best, spent=progress.spent_s, config=config, losses=asdict(weights)
    )
    if better:
        save(common, args.out / "best.pt")
    save({**common, "optimiser": optimiser.state_dict()}, args.out / "last.pt")
    said = json.dumps({k: round(v, 4) for k, v in {"step": progress.step, **found, **means}.items()})
    print(said, f"{progress.spent_s:.0f} s", flush=True)


def main() -> None:
    args = command_line(__doc__).parse_args()
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    weights = chosen_weights(args.off)
    model, unlabelled = open_networks(args, weights)
    data = open_data(args, model.extractor)
    steps = Steps(
        model.regressor, data, unlabelled, weights, args.people, args.clips, args.drawn, args.device, args.pictures
    )
    optimiser, progress = optimiser_of(model.regressor), Progress()
    progress.resume(args.out / "last.pt", model, optimiser)
    rng = np.random.default_rng([args.seed, progress.step])
    g = torch.Generator().manual_seed(args.seed + progress.step)
    mixed = torch.amp.GradScaler(enabled=args.device == "cuda")
    started = time.perf_counter() - progress.spent_s
    means: dict[str, float] = {}
    model.train()
    while progress.step < args.steps:
        gone = (time.perf_counter() - started) / 60
        share = max(progress.step / args.steps, gone / args.minutes if args.minutes else 0.0)
        if share >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = rate_at(share, args.rate * group["pace"])
        terms = steps.labelled(rng, g, with_clips=progress.step % args.clips_every == 0)
        if unlabelled is not None and progress.step % args.every == 0:
            terms |= {name: args.share * value for name, value in steps.unlabelled(rng, g).items()}
        descend(terms, model.regressor, optimiser, mixed)
        for name, value in terms.items():
            v = float(value.detach())
            means[name] = 0.98 * means.get(name, v) + 0.02 * v
        progress.step += 1
        progress.spent_s = time.perf_counter() - started
        ends = progress.step == args.steps or bool(args.minutes and progress.spent_s / 60 >= args.minutes)
        if progress.step % args.validate == 0 or ends:
            validate(args, model, optimiser, data, progress, means, weights)


def save(content: dict, path: Path) -> None:
    """Whole or not at all."""
    part = path.with_suffix(".part")
    torch.save(content, part)
    part.replace(path)


def write_log(path: Path, row: dict[str, float]) -> None:
    """One more row; columns are those of the first, and what is not there yet is left empty."""
    columns = list(row)
    if path.exists():
        with path.open() as f:
            columns = next(csv.reader(f))
    with path.open("a", newline="") as f:
        writer = csv.DictWriter(f, columns, restval="", extrasaction="ignore")
        if f.tell() == 0:
            writer.writeheader()
        writer.writerow({k: round(v, 5) for k, v in row.items()})


if __name__ == "__main__":
    main()
