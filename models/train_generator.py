"""Trains the generator: ``python -m models.train_generator --pairs DIR --out DIR [--features FILE] --minutes 35``.

Song et al. 2020, eq. 3: L1 between rendered and generated picture, plus lambda times a perceptual distance (eq. 2) in
the features of FILE: torchvision's VGG16 checkpoint, or our face-parsing network's as its substitute. The perceptual
term comes in for the last part of the budget, when there is something to polish (and FILE may be written meanwhile).
Pairs that ``models.render_pairs`` adds while this runs are picked up at the end of each pass.

Seeded; resumes from OUT/last.pt; OUT/best.pt holds the averaged weights that were best on pairs held out.
"""

import argparse
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from models.generator import Generator
from models.perceptual import FeatureFileError, Features, load_features, perceptual_loss
from models.render_pairs import Pairs, held_out, load_pairs, shard_paths
from models.renderer.labels import LABELS
from models.training.curves import draw_curves
from models.training.rate import rate_at

WEIGHTS = {
    "eye-left": 5.0, "eye-right": 5.0, "brow-left": 4.0, "brow-right": 4.0, "mouth": 5.0, "upper-lip": 5.0,
    "lower-lip": 5.0, "nose": 1.5, "skin": 1.0,
}  # fmt: skip
ELSEWHERE = 0.4
"""How much a pixel of each part counts in eq. 1: what moves is small. Hair, neck, clothes and backdrop count least."""
SPREAD_PX = 5
"""The weight of a part reaches this far (window, at 128) beyond it: what it leaves when it moves counts as well."""
WATCHED = 256
"""Held-out pairs that are looked at while training."""


@dataclass(frozen=True)
class Config:
    """What a run is made of; saved in its checkpoints."""

    minutes: float | None = None
    steps: int = 6000
    batch: int = 8
    rate: float = 2e-3
    width: int = 256
    perceptual: float = 0.05
    """lambda of eq. 3."""
    perceptual_from: float = 0.65
    """Share of the budget after which the perceptual term is in."""
    average: float = 0.998
    seed: int = 1
    check_every: int = 200


