"""The aligned view of rendered pictures and of all that is true about their pixels: see ``models.runtime.crop``."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as nnf

from models.runtime.alignment import fit_head
from models.runtime.crop import crop_matrix, five_points


def similarity(landmarks: Tensor, size: int) -> Tensor:
    """(N, 478, 3) pixels -> (N, 2, 3) that takes picture pixels to pixels of the aligned view of ``size``."""
    fit = fit_head(landmarks.detach().cpu().numpy().astype(np.float32))
    return torch.from_numpy(crop_matrix(five_points(fit), size)).to(landmarks)


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
