"""Whatever a person points Mien at by mistake ends in one clear line and exit code 2, and loses nothing."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
MakeVideo = Callable[..., Path]


def track(*args: object, cwd: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "app", "track", *map(str, args)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=240, check=False)


def refused(done: "subprocess.CompletedProcess[str]", *said: str) -> None:
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("mien: ")
    for words in said:
        assert words in lines[0]


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """A recording from before, which a run that cannot begin must not empty."""
    path = tmp_path / "earlier.csv"
    path.write_text("frame\n1\n")
    return path


@pytest.mark.parametrize("content", [b"", b"GIF89a but not really", os.urandom(5000), b"\0" * 100_000])
def test_what_is_no_video(content: bytes, tmp_path: Path, earlier: Path) -> None:
    path = tmp_path / "holiday.mp4"
    path.write_bytes(content)
    refused(track(path, "--csv", earlier), "holiday.mp4")
    assert earlier.read_text() == "frame\n1\n"


def test_a_source_that_is_not_there(tmp_path: Path) -> None:
    refused(track(tmp_path / "gone.mp4"), "gone.mp4", "no file")
    refused(track("99"), "camera 99")


def test_a_video_cut_off_before_its_index(make_video: MakeVideo) -> None:
    path = make_video(frames=30)
    path.write_bytes(path.read_bytes()[:-200])
    refused(track(path), "clip.mp4")


def test_a_video_cut_off_in_the_middle_is_read_as_far_as_it_goes(make_video: MakeVideo, tmp_path: Path) -> None:
    path = make_video("cut.avi", frames=30, size=(320, 240))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    done = track(path, "--csv", tmp_path / "a.csv")
    assert done.returncode == 2, "a script must know that it was not all"
    rows = len((tmp_path / "a.csv").read_text().splitlines()) - 1
    assert 0 < rows < 30
    warning, summary = done.stderr.splitlines()
    assert warning == f"mien: warning: cut.avi ends early: {rows} of 30 frames could be decoded"
    assert summary.startswith(f"mien: {rows} frames")


def test_a_folder_with_one_broken_picture_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "shots"
    folder.mkdir()
    for i in (1, 3):
        cv2.imwrite(str(folder / f"{i}.png"), np.full((60, 80, 3), 90, np.uint8))
    (folder / "2.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a picture")
    done = track(folder, "--csv", tmp_path / "a.csv")
    assert done.returncode == 2, "a script must know that it was not all"
    assert "2.jpg cannot be read" in done.stderr
    assert "1 unreadable" in done.stderr
    assert [line.split(",")[3] for line in (tmp_path / "a.csv").read_text().splitlines()[1:]] == ["0", "0", "0"]


def test_a_folder_of_nothing_but_broken_pictures(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_text("no")
    refused(track(tmp_path), "no picture that can be read")


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (4000, 2)])
def test_pictures_of_strange_sizes(size: tuple[int, int], tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "dot.png"), np.full((size[1], size[0], 3), 200, np.uint8))
    refused(track(tmp_path / "dot.png", "--csv", tmp_path / "a.csv"), "too small for a face")
    # Among others it is a frame like any other, without a face.
    cv2.imwrite(str(tmp_path / "a.png"), np.full((60, 80, 3), 90, np.uint8))
    done = track(tmp_path, "--csv", tmp_path / "a.csv")
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 3


def test_a_one_pixel_video(tmp_path: Path) -> None:
    """Raw YUV4MPEG2: three frames of one pixel, three bytes each."""
    (tmp_path / "dot.y4m").write_bytes(b"YUV4MPEG2 W1 H1 F25:1 Ip A1:1 C444\n" + 3 * b"FRAME\nabc")
    refused(track(tmp_path / "dot.y4m", "--csv", tmp_path / "a.csv"), "1 x 1 pixels", "too small for a face")


def test_an_osc_host_that_does_not_resolve(make_video: MakeVideo, earlier: Path) -> None:
    refused(track(make_video(), "--csv", earlier, "--osc", "no-such-host.invalid:9000"), "no-such-host.invalid")
    refused(track(make_video(), "--osc", "9000"), "HOST:PORT")
    assert earlier.read_text() == "frame\n1\n"


def test_a_csv_that_cannot_be_written(make_video: MakeVideo, tmp_path: Path) -> None:
    refused(track(make_video(), "--csv", tmp_path), "is a folder")
    refused(track(make_video(), "--csv", tmp_path / "no" / "such" / "a.csv"), "does not exist")
    if Path("/proc/version").exists():  # a place where even root may not write
        refused(track(make_video(), "--csv", "/proc/a.csv"), "/proc/a.csv", "cannot be written")


def test_a_full_disk(make_video: MakeVideo) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full to write to")
    refused(track(make_video(frames=5), "--csv", "/dev/full"), "/dev/full", "No space left on device")


def test_a_render_that_cannot_be_written(make_video: MakeVideo, tmp_path: Path) -> None:
    refused(track(make_video(), "--render", tmp_path / "a.txt"), "a.txt", ".mp4")
    refused(track(make_video(), "--render", tmp_path / "no" / "a.mp4"), "does not exist")


def test_a_task_file_that_is_missing_or_damaged(make_video: MakeVideo, tmp_path: Path) -> None:
    refused(track(make_video(), "--landmarks", "mediapipe", "--task", tmp_path / "no.task"), "no.task")
    (tmp_path / "bad.task").write_bytes(b"PK\3\4 not a bundle")
    refused(track(make_video(), "--landmarks", "mediapipe", "--task", tmp_path / "bad.task"), "mien: ")


def test_a_profile_that_is_missing(make_video: MakeVideo, tmp_path: Path) -> None:
    refused(track(make_video(), "--calibrate", tmp_path / "nobody.json"), "nobody.json")


@pytest.mark.parametrize("damage", ["missing", "corrupt"])
def test_a_network_file_that_is_missing_or_corrupt(
    damage: str, make_video: MakeVideo, tmp_path: Path, earlier: Path
) -> None:
    """In a copy of the program, with one network file after the other damaged."""
    copy = tmp_path / "mien"
    for part in ("app", "models", "rig", "assets"):
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    clip = make_video(frames=3)
    networks = sorted((copy / "assets").rglob("face_*.onnx"))
    assert networks
    for path in networks:
        whole = path.read_bytes()
        path.unlink() if damage == "missing" else path.write_bytes(whole[: len(whole) // 2])
        refused(track(clip, "--csv", earlier, cwd=copy), path.name)
        path.write_bytes(whole)
    assert earlier.read_text() == "frame\n1\n"


@pytest.mark.parametrize("name", ["rig/head.npz", "rig/skin.jpg", "canonical_face.npz", "models/lite.onnx"])
@pytest.mark.parametrize("damage", ["missing", "damaged"])
def test_assets_that_are_missing_or_damaged(name: str, damage: str, make_video: MakeVideo, tmp_path: Path) -> None:
    """In a copy of the program, so that nobody else's tests stumble."""
    root = Path(__file__).resolve().parents[2]
    for part in ("app", "models", "rig", "assets"):
        shutil.copytree(root / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__", "*.mp4", "ui"))
    asset = tmp_path / "assets" / name
    asset.unlink() if damage == "missing" else asset.write_bytes(b"not what it should be")
    command = [sys.executable, "-m", "app", "track", str(make_video()), "--render", str(tmp_path / "a.mp4")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    refused(done, asset.name)
