"""Sources: every frame of a file once and in order; live ones drop what is late and survive a lost camera."""

import os
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.camera import open_capture, same_device
from app.camera_errors import users_of, why_no_camera, why_no_picture
from app.capture import (
    DEMO_CLIP,
    Camera,
    CameraMode,
    Frame,
    LatestFrame,
    PacedFile,
    PictureFolder,
    Source,
    SourceState,
    VideoFile,
    open_source,
)
from app.errors import UserError
from app.recorded import natural_key

ROOT = Path(__file__).parents[2]
MakeVideo = Callable[..., Path]


def read_all(source: Source) -> list[Frame]:
    frames = []
    while True:
        frame = source.read(0.2)
        if frame is not None:
            frames.append(frame)
        elif source.state is SourceState.ENDED:
            return frames


def level(frame: Frame) -> int:
    """Which frame of ``make_video`` this is."""
    return round((float(frame.image.mean()) - 10) / 8)


def picture(path: Path, value: int, size: tuple[int, int] = (40, 30)) -> None:
    assert cv2.imwrite(str(path), np.full((size[1], size[0], 3), value, np.uint8))


def test_video_gives_every_frame_once_in_order(make_video: MakeVideo) -> None:
    source = open_source(str(make_video(frames=12, fps=25)))
    assert source.info.fps == pytest.approx(25)
    assert source.info.size == (64, 48)
    assert source.info.frame_count == 12
    assert not source.info.live
    frames = read_all(source)
    assert [f.index for f in frames] == list(range(12))
    assert [level(f) for f in frames] == list(range(12))
    assert [f.media_time_s for f in frames] == pytest.approx([i / 25 for i in range(12)])
    assert source.read() is None, "an ended source stays ended"


def test_pictures_are_rgb(tmp_path: Path) -> None:
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 2] = 255  # OpenCV writes BGR
    cv2.imwrite(str(tmp_path / "red.png"), red)
    frame = open_source(str(tmp_path)).read()
    assert frame is not None
    assert frame.image[0, 0].tolist() == [255, 0, 0]


def test_rotated_video_is_turned_upright(tmp_path: Path) -> None:
    """A phone's clip says in its display matrix how it was held."""
    path = tmp_path / "held.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 25, (64, 48))
    image = np.zeros((48, 64, 3), np.uint8)
    image[:24] = 255  # white above
    for _ in range(3):
        writer.write(image)
    writer.release()
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 44
    assert struct.unpack_from(">9i", data, matrix) == (65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)
    struct.pack_into(">9i", data, matrix, 0, 65536, 0, -65536, 0, 0, 48 << 16, 0, 1 << 30)  # a quarter turn clockwise
    path.write_bytes(data)
    frame = open_source(str(path)).read()
    assert frame is not None
    assert frame.image.shape == (64, 48, 3)
    assert frame.image[:, :20].mean() < 20, "what was below is now on the left"
    assert frame.image[:, -20:].mean() > 235, "what was above is now on the right"


def test_folder_is_read_in_natural_order(tmp_path: Path) -> None:
    for i in (10, 2, 1):
        picture(tmp_path / f"frame{i}.png", i)
    (tmp_path / "notes.txt").write_text("not a picture")
    assert [int(f.image[0, 0, 0]) for f in read_all(open_source(str(tmp_path)))] == [1, 2, 10]


def test_natural_key_sorts_mixed_names() -> None:
    names = ["b", "a10", "a9", "10", "9", "A1"]
    assert sorted(names, key=natural_key) == ["9", "10", "A1", "a9", "a10", "b"]


