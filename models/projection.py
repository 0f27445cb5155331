"""Rig vertices -> what the landmark model would report: pixels and weak-perspective depth of a pinhole camera."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.runtime.alignment import FACING, rotation_from_euler

F = NDArray[np.float32]
FACE_CENTRE = np.array([0.0, -0.03, -0.01], np.float32)
"""Where the cameras of the training data look at, metres in the rig's frame."""


@dataclass(frozen=True)
class View:
    """A camera at ``distance_m`` in front of a head that is turned by ``euler_deg`` (yaw, pitch, roll)."""

    euler_deg: F
    distance_m: float
    focal_px: float
    size_px: int

    @property
    def rotation(self) -> F:
        """(3, 3) rig frame -> OpenCV camera axes."""
        return rotation_from_euler(self.euler_deg) @ FACING

    def project(self, points: F) -> F:
        """(..., 3) rig metres -> (..., 3): x, y in pixels, z in the same scale relative to the face's centre."""
        p = (points - FACE_CENTRE) @ self.rotation.T
        z = p[..., 2] + self.distance_m
        scale = self.focal_px / self.distance_m
        xy = p[..., :2] * (self.focal_px / z)[..., None] + self.size_px / 2
        return np.concatenate([xy, (p[..., 2] * scale)[..., None]], axis=-1).astype(np.float32)

    def place(self, camera) -> None:  # type: ignore[no-untyped-def]
        """Puts a PyVista camera where this view's camera is in the rig's frame."""
        r = self.rotation
        camera.position = tuple(FACE_CENTRE - self.distance_m * r[2])
        camera.focal_point = tuple(FACE_CENTRE)
        camera.up = tuple(-r[1])
        camera.view_angle = float(np.degrees(2 * np.arctan(self.size_px / 2 / self.focal_px)))
        camera.clipping_range = (0.05, 4.0)


def draw_view(rng: np.random.Generator, euler_deg: F, size_px: int) -> View:
    """Distances of a webcam or phone (0.35 to 1.2 m); the face fills half to four fifths of the picture."""
    distance = float(np.exp(rng.uniform(np.log(0.35), np.log(1.2))))
    face_px = size_px * rng.uniform(0.50, 0.78)
    return View(euler_deg, distance, float(face_px * distance / 0.17), size_px)
