"""How the character is shown: framing, light, background, kept from one start to the next. Everybody who offers these
choices (the panel, the stage's menu) changes them here."""

import re
from typing import Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu

from app.ui.menus import offer
from app.ui.preferences import Preferences
from app.ui.stage.rig_camera import VIEWS
from app.ui.stage.rig_view import RigView

LIGHTS: Final[dict[str, str]] = {
    "portrait": "Portrait",
    "soft": "Soft",
    "studio": "Studio",
    "key-left": "Key from the left",
    "key-right": "Key from the right",
    "rim": "Rim",
    "flat": "Flat",
}
"""``rig.lights.LIGHTS`` in words."""
BACKGROUNDS: Final[dict[str, str]] = {
    "theme": "Like the window",
    "colour": "Own colour",
    "transparent": "Transparent",
    "green": "Green (chroma key)",
    "blue": "Blue (chroma key)",
}
CHROMA: Final = {"green": "#00b140", "blue": "#0047bb"}
"""``rig.stage.CHROMA`` and ``CHROMA_BLUE``: that module brings PyVista, for which no window should wait."""
COLOUR_DEFAULT: Final = "#7d8aa0"
KEYS: Final = {"view": tuple(VIEWS), "light": tuple(LIGHTS), "background": tuple(BACKGROUNDS)}
WORDS: Final[dict[str, dict[str, str]]] = {
    "view": {name: view.title for name, view in VIEWS.items()},
    "light": LIGHTS,
    "background": BACKGROUNDS,
}
DEFAULTS: Final = {"view": "head", "light": "portrait", "background": "theme"}


class StageSettings(QObject):
    """``values`` by the keys of KEYS. Read from the preferences at the start, applied to the 3D view, kept again."""

    changed = Signal()

    def __init__(self, preferences: Preferences, rig: RigView) -> None:
        super().__init__()
        self._preferences, self._rig = preferences, rig
        self.values: dict[str, str] = {}
        self.colour = COLOUR_DEFAULT
        """As ``#rrggbb``, for the background ``colour``."""
        preferences.changed.connect(self._look_again)
        self._read()
        rig.set_view(self.values["view"])
        self._apply()

    def set(self, key: str, value: str) -> None:
        """A framing is taken again even where it is the one: it undoes what was turned since."""
        self._preferences.set_value(f"stage/{key}", value)
        if key == "view":
            self._rig.set_view(value)

    def set_colour(self, colour: str) -> None:
        """``#rrggbb``; it becomes the background."""
        self._preferences.set_value("stage/colour", colour)
        self._preferences.set_value("stage/background", "colour")

    def _read(self) -> None:
        for key, allowed in KEYS.items():
            value = self._preferences.value(f"stage/{key}", DEFAULTS[key])
            self.values[key] = value if value in allowed else DEFAULTS[key]
        colour = self._preferences.value("stage/colour", COLOUR_DEFAULT)
        self.colour = colour if re.fullmatch(r"#[0-9a-fA-F]{6}", colour) else COLOUR_DEFAULT

    def _look_again(self, key: str) -> None:
        if key.startswith("stage/"):
            self._read()
            self._apply()
        if key == "stage/view":
            self._rig.set_view(self.values["view"])

    def _apply(self) -> None:
        self._rig.set_light(self.values["light"])
        background = self.values["background"]
        self._rig.set_background(self.colour if background == "colour" else CHROMA.get(background, background))
        self.changed.emit()

    def fill(self, key: str, menu: QMenu) -> None:
        """A submenu with the choices of one of KEYS, ticked as they stand."""
        offer(menu, WORDS[key], self.values[key], lambda value: self.set(key, value))
