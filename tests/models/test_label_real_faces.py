"""What readers together say of real faces: their vote, and files that a training reads."""

import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the evaluation's regressors come with the train extra")

from made_up_people import write_people

from models import label_real_faces
from models.evaluation.regressors import Regress, Views
from models.faces import load_faces
from models.label_real_faces import answers, find_trust, live_channels, vote
from models.training.landmark_batches import Batches, Samples, load_real
from rig.parameters import CHANNEL_INDEX, MIRROR


def test_both_count_with_their_share_where_mediapipe_says_something() -> None:
    ours, theirs = np.full((3, 40), 0.2, np.float32), np.full((3, 40), 0.6, np.float32)
    theirs[1, 5] = np.nan
    share = np.where(np.arange(40) < 10, 0.25, 0).astype(np.float32)
    said = vote(ours, theirs, np.array([False, False, True]), share)
    expected = np.where(share > 0, 0.3, np.nan)
    expected[CHANNEL_INDEX["AU19"]] = 0  # nobody shows the tongue
    np.testing.assert_allclose(said[0], expected, rtol=1e-6)
    assert np.isnan(said[1, 5]), "it says nothing of this one"
    assert not said[2].any(), "rest is rest"


def test_a_shape_that_hardly_ever_moves_has_no_vote() -> None:
    theirs = np.full((1000, 40), 0.05, np.float32)
    left, seldom, middle = (CHANNEL_INDEX[c] for c in ("AU14-left", "AU2-left", "AU26"))
    theirs[:20, left] = theirs[:20, middle] = 0.5
    theirs[:5, seldom] = 0.5
    theirs[:, CHANNEL_INDEX["AU34"]] = np.nan
    assert set(np.flatnonzero(live_channels(theirs))) == {left, CHANNEL_INDEX["AU14-right"], middle}


def test_who_errs_less_on_rendered_people_counts_more(tmp_path: Path) -> None:
    write_people(tmp_path / "shard0000.npz", [0, 12, 24, 5])  # 5 was trained on
    faces = load_faces(tmp_path)
    of_face = {face.tobytes(): au for face, au in zip(faces.found, faces.au, strict=True)}

    def reader(brows_off: float, others_off: float) -> Regress:
        off = np.where(np.arange(40) < 4, brows_off, others_off).astype(np.float32)

        def regress(views: Views, rest: Views | None) -> np.ndarray:
            assert rest is not None
            return np.array([of_face[face.tobytes()] + off for face in views.landmarks], np.float32)

        return regress

    trust = find_trust({"geometric": reader(0.4, 0.1), "lite": reader(0.1, 0.1)}, faces)
    np.testing.assert_allclose(trust.ours["geometric"] + trust.ours["lite"], 1, rtol=1e-5)
    np.testing.assert_allclose(trust.ours["lite"], np.where(np.arange(40) < 4, 16 / 17, 0.5), atol=0.01)
    assert (trust.theirs[:4] < 0.15).all(), "landmarks say little of these"
    np.testing.assert_allclose(trust.theirs[4:], 0.5, atol=0.01)
    said = trust.together({"geometric": np.zeros((2, 40), np.float32), "lite": np.ones((2, 40), np.float32)})
    np.testing.assert_allclose(said[1], trust.ours["lite"], rtol=1e-5)


def test_faces_are_read_beside_frames_at_rest() -> None:
    picture = np.arange(6, dtype=np.uint8)[:, None, None, None].repeat(3, 3)
    resting = np.array([True, False, False, True, False, False])
    beside: list[int] = []

    def regress(faces: Views, rest: Views | None) -> np.ndarray:
        assert rest is not None
        beside.extend(rest.picture[:, 0, 0, 0].tolist())
        return np.repeat(faces.picture[:, 0, 0, :1] - rest.landmarks[:, 0, :1], 40, axis=1).astype(np.float32)

    found = np.zeros((6, 478, 3), np.float32)
    said = answers(regress, picture, found, resting)
    assert set(beside) == {0, 3}
    np.testing.assert_allclose(said, np.arange(6)[:, None].repeat(40, 1))


