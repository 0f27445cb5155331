"""What a camera and a room do to an aligned view: random changes of pictures that training must shrug off."""

import torch
from torch import Tensor
from torch.nn import functional as nnf


def jitter(
    picture: Tensor, g: torch.Generator, shift: float = 0.025, scale: float = 0.04, turn: float = 0.06
) -> Tensor:
    """(N, 3, S, S) moved a little, each its own way: the detector's five points are never quite right.

    ``shift`` in sides, ``scale`` relative, ``turn`` in radians: standard deviations.
    """
    n = len(picture)
    size = 1 + scale * torch.randn(n, generator=g)
    angle = turn * torch.randn(n, generator=g)
    cos, sin = size * angle.cos(), size * angle.sin()
    move = 2 * shift * torch.randn(n, 2, generator=g)
    theta = torch.stack([cos, -sin, move[:, 0], sin, cos, move[:, 1]], 1).reshape(n, 2, 3).to(picture)
    grid = nnf.affine_grid(theta, list(picture.shape), align_corners=False)
    return nnf.grid_sample(picture, grid, padding_mode="border", align_corners=False)


def draw_look(n: int, g: torch.Generator) -> Tensor:
    """(N, 8) standard numbers for :func:`recolour`; pictures of one session share a row."""
    return torch.randn(n, 8, generator=g)


def recolour(picture: Tensor, look: Tensor) -> Tensor:
    """(N, 3, S, S) in 0..1 under another exposure, contrast, white balance and saturation; sometimes grey."""
    look = look.to(picture)[..., None, None]
    gain = torch.exp(0.18 * look[:, :1] + 0.07 * look[:, 1:4])
    gamma = torch.exp(0.22 * look[:, 4:5])
    grey = picture.mean(1, keepdim=True)
    colour = (1 + 0.3 * look[:, 5:6]).clamp(0, 2)
    colour = torch.where(look[:, 6:7] > 1.6, 0.0, colour)
    x = (grey + colour * (picture - grey)).clamp(1e-3, 1) ** gamma * gain
    middle = x.mean((1, 2, 3), keepdim=True)
    return (middle + (x - middle) * torch.exp(0.2 * look[:, 7:8])).clamp(0, 1)


class Spoiler:
    """Noise, softness and covered parts. Noise is cut from one tile: drawing it anew costs as much as a network."""

    def __init__(self, seed: int = 0, tile: int = 512):
        self.tile = torch.randn(3, tile, tile, generator=torch.Generator().manual_seed(seed))

    def __call__(self, picture: Tensor, g: torch.Generator) -> Tensor:
        """(N, 3, S, S) in 0..1 with noise, sometimes softened, sometimes a part covered (a hand, hair, a cup)."""
        n, _, h, w = picture.shape
        noise = self._noise(n, h, w, g)
        soft = torch.rand(n, generator=g) < 0.3
        x = picture + noise.to(picture)
        if soft.any():
            rows = soft.nonzero().squeeze(1).to(picture.device)
            wide = nnf.pad(x[rows], (1, 1, 1, 1), mode="replicate")
            x = x.index_copy(0, rows, nnf.avg_pool2d(wide, 3, 1))
        for k in (torch.rand(n, generator=g) < 0.12).nonzero().squeeze(1).tolist():
            (top, left), (tall, wide_) = (
                torch.rand(2, generator=g).tolist(),
                (0.1 + 0.3 * torch.rand(2, generator=g)).tolist(),
            )
            rows_, columns = slice(int(h * top), int(h * (top + tall))), slice(int(w * left), int(w * (left + wide_)))
            x[k, :, rows_, columns] = torch.rand(3, 1, 1, generator=g).to(x)
        return x.clamp_(0, 1)

    def _noise(self, n: int, h: int, w: int, g: torch.Generator) -> Tensor:
        """(N, 3, h, w): a window of the tile each, of a strength of its own."""
        side = self.tile.shape[-1]
        y = torch.randint(0, side - h + 1, (n,), generator=g)
        x = torch.randint(0, side - w + 1, (n,), generator=g)
        cut = [self.tile[:, a : a + h, b : b + w] for a, b in zip(y.tolist(), x.tolist(), strict=True)]
        return torch.stack(cut) * (0.02 * torch.rand(n, 1, 1, 1, generator=g))
