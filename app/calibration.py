"""How this person's face looks at rest: a running estimate, and a calibration on request.

Expressions are read as differences from the person's own neutral landmarks (aligned, head frame), so everything rests
on them. The running estimate (:class:`RunningNeutral`) works on three regions apart (brows, eyes, mouth with cheeks and
jaw), because a face that talks has calm brows. In each it keeps *states*: shapes the region was seen to rest in, each
with the time spent there. The neutral is the mean of the states, weighted by time and by how much a state looks like
rest on anybody's face::

    weight = min(time, a cap) * exp(-energy)

Time alone would make a long-held smile the neutral; the energy of a smile is so high that a minute of it does not
count as much as a second of rest. Energy alone would prefer a frown to the rest of someone whose mouth corners sit
high; there time decides. So a face that smiles, talks or blinks in its first frames is put right within seconds of
resting, and a calibrated one stays. Fast motion does not count, nor do turned heads. The mean face stands in as one
state with a little time of its own.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.errors import UserError
from models.runtime import gaze
from models.runtime.alignment import EYE_CORNERS, canonical_face, rest_face, rigid_points

Array = NDArray[np.float32]

MODES: Final = ("auto", "off", "first-second", "whole")
"""What ``--calibrate`` takes beside the name or path of a profile."""

# ------------------------------------------------------------ what is tuned

TIME_CAP_S: Final = 20.0
"""More time than this in one state proves nothing more."""
FORGET_S: Final = 600.0
"""Time spent in a state fades with this time constant, so that a changed camera or haircut is learnt in the end."""
MAX_STATES: Final = 40
MERGE_ENERGY: Final = 0.7
"""Shapes whose energies differ by more are different states."""
GENERIC_TIME_S: Final = 0.1
GENERIC_ENERGY: Final = 1.5
"""The generic face counts as little as this: it outlasts only a first frame that is far from rest."""
STILL_M_PER_S: Final = 0.030
"""At this speed of a region's points (root mean square) a frame counts half."""
FRONTAL_DEG: Final = 18.0
"""Yaw or pitch at which a frame counts 0.6: landmarks of turned heads are distorted."""
LEARN_EVERY_S: Final = 0.06
"""After the first second, frames that follow sooner than this teach nothing new."""
MAX_STEP_S: Final = 0.1
"""A frame never counts for more time than this, however slow the camera."""
SETTLE_S: Final = (0.15, 3.0)
"""Time constant of the neutral itself: at first, and once there is :data:`SETTLED_AFTER_S` of evidence."""
SETTLED_AFTER_S: Final = 8.0
STRANGER_M: Final = 0.0035
"""Somebody else sits there when the bony points of a face that comes back differ by more than this (RMS)."""
CALIBRATION_S: Final = 1.0
"""How long a calibration on request looks."""
MIN_CALIBRATION_FRAMES: Final = 5
OPEN_EYES: Final = 0.75
"""Frames whose eyes are less open than this share of the calibration's best are blinks."""

# ------------------------------------------------------------ regions and their energies


