"""Rendered people: who is scored, on what, and in which group."""

from pathlib import Path

import numpy as np
import pytest

from models.evaluation import rendered
from models.evaluation.regressors import Views
from models.evaluation.rendered import (
    OURS,
    SHARED,
    evaluate_views,
    fera_groups,
    groups_of,
    rendered_json,
    turned_groups,
)
from models.renderer.sample import FERA_ORIENTATIONS

PEOPLE, EACH = 6, 12


def difference(faces: Views, rest: Views | None) -> np.ndarray:
    """Channels that the test writes into landmarks, read against the rest; without one the person's own add to them."""
    known = 0 if rest is None else rest.landmarks[:, :40, 0]
    return np.asarray(faces.landmarks[:, :40, 0] - known)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """People whose first two pictures are at rest; landmark k's x is channel k plus what is the person's own."""
    n = PEOPLE * EACH
    rng = np.random.default_rng(0)
    person, resting = np.arange(n) // EACH, np.arange(n) % EACH < 2
    au = np.where(resting[:, None], 0, rng.uniform(0, 1, (n, 40)) * (rng.random((n, 40)) < 0.3)).astype(np.float32)
    own = rng.normal(0, 0.3, (PEOPLE, 40))[person]
    found = np.zeros((n, 478, 3), np.float32)
    found[:, :40, 0] = au + own
    euler = np.zeros((n, 3), np.float32)
    euler[:, 0] = np.linspace(-30, 30, n)
    np.savez(
        tmp_path / "shard0.npz",
        picture=np.zeros((n, 128, 128, 3), np.uint8), labels=np.zeros((n, 128, 128), np.uint8),
        points=np.zeros((n, 478, 2), np.float16), found=found, true=found, au=au, gaze_deg=np.zeros((n, 4), np.float32),
        euler_deg=euler, identity=np.zeros((n, 208), np.float32), brow_style=np.zeros(n, np.int64), person=person,
        session=np.zeros(n, np.int64), resting=resting,
    )  # fmt: skip
    return tmp_path


def test_a_known_neutral_is_the_same_persons_and_only_expressions_count(folder: Path) -> None:
    scores = evaluate_views(folder, {"difference": difference})
    assert scores.pictures == PEOPLE * (EACH - 2)
    assert list(scores.shared) == ["difference", "difference, no neutral"]
    assert list(scores.shared["difference"]) == list(SHARED)
    assert list(scores.ours["difference"]) == list(OURS)
    for of in (scores.shared, scores.ours):
        assert all(a.icc == pytest.approx(1) and a.mae == pytest.approx(0, abs=1e-6) for a in of["difference"].values())
        assert all(a.mae > 0.1 for a in of["difference, no neutral"].values())
        assert {a.n for a in of["difference"].values()} == {scores.pictures}


def test_every_picture_is_in_one_group(folder: Path) -> None:
    scores = evaluate_views(folder, {"difference": difference})
    sizes = [of["difference"]["AU12"].n for of in scores.groups.values()]
    assert sum(sizes) == scores.pictures
    assert len(sizes) == 3
    written = rendered_json(scores)
    assert written["head_poses"].keys() == scores.groups.keys()
    assert written["shared_aus"]["difference"]["mean"]["mae"] == pytest.approx(0, abs=1e-6)


def test_saying_nothing_has_its_price(folder: Path) -> None:
    def silent(faces: Views, rest: Views | None) -> np.ndarray:
        return np.zeros((len(faces), 40))

    scores = evaluate_views(folder, {"silent": silent})
    mean = np.mean([a.mae for a in scores.shared["silent"].values()])
    assert scores.zero_mae == pytest.approx(mean)
    assert mean > 0.2


def test_pictures_without_landmarks_are_left_out_for_all(folder: Path) -> None:
    views = Views(np.zeros((4, 128, 128, 3), np.uint8), np.zeros((4, 478, 3), np.float32))
    views.landmarks[1] = np.nan
    rest, wanted = np.array([-1, 0, 0, 0]), np.array([True, True, True, False])
    got = rendered.regress_all(views, {"difference": difference}, rest, wanted)
    np.testing.assert_array_equal(np.isfinite(got["difference"]).all(axis=1), [False, False, True, False])
    np.testing.assert_array_equal(np.isfinite(got["difference, no neutral"]).all(axis=1), [True, False, True, False])


def test_groups_by_turn_and_by_feras_views() -> None:
    euler = np.array([[0, 0, 30], [12, -12, 0], [0, 25, 0]], np.float32)
    assert [list(rows) for rows in turned_groups(euler).values()] == [
        [True, False, False], [False, True, False], [False, False, True],
    ]  # fmt: skip
    views = np.array([(*view, 0) for view in FERA_ORIENTATIONS], np.float32)
    groups = fera_groups(views)
    assert list(groups)[5] == "6: yaw +0, pitch +0"
    np.testing.assert_array_equal(np.stack(list(groups.values())), np.eye(9, dtype=bool))
    nobody = np.zeros(9, bool)
    assert list(groups_of(views, nobody)) == list(groups)
    assert list(groups_of(np.zeros((9, 3), np.float32), nobody)) == list(turned_groups(views))  # all frontal: no FERA
    assert list(groups_of(views + 1, nobody)) == list(turned_groups(views))
