"""How to track, as plain frozen settings."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from app.errors import UserError
from app.filters import PRESETS
from app.rules import Rules
from app.shaping import Shaping
from models.runtime.sessions import Device


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """How to track. The first four are fixed for a tracker's life, the others may change by ``configure``."""

    landmarks: str = "onnx"
    """``onnx`` or ``mediapipe`` (which needs ``task_path``)."""
    task_path: Path | None = None
    model: str = "auto"
    """A key of ``models.runtime.regressor_choice.MODELS``."""
    device: Device = "auto"
    filter: str = "light"
    """A key of ``app.filters.PRESETS``."""
    calibrate: str = "auto"
    """One of ``app.calibration.MODES``, or the name or path of a profile (``app.profiles``)."""
    asymmetry: bool = True
    """False: both sides of the face move alike."""
    shaping: Shaping = field(default_factory=Shaping)
    """Gain, dead zone and limit of each channel, applied to what the filter gives and before ARKit."""
    lost_hold_s: float = 0.25
    """Without a face, values stay for this long..."""
    ease_s: float = 0.75
    """... and are at rest after this much more."""
    field_of_view_deg: float | None = None
    """Of the camera, across the picture's longer side. None: see ``app.webcam``."""
    rules: Rules = field(default_factory=Rules)

    def check(self) -> None:
        """Raises ``UserError`` for a filter that there is not."""
        if self.filter not in PRESETS:
            raise UserError(f"there is no filter {self.filter!r}: use one of {', '.join(PRESETS)}")


FIXED: Final = ("landmarks", "task_path", "model", "device")
"""Settings that need a new tracker."""
