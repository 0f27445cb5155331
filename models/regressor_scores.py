"""How well R reads rendered people it never saw, with and without their resting face known."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from models.metrics import Agreement, agreement, mean_agreement
from models.person_batches import CLEAN, STRANGER, Life, Source
from models.regressor import Regressor
from models.regressor_steps import read
from rig.parameters import AUS, CHANNEL_INDEX, CHANNELS, fold_sides

PEOPLE_AT_ONCE = 4
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


@torch.no_grad()
def readings(
    regressor: Regressor, source: Source, life: Life, people: int | None = None, device: str = "cpu"
) -> tuple[NDArray[np.intp], dict[str, NDArray[np.float32]]]:
    """Rows, and R's answers by name, of the first ``people`` of a source."""
    rng = np.random.default_rng(0)
    rows, parts = [], []
    for first in range(0, len(source.people[:people]), PEOPLE_AT_ONCE):
        own = np.concatenate(source.people[:people][first : first + PEOPLE_AT_ONCE])
        batch = source.draw(own, rng, life).to(device)
        parts.append({k: v.cpu().numpy() for k, v in read(regressor, batch, None, device)._asdict().items()})
        rows.append(own)
    return np.concatenate(rows), {k: np.concatenate([p[k] for p in parts]) for k in parts[0]}


def scored(regressor: Regressor, source: Source, life: Life, people: int | None = None, device: str = "cpu") -> Scores:
    """``regressor`` in evaluation mode, on the first ``people`` (default: all) of ``source``."""
    rows, got = readings(regressor, source, life, people, device)
    f = source.faces
    true, au = f.au[rows], got["au"].clip(0, 1)
    five = [FULL_INTENSITY * x for x in (true, au)]
    folded = [fold_sides(x) for x in five]
    open_eyes = (true[:, SHUT] < 0.5).all(1)
    gaze = np.abs(got["gaze_deg"] - f.gaze_deg[rows])[open_eyes]
    pose = 180 * np.abs(got["pose"] - (0.5 + f.euler_deg[rows, :2] / 180))
    known = np.isfinite(f.identity[rows]).all(1)
    who = f.identity[rows][known]
    off = got["identity"].clip(0, 1)[known] - who
    return Scores(
        len(rows),
        [agreement(five[0][:, k], five[1][:, k]) for k in range(len(CHANNELS))],
        [agreement(folded[0][:, k], folded[1][:, k]) for k in range(len(AUS))],
        float(gaze.mean()),
        float(pose.mean()),
        float(np.sqrt((off**2).mean())),
        float(np.sqrt(((who - who.mean(0)) ** 2).mean())),
        float((got["brow_logits"].argmax(1) == f.brow_style[rows]).mean()),
    )


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
