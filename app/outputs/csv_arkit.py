"""CSV as Epic's Live Link Face app writes its takes: timecode, 52 ARKit shapes, head and eye rotations.

Columns by name as in real takes (which order JawRight before JawLeft, and MouthRight before MouthLeft). Timecode is
``HH:MM:SS:FF.sub`` with 60 frames a second, the app's own rate, whatever the source's: the sub-frame keeps the time
exact. It is the local time of day for cameras and the media time for files. Rotations are radians about ARKit's axes
(x to the subject's left, y up, z out of the face): yaw + to the subject's left, pitch + down, roll + to the subject's
right shoulder. While no face is found, values ease towards neutral, as in the stream, and rows go on.
"""

import io
import math
import time
from pathlib import Path
from typing import Final

import numpy as np

from app.capture import SourceInfo
from app.face_frame import FaceFrame
from app.outputs.sink import check_writable, open_rows, writing_to
from rig.parameters import ARKIT

TIMECODE_FPS: Final = 60


def _take_order() -> tuple[int, ...]:
    """Indices into ``ARKIT`` in the order of a take's columns."""
    names = list(ARKIT)
    for left, right in (("jawLeft", "jawRight"), ("mouthLeft", "mouthRight")):
        i, j = names.index(left), names.index(right)
        names[i], names[j] = names[j], names[i]
    return tuple(ARKIT.index(name) for name in names)


_ORDER: Final = np.array(_take_order())
COLUMNS: Final[tuple[str, ...]] = (
    "Timecode",
    "BlendShapeCount",
    *(ARKIT[i][0].upper() + ARKIT[i][1:] for i in _ORDER),
    *("HeadYaw", "HeadPitch", "HeadRoll"),
    *(f"{side}Eye{axis}" for side in ("Left", "Right") for axis in ("Yaw", "Pitch", "Roll")),
)
N_VALUES: Final = len(COLUMNS) - 2
"""61, which a take states in every row as ``BlendShapeCount``."""


def timecode(seconds: float) -> str:
    """Seconds since midnight (or the start) -> ``HH:MM:SS:FF.sub``, 60 frames a second, sub in thousandths."""
    thousandths = round(seconds * TIMECODE_FPS * 1000)
    frames, sub = divmod(thousandths, 1000)
    whole_s, frame = divmod(frames, TIMECODE_FPS)
    return f"{whole_s // 3600 % 24:02d}:{whole_s // 60 % 60:02d}:{whole_s % 60:02d}:{frame:02d}.{sub:03d}"


def seconds_of_day(wall_time_s: float) -> float:
    """Local seconds since midnight of a time since the epoch."""
    local = time.localtime(wall_time_s)
    return 3600 * local.tm_hour + 60 * local.tm_min + local.tm_sec + wall_time_s % 1.0


class ArkitCsv:
    """Rows reach the operating system as they are written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = f"CSV {path}"
        self.written = 0
        self.failed = 0
        self._file: io.TextIOWrapper | None = None
        self._by_the_clock = False
        check_writable(path)

    def open(self, source: SourceInfo) -> None:
        self._by_the_clock = source.live
        with writing_to(self.path):
            self._file = open_rows(self.path, ",".join(COLUMNS))

    def write(self, face: FaceFrame) -> None:
        assert self._file is not None
        self._file.write(arkit_row(face, self._by_the_clock) + "\n")
        self.written += 1

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def arkit_row(face: FaceFrame, by_the_clock: bool) -> str:
    """One line without its end; ``by_the_clock``: timecode is the time of day, else the media time."""
    yaw, pitch, roll = (math.radians(v) for v in face.head_euler_deg)
    rotations = [yaw, -pitch, -roll]
    for gaze in (face.gaze_left_deg, face.gaze_right_deg):
        rotations += [math.radians(gaze[0]), -math.radians(gaze[1]), 0.0]
    values = (*face.arkit[_ORDER].tolist(), *rotations)
    stamp = timecode(seconds_of_day(face.wall_time_s) if by_the_clock else face.media_time_s)
    return f"{stamp},{N_VALUES}," + ",".join(f"{v:.6f}" for v in values)
