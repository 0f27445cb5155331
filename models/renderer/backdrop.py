"""What is behind people: gradients, blurred rooms, noise, lights out of focus. Drawn small, then enlarged."""

import torch
from torch import Tensor

from models.renderer.sample import Parameters

SMALL = 64
SHAPES = 10
DISCS = 8


def backdrop(p: Parameters, size: int) -> Tensor:
    """(N, 3, size, size) linear light."""
    n = len(p)
    dice = p.backdrop_dice
    axis = (torch.arange(SMALL, device=dice.device) + 0.5) / SMALL
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    palette = p.backdrop[..., None, None]
    gradient, shapes, noise, bokeh, softness = p.backdrop_kind.unbind(1)

    def share(v: Tensor) -> Tensor:
        return v[:, None, None, None]

    turn = dice[:, 0] * 2 * torch.pi
    along = (x - 0.5) * turn.cos()[:, None, None] + (y - 0.5) * turn.sin()[:, None, None] + 0.5
    picture = torch.lerp(palette[:, 0], palette[:, 1], along[:, None].clamp(0, 1))
    grid = dice[:, 1:65].reshape(n, 1, 8, 8)
    cloud = torch.nn.functional.interpolate(grid, (SMALL, SMALL), mode="bicubic", align_corners=False)
    clouds = torch.lerp(palette[:, 2], palette[:, 3], cloud.clamp(0, 1))
    picture = torch.lerp(picture, clouds, share((noise / (gradient + noise + 1e-6)).clamp(0, 1)))
    soft = 0.008 + 0.12 * softness * softness
    room = _shapes(picture, dice[:, 65 : 65 + 5 * SHAPES].reshape(n, SHAPES, 5), p.backdrop, x, y, soft)
    picture = torch.lerp(picture, room, share((shapes * 1.6).clamp(0, 1)))
    for k in range(DISCS):
        cx, cy, r, bright = dice[:, 115 + 4 * k : 119 + 4 * k, None, None].unbind(1)
        d = ((x - cx) ** 2 + (y - cy) ** 2).sqrt()
        disc = ((0.02 + 0.05 * r - d) / 0.012).clamp(0, 1) * (0.2 + bright)
        picture = picture + disc[:, None] * palette[:, 4 + k % 2] * share(bokeh) * 1.5
    return torch.nn.functional.interpolate(picture, (size, size), mode="bilinear", align_corners=False)


def _shapes(picture: Tensor, dice: Tensor, palette: Tensor, x: Tensor, y: Tensor, soft: Tensor) -> Tensor:
    """Doors, windows, shelves: soft rectangles one over the other."""
    for k in range(dice.shape[1]):
        cx, cy, w, h, tone = dice[:, k, :, None, None].unbind(1)
        tall = 0.04 + 0.30 * (w if k % 2 else h * w)
        wide = 0.03 + 0.30 * (h if k % 3 else h * h * 0.4)
        inside_x = (wide - (x - cx * 1.2 + 0.1).abs()) / soft[:, None, None] + 0.5
        inside_y = (tall - (y - cy * 1.2 + 0.1).abs()) / soft[:, None, None] + 0.5
        mask = inside_x.clamp(0, 1) * inside_y.clamp(0, 1)
        colour = palette[:, k % palette.shape[1], :, None, None] * (0.35 + tone[:, None])
        picture = torch.lerp(picture, colour, mask[:, None])
    return picture
