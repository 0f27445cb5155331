"""The colour of a person's hair on a picture, from what is above the forehead and what stands beside the head."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

F = NDArray[np.float32]
Picture = NDArray[np.uint8]
TOP, CHIN = 10, 152
RIGHT, LEFT = 234, 454
"""Landmarks at the ears."""
BALD_DISTANCE: Final = 22.0
"""Colours (CIE Lab) nearer than this to the skin's are skin."""
DARK_SHARE: Final = 0.5
"""Hair on dark skin is less far from it; but no bare head is so much darker above than in the face."""
ROOM_DISTANCE: Final = 10.0
"""In Lab: what is nearer to the wall beside the head than this, and further from what lies below, is the wall."""
FOREHEAD_STRIPS: Final = 5
"""Where skin goes on for so long the head is bare; what is above it is the room."""


def hair_colour(image: Picture, points: F, skin: F) -> F | None:
    """What is above the forehead, in the strip (of the first three from where skin ends) that is least like skin: the
    lowest often shows the hairline.

    Args:
        image: (H, W, 3) RGB.
        points: (478, 3) landmarks, pixels.
        skin: (3,) RGB 0..255 of this face.

    Returns:
        (3,) RGB 0..255; None for a bare head.
    """
    up = (points[TOP, :2] - points[CHIN, :2]).astype(float)
    across = (points[LEFT, :2] - points[RIGHT, :2]).astype(float)
    strips, before = [], skin
    for k in (0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.35):
        low = points[TOP, :2] + k * up
        pixels = _pixels(image, [low + 0.015 * i * up + 0.06 * j * across for i in range(3) for j in range(-3, 4)])
        if len(pixels) < 8:
            break
        middle = np.median(pixels, axis=0)
        room = _pixels(image, [low + j * across for j in (-1.3, -1.1, 1.1, 1.3)])
        brighter = middle.mean() > before.mean() and _apart(middle, before) > ROOM_DISTANCE
        if brighter and any(_apart(middle, r) < ROOM_DISTANCE for r in room):
            break  # the wall that is seen beside the head; what gets darker may be hair before a dark wall
        before = middle
        # Partings and gloss make dark hair brighter than it is, nothing makes it darker.
        darker = pixels[np.argsort(pixels.mean(1))[len(pixels) * 3 // 10]]
        strips.append(darker if middle.mean() < skin.mean() else middle)
    far = [_apart(colour, skin) for colour in strips]
    hairy = [d > BALD_DISTANCE or c.mean() < DARK_SHARE * skin.mean() for d, c in zip(far, strips, strict=True)]
    first = next((k for k, is_hair in enumerate(hairy[:FOREHEAD_STRIPS]) if is_hair), None)
    if first is None:
        return None if len(strips) >= 3 else 0.35 * skin
    return max(zip(far[first : first + 3], strips[first : first + 3], strict=True), key=lambda pair: pair[0])[1]


def _pixels(image: Picture, places: list[NDArray[np.float64]]) -> F:
    """(n, 3) at those of the places (2,) that lie in the picture."""
    height, width = image.shape[:2]
    at = [a for a in np.round(places).astype(int) if 0 <= a[0] < width and 0 <= a[1] < height]
    return np.array([image[y, x] for x, y in at], np.float32).reshape(-1, 3)


def _apart(a: F, b: F) -> float:
    """Distance of two colours in Lab."""
    return float(np.linalg.norm(_lab(a) - _lab(b)))


def _lab(colour: F) -> F:
    return cv2.cvtColor(np.float32(colour).reshape(1, 1, 3) / 255, cv2.COLOR_RGB2Lab)[0, 0]
