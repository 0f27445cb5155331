"""A menu opened by a key has its first entry chosen; one opened by the mouse has none."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication, QMainWindow, QToolButton

from app.ui.style.menu import Menu

WAIT_MS = 60_000


@pytest.fixture
def window(qtbot: Any) -> QMainWindow:
    """Active, and far from the mouse."""
    made = QMainWindow()
    qtbot.addWidget(made)
    made.setGeometry(500, 300, 300, 200)
    QCursor.setPos(QPoint(5, 5))
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow, timeout=WAIT_MS)
    return made


@pytest.fixture
def button(window: QMainWindow) -> QToolButton:
    """Its first entry cannot be had."""
    made = QToolButton()
    menu = Menu(made)
    menu.addAction("Gone").setEnabled(False)
    menu.addAction("First")
    menu.addAction("Last")
    made.setMenu(menu)
    made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    window.setCentralWidget(made)
    return made


def text_of(menu: Menu) -> str | None:
    action = menu.activeAction()
    return action.text() if action is not None else None


def opened_by(button: QToolButton, press: Callable[[], None]) -> list[str | None]:
    """What was chosen in its menu once it was open; Qt waits in a loop of its own until it is closed."""
    menu, seen = button.menu(), []
    assert isinstance(menu, Menu)

    def look() -> None:
        if menu.isVisible():
            timer.stop()
            seen.append(text_of(menu))
            menu.close()

    timer = QTimer(button, interval=20)
    timer.timeout.connect(look)
    timer.start()
    press()
    return seen


def test_a_key_opens_it_on_the_first_entry_that_can_be_had(button: QToolButton, qtbot: Any) -> None:
    button.setFocus()
    assert opened_by(button, lambda: qtbot.keyClick(button, Qt.Key.Key_Space)) == ["First"]


def test_the_mouse_opens_it_on_none(button: QToolButton, qtbot: Any) -> None:
    assert opened_by(button, lambda: qtbot.mouseClick(button, Qt.MouseButton.LeftButton)) == [None]


def test_a_key_that_asks_for_what_can_be_done_here(button: QToolButton, qtbot: Any) -> None:
    menu = button.menu()
    assert isinstance(menu, Menu)
    menu.popup(button.mapToGlobal(QPoint()))
    assert text_of(menu) == "First"
    qtbot.keyClick(menu, Qt.Key.Key_Down)
    assert text_of(menu) == "Last"
    menu.close()


def test_a_menu_inside_opens_on_what_qt_chooses(window: QMainWindow, qtbot: Any) -> None:
    """By the mouse on none, by the key Right on the first."""
    menu = Menu("&Outer", window)
    inner = menu.add_menu("Inner")
    inner.addAction("A")
    window.menuBar().addMenu(menu)
    qtbot.waitUntil(lambda: window.menuBar().isVisible() and window.menuBar().height() > 1, timeout=WAIT_MS)
    window.menuBar().setActiveAction(menu.menuAction())
    qtbot.waitUntil(menu.isVisible, timeout=WAIT_MS)
    assert text_of(menu) is None  # nothing told the bar that it was a key
    menu.setActiveAction(inner.menuAction())
    qtbot.waitUntil(inner.isVisible, timeout=WAIT_MS)
    assert text_of(inner) is None
    inner.close()
    qtbot.keyClick(menu, Qt.Key.Key_Right)
    qtbot.waitUntil(inner.isVisible, timeout=WAIT_MS)
    assert text_of(inner) == "A"
    menu.close()
    assert QApplication.activePopupWidget() is None
