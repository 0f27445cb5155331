"""What every source hands over: a Frame, what is known of the source before it, and the source's states."""

import time
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from app.errors import UserError

DEFAULT_FPS: Final = 30.0
"""Assumed where a source does not say: picture folders, files with a broken header, silent cameras."""
MIN_FPS, MAX_FPS = 1.0, 1000.0
SMALLEST_SIDE: Final = 16
"""Pixels; a video or picture below this on either side shows nobody."""

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a source, stamped where it was taken."""

    index: int
    """Counts frames from 0 and always grows; a gap is a dropped frame."""
    image: Image
    """(H, W, 3) RGB uint8, unmirrored; black where ``broken``."""
    time_s: float
    """``time.perf_counter()`` at capture."""
    wall_time_s: float
    """Seconds since the epoch at capture."""
    media_time_s: float
    """Position in a file (its frame's number / frame rate); seconds since the first frame for cameras."""
    broken: bool = False
    """The source says that a picture belongs here, and it cannot be read. Declared, not skipped."""
    jump: bool = False
    """Does not follow the frame before it: after a seek, a loop's return to the start, a camera that was gone."""


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What outputs need to know of a source before its first frame."""

    name: str
    size: tuple[int, int]
    """(width, height) in pixels of the first frame."""
    fps: float
    """Nominal frame rate."""
    frame_count: int | None
    """As the container states it, so a guess; None for cameras."""
    live: bool
    """Frames come by the clock and late ones are dropped."""


class SourceState(Enum):
    """::

    OPENING -> STREAMING -> ENDED
                |    ^
                v    |
                LOST         (live cameras only: retried until it is back or closed)
    """

    OPENING = "opening"
    STREAMING = "streaming"
    LOST = "lost"
    ENDED = "ended"


class Source(Protocol):
    """Hands over frames. Raises ``UserError`` while being made if there is nothing to read."""

    @property
    def info(self) -> SourceInfo: ...

    @property
    def state(self) -> SourceState: ...

    def read(self, timeout_s: float = 0.2) -> Frame | None:
        """The next frame; None where the source has ended, or (live) where none came within the timeout."""
        ...

    def close(self) -> None:
        """Let go of the device or file; ``read`` returns None from now on."""
        ...


class Recorded(Source, Protocol):
    """A source that lies on a disk: it has a length, and any of its frames can be the next."""

    @property
    def length(self) -> int | None:
        """Frames in it; what the container states until somebody has looked, None where that is nothing."""
        ...

    def seek(self, index: int) -> None:
        """Make frame ``index`` (kept within the source) the next one read, exactly; nothing once it has ended."""
        ...


def check_size(path: Path, width: int, height: int) -> None:
    """Raises ``UserError`` for pictures that are too small for any face."""
    if min(width, height) < SMALLEST_SIDE:
        raise UserError(f"{path} is {width} x {height} pixels: too small for a face; give a larger picture")


def to_rgb(bgr: np.ndarray) -> Image:
    """(H, W, 3) as OpenCV has it -> RGB uint8."""
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


def stamped(index: int, image: Image, media_time_s: float, *, broken: bool = False, jump: bool = False) -> Frame:
    """A frame that is taken now."""
    return Frame(index, image, time.perf_counter(), time.time(), media_time_s, broken, jump)
