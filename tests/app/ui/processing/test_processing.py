"""Files processed beside the window: told, cancelled, broken off; nothing of it is left when the window goes."""

import itertools
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt

from app.errors import UserError
from app.outputs.take import read_take
from app.process_command import process_environment
from app.shaping import load_shaping
from app.ui.processing import processing as module
from app.ui.processing import wishes as wishes_module
from app.ui.processing.child import Child, why_it_broke_off
from app.ui.processing.rows import Row, State
from app.ui.window import MainWindow
from rig.parameters import CHANNEL_INDEX

WAIT_MS = 60_000
Files = Callable[..., list[Path]]
RowOf = Callable[[str], Row]


def states(window: MainWindow) -> list[State]:
    return [row.state for row in window.processing.files.rows]


def run(window: MainWindow, qtbot: Any) -> None:
    """From Start to the end."""
    window.processing.start()
    qtbot.waitUntil(lambda: not window.processing.working, timeout=WAIT_MS)


def child_of(window: MainWindow, qtbot: Any) -> Child:
    """The process that works, once there is one."""
    qtbot.waitUntil(lambda: window.processing._child is not None, timeout=WAIT_MS)
    child = window.processing._child
    assert child is not None
    assert child.alive
    return child


def test_from_start_to_end(window: MainWindow, qtbot: Any, make_files: Files, row_of: RowOf, tmp_path: Path) -> None:
    processing = window.processing
    assert processing.add(make_files("one", "two worn")) == []
    assert states(window) == [State.WAITING] * 2
    run(window, qtbot)
    assert states(window) == [State.DONE] * 2
    one, two = row_of("one"), row_of("two")
    assert one.counts == "100 frames, 98 with a face"
    assert two.about == "100 frames, 98 with a face  ·  3 frames could not be read"
    assert one.outputs == (str(tmp_path / "out" / "one.csv"),)
    assert window.messages.text == f"2 files processed into {tmp_path / 'out'}"
    assert window.messages.messages[0].kind == "info"
    assert processing.finished
    run(window, qtbot)  # all is done: all of it again
    assert states(window) == [State.DONE] * 2
    assert len(window.messages.messages) == 1


def test_a_bad_file_among_good_ones(window: MainWindow, qtbot: Any, make_files: Files, row_of: RowOf) -> None:
    window.processing.add(make_files("one", "bad", "three"))
    run(window, qtbot)
    assert states(window) == [State.DONE, State.FAILED, State.DONE]
    bad = row_of("bad")
    assert bad.error == "bad.mp4 cannot be read as a video"
    message = window.messages.messages[0]
    assert (message.kind, message.text) == ("warning", "2 of 3 files processed: see Process files")
    assert message.detail == "bad.mp4 cannot be read as a video"
    assert window.processing.to_do == [bad]  # Start tries that one again


def test_the_only_file_says_itself_why(window: MainWindow, qtbot: Any, make_files: Files) -> None:
    window.processing.add(make_files("bad"))
    run(window, qtbot)
    assert window.messages.messages[0].kind == "warning"
    assert window.messages.text == "bad.mp4 cannot be read as a video"


