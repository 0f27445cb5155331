"""What the meters show, row by row: the action units and the ARKit shapes, grouped by region of the face."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from app.ui.meters.channel_names import ACTION_UNITS, FACS_MAX, REGIONS, channels_of
from rig.arkit import MATRIX
from rig.parameters import ARKIT, CHANNELS

SIDE_WORDS: Final = ("left", "right")


@dataclass(frozen=True, slots=True)
class MeterRow:
    """Both sides of one action, or the one channel that it has."""

    label: str
    """Before the name, in muted letters; may be empty."""
    name: str
    short: str
    """Instead of ``name`` where that does not fit."""
    about: str
    """Lines for the tooltip."""
    channels: tuple[int, ...]
    """Indices of the values: (left, right), or one."""
    keys: tuple[str, ...]
    """Of ``app.ui.meters.curves``, as many as channels."""

    def title(self, side: int) -> str:
        """In full, with the side where there are two."""
        whole = f"{self.label} {self.name}".strip()
        return f"{whole}, {SIDE_WORDS[side]}" if len(self.channels) == 2 else whole


@dataclass(frozen=True, slots=True)
class MeterSet:
    """Rows in groups, and how their values are written."""

    groups: tuple[tuple[str, tuple[MeterRow, ...]], ...]
    scale: float
    """From 0..1 to what is written."""
    decimals: int

    @property
    def rows(self) -> tuple[MeterRow, ...]:
        return tuple(row for _, rows in self.groups for row in rows)

    @property
    def size(self) -> int:
        """How many values there are."""
        return sum(len(row.channels) for row in self.rows)

    def format(self, value: float) -> str:
        """Of a value 0..1."""
        return f"{value * self.scale:.{self.decimals}f}"


def _au_row(au: int) -> MeterRow:
    words, channels = ACTION_UNITS[au], channels_of(au)
    shapes = [ARKIT[i] for i in np.flatnonzero(MATRIX[:, channels].any(axis=1))]
    about = f"{words.looks}.\nMuscle: {words.muscle}"
    if shapes:
        about += f"\nARKit: {', '.join(shapes)}"
    return MeterRow(f"AU{au}", words.name, words.short, about, channels, tuple(CHANNELS[c] for c in channels))


# Stems of ARKit's names by region; a stem without a shape of that name has a Left and a Right.
_ARKIT_REGIONS: Final = (
    ("Brows", ("browInnerUp", "browOuterUp", "browDown")),
    ("Eyes", ("eyeBlink", "eyeWide", "eyeSquint", "eyeLookUp", "eyeLookDown", "eyeLookIn", "eyeLookOut")),
    ("Cheeks and nose", ("cheekSquint", "cheekPuff", "noseSneer")),
    ("Mouth corners", ("mouthSmile", "mouthFrown", "mouthDimple", "mouthStretch", "mouth")),
    (
        "Lips",
        (
            *("mouthClose", "mouthFunnel", "mouthPucker", "mouthRollUpper", "mouthRollLower"),
            *("mouthShrugUpper", "mouthShrugLower", "mouthPress", "mouthUpperUp", "mouthLowerDown"),
        ),
    ),
    ("Jaw and tongue", ("jawOpen", "jawForward", "jaw", "tongueOut")),
)
_TO_A_SIDE: Final = ("mouth", "jaw")
"""Left and right are here where the middle moves to."""


def _arkit_row(stem: str) -> MeterRow:
    names = (stem,) if stem in ARKIT else (f"{stem}Left", f"{stem}Right")
    channels = tuple(ARKIT.index(name) for name in names)
    drivers = [CHANNELS[i] for i in np.flatnonzero(MATRIX[list(channels)].any(axis=0))]
    if drivers:
        about = f"From {', '.join(drivers)}"
    elif stem.startswith("eyeLook"):
        about = "From the gaze of that eye"
    elif stem == "mouthClose":
        about = "From AU26 and AU25: lips that stay together while the jaw drops"
    else:
        about = "No action unit drives it: it stays 0"
    name = stem if stem not in _TO_A_SIDE else f"{stem}Left, Right"
    return MeterRow("", name, name, f"{' and '.join(names)}\n{about}", channels, names)


AU_METERS: Final = MeterSet(tuple((region, tuple(_au_row(au) for au in aus)) for region, aus in REGIONS), FACS_MAX, 1)
ARKIT_METERS: Final = MeterSet(
    tuple((region, tuple(_arkit_row(stem) for stem in stems)) for region, stems in _ARKIT_REGIONS),
    1.0,
    2,
)