class Batches:
    """Training pairs in memory; each step's batch follows from seed, step and the pairs there alone."""

    def __init__(self, folder: Path, batch: int, seed: int):
        self.folder, self.batch, self.seed = folder, batch, seed
        self.paths = [p for p in shard_paths(folder) if not held_out(p)]
        self.pairs = load_pairs(self.paths)

    def rescan(self) -> None:
        """Takes in shards that are new."""
        new = [p for p in shard_paths(self.folder) if not held_out(p) and p not in self.paths]
        if not new:
            return
        more = load_pairs(new)
        self.paths += new
        self.pairs = Pairs(
            np.concatenate([self.pairs.vector, more.vector]),
            np.concatenate([self.pairs.picture, more.picture]),
            np.concatenate([self.pairs.labels, more.labels]),
        )

    def draw(self, step: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
        """vector (N, 269), picture (N, 3, S, S) in 0..1, weight (N, 1, S, S) with mean 1."""
        rows = np.random.default_rng([self.seed, step]).choice(len(self.pairs), self.batch, replace=False)
        return as_tensors(self.pairs, rows, device)


def as_tensors(pairs: Pairs, rows: np.ndarray | slice, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """See :meth:`Batches.draw`."""
    vector = torch.from_numpy(pairs.vector[rows]).to(device)
    picture = torch.from_numpy(pairs.picture[rows]).to(device).permute(0, 3, 1, 2).float() / 255
    return vector, picture, part_weights(torch.from_numpy(pairs.labels[rows]).to(device))


def part_weights(labels: Tensor) -> Tensor:
    """Label codes (N, S, S) -> weights (N, 1, S, S), mean 1 over all."""
    table = torch.tensor([WEIGHTS.get(name, ELSEWHERE) for name in LABELS], device=labels.device)
    weight = table[labels.long()][:, None]
    window = SPREAD_PX * labels.shape[-1] // 128 | 1
    weight = nnf.max_pool2d(weight, window, stride=1, padding=window // 2)
    return weight / weight.mean()


@torch.no_grad()
def watch(model: Generator, pairs: Pairs, features: Features | None, device: torch.device) -> tuple[float, float]:
    """Mean L1 in 0..255 and mean perceptual distance (NaN without features) on held-out pairs."""
    l1, distance, parts = 0.0, 0.0, range(0, len(pairs), 32)
    for first in parts:
        y, true, _ = as_tensors(pairs, slice(first, first + 32), device)
        made = model(y)
        l1 += float((made - true).abs().mean()) * len(y)
        distance += float(perceptual_loss(features, made, true)) * len(y) if features else float("nan")
    return 255 * l1 / len(pairs), distance / len(pairs)


@dataclass
class Progress:
    """Where a run stands; saved, so that it can go on."""

    step: int = 0
    spent_s: float = 0.0
    in_pass: int = 0
    """Pairs seen since the folder was last looked through."""
    best: float = float("inf")
    polishing: bool = False
    """Whether the perceptual term is in; ``best`` counts from there."""


class Networks:
    """The generator that learns, the running average of its weights that is kept, and the optimiser."""

    def __init__(self, config: Config, size: int, device: torch.device):
        torch.manual_seed(config.seed)
        self.model = Generator(size=size, width=config.width).to(device)
        self.averaged = Generator(size=size, width=config.width).to(device).requires_grad_(False)
        self.averaged.load_state_dict(self.model.state_dict())
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=config.rate, betas=(0.9, 0.99), fused=True)
        self.keep = config.average

    def step(self, loss: Tensor, rate: float, number: int) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        keep = min(self.keep, number / (number + 10))  # at first the average must follow quickly
        with torch.no_grad():
            torch._foreach_lerp_(list(self.averaged.parameters()), list(self.model.parameters()), 1 - keep)

    def save(self, path: Path, at: Progress, **more: object) -> None:
        resume = {"raw": self.model.state_dict(), "optimiser": self.optimiser.state_dict(), "progress": asdict(at)}
        torch.save(self.averaged.checkpoint(step=at.step, **more, **resume), path)

    def resume(self, path: Path, device: torch.device) -> Progress:
        state = torch.load(path, map_location=device, weights_only=True)
        self.model.load_state_dict(state["raw"])
        self.averaged.load_state_dict(state["state"])
        self.optimiser.load_state_dict(state["optimiser"])
        return Progress(**state["progress"])


def train(
    config: Config, folder: Path, out: Path, features_path: Path | None, device: torch.device, until: int | None = None
) -> None:
    """Runs the budget out, or to step ``until``; goes on from ``out``/last.pt where there is one."""
    out.mkdir(parents=True, exist_ok=True)
    batches = Batches(folder, config.batch, config.seed)
    unseen = load_pairs([p for p in shard_paths(folder) if held_out(p)][:1]).first(WATCHED)
    networks = Networks(config, unseen.picture.shape[1], device)
    last, log = out / "last.pt", out / "log.csv"
    at = networks.resume(last, device) if last.exists() else Progress()
    if at.step == 0:
        log.write_text("step,seconds,pairs,rate,loss_l1,loss_perceptual,unseen_l1,unseen_perceptual\n")
    features: Features | None = None
    started = time.perf_counter() - at.spent_s
    sums = np.zeros(3)
    while True:
        at.spent_s = time.perf_counter() - started
        share = at.spent_s / (60 * config.minutes) if config.minutes else at.step / config.steps
        done = share >= 1 or (until is not None and at.step >= until)
        due = share >= config.perceptual_from
        if at.polishing and not due:  # going on with a larger budget
            at.best, at.polishing = float("inf"), False
        if features is None and features_path and due and not done and features_path.exists():
            features = load_features(features_path).to(device)
            at.best, at.polishing = at.best if at.polishing else float("inf"), True
        if sums[0] and (done or at.step % config.check_every == 0):
            l1, distance = watch(networks.averaged, unseen, features, device)
            score = l1 / 255 + (config.perceptual * distance if features else 0.0)
            loss = sums[1:] / sums[0]
            line = f"{at.step},{at.spent_s:.0f},{len(batches.pairs)},{rate_at(share, config.rate):.2e},"
            line += f"{loss[0]:.5f},{loss[1]:.5f},{l1:.4f},{distance:.5f}"
            with log.open("a") as file:
                file.write(line + "\n")
            print(line, flush=True)
            about = {"config": asdict(config), "unseen_l1": l1, "spent_s": at.spent_s}
            if score < at.best:
                at.best = score
                torch.save(networks.averaged.checkpoint(step=at.step, **about), out / "best.pt")
            networks.save(last, at, **about)
            sums[:] = 0
        if done:
            break

        y, true, weight = batches.draw(at.step, device)
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            made = networks.model(y).float()
            loss = l1_loss = (weight * (made - true).abs()).mean()
            if features is not None:
                distance_loss = perceptual_loss(features, made, true)
                loss = loss + config.perceptual * distance_loss
                sums[2] += float(distance_loss.detach())
        at.step, at.in_pass = at.step + 1, at.in_pass + config.batch
        networks.step(loss, rate_at(share, config.rate), at.step)
        sums[:2] += 1, float(l1_loss.detach())
        if at.in_pass >= len(batches.pairs):
            at.in_pass = 0
            batches.rescan()
    draw_curves(log, out / "curve.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--features", type=Path, help="vgg16 or face-parsing checkpoint; without it L1 alone")
    parser.add_argument("--minutes", type=float, help="wall clock budget, instead of --steps")
    parser.add_argument("--until", type=int, help="save and end at this step, to go on later")
    for name in ("steps", "batch", "rate", "width", "perceptual", "perceptual_from", "average", "seed", "check_every"):
        default = getattr(Config, name)
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    config = Config(**{name: getattr(args, name) for name in Config.__dataclass_fields__})
    try:
        if args.features and args.features.exists():
            load_features(args.features)  # a wrong file is better found now
        elif args.features:
            print(f"{args.features}: not there yet; L1 alone until it is")
        train(config, args.pairs, args.out, args.features, torch.device(args.device), args.until)
    except (FileNotFoundError, ValueError, FeatureFileError) as e:
        parser.exit(1, f"{e}\n")


if __name__ == "__main__":
    main()