def test_what_is_chosen_reaches_the_process(
    window: MainWindow, qtbot: Any, make_files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    session, choices = window.session, window.processing.choices
    session.set_filter("strong")
    session.set_asymmetry(False)
    shaping = session.settings.shaping.with_value("gain", (CHANNEL_INDEX["AU26"],), 2.0)
    session.set_shaping(shaping)
    choices.format, choices.video, choices.replace, choices.neutral = "arkit", True, True, "first-second"
    window.rig.shown = "elder"
    read: list[Any] = []
    made = wishes_module.process_arguments

    def arguments(*args: Any, shaping_file: Path, **named: Any) -> list[str]:
        read.append(load_shaping(shaping_file))
        return made(*args, shaping_file=shaping_file, **named)

    monkeypatch.setattr(wishes_module, "process_arguments", arguments)
    window.processing.add(make_files("one"))
    run(window, qtbot)
    words = json.loads((tmp_path / "out" / "words.json").read_text())
    pairs = dict(itertools.pairwise(words))
    assert pairs["--csv-format"] == "arkit"
    assert (pairs["--filter"], pairs["--calibrate"], pairs["--character"]) == ("strong", "first-second", "elder")
    assert {"--video", "--overwrite", "--symmetric", "--events"} <= set(words)
    assert read == [shaping]
    assert list((tmp_path / "temporary").iterdir()) == []
    assert not Path(pairs["--shaping"]).exists()


def test_nothing_to_do_is_said(window: MainWindow, make_files: Files) -> None:
    with pytest.raises(UserError, match="add files first"):
        window.processing.start()
    window.processing.add(make_files("one"))
    window.processing.choices.format = "none"
    with pytest.raises(UserError, match="nothing is to be written"):
        window.processing.start()
    assert not window.processing.working


def test_folders_and_what_is_neither(window: MainWindow, make_files: Files, tmp_path: Path) -> None:
    take_10, take_2 = make_files("take 10", "take 2")
    problems = window.processing.add([take_2.parent, tmp_path / "gone", take_10])
    assert [row.name for row in window.processing.files.rows] == ["take 2.mp4", "take 10.mp4"]
    assert len(problems) == 1
    assert "gone" in problems[0]


# ---------------------------------------------------------------- ended early


def test_cancel_keeps_what_is_done(window: MainWindow, qtbot: Any, make_files: Files, row_of: RowOf) -> None:
    processing = window.processing
    processing.add(make_files("one", "hold", "three"))
    processing.start()
    qtbot.waitUntil(lambda: row_of("hold").share == 0.5, timeout=WAIT_MS)
    child = child_of(window, qtbot)
    job = processing.job
    assert job is not None
    qtbot.waitUntil(lambda: job.progress.text.startswith("2 of 3: hold.mp4, 38 frames/s"), timeout=WAIT_MS)
    qtbot.mouseClick(window.job_strip.cancel, Qt.MouseButton.LeftButton)  # the strip's does as well as the dialog's
    qtbot.waitUntil(lambda: not processing.working, timeout=WAIT_MS)
    assert states(window) == [State.DONE, State.CANCELLED, State.CANCELLED]
    assert processing.summary == "Cancelled: 1 of 3 done"
    assert not child.alive
    assert window.messages.text == ""
    assert [row.name for row in processing.to_do] == ["hold.mp4", "three.mp4"]


def test_a_process_that_does_not_end_is_killed(
    window: MainWindow, qtbot: Any, make_files: Files, monkeypatch: pytest.MonkeyPatch, row_of: RowOf
) -> None:
    window.processing._patience_s = 0.05
    window.processing.add(make_files("stubborn"))
    window.processing.start()
    qtbot.waitUntil(lambda: row_of("stubborn").status == "Loading …", timeout=WAIT_MS)
    child = child_of(window, qtbot)
    window.processing.cancel()
    qtbot.waitUntil(lambda: not window.processing.working, timeout=WAIT_MS)
    assert not child.alive
    assert states(window) == [State.CANCELLED]


def test_it_can_be_cancelled_before_it_says_a_word(window: MainWindow, qtbot: Any, make_files: Files) -> None:
    window.processing.add(make_files("sluggish"))
    window.processing.start()
    child = child_of(window, qtbot)
    window.processing.cancel()
    qtbot.waitUntil(lambda: not window.processing.working, timeout=WAIT_MS)
    assert not child.alive
    assert states(window) == [State.CANCELLED]


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("crash", "the network fell over"),
        ("silent", "ended with code 0 and no word"),
        pytest.param("killed", "SIGABRT", marks=pytest.mark.skipif(sys.platform == "win32", reason="no signals")),
    ],
)
def test_a_process_that_breaks_off_is_one_line(
    window: MainWindow, qtbot: Any, make_files: Files, tmp_path: Path, word: str, why: str
) -> None:
    window.processing.add(make_files("one", word, "three"))
    run(window, qtbot)
    assert states(window) == [State.DONE, State.FAILED, State.WAITING]
    assert why in window.processing.files.rows[1].error
    message = window.messages.messages[0]
    assert message.kind == "error"
    assert message.text.startswith("Processing broke off: ")
    assert why in message.text
    assert len(window.messages.messages) == 1
    assert not window.processing.finished
    assert [path.name for path in (tmp_path / "out").glob("*.csv")] == ["one.csv"], "nothing half done is left"


def test_options_that_are_refused_are_one_line_and_nothing_has_failed(
    window: MainWindow, qtbot: Any, make_files: Files
) -> None:
    window.processing.add(make_files("refused"))
    run(window, qtbot)
    assert states(window) == [State.WAITING]
    assert window.messages.text == "Processing broke off: there is no profile Anna"


def test_mien_that_cannot_be_started_is_one_line(window: MainWindow, qtbot: Any, make_files: Files) -> None:
    window.processing.environment = lambda: (["/nowhere/python"], dict(os.environ))
    window.processing.add(make_files("one"))
    run(window, qtbot)
    assert states(window) == [State.WAITING]
    assert "cannot be started a second time" in window.messages.text


def test_lines_that_are_no_events_harm_nothing(window: MainWindow, qtbot: Any, make_files: Files) -> None:
    window.processing.add(make_files("garbage", "two"))
    run(window, qtbot)
    assert states(window) == [State.DONE, State.DONE]


def test_a_file_of_which_nothing_is_said_has_not_been_done(window: MainWindow, qtbot: Any, make_files: Files) -> None:
    window.processing.add(make_files("unsaid", "two"))
    run(window, qtbot)
    assert states(window) == [State.FAILED, State.DONE]


