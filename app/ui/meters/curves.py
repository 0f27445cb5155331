"""Every number of a face that can be followed over time: its name, its unit, and where a FaceFrame has it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.face_frame import FaceFrame
from app.ui.meters.channel_names import ACTION_UNITS, FACS_MAX, NAMES, REGIONS, channels_of
from rig.parameters import ARKIT, CHANNELS

M_TO_CM: Final = 100.0


@dataclass(frozen=True, slots=True)
class Unit:
    """What an axis shows."""

    name: str
    low: float
    high: float
    """The axis is at least this long."""
    decimals: int
    suffix: str = ""

    def format(self, value: float) -> str:
        """Of a fixed width for values within the axis; a dash where there is no value."""
        if not np.isfinite(value):
            return "–"
        sign = "+" if self.low < 0 else ""
        rounded = round(value, self.decimals) + 0.0  # no minus before a zero
        return f"{rounded:{sign}.{self.decimals}f}{self.suffix}".replace("-", "−")


FACS: Final = Unit("FACS 0–5", 0.0, FACS_MAX, 1)
SHAPE: Final = Unit("ARKit 0–1", 0.0, 1.0, 2)
DEGREES: Final = Unit("Degrees", -30.0, 30.0, 1, "°")
CENTIMETRES: Final = Unit("cm", 40.0, 80.0, 1, " cm")
UNITS: Final = (FACS, SHAPE, DEGREES, CENTIMETRES)


@dataclass(frozen=True, slots=True)
class Curve:
    """One number of a face. ``key`` names it in settings and files and never changes."""

    key: str
    title: str
    group: str
    unit: Unit
    words: str = ""
    """More to be found by, in lower case."""
    shorter: tuple[str, ...] = ()
    """For narrow places, the longest first."""

    @property
    def short_names(self) -> tuple[str, ...]:
        """For narrow places, the longest first."""
        return self.shorter or (self.title,)


def _au_curves() -> dict[str, Curve]:
    curves = {}
    for region, aus in REGIONS:
        for au in aus:
            for channel in channels_of(au):
                side = CHANNELS[channel].partition("-")[2]
                title = f"AU{au} {NAMES[au]}" + (f", {side}" if side else "")
                told = ACTION_UNITS[au]
                label = f"AU{au} {side[0].upper()}" if side else f"AU{au}"
                words = f"au{au:02d} {au} {region} {told.looks} {told.muscle}".lower()
                shorter = (f"{label} {told.name}", f"{label} {told.short}")
                key = CHANNELS[channel]
                curves[key] = Curve(key, title, f"Action units: {region}", FACS, words, shorter)
    return curves


_AU = _au_curves()
_HEAD: Final = (
    Curve("head-yaw", "Head yaw", "Head", DEGREES, "turn left right"),
    Curve("head-pitch", "Head pitch", "Head", DEGREES, "nod up down"),
    Curve("head-roll", "Head roll", "Head", DEGREES, "tilt shoulder"),
    Curve("head-distance", "Distance", "Head", CENTIMETRES, "camera far near"),
)
_GAZE: Final = tuple(
    Curve(f"gaze-{side}-{axis}", f"Gaze {axis}, {side}", "Gaze", DEGREES, "eye look")
    for side in ("left", "right")
    for axis in ("yaw", "pitch")
)
CURVES: Final[tuple[Curve, ...]] = (
    *(_AU[name] for name in CHANNELS),
    *(Curve(name, name, "ARKit", SHAPE, "blendshape") for name in ARKIT),
    *_HEAD,
    *_GAZE,
)
"""In the order of :func:`values`."""
CURVE_INDEX: Final[dict[str, int]] = {curve.key: i for i, curve in enumerate(CURVES)}


def groups() -> dict[str, list[Curve]]:
    """All curves by group, in the order of a face from top to bottom, then ARKit, head and gaze."""
    by_group: dict[str, list[Curve]] = {f"Action units: {region}": [] for region, _ in REGIONS}
    for curve in CURVES:
        by_group.setdefault(curve.group, []).append(curve)
    for region, aus in REGIONS:
        order = [CHANNELS[c] for au in aus for c in channels_of(au)]
        by_group[f"Action units: {region}"].sort(key=lambda curve: order.index(curve.key))
    return by_group


def values(face: FaceFrame) -> NDArray[np.float32]:
    """(100,) in the units of :data:`CURVES`; all NaN where no face was found."""
    if not face.tracked:
        return np.full(len(CURVES), np.nan, np.float32)
    distance = np.linalg.norm(face.head_position_m) * M_TO_CM
    parts = (
        face.au * FACS_MAX,
        face.arkit,
        face.head_euler_deg,
        [distance],
        face.gaze_left_deg,
        face.gaze_right_deg,
    )
    return np.concatenate(parts).astype(np.float32)
