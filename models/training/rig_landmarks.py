"""The rig's own 478 landmarks as a differentiable function of its parameters, in the frame the tracker aligns to."""

import numpy as np
import torch
from torch import Tensor, nn

from models.runtime.alignment import fit_head
from rig.face import Face
from rig.torch_twin import TorchFace


class RigLandmarks(nn.Module):
    """The rig reduced to the vertices that carry the 478 landmarks."""

    where: Tensor
    weights: Tensor

    def __init__(self, face: Face | None = None):
        super().__init__()
        face = face or Face()
        s = face.skeleton
        index, where = np.unique(s.landmark_vertices, return_inverse=True)
        self.register_buffer("where", torch.from_numpy(where.reshape(478, 3)))
        self.register_buffer("weights", torch.from_numpy(s.landmark_weights))
        self.twin = TorchFace(face, torch.from_numpy(index).long())

    def points(self, au: Tensor, identity: Tensor, gaze_deg: Tensor) -> tuple[Tensor, Tensor]:
        """As :meth:`forward` takes -> posed and resting landmarks (N, 478, 3), the rig's frame, metres."""
        people = self.twin.person(identity.clamp(0, 1))
        posed = self.twin(au.clamp(0, 1), gaze_deg[:, :2], gaze_deg[:, 2:], *people)
        return tuple(torch.einsum("lk,nlkd->nld", self.weights, v[:, self.where]) for v in (posed, people.vertices))  # type: ignore[return-value]

    def forward(self, au: Tensor, identity: Tensor, gaze_deg: Tensor) -> Tensor:
        """How the landmarks move from rest.

        Args:
            au: (N, 40), clipped to 0..1 here.
            identity: (N, 208), likewise.
            gaze_deg: (N, 4) left yaw, pitch, right yaw, pitch.

        Returns:
            (N, 478, 3) metres in the head frame, as if aligned (``models.runtime.alignment.align``): at the canonical
            face's size and attitude, which are fitted to the resting landmarks and taken as given.
        """
        posed, rest = self.points(au, identity, gaze_deg)
        fit = fit_head(rest.detach().cpu().numpy())
        back = torch.from_numpy(fit.rotation / fit.scale[:, None, None]).to(rest)
        return (posed - rest) @ back
