"""Good pictures of a face among camera frames, and the character that is made of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.capture import DEMO_CLIP, Frame
from app.characters import list_characters, open_character
from app.face_frame import FaceFrame
from app.make_me import APART_S, WANTED, FaceCollector, make_me_from_files, name_of, why_not
from app.own_characters import OwnCharacter
from rig.parameters import CHANNEL_INDEX, N_CHANNELS

MakeFace = Callable[..., FaceFrame]


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_DATA_HOME", "APPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))


def frame(index: int, time_s: float) -> Frame:
    return Frame(index, np.full((240, 320, 3), index, np.uint8), time_s, 0.0, time_s)


def doing(**channels: float) -> np.ndarray:
    au = np.zeros(N_CHANNELS, np.float32)
    for name, value in channels.items():
        au[CHANNEL_INDEX[name.replace("_", "-")]] = value
    return au


@pytest.mark.parametrize(
    ("fields", "advice"),
    [
        ({}, ""),
        ({"tracked": False}, "No face"),
        ({"confidence": 0.2}, "No face"),
        ({"head_euler_deg": np.array([30, 0, 0], np.float32)}, "straight"),
        ({"head_euler_deg": np.array([0, -25, 0], np.float32)}, "straight"),
        ({"au": doing(AU43_left=0.9)}, "eyes open"),
        ({"au": doing(AU26=0.6)}, "Relax"),
        ({"au": doing(AU12_right=0.7)}, "Relax"),
        ({"landmarks": np.zeros((478, 3), np.float32)}, "closer"),
    ],
)
def test_the_user_is_told_what_to_do(make_face: MakeFace, fields: dict[str, Any], advice: str) -> None:
    told = why_not(make_face(**fields))
    assert advice in told
    assert bool(told) == bool(advice)


def test_moments_apart_are_kept_until_there_are_enough(make_face: MakeFace) -> None:
    collector = FaceCollector()
    for index in range(200):
        collector.offer(frame(index, index / 30), make_face(index))
    assert collector.full
    assert len(collector.photos) == WANTED
    times = np.array([photo.image[0, 0, 0] for photo in collector.photos]) / 30
    assert np.diff(times).min() >= APART_S - 1e-6
    assert not collector.offer(frame(201, 99.0), make_face(201))


def test_a_face_that_moves_is_not_kept(make_face: MakeFace) -> None:
    collector = FaceCollector()
    for index in range(40):
        face = make_face(index)
        moved = face.landmarks + np.array([20.0 * (index % 2), 0, 0], np.float32)
        collector.offer(frame(index, float(index)), make_face(index, landmarks=moved))
    assert len(collector.photos) == 1, "the first has none before it"
    assert "still" in collector.hint


def test_names_come_from_files() -> None:
    assert name_of(["/photos/anna_at-the.sea.jpg"]) == "Anna at the sea"
    assert name_of(["/photos/__.png"]) == "Me"


class Enough(Exception):
    pass


def test_a_clip_becomes_a_character_that_is_kept() -> None:
    shares: list[float] = []
    entry, remarks = make_me_from_files([str(DEMO_CLIP)], "base", lambda share, text: shares.append(share or 0.0))
    assert entry.name == "base 2", "a built-in name is taken"
    assert entry.name in [e.name for e in list_characters()]
    made = open_character(entry.name)
    assert isinstance(made, OwnCharacter)
    assert np.abs(made.identity - 0.5).mean() > 0.01
    assert Path(made.look.folder, "skin.jpg").is_file(), "its skin outlives the work's folder"
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)
    assert all("\n" not in line for line in remarks)


def test_cancelled_work_keeps_nothing() -> None:
    def progress(share: float | None, text: str) -> None:
        if share is not None and share > 0.45:
            raise Enough

    with pytest.raises(Enough):
        make_me_from_files([str(DEMO_CLIP)], "me", progress)
    assert all(entry.kind == "built-in" for entry in list_characters())
