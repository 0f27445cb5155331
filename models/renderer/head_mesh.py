"""The head as the renderer draws it: the refined mesh, what it is made of, and fields that never change."""

import warnings
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.renderer import regions
from models.renderer.rasterise import rasterise
from rig import folds
from rig.face import Face
from rig.parameters import CHANNEL_INDEX, N_CHANNELS
from rig.skeleton import PARTS
from rig.subdivision import catmull_clark
from rig.texture_map import eye_uv, lash_uv, warp_uv

MATERIALS = ("skin", "eye", "teeth", "tongue", "clothes", "glasses", "hair", "lash", "lens")
MATERIAL = {name: i for i, name in enumerate(MATERIALS)}
_PART_MATERIAL = {
    "skin": "skin", "eye-left": "eye", "eye-right": "eye", "upper-teeth": "teeth", "lower-teeth": "teeth",
    "tongue": "tongue", "lashes-left": "lash", "lashes-right": "lash", "hair": "hair",
}  # fmt: skip
FIELDS = (
    "occlusion", "lower", "neck", "collar", "above", "front", "temple", "side", "nape", "part", "moustache", "chin",
    "jaw", "x", "y", "z",
)  # fmt: skip
FIELD = {name: i for i, name in enumerate(FIELDS)}
OCCLUSION_DIRECTIONS = 96
OCCLUSION_SIZE = 320


@dataclass(frozen=True)
class HeadMesh:
    """Static tensors; V control vertices, W refined ones, T triangles."""

    refine: Tensor
    """(W, V) sparse CSR."""
    coarse_quads: Tensor
    """(F, 4)"""
    coarse_around: Tensor
    """(V, 8) the quads about each control vertex, F (a zero) where there are fewer."""
    around: Tensor
    """(W, 8) likewise the refined quads."""
    quads: Tensor
    """(F', 4)"""
    triangles: Tensor
    """(T, 3) over refined vertices, lashes left out."""
    triangle_uv: Tensor
    """(T, 3, 2) on the sheet of the triangle's material."""
    uv_area: Tensor
    """(T,) on the unit square."""
    material: Tensor
    """(T,)"""
    lash_triangles: Tensor
    """(L, 3)"""
    lash_uv: Tensor
    """(L, 3, 2)"""
    fields: Tensor
    """(W, len(FIELDS)) see ``models.renderer.regions``; the last three are the rest position."""
    coarse_hair: Tensor
    """(V, 6) ``regions.hair`` of the control vertices, far below the line where no hair can grow."""
    coarse_beard: Tensor
    """(V, 3)"""
    coarse_collar: Tensor
    """(V,) metres below the neckline."""
    fold_weights: Tensor
    """(V, regions) see ``rig.folds``."""
    fold_drive: Tensor
    """(regions, 40)"""
    rim: Tensor
    """(R, 2) edges (refined vertices) of the cut below the collar bones, in the direction of their quads."""

    def to(self, device: torch.device | str) -> "HeadMesh":
        return HeadMesh(**{k: v.to(device) for k, v in vars(self).items()})


def vertex_normals(points: Tensor, quads: Tensor, around: Tensor) -> Tensor:
    """(N, V, 3) -> unit normals (N, V, 3), weighted by area; ``around`` as in HeadMesh."""
    n = len(points)
    corner = points.index_select(1, quads.reshape(-1)).reshape(n, -1, 4, 3)
    face = torch.linalg.cross(corner[:, :, 2] - corner[:, :, 0], corner[:, :, 3] - corner[:, :, 1])
    face = torch.cat([face, face.new_zeros(n, 1, 3)], dim=1)
    normal = face.index_select(1, around.reshape(-1)).reshape(n, len(around), -1, 3).sum(2)
    return torch.nn.functional.normalize(normal, dim=-1)


def _around(quads: NDArray[np.int32], n: int) -> NDArray[np.int64]:
    """(n, most) indices of the quads at each vertex, padded with the number of quads."""
    order = np.argsort(quads.ravel(), kind="stable")
    vertex = quads.ravel()[order]
    first = np.searchsorted(vertex, np.arange(n))
    place = np.arange(len(vertex)) - first[vertex]
    out = np.full((n, int(place.max()) + 1), len(quads), np.int64)
    out[vertex, place] = order // 4
    return out


def _split(quads: NDArray[np.int32]) -> NDArray[np.int64]:
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int64)


