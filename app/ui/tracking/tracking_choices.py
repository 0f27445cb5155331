"""What is chosen about tracking: done by the session, kept by the preferences, told to whoever shows it.

The session's settings are the truth. Whoever changes them (this panel, the toolbar, a menu, an imported settings file),
``follow`` notices, keeps what is new and tells.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from app.errors import UserError
from app.filters import PRESETS
from app.profiles import load_profile
from app.shaping import Shaping, from_json, to_json
from app.tracker import FIXED, TrackerSettings
from app.ui.message_bar import MessageBar
from app.ui.preferences import Preferences
from app.ui.session import Session
from models.runtime.engines import ENGINES
from models.runtime.picture_regressor import FILES
from models.runtime.regressor_choice import MODELS
from models.runtime.sessions import DEVICES

GROUP: Final = "tracking/"
WORDS: Final = {"model": MODELS, "device": DEVICES, "landmarks": ENGINES, "filter": tuple(PRESETS)}
"""Settings that are one of a few words."""
KEPT: Final = (*WORDS, "task_path", "asymmetry", "shaping")
"""Kept as soon as they change. ``calibrate`` is kept only where it is made the default."""


class TrackingChoices(QObject):
    """Restores what was kept at the last time when it is made: before a source runs."""

    changed = Signal()
    """The settings are other ones now."""

    def __init__(self, session: Session, preferences: Preferences, messages: MessageBar) -> None:
        super().__init__()
        self._session, self._preferences, self._messages = session, preferences, messages
        session.settings = self._restored(session.settings)
        session.neutral = session.settings.calibrate
        self._seen = session.settings
        self._before: TrackerSettings | None = None  # what worked until networks were changed that nobody has seen work
        session.failed.connect(self._take_back)
        preferences.imported.connect(self._import)

    @property
    def settings(self) -> TrackerSettings:
        return self._session.settings

    # ------------------------------------------------------------ choices made by hand

    def set_filter(self, name: str) -> None:
        """A key of ``app.filters.PRESETS``, from the next frame on."""
        self._session.set_filter(name)
        self.follow()

    def set_asymmetry(self, on: bool) -> None:
        self._session.set_asymmetry(on)
        self.follow()

    def set_shaping(self, shaping: Shaping) -> None:
        self._session.set_shaping(shaping)
        self.follow()

    def set_networks(self, **changes: Any) -> None:
        """Model, device, landmarks, task_path: a running source goes on with a tracker made anew.

        Should that not be possible, what was chosen before is taken back.
        """
        before = self._session.settings
        if (settings := replace(before, **changes)) == before:
            return
        if self._session.running and self._before is None:
            self._before = before
        self._session.use_tracker(settings)
        self.follow()

    def confirm(self) -> None:
        """The present networks were seen to work."""
        self._before = None

    def _take_back(self, source: str) -> None:
        """The run ended by an error (which is told): go on with what worked."""
        before, self._before = self._before, None
        if before is None:
            return
        now = self._session.settings
        self._session.settings = replace(now, **{name: getattr(before, name) for name in FIXED})
        self.follow()
        self._session.start(source, same_person=True)

    def use_neutral(self, profile: str) -> None:
        """``auto`` or a saved profile, now. Raises ``UserError`` for a profile that cannot be used."""
        self._session.use_neutral(profile)
        self.follow()

    @property
    def default_neutral(self) -> str:
        """What the neutral comes from at the next start."""
        return self._preferences.value(GROUP + "calibrate", TrackerSettings().calibrate)

    def set_default_neutral(self, profile: str) -> None:
        self._preferences.set_value(GROUP + "calibrate", profile)

    def follow(self) -> None:
        """Notice other settings: keep what is new, and tell. Cheap; to be called a few times a second."""
        now, before = self._session.settings, self._seen
        if now is before:
            return
        self._seen = now
        if now == before:
            return
        for name in KEPT:
            if getattr(now, name) != getattr(before, name):
                self._preferences.set_value(GROUP + name, _plain(getattr(now, name)))
        self.changed.emit()

    # ------------------------------------------------------------ from the preferences

    def _restored(self, settings: TrackerSettings) -> TrackerSettings:
        """Settings with what was kept, where nothing else was asked for at the start."""
        untouched = TrackerSettings()
        for name in (*KEPT, "calibrate"):
            if name not in self._session.given:
                settings = replace(settings, **{name: self._kept(name, getattr(untouched, name))})
        return self._possible(settings)

    def _kept(self, name: str, default: Any) -> Any:
        """A setting as it was kept; what no longer fits gives the default, and a warning."""
        key = GROUP + name
        if name in WORDS:
            word = self._preferences.value(key, default)
            if word not in WORDS[name]:
                self._messages.show_message("warning", f"the setting {key} is {word!r}, which is not known: {default}")
                return default
            return word
        if name == "shaping":
            try:
                return from_json(self._preferences.value(key, to_json(default)))
            except UserError as error:
                self._messages.show_message("warning", f"channel settings are back to their defaults: {error}")
                return default
        if name == "task_path":
            text = self._preferences.value(key, "")
            return Path(text) if text else default
        return self._preferences.value(key, default)

    def _possible(self, settings: TrackerSettings) -> TrackerSettings:
        """A start must not fail for what has gone from the disk since: a profile, a task file, a network."""
        if settings.calibrate != TrackerSettings().calibrate and settings.calibrate == self.default_neutral:
            try:
                load_profile(settings.calibrate)
            except UserError as error:
                self._messages.show_message("warning", f"the neutral is learned instead: {error}")
                settings = replace(settings, calibrate=TrackerSettings().calibrate)
        if settings.landmarks == "mediapipe" and (settings.task_path is None or not settings.task_path.is_file()):
            self._messages.show_message("warning", "MediaPipe's task file is gone: Mien's own landmarks are used")
            settings = replace(settings, landmarks="onnx")
        if settings.model in FILES and not FILES[settings.model].is_file():  # type: ignore[index]
            self._messages.show_message("warning", f"the {settings.model} network is not installed: now auto")
            settings = replace(settings, model="auto")
        return settings

    def _import(self, keys: list[str]) -> None:
        """A settings file gave these keys other values: all of them hold at once."""
        names = [key.removeprefix(GROUP) for key in keys if key.startswith(GROUP)]
        usual, now = TrackerSettings(), self._session.settings
        values = {name: self._kept(name, getattr(usual, name)) for name in names if name in KEPT}
        wished = self._possible(replace(now, **values))
        if wished.filter != now.filter:
            self._session.set_filter(wished.filter)
        if wished.asymmetry != now.asymmetry:
            self._session.set_asymmetry(wished.asymmetry)
        if wished.shaping != now.shaping:
            self._session.set_shaping(wished.shaping)
        if "calibrate" in names:
            try:
                self._session.use_neutral(self.default_neutral)
            except UserError as error:
                self._messages.show_message("warning", f"the neutral stays as it is: {error}")
        self.set_networks(**{name: getattr(wished, name) for name in FIXED})
        self.follow()


def _plain(value: Any) -> Any:
    """As the preferences keep it."""
    if isinstance(value, Shaping):
        return to_json(value)
    return str(value) if isinstance(value, Path) else "" if value is None else value
