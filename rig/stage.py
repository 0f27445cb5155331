"""What every 3D view shares: a PyVista plotter, lights, framing, a background, and the picture of it."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyvista as pv
from numpy.typing import NDArray

BACKGROUND = "#23262d"
CHROMA = "#00b140"
"""The green that streaming programs key out."""
TRANSPARENT: Final = "transparent"
"""As a background: pictures have a fourth channel, 0 where nothing is and 255 where the face is."""

LIGHTS: Final[dict[str, tuple[tuple[tuple[float, float, float], str, float], ...]]] = {
    "portrait": (
        ((-0.45, 0.55, 0.95), "#fff1e2", 0.74),
        ((0.85, 0.10, 0.75), "#dfe8ff", 0.40),
        ((0.0, 0.9, -0.8), "#ffffff", 0.30),
        ((0.0, -0.8, 0.6), "#ffe0d0", 0.12),
    ),
}
"""Light set-ups: position (metres), colour, intensity of every lamp; all point at the face."""

FRAMINGS: Final[dict[str, tuple[tuple[float, float, float], float, float]]] = {
    "head": ((0.0, -0.022, -0.045), 0.95, 19.0),
}
"""Framings: what the camera looks at (metres), from how far (metres), and its vertical view angle (degrees)."""


class Stage:
    """Give it a ``plotter`` to draw in a window, or a size to render off screen."""

    def __init__(
        self, width: int = 480, height: int = 480, plotter: pv.Plotter | None = None, samples: int = 4
    ) -> None:
        """``samples`` a pixel smooth the edges; in software OpenGL 0 takes a third of the time of 8."""
        # A plotter that is created here must not show a window.
        self.plotter = plotter or pv.Plotter(off_screen=True, window_size=[width, height])
        if self.plotter.ren_win is not None:
            self.plotter.ren_win.SetMultiSamples(samples)
        self.transparent = False
        self.light()
        self.frame()
        self.set_background(BACKGROUND)

    def light(self, name: str = "portrait") -> None:
        """One of LIGHTS; raises KeyError naming those that exist."""
        if name not in LIGHTS:
            raise KeyError(f"no light {name!r}; there are {', '.join(LIGHTS)}")
        self.plotter.remove_all_lights()
        for position, colour, power in LIGHTS[name]:
            lamp = pv.Light(position=position, focal_point=(0, -0.02, 0), color=colour, intensity=power)
            self.plotter.add_light(lamp)

    def set_background(self, colour: str) -> None:
        """A colour PyVista knows (``"#23262d"``, ``"white"``), CHROMA, or ``"transparent"``."""
        self.transparent = colour == TRANSPARENT
        self.plotter.renderer.set_background("black" if self.transparent else colour)

    def frame(self, yaw_deg: float = 0.0, distance_m: float = 0.95, view_angle_deg: float = 19.0) -> None:
        """Puts the camera in front of the face, ``yaw_deg`` round towards the subject's left."""
        self._place(np.array(FRAMINGS["head"][0]), yaw_deg, distance_m, view_angle_deg)

    def _place(self, focus: NDArray, yaw_deg: float, distance_m: float, view_angle_deg: float) -> None:
        a = np.radians(yaw_deg)
        p = self.plotter
        p.camera.position = tuple(focus + distance_m * np.array([np.sin(a), 0.02, np.cos(a)]))
        p.camera.focal_point = tuple(focus)
        p.camera.up = (0.0, 1.0, 0.0)
        p.camera.view_angle = view_angle_deg
        p.camera.clipping_range = (0.1, 4.0)

    def render(self) -> NDArray[np.uint8]:
        """(H, W, 3) RGB of the scene as it stands, (H, W, 4) RGBA on a transparent background (off-screen plotters)."""
        self.plotter.render()
        shot = self.plotter.screenshot(return_img=True, transparent_background=self.transparent)
        return np.ascontiguousarray(np.asarray(shot, np.uint8)[..., : 4 if self.transparent else 3])

    def close(self) -> None:
        self.plotter.close()


def texture(image: NDArray[np.uint8]) -> pv.Texture:
    """An (H, W, 3 or 4) picture as a smoothly sampled texture."""
    made = pv.Texture(image)
    made.mipmap = True
    made.interpolate = True
    return made
