"""Recording: what a take is called, where it goes, the countdown before it, and how it goes on. No widgets."""

import shutil
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QStandardPaths, Signal

from app.config import CSV_FORMATS
from app.errors import UserError
from app.outputs.sink import Sink
from app.outputs.take_name import DEFAULT, check_pattern, next_path
from app.pipeline import Pipeline, Snapshot
from app.ui.message_bar import MessageBar
from app.ui.preferences import Preferences
from app.ui.session import Session
from app.ui.tracking.countdown import Countdown

FORMAT_KEY: Final = "output/format"
FOLDER_KEY: Final = "output/folder"
NAME_KEY: Final = "output/name"
COUNTDOWN_KEY: Final = "output/countdown"
COUNTDOWNS: Final = (0, 3, 5)
"""Seconds before a recording begins."""
LOOK_AT_DISK_S: Final = 2.0
SCARCE_BYTES: Final = 500_000_000
"""Less room than this is said in red."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A CSV being written."""

    path: Path
    sink: Sink
    since_s: float
    """``time.perf_counter()`` at its start."""
    dropped_before: int
    """Frames that the source had dropped by then."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How a recording goes."""

    path: Path
    elapsed_s: float
    rows: int
    size: int
    """Bytes."""
    dropped: int
    """Frames of the camera that came too fast and have no row."""


