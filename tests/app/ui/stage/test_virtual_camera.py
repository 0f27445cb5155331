"""The virtual camera with a device that only remembers: what is sent, at what size, and what goes wrong."""

import sys
import threading
from typing import Any

import numpy as np
import pytest

from app.errors import UserError
from app.ui.stage import virtual_camera
from app.ui.stage.virtual_camera import SIZE, VirtualCamera, fit, open_device


class Remembers:
    device = "Fake Camera"

    def __init__(self) -> None:
        self.frames: list[np.ndarray] = []
        self.got = threading.Event()
        self.closed = threading.Event()
        self.broken = False

    def send(self, frame: np.ndarray) -> None:
        if self.broken:
            raise RuntimeError("gone\naway")
        self.frames.append(frame)
        self.got.set()

    def close(self) -> None:
        self.closed.set()


def picture(level: int, width: int = 320, height: int = 180) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def test_pictures_arrive_at_the_cameras_size_and_the_device_is_freed() -> None:
    device, lines, names = Remembers(), [], []
    camera = VirtualCamera(lines.append, names.append, lambda w, h, fps: device)
    camera.start()
    camera.show(picture(90))
    assert device.got.wait(20)
    assert device.frames[0].shape == (SIZE[1], SIZE[0], 3)
    assert np.all(device.frames[0] == 90)
    device.got.clear()
    camera.show(picture(10))
    while device.frames[-1][0, 0, 0] != 10:
        assert device.got.wait(20)
        device.got.clear()
    camera.stop()
    assert device.closed.is_set()
    assert not camera.on
    assert (lines, names) == ([], ["Fake Camera"])
    assert camera.sent == 2


def test_the_last_picture_is_repeated_while_nothing_new_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtual_camera, "REPEAT_S", 0.01)
    device = Remembers()
    camera = VirtualCamera(pytest.fail, open_device=lambda w, h, fps: device)
    camera.start()
    camera.show(picture(50))
    while len(device.frames) < 3:
        device.got.clear()
        assert device.got.wait(20)
    camera.stop()
    assert camera.sent == 1
    assert all(np.all(frame == 50) for frame in device.frames)


def test_a_device_that_goes_is_told_once_in_one_line() -> None:
    device, lines, told = Remembers(), [], threading.Event()
    device.broken = True

    def failed(line: str) -> None:
        lines.append(line)
        told.set()

    camera = VirtualCamera(failed, open_device=lambda w, h, fps: device)
    camera.start()
    camera.show(picture(1))
    assert told.wait(20)
    assert device.closed.wait(20)
    assert lines == ["the virtual camera stopped (gone away): switch it on again"]
    camera.stop()


@pytest.mark.parametrize(
    ("platform", "why", "advice"),
    [
        ("linux", "No v4l2 loopback device found", "modprobe v4l2loopback"),
        ("win32", "OBS Virtual Camera device not found", "install OBS Studio"),
        ("darwin", "OBS Virtual Camera is not installed", "install OBS Studio"),
        ("linux", "device is already in use", "another program"),
    ],
)
def test_a_missing_device_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, platform: str, why: str, advice: str
) -> None:
    class NoCamera:
        def __init__(self, *_: Any) -> None:
            raise RuntimeError(why)

    module = type(sys)("pyvirtualcam")
    module.Camera = NoCamera  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pyvirtualcam", module)
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(UserError, match=advice) as told:
        open_device(*SIZE, 30)
    assert "\n" not in str(told.value)


def test_without_pyvirtualcam_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    with pytest.raises(UserError, match=r"pip install 'mien\[camera\]'"):
        open_device(*SIZE, 30)


def test_the_middle_is_kept_and_nothing_is_stretched() -> None:
    wide = np.zeros((90, 320, 3), np.uint8)
    wide[:, 80:240] = 200
    assert fit(wide).min() == 200
    tall = np.zeros((640, 160, 3), np.uint8)
    tall[275:365] = 70
    assert fit(tall).min() == 70
    clear = np.full((720, 1280, 4), 255, np.uint8)
    clear[:, :640, 3] = 0
    flat = fit(clear)
    assert flat.shape == (720, 1280, 3)
    assert flat[:, :640].max() == 0
    assert flat[:, 640:].min() == 255
