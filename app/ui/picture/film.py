"""The film of a run, as the window handles it: it keeps its place when the run has ended, and can be gone on with."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from app.capture import CameraMode, Source, SourceState, camera_number, open_recorded, open_source
from app.recorded import PICTURE_SUFFIXES, VIDEO_SUFFIXES
from app.ui.picture.playback import SPEEDS, Playback, Position

DEMO: Final = "demo"
FILM_FILES: Final = (
    f"Video and pictures ({' '.join('*' + suffix for suffix in sorted(VIDEO_SUFFIXES | PICTURE_SUFFIXES))})"
    ";;All files (*)"
)
"""For dialogs that ask for files."""


@dataclass(frozen=True, slots=True)
class Begin:
    """How a run begins."""

    at: int = 0
    """The first frame of a film."""
    paused: bool = False
    speed: float = 1.0
    loop: bool = False
    mode: CameraMode | None = None
    """What a camera is asked for."""


def open_for_window(spec: str, begin: Begin) -> Source:
    """A camera as it is, a file or folder at its own pace. Raises ``UserError``."""
    if camera_number(spec) is not None:
        return open_source(spec, mode=begin.mode)
    return Playback(lambda: open_recorded(spec), loop=begin.loop, at=begin.at, paused=begin.paused, speed=begin.speed)


class Film:
    """Pause, seek, speed and loop, whatever state the run is in. All but ``opened`` belong to the GUI thread.

    While a source is being opened wishes are kept until it is there. When the run has ended, a seek or "play" begins
    another one at that place.
    """

    def __init__(self, again: Callable[[Begin], None]) -> None:
        """``again``: run the same source anew, with what is known of the person."""
        self._again = again
        self._lock = threading.Lock()
        self._playback: Playback | None = None
        self._begin = Begin()
        self._opening = False
        self.loop = False
        """Whether files begin again at their end; the demo always does at first."""

    # ------------------------------------------------------------ for the session

    def expect(self, begin: Begin, *, same: bool) -> None:
        """A source is about to be opened; ``same``: it is the one that there was."""
        with self._lock:
            self._begin, self._opening = begin, True
            if not same:
                self._playback = None

    def opened(self, source: Source) -> None:
        """It is there (on the runner's thread)."""
        with self._lock:
            self._playback = source if isinstance(source, Playback) else None
            self._opening = False
            if self._playback is not None:
                if self._playback.position.frame != self._begin.at:
                    self._playback.seek(self._begin.at)
                self._playback.set_paused(self._begin.paused)
                self._playback.set_speed(self._begin.speed)
                self._playback.set_loop(self._begin.loop)

    def ended(self) -> None:
        """The run is over, whether its source was ever open or not."""
        with self._lock:
            self._opening = False

    @property
    def begin(self) -> Begin:
        """How to go on from here."""
        with self._lock:
            if self._opening or self._playback is None:
                return self._begin
            now = self._playback.position
            return replace(self._begin, at=now.frame, paused=now.paused, speed=now.speed, loop=now.loop)

    # ------------------------------------------------------------ for who handles it

    @property
    def position(self) -> Position | None:
        """Where the film is; None of a camera, and before it is open."""
        with self._lock:
            if self._playback is None:
                return None
            begin, now = self._begin, self._playback.position
            if not self._opening:
                return now
            return replace(now, frame=begin.at, paused=begin.paused, speed=begin.speed, loop=begin.loop)

    @property
    def over(self) -> bool:
        """The run has ended: the next wish begins another."""
        with self._lock:
            return not self._opening and self._playback is not None and self._playback.state is SourceState.ENDED

    @property
    def stands(self) -> bool:
        """There is a film, paused or over: no frame comes before it is played."""
        now = self.position
        return now is not None and (now.paused or self.over)

    def show_end_again(self) -> None:
        """A film that has come to its end stands still at its last frame: show that as things are now. Nothing is
        shown of one that was stopped, or that runs."""
        now = self.position
        if now is not None and self.over and self._playback is not None and self._playback.came_to_end:
            self.seek(now.frame)

    @property
    def playing(self) -> bool:
        """Frames come by themselves."""
        with self._lock:
            if self._opening or self._playback is None:
                return False
            return self._playback.state is not SourceState.ENDED and not self._playback.position.paused

    def seek(self, index: int) -> None:
        """Show frame ``index``."""
        self._do(lambda playback: playback.seek(index), at=max(index, 0), paused=True)

    def step(self, frames: int) -> None:
        """Pause, and so many frames forward or back."""
        now = self.position
        if now is not None:
            self.set_paused(True)
            self.seek(now.frame + frames)

    def set_paused(self, paused: bool) -> None:
        """Of a film that is over "play" begins it again: where it was stopped, or from its start."""
        now = self.position
        if now is None or (paused and self.over):
            return
        at_end = now.length is not None and now.frame >= now.length - 1
        self._do(lambda playback: playback.set_paused(paused), paused=paused, at=0 if at_end else now.frame)

    def set_speed(self, speed: float) -> None:
        with self._lock:
            self._begin = replace(self._begin, speed=speed)
            if self._playback is not None:
                self._playback.set_speed(speed)

    def change_speed(self, steps: int) -> None:
        """To a neighbour in ``SPEEDS``."""
        now = self.position
        if now is not None:
            nearest = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - now.speed))
            self.set_speed(SPEEDS[min(max(nearest + steps, 0), len(SPEEDS) - 1)])

    def set_loop(self, loop: bool, *, keep: bool = True) -> None:
        """``keep``: for later files too."""
        if keep:
            self.loop = loop
        with self._lock:
            self._begin = replace(self._begin, loop=loop)
            if self._playback is not None:
                self._playback.set_loop(loop)

    def _do(self, wish: Callable[[Playback], bool | None], *, at: int, paused: bool) -> None:
        """Now, or once it is open, or in another run."""
        with self._lock:
            if self._opening:
                self._begin = replace(self._begin, at=at, paused=paused)
                return
            playback = self._playback
            if playback is None:
                return
            if playback.state is not SourceState.ENDED and wish(playback) is not False:
                return
        self._again(replace(self.begin, at=at, paused=paused))
