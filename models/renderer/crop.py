"""The aligned view: five points of the face (eyes, nose tip, mouth corners) brought to fixed places in the picture.

A similarity transform (turn, scale, shift) fitted by least squares (Umeyama 1991), as Song et al. 2020 align faces.
"""

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as nnf

IRISES: Final = (468, 473)
"""Iris centres, the subject's right and left (left and right in the picture)."""
NOSE_TIP: Final = 1
MOUTH_CORNERS: Final = (61, 291)
TEMPLATE: Final = ((0.345, 0.415), (0.655, 0.415), (0.5, 0.565), (0.375, 0.735), (0.625, 0.735))
"""Where right eye, left eye, nose tip, right and left mouth corner go, in picture sides: brows and chin stay inside."""


def five_points(landmarks: Tensor) -> Tensor:
    """(..., 478, 2 or more) -> (..., 5, 2) in the order of TEMPLATE."""
    return landmarks[..., [*IRISES, NOSE_TIP, *MOUTH_CORNERS], :2]


def similarity(points: Tensor, size: int) -> Tensor:
    """(N, 5, 2) pixels -> (N, 2, 3) that takes picture pixels to pixels of the aligned view of ``size``."""
    target = points.new_tensor(TEMPLATE) * size
    middle, target_middle = points.mean(1), target.mean(0)
    a, b = points - middle[:, None], target - target_middle
    norm = (a * a).sum((1, 2)).clamp(min=1e-9)
    cos = (a * b).sum((1, 2)) / norm
    sin = (a[..., 0] * b[:, 1] - a[..., 1] * b[:, 0]).sum(1) / norm
    linear = torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], 1)
    shift = target_middle - torch.einsum("nij,nj->ni", linear, middle)
    return torch.cat([linear, shift[..., None]], dim=-1)


def transform_points(matrix: Tensor, points: Tensor) -> Tensor:
    """(N, 2, 3) on (N, K, 2) -> (N, K, 2)."""
    return points @ matrix[:, :, :2].transpose(1, 2) + matrix[:, None, :, 2]


def warp(image: Tensor, matrix: Tensor, size: int, mode: str = "bilinear") -> Tensor:
    """(N, C, H, W) seen through ``matrix`` -> (N, C, size, size); beyond the picture its edge is repeated."""
    n, _, h, w = image.shape
    linear, shift = matrix[:, :, :2], matrix[:, :, 2]
    back = torch.linalg.inv(linear)
    axis = torch.arange(size, device=image.device, dtype=matrix.dtype) + 0.5
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    at = torch.stack([x, y], -1).reshape(1, -1, 2) - shift[:, None]
    source = (at @ back.transpose(1, 2)).reshape(n, size, size, 2)
    grid = source * source.new_tensor([2 / w, 2 / h]) - 1
    return nnf.grid_sample(image, grid, mode=mode, padding_mode="border", align_corners=False)
