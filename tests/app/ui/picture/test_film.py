"""A film in a session: sought while it runs, while it opens, and after its end; other networks go on where it was."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QTimer

from app.capture import CameraMode, Source
from app.outputs.csv_openface import OpenFaceCsv
from app.outputs.limited import Limited
from app.outputs.osc_mien import MienOsc
from app.shaping import Shaping
from app.tracker import TrackerSettings
from app.ui.picture.film import Begin, open_for_window
from app.ui.session import Session

WAIT_MS = 60_000
Make = Callable[..., Session]


@pytest.fixture
def opened() -> list[Begin]:
    """How each source was opened."""
    return []


@pytest.fixture
def session(qtbot: Any, make_face: Any, trackers: list[Any], opened: list[Begin]) -> Iterator[Session]:
    """A session that is polled, on a tracker without models."""
    from ..conftest import WavingTracker

    def tracker(settings: TrackerSettings) -> WavingTracker:
        trackers.append(WavingTracker(make_face))
        return trackers[-1]

    def open_source(spec: str, begin: Begin) -> Source:
        opened.append(begin)
        return open_for_window(spec, begin)

    made = Session(TrackerSettings(device="cpu"), open_source=open_source, make_tracker=tracker)
    poll = QTimer(interval=5)
    poll.timeout.connect(made.poll)
    poll.start()
    yield made
    poll.stop()
    made.close()


def place(session: Session) -> int:
    """The clip's frame that was last tracked."""
    newest = session.newest()
    return -1 if newest is None else round(newest[0].media_time_s * 30)


def test_seek_pause_and_play(session: Session, qtbot: Any, clip: Path) -> None:
    session.start(str(clip))
    qtbot.waitUntil(lambda: place(session) > 1, timeout=WAIT_MS)
    assert session.film.playing
    session.film.set_paused(True)
    session.film.seek(200)
    qtbot.waitUntil(lambda: place(session) == 200, timeout=WAIT_MS)
    assert not session.film.playing
    session.film.step(-3)
    qtbot.waitUntil(lambda: place(session) == 197, timeout=WAIT_MS)
    session.film.set_paused(False)
    qtbot.waitUntil(lambda: place(session) > 198, timeout=WAIT_MS)
    position = session.film.position
    assert position is not None
    assert (position.length, position.paused, position.speed, position.loop) == (300, False, 1.0, False)


def test_wishes_while_it_opens_are_kept(session: Session, qtbot: Any, clip: Path) -> None:
    session.start(str(clip))
    session.film.set_loop(True)
    session.film.set_speed(2.0)
    session.film.seek(50)
    qtbot.waitUntil(lambda: place(session) >= 0, timeout=WAIT_MS)
    assert session.film.position is not None
    assert session.film.position.loop
    assert session.film.position.speed == 2.0


def test_after_its_end_a_seek_begins_again_there_and_the_person_is_known(
    session: Session, qtbot: Any, trackers: list[Any], make_clip: Callable[[str, int], Path]
) -> None:
    session.start(str(make_clip("short.mp4", 6)))
    with qtbot.waitSignal(session.ended, timeout=WAIT_MS):
        pass
    assert session.film.over
    assert session.film.position is not None
    assert session.film.position.frame == 5
    session.film.seek(2)
    session.film.seek(3)  # while it opens
    qtbot.waitUntil(lambda: place(session) == 3, timeout=WAIT_MS)
    assert session.running
    assert not session.film.playing, "a look at a frame is no wish to see the rest"
    assert len(trackers) == 1, "no network is loaded again for a look at a frame"
    assert not trackers[0].closed
    session.film.set_paused(False)
    with qtbot.waitSignal(session.ended, timeout=WAIT_MS):
        pass


