"""What a camera and a room do to an aligned view: random changes of pictures that training must shrug off.

Done picture by picture with OpenCV on what the shards hold (bytes), which takes a third of the time of the same on
batches of floating point numbers.
"""

from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]

LOOK: Final = 8
"""Numbers that say how a picture is recoloured."""
GREY_ABOVE: Final = 1.6
"""Of one of them: the picture is grey."""
SOFT_SHARE: Final = 0.3
COVERED_SHARE: Final = 0.12
MOST_NOISE: Final = 0.02


def draw_moves(
    n: int, rng: np.random.Generator, mirrored: NDArray[np.bool_] | None = None, shift: float = 0.025,
    scale: float = 0.04, turn: float = 0.06,
) -> Array:  # fmt: skip
    """(N, 2, 3) maps from the places of the new view to those of the old one, in sides about the middle: the five
    points that a view is aligned by are never quite right.

    Args:
        mirrored: (N,) which ones are seen in the mirror.
        shift: In sides; ``scale`` relative, ``turn`` in radians: standard deviations.
    """
    size, angle = 1 + scale * rng.standard_normal(n), turn * rng.standard_normal(n)
    cos, sin = size * np.cos(angle), size * np.sin(angle)
    across, down = shift * rng.standard_normal((2, n))
    moves = np.stack([np.stack([cos, -sin, across], -1), np.stack([sin, cos, down], -1)], -2)
    if mirrored is not None:
        moves[mirrored, 0] *= -1
    return moves


def move(picture: NDArray[np.uint8], onto_old: Array) -> NDArray[np.uint8]:
    """(S, S, 3) seen through one of :func:`draw_moves`; the edge is repeated beyond it."""
    side = picture.shape[0]
    middle = np.full(2, (side - 1) / 2)
    pixels = onto_old * (1, 1, side)
    pixels[:, 2] += middle - onto_old[:, :2] @ middle
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(picture, pixels, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def draw_looks(n: int, rng: np.random.Generator) -> Array:
    """(N, LOOK) standard numbers for :func:`recolour`; pictures of one session share a row, or nearly."""
    return rng.standard_normal((n, LOOK))


def recolour(picture: NDArray[np.uint8], look: Array) -> NDArray[np.float32]:
    """(S, S, 3) bytes -> about 0..1 under another exposure, contrast, white balance and saturation; sometimes grey.

    ``look``: (LOOK,) of zeros leaves the picture as it is.
    """
    gain = np.exp(0.18 * look[0] + 0.07 * look[1:4])
    curve = np.linspace(0, 1, 256) ** np.exp(0.22 * look[4])
    table = np.ascontiguousarray((curve[:, None] * gain)[None], np.float32)  # (1, 256, 3)
    seen = cv2.LUT(picture, table)
    saturation = 0.0 if look[6] > GREY_ABOVE else float(np.clip(1 + 0.3 * look[5], 0, 2))
    contrast = float(np.exp(0.2 * look[7]))
    mix = np.empty((3, 4))
    mix[:, :3] = contrast * (saturation * np.eye(3) + (1 - saturation) / 3)
    mix[:, 3] = (1 - contrast) * np.mean(cv2.mean(seen)[:3])
    return np.asarray(cv2.transform(seen, mix), np.float32)


class Spoiler:
    """Noise, softness and covered parts. Noise is cut from one tile: drawing it anew costs as much as a network."""

    def __init__(self, seed: int = 0, tile: int = 512):
        self._tile = np.random.default_rng(seed).standard_normal((tile, tile, 3), np.float32)

    def __call__(self, picture: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        """(S, S, 3) about 0..1 -> 0..1 with noise, sometimes softened, sometimes partly covered (a hand, a cup)."""
        side = picture.shape[0]
        y, x = rng.integers(0, len(self._tile) - side + 1, 2)
        noise = self._tile[y : y + side, x : x + side]
        spoilt = cv2.scaleAdd(noise, MOST_NOISE * rng.random(), picture)
        if rng.random() < SOFT_SHARE:
            spoilt = cv2.blur(spoilt, (3, 3), borderType=cv2.BORDER_REPLICATE)
        if rng.random() < COVERED_SHARE:
            top, left = (side * rng.random(2)).astype(int)
            tall, wide = (side * rng.uniform(0.1, 0.4, 2)).astype(int)
            spoilt[top : top + tall, left : left + wide] = rng.random(3)
        return np.asarray(np.clip(spoilt, 0, 1), np.float32)


def photograph(
    pictures: NDArray[np.uint8], moves: Array, looks: Array, spoil: Spoiler, rng: np.random.Generator
) -> Tensor:
    """(N, S, S, 3) as taken by other cameras -> (N, 3, S, S) in 0..1, channels last in memory: twice as quick on a CPU.

    Args:
        moves: (N, 2, 3), :func:`draw_moves`.
        looks: (N, LOOK), :func:`draw_looks`.
    """
    out = np.empty(pictures.shape, np.float32)
    for row, (picture, onto_old, look) in enumerate(zip(pictures, moves, looks, strict=True)):
        out[row] = spoil(recolour(move(picture, onto_old), look), rng)
    return torch.from_numpy(out).permute(0, 3, 1, 2)
