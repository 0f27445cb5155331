"""Trains the ``lite`` regressor: ``python -m models.train_lite --faces DIR --geometric FILE --out DIR [--real DIR]``.

Rendered people are read from their pictures and the detector's landmarks, against another picture of the same person
at rest, which is right, of another light, tainted by an expression, or missing. Real faces that nobody labelled teach
one thing: a face at rest is at rest. (A mean teacher on the others drifted: real faces came to do more and more.)
Labelled ones (``models.label_real_faces``) teach what several readers, ``full`` among them, say of them together, which
is a distillation and stands still. Starts from the landmarks' regressor, which stays as it is. The weights kept are a
running average. Seeded; resumes from OUT/last.pt; the best on held-out people is OUT/best.pt.
"""

import argparse
import copy
import json
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.faces import Faces, load_faces
from models.landmark_regressor import GAZE_UNIT_DEG, LandmarkRegressor
from models.lite import CODE, LiteRegressor
from models.metrics import Agreement, mean_agreement
from models.training.channel_scores import channel_scores, channel_table
from models.training.curves import draw_curves, write_log
from models.training.rate import rate_at
from models.training.rest_batches import MEAN_FACE, PRESENT, Batch, People, spoil_neutrals, targets
from rig.parameters import CHANNEL_INDEX, N_CHANNELS

F = NDArray[np.float32]
SQUARE_BELOW = (0.25, 0.04)
"""Differences of AUs (0..1) below this cost their square, others themselves: at first, and from half of the way on.
Most actions are absent, so the median is 0 and the mean is not: the nearly absolute loss of the end reads faces at rest
as that. But from scratch it hardly gets going."""
REAL_EVERY = 2
"""Real faces have their say in every second step."""
UNSEEN = ("labels", "true", "points")
SHUT = [CHANNEL_INDEX["AU43-left"], CHANNEL_INDEX["AU43-right"]]


def codes_of(model: LiteRegressor, b: Batch) -> tuple[Tensor, Tensor]:
    """(B * PRESENT, CODE) each: of the pictures at rest, and of the present ones. Convolutions run in bfloat16, which
    takes six tenths of the time; what becomes of differences between two codes does not."""
    with torch.autocast("cpu", torch.bfloat16):
        places = model.encoder.places(b.pictures)
    codes = model.encoder.join(places.float())
    people = len(codes) - len(b.rows)
    return codes[:people].repeat_interleave(PRESENT, 0), codes[people:]