def test_play_after_the_end_begins_at_the_start_and_after_a_stop_goes_on(
    session: Session, qtbot: Any, opened: list[Begin], clip: Path, make_clip: Callable[[str, int], Path]
) -> None:
    session.start(str(make_clip("short.mp4", 4)))
    qtbot.waitUntil(lambda: session.film.over and not session.running, timeout=WAIT_MS)
    session.film.set_paused(False)
    assert opened[-1].at == 0
    qtbot.waitUntil(lambda: len(opened) == 2 and session.film.over and not session.running, timeout=WAIT_MS)
    session.start(str(clip))
    qtbot.waitUntil(lambda: place(session) > 3, timeout=WAIT_MS)
    session.stop()
    qtbot.waitUntil(lambda: not session.running, timeout=WAIT_MS)
    assert session.film.position is not None
    stopped = session.film.position.frame
    session.film.set_paused(False)
    qtbot.waitUntil(lambda: len(opened) == 4, timeout=WAIT_MS)
    assert opened[-1].at == stopped
    assert not opened[-1].paused


def test_other_networks_go_on_at_the_same_frame(
    session: Session, qtbot: Any, trackers: list[Any], opened: list[Begin], clip: Path
) -> None:
    session.start(str(clip))
    qtbot.waitUntil(lambda: place(session) >= 0, timeout=WAIT_MS)
    session.film.set_paused(True)
    session.film.seek(120)
    qtbot.waitUntil(lambda: place(session) == 120, timeout=WAIT_MS)
    session.use_tracker(replace(session.settings, model="geometric"))
    qtbot.waitUntil(lambda: len(trackers) == 2 and place(session) == 120, timeout=WAIT_MS)
    assert trackers[0].closed
    assert trackers[1].asked == ["continue"]
    assert opened[-1] == Begin(at=120, paused=True)
    assert session.settings.model == "geometric"


def test_settings_changed_while_it_stands_still_show_at_once_and_make_no_row(
    session: Session, qtbot: Any, trackers: list[Any], clip: Path, tmp_path: Path, udp_ear: Any
) -> None:
    session.start(str(clip))
    qtbot.waitUntil(lambda: place(session) >= 0, timeout=WAIT_MS)
    session.film.set_paused(True)
    session.film.seek(120)
    qtbot.waitUntil(lambda: place(session) == 120, timeout=WAIT_MS)
    row, stream = OpenFaceCsv(tmp_path / "take.csv"), Limited(MienOsc((udp_ear.target,)), 0)
    session._pipeline.add_sink(row)
    session._pipeline.add_sink(stream)
    answers: list[float] = []

    def loud(frame: Any, face: Any) -> None:
        answers.append(frame.media_time_s)

    session._pipeline.add_listener(loud)
    for change in (lambda: session.set_filter("strong"), lambda: session.set_asymmetry(False)):
        before = len(answers)
        change()
        qtbot.waitUntil(lambda before=before: len(answers) == before + 1, timeout=WAIT_MS)
    assert trackers[0].asked == [{"filter": "strong"}, {"asymmetry": False}]
    assert answers == [4.0, 4.0], "the frame that is seen, with its own time"
    assert session.snapshot().frames == session.newest()[0].index + 1, "it is not counted again"
    assert (row.written, stream.written) == (0, 2), "receivers are told, files have one row a frame"
    assert not session.film.playing


def test_settings_changed_after_the_end_hold_for_the_next_look(
    session: Session, qtbot: Any, trackers: list[Any], make_clip: Callable[[str, int], Path]
) -> None:
    session.start(str(make_clip("short.mp4", 6)))
    with qtbot.waitSignal(session.ended, timeout=WAIT_MS):
        pass
    session.set_filter("strong")
    session.film.seek(3)
    qtbot.waitUntil(lambda: place(session) == 3, timeout=WAIT_MS)
    assert [tracker.asked for tracker in trackers] == [[{"filter": "strong"}]]


def test_another_source_is_another_person(
    session: Session, qtbot: Any, trackers: list[Any], clip: Path, make_clip: Callable[[str, int], Path]
) -> None:
    session.start(str(clip))
    qtbot.waitUntil(lambda: place(session) > 2, timeout=WAIT_MS)
    session.start(str(make_clip("other.mp4", 90)))
    qtbot.waitUntil(lambda: len(trackers) == 2 and place(session) >= 0, timeout=WAIT_MS)
    assert trackers[1].asked == []


