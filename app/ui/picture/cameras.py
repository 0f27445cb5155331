"""Cameras by their real names, what they can be asked for, and word of those that come and go.

On Linux the system's own list is read (nothing is opened); elsewhere Qt's, if QtMultimedia can be loaded, else numbers
are offered. The number of a name is the one that ``app.camera`` opens: ``/dev/videoN`` on Linux, the place in the order
of unique ids on macOS, the place in Media Foundation's list on Windows.
"""

import logging
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QLoggingCategory, QObject, QTimer, Signal

from app.camera import linux_cameras
from app.capture import CameraMode, camera_number

log = logging.getLogger(__name__)

N_GUESSED_CAMERAS: Final = 3
"""Offered by number where nobody lists cameras."""
POLL_MS: Final = 2000
"""How often Linux is asked for what was plugged in or out: a look into one small folder."""
USUAL_MODES: Final = (
    CameraMode(1920, 1080, 30.0),
    CameraMode(1280, 720, 60.0),
    CameraMode(1280, 720, 30.0),
    CameraMode(640, 480, 30.0),
)
"""Offered where nobody says what the camera can do."""
SMALLEST_MODE: Final = 320
"""Pixels across; a face in less is too small to be read."""
MOST_MODES: Final = 12


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """A camera that can be chosen."""

    number: int
    """What OpenCV opens."""
    name: str
    """As the system has it; unique, a number tells two of a kind apart."""
    by_order: bool = False
    """The number was told from the order of two lists, not from the device itself."""

    @property
    def spec(self) -> str:
        """What ``open_source`` takes."""
        return str(self.number)


def find_cameras() -> list[CameraInfo]:
    """Every camera, by number."""
    if sys.platform.startswith("linux"):
        return _named(linux_cameras())
    devices = _qt_cameras()
    if devices is None:
        return [CameraInfo(number, f"Camera {number}", by_order=True) for number in range(N_GUESSED_CAMERAS)]
    return _named([(number, device.description()) for number, device in enumerate(devices)], by_order=True)


def list_cameras() -> list[tuple[str, str]]:
    """(source, name) of every camera."""
    return [(camera.spec, camera.name) for camera in find_cameras()]


def camera_modes(camera: CameraInfo) -> tuple[CameraMode, ...]:
    """What it can be asked for, largest first; the usual where it does not say."""
    device = _qt_camera(camera)
    best: dict[tuple[int, int], float] = {}
    for offered in device.videoFormats() if device is not None else ():
        size = offered.resolution().width(), offered.resolution().height()
        if size[0] >= SMALLEST_MODE:
            best[size] = max(best.get(size, 0.0), round(offered.maxFrameRate(), 2))
    modes = [CameraMode(width, height, fps) for (width, height), fps in best.items()]
    modes += [CameraMode(mode.width, mode.height, 30.0) for mode in modes if mode.fps is not None and mode.fps > 45]
    order = sorted(modes, key=lambda mode: (mode.width * mode.height, mode.fps or 0), reverse=True)
    return tuple(order[:MOST_MODES]) or USUAL_MODES


def mode_text(mode: CameraMode) -> str:
    """``1280 × 720, 30 fps``."""
    return f"{mode.width} × {mode.height}" + (f", {mode.fps:g} fps" if mode.fps else "")


def source_title(spec: str | None) -> str:
    """What a person calls a source."""
    if spec is None:
        return "Choose a source"
    if spec == "demo":
        return "Demo"
    number = camera_number(spec)
    if number is None:
        return Path(spec).name
    return dict(list_cameras()).get(str(number), f"Camera {number}")


def is_camera(spec: str | None) -> bool:
    return spec is not None and camera_number(spec) is not None


class Cameras(QObject):
    """The list, kept up to date."""

    changed = Signal(list, list)
    """Names that came, names that went; ``list`` has them already."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.list = find_cameras()
        self._timer = QTimer(self, interval=POLL_MS)
        self._timer.timeout.connect(self.look)
        self._devices: Any = None
        if sys.platform.startswith("linux"):
            self._timer.start()
        elif (media := _multimedia()) is not None:
            self._devices = media.QMediaDevices(self)
            self._devices.videoInputsChanged.connect(self.look)

    def look(self) -> None:
        """Compare with the system now."""
        before, self.list = self.list, find_cameras()
        if self.list != before:
            old, new = [camera.name for camera in before], [camera.name for camera in self.list]
            self.changed.emit([name for name in new if name not in old], [name for name in old if name not in new])

    def of(self, spec: str | None) -> CameraInfo | None:
        """The camera that a source names."""
        number = camera_number(spec) if spec is not None else None
        return next((camera for camera in self.list if camera.number == number), None)


def _named(found: list[tuple[int, str]], *, by_order: bool = False) -> list[CameraInfo]:
    """Two of a kind are told apart by their numbers."""
    count = Counter(name for _, name in found)
    return [
        CameraInfo(number, f"{name} ({number})" if count[name] > 1 or not name else name, by_order)
        for number, name in found
    ]


def _multimedia() -> Any:
    """QtMultimedia, or None: it needs libraries of the system that need not be there."""
    QLoggingCategory.setFilterRules("qt.multimedia.*=false")  # it tells stderr about each library that it lacks
    try:
        from PySide6 import QtMultimedia
    except ImportError as error:
        log.info("cameras are offered by number: QtMultimedia cannot be loaded (%s)", error)
        return None
    return QtMultimedia


def _qt_cameras() -> list[Any] | None:
    """Qt's cameras in OpenCV's order (not on Linux, where ids tell); None where there is no QtMultimedia."""
    media = _multimedia()
    if media is None:
        return None
    devices = list(media.QMediaDevices.videoInputs())
    return sorted(devices, key=lambda device: bytes(device.id().data())) if sys.platform == "darwin" else devices


def _qt_camera(camera: CameraInfo) -> Any:
    """Qt's object for it, or None."""
    devices = _qt_cameras() or []
    if sys.platform.startswith("linux"):
        node = f"/dev/video{camera.number}".encode()
        return next((device for device in devices if bytes(device.id().data()) == node), None)
    return devices[camera.number] if camera.number < len(devices) else None
