"""The landmark engine of Mien's own: detector and attention mesh in onnxruntime."""

import numpy as np
from numpy.typing import NDArray

from models.runtime.detector import FaceDetector
from models.runtime.face_mesh import FaceMesh, Roi
from models.runtime.landmarks import LandmarkResult
from models.runtime.sessions import Device

MIN_PRESENCE = 0.5
"""Below this the mesh did not see a face where one was expected (MediaPipe's threshold)."""


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
        self.device = self._mesh.device

    def detect(self, image: NDArray[np.uint8], time_s: float) -> LandmarkResult | None:
        """(H, W, 3) RGB uint8 -> landmarks in its pixels, or None where there is no face.

        Raises ValueError for anything that is not an (H, W, 3) uint8 picture.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
            raise ValueError(f"picture must be (H, W, 3) uint8, not {image.shape} {image.dtype}")
        image = np.ascontiguousarray(image)
        if self._roi is not None and (result := self._look(image, self._roi)) is not None:
            self._roi = self._roi.follow(Roi.of_landmarks(result.points))
            return result
        return self._search(image)

    def reset(self) -> None:
        self._roi = None

    def close(self) -> None:
        self._roi = None

    def _look(self, image: NDArray[np.uint8], roi: Roi) -> LandmarkResult | None:
        """The face in one square of the picture, if there is one."""
        if not roi.is_on(image):
            return None
        points, presence = self._mesh.run(image, roi)
        if presence < self._min_presence or not Roi.of_landmarks(points).is_on(image):
            return None
        return LandmarkResult(points, presence)

    def _search(self, image: NDArray[np.uint8]) -> LandmarkResult | None:
        """Looks for a face in the whole picture. The detector's square is a rough one, so a face is looked at twice:
        once to centre it, and again for the result."""
        for face in self._detector.detect(image):
            if (rough := self._look(image, Roi.of_detection(face))) is None:
                continue
            if (result := self._look(image, Roi.of_landmarks(rough.points))) is not None:
                self._roi = Roi.of_landmarks(result.points)
                return result
        self._roi = None
        return None
