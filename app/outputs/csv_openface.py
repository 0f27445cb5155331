"""CSV with OpenFace's names, units and spacing, so that scripts written for OpenFace read it; our own columns follow.

After RecorderCSV of OpenFace 2 (Baltrusaitis et al. 2018), whose camera frame is ours: x right, y down, z away.

==================  =================================================================================================
``frame``           from 1, one row per decoded frame; ``timestamp`` in seconds, ``success`` 1 where a face was found
``gaze_0_*``        unit vector in the camera frame; eye 0 = leftmost in the picture = the subject's right
``gaze_angle_*``    radians, of the mean of both: x grows to the subject's left, y grows downwards
``pose_T*``         millimetres, the point midway between the eyes
``pose_R*``         radians, R = Rx Ry Rz (pitch, yaw, roll)
``x_0`` .. ``y_67`` the 68 iBUG points in pixels, picked from the 478
``AUxx_r``          0..5, mean of the sides; AU45 (blink) is our AU43 (eyes closed)
``AUxx_c``          1 where the intensity is at least 1, FACS level A
==================  =================================================================================================

Rows without a face hold zeros, as OpenFace writes them. Mien does not measure AU23 (lip tightener): its two columns
are there, so that scripts with a fixed list of names run, and hold NaN, so that nobody takes them for a measurement.
OpenFace's eye landmarks, 3D landmarks and shape parameters (``eye_lmk_*``, ``X_*``, ``p_*``) are left out. Our columns
after them: ``face_id`` and all 40 channels, 0..5, per side where sides differ (``AU12_L_r``, ``AU12_R_r``: the
subject's own).
"""

import io
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.capture import SourceInfo
from app.face_frame import FaceFrame
from app.outputs.sink import check_writable, open_rows, writing_to
from rig.parameters import CHANNEL_INDEX, CHANNELS

OPENFACE_R_AUS: Final = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)
OPENFACE_C_AUS: Final = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 28, 45)
UNMEASURED_AU: Final = 23
PRESENT_FROM: Final = 1.0
"""Intensity 0..5 from which an AU counts as present: FACS level A, a trace."""

# fmt: off
IBUG_68: Final = np.array([
    127, 234, 93, 132, 58, 136, 149, 148, 152, 377, 378, 365, 288, 361, 323, 454, 356,  # jaw, right ear to left
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300,  # brows, right then left
    168, 197, 5, 4, 98, 97, 2, 326, 327,  # nose: bridge, base
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,  # eyes, right then left
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181,  # outer lips
    78, 82, 13, 312, 308, 317, 14, 87,  # inner lips
])
# fmt: on
"""For each of the 68 iBUG points the nearest of MediaPipe's 468."""


def _sides(au: int) -> tuple[int, int]:
    """Indices of the two channels whose mean is this AU (twice the same one where it has no sides)."""
    name = f"AU{43 if au == 45 else au}"
    if name in CHANNEL_INDEX:
        return CHANNEL_INDEX[name], CHANNEL_INDEX[name]
    return CHANNEL_INDEX[f"{name}-left"], CHANNEL_INDEX[f"{name}-right"]


def _own_name(channel: str) -> str:
    """``AU5-left`` -> ``AU05_L_r``."""
    number, _, side = channel[2:].partition("-")
    return f"AU{int(number):02d}{'_' + side[0].upper() if side else ''}_r"


_R_NAMES: Final = tuple(f"AU{au:02d}_r" for au in OPENFACE_R_AUS)
_OWN: Final = tuple((i, _own_name(c)) for i, c in enumerate(CHANNELS) if _own_name(c) not in _R_NAMES)
COLUMNS: Final[tuple[str, ...]] = (
    *("frame", "timestamp", "confidence", "success"),
    *(f"gaze_{eye}_{axis}" for eye in "01" for axis in "xyz"),
    *("gaze_angle_x", "gaze_angle_y"),
    *("pose_Tx", "pose_Ty", "pose_Tz", "pose_Rx", "pose_Ry", "pose_Rz"),
    *(f"{axis}_{i}" for axis in "xy" for i in range(68)),
    *_R_NAMES,
    *(f"AU{au:02d}_c" for au in OPENFACE_C_AUS),
    "face_id",
    *(name for _, name in _OWN),
)
_MEASURED_R: Final = np.array([_sides(au) for au in OPENFACE_R_AUS if au != UNMEASURED_AU])  # (16, 2)
_MEASURED_C: Final = np.array([_sides(au) for au in OPENFACE_C_AUS if au != UNMEASURED_AU])  # (17, 2)
_R_GAP, _C_GAP = OPENFACE_R_AUS.index(UNMEASURED_AU), OPENFACE_C_AUS.index(UNMEASURED_AU)
_OWN_INDEX: Final = np.array([i for i, _ in _OWN])

