"""The landmark engine of Mien's own: detector and attention mesh in onnxruntime."""

import numpy as np
from numpy.typing import NDArray

from models.runtime.detector import FaceDetector, tiles
from models.runtime.face_mesh import EYE_CORNERS, FaceMesh, Roi
from models.runtime.landmarks import LandmarkResult
from models.runtime.sessions import Device

MIN_PRESENCE = 0.5
"""Below this the mesh did not see a face where one was expected (MediaPipe's threshold)."""
SURE_SCORE, SURE_DISAGREEMENT = 0.75, 0.05
"""What a small face, found in a part of the picture only, has to pass: the more places one looks at, the more letters
and clouds look like faces. Those (detector score up to 0.71) move by 6 % of the distance between the eyes and more from
one look to the next; real faces by 1 or 2 %."""
TILE_EVERY = 3
"""While no face is found, every so many pictures one part of the picture is searched besides the whole."""


class OnnxLandmarks:
    """Follows the most prominent face; looks for it in the whole picture only when it was lost.

    ::

        searching --detector finds a face, mesh agrees--> following --presence < 0.5--> searching (same picture)
    """

    name = "onnx"

    def __init__(self, device: Device = "auto", threads: int = 1, min_presence: float = MIN_PRESENCE) -> None:
        """Raises ModelError where a network file or the device cannot be used."""
        self._detector = FaceDetector(device, threads)
        self._mesh = FaceMesh(device, threads)
        self._min_presence = min_presence
        self._roi: Roi | None = None
        self._searches = 0
        self.device = self._mesh.device

    def detect(self, image: NDArray[np.uint8], time_s: float) -> LandmarkResult | None:
        """(H, W, 3) RGB uint8 -> landmarks in its pixels, or None where there is no face.

        Raises ValueError for anything that is not an (H, W, 3) uint8 picture.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
            raise ValueError(f"picture must be (H, W, 3) uint8, not {image.shape} {image.dtype}")
        image = np.ascontiguousarray(image)
        if self._roi is not None and (seen := self._look(image, self._roi)) is not None:
            result, around = seen
            self._roi = self._roi.follow(around)
            return result
        return self._search(image)

    def reset(self) -> None:
        self._roi = None
        self._searches = 0

    def close(self) -> None:
        self.reset()

    def _look(self, image: NDArray[np.uint8], roi: Roi) -> tuple[LandmarkResult, Roi] | None:
        """The face in one square of the picture, if there is one, and the square around its landmarks."""
        if not roi.is_on(image):
            return None
        points, presence = self._mesh.run(image, roi)
        if presence < self._min_presence or not (around := Roi.of_landmarks(points)).is_on(image):
            return None
        return LandmarkResult(points, presence), around

    def _search(self, image: NDArray[np.uint8]) -> LandmarkResult | None:
        """Looks for a face in the whole picture, then more closely in squares of it.

        All of the squares for the first picture (it may be the only one), then now and then one of them in turn, so
        that an empty chair costs little.
        """
        squares = tiles(*image.shape[:2])
        if self._searches and squares:
            turn, rest = divmod(self._searches, TILE_EVERY)
            squares = [squares[turn % len(squares)]] if rest == 0 else []
        self._searches += 1
        for tile in (None, *squares):
            for face in self._detector.detect(image, tile):
                # The detector's square is a rough one: look once to centre the face, and again for the result.
                if (first := self._look(image, Roi.of_detection(face))) is None:
                    continue
                rough, around = first
                if (second := self._look(image, around)) is None:
                    continue
                result, around = second
                if tile is not None and (face.score < SURE_SCORE or _disagreement(rough, result) > SURE_DISAGREEMENT):
                    continue
                self._roi = around
                return result
        self._roi = None
        return None


def _disagreement(first: LandmarkResult, second: LandmarkResult) -> float:
    """Mean distance between the points of two looks at a face, as a part of the distance between its eye corners."""
    right, left = second.points[list(EYE_CORNERS), :2]
    off = np.linalg.norm((first.points - second.points)[:, :2], axis=1).mean()
    return float(off / max(np.linalg.norm(left - right), 1e-6))
