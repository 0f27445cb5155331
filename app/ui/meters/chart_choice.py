"""Which curves are in the charts, and in which colours: kept in the preferences, where every panel finds it."""

from typing import Final

from PySide6.QtCore import QObject, Signal

from app.ui.meters.curves import CURVE_INDEX
from app.ui.preferences import Preferences
from app.ui.style.theme import DARK, Theme

KEY: Final = "charts/curves"
MOST: Final = 8
AT_FIRST: Final = {"AU12-left": 0, "AU12-right": 1, "AU26": 2, "head-yaw": 3}
ON_DARK: Final = ("#5aa9ff", "#ffad4d", "#57cfb0", "#e58ad0", "#f0e05a", "#ff7a6b", "#a78bfa", "#a9c46c")
ON_LIGHT: Final = ("#1f74dd", "#c86400", "#0b8d70", "#b8388f", "#8f7a00", "#cf3a2b", "#6d48d6", "#567a14")
"""Told apart by colour-blind eyes in pairs of neighbours, and readable on the panel (3:1 and more)."""


class ChartChoice(QObject):
    """A view of the preferences: all of them in one window agree."""

    changed = Signal()

    def __init__(self, preferences: Preferences) -> None:
        super().__init__()
        self._preferences = preferences
        preferences.changed.connect(self._hear)

    @property
    def chosen(self) -> dict[str, int]:
        """Colour (0 to 7) by key, in the order of colours. What is kept and makes no sense is left out."""
        kept = self._preferences.value(KEY, AT_FIRST)
        chosen: dict[int, str] = {}
        for key, place in kept.items():
            if key in CURVE_INDEX and isinstance(place, int) and 0 <= place < MOST:
                chosen.setdefault(place, key)
        return {chosen[place]: place for place in sorted(chosen)}

    @property
    def full(self) -> bool:
        return len(self.chosen) >= MOST

    def toggle(self, key: str) -> bool:
        """Take a curve out, or add it in the first free colour; False, and nothing changes, where all are taken."""
        chosen = self.chosen
        if key in chosen:
            del chosen[key]
        elif len(chosen) >= MOST:
            return False
        else:
            chosen[key] = next(place for place in range(MOST) if place not in chosen.values())
        self._preferences.set_value(KEY, chosen)
        return True

    def clear(self) -> None:
        self._preferences.set_value(KEY, {})

    def colours(self, theme: Theme) -> dict[str, str]:
        """``#rrggbb`` by key."""
        palette = ON_DARK if theme is DARK else ON_LIGHT
        return {key: palette[place] for key, place in self.chosen.items()}

    def _hear(self, key: str) -> None:
        if key == KEY:
            self.changed.emit()
