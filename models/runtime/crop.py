"""The aligned view that networks look at: five points of the face brought to fixed places by a similarity transform.

Song et al. 2020, section 2.3, align by both eyes, nose and mouth corners. Here those five are the canonical face's,
as the fitted head shows them: a mouth that smiles or a nose that wrinkles does not move or scale the view, so that two
pictures of one person lie on each other but for what the face does.
"""

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
    model = canonical_face()[list(FIVE)]
    turned = model @ np.swapaxes(fit.rotation, -1, -2)[..., :, :2]
    return (turned * np.asarray(fit.scale)[..., None, None] + fit.translation[..., None, :2]).astype(np.float32)


def crop_matrix(points: Array, size: int = SIZE) -> Array:
    """(..., 5, 2) pixels -> (..., 2, 3) that takes the picture's pixels to the view's (Umeyama 1991, no reflection)."""
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
    # Halving is several times as quick as other averages, and leaves what training's own views have to be shrunk by.
    shrink = 1 << max(int(-np.log2(max(np.hypot(onto[0, 0], onto[1, 0]), 1e-3)) + 1e-6), 0)
    if shrink >= 2:
        image, onto = _shrunk(image, onto, size, shrink)
    flags, border = cv2.INTER_LINEAR, cv2.BORDER_REPLICATE
    return np.asarray(cv2.warpAffine(image, _by_centres(onto), (size, size), flags=flags, borderMode=border), np.uint8)


def nearest_view(codes: NDArray[np.uint8], matrix: Array, size: int = SIZE) -> NDArray[np.uint8]:
    """(H, W) codes seen through ``matrix`` -> (size, size), none of them mixed; 0 beyond the picture."""
    onto = _by_centres(matrix.astype(np.float64))
    flags, border = cv2.INTER_NEAREST, cv2.BORDER_CONSTANT
    return np.asarray(cv2.warpAffine(codes, onto, (size, size), flags=flags, borderMode=border), np.uint8)


def _by_centres(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same map for OpenCV, which counts from the middle of a pixel instead of its corner."""
    moved = matrix.copy()
    moved[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    return moved


def _shrunk(
    image: NDArray[np.uint8], matrix: NDArray[np.float64], size: int, shrink: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The part of the picture that the view shows, ``shrink`` times smaller, and the matrix from there."""
    height, width = image.shape[:2]
    corners = np.array([(0, 0), (size, 0), (0, size), (size, size)]) - matrix[:, 2]
    source = corners @ np.linalg.inv(matrix[:, :2]).T
    x0, y0 = np.floor(source.min(0) - 2 * shrink).astype(int)
    x1, y1 = np.ceil(source.max(0) + 2 * shrink).astype(int)
    x0, x1 = (int(v) for v in np.clip((x0, x1), 0, width))
    y0, y1 = (int(v) for v in np.clip((y0, y1), 0, height))
    across, down = (x1 - x0) // shrink, (y1 - y0) // shrink
    if across < 2 or down < 2:
        return image, matrix
    part = image[y0 : y0 + down * shrink, x0 : x0 + across * shrink]
    moved = matrix.copy()
    moved[:, :2] *= shrink
    moved[:, 2] += matrix[:, :2] @ (x0, y0)
    small = cv2.resize(part, (across, down), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), moved
