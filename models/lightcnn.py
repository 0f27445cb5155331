"""F_reg, the face recognition network of the identity loss (Song et al. 2020, section 2.5): LightCNN-29 v2.

Wu, He, Sun & Tan 2018, "A Light CNN for Deep Face Representation with Noisy Labels": no ReLU, but each layer keeps the
larger of two maps (max-feature-map). Parameters have the names and shapes of the published checkpoint
(AlfredXiangWu/LightCNN, ``LightCNN_29Layers_v2``), so that a user who has the file can load it; ours is narrower and
trained on rendered people (``models.train_recognition``), because the published one cannot be fetched here.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

SIZE = 128
EMBEDDING = 256
BLOCKS = (1, 2, 3, 4)
GREY = (0.299, 0.587, 0.114)
WHOLE_VIEW = (0.0, 0.0, 1.0)
PUBLISHED_FRAME = (0.074, 0.148, 0.852)
"""The published network was trained on pictures with the eyes 40 and the mouth 88 of 128 pixels from the top; in our
aligned view they lie at 0.415 and 0.735 of the side. This square of the view, enlarged, has them where it expects."""


@dataclass
class Architecture:
    """Saved in checkpoints so that they rebuild themselves."""

    width: float = 1.0
    """1 = the published channels (48, 96, 192, 128)."""
    frame: tuple[float, float, float] = WHOLE_VIEW
    """Which square of the aligned view is looked at: left, top, side, in sides of the view."""


class _LargerHalf(torch.autograd.Function):
    """The larger of the first and the second half of the channels. As ``torch.maximum`` of the two, whose own gradient
    took 40 % of a training step on a CPU; where they are equal the first half gets all of it."""

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:  # type: ignore[no-untyped-def,override]
        first, second = x.chunk(2, 1)
        ctx.save_for_backward(second > first)
        return torch.maximum(first, second)

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor) -> Tensor:  # type: ignore[no-untyped-def,override]
        (won,) = ctx.saved_tensors
        second = grad * won
        return torch.cat([grad - second, second], 1)


class MaxFeatureMap(nn.Module):
    """A convolution to twice the channels, of which the larger of each pair stays (Wu et al. 2018, eq. 3)."""

    def __init__(self, inside: int, out: int, kernel: int, padding: int):
        super().__init__()
        self.filter = nn.Conv2d(inside, 2 * out, kernel, padding=padding)

    def forward(self, x: Tensor) -> Tensor:
        return _LargerHalf.apply(self.filter(x))


class Residual(nn.Module):
    """Two 3 x 3 layers and what came in."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv1 = MaxFeatureMap(channels, channels, 3, 1)
        self.conv2 = MaxFeatureMap(channels, channels, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(self.conv1(x))


class Group(nn.Module):
    """A 1 x 1 layer (network in network), then 3 x 3."""

    def __init__(self, inside: int, out: int):
        super().__init__()
        self.conv_a = MaxFeatureMap(inside, inside, 1, 0)
        self.conv = MaxFeatureMap(inside, out, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(self.conv_a(x))


def halve(x: Tensor) -> Tensor:
    """v2's pooling: the maximum plus the mean of each 2 x 2."""
    return functional.max_pool2d(x, 2) + functional.avg_pool2d(x, 2)


class LightCNN29v2(nn.Module):
    """Pictures of aligned faces -> 256-d embeddings; the cosine between two says how alike the people are (eq. 9)."""

    grey: Tensor

    def __init__(self, width: float = 1.0, n_people: int | None = None, frame: tuple[float, float, float] = WHOLE_VIEW):
        """``n_people``: adds the classifier ``fc2`` of training; an embedding does not need it."""
        super().__init__()
        self.architecture = Architecture(width, frame)
        a, b, c, d = (max(4, 4 * round(width * n / 4)) for n in (48, 96, 192, 128))
        self.register_buffer("grey", torch.tensor(GREY)[:, None, None], persistent=False)
        self.conv1 = MaxFeatureMap(1, a, 5, 2)
        self.block1, self.group1 = self._blocks(0, a), Group(a, b)
        self.block2, self.group2 = self._blocks(1, b), Group(b, c)
        self.block3, self.group3 = self._blocks(2, c), Group(c, d)
        self.block4, self.group4 = self._blocks(3, d), Group(d, d)
        self.fc = nn.Linear((SIZE // 16) ** 2 * d, EMBEDDING)
        self.fc2 = None if n_people is None else nn.Linear(EMBEDDING, n_people, bias=False)
        self._start()

    @staticmethod
    def _blocks(level: int, channels: int) -> nn.Sequential:
        return nn.Sequential(*(Residual(channels) for _ in range(BLOCKS[level])))

    def _start(self) -> None:
        """There is no normalisation in this network, so its first weights must keep the signal's size: the larger of
        two unit normals has a second moment of 1, and pooling (maximum plus mean) doubles. Residual branches begin
        small."""
        for name, layer in self.named_modules():
            if isinstance(layer, nn.Conv2d):
                gain = 0.3 if name.endswith("conv2.filter") else 0.5 if name.endswith(".conv.filter") else 1.0
                nn.init.normal_(layer.weight, std=gain * layer.weight[0].numel() ** -0.5)
                assert layer.bias is not None
                nn.init.zeros_(layer.bias)
        nn.init.normal_(self.fc.weight, std=self.fc.in_features**-0.5)
        nn.init.zeros_(self.fc.bias)

    def forward(self, grey: Tensor) -> Tensor:
        """(N, 1, 128, 128) grey in 0..1 -> (N, 256) embeddings, of any length."""
        x = halve(self.conv1(grey))
        x = halve(self.group1(self.block1(x)))
        x = halve(self.group2(self.block2(x)))
        x = self.group3(self.block3(x))
        x = halve(self.group4(self.block4(x)))
        return self.fc(x.flatten(1))

    def as_grey(self, picture: Tensor) -> Tensor:
        """(N, 3, S, S) RGB 0..1, an aligned view of any size -> (N, 1, 128, 128) of what this network looks at."""
        grey = (picture * self.grey).sum(1, keepdim=True)
        left, top, side = self.architecture.frame
        s = grey.shape[-1]
        y, x, n = round(top * s), round(left * s), round(side * s)
        grey = grey[..., y : y + n, x : x + n]
        if grey.shape[-1] != SIZE:
            shrinks = grey.shape[-1] > SIZE
            grey = functional.interpolate(grey, (SIZE, SIZE), mode="bilinear", align_corners=False, antialias=shrinks)
        return grey

    def embed(self, picture: Tensor) -> Tensor:
        """(N, 3, S, S) RGB 0..1, aligned views (``models.runtime.crop``) -> (N, 256); differentiable."""
        return self(self.as_grey(picture))

    def checkpoint(self, **more: object) -> dict[str, object]:
        """A dict for ``torch.save``; the classifier stays out of "state"."""
        state = {k: v for k, v in self.state_dict().items() if not k.startswith("fc2.")}
        return {"architecture": asdict(self.architecture), "state": state, **more}

    @classmethod
    def from_checkpoint(cls, checkpoint: dict[str, Any]) -> "LightCNN29v2":
        a = Architecture(**checkpoint["architecture"])
        model = cls(a.width, frame=tuple(a.frame))  # type: ignore[arg-type]
        model.load_state_dict(checkpoint["state"])
        return model


def load_recognition(path: Path | str, device: str = "cpu") -> LightCNN29v2:
    """Our own checkpoint, or the published one; in evaluation mode, without gradients for its weights.

    The published file is a dict with "state_dict" (or that dict alone); a "module." before the names (it was trained on
    several GPUs) is taken off, and its classifier is left out, however many people it knows.

    Raises:
        ValueError: The file is no such checkpoint; the message names it and what is missing, in one line.
    """
    try:
        checkpoint = torch.load(path, map_location=device, weights_only=True)
    except FileNotFoundError:
        raise ValueError(f"{path}: no such checkpoint of the recognition network") from None
    except Exception as error:
        raise ValueError(f"{path}: not a checkpoint of the recognition network ({type(error).__name__})") from error
    try:
        if "architecture" in checkpoint:
            model = LightCNN29v2.from_checkpoint(checkpoint)
        else:
            model = _published(checkpoint.get("state_dict", checkpoint))
    except (AttributeError, KeyError, TypeError, RuntimeError) as error:
        why = " ".join(str(error).split())[:200]
        raise ValueError(f"{path}: not the weights of LightCNN-29 v2 ({why})") from error
    return model.to(device).eval().requires_grad_(False)


def _published(state: dict[str, Tensor]) -> LightCNN29v2:
    plain = {name.removeprefix("module."): value for name, value in state.items()}
    model = LightCNN29v2(frame=PUBLISHED_FRAME)
    model.load_state_dict({k: v for k, v in plain.items() if not k.startswith("fc2.")})
    return model
