"""The face of who is shown: where it comes from, its colours, and the sliders of its identity."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.character_edit import CharacterEdit
from app.characters import free_name, list_characters, save_character
from app.errors import UserError
from app.own_characters import OwnCharacter, Shape, edits_to_json
from app.ui.character.identity_editor import IdentityEditor
from app.ui.character.look_editor import LookEditor
from app.ui.character.slider import RESETS, Slider
from app.ui.menus import native
from app.ui.panel import Shell
from app.ui.stage.rig_loader import BASE
from app.ui.style import asking
from app.ui.style.icons import icon_size
from app.ui.style.menu import Menu
from app.ui.style.panel_scroll import PanelScroll
from app.ui.style.scale import px
from app.ui.style.segments import Segments
from app.ui.style.theme import GAP, MARGIN, Theme, icon, set_role
from rig.characters import Character

KEEP_MS: Final = 600
"""Edits are kept once the slider has rested."""
SOURCES: Final = {"follow": "Follow my face", "fixed": "Fixed"}
SOURCE_TIPS: Final = {
    "follow": "The character takes on the shape of your face while it is tracked",
    "fixed": "The character keeps the shape that the sliders give it",
}
FOLLOWING: Final = (
    "The character takes on the shape of your own face while you are tracked. Choose Fixed to shape it by hand, "
    "starting from how it looks now."
)
IMPORTED: Final = "An imported character is as its file has it: its shape and colours cannot be changed here."
EDITS_KEY: Final = "character/edits"
UNDO_KEY: Final = "Ctrl+Z"
REDO_KEY: Final = "Ctrl+Shift+Z"


class FacePage(QWidget):
    """Holds the :class:`CharacterEdit` of who is on the stage, and hands its shape to the 3D view."""

    def __init__(self, shell: Shell, saved: Callable[[str], None]) -> None:
        """``saved`` is told the name under which a character was saved."""
        super().__init__()
        self._shell, self._saved = shell, saved
        self.edit: CharacterEdit | None = None
        self._spec = ""
        self._edits: dict[str, Any] = dict(shell.preferences.value(EDITS_KEY, {}))
        shell.rig.edits = self._edits
        self._keep = QTimer(self, singleShot=True, interval=KEEP_MS)
        self._keep.timeout.connect(self.keep_edits)
        self._rng = np.random.default_rng()
        self.source = Segments(SOURCES, "Shape of the face", SOURCE_TIPS)
        self.note = QLabel()
        self.note.setWordWrap(True)
        set_role(self.note, "muted")
        self.look = LookEditor(shell.theme)
        self.identity = IdentityEditor(shell.theme)
        self.random = QPushButton("&Random")
        self.random.setToolTip("Another believable person; locked sliders stay")
        self.strength = Slider()
        self.strength.setRange(10, 150)
        self.strength.setValue(round(100 * shell.preferences.value("character/strength", 1.0)))
        self.strength.setMinimumWidth(48)
        self.strength.setAccessibleName("How far random people differ")
        self.undo = self._tool(f"Undo ({native(UNDO_KEY)})", self.undo_edit)
        self.redo = self._tool(f"Redo ({native(REDO_KEY)})", self.redo_edit)
        self.more = self._tool("Mirror, even out, reset, locks", None)
        self.save = QPushButton("Save as …")
        self.save.setToolTip("Keep this face among your characters")
        self.sliders = QWidget()
        self._lay_out()
        self._fill_menu()
        self.source.chosen.connect(self._set_source)
        self.random.clicked.connect(self._randomise)
        self.strength.valueChanged.connect(self._show_strength)
        self.strength.reset_asked.connect(lambda: self.strength.setValue(100))
        self.save.clicked.connect(self.ask_for_name)
        self.set_theme(shell.theme)
        self._show_strength()
        self.show_character()

    def _tool(self, tip: str, slot: Callable[[], None] | None) -> QToolButton:
        button = QToolButton()
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        set_role(button, "quiet")
        button.setIconSize(icon_size())
        button.setFixedWidth(px(32))
        if slot is not None:
            button.clicked.connect(slot)
        return button

    def _lay_out(self) -> None:
        tools = QHBoxLayout()
        tools.setSpacing(GAP // 2)
        tools.addWidget(self.random)
        tools.addWidget(self.strength, 1)
        tools.addWidget(self.more)
        inner = QVBoxLayout(self.sliders)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(GAP)
        inner.addLayout(tools)
        inner.addWidget(self.identity)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(MARGIN, 0, MARGIN, MARGIN)
        column.setSpacing(GAP)
        self.colours_title = _section("Colours")
        self.shape_title = _section("Shape")
        parts: tuple[QWidget, ...] = (
            *(self.colours_title, self.look),
            *(self.shape_title, self.source, self.note, self.sliders),
        )
        for widget in parts:
            column.addWidget(widget)
        column.addStretch(1)
        area = PanelScroll(body)
        foot = QHBoxLayout()
        foot.setContentsMargins(MARGIN, GAP, MARGIN, MARGIN)
        foot.setSpacing(GAP // 2)
        foot.addWidget(self.save, 1)
        for button in (self.undo, self.redo):  # of colours, too, which can be changed while the shape follows
            foot.addWidget(button)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(area, 1)
        whole.addLayout(foot)

    def _fill_menu(self) -> None:
        menu = Menu(self.more)
        self.more.setMenu(menu)
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        for text, action in (
            ("Mirror left and right", lambda edit: edit.mirror()),
            ("Make both sides alike", lambda edit: edit.even_out()),
            ("Reset shape and colours", lambda edit: edit.reset()),
            ("", None),
            ("Lock what was changed", lambda edit: edit.lock(edit.changed_parameters(), True)),
            ("Unlock all", lambda edit: edit.lock(range(208), False)),
        ):
            if action is None:
                menu.addSeparator()
                continue
            menu.addAction(text).triggered.connect(lambda _=False, action=action: self._do(action))

    def set_theme(self, theme: Theme) -> None:
        self.look.set_theme(theme)
        self.identity.set_theme(theme)
        self.source.set_theme(theme)
        for button, name in ((self.undo, "undo"), (self.redo, "redo")):
            dressed = icon(name, theme.text)
            dressed.addPixmap(icon(name, theme.faint).pixmap(button.iconSize()), QIcon.Mode.Disabled)
            button.setIcon(dressed)
        self.more.setIcon(icon("menu", theme.text))

    # ------------------------------------------------------------ who is shown

    def show_character(self) -> None:
        """Another character is on the stage."""
        rig = self._shell.rig
        self.keep_edits()
        self._spec = rig.shown
        start = rig.loaded.start if rig.loaded is not None else None
        self.edit = None
        if start is not None and rig.shape is not None:
            self.edit = CharacterEdit(start, rig.shape, self._changed)
        self.look.set_edit(self.edit)
        self.identity.set_edit(self.edit)
        self._show_now()

    def _changed(self) -> None:
        assert self.edit is not None
        self._shell.rig.set_shape(self.edit.shape)
        self._keep.start()
        self._show_now()

    def _show_now(self) -> None:
        rig, edit = self._shell.rig, self.edit
        self.source.choose("follow" if rig.follows else "fixed")
        self.source.setVisible(edit is not None)
        self.note.setText(IMPORTED if edit is None and rig.built else FOLLOWING if rig.follows else "")
        self.note.setVisible(bool(self.note.text()))
        for shown in (self.colours_title, self.look, self.shape_title):
            shown.setVisible(edit is not None)
        self.sliders.setVisible(edit is not None and not rig.follows)
        self.save.setEnabled(edit is not None)
        self._show_steps()
        self.look.show_now()
        self.identity.show_now()

    def _show_steps(self) -> None:
        """Whether there is a way back and forth; a button that ends there hands the keyboard to the other."""
        undo, redo = self.can_undo, self.can_redo
        for end, able, other in ((self.undo, undo, self.redo), (self.redo, redo, self.undo)):
            if end.hasFocus() and not able and (undo or redo):
                other.setEnabled(True)
                other.setFocus(Qt.FocusReason.OtherFocusReason)
        self.undo.setEnabled(undo)
        self.redo.setEnabled(redo)

    def _set_source(self, source: str) -> None:
        """Fixed begins with the face as it is now, unless something else was made of it before."""
        rig, edit = self._shell.rig, self.edit
        if edit is None:
            return
        identity = rig.identity
        rig.set_follow(source == "follow")
        if source == "fixed" and identity is not None and not edit.changed_parameters():
            edit.take(replace(edit.shape, identity=np.array(identity, np.float32)))
        self._keep.start()
        self._show_now()

    def _do(self, action: Callable[[CharacterEdit], None]) -> None:
        if self.edit is not None:
            action(self.edit)
            self._show_now()

    @property
    def can_undo(self) -> bool:
        return self.edit is not None and self.edit.can_undo

    @property
    def can_redo(self) -> bool:
        return self.edit is not None and self.edit.can_redo

    def undo_edit(self) -> None:
        self._do(lambda edit: edit.undo())

    def redo_edit(self) -> None:
        self._do(lambda edit: edit.redo())

    def _randomise(self) -> None:
        self._do(lambda edit: edit.randomise(self._rng, self.strength.value() / 100))

    def _show_strength(self) -> None:
        share = self.strength.value() / 100
        self._shell.preferences.set_value("character/strength", share)
        self.strength.setToolTip(f"How far random people differ from the base face: {100 * share:.0f} %; {RESETS}")

    # ------------------------------------------------------------ kept

    def keep_edits(self) -> None:
        """What is not saved as a character is there again at the next start."""
        self._keep.stop()
        if not self._spec:
            return
        follow, own = self._shell.rig.follows, self._spec == BASE
        kept = {}
        if self.edit is not None and self.edit.differs:
            kept = edits_to_json(self.edit.shape)
        if self.edit is not None and follow != own:
            kept["follow"] = follow
        if kept:
            self._edits[self._spec] = kept
        else:
            self._edits.pop(self._spec, None)
        self._shell.preferences.set_value(EDITS_KEY, self._edits)

    def take_settings(self) -> None:
        """Edits and strength as the settings now say. Whoever calls this has the character loaded anew afterwards."""
        self._keep.stop()
        self._spec = ""  # what is on the stage must not be kept in place of what came
        self._edits.clear()
        self._edits.update(self._shell.preferences.value(EDITS_KEY, {}))
        self.strength.setValue(round(100 * self._shell.preferences.value("character/strength", 1.0)))

    def ask_for_name(self) -> None:
        """Save the face as it is now, the followed one too."""
        rig = self._shell.rig
        if self.edit is None or rig.loaded is None or rig.identity is None:
            return
        character = rig.loaded.character
        shape = Shape(np.array(rig.identity, np.float32), self.edit.shape.look)
        own = isinstance(character, OwnCharacter)
        wish = character.name if own else free_name(getattr(character, "title", rig.shown))
        name, chosen = QInputDialog.getText(
            self, "Save as a character of your own", "Name:", QLineEdit.EchoMode.Normal, wish
        )
        name = name.strip()
        if not chosen or not isinstance(character, Character):
            return
        taken = any(entry.name == name and entry.kind == "own" for entry in list_characters())
        question = f"There is a character “{name}” already. Replace it?"
        if taken and not asking.sure(self, "Save a character", question, "Replace"):
            return
        self.save_as(name, character.head if isinstance(character, OwnCharacter) else character.name, shape)

    def save_as(self, name: str, head: str, shape: Shape) -> None:
        """Keep it under a name, and show it from then on."""
        try:
            save_character(name, head, shape)
        except UserError as error:
            self._shell.messages.show_error(error)
            return
        for spec in (name, self._spec):  # they are in the file now
            self._edits.pop(spec, None)
        self._spec = ""
        self._shell.preferences.set_value(EDITS_KEY, self._edits)
        self._shell.messages.show_message("info", f"among your characters now: {name}")
        self._saved(name)


def _section(text: str) -> QLabel:
    label = QLabel(text)
    set_role(label, "section")
    label.setContentsMargins(0, GAP, 0, 0)
    return label