def _regions() -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Every landmark belongs to one of brows (and forehead), eyes (lids, irises), mouth (and all the rest)."""
    x, y, _ = canonical_face().T
    near_eye = (np.abs(np.abs(x) - 0.0315) < 0.022) & (y > 0.012) & (y < 0.0345)
    brows = (y >= 0.0345) & ~near_eye
    return np.flatnonzero(brows), np.flatnonzero(near_eye), np.flatnonzero(~brows & ~near_eye)


BROWS, EYES, MOUTH = _regions()
LIPS: Final = np.array([
    61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146, 76, 184, 74, 73, 72, 11,
    302, 303, 304, 408, 306, 307, 320, 404, 315, 16, 85, 180, 90, 77, 62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292,
    325, 319, 403, 316, 15, 86, 179, 89, 96, 78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14,
    87, 178, 88, 95,
])  # fmt: skip
"""The four rings of the lips."""
_BROW_POINTS: Final = np.array([107, 66, 55, 65, 46, 53, 70, 63, 336, 296, 285, 295, 276, 283, 300, 293])
_CORNERS: Final = np.array(EYE_CORNERS)
_MOUTH_POINTS: Final = np.array([61, 291, 0, 13, 14, 17, 2, 152])
"""Corners; upper lip's outer and inner rim, lower lip's inner and outer; below the nose, and the chin."""


def read_brows(face: Array) -> tuple[float, float]:
    """Energy, and height in millimetres. The energy is only of what no forehead at rest does: people's brows differ by
    3 mm (standard deviation), as far as AU1 goes."""
    y = face[:, 1]
    height = 1000 * float(y[_BROW_POINTS].mean() - y[_CORNERS].mean())
    return max(0.0, abs(height - 20.5) - 9.0) / 2, height


def read_eyes(face: Array) -> tuple[float, float, float]:
    """Energy, openness and yaw in degrees, mean of the two. The energy is of shut eyes, whoever's; what is open enough
    is told by comparison with the same person."""
    left, right = gaze.openness(face).tolist()
    (left_yaw, _), (right_yaw, _) = gaze.eye_angles(face).tolist()
    energy = (max(0.0, 0.16 - left) + max(0.0, 0.16 - right)) / 0.02
    return energy, (left + right) / 2, (left_yaw + right_yaw) / 2


def read_mouth(face: Array) -> tuple[float, float]:
    """Energy, and how far the chin hangs below the nose in millimetres.

    The energy is 0 for closed lips of ordinary width, about 10 for a broad smile. It is told in millimetres off the
    mean of people at rest.
    """
    right, left, above, upper, lower, below, nose, chin = (1000 * face[_MOUTH_POINTS, :2]).tolist()
    width = left[0] - right[0] - 50.0
    corners = (right[1] + left[1] - above[1] - below[1]) / 2 - 1.3
    gap = upper[1] - lower[1]
    smile = max(0.0, width - 4.0) / 3 + max(0.0, corners - 2.0) / 1.5
    # Within what people at rest differ by, a smile is still held more often than a frown or a pout.
    smile += 0.04 * min(max(width, -4.0), 4.0) + 0.12 * min(max(corners, -2.0), 2.0)
    energy = smile + max(0.0, -5.0 - width) / 1.5 + max(0.0, -3.0 - corners) + max(0.0, gap - 0.7) / 2
    return energy, nose[1] - chin[1]


@dataclass(frozen=True, slots=True)
class _Habit:
    """A measure whose rest differs from person to person: compared with where this person mostly has it."""

    usual: float
    """The share of time that lies below rest: 0.5 where it moves both ways, more where actions only lessen it."""
    above: float
    """Energy per unit above the usual value, and below it."""
    below: float


@dataclass(frozen=True, slots=True)
class _Rules:
    """What the three regions differ in."""

    points: NDArray[np.intp]
    merge_m: float
    """Shapes closer than this (RMS) are one state."""
    read: Callable[[Array], tuple[float, ...]]
    """Of a face the energy, then what the habits are about."""
    mouth_share: float
    """A face that smiles or talks is not to be trusted elsewhere either: this share of the mouth's energy is added."""
    habits: tuple[_Habit, ...]


REGIONS: Final = {
    "brows": _Rules(BROWS, 0.0010, read_brows, 0.15, (_Habit(0.45, 0.5, 0.5),)),
    # Blinks, squints and lowered eyes lessen openness, and together they may take most of the time.
    "eyes": _Rules(EYES, 0.0007, read_eyes, 0.25, (_Habit(0.7, 25.0, 35.0), _Habit(0.5, 0.15, 0.15))),
    "mouth": _Rules(MOUTH, 0.0012, read_mouth, 0.0, (_Habit(0.25, 0.2, 0.1),)),  # the chin hangs low in speech
}


