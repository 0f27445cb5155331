"""Who is on the stage: chosen from the menu, dropped as a file, kept for next time."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent

from app import cli
from app.ui.window import MainWindow

WAIT_MS = 60_000
MakeWindow = Callable[..., MainWindow]


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_DATA_HOME", "APPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))


def shown(window: MainWindow, qtbot: Any, spec: str) -> np.ndarray:
    """Wait until a picture of this character was drawn."""
    qtbot.waitUntil(lambda: window.rig.built or bool(window.rig.problem), timeout=WAIT_MS)
    if window.rig.problem:
        pytest.skip(f"no OpenGL here: {window.rig.problem}")
    qtbot.waitUntil(lambda: window.rig.shown == spec, timeout=WAIT_MS)
    before = window.rig.renders
    window.rig.reset_view()
    qtbot.waitUntil(lambda: window.rig.renders > before, timeout=WAIT_MS)
    picture = window.rig.picture()
    assert picture is not None
    return picture.astype(int)


def drop(window: MainWindow, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, left, none))


def test_characters_change_and_are_kept(make_window: MakeWindow, qtbot: Any, tmp_path: Path) -> None:
    window = make_window(rig=True)
    base = shown(window, qtbot, "base")
    assert window.skin_menu.isEnabled()
    entries = {action.text(): action for action in window.character_menu.actions() if action.isCheckable()}
    assert len(entries) == 4
    assert [text for text, action in entries.items() if action.isChecked()] == [next(iter(entries))]
    next(action for text, action in entries.items() if "oblin" in text).trigger()
    goblin = shown(window, qtbot, "goblin")
    assert not window.skin_menu.isEnabled()
    if goblin.shape == base.shape:
        assert (np.abs(goblin - base).max(2) > 30).mean() > 0.05
    assert window._settings.value("character") == "goblin"

    path = tmp_path / "other.glb"
    assert cli.main(["character", "export", "base", "--out", str(path), "--detail", "game"]) == 0
    drop(window, path)
    shown(window, qtbot, str(path))
    assert not window.session.running, "a character is no source"

    bad = tmp_path / "bad.vrm"
    bad.write_bytes(b"not at all")
    drop(window, bad)
    qtbot.waitUntil(lambda: "bad.vrm" in window.messages.text, timeout=WAIT_MS)
    assert window.rig.shown == window.rig.character == str(path), "the one before stays"


def test_a_character_that_has_gone_falls_back_to_the_base(make_window: MakeWindow, qtbot: Any) -> None:
    window = make_window(rig=True, character="somebody long deleted")
    shown(window, qtbot, "base")
    assert "somebody long deleted" in window.messages.text