def _border(quads: NDArray[np.int32], keep: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(R, 2) edges that only one quad has, both ends in ``keep``."""
    edge = np.stack([quads, np.roll(quads, -1, axis=1)], -1).reshape(-1, 2)
    key = np.sort(edge, axis=1)
    _, index, count = np.unique(key, axis=0, return_index=True, return_counts=True)
    edge = edge[index[count == 1]].astype(np.int64)
    return edge[keep[edge].all(1)]


def build_head_mesh(face: Face) -> HeadMesh:
    """Refines the rig's head once and paints its fields; takes about a second."""
    s = face.skeleton
    fine = catmull_clark(s.quads, s.quad_uvs, len(s.vertices), len(s.uvs))
    rest = fine.matrix @ s.vertices
    part = s.part[s.quads[:, 0]][fine.parent_quad]
    material = np.array([MATERIAL[_PART_MATERIAL[name]] for name in PARTS])[part]
    sheet_uv = fine.uv_matrix @ s.uvs
    corner_uv = warp_uv(sheet_uv)[fine.quad_uvs]
    for side in ("left", "right"):
        mine = part == PARTS.index(f"eye-{side}")
        corner_uv[mine] = eye_uv(rest, s.pivots[s.names.index(f"eye-{side}")])[fine.quads[mine]]
    lash = material == MATERIAL["lash"]
    uv = np.concatenate([corner_uv[:, [0, 1, 2]], corner_uv[:, [0, 2, 3]]])
    twice = np.tile(lash, 2)
    triangles = _split(fine.quads)
    a, b, c = uv[~twice].transpose(1, 0, 2)
    uv_area = 0.5 * np.abs((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0])
    lash_corner = lash_uv(sheet_uv)[fine.quad_uvs]
    skin = np.zeros(len(rest), bool)
    skin[np.unique(fine.quads[material == MATERIAL["skin"]])] = True
    skin_coarse = s.part == PARTS.index("skin")

    coarse_hair = regions.hair(s.vertices)
    coarse_hair[~skin_coarse, 0] = -1
    # Folds inside the head (sockets, mouth, nostrils) grow nothing: there the surface faces backwards or inwards.
    around, coarse_around = _around(fine.quads, len(rest)), _around(s.quads, len(s.vertices))
    fields = np.zeros((len(rest), len(FIELDS)), np.float32)
    fields[:, FIELD["occlusion"]] = 1
    fields[skin, FIELD["occlusion"]] = _occlusion(rest, triangles[~twice], fine.quads, around)[skin]
    fields[:, FIELD["lower"]] = _lower_lip(face, fine.matrix)
    fields[:, FIELD["neck"]] = np.where(skin, regions.neck(rest), -1)
    fields[:, FIELD["collar"]] = np.where(skin, regions.collar(rest), -1)
    fields[:, FIELD["above"] : FIELD["part"] + 1] = np.where(skin[:, None], regions.hair(rest), [-1, 0, 0, 0, 0, 0])
    fields[:, FIELD["moustache"] : FIELD["moustache"] + 3] = regions.beard(rest) * skin[:, None]
    fields[:, FIELD["x"] :] = rest

    def tensor(array: NDArray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array))

    csr: sp.csr_matrix = fine.matrix.tocsr()
    with warnings.catch_warnings():
        # Torch calls its CSR layout a beta; the product used here is plain (and 20 times faster than COO's).
        warnings.simplefilter("ignore", UserWarning)
        refine = torch.sparse_csr_tensor(
            tensor(csr.indptr.astype(np.int64)),
            tensor(csr.indices.astype(np.int64)),
            tensor(csr.data),
            csr.shape,
            check_invariants=True,
        )
    return HeadMesh(
        refine=refine,
        coarse_quads=tensor(s.quads.astype(np.int64)),
        coarse_around=tensor(coarse_around),
        around=tensor(around),
        quads=tensor(fine.quads.astype(np.int64)),
        triangles=tensor(triangles[~twice]),
        triangle_uv=tensor(uv[~twice].astype(np.float32)),
        uv_area=tensor(uv_area.astype(np.float32)),
        material=tensor(np.tile(material, 2)[~twice].astype(np.int64)),
        lash_triangles=tensor(triangles[twice]),
        lash_uv=tensor(
            np.concatenate([lash_corner[:, [0, 1, 2]], lash_corner[:, [0, 2, 3]]])[twice].astype(np.float32)
        ),
        fields=tensor(fields),
        coarse_hair=tensor(coarse_hair.astype(np.float32)),
        coarse_beard=tensor((regions.beard(s.vertices) * skin_coarse[:, None]).astype(np.float32)),
        coarse_collar=tensor(np.where(skin_coarse, regions.collar(s.vertices), -1).astype(np.float32)),
        fold_weights=tensor(folds.region_weights(s)),
        fold_drive=tensor(folds.DRIVE),
        rim=tensor(_border(fine.quads, skin & (rest[:, 1] < -0.12))),
    )


