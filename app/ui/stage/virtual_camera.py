"""A virtual camera: other programs see the character where they look for a webcam. No Qt.

pyvirtualcam hands pictures to OBS's virtual camera (Windows, macOS) or to v4l2loopback (Linux). It is an extra, since
most people do without: ``pip install 'mien[camera]'``.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from app.errors import UserError

log = logging.getLogger(__name__)

SIZE: Final = (1280, 720)
"""What every program takes."""
FPS: Final = 30.0
REPEAT_S: Final = 0.5
"""Without a new picture the last one is sent again, so that the other side does not think the camera gone."""
CLOSE_TIMEOUT_S: Final = 2.0
Picture = NDArray[np.uint8]


class Device(Protocol):
    """What of ``pyvirtualcam.Camera`` is used."""

    @property
    def device(self) -> str:
        """What other programs call it."""
        ...

    def send(self, frame: Picture) -> None:
        """(H, W, 3) RGB of the size that it was opened with."""
        ...

    def close(self) -> None: ...


def open_device(width: int, height: int, fps: float) -> Device:
    """Raises ``UserError`` saying what to install."""
    try:
        import pyvirtualcam
    except ImportError:
        raise UserError("the virtual camera needs pyvirtualcam: pip install 'mien[camera]', then start again") from None
    try:
        camera: Device = pyvirtualcam.Camera(width, height, fps)
    except (RuntimeError, OSError) as error:
        raise UserError(_advice(str(error))) from error
    return camera


def _advice(why: str) -> str:
    """One line for what goes wrong most often."""
    if "in use" in why.lower() or "busy" in why.lower():
        return "the virtual camera is used by another program: stop it there (in OBS: Stop Virtual Camera)"
    if sys.platform.startswith("linux"):
        return (
            "there is no virtual camera on this machine: sudo apt install v4l2loopback-dkms, then "
            "sudo modprobe v4l2loopback exclusive_caps=1"
        )
    if sys.platform in ("win32", "darwin"):
        return "there is no virtual camera on this machine: install OBS Studio, and start its virtual camera there once"
    return f"this machine has no virtual camera ({' '.join(why.split())})"


def fit(picture: Picture, size: tuple[int, int] = SIZE) -> Picture:
    """(H, W, 3 or 4) -> (height, width, 3): the middle, cut and scaled; what is transparent becomes black."""
    width, height = size
    h, w = picture.shape[:2]
    keep_w, keep_h = min(w, round(h * width / height)), min(h, round(w * height / width))
    top, left = (h - keep_h) // 2, (w - keep_w) // 2
    cut: NDArray = picture[top : top + keep_h, left : left + keep_w]
    if cut.shape[2] == 4:
        cut = (cut[..., :3] * (cut[..., 3:] / np.float32(255))).astype(np.uint8)
    if cut.shape[:2] != (height, width):
        shrinks = keep_w > width
        cut = cv2.resize(cut, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.ascontiguousarray(cut, np.uint8)


class VirtualCamera:
    """Sends the newest picture on a thread of its own, each once, at the pace at which they come."""

    def __init__(
        self,
        failed: Callable[[str], None],
        opened: Callable[[str], None] = lambda name: None,
        open_device: Callable[[int, int, float], Device] = open_device,
    ) -> None:
        """``failed`` is called with one line, ``opened`` with the device's name, both on the sending thread."""
        self.sent = 0
        self._failed, self._opened, self._open_device = failed, opened, open_device
        self._fresh = threading.Condition()
        self._newest: Picture | None = None
        self._stopping = False
        self._thread: threading.Thread | None = None

    @property
    def on(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        if self.on:
            return
        self.sent, self._stopping, self._newest = 0, False, None
        self._thread = threading.Thread(target=self._run, name="virtual-camera", daemon=True)
        self._thread.start()

    def show(self, picture: Picture) -> None:
        """The newest picture, (H, W, 3 or 4) RGB(A); what was not sent yet is dropped. It must not be written to."""
        with self._fresh:
            self._newest = picture
            self._fresh.notify()

    def stop(self) -> None:
        """Frees the device; waits for it, but not for ever."""
        with self._fresh:
            self._stopping = True
            self._fresh.notify()
        if self._thread is not None:
            self._thread.join(CLOSE_TIMEOUT_S)
            self._thread = None

    def _run(self) -> None:
        try:
            device = self._open_device(*SIZE, FPS)
        except UserError as error:
            self._failed(str(error))
            return
        try:
            self._opened(device.device)
            self._send(device)
        except Exception as error:  # the device was taken away
            log.debug("virtual camera", exc_info=error)
            self._failed(f"the virtual camera stopped ({' '.join(str(error).split())}): switch it on again")
        finally:
            device.close()

    def _send(self, device: Device) -> None:
        last: Picture | None = None
        while True:
            with self._fresh:
                if self._newest is None and not self._stopping:
                    self._fresh.wait(REPEAT_S)
                if self._stopping:
                    return
                picture, self._newest = self._newest, None
            if picture is not None:
                last = fit(picture)
                self.sent += 1
            if last is not None:
                device.send(last)
