"""Where hair grows on a head: a hairline by azimuth about the head's axis, hung on landmarks."""

import numpy as np
from numpy.typing import NDArray

from rig.build.painting import smooth

Array = NDArray[np.float64]
LINE = (
    (0, 10, 0.16), (14, 10, 0.26), (28, 10, 0.40), (40, 10, 0.16), (50, 10, -0.30), (58, 10, -0.85), (64, 454, 1.55),
    (72, 454, 0.80), (80, 454, 0.25), (86, 454, 0.20), (93, 454, 0.35), (106, 454, 0.25), (118, 454, -0.10),
    (128, 454, -0.90), (150, 454, -1.55), (180, 454, -1.75),
)  # fmt: skip
"""Azimuth from the front (degrees), the landmark whose height counts, and how far above it hair begins (units)."""


def hair_cover(p: Array, marks: Array, unit: float, ears: Array, ragged: Array | float = 0.0) -> Array:
    """(...,) 0..1 coverage of places ``p`` (..., 3); ``ears`` (...,) 0..1 stay bare; ``ragged``: noise at the edge."""
    axis = marks[454, 2] + 0.1 * unit
    azimuth = np.degrees(np.arctan2(np.abs(p[..., 0]), p[..., 2] - axis))
    # Landmarks are embedded for one side each: both sides' heights are one line.
    height = np.array([(marks[k, 1] + marks[{10: 10, 454: 234}[k], 1]) / 2 + up * unit for _, k, up in LINE])
    line = np.interp(azimuth, [a for a, _, _ in LINE], height)
    soft = unit * np.interp(azimuth, [0, 60, 90, 130, 180], [0.34, 0.40, 0.22, 0.60, 0.80])
    inside = smooth((p[..., 1] - line) / soft + 0.22 * ragged, -0.5, 1.0)
    return inside * (1 - smooth(np.asarray(ears), 0.3, 0.8))