def test_the_demo_goes_round_and_files_do_as_they_were_told_last(
    session: Session, qtbot: Any, opened: list[Begin], clip: Path
) -> None:
    for spec, loop in (("demo", True), (str(clip), False)):
        session.start(spec)
        qtbot.waitUntil(lambda: place(session) >= 0 and not session.stopping, timeout=WAIT_MS)
        assert opened[-1].loop is loop
    session.film.set_loop(True)
    session.start(str(clip))
    qtbot.waitUntil(lambda: len(opened) == 3, timeout=WAIT_MS)
    assert opened[-1].loop


def test_a_camera_is_asked_for_the_mode_chosen_for_it(session: Session, qtbot: Any, opened: list[Begin]) -> None:
    session.camera_mode = {"97": CameraMode(640, 480, 30.0)}.get  # type: ignore[assignment]
    with qtbot.waitSignal(session.failed, timeout=WAIT_MS):
        session.start("97")
    assert opened == [Begin(mode=CameraMode(640, 480, 30.0))]
    assert session.film.position is None
    session.film.seek(3)  # does nothing, and no harm
    session.film.set_paused(False)
    assert not session.running


def test_speeds_are_gone_through_step_by_step(session: Session, qtbot: Any, clip: Path) -> None:
    session.start(str(clip))
    qtbot.waitUntil(lambda: session.film.position is not None, timeout=WAIT_MS)
    seen = []
    for step in (1, 1, 1, -1, -1, -1, -1, -1):
        session.film.change_speed(step)
        assert session.film.position is not None
        seen.append(session.film.position.speed)
    assert seen == [1.5, 2.0, 2.0, 1.5, 1.0, 0.5, 0.25, 0.25]


def ended_at(session: Session, qtbot: Any, clip: Path, frame: int) -> None:
    session.start(str(clip))
    qtbot.waitUntil(lambda: place(session) == frame and not session.running, timeout=WAIT_MS)


@pytest.mark.parametrize(
    "change",
    [
        lambda session: session.set_filter("strong"),
        lambda session: session.set_asymmetry(False),
        lambda session: session.set_shaping(Shaping().with_value("gain", (0,), 2.0)),
        lambda session: session.use_neutral("auto"),
        lambda session: session.use_tracker(replace(session.settings, model="geometric")),
    ],
)
def test_at_its_end_a_film_shows_at_once_what_a_setting_does(
    session: Session, qtbot: Any, make_clip: Callable[[str, int], Path], trackers: list[Any], change: Any
) -> None:
    ended_at(session, qtbot, make_clip("short.mp4", 6), 5)
    before = session.newest()
    change(session)
    qtbot.waitUntil(lambda: session.newest() not in (None, before), timeout=WAIT_MS)
    assert place(session) == 5
    position = session.film.position
    assert position is not None
    assert position.paused
    assert session.running
    assert len(trackers) == 1 + (session.settings.model == "geometric")
    if len(trackers) == 1 and session.settings != TrackerSettings(device="cpu"):
        assert trackers[0].asked, "its networks are not loaded again: it is told"


def test_many_changes_at_the_end_are_one_run(
    session: Session, qtbot: Any, make_clip: Callable[[str, int], Path], trackers: list[Any]
) -> None:
    """As a slider makes them."""
    runs: list[object] = []
    ended_at(session, qtbot, make_clip("short.mp4", 6), 5)
    session.started.connect(runs.append)
    for gain in range(20):
        session.set_shaping(Shaping().with_value("gain", (0,), 1 + 0.05 * gain))
    last = session.settings.shaping
    qtbot.waitUntil(lambda: any({"shaping": last} == asked for asked in trackers[0].asked), timeout=WAIT_MS)
    assert len(runs) == 1
    assert session.snapshot().frames == 1


def test_a_film_that_was_stopped_stays_stopped(session: Session, qtbot: Any, clip: Path) -> None:
    session.start(str(clip))
    qtbot.waitUntil(lambda: place(session) > 1, timeout=WAIT_MS)
    session.stop()
    qtbot.waitUntil(lambda: not session.running, timeout=WAIT_MS)
    session.set_filter("strong")
    assert not session.running
