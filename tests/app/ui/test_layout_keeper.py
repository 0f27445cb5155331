"""Where the window is, in a settings file and back: with a window manager that puts a frame around it, and without."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QRect, QSettings
from PySide6.QtGui import QScreen
from PySide6.QtWidgets import QApplication

from app.tracker import TrackerSettings
from app.ui.layout_keeper import LEAST_SIZE
from app.ui.session import Session
from app.ui.window import MainWindow

WAIT_MS = 60_000
CALM = 30
"""Looks at the window, some milliseconds apart."""
MakeWindow = Callable[..., MainWindow]


@pytest.fixture(params=["no manager", "openbox"])
def window(request: pytest.FixtureRequest, make_window: MakeWindow, qtbot: Any) -> Iterator[MainWindow]:
    manager = None
    if request.param == "openbox":
        if shutil.which("openbox") is None or QApplication.platformName() != "xcb":
            pytest.skip("no openbox to put a frame around the window")
        quiet = subprocess.DEVNULL
        manager = subprocess.Popen(["openbox", "--sm-disable"], stdout=quiet, stderr=quiet)
    try:
        made = make_window()
        if manager is not None:
            qtbot.waitUntil(lambda: made.frameGeometry() != made.geometry(), timeout=WAIT_MS)
        yield made
        made.close()
    finally:
        if manager is not None:
            manager.terminate()
            manager.wait(10)


def parts(window: MainWindow) -> dict[str, QRect]:
    return {name: dock.geometry() for name, dock in window.docks.docks.items() if not dock.isHidden()}


def at_rest(window: MainWindow) -> Callable[[], bool]:
    """To be asked again and again: whether its parts have been where they are for some time."""
    seen: list[dict[str, QRect]] = []

    def so() -> bool:
        seen.append(parts(window))
        return window.deck.width() == window.width() and len(seen) > CALM and all(p == seen[-1] for p in seen[-CALM:])

    return so


def places(window: MainWindow) -> list[QRect]:
    """Against the screen's edges, over them, and in its midst; the frame's width is whatever it is."""
    screen = window.screen().availableGeometry()
    frame = window.frameGeometry().size() - window.size()
    fits = screen.size() - frame
    return [
        QRect(screen.x() + frame.width() // 2, screen.y() + frame.height(), fits.width(), fits.height()),
        QRect(-19, 60, 1000, 650),
        QRect(101, 31, 1000, 700),
    ]


def test_what_was_just_exported_moves_nothing(window: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    for place in places(window):
        window.setGeometry(place)
        qtbot.waitUntil(lambda place=place: window.geometry() == place, timeout=WAIT_MS)
        qtbot.waitUntil(at_rest(window), timeout=WAIT_MS)
        before = parts(window)
        window.dialogs.write_settings(path)
        for _ in range(2):
            window.dialogs.read_settings(path)
            qtbot.waitUntil(at_rest(window), timeout=WAIT_MS)
            assert window.geometry() == place
        assert parts(window) == before


def test_the_window_goes_exactly_where_the_file_says(window: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    for number, place in enumerate(places(window)):
        path = tmp_path / f"{number}.json"
        window.setGeometry(place)
        qtbot.waitUntil(lambda place=place: window.geometry() == place, timeout=WAIT_MS)
        window.dialogs.write_settings(path)
        window.setGeometry(QRect(200, 60, 940, 640))
        qtbot.waitUntil(lambda: window.width() == 940, timeout=WAIT_MS)
        window.dialogs.read_settings(path)
        qtbot.waitUntil(lambda place=place: window.geometry() == place, timeout=WAIT_MS)


@pytest.mark.parametrize(
    "place", ["90000,90000,1000,700", "1,2,3", "a,b,c,d", "-3000,60,1000,700", "", "100,-400,1000,700"]
)
def test_a_place_that_nobody_would_see_is_left_to_qt(make_window: MakeWindow, place: str) -> None:
    window = make_window()
    state = window.saveGeometry().toBase64().toStdString()
    window.preferences.set_value("window/geometry", f"{state}|{place}")
    window.take_settings()
    assert window.screen().availableGeometry().intersects(window.geometry())
    assert window.size().width() == 900


def test_a_window_of_a_larger_screen_fits_on_this_one(window: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    path, room = tmp_path / "settings.json", window.screen().availableGeometry()
    larger = QRect(room.x() + 10, room.y() + 30, room.width() + 400, room.height() + 300)
    window.setGeometry(larger)
    qtbot.waitUntil(lambda: window.geometry() == larger, timeout=WAIT_MS)
    window.dialogs.write_settings(path)
    window.setGeometry(QRect(room.x() + 20, room.y() + 60, 940, 640))
    qtbot.waitUntil(lambda: window.width() == 940, timeout=WAIT_MS)
    window.dialogs.read_settings(path)
    qtbot.waitUntil(lambda: room.contains(window.geometry()) and window.width() > 940, timeout=WAIT_MS)
    qtbot.waitUntil(at_rest(window), timeout=WAIT_MS)
    assert room.contains(window.geometry())


def test_a_start_on_a_smaller_screen_than_the_last_one(
    make_window: MakeWindow, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make_window()
    first.setGeometry(QRect(0, 20, 1278, 770))
    first.keep_layout()
    room = QRect(0, 0, 1000, 640)
    monkeypatch.setattr(QScreen, "availableGeometry", lambda _: room)
    again = MainWindow(Session(TrackerSettings()), first.preferences._settings)
    qtbot.addWidget(again)
    again.show()
    qtbot.waitUntil(lambda: room.contains(again.frameGeometry()), timeout=WAIT_MS)
    again.close()


def test_all_of_it_is_on_a_screen_of_900_by_600(
    window: MainWindow, qtbot: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    room = QRect(0, 0, 900, 600)
    frame = window.frameGeometry().size() - window.size()
    window.hide()
    monkeypatch.setattr(QScreen, "availableGeometry", lambda _: room)
    settings = QSettings(str(tmp_path / "small.ini"), QSettings.Format.IniFormat)
    for _ in range(2):  # the second time with what the first one kept
        small = MainWindow(Session(TrackerSettings()), settings)
        qtbot.addWidget(small)
        small.show()
        whole = room.size() - frame
        qtbot.waitUntil(lambda small=small, whole=whole: small.size() == whole, timeout=WAIT_MS)
        qtbot.waitUntil(lambda small=small: room.contains(small.frameGeometry()), timeout=WAIT_MS)
        foot = small.status.mapTo(small, small.status.rect().bottomRight())
        assert small.rect().contains(foot)
        assert small.minimumSize() == whole
        small.close()
    monkeypatch.undo()
    large = MainWindow(Session(TrackerSettings()), settings)
    qtbot.addWidget(large)
    large.show()
    qtbot.waitUntil(at_rest(large), timeout=WAIT_MS)
    assert large.minimumSize() == LEAST_SIZE
    assert large.size() == LEAST_SIZE
    large.close()
