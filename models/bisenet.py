"""F_seg: BiSeNet face parsing, and the features that the regressor reads (Song et al. 2020, 2.3, eq. 4-5).

Bilateral segmentation network (Yu et al. 2018) with a ResNet-18 context path, in the variant and with the state-dict
names of zllrunning/face-parsing.PyTorch: the spatial path is the ResNet's own 1/8 stage. Its published checkpoint
loads as it is (:func:`load_parser`). It expects pictures of 512 px; ours (``models.train_parsing``) is narrower and
looks at fewer pixels. Classes are those of ``models.renderer.labels``.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from models.renderer.labels import LABELS

IMAGENET_MEAN: Final = (0.485, 0.456, 0.406)
IMAGENET_STD: Final = (0.229, 0.224, 0.225)


@dataclass(frozen=True, slots=True)
class Architecture:
    """What a checkpoint has to say to be rebuilt."""

    n_classes: int = len(LABELS)
    width: float = 1.0
    """Factor on every number of channels; 1 is the published network."""
    side: int = 512
    """Pixels at which the network looks: pictures of another size are scaled to it. Multiples of 32."""

    def channels(self, published: int) -> int:
        return max(8, round(published * self.width / 8) * 8)


class ConvBNReLU(nn.Module):
    """Convolution that keeps the size, batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return nnf.relu(self.bn(self.conv(x)))


