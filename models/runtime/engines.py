"""Which landmark engine a user asked for."""

from pathlib import Path
from typing import Final

from models.runtime.landmarks import LandmarkEngine
from models.runtime.mediapipe_landmarks import MediaPipeLandmarks
from models.runtime.onnx_landmarks import OnnxLandmarks
from models.runtime.sessions import Device, ModelError

ENGINES: Final = ("onnx", "mediapipe")


def make_landmark_engine(
    kind: str = "onnx", device: Device = "auto", task_path: str | Path | None = None
) -> LandmarkEngine:
    """The engine called ``onnx`` or ``mediapipe`` (which needs ``task_path`` and runs on the CPU whatever ``device``).

    Raises ModelError with one line for the user: unknown name, missing or broken file, device not to be had.
    """
    if kind == "onnx":
        return OnnxLandmarks(device)
    if kind == "mediapipe":
        return MediaPipeLandmarks(task_path)
    raise ModelError(f"unknown landmark engine {kind!r}: use one of {', '.join(ENGINES)}")
