"""Soft shadow in openings that move: lids over eyeballs, lips over teeth and tongue."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

F = NDArray[np.float32]
UPPER_LID: Final = (
    (263, 466, 388, 387, 386, 385, 384, 398, 362),
    (33, 246, 161, 160, 159, 158, 157, 173, 133),
)
LOWER_LID: Final = (
    (263, 249, 390, 373, 374, 380, 381, 382, 362),
    (33, 7, 163, 144, 145, 153, 154, 155, 133),
)
"""Landmarks of the lids' edges from the outer to the inner corner, the subject's left eye first."""
UPPER_LIP: Final = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LOWER_LIP: Final = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
"""The lips' inner edges from the right corner to the left one."""
SHUT: Final = (0.060, 0.115)
"""Mean height between these edges, in thirds of the eyes' outer distance, at which light begins to pass, and passes.
Shut lips have 0.06 on the base face: the landmarks lie on their skin. Where they gape a little, teeth would gleam."""


def _dense(curve: F) -> F:
    """A polyline (n, 3) with three points for each of its own."""
    t = np.arange(3, dtype=np.float32)[None, :, None] / 3
    return np.concatenate([((1 - t) * curve[:-1, None] + t * curve[1:, None]).reshape(-1, 3), curve[-1:]])


def depth_below(points: F, edge: F, up: F) -> F:
    """(n,) metres from ``points`` (n, 3) to the nearest point of ``edge`` (m, 3), below 0 where it lies below them."""
    edge = _dense(edge)
    middle = edge.mean(0)
    edge, points = edge - middle, points - middle
    # |e|^2 - 2 e.p has its smallest value where |e - p| has.
    near = ((edge**2).sum(1) - 2 * (points @ edge.T)).argmin(1)
    way = edge[near] - points
    return np.sqrt(np.einsum("ij,ij->i", way, way)) * np.sign(way @ up)


def _ramp(x: F, low: float, high: float) -> F:
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def lid_light(points: F, upper: F, lower: F, up: F, unit: float) -> F:
    """(n,) 0..1 of the light that the lids let through to an eyeball's points; ``unit``: the eyeball's radius.

    The upper lid and its lashes throw the wider shadow.
    """
    from_above = depth_below(points, upper, up) / unit
    from_below = -depth_below(points, lower, up) / unit
    return (0.36 + 0.64 * _ramp(from_above, -0.05, 0.36)) * (0.68 + 0.32 * _ramp(from_below, -0.05, 0.20))


def mouth_light(points: F, upper: F, lower: F, forward: F, unit: float) -> F:
    """(n,) 0..1 of the light that reaches points in the mouth: less the further back, hardly any through shut lips.

    ``upper``, ``lower`` (m, 3): the lips' inner edges from the right corner to the left one.
    """
    middle = len(upper) // 2
    behind = ((upper[middle] + lower[middle]) / 2 - points) @ forward / unit
    up = np.cross(forward, upper[-1] - upper[0])
    apart = float(((upper - lower)[1:-1] @ up).mean() / (np.linalg.norm(up) * unit))
    through = 0.2 + 0.7 * _ramp(np.array(apart, np.float32), *SHUT) + 0.1 * min(apart / 0.5, 1)
    return np.exp(-np.maximum(behind - 0.45, 0) * 0.62) * max(through, 0.2)
