"""The seam every landmark engine fills: picture in, 478 points out."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

N_LANDMARKS = 478


@dataclass(frozen=True, slots=True)
class LandmarkResult:
    """One face: MediaPipe's 468 mesh points followed by 5 points of the right and 5 of the left iris."""

    points: NDArray[np.float32]
    """(478, 3): x, y in pixels of the given picture, z in the same scale, smaller is nearer the camera."""
    confidence: float
    """0..1 face presence."""


class LandmarkEngine(Protocol):
    """Finds the landmarks of the most prominent face. Keeps the last region of interest between calls."""

    name: str
    device: str
    """What really runs: ``cpu`` or ``cuda``."""

    def detect(self, image: NDArray[np.uint8], time_s: float) -> LandmarkResult | None:
        """(H, W, 3) RGB uint8 and its time in seconds (never decreasing) -> landmarks, or None without a face."""
        ...

    def reset(self) -> None:
        """Forget the last face (a new source, a seek)."""
        ...

    def close(self) -> None: ...
