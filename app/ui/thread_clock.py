"""Where a thread's time goes: computing, waiting for a processor, waiting for something else. No Qt."""

import threading
import time
from pathlib import Path
from types import TracebackType
from typing import NamedTuple


class Spent(NamedTuple):
    """Seconds; also the difference of two readings."""

    wall_s: float = 0.0
    busy_s: float = 0.0
    """On a processor."""
    queued_s: float = 0.0
    """Ready to go on, while all processors were taken by other threads or programs; 0 where no system tells it."""

    def since(self, before: "Spent") -> "Spent":
        return Spent(*(now - then for now, then in zip(self, before, strict=True)))


class ThreadClock:
    """Of the thread that makes it; to be read there."""

    def __init__(self) -> None:
        # Linux: nanoseconds on a processor, nanoseconds in its queue, turns (Documentation/scheduler/sched-stats).
        self._path = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")

    def read(self) -> Spent:
        """From some moment on."""
        try:
            queued_s = int(self._path.read_bytes().split()[1]) / 1e9
        except (OSError, ValueError, IndexError):
            queued_s = 0.0
        return Spent(time.perf_counter(), time.thread_time(), queued_s)


class RenderClock:
    """What one thread spent inside of ``with`` this, all in all: where OpenGL is at work, or Qt paints what it drew."""

    def __init__(self) -> None:
        self.spent = Spent()
        self._clock = ThreadClock()
        self._began = Spent()
        self._depth = 0

    @property
    def running(self) -> bool:
        return self._depth > 0

    def __enter__(self) -> None:
        self._depth += 1
        if self._depth == 1:
            self._began = self._clock.read()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._depth -= 1
        if self._depth == 0:
            now = self._clock.read().since(self._began)
            self.spent = Spent(*(old + new for old, new in zip(self.spent, now, strict=True)))
