"""Whether it is still the same person who sits there, told cheaply while pictures of a face are collected.

A face that is followed without a break is the same one. After a break (no face for a frame, or one that is elsewhere)
the next good frames are compared with those that were kept: brows, eyes and nose in the aligned view, freed of light by
dividing the local contrast out, as a normalised correlation. Landmarks alone do not tell: between calm frames the bony
points of one person differ by up to 3.8 mm, and those of two people sometimes by 1.1 mm.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from app.face_frame import FaceFrame
from models.runtime.alignment import fit_head
from models.runtime.crop import aligned_view, crop_matrix, five_points

Array = NDArray[np.float32]

SIDE: Final = 48
LIGHT_PX: Final = 4.0
"""Standard deviation of what counts as light, in pixels of SIDE."""
LEAST_CONTRAST: Final = 4.0
"""Of 255: where there is less, there is noise."""
CENTRE, HALF_AXES, LOWEST = (0.5, 0.52), (0.36, 0.42), 0.66
"""The ellipse that is looked at, cut off above the mouth, which moves; in sides of the view."""
ELSEWHERE: Final = 0.35
"""Of its width: a face that is so far from where it was between two frames may be another's."""
LOOKS: Final = 4
"""Good frames that are compared before anything is said."""
ALIKE: Final = 0.68
"""Mean of the best correlations. Calm halves of the development clips: 0 of 28 of the same person were below, 29 of 791
of other people above."""


def appearance(image: NDArray[np.uint8], landmarks: Array) -> Array:
    """(H, W, 3) RGB and (478, 3) landmarks in its pixels -> (K,) of unit length: alike ones have a product near 1."""
    view = aligned_view(image, crop_matrix(five_points(fit_head(landmarks))))
    grey = cv2.resize(cv2.cvtColor(view, cv2.COLOR_RGB2GRAY), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    detail = grey.astype(np.float32) - cv2.GaussianBlur(grey.astype(np.float32), (0, 0), LIGHT_PX)
    detail /= cv2.GaussianBlur(np.abs(detail), (0, 0), LIGHT_PX) + LEAST_CONTRAST
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    inside = ((x - CENTRE[0]) / HALF_AXES[0]) ** 2 + ((y - CENTRE[1]) / HALF_AXES[1]) ** 2 < 1
    seen = detail[inside & (y < LOWEST)]
    seen = seen - seen.mean()
    return np.asarray(seen / max(float(np.linalg.norm(seen)), 1e-6), np.float32)


class PersonWatch:
    """Per frame ``follow``; for a good one, where ``unsure``, ``look``; ``keep`` those that were taken."""

    def __init__(self) -> None:
        self.unsure = False
        """The face was gone or jumped, and nobody has looked whose it is now."""
        self._kept: list[Array] = []
        self._scores: list[float] = []
        self._last: tuple[Array, float] | None = None

    def follow(self, face: FaceFrame) -> None:
        """Every frame, in order: notices breaks."""
        before, self._last = self._last, None
        if face.tracked:
            points = face.landmarks[:, :2]
            self._last = points.mean(0), max(float(np.ptp(points[:, 0])), 1.0)
        if not self._kept:
            return
        if before is None or self._last is None or _apart(before, self._last) > ELSEWHERE:
            self.unsure, self._scores = True, []

    def keep(self, image: NDArray[np.uint8], landmarks: Array) -> None:
        """A picture of the person it is about."""
        self._kept.append(appearance(image, landmarks))

    def look(self, image: NDArray[np.uint8], landmarks: Array) -> bool | None:
        """A good frame after a break: True for the same person, False for another one, None while it is too early."""
        seen = appearance(image, landmarks)
        self._scores.append(max(float(kept @ seen) for kept in self._kept))
        if len(self._scores) < LOOKS:
            return None
        same = float(np.mean(self._scores)) >= ALIKE
        if same:
            self.unsure = False
        self._scores = []
        return same


def _apart(one: tuple[Array, float], other: tuple[Array, float]) -> float:
    """Of two faces, each its centre and width: in widths of the smaller one."""
    return float(np.linalg.norm(one[0] - other[0])) / min(one[1], other[1])
