"""What every 3D view shares: a PyVista plotter, lights, framing, a background, and the picture of it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyvista as pv
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk

from rig.lights import LIGHTS, LightSetUp

BACKGROUND = "#23262d"
CHROMA = "#00b140"
"""The green that streaming programs key out."""
CHROMA_BLUE = "#0047bb"
"""For a face or clothes with green in them."""
TRANSPARENT: Final = "transparent"
"""As a background: pictures have a fourth channel, 0 where nothing is and 255 where the face is."""

SOFTWARE_OPENGL: Final = ("llvmpipe", "swrast", "softpipe", "software rasterizer", "gdi generic", "microsoft basic")
QUALITIES: Final = ("light", "full", "auto")


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

    plotter: pv.Plotter
    full: bool
    """Whether the shaders for a GPU are in use."""
    lights: LightSetUp
    transparent: bool
    drawing: AbstractContextManager[object] = nullcontext()
    """Entered while OpenGL is at work: who wants to know how long puts a clock here."""

    def __init__(
        self,
        width: int = 480,
        height: int = 480,
        plotter: pv.Plotter | None = None,
        samples: int = 4,
        quality: str = "light",
        behind: Stage | None = None,
    ) -> None:
        """``samples`` a pixel smooth the edges; in software OpenGL 0 takes a third of the time of 8.

        ``quality``: ``full`` for a GPU, ``light`` for software OpenGL and for pictures that shall be the same on every
        machine or have lamps of their own (full ones take none but :meth:`set_light`'s), ``auto`` to look which it is.

        ``behind``: instead of all this, share that stage's plotter and quality, out of sight until :meth:`enter`.
        OpenGL's context, with the shaders that it has compiled, is kept that way: another one costs a second.
        """
        if quality not in QUALITIES:
            raise ValueError(f"no quality {quality!r}; there are {', '.join(QUALITIES)}")
        self.actors: dict[str, pv.Actor] = {}
        self.seen = behind is None
        """Whether what is added is on the plotter at once."""
        if behind is not None:
            self.plotter, self.full = behind.plotter, behind.full
            if "software" in vars(behind):  # to find it out draws a picture
                self.software = behind.software
            self.transparent, self.lights, self.drawing = behind.transparent, behind.lights, behind.drawing
            return
        # A plotter that is created here must not show a window.
        self.plotter = plotter or pv.Plotter(off_screen=True, window_size=[width, height])
        if self.plotter.ren_win is not None:
            self.plotter.ren_win.SetMultiSamples(samples)
        self.full = quality == "full" or (quality == "auto" and not self.software)
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
            with self.drawing:
                window.Render()  # before the first picture no renderer is known
        told = window.ReportCapabilities().lower()
        return "opengl renderer string" not in told or any(word in told for word in SOFTWARE_OPENGL)

    def add(self, name: str, mesh: pv.PolyData, colours: str = "", **look: Any) -> pv.Actor:
        """Show a mesh. ``colours``: the point array of RGB bytes that colours it; ``look``: what ``pv.Property`` takes.

        Without what ``Plotter.add_mesh`` does beyond that, colour maps and new bounds, which takes ten times as long.
        """
        mapper = pv.DataSetMapper(dataset=mesh)
        mapper.scalar_visibility = bool(colours)
        if colours:
            mapper.SetScalarModeToUsePointFieldData()
            mapper.SetColorModeToDirectScalars()
            mapper.SelectColorArray(colours)
        prop = pv.Property(interpolation="Phong", **{"color": "white", **look})
        self.actors[name] = actor = pv.Actor(mapper=mapper, prop=prop, name=name)
        if self.seen:
            self._let_in(name, actor)
        return actor

    def _let_in(self, name: str, actor: pv.Actor) -> None:
        self.plotter.add_actor(actor, name=name, reset_camera=False, pickable=False, render=False)

    def enter(self, before: Stage) -> None:
        """Take the place of ``before``, behind which this one was made. Nothing is drawn in between, so that nobody
        sees an empty stage or two heads; ``before`` is of no use any more."""
        for actor in before.actors.values():
            self.plotter.remove_actor(actor, reset_camera=False, render=False)
        before.actors, before.seen, self.seen = {}, False, True
        for name, actor in self.actors.items():
            self._let_in(name, actor)

    def upload(self, made: pv.Texture) -> None:
        """Hand a texture to OpenGL now, so that the first picture with it takes no longer than others."""
        window = self.plotter.ren_win
        if window is None or window.GetNeverRendered():
            return
        with self.drawing:
            window.MakeCurrent()
            made.Render(self.plotter.renderer)
            made.PostRender(self.plotter.renderer)

    def resize(self, width: int, height: int) -> None:
        """Of the pictures from now on, in pixels. (PyVista's own setter draws one at once.)"""
        window = self.plotter.ren_win
        if window is not None and tuple(window.GetSize()) != (width, height):
            window.SetSize(width, height)

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
        with self.drawing:
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


def bottom_up(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An (H, W, 3 or 4) picture with its rows in VTK's order, in memory of its own."""
    return np.ascontiguousarray(image[::-1])


def texture(rows: NDArray[np.uint8], repeat: bool = False, linear: bool = False) -> pv.Texture:
    """A picture as :func:`bottom_up` gives it, whose memory this keeps, as a smoothly sampled texture, at its edge
    held or begun again.

    ``linear``: sRGB colours reach the shader as light.
    """
    height, width, channels = rows.shape
    grid = pv.ImageData(dimensions=(width, height, 1))
    grid.GetPointData().SetScalars(numpy_to_vtk(rows.reshape(-1, channels)))  # which holds on to the array
    made = pv.Texture(grid)
    made.SetUseSRGBColorSpace(linear)
    made.repeat = repeat
    made.mipmap = True
    made.interpolate = True
    # Mesa's llvmpipe (22.3) filters anisotropically by a loop over all texels that a pixel's derivatives span: a sliver
    # of a triangle whose derivatives are huge kept a picture busy for minutes, and the window with it.
    made.SetMaximumAnisotropicFiltering(1.0)
    return made
