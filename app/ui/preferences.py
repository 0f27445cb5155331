"""What is remembered from one start to the next. Anything that cannot be read costs one warning, never the start."""

import json
from pathlib import Path
from typing import Any, Final, TypeVar

from PySide6.QtCore import QObject, QSettings, Signal

from app.errors import UserError

VERSION: Final = 2
VERSION_KEY: Final = "mien/version"
FILE_MARK: Final = "mien settings"
MAX_FILE_BYTES: Final = 4_000_000

RENAMED: Final = {
    "theme": "window/theme",
    "skin": "character/skin",
    "character": "character/name",
    "recordings": "output/folder",
    "videos": "source/folder",
    "osc": "output/osc",
}
"""Keys of version 1, which kept bare words, and what they are called now."""
DAMAGED: Final = "the file"
"""Stands for all keys in what was complained about."""
FORGOTTEN: Final = ("geometry",)
"""Keys of version 1 that have no meaning any more."""

T = TypeVar("T")


class Preferences(QObject):
    """Values under keys ``group/name``, kept as JSON in ``QSettings``, typed by the default that is asked with.

    Booleans, whole numbers, floats, words, lists and dicts can be kept.
    """

    changed = Signal(str)
    """The key of a value that is another one now."""
    imported = Signal(list)
    """Keys that a settings file gave other values, when ``changed`` has been told of each: for what goes together."""
    problem = Signal(str)
    """One line about settings that could not be used."""

    def __init__(self, settings: QSettings | None = None) -> None:
        super().__init__()
        self._settings = settings if settings is not None else QSettings("Mien", "Mien")
        self.problems: list[str] = []
        """Everything that was said so far."""
        self._blamed: set[str] = set()
        if self._settings.status() is not QSettings.Status.NoError:
            self._complain(
                DAMAGED, f"the settings in {self._settings.fileName()} are damaged: what is lost starts afresh"
            )
        self._migrate()

    def value(self, key: str, default: T) -> T:
        """What is kept under ``key``, of the default's type; the default where nothing or nothing usable is kept."""
        text = self._settings.value(key)
        if text is None:
            return default
        try:
            value = json.loads(str(text))
        except ValueError:
            self._complain(key, f"the setting '{key}' cannot be read: back to its default")
            return default
        if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if type(value) is not type(default):
            self._complain(key, f"the setting '{key}' does not fit this version of Mien: back to its default")
            return default
        return value

    def choice(self, key: str, allowed: tuple[str, ...]) -> str:
        """A word out of ``allowed``; the first where another one is kept, which is warned of once."""
        value = self.value(key, allowed[0])
        if value in allowed:
            return value
        self._complain(key, f"the setting '{key}' is '{value}', which this version does not know: now {allowed[0]}")
        return allowed[0]

    def set_value(self, key: str, value: Any) -> None:
        """Keep it; ``changed`` tells where it differs from what was kept."""
        text = _text(value)
        if self._settings.value(key) == text:
            return
        self._settings.setValue(key, text)
        self.changed.emit(key)

    def forget(self, key: str) -> None:
        """Back to the default."""
        if self._settings.contains(key):
            self._settings.remove(key)
            self.changed.emit(key)

    def keys(self) -> list[str]:
        """Everything that is kept, sorted."""
        return sorted(key for key in self._settings.allKeys() if key != VERSION_KEY)

    def sync(self) -> None:
        """Write to disk now."""
        self._settings.sync()

    # ------------------------------------------------------------ one file

    def export_file(self, path: Path) -> None:
        """All settings as one JSON file. Raises ``UserError`` where it cannot be written."""
        values = {}
        for key in self.keys():
            try:
                values[key] = json.loads(str(self._settings.value(key)))
            except ValueError:
                continue  # what cannot be read here is of no use elsewhere
        text = json.dumps({"file": FILE_MARK, "version": VERSION, "values": values}, indent=2, sort_keys=True)
        try:
            path.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise UserError(f"{path} cannot be written: {error.strerror or error}") from error

    def import_file(self, path: Path) -> None:
        """Take over all values of an exported file; others stay. Raises ``UserError``; nothing changes then."""
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise UserError(f"{path.name} is too large for a settings file")
            content = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise UserError(f"{path} cannot be read: {error.strerror or error}") from error
        except (ValueError, RecursionError) as error:
            raise UserError(f"{path.name} is no settings file of Mien: choose one that Mien exported") from error
        if not isinstance(content, dict) or content.get("file") != FILE_MARK:
            raise UserError(f"{path.name} is no settings file of Mien: choose one that Mien exported")
        values, version = content.get("values"), content.get("version")
        if not isinstance(values, dict) or not isinstance(version, int):
            raise UserError(f"{path.name} is damaged: export it again")
        if version > VERSION:
            raise UserError(f"{path.name} was written by a newer Mien: update this one, or export it there again")
        self._blamed.clear()
        texts = {key: _text(value) for key, value in values.items() if "/" in key and key != VERSION_KEY}
        others = [key for key, text in texts.items() if self._settings.value(key) != text]
        for key in others:  # first all of them: whoever is told of one finds the others as they will be
            self._settings.setValue(key, texts[key])
        for key in others:
            self.changed.emit(key)
        self.imported.emit(others)

    # ------------------------------------------------------------ versions

    def _migrate(self) -> None:
        """Bring what an older version kept to today's keys. A newer version's settings are read as far as they fit."""
        kept = self._settings.value(VERSION_KEY)
        if kept is None:
            kept_then = {old: self._settings.value(old) for old in RENAMED if self._settings.contains(old)}
            # First all goes, then it comes back: to remove "character" is to remove "character/name" as well.
            for old in (*kept_then, *FORGOTTEN):
                self._settings.remove(old)
            for old, value in kept_then.items():
                self._settings.setValue(RENAMED[old], json.dumps(str(value)))
        elif not str(kept).isdigit() or int(str(kept)) > VERSION:
            self._complain("", "these settings come from a newer Mien: what this one does not know is left alone")
            return
        self._settings.setValue(VERSION_KEY, VERSION)

    def _complain(self, key: str, text: str) -> None:
        """Once for each key; nothing more where the whole file is damaged."""
        if key in self._blamed or DAMAGED in self._blamed:
            return
        self._blamed.add(key)
        self.problems.append(text)
        self.problem.emit(text)


def _text(value: Any) -> str:
    """As it is kept."""
    return json.dumps(value, sort_keys=True)
