"""Whether the window answers: a timer that notices when the GUI thread did not come to it, and what kept it.

``python -m app.ui.meters.stall_watch SOURCE --seconds N`` runs the whole window and tells (``stall_report.py``).
"""

import gc
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer

from app.ui.meters.stack_sampler import StackSampler
from app.ui.thread_clock import RenderClock, Spent, ThreadClock

BEAT_MS: Final = 10
STALL_MS: Final = 50.0
"""What is longer can be felt."""
KEPT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Gap:
    """From one beat to the next, less the beat itself; milliseconds."""

    at_s: float
    """When it ended, from the start."""
    late: float
    rendering: float = 0.0
    """Of it, inside OpenGL's drawing and Qt's painting of the 3D view."""
    computing: float = 0.0
    """On a processor, outside of rendering; the beat's own time may be in it."""
    queued: float = 0.0
    """Outside of rendering, ready to go on while other threads and programs had all processors (Linux; else 0)."""
    collecting: float = 0.0
    """In Python's garbage collector, which is in ``computing`` as well."""
    stacks: tuple[str, ...] = ()
    """Where the thread was seen meanwhile."""

    @property
    def outside(self) -> float:
        """What is not rendering."""
        return max(0.0, self.late - self.rendering)

    @property
    def own(self) -> float:
        """Of that, what Mien itself took: computing, and waiting for its other threads, files and locks."""
        return max(0.0, self.outside - self.queued)


class StallWatch(QObject):
    """Beats on the GUI thread; ``gaps`` are those of the last while that were late."""

    def __init__(
        self,
        rendering: RenderClock,
        *,
        beat_ms: int = BEAT_MS,
        kept_s: float = KEPT_S,
        late_ms: float | None = None,
        sampler: StackSampler | None = None,
    ) -> None:
        """``late_ms``: what is shorter is not kept, so that there is little to look through; by default half a beat.

        ``sampler`` looks where this thread is while a beat is late; it has to be closed by who made it."""
        super().__init__()
        self.gaps: deque[Gap] = deque()
        self._rendering, self._sampler = rendering, sampler
        self._beat_ms, self._kept_s = beat_ms, kept_s
        self._late_ms = beat_ms / 2 if late_ms is None else late_ms
        self._clock = ThreadClock()
        self._thread = threading.get_ident()
        self._began_s = 0.0
        self._last = self._drawn = Spent()
        self._collecting_s = self._collected_s = 0.0
        self._timer = QTimer(self, interval=beat_ms, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        self.gaps.clear()
        self._last, self._drawn, self._collected_s = self._clock.read(), self._rendering.spent, 0.0
        self._began_s = self._last.wall_s
        if self._collect not in gc.callbacks:
            gc.callbacks.append(self._collect)
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()
        if self._collect in gc.callbacks:
            gc.callbacks.remove(self._collect)

    @property
    def elapsed_s(self) -> float:
        return self._last.wall_s - self._began_s

    def _collect(self, phase: str, info: dict[str, int]) -> None:
        if threading.get_ident() != self._thread:
            return
        if phase == "start":
            self._collecting_s = time.perf_counter()
        else:
            self._collected_s += time.perf_counter() - self._collecting_s

    def _beat(self) -> None:
        now, drawn = self._clock.read(), self._rendering.spent
        whole, drawing = now.since(self._last), drawn.since(self._drawn)
        gap = Gap(
            at_s=now.wall_s - self._began_s,
            late=max(0.0, 1e3 * whole.wall_s - self._beat_ms),
            rendering=1e3 * drawing.wall_s,
            computing=max(0.0, 1e3 * (whole.busy_s - drawing.busy_s)),
            queued=max(0.0, 1e3 * (whole.queued_s - drawing.queued_s)),
            collecting=1e3 * self._collected_s,
            stacks=self._sampler.take() if self._sampler is not None else (),
        )
        if gap.late >= self._late_ms:
            self.gaps.append(gap)
        while self.gaps and gap.at_s - self.gaps[0].at_s > self._kept_s:
            self.gaps.popleft()
        self._last, self._drawn, self._collected_s = now, drawn, 0.0

    @property
    def longest_ms(self) -> float:
        """Outside of rendering."""
        return max((gap.outside for gap in self.gaps), default=0.0)

    @property
    def stalls(self) -> int:
        """How often it was longer than :data:`STALL_MS` outside of rendering."""
        return sum(gap.outside > STALL_MS for gap in self.gaps)


if __name__ == "__main__":
    from app.ending import with_one_line
    from app.ui.meters.stall_report import main  # the whole window, which this file is a part of

    raise SystemExit(with_one_line(main))
