"""Where frames come from: a camera, a video file, a folder of pictures, the demo clip.

A *recorded* source (file, folder) hands over every decoded frame exactly once, in order, as fast as it is read. A
*live* source (a camera, or a file paced by ``--realtime``) reads on a thread of its own and overwrites one slot: the
reader gets the newest frame, late ones are dropped, so latency never builds up. A gap in ``Frame.index`` is a drop.
"""

import logging
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

# OpenCV and its ffmpeg write to stderr from C; what matters is said by us, in one line. Read when cv2 is loaded.
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

import cv2

from app.errors import UserError

log = logging.getLogger(__name__)

PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"})
DEFAULT_FPS = 30.0
"""Assumed where a source does not say: picture folders, files with a broken header, silent cameras."""
MIN_FPS, MAX_FPS = 1.0, 1000.0
CAMERA_SIZE = (1280, 720)
CAMERA_WARMUP_S = 5.0
"""How long an opened camera may take to its first picture."""
CAMERA_STALL_S = 2.0
"""Without a picture for this long a camera counts as lost."""
RETRY_S = (0.5, 1.0, 2.0, 4.0)
"""Waits between attempts to get a lost camera back; the last one repeats."""
SMALLEST_SIDE = 16
"""Pixels; a video or picture below this on either side shows nobody."""
DEMO_CLIP = Path(__file__).parent.parent / "assets" / "demo.mp4"

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a source, stamped where it was taken."""

    index: int
    """Counts decoded frames from 0; a gap is a dropped frame."""
    image: Image
    """(H, W, 3) RGB uint8, unmirrored; black where ``broken``."""
    time_s: float
    """``time.perf_counter()`` at capture."""
    wall_time_s: float
    """Seconds since the epoch at capture."""
    media_time_s: float
    """index / frame rate for files, seconds since the first frame for cameras."""
    broken: bool = False
    """The source says that a picture belongs here, and it cannot be read. Declared, not skipped."""


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


def check_size(path: Path, width: int, height: int) -> None:
    """Raises ``UserError`` for pictures that are too small for any face."""
    if min(width, height) < SMALLEST_SIDE:
        raise UserError(f"{path} is {width} x {height} pixels: too small for a face; give a larger picture")


def to_rgb(bgr: np.ndarray) -> Image:
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


# ---------------------------------------------------------------- recorded sources


class VideoFile:
    """A video file through ffmpeg, every decoded frame once and in order, rotation metadata applied."""

    def __init__(self, path: Path) -> None:
        if path.stat().st_size == 0:
            raise UserError(f"{path} is empty (0 bytes): there is no video in it")
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        if not self._capture.isOpened():
            raise UserError(
                f"{path} cannot be read as a video: it is something else, or damaged (does it play? else convert it)"
            )
        self._capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        self._next = self._decode()
        if self._next is None:
            self._capture.release()
            raise UserError(f"{path} has no picture that can be decoded: it is damaged, cut off, or holds no video")
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        if not MIN_FPS <= fps <= MAX_FPS:  # also false for NaN
            log.warning("%s states no usable frame rate (%s); %g is assumed", path.name, fps, DEFAULT_FPS)
            fps = DEFAULT_FPS
        count = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        height, width = self._next.shape[:2]
        check_size(path, width, height)
        self.info = SourceInfo(path.name, (width, height), fps, count if count > 0 else None, live=False)
        self.state = SourceState.STREAMING
        self.missing = 0
        """Frames that the file states and does not hold; known once it has ended."""
        self._index = 0

    def _decode(self) -> Image | None:
        try:
            ok, bgr = self._capture.read()
        except cv2.error:  # e.g. the decoder runs out of memory on a damaged header
            return None
        return to_rgb(bgr) if ok and bgr is not None and bgr.size else None

    def read(self, timeout_s: float = 0.2) -> Frame | None:
        image, self._next = self._next, None
        if self.state is SourceState.ENDED:
            return None
        if image is None:
            image = self._decode()
        if image is None:
            self._end()
            return None
        frame = Frame(self._index, image, time.perf_counter(), time.time(), self._index / self.info.fps)
        self._index += 1
        return frame

    def _end(self) -> None:
        stated = self.info.frame_count
        # Containers round; a frame or two short of the stated count is ordinary, more means a cut-off file.
        if stated and self._index < min(stated - 2, 0.98 * stated):
            self.missing = stated - self._index
            log.warning("%s ends early: %d of %d frames could be decoded", self.info.name, self._index, stated)
        self.close()

    def close(self) -> None:
        self.state = SourceState.ENDED
        self._capture.release()


class PictureFolder:
    """The pictures of a folder (or one picture file) in natural order: ``2.png`` comes before ``10.png``.

    A picture that cannot be read is declared: a black frame of the previous size with ``broken`` set, and a warning.
    """

    def __init__(self, path: Path) -> None:
        files = [path] if path.is_file() else [f for f in path.iterdir() if f.suffix.lower() in PICTURE_SUFFIXES]
        self._files = sorted((f for f in files if not f.name.startswith(".")), key=lambda f: natural_key(f.name))
        if not self._files:
            raise UserError(f"{path} holds no pictures ({', '.join(sorted(s[1:] for s in PICTURE_SUFFIXES))})")
        first = next((image for image in map(read_picture, self._files) if image is not None), None)
        if first is None:
            what = "is no picture that can be read" if path.is_file() else "holds no picture that can be read"
            raise UserError(f"{path} {what}: the file is damaged or is something else")
        height, width = first.shape[:2]
        if path.is_file():
            check_size(path, width, height)
        self.info = SourceInfo(path.name, (width, height), DEFAULT_FPS, len(self._files), live=False)
        self.state = SourceState.STREAMING
        self._shape = first.shape
        self._index = 0

    def read(self, timeout_s: float = 0.2) -> Frame | None:
        if self.state is SourceState.ENDED or self._index == len(self._files):
            self.state = SourceState.ENDED
            return None
        file, index = self._files[self._index], self._index
        self._index += 1
        image = read_picture(file)
        broken = image is None
        if image is None:
            log.warning("%s cannot be read as a picture; frame %d has no face", file.name, index + 1)
            image = np.zeros(self._shape, np.uint8)
        self._shape = image.shape
        return Frame(index, image, time.perf_counter(), time.time(), index / self.info.fps, broken)

    def close(self) -> None:
        self.state = SourceState.ENDED


def natural_key(name: str) -> list[tuple[int, str]]:
    """Sort key under which digits count as numbers."""
    return [(int(part), "") if part.isdigit() else (-1, part.lower()) for part in re.split(r"(\d+)", name)]


def read_picture(path: Path) -> Image | None:
    """(H, W, 3) RGB uint8 with EXIF rotation applied, or None where the file is no readable picture."""
    try:
        data = np.fromfile(path, np.uint8)  # imread fails on non-ASCII paths on Windows
        bgr = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    except (OSError, cv2.error):
        return None
    return None if bgr is None or not bgr.size else to_rgb(bgr)


# ---------------------------------------------------------------- live sources


class LatestFrame:
    """One slot between two threads: the writer overwrites it, the reader takes what is newest."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fresh = threading.Event()
        self._frame: Frame | None = None

    def put(self, frame: Frame) -> None:
        with self._lock:
            self._frame = frame
            self._fresh.set()

    def wait(self, timeout_s: float) -> Frame | None:
        """Wait for a frame that was not taken yet, and take it; None after the timeout."""
        if not self._fresh.wait(timeout_s):
            return None
        with self._lock:
            self._fresh.clear()
            return self._frame

    def peek(self, max_age_s: float) -> Frame:
        """The newest frame without taking it. Raises ``TimeoutError`` if there is none younger than ``max_age_s``."""
        with self._lock:
            frame = self._frame
        if frame is None or time.perf_counter() - frame.time_s > max_age_s:
            raise TimeoutError(f"no frame within the last {max_age_s:g} s")
        return frame

    def wake(self) -> None:
        """Let a waiting reader go on (the source was closed)."""
        with self._lock:
            self._frame = None
            self._fresh.set()


