"""The textures of the training renderer: Mien's painted skin, eyes, lashes and brows with what photographs add."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from models.renderer import regions
from models.renderer.labels import LABEL
from models.renderer.pyramid import Pyramid
from models.renderer.rasterise import fragments, rasterise
from models.renderer.sample import linear
from rig.brows import brow_coverage
from rig.face import Face
from rig.looks import IRIS_SHARE, LOOKS, fold_texture, lash_texture, read_sheet
from rig.parameters import N_BROW_STYLES
from rig.skeleton import PARTS
from rig.subdivision import catmull_clark
from rig.texture_map import warp_uv

SIZE = 1024
BROW_SIZE = 512
EYE_SIZE = 256
SKIN_CHANNELS = ("red", "green", "blue", "tint", "lip", "inside", "groove", "strand", "freckle",
                 "blotch", "pore")  # fmt: skip
SKIN_CHANNEL = {name: i for i, name in enumerate(SKIN_CHANNELS)}
MOUTH_BELOW_M = -0.03


@dataclass(frozen=True)
class Sheets:
    skin: Pyramid
    """SKIN_CHANNELS, colours in linear light, the others 0..1 (strand, blotch and pore about 0)."""
    brows: Pyramid
    """36 sheets of coverage on the skin's UVs."""
    eye: Pyramid
    """Linear RGB and how much of it is iris."""
    lashes: Pyramid
    """Coverage."""
    label: Tensor
    """(SIZE * SIZE,) uint8 label codes of the skin sheet before lips, brows, hair and cloth."""

    def label_at(self, uv: Tensor) -> Tensor:
        """(N, 2, P) -> (N, P) the code of the nearest texel."""
        x = (uv[:, 0] * SIZE).long().clamp(0, SIZE - 1)
        y = ((1 - uv[:, 1]) * SIZE).long().clamp(0, SIZE - 1)
        return self.label.index_select(0, (y * SIZE + x).reshape(-1)).reshape(x.shape)


def build_sheets(face: Face, device: torch.device | str = "cpu") -> Sheets:
    """Reads and paints everything once; about two seconds. Raises RigError where a texture is missing."""
    place = _texel_positions(face)
    rng = np.random.default_rng(3)
    masks = _resize(read_sheet("skin_masks.png").astype(np.float32) / 255, SIZE)
    colour = linear(_resize(read_sheet("skin.jpg"), SIZE).astype(np.float32) / 255)
    # What takes no complexion is the lids' wet rim and, below it, the inside of the mouth.
    inside = np.where(place[..., 1] < MOUTH_BELOW_M, 1 - masks[..., 0], 0)
    groove = 1 - _resize(fold_texture(LOOKS["light"]), SIZE)[..., 2].astype(np.float32) / 255
    skin = np.stack(
        [*colour.transpose(2, 0, 1), masks[..., 0], masks[..., 2] * (1 - inside), inside, groove, _strands(place, rng),
         _freckles(rng), _noise(rng, 48) * 0.6 + _noise(rng, 20) * 0.4, _noise(rng, 3) * 0.5 + _noise(rng, 7) * 0.5],
        axis=-1,
    )  # fmt: skip
    eye = _resize(read_sheet("eye.png").astype(np.float32)[..., :3] / 255, EYE_SIZE)
    y, x = (np.mgrid[0:EYE_SIZE, 0:EYE_SIZE] + 0.5) / EYE_SIZE - 0.5
    iris = np.clip((IRIS_SHARE - np.hypot(x, y)) / 0.012, 0, 1)[..., None]
    lashes = _resize(lash_texture(LOOKS["light"]).astype(np.float32)[..., 3:] / 255, EYE_SIZE).reshape(
        EYE_SIZE, EYE_SIZE, 1
    )
    brows = np.stack([brow_coverage(k, BROW_SIZE)[..., None] for k in range(N_BROW_STYLES)])
    return Sheets(
        skin=Pyramid.build(skin[None], device),
        brows=Pyramid.build(brows, device),
        eye=Pyramid.build(np.concatenate([linear(eye), iris], axis=-1)[None], device),
        lashes=Pyramid.build(lashes[None], device),
        label=torch.from_numpy(_labels(face, place).reshape(-1)).to(device),
    )


