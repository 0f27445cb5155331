"""The window as a person uses it: frames come, numbers move, files are whole, and what fails says so in one line."""

import csv
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pythonosc.osc_bundle import OscBundle

from app.ui.meters.gauges_panel import GaugesPanel
from app.ui.meters.meters_panel import MetersPanel
from app.ui.window import MainWindow
from rig.parameters import CHANNEL_INDEX

ROOT = Path(__file__).parents[3]
WAIT_MS = 60_000
"""Generous: a slow machine with software OpenGL is a machine too."""
SMILE = CHANNEL_INDEX["AU12-left"]
P = TypeVar("P")
MakeWindow = Callable[..., MainWindow]


def panel(window: MainWindow, kind: type[P]) -> P:
    """The one panel of this kind."""
    found = [one for one in window.panels.values() if isinstance(one, kind)]
    assert len(found) == 1
    return found[0]


def start(window: MainWindow, qtbot: Any, source: Path) -> None:
    """Start, and wait until faces are on the screen."""
    window.start(str(source))
    qtbot.waitUntil(lambda: window.video.has_picture and "Tracking" in window.status.text(), timeout=WAIT_MS)


def record(window: MainWindow, qtbot: Any, path: Path, rows: int) -> None:
    window.outputs.start_recording(path)
    recording = window.shell.recorder.recording
    assert recording is not None
    qtbot.waitUntil(lambda: recording.sink.written >= rows, timeout=WAIT_MS)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file, skipinitialspace=True))


def test_frames_arrive_and_the_face_and_the_bars_move(make_window: MakeWindow, qtbot: Any, clip: Path) -> None:
    window = make_window(rig=True)
    qtbot.waitUntil(lambda: window.rig.renders > 0 or bool(window.rig.problem), timeout=WAIT_MS)
    if window.rig.problem:
        pytest.skip(f"no OpenGL here: {window.rig.problem}")
    at_rest = window.rig.picture()
    assert at_rest is not None
    assert at_rest.std() > 5  # a face, not an empty background
    start(window, qtbot, clip)
    pictures: dict[tuple[int, ...], list[np.ndarray]] = {}

    def changed() -> bool:
        """Two pictures of one size that differ in more than noise."""
        picture = window.rig.picture()
        assert picture is not None
        seen = pictures.setdefault(picture.shape, [])
        if not seen or seen[-1] is not picture:
            seen.append(picture)
        return any(np.abs(seen[0].astype(int) - other).max() > 40 for other in seen[1:])

    qtbot.waitUntil(changed, timeout=WAIT_MS)
    meters = panel(window, MetersPanel).current
    qtbot.waitUntil(lambda: meters.shown[SMILE] > 0.4, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: "ms capture → data" in window.status.text(), timeout=WAIT_MS)
    for words in (" fps", "CPU", "0 dropped", "of 300"):
        assert words in window.status.text()
    window.toggle_run()
    qtbot.waitUntil(lambda: not window.session.running, timeout=WAIT_MS)
    assert window.toolbar.run.text() == "Start"


def test_a_real_clip_through_the_real_tracker(make_window: MakeWindow, qtbot: Any, data_dir: Path) -> None:
    window = make_window(real=True)
    start(window, qtbot, data_dir / "clips" / "lp_d10.mp4")
    meters = panel(window, MetersPanel).current
    qtbot.waitUntil(lambda: meters.shown.max() > 0.1, timeout=WAIT_MS)
    newest = window.session.newest()
    assert newest is not None
    assert newest[1].tracked
    assert np.isfinite(newest[1].landmarks).all()
    assert window.session.device == "cpu"