def test_broken_picture_is_declared_not_skipped(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    picture(tmp_path / "1.png", 50)
    (tmp_path / "2.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing more")
    picture(tmp_path / "3.png", 70)
    frames = read_all(open_source(str(tmp_path)))
    assert [f.broken for f in frames] == [False, True, False]
    assert [f.index for f in frames] == [0, 1, 2]
    assert frames[1].image.shape == (30, 40, 3)
    assert frames[1].image.max() == 0
    assert "2.png cannot be read" in caplog.text


def test_one_picture_is_a_source(tmp_path: Path) -> None:
    picture(tmp_path / "ü.png", 9)
    assert len(read_all(open_source(str(tmp_path / "ü.png")))) == 1


def test_cut_off_video_warns_and_keeps_what_there_is(make_video: MakeVideo, caplog: pytest.LogCaptureFixture) -> None:
    whole = make_video("whole.avi", frames=30, size=(320, 240))
    cut = whole.with_name("cut.avi")
    data = whole.read_bytes()
    cut.write_bytes(data[: len(data) // 2])
    frames = read_all(open_source(str(cut)))
    assert 0 < len(frames) < 30
    whole_frames = frames[:-1]  # the last one may be decoded from half its data
    assert [level(f) for f in whole_frames] == list(range(len(whole_frames)))
    assert f"cut.avi ends early: {len(frames)} of 30" in caplog.text


def test_paced_file_runs_by_its_own_clock(make_video: MakeVideo) -> None:
    """At 50 frames a second 12 frames take 0.22 s up to the last: it must not be over at once."""
    source = open_source(str(make_video(frames=12, fps=50)), realtime=True)
    assert source.info.live
    start = time.perf_counter()
    frames = read_all(source)
    source.close()
    assert time.perf_counter() - start >= 0.2
    assert [f.index for f in frames] == sorted({f.index for f in frames})
    assert frames[-1].index == 11


def test_slow_reader_of_a_paced_file_misses_frames(make_video: MakeVideo) -> None:
    source = PacedFile(VideoFile(make_video(frames=20, fps=100)))
    first = source.read(1.0)
    time.sleep(0.1)
    later = source.read(1.0)
    source.close()
    assert first is not None
    assert later is not None
    assert later.index > first.index + 1, "the newest frame is handed over, not the next"


def frame(index: int, age_s: float = 0.0) -> Frame:
    return Frame(index, np.zeros((2, 2, 3), np.uint8), time.perf_counter() - age_s, time.time(), 0.0)


def test_slot_hands_over_the_newest_frame_once() -> None:
    slot = LatestFrame()
    assert slot.wait(0.0) is None
    slot.put(frame(1))
    slot.put(frame(2))
    taken = slot.wait(0.0)
    assert taken is not None
    assert taken.index == 2
    assert slot.wait(0.0) is None
    assert slot.peek(10.0).index == 2, "a look does not need a fresh frame"


def test_slot_keeps_a_jump_that_nobody_saw() -> None:
    slot = LatestFrame()
    slot.put(replace(frame(1), jump=True))
    slot.put(frame(2))
    taken = slot.wait(0.0)
    assert taken is not None
    assert taken.jump
    slot.put(frame(3))
    taken = slot.wait(0.0)
    assert taken is not None
    assert not taken.jump


def test_slot_calls_an_old_frame_stale() -> None:
    slot = LatestFrame()
    with pytest.raises(TimeoutError):
        slot.peek(10.0)
    slot.put(frame(1, age_s=3.0))
    with pytest.raises(TimeoutError):
        slot.peek(1.0)


class FakeDevice:
    """What OpenCV hands out for a camera: gives ``pictures`` pictures, then nothing, as if it were unplugged."""

    def __init__(self, pictures: int) -> None:
        self.left = pictures
        self.released = False

    def read(self) -> tuple[bool, np.ndarray | None]:
        time.sleep(0.002)
        if self.left <= 0:
            return False, None
        self.left -= 1
        return True, np.full((4, 6, 3), 7, np.uint8)

    def get(self, _: int) -> float:
        return 0.0

    def release(self) -> None:
        self.released = True


def test_camera_that_is_missing_says_so() -> None:
    with pytest.raises(UserError, match="camera 97"):
        open_source("97")


def test_camera_that_gives_no_picture_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.camera.CAMERA_WARMUP_S", 0.05)
    device = FakeDevice(0)
    with pytest.raises(UserError, match="another program may be using it"):
        Camera(3, opener=lambda _: device)  # type: ignore[arg-type, return-value]
    assert device.released


def test_lost_camera_is_taken_back(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr("app.camera.CAMERA_STALL_S", 0.05)
    monkeypatch.setattr("app.camera.RETRY_S", (0.01,))
    devices: list[FakeDevice | None] = [FakeDevice(3), None, FakeDevice(10**9)]
    lost = threading.Event()
    states: list[SourceState] = []

    def opener(_: int) -> FakeDevice | None:
        if len(devices) < 3:
            states.append(camera.state)
            lost.set()
        return devices.pop(0)

    camera = Camera(0, opener=opener)  # type: ignore[arg-type]
    indices = []
    while not lost.is_set() or camera.state is not SourceState.STREAMING:
        fresh = camera.read(0.01)
        if fresh is not None:
            indices.append(fresh.index)
    after = camera.read(1.0)
    camera.close()
    assert SourceState.LOST in states
    assert camera.state is SourceState.ENDED
    assert after is not None
    assert not indices or after.index > indices[-1]
    assert "camera 0 is gone" in caplog.text
    assert "camera 0 is back" in caplog.text


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda p: None, "there is no file"),
        (lambda p: p.write_bytes(b""), "empty"),
        (lambda p: p.write_text("this is no video " * 100), "cannot be read as a video"),
        (lambda p: p.mkdir(), "holds no pictures"),
    ],
)
def test_what_cannot_be_read_is_named(make: Callable[[Path], object], said: str, tmp_path: Path) -> None:
    path = tmp_path / "thing.mp4"
    make(path)
    with pytest.raises(UserError, match=said) as error:
        open_source(str(path))
    assert "thing.mp4" in str(error.value)
    assert "\n" not in str(error.value)


def test_video_without_its_index_is_named(make_video: MakeVideo) -> None:
    """An MP4 cut off in the middle has lost its index at the end: nothing of it can be decoded."""
    path = make_video(frames=30)
    path.write_bytes(path.read_bytes()[:400])
    with pytest.raises(UserError, match=r"clip\.mp4 .*(damaged|decoded)"):
        open_source(str(path))


# ---------------------------------------------------------------- from any frame on


def check_seeks(path: Path, wanted: list[int]) -> None:
    """Each frame of ``wanted`` in turn, and the one after it, has the pixels that reading from the start gives."""
    reference = {frame.index: hash(frame.image.tobytes()) for frame in read_all(VideoFile(path))}
    assert len(set(reference.values())) > len(reference) // 2, "frames must be told apart for this to prove anything"
    source = VideoFile(path)
    for index in wanted:
        source.seek(index)
        for expected in (index, index + 1):
            frame = source.read()
            if expected == len(reference):
                assert frame is None
                source = VideoFile(path)
                continue
            assert frame is not None
            assert frame.index == expected
            assert frame.media_time_s == pytest.approx(expected / source.info.fps)
            assert hash(frame.image.tobytes()) == reference[expected], f"frame {expected} is another one"
    source.close()


def test_seek_is_exact_across_key_and_b_frames() -> None:
    check_seeks(DEMO_CLIP, [569, 0, 251, 249, 285, 12, 300])


def test_seek_is_exact_on_a_real_clip(data_dir: Path) -> None:
    check_seeks(data_dir / "clips" / "lp_s32.mp4", [170, 3, 90, 91, 100, 0, 179, 60])


def test_seek_without_packet_times_decodes_from_the_start(
    make_video: MakeVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.recorded.frame_times_ms", lambda _: None)
    check_seeks(make_video(frames=28), [20, 2, 3, 27, 0])


def test_seek_stays_within_the_film_and_past_its_end_is_its_last_frame(make_video: MakeVideo) -> None:
    source = VideoFile(make_video(frames=10))
    for wanted, got in ((99, 9), (-5, 0)):
        source.seek(wanted)
        frame = source.read()
        assert frame is not None
        assert (frame.index, level(frame)) == (got, got)
    assert source.length == 10
    source.close()
    source.seek(3)
    assert source.read() is None, "an ended source stays ended"


def test_seek_to_the_end_of_a_cut_off_film_is_the_last_frame_there_is(make_video: MakeVideo) -> None:
    whole = make_video("whole.avi", frames=30, size=(320, 240))
    cut = whole.with_name("cut.avi")
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    count = len(read_all(open_source(str(cut))))
    source = VideoFile(cut)
    source.seek(29)
    frame = source.read()
    assert frame is not None
    assert frame.index == count - 1
    assert source.length == count
    assert source.read() is None


def test_seek_in_a_folder(tmp_path: Path) -> None:
    for i in range(5):
        picture(tmp_path / f"{i}.png", 10 * i)
    source = PictureFolder(tmp_path)
    got = []
    for wanted in (3, 0, 99, -1):
        source.seek(wanted)
        frame = source.read()
        assert frame is not None
        got.append((frame.index, int(frame.image[0, 0, 0])))
    assert got == [(3, 30), (0, 0), (4, 40), (0, 0)]


# ---------------------------------------------------------------- cameras by number and name


def make_node(root: Path, number: int, name: str, index: int = 0) -> None:
    node = root / f"video{number}"
    node.mkdir()
    (node / "name").write_text(name + "\n")
    (node / "index").write_text(f"{index}\n")


def test_a_camera_with_a_new_number_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.camera.VIDEO4LINUX", tmp_path)
    make_node(tmp_path, 0, "Built in")
    make_node(tmp_path, 4, "Good one")
    make_node(tmp_path, 5, "Good one", index=1)  # its metadata
    assert same_device(2, "Good one") == 4
    assert same_device(4, "Good one") == 4
    assert same_device(2, "Not there") == 2
    assert same_device(2, "") == 2


def test_a_camera_that_is_back_under_another_number_is_opened_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.camera.VIDEO4LINUX", tmp_path)
    monkeypatch.setattr("app.camera.CAMERA_STALL_S", 0.05)
    monkeypatch.setattr("app.camera.RETRY_S", (0.01,))
    make_node(tmp_path, 0, "Good one")
    asked: list[int] = []

    def opener(number: int) -> FakeDevice:
        asked.append(number)
        if len(asked) == 1:
            (tmp_path / "video0" / "name").write_text("Another one")
            make_node(tmp_path, 2, "Good one")
            return FakeDevice(2)
        return FakeDevice(10**9)

    camera = Camera(0, opener=opener)  # type: ignore[arg-type]
    fresh = None
    while fresh is None or not fresh.jump:  # told even if the frame itself was overwritten by the next
        fresh = camera.read(5.0)
        assert fresh is not None
    camera.close()
    assert asked == [0, 2]


def test_a_camera_is_asked_for_its_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[int, float] = {}

    class Capture:
        def __init__(self, index: int, backend: int) -> None: ...

        def isOpened(self) -> bool:
            return True

        def set(self, what: int, value: float) -> bool:
            asked[what] = value
            return True

    monkeypatch.setattr("app.camera.cv2.VideoCapture", Capture)
    open_capture(0, CameraMode(640, 480, 60.0))
    assert asked[cv2.CAP_PROP_FRAME_WIDTH] == 640
    assert asked[cv2.CAP_PROP_FRAME_HEIGHT] == 480
    assert asked[cv2.CAP_PROP_FPS] == 60
    asked.clear()
    open_capture(0)
    assert (asked[cv2.CAP_PROP_FRAME_WIDTH], asked[cv2.CAP_PROP_FRAME_HEIGHT]) == (1280, 720)
    assert cv2.CAP_PROP_FPS not in asked, "the driver's own choice stays"


@pytest.mark.parametrize(
    ("platform", "remedy"), [("darwin", "System Settings > Privacy"), ("win32", "Settings > Privacy & security")]
)
def test_a_forbidden_camera_says_where_it_is_allowed(
    platform: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.camera.sys.platform", platform)
    for text in (why_no_camera(0), why_no_picture(0)):
        assert remedy in text
        assert "\n" not in text


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no /proc here")
def test_who_holds_a_device_is_named(tmp_path: Path) -> None:
    device = tmp_path / "video0"
    device.touch()
    assert users_of(device) == []
    with device.open() as held, subprocess.Popen(["sleep", "60"], stdin=held) as holder:
        assert users_of(device) == ["sleep"]
        holder.terminate()


def test_opencv_is_told_to_be_quiet_before_it_is_loaded() -> None:
    """Its warnings about a camera that is not there come from C and would follow our one line."""
    code = (
        "import app.camera; app.camera.open_capture(97); import app.capture as c; c.VideoFile(c.Path('pyproject.toml'))"
    )
    env = {name: value for name, value in os.environ.items() if not name.startswith("OPENCV")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, cwd=ROOT, check=False)
    assert done.stderr.strip().splitlines()[-1].startswith("app.errors.UserError"), "it got as far as the file"
    assert "[ WARN" not in done.stderr
    assert "[mov" not in done.stderr
