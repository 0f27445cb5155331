"""Takes: found, renamed, thrown away; played back at their own pace, with pause and seek."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.capture import SourceInfo
from app.errors import UserError
from app.face_frame import FaceFrame
from app.outputs.csv_openface import OpenFaceCsv
from app.outputs.take import read_take
from app.ui.jobs import Jobs, Progress
from app.ui.message_bar import MessageBar
from app.ui.meters.curve_history import Slice
from app.ui.meters.curves import CURVE_INDEX, CURVES
from app.ui.output.take_player import TakePlayer
from app.ui.output.takes import Takes
from app.ui.output.takes_page import slice_of
from app.ui.style.theme import DARK
from rig.parameters import CHANNEL_INDEX, N_CHANNELS

WAIT_MS = 60_000
FILE = SourceInfo("clip.mp4", (320, 240), 25.0, None, live=False)
SMILE = CHANNEL_INDEX["AU12-left"]


@pytest.fixture
def write_take(tmp_path: Path, make_face: Callable[..., FaceFrame]) -> Callable[..., Path]:
    """A take in which the smile grows from 0 to 1, at 25 frames a second."""

    def write(name: str = "take.csv", frames: int = 26) -> Path:
        sink = OpenFaceCsv(tmp_path / name)
        sink.open(FILE)
        for i in range(frames):
            au = np.zeros(N_CHANNELS, np.float32)
            au[SMILE] = i / (frames - 1)
            sink.write(make_face(i, au=au))
        sink.close()
        return tmp_path / name

    return write


@pytest.fixture
def messages(qtbot: Any) -> MessageBar:
    bar = MessageBar(DARK)
    qtbot.addWidget(bar)
    return bar


@pytest.fixture
def player(messages: MessageBar) -> Iterator[TakePlayer]:
    jobs = Jobs(messages)
    made = TakePlayer(jobs)
    yield made
    made.stop()
    jobs.close()


@pytest.fixture
def faces(player: TakePlayer) -> list[FaceFrame]:
    """Everything that was shown."""
    shown: list[FaceFrame] = []
    player.face.connect(shown.append)
    return shown


def test_a_take_is_played_to_its_end_in_order(
    qtbot: Any, player: TakePlayer, faces: list[FaceFrame], write_take: Callable[..., Path]
) -> None:
    player.open(write_take())
    qtbot.waitUntil(lambda: player.active and not player.playing, timeout=WAIT_MS)
    rows = [face.index for face in faces]
    assert rows == sorted(set(rows))
    assert (rows[0], rows[-1]) == (0, 25)
    assert faces[-1].au[SMILE] == pytest.approx(1, abs=1e-3)
    assert player.position_s == pytest.approx(1.0)
    player.play()  # from the start again
    qtbot.waitUntil(lambda: faces[-1].index < 25, timeout=WAIT_MS)


def test_pause_holds_seek_shows_and_stop_goes_back_to_live(
    qtbot: Any, player: TakePlayer, faces: list[FaceFrame], write_take: Callable[..., Path]
) -> None:
    player.open(write_take(frames=500))
    qtbot.waitUntil(lambda: len(faces) > 2, timeout=WAIT_MS)
    player.pause()
    assert not player.playing
    player.seek(10.0)
    assert faces[-1].index == 250
    assert not player.playing
    player.seek(-3)
    assert faces[-1].index == 0
    player.seek(99)
    assert (faces[-1].index, player.position_s) == (499, pytest.approx(499 / 25))
    player.seek(4.0)
    player.play()
    qtbot.waitUntil(lambda: faces[-1].index > 101, timeout=WAIT_MS)
    assert faces[-1].index < 499
    player.stop()
    assert not player.active
    count = len(faces)
    player.seek(1.0)
    player.play()
    assert not player.playing
    assert len(faces) == count


def test_what_is_no_take_is_one_line_and_the_last_one_stays(
    qtbot: Any, player: TakePlayer, messages: MessageBar, write_take: Callable[..., Path], tmp_path: Path
) -> None:
    good = write_take()
    player.open(good)
    qtbot.waitUntil(lambda: player.active, timeout=WAIT_MS)
    (tmp_path / "bad.csv").write_text("a,b,c\n")
    player.open(tmp_path / "bad.csv")
    qtbot.waitUntil(lambda: "bad.csv is no take" in messages.text.replace("Bad", "bad"), timeout=WAIT_MS)
    assert player.take is not None
    assert player.take.path == good


def test_the_folder_is_listed_newest_first_without_what_is_no_take(
    qtbot: Any, write_take: Callable[..., Path], tmp_path: Path
) -> None:
    for i, name in enumerate(("old.csv", "new.csv", "newest.csv")):
        os.utime(write_take(name, frames=5 + i), (1_000_000 + i, 1_000_000 + i))
    (tmp_path / "notes.csv").write_text("to do\n")
    (tmp_path / "notes.txt").write_text("to do\n")
    takes = Takes()
    with qtbot.waitSignal(takes.changed, timeout=WAIT_MS):
        takes.look(tmp_path)
    assert [info.path.stem for info in takes.takes] == ["newest", "new", "old"]
    assert [info.frames for info in takes.takes] == [7, 6, 5]
    with qtbot.waitSignal(takes.changed, timeout=WAIT_MS):
        takes.look(tmp_path, skip=tmp_path / "new.csv")  # it is being written
    assert [info.path.stem for info in takes.takes] == ["newest", "old"]
    with qtbot.waitSignal(takes.changed, timeout=WAIT_MS):
        takes.look(tmp_path / "gone")
    assert takes.takes == []


@pytest.fixture
def found(qtbot: Any, write_take: Callable[..., Path], tmp_path: Path) -> Takes:
    """Two takes: ``a`` and ``b``."""
    write_take("a.csv"), write_take("b.csv")
    takes = Takes()
    with qtbot.waitSignal(takes.changed, timeout=WAIT_MS):
        takes.look(tmp_path)
    takes.takes.sort(key=lambda info: info.path.name)
    return takes


def test_a_take_is_renamed_and_no_other_is_overwritten(found: Takes, tmp_path: Path) -> None:
    a, b = found.takes
    before = b.path.read_bytes()
    assert found.rename(a, " smile, first ").name == "smile, first.csv"
    assert not a.path.exists()
    assert read_take(tmp_path / "smile, first.csv").length_s == pytest.approx(1.0)
    for name, why in (
        ("smile, first", "already"),
        ("../b2", "file's name"),
        ("", "file's name"),
        (" . ", "file's name"),
    ):
        with pytest.raises(UserError, match=why):
            found.rename(b, name)
    assert b.path.read_bytes() == before
    assert found.rename(b, "b.csv") == b.path


def test_a_take_that_went_meanwhile_is_one_line(found: Takes) -> None:
    a, _ = found.takes
    a.path.unlink()
    with pytest.raises(UserError, match="cannot be renamed"):
        found.rename(a, "c")
    with pytest.raises(UserError, match="cannot be moved to the trash"):
        found.throw_away(a)


def test_deleting_goes_by_the_trash(found: Takes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home" / "share"))  # not there yet
    a, b = found.takes
    content = a.path.read_bytes()
    found.throw_away(a)
    assert not a.path.exists()
    assert b.path.exists()
    kept = [path for path in tmp_path.rglob("*.csv") if path != b.path]
    assert [path.read_bytes() for path in kept] == [content], "it can be had back"


def test_all_curves_of_a_take_go_into_the_charts(write_take: Callable[..., Path]) -> None:
    piece = slice_of(read_take(write_take()), Progress())
    assert isinstance(piece, Slice)
    assert piece.values.shape == (26, len(CURVES))
    assert piece.time_s == pytest.approx(np.arange(-25, 1) / 25)
    assert piece.values[:, CURVE_INDEX["AU12-left"]] == pytest.approx(np.linspace(0, 5, 26), abs=1e-3)
