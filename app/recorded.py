"""Sources on a disk: a video file, a folder of pictures. Every frame once and in order, or from any frame on.

**Seeking is exact.** A container states frame rates and counts that need not be true, and OpenCV counts frames by them.
So the first seek reads the presentation times of all packets (nothing is decoded: about a millisecond per ten seconds
of film) and sorts them: the n-th is frame n, with B-frames and variable rates too. After a jump the time of the decoded
picture tells which frame it is, and what is missing up to the wanted one is decoded. Where times tell nothing, the file
is decoded from its start.
"""

import logging
import re
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from app.errors import UserError
from app.frames import (
    DEFAULT_FPS,
    MAX_FPS,
    MIN_FPS,
    Frame,
    Image,
    SourceInfo,
    SourceState,
    check_size,
    stamped,
    to_rgb,
)

log = logging.getLogger(__name__)

PICTURE_SUFFIXES: Final = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"})
VIDEO_SUFFIXES: Final = frozenset({".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv"})
"""What is taken for a video among other files of a folder; one that is named outright may be called anything."""
DECODE_ON: Final = 24
"""Frames: up to so many are decoded on the way to one ahead, instead of a jump back to a key frame."""
SAME_MS: Final = 0.05
"""Presentation times that differ by less are of the same frame."""
JUMPS_SHORT: Final = (1, 12, 60)
"""Frames before the wanted one that a jump aims at, in turn, while it lands behind it."""


class VideoFile:
    """A video file through ffmpeg, every decoded frame once and in order, rotation metadata applied."""

    def __init__(self, path: Path) -> None:
        """Raises ``UserError`` where there is no picture to be had."""
        if path.stat().st_size == 0:
            raise UserError(f"{path} is empty (0 bytes): there is no video in it")
        self._path = path
        self._capture = self._open()
        if not self._capture.isOpened():
            raise UserError(
                f"{path} cannot be read as a video: it is something else, or damaged (does it play? else convert it)"
            )
        self._at = 0  # the frame that is decoded next
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
        self._index = 0  # the frame that is read next; _next is it, where that is not None
        self._times_ms: NDArray[np.float64] | None = None
        self._timed = False
        self._counted: int | None = None

    @property
    def length(self) -> int | None:
        """Frames: stated by the container, from the first seek on counted."""
        return self.info.frame_count if self._counted is None else self._counted

    def read(self, timeout_s: float = 0.2) -> Frame | None:
        image, self._next = self._next, None
        if self.state is SourceState.ENDED:
            return None
        if image is None:
            image = self._decode()
        if image is None:
            self._end()
            return None
        self._index += 1
        return stamped(self._index - 1, image, (self._index - 1) / self.info.fps)

    def seek(self, index: int) -> None:
        """The next ``read`` gives frame ``index``, the same pixels that reading up to it gives."""
        if self.state is SourceState.ENDED:
            return
        times_ms = self._frame_times()
        index = max(min(index, (self.length or index + 1) - 1), 0)
        if index == self._index:
            return
        self._next = None
        if not 0 <= index - self._at <= DECODE_ON:
            self._jump(index, times_ms)
        while self._at < index and self._capture.grab():
            self._at += 1
        self._index = self._at
        if self._at < index:  # fewer can be decoded than there are packets
            self._counted = self._at
            self.seek(self._at - 1)

    def close(self) -> None:
        self.state = SourceState.ENDED
        self._capture.release()

    def _open(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG)
        capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        return capture

    def _decode(self) -> Image | None:
        try:
            ok, bgr = self._capture.read()
        except cv2.error:  # e.g. the decoder runs out of memory on a damaged header
            return None
        if not ok or bgr is None or not bgr.size:
            return None
        self._at += 1
        return to_rgb(bgr)

    def _frame_times(self) -> NDArray[np.float64] | None:
        if not self._timed:
            self._timed, self._times_ms = True, frame_times_ms(self._path)
            self._counted = len(self._times_ms) if self._times_ms is not None else None
        return self._times_ms

    def _jump(self, index: int, times_ms: NDArray[np.float64] | None) -> None:
        """Be somewhere at or before ``index``, and know where: by the decoded picture's time, else at the start."""
        for short in JUMPS_SHORT if times_ms is not None and index else ():
            assert times_ms is not None
            self._capture.set(cv2.CAP_PROP_POS_MSEC, float(times_ms[max(index - short, 0)] - times_ms[0]))
            if not self._capture.grab():
                continue
            now_ms = self._capture.get(cv2.CAP_PROP_POS_MSEC)
            landed = int(np.abs(times_ms - now_ms).argmin())
            if abs(times_ms[landed] - now_ms) < SAME_MS and landed < index:
                self._at = landed + 1
                return
        self._capture.release()
        self._capture, self._at = self._open(), 0

    def _end(self) -> None:
        stated = self.length
        # Containers round; a frame or two short of the stated count is ordinary, more means a cut-off file.
        if stated and self._index < min(stated - 2, 0.98 * stated):
            self.missing = stated - self._index
            log.warning("%s ends early: %d of %d frames could be decoded", self.info.name, self._index, stated)
        self.close()


def frame_times_ms(path: Path) -> NDArray[np.float64] | None:
    """(N,) presentation times of a video's frames in the order of showing; None where its packets do not tell."""
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_FORMAT, -1])  # packets, not pictures
    times = []
    while capture.grab():
        times.append(capture.get(cv2.CAP_PROP_POS_MSEC))
    capture.release()
    times_ms = np.sort(np.array(times))
    if not len(times_ms) or not np.isfinite(times_ms).all() or (np.diff(times_ms) < SAME_MS).any():
        return None
    return times_ms


class PictureFolder:
    """The pictures of a folder (or one picture file) in natural order: ``2.png`` comes before ``10.png``.

    A picture that cannot be read is declared: a black frame of the previous size with ``broken`` set, and a warning.
    """

    def __init__(self, path: Path) -> None:
        """Raises ``UserError`` where no picture can be read."""
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
        self.length = len(self._files)
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
        return stamped(index, image, index / self.info.fps, broken=broken)

    def seek(self, index: int) -> None:
        """The next ``read`` gives picture ``index``, kept within the folder."""
        self._index = min(max(index, 0), len(self._files) - 1)

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
