"""A recorded source as the window shows it: at its own pace, every frame, from the start again where asked."""

import time
from collections.abc import Callable

from app.capture import Frame, Source, SourceInfo, SourceState

RESYNC_S = 0.25
"""Later than this, the pace starts anew from now: no rush to catch up after a slow frame."""


class Playback:
    """Hands over each frame when it is due. A reader that is too slow slows the clip down: none is dropped, so what is
    recorded from a file in the window is as complete as what ``mien track`` writes.

    ``reopen`` gives the recorded source, again for each repetition. Its ``live`` is true: frames come by the clock.
    """

    def __init__(self, reopen: Callable[[], Source], *, loop: bool = False) -> None:
        """Raises ``UserError`` where there is nothing to read."""
        self._reopen, self._loop = reopen, loop
        self._recorded = reopen()
        info = self._recorded.info
        self.info = SourceInfo(info.name, info.size, info.fps, None if loop else info.frame_count, live=True)
        self.state = SourceState.STREAMING
        self._start_s: float | None = None
        self._index = 0
        self._next: Frame | None = None

    def read(self, timeout_s: float = 0.2) -> Frame | None:
        if self._next is None:
            self._next = self._decode()
        if self._next is None:
            return None
        frame = self._next
        now = time.perf_counter()
        media_s = self._index / self.info.fps
        if self._start_s is None or now - self._start_s - media_s > RESYNC_S:
            self._start_s = now - media_s
        wait_s = self._start_s + media_s - now
        if wait_s > timeout_s:
            time.sleep(timeout_s)
            return None
        if wait_s > 0:
            time.sleep(wait_s)
        self._next = None
        self._index += 1
        return Frame(self._index - 1, frame.image, time.perf_counter(), time.time(), media_s, frame.broken)

    def _decode(self) -> Frame | None:
        if self.state is SourceState.ENDED:
            return None
        frame = self._recorded.read()
        if frame is None and self._loop and self._index > 0:
            self._recorded.close()
            self._recorded = self._reopen()
            frame = self._recorded.read()
        if frame is None:
            self.close()
        return frame

    def close(self) -> None:
        self.state = SourceState.ENDED
        self._recorded.close()
