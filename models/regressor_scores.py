"""How well R reads rendered people it never saw, with and without their resting face known.

``python -m models.regressor_scores --checkpoint RUN/best.pt --rendered DIR --out REPORT.md [--landmarks FILE]
[--coded DATA_DIR]``
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from models.evaluation import regressors
from models.evaluation.coded_frames import CodedFrames, read_coded_frames
from models.evaluation.regressors import Views
from models.evaluation.score_tables import summary as summary_table
from models.evaluation.score_tables import table as score_table
from models.landmark_regressor import LandmarkRegressor
from models.metrics import Agreement, agreement, mean_agreement
from models.regressor import FullRegressor, Reading, Regressor
from models.training.feature_cache import cache_features
from models.training.person_batches import CLEAN, STRANGER, Batch, Life, Source
from models.training.regressor_data import open_source
from models.training.regressor_steps import read
from rig.parameters import AUS, CHANNEL_INDEX, CHANNELS, fold_sides

PEOPLE_AT_ONCE = 4
VIEWS_AT_ONCE = 32
SHUT = [CHANNEL_INDEX["AU43-left"], CHANNEL_INDEX["AU43-right"]]
FULL_INTENSITY = 5


@dataclass(frozen=True)
class Scores:
    """Of one set of pictures, read with the same knowledge of the people."""

    pictures: int
    channels: list[Agreement]
    """The 40 channels, intensities 0..5."""
    aus: list[Agreement]
    """The paper's 23 AUs, likewise."""
    gaze_deg: float
    """Mean error of yaw and pitch, eyes open."""
    pose_deg: float
    """Mean error of yaw and pitch of the head."""
    identity: float
    """RMS of the parameters 0..1, where they are known."""
    identity_of_mean: float
    """The same for the mean person."""
    brow_style: float
    """Share of the pictures whose style was named right."""

    @property
    def mean(self) -> Agreement:
        return mean_agreement(self.channels)


Reader = Regressor | LandmarkRegressor
"""What is scored: R, or the geometric regressor alone, whose missing heads give NaN."""


def answer(reader: Reader, batch: Batch, device: str) -> Reading:
    if isinstance(reader, Regressor):
        return read(reader, batch, None, device)
    au, gaze, identity = reader(batch.landmarks, batch.neutral)
    unknown = torch.full_like(au, torch.nan)
    return Reading(au, unknown[:, :2], gaze, identity, unknown[:, :36], unknown)


@torch.no_grad()
def readings(
    reader: Reader, source: Source, life: Life, people: int | None = None, device: str = "cpu"
) -> tuple[NDArray[np.intp], dict[str, NDArray[np.float32]]]:
    """Rows, and the answers by name, of the first ``people`` of a source."""
    rng = np.random.default_rng(0)
    rows, parts = [], []
    for first in range(0, len(source.people[:people]), PEOPLE_AT_ONCE):
        own = np.concatenate(source.people[:people][first : first + PEOPLE_AT_ONCE])
        batch = source.draw(own, rng, life).to(device)
        parts.append({k: v.cpu().numpy() for k, v in answer(reader, batch, device)._asdict().items()})
        rows.append(own)
    return np.concatenate(rows), {k: np.concatenate([p[k] for p in parts]) for k in parts[0]}


def scored(reader: Reader, source: Source, life: Life, people: int | None = None, device: str = "cpu") -> Scores:
    """``reader`` in evaluation mode, on the first ``people`` (default: all) of ``source``."""
    rows, got = readings(reader, source, life, people, device)
    f = source.faces
    true, au = f.au[rows], got["au"].clip(0, 1)
    five = [FULL_INTENSITY * x for x in (true, au)]
    folded = [fold_sides(x) for x in five]
    open_eyes = (true[:, SHUT] < 0.5).all(1)
    gaze = np.abs(got["gaze_deg"] - f.gaze_deg[rows])[open_eyes]
    pose = 180 * np.abs(got["pose"] - (0.5 + f.euler_deg[rows, :2] / 180))
    known = np.isfinite(f.identity[rows]).all(1)
    who = f.identity[rows][known]
    named = got["brow_logits"].argmax(1) == f.brow_style[rows]
    off = got["identity"].clip(0, 1)[known] - who
    return Scores(
        len(rows),
        [agreement(five[0][:, k], five[1][:, k]) for k in range(len(CHANNELS))],
        [agreement(folded[0][:, k], folded[1][:, k]) for k in range(len(AUS))],
        float(gaze.mean()),
        float(pose.mean()),
        float(np.sqrt((off**2).mean())),
        float(np.sqrt(((who - who.mean(0)) ** 2).mean())),
        float(np.where(np.isnan(got["brow_logits"][:, 0]), np.nan, named).mean()),
    )


