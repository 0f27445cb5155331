"""A display to draw on, a tracker that needs no model, and windows that are closed whatever happens."""

import ctypes
import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from app.capture import Frame
from app.face_frame import FaceFrame
from models.runtime.landmarks import N_LANDMARKS
from rig.parameters import CHANNEL_INDEX, N_CHANNELS

pytest.importorskip("PySide6.QtWidgets", reason="PySide6 cannot be loaded here", exc_type=ImportError)

from PySide6.QtCore import QSettings

from app.profiles import Profile
from app.tracker import TrackerSettings
from app.ui import qt_environment
from app.ui.calm import collect_in_turn
from app.ui.session import Session
from app.ui.stage.rig_view import RigView
from app.ui.window import MainWindow

WAIT_MS = 60_000
"""Generous: a slow machine with software OpenGL is a machine too."""


def _end_with_parent() -> None:
    """The server ends when the tests' process does; ended earlier, it would take Qt and VTK down with it."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


@pytest.fixture(scope="session", autouse=True)
def display() -> None:
    """The desktop's display, else an Xvfb of our own. Skips where there is neither."""
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        server = shutil.which("Xvfb")
        if server is None:
            pytest.skip("no display: set DISPLAY, or install xvfb")
        read, write = os.pipe()
        command = [server, "-displayfd", str(write), "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
        subprocess.Popen(
            command, pass_fds=[write], preexec_fn=_end_with_parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ).returncode = 0  # never waited for: no warning about it
        os.close(write)
        with os.fdopen(read) as answer:
            number = answer.readline().strip()
        if not number:
            pytest.skip("Xvfb does not start")
        os.environ["DISPLAY"] = f":{number}"
    qt_environment.prepare()


@pytest.fixture(autouse=True)
def collected_on_this_thread() -> Iterator[None]:
    """As in the program (see ``app.ui.calm``): windows of earlier tests must not end on a thread of this one."""
    gc.disable()
    yield
    collect_in_turn()


class WavingTracker:
    """A face that smiles wider from frame to frame and starts again; remembers what it was asked."""

    device = "cpu"

    def __init__(self, make_face: Callable[..., FaceFrame]) -> None:
        self._make_face = make_face
        self.asked: list[Any] = []
        self.closed = False
        self.profile: Profile | None = Profile(np.full((N_LANDMARKS, 3), 0.01, np.float32))

    def track(self, frame: Frame) -> FaceFrame:
        au = np.zeros(N_CHANNELS, np.float32)
        au[CHANNEL_INDEX["AU12-left"]] = au[CHANNEL_INDEX["AU12-right"]] = 0.5 + 0.05 * (frame.index % 10)
        au[CHANNEL_INDEX["AU26"]] = 0.1 * (frame.index % 10)
        height, width = frame.image.shape[:2]
        return self._make_face(frame.index, au=au, time_s=frame.time_s, image_size=(width, height))

    def configure(self, **changes: Any) -> None:
        self.asked.append(changes)

    def calibrate_now(self) -> None:
        self.asked.append("calibrate")

    def use_neutral(self, profile: Profile | None) -> None:
        self.asked.append("use neutral")
        self.profile = profile

    def continue_from(self, other: "WavingTracker") -> None:
        self.asked.append("continue")
        self.profile = other.profile

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def make_clip(tmp_path: Path) -> Callable[[str, int], Path]:
    """Write a clip at 30 frames a second: white on the picture's left half, black on its right."""

    def make(name: str, frames: int) -> Path:
        path = tmp_path / name
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 30.0, (160, 120))
        picture = np.zeros((120, 160, 3), np.uint8)
        picture[:, :80] = 255
        for _ in range(frames):
            writer.write(picture)
        writer.release()
        return path

    return make


@pytest.fixture
def clip(make_clip: Callable[[str, int], Path]) -> Path:
    """Ten seconds."""
    return make_clip("clip.mp4", 300)


@pytest.fixture
def trackers() -> list[WavingTracker]:
    """Every tracker that a window of this test made."""
    return []


@pytest.fixture
def session(qtbot: Any, make_face: Callable[..., FaceFrame], trackers: list[WavingTracker]) -> Iterator[Session]:
    """A session without a window, on a tracker without models. Somebody has to ``poll`` it."""

    def tracker(settings: TrackerSettings) -> WavingTracker:
        trackers.append(WavingTracker(make_face))
        return trackers[-1]

    made = Session(TrackerSettings(device="cpu"), make_tracker=tracker)
    yield made
    made.close()


@pytest.fixture
def make_window(
    qtbot: Any,
    tmp_path: Path,
    make_face: Callable[..., FaceFrame],
    trackers: list[WavingTracker],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., MainWindow]]:
    """A shown window on a tracker without models; ``rig=False`` leaves out the 3D scene, which takes seconds."""
    windows: list[MainWindow] = []

    def tracker(settings: TrackerSettings) -> WavingTracker:
        trackers.append(WavingTracker(make_face))
        return trackers[-1]

    def make(*, rig: bool = False, real: bool = False, character: str | None = None) -> MainWindow:
        if not rig:
            monkeypatch.setattr(RigView, "build", lambda self: None)
        settings = QSettings(str(tmp_path / f"settings{len(windows)}.ini"), QSettings.Format.IniFormat)
        settings.setValue("output/folder", json.dumps(str(tmp_path)))
        chosen = TrackerSettings(device="cpu")
        session = Session(chosen) if real else Session(chosen, make_tracker=tracker)
        window = MainWindow(session, settings, character)
        windows.append(window)
        window.resize(900, 600)
        window.show()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow, timeout=WAIT_MS)
        return window

    yield make
    for window in windows:
        window.close()
        window.deleteLater()


@pytest.fixture
def run_threads() -> Callable[[], list[str]]:
    """Names of the threads that a run may have left behind."""
    before = set(threading.enumerate())
    return lambda: [t.name for t in threading.enumerate() if t not in before]