class Recorder(QObject):
    """One recording at a time. Methods belong to the GUI thread; rows are written on the run's."""

    saved = Signal(str, int)
    """A recording is whole: path and rows."""
    changed = Signal()
    """It began, ended, or its settings are others."""
    _closed = Signal(object)

    def __init__(self, session: Session, preferences: Preferences, messages: MessageBar) -> None:
        super().__init__()
        self._session, self._preferences, self._messages = session, preferences, messages
        self._pipeline: Pipeline | None = None
        self._ending: list[Recording] = []
        self._dropped = 0
        self._free: tuple[float, int | None] = (-LOOK_AT_DISK_S, None)
        self.recording: Recording | None = None
        self.countdown = Countdown(self)
        """Before a recording; its own, as a calibration may be counted down meanwhile."""
        session.started.connect(self._begin_run)
        session.ended.connect(self._end_run)
        preferences.changed.connect(self._hear)
        self.countdown.over.connect(self._start_now)
        self._closed.connect(self._tell)

    # ------------------------------------------------------------ settings

    @property
    def format(self) -> str:
        """A key of ``app.config.CSV_FORMATS``."""
        return self._preferences.choice(FORMAT_KEY, tuple(CSV_FORMATS))

    @format.setter
    def format(self, name: str) -> None:
        self._preferences.set_value(FORMAT_KEY, name)

    @property
    def folder(self) -> Path:
        """Where takes go; one that is gone is made again when it is needed."""
        kept = self._preferences.value(FOLDER_KEY, "")
        if kept:
            return Path(kept)
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        return Path(documents or Path.home()) / "Mien"

    @folder.setter
    def folder(self, path: Path) -> None:
        self._free = (-LOOK_AT_DISK_S, None)
        self._preferences.set_value(FOLDER_KEY, str(path))

    @property
    def pattern(self) -> str:
        return self._preferences.value(NAME_KEY, DEFAULT)

    @pattern.setter
    def pattern(self, pattern: str) -> None:
        """Raises ``UserError`` for one that makes no name; nothing changes then."""
        check_pattern(pattern)
        self._preferences.set_value(NAME_KEY, pattern)

    @property
    def countdown_s(self) -> int:
        seconds = self._preferences.value(COUNTDOWN_KEY, 0)
        return seconds if seconds in COUNTDOWNS else 0

    @countdown_s.setter
    def countdown_s(self, seconds: int) -> None:
        self._preferences.set_value(COUNTDOWN_KEY, seconds)

    def next_path(self) -> Path:
        """What the next take is called. Raises ``UserError`` for a pattern that makes no name."""
        return next_path(self.folder, self.pattern, self._session.source or "source", datetime.now())

    # ------------------------------------------------------------ begin and end

    @property
    def ready(self) -> bool:
        """Whether something runs that can be recorded."""
        return self._pipeline is not None and not self._session.stopping

    def toggle(self) -> None:
        """The one button: begin (after the countdown), end, or call the countdown off. Errors become messages."""
        if self.recording is not None:
            self.stop()
        elif self.countdown.running:
            self.countdown.cancel()
        elif self.countdown_s and self.ready:
            self.countdown.start(self.countdown_s)
        else:
            self._start_now()
        self.changed.emit()

    def _start_now(self) -> None:
        try:
            self.start()
        except UserError as error:
            self._messages.show_error(error)

    def start(self, path: Path | None = None) -> None:
        """Write one row per frame from the next one on. Raises ``UserError`` where that cannot be; nothing changes.

        Without a path the take is named by the pattern and overwrites nothing; a path that is given is overwritten.
        """
        if self._pipeline is None or self._session.stopping:
            raise UserError("nothing runs that could be recorded: start a source first")
        path = path or self.next_path()
        source = Path(self._session.source or "")
        if path.exists() and self._session.source and source.exists() and path.samefile(source):
            raise UserError(f"{path} is the source itself: choose another name")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{path.parent} cannot be made: {error.strerror or error}") from error
        sink = CSV_FORMATS[self.format](path)
        self.stop()
        self._pipeline.add_sink(sink)
        self.recording = Recording(path, sink, time.perf_counter(), self._dropped)
        self.changed.emit()

    def stop(self) -> None:
        """Finish the file; ``saved`` tells when it is whole."""
        self.countdown.cancel()
        if self.recording is None or self._pipeline is None:
            return
        done, self.recording = self.recording, None
        self._ending.append(done)
        self._pipeline.remove_sink(done.sink)
        self._pipeline.call(lambda _: self._closed.emit(done))
        self.changed.emit()

    def _tell(self, done: Recording) -> None:
        if done in self._ending:
            self._ending.remove(done)
            self.saved.emit(str(done.path), done.sink.written)

    # ------------------------------------------------------------ the run

    def _begin_run(self, pipeline: Pipeline) -> None:
        self._pipeline, self._dropped = pipeline, 0

    def _end_run(self) -> None:
        """The run closed every file."""
        self._pipeline = None
        self.countdown.cancel()
        if self.recording is not None:
            self._ending.append(self.recording)
            self.recording = None
        for done in list(self._ending):
            self._tell(done)
        self.changed.emit()

    def tick(self, snapshot: Snapshot) -> None:
        """Call a few times a second. A recording that ended by itself (a full disk) was told by the log already."""
        self._dropped = snapshot.dropped
        if self.recording is None:
            return
        mine = [report for report in snapshot.sinks if report.name == self.recording.sink.name]
        if mine and mine[-1].error is not None:
            self.recording = None
            self.changed.emit()

    def progress(self) -> Progress | None:
        """How the recording goes; None while there is none."""
        recording = self.recording
        if recording is None:
            return None
        try:
            size = recording.path.stat().st_size
        except OSError:  # it is opened with the next frame
            size = 0
        return Progress(
            path=recording.path,
            elapsed_s=time.perf_counter() - recording.since_s,
            rows=recording.sink.written,
            size=size,
            dropped=max(0, self._dropped - recording.dropped_before),
        )

    def free_bytes(self) -> int | None:
        """What is left where takes go, looked up every two seconds; None where nobody can say."""
        now_s = time.monotonic()
        if now_s - self._free[0] >= LOOK_AT_DISK_S:
            folder = self.recording.path.parent if self.recording is not None else self.folder
            while not folder.is_dir() and folder != folder.parent:
                folder = folder.parent
            try:
                free: int | None = shutil.disk_usage(folder).free
            except OSError:
                free = None
            self._free = (now_s, free)
        return self._free[1]

    def _hear(self, key: str) -> None:
        if key in (FORMAT_KEY, FOLDER_KEY, NAME_KEY, COUNTDOWN_KEY):
            self.changed.emit()