def _resize(image: NDArray, size: int) -> NDArray:
    return np.asarray(cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA))


def _texel_positions(face: Face) -> NDArray:
    """(SIZE, SIZE, 3) rest position of every texel of the skin's sheet."""
    s = face.skeleton
    fine = catmull_clark(s.quads, s.quad_uvs, len(s.vertices), len(s.uvs))
    mine = s.part[s.quads[:, 0]][fine.parent_quad] == PARTS.index("skin")
    uv = warp_uv(fine.uv_matrix @ s.uvs)
    vertex = np.zeros(len(uv), np.int64)
    vertex[fine.quad_uvs.ravel()] = fine.quads.ravel()
    rest = torch.from_numpy((fine.matrix @ s.vertices)[vertex].astype(np.float32))
    xy = torch.from_numpy(np.stack([uv[:, 0], 1 - uv[:, 1]], -1).astype(np.float32))[None] * SIZE
    q = torch.from_numpy(fine.quad_uvs[mine].astype(np.int64))
    one = torch.cat([q[:, [0, 1, 2]], q[:, [0, 2, 3]]])
    both = torch.cat([one, one.flip(1)])  # some islands of the sheet are mirrored
    near = torch.ones(1, len(uv))
    seen = rasterise(xy, near, both, SIZE, SIZE)
    f = fragments(seen, xy, near, both, SIZE)
    place = f.scatter(f.interpolate(rest), SIZE * SIZE)[0].T.reshape(SIZE, SIZE, 3).numpy()
    hole = (seen.triangle < 0).reshape(SIZE, SIZE).numpy()
    # Beyond the edge of an island the sheet goes on as at its edge, or seams would show.
    _, (row, column) = distance_transform_edt(hole, return_indices=True)
    return place[row, column]


def _labels(face: Face, place: NDArray) -> NDArray[np.uint8]:
    code = np.full((SIZE, SIZE), LABEL["skin"], np.uint8)
    code[regions.neck(place) > 0] = LABEL["neck"]
    ear = regions.ear(place) > 0
    code[ear & (place[..., 0] > 0)] = LABEL["ear-left"]
    code[ear & (place[..., 0] <= 0)] = LABEL["ear-right"]
    s = face.skeleton
    code[regions.nose_mask(place, face.landmarks(s.vertices))] = LABEL["nose"]
    return code


def _noise(rng: np.random.Generator, cell: int) -> NDArray:
    """(SIZE, SIZE) smooth noise about 0, standard deviation 1, with features ``cell`` texels wide."""
    small = rng.normal(size=(SIZE // cell + 2, SIZE // cell + 2)).astype(np.float32)
    big = np.asarray(cv2.resize(small, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC))
    return big / big.std()


def _strands(place: NDArray, rng: np.random.Generator) -> NDArray:
    """(SIZE, SIZE) noise about 0 that runs down the head like hair: narrow round it, long along it."""
    turn = np.arctan2(place[..., 0], place[..., 2] - regions.SKULL_AXIS_Z) / (2 * np.pi) + 0.5
    out = np.zeros(place.shape[:2], np.float32)
    for across, along, share in ((420, 14, 0.45), (180, 9, 0.40), (60, 6, 0.35)):
        canvas = rng.normal(size=(along, across)).astype(np.float32)
        canvas = np.asarray(cv2.resize(canvas, (across * 4, along * 8), interpolation=cv2.INTER_CUBIC))
        x = (turn * (across * 4 - 1)).astype(np.float32)
        y = np.clip((place[..., 1] + 0.2) / 0.32, 0, 1).astype(np.float32) * (along * 8 - 1)
        out += share * cv2.remap(canvas, x, y, cv2.INTER_LINEAR)
    return out / out.std()


def _freckles(rng: np.random.Generator) -> NDArray:
    """(SIZE, SIZE) 0..1 small dark spots."""
    spots = np.zeros((SIZE, SIZE), np.float32)
    for x, y, r in zip(*rng.uniform(0, SIZE, (2, 5000)), rng.uniform(0.8, 2.6, 5000), strict=True):
        cv2.circle(spots, (int(x * 16), int(y * 16)), int(r * 16), float(rng.uniform(0.3, 1)), -1, cv2.LINE_AA, 4)
    return cv2.GaussianBlur(spots, (0, 0), 0.8)
