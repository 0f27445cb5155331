"""Profiles in the window: saved under a name, recalled, deleted, made the default; what is wrong with one is a line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QInputDialog

from app.profiles import Profile, list_profiles, load_profile, profile_folder, save_profile
from app.ui.style import asking
from app.ui.tracking.neutral_box import RELAX_TEXT, NeutralBox
from app.ui.tracking.tracking_panel import TrackingPanel
from app.ui.window import MainWindow

WAIT_MS = 60_000
"""Generous: a slow machine with software OpenGL is a machine too."""
MakeWindow = Callable[..., MainWindow]
AUTO = "Learn while I move"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Profiles of the test's own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    if tmp_path not in profile_folder().parents:
        pytest.skip("XDG_CONFIG_HOME does not move the profiles on this system")
    return profile_folder()


@pytest.fixture
def running(make_window: MakeWindow, qtbot: Any, clip: Path) -> MainWindow:
    """A window that has seen a face."""
    window = make_window()
    assert not neutral_of(window).save.isEnabled()
    window.start(str(clip))
    qtbot.waitUntil(neutral_of(window).save.isEnabled, timeout=WAIT_MS)
    return window


def neutral_of(window: MainWindow) -> NeutralBox:
    panel = window.panels["tracking"]
    assert isinstance(panel, TrackingPanel)
    return panel.neutral


def save(window: MainWindow, qtbot: Any, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Save under a name typed in, and wait for the line that says how it went."""
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: (name, True))
    window.messages.dismiss()
    neutral_of(window).save.click()
    qtbot.waitUntil(lambda: window.messages.text != "", timeout=WAIT_MS)


def choices(window: MainWindow) -> dict[str, bool]:
    """What is offered, and whether it is chosen."""
    window.panels["tracking"].tick(window.session.snapshot())
    box = neutral_of(window).profile
    return {box.itemText(i): i == box.currentIndex() for i in range(box.count())}


def choose(window: MainWindow, text: str) -> None:
    """As a click in the list does."""
    assert text in choices(window)
    box = neutral_of(window).profile
    box.setCurrentIndex(box.findText(text))
    box.activated.emit(box.currentIndex())


def test_a_neutral_is_saved_and_recalled(
    running: MainWindow, qtbot: Any, trackers: list[Any], monkeypatch: pytest.MonkeyPatch, clip: Path
) -> None:
    tracker = trackers[-1]
    assert choices(running) == {AUTO: True}
    save(running, qtbot, monkeypatch, " Ada L. ")
    assert "saved as Ada L." in running.messages.text
    np.testing.assert_array_equal(load_profile("Ada L.").neutral, tracker.profile.neutral)
    assert choices(running) == {AUTO: True, "Ada L.": False}  # saving is not choosing

    choose(running, AUTO)
    qtbot.waitUntil(lambda: tracker.profile is None, timeout=WAIT_MS)
    running.session.calibrate()
    neither = {AUTO: False, "Ada L.": False}
    qtbot.waitUntil(lambda: choices(running) == neither, timeout=WAIT_MS)
    for _ in range(2):  # chosen again, it undoes a calibration in between
        choose(running, "Ada L.")
        qtbot.waitUntil(lambda: tracker.profile is not None, timeout=WAIT_MS)
        np.testing.assert_array_equal(tracker.profile.neutral, load_profile("Ada L.").neutral)
        assert choices(running) == {AUTO: False, "Ada L.": True}
        tracker.profile = None
    assert {"calibrate": "Ada L."} in tracker.asked

    running.start(str(clip))  # a new run has a new tracker
    qtbot.waitUntil(lambda: len(trackers) == 2 and neutral_of(running).save.isEnabled(), timeout=WAIT_MS)
    assert running.session.settings.calibrate == "Ada L."
    assert choices(running)["Ada L."]


def test_a_profile_from_elsewhere_is_there_when_the_panel_comes_into_sight(
    running: MainWindow, qtbot: Any, folder: Path
) -> None:
    box, ticks = neutral_of(running).profile, lambda: running.panels["tracking"].tick(running.session.snapshot())
    folder.mkdir(parents=True)
    running._ticker.stop()
    running.docks.toggle("tracking")
    qtbot.waitUntil(lambda: not box.isVisible(), timeout=WAIT_MS)
    (folder / "Eve.npz").touch()
    ticks()
    assert box.findText("Eve") < 0, "folders are not read for what nobody sees"
    running.docks.show("tracking")
    qtbot.waitUntil(box.isVisible, timeout=WAIT_MS)
    assert box.findText("Eve") > 0
    (folder / "Eve.npz").unlink()
    ticks()
    assert box.findText("Eve") < 0


