"""F_seg's stages on one grid: the feature fusion that every sub-network of R begins with (Song et al. 2020, 2.4)."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as nnf

from models.bisenet import FeatureExtractor, Features
from models.runtime.crop import SIZE

GRID = 8
"""Side of the one grid that every stage is brought to: an eighth of the face's view."""
STAGES = ("f_gb", "eyes", "nose", "mouth", "face", "brow")


class Fused(NamedTuple):
    """T and f_gb of N pictures on one grid, (N, C, GRID, GRID) each: section 2.4's feature fusion but for the
    concatenation, which each sub-network does with the parts it reads."""

    f_gb: Tensor
    eyes: Tensor
    nose: Tensor
    mouth: Tensor
    face: Tensor
    brow: Tensor

    def flat(self) -> Tensor:
        """(N, D): all of it in a row, for keeping; the face as coarse as it came."""
        parts = self._replace(face=self.face[:, :, ::2, ::2])
        return torch.cat([part.flatten(1) for part in parts], 1)

    @classmethod
    def from_flat(cls, flat: Tensor, channels: dict[str, int]) -> "Fused":
        """The inverse of :meth:`flat`."""
        sides = {stage: GRID // 2 if stage == "face" else GRID for stage in STAGES}
        parts = flat.split([channels[s] * sides[s] ** 2 for s in STAGES], 1)
        grids = [p.reshape(-1, channels[s], sides[s], sides[s]) for s, p in zip(STAGES, parts, strict=True)]
        fused = cls(*grids)
        return fused._replace(face=repeated(fused.face))

    def rows(self, index: Tensor) -> "Fused":
        return Fused(*[part[index] for part in self])


def repeated(x: Tensor) -> Tensor:
    """(N, C, H, W) -> (N, C, 2 H, 2 W)."""
    return nnf.interpolate(x, scale_factor=2.0, mode="nearest")


def fuse(features: Features, side: int = 128) -> Fused:
    """The extractor's stages, at 1/8 (f_gb, eyes, brow), 1/16 (nose, mouth) and 1/32 (face) of ``side``, on one grid.

    The paper pools. So do we, but for the eyes, whose 2 x 2 become channels: two cells of an eye would be too few to
    tell a squint from a blink. The coarse face is repeated.
    """
    f = [getattr(features, stage) for stage in STAGES]
    if side > 128:
        f = [nnf.avg_pool2d(x, side // 128) for x in f]
    f_gb, eyes, nose, mouth, face, brow = f
    return Fused(
        nnf.avg_pool2d(f_gb, 2),
        nnf.pixel_unshuffle(eyes, 2),
        nose,
        mouth,
        repeated(face),
        nnf.avg_pool2d(brow, 2),
    )


def of_pictures(picture: Tensor) -> Tensor:
    """uint8 (N, S, S, 3) RGB, as the runtime gives it -> (N, 3, S, S) in 0..1."""
    return picture.permute(0, 3, 1, 2).to(torch.float32) / 255


@torch.no_grad()
def channels_of(extractor: FeatureExtractor) -> dict[str, int]:
    """Channels of each of STAGES as :func:`fuse` leaves them."""
    empty = extractor.beta.new_zeros(1, 3, SIZE, SIZE)
    fused = fuse(extractor(empty), extractor.parser.architecture.side)
    return {stage: part.shape[1] for stage, part in zip(STAGES, fused, strict=True)}
