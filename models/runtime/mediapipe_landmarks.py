"""The other landmark engine: MediaPipe Tasks' FaceLandmarker, the reference that Mien's own is measured against."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.runtime.landmarks import LandmarkResult
from models.runtime.sessions import ModelError

TASK_HINT = (
    "download face_landmarker.task from MediaPipe's Face Landmarker page and pass it with --task PATH, "
    "or use --landmarks onnx"
)


class MediaPipeLandmarks:
    """FaceLandmarker in its VIDEO mode, one face. Runs on the CPU."""

    name = "mediapipe"
    device = "cpu"

    def __init__(self, task_path: str | Path | None, blendshapes: bool = False) -> None:
        """
        Args:
            task_path: the ``face_landmarker.task`` bundle.
            blendshapes: also estimate the 52 ARKit blendshapes, left in ``self.blendshapes`` after each ``detect``.

        Raises:
            ModelError: no such file, or not a bundle that MediaPipe reads.
        """
        if task_path is None:
            raise ModelError(f"the mediapipe landmark engine needs a model bundle: {TASK_HINT}")
        path = Path(task_path)
        if not path.is_file():
            raise ModelError(f"{path}: no such file; {TASK_HINT}")
        self.blendshapes: dict[str, float] | None = None
        """Of the last picture: ARKit name -> 0..1; None where there was no face or they are off."""
        self._with_blendshapes = blendshapes
        self._task = path.read_bytes()
        self._last_ms = -1
        self._landmarker = self._open()

    def _open(self) -> Any:
        try:
            from mediapipe.tasks.python import BaseOptions, vision  # half a second: only for who asks for it
        except ImportError as error:
            raise ModelError(f"the mediapipe package cannot be used ({error}): pip install mediapipe") from error
        options = vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_buffer=self._task),
            running_mode=vision.RunningMode.VIDEO,
            num_faces=1,
            output_face_blendshapes=self._with_blendshapes,
        )
        try:
            return vision.FaceLandmarker.create_from_options(options)
        except (RuntimeError, ValueError) as error:
            reason = str(error).strip().splitlines()[0]
            raise ModelError(f"MediaPipe cannot read this model bundle ({reason}); {TASK_HINT}") from error

    def detect(self, image: NDArray[np.uint8], time_s: float) -> LandmarkResult | None:
        """(H, W, 3) RGB uint8 and its time in seconds -> landmarks in its pixels, or None where there is no face.

        FaceLandmarker does not give a presence score: confidence is 1 for every face it reports.
        """
        from mediapipe import Image, ImageFormat

        # FaceLandmarker wants whole milliseconds that always grow.
        self._last_ms = max(round(time_s * 1000), self._last_ms + 1)
        picture = Image(image_format=ImageFormat.SRGB, data=np.ascontiguousarray(image))
        result = self._landmarker.detect_for_video(picture, self._last_ms)
        self.blendshapes = None
        if not result.face_landmarks:
            return None
        if self._with_blendshapes:
            self.blendshapes = {c.category_name: c.score for c in result.face_blendshapes[0]}
        height, width = image.shape[:2]
        points = np.array([(p.x, p.y, p.z) for p in result.face_landmarks[0]], np.float32)
        return LandmarkResult(points * np.array([width, height, width], np.float32), 1.0)

    def reset(self) -> None:
        """Forget the last face: FaceLandmarker can only do that by starting anew."""
        self.close()
        self._last_ms = -1
        self._landmarker = self._open()

    def close(self) -> None:
        self._landmarker.close()
        self.blendshapes = None
