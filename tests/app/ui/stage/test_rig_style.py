"""Edges are smoothed by samples or by FXAA, and no window is opened to find out whether that can be done."""

from collections.abc import Iterator

import numpy as np
import pytest
import pyvista as pv
from pyvista.plotting.utilities import gl_checks
from vtkmodules.vtkRenderingCore import vtkRenderWindow

from app.ui.stage.rig_style import SceneStyle
from rig.stage import Stage

SAMPLES = 8


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage(96, 96, samples=0)
    stage.add("cube", pv.Cube(bounds=(-0.08, 0.06, -0.05, 0.07, 0.0, 0.05)).rotate_z(23))
    yield stage
    stage.close()


def shades(stage: Stage) -> int:
    """How many brightnesses there are: with smoothed edges more."""
    return len(np.unique(stage.render()[..., 0]))


def test_without_samples_edges_are_found_in_the_picture(stage: Stage) -> None:
    style = SceneStyle()
    rough = shades(stage)
    for samples in (0, SAMPLES, 0):
        style.smooth(stage, samples)
        found = bool(stage.plotter.renderer.GetUseFXAA())
        assert found == (samples == 0)
        assert (shades(stage) > rough) == found  # software OpenGL takes no samples once its window is there


def test_no_other_window_is_opened_for_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def window() -> vtkRenderWindow:
        opened.append("window")
        return vtkRenderWindow()

    monkeypatch.setattr(gl_checks._vtk, "vtkRenderWindow", window)
    assert not gl_checks.uses_egl()
    assert opened, "what PyVista does to find out"
    opened.clear()
    style = SceneStyle()
    for samples in (0, SAMPLES, 0):
        style.smooth(stage, samples)
    assert opened == []
