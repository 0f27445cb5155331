"""A recording read back: CSV in one of our two formats -> FaceFrames, for play-back and for looking at.

Files of OpenFace itself and of the Live Link Face app are read too: what they lack is at rest.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.errors import UserError
from app.face_frame import FaceFrame
from app.outputs.csv_arkit import TIMECODE_FPS
from models.runtime.alignment import euler_from_rotation, quaternion_from_rotation, rotation_from_euler
from models.runtime.landmarks import N_LANDMARKS
from rig.arkit import arkit_to_channels, channels_to_arkit
from rig.parameters import ARKIT, CHANNELS, IDENTITY_BASE, N_CHANNELS, N_IDENTITY

Array = NDArray[np.float32]
Table = NDArray[np.float64]

HEAD_BYTES: Final = 64_000
"""The header and a few rows are in these; OpenFace's own header has 714 names."""
TAIL_BYTES: Final = 64_000
ROWS_AT_ONCE: Final = 128
DAY_S: Final = 86_400.0
LONGEST_STEP_S: Final = 1.0
"""Rows further apart in time, or going back, follow at the usual pace: a seek or a lost camera is no pause."""
USUAL_STEP_S: Final = 1 / 30
DISTANCE_M: Final = 0.6
"""Where a face is taken to be in a file that does not say."""
_OPENFACE_USED: Final = re.compile(
    r"frame|timestamp|confidence|success|gaze_[01]_[xyz]|pose_[TR][xyz]|AU\d\d(_[LR])?_r"
)
_TIMECODE: Final = re.compile(r"(\d\d):(\d\d):(\d\d):(\d\d)(?:\.(\d+))?")


@dataclass(frozen=True, slots=True)
class TakeInfo:
    """What a list says of a take without reading all of it."""

    path: Path
    format: str
    """``openface`` or ``arkit``."""
    frames: int
    length_s: float
    """From the first row to the last."""
    size: int
    """Bytes."""
    modified_s: float
    """Seconds since the epoch."""


@dataclass(frozen=True)
class Take:
    """All rows of a recording; n of them, at least one."""

    path: Path
    format: str
    times_s: Table
    """(n,) seconds from the first row, growing: the pace of the recording with its jumps left out."""
    media_s: Table
    """(n,) position in the source, as recorded."""
    frame: NDArray[np.int64]
    """(n,) index of the frame in the source, from 0."""
    tracked: NDArray[np.bool_]
    confidence: Array
    au: Array
    """(n, 40) channels 0..1."""
    rotation: Array
    """(n, 3, 3) head to camera, identity = facing."""
    position_m: Array
    """(n, 3)"""
    gaze_left_deg: Array
    """(n, 2)"""
    gaze_right_deg: Array

    def __len__(self) -> int:
        return len(self.times_s)

    @property
    def length_s(self) -> float:
        return float(self.times_s[-1])

    @cached_property
    def _derived(self) -> tuple[Array, Array, Array]:
        arkit = channels_to_arkit(self.au, self.gaze_left_deg, self.gaze_right_deg)
        return arkit, quaternion_from_rotation(self.rotation), euler_from_rotation(self.rotation)

    def row_at(self, time_s: float) -> int:
        """The row on the screen ``time_s`` seconds after the first one."""
        return int(np.clip(np.searchsorted(self.times_s, time_s + 1e-6, side="right") - 1, 0, len(self) - 1))

    def face(self, row: int) -> FaceFrame:
        """One row as the tracker would have said it, without landmarks; times are the take's own."""
        arkit, quaternion, euler_deg = self._derived
        return FaceFrame(
            index=int(self.frame[row]),
            time_s=float(self.times_s[row]),
            wall_time_s=float(self.times_s[row]),
            media_time_s=float(self.media_s[row]),
            image_size=(0, 0),
            tracked=bool(self.tracked[row]),
            confidence=float(self.confidence[row]),
            landmarks=np.full((N_LANDMARKS, 3), np.nan, np.float32),
            head_rotation=quaternion[row],
            head_euler_deg=euler_deg[row],
            head_position_m=self.position_m[row],
            gaze_left_deg=self.gaze_left_deg[row],
            gaze_right_deg=self.gaze_right_deg[row],
            au=self.au[row],
            arkit=arkit[row],
            identity=np.full(N_IDENTITY, IDENTITY_BASE, np.float32),
            state="tracking" if self.tracked[row] else "lost",
        )


