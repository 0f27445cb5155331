"""Which camera took a picture, where nobody has said so."""

from dataclasses import replace
from typing import Final

from models.runtime.alignment import Camera

WEBCAM_DEG: Final = 60.0
"""Webcams have 55 to 78 degrees across."""
NEAREST_M, CLOSE_UP_M = 0.40, 0.60
"""A face that a webcam would have to be nearer to than the first when it is first seen is taken for a close-up (a
cropped or zoomed film), and its camera for one at the second distance: else perspective would be undone that is not
there."""


class WebcamGuess:
    """The camera of a source: guessed from the first face in it, then kept."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._camera: tuple[tuple[int, int, float | None], Camera] | None = None

    def camera(self, shape: tuple[int, ...], px_per_m: float, field_of_view_deg: float | None = None) -> Camera:
        """The camera of an (H, W, 3) picture in which a face has this scale.

        ``field_of_view_deg``, across the picture's longer side, is believed where it is given.
        """
        height, width = shape[:2]
        key = (width, height, field_of_view_deg)
        if self._camera is None or self._camera[0] != key:
            camera = Camera.of_image(width, height, field_of_view_deg or WEBCAM_DEG)
            if field_of_view_deg is None and camera.focal_px < NEAREST_M * px_per_m:
                camera = replace(camera, focal_px=CLOSE_UP_M * px_per_m)
            self._camera = key, camera
        return self._camera[1]
