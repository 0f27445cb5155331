"""The toolbar: what its buttons show, and that nothing is painted that is there."""

from functools import partial

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from app.ui import toolbar as module
from app.ui.style.palette import DARK, LIGHT
from app.ui.toolbar import Toolbar


def test_icons_are_painted_when_they_change(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    painted: list[tuple[str, str]] = []
    real = module.spaced_icon

    def paint(name: str, colour: str):  # type: ignore[no-untyped-def]
        painted.append((name, colour))
        return real(name, colour)

    monkeypatch.setattr(module, "spaced_icon", paint)
    bar = Toolbar(DARK)
    qtbot.addWidget(bar)

    def names() -> set[str]:
        found = {name for name, _ in painted}
        painted.clear()
        return found

    bar.show_state(running=True, stopping=False, ready=True)
    names()
    for _ in range(3):
        bar.show_state(running=True, stopping=False, ready=True)
        bar.show_recording(None)
        bar.show_streams(["127.0.0.1:9000"])
    assert not painted
    bar.show_recording(3.0)
    assert names() == {"stop"}
    bar.show_state(running=False, stopping=False, ready=False)
    assert names() == {"play"}
    bar.set_theme(LIGHT)
    assert {"play", "stream", "face"} <= names()


def test_down_opens_the_menu_of_a_button(qtbot: QtBot) -> None:
    bar = Toolbar(DARK)
    qtbot.addWidget(bar)
    bar.view.setMenu(QMenu(bar))
    bar.show()
    for button in (bar.source, bar.stream, bar.record, bar.view):
        opened: list[object] = []

        menu = button.menu()
        menu.addAction("one")
        menu.aboutToShow.connect(partial(opened.append, menu))
        menu.aboutToShow.connect(partial(QTimer.singleShot, 0, menu, menu.close))
        qtbot.keyClick(button, Qt.Key.Key_Down)
        assert len(opened) == 1


def test_the_source_menu_ticks_what_runs_and_opens_folders(qtbot: QtBot) -> None:
    bar = Toolbar(DARK)
    qtbot.addWidget(bar)
    bar.show_source("demo")
    bar.source.menu().aboutToShow.emit()
    entries = {action.text().split("\t")[0]: action for action in bar.source.menu().actions()}
    assert [text for text, action in entries.items() if action.isChecked()] == ["Demo"]
    with qtbot.waitSignal(bar.pictures_asked):
        entries["Open folder of pictures …"].trigger()
