"""How alike two pictures are: the perceptual loss that the generator learns by, and the measures it is judged by.

Song et al. 2020, eq. 2: the distance between feature maps of the two pictures. The paper takes relu2_2, relu3_3 and
relu4_3 of VGG16 trained on ImageNet; :func:`load_vgg16` reads the published checkpoint where the user has it. It cannot
be had here, so our substitute is the first three ResNet stages of our own face-parsing network (``models.bisenet``),
which knows faces better and is cheaper.
"""

from pathlib import Path
from typing import Final, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from models.bisenet import IMAGENET_MEAN, IMAGENET_STD, BiSeNet, load_parser

_VGG16: Final = (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512)
"""Channels of the convolutions up to conv4_3; 0 is a pooling by two."""
_TAPS: Final = (8, 15, 22)
"""relu2_2, relu3_3 and relu4_3 in torchvision's numbering of ``features``."""
SSIM_WINDOW, SSIM_SIGMA = 11, 1.5


class FeatureFileError(Exception):
    """The checkpoint of a feature network cannot be read; the message says what to do."""


class Features(Protocol):
    """A frozen network that sees pictures (N, 3, H, W), RGB in 0..1, as maps (N, C, h, w) from fine to coarse."""

    def __call__(self, picture: Tensor) -> tuple[Tensor, ...]: ...


class VGG16Features(nn.Module):
    """VGG16 up to relu4_3 (Simonyan & Zisserman 2015), with the state-dict names of torchvision's ``vgg16``."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for width in _VGG16:
            if width == 0:
                layers.append(nn.MaxPool2d(2))
                continue
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
        self.features = nn.Sequential(*layers)
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD)[:, None, None], persistent=False)

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        """(N, 3, H, W) -> relu2_2 (N, 128, H/2, W/2), relu3_3 (N, 256, H/4, W/4), relu4_3 (N, 512, H/8, W/8)."""
        x = (picture - self.mean) / self.std
        taps = []
        for k, layer in enumerate(self.features):
            x = layer(x)
            if k in _TAPS:
                taps.append(x)
        return tuple(taps)


class ParserFeatures(nn.Module):
    """The first three ResNet stages of a face-parsing network: at 1/4, 1/8 and 1/16 of its side. The fourth is left
    out, as VGG16's last block is: what is where matters here, not what it is."""

    def __init__(self, parser: BiSeNet):
        super().__init__()
        self.parser = parser

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        side = self.parser.architecture.side
        if picture.shape[-2:] != (side, side):
            picture = nnf.interpolate(picture, (side, side), mode="bilinear", align_corners=False)
        resnet = self.parser.cp.resnet
        x = nnf.relu(resnet.bn1(resnet.conv1((picture - self.parser.mean) / self.parser.std)))
        at4 = resnet.layer1(resnet.maxpool(x))
        at8 = resnet.layer2(at4)
        return at4, at8, resnet.layer3(at8)


def load_vgg16(path: Path) -> VGG16Features:
    """The published ``vgg16-*.pth`` (deeper layers and classifier are left aside), frozen.

    Raises:
        FeatureFileError: The file is missing, no such checkpoint, or lacks a layer.
    """
    state = _read(path)
    model = VGG16Features()
    wanted = model.state_dict()
    lacking = [name for name, value in wanted.items() if getattr(state.get(name), "shape", None) != value.shape]
    if lacking:
        raise FeatureFileError(f"{path}: no VGG16 of torchvision's layout (no {lacking[0]} of the right shape)")
    model.load_state_dict({name: state[name] for name in wanted})
    return model.eval().requires_grad_(False)


def load_features(path: Path) -> VGG16Features | ParserFeatures:
    """VGG16 or a face-parsing network, whichever the file holds, frozen. Raises FeatureFileError."""
    if "features.0.weight" in _read(path):
        return load_vgg16(path)
    try:
        parser = load_parser(path)
    except (ValueError, RuntimeError) as e:
        raise FeatureFileError(f"{path}: neither VGG16 nor a face-parsing network ({e})") from e
    return ParserFeatures(parser).eval().requires_grad_(False)


def _read(path: Path) -> dict:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise FeatureFileError(f"{path}: not there; give torchvision's vgg16 checkpoint or our parser's") from None
    except Exception as e:
        raise FeatureFileError(f"{path}: cannot be read as a checkpoint ({type(e).__name__})") from e
    if not isinstance(state, dict):
        raise FeatureFileError(f"{path}: holds no state dict")
    return state


def perceptual_loss(features: Features, made: Tensor, true: Tensor) -> Tensor:
    """Eq. 2 of Song et al. 2020 for (N, 3, H, W) pictures in 0..1: the mean over maps and pictures of the L2 distance
    of the maps, as a share of the true map's L2 norm (so that no map drowns the others). Gradients go to ``made``."""
    with torch.no_grad():
        wanted = features(true)
    terms = []
    for a, b in zip(features(made), wanted, strict=True):
        distance = ((a - b).square().flatten(1).sum(1) + 1e-8).sqrt()
        terms.append((distance / b.square().flatten(1).sum(1).clamp(min=1e-8).sqrt()).mean())
    return torch.stack(terms).mean()


def psnr(made: Tensor, true: Tensor) -> Tensor:
    """Peak signal to noise ratio (N,) in decibels of pictures (N, C, H, W) in 0..1; infinite where they are equal."""
    return -10 * (made - true).square().flatten(1).mean(1).log10()


def ssim(made: Tensor, true: Tensor) -> Tensor:
    """Structural similarity (N,) of pictures (N, C, H, W) in 0..1, mean over channels and windows.

    Wang et al. 2004: windows of 11 x 11 weighted by a Gaussian of 1.5 pixels, K1 0.01, K2 0.03; windows lie inside.
    """
    axis = torch.arange(SSIM_WINDOW, device=made.device, dtype=made.dtype) - SSIM_WINDOW // 2
    taps = torch.exp(-(axis**2) / (2 * SSIM_SIGMA**2))
    taps = taps / taps.sum()

    def smooth(x: Tensor) -> Tensor:
        x = x.flatten(0, 1)[:, None]
        x = nnf.conv2d(nnf.conv2d(x, taps[None, None, :, None]), taps[None, None, None])
        return x.reshape(len(made), -1)

    a, b = smooth(made), smooth(true)
    var_a, var_b = smooth(made * made) - a * a, smooth(true * true) - b * b
    both = smooth(made * true) - a * b
    c1, c2 = 0.01**2, 0.03**2
    alike = (2 * a * b + c1) * (2 * both + c2) / ((a * a + b * b + c1) * (var_a + var_b + c2))
    return alike.mean(1)