class BasicBlock(nn.Module):
    """Residual block of two 3 x 3 convolutions (He et al. 2016)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample: nn.Module | None = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(nnf.relu(self.bn1(self.conv1(x)))))
        return nnf.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet18(nn.Module):
    """(N, 3, S, S) -> features of S / 8, S / 16 and S / 32 with 128, 256 and 512 channels times the width."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        c64, c128, c256, c512 = (architecture.channels(c) for c in (64, 128, 256, 512))
        self.conv1 = nn.Conv2d(3, c64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(c64)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(BasicBlock(c64, c64, 1), BasicBlock(c64, c64, 1))
        self.layer2 = nn.Sequential(BasicBlock(c64, c128, 2), BasicBlock(c128, c128, 1))
        self.layer3 = nn.Sequential(BasicBlock(c128, c256, 2), BasicBlock(c256, c256, 1))
        self.layer4 = nn.Sequential(BasicBlock(c256, c512, 2), BasicBlock(c512, c512, 1))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = self.layer1(self.maxpool(nnf.relu(self.bn1(self.conv1(x)))))
        at8 = self.layer2(x)
        at16 = self.layer3(at8)
        return at8, at16, self.layer4(at16)


class AttentionRefinement(nn.Module):
    """A stage's features, each channel weighted by what the whole picture says of it."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = ConvBNReLU(inputs, outputs)
        self.conv_atten = nn.Conv2d(outputs, outputs, 1, bias=False)
        self.bn_atten = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return x * torch.sigmoid(self.bn_atten(self.conv_atten(x.mean((2, 3), keepdim=True))))


@dataclass(frozen=True, slots=True)
class Stages:
    """Features of one pass; S is the architecture's side, channels times its width."""

    at8: Tensor
    """(N, 128, S/8, S/8) ResNet stage."""
    at16: Tensor
    """(N, 256, S/16, S/16) ResNet stage."""
    at32: Tensor
    """(N, 512, S/32, S/32) ResNet stage."""
    context8: Tensor
    """(N, 128, S/8, S/8) refined context."""
    context16: Tensor
    """(N, 128, S/16, S/16) refined context."""
    fused: Tensor
    """(N, 256, S/8, S/8) what the fusion module makes of the 1/8 stage and the context."""


class ContextPath(nn.Module):
    """ResNet-18 whose deep stages are refined and handed up again."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        c128, c256, c512 = (architecture.channels(c) for c in (128, 256, 512))
        self.resnet = ResNet18(architecture)
        self.arm16 = AttentionRefinement(c256, c128)
        self.arm32 = AttentionRefinement(c512, c128)
        self.conv_head32 = ConvBNReLU(c128, c128)
        self.conv_head16 = ConvBNReLU(c128, c128)
        self.conv_avg = ConvBNReLU(c512, c128, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """ResNet stages at 1/8, 1/16, 1/32, then the refined context at 1/8 and 1/16."""
        at8, at16, at32 = self.resnet(x)
        whole = self.conv_avg(at32.mean((2, 3), keepdim=True))
        context16 = self.conv_head32(_twice(self.arm32(at32) + whole))
        context8 = self.conv_head16(_twice(self.arm16(at16) + context16))
        return at8, at16, at32, context8, context16


class FeatureFusion(nn.Module):
    """Detail and context side by side, mixed, and each channel weighted once more."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.convblk = ConvBNReLU(inputs, outputs, 1)
        self.conv1 = nn.Conv2d(outputs, outputs // 4, 1, bias=False)
        self.conv2 = nn.Conv2d(outputs // 4, outputs, 1, bias=False)

    def forward(self, detail: Tensor, context: Tensor) -> Tensor:
        x = self.convblk(torch.cat([detail, context], 1))
        return x + x * torch.sigmoid(self.conv2(nnf.relu(self.conv1(x.mean((2, 3), keepdim=True)))))


class Output(nn.Module):
    """Features -> a score per class."""

    def __init__(self, inputs: int, between: int, n_classes: int) -> None:
        super().__init__()
        self.conv = ConvBNReLU(inputs, between)
        self.conv_out = nn.Conv2d(between, n_classes, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv_out(self.conv(x))


class BiSeNet(nn.Module):
    """Picture -> which part of the face each pixel shows."""

    mean: Tensor
    std: Tensor

    def __init__(self, n_classes: int = len(LABELS), width: float = 1.0, side: int = 512) -> None:
        super().__init__()
        self.architecture = a = Architecture(n_classes, width, side)
        c64, c128, c256 = (a.channels(c) for c in (64, 128, 256))
        self.cp = ContextPath(a)
        self.ffm = FeatureFusion(c128 + c128, c256)
        self.conv_out = Output(c256, c256, n_classes)
        self.conv_out16 = Output(c128, c64, n_classes)
        self.conv_out32 = Output(c128, c64, n_classes)
        # Not in the state dict: the published one has no such entries.
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD)[:, None, None], persistent=False)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")

    def stages(self, picture: Tensor) -> Stages:
        """(N, 3, H, W) RGB 0..1 -> features, of the picture as scaled to the architecture's side."""
        side = self.architecture.side
        if picture.shape[-2:] != (side, side):
            picture = nnf.interpolate(picture, (side, side), mode="bilinear", align_corners=False)
        at8, at16, at32, context8, context16 = self.cp((picture - self.mean) / self.std)
        return Stages(at8, at16, at32, context8, context16, self.ffm(at8, context8))

    def forward(self, picture: Tensor) -> Tensor | tuple[Tensor, Tensor, Tensor]:
        """(N, 3, H, W) RGB 0..1 -> logits (N, n_classes, H, W); in training also those of two auxiliary heads (at 1/8
        and 1/16 of the context path), which help it learn and are not read afterwards."""
        s, size = self.stages(picture), picture.shape[-2:]
        logits = _enlarged(self.conv_out(s.fused), size)
        if not self.training:
            return logits
        return logits, _enlarged(self.conv_out16(s.context8), size), _enlarged(self.conv_out32(s.context16), size)

    def checkpoint(self, **more: Any) -> dict[str, Any]:
        """What :meth:`from_checkpoint` and a resumed training need."""
        return {"architecture": asdict(self.architecture), "state": self.state_dict(), **more}

    @classmethod
    def from_checkpoint(cls, checkpoint: dict[str, Any]) -> "BiSeNet":
        model = cls(**checkpoint["architecture"])
        model.load_state_dict(checkpoint["state"])
        return model


def load_parser(path: Path) -> BiSeNet:
    """The network of our own checkpoint, or of the published state dict (79999_iter.pth), in evaluation mode.

    Raises:
        FileNotFoundError: No such file.
        ValueError: It is neither of the two; one line.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise
    except Exception as error:
        raise ValueError(f"{path} is no checkpoint that torch can read: {error}") from error
    try:
        if "architecture" in content:
            return BiSeNet.from_checkpoint(content).eval()
        published = {name.removeprefix("module."): value for name, value in content.items()}
        model = BiSeNet(n_classes=len(published["conv_out.conv_out.weight"]))
        model.load_state_dict(published)
    except (KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise ValueError(
            f"{path} is no parsing network: give a checkpoint of models.train_parsing, or the published "
            "79999_iter.pth of face-parsing.PyTorch"
        ) from error
    return model.eval()


def _twice(x: Tensor) -> Tensor:
    return nnf.interpolate(x, scale_factor=2.0, mode="nearest")


def _enlarged(logits: Tensor, size: torch.Size) -> Tensor:
    return nnf.interpolate(logits, size, mode="bilinear", align_corners=True)


# ------------------------------------------------------------ F_seg


EYES: Final = ("eye-left", "eye-right")
BROWS: Final = ("brow-left", "brow-right")
MOUTH: Final = ("mouth", "upper-lip", "lower-lip")
REGIONS: Final[dict[str, tuple[str, ...]]] = {
    "eyes": EYES,
    "nose": ("nose",),
    "mouth": MOUTH,
    "face": ("skin", *EYES, *BROWS, "nose", *MOUTH),
    "brow": BROWS,
}
"""Labels whose probabilities add up to a region's mask A (eq. 5)."""


@dataclass(frozen=True, slots=True)
class Features:
    """What F_seg says of N pictures (eq. 4); S is the parser's side, C its width."""

    f_gb: Tensor
    """(N, 256 C, S/8, S/8) of the fusion module: the picture as a whole."""
    eyes: Tensor
    """(N, 128 C, S/8, S/8)"""
    nose: Tensor
    """(N, 256 C, S/16, S/16)"""
    mouth: Tensor
    """(N, 256 C, S/16, S/16)"""
    face: Tensor
    """(N, 512 C, S/32, S/32)"""
    brow: Tensor
    """(N, 128 C, S/8, S/8)"""
    mouth_fine: Tensor
    """(N, 128 C, S/8, S/8) the mouth in the stage before its own."""
    face_fine: Tensor
    """(N, 128 C, S/8, S/8) the face two stages before its own, where folds of the skin still show."""
    masks: Tensor
    """(N, 19, S/8, S/8) probabilities of the labels, as fine as the network has them."""


class FeatureExtractor(nn.Module):
    """F_seg (eq. 4-5): a parser's features, each local one weighed by where its part of the face is.

    T_i = beta_i A_i(I) C_i(I), with A_i the sum of the region's probability maps: as the network gives them at 1/8,
    averaged down to the stages at 1/16 and 1/32.
    The paper gives no values for beta: they are 1 here. ``beta`` is a buffer in the order of REGIONS, so that other
    values travel with the weights.
    """

    beta: Tensor
    selection: Tensor

    def __init__(self, parser: BiSeNet) -> None:
        super().__init__()
        self.parser = parser
        self.register_buffer("beta", torch.ones(len(REGIONS)))
        rows = [[float(label in region) for label in LABELS] for region in REGIONS.values()]
        self.register_buffer("selection", torch.tensor(rows), persistent=False)  # (regions, labels)

    def forward(self, picture: Tensor) -> Features:
        """(N, 3, H, W) RGB 0..1 -> :class:`Features`. The parser has to be in evaluation mode."""
        s = self.parser.stages(picture)
        masks = self.parser.conv_out(s.fused).softmax(1)
        at8 = torch.einsum("rl,nlhw->nrhw", self.selection * self.beta[:, None], masks)
        at16, at32 = nnf.avg_pool2d(at8, 2), nnf.avg_pool2d(at8, 4)
        eyes, nose, mouth, face, brow = range(len(REGIONS))
        return Features(
            f_gb=s.fused,
            eyes=s.at8 * at8[:, eyes, None],
            nose=s.at16 * at16[:, nose, None],
            mouth=s.at16 * at16[:, mouth, None],
            face=s.at32 * at32[:, face, None],
            brow=s.at8 * at8[:, brow, None],
            mouth_fine=s.at8 * at8[:, mouth, None],
            face_fine=s.at8 * at8[:, face, None],
            masks=masks,
        )
