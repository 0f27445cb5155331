"""Lamps about the face: the set-ups of light that there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyvista as pv
from numpy.typing import NDArray

PLAIN_WHITE: Final = 1.02
"""What VTK's own lamps together may light a surface to."""
MOST_LAMPS: Final = 4


@dataclass(frozen=True)
class Lamp:
    """A large lamp that stands towards ``way`` (any length) and lights the whole face alike."""

    way: tuple[float, float, float]
    colour: str
    power: float
    """1 lights a white surface that faces it to white."""
    size: float = 0.25
    """Angular radius, radians: how large it is in an eye's reflection, and how soft its edge of shadow."""


@dataclass(frozen=True)
class LightSetUp:
    """Lamps in order of weight, at most four, and what the sky and the floor give."""

    lamps: tuple[Lamp, ...]
    sky: str
    floor: str
    ambient: float
    """What the sky and the floor are multiplied by."""

    def ways(self) -> list[NDArray[np.float32]]:
        """Unit vectors towards the lamps."""
        ways = [np.array(lamp.way, np.float32) for lamp in self.lamps]
        return [way / np.float32(np.linalg.norm(way)) for way in ways]

    def plain_powers(self) -> list[float]:
        """The lamps' intensities for VTK's own lighting, where they are points and clip instead of fading to white."""
        # What is in front counts for more, as there is no sky to fill its shadows.
        ways = self.ways()
        power = np.array([0.6 * lamp.power + (0.22 if lamp.way[2] > 0 else 0) for lamp in self.lamps])
        facing = np.maximum(np.array([*ways, (0, 0, 1)]) @ np.array(ways).T, 0)
        return [float(p) for p in power * min(1.0, PLAIN_WHITE / float((facing @ power).max()))]

    def uniforms(self) -> dict[str, float | tuple[float, float, float]]:
        """What :mod:`rig.shading` asks for, colours made linear."""
        out: dict[str, float | tuple[float, float, float]] = {
            "skyHigh": _linear(self.sky, self.ambient),
            "skyLow": _linear(self.floor, self.ambient),
        }
        for k in range(len(self.lamps), MOST_LAMPS):
            out[f"lamp{k}Colour"] = (0.0, 0.0, 0.0)  # else the last set-up's would go on shining
        for k, (lamp, way) in enumerate(zip(self.lamps, self.ways(), strict=True)):
            out[f"lamp{k}Way"] = out[f"lamp{k}Head"] = (float(way[0]), float(way[1]), float(way[2]))
            out[f"lamp{k}Colour"] = _linear(lamp.colour, lamp.power)
            out[f"lamp{k}Size"] = lamp.size
        return out


def _linear(colour: str, power: float) -> tuple[float, float, float]:
    r, g, b = (power * c**2.2 for c in pv.Color(colour).float_rgb)
    return r, g, b


LIGHTS: Final[dict[str, LightSetUp]] = {
    "portrait": LightSetUp(
        (
            Lamp((-0.60, 0.44, 0.85), "#ffedd8", 1.20, 0.30),
            Lamp((0.85, 0.10, 0.75), "#d8e4ff", 0.26, 0.45),
            Lamp((0.55, 0.65, -0.80), "#ffe9d2", 0.75, 0.25),
            Lamp((-0.75, 0.35, -0.75), "#cfe0ff", 0.45, 0.25),
        ),
        "#c9d6ea", "#6a4a3c", 0.26,
    ),
    "soft": LightSetUp(
        (
            Lamp((-0.25, 0.45, 1.00), "#fff6ec", 0.70, 0.55),
            Lamp((0.70, 0.25, 0.80), "#f4f4ff", 0.42, 0.55),
            Lamp((0.00, -0.70, 0.75), "#ffe4d6", 0.16, 0.50),
            Lamp((0.00, 0.80, -0.80), "#ffffff", 0.35, 0.40),
        ),
        "#e2e6ee", "#8a6f62", 0.46,
    ),
    "studio": LightSetUp(
        (
            Lamp((-0.80, 0.45, 0.60), "#fff2e4", 0.95, 0.25),
            Lamp((0.90, 0.20, -0.55), "#9fc4ff", 1.25, 0.20),
            Lamp((-0.80, 0.40, -0.80), "#ffd9b0", 0.85, 0.20),
            Lamp((0.70, 0.00, 0.80), "#cfdcff", 0.14, 0.50),
        ),
        "#8fa3c4", "#3a302c", 0.20,
    ),
    "flat": LightSetUp(
        (
            Lamp((-0.45, 0.30, 1.00), "#ffffff", 0.50, 0.60),
            Lamp((0.45, 0.30, 1.00), "#ffffff", 0.50, 0.60),
            Lamp((0.00, -0.50, 0.90), "#fff2ea", 0.22, 0.60),
            Lamp((0.00, 0.80, -0.70), "#ffffff", 0.20, 0.40),
        ),
        "#f0f0f4", "#b8a8a0", 0.52,
    ),
    "key-left": LightSetUp(
        (
            Lamp((1.00, 0.45, 0.62), "#fff0e0", 1.45, 0.22),
            Lamp((-0.70, 0.45, -0.80), "#dfe9ff", 0.55, 0.22),
        ),
        "#aebcd2", "#4e3c34", 0.22,
    ),
    "key-right": LightSetUp(
        (
            Lamp((-1.00, 0.45, 0.62), "#fff0e0", 1.45, 0.22),
            Lamp((0.70, 0.45, -0.80), "#dfe9ff", 0.55, 0.22),
        ),
        "#aebcd2", "#4e3c34", 0.22,
    ),
    "rim": LightSetUp(
        (
            Lamp((0.95, 0.30, -0.55), "#9cc8ff", 1.55, 0.20),
            Lamp((-0.95, 0.30, -0.55), "#ffc890", 1.55, 0.20),
            Lamp((0.00, 0.30, 1.00), "#f2f2ff", 0.42, 0.60),
            Lamp((0.00, 0.95, -0.40), "#ffffff", 0.60, 0.30),
        ),
        "#8d9ab4", "#40352f", 0.24,
    ),
}  # fmt: skip
"""``portrait``: warm key, cool fill, two rims; ``soft``: a window; ``studio``: contrast and coloured rims; ``flat``:
no shadow to speak of, for keying and small pictures; ``key-left``, ``key-right``: one strong lamp from the subject's
own side; ``rim``: light from behind, blue on the left and warm on the right, with the face in front in half light."""
