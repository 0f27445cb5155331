"""Sliders of identity and swatches of looks over an edit: made when they are needed, searched, locked, undone."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QSlider, QWidget

from app.character_edit import CharacterEdit
from app.own_characters import Shape, base_identity
from app.ui.character.identity_editor import IdentityEditor
from app.ui.character.look_editor import EYES, HAIRS, NONE, SKINS, LookEditor
from app.ui.style.theme import DARK, LIGHT
from rig.characters import load_character
from rig.identity import load_controls
from rig.looks import Look

INDEX = {control.name: k for k, control in enumerate(load_controls())}


@pytest.fixture
def editor(qtbot: Any) -> IdentityEditor:
    made = IdentityEditor(DARK)
    edit = CharacterEdit(Shape(base_identity(), Look()), changed=made.show_now)
    made.set_edit(edit)
    qtbot.addWidget(made)
    made.show()
    return made


def edit_of(editor: IdentityEditor) -> CharacterEdit:
    assert editor._edit is not None
    return editor._edit


def test_sliders_are_made_when_a_group_is_opened(editor: IdentityEditor) -> None:
    assert len(editor.findChildren(QSlider)) == 0
    group = editor.groups[0]
    group.head.click()
    assert len(editor.findChildren(QSlider)) == len(group.members) < 40
    group.head.click()
    assert not any(row.isVisible() for row in group.rows)
    assert sum(len(g.members) for g in editor.groups) == 208


def test_groups_are_written_as_they_are_called(editor: IdentityEditor) -> None:
    """In a button's text, a single & underlines the next letter and is not seen."""
    shown = {group.head.text().replace("&&", "and") for group in editor.groups}
    assert "Lips and corners" in shown
    assert not any("&" in text for text in shown)


def test_a_slider_moves_its_parameter_and_a_drag_is_one_step(editor: IdentityEditor) -> None:
    group = editor.groups[0]
    group.head.click()
    row = group.rows[0]
    for value in (10, 20, 50):
        row.slider.setValue(value)
    row.slider.sliderReleased.emit()
    assert edit_of(editor).shape.identity[row.k] == pytest.approx(0.75)
    assert row.amount.text().startswith("+")
    assert group.count.text() == "1 changed"
    edit_of(editor).undo()
    assert row.slider.value() == 0
    assert not edit_of(editor).can_undo


def test_search_finds_across_groups(editor: IdentityEditor) -> None:
    editor.search.setText("nose tip")
    names = [row.name.whole().lower() for row in editor.found_rows]
    assert names
    assert all("nose" in name or "tip" in name for name in names[:3])
    assert not any(group.isVisible() for group in editor.groups)
    editor.search.setText("zzz")
    assert editor.nothing.isVisible()
    assert not editor.found_rows
    editor.search.clear()
    assert not editor.nothing.isVisible()
    assert all(group.isVisible() for group in editor.groups)


def test_a_locked_slider_stays_under_random(editor: IdentityEditor) -> None:
    editor.search.setText("face width")
    row = next(r for r in editor.found_rows if r.k == INDEX["face width"])
    row.slider.setValue(60)
    row.lock.click()
    assert not row.slider.isEnabled()
    edit_of(editor).randomise(np.random.default_rng(0))
    assert row.slider.value() == 60
    row.lock.click()
    edit_of(editor).randomise(np.random.default_rng(0))
    assert row.slider.value() != 60


def test_double_click_and_group_reset(editor: IdentityEditor, qtbot: Any) -> None:
    group = editor.groups[0]
    group.head.click()
    for row in group.rows[:2]:
        row.slider.setValue(40)
    qtbot.mouseDClick(group.rows[0].slider, Qt.MouseButton.LeftButton)
    assert [row.slider.value() for row in group.rows[:2]] == [0, 40]
    group.reset.click()
    assert group.rows[1].slider.value() == 0
    assert not group.reset.isVisible()


def test_the_wheel_scrolls_the_panel_and_moves_no_slider(editor: IdentityEditor) -> None:
    editor.groups[0].head.click()
    slider = editor.groups[0].rows[0].slider
    none = Qt.KeyboardModifier.NoModifier
    wheel = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(0, 0),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        none,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    slider.clearFocus()
    slider.wheelEvent(wheel)
    assert slider.value() == 0
    assert not wheel.isAccepted()


def test_every_control_has_a_name_for_screen_readers(editor: IdentityEditor) -> None:
    group = editor.groups[0]
    group.head.click()
    for row in group.rows:
        assert row.slider.accessibleName()
        assert row.lock.accessibleName().startswith("Lock ")
        assert row.name.buddy() is row.slider


@pytest.fixture
def looks(qtbot: Any) -> LookEditor:
    made = LookEditor(DARK)
    made.set_edit(CharacterEdit(Shape(base_identity(), Look()), changed=made.show_now))
    qtbot.addWidget(made)
    made.show()
    return made


def test_swatches_change_the_look(looks: LookEditor) -> None:
    edit = looks._edit
    assert edit is not None
    looks.skin.buttons["Deep"].click()
    looks.eyes.buttons["Blue"].click()
    looks.hair.buttons["White"].click()
    look = edit.shape.look
    assert (look.skin, look.iris, look.hair_colour) == (SKINS["Deep"], EYES["Blue"], HAIRS["White"])
    assert look.brow_colour != Look().brow_colour, "brows go with the hair"
    looks.hair.buttons[NONE].click()
    assert edit.shape.look.hair == "none"
    edit.undo()
    assert edit.shape.look.hair == "crop"
    assert looks.hair.buttons["White"].isChecked()
    assert not looks.hair.buttons[NONE].isChecked()