def _lower_lip(face: Face, refine: sp.csr_matrix) -> NDArray[np.float32]:
    """(W,) about 1 on what goes down with the jaw, 0 on what stays: tells the lower lip from the upper one."""
    au = np.zeros(N_CHANNELS, np.float32)
    au[[CHANNEL_INDEX["AU25"], CHANNEL_INDEX["AU26"]]] = 1
    fall = face.skeleton.vertices - face.pose(au)
    drop = refine @ fall[:, 1]
    upper, lower = face.landmarks(fall)[[13, 14], 1]
    return np.clip((drop - upper) / max(lower - upper, 1e-6), 0, 1).astype(np.float32)


def _occlusion(
    rest: NDArray, triangles: NDArray[np.int64], quads: NDArray[np.int32], around: NDArray[np.int64]
) -> NDArray[np.float32]:
    """(W,) share of the sky (cosine-weighted) that reaches each vertex, from depth maps in many directions."""
    points = torch.from_numpy(rest.astype(np.float32))[None]
    normal = vertex_normals(points, torch.from_numpy(quads.astype(np.int64)), torch.from_numpy(around))[0]
    k = torch.arange(OCCLUSION_DIRECTIONS) + 0.5
    up = 1 - 2 * k / OCCLUSION_DIRECTIONS
    turn = k * (np.pi * (1 + 5**0.5))
    flat = (1 - up * up).sqrt()
    directions = torch.stack([flat * turn.cos(), up, flat * turn.sin()], dim=1)
    faces = torch.from_numpy(triangles)
    light, total = torch.zeros(len(rest)), torch.zeros(len(rest))
    for d in directions:
        lit = light_map(points, d[None], faces, OCCLUSION_SIZE)
        cosine = (normal @ d).clamp(min=0)
        seen = lit.visible(points.transpose(1, 2), 0.0035)[0]
        light += cosine * seen
        total += cosine
    return (light / total.clamp(min=1e-6)).numpy()


@dataclass(frozen=True)
class LightMap:
    """Depth as a far lamp sees it: an orthographic visibility buffer over the points' bounds."""

    frame: Tensor
    """(N, 3, 3) rows: right, down, towards the lamp."""
    offset: Tensor
    """(N, 2)"""
    scale: Tensor
    """(N,) pixels per metre."""
    height: Tensor
    """(N, S * S) how far towards the lamp the nearest surface lies, metres; very low where nothing is."""
    size: int

    def visible(self, points: Tensor, bias_m: float) -> Tensor:
        """(N, 3, P) -> (N, P) 1 where lit, 0 in shadow; softened over the four nearest pixels of the map."""
        x, y, height = (self.frame @ points).unbind(1)
        x = (x - self.offset[:, :1]) * self.scale[:, None] - 0.5
        y = (y - self.offset[:, 1:]) * self.scale[:, None] - 0.5
        x0, y0 = x.floor(), y.floor()
        fx, fy = x - x0, y - y0
        top = self.size - 1
        column = [(x0 + d).clamp_(0, top).long() for d in (0, 1)]
        row = [(y0 + d).clamp_(0, top).long() * self.size for d in (0, 1)]
        reach = height + bias_m
        lit = [[(reach >= self.height.gather(1, r + c)).to(x.dtype) for c in column] for r in row]
        return torch.lerp(torch.lerp(lit[0][0], lit[0][1], fx), torch.lerp(lit[1][0], lit[1][1], fx), fy)


def light_map(points: Tensor, direction: Tensor, triangles: Tensor, size: int) -> LightMap:
    """Depth map (size x size) from lamps infinitely far along ``direction`` (N, 3), unit, of ``points`` (N, V, 3)."""
    d = direction
    helper = torch.where(d[:, 1:2].abs() > 0.9, d.new_tensor([1.0, 0, 0]), d.new_tensor([0.0, 1, 0]))
    right = torch.nn.functional.normalize(torch.linalg.cross(helper, d), dim=-1)
    down = torch.linalg.cross(right, d)
    frame = torch.stack([right, down, d], dim=1)
    local = points @ frame.transpose(1, 2)
    low, high = local.amin(1), local.amax(1)
    scale = (size - 4) / (high - low)[:, :2].amax(1)
    offset = low[:, :2] - 2 / scale[:, None]
    # Inverse depth stands for height: any positive, growing number serves the buffer.
    nearness = local[..., 2] - low[:, 2:3] + 1
    seen = rasterise((local[..., :2] - offset[:, None]) * scale[:, None, None], nearness, triangles, size, size)
    height = torch.where(seen.triangle >= 0, seen.inverse_depth - 1 + low[:, 2:3], torch.full_like(low[:, 2:3], -9))
    return LightMap(frame, offset, scale, height, size)
