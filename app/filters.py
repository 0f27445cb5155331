"""Smoothing that is calm at rest and quick in motion: the One Euro filter, over arrays and over rotations.

Source: Casiez, Roussel & Vogel 2012, "1 Euro Filter". A low-pass whose cutoff rises with speed: ``cutoff = min_cutoff +
beta * |speed|``. Low ``min_cutoff`` takes jitter away, high ``beta`` takes lag away.
Time is the source's own (``media_time_s``), so a file gives the same numbers however fast it is processed.
"""

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rig.parameters import CHANNELS

Array = NDArray[np.float32]

GAP_S: Final = 0.5
"""After a longer silence the past says nothing: the filter starts anew."""
QUICK_CHANNELS: Final = ("AU43-left", "AU43-right", "AU5-left", "AU5-right")
"""Lids: a blink is over in 120 ms, so these react faster than all else."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """The three numbers of a One Euro filter."""

    min_cutoff_hz: float
    beta: float
    """Hz of cutoff per unit of speed (units per second; radians for rotations)."""
    derivative_cutoff_hz: float = 2.0


@dataclass(frozen=True, slots=True)
class Preset:
    """One setting of ``--filter``: a tuning for each kind of value."""

    au: Tuning
    lids: Tuning
    rotation: Tuning
    position: Tuning
    gaze: Tuning


PRESETS: Final[dict[str, Preset | None]] = {
    "off": None,
    "light": Preset(
        au=Tuning(3.0, 3.0),
        lids=Tuning(6.0, 8.0, 10.0),
        rotation=Tuning(2.0, 4.0),
        position=Tuning(2.0, 40.0),
        gaze=Tuning(3.0, 0.06),
    ),
    "strong": Preset(
        au=Tuning(1.0, 1.5),
        lids=Tuning(1.5, 3.0, 10.0),
        rotation=Tuning(0.7, 2.5),
        position=Tuning(0.7, 25.0),
        gaze=Tuning(1.2, 0.04),
    ),
}
"""By name, as ``--filter`` has them."""


def smoothing(cutoff_hz: Any, step_s: float) -> Any:
    """The share of a new value that a first-order low-pass takes over, 0..1: a number's, or each of an array's."""
    rate = cutoff_hz * (2 * math.pi * step_s)
    return rate / (1 + rate)


class _Clock:
    """Steps between samples; None means that there is no usable past."""

    def __init__(self) -> None:
        self._last_s: float | None = None

    def step(self, time_s: float) -> float | None:
        last, self._last_s = self._last_s, time_s
        if last is None or not 0 <= time_s - last <= GAP_S:
            return None  # first sample, a seek back, or a gap
        return time_s - last


class OneEuro:
    """Filters an array, each element by its own speed."""

    def __init__(self, min_cutoff_hz: Array | float, beta: Array | float, derivative_cutoff_hz: Array | float) -> None:
        """Numbers, or arrays that broadcast against the values."""
        self._min_cutoff_hz = np.asarray(min_cutoff_hz, np.float64)
        self._beta = np.asarray(beta, np.float64)
        self._derivative_cutoff_hz = np.asarray(derivative_cutoff_hz, np.float64)
        self.reset()

    def reset(self) -> None:
        self._clock = _Clock()
        self._value: NDArray[np.float64] = np.zeros(0)
        self._speed: NDArray[np.float64] = np.zeros(0)

    def __call__(self, value: Array, time_s: float) -> Array:
        """The filtered value, same shape, float32. Elements that are NaN keep their last value."""
        step_s = self._clock.step(time_s)
        new = np.asarray(value, np.float64)
        if step_s is None or self._value.shape != new.shape:
            self._value, self._speed = new, np.zeros_like(new)
        elif step_s > 0:
            change = new - self._value
            if np.isnan(change).any():
                self._value = np.where(np.isnan(self._value), new, self._value)
                change = np.nan_to_num(new - self._value)
            self._speed = self._speed + smoothing(self._derivative_cutoff_hz, step_s) * (change / step_s - self._speed)
            share = smoothing(self._min_cutoff_hz + self._beta * np.abs(self._speed), step_s)
            self._value = self._value + share * change
        return self._value.astype(np.float32)


class RotationOneEuro:
    """Filters unit quaternions (x y z w) along the arc between them; q and -q are the same rotation."""

    def __init__(self, tuning: Tuning) -> None:
        self._tuning = tuning
        self.reset()

    def reset(self) -> None:
        self._clock = _Clock()
        self._value = np.array([0.0, 0.0, 0.0, 1.0])
        self._speed = 0.0

    def __call__(self, quaternion: Array, time_s: float) -> Array:
        """(4,) -> (4,) float32, unit length, w >= 0."""
        step_s = self._clock.step(time_s)
        target = np.asarray(quaternion, np.float64)
        if step_s is None:
            self._value, self._speed = target, 0.0
        elif step_s > 0:
            if target @ self._value < 0:
                target = -target
            angle = 2 * math.acos(min(1.0, target @ self._value))  # radians
            self._speed += smoothing(self._tuning.derivative_cutoff_hz, step_s) * (angle / step_s - self._speed)
            share = smoothing(self._tuning.min_cutoff_hz + self._tuning.beta * self._speed, step_s)
            self._value = slerp(self._value, target, share)
        value = self._value / math.sqrt(self._value @ self._value)
        return np.asarray(-value if value[3] < 0 else value, np.float32)


def slerp(start: NDArray[np.float64], end: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Along the shorter arc between two unit quaternions: (4,), (4,) -> (4,) unit."""
    cosine = float(start @ end)
    if cosine < 0:
        end, cosine = -end, -cosine
    angle = math.acos(min(1.0, cosine))
    if angle < 1e-4:  # straight line, where the sine would divide by nothing
        mixed = start + share * (end - start)
    else:
        mixed = (math.sin((1 - share) * angle) * start + math.sin(share * angle) * end) / math.sin(angle)
    return np.asarray(mixed / math.sqrt(mixed @ mixed))


class FaceFilter:
    """All the filters of one face, by preset name."""

    def __init__(self, preset: str = "light") -> None:
        """Raises ``KeyError`` for a name that is not in :data:`PRESETS`."""
        tuning = PRESETS[preset]
        self._parts: tuple[OneEuro, RotationOneEuro] | None = None
        if tuning is not None:
            channels = [tuning.lids if name in QUICK_CHANNELS else tuning.au for name in CHANNELS]
            # One filter for all that is no rotation: each element has its own speed and tuning anyway.
            every = [*channels, *[tuning.position] * 3, *[tuning.gaze] * 4]
            plain = OneEuro(
                np.array([t.min_cutoff_hz for t in every], np.float32),
                np.array([t.beta for t in every], np.float32),
                np.array([t.derivative_cutoff_hz for t in every], np.float32),
            )
            self._parts = plain, RotationOneEuro(tuning.rotation)

    def reset(self) -> None:
        for part in self._parts or ():
            part.reset()

    def __call__(
        self, au: Array, rotation: Array, position_m: Array, gaze_deg: Array, time_s: float
    ) -> tuple[Array, Array, Array, Array]:
        """Filter one frame: channels (40,) 0..1, quaternion (4,), metres (3,), degrees (2, 2); same order back."""
        if self._parts is None:
            return au, rotation, position_m, gaze_deg
        plain, turning = self._parts
        values = plain(np.concatenate([au, position_m, gaze_deg.ravel()]), time_s)
        n = len(au)
        return values[:n], turning(rotation, time_s), values[n : n + 3], values[n + 3 :].reshape(2, 2)
