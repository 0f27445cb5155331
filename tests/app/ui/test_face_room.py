"""The face stays the largest thing in the window, and docks have their widths back where there is room again."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt

from app.ui.face_room import LEFT, RIGHT, usual_width
from app.ui.window import MainWindow

WAIT_MS = 60_000


@pytest.fixture
def window(make_window: Callable[..., MainWindow]) -> MainWindow:
    return make_window()


def widths(window: MainWindow) -> tuple[int, int, int]:
    """Of the docks on the left, the face, the docks on the right."""
    return window.docks.docks["picture"].width(), window.rig.width(), window.docks.docks["tracking"].width()


def resized(window: MainWindow, qtbot: Any, width: int, height: int, left: int | None = None) -> tuple[int, int, int]:
    window.resize(width, height)

    def there() -> bool:
        return window.deck.width() == width and (left is None or abs(widths(window)[0] - left) <= 1)

    qtbot.waitUntil(there, timeout=WAIT_MS)
    return widths(window)


def test_in_the_smallest_window_the_face_is_the_largest(window: MainWindow, qtbot: Any) -> None:
    usual = resized(window, qtbot, 1280, 800, left=400)
    assert usual[2] == pytest.approx(320, abs=1)
    resized(window, qtbot, 900, 600)
    qtbot.waitUntil(lambda: widths(window)[1] > 1.2 * max(widths(window)[0], widths(window)[2]), timeout=WAIT_MS)
    assert resized(window, qtbot, 1280, 800, left=400) == usual, "all is as it was"


def test_untouched_docks_grow_with_the_window(window: MainWindow, qtbot: Any) -> None:
    wide = resized(window, qtbot, 2400, 1200, left=usual_width(LEFT, 2400))
    assert wide[0] > 500
    assert wide[2] == pytest.approx(usual_width(RIGHT, 2400), abs=1)


def test_a_layout_that_was_put_back_is_kept(window: MainWindow, qtbot: Any) -> None:
    resized(window, qtbot, 1280, 800, left=400)
    window.docks.room.give(LEFT, 330)
    qtbot.waitUntil(lambda: abs(widths(window)[0] - 330) <= 1, timeout=WAIT_MS)
    kept = window.docks.save()
    window.docks.reset()
    qtbot.waitUntil(lambda: abs(widths(window)[0] - 400) <= 1, timeout=WAIT_MS)
    assert window.docks.restore(kept)
    qtbot.waitUntil(lambda: abs(widths(window)[0] - 330) <= 1, timeout=WAIT_MS)
    resized(window, qtbot, 900, 600)
    resized(window, qtbot, 1280, 800, left=330)


def test_widths_of_the_last_time_are_there_at_the_next_start(
    make_window: Callable[..., MainWindow], qtbot: Any, tmp_path: Path
) -> None:
    first = make_window()
    resized(first, qtbot, 1280, 800, left=400)
    first.docks.room.give(LEFT, 330)
    qtbot.waitUntil(lambda: abs(widths(first)[0] - 330) <= 1, timeout=WAIT_MS)
    first.close()
    shutil.copy(tmp_path / "settings0.ini", tmp_path / "settings1.ini")
    second = make_window()
    second.resize(1280, 800)
    qtbot.waitUntil(lambda: abs(widths(second)[0] - 330) <= 1 and second.deck.width() == 1280, timeout=WAIT_MS)
    resized(second, qtbot, 900, 600)
    resized(second, qtbot, 1280, 800, left=330)


def test_the_picture_has_its_height_until_a_hand_gives_it_another(window: MainWindow, qtbot: Any) -> None:
    picture, meters = (window.docks.docks[name] for name in ("picture", "meters"))
    for width, height in ((2400, 1200), (1280, 800)):
        resized(window, qtbot, width, height)
        wanted = 0.75 * usual_width(LEFT, width) + 108
        qtbot.waitUntil(
            lambda wanted=wanted: picture.height() <= wanted + 1 and meters.height() >= 370, timeout=WAIT_MS
        )
    separator = QPoint(150, picture.geometry().bottom() + 3)
    qtbot.mousePress(window.deck, Qt.MouseButton.LeftButton, pos=separator)
    for step in range(1, 9):
        qtbot.mouseMove(window.deck, separator - QPoint(0, 5 * step))
    qtbot.mouseRelease(window.deck, Qt.MouseButton.LeftButton, pos=separator - QPoint(0, 40))
    lower = picture.height()
    kept = window.docks.save()
    window.docks.reset()
    qtbot.waitUntil(lambda: picture.height() > lower + 20, timeout=WAIT_MS)
    assert window.docks.restore(kept)
    qtbot.waitUntil(lambda: abs(picture.height() - lower) <= 2, timeout=WAIT_MS)


def test_a_panel_put_back_by_double_click_takes_no_width_for_good(window: MainWindow, qtbot: Any) -> None:
    """The mouse button is down while it gets its place back, in a window too narrow for the usual width."""
    resized(window, qtbot, 1280, 800, left=400)
    meters = window.docks.docks["meters"]
    meters.setFloating(True)
    resized(window, qtbot, 900, 600)
    qtbot.waitUntil(lambda: widths(window)[0] < 300, timeout=WAIT_MS)
    title = meters.titleBarWidget()
    qtbot.mouseDClick(title, Qt.MouseButton.LeftButton, pos=QPoint(60, title.height() // 2))
    qtbot.waitUntil(lambda: not meters.isFloating(), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: widths(window)[1] > widths(window)[0], timeout=WAIT_MS)
    resized(window, qtbot, 1280, 800, left=400)


def test_a_width_given_at_the_separator_is_kept(window: MainWindow, qtbot: Any) -> None:
    resized(window, qtbot, 1280, 800, left=400)
    separator = QPoint(window.docks.docks["picture"].geometry().right() + 3, 200)
    qtbot.mousePress(window.deck, Qt.MouseButton.LeftButton, pos=separator)
    for step in range(1, 9):
        qtbot.mouseMove(window.deck, separator - QPoint(8 * step, 0))
    qtbot.waitUntil(lambda: widths(window)[0] < 390, timeout=WAIT_MS)
    qtbot.mouseRelease(window.deck, Qt.MouseButton.LeftButton, pos=separator - QPoint(64, 0))
    given = widths(window)[0]
    assert given < 390
    window.docks.room.share()
    assert widths(window)[0] == given
