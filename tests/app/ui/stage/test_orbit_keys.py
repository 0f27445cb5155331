"""The 3D view by keyboard turns and zooms as the mouse does."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication

from app.ui.stage.orbit_keys import OrbitKeys
from app.ui.window import MainWindow

WAIT_MS = 60_000


@pytest.fixture
def window(make_window: Callable[..., MainWindow]) -> MainWindow:
    return make_window()


def drag(qtbot: Any, window: MainWindow, step: QPoint) -> tuple[float, float]:
    start = window.rig.rect().center()
    qtbot.mousePress(window.rig, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(window.rig, start + step)
    qtbot.mouseRelease(window.rig, Qt.MouseButton.LeftButton, pos=start + step)
    turned = (window.rig.camera.yaw_deg, window.rig.camera.pitch_deg)
    window.rig.reset_view()
    return turned


@pytest.mark.parametrize(
    ("key", "step"),
    [
        (Qt.Key.Key_Left, QPoint(-25, 0)),
        (Qt.Key.Key_Right, QPoint(25, 0)),
        (Qt.Key.Key_Up, QPoint(0, -25)),
        (Qt.Key.Key_Down, QPoint(0, 25)),
    ],
)
@pytest.mark.parametrize("mirrored", [False, True])
def test_arrows_turn_as_a_drag_does(window: MainWindow, qtbot: Any, key: Qt.Key, step: QPoint, mirrored: bool) -> None:
    window.rig.set_mirrored(mirrored)
    by_mouse = drag(qtbot, window, step)
    window.rig.setFocus()
    qtbot.keyClick(window.rig, key)
    assert (window.rig.camera.yaw_deg, window.rig.camera.pitch_deg) == pytest.approx(by_mouse)
    assert abs(sum(by_mouse)) == pytest.approx(10)
    qtbot.keyClick(window.rig, Qt.Key.Key_Home)
    assert window.rig.camera.yaw_deg == window.rig.camera.pitch_deg == 0


def test_plus_and_minus_zoom(window: MainWindow, qtbot: Any) -> None:
    window.rig.setFocus()
    qtbot.keyClick(window.rig, "+")
    assert window.rig.camera.zoom > 1
    qtbot.keyClick(window.rig, "-")
    qtbot.keyClick(window.rig, "-")
    assert window.rig.camera.zoom < 1


def test_tab_comes_to_it_and_a_ring_says_so(window: MainWindow, qtbot: Any) -> None:
    keys = window.rig.findChild(OrbitKeys)
    assert keys is not None
    window.rig.setFocus(Qt.FocusReason.MouseFocusReason)
    assert window.rig.hasFocus()
    assert not keys.ring.isVisible()  # whoever uses the mouse sees no frame
    window.toolbar.source.setFocus()
    for _ in range(200):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        if window.rig.hasFocus():
            break
    assert window.rig.hasFocus()
    qtbot.waitUntil(keys.ring.isVisible, timeout=WAIT_MS)
    assert keys.ring.size() == window.rig.size()
    window.toolbar.source.setFocus()
    while not window.rig.hasFocus():  # as when a button is greyed under the mouse
        window.focusNextPrevChild(True)
    assert not keys.ring.isVisible()
