"""What every 3D view shares: a PyVista plotter, lights, framing, a background, and the picture of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pyvista as pv
from numpy.typing import NDArray

BACKGROUND = "#23262d"
CHROMA = "#00b140"
"""The green that streaming programs key out."""
CHROMA_BLUE = "#0047bb"
"""For a face or clothes with green in them."""
TRANSPARENT: Final = "transparent"
"""As a background: pictures have a fourth channel, 0 where nothing is and 255 where the face is."""

SOFTWARE_OPENGL: Final = ("llvmpipe", "swrast", "softpipe", "software rasterizer", "gdi generic", "microsoft basic")
PLAIN_WHITE: Final = 1.02
"""What VTK's own lamps together may light a surface to."""
MOST_LAMPS: Final = 4
QUALITIES: Final = ("light", "full", "auto")


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


@dataclass(frozen=True)
class Framing:
    """What the camera looks at (metres), from how far (metres), and its vertical view angle (degrees)."""

    focus: tuple[float, float, float]
    distance_m: float
    view_angle_deg: float


FRAMINGS: Final[dict[str, Framing]] = {
    "face": Framing((0.0, -0.025, -0.045), 0.95, 13.5),
    "head": Framing((0.0, -0.022, -0.045), 0.95, 19.0),
    "bust": Framing((0.0, -0.038, -0.060), 1.25, 17.0),
}


class Stage:
    """Give it a ``plotter`` to draw in a window, or a size to render off screen."""

    def __init__(
        self,
        width: int = 480,
        height: int = 480,
        plotter: pv.Plotter | None = None,
        samples: int = 4,
        quality: str = "light",
    ) -> None:
        """``samples`` a pixel smooth the edges; in software OpenGL 0 takes a third of the time of 8.

        ``quality``: ``full`` for a GPU, ``light`` for software OpenGL and for pictures that shall be the same on every
        machine or have lamps of their own (full ones take none but :meth:`set_light`'s), ``auto`` to look which it is.
        """
        if quality not in QUALITIES:
            raise ValueError(f"no quality {quality!r}; there are {', '.join(QUALITIES)}")
        # A plotter that is created here must not show a window.
        self.plotter = plotter or pv.Plotter(off_screen=True, window_size=[width, height])
        if self.plotter.ren_win is not None:
            self.plotter.ren_win.SetMultiSamples(samples)
        self.full = quality == "full" or (quality == "auto" and not self.software)
        """Whether the shaders for a GPU are in use."""
        self.transparent = False
        self.set_light("portrait")
        self.frame()
        self.set_background(BACKGROUND)

    @cached_property
    def software(self) -> bool:
        """Whether OpenGL is drawn by the processor; True where that cannot be told."""
        window = self.plotter.ren_win
        if window is None:
            return True
        if self.plotter.off_screen:
            window.Render()  # before the first picture no renderer is known
        told = window.ReportCapabilities().lower()
        return "opengl renderer string" not in told or any(word in told for word in SOFTWARE_OPENGL)

    def set_light(self, name: str) -> None:
        """One of LIGHTS; raises KeyError naming those that exist."""
        if name not in LIGHTS:
            raise KeyError(f"no light {name!r}; there are {', '.join(LIGHTS)}")
        self.lights = LIGHTS[name]
        self.plotter.remove_all_lights()
        for lamp, power in zip(self.lights.lamps, self.lights.plain_powers(), strict=True):
            light = pv.Light(position=lamp.way, focal_point=(0, -0.02, 0), color=lamp.colour, intensity=power)
            self.plotter.add_light(light)

    def set_background(self, colour: str) -> None:
        """A colour PyVista knows (``"#23262d"``, ``"white"``), CHROMA, or ``"transparent"``."""
        self.transparent = colour == TRANSPARENT
        self.plotter.renderer.set_background("black" if self.transparent else colour)

    def frame(self, yaw_deg: float = 0.0, distance_m: float | None = None, view_angle_deg: float | None = None) -> None:
        """Puts the camera in front of the whole head, ``yaw_deg`` round towards the subject's left."""
        self.set_framing("head", yaw_deg, distance_m, view_angle_deg)

    def set_framing(
        self,
        name: str,
        yaw_deg: float = 0.0,
        distance_m: float | None = None,
        view_angle_deg: float | None = None,
    ) -> None:
        """One of FRAMINGS, or another distance (metres) and vertical view angle from the same; raises KeyError."""
        if name not in FRAMINGS:
            raise KeyError(f"no framing {name!r}; there are {', '.join(FRAMINGS)}")
        f = FRAMINGS[name]
        self._place(np.array(f.focus), yaw_deg, distance_m or f.distance_m, view_angle_deg or f.view_angle_deg)

    def _place(self, focus: NDArray, yaw_deg: float, distance_m: float, view_angle_deg: float) -> None:
        a = np.radians(yaw_deg)
        p = self.plotter
        p.camera.position = tuple(focus + distance_m * np.array([np.sin(a), 0.02, np.cos(a)]))
        p.camera.focal_point = tuple(focus)
        p.camera.up = (0.0, 1.0, 0.0)
        p.camera.view_angle = view_angle_deg
        p.camera.clipping_range = (0.1, 4.0)

    def render(self) -> NDArray[np.uint8]:
        """(H, W, 3) RGB of the scene as it stands (off-screen plotters).

        On a transparent background (H, W, 4) RGBA, colours not multiplied by alpha, as PNG has it.
        """
        self.plotter.render()
        shot = self.plotter.screenshot(return_img=True, transparent_background=self.transparent)
        picture = np.ascontiguousarray(np.asarray(shot, np.uint8)[..., : 4 if self.transparent else 3])
        return straight_alpha(picture) if self.transparent else picture

    def close(self) -> None:
        self.plotter.close()


def straight_alpha(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGBA (H, W, 4) drawn over black -> the same with its colours freed of the black."""
    out = picture.copy()
    part = (picture[..., 3] > 0) & (picture[..., 3] < 255)
    rgba = picture[part].astype(np.float32)
    out[part, :3] = np.minimum(rgba[:, :3] * 255 / rgba[:, 3:] + 0.5, 255).astype(np.uint8)
    return out


def texture(image: NDArray[np.uint8], repeat: bool = False, linear: bool = False) -> pv.Texture:
    """An (H, W, 3 or 4) picture as a smoothly sampled texture, at its edge held or begun again.

    ``linear``: sRGB colours reach the shader as light.
    """
    made = pv.Texture(image)
    made.SetUseSRGBColorSpace(linear)
    made.repeat = repeat
    made.mipmap = True
    made.interpolate = True
    return made
