"""Work that takes long: on a thread of its own, with progress, and an end that anybody can ask for."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from PySide6.QtCore import QObject, Signal

from app.errors import UserError, told_by
from app.ui.message_bar import MessageBar

log = logging.getLogger(__name__)

CLOSE_TIMEOUT_S: Final = 0.8
"""Work that does not look at its progress cannot keep the window open for longer."""

T = TypeVar("T")


class Cancelled(Exception):
    """Raised inside work by its ``Progress`` once the user wants no more of it."""


class Progress:
    """Called by the work, on its thread: how far it is, and whether to go on."""

    def __init__(self) -> None:
        self.share: float | None = None
        """0..1, or None where nobody knows."""
        self.text = ""
        self._cancelled = threading.Event()

    def __call__(self, share: float | None, text: str = "") -> None:
        """``share`` of the work is done (0..1; None: unknown). Raises ``Cancelled``."""
        if self._cancelled.is_set():
            raise Cancelled
        self.share = None if share is None else min(max(share, 0.0), 1.0)
        self.text = text

    @property
    def cancelled(self) -> bool:
        """For work that cannot be interrupted by an exception."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        self._cancelled.set()


class Job(QObject):
    """One piece of work. ``ended`` comes last, whatever happened."""

    ended = Signal()

    def __init__(self, title: str, done: Callable[[Any], None], failed: Callable[[str], None] | None) -> None:
        super().__init__()
        self.title = title
        self.progress = Progress()
        self.done, self.failed = done, failed
        self.worker: threading.Thread | None = None

    def cancel(self) -> None:
        """Ask for the end; it comes when the work next tells its progress."""
        self.progress.cancel()


class Jobs(QObject):
    """Everything that is being worked on. To be used on the GUI thread."""

    changed = Signal()
    """A job began or ended."""
    _over = Signal(object, object, object)

    def __init__(self, messages: MessageBar) -> None:
        super().__init__()
        self._messages = messages
        self.running: list[Job] = []
        """Oldest first."""
        self._closed = False
        self._over.connect(self._end)  # a bound method of an object of this thread: called on this thread

    def start(
        self,
        title: str,
        work: Callable[[Progress], T],
        done: Callable[[T], None],
        failed: Callable[[str], None] | None = None,
    ) -> Job:
        """Do ``work(progress)`` on a thread, then ``done(result)`` on this one.

        What goes wrong becomes one line in the message bar, after ``failed(line)`` where given. Neither is called
        for a job that was cancelled: ``Job.ended`` tells of that as well.
        """
        job = Job(title, done, failed)

        def run() -> None:
            try:
                result: Any = work(job.progress)
            except BaseException as error:
                self._over.emit(job, None, error)
            else:
                self._over.emit(job, result, None)

        self.running.append(job)
        job.worker = threading.Thread(target=run, name=f"job: {title}", daemon=True)
        self.changed.emit()
        job.worker.start()
        return job

    def _end(self, job: Job, result: Any, error: BaseException | None) -> None:
        if job in self.running:
            self.running.remove(job)
        if not self._closed and not job.progress.cancelled:
            if error is None:
                job.done(result)
            else:
                self._tell(job, error)
        self.changed.emit()
        job.ended.emit()

    def _tell(self, job: Job, error: BaseException) -> None:
        if isinstance(error, UserError):
            line = str(error)
        else:
            line = f"{job.title}: an error in Mien ({type(error).__name__}: {error})"
            log.debug("%s failed", job.title, exc_info=error)
        if job.failed is not None:
            job.failed(line)
        self._messages.show_message("error", line, told_by(error))

    def close(self) -> None:
        """Cancel everything and wait for it for a moment; nobody is told any more."""
        self._closed = True
        for job in self.running:
            job.cancel()
        until_s = time.monotonic() + CLOSE_TIMEOUT_S
        for job in self.running:
            if job.worker is not None:
                job.worker.join(max(0.0, until_s - time.monotonic()))
