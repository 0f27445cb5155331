"""A take played back on the 3D face, at its own pace, with pause and seek; live frames are not shown meanwhile."""

import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.outputs.take import Take, read_take
from app.ui.jobs import Job, Jobs

TICK_MS: Final = 8
"""Twice as often as a screen shows: a frame is never late by more than half of one."""


class TakePlayer(QObject):
    """States: nothing (``take`` is None: live frames are shown), paused, playing. To be used on the GUI thread."""

    changed = Signal()
    """Another take, playing or not, or back to live."""
    moved = Signal(float)
    """Seconds from the take's start."""
    face = Signal(object)
    """What is to be shown: a ``FaceFrame`` of the take."""

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self._jobs = jobs
        self._job: Job | None = None
        self._since_s = 0.0
        """``time.perf_counter()`` when the take's first row would have been played."""
        self._row = -1
        self.take: Take | None = None
        """While it is shown instead of live frames."""
        self.position_s = 0.0
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    @property
    def active(self) -> bool:
        """Whether a take is on the screen: playing, or paused."""
        return self.take is not None

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    def open(self, path: Path) -> None:
        """Read a take on a thread, then play it. What is no take becomes one line in the message bar."""
        if self._job is not None:
            self._job.cancel()
        job = self._jobs.start(f"Opening {path.name}", lambda p: read_take(path, p), self._begin)
        self._job = job
        job.ended.connect(partial(self._forget, job))

    def _forget(self, job: Job) -> None:
        if self._job is job:
            self._job = None

    def _begin(self, take: Take) -> None:
        self.take = take
        self._row = -1
        self.play()
        self.seek(0.0)

    def play(self) -> None:
        """Go on; from the start again where the end was reached."""
        if self.take is None:
            return
        if self.position_s >= self.take.length_s:
            self.position_s = 0.0
        self._since_s = time.perf_counter() - self.position_s
        self._timer.start()
        self.changed.emit()

    def pause(self) -> None:
        self._timer.stop()
        self.changed.emit()

    def toggle(self) -> None:
        (self.pause if self.playing else self.play)()

    def seek(self, seconds: float) -> None:
        """To this place, playing or not; beyond the ends is the end."""
        if self.take is None:
            return
        self.position_s = min(max(seconds, 0.0), self.take.length_s)
        self._since_s = time.perf_counter() - self.position_s
        self._show()

    def rename(self, old: Path, new: Path) -> None:
        """The file has another name now; the take is shown on."""
        if self.take is not None and self.take.path == old:
            self.take = replace(self.take, path=new)
            self.changed.emit()

    def stop(self) -> None:
        """Back to live frames."""
        if self._job is not None:
            self._job.cancel()
        if self.take is not None:
            self._timer.stop()
            self.take, self.position_s, self._row = None, 0.0, -1
            self.changed.emit()

    def _tick(self) -> None:
        if self.take is None:
            return
        self.position_s = min(time.perf_counter() - self._since_s, self.take.length_s)
        self._show()
        if self.position_s >= self.take.length_s:
            self.pause()

    def _show(self) -> None:
        """The row of this place, if another one than on the screen."""
        assert self.take is not None
        row = self.take.row_at(self.position_s)
        if row != self._row:
            self._row = row
            self.moved.emit(self.position_s)
            self.face.emit(self.take.face(row))
