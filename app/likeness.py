"""Who the face is (identity, brow style), held steady: people do not change from frame to frame, what is read does."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.calibration import MAX_STEP_S
from app.resting_code import frontal

Array = NDArray[np.float32]

REMEMBER_S: Final = 20.0
"""A frame fades with this time constant once so much was seen; before, every frame counts alike."""


class Likeness:
    """Running mean over the frames of one person, turned heads counting little. ``identity`` is None before."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self.identity: Array | None = None
        self._styles: Array | None = None
        self._weight_s = 0.0
        self._last_s: float | None = None

    @property
    def brow_style(self) -> int:
        """Index of the likeliest of the 36 styles; 0 before the first frame."""
        return 0 if self._styles is None else int(self._styles.argmax())

    def update(self, identity: Array, styles: Array, euler_deg: Array, time_s: float) -> Array:
        """One frame: (208,) identity, (36,) probabilities of brow styles, (3,) head angles, media time -> identity."""
        step_s = 1 / 30 if self._last_s is None else float(np.clip(time_s - self._last_s, 0, MAX_STEP_S))
        self._last_s = time_s
        weight_s = step_s * (0.02 + float(frontal(euler_deg)))
        if self.identity is None or self._styles is None:
            self.identity, self._styles = np.array(identity, np.float32), np.array(styles, np.float32)
        else:
            part = np.float32(weight_s / max(self._weight_s + weight_s, 1e-9))
            self.identity = self.identity + part * (identity - self.identity)
            self._styles = self._styles + part * (styles - self._styles)
        self._weight_s = min(self._weight_s + weight_s, REMEMBER_S)
        return self.identity
