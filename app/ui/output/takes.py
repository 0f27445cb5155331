"""The takes of a folder, newest first: found on a thread, renamed, thrown away."""

import queue
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from PySide6.QtCore import QFile, QObject, QStandardPaths, QTimer, Signal

from app.errors import UserError
from app.outputs.take import TakeInfo, describe_take
from app.outputs.take_name import SUFFIX

MOST: Final = 100
"""Older ones are in the folder, and not in the list."""
LOOK_MS: Final = 20
FORBIDDEN: Final = '<>:"/\\|?*'


Found = dict[tuple[Path, int, int], TakeInfo | None]
"""By path, time and size: what was read once is not read again. None for a file that is no take."""


class Takes(QObject):
    """What is in one folder. Methods belong to the GUI thread."""

    changed = Signal()
    """There are others."""
    looked = Signal()
    """A search that ``look`` asked for is over, others or not: after ``changed``."""

    def __init__(self) -> None:
        super().__init__()
        self.takes: list[TakeInfo] = []
        self.folder = Path()
        self._known: Found = {}
        self._answer: queue.SimpleQueue[Found] = queue.SimpleQueue()
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._pick_up)

    def look(self, folder: Path, skip: Path | None = None) -> None:
        """Look again, on a thread; ``changed`` tells. ``skip``: a file that is being written."""
        self.folder = folder
        answer: queue.SimpleQueue[Found] = queue.SimpleQueue()
        self._answer = answer  # what an older search finds is of no interest
        known = dict(self._known)
        # Nothing of Qt in there: the thread may outlive the window.
        threading.Thread(target=lambda: answer.put(_find(folder, skip, known)), name="takes", daemon=True).start()
        self._timer.start()

    def _pick_up(self) -> None:
        if self._answer.empty():
            return
        self._timer.stop()
        self._known = found = self._answer.get()
        takes = [info for info in found.values() if info is not None]
        takes.sort(key=lambda info: (info.modified_s, info.path.name), reverse=True)
        if takes != self.takes:
            self.takes = takes
            self.changed.emit()
        self.looked.emit()

    def rename(self, info: TakeInfo, name: str) -> Path:
        """Give a take another name, in its folder; returns its path. Raises ``UserError``; nothing is overwritten."""
        stem = name.strip().removesuffix(SUFFIX).strip(" .")
        if not stem or any(c in FORBIDDEN or ord(c) < 32 for c in stem):
            raise UserError(f"{_quoted(name.strip())} cannot be a file's name: leave out {FORBIDDEN}")
        new = info.path.with_name(stem + SUFFIX)
        if new == info.path:
            return new
        if new.exists() and not new.samefile(info.path):  # letters' case may be all that changes
            raise UserError(f"there is a take {stem} already: choose another name")
        try:
            info.path.rename(new)
        except OSError as error:
            raise UserError(f"the take {info.path.stem} cannot be renamed: {error.strerror or error}") from error
        return new

    def throw_away(self, info: TakeInfo) -> None:
        """Into the desktop's trash. Raises ``UserError`` where there is none, or the file cannot go."""
        with suppress(OSError):  # Qt makes the trash, but not the folder that it lies in
            data = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
            Path(data).mkdir(parents=True, exist_ok=True)
        if not QFile(str(info.path)).moveToTrash():
            raise UserError(
                f"the take {info.path.stem} cannot be moved to the trash: delete it in its folder, {info.path.parent}"
            )


def _quoted(name: str) -> str:
    return f"“{name}”" if name else "an empty name"


def _find(folder: Path, skip: Path | None, known: Found) -> Found:
    """The newest files of the folder that are takes, and the others that were looked at."""
    files = []
    with suppress(OSError):
        for path in folder.iterdir():
            if path.suffix.lower() == SUFFIX and path != skip:
                with suppress(OSError):
                    status = path.stat()
                    files.append((status.st_mtime_ns, path, status.st_size))
    found: Found = {}
    for modified_ns, path, size in sorted(files, reverse=True)[:MOST]:
        key = path, modified_ns, size
        if key in known:
            found[key] = known[key]
            continue
        try:
            found[key] = describe_take(path)
        except UserError:
            found[key] = None
    return found
