"""Laying a picture back onto the skin's sheet."""

import cv2
import numpy as np
import pytest

from rig.skeleton import load_skeleton
from rig.unwrap import Unwrap

SIZE = 256


@pytest.fixture(scope="module")
def unwrap() -> Unwrap:
    return Unwrap(load_skeleton(), SIZE)


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    """The base face from the front in a picture of 400 pixels: x right, y down, z away."""
    v = load_skeleton().vertices
    return (np.array([200, 160, 0]) + 1200 * v * [1, -1, -1]).astype(np.float32)


def test_values_are_those_of_the_vertices(unwrap: Unwrap) -> None:
    """A value that is linear in space comes out as the place of each texel, and left of the face is above right."""
    v = load_skeleton().vertices
    place = unwrap.values(v)
    assert 0.2 < unwrap.covered.mean() < 0.6
    assert (place[~unwrap.covered] == 0).all()
    front = unwrap.covered & (place[..., 2] > 0)
    rows = np.nonzero(front & (place[..., 0] > 0.02))[0]
    assert rows.max() < SIZE // 2 + 4, "the subject's left lies in the upper half"
    distance = np.linalg.norm(place[front][:, None] - v[None, ::7], axis=2).min(1)
    assert distance.max() < 0.03


def test_the_front_is_seen_and_the_sides_are_not(unwrap: Unwrap, pixels: np.ndarray) -> None:
    seen = unwrap.facing(pixels)
    place = unwrap.values(load_skeleton().vertices)
    assert 0 <= seen.min() <= seen.max() <= 1
    forehead = unwrap.covered & (np.abs(place[..., 0]) < 0.02) & (np.abs(place[..., 1] - 0.04) < 0.01)
    assert seen[forehead & (place[..., 2] > 0)].mean() > 0.9
    ears = unwrap.covered & (np.abs(place[..., 0]) > 0.07)
    assert seen[ears].mean() < 0.3


def test_a_picture_lands_where_its_face_is(unwrap: Unwrap, pixels: np.ndarray) -> None:
    """A dot on the nose's tip, and one beside it, are found on the sheet again."""
    v = load_skeleton().vertices
    image = np.full((400, 400, 3), 60, np.uint8)
    for x, colour in ((0.0, (255, 0, 0)), (0.04, (0, 255, 0))):
        near = np.abs(v[:, 0] - x) + np.abs(v[:, 1] + 0.042) - 0.2 * v[:, 2]
        at = pixels[near.argmin()]
        cv2.circle(image, (round(float(at[0])), round(float(at[1]))), 7, colour, -1)
    sheet = unwrap.picture(image, pixels[:, :2])
    place = unwrap.values(v)
    for channel, x in ((0, 0.0), (1, 0.04)):
        dot = (sheet[..., channel] > 200) & (unwrap.facing(pixels) > 0.5)
        assert dot.any()
        assert np.abs(place[dot][:, 0] - x).max() < 0.012
