"""The runner: read a frame, track it, write the sinks, tell the viewers. In this thread, or on one of its own.

Sinks come first and viewers second, so a viewer can be slow or broken and a recording is still whole. A sink that fails
is reported once, closed, and the rest go on. Everything that touches the tracker happens on the runner's thread:
other threads hand work over with ``call``.
"""

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol

import numpy as np

from app.capture import Frame, Source, SourceInfo, SourceState
from app.errors import UserError
from app.face_frame import FaceFrame
from app.outputs.sink import SeesPicture, Sink

log = logging.getLogger(__name__)

READ_TIMEOUT_S = 0.2
"""How long a stop request may go unnoticed while a live source is silent."""
WINDOW_FRAMES = 512
"""Latencies and the present rate are taken over this many last frames."""
RATE_WINDOW_S = 2.0


class State(Enum):
    """::

    IDLE -> OPENING -> RUNNING -> STOPPING -> FINISHED    (stopped, or the source ended)
                |         |           |
                +---------+-----------+-----> FAILED      (Snapshot.error says why)
    """

    IDLE = "idle"
    OPENING = "opening"
    RUNNING = "running"
    STOPPING = "stopping"
    FINISHED = "finished"
    FAILED = "failed"


class Tracker(Protocol):
    """What the runner needs of a tracker."""

    def track(self, frame: Frame) -> FaceFrame: ...

    def close(self) -> None: ...


Listener = Callable[[Frame, FaceFrame], None]


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds over the last frames."""

    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class SinkReport:
    name: str
    written: int
    failed: int
    error: str | None
    """Why it was closed early, None while it works."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How the runner is doing, at one moment. Safe to keep."""

    state: State = State.IDLE
    source: SourceInfo | None = None
    source_state: SourceState = SourceState.OPENING
    frames: int = 0
    tracked: int = 0
    """Frames with a face."""
    broken: int = 0
    """Frames that could not be read (declared by the source)."""
    dropped: int = 0
    """Frames of a live source that came too fast."""
    elapsed_s: float = 0.0
    """From asking for the first frame to the last one written."""
    fps: float = 0.0
    """Over the last two seconds."""
    mean_fps: float = 0.0
    latency: Mapping[str, Latency] | None = None
    """Per stage; ``total`` runs from capture to all sinks written."""
    sinks: tuple[SinkReport, ...] = ()
    error: str | None = None


