"""The geometric facial-parameter regressor: aligned landmarks and the person's own neutral -> AUs, gaze, identity."""

from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor, nn

from models.runtime.alignment import canonical_face
from rig.parameters import N_CHANNELS, N_IDENTITY

DELTA_UNIT_M = 0.004
SHAPE_UNIT_M = 0.008
GAZE_UNIT_DEG = 20.0
# Lid contours and irises, right then left: what gaze is read from.
EYE_POINTS = (
    33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246, 468, 469, 470, 471, 472,
    263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466, 473, 474, 475, 476, 477,
)  # fmt: skip


@dataclass
class Architecture:
    """Widths; saved in checkpoints so that they rebuild themselves."""

    hidden: int = 320
    shape_code: int = 48
    identity_hidden: int = 256
    dropout: float = 0.1


class LandmarkRegressor(nn.Module):
    """Three small networks side by side.

    - AUs from the difference to neutral and a short code of the neutral face (a wide mouth smiles wide),
    - gaze from the eyes' points, present and at rest,
    - identity from the neutral face alone (an expression must not change who someone is).

    Units are buffers, so they travel with the exported model.
    """

    mean_face: Tensor
    eye_points: Tensor

    def __init__(self, architecture: Architecture | None = None):
        super().__init__()
        self.architecture = a = architecture or Architecture()
        n = 478 * 3
        self.register_buffer("mean_face", torch.from_numpy(np.array(canonical_face())))
        self.register_buffer("eye_points", torch.tensor(EYE_POINTS))
        self.shape = nn.Linear(n, a.shape_code)
        self.enter = nn.Linear(n, a.hidden)
        self.mix = nn.Linear(a.hidden + a.shape_code, a.hidden)
        self.block = nn.Sequential(
            nn.LayerNorm(a.hidden),
            nn.Linear(a.hidden, a.hidden),
            nn.GELU(),
            nn.Dropout(a.dropout),
            nn.Linear(a.hidden, a.hidden),
        )
        self.au = nn.Sequential(nn.LayerNorm(a.hidden), nn.GELU(), nn.Linear(a.hidden, N_CHANNELS))
        self.direct = nn.Linear(n, N_CHANNELS, bias=False)
        e = len(EYE_POINTS) * 3
        self.gaze = nn.Sequential(nn.Linear(2 * e, 96), nn.GELU(), nn.Linear(96, 96), nn.GELU(), nn.Linear(96, 4))
        self.identity = nn.Sequential(
            nn.Linear(n, a.identity_hidden), nn.GELU(), nn.Linear(a.identity_hidden, N_IDENTITY)
        )

    def forward(self, landmarks: Tensor, neutral: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """
        Args:
            landmarks: (N, 478, 3) aligned, head frame, metres (``models.runtime.alignment.align``).
            neutral: (N, 478, 3) the same person at rest.

        Returns:
            au (N, 40) unbounded, 0..1 in range; gaze (N, 4) degrees, left yaw, pitch, right yaw, pitch;
            identity (N, 208) about 0.5.
        """
        delta = (landmarks - neutral) / DELTA_UNIT_M
        shape = ((neutral - self.mean_face) / SHAPE_UNIT_M).flatten(1)
        code = torch.tanh(self.shape(shape))
        # Soft clipping keeps one lost point from deciding everything.
        d = (8 * torch.tanh(delta / 8)).flatten(1)
        h = self.mix(torch.cat([nn.functional.gelu(self.enter(d)), code], -1))
        h = h + self.block(h)
        au = self.au(h) + self.direct(d)
        eyes = [((x - self.mean_face) / DELTA_UNIT_M)[:, self.eye_points].flatten(1) for x in (landmarks, neutral)]
        gaze = self.gaze(torch.cat(eyes, -1)) * GAZE_UNIT_DEG
        return au, gaze, self.who(neutral)

    def who(self, neutral: Tensor) -> Tensor:
        """(N, 478, 3) at rest -> identity (N, 208) about 0.5."""
        shape = ((neutral - self.mean_face) / SHAPE_UNIT_M).flatten(1)
        return 0.5 + 0.25 * self.identity(shape)

    def checkpoint(self, **more: object) -> dict[str, object]:
        return {"architecture": asdict(self.architecture), "state": self.state_dict(), **more}

    @classmethod
    def from_checkpoint(cls, checkpoint: dict) -> "LandmarkRegressor":
        model = cls(Architecture(**checkpoint["architecture"]))
        model.load_state_dict(checkpoint["state"])
        return model
