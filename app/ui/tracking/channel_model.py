"""The 40 channels as a table: what each is called, its gain, dead zone and limit, and which sides go together."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from app.shaping import DEFAULTS, FILE_UNITS, RANGES, SETTINGS, Setting, Shaping
from app.ui.meters.channel_names import NAMES, REGIONS, channels_of
from rig.arkit import MATRIX
from rig.parameters import ARKIT, CHANNELS, N_CHANNELS

Role = Qt.ItemDataRole
Index = QModelIndex | QPersistentModelIndex
ROOT: Final = QModelIndex()


class Column(IntEnum):
    NAME, LINK, GAIN, DEAD_ZONE, LIMIT = range(5)


SETTING_OF: Final[dict[int, Setting]] = {
    Column.GAIN: "gain",
    Column.DEAD_ZONE: "dead_zone",
    Column.LIMIT: "limit",
}
HEADINGS: Final = {
    Column.NAME: ("Channel", "The bar is what is shown and sent, the tick what was measured"),
    Column.LINK: ("", "Whether both sides have the same numbers"),
    Column.GAIN: ("Gain", "Times what was measured"),
    Column.DEAD_ZONE: ("Dead", "Dead zone, FACS intensity 0 to 5: what is not above it counts as rest"),
    Column.LIMIT: ("Limit", "FACS intensity 0 to 5: never more than this"),
}
WORDS: Final[dict[Setting, str]] = {"gain": "Gain", "dead_zone": "Dead zone", "limit": "Limit"}
STEPS: Final[dict[Setting, float]] = {"gain": 0.05, "dead_zone": 0.1, "limit": 0.1}
"""Of a key or a wheel, in the units shown."""
DECIMALS: Final[dict[Setting, int]] = {"gain": 2, "dead_zone": 1, "limit": 1}


@dataclass(frozen=True, slots=True)
class Row:
    """The heading of a region (``au`` None), or one channel of an AU."""

    region: str
    au: int | None = None
    channel: int = -1
    side: str = ""
    """``left``, ``right``, or empty."""


def _rows() -> tuple[Row, ...]:
    rows = []
    for region, aus in REGIONS:
        rows.append(Row(region))
        for au in aus:
            rows += [Row(region, au, c, CHANNELS[c].partition("-")[2]) for c in channels_of(au)]
    return tuple(rows)


ROWS: Final = _rows()
PAIRED: Final = frozenset(row.au for row in ROWS if row.side == "left" and row.au is not None)
"""AUs with sides."""


class ChannelModel(QAbstractTableModel):
    """Rows of :data:`ROWS`. Of sides that go together the left row stands for both, and the right one is for hiding."""

    edited = Signal(object)
    """An ``app.shaping.Shaping`` made by hand."""
    linked = Signal()
    """Sides were put together or taken apart: other rows are to be seen."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.shaping = Shaping()
        self.apart: set[int] = set()
        """AUs whose sides have numbers of their own."""
        self.before: NDArray[np.float32] = np.zeros(N_CHANNELS, np.float32)
        self.after: NDArray[np.float32] = np.zeros(N_CHANNELS, np.float32)
        """(40,) 0..1, what the bars show; whoever sets them repaints."""

    # ------------------------------------------------------------ what is asked of it

    def channels(self, row: int) -> tuple[int, ...]:
        """Which channels a row stands for: none, one, or left and right."""
        entry = ROWS[row]
        if entry.au is None:
            return ()
        together = entry.side == "left" and entry.au not in self.apart
        return channels_of(entry.au) if together else (entry.channel,)

    def is_hidden(self, row: int) -> bool:
        """The right side of what goes together."""
        return ROWS[row].side == "right" and ROWS[row].au not in self.apart

    def show_shaping(self, shaping: Shaping) -> None:
        """Numbers from elsewhere; sides that differ are taken apart."""
        differing = {au for au in PAIRED if _differ(shaping, channels_of(au))}
        self.shaping = shaping
        self.dataChanged.emit(self.index(0, 0), self.index(len(ROWS) - 1, Column.LIMIT))
        if differing - self.apart:
            self.set_apart(self.apart | differing)

    def set_apart(self, aus: Iterable[int]) -> None:
        self.apart = {au for au in aus if au in PAIRED}
        self.linked.emit()

    def toggle_link(self, row: int) -> None:
        """Take sides apart, or put them together: both then have the left one's numbers."""
        entry = ROWS[row]
        if entry.au not in PAIRED or entry.au is None:
            return
        if entry.au not in self.apart:
            self.set_apart(self.apart | {entry.au})
            return
        shaping, (left, right) = self.shaping, channels_of(entry.au)
        for setting in SETTINGS:
            shaping = shaping.with_value(setting, (right,), shaping.get(setting, left))
        self.set_apart(self.apart - {entry.au})
        self._take(shaping)

    def reset_rows(self, rows: Iterable[int]) -> None:
        """Leave the channels of these rows as they are measured."""
        self._take(self.shaping.without(tuple(c for row in rows for c in self.channels(row))))

    def number(self, row: int, setting: Setting) -> float:
        """In the units shown."""
        return self.shaping.get(setting, self.channels(row)[0]) * FILE_UNITS[setting]

    def _take(self, shaping: Shaping) -> None:
        if shaping != self.shaping:
            self.shaping = shaping
            self.dataChanged.emit(self.index(0, 0), self.index(len(ROWS) - 1, Column.LIMIT))
            self.edited.emit(shaping)

    # ------------------------------------------------------------ Qt's questions

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(ROWS)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(Column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        word, tip = HEADINGS[Column(section)]
        if role == Role.DisplayRole:
            return word
        if role == Role.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if section == Column.NAME else Qt.AlignmentFlag.AlignRight
            return side | Qt.AlignmentFlag.AlignVCenter
        return {int(Role.ToolTipRole): tip, int(Role.AccessibleTextRole): word or "Sides linked"}.get(role)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid() or ROWS[index.row()].au is None:
            return Qt.ItemFlag.ItemIsEnabled
        plain = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return plain | Qt.ItemFlag.ItemIsEditable if index.column() in SETTING_OF else plain

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = index.row(), index.column()
        entry = ROWS[row]
        if entry.au is None:
            return entry.region if role in (Role.DisplayRole, Role.AccessibleTextRole) and column == 0 else None
        if (setting := SETTING_OF.get(column)) is not None:
            if role == Role.DisplayRole:
                return f"{self.number(row, setting):.{DECIMALS[setting]}f}"
            if role == Role.EditRole:
                return self.number(row, setting)
            if role == Role.AccessibleTextRole:
                return f"{WORDS[setting]} of {self.title(row)}: {self.number(row, setting):.{DECIMALS[setting]}f}"
            return _edit_tip(setting) if role == Role.ToolTipRole else None
        if column == Column.LINK:
            if role in (Role.ToolTipRole, Role.AccessibleTextRole) and entry.au in PAIRED:
                return "Sides have their own numbers" if entry.au in self.apart else "Both sides have the same numbers"
            return None
        if role in (Role.DisplayRole, Role.AccessibleTextRole):
            return self.title(row)
        return f"{self.title(row)}\n{arkit_of(entry.channel)}" if role == Role.ToolTipRole else None

    def title(self, row: int) -> str:
        """``AU12 Lip corner puller``, with its side where it stands for one."""
        entry = ROWS[row]
        assert entry.au is not None
        side = f", {entry.side}" if entry.side and len(self.channels(row)) == 1 else ""
        return f"AU{entry.au} {NAMES[entry.au]}{side}"

    def setData(self, index: Index, value: Any, role: int = Role.EditRole) -> bool:
        """``value`` in the units shown; the nearest that is allowed is taken."""
        setting = SETTING_OF.get(index.column())
        if role != Role.EditRole or setting is None or ROWS[index.row()].au is None:
            return False
        number = round(float(value), DECIMALS[setting])
        self._take(self.shaping.with_value(setting, self.channels(index.row()), number / FILE_UNITS[setting]))
        return True

    def step(self, index: Index, steps: float) -> None:
        """Change a number by so many of its steps."""
        if (setting := SETTING_OF.get(index.column())) is not None and ROWS[index.row()].au is not None:
            self.setData(index, self.number(index.row(), setting) + steps * STEPS[setting])

    def reset(self, index: Index) -> None:
        """One number back to its default, or all of the row where its name is meant."""
        setting = SETTING_OF.get(index.column())
        if setting is None:
            self.reset_rows([index.row()])
        else:
            self.setData(index, DEFAULTS[setting] * FILE_UNITS[setting])


def _differ(shaping: Shaping, channels: tuple[int, ...]) -> bool:
    return any(shaping.get(s, channels[0]) != shaping.get(s, channels[-1]) for s in SETTINGS)


def _edit_tip(setting: Setting) -> str:
    low, high = (bound * FILE_UNITS[setting] for bound in RANGES[setting])
    return f"{WORDS[setting]}, {low:g} to {high:g}: drag, type, or + and −; Delete resets it"


@cache
def arkit_of(channel: int) -> str:
    """Names of the ARKit shapes that a channel drives by the linear table, as one line."""
    names = [ARKIT[i] for i in np.flatnonzero(MATRIX[:, channel])]
    return f"ARKit: {', '.join(names)}" if names else "drives no ARKit shape of its own"


@cache
def search_words(row: int) -> str:
    """All that a row can be found by, in lower case."""
    entry = ROWS[row]
    if entry.au is None:
        return ""
    number = f"au{entry.au} au{entry.au:02d} {entry.au}"
    return f"{number} {NAMES[entry.au]} {entry.region} {entry.side} {arkit_of(entry.channel)}".lower()
