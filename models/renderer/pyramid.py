"""Texture sheets with mip levels in one flat table, sampled by row gathers on any device."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

SMALLEST = 32
LOD_BIAS = -0.35
"""Surfaces seen at a slant have a small area but are wide in one direction: a little sharper than the area says."""


@dataclass(frozen=True)
class Pyramid:
    """Square sheets of C channels, each with its mip levels from ``size`` down to SMALLEST."""

    texels: Tensor
    """(sheets * texels of all levels, C)"""
    size: int
    levels: int
    stride: int
    """Texels of one sheet, all levels."""

    @classmethod
    def build(cls, sheets: NDArray, device: torch.device | str = "cpu") -> "Pyramid":
        """(K, S, S, C) float sheets, S a power of two, the first row at v = 1 -> their pyramid (area averages)."""
        rows = []
        size = sheets.shape[1]
        levels = 1
        for sheet in sheets:
            image = sheet.astype(np.float32)
            levels = 1
            while True:
                rows.append(image.reshape(-1, sheets.shape[3]))
                if image.shape[0] <= SMALLEST:
                    break
                half = image.shape[0] // 2
                image = cv2.resize(image, (half, half), interpolation=cv2.INTER_AREA).reshape(half, half, -1)
                levels += 1
        table = torch.from_numpy(np.concatenate(rows)).to(device)
        return cls(table, size, levels, len(table) // len(sheets))

    def level_of_detail(self, uv_area: Tensor, area_px: Tensor) -> Tensor:
        """The level at which a texel is about a pixel, of triangles with these areas (unit square, pixels)."""
        ratio = uv_area * (self.size * self.size) / area_px.clamp(min=1e-6)
        return 0.5 * torch.log2(ratio.clamp(min=1e-12)) + LOD_BIAS

    def sample(self, uv: Tensor, lod: Tensor, sheet: Tensor | None = None) -> Tensor:
        """Bilinear at the nearest level: ``uv`` (N, 2, P) in 0..1, ``lod`` (N, P), ``sheet`` (N, P) -> (N, C, P)."""
        level = lod.round().clamp_(0, self.levels - 1).long()
        width = torch.bitwise_right_shift(torch.full_like(level, self.size), level)
        # Levels before this one hold size^2 (1 + 1/4 + ...) texels.
        offset = torch.div((self.size * self.size - width * width) * 4, 3, rounding_mode="floor")
        if sheet is not None:
            offset = offset + sheet * self.stride
        w = width.to(uv.dtype)
        x = uv[:, 0] * w - 0.5
        y = (1 - uv[:, 1]) * w - 0.5
        x0, y0 = x.floor(), y.floor()
        fx, fy = (x - x0).reshape(-1, 1), (y - y0).reshape(-1, 1)
        top = width - 1
        xi, yi = x0.long(), y0.long()
        xa, xb = xi.clamp(min=0).minimum(top), (xi + 1).clamp_(min=0).minimum(top)
        ya, yb = yi.clamp(min=0).minimum(top) * width + offset, (yi + 1).clamp_(min=0).minimum(top) * width + offset
        rows = [self.texels.index_select(0, k.reshape(-1)) for k in (ya + xa, ya + xb, yb + xa, yb + xb)]
        texel = torch.lerp(torch.lerp(rows[0], rows[1], fx), torch.lerp(rows[2], rows[3], fx), fy)
        return texel.reshape(*level.shape, -1 if texel.numel() else self.texels.shape[1]).transpose(1, 2).contiguous()
