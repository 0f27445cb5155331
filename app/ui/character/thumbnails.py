"""Small pictures of characters: Mien brings those of its own, the user's are drawn once by a process of their own.

A process, because VTK belongs to the GUI thread here, and a scene of somebody else's character may take seconds; it
also cannot take the window down with it. Pictures are kept in the application's cache folder.
"""

import hashlib
import sys
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QProcess, QStandardPaths, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap

from app.characters import Entry
from rig.skeleton import ASSETS, RIG_VERSION

SIZE_PX: Final = 192
POSE: Final = ("--channel", "AU12=0.35", "--channel", "AU6=0.2", "--turn", "18")
"""As ``rig.build.characters.sheet.thumbnail`` draws the built-in ones."""
IDLE_MS: Final = 1500
"""The window has better things to do when it has just opened."""
DRAWN_ANEW: Final = 1
"""Another number here makes all kept pictures old."""


class Thumbnails(QObject):
    """:meth:`pixmap` gives what there is; ``made`` tells a character's name when there is more."""

    made = Signal(str)

    def __init__(self, folder: Path | None = None) -> None:
        """``folder``: where pictures are kept; by default in the application's cache."""
        super().__init__()
        if folder is None:
            place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericCacheLocation)
            folder = Path(place) / "mien" / "thumbnails"
        self.folder = folder
        self._queue: list[Entry] = []
        self._failed: set[Path] = set()
        self._process: QProcess | None = None
        self._drawing: tuple[Entry, Path, Path] | None = None  # who, and the picture until and when it is whole
        self._idle = QTimer(self, singleShot=True, interval=IDLE_MS)
        self._idle.timeout.connect(self._draw_next)

    def pixmap(self, entry: Entry) -> QPixmap | None:
        """The character's picture; None while there is none, which is then drawn when there is time."""
        path = self.path(entry)
        image = QImage(str(path)) if path.is_file() else QImage()
        if not image.isNull():
            return QPixmap.fromImage(image)
        if entry.path is not None and path not in self._failed and entry not in self._queue:
            self._queue.append(entry)
            if self._process is None:
                self._idle.start()
        return None

    def path(self, entry: Entry) -> Path:
        """Where its picture is, or will be: named for what the file was when it was drawn."""
        if entry.path is None:
            return ASSETS / "characters" / entry.name / "thumbnail.png"
        try:
            state = entry.path.stat()
            told = (str(entry.path.resolve()), state.st_size, state.st_mtime_ns, RIG_VERSION, DRAWN_ANEW)
        except OSError:
            told = (str(entry.path), 0, 0, RIG_VERSION, DRAWN_ANEW)
        return self.folder / f"{hashlib.sha256(repr(told).encode()).hexdigest()[:24]}.png"

    def _draw_next(self) -> None:
        if self._drawing is not None or not self._queue:
            return
        entry = self._queue.pop(0)
        path = self.path(entry)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            self._failed.add(path)
            return
        partial = path.with_name(path.stem + ".part.png")
        self._drawing = entry, partial, path
        spec = entry.name if entry.kind == "own" else str(entry.path)
        told = ["--out", str(partial), "--size", f"{SIZE_PX}x{SIZE_PX}", "--background", "transparent", *POSE]
        self._process = QProcess(self)
        self._process.setWorkingDirectory(str(ASSETS.parent))  # a checkout need not be installed
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._broke)
        self._process.start(sys.executable, ["-m", "app", "character", "show", spec, *told])

    def _broke(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._finished(-1)

    def _finished(self, code: int, *_: object) -> None:
        if self._drawing is None or self._process is None:
            return
        (entry, partial, path), self._drawing = self._drawing, None
        self._process.deleteLater()
        self._process = None
        if code == 0 and partial.is_file():
            partial.replace(path)
            self.made.emit(entry.name)
        else:
            partial.unlink(missing_ok=True)
            self._failed.add(path)
        self._idle.start()

    def close(self) -> None:
        """Whatever is being drawn is left."""
        self._idle.stop()
        self._queue.clear()
        process, self._process = self._process, None
        self._drawing = None
        if process is not None:
            process.blockSignals(True)
            process.kill()
            process.waitForFinished(2000)
            process.deleteLater()
