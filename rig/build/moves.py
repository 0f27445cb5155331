"""The degrees of freedom of an identity control: what one unit (1 mm, 1 degree, 1 %) does to bones of a place."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Parts = tuple[Array, Array, Array]
"""Translation (metres), rotation vector (radians) and growth of every bone, (B, 3) each."""
REACH_M = 0.08
"""Half the height of a face: where bows and tapers have done what their unit says."""


def _shift(axis: int) -> Callable[[Array], Parts]:
    def move(d: Array) -> Parts:
        t = np.zeros_like(d)
        t[:, axis] = 0.001
        return t, np.zeros_like(d), np.zeros_like(d)

    return move


def _grow(*axes: int) -> Callable[[Array], Parts]:
    def move(d: Array) -> Parts:
        s = np.zeros_like(d)
        s[:, list(axes)] = 0.01
        return s * d, np.zeros_like(d), s

    return move


def _turn(axis: int, sign: float) -> Callable[[Array], Parts]:
    def move(d: Array) -> Parts:
        r = np.zeros_like(d)
        r[:, axis] = sign * np.radians(1.0)
        return np.cross(r, d), r, np.zeros_like(d)

    return move


def _taper(d: Array) -> Parts:
    t, s = np.zeros_like(d), np.zeros_like(d)
    s[:, 0] = 0.01 * d[:, 1] / REACH_M
    t[:, 0] = s[:, 0] * d[:, 0]
    return t, np.zeros_like(d), s


def _bow(d: Array) -> Parts:
    t, r = np.zeros_like(d), np.zeros_like(d)
    t[:, 2] = 0.001 * (0.35 - (d[:, 1] / REACH_M) ** 2)
    r[:, 0] = -0.002 * d[:, 1] / REACH_M**2
    return t, r, np.zeros_like(d)


def _wrap(d: Array) -> Parts:
    t, r = np.zeros_like(d), np.zeros_like(d)
    t[:, 2] = 0.001 * (0.35 - (d[:, 0] / (0.75 * REACH_M)) ** 2)
    r[:, 1] = 0.002 * d[:, 0] / (0.75 * REACH_M) ** 2
    return t, r, np.zeros_like(d)


def _bend(d: Array) -> Parts:
    t, r = np.zeros_like(d), np.zeros_like(d)
    t[:, 0] = 0.001 * ((d[:, 1] / REACH_M) ** 2 - 0.35)
    r[:, 2] = -0.002 * d[:, 1] / REACH_M**2
    return t, r, np.zeros_like(d)


def _twist(d: Array) -> Parts:
    t, r = np.zeros_like(d), np.zeros_like(d)
    r[:, 1] = -np.radians(1.0) * d[:, 1] / REACH_M
    t[:, 0], t[:, 2] = r[:, 1] * d[:, 2], -r[:, 1] * d[:, 0]
    return t, r, np.zeros_like(d)


MOVES: dict[str, tuple[str, Callable[[Array], Parts]]] = {
    "out": ("mm", _shift(0)), "up": ("mm", _shift(1)), "forward": ("mm", _shift(2)),
    "wide": ("%", _grow(0)), "tall": ("%", _grow(1)), "deep": ("%", _grow(2)), "size": ("%", _grow(0, 1, 2)),
    "pitch": ("deg", _turn(0, -1)), "yaw": ("deg", _turn(1, 1)), "turn": ("deg", _turn(1, -1)),
    "roll": ("deg", _turn(2, 1)), "taper": ("%", _taper), "bow": ("mm", _bow), "wrap": ("mm", _wrap),
    "one-bend": ("mm", _bend), "one-twist": ("deg", _twist), "one-sideways": ("mm", _shift(0)),
    "one-roll": ("deg", _turn(2, 1)), "one-higher": ("mm", _shift(1)), "one-larger": ("%", _grow(0, 1, 2)),
}  # fmt: skip
"""Degree of freedom -> its unit and what one unit of it does. Left side's sense; the right is its mirror image, or
the opposite for one side against the other. ``pitch`` takes the front up, ``yaw`` the front outwards."""
