"""Every slider of the character panel by mouse, wheel and keys: each movement counts, is kept, and can be undone."""

from collections.abc import Callable
from itertools import pairwise, product
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QStyle

from app.character_edit import CharacterEdit
from app.own_characters import Shape, base_identity
from app.ui.character.character_panel import CharacterPanel
from app.ui.character.face_page import EDITS_KEY, FacePage
from app.ui.character.slider import PAGE, Slider
from app.ui.window import MainWindow
from rig.identity import load_controls
from rig.looks import LOOKS

KINDS = ("age", "identity", "strength")
LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def face(make_window: Callable[..., MainWindow], qtbot: Any) -> FacePage:
    window = make_window()
    panel = window.panels["character"]
    assert isinstance(panel, CharacterPanel)
    window.docks.show("character")
    panel.show_page("face")
    window.rig.follows = False
    page = panel.face
    page.edit = CharacterEdit(Shape(base_identity(), LOOKS["light"]), changed=page._changed)
    page._spec = "base"
    page.look.set_edit(page.edit)
    page.identity.set_edit(page.edit)
    page._show_now()
    page.identity.groups[0].head.click()
    qtbot.waitUntil(lambda: page.identity.groups[0].rows[0].slider.width() > 60)
    return page


def slider_of(face: FacePage, kind: str) -> Slider:
    return {
        "age": face.look.age,
        "identity": face.identity.groups[0].rows[0].slider,
        "strength": face.strength,
    }[kind]


def kept(face: FacePage, kind: str) -> float:
    """The slider's value as it is on the disk."""
    face.keep_edits()
    edits = face._shell.preferences.value(EDITS_KEY, {}).get("base", {})
    if kind == "age":
        return 100 * edits.get("look", {}).get("age", 0.0)
    if kind == "strength":
        return 100 * face._shell.preferences.value("character/strength", 1.0)
    name = load_controls()[face.identity.groups[0].rows[0].k].name
    return 200 * edits.get("identity", {}).get(name, 0.5) - 100


def handle(slider: Slider) -> QPoint:
    return slider._part(QStyle.SubControl.SC_SliderHandle).center()


