"""The code that a picture network gives to this person's face at rest (``neutral_code`` in its contract).

What is rest, the landmarks' neutral decides (``app.calibration``). That belief changes while the tracker learns: a face
that smiled in its first second is put right later, and the code has to follow. So nothing is averaged for good: a small
*album* keeps shapes that the whole face was seen in, each with its mean code and the time spent there, and the code at
rest is the mean over the album, weighted by time and by how near each shape is to the neutral as it is now believed.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.calibration import FORGET_S, FRONTAL_DEG, LEARN_EVERY_S, MAX_STEP_S, REGIONS
from models.runtime.landmarks import N_LANDMARKS

Array = NDArray[np.float32]

MAX_SHAPES: Final = 24
SAME_SHAPE: Final = 0.8
"""Shapes nearer than this (:func:`distance`) share an entry of the album."""
ENERGY: Final = 1.0
"""Of a shape at distance 1; it grows with the square. People at rest are seen at 0.4 to 1.1, mild expressions at 2."""
MOST_S: Final = 5.0
"""More time than this in one shape proves nothing more."""
KNOWN_AFTER_S: Final = 0.12
"""So much time at rest, frontal, and there is a code; before it is zeros, which the networks take for "not known"."""
TOO_FAR: Final = 2.5
"""A recording whose nearest frame is farther from the neutral than this never shows the face at rest."""
SETTLE_S: Final = 0.3
"""Time constant at which the code moves to what the album says."""


def _shares() -> Array:
    """(478, 3) squared offsets of the points -> mean square of brows, eyes, mouth in the unit of :func:`distance`."""
    shares = np.zeros((N_LANDMARKS, len(REGIONS)), np.float32)
    for i, rules in enumerate(REGIONS.values()):
        shares[rules.points, i] = 1 / (len(rules.points) * rules.merge_m**2)
    return shares


_SHARES: Final = _shares()


def distance(aligned: Array, neutral: Array) -> NDArray[np.float64]:
    """How far faces are from rest: (..., 478, 3) and (478, 3), head frame, metres -> (...).

    Of brows, eyes and mouth the one farthest off, RMS, in units of what counts as another state there (about 1 mm): a
    raised brow is no rest, however calm the rest of the face.
    """
    offsets = aligned - neutral
    squares = np.einsum("...pc,...pc->...p", offsets, offsets)
    return np.sqrt((squares @ _SHARES).max(-1), dtype=np.float64)


def frontal(euler_deg: Array) -> NDArray[np.float64]:
    """(..., 3) yaw, pitch, roll -> (...) 0..1: how much a frame teaches; landmarks of turned heads are distorted."""
    return np.exp(-0.5 * (euler_deg[..., :2] ** 2).sum(-1) / FRONTAL_DEG**2)


def code_at_rest(codes: Array, aligned: Array, euler_deg: Array, neutral: Array) -> Array | None:
    """The code of a recording or a calibration at once.

    Args:
        codes: (T, C) of each picture.
        aligned: (T, 478, 3) its landmarks, head frame, metres.
        euler_deg: (T, 3) its head.
        neutral: (478, 3) what is believed to be rest.

    Returns:
        (C,) mean over the frames nearest to rest, frontal ones first; None where none is near.
    """
    if not len(codes):
        return None
    far = distance(aligned, neutral)
    if far.min() > TOO_FAR:
        return None
    energy = ENERGY * far**2 - np.log(np.maximum(frontal(euler_deg), 1e-12))
    weights = np.exp(energy.min() - energy).astype(np.float32)
    return (weights / weights.sum()) @ codes


class RestingCode:
    """The running estimate. ``code`` is zeros until the face was seen at rest for a moment."""

    def __init__(self, size: int) -> None:
        """``size``: C, numbers in a code; 0 where the regressor makes none."""
        self._size = size
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self._shapes = np.empty((0, N_LANDMARKS, 3), np.float32)
        self._codes = np.empty((0, self._size), np.float32)
        self._times_s = np.empty(0)
        self._last_s: float | None = None
        self._seen_s = 0.0
        self.known = False
        self.code: Array = np.zeros(self._size, np.float32)

    def update(self, code: Array, aligned: Array, neutral: Array, euler_deg: Array, time_s: float) -> None:
        """Learn from one frame.

        Args:
            code: (C,) of its picture.
            aligned, neutral: (478, 3) its landmarks, and those now believed to be rest; head frame, metres.
            euler_deg: (3,) of the head.
            time_s: media time; a frame that is not later than the last one, or hardly, changes nothing.
        """
        since_s = 1 / 30 if self._last_s is None else time_s - self._last_s
        if 0 <= since_s < (LEARN_EVERY_S if self._seen_s > 1 else 1e-6):
            return
        self._last_s = time_s
        if since_s < 0:  # a seek back: go on from there
            return
        step_s = min(since_s, MAX_STEP_S)
        self._seen_s += step_s
        self._times_s *= math.exp(-step_s / FORGET_S)
        self._add(code, aligned, neutral, step_s * float(frontal(euler_deg)))
        self._settle(neutral, step_s)

    def _add(self, code: Array, aligned: Array, neutral: Array, time_s: float) -> None:
        """Into the album, at the entry of its shape or a new one."""
        if len(self._shapes):
            far = distance(self._shapes, aligned)
            at = int(far.argmin())
            if far[at] < SAME_SHAPE:
                total_s = self._times_s[at] + time_s
                part = np.float32(time_s / max(total_s, 1e-9))
                self._shapes[at] += part * (aligned - self._shapes[at])
                self._codes[at] += part * (code - self._codes[at])
                self._times_s[at] = min(total_s, MOST_S)
                return
        if len(self._shapes) == MAX_SHAPES:
            # What is far from rest may yet turn out to be rest, so it is not dropped for that alone.
            worth = self._times_s * (0.1 + np.exp(-ENERGY * distance(self._shapes, neutral) ** 2))
            keep = np.arange(MAX_SHAPES) != worth.argmin()
            self._shapes, self._codes, self._times_s = self._shapes[keep], self._codes[keep], self._times_s[keep]
        self._shapes = np.concatenate([self._shapes, aligned[None]])
        self._codes = np.concatenate([self._codes, code[None]])
        self._times_s = np.append(self._times_s, time_s)

    def _settle(self, neutral: Array, step_s: float) -> None:
        """Move ``code`` to what the album says, once it has seen rest."""
        energy = ENERGY * distance(self._shapes, neutral) ** 2
        if not self.known and float((self._times_s * np.exp(-energy)).sum()) < KNOWN_AFTER_S:
            return
        weights = self._times_s * np.exp(energy.min() - energy)
        if weights.sum() <= 0:
            return
        target = (weights / weights.sum()).astype(np.float32) @ self._codes
        part = np.float32(1 - math.exp(-step_s / SETTLE_S)) if self.known else np.float32(1)
        self.code = self.code + part * (target - self.code)
        self.known = True
