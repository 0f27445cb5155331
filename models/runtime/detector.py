"""MediaPipe's short-range face detector: where faces are, when nothing is known yet."""

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.runtime.sessions import ASSETS, Contract, Device, Session, TensorSpec

SIZE = 128
MIN_SCORE = 0.5
MIN_OVERLAP = 0.3
"""Boxes that overlap more (intersection over union) are one face. Both thresholds are MediaPipe's."""

CONTRACT = Contract(
    name="face_detector",
    version=1,
    inputs={"image": TensorSpec("uint8", (1, SIZE, SIZE, 3))},
    outputs={"boxes": TensorSpec("float32", (1, 896, 16)), "scores": TensorSpec("float32", (1, 896))},
)


@dataclass(frozen=True, slots=True)
class Detection:
    """One face in a picture."""

    box: NDArray[np.float32]
    """(4,) left, top, right, bottom in pixels; may reach beyond the picture."""
    keypoints: NDArray[np.float32]
    """(6, 2) pixels: right eye, left eye (the subject's own), nose tip, mouth, right and left ear tragion."""
    score: float
    """0..1."""

    @property
    def prominence(self) -> float:
        """Area in square pixels, weighted by the score: the face that a picture is about is the big, clear one."""
        width, height = self.box[2:] - self.box[:2]
        return float(width * height) * self.score


class FaceDetector:
    """Finds faces in whole pictures."""

    def __init__(
        self, device: Device = "auto", threads: int = 1, path: Path = ASSETS / "models" / "face_detector.onnx"
    ) -> None:
        """Raises ModelError where the network file cannot be used."""
        self._session = Session(path, CONTRACT, device, threads)
        self.device = self._session.device

    def detect(self, image: NDArray[np.uint8], tile: tuple[int, int, int] | None = None) -> list[Detection]:
        """(H, W, 3) RGB uint8 -> the faces in it, or in one square (left, top, side) of it, most prominent first."""
        corner = np.zeros(2, np.float32)
        if tile is not None:
            left, top, side = tile
            image, corner = image[top : top + side, left : left + side], np.array([left, top], np.float32)
        small, scale, offset = letterbox(image)
        boxes, scores = self._session.run(small[None])
        faces = suppress(*decode(boxes[0], scores[0]))
        found = []
        for values, score in faces:
            points = (values.reshape(8, 2) * SIZE - offset) / scale + corner
            found.append(Detection(points[:2].reshape(4), points[2:], score))
        return sorted(found, key=lambda face: -face.prominence)


def tiles(height: int, width: int) -> list[tuple[int, int, int]]:
    """Squares (left, top, side) to search one by one for faces that are too small in the whole picture.

    In 128 pixels the network wants a face of a dozen or more: a tenth of the picture. Squares of the picture's shorter
    side come first, then ones half as large; neighbours overlap by a third or more, so that no face is cut by all.
    """
    found = []
    shorter = min(height, width)
    for side in (shorter, shorter // 2):
        across, down = (
            (math.ceil((length / side - 1) * 1.5) + 1 for length in (width, height)) if side >= SIZE else (0, 0)
        )
        if across * down > 1:
            lefts = np.linspace(0, width - side, across).astype(int).tolist()
            tops = np.linspace(0, height - side, down).astype(int).tolist()
            found += [(left, top, side) for top in tops for left in lefts]
    return found


def letterbox(image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float, NDArray[np.float32]]:
    """Fits a picture into the network's square, aspect kept, black around it.

    Returns the (128, 128, 3) picture, the scale, and the (2,) offset in pixels: small = large * scale + offset.
    """
    height, width = image.shape[:2]
    scale = SIZE / max(height, width)
    w, h = max(1, round(width * scale)), max(1, round(height * scale))
    if scale < 0.5:  # averaging a whole 4K picture would cost more than the network: four pixels for each will do
        image = cv2.resize(image, (2 * w, 2 * h), interpolation=cv2.INTER_NEAREST).astype(np.uint8, copy=False)
    small = cv2.resize(image, (w, h), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    left, top = (SIZE - w) // 2, (SIZE - h) // 2
    canvas = np.zeros((SIZE, SIZE, 3), np.uint8)
    canvas[top : top + h, left : left + w] = small
    return canvas, scale, np.array([left, top], np.float32)


@cache
def anchors() -> NDArray[np.float32]:
    """(896, 2) anchor centres in 0..1: two per cell of a 16x16 grid, then six per cell of an 8x8 one.

    All boxes are relative to the whole picture (MediaPipe's ``fixed_anchor_size``), so centres are all there is.
    """
    centres = []
    for cells, repeats in ((16, 2), (8, 6)):
        y, x = np.mgrid[:cells, :cells]
        grid = (np.stack([x, y], axis=-1).reshape(-1, 2) + 0.5) / cells
        centres.append(np.repeat(grid, repeats, axis=0))
    return np.concatenate(centres).astype(np.float32)


def decode(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], min_score: float = MIN_SCORE
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Raw (896, 16) regressors and (896,) scores -> those above the threshold, as (N, 16) in 0..1 of the square.

    Each row: left, top, right, bottom, then six keypoints x, y.
    """
    keep = np.flatnonzero(scores >= min_score)
    points = boxes[keep].reshape(-1, 8, 2) / np.float32(SIZE)
    points[:, 1] /= 2  # half the size
    centre = anchors()[keep]
    points[:, 0] += centre
    points[:, 2:] += centre[:, None]
    points[:, 0], points[:, 1] = points[:, 0] - points[:, 1], points[:, 0] + points[:, 1]
    return points.reshape(-1, 16), scores[keep]


def suppress(
    values: NDArray[np.float32], scores: NDArray[np.float32], min_overlap: float = MIN_OVERLAP
) -> list[tuple[NDArray[np.float32], float]]:
    """Weighted non-maximum suppression, as MediaPipe's: boxes of one face are averaged by their scores.

    ``(N, 16)`` and ``(N,)`` -> per face the averaged 16 values and the best score, best first.
    """
    order = np.argsort(-scores, kind="stable")
    faces = []
    while len(order):
        same = _overlap(values[order[0], :4], values[order, :4]) > min_overlap
        same[0] = True
        group = order[same]
        weights = scores[group] / scores[group].sum()
        faces.append((weights @ values[group], float(scores[order[0]])))
        order = order[~same]
    return faces


def _overlap(box: NDArray[np.float32], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of one (4,) box with (N, 4) boxes."""
    sides = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    common = np.clip(sides, 0, None).prod(axis=1)
    total = (box[2:] - box[:2]).prod() + (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) - common
    return common / np.maximum(total, 1e-12)