def at(slider: Slider, value: int) -> QPoint:
    """Where the handle's middle is for a value."""
    span = slider.width() - slider._part(QStyle.SubControl.SC_SliderHandle).width()
    share = (value - slider.minimum()) / (slider.maximum() - slider.minimum())
    return QPoint(round(share * span) + (slider.width() - span) // 2, slider.height() // 2)


def turn_wheel(slider: Slider) -> bool:
    """One notch up over the slider; whether it took it."""
    middle = QPointF(slider.rect().center())
    event = QWheelEvent(
        middle, QPointF(slider.mapToGlobal(middle)), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, NONE,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    slider.wheelEvent(event)
    return event.isAccepted()


def test_a_click_in_the_groove_goes_there_and_is_kept(face: FacePage, qtbot: Any) -> None:
    for kind, end in product(KINDS, (0.8, 0.3)):
        slider = slider_of(face, kind)
        wish = round(slider.minimum() + end * (slider.maximum() - slider.minimum()))
        qtbot.mouseClick(slider, LEFT, pos=at(slider, wish))
        assert slider.value() == pytest.approx(wish, abs=3)
        assert kept(face, kind) == pytest.approx(slider.value(), abs=0.01)


def test_a_drag_counts_from_handle_and_groove(face: FacePage, qtbot: Any) -> None:
    for kind, beside in product(KINDS, (False, True)):
        slider = slider_of(face, kind)
        start = at(slider, slider.minimum() + 30) if beside else handle(slider)
        qtbot.mousePress(slider, LEFT, pos=start)
        for value in (slider.maximum() - 50, slider.maximum() - 20):
            qtbot.mouseMove(slider, at(slider, value))
        assert slider.value() == pytest.approx(slider.maximum() - 20, abs=3)
        qtbot.mouseRelease(slider, LEFT, pos=at(slider, slider.maximum() - 20))
        assert slider.value() == pytest.approx(slider.maximum() - 20, abs=3)
        assert kept(face, kind) == pytest.approx(slider.value(), abs=0.01)


def test_keys_count(face: FacePage, qtbot: Any) -> None:
    for kind in KINDS:
        slider = slider_of(face, kind)
        slider.setValue((slider.minimum() + slider.maximum()) // 2)
        slider.setFocus()
        for key, step in (
            *((Qt.Key.Key_Right, 1), (Qt.Key.Key_Up, 1), (Qt.Key.Key_Left, -1), (Qt.Key.Key_Down, -1)),
            *((Qt.Key.Key_PageUp, PAGE), (Qt.Key.Key_PageDown, -PAGE)),
        ):
            before = slider.value()
            qtbot.keyClick(slider, key)
            assert slider.value() == before + step
            assert kept(face, kind) == pytest.approx(slider.value(), abs=0.01)
        for key, end in ((Qt.Key.Key_End, slider.maximum()), (Qt.Key.Key_Home, slider.minimum())):
            qtbot.keyClick(slider, key)
            assert slider.value() == end
            assert kept(face, kind) == pytest.approx(end, abs=0.01)


def test_the_wheel_counts_where_the_slider_has_the_keyboard(face: FacePage) -> None:
    for kind in KINDS:
        slider = slider_of(face, kind)
        slider.clearFocus()
        before = slider.value()
        assert not turn_wheel(slider), "it scrolls the panel"
        assert slider.value() == before
        slider.setFocus()
        QApplication.processEvents()
        assert turn_wheel(slider)
        assert slider.value() > before
        assert kept(face, kind) == pytest.approx(slider.value(), abs=0.01)


def test_double_click_and_delete_reset(face: FacePage, qtbot: Any) -> None:
    for kind, start in (("age", 0), ("identity", 0), ("strength", 100)):
        slider = slider_of(face, kind)
        slider.setValue(60)
        qtbot.mouseDClick(slider, LEFT, pos=handle(slider))
        assert slider.value() == start
        slider.setValue(60)
        qtbot.keyClick(slider, Qt.Key.Key_Delete)
        assert slider.value() == start
        assert kept(face, kind) == pytest.approx(start, abs=0.01)


@pytest.mark.parametrize("kind", ["age", "identity"])
def test_each_movement_is_one_step_of_undo(face: FacePage, kind: str, qtbot: Any) -> None:
    slider = slider_of(face, kind)
    values = [slider.value()]
    for wish in (80, 20):
        qtbot.mouseClick(slider, LEFT, pos=at(slider, wish))
        values.append(slider.value())
    qtbot.mousePress(slider, LEFT, pos=handle(slider))
    for wish in (40, 60):
        qtbot.mouseMove(slider, at(slider, wish))
    qtbot.mouseRelease(slider, LEFT, pos=at(slider, 60))
    values.append(slider.value())
    for keys in ((Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_PageDown), (Qt.Key.Key_Home,)):
        slider._rest.setInterval(60_000)
        for key in keys:
            qtbot.keyClick(slider, key)
        slider._rest.start(0)
        qtbot.waitUntil(lambda: not slider._rest.isActive())
        values.append(slider.value())
    assert all(a != b for a, b in pairwise(values))
    edit = face.edit
    assert edit is not None
    while edit.can_undo:
        assert slider.value() == values.pop()
        qtbot.mouseClick(face.undo, LEFT)  # its key is the window's: see test_characters.py
    assert [slider.value()] == values
    while edit.can_redo:
        edit.redo()
    assert slider.value() == slider.minimum()
    assert kept(face, kind) == pytest.approx(slider.minimum(), abs=0.01)


def test_resting_keys_of_one_slider_do_not_cut_the_drag_of_another(face: FacePage, qtbot: Any) -> None:
    first, second = slider_of(face, "age"), slider_of(face, "identity")
    first.setFocus()
    qtbot.keyClick(first, Qt.Key.Key_PageUp)
    assert first._rest.isActive()
    second.setFocus()
    assert not first._rest.isActive()
