"""The 3D view with a real scene: characters, edited shapes, lights, backgrounds, one picture for several viewers."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QColor

from app.characters import save_character
from app.face_frame import FaceFrame
from app.own_characters import Shape, base_identity
from app.ui.stage.rig_picture import soften_edge
from app.ui.stage.rig_view import RigView
from app.ui.style.theme import DARK, LIGHT
from rig.looks import LOOKS

WAIT_MS = 60_000
MakeFace = Callable[..., FaceFrame]


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_DATA_HOME", "APPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))


@pytest.fixture
def view(qtbot: Any) -> Iterator[RigView]:
    made = RigView(DARK)
    qtbot.addWidget(made)
    made.resize(240, 260)
    made.show()
    made.build()
    qtbot.waitUntil(lambda: made.built or bool(made.problem), timeout=WAIT_MS)
    if made.problem:
        pytest.skip(f"no OpenGL here: {made.problem}")
    yield made
    made.close_scene()


def next_picture(view: RigView, qtbot: Any, change: Callable[[], object] = lambda: None) -> np.ndarray:
    """Make a change and wait for the next picture after it."""
    qtbot.waitUntil(lambda: view.renders > 0 and not view._rest.isActive(), timeout=WAIT_MS)
    before = view.renders
    change()
    view._ask()
    qtbot.waitUntil(lambda: view.renders > before and not view._rest.isActive(), timeout=WAIT_MS)
    picture = view.picture()
    assert picture is not None
    return picture.astype(int)


def differs(a: np.ndarray, b: np.ndarray) -> float:
    """Share of pixels that are clearly another colour."""
    return float((np.abs(a - b).max(2) > 24).mean()) if a.shape == b.shape else 1.0


def wider() -> Shape:
    identity = base_identity()
    identity[:6] = 1.0
    return Shape(identity, LOOKS["light"])


def test_shape_look_light_and_background_are_seen(view: RigView, qtbot: Any) -> None:
    view.set_follow(False)
    plain = next_picture(view, qtbot)
    assert differs(next_picture(view, qtbot), plain) == 0, "nothing changed"
    assert differs(next_picture(view, qtbot, lambda: view.set_shape(wider())), plain) > 0.02
    light_skin = next_picture(view, qtbot)
    dark = replace(LOOKS["dark"], iris=(0.7, 1.3, 1.9))
    view.set_shape(Shape(view.shape.identity, dark))
    middle = light_skin.shape[0] // 2, light_skin.shape[1] // 2
    qtbot.waitUntil(lambda: next_picture(view, qtbot)[middle].mean() < light_skin[middle].mean() - 30, timeout=WAIT_MS)
    assert differs(next_picture(view, qtbot, lambda: view.set_light("key-left")), next_picture(view, qtbot)) == 0
    lit = next_picture(view, qtbot)
    assert differs(next_picture(view, qtbot, lambda: view.set_light("flat")), lit) > 0.05
    green = next_picture(view, qtbot, lambda: view.set_background("#00b140"))
    np.testing.assert_array_equal(green[2, 2], (0, 0xB1, 0x40))
    clear = next_picture(view, qtbot, lambda: view.set_background("transparent"))
    assert clear.shape[2] == 4
    assert clear[2, 2, 3] == 0
    assert clear[middle][3] == 255
    themed = next_picture(view, qtbot, lambda: (view.set_background("theme"), view.set_theme(LIGHT)))
    assert tuple(themed[2, 2]) == QColor(LIGHT.stage).getRgb()[:3]


def test_the_base_face_follows_and_can_be_fixed(view: RigView, qtbot: Any, make_face: MakeFace) -> None:
    assert view.follows
    plain = next_picture(view, qtbot, lambda: view.show_face(make_face()))
    face = make_face(identity=wider().identity)
    followed = next_picture(view, qtbot, lambda: view.show_face(face))
    assert differs(followed, plain) > 0.02
    np.testing.assert_array_equal(view.identity, face.identity)
    fixed = next_picture(view, qtbot, lambda: view.set_follow(False))
    assert differs(fixed, plain) == 0


def test_own_characters_of_one_head_share_a_scene(view: RigView, qtbot: Any) -> None:
    base = next_picture(view, qtbot)
    scene = view.scene
    save_character("wide one", "base", wider())
    view.set_character("wide one")
    qtbot.waitUntil(lambda: view.shown == "wide one", timeout=WAIT_MS)
    assert view.scene is scene
    assert not view.follows
    assert differs(next_picture(view, qtbot), base) > 0.02
    view.set_character("hero")
    qtbot.waitUntil(lambda: view.shown == "hero", timeout=WAIT_MS)
    assert view.scene is not scene
    view.set_character("nobody")
    with qtbot.waitSignal(view.character_failed, timeout=WAIT_MS) as told:
        pass
    assert "nobody" in told.args[1]
    assert view.character == view.shown == "hero"


def test_edits_are_there_when_the_character_comes(view: RigView, qtbot: Any) -> None:
    view.edits = {"base": {"identity": {"face width": 0.9}, "look": {"brow_style": 5}, "follow": False}}
    view.set_character("hero")
    qtbot.waitUntil(lambda: view.shown == "hero", timeout=WAIT_MS)
    view.set_character("base")
    qtbot.waitUntil(lambda: view.shown == "base", timeout=WAIT_MS)
    assert view.shape is not None
    assert view.shape.look.brow_style == 5
    assert (view.shape.identity != 0.5).sum() == 1
    assert not view.follows


def test_viewers_get_a_picture_that_covers_them(view: RigView, qtbot: Any) -> None:
    own = next_picture(view, qtbot)
    assert own.shape[:2] == (260, 240)
    wide = next_picture(view, qtbot, lambda: view.set_outlet("stage", (640, 360)))
    assert wide.shape[:2] == (360, 640)
    view.hide()
    hidden = next_picture(view, qtbot, lambda: view.set_outlet("stage", (320, 180)))
    assert hidden.shape[:2] == (180, 320), "the stage goes on without the window"
    renders = view.renders
    view.set_outlet("stage", None)
    view._draw()
    assert view.renders == renders, "nobody looks"


def test_a_picture_is_posed_once_and_again_for_who_came_in_between(
    view: RigView, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    next_picture(view, qtbot)
    posed: list[Any] = []
    monkeypatch.setattr("app.ui.stage.rig_view.pose_scene", lambda scene, *_: posed.append(scene))
    renders = view.renders
    next_picture(view, qtbot, lambda: view.turn(10, 0))
    assert posed == [view.scene] * (view.renders - renders)
    posed.clear()
    view._pose_first()
    former, view._posed = view._posed, None  # as when another head has taken the stage since
    assert former is view.scene
    view._draw()
    assert posed == [view.scene] * 2


def test_drag_wheel_and_double_click(view: RigView, qtbot: Any) -> None:
    before = next_picture(view, qtbot)
    view.mirrored = False
    view.turn(50, 0)
    assert view.camera.yaw_deg == pytest.approx(-20)
    assert differs(next_picture(view, qtbot), before) > 0.05
    view.zoom_by(240)
    assert view.camera.zoom > 1.2
    assert differs(next_picture(view, qtbot, view.reset_view), before) == 0


def test_the_outline_is_softened_and_never_grows() -> None:
    picture = np.zeros((9, 9, 4), np.uint8)
    picture[2:7, 2:7] = 255
    before = picture[..., 3].copy()
    soften_edge(picture)
    assert (picture[..., 3] <= before).all()
    assert picture[4, 4, 3] == 255
    assert 0 < picture[2, 4, 3] < 255
    assert picture[0, 0, 3] == 0
