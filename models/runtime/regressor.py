"""The geometric facial-parameter regressor in onnxruntime: aligned landmarks -> AUs, gaze, identity."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.runtime.sessions import ASSETS, Contract, Device, Session, TensorSpec

F = NDArray[np.float32]
GEOMETRIC_FILE: Final = ASSETS / "models" / "geometric.onnx"
GEOMETRIC: Final = Contract(
    name="geometric-regressor",
    version=1,
    inputs={
        "landmarks": TensorSpec("float32", (None, 478, 3)),
        "neutral": TensorSpec("float32", (None, 478, 3)),
    },
    outputs={
        "au": TensorSpec("float32", (None, 40)),
        "gaze_deg": TensorSpec("float32", (None, 4)),
        "identity": TensorSpec("float32", (None, 208)),
    },
)


@dataclass(frozen=True, slots=True)
class Regression:
    """What a regressor makes of one frame."""

    au: F
    """(40,) channels 0..1."""
    gaze_left_deg: F
    """(2,) yaw to the subject's left, pitch up."""
    gaze_right_deg: F
    """(2,)"""
    identity: F
    """(208,) 0..1, 0.5 = base face."""


class GeometricRegressor:
    """Reads 40 channels, gaze and identity from aligned landmarks and the same person's neutral ones."""

    def __init__(self, session: Session):
        self._session = session
        self.device = session.device

    @classmethod
    def load(cls, device: Device = "auto", path: Path = GEOMETRIC_FILE) -> "GeometricRegressor":
        """Opens the shipped network. Raises ModelError naming the file where it is missing, damaged or another one."""
        return cls(Session(path, GEOMETRIC, device))

    def predict(self, landmarks: F, neutral: F) -> Regression:
        """``landmarks`` and ``neutral``: (478, 3) aligned, head frame, metres (``models.runtime.alignment.align``)."""
        au, gaze, identity = self._session.run(
            np.ascontiguousarray(landmarks[None], np.float32), np.ascontiguousarray(neutral[None], np.float32)
        )
        return Regression(au[0], gaze[0, :2], gaze[0, 2:], identity[0])
