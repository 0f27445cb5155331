"""The foot of the charts: seconds before now, or of a take its own time."""

from typing import Final

import numpy as np
import pyqtgraph as pg

from app.ui.style.figures import clock
from app.ui.style.scale import px

STEPS_S: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
"""Between two times of a take that are written."""
STEP_PX: Final = 56
"""So far apart they are at least."""
LETTER_PX: Final = 6
GAP_PX: Final = 12
"""Between words at least."""


class TimeAxis(pg.AxisItem):
    """Its zero is the newest frame: what is seen has times below."""

    def __init__(self, side: str) -> None:
        """``side``: ``bottom``, or ``top`` for a grid at the same times."""
        super().__init__(side)
        self.take_s: float | None = None
        """How long the take is that is shown; None while frames come in."""

    def set_take(self, length_s: float | None) -> None:
        if length_s != self.take_s:
            self.take_s = length_s
            self.picture = None  # pyqtgraph's way to have it painted anew
            self.update()

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        """Of a take at round times, and at its end."""
        length_s = self.take_s
        if length_s is None or maxVal <= minVal:
            return super().tickValues(minVal, maxVal, size)
        px_per_s = size / (maxVal - minVal)
        step = next((step for step in STEPS_S if step * px_per_s >= px(STEP_PX)), STEPS_S[-1])
        first, last = np.ceil(max(0.0, minVal + length_s) / step - 1e-6), (maxVal + length_s) / step + 1e-6
        times = np.arange(first, last) * step
        if maxVal > -1e-6:
            room = px(GAP_PX + LETTER_PX * len(_time(length_s, _decimals(step))))
            times = np.append(times[(length_s - times) * px_per_s >= room], length_s)
        return [(step, (times - length_s).tolist())]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        decimals = _decimals(spacing)
        if self.take_s is not None:
            return [_time(value + self.take_s, decimals) for value in values]
        return ["now" if abs(v) < 1e-6 else f"{v:.{decimals}f} s".replace("-", "−") for v in values]


def _decimals(spacing: float) -> int:
    return 0 if spacing >= 1 else 1 if spacing >= 0.1 else 2


def _time(seconds: float, decimals: int) -> str:
    """``0:07``, or ``0:07.25``."""
    if decimals == 0:
        return clock(round(seconds, 6))
    rounded = round(seconds, decimals)
    return clock(rounded) + f"{rounded % 1:.{decimals}f}"[1:]
