"""Training data read back: order, people, neutrals; and how a rendered person becomes rows."""

from pathlib import Path

import numpy as np
import pytest

from models.faces import HELD_OUT_EVERY, Faces, load_faces


def rows(people: list[int], sessions: list[int], resting: list[bool]) -> dict[str, np.ndarray]:
    n = len(people)
    return {
        "picture": np.arange(n, dtype=np.uint8)[:, None, None, None].repeat(3, 3),
        "labels": np.zeros((n, 1, 1), np.uint8),
        "points": np.zeros((n, 478, 2), np.float16),
        "found": np.zeros((n, 478, 3), np.float32),
        "true": np.zeros((n, 478, 3), np.float32),
        "au": np.zeros((n, 40), np.float32),
        "gaze_deg": np.zeros((n, 4), np.float32),
        "euler_deg": np.zeros((n, 3), np.float32),
        "identity": np.zeros((n, 208), np.float32),
        "brow_style": np.zeros(n, np.int64),
        "person": np.array(people),
        "session": np.array(sessions),
        "resting": np.array(resting),
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    np.savez(tmp_path / "shard0001.npz", **rows([13, 13], [0, 0], [True, False]))  # type: ignore[arg-type]
    np.savez(tmp_path / "shard0000.npz", **rows([0, 0, 0, 5], [0, 0, 1, 0], [True, False, True, True]))  # type: ignore[arg-type]
    (tmp_path / "shard0002.part.npz").write_bytes(b"half written")
    return tmp_path


def test_files_are_joined_in_order_and_unfinished_ones_left(folder: Path) -> None:
    faces = load_faces(folder)
    assert faces.person.tolist() == [0, 0, 0, 5, 13, 13]
    assert len(load_faces(folder, shards=1)) == 4
    assert faces.held_out.tolist() == [p % HELD_OUT_EVERY == 0 for p in faces.person]
    assert len(faces.rows(slice(1, 3))) == 2


def test_what_is_not_wanted_is_not_read(folder: Path) -> None:
    faces = load_faces(folder, without=("labels", "found"))
    assert faces.labels.shape == (6, 0)
    assert faces.found.shape == (6, 0)
    assert faces.true.shape == (6, 478, 3)


def test_neutrals_are_other_pictures_of_the_same_person_at_rest(folder: Path) -> None:
    faces = load_faces(folder)
    same = faces.neutral_rows(np.random.default_rng(0), same_session=1.0)
    # Rows 0 and 2 rest, each alone in its session: they are each other's. Row 3 has nobody else.
    assert same.tolist() == [2, 0, 0, -1, -1, 4]
    drawn = {tuple(faces.neutral_rows(np.random.default_rng(k), same_session=0.0)[:2]) for k in range(20)}
    assert drawn == {(2, 0), (2, 2)}


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="render_dataset"):
        load_faces(tmp_path)


def test_faces_hold_what_the_dataset_writes() -> None:
    from models.render_dataset import photograph, read_person
    from models.renderer.render import Renderer
    from models.runtime.engines import make_landmark_engine
    from rig.identity import random_identity

    rng = np.random.default_rng(3)
    rendered = photograph(Renderer(size=256), None, random_identity(rng), rng)
    written = read_person(rendered, make_landmark_engine("onnx", "cpu"), person=7, own=True)
    assert len(written) >= 16  # of 20: a few are turned too far for the detector
    faces = Faces(**{name: np.array([row[name] for row in written]) for name in written[0]})
    assert set(faces.session) == {0, 1}
    assert faces.resting.sum() >= 3
    assert (faces.au[faces.resting] == 0).all()
    assert (faces.au[~faces.resting].max(1) > 0).mean() > 0.7
    # Landmarks and labels lie on the same face: iris centres are in eyes (not where lids or glasses hide them).
    x, y = faces.points[faces.resting][:, [468, 473]].astype(int).reshape(-1, 2).T
    codes = np.repeat(faces.labels[faces.resting], 2, axis=0)[np.arange(len(x)), y, x]
    assert np.isin(codes, [4, 5]).mean() > 0.7
    assert np.abs(faces.found - faces.true).mean() < 0.006
