"""The toolbar: what its buttons show, and that nothing is painted that is there."""

import pytest
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
