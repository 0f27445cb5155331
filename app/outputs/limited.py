"""Streams: fewer frames a second than the source has, for receivers and networks that want no more."""

from typing import Final

from app.capture import SourceInfo
from app.face_frame import FaceFrame
from app.outputs.sink import Sink, trouble_of

MOST_FPS: Final = 240.0
"""No limit above this is asked for: no camera is as quick."""
EARLY: Final = 0.25
"""A frame may come this share of a period before its turn: cameras jitter, and a source of just the rate asked for
must not lose every other frame for it."""


class RateLimit:
    """Decides frame by frame; over any stretch of time no more than ``frames_per_s`` pass, give or take one."""

    def __init__(self, frames_per_s: float) -> None:
        """``frames_per_s``: 0 lets every frame pass. Raises ``ValueError`` below."""
        if frames_per_s < 0:
            raise ValueError(f"a rate of {frames_per_s} frames a second makes no sense")
        self._period_s = 1.0 / frames_per_s if frames_per_s else 0.0
        self._due_s: float | None = None

    def passes(self, time_s: float) -> bool:
        """Whether the frame captured at ``time_s`` (any steady clock) is one of those that go out."""
        period = self._period_s
        if not period:
            return True
        if self._due_s is None or time_s < self._due_s - 2 * period:  # the first one, or another clock
            self._due_s = time_s
        if time_s < self._due_s - EARLY * period:
            return False
        # On the grid of periods; after a pause the grid begins anew instead of letting a burst catch up.
        late_s = time_s - self._due_s
        self._due_s = self._due_s + period if late_s < period else time_s + period
        return True


class Limited:
    """A sink in front of a sink. What it holds back is no loss: it counts in neither number."""

    def __init__(self, sink: Sink, frames_per_s: float) -> None:
        self._sink, self._limit = sink, RateLimit(frames_per_s)
        self._ended_by = ""

    @property
    def name(self) -> str:
        return self._sink.name

    @property
    def written(self) -> int:
        return self._sink.written

    @property
    def failed(self) -> int:
        return self._sink.failed

    @property
    def trouble(self) -> str:
        """Why the last packet did not leave this machine, or what ended the sink."""
        return self._ended_by or trouble_of(self._sink)

    def open(self, source: SourceInfo) -> None:
        self._sink.open(source)

    def write(self, face: FaceFrame) -> None:
        if self._limit.passes(face.time_s):
            self.write_again(face)

    def write_again(self, face: FaceFrame) -> None:
        """Whatever the rate: see ``app.outputs.sink.SendsAgain``."""
        try:
            self._sink.write(face)
        except Exception as error:
            self._ended_by = getattr(error, "strerror", None) or str(error)
            raise

    def close(self) -> None:
        self._sink.close()
