"""The menu bar by mouse and by keys."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt

from app.ui.style.menu import Menu
from app.ui.window import MainWindow

WAIT_MS = 60_000


@pytest.fixture
def window(make_window: Callable[..., MainWindow]) -> MainWindow:
    return make_window()


def opened(window: MainWindow, name: str, qtbot: Any) -> Menu:
    """By a click on its name."""
    bar, menu = window.menuBar(), window.menus.menu(name)
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.actionGeometry(menu.menuAction()).center())
    qtbot.waitUntil(menu.isVisible, timeout=WAIT_MS)
    return menu


def test_after_esc_no_name_in_the_bar_stays_lit(window: MainWindow, qtbot: Any) -> None:
    menu = opened(window, "Help", qtbot)
    assert window.menuBar().activeAction() is menu.menuAction()
    qtbot.keyClick(menu, Qt.Key.Key_Escape)
    assert not menu.isVisible()
    qtbot.waitUntil(lambda: window.menuBar().activeAction() is None, timeout=WAIT_MS)


def test_arrows_go_on_to_the_next_menu(window: MainWindow, qtbot: Any) -> None:
    menu, following = opened(window, "File", qtbot), window.menus.menu("Source")
    qtbot.keyClick(menu, Qt.Key.Key_Right)
    qtbot.waitUntil(following.isVisible, timeout=WAIT_MS)
    assert not menu.isVisible()
    assert window.menuBar().activeAction() is following.menuAction()
    following.close()
