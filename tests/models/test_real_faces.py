"""Real faces as training rows: people, rest, and what one clip and one still of the shared data give."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the label codes come with the renderer, which needs torch")

from models import real_faces
from models.faces import HELD_OUT_EVERY, load_faces
from models.real_faces import HELD_ASIDE, SAME_PERSON, find_resting, person_number, read_clip, read_still
from models.renderer.labels import LABEL
from models.runtime.alignment import canonical_face
from models.runtime.engines import make_landmark_engine
from models.training.landmark_labels import IGNORE


def test_files_of_one_person_share_a_number_and_nobody_is_on_both_sides() -> None:
    for name, other in SAME_PERSON.items():
        assert person_number(name) == person_number(other)
    assert person_number("lp_d0") != person_number("lp_d3")
    for name in HELD_ASIDE:
        assert person_number(name) % HELD_OUT_EVERY == 0
    for name in ("lp_d0", "pf_noface_face", "st_source_image_sad_0", "somebody_else"):
        assert person_number(name) % HELD_OUT_EVERY != 0


def test_a_fifth_of_the_people_is_held_aside(data_dir: Path) -> None:
    for folder in ("clips", "stills"):
        names = [p.stem for p in (data_dir / folder).iterdir() if p.stem not in real_faces.SKIPPED]
        people = {person_number(name) for name in names}
        share = sum(number % HELD_OUT_EVERY == 0 for number in people) / len(people)
        assert 0.15 < share < 0.3, folder
        assert len(people) > len(names) - 8  # numbers do not collide


def faces(gap: list[float], opening: list[float], away: list[float]) -> np.ndarray:
    """(T, 478, 3): lips and lids apart by so many metres, all else moved by ``away``."""
    out = np.repeat(canonical_face()[None], len(gap), 0) + np.array(away, np.float32)[:, None, None] * [1, 0, 0]
    for lower, upper, apart in ((14, 13, gap), (145, 159, opening), (374, 386, opening)):
        out[:, lower] = out[:, upper] - np.array(apart)[:, None] * [0, 1, 0]
    return out.astype(np.float32)


def test_rest_is_near_the_named_frame_without_blinks_and_parted_lips() -> None:
    found = faces(
        gap=[0.001, 0.001, 0.001, 0.008, 0.001] + [0.02] * 20,
        opening=[0.01, 0.01, 0.002, 0.01, 0.01] + [0.01] * 20,
        away=[0, 0.0003, 0, 0, 0.004] + [0.003] * 20,
    )
    assert np.flatnonzero(find_resting(found, neutral=0)).tolist() == [0, 1]


def test_without_a_named_frame_rest_is_the_closed_mouth_of_a_talker() -> None:
    talks = [0.0005 if k % 3 == 0 else 0.01 for k in range(40)]
    rests = find_resting(faces(talks, [0.01] * 40, [0.0001 * (k % 5) for k in range(40)]), None)
    assert 3 <= rests.sum() <= 8
    assert all(k % 3 == 0 for k in np.flatnonzero(rests))


def test_a_clip_and_a_still_become_rows_that_training_reads(data_dir: Path, tmp_path: Path) -> None:
    engine = make_landmark_engine("onnx", "cpu")
    clip = read_clip(data_dir / "clips" / "lp_d0.mp4", engine)
    still = read_still(data_dir / "stills" / "pf_0-f15-hao-ph_0.jpg", engine)
    real_faces.write(tmp_path / "lp_d0.npz", clip)
    real_faces.write(tmp_path / "stills.npz", still)
    read = load_faces(tmp_path)
    assert len(read) == 26 + 1
    assert read.held_out.tolist() == [False] * 26 + [True]
    assert read.resting[0]  # the frame that the coder named
    assert not read.resting[12]  # a broad smile
    assert np.isnan(read.au).all()
    assert np.abs(read.euler_deg[:26]).max() < 15
    assert (read.labels == LABEL["mouth"]).sum((1, 2))[12] > 60  # teeth
    assert (read.labels != IGNORE).mean() > 0.2
    with np.load(tmp_path / "lp_d0.npz") as file:
        assert file["frame"].tolist() == list(range(0, 78, 3))
        assert set(file["clip"].tolist()) == {"lp_d0"}


def test_a_file_that_is_no_picture_gives_no_row(tmp_path: Path) -> None:
    (tmp_path / "note.jpg").write_text("no picture")
    assert read_still(tmp_path / "note.jpg", make_landmark_engine("onnx", "cpu")) == []