class _Live:
    """A thread that fills the slot; the two live sources differ in how it gets its frames."""

    info: SourceInfo

    def __init__(self, name: str) -> None:
        self.slot = LatestFrame()
        self.state = SourceState.OPENING
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._fill, name=name, daemon=True)

    def _fill(self) -> None:
        raise NotImplementedError

    def read(self, timeout_s: float = 0.2) -> Frame | None:
        return self.slot.wait(timeout_s)

    def close(self) -> None:
        self._stop.set()
        self.slot.wake()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout=CAMERA_STALL_S)


class PacedFile(_Live):
    """A recorded source handed over by its own clock, as a camera would: what the reader is too late for is gone."""

    def __init__(self, recorded: Source) -> None:
        super().__init__("paced-file")
        self._recorded = recorded
        info = recorded.info
        self.info = SourceInfo(info.name, info.size, info.fps, info.frame_count, live=True)
        self.state = SourceState.STREAMING
        self._started = False

    def _fill(self) -> None:
        start = time.perf_counter()
        while not self._stop.is_set():
            frame = self._recorded.read()
            if frame is None:
                break
            due = start + frame.media_time_s
            if self._stop.wait(max(0.0, due - time.perf_counter())):
                break
            # A camera stamps the moment of exposure, so the stamp is when the frame was due, not when it was decoded.
            now = time.perf_counter()
            self.slot.put(
                Frame(frame.index, frame.image, now, time.time(), frame.media_time_s, frame.broken),
            )
        self._stop.wait(1.0 / self.info.fps)  # the last frame stays as long as any other before the end is told
        self.state = SourceState.ENDED

    def read(self, timeout_s: float = 0.2) -> Frame | None:
        if not self._started:  # the clip begins when somebody looks, not while models are still being loaded
            self._started = True
            self._thread.start()
        return None if self._stop.is_set() else super().read(timeout_s)

    def close(self) -> None:
        super().close()
        self._recorded.close()
        self.state = SourceState.ENDED