@pytest.fixture
def labelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two clips and a still as the command leaves them: ours say the first clip's numbers, MediaPipe nothing."""
    real = tmp_path / "real"
    real.mkdir()
    write_people(real / "clip_a.npz", [25], real=True)
    write_people(real / "clip_b.npz", [36], real=True)  # held aside
    write_people(real / "still.npz", [37], real=True)
    with np.load(real / "still.npz") as z:
        still = {name: values[2:3] for name, values in z.items()}
    np.savez(real / "still.npz", **still)  # type: ignore[arg-type]

    def say(faces: Views, rest: Views | None) -> np.ndarray:
        return np.full((len(faces), 40), 0.3, np.float32)

    def blendshapes(clip: Path, task: Path) -> tuple[np.ndarray, list[str]]:
        assert clip.suffix == ".mp4"
        weights = np.zeros((100, 2))
        weights[[6, 9, 18, 21], 0] = 0.9  # the frames that are not at rest
        return weights, ["mouthSmileLeft", "mouthSmileRight"]

    monkeypatch.setattr(label_real_faces, "load", lambda *_: say)
    monkeypatch.setattr(label_real_faces.baseline, "run_blendshapes", blendshapes)
    (tmp_path / "rendered").mkdir()
    write_people(tmp_path / "rendered" / "shard0000.npz", [12])
    given = [str(real), str(tmp_path), "--rendered", str(tmp_path / "rendered"), "--out", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", ["x", *given])
    label_real_faces.main()
    return tmp_path / "out"


def test_the_command_fills_in_what_was_not_known(labelled: Path) -> None:
    faces = load_faces(labelled)
    assert np.isnan(faces.au[-1]).all(), "a still has nothing to be compared with"
    known = faces.au[:-1]
    smile = [CHANNEL_INDEX["AU12-left"], CHANNEL_INDEX["AU12-right"]]
    finite = np.isfinite(known)
    assert finite[faces.resting[:-1]].all()
    moved = finite[~faces.resting[:-1]]
    assert (moved == np.isin(np.arange(40), [*smile, CHANNEL_INDEX["AU19"]])).all(), (
        "what MediaPipe moves, and the tongue"
    )
    assert not known[faces.resting[:-1]].any()
    moving = known[~faces.resting[:-1]].round(3)
    np.testing.assert_allclose(moving[:, smile[0]], 0.6, rtol=1e-6)  # both of ours say the same: MediaPipe counts half
    np.testing.assert_allclose(moving[:, smile[1]], 0.15, rtol=1e-6, err_msg="to MediaPipe the right side is at rest")


def test_an_empty_folder_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["x", *[str(tmp_path)] * 2, "--rendered", str(tmp_path), "--out", str(tmp_path)])
    with pytest.raises(SystemExit, match=r"python -m models\.real_faces"):
        label_real_faces.main()


def test_the_landmarks_regressor_learns_from_them_and_lends_them_to_others(labelled: Path) -> None:
    import torch

    real = load_real(labelled)
    assert len(real.au) == 16, "no still"
    assert real.held_out.sum() == 8
    rendered = Samples(
        10 * real.landmarks.half(), 10 * real.neutral.half(), torch.zeros(16, 40), torch.zeros(16, 4),
        torch.zeros(16, 208), real.held_out,
    )  # fmt: skip
    batches = Batches(rendered, None, None, 20, 0.4, real, 0.5)
    b = batches.draw(np.random.default_rng(0), torch.Generator().manual_seed(0))
    assert (len(b.landmarks), len(b.identity), len(b.identity_known)) == (20, 10, 10)
    assert b.gaze[:10].isfinite().all()
    assert b.gaze[10:].isnan().all()
    assert b.au[:10].abs().max() == 0
    seen = real.au[~torch.from_numpy(real.held_out)]
    either = torch.cat([seen, seen[:, list(MIRROR)]]).nan_to_num(-1)
    for row in b.au[10:].nan_to_num(-1):
        assert (either == row).all(1).any()
    assert (b.landmarks - b.neutral).isfinite().all()
