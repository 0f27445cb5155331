"""Whether the window answers: a timer that notices when the GUI thread did not come to it."""

import time
from collections import deque
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer

BEAT_MS: Final = 20
STALL_MS: Final = 50.0
"""What is longer can be felt."""
KEPT_S: Final = 60.0


class StallWatch(QObject):
    """Beats fifty times a second; what a beat came late is how long something else held the GUI thread."""

    def __init__(self) -> None:
        super().__init__()
        self._late: deque[tuple[float, float]] = deque()
        self._last_s = 0.0
        self._timer = QTimer(self, interval=BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        self._last_s = time.perf_counter()
        self._late.clear()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def _beat(self) -> None:
        now_s = time.perf_counter()
        late_ms = 1e3 * (now_s - self._last_s) - BEAT_MS
        self._last_s = now_s
        if late_ms > BEAT_MS / 2:
            self._late.append((now_s, late_ms))
        while self._late and now_s - self._late[0][0] > KEPT_S:
            self._late.popleft()

    @property
    def longest_ms(self) -> float:
        """Of the last minute; 0 where nothing was late by more than half a beat."""
        return max((late_ms for _, late_ms in self._late), default=0.0)

    @property
    def stalls(self) -> int:
        """How often in the last minute it was longer than :data:`STALL_MS`."""
        return sum(late_ms > STALL_MS for _, late_ms in self._late)


if __name__ == "__main__":
    from app.ui.meters.stall_report import main  # the whole window, which this file is a part of

    raise SystemExit(main())
