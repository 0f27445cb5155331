"""Hair is told from skin, from a bare head, and from the wall behind it."""

import cv2
import numpy as np
import pytest

from models.runtime.alignment import canonical_face
from models.runtime.hair_colour import hair_colour

FAIR, DARK = (225, 185, 165), (110, 75, 60)
BLACK, BROWN, BLUE, WHITE = (28, 22, 20), (95, 65, 45), (120, 150, 165), (235, 235, 230)
Colour = tuple[int, int, int]


def seen(skin: Colour, wall: Colour, hair: Colour | None, reach: float = 0.2) -> np.ndarray | None:
    """What is read of a head before a wall: an ellipse of skin, above the forehead short hair. ``reach``: how far the
    head goes on above the forehead, in heights of the face."""
    points = (canonical_face() * [2000, -2000, 2000] + [256, 300, 0]).astype(np.float32)
    top, chin = points[10, :2], points[152, :2]
    tall = chin[1] - top[1]
    image = np.full((512, 512, 3), wall, np.uint8)
    wide = round(0.5 * (points[454, 0] - points[234, 0]))
    head = (round(top[0]), round(top[1] + 0.45 * tall)), (wide, round((0.45 + reach) * tall)), 0, 0, 360
    cv2.ellipse(image, *head, skin if hair is None else hair, -1)
    image[round(top[1] - 0.02 * tall) :][(image == (hair or skin)).all(-1)[round(top[1] - 0.02 * tall) :]] = skin
    return hair_colour(image, points, np.array(skin, np.float32))


@pytest.mark.parametrize("wall", [BLUE, WHITE, BLACK], ids=["blue", "white", "black"])
@pytest.mark.parametrize(("skin", "hair"), [(FAIR, BLACK), (FAIR, BROWN), (DARK, BLACK)])
def test_short_hair_is_not_the_wall_behind_it(skin: Colour, wall: Colour, hair: Colour) -> None:
    read = seen(skin, wall, hair)
    assert read is not None
    if wall != BLACK:  # before a black wall brown hair may be taken for black
        np.testing.assert_allclose(read, hair, atol=5)
    assert max(read) < 100


@pytest.mark.parametrize("skin", [FAIR, DARK], ids=["fair", "dark"])
def test_a_bare_head_has_none(skin: Colour) -> None:
    assert seen(skin, BLUE, None, reach=0.32) is None
