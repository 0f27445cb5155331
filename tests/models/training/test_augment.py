"""Changes that training must shrug off: bounded, seeded, and none of them the identity."""

import numpy as np
import torch

from models.training.augment import LOOK, Spoiler, draw_looks, draw_moves, move, photograph, recolour

STILL = np.array([[1.0, 0, 0], [0, 1, 0]])


def pictures(n: int = 4, side: int = 32) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, side, side, 3)).astype(np.uint8)


def seeded(k: int = 1) -> np.random.Generator:
    return np.random.default_rng(k)


def test_moves_shift_pictures_a_little() -> None:
    dot = np.zeros((65, 65, 3), np.uint8)
    dot[31:34, 31:34] = 255
    moved = np.stack([move(dot, m) for m in draw_moves(64, seeded(), shift=0.03)])[..., 0].astype(float)
    y, x = np.mgrid[:65, :65]
    centres = np.stack([(moved * c).sum((1, 2)) / moved.sum((1, 2)) for c in (x, y)], 1) - 32
    assert 0.02 < centres.std() / 65 < 0.045
    np.testing.assert_array_equal(draw_moves(3, seeded()), draw_moves(3, seeded()))


def test_a_move_by_nothing_changes_nothing_and_the_mirror_mirrors() -> None:
    picture = pictures(1)[0]
    np.testing.assert_array_equal(move(picture, STILL), picture)
    (mirror,) = draw_moves(1, seeded(), np.array([True]), 0, 0, 0)
    np.testing.assert_array_equal(move(picture, mirror), picture[:, ::-1])


def test_pictures_of_one_look_change_alike() -> None:
    picture = pictures(1)[0]
    look, other = draw_looks(2, seeded())
    np.testing.assert_array_equal(recolour(picture, look), recolour(picture, look))
    assert np.abs(recolour(picture, look) - recolour(picture, other)).mean() > 0.01
    np.testing.assert_allclose(recolour(picture, np.zeros(LOOK)), picture / 255, atol=1e-5)


def test_a_look_sets_exposure_saturation_and_contrast() -> None:
    picture = pictures(1)[0]
    plain = recolour(picture, np.zeros(LOOK))
    np.testing.assert_allclose(recolour(picture, np.eye(LOOK)[0]), np.exp(0.18) * plain, atol=1e-5)
    grey = recolour(picture, 2.0 * np.eye(LOOK)[6])
    np.testing.assert_allclose(grey, np.repeat(plain.mean(2, keepdims=True), 3, 2), atol=1e-5)
    sharper = recolour(picture, np.eye(LOOK)[7])
    np.testing.assert_allclose(sharper.std(), np.exp(0.2) * plain.std(), rtol=1e-3)
    np.testing.assert_allclose(sharper.mean(), plain.mean(), atol=1e-4)


def test_spoiler_changes_within_range_and_by_its_seed() -> None:
    clean = (pictures(60) / 255).astype(np.float32)
    spoil = Spoiler()

    def spoilt(seed: int) -> np.ndarray:
        rng = seeded(seed)
        return np.stack([spoil(picture, rng) for picture in clean])

    a = spoilt(1)
    np.testing.assert_array_equal(a, spoilt(1))
    assert not np.array_equal(a, spoilt(2))
    assert a.min() >= 0
    assert a.max() <= 1
    changed = np.abs(a - clean).mean((1, 2, 3))
    assert changed.min() > 0
    assert np.median(changed) < 0.1
    # A few have a covered part of one colour.
    covered = [np.unique(p.reshape(-1, 3), axis=0, return_counts=True)[1].max() > 10 for p in a]
    assert 1 <= sum(covered) < 20


def test_a_batch_comes_as_networks_take_it() -> None:
    shown = pictures(3)
    batch = photograph(shown, np.stack([STILL] * 3), np.zeros((3, LOOK)), Spoiler(), seeded())
    assert batch.shape == (3, 3, 32, 32)
    assert batch.is_contiguous(memory_format=torch.channels_last)
    assert 0 <= batch.min() < batch.max() <= 1