class _Region:
    """The states of one region. State 0 is the stand-in, which learns nothing."""

    def __init__(self, rules: _Rules, stand_in: Array) -> None:
        self._rules = rules
        self.shapes = stand_in[None, rules.points].astype(np.float32)  # (S, P, 3)
        # Per state: seconds spent in it, energy, and the habits' measures.
        self.table = np.array([[GENERIC_TIME_S, GENERIC_ENERGY, *rules.read(stand_in)[1:]]])
        self._last: Array | None = None

    def add(self, face: Array, mouth: float, step_s: float, share: float) -> None:
        """One frame; ``mouth`` is its mouth's energy, ``share`` 0..1 how well it is seen."""
        rules = self._rules
        shape = face[rules.points]
        slow = 1.0 if self._last is None else 1 / (1 + (_rms(shape - self._last) / step_s / STILL_M_PER_S) ** 2)
        self._last = shape
        self.table[1:, 0] *= math.exp(-step_s / FORGET_S)
        energy, *measures = rules.read(face)
        energy += rules.mouth_share * mouth
        row = np.array([step_s * share * slow, energy, *measures])
        at = self._nearest(shape, energy)
        if at is not None:
            time_s = self.table[at, 0] + row[0]
            part = row[0] / time_s if time_s > 0 else 0.0
            self.shapes[at] += np.float32(part) * (shape - self.shapes[at])
            self.table[at] += part * (row - self.table[at])
            self.table[at, 0] = min(time_s, TIME_CAP_S)
            return
        if len(self.shapes) > MAX_STATES:
            drop = 1 + int(self.weights()[1:].argmin())
            self.shapes, self.table = np.delete(self.shapes, drop, axis=0), np.delete(self.table, drop, axis=0)
        self.shapes = np.concatenate([self.shapes, shape[None]])
        self.table = np.concatenate([self.table, row[None]])

    def _nearest(self, shape: Array, energy: float) -> int | None:
        """The state that a shape (P, 3) belongs to, if there is one.

        Near in shape is not enough: a state at rest would follow a face that slowly smiles.
        """
        alike = 1 + np.flatnonzero(np.abs(self.table[1:, 1] - energy) <= MERGE_ENERGY)
        if not len(alike):
            return None
        offsets = (self.shapes[alike] - shape).reshape(len(alike), -1)
        far = np.einsum("sp,sp->s", offsets, offsets)
        best = int(far.argmin())
        return int(alike[best]) if far[best] < len(shape) * self._rules.merge_m**2 else None

    def weights(self) -> NDArray[np.float64]:
        """(S,) summing to 1."""
        time_s, energy = self.table[:, 0], self.table[:, 1].copy()
        likely = time_s[1:] * np.exp(energy[1:].min(initial=np.inf) - energy[1:])
        for i, habit in enumerate(self._rules.habits):
            off = self.table[1:, 2 + i] - _quantile(self.table[1:, 2 + i], likely, habit.usual)
            energy[1:] += np.maximum(habit.above * off, -habit.below * off)
        weight = time_s * np.exp(energy.min() - energy)
        return np.asarray(weight / weight.sum())

    def neutral(self) -> Array:
        """(P, 3) the weighted mean of the states."""
        weights = self.weights().astype(np.float32)
        return (weights @ self.shapes.reshape(len(weights), -1)).reshape(-1, 3)


def _quantile(values: NDArray[np.float64], weights: NDArray[np.float64], share: float) -> float:
    """The value below which this share of the weight lies; 0 of nothing."""
    total = float(weights.sum())
    if total <= 0:
        return 0.0
    order = np.argsort(values)
    at = int(np.searchsorted(np.cumsum(weights[order]), share * total))
    return float(values[order[min(at, len(order) - 1)]])


