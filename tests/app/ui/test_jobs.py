"""Long work: off the GUI thread, told of on it, seen in the strip, ended when asked."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt

from app.errors import UserError
from app.ui.job_strip import JobStrip
from app.ui.jobs import Jobs, Progress
from app.ui.message_bar import MessageBar
from app.ui.style import theme

WAIT_MS = 10_000


@pytest.fixture
def bar(qtbot: Any) -> MessageBar:
    made = MessageBar(theme.DARK)
    qtbot.addWidget(made)
    return made


@pytest.fixture
def jobs(bar: MessageBar) -> Iterator[Jobs]:
    made = Jobs(bar)
    yield made
    made.close()


@pytest.fixture
def strip(jobs: Jobs, qtbot: Any) -> JobStrip:
    made = JobStrip(jobs)
    qtbot.addWidget(made)
    made.resize(800, 40)
    return made


def until_cancelled(progress: Progress) -> None:
    """Work that never ends by itself."""
    idle = threading.Event()
    while True:
        progress(0.25, "a quarter")
        idle.wait(0.002)


def test_the_result_comes_to_the_gui_thread(jobs: Jobs, bar: MessageBar, qtbot: Any) -> None:
    threads: list[int] = []
    results: list[int] = []

    def work(progress: Progress) -> int:
        threads.append(threading.get_ident())
        progress(0.5)
        return 42

    def done(result: int) -> None:
        threads.append(threading.get_ident())
        results.append(result)

    jobs.start("Counting", work, done)
    qtbot.waitUntil(lambda: results == [42], timeout=WAIT_MS)
    assert threads[0] != threading.get_ident()
    assert threads[1] == threading.get_ident()
    assert jobs.running == []
    assert bar.text == ""


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (UserError("no face in the photo: take another"), "No face in the photo: take another"),
        (ValueError("odd"), "odd"),
    ],
)
def test_what_goes_wrong_is_one_line(jobs: Jobs, bar: MessageBar, qtbot: Any, error: Exception, line: str) -> None:
    told: list[str] = []

    def work(progress: Progress) -> None:
        raise error

    jobs.start("Fitting", work, lambda _: told.append("done"), told.append)
    qtbot.waitUntil(lambda: bar.text != "", timeout=WAIT_MS)
    assert line in bar.text
    assert len(told) == 1
    assert told[0] != "done"
    assert jobs.running == []


def test_the_strip_shows_progress_and_cancels(jobs: Jobs, strip: JobStrip, bar: MessageBar, qtbot: Any) -> None:
    told: list[str] = []
    assert strip.isHidden()
    job = jobs.start("Exporting", until_cancelled, lambda _: told.append("done"), told.append)
    job.ended.connect(lambda: told.append("ended"))
    qtbot.waitUntil(lambda: strip.percent.text() == "25 %", timeout=WAIT_MS)
    assert not strip.isHidden()
    assert strip.title.whole() == "Exporting"
    assert strip.text.whole() == "a quarter"
    assert strip.bar.value() == 250
    qtbot.mouseClick(strip.cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: told == ["ended"], timeout=WAIT_MS)
    assert strip.isHidden()
    assert bar.text == ""
    assert job.worker is not None
    job.worker.join(5)
    assert not job.worker.is_alive()


def test_two_jobs_and_work_of_unknown_length(jobs: Jobs, strip: JobStrip, qtbot: Any) -> None:
    def work(progress: Progress) -> None:
        idle = threading.Event()
        while True:
            progress(None, "looking")
            idle.wait(0.002)

    first = jobs.start("One", work, print)
    second = jobs.start("Two", until_cancelled, print)
    qtbot.waitUntil(lambda: strip.text.whole() == "looking", timeout=WAIT_MS)
    assert strip.bar.maximum() == 0  # moves without an end
    assert strip.percent.text() == ""
    assert "+ 1" in strip.title.whole()
    first.cancel()
    qtbot.waitUntil(lambda: strip.shown is second and strip.title.whole() == "Two", timeout=WAIT_MS)


def test_closing_ends_all_and_tells_nobody(jobs: Jobs, qtbot: Any) -> None:
    told: list[object] = []
    made = [jobs.start("Endless", until_cancelled, told.append, told.append) for _ in range(3)]
    jobs.close()
    assert all(job.worker is not None and not job.worker.is_alive() for job in made)
    qtbot.wait(1)
    assert told == []
