"""Agreement of the 40 channels with the truth, and its table for reports."""

import numpy as np
from numpy.typing import NDArray

from models.metrics import Agreement, agreement, mean_agreement
from rig.parameters import CHANNELS

FULL_INTENSITY = 5


def channel_scores(truth: NDArray[np.floating], predicted: NDArray[np.floating]) -> list[Agreement]:
    """(N, 40) channels 0..1, both -> agreement of each, intensities 0..5."""
    return [agreement(FULL_INTENSITY * truth[:, k], FULL_INTENSITY * predicted[:, k]) for k in range(len(CHANNELS))]


def channel_table(scores: list[Agreement]) -> str:
    """Markdown, a row a channel and their mean."""
    lines = ["| channel | ICC(3,1) | MAE (0..5) | PCC |", "| --- | --- | --- | --- |"]
    lines += [f"| {name} | {s.icc:.2f} | {s.mae:.2f} | {s.pcc:.2f} |" for name, s in zip(CHANNELS, scores, strict=True)]
    mean = mean_agreement(scores)
    return "\n".join([*lines, f"| **mean** | **{mean.icc:.3f}** | **{mean.mae:.3f}** | **{mean.pcc:.3f}** |"])