@torch.no_grad()
def read_views(model: FullRegressor, views: Views, rest: Views, device: str = "cpu") -> NDArray[np.float32]:
    """(N, 40) channels 0..1 of N faces, each beside the same person at rest; ``model`` in evaluation mode."""
    out = []
    for first in range(0, len(views), VIEWS_AT_ONCE):
        own = slice(first, first + VIEWS_AT_ONCE)
        pictures, marks, resting, at_rest = (
            torch.from_numpy(x[own]).to(device) for x in (views.picture, views.landmarks, rest.picture, rest.landmarks)
        )
        out.append(model(pictures, marks, at_rest, model.encode(resting))[0].cpu().numpy())
    return np.concatenate(out)


def coded_report(model: FullRegressor, frames: CodedFrames) -> str:
    """Markdown: R beside the shipped regressors on hand-coded frames, the neutral known."""
    systems = {name: regressors.load(name)(frames.views, frames.rest) for name in regressors.available()}
    scores = frames.scores({**systems, "R": read_views(model, frames.views, frames.rest)})
    return "\n\n".join([summary_table(scores, dict.fromkeys(scores, 1.0)), score_table(scores)])


def summary(regressor: Regressor, source: Source, people: int | None = None, device: str = "cpu") -> dict[str, float]:
    """The figures of the log: means over the 40 channels, with the people known and as strangers."""
    known, stranger = (scored(regressor, source, life, people, device) for life in (CLEAN, STRANGER))
    return {
        "icc": known.mean.icc,
        "mae": known.mean.mae,
        "icc_stranger": stranger.mean.icc,
        "mae_stranger": stranger.mean.mae,
        "gaze_deg": known.gaze_deg,
        "pose_deg": known.pose_deg,
        "identity_rms": known.identity,
        "brow_style": known.brow_style,
    }


def table(known: Scores, stranger: Scores) -> str:
    """Markdown: every channel, and the means over the 40 channels and over the paper's 23 AUs."""
    lines = ["| channel | ICC(3,1) | MAE (0..5) | PCC | stranger: ICC | MAE | PCC |", "| --- |" + " --- |" * 6]
    lines += [_row(name, a, b) for name, a, b in zip(CHANNELS, known.channels, stranger.channels, strict=True)]
    lines.append(_row("**mean of 40**", known.mean, stranger.mean))
    lines.append(_row("**mean of the 23 AUs**", mean_agreement(known.aus), mean_agreement(stranger.aus)))
    return "\n".join(lines)


def _row(name: str, a: Agreement, b: Agreement) -> str:
    return f"| {name} | " + " | ".join(f"{v:.2f}" for s in (a, b) for v in (s.icc, s.mae, s.pcc)) + " |"


def heads(name: str, s: Scores) -> str:
    return (
        f"| {name} | {s.mean.icc:.3f} | {s.mean.mae:.3f} | {s.mean.pcc:.3f} | {s.gaze_deg:.1f} | {s.pose_deg:.1f} | "
        f"{s.identity:.3f} | {s.brow_style:.2f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", type=Path, required=True, help="of models.train_regressor")
    parser.add_argument("--rendered", type=Path, required=True, help="folder of people that no training saw")
    parser.add_argument("--landmarks", type=Path, help="the geometric regressor's checkpoint, to compare with")
    parser.add_argument("--coded", type=Path, help="folder of au_hand_dev.csv and clips/, to measure on as well")
    parser.add_argument("--out", type=Path, required=True, help="report, Markdown; features are cached beside it")
    args = parser.parse_args()
    torch.set_num_threads(1)
    try:
        model = FullRegressor.from_checkpoint(
            torch.load(args.checkpoint, map_location="cpu", weights_only=False)
        ).eval()
        cache = args.out.with_suffix(".features")
        cache_features(model.extractor, args.rendered, cache)
        source = open_source(args.rendered, cache)
    except (FileNotFoundError, KeyError, RuntimeError) as error:
        raise SystemExit(" ".join(str(error).split())[:300]) from None
    known, stranger = (scored(model.regressor, source, life) for life in (CLEAN, STRANGER))
    rows = [heads("R, person known", known), heads("R, a stranger", stranger)]
    if args.landmarks:
        geometric = LandmarkRegressor.from_checkpoint(torch.load(args.landmarks, weights_only=False)).eval()
        rows += [
            heads(f"landmarks alone, {n}", scored(geometric, source, life))
            for n, life in (("person known", CLEAN), ("a stranger", STRANGER))
        ]
    title = "| reader | ICC(3,1) | MAE | PCC | gaze (deg) | head (deg) | identity (RMS) | brow style |"
    size = f"{known.pictures} pictures; identity of the mean person: {known.identity_of_mean:.3f} RMS."
    parts = [size, "", title, "| --- |" + " --- |" * 7, *rows, "", table(known, stranger), ""]
    if args.coded:
        frames = read_coded_frames(args.coded)
        parts += [f"{len(frames)} hand-coded frames, the neutral known:", "", coded_report(model, frames), ""]
    args.out.write_text("\n".join(parts))
    print(args.out.read_text())


if __name__ == "__main__":
    main()