def read_take(path: Path, progress: Callable[[float], None] = lambda share: None) -> Take:
    """Read a recording. A last row that was cut off (a kill, a full disk) is left out.

    ``progress`` is told the share that is done, 0..1; what it raises ends the work.

    Raises ``UserError`` in one line for a file that is no take, has no rows, or cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from error
    lines = text.splitlines()
    names = _names(lines[0]) if lines else []
    kind = _format_of(names, path)
    rows = [line for line in lines[1:] if line.strip()]
    if rows and rows[-1].count(",") != len(names) - 1:
        rows.pop()
    if not rows:
        raise UserError(f"{path.name} has no frames: nothing was recorded")
    try:
        return (_read_openface if kind == "openface" else _read_arkit)(path, names, rows, progress)
    except ValueError as error:
        raise UserError(f"{path.name} is damaged and cannot be played ({' '.join(str(error).split())})") from error


def describe_take(path: Path) -> TakeInfo:
    """Format, length and size, from both ends of the file. Raises ``UserError`` where ``read_take`` would."""
    try:
        status = path.stat()
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            file.seek(max(0, status.st_size - TAIL_BYTES))
            tail = file.read()
            file.seek(0)
            lines = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from error
    first = head.decode("utf-8", "replace").splitlines()
    names = _names(first[0]) if first else []
    kind = _format_of(names, path)
    last = tail.decode("utf-8", "replace").splitlines()
    whole = [line for line in last if line.count(",") == len(names) - 1]
    lines += bool(whole) and whole[-1] is last[-1] and not tail.endswith(b"\n")
    if lines < 2 or len(first) < 2 or not whole:
        raise UserError(f"{path.name} has no frames: nothing was recorded")
    length_s = _time_of(whole[-1], names, kind) - _time_of(first[1], names, kind)
    if kind == "arkit" and length_s < 0:
        length_s += DAY_S
    if kind == "openface":
        times_s = [_time_of(line, names, kind) for line in first[1:-1]]  # the last may be cut off
        steps_s = [after - before for before, after in pairwise(times_s) if 0 < after - before <= LONGEST_STEP_S]
        by_rows_s = (lines - 2) * (fmean(steps_s) if steps_s else 0.0)  # each is rounded to a millisecond
        if length_s < by_rows_s / 2:  # a film that began again, or was moved in: its times are places in it
            length_s = by_rows_s
    return TakeInfo(path, kind, lines - 1, max(0.0, length_s), status.st_size, status.st_mtime)


# ---------------------------------------------------------------- parts of files


def _names(header: str) -> list[str]:
    return [name.strip() for name in header.lstrip("\ufeff").split(",")]


def _format_of(names: list[str], path: Path) -> str:
    if {"timestamp", "success", "pose_Rx"} <= set(names):
        return "openface"
    if names[:2] == ["Timecode", "BlendShapeCount"]:
        return "arkit"
    raise UserError(f"{path.name} is no take: its first line has neither OpenFace's columns nor Live Link Face's")


def _time_of(line: str, names: list[str], kind: str) -> float:
    cells = line.split(",")
    try:
        return _seconds(cells[0]) if kind == "arkit" else float(cells[names.index("timestamp")])
    except ValueError:
        return 0.0


def _seconds(timecode: str) -> float:
    """``HH:MM:SS:FF.sub`` -> seconds. Raises ``ValueError``."""
    match = _TIMECODE.fullmatch(timecode.strip())
    if match is None:
        raise ValueError(f"{timecode.strip()[:20]!r} is no timecode")
    hours, minutes, seconds, frames = (int(match[i]) for i in range(1, 5))
    sub = int(match[5]) / 10 ** len(match[5]) if match[5] else 0.0
    return 3600 * hours + 60 * minutes + seconds + (frames + sub) / TIMECODE_FPS


def _paced(media_s: Table) -> Table:
    """Times that grow: what goes back or leaps becomes one usual step."""
    steps = np.diff(media_s)
    good = steps[(steps > 0) & (steps <= LONGEST_STEP_S)]
    usual_s = float(np.median(good)) if len(good) else USUAL_STEP_S
    steps = np.where((steps > 0) & (steps <= LONGEST_STEP_S), steps, usual_s)
    return np.concatenate([[0.0], np.cumsum(steps)])


def _table(rows: list[str], columns: Iterable[int], progress: Callable[[float], None]) -> Table:
    """(n, columns) of some cells of all rows, piece by piece: numpy lets no other thread run while it reads one."""
    pieces = []
    wanted = list(columns)
    for first in range(0, len(rows), ROWS_AT_ONCE):
        progress(first / len(rows))
        pieces.append(np.loadtxt(rows[first : first + ROWS_AT_ONCE], delimiter=",", usecols=wanted, ndmin=2))
    return np.concatenate(pieces)


# ---------------------------------------------------------------- OpenFace


def _read_openface(path: Path, names: list[str], rows: list[str], progress: Callable[[float], None]) -> Take:
    used = {name: i for i, name in reversed(list(enumerate(names))) if _OPENFACE_USED.fullmatch(name)}
    table = _table(rows, used.values(), progress)
    at = {name: i for i, name in enumerate(used)}

    def columns(*wanted: str) -> Table:
        missing = [name for name in wanted if name not in at]
        if missing:
            raise ValueError(f"column {missing[0]} is missing")
        return table[:, [at[name] for name in wanted]]

    tracked = columns("success")[:, 0] > 0
    rotation = _rotation_xyz(columns("pose_Rx", "pose_Ry", "pose_Rz"))
    gaze = [_gaze_in_head(rotation, columns(*(f"gaze_{eye}_{axis}" for axis in "xyz"))) for eye in (1, 0)]
    media_s = columns("timestamp")[:, 0]
    return Take(
        path=path,
        format="openface",
        times_s=_paced(media_s),
        media_s=media_s,
        frame=columns("frame")[:, 0].astype(np.int64) - 1,
        tracked=tracked,
        confidence=columns("confidence")[:, 0].astype(np.float32),
        au=_openface_channels(table, at),
        rotation=rotation.astype(np.float32),
        position_m=(columns("pose_Tx", "pose_Ty", "pose_Tz") / 1000).astype(np.float32),
        gaze_left_deg=gaze[0],
        gaze_right_deg=gaze[1],
    )


def _openface_channels(table: Table, at: dict[str, int]) -> Array:
    """Ours per side where they are; of a file of OpenFace's own the mean of the sides, AU45 for our AU43."""
    au = np.zeros((len(table), N_CHANNELS), np.float32)
    for i, channel in enumerate(CHANNELS):
        number, _, side = channel[2:].partition("-")
        both = f"AU{int(number):02d}_r"
        own = f"AU{int(number):02d}_{side[0].upper()}_r" if side else both
        found = next((name for name in (own, both, "AU45_r" if number == "43" else "") if name in at), None)
        if found is not None:
            au[:, i] = table[:, at[found]] / 5
    return np.clip(np.nan_to_num(au), 0, 1)


