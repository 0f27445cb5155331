"""The character panel in the window: characters shown, imported, edited, saved, made, exported, and shown elsewhere."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QAbstractButton, QComboBox, QInputDialog, QLineEdit, QMenu, QScrollArea, QSlider

from app import cli
from app.capture import DEMO_CLIP
from app.character_edit import CharacterEdit
from app.characters import list_characters, open_character, save_character
from app.own_characters import OwnCharacter, Shape, base_identity
from app.ui.character.character_panel import CharacterPanel
from app.ui.character.look_editor import SKINS
from app.ui.character.thumbnails import Thumbnails
from app.ui.stage.virtual_camera import SIZE
from app.ui.style import asking
from app.ui.window import MainWindow
from rig.brows import brow_titles
from rig.looks import LOOKS

WAIT_MS = 60_000
CTRL = Qt.KeyboardModifier.ControlModifier
MakeWindow = Callable[..., MainWindow]


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "APPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    # Pictures of characters are drawn by processes of their own, which no test but theirs waits for.
    monkeypatch.setattr(Thumbnails, "_draw_next", lambda self: None)


def panel_of(window: MainWindow) -> CharacterPanel:
    panel = window.panels["character"]
    assert isinstance(panel, CharacterPanel)
    window.docks.show("character")
    return panel


def shown(window: MainWindow, qtbot: Any, spec: str) -> np.ndarray:
    """Wait until a picture of this character was drawn."""
    qtbot.waitUntil(lambda: window.rig.built or bool(window.rig.problem), timeout=WAIT_MS)
    if window.rig.problem:
        pytest.skip(f"no OpenGL here: {window.rig.problem}")
    qtbot.waitUntil(lambda: window.rig.shown == spec, timeout=WAIT_MS)
    grid = panel_of(window).characters.grid
    qtbot.waitUntil(lambda: grid.current_name == spec, timeout=WAIT_MS)  # panels are told a little later
    before = window.rig.renders
    window.rig.reset_view()
    qtbot.waitUntil(lambda: window.rig.renders > before, timeout=WAIT_MS)
    picture = window.rig.picture()
    assert picture is not None
    return picture.astype(int)


def drop(window: MainWindow, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, left, none))


def test_characters_change_are_imported_and_kept(make_window: MakeWindow, qtbot: Any, tmp_path: Path) -> None:
    window = make_window(rig=True)
    panel, grid = panel_of(window), panel_of(window).characters.grid
    base = shown(window, qtbot, "base")
    assert [e.name for e in grid.entries()] == ["base", "hero", "elder", "goblin"]
    assert all(grid.picture(entry) is not None for entry in grid.entries()), "built-in pictures come with Mien"
    qtbot.waitUntil(lambda: grid.current_name == "base")
    grid.itemActivated.emit(grid.item(3))
    panel.tick(window.session.snapshot())
    assert panel.characters.hint.text() == "Loading Goblin …"
    goblin = shown(window, qtbot, "goblin")
    panel.tick(window.session.snapshot())
    assert "Drop" in panel.characters.hint.text()
    if goblin.shape == base.shape:
        assert (np.abs(goblin - base).max(2) > 30).mean() > 0.05
    assert window.preferences.value("character/name", "") == "goblin"
    assert not panel.characters.remove_button.isEnabled(), "a built-in one stays"

    path = tmp_path / "other.glb"
    assert cli.main(["character", "export", "base", "--out", str(path), "--detail", "game"]) == 0
    drop(window, path)
    shown(window, qtbot, "other")
    assert not window.session.running, "a character is no source"
    assert not window.rig.takes_shape
    assert panel.face.edit is None
    assert panel.face.note.text().startswith("An imported character")
    entry = next(e for e in grid.entries() if e.name == "other")
    panel.characters.remove(entry)
    shown(window, qtbot, "base")
    assert entry.path is not None
    assert not entry.path.exists()

    bad = tmp_path / "bad.vrm"
    bad.write_bytes(b"not at all")
    drop(window, bad)
    qtbot.waitUntil(lambda: "bad.vrm" in window.messages.text, timeout=WAIT_MS)
    assert window.rig.shown == window.rig.character == "base", "the one before stays"
    assert "bad" not in [e.name for e in list_characters()]


def test_a_character_that_has_gone_falls_back_to_the_base(make_window: MakeWindow, qtbot: Any) -> None:
    window = make_window(rig=True, character="somebody long deleted")
    shown(window, qtbot, "base")
    assert "somebody long deleted" in window.messages.text


def test_a_face_is_shaped_kept_saved_and_exported(
    make_window: MakeWindow, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = make_window(rig=True)
    panel = panel_of(window)
    shown(window, qtbot, "base")
    qtbot.waitUntil(lambda: panel.face.edit is not None, timeout=WAIT_MS)
    panel.show_page("face")
    assert window.rig.follows
    assert not panel.face.sliders.isVisible()
    panel.face.source.button("fixed").click()
    assert not window.rig.follows
    assert panel.face.sliders.isVisible()
    panel.face.random.click()
    panel.face.look.skin.buttons["Deep"].click()
    edit = panel.face.edit
    assert edit is not None
    assert window.rig.shape is edit.shape
    assert edit.changed_parameters()
    panel.face.keep_edits()
    kept = window.preferences.value("character/edits", {})
    assert kept["base"]["follow"] is False
    assert kept["base"]["look"]["skin"] == list(SKINS["Deep"])

    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("my face", True))
    identity = edit.shape.identity
    panel.face.save.click()
    shown(window, qtbot, "my face")
    assert window.messages.text.endswith("my face")  # as it was typed
    made = open_character("my face")
    assert isinstance(made, OwnCharacter)
    np.testing.assert_allclose(made.identity, identity, atol=1e-4)
    assert made.look.skin == SKINS["Deep"]
    assert "base" not in window.preferences.value("character/edits", {"base": 1})
    assert panel.characters.grid.current_name == "my face"

    target = tmp_path / "mine.glb"
    panel.characters.export_file(target)
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=WAIT_MS)
    assert target.stat().st_size > 1_000_000
    assert [p.name for p in tmp_path.glob("*.glb")] == ["mine.glb"], "no half of it is left"
    assert "mine.glb" in window.messages.text


def test_changes_are_undone_and_redone_by_key_wherever_the_keyboard_is(make_window: MakeWindow, qtbot: Any) -> None:
    window = make_window(rig=True)
    panel = panel_of(window)
    shown(window, qtbot, "base")
    qtbot.waitUntil(lambda: panel.face.edit is not None, timeout=WAIT_MS)
    panel.show_page("face")
    face, actions = panel.face, window.menus.actions
    assert face.undo.isVisible()  # while the shape follows: colours can be changed
    assert not actions["Undo"].isEnabled()
    before = face.edit.shape.look.skin if face.edit is not None else ()
    face.look.skin.buttons["Deep"].click()
    qtbot.waitUntil(actions["Undo"].isEnabled, timeout=WAIT_MS)

    def skin() -> tuple[float, ...]:
        assert face.edit is not None
        return tuple(face.edit.shape.look.skin)

    again = CTRL | Qt.KeyboardModifier.ShiftModifier
    for place in (window.rig, panel.pages.button("face"), window.toolbar.source):
        place.setFocus()
        qtbot.waitUntil(place.hasFocus, timeout=WAIT_MS)
        qtbot.keyClick(place, Qt.Key.Key_Z, CTRL)
        assert skin() == tuple(before)
        qtbot.keyClick(place, Qt.Key.Key_Z, again)
        assert skin() == SKINS["Deep"]
        assert place.hasFocus()

    face.undo.setFocus()  # where there is nothing left to undo, the way back is under the same key
    for button in (face.undo, face.redo, face.undo):
        assert button.hasFocus()
        qtbot.keyClick(button, Qt.Key.Key_Space)
    assert face.redo.hasFocus()


def test_own_characters_are_told_apart_by_their_names(make_window: MakeWindow) -> None:
    for name in ("mine", "me-you 2"):
        save_character(name, "base", Shape(base_identity(), LOOKS["tan"]))
    window = make_window()
    panel = panel_of(window)
    panel.characters.refresh()
    menu = window.menus.actions["Characters"].menu()
    assert isinstance(menu, QMenu)
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions()][-2:] == ["me-you 2", "mine"]
    window.rig.set_character("mine")
    panel.tick(window.session.snapshot())
    assert panel.characters.hint.text() == "Loading mine …"


def test_a_cancelled_export_leaves_nothing(make_window: MakeWindow, qtbot: Any, tmp_path: Path) -> None:
    window = make_window(rig=True)
    panel = panel_of(window)
    shown(window, qtbot, "base")
    panel.characters.export_file(tmp_path / "never.glb")
    window.jobs.running[0].cancel()
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=WAIT_MS)
    assert not list(tmp_path.glob("*.glb"))


def test_own_characters_are_removed_after_a_question(
    make_window: MakeWindow, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = save_character("mine", "base", Shape(base_identity(), LOOKS["tan"]))
    window = make_window()
    panel = panel_of(window)
    grid = panel.characters.grid
    grid.setCurrentRow(4)
    answers = [False, True]
    monkeypatch.setattr(asking, "sure", lambda *_: answers.pop(0))
    panel.characters.remove_button.click()
    assert entry in grid.entries()
    panel.characters.remove_button.click()
    assert entry not in grid.entries()
    assert not answers


def test_make_me_collects_from_what_runs_and_shows_the_result(
    make_window: MakeWindow, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = make_window()
    panel = panel_of(window)
    panel.open_make_me()
    dialog = panel._dialog
    assert dialog is not None
    assert "Nothing runs" in dialog.hint.text()
    assert not dialog.make.isEnabled()
    window.start("demo")
    qtbot.waitUntil(lambda: window.session.newest() is not None, timeout=WAIT_MS)
    asked: list[Any] = []
    monkeypatch.setattr(panel, "_saved", asked.append)
    dialog.take_files([str(DEMO_CLIP)])
    qtbot.waitUntil(lambda: panel._dialog is None, timeout=WAIT_MS)
    assert [job.title for job in window.jobs.running] == ["Making Demo"]
    qtbot.waitUntil(lambda: bool(asked), timeout=WAIT_MS)
    assert asked == ["Demo"]
    assert isinstance(open_character("Demo"), OwnCharacter)
    assert panel.pages.value == "face"


def test_the_virtual_camera_gets_the_views_picture(make_window: MakeWindow, qtbot: Any) -> None:
    got, frames = threading.Event(), []

    class Device:
        device = "Fake Camera"

        def send(self, frame: np.ndarray) -> None:
            frames.append(frame)
            got.set()

        def close(self) -> None:
            pass

    window = make_window()
    panel = panel_of(window)
    panel.camera._open_device = lambda *_: Device()
    window.rig._pixels = np.full((90, 160, 3), 77, np.uint8)
    panel.show_page("stage")
    panel.stage_page.camera.click()
    assert window.rig._outlets["camera"] == SIZE
    qtbot.waitUntil(got.is_set, timeout=WAIT_MS)
    assert frames[0].shape == (720, 1280, 3)
    assert frames[0].min() == 77
    qtbot.waitUntil(lambda: "Fake Camera: 1 picture" in panel.stage_page.camera_state.text(), timeout=WAIT_MS)
    panel.stage_page.camera.click()
    assert "camera" not in window.rig._outlets
    assert not panel.camera.on
    assert panel.stage_page.camera_state.text() == "Off"


def test_without_a_virtual_camera_it_says_what_to_do(make_window: MakeWindow, qtbot: Any) -> None:
    from app.errors import UserError

    def none(*_: Any) -> Any:
        raise UserError("there is no virtual camera: install one")

    window = make_window()
    panel = panel_of(window)
    panel.camera._open_device = none
    panel.set_camera(True)
    qtbot.waitUntil(lambda: "install one" in window.messages.text, timeout=WAIT_MS)
    assert not panel.stage_page.camera.isChecked()
    assert "camera" not in window.rig._outlets


def test_f2_opens_the_stage(make_window: MakeWindow, qtbot: Any) -> None:
    window = make_window()
    panel = panel_of(window)
    qtbot.keyClick(window, Qt.Key.Key_F2)
    qtbot.waitUntil(panel.stage.isVisible, timeout=WAIT_MS)
    assert panel.stage_page.open_stage.isChecked()
    window.close()
    assert not panel.stage.isVisible(), "it goes with the window"


def test_every_control_has_a_name_and_a_page_fits_its_dock(make_window: MakeWindow) -> None:
    window = make_window()
    panel = panel_of(window)
    panel.face.edit = CharacterEdit(Shape(base_identity(), LOOKS["light"]))
    panel.face.look.set_edit(panel.face.edit)
    panel.face.identity.set_edit(panel.face.edit)
    panel.face.edit.set_look(brow_style=max(range(36), key=lambda k: len(brow_titles()[k])))
    panel.face._show_now()
    panel.face.identity.groups[0].head.click()
    for name in ("who", "face", "stage"):
        panel.show_page(name)
    for area in panel.findChildren(QScrollArea):
        assert area.widget().minimumSizeHint().width() <= 280 - 10, "nothing is cut off beside the scroll bar"
    for kind in (QAbstractButton, QSlider, QComboBox, QLineEdit):
        for control in panel.findChildren(kind):
            if control.objectName() == "qt_spinbox_lineedit" or control.parent().inherits("QLineEdit"):
                continue
            said = control.accessibleName() or getattr(control, "text", lambda: "")()
            assert said.strip(), control
    assert panel.minimumSizeHint().width() <= 280


def test_pictures_of_characters_are_drawn_once(qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    for name in ("XDG_DATA_HOME", "APPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    entry = save_character("mine", "base", Shape(base_identity(), LOOKS["tan"]))
    thumbnails = Thumbnails(tmp_path / "pictures")
    assert thumbnails.pixmap(list_characters()[0]) is not None
    assert thumbnails.pixmap(entry) is None
    with qtbot.waitSignal(thumbnails.made, timeout=WAIT_MS) as told:
        pass
    assert told.args == ["mine"]
    drawn = thumbnails.pixmap(entry)
    assert drawn is not None
    assert drawn.hasAlphaChannel()
    assert len(list((tmp_path / "pictures").iterdir())) == 1
    assert entry.path is not None
    entry.path.write_text(json.dumps({**json.loads(entry.path.read_text()), "note": "changed"}))
    assert thumbnails.path(entry).name not in [p.name for p in (tmp_path / "pictures").iterdir()]
    thumbnails.close()
