"""The runner: sinks first, viewers second; whatever breaks, what was recorded is whole and closed."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.capture import Frame, SourceInfo, SourceState, open_source
from app.errors import UserError
from app.face_frame import FaceFrame
from app.pipeline import Latency, Pipeline, State

MakeVideo = Callable[..., Path]
MakeFace = Callable[..., FaceFrame]
Log = list[tuple[str, int]]


class FixedTracker:
    """Answers every frame with a face at rest; odd frames have none."""

    def __init__(self, make_face: MakeFace, fail_at: int | None = None) -> None:
        self.make_face, self.fail_at, self.closed = make_face, fail_at, False
        self.threads: set[int] = set()

    def track(self, frame: Frame) -> FaceFrame:
        self.threads.add(threading.get_ident())
        if frame.index == self.fail_at:
            raise RuntimeError("tracker bug")
        return self.make_face(frame.index, tracked=frame.index % 2 == 0, latency_ms={"landmarks": 2.0})

    def close(self) -> None:
        self.closed = True


class ListSink:
    """Remembers what it was given, and may refuse from a certain frame on."""

    failed = 0

    def __init__(self, name: str, log: Log, error_at: int | None = None, refuse: bool = False) -> None:
        self.name, self.log, self.error_at, self.refuse = name, log, error_at, refuse
        self.written = 0
        self.info: SourceInfo | None = None
        self.closed = 0

    def open(self, source: SourceInfo) -> None:
        if self.refuse:
            raise UserError(f"{self.name} cannot be opened")
        self.info = source

    def write(self, face: FaceFrame) -> None:
        if face.index == self.error_at:
            raise OSError(28, "No space left on device")
        self.log.append((self.name, face.index))
        self.written += 1

    def close(self) -> None:
        self.closed += 1


class EndlessSource:
    """A live source that gives a frame now and then until it is closed; every second index is missing."""

    info = SourceInfo("endless", (8, 8), 30.0, None, live=True)
    state = SourceState.STREAMING

    def __init__(self) -> None:
        self.index = 0

    def read(self, timeout_s: float = 0.2) -> Frame | None:
        time.sleep(0.001)
        self.index += 2
        return Frame(self.index - 2, np.zeros((8, 8, 3), np.uint8), time.perf_counter(), time.time(), 0.0)

    def close(self) -> None:
        self.state = SourceState.ENDED


def test_every_frame_reaches_every_sink_before_any_viewer(make_video: MakeVideo, make_face: MakeFace) -> None:
    log: Log = []
    tracker = FixedTracker(make_face)
    sinks = [ListSink("a", log), ListSink("b", log)]
    run = Pipeline(
        lambda: open_source(str(make_video(frames=4))),
        lambda: tracker,
        sinks,
        [lambda frame, face: log.append(("view", face.index))],
    )
    assert run.snapshot().state is State.IDLE
    result = run.run()
    assert log == [(who, i) for i in range(4) for who in ("a", "b", "view")]
    assert (result.state, result.frames, result.tracked, result.dropped) == (State.FINISHED, 4, 2, 0)
    assert result.latency is not None
    assert result.latency["landmarks"].p50_ms == pytest.approx(2.0)
    assert result.latency["total"].p95_ms >= result.latency["total"].p50_ms > 0
    assert [s.closed for s in sinks] == [1, 1]
    assert tracker.closed
    assert sinks[0].info is not None
    assert sinks[0].info.fps == pytest.approx(25)


def test_a_full_disk_ends_one_sink_and_is_told_once(
    make_video: MakeVideo, make_face: MakeFace, caplog: pytest.LogCaptureFixture
) -> None:
    log: Log = []
    full, good = ListSink("CSV full.csv", log, error_at=2), ListSink("good", log)
    result = Pipeline(
        lambda: open_source(str(make_video(frames=6))), lambda: FixedTracker(make_face), [full, good]
    ).run()
    assert [i for who, i in log if who == "good"] == list(range(6))
    assert full.written == 2
    assert full.closed == 1
    assert result.state is State.FINISHED
    assert result.sinks[0].error is not None
    assert "No space left on device" in result.sinks[0].error
    assert result.sinks[1].error is None
    assert len([r for r in caplog.records if "full.csv" in r.getMessage()]) == 1


def test_a_bad_viewer_stops_nothing_and_is_told_once(
    make_video: MakeVideo, make_face: MakeFace, caplog: pytest.LogCaptureFixture
) -> None:
    log: Log = []
    calls = []

    def bad(frame: Frame, face: FaceFrame) -> None:
        calls.append(face.index)
        raise ValueError("a widget is gone")

    result = Pipeline(
        lambda: open_source(str(make_video(frames=5))), lambda: FixedTracker(make_face), [ListSink("a", log)], [bad]
    ).run()
    assert result.frames == 5
    assert len(log) == 5
    assert len(calls) == 5
    assert caplog.text.count("a viewer failed") == 1


def test_a_sink_that_cannot_open_ends_the_run_before_any_frame(make_video: MakeVideo, make_face: MakeFace) -> None:
    log: Log = []
    opened, refused, tracker = ListSink("a", log), ListSink("b", log, refuse=True), FixedTracker(make_face)
    run = Pipeline(lambda: open_source(str(make_video())), lambda: tracker, [opened, refused])
    with pytest.raises(UserError, match="b cannot be opened"):
        run.run()
    assert log == []
    assert opened.closed == 1
    assert tracker.closed
    assert run.snapshot().state is State.FAILED
    assert run.snapshot().error == "b cannot be opened"


def test_no_sink_is_opened_when_the_model_is_missing(make_video: MakeVideo) -> None:
    """Opening a CSV empties the file that was there: not for a run that cannot begin."""

    def no_tracker() -> FixedTracker:
        raise UserError("model missing")

    sink = ListSink("a", [])
    with pytest.raises(UserError, match="model missing"):
        Pipeline(lambda: open_source(str(make_video())), no_tracker, [sink]).run()
    assert sink.info is None


def test_a_tracker_bug_still_closes_the_recording(make_video: MakeVideo, make_face: MakeFace) -> None:
    log: Log = []
    sink = ListSink("a", log)
    run = Pipeline(lambda: open_source(str(make_video(frames=5))), lambda: FixedTracker(make_face, fail_at=3), [sink])
    with pytest.raises(RuntimeError, match="tracker bug"):
        run.run()
    assert len(log) == 3
    assert sink.closed == 1
    assert run.snapshot().state is State.FAILED


def test_on_its_own_thread_it_starts_and_stops(make_face: MakeFace) -> None:
    source, tracker = EndlessSource(), FixedTracker(make_face)
    seen = threading.Event()
    sink = ListSink("a", [])
    run = Pipeline(lambda: source, lambda: tracker, [sink], [lambda frame, face: face.index >= 20 and seen.set()])
    run.start()
    assert seen.wait(10)
    assert run.snapshot().state is State.RUNNING
    run.stop()
    run.stop()
    assert run.join(10)
    result = run.snapshot()
    assert result.state is State.FINISHED
    assert sink.closed == 1
    assert sink.written == result.frames
    assert result.dropped == result.frames - 1, "a gap in the index is a dropped frame"
    assert tracker.threads == {t for t in tracker.threads if t != threading.get_ident()}


def test_errors_on_the_thread_are_raised_by_join(make_face: MakeFace) -> None:
    run = Pipeline(lambda: open_source("no such file"), lambda: FixedTracker(make_face))
    run.start()
    with pytest.raises(UserError, match="no such file"):
        run.join(10)
    assert run.snapshot().state is State.FAILED


def test_calls_and_sinks_come_between_frames_on_the_runners_thread(make_face: MakeFace) -> None:
    tracker = FixedTracker(make_face)
    run = Pipeline(EndlessSource, lambda: tracker)
    run.start()
    called = threading.Event()
    threads = []

    def note(_: object) -> None:
        threads.append(threading.get_ident())
        called.set()

    log: Log = []
    late, refused = ListSink("late", log), ListSink("refused", log, refuse=True)
    run.add_sink(late)
    run.add_sink(refused)
    run.call(note)
    assert called.wait(10)
    deadline = time.monotonic() + 10
    while late.written < 5 and time.monotonic() < deadline:
        time.sleep(0.001)
    run.remove_sink(late)
    while not late.closed and time.monotonic() < deadline:
        time.sleep(0.001)
    run.stop()
    assert run.join(10)
    assert set(threads) == tracker.threads
    assert late.closed == 1
    assert late.written >= 5
    assert {r.name: r.error for r in run.snapshot().sinks} == {"late": None, "refused": "refused cannot be opened"}


def test_a_sink_that_sees_pictures_gets_the_one_of_its_frame(make_video: MakeVideo, make_face: MakeFace) -> None:
    pairs = []

    class Pictures(ListSink):
        def see(self, image: np.ndarray) -> None:
            self.level = round((float(image.mean()) - 10) / 8)

        def write(self, face: FaceFrame) -> None:
            pairs.append((self.level, face.index))

    Pipeline(
        lambda: open_source(str(make_video(frames=3))), lambda: FixedTracker(make_face), [Pictures("video", [])]
    ).run()
    assert pairs == [(0, 0), (1, 1), (2, 2)]


def test_broken_pictures_are_counted(tmp_path: Path, make_face: MakeFace) -> None:
    import cv2

    cv2.imwrite(str(tmp_path / "1.png"), np.zeros((8, 8, 3), np.uint8))
    (tmp_path / "2.png").write_text("no picture")
    result = Pipeline(lambda: open_source(str(tmp_path)), lambda: FixedTracker(make_face)).run()
    assert (result.frames, result.broken) == (2, 1)


@pytest.mark.parametrize("values", [[3.0], [1.0, 2.0], [9.0, 1.0, 4.0, 4.0, 2.5], [i * i % 97.0 for i in range(512)]])
def test_latency_is_numpys_median_and_95th_percentile(values: list[float]) -> None:
    latency = Latency.of(values)
    assert (latency.p50_ms, latency.p95_ms) == pytest.approx(tuple(np.percentile(values, (50, 95))))
