"""Cameras by name: the number of a name is the one that is opened, and what comes and goes is told."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.capture import CameraMode
from app.ui.picture import cameras
from app.ui.picture.cameras import (
    CameraInfo,
    Cameras,
    camera_modes,
    find_cameras,
    list_cameras,
    mode_text,
    source_title,
)


class Device:
    """What Qt tells of a camera."""

    def __init__(self, key: bytes, name: str, *formats: tuple[int, int, float]) -> None:
        self._key, self._name, self._formats = key, name, formats

    def id(self) -> SimpleNamespace:
        return SimpleNamespace(data=lambda: self._key)

    def description(self) -> str:
        return self._name

    def videoFormats(self) -> list[SimpleNamespace]:
        def offered(width: int, height: int, fps: float) -> SimpleNamespace:
            size = SimpleNamespace(width=lambda: width, height=lambda: height)
            return SimpleNamespace(resolution=lambda: size, maxFrameRate=lambda: fps)

        return [offered(*one) for one in self._formats]


def plug(monkeypatch: pytest.MonkeyPatch, *devices: Device, platform: str = "") -> None:
    media = SimpleNamespace(QMediaDevices=SimpleNamespace(videoInputs=lambda: list(devices)))
    monkeypatch.setattr(cameras, "_multimedia", lambda: media)
    if platform:
        monkeypatch.setattr(sys, "platform", platform)


@pytest.fixture
def nodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty /sys/class/video4linux."""
    monkeypatch.setattr("app.camera.VIDEO4LINUX", tmp_path)
    monkeypatch.setattr(sys, "platform", "linux")
    return tmp_path


def make_node(root: Path, number: int, name: str, index: int = 0) -> None:
    node = root / f"video{number}"
    node.mkdir()
    (node / "name").write_text(name + "\n")
    (node / "index").write_text(f"{index}\n")


def test_linux_names_the_nodes_that_give_pictures(nodes: Path) -> None:
    make_node(nodes, 0, "Integrated Camera")
    make_node(nodes, 1, "Integrated Camera", index=1)  # its metadata
    make_node(nodes, 10, "Desk Cam")
    assert list_cameras() == [("0", "Integrated Camera"), ("10", "Desk Cam")]
    assert source_title("10") == "Desk Cam"
    assert source_title("/dev/video10") == "Desk Cam"
    assert source_title("3") == "Camera 3"


def test_two_of_a_kind_are_told_apart(nodes: Path) -> None:
    make_node(nodes, 0, "Desk Cam")
    make_node(nodes, 2, "Desk Cam")
    assert [name for _, name in list_cameras()] == ["Desk Cam (0)", "Desk Cam (2)"]


def test_no_camera_is_an_empty_list(nodes: Path) -> None:
    assert list_cameras() == []


def test_on_macos_numbers_go_by_unique_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenCV sorts the devices so, whatever the order that Qt lists them in."""
    plug(monkeypatch, Device(b"9C", "Built in"), Device(b"0x11", "Plugged in"), platform="darwin")
    assert [(camera.number, camera.name) for camera in find_cameras()] == [(0, "Plugged in"), (1, "Built in")]
    assert all(camera.by_order for camera in find_cameras())


def test_on_windows_numbers_go_by_order(monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch, Device(b"b", "First"), Device(b"a", "Second"), platform="win32")
    assert list_cameras() == [("0", "First"), ("1", "Second")]


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_without_qtmultimedia_numbers_are_offered(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PySide6.QtMultimedia", None)
    monkeypatch.setattr(sys, "platform", platform)
    assert list_cameras() == [("0", "Camera 0"), ("1", "Camera 1"), ("2", "Camera 2")]
    assert camera_modes(CameraInfo(0, "Camera 0")) == cameras.USUAL_MODES


def test_modes_are_each_size_at_its_best_and_at_thirty(nodes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    formats = [(640, 480, 30.0), (1280, 720, 10.0), (1280, 720, 60.0), (160, 120, 30.0), (1920, 1080, 30.0)]
    plug(monkeypatch, Device(b"/dev/video1", "Other"), Device(b"/dev/video0", "This", *formats))
    assert [mode_text(mode) for mode in camera_modes(CameraInfo(0, "This"))] == [
        "1920 × 1080, 30 fps",
        "1280 × 720, 60 fps",
        "1280 × 720, 30 fps",
        "640 × 480, 30 fps",
    ]
    assert camera_modes(CameraInfo(1, "Other")) == cameras.USUAL_MODES, "it does not say"
    assert mode_text(CameraMode(800, 600)) == "800 × 600"


def test_what_comes_and_goes_is_told(nodes: Path, qtbot: Any) -> None:
    make_node(nodes, 0, "Built in")
    watched = Cameras()
    told: list[tuple[list[str], list[str]]] = []
    watched.changed.connect(lambda came, went: told.append((came, went)))
    watched.look()
    assert told == []
    make_node(nodes, 2, "Desk Cam")
    watched.look()
    (nodes / "video0" / "index").unlink()  # unplugged
    watched.look()
    assert told == [(["Desk Cam"], []), ([], ["Built in"])]
    assert [camera.number for camera in watched.list] == [2]
    found = watched.of("2")
    assert found is not None
    assert found.name == "Desk Cam"
    assert watched.of("clip.mp4") is None


def test_plugging_is_noticed_without_being_asked(nodes: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cameras, "POLL_MS", 5)
    watched = Cameras()
    with qtbot.waitSignal(watched.changed, timeout=60_000) as told:
        make_node(nodes, 3, "Desk Cam")
    assert told.args == [["Desk Cam"], []]


def test_titles_of_what_is_no_camera(tmp_path: Path) -> None:
    assert source_title(None) == "Choose a source"
    assert source_title("demo") == "Demo"
    assert source_title(str(tmp_path / "take.mp4")) == "take.mp4"
