"""Settings: typed, kept, exported and taken over; what is broken or foreign warns once and never stops the start."""

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings

from app.errors import UserError
from app.ui.preferences import VERSION, VERSION_KEY, Preferences

VALUES = {
    "a/bool": True,
    "a/int": 7,
    "a/float": 0.25,
    "a/word": "Überblick",
    "a/list": [1, "two", {"three": 3.5}],
    "a/dict": {"gain": [1.0, 2.0], "on": False},
}


@pytest.fixture
def store(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


def again(store: QSettings) -> QSettings:
    """The same file as the next start reads it."""
    store.sync()
    return QSettings(store.fileName(), QSettings.Format.IniFormat)


def test_values_come_back_with_their_types(store: QSettings) -> None:
    first = Preferences(store)
    for key, value in VALUES.items():
        assert first.value(key, type(value)()) == type(value)()
        first.set_value(key, value)
    second = Preferences(again(store))
    for key, value in VALUES.items():
        kept = second.value(key, type(value)())
        assert kept == value
        assert type(kept) is type(value)
    assert second.problems == []


def test_a_change_is_told_once(store: QSettings) -> None:
    preferences = Preferences(store)
    told: list[str] = []
    preferences.changed.connect(told.append)
    for value in (1, 1, 2):
        preferences.set_value("a/number", value)
    preferences.forget("a/number")
    preferences.forget("a/number")
    assert told == ["a/number"] * 3


@pytest.mark.parametrize("text", ["{broken", "plaid", '"a word"', "[1]", "true", "1.5"])
def test_what_is_broken_or_of_another_type_warns_once_and_gives_the_default(store: QSettings, text: str) -> None:
    store.setValue("a/int", text)
    preferences = Preferences(store)
    told: list[str] = []
    preferences.problem.connect(told.append)
    assert [preferences.value("a/int", 3) for _ in range(3)] == [3, 3, 3]
    assert len(told) == 1
    assert "a/int" in told[0]
    assert preferences.problems == told


def test_a_whole_number_is_a_float_too_but_a_switch_is_no_number(store: QSettings) -> None:
    preferences = Preferences(store)
    preferences.set_value("a/float", 2)
    assert preferences.value("a/float", 0.5) == 2.0
    assert type(preferences.value("a/float", 0.5)) is float
    preferences.set_value("a/int", True)
    assert preferences.value("a/int", 3) == 3


def test_a_word_that_is_not_known_any_more_is_told(store: QSettings) -> None:
    preferences = Preferences(store)
    preferences.set_value("window/theme", "plaid")
    assert preferences.choice("window/theme", ("system", "dark")) == "system"
    assert "plaid" in preferences.problems[0]
    preferences.set_value("window/theme", "dark")
    assert preferences.choice("window/theme", ("system", "dark")) == "dark"


def test_settings_of_version_1_are_brought_over(store: QSettings) -> None:
    for key, value in {
        "theme": "light",
        "character": "goblin",
        "osc": "10.0.0.2:9000",
        "geometry": b"\x01\x02",
    }.items():
        store.setValue(key, value)
    preferences = Preferences(store)
    assert preferences.value("window/theme", "") == "light"
    assert preferences.value("character/name", "") == "goblin"
    assert preferences.value("output/osc", "") == "10.0.0.2:9000"
    assert preferences.keys() == ["character/name", "output/osc", "window/theme"]
    assert preferences.problems == []
    assert int(str(again(store).value(VERSION_KEY))) == VERSION


def test_settings_of_a_newer_version_are_read_as_far_as_they_fit(store: QSettings) -> None:
    store.setValue(VERSION_KEY, VERSION + 3)
    store.setValue("a/int", "5")
    store.setValue("a/hologram", '{"depth": 3}')
    preferences = Preferences(store)
    assert preferences.value("a/int", 0) == 5
    assert len(preferences.problems) == 1
    assert "newer" in preferences.problems[0]
    kept = again(store)
    assert kept.value("a/hologram") == '{"depth": 3}'  # for when the newer one comes back
    assert int(str(kept.value(VERSION_KEY))) == VERSION + 3


def test_a_damaged_file_warns_and_starts_afresh(tmp_path: Path) -> None:
    path = tmp_path / "settings.ini"
    path.write_bytes(b"[window\ntheme=\xff\xfe\x00\n====\n\x00\x01")
    preferences = Preferences(QSettings(str(path), QSettings.Format.IniFormat))
    assert preferences.choice("window/theme", ("system", "dark")) == "system"
    assert len(preferences.problems) == 1
    assert str(path) in preferences.problems[0]
    preferences.set_value("window/theme", "dark")
    assert preferences.value("window/theme", "") == "dark"


def test_one_file_carries_all_to_another_place(store: QSettings, tmp_path: Path) -> None:
    first = Preferences(store)
    for key, value in VALUES.items():
        first.set_value(key, value)
    first.export_file(tmp_path / "mine.json")
    second = Preferences(QSettings(str(tmp_path / "other.ini"), QSettings.Format.IniFormat))
    second.set_value("b/own", 1)
    second.set_value("a/int", 8)
    told: list[str] = []
    second.changed.connect(told.append)
    second.import_file(tmp_path / "mine.json")
    assert {key: second.value(key, type(value)()) for key, value in VALUES.items()} == VALUES
    assert second.value("b/own", 0) == 1
    assert sorted(told) == sorted(VALUES)


@pytest.mark.parametrize(
    "content",
    [
        b"no json",
        b"\xff\xfe\x00",
        b"[]",
        b"[" * 100_000,
        b'{"file": "something else", "values": {}}',
        json.dumps({"file": "mien settings", "version": VERSION}).encode(),
        json.dumps({"file": "mien settings", "version": VERSION + 1, "values": {"a/int": 1}}).encode(),
        json.dumps({"file": "mien settings", "version": "x", "values": {"a/int": 1}}).encode(),
    ],
)
def test_a_foreign_or_broken_file_is_one_line_and_changes_nothing(
    store: QSettings, tmp_path: Path, content: bytes
) -> None:
    preferences = Preferences(store)
    preferences.set_value("a/int", 9)
    path = tmp_path / "foreign.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"foreign\.json") as raised:
        preferences.import_file(path)
    assert "\n" not in str(raised.value)
    assert preferences.value("a/int", 0) == 9


def test_places_that_cannot_be_written_or_read_are_one_line(store: QSettings, tmp_path: Path) -> None:
    preferences = Preferences(store)
    with pytest.raises(UserError, match="cannot be written"):
        preferences.export_file(tmp_path)
    with pytest.raises(UserError, match="cannot be read"):
        preferences.import_file(tmp_path / "missing.json")
