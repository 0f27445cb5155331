"""How far several files are, and how long it will take: from how large they are, for nobody knows their lengths yet."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from app.ui.processing.events import Event

LEFT_AFTER_S: Final = 3.0
LEFT_AFTER_SHARE: Final = 0.01
"""Before both, time left would be a guess."""
MOST_LETTERS: Final = 24
STAGES: Final = {"load": "loading the networks", "calibrate": "first look, for the face at rest"}


def size_of(source: str) -> float:
    """Bytes of a file, or of the pictures in a folder; 1 where nothing can be learnt, so that it counts at all."""
    path = Path(source)
    try:
        if path.is_dir():
            return max(1.0, float(sum(p.stat().st_size for p in path.iterdir() if p.is_file())))
        return max(1.0, float(path.stat().st_size))
    except OSError:
        return 1.0


class Pace:
    """Takes the events of one run."""

    def __init__(self, names: Sequence[str], sizes: Sequence[float]) -> None:
        self._names, self._sizes = list(names), list(sizes)
        self._shares: list[float | None] = [0.0] * len(names)
        self._over = [False] * len(names)
        self._worked = 0.0  # sizes times shares, without what failed: that took no time
        self._now: Event | None = None
        self._since_s: float | None = None

    def take(self, event: Event, now_s: float) -> None:
        """``now_s``: ``time.monotonic()``."""
        if event.kind == "end":
            return
        self._now = event
        i = event.file
        if event.kind in ("done", "failed"):
            self._over[i] = True
            self._shares[i] = 1.0 if event.kind == "done" else self._shares[i]
        elif event.kind == "progress":
            self._shares[i] = event.share
            if event.stage != "load" and self._since_s is None:
                self._since_s = now_s
        self._worked = sum(s * (share or 0.0) for s, share in zip(self._sizes, self._shares, strict=True))

    @property
    def share(self) -> float | None:
        """0..1 of all the work; None where one file of unknown length is all there is."""
        if len(self._names) == 1 and self._shares[0] is None:
            return None
        total = sum(self._sizes)
        parts = zip(self._sizes, self._shares, self._over, strict=True)
        return sum(size * (1.0 if over else share or 0.0) for size, share, over in parts) / total

    def left_s(self, now_s: float) -> float | None:
        """Seconds; None while that would be a guess."""
        if self._since_s is None or (self._now is not None and self._shares[self._now.file] is None):
            return None
        elapsed_s = now_s - self._since_s
        if elapsed_s < LEFT_AFTER_S or self._worked < LEFT_AFTER_SHARE * sum(self._sizes):
            return None
        parts = zip(self._sizes, self._shares, self._over, strict=True)
        left = sum(size * (1.0 - (share or 0.0)) for size, share, over in parts if not over)
        return elapsed_s * left / self._worked

    def line(self, now_s: float) -> str:
        """``2 of 5: take.mp4, 38 frames/s, 1 min left``."""
        event = self._now
        if event is None:
            return STAGES["load"].capitalize()
        count = f"{event.file + 1} of {len(self._names)}: " if len(self._names) > 1 else ""
        parts = [count + shortened(self._names[event.file])]
        if event.kind == "progress" and event.stage in STAGES:
            parts.append(STAGES[event.stage])
        if event.kind == "progress" and event.fps > 0:
            parts.append(f"{event.fps:.0f} frames/s")
        left_s = self.left_s(now_s)
        if left_s is not None:
            parts.append(left_text(left_s))
        return ", ".join(parts)


def shortened(name: str) -> str:
    """A name that leaves room for what comes behind it: its start and its end."""
    if len(name) <= MOST_LETTERS:
        return name
    end = MOST_LETTERS // 2
    return f"{name[: MOST_LETTERS - end - 1].rstrip()}…{name[-end:].lstrip()}"


def left_text(seconds: float) -> str:
    """``a few seconds left``, ``40 s left``, ``3 min left``, ``1 h 20 min left``: as coarse as it is known."""
    if seconds < 8:
        return "a few seconds left"
    if seconds <= 55:
        return f"{5 * math.ceil(seconds / 5)} s left"
    minutes = math.ceil(seconds / 60)
    if minutes < 60:
        return f"{minutes} min left"
    hours, minutes = divmod(5 * math.ceil(minutes / 5), 60)
    return f"{hours} h {minutes} min left" if minutes else f"{hours} h left"
