"""F_seg's stages cut to where the face's parts are: the feature fusion that every sub-network of R begins with.

Song et al. 2020 (section 2.4) pool all stages to one small grid. The views are aligned, so a part of the face lies at
nearly the same place in each: we keep a window there as fine as the stage is, in which a lid or a lip is still several
cells, and leave the rest away. T_i stays what eq. 4-5 say, the stage weighed by the part's mask; mouth and face are
taken from the finest stage as well.
"""

from typing import Final, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as nnf

from models.bisenet import FeatureExtractor, Features
from models.runtime.crop import SIZE


class Window(NamedTuple):
    """Cells of a stage, of ``grid`` x ``grid`` over the whole view."""

    grid: int
    top: int
    bottom: int
    left: int
    right: int

    @property
    def size(self) -> tuple[int, int]:
        """Rows, columns."""
        return self.bottom - self.top, self.right - self.left


WINDOWS: Final[dict[str, Window]] = {
    "f_gb": Window(8, 0, 8, 0, 8),
    "eyes": Window(32, 9, 17, 6, 26),
    "brow": Window(32, 5, 13, 4, 28),
    "nose": Window(16, 4, 12, 4, 12),
    "mouth": Window(16, 8, 16, 4, 12),
    "mouth_fine": Window(32, 19, 31, 8, 24),
    "face": Window(8, 0, 8, 0, 8),
    "face_fine": Window(32, 8, 32, 6, 26),
}
"""Where the masks of rendered people and of real ones lie (each part's share of all its cells above .15): eyes in rows
11-14 and columns 8-24 of 32, brows 7-11 and 6-25, noses 11-20 and 12-19, mouths 20-28 and 11-20; about two cells more
on every side for turned heads, and as far as the chin for dropped jaws. The finest skin begins at the brows, and goes
past the outer corners of the eyes."""
AUS_FROM: Final = ("eyes", "nose", "mouth", "mouth_fine", "face", "face_fine", "brow")
"""The paper reads AUs from eyes, nose, mouth and face; brow actions are better seen with the brows as well."""
IDENTITY_FROM: Final = ("eyes", "nose", "mouth", "face")


class Fused(NamedTuple):
    """T and f_gb of N pictures in WINDOWS, (N, C, rows, columns) each: section 2.4's feature fusion but for the
    concatenation, which each sub-network does with the parts it reads."""

    f_gb: Tensor
    eyes: Tensor
    brow: Tensor
    nose: Tensor
    mouth: Tensor
    mouth_fine: Tensor
    face: Tensor
    face_fine: Tensor

    def flat(self) -> Tensor:
        """(N, D): all of it in a row, for keeping."""
        return torch.cat([part.flatten(1) for part in self], 1)

    @classmethod
    def from_flat(cls, flat: Tensor, channels: dict[str, int]) -> "Fused":
        """The inverse of :meth:`flat`; ``channels`` as :func:`channels_of` gives them."""
        shapes = {part: (channels[part], *window.size) for part, window in WINDOWS.items()}
        rows = flat.split([c * h * w for c, h, w in shapes.values()], 1)
        return cls(**{part: x.unflatten(1, shape) for (part, shape), x in zip(shapes.items(), rows, strict=True)})

    def rows(self, index: Tensor) -> "Fused":
        return Fused(*[part[index] for part in self])


def fuse(features: Features) -> Fused:
    """The extractor's stages, cut to WINDOWS."""
    return Fused(**{part: _cut(getattr(features, part), window) for part, window in WINDOWS.items()})


def _cut(stage: Tensor, window: Window) -> Tensor:
    """(N, C, H, H) -> (N, C, rows, columns). A finer stage (of a parser that looks closer) is pooled,
    a coarser one repeated."""
    cells = int(stage.shape[-1])
    if cells > window.grid:
        stage = nnf.avg_pool2d(stage, cells // window.grid)
    elif cells < window.grid:
        stage = nnf.interpolate(stage, scale_factor=window.grid / cells, mode="nearest")
    return stage[:, :, window.top : window.bottom, window.left : window.right]


def of_pictures(picture: Tensor) -> Tensor:
    """uint8 (N, S, S, 3) RGB, as the runtime gives it -> (N, 3, S, S) in 0..1."""
    return picture.permute(0, 3, 1, 2).to(torch.float32) / 255


@torch.no_grad()
def channels_of(extractor: FeatureExtractor) -> dict[str, int]:
    """Channels of each of WINDOWS as :func:`fuse` leaves them."""
    empty = extractor.beta.new_zeros(1, 3, SIZE, SIZE)
    return {part: x.shape[1] for part, x in fuse(extractor(empty))._asdict().items()}