def test_a_damaged_profile_is_a_line_and_the_old_neutral_stays(
    running: MainWindow, qtbot: Any, trackers: list[Any], folder: Path
) -> None:
    old = trackers[-1].profile
    folder.mkdir(parents=True)
    (folder / "Bob.npz").write_text("no profile")
    choose(running, "Bob")
    assert "Bob.npz is damaged" in running.messages.text
    assert "\n" not in running.messages.text
    frames = running.session.snapshot().frames
    qtbot.waitUntil(lambda: running.session.snapshot().frames > frames + 2, timeout=WAIT_MS)
    assert trackers[-1].profile is old
    assert trackers[-1].asked == []
    assert running.session.settings.calibrate == "auto"
    assert choices(running) == {AUTO: True, "Bob": False}


@pytest.mark.parametrize("name", ["", "..", "../Ada", "Ada.npz", "auto"])
def test_an_unusable_name_is_a_line(
    running: MainWindow, qtbot: Any, monkeypatch: pytest.MonkeyPatch, folder: Path, tmp_path: Path, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.rglob("*"))
    save(running, qtbot, monkeypatch, name)
    assert f"'{name}' is" in running.messages.text
    assert set(tmp_path.rglob("*")) == before


def test_a_folder_that_cannot_be_written_is_a_line(
    running: MainWindow, qtbot: Any, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    folder.parent.parent.mkdir()
    folder.parent.write_text("a file where the folder should be")
    save(running, qtbot, monkeypatch, "Ada")
    assert "Ada.npz cannot be written" in running.messages.text
    assert choices(running) == {AUTO: True}


def test_a_profile_is_replaced_only_when_that_is_wanted(
    running: MainWindow, qtbot: Any, monkeypatch: pytest.MonkeyPatch, trackers: list[Any]
) -> None:
    old = np.zeros_like(trackers[-1].profile.neutral)
    save_profile("Ada", Profile(old))
    answers = [False, True]
    monkeypatch.setattr(asking, "sure", lambda *_: answers.pop(0))
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("Ada", True))
    neutral_of(running).save.click()
    qtbot.waitUntil(lambda: len(answers) == 1, timeout=WAIT_MS)
    np.testing.assert_array_equal(load_profile("Ada").neutral, old)
    save(running, qtbot, monkeypatch, "Ada")
    np.testing.assert_array_equal(load_profile("Ada").neutral, trackers[-1].profile.neutral)
    assert list_profiles() == ["Ada"]


def test_the_menu_saves_and_recalls_too(
    running: MainWindow, qtbot: Any, monkeypatch: pytest.MonkeyPatch, trackers: list[Any]
) -> None:
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("Ada", True))
    running.menus.refresh()
    running.menus.actions["Save this neutral …"].trigger()
    qtbot.waitUntil(lambda: list_profiles() == ["Ada"], timeout=WAIT_MS)
    running.session.use_neutral("Ada")
    assert choices(running) == {AUTO: False, "Ada": True}


def test_a_profile_is_made_the_default_and_deleted(
    running: MainWindow, qtbot: Any, monkeypatch: pytest.MonkeyPatch, trackers: list[Any]
) -> None:
    box, kept = neutral_of(running), running.preferences
    save(running, qtbot, monkeypatch, "Ada")
    assert box.default.isChecked(), "learning is the default"
    choose(running, "Ada")
    assert not box.default.isChecked()
    box.default.click()
    assert kept.value("tracking/calibrate", "") == "Ada"
    monkeypatch.setattr(asking, "sure", lambda *_: False)
    box.delete.click()
    assert list_profiles() == ["Ada"]
    monkeypatch.setattr(asking, "sure", lambda *_: True)
    box.delete.click()
    assert list_profiles() == []
    assert kept.value("tracking/calibrate", "") == "auto"
    assert choices(running) == {AUTO: True}
    assert running.session.settings.calibrate == "auto"
    assert not box.delete.isEnabled()
    qtbot.waitUntil(lambda: trackers[-1].profile is None, timeout=WAIT_MS)


def test_the_button_counts_down_and_calibrates(
    running: MainWindow, qtbot: Any, monkeypatch: pytest.MonkeyPatch, trackers: list[Any]
) -> None:
    monkeypatch.setattr("app.ui.tracking.countdown.COUNTDOWN_S", 60.0)
    box = neutral_of(running)
    box.relax.click()
    assert "60" in box.relax.text()
    box.relax.click()
    assert box.relax.text() == RELAX_TEXT
    assert "calibrate" not in trackers[-1].asked, "it was cancelled"
    monkeypatch.setattr("app.ui.tracking.countdown.COUNTDOWN_S", 0.05)
    box.relax.click()
    qtbot.waitUntil(lambda: "calibrate" in trackers[-1].asked, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: box._says.whole() == "Calibrated", timeout=WAIT_MS)
    assert box.relax.text() == RELAX_TEXT
    assert box.profile.currentIndex() == -1, "neither the estimate nor a profile is in force"
    choose(running, AUTO)
    qtbot.waitUntil(lambda: box._says.whole() == "Learning from what it sees", timeout=WAIT_MS)
