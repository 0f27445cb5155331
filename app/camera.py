"""Live sources: a camera, and a file that behaves like one. A thread of their own overwrites one slot.

The reader gets the newest frame, late ones are dropped, so latency never builds up. A gap in ``Frame.index`` is a drop.

**Which camera a number is.** On Linux N is ``/dev/videoN``. On macOS OpenCV numbers the devices in the order of their
unique ids. On Windows it numbers them as Media Foundation lists them; DirectShow, which is tried second, may have
another order, and a warning says so. ``app.ui.picture.cameras`` gives names by the same rules.
"""

import logging
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from app.camera_errors import refusal, why_no_camera, why_no_picture
from app.errors import UserError
from app.frames import DEFAULT_FPS, MAX_FPS, MIN_FPS, Frame, Recorded, SourceInfo, SourceState, stamped, to_rgb

log = logging.getLogger(__name__)

CAMERA_WARMUP_S: Final = 5.0
"""How long an opened camera may take to its first picture."""
CAMERA_STALL_S: Final = 2.0
"""Without a picture for this long a camera counts as lost."""
RETRY_S: Final = (0.5, 1.0, 2.0, 4.0)
"""Waits between attempts to get a lost camera back; the last one repeats."""
TOLD_BY_STATE: Final = {"told_by_state": True}
"""Marks log records for who shows ``SourceState`` anyway."""
VIDEO4LINUX: Final = Path("/sys/class/video4linux")


@dataclass(frozen=True, slots=True)
class CameraMode:
    """What a camera is asked for; it answers with what it can, which ``SourceInfo`` tells."""

    width: int = 1280
    height: int = 720
    fps: float | None = None
    """None: as the driver likes."""


Opener = Callable[[int], cv2.VideoCapture | None]


class LatestFrame:
    """One slot between two threads: the writer overwrites it, the reader takes what is newest."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fresh = threading.Event()
        self._frame: Frame | None = None

    def put(self, frame: Frame) -> None:
        with self._lock:
            unseen = self._frame if self._fresh.is_set() else None
            self._frame = replace(frame, jump=True) if unseen is not None and unseen.jump else frame
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

    def __init__(self, recorded: Recorded) -> None:
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
            self.slot.put(stamped(frame.index, frame.image, frame.media_time_s, broken=frame.broken))
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
    """OpenCV backends worth trying on this platform, best first."""
    if sys.platform == "win32":
        return (cv2.CAP_MSMF, cv2.CAP_DSHOW)
    return (cv2.CAP_AVFOUNDATION,) if sys.platform == "darwin" else (cv2.CAP_V4L2,)


def open_capture(index: int, mode: CameraMode | None = None) -> cv2.VideoCapture | None:
    """An opened camera that has been asked for ``mode`` as motion JPEG, or None."""
    mode = mode or CameraMode()
    for i, backend in enumerate(camera_backends()):
        capture = cv2.VideoCapture(index, backend)
        if capture.isOpened():
            if i:
                log.warning("camera %d opened through DirectShow, which may count differently: is it yours?", index)
            # Uncompressed 720p does not fit through USB 2 at 30 frames a second: most cameras then fall back to 10.
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, mode.width)
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, mode.height)
            if mode.fps is not None:
                capture.set(cv2.CAP_PROP_FPS, mode.fps)
            capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
            return capture
        capture.release()
    return None


class Camera(_Live):
    """A camera by its number. Lost while running (unplugged, asleep), it is tried again until it is back or closed.

    Plugged in again a camera may have got another number; on Linux it is then found by its name.
    """

    def __init__(self, index: int, mode: CameraMode | None = None, opener: Opener | None = None) -> None:
        """
        Args:
            index: OpenCV's number of it (see above).
            mode: what it is asked for.
            opener: what opens the device: anything with OpenCV's ``read``, ``get`` and ``release``.

        Raises:
            UserError: it does not open, or gives no picture.
        """
        super().__init__(f"camera-{index}")
        self._number, self._opener = index, opener or partial(open_capture, mode=mode)
        self._device = device_name(index)
        capture = self._opener(index)
        if capture is None:
            raise UserError(why_no_camera(index)) from refusal(index)
        first = self._first_picture(capture)
        if first is None:
            capture.release()
            raise UserError(why_no_picture(index))
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

    def _put(self, bgr: np.ndarray, *, jump: bool = False) -> None:
        self.slot.put(stamped(self._index, to_rgb(bgr), time.perf_counter() - self._start_s, jump=jump))
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
        name = f"camera {self._number}" + (f" ({self._device})" if self._device else "")
        log.warning("%s is gone; trying to get it back", name, extra=TOLD_BY_STATE)
        attempt = 0
        while not self._stop.wait(RETRY_S[min(attempt, len(RETRY_S) - 1)]):
            attempt += 1
            self._number = same_device(self._number, self._device)
            capture = self._opener(self._number)
            if capture is None:
                continue
            bgr = self._first_picture(capture)
            if bgr is None:
                capture.release()
                continue
            self._capture = capture
            self.state = SourceState.STREAMING
            self._put(bgr, jump=True)
            log.warning("%s is back", name, extra=TOLD_BY_STATE)
            return


# ---------------------------------------------------------------- what the system knows of cameras


def linux_cameras() -> list[tuple[int, str]]:
    """(number, name) of what gives pictures, by number; empty where the system is not Linux. Opens nothing."""
    found = []
    for node in VIDEO4LINUX.glob("video*"):
        try:
            # A camera has several nodes; index 0 gives pictures, the others metadata.
            if (node / "index").read_text().strip() == "0" and node.name[5:].isdigit():
                found.append((int(node.name[5:]), (node / "name").read_text().strip()))
        except OSError:
            continue  # unplugged while we looked
    return sorted(found)


def device_name(number: int) -> str:
    """The system's name of a camera; empty where it does not say."""
    return dict(linux_cameras()).get(number, "")


def same_device(number: int, name: str) -> int:
    """The number that the camera of this name has now; the same one where that cannot be told."""
    known = linux_cameras()
    if not name or (number, name) in known:
        return number
    return next((other for other, its_name in known if its_name == name), number)
