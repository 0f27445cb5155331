"""The generator G: the paper's facial vector -> a picture of that face, a differentiable stand-in for the renderer.

Song et al. 2020, section 2.2: eight transposed convolutions in the manner of DCGAN (Radford et al. 2016), with
instance norm (Ulyanov et al. 2016) instead of batch norm. Beyond the paper, a small perceptron mixes the vector before
the first of them (what a bone does depends on the other parameters), and the same code sets scale and shift of every
instance norm: a raised brow is a few pixels, and must not fade on its way through eight normalisations.
"""

from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from rig.parameters import AUS, N_BROW_STYLES, N_IDENTITY

N_VECTOR: Final = 2 + len(AUS) + N_IDENTITY + N_BROW_STYLES
FIRST: Final = (4, 1, 0)
"""Kernel, stride and padding of a transposed convolution that makes 4 x 4 of 1 x 1,"""
DOUBLE: Final = (4, 2, 1)
"""one that doubles the side,"""
KEEP: Final = (3, 1, 1)
"""and one that keeps it."""

_LAYERS: Final = {
    128: (
        (FIRST, 1), (DOUBLE, 1 / 2), (DOUBLE, 1 / 4), (DOUBLE, 1 / 8), (KEEP, 1 / 8), (DOUBLE, 1 / 16),
        (KEEP, 1 / 16), (DOUBLE, 0),
    ),
    256: (
        (FIRST, 1), (DOUBLE, 1), (DOUBLE, 1 / 2), (DOUBLE, 1 / 4), (DOUBLE, 1 / 8), (DOUBLE, 1 / 16),
        (KEEP, 1 / 16), (DOUBLE, 0),
    ),
}  # fmt: skip
"""The eight layers of each side: what they do, and their channels as a share of the width; the last gives RGB."""


class GeneratorFileError(Exception):
    """A generator's checkpoint cannot be read; the message says what to do."""


@dataclass(frozen=True)
class Architecture:
    """Saved in checkpoints so that they rebuild themselves."""

    size: int = 128
    """Side of the picture: 128, or the paper's 256."""
    width: int = 256
    """Channels of the first layer, a multiple of 16."""
    code: int = 512
    """Width of the mixed vector."""


class Generator(nn.Module):
    """G of eq. 1: ``y (N, 269) -> I' (N, 3, S, S)``, RGB in 0..1, an aligned view (``models.runtime.crop``).

    At 128 the layers go 1 -> 4 -> 8 -> 16 -> 32, keep 32, -> 64, keep 64, -> 128; at 256 1 -> 4 -> ... -> 128, keep
    128, -> 256.

    Raises:
        ValueError: A size other than 128 and 256, or a width that is no multiple of 16.
    """

    middle: Tensor
    unit: Tensor

    def __init__(self, size: int = 128, width: int = 256, code: int = 512):
        super().__init__()
        if size not in _LAYERS or width % 16 or width <= 0:
            raise ValueError(f"size {size} must be one of {sorted(_LAYERS)}, width {width} a multiple of 16")
        self.architecture = Architecture(size, width, code)
        # Each part's middle, and a unit by which pose, 23 AUs, 208 identity parameters and the brows' one-hot weigh
        # about alike at first: else who somebody is drowns what the face does for thousands of steps.
        parts = ((2, 0.5, 0.02), (len(AUS), 0.1, 0.1), (N_IDENTITY, 0.5, 0.15), (N_BROW_STYLES, 1 / N_BROW_STYLES, 0.1))
        self.register_buffer("middle", torch.cat([torch.full((n,), m) for n, m, _ in parts]), persistent=False)
        self.register_buffer("unit", torch.cat([torch.full((n,), u) for n, _, u in parts]), persistent=False)
        self.lift = nn.Sequential(nn.Linear(N_VECTOR, code), nn.ReLU(), nn.Linear(code, code), nn.ReLU())
        channels = [code, *(int(width * share) or 3 for _, share in _LAYERS[size])]
        self.layers = nn.ModuleList(
            nn.ConvTranspose2d(a, b, *shape)
            for (a, b), (shape, _) in zip(pairwise(channels), _LAYERS[size], strict=True)
        )
        self.styles = nn.ModuleList(_style(code, c) for c in channels[1:-1])

    def forward(self, y: Tensor) -> Tensor:
        """``y`` (N, 269) in 0..1: pose 2, AU 23, identity 208, brow style 36 (shares that sum to 1)."""
        code = self.lift((y - self.middle) / self.unit)
        x = code[:, :, None, None]
        for layer, style in zip(self.layers, self.styles, strict=False):
            scale, shift = style(code)[:, :, None, None].chunk(2, dim=1)
            x = nnf.relu(nnf.instance_norm(layer(x)) * (1 + scale) + shift)
        return torch.sigmoid(self.layers[-1](x))

    def checkpoint(self, **more: object) -> dict[str, object]:
        return {"architecture": asdict(self.architecture), "state": self.state_dict(), **more}

    @classmethod
    def from_checkpoint(cls, checkpoint: dict) -> "Generator":
        model = cls(**checkpoint["architecture"])
        model.load_state_dict(checkpoint["state"])
        return model


def _style(code: int, channels: int) -> nn.Linear:
    """Scale and shift of a layer from the code; at first nearly none."""
    out = nn.Linear(code, 2 * channels)
    nn.init.normal_(out.weight, std=0.02)
    nn.init.zeros_(out.bias)
    return out


def load_generator(path: Path, device: torch.device | str = "cpu") -> Generator:
    """A trained generator, frozen (no gradients to its weights, evaluation mode).

    Raises:
        GeneratorFileError: The file is missing, no checkpoint of a generator, or of another layout.
    """
    try:
        checkpoint = torch.load(path, map_location=device, weights_only=True)
        model = Generator.from_checkpoint(checkpoint)
    except FileNotFoundError:
        raise GeneratorFileError(f"{path}: not there; train one with python -m models.train_generator") from None
    except Exception as e:
        raise GeneratorFileError(
            f"{path}: no generator's checkpoint ({type(e).__name__}); train one with python -m models.train_generator"
        ) from e
    return model.to(device).eval().requires_grad_(False)
