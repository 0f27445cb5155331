"""Where the 3D view looks from: framing presets, an orbit about them, and how large one picture for several viewers is.

No Qt and no VTK: it places whatever camera has PyVista's attributes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

ASPECT_MIN: Final = 0.78
"""A picture narrower than this (width / height) steps back, so that the ears stay in."""
REACH_M: Final = 0.1125
"""What reaches this far to a side is whole in a picture of ASPECT_MIN, also when the head turns."""
SHOULDERS_M: Final = -0.06
"""What is lower is no head."""
BREADTH_MAX: Final = 1.8
PITCH_MAX_DEG: Final = 75.0
ZOOM_RANGE: Final = (0.5, 4.0)
EYE_HEIGHT: Final = 0.02
"""The camera stands this far (as a share of its distance) above what it looks at."""
BEHIND_M: Final = 0.018
"""From the side a head's middle lies so far behind what one looks at from the front."""
DEEPER: Final = 0.2
"""By so much a head is deeper than it is wide."""
LARGEST_PX: Final = (3840, 2160)
SMALLEST_PX: Final = 64
Size = tuple[int, int]
STAGE: Final = "stage"
"""The outlet whose shape counts before others'."""


@dataclass(frozen=True, slots=True)
class View:
    """A preset: what menus call it, one of ``rig.stage.FRAMINGS``, and from where round the head."""

    title: str
    framing: str
    yaw_deg: float = 0.0
    """Towards the subject's left."""


VIEWS: Final[dict[str, View]] = {
    "face": View("Face", "face"),
    "head": View("Head", "head"),
    "shoulders": View("Head and shoulders", "bust"),
    "three-quarter": View("Three-quarter", "head", 35.0),
    "profile-left": View("Profile, left side", "head", 90.0),
    "profile-right": View("Profile, right side", "head", -90.0),
}
DEFAULT_VIEW: Final = "head"


class OrbitCamera:
    """A preset, and what the user turned and zoomed since."""

    def __init__(self, view: str = DEFAULT_VIEW) -> None:
        self.view = view
        self.yaw_deg = self.pitch_deg = 0.0
        """Away from the preset."""
        self.zoom = 1.0
        self.breadth = 1.0
        """Of the head on the stage, see :func:`breadth`."""

    def show(self, view: str) -> None:
        """Take one of VIEWS, without what was turned before. Raises KeyError naming those that exist."""
        if view not in VIEWS:
            raise KeyError(f"no view {view!r}; there are {', '.join(VIEWS)}")
        self.view = view
        self.reset()

    def reset(self) -> None:
        self.yaw_deg = self.pitch_deg = 0.0
        self.zoom = 1.0

    def turn(self, yaw_deg: float, pitch_deg: float) -> None:
        self.yaw_deg = (self.yaw_deg + yaw_deg + 180) % 360 - 180
        self.pitch_deg = float(np.clip(self.pitch_deg + pitch_deg, -PITCH_MAX_DEG, PITCH_MAX_DEG))

    def zoom_by(self, factor: float) -> None:
        self.zoom = float(np.clip(self.zoom * factor, *ZOOM_RANGE))

    def place(self, camera: Any, aspect: float) -> None:
        """Put a PyVista camera there for a picture that is ``aspect`` times as wide as it is high."""
        from rig.stage import FRAMINGS  # brings PyVista, for which no window should wait

        preset = VIEWS[self.view]
        framing = FRAMINGS[preset.framing]
        yaw, pitch = math.radians(preset.yaw_deg + self.yaw_deg), math.radians(self.pitch_deg)
        way = (
            math.sin(yaw) * math.cos(pitch),
            math.sin(pitch) + EYE_HEIGHT,
            math.cos(yaw) * math.cos(pitch),
        )
        aside = abs(math.sin(math.radians(preset.yaw_deg)))
        across = ASPECT_MIN * max(self.breadth, 1 + DEEPER * aside)
        distance = framing.distance_m * max(1.0, across / aspect) / self.zoom
        focus = np.array(framing.focus)
        focus[2] -= BEHIND_M * aside
        camera.focal_point = tuple(focus)
        camera.position = tuple(focus + distance * np.array(way))
        camera.up = (0.0, 1.0, 0.0)
        camera.view_angle = framing.view_angle_deg
        camera.clipping_range = (0.05, 6.0)


class Outlets(dict[str, Size]):
    """Who else shows the picture, and at how many pixels (width, height)."""

    def put(self, name: str, size: Size | None) -> None:
        """None: it shows the picture no longer."""
        if size is None:
            self.pop(name, None)
        else:
            self[name] = size

    def sizes(self) -> list[Size]:
        """The stage's before others: the first decides how far the camera steps back."""
        return [size for _, size in sorted(self.items(), key=lambda item: item[0] != STAGE)]


def breadth(points: NDArray) -> float:
    """How much wider than a person's head one with these points (N, 3) at rest is, ears and horns included; from 1."""
    above = points[points[:, 1] > SHOULDERS_M]
    reach = float(np.abs(above[:, 0]).max()) if len(above) else 0.0
    return float(np.clip(reach / REACH_M, 1.0, BREADTH_MAX))


def render_size(viewers: Sequence[Size], share: float = 1.0) -> Size:
    """(width, height) of one picture out of which every viewer (width, height) can be cut at its own height's detail.

    The height fixes how large the head is, so the tallest viewer gives it, and the widest aspect the width.
    """
    height = max(h for _, h in viewers)
    aspect = max(w / max(h, 1) for w, h in viewers)
    share = min(share, LARGEST_PX[1] / height, LARGEST_PX[0] / max(aspect * height, 1))
    return max(SMALLEST_PX, round(aspect * height * share)), max(SMALLEST_PX, round(height * share))
