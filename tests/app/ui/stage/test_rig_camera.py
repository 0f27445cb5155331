"""Framing presets and orbit, the size of one picture for several viewers, and the pace of drawing."""

from types import SimpleNamespace

import numpy as np
import pytest

from app.ui.stage.rig_camera import ASPECT_MIN, BREADTH_MAX, LARGEST_PX, VIEWS, OrbitCamera, breadth, render_size
from app.ui.stage.rig_pace import LADDER, QUICK_PICTURES, SLOW_PICTURES, SOFTWARE_RUNG, Pace
from app.ui.stage.stage_settings import CHROMA as CHROMA_WORDS
from app.ui.stage.stage_settings import LIGHTS as LIGHT_WORDS
from rig.characters import load_character
from rig.lights import LIGHTS
from rig.stage import CHROMA, CHROMA_BLUE, FRAMINGS


def placed(camera: OrbitCamera, aspect: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """(3,) the camera's place from what it looks at, and that."""
    at = SimpleNamespace()
    camera.place(at, aspect)
    return np.array(at.position) - at.focal_point, np.array(at.focal_point)


def test_words_cover_what_the_scene_has() -> None:
    assert set(LIGHT_WORDS) == set(LIGHTS)
    assert CHROMA_WORDS == {"green": CHROMA, "blue": CHROMA_BLUE}
    assert {view.framing for view in VIEWS.values()} == set(FRAMINGS)


def test_presets_look_from_their_side() -> None:
    camera = OrbitCamera()
    for name, side in (("head", 0), ("profile-left", 1), ("profile-right", -1)):
        camera.show(name)
        away, _ = placed(camera)
        assert np.sign(np.round(away[0], 3)) == side, "the subject's left is +x"
        assert (placed(camera)[1][2] < -0.05) == bool(side), "the middle of the head, not of the face"
    camera.show("three-quarter")
    away, _ = placed(camera)
    assert 0 < away[0] < away[2]
    with pytest.raises(KeyError, match="no view 'toes'; there are face"):
        camera.show("toes")


def test_a_preset_undoes_what_was_turned() -> None:
    camera = OrbitCamera()
    before, _ = placed(camera)
    camera.turn(30, 200)
    camera.zoom_by(100)
    turned, _ = placed(camera)
    assert np.linalg.norm(turned) < np.linalg.norm(before) / 3
    assert camera.pitch_deg == 75
    camera.show("head")
    np.testing.assert_allclose(placed(camera)[0], before)


def test_narrow_pictures_step_back() -> None:
    camera = OrbitCamera()
    near, wide = np.linalg.norm(placed(camera, 1.0)[0]), np.linalg.norm(placed(camera, 3.0)[0])
    assert near == pytest.approx(wide)
    narrow = np.linalg.norm(placed(camera, ASPECT_MIN / 2)[0])
    assert narrow == pytest.approx(2 * near)


def test_wide_heads_are_seen_whole() -> None:
    widths = {name: breadth(load_character(name).face.skeleton.vertices) for name in ("base", "hero", "goblin")}
    assert widths["base"] == widths["hero"] == 1.0
    assert widths["goblin"] > 1.2, "its ears"
    assert breadth(np.array([[5.0, 0, 0]])) == BREADTH_MAX
    assert breadth(np.array([[0.3, -0.2, 0]])) == 1.0, "shoulders do not count"
    camera = OrbitCamera()
    near = np.linalg.norm(placed(camera, 1.0)[0])
    camera.breadth = 1.5
    assert np.linalg.norm(placed(camera, 1.0)[0]) == pytest.approx(near * ASPECT_MIN * 1.5)


def test_one_picture_serves_all_viewers() -> None:
    assert render_size([(600, 700)]) == (600, 700)
    assert render_size([(600, 700)], 0.5) == (300, 350)
    assert render_size([(1280, 720), (600, 700)]) == (1280, 720)
    assert render_size([(1000, 500), (400, 800)]) == (1600, 800)
    width, height = render_size([(8000, 4500)])
    assert (width, height) == LARGEST_PX
    assert render_size([(1, 1)]) == (64, 64)


def test_slow_pictures_step_down_and_quick_ones_up() -> None:
    pace = Pace()
    for _ in range(SLOW_PICTURES - 1):
        pace.drew(100)
    assert pace.rung == 0
    pace.drew(100)
    assert pace.rung == 1
    pace.drew(500, counts=False)
    for _ in range(20 * SLOW_PICTURES):
        pace.drew(100)
    assert pace.settings == LADDER[-1]
    for _ in range(QUICK_PICTURES):
        pace.drew(1)
    assert pace.rung == len(LADDER) - 2
    assert 0 <= pace.wait_ms <= 1.0


def test_software_opengl_begins_lower() -> None:
    pace = Pace()
    pace.software()
    assert pace.rung == SOFTWARE_RUNG