def test_how_a_process_ended_in_words() -> None:
    assert why_it_broke_off(2, ["a warning", "mien: it is  broken"]) == "it is broken"
    assert "SIGKILL" in why_it_broke_off(-9, [])
    assert "code 7" in why_it_broke_off(7, [])


# ---------------------------------------------------------------- meanwhile


def test_files_that_are_added_meanwhile_follow(
    window: MainWindow, qtbot: Any, make_files: Files, row_of: RowOf, go: Callable[[], None]
) -> None:
    processing = window.processing
    first, later, never = make_files("hold", "later", "never")
    processing.add([first])
    processing.start()
    qtbot.waitUntil(lambda: row_of("hold").share == 0.5, timeout=WAIT_MS)
    processing.add([first, later, never])
    assert not processing.can_remove(row_of("hold"))
    processing.remove([row_of("hold"), row_of("never")])
    assert [row.name for row in processing.files.rows] == ["hold.mp4", "later.mp4"]
    go()
    qtbot.waitUntil(lambda: states(window) == [State.DONE, State.DONE] and not processing.working, timeout=WAIT_MS)
    assert window.messages.text.startswith("2 files processed into")


@pytest.mark.parametrize("word", ["hold", "stubborn", "sluggish"])
def test_no_process_is_left_when_the_window_closes(
    window: MainWindow, qtbot: Any, make_files: Files, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CLOSING_S", 0.2)
    window.dialogs.show_processing([str(path) for path in make_files(word)])
    window.processing.start()
    child = child_of(window, qtbot)
    job = window.processing.job
    assert job is not None
    window.close()
    assert not child.alive
    assert job.worker is not None
    assert not job.worker.is_alive()


# ---------------------------------------------------------------- the real one


def test_mien_itself_makes_a_table_of_a_film(
    window: MainWindow, qtbot: Any, tmp_path: Path, make_clip: Callable[[str, int], Path], row_of: RowOf
) -> None:
    demo = demo_start(tmp_path / "face.mp4", 12)
    (tmp_path / "torn.mp4").write_bytes(b"no film")
    processing = window.processing
    processing.environment = process_environment
    processing.choices.neutral = "whole"
    assert processing.add([demo, tmp_path / "torn.mp4"]) == []
    run(window, qtbot)
    assert states(window) == [State.DONE, State.FAILED]
    face, torn = row_of("face"), row_of("torn")
    assert "cannot be read as a video" in torn.error
    assert (face.frames, face.tracked) == (12, 12)
    take = read_take(Path(face.outputs[0]))
    assert len(take) == 12
    assert Path(face.outputs[0]) == tmp_path / "out" / "face.csv"
    assert all(take.face(i).tracked for i in range(12))


def begin_a_long_film(window: MainWindow, qtbot: Any, folder: Path) -> Child:
    """The process that has it."""
    processing = window.processing
    processing.environment = process_environment
    processing.choices.neutral = "auto"
    processing.add([demo_start(folder / "long.mp4", 400)])
    processing.start()
    return child_of(window, qtbot)


def test_mien_itself_is_cancelled_and_leaves_nothing_half_done(
    window: MainWindow, qtbot: Any, tmp_path: Path, row_of: RowOf
) -> None:
    processing, child = window.processing, begin_a_long_film(window, qtbot, tmp_path)
    qtbot.waitUntil(lambda: row_of("long").stage == "track" and row_of("long").frames > 0, timeout=WAIT_MS)
    processing.cancel()
    qtbot.waitUntil(lambda: not processing.working, timeout=WAIT_MS)
    assert not child.alive
    assert states(window) == [State.CANCELLED]
    assert list((tmp_path / "out").iterdir()) == []


def test_mien_itself_is_killed_and_leaves_nothing_half_done(window: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    processing, child = window.processing, begin_a_long_film(window, qtbot, tmp_path)
    qtbot.waitUntil(lambda: any((tmp_path / "out").glob(".long.part.*")), timeout=WAIT_MS)
    child.kill()
    qtbot.waitUntil(lambda: not processing.working, timeout=WAIT_MS)
    assert states(window) == [State.FAILED]
    assert list((tmp_path / "out").iterdir()) == []


def demo_start(path: Path, frames: int) -> Path:
    """The first frames of the demo, over again where more are asked for."""
    import cv2

    from app.capture import DEMO_CLIP

    capture = cv2.VideoCapture(str(DEMO_CLIP))
    pictures = [capture.read()[1] for _ in range(min(frames, 40))]
    capture.release()
    height, width = pictures[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 30.0, (width, height))
    for i in range(frames):
        writer.write(pictures[i % len(pictures)])
    writer.release()
    return path