@pytest.mark.parametrize("kind", ["missing", "text", "empty", "camera"])
def test_a_bad_source_is_one_line_that_can_be_dismissed(
    make_window: MakeWindow, qtbot: Any, tmp_path: Path, kind: str
) -> None:
    source = tmp_path / f"{kind}.mp4"
    if kind == "text":
        source.write_text("this is no video")
    elif kind == "empty":
        source.touch()
    window = make_window()
    window.start("97" if kind == "camera" else str(source))
    qtbot.waitUntil(lambda: not window.session.running, timeout=WAIT_MS)
    message = window.messages.text
    if kind == "camera":
        assert "video97" in window.messages.messages[0].detail, "what the system said"
    assert ("camera 97" if kind == "camera" else source.name) in message.replace("Camera", "camera")
    assert "\n" not in message
    assert "Traceback" not in message
    qtbot.waitUntil(lambda: window.toolbar.run.text() == "Start", timeout=WAIT_MS)
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.messages.text == "", timeout=WAIT_MS)


def test_a_bad_source_after_a_good_one_and_back(
    make_window: MakeWindow, qtbot: Any, clip: Path, tmp_path: Path
) -> None:
    window = make_window()
    start(window, qtbot, clip)
    window.start(str(tmp_path / "missing.mp4"))
    qtbot.waitUntil(lambda: "missing.mp4" in window.messages.text and not window.session.running, timeout=WAIT_MS)
    assert not window.video.has_picture
    start(window, qtbot, clip)
    assert window.messages.text == ""


def test_where_the_first_camera_does_not_open_the_other_source_runs(
    make_window: MakeWindow, qtbot: Any, clip: Path
) -> None:
    window = make_window()
    window.start("97", otherwise=str(clip))
    qtbot.waitUntil(lambda: "Tracking" in window.status.text(), timeout=WAIT_MS)
    assert "amera 97" in window.messages.text  # and it is said why
    assert window.toolbar.source.text() == clip.name


def test_frames_do_not_queue_up_before_a_busy_window(make_window: MakeWindow, qtbot: Any, clip: Path) -> None:
    window = make_window()
    start(window, qtbot, clip)
    told: list[int] = []
    window.session.fresh.disconnect()
    window.session.newest()
    window.session.fresh.connect(lambda: told.append(1))
    before = window.session.snapshot().frames
    qtbot.waitUntil(lambda: window.session.snapshot().frames > before + 5, timeout=WAIT_MS)
    assert len(told) == 1
    newest = window.session.newest()
    assert newest is not None
    assert newest[1].index > before + 3
    qtbot.waitUntil(lambda: len(told) == 2, timeout=WAIT_MS)


def test_a_recording_is_red_and_reads_back_whole(
    make_window: MakeWindow, qtbot: Any, clip: Path, tmp_path: Path
) -> None:
    window = make_window()
    start(window, qtbot, clip)
    path = tmp_path / "new folder" / "take.csv"
    record(window, qtbot, path, 8)
    qtbot.waitUntil(lambda: "take.csv" in window.video.recording, timeout=WAIT_MS)
    assert window.toolbar.record.property("recording") == "true"
    assert "take.csv" in window.windowTitle()
    with qtbot.waitSignal(window.shell.recorder.saved, timeout=WAIT_MS) as saved:
        window.shell.recorder.toggle()
    rows = rows_of(path)
    assert saved.args == [str(path), len(rows)]
    frames = [int(row["frame"]) for row in rows]
    assert frames == list(range(frames[0], frames[0] + len(rows)))  # a file in the window loses no frame either
    assert all(2.4 < float(row["AU12_L_r"]) < 5 for row in rows)
    assert f"{len(rows)} rows" in window.messages.text
    assert window.video.recording == ""
    assert window.session.running


def test_a_recording_that_cannot_be_leaves_all_running(
    make_window: MakeWindow, qtbot: Any, clip: Path, tmp_path: Path
) -> None:
    window = make_window()
    start(window, qtbot, clip)
    for path in (tmp_path, clip / "take.csv", clip):  # a folder, a folder that is a file, the source itself
        window.messages.dismiss()
        window.outputs.start_recording(path)
        assert str(path.parent if path == clip / "take.csv" else path) in window.messages.text
        assert window.shell.recorder.recording is None
    assert clip.stat().st_size > 1000
    assert window.session.running
    record(window, qtbot, tmp_path / "take.csv", 2)


