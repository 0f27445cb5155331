"""A control that was under the mouse when its menu or list opened does not stay lit when that closes elsewhere."""

from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect
from PySide6.QtGui import QCursor, QEnterEvent
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from app.ui.style.choice_box import ChoiceBox
from app.ui.style.menu import Menu
from app.ui.style.theme import DARK

WAIT_MS = 60_000


@pytest.fixture
def window(qtbot: Any) -> QWidget:
    """Far from the mouse."""
    made = QWidget()
    qtbot.addWidget(made)
    made.setGeometry(QRect(500, 300, 300, 200))
    QCursor.setPos(QPoint(5, 5))
    return made


def light(widget: QWidget, window: QWidget, qtbot: Any) -> None:
    window.show()
    qtbot.waitExposed(window)
    qtbot.waitUntil(lambda: not window.geometry().contains(QCursor.pos()), timeout=WAIT_MS)
    QApplication.sendEvent(widget, QEnterEvent(QPointF(2, 2), QPointF(2, 2), QPointF(502, 302)))
    assert widget.underMouse()


def test_a_button_with_a_menu(window: QWidget, qtbot: Any) -> None:
    button = QPushButton("Speed", window)
    light(button, window, qtbot)
    menu = Menu(button)
    menu.addAction("1x")
    menu.popup(window.pos())
    qtbot.waitUntil(menu.isVisible, timeout=WAIT_MS)
    menu.close()
    qtbot.waitUntil(lambda: not button.underMouse(), timeout=WAIT_MS)


def test_a_box_with_a_list(window: QWidget, qtbot: Any) -> None:
    box = ChoiceBox(DARK, "Light")
    box.setParent(window)
    box.offer([("a", "Soft", "", True), ("b", "Flat", "", True)])
    light(box, window, qtbot)
    box.showPopup()
    qtbot.waitUntil(box.view().isVisible, timeout=WAIT_MS)
    box.hidePopup()
    qtbot.waitUntil(lambda: not box.underMouse(), timeout=WAIT_MS)