class RunningNeutral:
    """The running estimate, fed with every frame. ``face`` is there from the first one on."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self._regions: dict[str, _Region] | None = None
        self._face: Array | None = None
        self._last_s: float | None = None
        self._seen_s = 0.0

    @property
    def face(self) -> Array:
        """(478, 3) aligned, metres: the person at rest as far as known; the mean face before the first frame."""
        return rest_face() if self._face is None else self._face

    def update(self, aligned: Array, euler_deg: Array, time_s: float) -> Array:
        """Learn from one frame and return ``face``.

        Args:
            aligned: (478, 3) head frame, metres.
            euler_deg: (3,) yaw, pitch, roll of the head.
            time_s: media time; a frame that is not later than the last one changes nothing.
        """
        if self._regions is None:
            stand_in = relaxed(aligned)
            self._regions = {name: _Region(rules, stand_in) for name, rules in REGIONS.items()}
        since_s = 1 / 30 if self._last_s is None else time_s - self._last_s
        if 0 <= since_s < (LEARN_EVERY_S if self._seen_s > 1 else 1e-6):
            return self.face
        self._last_s = time_s
        step_s = min(since_s, MAX_STEP_S)
        if step_s < 0:  # a seek back: go on from there
            return self.face
        turned = math.hypot(euler_deg[0], euler_deg[1])
        share = math.exp(-0.5 * (turned / FRONTAL_DEG) ** 2)
        mouth, _ = read_mouth(aligned)
        for region in self._regions.values():
            region.add(aligned, mouth, step_s, share)
        self._seen_s += step_s * share
        target = self.target()
        slow = min(self._seen_s / SETTLED_AFTER_S, 1.0)
        settle_s = SETTLE_S[0] + slow * (SETTLE_S[1] - SETTLE_S[0])
        part = np.float32(1 - math.exp(-step_s / settle_s))
        self._face = target if self._face is None else self._face + part * (target - self._face)
        return self._face

    def target(self) -> Array:
        """(478, 3) what ``face`` moves towards: the weighted mean of all states seen."""
        target = rest_face().copy()
        for name, region in (self._regions or {}).items():
            target[REGIONS[name].points] = region.neutral()
        return target

    def is_stranger(self, aligned: Array) -> bool:
        """Whether this is somebody else, by the bony points (which expressions do not move)."""
        return self._face is not None and _rms((aligned - self._face)[rigid_points()]) > STRANGER_M


def relaxed(aligned: Array) -> Array:
    """A guess at rest from one frame that may not be at rest: (478, 3) -> (478, 3), head frame.

    Brows as they are; the mean face's eyes at this one's corners; its lips below this one's nose; a dropped jaw shut.
    """
    rest = rest_face()
    guess = np.array(aligned, np.float32)
    corners = list(EYE_CORNERS)
    guess[EYES] = rest[EYES] + (aligned[corners] - rest[corners]).mean(axis=0)
    # Lips part by the jaw and without it: some of the gap is taken back, not below an ordinary chin's height.
    gap, chin = float(aligned[13, 1] - aligned[14, 1]), float(aligned[2, 1] - aligned[152, 1])
    shut = min(0.4 * max(gap, 0.0), max(chin - float(rest[2, 1] - rest[152, 1]), 0.0))
    below = np.flatnonzero(canonical_face()[:, 1] < canonical_face()[13, 1])
    # The jaw turns about its hinges: the chin moves most, the points before the ears not at all.
    guess[below, 1] += shut * np.clip((0.075 - np.abs(canonical_face()[below, 0])) / 0.045, 0, 1)
    guess[LIPS] = rest[LIPS] + aligned[2] - rest[2]
    return guess


def estimate_neutral(aligned: Array, euler_deg: Array, times_s: NDArray[np.float64]) -> Array:
    """The neutral of a whole recording at once (``--calibrate whole``).

    Args:
        aligned: (T, 478, 3) head frame; frames without a face are NaN.
        euler_deg: (T, 3).
        times_s: (T,) media times.

    Returns:
        (478, 3) aligned, metres; the mean face where no frame has a face.
    """
    running = RunningNeutral()
    for face, euler, time_s in zip(aligned, euler_deg, times_s, strict=True):
        if np.isfinite(face).all():
            running.update(face, euler, float(time_s))
    return running.target()


def neutral_of_moment(aligned: Array) -> Array:
    """The neutral of a face told to relax: median over the frames whose eyes are open.

    Args:
        aligned: (T, 478, 3) head frame, all finite.

    Raises:
        UserError: fewer than :data:`MIN_CALIBRATION_FRAMES` frames.
    """
    if len(aligned) < MIN_CALIBRATION_FRAMES:
        raise UserError(f"calibration saw the face in only {len(aligned)} frames: face the camera and try again")
    opened = gaze.openness(aligned).min(axis=-1)
    usable = opened >= OPEN_EYES * np.percentile(opened, 90)
    return np.median(aligned[usable], axis=0).astype(np.float32)


def _rms(offsets: Array) -> float:
    """(P, 3) -> root mean square length, metres."""
    return math.sqrt(float(np.vdot(offsets, offsets)) / len(offsets))
