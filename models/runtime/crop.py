"""The aligned view that networks look at: five points of the face brought to fixed places by a similarity transform.

Song et al. 2020, section 2.3, align by both eyes, nose and mouth corners. Here those five are the canonical face's,
as the fitted head shows them: a mouth that smiles or a nose that wrinkles does not move or scale the view, so that two
pictures of one person lie on each other but for what the face does.
"""

import math
from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from models.runtime.alignment import HeadFit, canonical_face

Array = NDArray[np.float32]

SIZE: Final = 128
"""Side of the view in pixels."""
FIVE: Final = (468, 473, 1, 61, 291)
"""Landmarks: centre of the subject's right and left iris, nose tip, right and left corner of the mouth."""
TEMPLATE: Final[Array] = np.array(
    [(0.345, 0.415), (0.655, 0.415), (0.5, 0.565), (0.375, 0.735), (0.625, 0.735)], np.float32
)
"""(5, 2) where they go, in sides of the view (x right, y down): brows and chin stay inside."""


def five_points(fit: HeadFit) -> Array:
    """(..., 5, 2) pixels of the picture: the canonical face's five points under ``fit``, in the order of FIVE."""
    turned = _model() @ np.swapaxes(fit.rotation, -1, -2)[..., :, :2]
    return (turned * np.asarray(fit.scale)[..., None, None] + fit.translation[..., None, :2]).astype(np.float32)


def crop_matrix(points: Array, size: int = SIZE) -> Array:
    """(..., 5, 2) pixels -> (..., 2, 3) that takes the picture's pixels to the view's (Umeyama 1991, no reflection)."""
    if points.ndim == 2:
        return _similarity(points, size)
    target = TEMPLATE * size
    middle, aim = points.mean(-2, keepdims=True), target.mean(0)
    a, b = points - middle, target - aim
    norm = np.maximum((a * a).sum((-2, -1)), 1e-9)
    cos = (a * b).sum((-2, -1)) / norm
    sin = (a[..., 0] * b[:, 1] - a[..., 1] * b[:, 0]).sum(-1) / norm
    linear = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)
    shift = aim - (linear @ middle[..., 0, :, None])[..., 0]
    return np.concatenate([linear, shift[..., None]], -1).astype(np.float32)


def transform_points(matrix: Array, points: Array) -> Array:
    """(..., 2, 3) on (..., K, 2) -> (..., K, 2)."""
    return points @ np.swapaxes(matrix[..., :2], -1, -2) + matrix[..., None, :, 2]


def aligned_view(image: NDArray[np.uint8], matrix: Array, size: int = SIZE) -> NDArray[np.uint8]:
    """(H, W, 3) or (H, W) seen through ``matrix`` -> (size, size, 3) or (size, size); the edge is repeated beyond it.

    A face much larger than the view is shrunk by averaging first, so that skin does not turn into noise.
    """
    onto = matrix.astype(np.float64)
    scale = math.hypot(onto[0, 0], onto[1, 0])
    # Halving is several times as quick as other averages, and leaves what training's own views have to be shrunk by.
    halvings = max(int(-math.log2(max(scale, 1e-3)) + 1e-6), 0)
    if halvings:
        image, onto = _shrunk(image, onto, size, halvings)
    flags, border = cv2.INTER_LINEAR, cv2.BORDER_REPLICATE
    return np.asarray(cv2.warpAffine(image, _by_centres(onto), (size, size), flags=flags, borderMode=border), np.uint8)


def nearest_view(codes: NDArray[np.uint8], matrix: Array, size: int = SIZE) -> NDArray[np.uint8]:
    """(H, W) codes seen through ``matrix`` -> (size, size), none of them mixed; 0 beyond the picture."""
    onto = _by_centres(matrix.astype(np.float64))
    flags, border = cv2.INTER_NEAREST, cv2.BORDER_CONSTANT
    return np.asarray(cv2.warpAffine(codes, onto, (size, size), flags=flags, borderMode=border), np.uint8)


@cache
def _model() -> Array:
    """(5, 3) the canonical face's five points."""
    return canonical_face()[list(FIVE)]


@cache
def _aim(size: int) -> tuple[tuple[float, float], list[tuple[float, float]]]:
    """The five points' middle in the view, and each from there, pixels."""
    points = TEMPLATE.astype(np.float64) * size
    x, y = points.mean(0).tolist()
    return (x, y), [(px - x, py - y) for px, py in points.tolist()]


def _similarity(points: Array, size: int) -> Array:
    """:func:`crop_matrix` of one face, in plain numbers: those of five points take numpy ten times as long."""
    five = points.tolist()
    (to_x, to_y), aims = _aim(size)
    x, y = sum(p[0] for p in five) / len(five), sum(p[1] for p in five) / len(five)
    cos = sin = norm = 0.0
    for (px, py), (ax, ay) in zip(five, aims, strict=True):
        px, py = px - x, py - y
        cos += px * ax + py * ay
        sin += px * ay - py * ax
        norm += px * px + py * py
    cos, sin = cos / max(norm, 1e-9), sin / max(norm, 1e-9)
    return np.array([(cos, -sin, to_x - cos * x + sin * y), (sin, cos, to_y - sin * x - cos * y)], np.float32)


def _by_centres(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same map for OpenCV, which counts from the middle of a pixel instead of its corner."""
    moved = matrix.copy()
    moved[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    return moved


def _shrunk(
    image: NDArray[np.uint8], matrix: NDArray[np.float64], size: int, halvings: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The part of the picture that the view shows, halved so many times, and the matrix from there."""
    shrink = 1 << halvings
    (x0, x1), (y0, y1) = _shown(matrix, size, 2 * shrink, image.shape[1], image.shape[0])
    across, down = (x1 - x0) // shrink, (y1 - y0) // shrink
    if across < 2 or down < 2:
        return image, matrix
    small = image[y0 : y0 + down * shrink, x0 : x0 + across * shrink]
    # By two again and again: OpenCV has quick code for that, and for no other factor.
    for step in range(halvings - 1, -1, -1):
        small = np.asarray(cv2.resize(small, (across << step, down << step), interpolation=cv2.INTER_AREA), np.uint8)
    moved = matrix.copy()
    moved[:, :2] *= shrink
    moved[:, 2] += matrix[:, :2] @ (x0, y0)
    return small, moved


def _shown(
    matrix: NDArray[np.float64], size: int, margin: int, width: int, height: int
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Columns and rows of a picture that a view through ``matrix`` shows, with a margin: (first, end) of either."""
    (a, b, tx), (c, d, ty) = matrix.tolist()
    area = a * d - b * c
    corners = [(u - tx, v - ty) for u in (0, size) for v in (0, size)]
    x = [(d * u - b * v) / area for u, v in corners]
    y = [(a * v - c * u) / area for u, v in corners]

    def span(values: list[float], most: int) -> tuple[int, int]:
        first, end = math.floor(min(values) - margin), math.ceil(max(values) + margin)
        return min(max(first, 0), most), min(max(end, 0), most)

    return span(x, width), span(y, height)
