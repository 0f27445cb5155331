"""What the window asks for, done on a pipeline: one run at a time, and its messages. No widgets."""

import logging
import threading
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.capture import CameraMode, Frame, Source
from app.errors import UserError, told_by
from app.face_frame import FaceFrame
from app.pipeline import Pipeline, Snapshot, Tracker
from app.profiles import load_profile
from app.shaping import Shaping
from app.tracker import TrackerSettings, make_tracker
from app.tracker_settings import FIXED
from app.ui.picture.film import DEMO, Begin, Film, open_for_window

CLOSE_TIMEOUT_S = 3.0
"""A camera that hangs in its driver cannot keep the window open for longer."""


class _LogToWindow(logging.Handler):
    """Warnings and errors of ``app`` from any thread, as a queued signal."""

    def __init__(self, emit: Callable[[str, str, str], None]) -> None:
        super().__init__(logging.WARNING)
        self._tell = emit

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "told_by_state", False):
            return  # the picture's panel shows the source's state
        line, error = record.getMessage(), record.exc_info[1] if record.exc_info else None
        detail = "" if error is None else told_by(error)
        self._tell("error" if record.levelno >= logging.ERROR else "warning", line, detail)


class Session(QObject):
    """Runs one source at a time. Methods belong to the GUI thread; frames are picked up with ``newest``."""

    fresh = Signal()
    """A new frame can be had. Emitted once until ``newest`` is called, so nothing piles up."""
    message = Signal(str, str, str)
    """kind (``error``, ``warning``, ``info``), one line, and what the machine said where it said something."""
    failed = Signal(str)
    """A run ended by an error (the message follows): its source."""
    started = Signal(object)
    """A run begins: its ``Pipeline``."""
    ended = Signal()
    """A run has ended, and its files are whole."""
    neutral_read = Signal(object)
    """The answer to ``read_neutral``: an ``app.profiles.Profile`` of what the tracker has."""

    def __init__(
        self,
        settings: TrackerSettings,
        *,
        given: frozenset[str] | None = None,
        open_source: Callable[[str, Begin], Source] = open_for_window,
        make_tracker: Callable[[TrackerSettings], Tracker] = make_tracker,
    ) -> None:
        """``given``: fields of ``settings`` that were asked for and win over what is remembered; by default those that
        are not as a start without options has them."""
        super().__init__()
        self.settings = settings
        usual = TrackerSettings()
        differ = frozenset(f.name for f in fields(settings) if getattr(settings, f.name) != getattr(usual, f.name))
        self.given = differ if given is None else given
        self.source: str | None = None
        """What runs, or ran last."""
        self.neutral = settings.calibrate
        """What the neutral comes from: a mode of ``app.calibration``, a profile; empty once calibrated in this run."""
        self.device = self.model = ""
        """Where the networks really run, and which regressor it is; empty until a tracker is made."""
        self._open_source, self._make_tracker = open_source, make_tracker
        self._pipeline: Pipeline | None = None
        self._then: tuple[str, Begin | None, bool] | None = None  # what to run once the present run has ended
        self.film = Film(self._again)
        """Where a recorded source is, and what to do with it."""
        self.camera_mode: Callable[[str], CameraMode | None] = lambda spec: None
        """What a camera is to be asked for, by its source."""
        self._made: Any = None  # the tracker of the last run, which may be the next one's as well
        self._made_for = settings
        self._ending = False
        self._lock = threading.Lock()
        self._newest: tuple[Frame, FaceFrame] | None = None
        self._told = False
        self._log = _LogToWindow(self.message.emit)
        logging.getLogger("app").addHandler(self._log)

    # ------------------------------------------------------------ the run

    @property
    def running(self) -> bool:
        return self._pipeline is not None

    @property
    def stopping(self) -> bool:
        return self._ending

    def snapshot(self) -> Snapshot:
        return self._pipeline.snapshot() if self._pipeline is not None else Snapshot()

    def start(self, spec: str, begin: Begin | None = None, *, same_person: bool = False) -> None:
        """Run ``spec``; a run in progress is ended first, and its files are closed, before this one begins.

        Args:
            spec: what ``open_source`` takes.
            begin: how; by default from the start at the source's own pace, a camera in the mode chosen for it.
            same_person: what was learnt of the person in the last run still holds.
        """
        if self._pipeline is not None:
            self._then = spec, begin, same_person
            if spec != self.source:
                self.film.expect(begin or Begin(), same=False)  # the old film is none of anybody's business any more
            self._end()
            return
        begin = begin or Begin(loop=spec == DEMO or self.film.loop, mode=self.camera_mode(spec))
        known = self._made if same_person else None
        self.film.expect(begin, same=same_person and spec == self.source)
        self.source, self._ending = spec, False
        self.device = self.model = ""
        if not same_person:
            self.neutral = self.settings.calibrate
        with self._lock:
            self._newest = None
        self._pipeline = Pipeline(
            lambda: self._open(spec), lambda: self._tracker(known), listeners=[self._listen], close_tracker=False
        )
        self._pipeline.start()
        self.started.emit(self._pipeline)

    def _again(self, begin: Begin) -> None:
        """The same source and person, from another place."""
        if self.source is not None:
            self.start(self.source, begin, same_person=True)

    def _open(self, spec: str) -> Source:
        """On the runner's thread; wishes for the film that came meanwhile are in its ``begin``."""
        source = self._open_source(spec, self.film.begin)
        self.film.opened(source)
        return source

    def stop(self) -> None:
        """Ask the run to end; ``poll`` notices when it has."""
        self._then = None
        self._end()

    def _end(self) -> None:
        if self._pipeline is not None:
            self._ending = True
            self._pipeline.stop()

    def poll(self) -> None:
        """Call a few times a second: notices the end of a run, and starts what waits."""
        pipeline = self._pipeline
        if pipeline is None:
            return
        why, detail = "", ""
        try:
            if not pipeline.join(0):
                return
        except UserError as error:
            why, detail = str(error), told_by(error)
        except Exception as error:
            why = f"tracking stopped by an error in Mien ({error}); what was recorded is kept"
            detail = told_by(error)
        self._pipeline, self._ending = None, False
        self.film.ended()
        self.ended.emit()
        if why:
            self.failed.emit(self.source or "")
            self.message.emit("error", why, detail)
        if self._then is not None:
            (spec, begin, same_person), self._then = self._then, None
            self.start(spec, begin, same_person=same_person)

    def close(self) -> None:
        """End everything and wait for it: files are whole afterwards."""
        self.stop()
        if self._pipeline is not None:
            try:
                if not self._pipeline.join(CLOSE_TIMEOUT_S):
                    logging.getLogger("app").error("the source does not answer; closing without it")
                    self._made = None  # it may be at work
            except Exception:
                pass  # it was told when it happened, or it no longer matters
        self._pipeline = None
        if self._made is not None:
            self._made.close()
            self._made = None
        logging.getLogger("app").removeHandler(self._log)

    def _tracker(self, known: Any) -> Tracker:
        """On the runner's thread; ``known`` is the last run's tracker, if the person is still the same."""
        settings, old = self.settings, self._made
        tracker: Any
        if known is not None and known is old and all(_same(name, settings, self._made_for) for name in FIXED):
            tracker = old  # its networks need not be loaded again
            differ = [f.name for f in fields(settings) if not _same(f.name, settings, self._made_for)]
            if differ:
                tracker.configure(**{name: getattr(settings, name) for name in differ})
        else:
            tracker = self._make_tracker(settings)
            if known is not None:
                tracker.continue_from(known)
            if old is not None:
                old.close()
        self.device, self.model = getattr(tracker, "device", ""), getattr(tracker, "model", "")
        self._made, self._made_for = tracker, settings
        return tracker

    # ------------------------------------------------------------ frames

    def _listen(self, frame: Frame, face: FaceFrame) -> None:
        """On the runner's thread: keep the newest, and tell once."""
        with self._lock:
            self._newest = (frame, face)
            told, self._told = self._told, True
        if not told:
            self.fresh.emit()

    def newest(self) -> tuple[Frame, FaceFrame] | None:
        with self._lock:
            self._told = False
            return self._newest

    # ------------------------------------------------------------ settings

    def set_filter(self, name: str) -> None:
        """``off``, ``light`` or ``strong``, from the next frame on."""
        self._configure(filter=name)

    def set_asymmetry(self, on: bool) -> None:
        """False: both sides of the face move alike."""
        self._configure(asymmetry=on)

    def set_shaping(self, shaping: Shaping) -> None:
        """Gain, dead zone and limit of the channels, from the next frame on."""
        self._configure(shaping=shaping)

    def use_tracker(self, settings: TrackerSettings) -> None:
        """Other networks or another device: what runs goes on with them where it was, knowing whom it looks at."""
        self.settings = settings
        self.poll()  # it may have ended since
        if not self.running:
            self.film.show_end_again()
        elif not self.stopping:
            self._again(self.film.begin)

    def calibrate(self) -> None:
        """Take the next second's face as this person at rest."""
        self.neutral = ""
        self._call(lambda tracker: tracker.calibrate_now())

    def use_neutral(self, profile: str) -> None:
        """From now on, in later runs too: a saved profile, or ``auto``: learn this person's rest anew, by and by.

        Raises ``UserError`` for a profile that cannot be used; nothing changes then.
        """
        rest = None if profile == "auto" else load_profile(profile)

        def use(tracker: Any) -> None:
            tracker.configure(calibrate=profile)
            tracker.use_neutral(rest)  # the same choice again undoes a calibration in between

        self.settings, self.neutral = replace(self.settings, calibrate=profile), profile
        self._change(use)

    def read_neutral(self) -> None:
        """Have ``neutral_read`` tell the neutral as it is now."""
        self._call(lambda tracker: self.neutral_read.emit(tracker.profile))

    def _configure(self, **changes: Any) -> None:
        self.settings = replace(self.settings, **changes)
        self._change(lambda tracker: tracker.configure(**changes))

    def _change(self, action: Callable[[Any], None]) -> None:
        """Other settings: a film that stands still, at its end too, shows at once what they do."""
        self.poll()  # it may have ended since
        if self._pipeline is None:
            self.film.show_end_again()
        else:
            settings = self.settings

            def change(tracker: Any) -> None:
                action(tracker)
                self._made_for = settings

            self._pipeline.call(change, again=True)

    def _call(self, action: Callable[[Any], None]) -> None:
        """The pipeline asks of a tracker only that it tracks; the window needs ``app.tracker.Tracker``."""
        if self._pipeline is not None:
            self._pipeline.call(action)


def _same(name: str, one: TrackerSettings, other: TrackerSettings) -> bool:
    return bool(getattr(one, name) == getattr(other, name))