class Pipeline:
    """One run over one source. ``run`` works in this thread; ``start``, ``stop`` and ``join`` on one of its own.

    ``open_source`` and ``make_tracker`` are called by the run itself, so that a window does not freeze while a camera
    or a model is loaded. Sinks are opened after both, so that nothing is overwritten by a run that cannot begin.
    """

    def __init__(
        self,
        open_source: Callable[[], Source],
        make_tracker: Callable[[], Tracker],
        sinks: Sequence[Sink] = (),
        listeners: Sequence[Listener] = (),
    ) -> None:
        self._open_source, self._make_tracker = open_source, make_tracker
        self._to_open = list(sinks)
        self._sinks: list[Sink] = []
        self._reports: dict[int, SinkReport] = {}
        self._listeners = list(listeners)
        self._complained: set[int] = set()
        self._calls: queue.SimpleQueue[Callable[[Tracker], None]] = queue.SimpleQueue()
        self._source: Source | None = None
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._snapshot = Snapshot()
        self._latencies: dict[str, deque[float]] = {}
        self._done_s: deque[float] = deque(maxlen=WINDOW_FRAMES)
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None

    # ------------------------------------------------------------ from any thread

    def start(self) -> None:
        """Run on a thread of its own; errors end up in ``snapshot().error`` and are raised by ``join``."""
        self._thread = threading.Thread(target=self._run_quietly, name="pipeline", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask for a clean end; returns at once. What was recorded is finished and closed. Safe in a signal handler."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        """Whether ``stop`` was called."""
        return self._stop.is_set()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait for the end; False after the timeout. Raises what ended the run, if that was an error."""
        if self._thread is not None:
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                return False
        if self._error is not None:
            raise self._error
        return True

    def call(self, action: Callable[[Tracker], None]) -> None:
        """Have ``action(tracker)`` done between two frames on the runner's thread (calibrate, change a setting)."""
        self._calls.put(action)

    def add_sink(self, sink: Sink) -> None:
        """Open and start one more output between two frames; if it cannot be opened, its report says why."""
        self._calls.put(lambda _: self._add_now(sink))

    def remove_sink(self, sink: Sink) -> None:
        """Finish and close one output between two frames; the others go on."""
        self._calls.put(lambda _: self._end_sink(sink, None))

    def add_listener(self, listener: Listener) -> None:
        """``listener(frame, face)`` after the sinks, on the runner's thread. Return fast: the next frame waits."""
        self._listeners = [*self._listeners, listener]

    def snapshot(self) -> Snapshot:
        with self._lock:
            snapshot, done = self._snapshot, list(self._done_s)
            stages = {name: list(values) for name, values in self._latencies.items()}
            reports = tuple(self._reports.values())
        recent = [t for t in done if done[-1] - t <= RATE_WINDOW_S]
        span = recent[-1] - recent[0] if len(recent) > 1 else 0.0
        latency = {name: Latency(*map(float, np.percentile(values, (50, 95)))) for name, values in stages.items()}
        return replace(
            snapshot,
            source_state=self._source.state if self._source is not None else SourceState.OPENING,
            fps=(len(recent) - 1) / span if span > 0 else 0.0,
            mean_fps=snapshot.frames / snapshot.elapsed_s if snapshot.elapsed_s > 0 else 0.0,
            latency=latency,
            sinks=reports,
        )

    # ------------------------------------------------------------ on the runner's thread

    def run(self) -> Snapshot:
        """Work until the source ends or ``stop`` is called; everything is closed whatever happens.

        Raises ``UserError`` where source, tracker or a sink cannot be had, and whatever the tracker raises.
        """
        tracker: Tracker | None = None
        self._update(state=State.OPENING)
        try:
            self._source = self._open_source()
            self._update(source=self._source.info)
            tracker = self._make_tracker()
            for sink in self._to_open:
                sink.open(self._source.info)
                self._sinks.append(sink)
                self._report(sink)
            self._update(state=State.RUNNING)
            self._loop(self._source, tracker)
            self._update(state=State.STOPPING)
        except BaseException as error:
            self._error = error
            self._update(error=str(error) or type(error).__name__)
            raise
        finally:
            if self._source is not None:
                self._source.close()
            for sink in list(self._sinks):
                self._end_sink(sink, None)
            if tracker is not None:
                tracker.close()
            self._update(state=State.FAILED if self._error is not None else State.FINISHED)
        return self.snapshot()

    def _run_quietly(self) -> None:
        try:
            self.run()
        except UserError:
            pass  # join() raises it, the snapshot shows it
        except Exception:
            log.exception("the run ended by an error in Mien itself")

    def _loop(self, source: Source, tracker: Tracker) -> None:
        first_s = 0.0
        last_index: int | None = None  # what came before the first frame was not missed: nobody looked yet
        while not self._stop.is_set():
            self._do_calls(tracker)
            asked_s = time.perf_counter()
            frame = source.read(READ_TIMEOUT_S)
            if frame is None:
                if source.state is SourceState.ENDED:
                    break
                continue
            read_s = time.perf_counter()
            face = tracker.track(frame)
            tracked_s = time.perf_counter()
            for sink in list(self._sinks):
                self._write(sink, frame, face)
            written_s = time.perf_counter()
            for listener in self._listeners:
                self._tell(listener, frame, face)

            # A live source's waiting is no work, so what counts there is how old the frame was when it was taken.
            waited_s = read_s - (frame.time_s if source.info.live else asked_s)
            ms = {**face.latency_ms, "capture": 1e3 * waited_s, "track": 1e3 * (tracked_s - read_s)}
            ms |= {"outputs": 1e3 * (written_s - tracked_s), "total": 1e3 * (waited_s + written_s - read_s)}
            first_s = first_s or asked_s
            with self._lock:
                for name, value in ms.items():
                    self._latencies.setdefault(name, deque(maxlen=WINDOW_FRAMES)).append(value)
                self._done_s.append(written_s)
                old = self._snapshot
                self._snapshot = replace(
                    old,
                    frames=old.frames + 1,
                    tracked=old.tracked + face.tracked,
                    broken=old.broken + frame.broken,
                    dropped=old.dropped + (frame.index - last_index - 1 if last_index is not None else 0),
                    elapsed_s=written_s - first_s,
                )
            last_index = frame.index
        self._do_calls(tracker)

    def _do_calls(self, tracker: Tracker) -> None:
        while not self._calls.empty():
            action = self._calls.get()
            try:
                action(tracker)
            except UserError as error:
                log.warning("%s", error)

    def _add_now(self, sink: Sink) -> None:
        if self._source is None:
            return
        try:
            sink.open(self._source.info)
        except UserError as error:
            self._report(sink, str(error))
            log.error("%s", error)
            return
        self._sinks.append(sink)
        self._report(sink)

    def _write(self, sink: Sink, frame: Frame, face: FaceFrame) -> None:
        try:
            if isinstance(sink, SeesPicture):
                sink.see(frame.image)
            sink.write(face)
        except Exception as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self._end_sink(sink, f"{sink.name} stopped at frame {frame.index + 1}: {why}; what was written stays")
            return
        self._report(sink)

    def _end_sink(self, sink: Sink, error: str | None) -> None:
        """Close a sink for good. The first error is the one reported: closing after a full disk fails too."""
        if sink not in self._sinks:
            return
        self._sinks.remove(sink)
        try:
            sink.close()
        except Exception as closing:
            error = error or f"{sink.name} could not be finished: {closing}"
        if error is not None:
            log.error("%s", error)
        self._report(sink, error)

    def _tell(self, listener: Listener, frame: Frame, face: FaceFrame) -> None:
        try:
            listener(frame, face)
        except Exception:
            if id(listener) not in self._complained:
                self._complained.add(id(listener))
                log.exception("a viewer failed; recording and streaming go on")

    def _report(self, sink: Sink, error: str | None = None) -> None:
        with self._lock:
            self._reports[id(sink)] = SinkReport(sink.name, sink.written, sink.failed, error)

    def _update(self, **changes: object) -> None:
        with self._lock:
            self._snapshot = replace(self._snapshot, **changes)  # type: ignore[arg-type]
