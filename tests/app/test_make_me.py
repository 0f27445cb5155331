"""Good pictures of a face among camera frames, and the character that is made of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from app.capture import DEMO_CLIP, Frame
from app.characters import list_characters, open_character
from app.face_frame import FaceFrame
from app.fit_command import find_faces
from app.make_me import APART_S, WANTED, FaceCollector, make_me_from_files, name_of, why_not
from app.own_characters import OwnCharacter
from models.runtime.person import make_person
from rig.face import Face
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


def one_by_one(collector: FaceCollector, frames: list[tuple[Frame, FaceFrame]]) -> None:
    for each in frames:
        collector.offer(*each)


def person(make_face: MakeFace, seed: int, first: int, count: int) -> list[tuple[Frame, FaceFrame]]:
    """Frames of somebody whose face has a pattern of its own, a little noisy as cameras are."""
    rng = np.random.default_rng(seed)
    pattern = cv2.resize(
        rng.uniform(40, 220, (30, 40, 3)).astype(np.float32), (320, 240), interpolation=cv2.INTER_CUBIC
    )
    made = []
    for index in range(first, first + count):
        noise = np.random.default_rng(index).normal(0, 4, pattern.shape)
        image = np.clip(pattern + noise, 0, 255).astype(np.uint8)
        made.append((Frame(index, image, index / 2, 0.0, index / 2), make_face(index)))
    return made


def gone(make_face: MakeFace, index: int) -> list[tuple[Frame, FaceFrame]]:
    return [(frame(index, index / 2), make_face(index, tracked=False))]


def test_another_person_stops_it_and_says_so(make_face: MakeFace) -> None:
    collector = FaceCollector()
    one_by_one(collector, person(make_face, 1, 0, 3) + gone(make_face, 3))
    assert len(collector.photos) == 3
    one_by_one(collector, person(make_face, 2, 4, 20))
    assert len(collector.photos) == 3, "none of the other one"
    assert "somebody else" in collector.stopped
    assert collector.hint == collector.stopped
    one_by_one(collector, person(make_face, 1, 30, 20))
    assert len(collector.photos) == 3, "the user decides how it goes on"


def test_who_comes_back_goes_on(make_face: MakeFace) -> None:
    collector = FaceCollector()
    one_by_one(collector, person(make_face, 1, 0, 3) + gone(make_face, 3) + person(make_face, 1, 4, 20))
    assert collector.full
    assert not collector.stopped


def test_a_face_that_jumps_is_looked_at_like_one_that_was_gone(make_face: MakeFace) -> None:
    collector = FaceCollector()
    one_by_one(collector, person(make_face, 1, 0, 3))
    away = make_face(3).landmarks + np.array([60.0, 0, 0], np.float32)
    others = person(make_face, 2, 3, 12)
    one_by_one(collector, [(image, make_face(image.index, landmarks=away)) for image, _ in others])
    assert len(collector.photos) == 3
    assert collector.stopped


def test_it_can_be_ended_within_a_step(tmp_path: Path) -> None:
    """The same share and text again and again, so that whoever wants no more of it need not wait for the next step."""
    told: list[str] = []

    def third_time(share: float, text: str) -> None:
        told.append(text)
        if told.count("fitting the shape") == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        make_person(find_faces([str(DEMO_CLIP)])[:1], Face(), tmp_path, progress=third_time)
    assert told.count(told[0]) > 100
    assert told[-3:] == ["fitting the shape"] * 3