def camera_backends() -> tuple[int, ...]:
    """OpenCV backends worth trying on this platform, best first (DSHOW opens at once where MSMF takes seconds)."""
    if sys.platform == "win32":
        return (cv2.CAP_DSHOW, cv2.CAP_MSMF)
    return (cv2.CAP_AVFOUNDATION,) if sys.platform == "darwin" else (cv2.CAP_V4L2,)


def open_capture(index: int, size: tuple[int, int] = CAMERA_SIZE) -> cv2.VideoCapture | None:
    """An opened camera that has been asked for ``size`` (width, height) as motion JPEG, or None."""
    for backend in camera_backends():
        capture = cv2.VideoCapture(index, backend)
        if capture.isOpened():
            # Uncompressed 720p does not fit through USB 2 at 30 frames a second: most cameras then fall back to 10.
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
            capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
            return capture
        capture.release()
    return None


class Camera(_Live):
    """A camera by its number. Lost while running (unplugged, asleep), it is tried again until it is back or closed.

    ``opener`` is what opens the device: anything with OpenCV's ``read`` and ``release``; tests hand in a picture file.
    """

    def __init__(self, index: int, opener: Callable[[int], cv2.VideoCapture | None] = open_capture) -> None:
        super().__init__(f"camera-{index}")
        self._number, self._opener = index, opener
        capture = opener(index)
        if capture is None:
            raise UserError(_why_no_camera(index))
        first = self._first_picture(capture)
        if first is None:
            capture.release()
            raise UserError(
                f"camera {index} opens but gives no picture: another program may be using it; close that and try again"
            )
        fps = capture.get(cv2.CAP_PROP_FPS)
        height, width = first.shape[:2]
        fps = fps if MIN_FPS <= fps <= MAX_FPS else DEFAULT_FPS
        self.info = SourceInfo(f"camera {index}", (width, height), fps, None, live=True)
        self.state = SourceState.STREAMING
        self._capture: cv2.VideoCapture | None = capture
        self._start_s = time.perf_counter()
        self._index = 0
        self._put(first)
        self._thread.start()

    def _first_picture(self, capture: cv2.VideoCapture) -> np.ndarray | None:
        deadline = time.perf_counter() + CAMERA_WARMUP_S
        while time.perf_counter() < deadline and not self._stop.is_set():
            ok, bgr = capture.read()
            if ok and bgr is not None:
                return bgr
            self._stop.wait(0.05)
        return None

    def _put(self, bgr: np.ndarray) -> None:
        now = time.perf_counter()
        self.slot.put(Frame(self._index, to_rgb(bgr), now, time.time(), now - self._start_s))
        self._index += 1

    def _fill(self) -> None:
        last_s = time.perf_counter()
        while not self._stop.is_set():
            ok, bgr = self._capture.read() if self._capture is not None else (False, None)
            if ok and bgr is not None:
                last_s = time.perf_counter()
                self._put(bgr)
            elif self._capture is None or time.perf_counter() - last_s > CAMERA_STALL_S:
                self._reopen()
                last_s = time.perf_counter()
            else:
                self._stop.wait(0.01)
        if self._capture is not None:
            self._capture.release()
        self.state = SourceState.ENDED

    def _reopen(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None
        self.state = SourceState.LOST
        log.warning("camera %d is gone; trying to get it back", self._number)
        attempt = 0
        while not self._stop.wait(RETRY_S[min(attempt, len(RETRY_S) - 1)]):
            attempt += 1
            capture = self._opener(self._number)
            if capture is None:
                continue
            bgr = self._first_picture(capture)
            if bgr is None:
                capture.release()
                continue
            self._capture = capture
            self.state = SourceState.STREAMING
            self._put(bgr)
            log.warning("camera %d is back", self._number)
            return


def _why_no_camera(index: int) -> str:
    """One line that says what is wrong with a camera that does not open, and what to do."""
    if sys.platform.startswith("linux"):
        device = Path(f"/dev/video{index}")
        if not device.exists():
            return f"there is no camera {index} ({device} does not exist): plug one in, or give a video file or 'demo'"
        if not os.access(device, os.R_OK | os.W_OK):
            return f"camera {index}: no permission for {device}; add yourself to the group 'video' and log in again"
    return f"camera {index} cannot be opened: it is missing, in use by another program, or not allowed for this one"


# ---------------------------------------------------------------- the one way in


def camera_number(spec: str) -> int | None:
    """Of ``3`` or ``/dev/video3``; None for what is no camera (and for a file that is named so)."""
    number = re.fullmatch(r"(?:/dev/video)?(\d+)", spec)
    return int(number[1]) if number and not Path(spec).is_file() and not Path(spec).is_dir() else None


def frames_of(source: Source) -> Iterator[Frame]:
    """Every frame of a recorded source; it is closed afterwards."""
    try:
        while (frame := source.read()) is not None:
            yield frame
    finally:
        source.close()


def open_source(spec: str, *, realtime: bool = False) -> Source:
    """Open what a person names: a camera number, a video file, a picture or a folder of them, or ``demo``.

    ``realtime`` paces a recorded source as a camera would, from the first ``read`` on; a camera is live anyway.
    Raises ``UserError``.
    """
    number = camera_number(spec)
    if number is not None:
        return Camera(number)
    recorded = _open_recorded(spec)
    return PacedFile(recorded) if realtime else recorded


def _open_recorded(spec: str) -> Source:
    path = DEMO_CLIP if spec == "demo" else Path(spec)
    try:
        if not path.exists():
            if spec == "demo":
                raise UserError("the demo clip is missing from this installation (assets/demo.mp4): install Mien again")
            raise UserError(f"there is no file, folder or camera named {spec!r}")
        if path.is_dir() or path.suffix.lower() in PICTURE_SUFFIXES:
            return PictureFolder(path)
        if not path.is_file():
            raise UserError(f"{path} is neither a file nor a folder")
        with path.open("rb"):  # ffmpeg does not say that permission is what is missing
            pass
        return VideoFile(path)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from error