def _rotation_xyz(radians: Table) -> Table:
    """(n, 3) -> (n, 3, 3) with R = Rx Ry Rz."""
    (sx, sy, sz), (cx, cy, cz) = np.sin(radians).T, np.cos(radians).T
    return np.stack(
        [
            *(cy * cz, -cy * sz, sy),
            *(cx * sz + sx * sy * cz, cx * cz - sx * sy * sz, -sx * cy),
            *(sx * sz - cx * sy * cz, sx * cz + cx * sy * sz, cx * cy),
        ],
        axis=-1,
    ).reshape(-1, 3, 3)


def _gaze_in_head(rotation: Table, vectors: Table) -> Array:
    """(n, 3) unit vectors in the camera frame -> (n, 2) yaw, pitch in the head, degrees; rows of zeros look ahead."""
    x, y, z = np.einsum("nji,nj->ni", rotation, vectors).T
    known = np.linalg.norm(vectors, axis=1) > 0.5
    yaw, pitch = np.arctan2(x, -z), np.arcsin(np.clip(-y, -1, 1))
    return np.degrees(np.where(known[:, None], np.stack([yaw, pitch], axis=1), 0)).astype(np.float32)


# ---------------------------------------------------------------- Live Link Face


def _read_arkit(path: Path, names: list[str], rows: list[str], progress: Callable[[float], None]) -> Take:
    by_name = {name.lower(): i for i, name in enumerate(names)}
    table = _table(rows, range(2, len(names)), progress)

    def column(name: str) -> Table:
        i = by_name.get(name.lower())
        return table[:, i - 2] if i is not None else np.zeros(len(table))

    missing = [name for name in ARKIT if name.lower() not in by_name]
    if len(missing) > len(ARKIT) // 2:
        raise ValueError(f"{len(missing)} of 52 blendshapes are missing")
    shapes = np.stack([column(name) for name in ARKIT], axis=1).astype(np.float32)
    au, gaze_left, gaze_right = arkit_to_channels(shapes)
    eyes = [np.degrees(np.stack([column(f"{s}EyeYaw"), -column(f"{s}EyePitch")], axis=1)) for s in ("Left", "Right")]
    if "lefteyeyaw" in by_name:
        gaze_left, gaze_right = (eye.astype(np.float32) for eye in eyes)
    euler = np.degrees(np.stack([column("HeadYaw"), -column("HeadPitch"), -column("HeadRoll")], axis=1))
    clock_s = np.array([_seconds(row.partition(",")[0]) for row in rows])
    media_s = clock_s - clock_s[0]
    media_s = np.where(media_s < -DAY_S / 2, media_s + DAY_S, media_s)  # past midnight
    return Take(
        path=path,
        format="arkit",
        times_s=_paced(media_s),
        media_s=media_s,
        frame=np.arange(len(rows)),
        tracked=np.ones(len(rows), bool),
        confidence=np.ones(len(rows), np.float32),
        au=au,
        rotation=rotation_from_euler(euler).astype(np.float32),
        position_m=np.tile(np.array([0, 0, DISTANCE_M], np.float32), (len(rows), 1)),
        gaze_left_deg=gaze_left,
        gaze_right_deg=gaze_right,
    )
