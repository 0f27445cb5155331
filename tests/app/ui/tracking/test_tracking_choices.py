"""What is chosen about tracking: kept from one start to the next, and never a reason for a start to fail."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSettings

from app.errors import UserError
from app.profiles import Profile, profile_folder, save_profile
from app.shaping import Shaping
from app.tracker import TrackerSettings
from app.ui.message_bar import MessageBar
from app.ui.preferences import Preferences
from app.ui.session import Session
from app.ui.style import theme as themes
from app.ui.tracking.tracking_choices import TrackingChoices
from models.runtime.alignment import rest_face
from rig.parameters import CHANNEL_INDEX

WAIT_MS = 60_000
LOUD = Shaping().with_value("gain", (CHANNEL_INDEX["AU26"],), 2)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Profiles of the test's own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    if tmp_path not in profile_folder().parents:
        pytest.skip("XDG_CONFIG_HOME does not move the profiles on this system")
    return profile_folder()


@pytest.fixture
def store(tmp_path: Path) -> QSettings:
    """What lasts from one start to the next."""
    return QSettings(str(tmp_path / "mien.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def messages(qtbot: Any) -> MessageBar:
    bar = MessageBar(themes.DARK)
    qtbot.addWidget(bar)
    return bar


@pytest.fixture
def begin(store: QSettings, messages: MessageBar) -> Iterator[Callable[..., TrackingChoices]]:
    """Another start, with options as on the command line; the session is at ``choices._session``."""
    sessions: list[Session] = []

    def make(make_tracker: Any = None, **options: Any) -> TrackingChoices:
        more = {"make_tracker": make_tracker} if make_tracker else {}
        sessions.append(Session(TrackerSettings(**options), given=frozenset(options), **more))
        return TrackingChoices(sessions[-1], Preferences(store), messages)

    yield make
    for session in sessions:
        session.close()


def test_choices_are_there_again_at_the_next_start(begin: Callable[..., TrackingChoices], tmp_path: Path) -> None:
    task = tmp_path / "face.task"
    task.touch()
    first = begin()
    first.set_filter("strong")
    first.set_asymmetry(False)
    first.set_shaping(LOUD)
    first.set_networks(model="geometric", device="cpu", landmarks="mediapipe", task_path=task)
    chosen = TrackerSettings("mediapipe", task, "geometric", "cpu", "strong", asymmetry=False, shaping=LOUD)
    assert first.settings == chosen
    assert begin().settings == chosen


def test_the_command_line_wins_and_is_not_kept(begin: Callable[..., TrackingChoices]) -> None:
    begin().set_filter("strong")
    assert begin(filter="off").settings.filter == "off"
    assert begin(filter="light").settings.filter == "light", "the default wins, too, where it was asked for"
    assert begin().settings.filter == "strong"


def test_changes_by_others_are_noticed_kept_and_told_once(begin: Callable[..., TrackingChoices]) -> None:
    choices, told = begin(), []
    choices.changed.connect(lambda: told.append(choices.settings.filter))
    choices.follow()
    assert told == []
    choices._session.set_filter("off")  # as the toolbar does
    choices.follow()
    choices.follow()
    assert told == ["off"]
    assert begin().settings.filter == "off"


def test_a_profile_is_the_default_only_where_it_is_made_that(begin: Callable[..., TrackingChoices]) -> None:
    save_profile("Ada", Profile(rest_face()))
    choices = begin()
    choices.use_neutral("Ada")
    assert choices.settings.calibrate == "Ada"
    assert begin().settings.calibrate == "auto"
    choices.set_default_neutral("Ada")
    again = begin()
    assert again.settings.calibrate == again._session.neutral == "Ada"
    with pytest.raises(UserError, match="no profile Bob"):
        again.use_neutral("Bob")
    assert again.settings.calibrate == "Ada"


DAMAGE: dict[str, tuple[str, Any, str, Any]] = {
    "filter": ("tracking/filter", "soft", "filter", "light"),
    "model": ("tracking/model", "enormous", "model", "auto"),
    "shaping": ("tracking/shaping", {"mien-shaping": 1, "channels": {"AU99": {}}}, "shaping", Shaping()),
    "type": ("tracking/asymmetry", "perhaps", "asymmetry", True),
    "task": ("tracking/landmarks", "mediapipe", "landmarks", "onnx"),
    "profile": ("tracking/calibrate", "gone", "calibrate", "auto"),
}


@pytest.mark.parametrize(("key", "value", "name", "expected"), DAMAGE.values(), ids=DAMAGE)
def test_what_no_longer_fits_gives_the_default(
    begin: Callable[..., TrackingChoices], store: QSettings, messages: MessageBar, key: str, value: Any, name: str,
    expected: Any,
) -> None:  # fmt: skip
    store.setValue(key, json.dumps(value))
    choices = begin()
    assert getattr(choices.settings, name) == expected
    if key != "tracking/asymmetry":  # of types the preferences warn themselves
        assert messages.text != ""


def test_a_network_that_is_not_installed_gives_way(
    begin: Callable[..., TrackingChoices], store: QSettings, messages: MessageBar, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.setValue("tracking/model", json.dumps("full"))
    monkeypatch.setattr("app.ui.tracking.tracking_choices.FILES", {"full": Path("/nowhere/full.onnx")})
    assert begin().settings.model == "auto"
    assert "full" in messages.text


def test_an_imported_settings_file_acts_at_once(begin: Callable[..., TrackingChoices], tmp_path: Path) -> None:
    choices, path = begin(), tmp_path / "settings.json"
    choices.set_filter("strong")
    choices.set_shaping(LOUD)
    preferences = choices._preferences
    preferences.export_file(path)
    choices.set_filter("off")
    choices.set_shaping(Shaping())
    choices.set_asymmetry(False)
    preferences.import_file(path)
    assert choices.settings == replace(choices.settings, filter="strong", shaping=LOUD, asymmetry=False)


class Silent:
    """Tracks nothing."""

    device, model = "cpu", "lite"

    def track(self, frame: Any) -> Any:
        raise AssertionError("no frame comes")

    def continue_from(self, other: Any) -> None: ...

    def close(self) -> None: ...


def test_networks_that_do_not_start_are_taken_back(
    begin: Callable[..., TrackingChoices], qtbot: Any, clip: Path, make_face: Any
) -> None:
    made: list[str] = []

    class Still(Silent):
        def track(self, frame: Any) -> Any:
            return make_face(frame.index)

    def make_tracker(settings: TrackerSettings) -> Silent:
        made.append(settings.device)
        if settings.device == "cuda":
            raise UserError("CUDA cannot be used here")
        return Still()

    choices = begin(make_tracker)
    session, said = choices._session, []
    session.message.connect(lambda kind, text, *_: said.append(text))
    session.start(str(clip))

    def runs() -> bool:
        session.poll()
        return session.snapshot().frames > 0

    qtbot.waitUntil(runs, timeout=WAIT_MS)
    choices.set_networks(device="cuda")
    qtbot.waitUntil(lambda: session.poll() is None and made == ["auto", "cuda"] and runs(), timeout=WAIT_MS)
    assert choices.settings.device == "auto"
    assert choices._preferences.value("tracking/device", "") == "auto"
    assert any("CUDA cannot be used" in line for line in said)
