"""What is to be made of files, as it was chosen the last time."""

from pathlib import Path
from typing import Final

from app.calibration import MODES
from app.errors import UserError
from app.profiles import list_profiles, profile_path
from app.tracker_settings import TrackerSettings
from app.ui.output.recorder import Recorder
from app.ui.preferences import Preferences

GROUP: Final = "process/"
FORMATS: Final = ("openface", "arkit", "none")
WHOLE: Final = "whole"
"""A file can be looked through twice, and what was learnt holds for all of its frames: the best there is."""
NEUTRALS: Final = {
    WHOLE: ("Whole file, looked through twice", "The face at rest is found first, then all is measured by it"),
    "auto": ("Learn by and by", "One pass, as live: first frames know less of the face than the last"),
    "first-second": ("First second", "For files that begin with the face at rest"),
    "off": ("Off", "An average face, for everybody"),
}


class ProcessChoices:
    """Kept in the preferences under ``process/``."""

    def __init__(self, preferences: Preferences, recorder: Recorder) -> None:
        self._preferences, self._recorder = preferences, recorder

    @property
    def folder(self) -> Path:
        """Where results go; by default where takes go, so that they can be played back on the face."""
        kept = self._preferences.value(GROUP + "folder", "")
        return Path(kept).expanduser().absolute() if kept else self._recorder.folder

    @folder.setter
    def folder(self, path: str | Path) -> None:
        self._preferences.set_value(GROUP + "folder", str(path))

    @property
    def format(self) -> str:
        """One of ``FORMATS``."""
        return self._preferences.choice(GROUP + "format", FORMATS)

    @format.setter
    def format(self, name: str) -> None:
        self._preferences.set_value(GROUP + "format", name)

    @property
    def video(self) -> bool:
        return self._preferences.value(GROUP + "video", False)

    @video.setter
    def video(self, on: bool) -> None:
        self._preferences.set_value(GROUP + "video", on)

    @property
    def replace(self) -> bool:
        """Whether a result takes the place of an older one; else it gets a name of its own."""
        return self._preferences.value(GROUP + "replace", False)

    @replace.setter
    def replace(self, on: bool) -> None:
        self._preferences.set_value(GROUP + "replace", on)

    @property
    def neutral(self) -> str:
        """A mode of ``app.calibration`` or a saved profile; ``WHOLE`` where the profile is no more."""
        kept = self._preferences.value(GROUP + "neutral", WHOLE)
        try:
            usable = kept in MODES or profile_path(kept).is_file()
        except UserError:
            usable = False
        return kept if usable else WHOLE

    @neutral.setter
    def neutral(self, name: str) -> None:
        self._preferences.set_value(GROUP + "neutral", name)

    def neutrals(self) -> list[tuple[str, str, str, bool]]:
        """For a ``ChoiceBox``: what there is now."""
        modes = [(key, word, line, True) for key, (word, line) in NEUTRALS.items()]
        names = list_profiles()
        if self.neutral not in MODES and self.neutral not in names:  # a path
            names.append(self.neutral)
        return modes + [(name, name, "A saved profile: files of this person", True) for name in names]


def settings_line(settings: TrackerSettings) -> str:
    """Which settings of the window's will be used."""
    network = "the automatic network" if settings.model == "auto" else f"network {settings.model}"
    filters = {"off": "no smoothing"}.get(settings.filter, f"{settings.filter} smoothing")
    parts = [network, filters]
    if settings.landmarks == "mediapipe":
        parts.append("MediaPipe's landmarks")
    if not settings.asymmetry:
        parts.append("both sides alike")
    count = sum(settings.shaping.changed(i) for i in range(len(settings.shaping.gain)))
    parts.append(f"{count} channel{'s' if count > 1 else ''} shaped" if count else "channels as measured")
    return f"Tracked as in the window: {', '.join(parts)}"
