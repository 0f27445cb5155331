"""MediaPipe's attention face mesh: an upright square crop of a face -> 478 landmarks."""

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.runtime.detector import Detection
from models.runtime.landmarks import N_LANDMARKS
from models.runtime.sessions import ASSETS, Contract, Device, Session, TensorSpec

SIZE = 192
MARGIN = 1.5
"""How much larger than the face the crop is (MediaPipe's)."""
EYE_CORNERS = (33, 263)
"""Outer corners of the right and left eye: their line is level in the crop."""
CALM = 0.05
"""A face that moves, grows or turns by less than this (sides of the square, radians) drags its square only in part."""

CONTRACT = Contract(
    name="face_mesh",
    version=1,
    inputs={"image": TensorSpec("uint8", (1, SIZE, SIZE, 3))},
    outputs={
        "landmarks": TensorSpec("float32", (1, N_LANDMARKS, 3)),
        "presence": TensorSpec("float32", (1,)),
    },
)


@dataclass(frozen=True, slots=True)
class Roi:
    """A square of the picture, turned with the head."""

    x: float
    """Centre, pixels."""
    y: float
    size: float
    """Side, pixels."""
    angle: float
    """Radians, from the picture's x axis to the square's, towards y (clockwise on the screen)."""

    @classmethod
    def around(cls, low: NDArray[np.float32], high: NDArray[np.float32], eyes: NDArray[np.float32]) -> "Roi":
        """The square around the box ``low`` (2,) .. ``high`` (2,), level with the ``eyes`` (2, 2), with the margin."""
        (cx, cy), (dx, dy) = (low + high) / 2, eyes[1] - eyes[0]
        return cls(float(cx), float(cy), MARGIN * float((high - low).max()), math.atan2(dy, dx))

    @classmethod
    def of_detection(cls, face: Detection) -> "Roi":
        return cls.around(face.box[:2], face.box[2:], face.keypoints[:2])

    @classmethod
    def of_landmarks(cls, points: NDArray[np.float32]) -> "Roi":
        """From (478, 3) landmarks in pixels, for the next frame."""
        xy = points[:, :2]
        return cls.around(xy.min(axis=0), xy.max(axis=0), xy[list(EYE_CORNERS)])

    def follow(self, target: "Roi") -> "Roi":
        """This square on its way to ``target``: all the way for a real move, hardly at all for trembling landmarks.

        A square that trembles with its own landmarks resamples the picture anew each time, which makes them tremble
        more; keeping it calm takes a tenth to a third off the jitter of a still face.
        """
        dx, dy, grown = target.x - self.x, target.y - self.y, target.size - self.size
        turned = math.remainder(target.angle - self.angle, math.tau)
        change = max(math.hypot(dx, dy) / self.size, abs(grown) / self.size, abs(turned))
        part = min(1.0, (change / CALM) ** 2)
        return Roi(self.x + part * dx, self.y + part * dy, self.size + part * grown, self.angle + part * turned)

    def is_on(self, image: NDArray[np.uint8]) -> bool:
        """Whether the square is a sane one: its centre in the picture, at least a few pixels large."""
        height, width = image.shape[:2]
        return 0 <= self.x < width and 0 <= self.y < height and self.size >= 4

    def to_picture(self) -> NDArray[np.float64]:
        """(2, 3) affine matrix from crop pixels to picture pixels (pixel centres on integers in both)."""
        scale = self.size / SIZE
        a, b = scale * math.cos(self.angle), scale * math.sin(self.angle)
        half = (SIZE - 1) / 2
        # The centre of a pixel is half a pixel from its edge: the square's centre is (x - 0.5, y - 0.5) here.
        return np.array([
            [a, -b, self.x - 0.5 - half * (a - b)],
            [b, a, self.y - 0.5 - half * (a + b)],
        ])  # fmt: skip


class FaceMesh:
    """Runs the attention mesh on one square of a picture."""

    def __init__(
        self, device: Device = "auto", threads: int = 1, path: Path = ASSETS / "models" / "face_mesh.onnx"
    ) -> None:
        """Raises ModelError where the network file cannot be used."""
        self._session = Session(path, CONTRACT, device, threads)
        self.device = self._session.device
        self._near = np.empty((0, 0, 3), np.uint8)

    def run(self, image: NDArray[np.uint8], roi: Roi) -> tuple[NDArray[np.float32], float]:
        """(H, W, 3) RGB uint8 and a square of it -> (478, 3) landmarks in pixels of the picture, and presence 0..1.

        z is in the same scale as x and y, smaller is nearer; its 0 is near the head's centre.
        """
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        near = self._at_hand(image, roi)
        crop = cv2.warpAffine(near, roi.to_picture(), (SIZE, SIZE), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        landmarks, presence = self._session.run(crop[None])
        return project(landmarks[0], roi), float(presence[0])

    def _at_hand(self, image: NDArray[np.uint8], roi: Roi) -> NDArray[np.uint8]:
        """The picture in a buffer of ours, of which only the box around the square is filled.

        A picture that has waited, or that another thread captured, is not in this processor's cache, and
        ``warpAffine``, which reads along the square's tilted rows, is slow to bring it there. Copied along its own rows
        first it takes 0.3 ms less at 512x480; one that is in the cache already takes 0.05 ms more.
        """
        if self._near.shape != image.shape:
            self._near = np.empty_like(image)
        height, width = image.shape[:2]
        half = roi.size / 2 * (abs(math.cos(roi.angle)) + abs(math.sin(roi.angle))) + 2
        rows = slice(max(0, int(roi.y - half)), max(0, min(height, math.ceil(roi.y + half))))
        columns = slice(max(0, int(roi.x - half)), max(0, min(width, math.ceil(roi.x + half))))
        self._near[rows, columns] = image[rows, columns]
        return self._near


def project(landmarks: NDArray[np.float32], roi: Roi) -> NDArray[np.float32]:
    """(478, 3) landmarks in pixels of the crop (edges at 0 and 192) -> in pixels of the picture."""
    scale = roi.size / SIZE
    a, b = scale * math.cos(roi.angle), scale * math.sin(roi.angle)
    turn = np.array([[a, b, 0], [-b, a, 0], [0, 0, scale]], np.float32)
    half = SIZE / 2
    shift = np.array([roi.x - half * (a - b), roi.y - half * (a + b), 0], np.float32)
    return landmarks @ turn + shift
