"""The doctor in its window: what is not wanted any more is not looked at."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt

from app.ui import doctor_view
from app.ui.window import MainWindow

WAIT_MS = 60_000


@pytest.mark.parametrize("by_esc", [False, True])
def test_closing_it_ends_the_looking(
    make_window: Callable[..., MainWindow], qtbot: Any, monkeypatch: pytest.MonkeyPatch, by_esc: bool
) -> None:
    looked: list[str] = []
    go_on = threading.Event()

    def examine(title: str) -> list[tuple[bool, str]]:
        looked.append(title)
        go_on.wait(60)
        return [(True, "fine")]

    monkeypatch.setattr(doctor_view, "examine", examine)
    window = make_window()
    dialog = window.dialogs.show_doctor()
    qtbot.waitUntil(lambda: bool(looked) and dialog.isActiveWindow(), timeout=WAIT_MS)
    with qtbot.waitSignal(dialog.destroyed, timeout=WAIT_MS):
        if by_esc:
            qtbot.keyClick(dialog, Qt.Key.Key_Escape)
        else:
            dialog.close()
    go_on.set()
    qtbot.waitUntil(window.job_strip.isHidden, timeout=WAIT_MS)
    assert len(looked) == 1 < len(doctor_view.CHECKS)
