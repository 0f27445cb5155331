"""Linear light -> the picture a camera would hand over: exposure, blur, tone curve, noise, rescaling, JPEG blocks."""

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from models.renderer.sample import Parameters

FACE_LUMA, METERING = 0.20, 0.75
"""Where exposure brings a face's mean luma (linear), and how far it goes there."""
LUMA = (0.2126, 0.7152, 0.0722)
TILE = 512
BLUR_TAPS = 13
# ITU-T T.81, annex K.1.
_QUANT_LUMA = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip
_TO_YCC = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))


class Sensor(nn.Module):
    """Stateless but for its tables; sides must be multiples of 16."""

    noise: Tensor
    dct: Tensor
    quant: Tensor
    to_ycc: Tensor
    luma: Tensor

    def __init__(self) -> None:
        super().__init__()
        k, x = np.mgrid[0:8, 0:8]
        dct = np.cos((2 * x + 1) * k * np.pi / 16) * np.where(k == 0, math.sqrt(1 / 8), 0.5)
        tile = torch.randn(3, TILE, TILE, generator=torch.Generator().manual_seed(11))
        # Sensors demosaic, so their noise is a little smooth.
        tile = tile + 0.5 * (tile.roll(1, 1) + tile.roll(1, 2)) + 0.25 * tile.roll((1, 1), (1, 2))
        self.register_buffer("noise", tile / tile.std())
        self.register_buffer("dct", torch.from_numpy(dct.astype(np.float32)))
        self.register_buffer("quant", torch.tensor(_QUANT_LUMA, dtype=torch.float32).reshape(8, 8) / 255)
        self.register_buffer("to_ycc", torch.tensor(_TO_YCC))
        self.register_buffer("luma", torch.tensor(LUMA))

    @torch.no_grad()
    def forward(self, light: Tensor, face: Tensor, p: Parameters) -> Tensor:
        """Linear light (N, 3, S, S), the face's pixels (N, S, S) bool -> sRGB (N, 3, S, S) in 0..1."""
        size = light.shape[-1]
        seen = (light * self.luma[:, None, None]).sum(1)
        weight = face + 0.02
        mean = (seen * weight).sum((1, 2)) / weight.sum((1, 2))
        gain = p.exposure * (FACE_LUMA / mean.clamp(min=1e-3)) ** METERING
        image = light * (gain[:, None] * p.white_balance)[..., None, None]
        image = _some(image, p.blur.amax(1) > 0.25, lambda x, q: blur(x, q.blur * (size / 256)), p)
        axis = torch.linspace(-1, 1, size, device=light.device)
        radius2 = axis[:, None] ** 2 + axis[None] ** 2
        image = image * (1 - p.vignette[:, None, None, None] * radius2 / 2)
        image = encode(image, p.contrast)
        image = _some(image, p.resample < 0.97, resample, p)
        image = image + self._grain(p, size, (image * self.to_ycc[0][:, None, None]).sum(1, keepdim=True))
        return _some(image, p.jpeg > 0.05, self.jpeg, p).clamp(0, 1)

    def _grain(self, p: Parameters, size: int, luma: Tensor) -> Tensor:
        """(N, 3, S, S): a window of the noise tile, another for every picture; stronger in the dark."""
        start = (p.backdrop_dice[:, :2] * TILE).long()
        at = torch.arange(size, device=luma.device)
        rows = (start[:, :1] + at) % TILE
        columns = (start[:, 1:] + at) % TILE
        tile = self.noise[:, rows[:, :, None], columns[:, None]].transpose(0, 1)
        grey = tile.sum(1, keepdim=True) / math.sqrt(3)
        strength = p.noise[..., None, None]
        return (grey * strength[:, :1] + (tile - grey / math.sqrt(3)) * strength[:, 1:]) * (1.3 - 0.8 * luma)

    def jpeg(self, image: Tensor, p: Parameters) -> Tensor:
        """(N, 3, S, S) through quantised 8 x 8 cosine blocks, chroma at half size."""
        ycc = torch.einsum("ck,nkhw->nchw", self.to_ycc, image - 0.5)
        luma = self._blocks(ycc[:, :1], p.jpeg)
        chroma = self._blocks(nnf.avg_pool2d(ycc[:, 1:], 2), p.jpeg * 1.4)
        chroma = nnf.interpolate(chroma, scale_factor=2.0, mode="bilinear", align_corners=False)
        back = torch.linalg.inv(self.to_ycc)
        return torch.einsum("ck,nkhw->nchw", back, torch.cat([luma, chroma], 1)) + 0.5

    def _blocks(self, plane: Tensor, scale: Tensor) -> Tensor:
        n, c, h, w = plane.shape
        block = plane.reshape(n, c, h // 8, 8, w // 8, 8).transpose(3, 4)
        step = self.quant * scale[:, None, None, None, None, None].clamp(min=0.02)
        coefficient = ((self.dct @ block @ self.dct.T) / step).round() * step
        return (self.dct.T @ coefficient @ self.dct).transpose(3, 4).reshape(n, c, h, w)


def _some(image: Tensor, which: Tensor, effect, p: Parameters) -> Tensor:  # type: ignore[no-untyped-def]
    """``effect(image, p)`` on the pictures that have it."""
    rows = which.nonzero().squeeze(1)
    if len(rows) == 0:
        return image
    return image.index_copy(0, rows, effect(image.index_select(0, rows), p.rows(rows)))


def encode(light: Tensor, contrast: Tensor) -> Tensor:
    """Linear light (N, 3, S, S) -> sRGB with a shoulder, and an S-curve by ``contrast`` (N,) 0..1."""
    x = light.clamp(min=0)
    x = x * (1 + x / 3.2) / (1 + x * 0.75)
    x = torch.where(x <= 0.0031308, x * 12.92, 1.055 * x.clamp(min=1e-6) ** (1 / 2.4) - 0.055).clamp(0, 1)
    curve = x * x * (3 - 2 * x)
    return torch.lerp(x, curve, 0.55 * contrast[:, None, None, None])


def blur(image: Tensor, sigma_px: Tensor) -> Tensor:
    """Gaussian blur of each picture (N, 3, S, S) by ``sigma_px`` (N, 2) along x and y (a head that turns smears x)."""
    n, c, h, w = image.shape
    half = BLUR_TAPS // 2
    axis = torch.arange(-half, half + 1, device=image.device, dtype=image.dtype)
    taps = torch.exp(-(axis**2) / (2 * sigma_px.clamp(min=0.2)[..., None] ** 2))
    taps = (taps / taps.sum(-1, keepdim=True)).repeat_interleave(c, 0)
    flat = nnf.pad(image, (half, half, half, half), mode="replicate").reshape(1, n * c, h + 2 * half, w + 2 * half)
    flat = nnf.conv2d(flat, taps[:, 0, None, None, :], groups=n * c)
    return nnf.conv2d(flat, taps[:, 1, None, :, None], groups=n * c).reshape(n, c, h, w)


def resample(image: Tensor, p: Parameters) -> Tensor:
    """Shrinks each picture to its ``p.resample`` of the side and enlarges it again, as a coarse camera or a zoom does.

    All at once: sampled bilinearly at the middle of each coarse pixel, after a blur of its size.
    """
    n, _, h, _ = image.shape
    soft = blur(image, (0.42 / p.resample - 0.25).clamp(min=0.2)[:, None].expand(-1, 2))
    grid_px = torch.arange(h, device=image.device, dtype=image.dtype) + 0.5
    coarse = p.resample[:, None] * grid_px
    low = (coarse - 0.5).floor()
    f = coarse - 0.5 - low
    rows = [((low + d + 0.5) / p.resample[:, None]).clamp(0.5, h - 0.5).long() for d in (0, 1)]
    f = f[:, None]

    def take(x: Tensor, index: Tensor, dim: int) -> Tensor:
        shape = [n, 1, 1, 1]
        shape[dim] = h
        return x.gather(dim, index.reshape(shape).expand_as(x))

    soft = torch.lerp(take(soft, rows[0], 2), take(soft, rows[1], 2), f[..., None])
    return torch.lerp(take(soft, rows[0], 3), take(soft, rows[1], 3), f[:, :, None])
