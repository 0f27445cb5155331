"""The files to process and how each of them fared, as a list that views show."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from app.ui.processing.events import Event

ROW: Final = Qt.ItemDataRole.UserRole
NO_FACE: Final = "no face was seen"
"""A warning that the counts tell as well."""
NOWHERE: Final = QModelIndex()
Index = QModelIndex | QPersistentModelIndex


class State(enum.Enum):
    """WAITING -> WORKING -> DONE, FAILED or CANCELLED; all of these become WAITING to be done again."""

    WAITING = "Waiting"
    WORKING = "Working"
    DONE = "Done"
    FAILED = "Failed"
    CANCELLED = "Cancelled"


@dataclass(eq=False)
class Row:
    """One file, or folder of pictures."""

    source: str
    state: State = State.WAITING
    stage: str = "load"
    share: float | None = None
    """0..1 of this file; None where unknown."""
    frames: int = 0
    tracked: int = 0
    fps: float = 0.0
    outputs: tuple[str, ...] = field(default=())
    warnings: tuple[str, ...] = field(default=())
    error: str = ""

    @property
    def name(self) -> str:
        return Path(self.source).name or self.source

    def forget(self) -> None:
        """To be done, or to be done again."""
        fresh = Row(self.source)
        self.__dict__.update(fresh.__dict__)

    def take(self, event: Event) -> None:
        """What was said about it."""
        if event.kind == "done":
            self.state, self.share = State.DONE, 1.0
            self.frames, self.tracked = event.frames, event.tracked
            self.outputs, self.warnings = event.outputs, event.warnings
        elif event.kind == "failed":
            self.state, self.outputs = State.FAILED, event.outputs
            error = event.error or "it cannot be processed, and nothing was said about why"
            self.error = error.replace(self.source, self.name)  # where it is can be read elsewhere
        elif event.kind == "progress":
            self.state, self.stage = State.WORKING, event.stage
            self.share, self.frames, self.tracked, self.fps = event.share, event.frames, event.tracked, event.fps
        else:
            self.state = State.WORKING

    @property
    def status(self) -> str:
        """In a word, or in per cent."""
        if self.state is not State.WORKING:
            return self.state.value
        if self.stage == "load":
            return "Loading …"
        return "Working …" if self.share is None else f"{100 * self.share:.0f} %"

    @property
    def about(self) -> str:
        """A line below the name: how it fared, else where it is."""
        if self.state is State.DONE:
            return "  ·  ".join([self.counts, *(line for line in self.warnings if line != NO_FACE)])
        if self.state is State.FAILED:
            return self.error
        if self.state is State.WORKING and self.stage == "calibrate":
            return f"First look, for the face at rest  ·  {self.fps:.0f} frames/s"
        if self.state is State.WORKING and self.stage == "track":
            return f"{self.frames:,} frames so far  ·  {self.fps:.0f} frames/s"
        return str(Path(self.source).parent)

    @property
    def counts(self) -> str:
        """``512 frames, 498 with a face``."""
        frames = f"{self.frames:,} frame{'' if self.frames == 1 else 's'}"
        if self.frames and self.tracked == self.frames:
            return f"{frames}, all with a face"
        return f"{frames}, {self.tracked:,} with a face" if self.tracked else f"{frames}, none with a face"

    @property
    def why(self) -> str:
        """Why it failed, and which file it is."""
        return self.error if self.error.startswith(self.name) else f"{self.name}: {self.error}"

    @property
    def spoken(self) -> str:
        """For screen readers: all of it."""
        return f"{self.name}, {self.status}: {self.about}"

    @property
    def tip(self) -> str:
        """All that is known, whole."""
        lines = [self.source]
        if self.state is State.DONE:
            lines.append(f"Done: {self.counts}")
        if self.state is State.FAILED:
            lines.append(f"Failed: {self.error}")
        lines += [f"Note: {line}" for line in self.warnings]
        lines += [f"→ {path}" for path in self.outputs]
        return "\n".join(lines)


class FileRows(QAbstractListModel):
    """To be changed on the GUI thread only."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.tip
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row.spoken
        return row if role == ROW else None

    def add(self, sources: Iterable[str]) -> list[Row]:
        """Those that are not there yet; returns them."""
        here = {row.source for row in self.rows}
        new = [Row(source) for source in dict.fromkeys(sources) if source not in here]
        if new:
            self.beginInsertRows(NOWHERE, len(self.rows), len(self.rows) + len(new) - 1)
            self.rows += new
            self.endInsertRows()
        return new

    def remove(self, row: Row) -> None:
        at = self.rows.index(row)
        self.beginRemoveRows(NOWHERE, at, at)
        del self.rows[at]
        self.endRemoveRows()

    def tell(self, rows: Iterable[Row]) -> None:
        """These are other ones now."""
        for row in rows:
            if row in self.rows:
                index = self.index(self.rows.index(row))
                self.dataChanged.emit(index, index)
