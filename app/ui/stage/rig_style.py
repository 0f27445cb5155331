"""How the scene of a 3D view is lit, what lies behind it, and how its edges are smoothed. No Qt."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rig.stage import Stage

THEME: Final = "theme"
TRANSPARENT: Final = "transparent"


class SceneStyle:
    """Kept apart from the scene, which changes with the character; a scene is told only what is new to it. Scenes
    share their plotter, so edges stay as smooth as they were."""

    def __init__(self) -> None:
        self.light = "portrait"
        """One of ``rig.lights.LIGHTS``."""
        self.background = THEME
        """``theme``, ``transparent``, or a colour as ``#rrggbb``."""
        self._lit = ""
        self._samples = -1

    def backdrop(self, theme_colour: str) -> str:
        """The colour behind the character; ``transparent`` where there is none."""
        return theme_colour if self.background == THEME else self.background

    def another_scene(self) -> None:
        """A new scene has other lamps."""
        self._lit = ""

    def dress(self, scene: "Stage", theme_colour: str) -> None:
        if self._lit != self.light:
            scene.set_light(self.light)
            self._lit = self.light
        scene.set_background(self.backdrop(theme_colour))

    def smooth(self, scene: "Stage", samples: int) -> None:
        """``samples`` a pixel; 0: edges are found in the picture (FXAA)."""
        if samples == self._samples:
            return
        self._samples = samples
        window = scene.plotter.render_window
        assert window is not None
        window.SetMultiSamples(samples)
        if samples:
            scene.plotter.disable_anti_aliasing()
        elif any(kind in type(window).__name__ for kind in ("EGL", "OSOpenGL")):
            scene.plotter.enable_anti_aliasing("fxaa")  # PyVista knows what such a window can do instead
        else:  # PyVista does the same after it has opened another window, 16 ms each time, to see what kind it is
            scene.plotter.renderer.SetUseFXAA(True)
