"""A recorded source as the window shows it: at its own pace or another, paused, from any frame, over and over."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from app.capture import Frame, Recorded, SourceInfo, SourceState
from app.frames import stamped

RESYNC_S: Final = 0.25
"""Later than this, the pace starts anew from now: no rush to catch up after a slow frame."""
SPEEDS: Final = (0.25, 0.5, 1.0, 1.5, 2.0)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a playback is, at one moment."""

    frame: int
    """Last handed over; where none was, or a seek waits, the one that is to come."""
    length: int | None
    """Frames; None where nobody knows."""
    fps: float
    paused: bool
    speed: float
    loop: bool


class Playback:
    """Hands over each frame when it is due. A reader that is too slow slows the clip down: none is dropped, so what is
    recorded from a file in the window is as complete as what ``mien track`` writes.

    ``read`` and ``close`` belong to one thread, everything else may be called from any. ``Frame.index`` counts what was
    handed over and always grows; ``Frame.media_time_s`` is the place in the clip, and goes back with a seek or a loop
    (``Frame.jump`` says so). ``live`` is true: frames come by the clock.
    """

    def __init__(
        self,
        reopen: Callable[[], Recorded],
        *,
        loop: bool = False,
        at: int = 0,
        paused: bool = False,
        speed: float = 1.0,
    ) -> None:
        """
        Args:
            reopen: gives the recorded source, again for each repetition.
            loop: begin again at the end.
            at: the first frame.
            paused: show the first frame and wait.
            speed: times the clip's own pace.

        Raises:
            UserError: there is nothing to read.
        """
        self._reopen = reopen
        self._recorded = reopen()
        info = self._recorded.info
        self.info = SourceInfo(info.name, info.size, info.fps, None if loop else info.frame_count, live=True)
        self.state = SourceState.STREAMING
        self.came_to_end = False
        """It ended by itself, at the clip's end, and not because it was closed."""
        self._changed = threading.Condition()
        # Under the condition: what others ask for.
        self._loop, self._paused, self._speed = loop, paused, speed
        self._wanted: int | None = max(at, 0)
        self._shown = 0
        self._woken = False
        # The reader's own.
        self._next: tuple[Frame, bool] | None = None
        self._count = 0
        self._begun: tuple[float, int] | None = None  # moment at which a frame was due
        self._at_once = True  # the next frame is shown at once, and while paused too

    # ------------------------------------------------------------ from any thread

    @property
    def position(self) -> Position:
        with self._changed:
            frame = self._shown if self._wanted is None else self._wanted
            return Position(frame, self._recorded.length, self.info.fps, self._paused, self._speed, self._loop)

    @property
    def paused(self) -> bool:
        """It stands at a frame, and no other one is on its way."""
        with self._changed:
            return self._paused and not self._at_once and self._wanted is None

    def wake(self) -> None:
        """Have ``read``, should it wait, return None at once."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def seek(self, index: int) -> bool:
        """Show frame ``index`` next, kept within the clip; only the last of several wishes is done.

        False where the clip is over: then it has to be opened again.
        """
        with self._changed:
            if self.state is SourceState.ENDED:
                return False
            last = (self._recorded.length or index + 1) - 1
            self._wanted = max(min(index, last), 0)
            self._changed.notify_all()
        return True

    def set_paused(self, paused: bool) -> None:
        with self._changed:
            if not paused and self._paused:
                self._begun = None
            self._paused = paused
            self._changed.notify_all()

    def set_speed(self, speed: float) -> None:
        """Times the clip's own pace. Raises ``ValueError`` unless it is positive."""
        if not speed > 0:
            raise ValueError(f"speed {speed} is not positive")
        with self._changed:
            self._speed, self._begun = speed, None
            self._changed.notify_all()

    def set_loop(self, loop: bool) -> None:
        with self._changed:
            self._loop = loop

    # ------------------------------------------------------------ the reader's

    def read(self, timeout_s: float = 0.2) -> Frame | None:
        """The next frame once it is due; None where that takes longer, where paused, or at the end."""
        deadline = time.perf_counter() + timeout_s
        while True:
            self._do_wish()
            if self._next is None and not (self._paused and not self._at_once):
                self._next = self._decode()
                if self._next is None and self._wanted is None:
                    return None
            with self._changed:
                sought = self._next is not None and self._at_once
                if self._wanted is not None and not sought:  # who drags a handle sees what is on the way
                    continue
                now = time.perf_counter()
                wait_s = self._wait_s(now)
                if wait_s <= 0:
                    return self._hand_over()
                if now >= deadline or self._woken:
                    self._woken = False
                    return None
                self._changed.wait(min(wait_s, deadline - now))

    def close(self) -> None:
        with self._changed:
            self.state = SourceState.ENDED
        self._recorded.close()

    def _do_wish(self) -> None:
        """Seek, where somebody asked for it. The decoder works while the lock is free for the next wish."""
        with self._changed:
            wanted, self._wanted = self._wanted, None
            if wanted is None or self.state is SourceState.ENDED:
                return
            self._shown = wanted
        if self._count or wanted or self._recorded.length is None:  # a seek also counts the frames
            self._recorded.seek(wanted)
        self._next, self._at_once, self._begun = None, True, None
        frame = self._recorded.read()
        if frame is not None:
            self._next = frame, self._count > 0

    def _decode(self) -> tuple[Frame, bool] | None:
        """The next frame and whether it is a jump; at the end the first one again, or None and all is closed."""
        if self.state is SourceState.ENDED:
            return None
        frame = self._recorded.read()
        if frame is not None:
            return frame, False
        if self._loop and self._count > 0:
            self._recorded.close()
            again = self._reopen()
            with self._changed:
                self._recorded = again
            frame = again.read()
            self._begun = None
            if frame is not None:
                return frame, True
        with self._changed:
            if self._wanted is None:  # a wish of this moment is still done: it opens the clip anew
                self.state, self.came_to_end = SourceState.ENDED, True
            else:
                self._recorded = self._reopen()
        if self.state is SourceState.ENDED:
            self._recorded.close()
        return None

    def _wait_s(self, now: float) -> float:
        """Until the next frame is to be shown."""
        if self._next is None or (self._paused and not self._at_once):
            return float("inf")
        frame = self._next[0].index
        if self._at_once or self._begun is None:
            # After a jump at once; in play (resumed, another speed, the clip's start again) a frame's time after now.
            lead_s = 0.0 if self._at_once else 1 / self.info.fps / self._speed
            self._begun = now + lead_s, frame
        since, first = self._begun
        due = since + (frame - first) / self.info.fps / self._speed
        if now - due > RESYNC_S:
            self._begun = now, frame
            return 0.0
        return due - now

    def _hand_over(self) -> Frame:
        assert self._next is not None
        (frame, jump), self._next, self._at_once = self._next, None, False
        self._shown = frame.index
        self._count += 1
        return stamped(self._count - 1, frame.image, frame.media_time_s, broken=frame.broken, jump=jump)
