"""Where skin folds when it is pushed together, and which channels push it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rig.parameters import CHANNEL_INDEX, N_CHANNELS
from rig.skeleton import Skeleton

F = NDArray[np.float32]

REGIONS: Final[dict[str, tuple[tuple[tuple[int, ...], float], dict[str, float]]]] = {
    "forehead-left": (((337, 299, 333), 0.72), {"AU1-left": 0.6, "AU2-left": 0.7}),
    "forehead-right": (((108, 69, 104), 0.72), {"AU1-right": 0.6, "AU2-right": 0.7}),
    "glabella": (((9, 8, 55, 285, 107, 336), 0.75), {"AU4-left": 0.5, "AU4-right": 0.5, "AU9-left": 0.1}),
    "crow-left": (((263, 446, 342, 353), 0.85), {"AU6-left": 0.9, "AU7-left": 0.15}),
    "crow-right": (((33, 226, 113, 124), 0.85), {"AU6-right": 0.9, "AU7-right": 0.15}),
    "nose-root": (((168, 6, 193, 417, 122, 351), 0.55), {"AU9-left": 0.5, "AU9-right": 0.5}),
    "cheek-left": (((358, 423, 426, 436, 432), 0.75), {"AU12-left": 0.55, "AU10-left": 0.6, "AU9-left": 0.3}),
    "cheek-right": (((129, 203, 206, 216, 212), 0.75), {"AU12-right": 0.55, "AU10-right": 0.6, "AU9-right": 0.3}),
    "chin": (((175, 199, 200, 18), 0.75), {"AU17": 0.9, "AU24": 0.2}),
}
"""Per region: the landmarks it lies about and its reach (in half distances between the eyes), and what folds it."""


def landmarks(s: Skeleton) -> F:
    """(478, 3) on the base face."""
    return np.einsum("nk,nkd->nd", s.landmark_weights, s.vertices[s.landmark_vertices]).astype(np.float32)


def eye_reach(s: Skeleton) -> float:
    """Half the distance between the eyes' centres, metres: the measure that regions scale with."""
    left, right = (s.pivots[s.names.index(f"eye-{side}")] for side in ("left", "right"))
    return float(np.linalg.norm(left - right) / 2)


def region_weights(s: Skeleton) -> F:
    """(V, len(REGIONS)) 0..1: how much of each vertex belongs to which region, smooth at its edge."""
    marks, unit = landmarks(s), eye_reach(s)
    out = np.zeros((len(s.vertices), len(REGIONS)), np.float32)
    for k, ((around, reach), _) in enumerate(REGIONS.values()):
        d = np.linalg.norm(s.vertices[:, None] - marks[list(around)], axis=2).min(1) / (unit * reach)
        out[:, k] = np.clip(1.6 - 1.6 * d, 0, 1) ** 2 * (3 - 2 * np.clip(1.6 - 1.6 * d, 0, 1))
    return out


def _drive() -> F:
    m = np.zeros((len(REGIONS), N_CHANNELS), np.float32)
    for k, (_, channels) in enumerate(REGIONS.values()):
        for name, share in channels.items():
            m[k, CHANNEL_INDEX[name]] = share
    return m


DRIVE: Final[F] = _drive()
"""(len(REGIONS), 40) strength of the regions' folds by channel."""


def strengths(au: F) -> F:
    """Channels (40,) 0..1 -> (len(REGIONS),) 0..1."""
    return np.clip(DRIVE @ np.clip(np.asarray(au, np.float32), 0, 1), 0, 1)
