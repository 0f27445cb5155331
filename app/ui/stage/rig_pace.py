"""How good and how often the 3D face is drawn, so that the GUI thread keeps time for everything else. No Qt."""

import time
from typing import Final

LADDER: Final = ((1.0, 8), (1.0, 0), (0.75, 0), (0.5, 0))
"""(size, samples a pixel) from best to cheapest; a step down where a picture takes too long. Without samples edges are
smoothed afterwards (FXAA): on a processor that takes a tenth of what samples take."""
SOFTWARE_RUNG: Final = 2
"""Where OpenGL runs on the processor, begin here."""
STILL: Final = (1.0, 0)
"""For the one picture that is drawn when all is at rest."""
TOO_SLOW_MS, SLOW_PICTURES = 45.0, 3
"""This many slow pictures in a row before a step down: one may be bad luck."""
TOO_QUICK_MS, QUICK_PICTURES = 10.0, 90


class Pace:
    """Told how long each picture took, it says how the next one is drawn and when."""

    def __init__(self) -> None:
        self.rung = 0
        self._slow = self._quick = 0
        self._free_s = 0.0  # not before this time: the GUI thread's own half

    @property
    def settings(self) -> tuple[float, int]:
        """(share of the size, samples a pixel)"""
        return LADDER[self.rung]

    @property
    def wait_ms(self) -> float:
        """Until the next picture may begin."""
        return max(0.0, 1e3 * (self._free_s - time.perf_counter()))

    def software(self) -> None:
        """OpenGL runs on the processor."""
        self.rung = max(self.rung, SOFTWARE_RUNG)

    def resized(self) -> None:
        """What was slow at another size is forgotten."""
        self._slow = 0

    def drew(self, took_ms: float, counts: bool = True) -> None:
        """A picture took so long; the thread then has as long for itself. ``counts``: it is one of many.

        Down after a few slow pictures in a row, up again after many that had time to spare.
        """
        self._free_s = time.perf_counter() + took_ms / 1e3
        if not counts:
            return
        self._slow = self._slow + 1 if took_ms > TOO_SLOW_MS else 0
        self._quick = self._quick + 1 if took_ms < TOO_QUICK_MS else 0
        if self._slow >= SLOW_PICTURES and self.rung < len(LADDER) - 1:
            self.rung, self._slow = self.rung + 1, 0
        elif self._quick >= QUICK_PICTURES and self.rung > 0:
            self.rung, self._quick = self.rung - 1, 0
