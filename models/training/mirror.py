"""Faces in the mirror: left and right of landmarks, channels and gaze change places."""

import numpy as np
import torch
from torch import Tensor

from models.runtime.alignment import mirror_landmarks
from rig.parameters import MIRROR

TWIN = torch.from_numpy(np.array(mirror_landmarks()))
CHANNEL_TWIN = torch.tensor(MIRROR)
FLIP = torch.tensor([-1.0, 1.0, 1.0])


def mirrored_landmarks(points: Tensor) -> Tensor:
    """(N, 478, 3) head frame -> the same in the mirror."""
    return points[:, TWIN] * FLIP


def mirrored_gaze(gaze_deg: Tensor) -> Tensor:
    """(N, 4) left yaw, pitch, right yaw, pitch -> the same in the mirror."""
    return gaze_deg[:, [2, 3, 0, 1]] * gaze_deg.new_tensor([-1, 1, -1, 1])
