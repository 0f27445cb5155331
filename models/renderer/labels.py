"""What a pixel can be: the part labels of a rendered picture, and the paper's 269-d vector of its parameters.

The codes are the 19 classes of CelebAMask-HQ in the order of the published BiSeNet face-parsing checkpoint, so that a
network trained on these masks and one trained there speak of the same classes. Left and right are the subject's own.
"""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rig.parameters import N_BROW_STYLES, fold_sides

LABELS: Final = (
    "background", "skin", "brow-left", "brow-right", "eye-left", "eye-right", "glasses", "ear-left", "ear-right",
    "earring", "nose", "mouth", "upper-lip", "lower-lip", "neck", "necklace", "clothes", "hair", "hat",
)  # fmt: skip
LABEL: Final[dict[str, int]] = {name: code for code, name in enumerate(LABELS)}

PARTS: Final[dict[str, tuple[str, ...]]] = {
    "skin": ("skin",),
    "eyes": ("eye-left", "eye-right"),
    "brows": ("brow-left", "brow-right"),
    "nose": ("nose",),
    "upper lip": ("upper-lip",),
    "lower lip": ("lower-lip",),
    "mouth interior": ("mouth",),
    "face": ("skin", "eye-left", "eye-right", "brow-left", "brow-right", "nose", "upper-lip", "lower-lip", "mouth"),
    "background": ("background",),
}
"""The masks that training asks for, each a union of labels; ``face`` is the silhouette without ears, hair and neck."""

LABEL_COLOURS: Final[NDArray[np.uint8]] = np.array(
    [
        (0, 0, 0), (230, 180, 150), (90, 50, 20), (140, 90, 40), (40, 120, 255), (120, 190, 255), (255, 0, 255),
        (255, 140, 60), (255, 180, 90), (255, 255, 0), (90, 200, 90), (120, 0, 0), (255, 60, 90), (220, 0, 160),
        (170, 120, 100), (200, 200, 0), (70, 70, 160), (60, 60, 60), (0, 120, 120),
    ],
    np.uint8,
)  # fmt: skip
"""(19, 3) RGB, for looking at masks."""

POSE_SPAN_DEG: Final = 90.0
"""Yaw and pitch of -90 and +90 degrees are 0 and 1 in the vector; 0.5 is frontal."""


def part_mask(labels: Tensor, part: str) -> Tensor:
    """(N, H, W) label codes -> (N, H, W) bool of one of PARTS."""
    table = torch.tensor([name in PARTS[part] for name in LABELS], device=labels.device)
    return table[labels.long()]


def parameter_vector(euler_deg: Tensor, au: Tensor, identity: Tensor, brow_style: Tensor) -> Tensor:
    """The paper's y (N, 269): pose 2 (yaw, pitch), AU 23, identity 208, brow style 36 one-hot; all 0..1.

    ``euler_deg`` (N, 3) yaw, pitch, roll as in FaceFrame, ``au`` (N, 40), ``identity`` (N, 208), ``brow_style`` (N,).
    Song et al. 2020, section 2.2; the channels fold to 23 AUs by the mean of the sides.
    """
    pose = (0.5 + euler_deg[:, :2] / (2 * POSE_SPAN_DEG)).clamp(0, 1)
    brows = torch.nn.functional.one_hot(brow_style.long(), N_BROW_STYLES).to(au.dtype)
    return torch.cat([pose, fold_sides(au), identity, brows], dim=1)
