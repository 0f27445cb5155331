"""Batches of people: who is told of whom, how often life goes wrong, and the mirror."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the train extra")

from made_up_people import make_world, rendered  # noqa: E402

from models.training.person_batches import CLEAN, REST, STRANGER, Life, Source  # noqa: E402
from models.training.regressor_data import load_clips  # noqa: E402
from models.training.regressor_steps import joined  # noqa: E402
from rig.parameters import CHANNEL_INDEX, MIRROR  # noqa: E402


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"))


def test_a_clean_batch_tells_of_the_same_person_and_session_at_rest(world: Path) -> None:
    source = rendered(world)
    rows = np.concatenate(source.people[:2])
    batch = source.draw(rows, np.random.default_rng(0), CLEAN)
    f = source.faces
    for k, row in enumerate(rows):
        told = rows[batch.at_rest[k].numpy() > 0]
        assert len(told) == (1 if f.resting[row] else 2), "never the picture itself"
        assert f.resting[told].all()
        assert (f.person[told] == f.person[row]).all()
        assert (f.session[told] == f.session[row]).all()
        np.testing.assert_allclose(batch.neutral[k].numpy(), f.found[told].mean(0), atol=1e-6)
        np.testing.assert_allclose(batch.motion[k].numpy(), f.found[row] - f.found[told].mean(0), atol=1e-6)
    torch.testing.assert_close(batch.at_rest.sum(1), torch.ones(len(rows)))
    code = torch.randn(len(rows), 5)
    torch.testing.assert_close(batch.neutral_code(code), batch.at_rest @ code)


def test_of_a_stranger_only_the_picture_is_known(world: Path) -> None:
    source = rendered(world)
    rows = source.people[0]
    batch = source.draw(rows, np.random.default_rng(0), STRANGER)
    assert not batch.at_rest.any()
    assert not batch.neutral_code(torch.ones(len(rows), 3)).any()
    torch.testing.assert_close(batch.neutral, REST.expand_as(batch.neutral))
    torch.testing.assert_close(batch.landmarks, torch.from_numpy(source.faces.found[rows]))


def test_life_goes_wrong_as_often_as_told(world: Path) -> None:
    source = rendered(world)
    rows = np.concatenate(source.people)
    rng = np.random.default_rng(0)
    life = Life(stranger=0.2, no_code=0.1, no_landmarks=0.1, no_picture=0.1)
    batches = [source.draw(rows, rng, life) for _ in range(12)]
    n = 12 * len(rows)
    share = {
        "no code": sum(int((b.at_rest.sum(1) == 0).sum()) for b in batches) / n,
        "no landmarks": sum(int((b.landmarks == 0).all(2).all(1).sum()) for b in batches) / n,
        "no picture": sum(int((b.picture_known == 0).sum()) for b in batches) / n,
        "tainted": sum(int((b.at_rest.diagonal() > 0).sum()) for b in batches) / n,
    }
    assert share["no code"] == pytest.approx(0.28, abs=0.06)
    assert share["no landmarks"] == pytest.approx(0.1, abs=0.04)
    assert share["no picture"] == pytest.approx(0.09, abs=0.04)
    assert share["tainted"] == pytest.approx(0.25 * 0.72, abs=0.06)
    for b in batches:
        gone = (b.landmarks == 0).all(2).all(1)
        assert (b.picture_known[gone] == 1).all(), "something is always known"
        assert (b.neutral[gone] == 0).all()


def test_the_mirror_swaps_everything_and_keeps_to_itself(world: Path) -> None:
    source = rendered(world)
    rows = np.concatenate([source.people[0], source.people[0]])
    n = len(source.people[0])
    flip = np.arange(len(rows)) >= n
    batch = source.draw(rows, np.random.default_rng(0), CLEAN, flip)
    assert not batch.at_rest[:n, n:].any(), "a mirrored picture is not at rest for the other"
    torch.testing.assert_close(batch.au[n:], batch.au[:n][:, list(MIRROR)])
    torch.testing.assert_close(batch.pose[n:, 0], 1 - batch.pose[:n, 0])
    torch.testing.assert_close(batch.pose[n:, 1], batch.pose[:n, 1])
    torch.testing.assert_close(batch.gaze_deg[n:, 0], -batch.gaze_deg[:n, 2])
    torch.testing.assert_close(batch.gaze_deg[n:, 1], batch.gaze_deg[:n, 3])
    assert batch.identity[n:].isnan().all()
    torch.testing.assert_close(batch.landmarks[n:, 4], batch.landmarks[:n, 4] * torch.tensor([-1.0, 1, 1]))
    assert (batch.features[n:] - batch.features[:n]).abs().max() > 0


def test_some_of_a_person_are_a_third_at_rest_and_the_common_more_often(world: Path) -> None:
    source = rendered(world)
    rows = source.people[0]
    f = source.faces
    rng = np.random.default_rng(0)
    chosen = source.some_of(rows, 6, rng)
    assert len(set(chosen.tolist())) == 6
    assert f.resting[chosen].sum() == 2
    assert sorted(source.some_of(rows, 20, rng)) == sorted(rows), "all where there are no more"
    moving = rows[~f.resting[rows]]
    au = np.zeros_like(f.au)
    au[moving[0], CHANNEL_INDEX["AU19"]] = 1
    tongue = Source(replace(f, au=au), source.features, np.ones(len(f), bool))
    drawn = np.concatenate([tongue.some_of(rows, 4, rng) for _ in range(200)])
    often = np.array([(drawn == row).sum() for row in moving])
    assert 0 < often[0] < 0.7 * often[1:].min()


def test_joined_batches_do_not_know_each_other(world: Path) -> None:
    source = rendered(world)
    a, b = (source.draw(rows, np.random.default_rng(0), CLEAN) for rows in source.people[:2])
    both = joined(a, b)
    n = len(a.rows)
    torch.testing.assert_close(both.at_rest[:n, :n], a.at_rest)
    torch.testing.assert_close(both.at_rest[n:, n:], b.at_rest)
    assert not both.at_rest[:n, n:].any()
    assert len(both.features) == len(both.rows) == len(both.au) == n + len(b.rows)


def test_clips_are_cut_into_neighbours_without_people_held_aside(world: Path) -> None:
    clips = load_clips(world / "real", world / "cache" / "real")
    assert list(clips.triples) == [250]
    np.testing.assert_array_equal(np.diff(clips.triples[250], axis=1), 1)
    assert clips.triples[250].shape == (6, 3)
    assert clips.source.faces.resting[clips.resting[250]].all()
    assert len(clips.stills) == 0
