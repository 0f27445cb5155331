"""A menu that is gone through by keyboard as lists are."""

from typing import Final

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QGuiApplication, QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QMenu, QMenuBar

from app.ui.style.hover import forget_hover

ENDS: Final = {
    Qt.Key.Key_Home: Qt.Key.Key_Down,
    Qt.Key.Key_PageUp: Qt.Key.Key_Down,
    Qt.Key.Key_End: Qt.Key.Key_Up,
    Qt.Key.Key_PageDown: Qt.Key.Key_Up,
}
"""From nowhere, an arrow goes to one of a menu's ends."""


class Menu(QMenu):
    """Home and End go to the first and the last entry that can be had: Qt's only scroll, and only what is too long.
    Opened by a key, its first entry is chosen, as in the menus of a bar."""

    def add_menu(self, title: str) -> "Menu":
        """A submenu of the same kind."""
        inner = Menu(title, self)
        self.addMenu(inner)
        return inner

    def keyPressEvent(self, event: QKeyEvent) -> None:
        arrow = ENDS.get(Qt.Key(event.key()))
        if arrow is not None and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            self.setActiveAction(NOWHERE)
            event = QKeyEvent(event.type(), arrow, event.modifiers())
        super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._opened_by_another() and not QGuiApplication.mouseButtons():  # a mouse opens it while it is pressed
            super().keyPressEvent(QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Down, Qt.KeyboardModifier.NoModifier))

    def _opened_by_another(self) -> bool:
        """A bar and a menu choose in those they open themselves."""
        mine = self.menuAction()
        owners = (owner for owner in mine.associatedObjects() if isinstance(owner, (QMenu, QMenuBar)))
        return any(owner.activeAction() is mine for owner in owners)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        forget_hover(self)


NOWHERE: Final[QAction] = None  # type: ignore[assignment]
"""Qt takes a null pointer; the binding's types do not say so."""
