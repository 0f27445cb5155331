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
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

from app.capture import Frame, Source, SourceState
from app.errors import UserError
from app.face_frame import FaceFrame
from app.outputs.sink import SeesPicture, SendsAgain, Sink
from app.run_state import Latency, SinkReport, Snapshot, State

__all__ = ["Latency", "Pausable", "Pipeline", "SinkReport", "Snapshot", "State", "Tracker"]

log = logging.getLogger(__name__)

READ_TIMEOUT_S = 0.2
"""How long a stop request may go unnoticed while a live source is silent."""
WINDOW_FRAMES = 512
"""Latencies and the present rate are taken over this many last frames."""
RATE_WINDOW_S = 2.0


class Tracker(Protocol):
    """What the runner needs of a tracker."""

    def track(self, frame: Frame) -> FaceFrame: ...

    def close(self) -> None: ...


@runtime_checkable
class Pausable(Protocol):
    """A source that can stand still at a frame."""

    @property
    def paused(self) -> bool: ...

    def wake(self) -> None:
        """Have ``read``, should it wait, return None at once."""
        ...


Listener = Callable[[Frame, FaceFrame], None]


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
        *,
        close_tracker: bool = True,
    ) -> None:
        """``close_tracker``: False where whoever made it closes it."""
        self._open_source, self._make_tracker = open_source, make_tracker
        self._to_open = list(sinks)
        self._sinks: list[Sink] = []
        self._reports: dict[int, SinkReport] = {}
        self._listeners = list(listeners)
        self._complained: set[int] = set()
        self._close_tracker = close_tracker
        self._calls: queue.SimpleQueue[tuple[Callable[[Tracker], None], bool]] = queue.SimpleQueue()
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

    def call(self, action: Callable[[Tracker], None], *, again: bool = False) -> None:
        """Have ``action(tracker)`` done between two frames on the runner's thread (calibrate, change a setting).

        ``again``: the tracker answers otherwise afterwards, so a source that stands still has its frame tracked and
        shown again. It is no new frame: it is not counted, and files get no row for it.
        """
        self._calls.put((action, again))
        if again and isinstance(self._source, Pausable):
            self._source.wake()

    def add_sink(self, sink: Sink) -> None:
        """Open and start one more output between two frames; if it cannot be opened, its report says why."""
        self.call(lambda _: self._add_now(sink))

    def remove_sink(self, sink: Sink) -> None:
        """Finish and close one output between two frames; the others go on."""
        self.call(lambda _: self._end_sink(sink, None))

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
        latency = {name: Latency.of(values) for name, values in stages.items()}
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
            if tracker is not None and self._close_tracker:
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
        last: Frame | None = None
        pausable = source if isinstance(source, Pausable) else None
        while not self._stop.is_set():
            stale = self._do_calls(tracker) and pausable is not None and pausable.paused
            asked_s = time.perf_counter()
            frame = source.read(0.0 if stale else READ_TIMEOUT_S)
            if frame is None:
                if source.state is SourceState.ENDED:
                    break
                if stale and last is not None:
                    self._show_again(tracker, last)
                continue
            last = frame
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

    def _do_calls(self, tracker: Tracker) -> bool:
        """Whether the last frame's answer is out of date now."""
        stale = False
        while not self._calls.empty():
            action, again = self._calls.get()
            try:
                action(tracker)
            except UserError as error:
                log.warning("%s", error, exc_info=error)
            stale = stale or again
        return stale

    def _show_again(self, tracker: Tracker, frame: Frame) -> None:
        """The frame that the source stands at, as the tracker now sees it."""
        face = tracker.track(replace(frame, jump=False))
        for sink in list(self._sinks):
            if isinstance(sink, SendsAgain):
                self._write(sink, frame, face, again=True)
        for listener in self._listeners:
            self._tell(listener, frame, face)

    def _add_now(self, sink: Sink) -> None:
        if self._source is None:
            return
        try:
            sink.open(self._source.info)
        except UserError as error:
            self._report(sink, str(error))
            log.error("%s", error, exc_info=error)
            return
        self._sinks.append(sink)
        self._report(sink)

    def _write(self, sink: Sink, frame: Frame, face: FaceFrame, *, again: bool = False) -> None:
        try:
            if again and isinstance(sink, SendsAgain):
                sink.write_again(face)
            else:
                if isinstance(sink, SeesPicture):
                    sink.see(frame.image)
                sink.write(face)
        except Exception as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            line = f"{sink.name} stopped at frame {frame.index + 1}: {why}; what was written stays"
            self._end_sink(sink, line, error)
            return
        self._report(sink)

    def _end_sink(self, sink: Sink, error: str | None, cause: Exception | None = None) -> None:
        """Close a sink for good. The first error is the one reported: closing after a full disk fails too."""
        if sink not in self._sinks:
            return
        self._sinks.remove(sink)
        try:
            sink.close()
        except Exception as closing:
            error, cause = error or f"{sink.name} could not be finished: {closing}", cause or closing
        if error is not None:
            log.error("%s", error, exc_info=cause)
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
