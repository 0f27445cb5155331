"""Files processed beside the window, one after the other, by a process of their own. Knows of no dialog.

What is told comes on a job's thread and goes to the rows on the GUI thread. Files that are added meanwhile follow.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from app.errors import UserError
from app.process_command import process_environment
from app.processing import sources_in
from app.tracker_settings import TrackerSettings
from app.ui.jobs import Job, Progress
from app.ui.processing.child import Child, why_it_broke_off
from app.ui.processing.choices import ProcessChoices
from app.ui.processing.events import Event, parse_event
from app.ui.processing.pace import Pace, size_of
from app.ui.processing.rows import FileRows, Row, State
from app.ui.processing.wishes import wishes

if TYPE_CHECKING:
    from app.ui.panel import Shell

TITLE: Final = "Processing files"
LISTEN_S: Final = 0.1
"""So often does the job look whether it was cancelled."""
PATIENCE_S: Final = 5.0
"""A cancelled process may take this long to tidy up before it is killed."""
CLOSING_S: Final = 1.5
"""The same when the window closes: it must be gone soon."""
ENDED_S: Final = 10.0
"""A process that said it is done, or says nothing more, may take this long to go."""
Environment = Callable[[], tuple[list[str], dict[str, str]]]


class Processing(QObject):
    """The list of files, what becomes of it, and the run that is on. To be used on the GUI thread."""

    changed = Signal()
    """A run began or ended, or there are other files."""
    _told = Signal(object, object)

    def __init__(self, shell: "Shell", environment: Environment = process_environment) -> None:
        """``environment``: how Mien is started once more: the words before those for it, and the environment."""
        super().__init__()
        self._shell, self.environment = shell, environment
        self.preferences = shell.preferences
        self.choices = ProcessChoices(shell.preferences, shell.recorder)
        self.files = FileRows()
        self.job: Job | None = None
        """While files are processed."""
        self.summary = ""
        """How the last run ended; empty before there was one."""
        self.finished = False
        """Whether the last run came to its end."""
        self._child: Child | None = None
        self._run: list[Row] = []
        self._worked_on: list[Row] = []  # since Start was pressed, over all runs that followed
        self._goes_on = False
        self._half_done: list[Path] = []  # what the process is writing; on the job's thread
        self._patience_s = PATIENCE_S
        self._told.connect(self._take)  # a bound method of an object of this thread: called on this thread

    @property
    def settings(self) -> TrackerSettings:
        """How files will be tracked: as the window does, but for the neutral."""
        return wishes(self.choices, self._shell).settings

    @property
    def working(self) -> bool:
        return self.job is not None

    @property
    def to_do(self) -> list[Row]:
        """What Start would process: what is not done yet, or everything again where all is done."""
        rows = self.files.rows
        return [row for row in rows if row.state is not State.DONE] or list(rows)

    # ------------------------------------------------------------ the list

    def add(self, paths: Iterable[str | Path]) -> list[str]:
        """Files, folders of videos and folders of pictures; returns a line for each that is none of these.

        What is in the list already is not put there twice: it is to be done again.
        """
        problems: list[str] = []
        sources: list[str] = []
        for path in paths:
            try:
                sources += sources_in(Path(path).absolute())
            except UserError as error:
                problems.append(str(error))
        again = [r for r in self.files.rows if r.source in sources and r not in self._run]
        for row in again:
            row.forget()
        self.files.tell(again)
        if self.files.add(sources) or again:
            self._begin_anew()
        self.changed.emit()
        return problems

    def can_remove(self, row: Row) -> bool:
        """Not what the run is still to do."""
        return row not in self._run or row.state not in (State.WAITING, State.WORKING)

    def remove(self, rows: Iterable[Row]) -> None:
        for row in rows:
            if self.can_remove(row):
                self.files.remove(row)
        if not self.files.rows:
            self._begin_anew()
        self.changed.emit()

    def _begin_anew(self) -> None:
        """How the last run ended says nothing about the list any more."""
        if not self.working:
            self.summary, self.finished = "", False

    # ------------------------------------------------------------ the run

    def start(self) -> None:
        """Process what is to do. Raises ``UserError`` where nothing is, or nothing is to be written."""
        if self.working:
            return
        if not self.files.rows:
            raise UserError("there is nothing to process: add files first")
        if self.choices.format == "none" and not self.choices.video:
            raise UserError("nothing is to be written: choose a CSV, a video, or both")
        self._worked_on = []
        self._shell.messages.withdraw(TITLE)
        self._begin(self.to_do)

    def _begin(self, rows: list[Row]) -> None:
        wished = wishes(self.choices, self._shell)
        for row in rows:
            row.forget()
        self._run, self.summary, self.finished = rows, "", False
        self._worked_on += rows

        def work(progress: Progress) -> None:
            with TemporaryDirectory(prefix="mien-process-", ignore_cleanup_errors=True) as temporary:
                start, environment = self.environment()
                words = wished.words([row.source for row in rows], Path(temporary))
                self._work([*start, *words], environment, rows, progress)

        self.job = job = self._shell.jobs.start(TITLE, work, lambda _: self._finish(wished.folder), self._break_off)
        job.ended.connect(self._over)
        self.files.tell(rows)
        self.changed.emit()

    def cancel(self) -> None:
        """Files that are done stay; what is half done goes."""
        if self.job is not None:
            self.job.cancel()

    # ------------------------------------------------------------ on the job's thread

    def _work(
        self, command: Sequence[str], environment: Mapping[str, str], rows: list[Row], progress: Progress
    ) -> None:
        """Start the process and follow it to its end. Raises ``UserError`` where that is not the one it should have."""
        progress(None, "Starting")
        pace = Pace([row.name for row in rows], [size_of(row.source) for row in rows])
        child = self._child = Child(command, environment)
        whole = False
        try:
            whole = self._follow(child, rows, pace, progress)
        finally:
            code = child.end(ENDED_S if whole else self._patience_s)
            self._drain(child, rows)
            self._child = None
            self._remove_half_done()
        if not whole:
            words = child.last_words
            raise UserError(f"processing broke off: {why_it_broke_off(code, words)}") from (
                ChildProcessError("\n".join(words)) if len(words) > 1 else None
            )

    def _follow(self, child: Child, rows: list[Row], pace: Pace, progress: Progress) -> bool:
        """Until it says that it has ended, or nothing more (False)."""
        while (line := child.line(LISTEN_S)) is not None:
            event = parse_event(line, len(rows)) if line else None
            now_s = time.monotonic()
            if event is not None:
                if event.kind == "end":
                    return True
                pace.take(event, now_s)
                self._note_half_done(event)
                self._told.emit(rows[event.file], event)
            progress(pace.share, pace.line(now_s))
        return False

    def _drain(self, child: Child, rows: list[Row]) -> None:
        """What was done in the very moment of the end counts."""
        while line := child.line(0):
            event = parse_event(line, len(rows))
            if event is not None and event.kind in ("done", "failed"):
                self._note_half_done(event)
                self._told.emit(rows[event.file], event)

    def _note_half_done(self, event: Event) -> None:
        if event.kind == "begin":
            self._half_done = [Path(path) for path in event.writing]
        elif event.kind in ("done", "failed"):
            self._half_done = []

    def _remove_half_done(self) -> None:
        """The process does so itself, unless it was killed or has crashed."""
        paths, self._half_done = self._half_done, []
        for path in paths:
            with suppress(OSError):
                path.unlink(missing_ok=True)

    # ------------------------------------------------------------ back on the GUI thread

    def _take(self, row: Row, event: Event) -> None:
        row.take(event)
        self.files.tell([row])

    def _finish(self, folder: Path) -> None:
        """The process came to its end."""
        for row in self._run:
            if row.state in (State.WAITING, State.WORKING):  # a line of its went astray
                row.state, row.error = State.FAILED, "nothing was said about how it ended"
        self._goes_on = any(row.state is State.WAITING for row in self.files.rows)  # added meanwhile
        if not self._goes_on:
            self._sum_up(folder)

    def _sum_up(self, folder: Path) -> None:
        """In one message, over all that was done since Start."""
        self.finished = True
        failed = [row for row in self._worked_on if row.state is State.FAILED]
        count = len(self._worked_on)
        files = f"{count} file{'s' if count > 1 else ''}"
        why = "\n".join(row.why for row in failed)
        if not failed:
            self.summary = f"{files} processed into {folder}"
            self._shell.messages.show_message("info", self.summary, cause=TITLE)
        elif count == 1:
            self.summary = f"Failed: {failed[0].error}"
            self._shell.messages.show_message("warning", why, cause=TITLE)
        else:
            self.summary = f"{count - len(failed)} of {files} processed"
            self._shell.messages.show_message("warning", f"{self.summary}: see Process files", why, cause=TITLE)

    def _break_off(self, line: str) -> None:
        """The process did not come to its end: what it was at has failed, what came after is still to do."""
        for row in self._run:
            if row.state is State.WORKING:
                row.state, row.error = State.FAILED, line
        self.summary = line[:1].upper() + line[1:]

    def _over(self) -> None:
        """The last that comes of a job, however it ended."""
        job, self.job = self.job, None
        run, self._run = self._run, []
        if job is not None and job.progress.cancelled:
            for row in run:
                if row.state in (State.WAITING, State.WORKING):
                    row.forget()
                    row.state = State.CANCELLED
            done = sum(row.state is State.DONE for row in self._worked_on)
            self.summary = f"Cancelled: {done} of {len(self._worked_on)} done"
        self.files.tell(run)
        goes_on, self._goes_on = self._goes_on, False
        if goes_on:
            self._begin([row for row in self.files.rows if row.state is State.WAITING])
        self.changed.emit()

    # ------------------------------------------------------------ the end

    def close(self) -> None:
        """The window closes: no process is left when this returns. Files that are done stay."""
        self._patience_s = CLOSING_S
        if self.job is None:
            return
        self.job.cancel()
        worker = self.job.worker
        if worker is not None:
            worker.join(CLOSING_S + 2 * LISTEN_S)
            if worker.is_alive() and self._child is not None:
                self._child.kill()
                worker.join(CLOSING_S)
