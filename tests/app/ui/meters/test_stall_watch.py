"""The measure of the window's answering: gaps, and what of them is rendering, computing, waiting, collecting."""

import gc
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QTimer

from app.ui.meters.stack_sampler import StackSampler
from app.ui.meters.stall_watch import BEAT_MS, Gap, StallWatch
from app.ui.thread_clock import RenderClock, ThreadClock

WAIT_MS = 30_000


@pytest.fixture
def rendering() -> RenderClock:
    return RenderClock()


@pytest.fixture
def watch(qtbot: Any, rendering: RenderClock) -> Iterator[StallWatch]:
    made = StallWatch(rendering, late_ms=0)
    made.start()
    yield made
    made.stop()


def gap_of(watch: StallWatch, qtbot: Any, work: Callable[[], object]) -> Gap:
    """The gap in which ``work`` ran, in a turn of the event loop."""
    qtbot.waitUntil(lambda: len(watch.gaps) > 1, timeout=WAIT_MS)
    known: list[int] = []

    def turn() -> None:
        known.append(len(watch.gaps))
        work()

    QTimer.singleShot(0, watch, turn)
    qtbot.waitUntil(lambda: bool(known) and len(watch.gaps) > known[0], timeout=WAIT_MS)
    return watch.gaps[known[0]]


def compute(seconds: float) -> None:
    until_s = time.thread_time() + seconds
    while time.thread_time() < until_s:
        pass


def test_computing_is_told_from_waiting(watch: StallWatch, qtbot: Any) -> None:
    computed = gap_of(watch, qtbot, lambda: compute(0.08))
    assert computed.rendering == 0
    assert computed.computing >= 79
    assert computed.outside >= 79 - BEAT_MS
    slept = gap_of(watch, qtbot, lambda: time.sleep(0.08))
    assert slept.outside >= 79 - BEAT_MS
    assert slept.computing < 79
    assert slept.own >= 79 - BEAT_MS, "who sleeps waits for nobody's processor"
    assert watch.stalls >= 2
    assert watch.longest_ms >= 79 - BEAT_MS


def test_rendering_is_not_counted_against_anybody(watch: StallWatch, qtbot: Any, rendering: RenderClock) -> None:
    def draw() -> None:
        with rendering, rendering:  # a picture that is painted while one is drawn counts once
            compute(0.04)
            time.sleep(0.04)

    drawn = gap_of(watch, qtbot, draw)
    assert 79 <= drawn.rendering < 158
    assert drawn.late >= 79 - BEAT_MS
    assert drawn.outside == max(0.0, drawn.late - drawn.rendering)
    assert drawn.computing < 40


def test_collecting_garbage_is_told(watch: StallWatch, qtbot: Any) -> None:
    took: list[float] = []

    def collect() -> None:
        began_s = time.perf_counter()
        gc.collect()
        took.append(1e3 * (time.perf_counter() - began_s))

    gap = gap_of(watch, qtbot, collect)
    assert 0 < gap.collecting <= took[0]
    known = len(gc.callbacks)
    watch.stop()
    assert len(gc.callbacks) == known - 1


def test_only_the_last_while_is_kept(qtbot: Any, rendering: RenderClock) -> None:
    watch = StallWatch(rendering, kept_s=0.1, late_ms=0)
    watch.start()
    qtbot.waitUntil(lambda: watch.elapsed_s > 0.3, timeout=WAIT_MS)
    watch.stop()
    assert watch.gaps[-1].at_s - watch.gaps[0].at_s <= 0.1


def test_who_is_in_time_is_not_kept(qtbot: Any, rendering: RenderClock) -> None:
    watch = StallWatch(rendering, late_ms=60)
    watch.start()
    QTimer.singleShot(0, watch, lambda: time.sleep(0.1))
    qtbot.waitUntil(lambda: watch.stalls > 0, timeout=WAIT_MS)
    watch.stop()
    assert all(gap.late >= 60 for gap in watch.gaps)
    assert watch.longest_ms >= 100 - BEAT_MS


def test_parts_of_a_gap() -> None:
    gap = Gap(1.0, late=200.0, rendering=120.0, computing=10.0, queued=50.0)
    assert gap.outside == pytest.approx(80)
    assert gap.own == pytest.approx(30)
    assert Gap(1.0, late=100.0, rendering=110.0, queued=5.0).own == 0


def test_the_clock_tells_who_computed() -> None:
    clock = ThreadClock()
    before = clock.read()
    compute(0.02)
    spent = clock.read().since(before)
    assert spent.wall_s >= spent.busy_s >= 0.02
    assert spent.queued_s >= 0


def a_place_to_be_seen_in(sampler: StackSampler, until: Callable[[], bool]) -> None:
    deadline_s = time.perf_counter() + 30
    while not until() and time.perf_counter() < deadline_s:
        time.sleep(0.01)


def test_a_thread_that_does_not_come_back_is_seen_where_it_is() -> None:
    sampler = StackSampler(suspect_s=0.02)
    a_place_to_be_seen_in(sampler, lambda: len(sampler._stacks) >= 2)
    stacks = sampler.take()
    assert len(stacks) >= 2
    assert any("test_stall_watch.py" in s and "a_place_to_be_seen_in" in s for s in stacks)
    assert all(" < " in s for s in stacks)
    sampler.close()
    assert "stack-sampler" not in {thread.name for thread in threading.enumerate()}


def test_a_thread_that_answers_is_left_alone() -> None:
    sampler = StackSampler(suspect_s=600)
    assert sampler.take() == ()
    sampler.close()
    assert sampler.take() == ()
