"""MakeHuman's UV sheet, stretched so that the face gets most of the texture's texels."""

import numpy as np
from numpy.typing import NDArray

_U = np.array([[0.0, 0.64, 0.72, 1.0], [0.0, 0.10, 0.17, 1.0]])
_V = np.array([[0.0, 0.30, 0.667, 1.0], [0.0, 0.12, 0.88, 1.0]])


def warp_uv(uv: NDArray) -> NDArray[np.float32]:
    """(T, 2) in 0..1 -> (T, 2) in 0..1, piecewise linear and monotone in each axis; the face is enlarged."""
    return np.stack([np.interp(uv[:, 0], *_U), np.interp(uv[:, 1], *_V)], axis=1).astype(np.float32)


EYE_SHEET_M = 0.032
"""The eye texture shows this much of the eyeball's front view."""


def eye_uv(rest: NDArray, centre: NDArray) -> NDArray[np.float32]:
    """Rest positions (V, 3) of eyeball vertices -> (V, 2): the front view about the eye's centre."""
    return (0.5 + (rest[:, :2] - centre[:2]) / EYE_SHEET_M).astype(np.float32)


def lash_uv(uv: NDArray) -> NDArray[np.float32]:
    """The lashes' corner of MakeHuman's sheet, blown up to a texture of its own."""
    low, high = np.array([0.655, 0.922]), np.array([0.762, 0.990])
    return ((uv - low) / (high - low)).astype(np.float32)


def tooth_uv(rest: NDArray) -> NDArray[np.float32]:
    """Rest positions (V, 3) of one row of teeth -> (V, 2): round the arch, and up from the lowest point, 0..1."""
    low, high = rest.min(0), rest.max(0)
    middle = high[2] - 1.25 * high[0]
    around = np.arctan2(rest[:, 0], np.maximum(rest[:, 2] - middle, 1e-4))
    return np.stack([0.5 + around / np.pi, (rest[:, 1] - low[1]) / (high[1] - low[1])], axis=1).astype(np.float32)
