"""Every control of the look editor does something that can be seen, without a graphics card too; or is grey."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider

from app.character_edit import CharacterEdit
from app.own_characters import shape_of
from app.ui.character.character_panel import CharacterPanel
from app.ui.character.look_editor import EYES, HAIRS, SKINS, LookEditor
from app.ui.style.theme import DARK
from app.ui.window import MainWindow
from rig.characters import load_character
from rig.scene import FaceScene

SIZE_PX = 240
WAIT_MS = 60_000
SEEN = 6
"""Of 255: a pixel that changes by more is seen to."""


class Mirror:
    """A look editor and the picture, by software OpenGL's means, of what it edits."""

    def __init__(self, name: str, qtbot: Any) -> None:
        character = load_character(name)
        self.scene = FaceScene(SIZE_PX, SIZE_PX, character.look, character.face, samples=0, quality="light")
        self.scene.set_framing("face")
        self.edit = CharacterEdit(shape_of(character), changed=self._show)
        self.editor = LookEditor(DARK)
        self.editor.set_edit(self.edit)
        qtbot.addWidget(self.editor)
        self.editor.resize(280, 200)
        self.editor.show()
        self._last = self.scene.render().astype(int)

    def _show(self) -> None:
        self.editor.show_now()
        self.scene.set_look(self.edit.shape.look)

    def changed(self) -> int:
        """How many pixels are seen to differ from those at the last call."""
        now = self.scene.render().astype(int)
        off, self._last = np.abs(now - self._last).max(-1), now
        return int((off > SEEN).sum())


@pytest.fixture(params=["base", "goblin"])
def mirror(request: pytest.FixtureRequest, qtbot: Any) -> Iterator[Mirror]:
    made = Mirror(request.param, qtbot)
    yield made
    made.scene.close()


def test_every_control_changes_the_picture_or_is_grey_and_says_why(mirror: Mirror, qtbot: Any) -> None:
    editor = mirror.editor
    sliders, buttons = editor.findChildren(QAbstractSlider), editor.findChildren(QAbstractButton)
    assert len(buttons) == len(SKINS) + len(EYES) + len(HAIRS) + 2, "no hair, and the brows"
    assert sliders == [editor.age]
    for button in buttons:
        if not button.isEnabled():
            assert button.accessibleDescription() == button.toolTip() != "", button.accessibleName()
        elif button is editor.brows:
            button.click()
            styles = editor._list
            assert styles is not None
            styles.itemActivated.emit(styles.item(20))
            assert mirror.changed() > 100
        elif not button.isChecked():
            button.click()
            assert mirror.changed() > 50, button.accessibleName()
    for key in (Qt.Key.Key_Home, Qt.Key.Key_End):
        qtbot.keyClick(editor.age, key)
        seen = mirror.changed()
    assert seen > 400, "lines of age"


def test_a_click_on_the_lines_slider_is_seen_in_the_window(make_window: Callable[..., MainWindow], qtbot: Any) -> None:
    window = make_window(rig=True)
    panel = window.panels["character"]
    assert isinstance(panel, CharacterPanel)
    window.docks.show("character")
    panel.show_page("face")
    qtbot.waitUntil(lambda: window.rig.built or bool(window.rig.problem), timeout=WAIT_MS)
    if window.rig.problem:
        pytest.skip(f"no OpenGL here: {window.rig.problem}")
    qtbot.waitUntil(lambda: panel.face.edit is not None, timeout=WAIT_MS)
    scene, age = window.rig.scene, panel.face.look.age
    assert isinstance(scene, FaceScene)
    first = scene.render()
    height, width = first.shape[:2]
    middle = (slice(height // 4, -height // 4), slice(width // 3, -width // 3))
    young = first[middle].astype(int)
    qtbot.mouseClick(age, Qt.MouseButton.LeftButton, pos=QPoint(age.width() * 9 // 10, age.height() // 2))
    look = panel.face.edit.shape.look  # type: ignore[union-attr]
    assert look.age > 0.8

    def seen() -> bool:
        scene.resize(width, height)  # the window may draw smaller ones meanwhile
        return int((np.abs(scene.render()[middle] - young).max(-1) > SEEN).sum()) > 300

    qtbot.waitUntil(lambda: look in scene._textures, timeout=WAIT_MS)
    qtbot.waitUntil(seen, timeout=WAIT_MS)
