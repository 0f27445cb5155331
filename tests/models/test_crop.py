"""The aligned view: five points to their places, faces of any size and turn."""

import cv2
import numpy as np
import pytest

from models.runtime.alignment import FACING, HeadFit, canonical_face, rotation_from_euler
from models.runtime.crop import (
    FIVE,
    SIZE,
    TEMPLATE,
    aligned_view,
    crop_matrix,
    five_points,
    nearest_view,
    transform_points,
)


def head(scale: float, roll_deg: float = 0.0) -> HeadFit:
    """Turned against the picture, which has its y downwards."""
    rotation = (np.diag([1, -1, -1]) @ rotation_from_euler(np.array([0, 0, roll_deg]))).astype(np.float32)
    return HeadFit(rotation, np.array(scale, np.float32), np.array([320, 240, 0], np.float32))


@pytest.mark.parametrize("roll_deg", [0.0, 25.0, -60.0])
@pytest.mark.parametrize("scale", [500.0, 3000.0])
def test_five_points_come_to_their_places(scale: float, roll_deg: float) -> None:
    points = five_points(head(scale, roll_deg))
    placed = transform_points(crop_matrix(points), points)
    assert np.abs(placed / SIZE - TEMPLATE).max() < 0.03
    assert abs(placed[0, 1] - placed[1, 1]) < 0.5  # level eyes


def test_five_points_of_a_batch_are_those_of_each() -> None:
    fits = [head(900.0, r) for r in (0.0, 10.0, 20.0)]
    batch = HeadFit(*(np.stack([getattr(f, n) for f in fits]) for n in ("rotation", "scale", "translation")))
    every = crop_matrix(five_points(batch))
    for matrix, fit in zip(every, fits, strict=True):
        assert np.allclose(matrix, crop_matrix(five_points(fit)), atol=1e-4)
    facing = canonical_face()[list(FIVE)] @ FACING.T
    assert np.allclose(five_points(fits[0]), facing[:, :2] * 900 + (320, 240), atol=1e-2)


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0, 7.3])
def test_a_disc_keeps_its_place_and_size_however_large_the_face(factor: float) -> None:
    """A disc drawn about a point of the picture is found where the matrix says, with the size that it says."""
    height, width = int(300 * factor), int(400 * factor)
    y, x = np.mgrid[0:height, 0:width] + 0.5
    centre, radius = np.array([220.0, 130.0]) * factor, 24 * factor
    disc = np.hypot(x - centre[0], y - centre[1]) < radius
    picture = np.repeat((disc * 255).astype(np.uint8)[..., None], 3, -1)
    matrix = np.array([[0.6, 0.1, -60], [-0.1, 0.6, 10]], np.float32)
    matrix[:, :2] /= factor
    view = aligned_view(picture, matrix)[..., 0] / 255.0
    expected = transform_points(matrix, centre[None].astype(np.float32))[0]
    rows, columns = np.mgrid[0:SIZE, 0:SIZE] + 0.5
    found = np.array([(view * columns).sum(), (view * rows).sum()]) / view.sum()
    assert found == pytest.approx(expected, abs=0.15)
    assert view.sum() == pytest.approx(np.pi * (24 * np.hypot(0.6, 0.1)) ** 2, rel=0.03)
    codes = nearest_view(disc.astype(np.uint8) * 7, matrix)
    assert set(np.unique(codes)) == {0, 7}
    assert (codes == 7).sum() == pytest.approx(view.sum(), rel=0.05)


def test_a_view_that_leaves_the_picture_repeats_its_edge() -> None:
    picture = np.full((50, 60, 3), 90, np.uint8)
    matrix = np.array([[1, 0, 100], [0, 1, 100]], np.float32)
    assert (aligned_view(picture, matrix) == 90).all()
    assert nearest_view(picture[..., 0], matrix)[0, 0] == 0


def test_halving_again_and_again_is_averaging_once() -> None:
    """A large face is shrunk by 8 here: as OpenCV's average over squares of 8, but for rounding."""
    rng = np.random.default_rng(1)
    picture = cv2.GaussianBlur(rng.integers(0, 256, (1024, 1024, 3)).astype(np.uint8), (0, 0), 6)
    matrix = np.array([[0.12, 0.02, 3.0], [-0.02, 0.12, 1.5]], np.float32)
    small = np.asarray(cv2.resize(picture, (128, 128), interpolation=cv2.INTER_AREA), np.uint8)
    onto_small = matrix.copy()
    onto_small[:, :2] *= 8
    difference = aligned_view(picture, matrix).astype(int) - aligned_view(small, onto_small)
    assert np.abs(difference).max() <= 2
    assert np.abs(difference).mean() < 0.6
