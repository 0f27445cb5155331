"""Home and End go to the first and the last: in menus, rows of choices and rows of tabs."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMenu, QTabBar

from app.ui.menus import MENUS
from app.ui.style.menu import Menu
from app.ui.style.segments import Segments
from app.ui.window import MainWindow

WAIT_MS = 60_000
FIRST, LAST = Qt.Key.Key_Home, Qt.Key.Key_End


@pytest.fixture
def window(make_window: Callable[..., MainWindow]) -> MainWindow:
    return make_window()


def entries(menu: QMenu) -> list[QAction]:
    """Those that the keyboard comes to."""
    return [action for action in menu.actions() if action.isEnabled() and not action.isSeparator()]


def go_through(menu: QMenu, qtbot: Any) -> None:
    for start in (None, *entries(menu)):
        for key, at in ((LAST, -1), (FIRST, 0)):
            if start is not None:
                menu.setActiveAction(start)
            qtbot.keyClick(menu, key)
            assert menu.activeAction() is entries(menu)[at], menu.title()


def test_every_menu_of_the_window(window: MainWindow, qtbot: Any) -> None:
    for name in MENUS:
        menu = window.menus.menu(name)
        menu.popup(window.pos())
        qtbot.waitUntil(menu.isVisible, timeout=WAIT_MS)
        go_through(menu, qtbot)
        menu.close()


def test_the_last_panel_that_can_be_moved(window: MainWindow, qtbot: Any) -> None:
    """Its entry is a submenu, which does not open by that."""
    inner = window.menus.actions["Move panel"].menu()
    assert isinstance(inner, Menu)
    inner.popup(window.pos())
    qtbot.waitUntil(inner.isVisible, timeout=WAIT_MS)
    qtbot.keyClick(inner, LAST)
    last = inner.activeAction()
    assert last is entries(inner)[-1]
    submenu = last.menu()
    assert isinstance(submenu, Menu)
    assert not submenu.isVisible()
    qtbot.keyClick(inner, Qt.Key.Key_Right)
    qtbot.waitUntil(submenu.isVisible, timeout=WAIT_MS)
    qtbot.keyClick(submenu, LAST)
    assert submenu.activeAction().text() == "A window of its own"
    inner.close()


def test_every_menu_is_of_this_kind(window: MainWindow) -> None:
    for name in MENUS:
        window.menus.menu(name).aboutToShow.emit()
    window.menus.actions["Move panel"].menu().aboutToShow.emit()
    others = {type(m.parent()).__name__ for m in window.findChildren(QMenu) if not isinstance(m, Menu)}
    assert others <= {"QMenuBar"}, "Qt's own, for what has no room in a menu bar"


def test_a_row_of_choices(qtbot: Any) -> None:
    row = Segments({"a": "A", "b": "B", "c": "C"}, "Letters")
    qtbot.addWidget(row)
    row.show()
    told: list[str] = []
    row.chosen.connect(told.append)
    row.button("a").setFocus()
    for key, expected in ((LAST, "c"), (FIRST, "a")):
        qtbot.keyClick(row.button(row.value), key)
        assert row.value == expected
    assert told == ["c", "a"]


def test_home_in_a_row_of_choices_leaves_the_view_alone(window: MainWindow, qtbot: Any) -> None:
    """Else it is the key that puts the camera back."""
    window.docks.show("tracking")
    row = next(s for s in window.panels["tracking"].findChildren(Segments) if s.isVisible())
    row.button(row.value).setFocus()
    window.rig.turn(50, 0)
    before = window.rig.camera.yaw_deg
    qtbot.keyClick(row.button(row.value), LAST)
    qtbot.keyClick(row.button(row.value), FIRST)
    assert window.rig.camera.yaw_deg == before != 0


def test_a_row_of_tabs(window: MainWindow, qtbot: Any) -> None:
    window.docks.show("character")
    qtbot.waitUntil(lambda: window.docks.is_visible("character"), timeout=WAIT_MS)
    bar = next(bar for bar in window.deck.findChildren(QTabBar) if bar.isVisible() and bar.count() == 3)
    bar.setFocus(Qt.FocusReason.TabFocusReason)
    assert QApplication.focusWidget() is bar
    qtbot.keyClick(bar, LAST)
    assert bar.currentIndex() == 2
    qtbot.keyClick(bar, FIRST)
    assert bar.currentIndex() == 0
    assert window.docks.is_visible("tracking")
