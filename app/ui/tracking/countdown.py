"""3, 2, 1: time to get ready before a moment that counts."""

import math
import time
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from app.ui.message_bar import MessageBar
from app.ui.session import Session

COUNTDOWN_S: Final = 3.0
TICK_MS: Final = 100
STANDS_STILL: Final = "a neutral is read from one second of film: play it (P), then relax your face (C)"


class Countdown(QObject):
    """One at a time; a second ``start`` while it runs changes nothing."""

    changed = Signal(int)
    """Whole seconds that are left, from ``seconds`` down to 1, and 0 once it is over or was cancelled."""
    over = Signal()
    """It ran to its end."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ends_s = 0.0
        self.left = 0
        """Whole seconds; 0 while it does not run."""
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._tick)

    @property
    def running(self) -> bool:
        return self.left > 0

    def start(self, seconds: float | None = None) -> None:
        """Count so many seconds, by default :data:`COUNTDOWN_S`."""
        if not self.running:
            whole = COUNTDOWN_S if seconds is None else seconds
            self._ends_s = time.perf_counter() + whole
            self._timer.start()
            self._show(math.ceil(whole))

    def cancel(self) -> None:
        """End it before its time; ``over`` is not told."""
        self._timer.stop()
        self._show(0)

    def _tick(self) -> None:
        left = math.ceil(self._ends_s - time.perf_counter())
        if left > 0:
            self._show(left)
            return
        self.cancel()
        self.over.emit()

    def _show(self, left: int) -> None:
        if left != self.left:
            self.left = left
            self.changed.emit(left)


def count_down_to_rest(countdown: Countdown, session: Session, messages: MessageBar) -> None:
    """Begin with it. A film that stands still would be waited for without end: that is said instead."""
    if session.film.stands:
        messages.show_message("info", STANDS_STILL)
    else:
        countdown.start()