def test_a_full_disk_ends_the_recording_and_says_so(
    make_window: MakeWindow, qtbot: Any, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = make_window()
    start(window, qtbot, clip)
    record(window, qtbot, tmp_path / "take.csv", 3)
    recording = window.shell.recorder.recording
    assert recording is not None

    def full(face: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recording.sink, "write", full)
    qtbot.waitUntil(lambda: window.shell.recorder.recording is None, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: "No space left" in window.messages.text, timeout=WAIT_MS)
    assert window.session.running
    assert len(rows_of(tmp_path / "take.csv")) == recording.sink.written


def test_closing_while_recording_finishes_the_file(
    make_window: MakeWindow, qtbot: Any, clip: Path, tmp_path: Path, trackers: list[Any]
) -> None:
    window = make_window()
    start(window, qtbot, clip)
    record(window, qtbot, tmp_path / "take.csv", 5)
    recording = window.shell.recorder.recording
    assert recording is not None
    assert window.close()
    assert (tmp_path / "take.csv").read_bytes().endswith(b"\n")
    assert len(rows_of(tmp_path / "take.csv")) == recording.sink.written
    assert trackers[-1].closed


def test_another_source_finishes_the_recording_first(
    make_window: MakeWindow, qtbot: Any, clip: Path, tmp_path: Path, make_clip: Callable[..., Path]
) -> None:
    window = make_window()
    start(window, qtbot, clip)
    record(window, qtbot, tmp_path / "take.csv", 3)
    with qtbot.waitSignal(window.shell.recorder.saved, timeout=WAIT_MS):
        window.start(str(make_clip("other.mp4", 200)))
    qtbot.waitUntil(lambda: "of 200" in window.status.text(), timeout=WAIT_MS)
    assert window.shell.recorder.recording is None
    assert len(rows_of(tmp_path / "take.csv")) >= 3


def test_the_end_of_a_file_ends_the_run_and_its_recording(
    make_window: MakeWindow, qtbot: Any, tmp_path: Path, make_clip: Callable[..., Path]
) -> None:
    window = make_window()
    start(window, qtbot, make_clip("short.mp4", 60))
    window.outputs.start_recording(tmp_path / "take.csv")
    with qtbot.waitSignal(window.shell.recorder.saved, timeout=WAIT_MS):
        pass
    assert not window.session.running
    assert rows_of(tmp_path / "take.csv")[-1]["frame"] == "60"
    assert window.video.has_picture  # the last one stays


def test_osc_bundles_arrive_while_it_is_on(make_window: MakeWindow, qtbot: Any, clip: Path, udp_ear: Any) -> None:
    window = make_window()
    window.outputs.send_to("mien", udp_ear.target)
    qtbot.mouseClick(window.toolbar.stream, Qt.MouseButton.LeftButton)
    assert not window.shell.streams.on
    qtbot.mouseClick(window.toolbar.stream, Qt.MouseButton.LeftButton)  # before the start: it holds for every run
    start(window, qtbot, clip)
    streams = window.shell.streams
    qtbot.waitUntil(lambda: streams.streams[0].sent > 0, timeout=WAIT_MS)
    messages = {m.address: m.params for m in OscBundle(udp_ear.receive())}
    assert messages["/mien/au/12/left"][0] == pytest.approx(messages["/mien/au/12/right"][0])
    assert messages["/mien/au/12/left"][0] >= 0.5
    qtbot.waitUntil(lambda: "ms capture → OSC" in window.status.text(), timeout=WAIT_MS)
    assert f"OSC → {udp_ear.target}" in window.status.text()
    assert window.toolbar.stream.property("live") == "true"
    qtbot.mouseClick(window.toolbar.stream, Qt.MouseButton.LeftButton)
    told: list[bool] = []
    window.session._call(lambda _: told.append(True))  # after the sink was taken out
    qtbot.waitUntil(lambda: bool(told), timeout=WAIT_MS)
    udp_ear.drain()
    shown = window.session.snapshot().frames
    qtbot.waitUntil(lambda: window.session.snapshot().frames > shown + 3, timeout=WAIT_MS)
    assert udp_ear.drain() == []
    assert not streams.on


@pytest.mark.parametrize(("target", "words"), [("nowhere", "HOST:PORT"), ("no.such.host:9000", "cannot be found")])
def test_a_bad_osc_target_is_one_line(
    make_window: MakeWindow, qtbot: Any, clip: Path, target: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_names(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_names)
    window = make_window()
    start(window, qtbot, clip)
    window.outputs.send_to("mien", target)
    qtbot.waitUntil(lambda: words in window.messages.text, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: window.toolbar.stream.property("live") != "true", timeout=WAIT_MS)
    assert window.session.running


def test_starting_and_stopping_leaves_no_threads(
    make_window: MakeWindow, qtbot: Any, clip: Path, run_threads: Callable[[], list[str]], trackers: list[Any]
) -> None:
    window = make_window()
    for _ in range(4):
        start(window, qtbot, clip)
        qtbot.keyClick(window, Qt.Key.Key_Space)
        qtbot.waitUntil(lambda: not window.session.running, timeout=WAIT_MS)
        assert run_threads() == []
    assert len(trackers) == 4
    assert all(tracker.closed for tracker in trackers[:-1])
    window.session.close()
    assert trackers[-1].closed


def test_filter_and_calibration_reach_the_tracker(
    make_window: MakeWindow, qtbot: Any, clip: Path, trackers: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.ui.tracking.countdown.COUNTDOWN_S", 0.5)
    window = make_window()
    start(window, qtbot, clip)
    smoothing = window.menus.actions["Smoothing"].menu()
    smoothing.aboutToShow.emit()
    assert [action.text() for action in smoothing.actions() if action.isChecked()] == ["Light"]
    next(action for action in smoothing.actions() if action.text() == "Strong").trigger()
    qtbot.waitUntil(lambda: {"filter": "strong"} in trackers[-1].asked, timeout=WAIT_MS)
    assert window.session.settings.filter == "strong"
    qtbot.mouseClick(window.toolbar.calibrate, Qt.MouseButton.LeftButton)
    assert window.video.big_note.startswith("1\n")
    qtbot.waitUntil(lambda: "calibrate" in trackers[-1].asked, timeout=WAIT_MS)
    assert window.video.big_note == ""


def test_mirror_turns_the_picture_and_only_the_picture(make_window: MakeWindow, qtbot: Any, clip: Path) -> None:
    window = make_window()
    start(window, qtbot, clip)
    assert not window.menus.actions["Mirror"].isChecked()  # on by itself for cameras only
    window.video.overlay = replace(window.video.overlay, lines="off")

    def white_side() -> str:
        shown = window.video.grab().toImage()
        area = window.video.picture_rect()
        left = shown.pixelColor(int(area.left() + 0.2 * area.width()), int(area.center().y()))
        return "left" if left.lightness() > 128 else "right"

    assert white_side() == "left"
    qtbot.keyClick(window, Qt.Key.Key_M)
    qtbot.waitUntil(lambda: white_side() == "right", timeout=WAIT_MS)
    assert window.rig.mirrored
    newest = window.session.newest()
    assert newest is not None
    assert newest[0].image[60, 20].mean() > 128


def test_the_landmarks_can_be_hidden(make_window: MakeWindow, qtbot: Any, clip: Path) -> None:
    window = make_window()
    start(window, qtbot, clip)
    qtbot.keyClick(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not window.session.running, timeout=WAIT_MS)
    assert window.video.overlay.lines != "off"
    with_lines = window.video.grab().toImage()
    for _ in range(3):
        if window.video.overlay.lines != "off":
            qtbot.keyClick(window, Qt.Key.Key_L)
    assert window.video.overlay.lines == "off"
    assert window.video.grab().toImage() != with_lines


def test_themes_and_the_choices_of_the_last_time(make_window: MakeWindow, qtbot: Any) -> None:
    window = make_window()
    for name, dark in (("light", False), ("dark", True)):
        window.set_theme(name)
        pixel = window.panels["meters"].grab().toImage().pixelColor(2, 2)
        assert (pixel.lightness() < 100) is dark
    window.preferences.set_value("window/theme", "plaid")  # what is not known any more is forgotten
    other = MainWindow(window.session, window.preferences._settings)
    assert other.theme_name == "system"
    assert "plaid" in other.messages.text


SCRIPT = """
import sys
from app.tracker import TrackerSettings
from app.ui.main import run_window
from app.ui.meters.meters_panel import MetersPanel
from app.ui.window import MainWindow
tick = MainWindow._tick
def watched(self):
    tick(self)
    if self.video.has_picture and self.shell.recorder.recording is None:
        from pathlib import Path
        self.outputs.start_recording(Path(sys.argv[2]))
    if self.shell.recorder.recording is not None and self.shell.recorder.recording.sink.written > 3:
        print("recording", flush=True)
MainWindow._tick = watched
sys.exit(run_window(TrackerSettings(device="cpu"), sys.argv[1]))
"""


def test_sigterm_closes_cleanly_while_recording(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "take.csv"
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(clip), str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment,
    ) as child:
        assert child.stdout is not None
        line = child.stdout.readline()
        child.terminate()
        _, errors = child.communicate(timeout=WAIT_MS / 1000)
    assert line.strip() == "recording", errors
    assert child.returncode == 143, errors
    assert "Traceback" not in errors
    rows = rows_of(path)
    assert len(rows) > 3
    assert path.read_bytes().endswith(b"\n")


EARLY_SCRIPT = """
import sys
from PySide6.QtCore import QTimer
from app.tracker import TrackerSettings
from app.ui.main import run_window
from app.ui.window import MainWindow
show = MainWindow.showEvent
def shown(self, event):
    show(self, event)
    QTimer.singleShot(60, lambda: print("up", flush=True))
MainWindow.showEvent = shown
sys.exit(run_window(TrackerSettings(device="cpu"), sys.argv[1]))
"""


def test_an_interrupt_while_all_still_loads_is_no_crash(clip: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", EARLY_SCRIPT, str(clip)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment,
    ) as child:
        assert child.stdout is not None
        line = child.stdout.readline()
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=WAIT_MS / 1000)
    assert line.strip() == "up", errors
    assert child.returncode == 130, errors
    assert errors == ""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have a display")
@pytest.mark.parametrize("display", [None, ":4242"])
def test_without_a_display_it_is_one_line(clip: Path, display: str | None) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    if display is not None:
        environment["DISPLAY"] = display
    done = subprocess.run(
        [sys.executable, "-m", "app", "demo"], capture_output=True, text=True, cwd=ROOT, env=environment, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("mien: ")
    assert "display" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_panel_opened_after_the_end_shows_what_the_others_do(
    make_window: MakeWindow, qtbot: Any, make_clip: Callable[[str, int], Path]
) -> None:
    window = make_window()
    start(window, qtbot, make_clip("short.mp4", 12))
    qtbot.waitUntil(lambda: not window.session.running, timeout=WAIT_MS)
    gauges = panel(window, GaugesPanel)
    assert not window.docks.is_visible("gauges")
    assert not np.isfinite(gauges.pose[0].value)
    window.docks.show("gauges")
    qtbot.waitUntil(lambda: bool(np.isfinite(gauges.pose[0].value)), timeout=WAIT_MS)