Vector = NDArray[np.float64]


def rotation_matrix(quaternion: NDArray[np.floating]) -> Vector:
    """(4,) unit quaternion x y z w -> (3, 3)."""
    x, y, z, w = (float(v) for v in quaternion)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def euler_xyz(rotation: Vector) -> Vector:
    """(3, 3) -> (3,) radians with R = Rx Ry Rz, OpenFace's convention."""
    return np.array(
        [
            np.arctan2(-rotation[1, 2], rotation[2, 2]),
            np.arcsin(np.clip(rotation[0, 2], -1.0, 1.0)),
            np.arctan2(-rotation[0, 1], rotation[0, 0]),
        ]
    )


def gaze_vector(rotation: Vector, yaw_pitch_deg: NDArray[np.floating]) -> Vector:
    """Gaze in the head (yaw + to the subject's left, pitch + up, degrees) -> (3,) unit vector in the camera frame."""
    yaw, pitch = np.radians(np.asarray(yaw_pitch_deg, np.float64))
    return rotation @ np.array([np.sin(yaw) * np.cos(pitch), -np.sin(pitch), -np.cos(yaw) * np.cos(pitch)])


def openface_row(face: FaceFrame) -> str:
    """One line without its end, values in the order of ``COLUMNS``."""
    head = f"{face.index + 1},{face.media_time_s:.3f},{face.confidence:.3f},{int(face.tracked)}"
    if not face.tracked:
        zeros = ["0"] * (len(COLUMNS) - 4)
        gap = COLUMNS.index("AU01_r") - 4
        zeros[gap + _R_GAP] = zeros[gap + len(OPENFACE_R_AUS) + _C_GAP] = "NaN"
        return f"{head},{','.join(zeros)}"
    rotation = rotation_matrix(face.head_rotation)
    right, left = gaze_vector(rotation, face.gaze_right_deg), gaze_vector(rotation, face.gaze_left_deg)
    middle = right + left
    angles = np.arctan2(middle[:2], -middle[2])
    points = face.landmarks[IBUG_68, :2].T.ravel()  # x_0 .. x_67, y_0 .. y_67
    intensity = 5.0 * face.au  # (40,)
    mean = intensity[_MEASURED_R].mean(axis=1)
    present = (intensity[_MEASURED_C].mean(axis=1) >= PRESENT_FROM).astype(int).astype(str).tolist()
    present.insert(_C_GAP, "NaN")
    levels = [f"{v:.3f}" for v in mean.tolist()]
    levels.insert(_R_GAP, "NaN")
    fields = (
        head,
        *(f"{v:.6f}" for v in (*right.tolist(), *left.tolist(), *angles.tolist())),
        *(f"{v:.1f}" for v in (1000.0 * face.head_position_m).tolist()),
        *(f"{v:.4f}" for v in euler_xyz(rotation).tolist()),
        *(f"{v:.1f}" for v in points.tolist()),
        *levels,
        *present,
        "0",
        *(f"{v:.3f}" for v in intensity[_OWN_INDEX].tolist()),
    )
    return ",".join(fields)


class OpenFaceCsv:
    """Each row reaches the operating system as it is written: a killed run loses nothing but the row in the making."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = f"CSV {path}"
        self.written = 0
        self.failed = 0
        self._file: io.TextIOWrapper | None = None
        check_writable(path)

    def open(self, source: SourceInfo) -> None:
        with writing_to(self.path):
            self._file = open_rows(self.path, ", ".join(COLUMNS))

    def write(self, face: FaceFrame) -> None:
        assert self._file is not None
        self._file.write(openface_row(face) + "\n")
        self.written += 1

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