def test_a_colour_between_the_swatches_ticks_none(looks: LookEditor) -> None:
    edit = looks._edit
    assert edit is not None
    edit.set_look(skin=(0.91, 0.5, 0.7))
    assert not any(button.isChecked() for button in looks.skin.buttons.values())


def test_brow_styles_are_chosen_from_pictures(looks: LookEditor) -> None:
    edit = looks._edit
    assert edit is not None
    looks.brows.click()
    brows = looks._list
    assert brows is not None
    assert brows.count() == 36
    assert brows.currentRow() == 0
    brows.itemActivated.emit(brows.item(7))
    assert edit.shape.look.brow_style == 7
    assert not brows.isVisible()
    looks.set_theme(LIGHT)
    assert looks._list is None, "its pictures had the other theme's colours"
    looks.brows.click()
    assert looks._list is not None
    assert looks._list.currentRow() == 7


def test_a_character_with_its_own_hair_grows_no_crop(looks: LookEditor) -> None:
    own = Look(hair="none", hair_colour=HAIRS["Brown"])
    edit = CharacterEdit(Shape(base_identity(), own), changed=looks.show_now)
    looks.set_edit(edit)
    looks.hair.buttons["Blond"].click()
    assert edit.shape.look == replace(own, hair_colour=HAIRS["Blond"], brow_colour=edit.shape.look.brow_colour)
    assert looks.hair.buttons["Blond"].isChecked()
    assert "none that could be taken off" in looks.hair.buttons[NONE].toolTip()


def test_swatches_are_what_comes_out_on_the_characters_own_paint(looks: LookEditor) -> None:
    base = looks.skin.buttons["Light"].colour
    assert base is not None
    assert base[0] > base[1] > base[2], "skin"
    goblin = load_character("goblin").look
    looks.set_edit(CharacterEdit(Shape(base_identity(), goblin)))
    green = looks.skin.buttons["Light"].colour
    assert green is not None
    assert green[1] > green[0] > green[2]
    assert looks.skin.buttons["Light"].toolTip() == "Shade 2", "no words for people's skin"
    looks.set_edit(CharacterEdit(Shape(base_identity(), Look())))
    assert looks.skin.buttons["Light"].colour == base
    assert looks.skin.buttons["Light"].accessibleName() == "Skin: Light"


def tab_stops(root: QWidget, after: QWidget) -> list[QWidget]:
    """What Tab comes to behind a widget, in order."""
    stops = []
    widget = after.nextInFocusChain()
    while widget is not after:
        if widget.isVisibleTo(root) and widget.isEnabled() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            stops.append(widget)
        widget = widget.nextInFocusChain()
    return stops


def test_tab_goes_through_an_opened_group_before_the_next_one(editor: IdentityEditor) -> None:
    first, second = editor.groups[:2]
    first.head.click()
    wanted = [part for row in first.rows for part in (row.slider, row.lock)]
    assert tab_stops(editor, first.head)[: len(wanted) + 1] == [*wanted, second.head]


def test_tab_goes_from_the_search_to_what_was_found(editor: IdentityEditor) -> None:
    editor.search.setText("nose tip")
    wanted = [part for row in editor.found_rows for part in (row.slider, row.lock)]
    assert len(wanted) > 2
    assert tab_stops(editor, editor.search)[: len(wanted)] == wanted


def test_delete_resets_a_slider(editor: IdentityEditor, qtbot: Any) -> None:
    editor.groups[0].head.click()
    row = editor.groups[0].rows[0]
    row.slider.setValue(40)
    assert edit_of(editor).shape.identity[row.k] != pytest.approx(0.5)
    qtbot.keyClick(row.slider, Qt.Key.Key_Delete)
    assert row.slider.value() == 0
    assert edit_of(editor).shape.identity[row.k] == pytest.approx(0.5)


def test_arrow_keys_choose_swatches(looks: LookEditor, qtbot: Any) -> None:
    names = list(looks.skin.buttons)
    looks.skin.buttons[names[1]].click()
    assert tab_stops(looks, looks.skin)[0] is looks.skin.buttons[names[1]]  # Tab comes to the one that is chosen
    qtbot.keyClick(looks.skin.buttons[names[1]], Qt.Key.Key_Right)
    assert looks.skin.buttons[names[2]].isChecked()
    qtbot.keyClick(looks.skin.buttons[names[2]], Qt.Key.Key_Left)
    qtbot.keyClick(looks.skin.buttons[names[1]], Qt.Key.Key_Left)
    qtbot.keyClick(looks.skin.buttons[names[0]], Qt.Key.Key_Left)
    assert looks.skin.buttons[names[0]].isChecked()
    qtbot.keyClick(looks.skin.buttons[names[0]], Qt.Key.Key_End)
    assert looks.skin.buttons[names[-1]].isChecked()
    qtbot.keyClick(looks.skin.buttons[names[-1]], Qt.Key.Key_Home)
    assert looks.skin.buttons[names[0]].isChecked()


def test_the_list_of_brows_opens_at_the_whole_row_of_the_chosen(looks: LookEditor, qtbot: Any) -> None:
    looks.brows.click()
    brows = looks._list
    assert brows is not None
    qtbot.waitUntil(brows.isVisible)
    qtbot.waitUntil(lambda: brows.viewport().rect().contains(brows.visualItemRect(brows.currentItem())))
    brows.close()


def test_tab_comes_to_hair_where_no_hair_cannot_be_chosen(looks: LookEditor) -> None:
    """Locks that are geometry, of a colour that no swatch has."""
    bald = Look(hair="none", hair_colour=(1, 2, 3))
    looks.set_edit(CharacterEdit(Shape(base_identity(), bald), changed=looks.show_now))
    assert not looks.hair.buttons[NONE].isEnabled()
    stop = next(w for w in tab_stops(looks, looks.eyes) if w in looks.hair.buttons.values())
    assert stop.isEnabled()
