"""The recorder: names that overwrite nothing, countdown, what is said of a recording, and files that are whole."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSettings

from app.errors import UserError
from app.outputs.take import read_take
from app.pipeline import Snapshot
from app.ui.message_bar import MessageBar
from app.ui.output.recorder import Recorder
from app.ui.preferences import Preferences
from app.ui.session import Session
from app.ui.style.theme import DARK

WAIT_MS = 60_000


@pytest.fixture
def messages(qtbot: Any) -> MessageBar:
    bar = MessageBar(DARK)
    qtbot.addWidget(bar)
    return bar


@pytest.fixture
def recorder(session: Session, tmp_path: Path, messages: MessageBar) -> Iterator[Recorder]:
    preferences = Preferences(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    made = Recorder(session, preferences, messages)
    made.folder = tmp_path / "takes"
    yield made
    session.close()


def tick_until(qtbot: Any, recorder: Recorder, done: Callable[[], bool]) -> None:
    def ticked() -> bool:
        recorder._session.poll()
        recorder.tick(recorder._session.snapshot())
        return done()

    qtbot.waitUntil(ticked, timeout=WAIT_MS)


def run(qtbot: Any, recorder: Recorder, source: Path) -> None:
    recorder._session.start(str(source))
    tick_until(qtbot, recorder, lambda: recorder._session.snapshot().frames > 0)


def record(qtbot: Any, recorder: Recorder, rows: int) -> Path:
    """Begin, and end after so many rows."""
    recorder.toggle()
    tick_until(qtbot, recorder, lambda: (p := recorder.progress()) is not None and p.rows >= rows)
    progress = recorder.progress()
    assert progress is not None
    with qtbot.waitSignal(recorder.saved, timeout=WAIT_MS):
        recorder.toggle()
    return progress.path


def test_takes_are_numbered_and_nothing_is_overwritten(qtbot: Any, recorder: Recorder, clip: Path) -> None:
    recorder.pattern = "{source}_{take}"
    run(qtbot, recorder, clip)
    first, second = record(qtbot, recorder, 2), record(qtbot, recorder, 4)
    assert [first.name, second.name] == ["clip_001.csv", "clip_002.csv"]
    assert recorder.next_path().name == "clip_003.csv"
    assert len(read_take(first)) >= 2
    assert len(read_take(second)) >= 4


def test_what_is_said_of_it_is_so(qtbot: Any, recorder: Recorder, clip: Path) -> None:
    assert recorder.progress() is None
    run(qtbot, recorder, clip)
    recorder.tick(Snapshot(dropped=5))  # before it began
    recorder.toggle()
    recorder.tick(Snapshot(dropped=7))
    qtbot.waitUntil(lambda: (p := recorder.progress()) is not None and p.rows >= 3, timeout=WAIT_MS)
    progress = recorder.progress()
    assert progress is not None
    assert progress.dropped == 2
    assert progress.elapsed_s > 0
    size = progress.path.stat().st_size
    assert 0 < progress.size <= size
    with qtbot.waitSignal(recorder.saved, timeout=WAIT_MS) as saved:
        recorder.toggle()
    path, rows = saved.args
    with Path(path).open(newline="") as file:
        assert len(list(csv.DictReader(file))) == rows
    free = recorder.free_bytes()
    assert free is not None
    assert free > 0


def test_format_and_settings_are_kept(qtbot: Any, recorder: Recorder, session: Session, clip: Path) -> None:
    recorder.format, recorder.countdown_s = "arkit", 5
    again = Recorder(session, recorder._preferences, recorder._messages)
    assert (again.format, again.countdown_s, again.folder) == ("arkit", 5, recorder.folder)
    recorder.countdown_s = 0
    run(qtbot, recorder, clip)
    assert read_take(record(qtbot, recorder, 2)).format == "arkit"
    with pytest.raises(UserError, match="tkae"):
        recorder.pattern = "{tkae}"
    assert recorder.pattern == again.pattern


def test_the_countdown_goes_before_and_can_be_called_off(qtbot: Any, recorder: Recorder, clip: Path) -> None:
    recorder.countdown_s = 3
    run(qtbot, recorder, clip)
    seen: list[int] = []
    recorder.countdown.changed.connect(seen.append)
    recorder.toggle()
    assert recorder.countdown.left == 3
    assert recorder.recording is None
    recorder.toggle()
    assert not recorder.countdown.running
    recorder.countdown.start(0.15)  # the same, quicker
    tick_until(qtbot, recorder, lambda: recorder.recording is not None)
    assert seen == [3, 0, 1, 0]


def test_without_a_source_it_is_one_line(recorder: Recorder, messages: MessageBar) -> None:
    recorder.toggle()
    assert "start a source first" in messages.text
    assert recorder.recording is None
    recorder.countdown_s = 3
    recorder.toggle()
    assert not recorder.countdown.running


def test_a_folder_that_cannot_be_made_is_one_line(
    qtbot: Any, recorder: Recorder, clip: Path, messages: MessageBar
) -> None:
    run(qtbot, recorder, clip)
    recorder.folder = clip / "takes"  # a folder inside a file
    recorder.toggle()
    assert "cannot be made" in messages.text
    assert recorder.recording is None
    with pytest.raises(UserError, match="the source itself"):
        recorder.start(clip)


def test_the_end_of_the_source_saves_the_take(qtbot: Any, recorder: Recorder, make_clip: Callable[..., Path]) -> None:
    saved: list[tuple[str, int]] = []
    recorder.saved.connect(lambda path, rows: saved.append((path, rows)))
    recorder._session.start(str(make_clip("short.mp4", 40)))
    recorder.toggle()
    tick_until(qtbot, recorder, lambda: bool(saved))
    assert recorder.recording is None
    ((path, rows),) = saved
    assert len(read_take(Path(path))) == rows


def test_a_full_disk_ends_it_and_what_was_written_is_a_take(
    qtbot: Any, recorder: Recorder, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(qtbot, recorder, clip)
    told: list[str] = []
    recorder._session.message.connect(lambda kind, text, detail: told.append(f"{text} | {detail}"))
    recorder.toggle()
    tick_until(qtbot, recorder, lambda: (p := recorder.progress()) is not None and p.rows >= 3)
    recording = recorder.recording
    assert recording is not None

    def full(face: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recording.sink, "write", full)
    tick_until(qtbot, recorder, lambda: recorder.recording is None)
    qtbot.waitUntil(lambda: any("No space left" in text for text in told), timeout=WAIT_MS)
    assert recorder._session.running
    assert len(read_take(recording.path)) == recording.sink.written