def action_losses(p_au: Tensor, from_pictures: Tensor, au: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """Of the model's AUs and of those read from the pictures alone, (M, 40) each, when ``share`` of the training has
    passed. NaN where the truth is not known."""
    known, au = au.isfinite(), au.nan_to_num()
    early, late = SQUARE_BELOW
    nearly_l1 = nn.SmoothL1Loss(reduction="none", beta=late + (early - late) * max(0.0, 1 - 2 * share))
    # A present action counts more than one of the many zeros.
    weight = known * (0.8 + 1.1 * (au > 0.02)) / known.float().mean()
    off = torch.where((au <= 0) & (p_au < 0), torch.zeros_like(p_au), p_au)  # below zero is as good as zero
    return 2.0 * (weight * nearly_l1(off, au)).mean(), 5.0 * (weight * (from_pictures - au) ** 2).mean()


def supervised(
    model: LiteRegressor, alone: nn.Linear, faces: Faces, b: Batch, g: torch.Generator, share: float = 1.0
) -> dict[str, Tensor]:
    """Losses on rendered people, by name; ``share`` of the training has passed.

    ``alone`` (CODE -> 40) reads the AUs from the pictures only, by least squares. It is thrown away after training:
    beside landmarks that explain most of what is asked, the pictures alone would learn slowly.
    """
    huber = nn.SmoothL1Loss(reduction="none", beta=0.1)
    rest, code = codes_of(model, b)
    neutral, neutral_code = spoil_neutrals(code, rest, b, g)
    p_au, p_pose, p_gaze, p_identity, p_brow = model.decode(code, b.landmarks, neutral, neutral_code)
    au, gaze, pose = targets(faces, b)
    by_all, by_pictures = action_losses(p_au, alone(code - rest), au, share)
    open_eyes = (au[:, SHUT] < 0.5).float().repeat_interleave(2, 1)
    # Identity and brows have lateral parts: taught on unmirrored people, the former on those whose it is known.
    known = ~b.mirrored & torch.from_numpy(np.isfinite(faces.identity[b.rows, 0]))
    identity = torch.from_numpy(np.nan_to_num(faces.identity[b.rows]))
    brow = nn.functional.cross_entropy(p_brow, torch.from_numpy(faces.brow_style[b.rows]), reduction="none")
    return {
        "au": by_all,
        "alone": by_pictures,
        "gaze": 0.1 * (open_eyes * huber(p_gaze / GAZE_UNIT_DEG, gaze / GAZE_UNIT_DEG)).mean(),
        "pose": huber(p_pose, pose).mean(),
        "identity": 0.2 * ((p_identity - identity)[known] ** 2).sum() / (known.sum().clamp(min=1) * identity.shape[1]),
        "brow": 0.005 * (brow * ~b.mirrored).mean(),
    }


def labelled(
    model: LiteRegressor, alone: nn.Linear, faces: Faces, b: Batch, g: torch.Generator, share: float
) -> dict[str, Tensor]:
    """Losses on real people that readers have labelled, by name: actions are all that is known of them."""
    rest, code = codes_of(model, b)
    neutral, neutral_code = spoil_neutrals(code, rest, b, g)
    p_au = model.decode(code, b.landmarks, neutral, neutral_code)[0]
    by_all, by_pictures = action_losses(p_au, alone(code - rest), targets(faces, b)[0], share)
    return {"real": 0.5 * by_all, "real_alone": 0.5 * by_pictures}


def at_rest(model: LiteRegressor, faces: Faces, b: Batch, g: torch.Generator) -> Tensor:
    """Loss on real people, of whom we know one thing: a face at rest, against another picture of it at rest, does
    nothing, whatever the light and the camera."""
    rest, code = codes_of(model, b)
    neutral, neutral_code = spoil_neutrals(code, rest, b, g, missing=0.0)
    au = model.decode(code, b.landmarks, neutral, neutral_code)[0].clamp(min=0)
    resting = torch.from_numpy(faces.resting[b.rows])[:, None]
    return (resting * nn.functional.smooth_l1_loss(au, torch.zeros_like(au), reduction="none", beta=0.04)).mean()


@torch.no_grad()
def answers(
    model: LiteRegressor, faces: Faces, rows: NDArray[np.intp], neutrals: NDArray[np.intp], code: bool = True
) -> F:
    """(N, 40) AUs 0..1 of ``rows`` against ``neutrals`` (-1: not known); ``code`` False: its landmarks only."""
    out = []
    for begin in range(0, len(rows), 128):
        r, n = rows[begin : begin + 128], neutrals[begin : begin + 128]
        known = torch.from_numpy(n >= 0)
        neutral = torch.where(known[:, None, None], torch.from_numpy(faces.found[n]), MEAN_FACE)
        rest = model.encode(torch.from_numpy(faces.picture[n])) * (known[:, None] & code)
        present = torch.from_numpy(faces.picture[r])
        out.append(model(present, torch.from_numpy(faces.found[r]), neutral, rest)[0].numpy())
    return np.concatenate(out)


def summary(scores: list[Agreement]) -> dict[str, float]:
    mean = mean_agreement(scores)
    return {"icc": round(mean.icc, 4), "mae": round(mean.mae, 4)}


class Run:
    """A training: networks, optimiser, curve; kept in OUT/last.pt, the best of its averages in OUT/best.pt."""

    def __init__(self, args: argparse.Namespace, geometry: LandmarkRegressor):
        self.args, self.alone = args, nn.Linear(CODE, N_CHANNELS)
        self.model = LiteRegressor(geometry=geometry)
        if args.start:
            self.model = LiteRegressor.from_checkpoint(torch.load(args.start, weights_only=False))
            self.model.geometry = geometry
        # The landmarks' part stays as it is: it was taught with a detector's errors and people's ways of doing the
        # same action. Taught on with these renders it fitted them better and real faces worse.
        geometry.requires_grad_(False)
        learning = [p for p in self.model.parameters() if p.requires_grad] + list(self.alone.parameters())
        self.optimiser = torch.optim.AdamW(learning, args.rate, weight_decay=0.02)
        self.averaged = copy.deepcopy(self.model).eval()
        self.step, self.best, self.curve = 0, -9.0, list[dict[str, float]]()
        spent_s = self._resume()
        for network in (self.model, self.averaged):
            network.encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.began_s = time.perf_counter() - spent_s
        self.losses: dict[str, float] = {}

    def _resume(self) -> float:
        """Seconds spent so far."""
        last = self.args.out / "last.pt"
        if not last.exists():
            return 0.0
        state = torch.load(last, weights_only=False)
        self.model.load_state_dict(state["state"])
        self.averaged.load_state_dict(state["averaged"])
        self.alone.load_state_dict(state["alone"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.best, self.curve = state["step"], state["best"], state["curve"]
        return state["spent"]

    @property
    def share(self) -> float:
        """Of the way, 0..1."""
        if self.args.minutes:
            return (time.perf_counter() - self.began_s) / (60 * self.args.minutes)
        return self.step / self.args.steps

    def learn(self, losses: dict[str, Tensor]) -> None:
        """One step down these losses, at the rate of a cosine that warms up."""
        share = self.share
        for group in self.optimiser.param_groups:
            group["lr"] = rate_at(share, self.args.rate)
        self.optimiser.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        slow = min(0.998, (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            for mine, new in zip(self.averaged.state_dict().values(), self.model.state_dict().values(), strict=True):
                mine.copy_(mine.lerp(new, 1 - slow) if mine.dtype.is_floating_point else new)
        now = {k: float(v.detach()) for k, v in losses.items()}
        self.losses |= {k: 0.98 * self.losses.get(k, v) + 0.02 * v for k, v in now.items()}
        self.step += 1

    def note(self, scores: dict[str, float]) -> None:
        """A point of the curve, and files."""
        out, spent_s = self.args.out, time.perf_counter() - self.began_s
        line = {"step": self.step, "seconds": round(spent_s), **{k: round(v, 5) for k, v in self.losses.items()}}
        self.curve.append({**line, **scores})
        print(json.dumps(self.curve[-1]), flush=True)
        write_log(out / "log.csv", self.curve)
        draw_curves(out / "log.csv", out / "curve.png")
        gain = sum(scores[name] * (1 if name.startswith("icc") else -1) for name in scores)
        better, self.best = gain > self.best, max(gain, self.best)
        more = {"step": self.step, "best": self.best, "spent": spent_s, "curve": self.curve}
        common = self.averaged.checkpoint(**more, arguments=vars(self.args))
        if better:
            torch.save(common, out / "best.pt")
        live = {"averaged": self.averaged.state_dict(), "alone": self.alone.state_dict()}
        torch.save(
            {**common, **live, "state": self.model.state_dict(), "optimiser": self.optimiser.state_dict()},
            out / "last.pt",
        )


def train(run: Run, faces: Faces, real: Faces | None) -> None:
    """To the end of the schedule, validating on the rendered people held out."""
    args = run.args
    rng = np.random.default_rng([args.seed, run.step])
    g = torch.Generator().manual_seed(args.seed + run.step)
    people = People(faces, ~faces.held_out)
    held, neutrals = held_out(faces)
    real_people, labels, aside, rests = None, False, held[:0], held[:0]
    if real is not None:
        known = np.isfinite(real.au).any(1)
        labels = bool(known.any())
        real_people = People(real, ~real.held_out & (known if labels else real.resting))
        aside, rests = held_out(real)  # nobody, where nothing is labelled
    while run.share < 1:
        run.model.train()
        run.model.geometry.eval()
        share = 1.0 if args.start else run.share  # what has learnt before needs no easy beginning
        losses = supervised(run.model, run.alone, faces, people.draw(args.people, rng), g, share)
        if real is not None and real_people is not None and args.real_people and run.step % REAL_EVERY == 0:
            batch = real_people.draw(args.real_people, rng)
            if labels:
                losses |= labelled(run.model, run.alone, real, batch, g, share)
            else:
                losses["rest"] = at_rest(run.model, real, batch, g)
        run.learn(losses)
        if run.step % args.every == 0 or run.share >= 1:
            scores = summary(channel_scores(faces.au[held], answers(run.averaged, faces, held, neutrals)))
            if real is not None and len(aside):
                on_real = summary(channel_scores(real.au[aside], answers(run.averaged, real, aside, rests)))
                scores |= {f"{name}_real": value for name, value in on_real.items()}
            run.note(scores)


def held_out(faces: Faces) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows of the people never trained on whose AUs are known, and a picture at rest of the same session for each (-1:
    none)."""
    held = np.flatnonzero(faces.held_out & np.isfinite(faces.au).any(1))
    return held, faces.neutral_rows(np.random.default_rng(0), same_session=1.0)[held]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=Path, required=True)
    parser.add_argument("--real", type=Path, help="real faces (models.real_faces, label_real_faces)")
    parser.add_argument("--geometric", type=Path, required=True, help="checkpoint of models.train_landmark_regressor")
    parser.add_argument("--start", type=Path, help="begin with this checkpoint's weights")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=12_000)
    parser.add_argument("--minutes", type=float, help="instead of --steps: stop after so long, whatever the step")
    parser.add_argument("--people", type=int, default=12, help="a batch")
    parser.add_argument("--real-people", type=int, default=3)
    parser.add_argument("--rate", type=float, default=1.2e-3)
    parser.add_argument("--every", type=int, default=1000, help="steps between validations")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    faces = load_faces(args.faces, without=UNSEEN)
    real = load_faces(args.real, without=UNSEEN) if args.real else None
    print(f"{len(faces)} rendered pictures, {len(real) if real is not None else 0} real ones", flush=True)
    run = Run(args, LandmarkRegressor.from_checkpoint(torch.load(args.geometric, weights_only=False)))
    train(run, faces, real)
    report(args.out, faces, *held_out(faces))


def report(out: Path, faces: Faces, held: NDArray[np.intp], neutrals: NDArray[np.intp]) -> None:
    """OUT/report.md: held-out rendered people with the neutral known, its landmarks only, nothing; landmarks alone."""
    model = LiteRegressor.from_checkpoint(torch.load(out / "best.pt", weights_only=False)).eval()
    usable = neutrals >= 0
    rows, n, truth = held[usable], neutrals[usable], faces.au[held][usable]
    with torch.no_grad():
        bare = model.geometry(torch.from_numpy(faces.found[rows]), torch.from_numpy(faces.found[n]))[0].clamp(0, 1)
    results = {
        "neutral picture and landmarks known": answers(model, faces, rows, n),
        "neutral landmarks known": answers(model, faces, rows, n, code=False),
        "nothing known": answers(model, faces, rows, np.full_like(n, -1)),
        "its landmarks' part alone": bare.numpy(),
    }
    lines = []
    for name, predicted in results.items():
        lines += [f"\n## {name}\n", channel_table(channel_scores(truth, predicted))]
        print(name, summary(channel_scores(truth, predicted)), flush=True)
    (out / "report.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
