"""How the keyboard goes about the window: what Tab comes to, what Enter presses, where Home and End go."""

from typing import Final

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QMainWindow, QTabBar, QWidget

from app.ui.menus import belongs_to_widget

ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
MOST_STEPS: Final = 2000
"""Over controls that are behind; more than there are."""


class KeyboardWindow(QMainWindow):
    """A window in which Tab passes over what nobody sees, Enter presses the button that has the focus as Space does,
    and shortcuts leave to fields and lists what these need themselves."""

    tabbing = False
    """While the focus goes on because of a key, and not because what had it is greyed or gone."""

    def focusNextPrevChild(self, forward: bool) -> bool:
        moved = self._go_on(forward)
        self.tabbing = False
        return moved

    def _go_on(self, forward: bool) -> bool:
        for _ in range(MOST_STEPS):
            if not super().focusNextPrevChild(forward):
                return False
            focus = self.focusWidget()
            if focus is None or not is_behind(focus):
                break
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not press_with_enter(event) and not go_to_end(event) and not open_context_menu(event):
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.ShortcutOverride:
            self.tabbing = event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
        if event.type() is QEvent.Type.ShortcutOverride and belongs_to_widget(event):
            event.accept()
            return True
        return super().event(event)


def is_behind(widget: QWidget) -> bool:
    """Whether it is in a dock behind another tab, which Qt counts as visible and only moves aside."""
    part = widget
    parent = part.parentWidget()
    while parent is not None and not part.isWindow():
        if isinstance(parent, QMainWindow):
            return part.visibleRegion().isEmpty()
        part, parent = parent, parent.parentWidget()
    return False


def go_to_end(event: QKeyEvent) -> bool:
    """Home and End in a row of tabs, which Qt knows of in lists only; whether there was one."""
    row = QApplication.focusWidget()
    if not isinstance(row, QTabBar) or event.key() not in (Qt.Key.Key_Home, Qt.Key.Key_End):
        return False
    able = [i for i in range(row.count()) if row.isTabEnabled(i) and row.isTabVisible(i)]
    if able:
        row.setCurrentIndex(able[0] if event.key() == Qt.Key.Key_Home else able[-1])
    event.accept()
    return True


def open_context_menu(event: QKeyEvent) -> bool:
    """Shift+F10, for keyboards without a menu key: Qt knows of it on Windows only; whether it was that."""
    asker = QApplication.focusWidget()
    if event.key() != Qt.Key.Key_F10 or event.modifiers() != Qt.KeyboardModifier.ShiftModifier or asker is None:
        return False
    at = asker.inputMethodQuery(Qt.InputMethodQuery.ImCursorRectangle).center()  # where the menu key has it, too
    asked = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, at, asker.mapToGlobal(at))
    QApplication.sendEvent(asker, asked)
    event.accept()
    return True


def press_with_enter(event: QKeyEvent) -> bool:
    """Press the button with the focus as Space would, menus of buttons included; whether there was one."""
    button = QApplication.focusWidget()
    if event.key() not in ENTER or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
        return False
    if not isinstance(button, QAbstractButton):
        return False
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        QApplication.sendEvent(button, QKeyEvent(kind, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier, " "))
    event.accept()
    return True
