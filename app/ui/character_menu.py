"""The menu of characters: the built-in ones, the user's own, and taking a new one in."""

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from app.characters import SUFFIXES, list_characters

CHARACTER_FILES: Final = f"Characters ({' '.join('*' + suffix for suffix in SUFFIXES)})"


class CharacterMenu(QMenu):
    """Filled anew each time it opens, since files may have come or gone."""

    chosen = Signal(str)
    """A character's name, or the path of a file to take in."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("Character", parent)
        self._shown = ""
        self.aboutToShow.connect(self.fill)
        self.fill()

    def show_choice(self, name: str) -> None:
        """Tick who is on the stage."""
        self._shown = name
        self.fill()

    def fill(self) -> None:
        self.clear()
        group = self.findChild(QActionGroup) or QActionGroup(self)
        for entry in list_characters():
            text = f"{entry.name}  ({entry.title})" if entry.path else entry.title
            action = QAction(text.replace("&", "&&"), self, checkable=True, checked=entry.name == self._shown)
            action.triggered.connect(lambda _, name=entry.name: self.chosen.emit(name))
            group.addAction(action)
            self.addAction(action)
        self.addSeparator()
        self.addAction("Open a character file …").triggered.connect(lambda _: self._ask())

    def _ask(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self.parentWidget(), "Open a character", "", CHARACTER_FILES)
        if path:
            self.chosen.emit(path)
