"""How meters move: bars that the eye can follow, peaks that stay for a while, an order that changes calmly."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

ATTACK_S: Final = 0.025
"""A bar rises this fast (time constant) and falls more slowly, so that the eye can follow; data is not smoothed."""
RELEASE_S: Final = 0.09
STEP_MAX_S: Final = 0.25
PEAK_HOLD_S: Final = 1.5
PEAK_FALL_PER_S: Final = 0.5
"""After that a peak comes down, in full bars a second."""
NUMBERS_S: Final = 0.1
"""Digits change this often: faster ones cannot be read."""
ACTIVITY_S: Final = 2.5
"""What was active is forgotten over this time."""
REORDER_S: Final = 0.5
MARGIN: Final = 0.06
"""A row overtakes another only by more than this share of a full bar, so that equals do not change places for ever."""

F = NDArray[np.float64]


class MeterMotion:
    """Values 0..1 as bars show them. Time is given from outside, in seconds."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.clear()

    def clear(self) -> None:
        self.shown: F = np.zeros(self.size)
        self.peaks: F = np.zeros(self.size)
        self.numbers: F = np.zeros(self.size)
        """``shown``, sampled every :data:`NUMBERS_S`."""
        self._held_until_s: F = np.zeros(self.size)
        self._last_s = self._numbers_s = -np.inf

    def push(self, values: NDArray[np.float32], now_s: float) -> None:
        """The newest values (size,); what is no number counts as 0, what is out of 0..1 as the nearest bound."""
        step_s = float(np.clip(now_s - self._last_s, 0.0, STEP_MAX_S))
        self._last_s = now_s
        target = np.clip(np.nan_to_num(np.asarray(values, np.float64)), 0.0, 1.0)
        tau_s = np.where(target > self.shown, ATTACK_S, RELEASE_S)
        self.shown = self.shown + (1 - np.exp(-step_s / tau_s)) * (target - self.shown)
        fallen = np.where(now_s > self._held_until_s, self.peaks - PEAK_FALL_PER_S * step_s, self.peaks)
        higher = self.shown >= fallen
        self._held_until_s[higher] = now_s + PEAK_HOLD_S
        self.peaks = np.maximum(self.shown, fallen)
        if now_s - self._numbers_s >= NUMBERS_S:
            self.numbers, self._numbers_s = self.shown.copy(), now_s


class ActivityOrder:
    """Rows from the most active to the least, changed at most twice a second and only where it is worth it."""

    def __init__(self, rows: int) -> None:
        self.order = list(range(rows))
        self._activity: F = np.zeros(rows)
        self._last_s = self._ordered_s = -np.inf

    def clear(self) -> None:
        """Nothing is active any more, and all rows are where they began."""
        self.__init__(len(self.order))  # type: ignore[misc]

    def push(self, values: F, now_s: float) -> bool:
        """Values (rows,) 0..1 of the newest frame; whether the order is another one now."""
        step_s = float(np.clip(now_s - self._last_s, 0.0, STEP_MAX_S))
        self._last_s = now_s
        self._activity = np.maximum(values, self._activity * np.exp(-step_s / ACTIVITY_S))
        if now_s - self._ordered_s < REORDER_S:
            return False
        self._ordered_s = now_s
        return self._reorder()

    def _reorder(self) -> bool:
        """Neighbours change places until nobody is clearly more active than who stands before it."""
        changed, settled = False, False
        while not settled:
            settled = True
            for i in range(len(self.order) - 1):
                first, second = self.order[i], self.order[i + 1]
                if self._activity[second] > self._activity[first] + MARGIN:
                    self.order[i], self.order[i + 1] = second, first
                    changed, settled = True, False
        return changed
