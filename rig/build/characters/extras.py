"""What a character has beyond the base head: bones of its own, tusks, tufts; appended, so that old indices stand."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from rig.build import ssdr
from rig.build.characters.clay import FLIP, Array
from rig.skeleton import PARTS, Skeleton

BONE_AXIS = {"channel_": 1, "corrective_": 1, "gaze_": 2, "identity_": 1}
"""Which axis of the arrays whose names begin so counts bones."""


def add_bones(
    s: Skeleton, names: Sequence[str], parents: Sequence[str], pivots: Array, shares: Sequence[Array]
) -> Skeleton:
    """Appends mirrored pairs of bones: ``names`` without a side, left ``pivots`` (n, 3).

    ``shares`` are (V,) of each left bone: it takes that much of a vertex from the bones that had it. A parent
    beginning with ``@`` is one of the new ones.
    """
    n_old, n_new = len(s.names), 2 * len(names)
    all_names = list(s.names)
    where = np.zeros((n_new, 3))
    up = np.zeros(n_new, np.int32)
    twins = np.concatenate([s.twins, n_old + np.arange(n_new) + np.tile([1, -1], len(names))]).astype(np.int32)
    weights = np.concatenate([np.asarray(s.weights.todense(), float), np.zeros((len(s.vertices), n_new))], axis=1)
    for k, (name, parent) in enumerate(zip(names, parents, strict=True)):
        for side, word in enumerate(("left", "right")):
            i = 2 * k + side
            all_names.append(f"{name}-{word}")
            up[i] = all_names.index(f"{parent[1:]}-{word}" if parent.startswith("@") else parent)
            where[i] = pivots[k] * (FLIP if side else 1)
            share = shares[k][s.mirror] if side else shares[k]
            weights *= 1 - share[:, None]
            weights[:, n_old + i] += share
    heaviest = np.argsort(-weights, axis=1, kind="stable")[:, : ssdr.MAX_WEIGHTS]
    kept = np.take_along_axis(weights, heaviest, axis=1)
    grown: dict[str, object] = {}
    for f in fields(s):
        axis = next((a for start, a in BONE_AXIS.items() if f.name.startswith(start)), None)
        value = getattr(s, f.name)
        if axis is not None and isinstance(value, np.ndarray) and value.ndim > axis and value.shape[axis] == n_old:
            pad = [(0, 0)] * value.ndim
            pad[axis] = (0, n_new)
            grown[f.name] = np.pad(value, pad)
    return replace(
        s,
        names=tuple(all_names),
        parents=np.concatenate([s.parents, up]).astype(np.int32),
        twins=twins,
        pivots=np.concatenate([s.pivots, where]).astype(np.float32),
        pivot_bone=np.concatenate([s.pivot_bone, n_old + np.arange(n_new)]).astype(np.int32),
        bone_index=heaviest.astype(np.uint16),
        bone_weight=(kept / kept.sum(1, keepdims=True)).astype(np.float32),
        **grown,  # type: ignore[arg-type]
    )


@dataclass(frozen=True)
class Piece:
    """Geometry to append: ``vertices`` (n, 3) metres, ``quads`` (m, 4), ``uvs`` (n, 2) a vertex, and a part's name."""

    part: str
    vertices: Array
    quads: NDArray[np.int32]
    uvs: Array
    bones: NDArray[np.uint16]
    """(n, 4)"""
    weights: NDArray[np.float32]
    """(n, 4)"""


def tube(
    points: Array, radii: Array, sides: int = 6, flat: Array | None = None, thin: float = 1.0
) -> tuple[Array, NDArray[np.int32], Array]:
    """A tapered tube along ``points`` (k, 3) with ``radii`` (k,): vertices, quads, UVs (along, round).

    ``flat`` (3,) is a direction in which it is ``thin`` times as thick. Its tip closes in a point's ring.
    """
    tangent = np.gradient(points, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-12)
    start = np.array([0.0, 0.0, 1.0]) if flat is None else np.asarray(flat, float)
    if abs(start @ tangent[0]) > 0.95:
        start = np.array([0.0, 1.0, 0.0])
    angle = np.arange(sides) / sides * 2 * np.pi
    rings, uvs = [], []
    n = start
    for k, (p, t, r) in enumerate(zip(points, tangent, radii, strict=True)):
        n = n - (n @ t) * t
        n /= np.linalg.norm(n)
        b = np.cross(t, n)
        rings.append(p + r * (thin * np.cos(angle)[:, None] * n + np.sin(angle)[:, None] * b))
        uvs.append(np.stack([np.full(sides, k / (len(points) - 1)), np.abs(angle / np.pi - 1)], axis=1))
    quads = [
        [k * sides + j, k * sides + (j + 1) % sides, (k + 1) * sides + (j + 1) % sides, (k + 1) * sides + j]
        for k in range(len(points) - 1)
        for j in range(sides)
    ]
    return np.concatenate(rings), np.array(quads, np.int32), np.concatenate(uvs)


def mixed_bones(
    s: Skeleton, name: str, share: float, at: Array, n: int
) -> tuple[NDArray[np.uint16], NDArray[np.float32]]:
    """(n, 4) twice: for n vertices alike, ``share`` of a bone, the rest as the skin at ``at`` (3,) goes."""
    skin = np.flatnonzero(s.part == PARTS.index("skin"))
    near = skin[np.linalg.norm(s.vertices[skin] - at, axis=1).argmin()]
    total = np.zeros(len(s.names))
    np.add.at(total, s.bone_index[near].astype(int), (1 - share) * s.bone_weight[near])
    total[s.names.index(name)] += share
    heaviest = np.argsort(-total, kind="stable")[: ssdr.MAX_WEIGHTS]
    kept = total[heaviest] / total[heaviest].sum()
    return np.tile(heaviest.astype(np.uint16), (n, 1)), np.tile(kept.astype(np.float32), (n, 1))


@dataclass(frozen=True)
class UvRoom:
    """A corner of MakeHuman's UV sheet that no skin uses: hair is painted there, on the skin's own texture."""

    low: tuple[float, float]
    high: tuple[float, float]

    def place(self, uvs: Array) -> Array:
        """(n, 2) along and across the hairs, 0..1 -> the same in this room."""
        low, high = np.array(self.low), np.array(self.high)
        return low + np.clip(uvs, 0, 1) * (high - low)


HAIR_ROOM = UvRoom((0.06, 0.39), (0.46, 0.65))


def append(s: Skeleton, piece: Piece, mirrored_from: int | None = None) -> Skeleton:
    """The head with the piece at the end. ``mirrored_from``: the first vertex of the piece that this one mirrors."""
    n, n_uv, m = len(s.vertices), len(s.uvs), len(piece.vertices)
    own = n + np.arange(m)
    mirror = np.concatenate([s.mirror, own])
    if mirrored_from is not None:
        other = mirrored_from + np.arange(m)
        mirror[own], mirror[other] = other, own
    return replace(
        s,
        vertices=np.concatenate([s.vertices, piece.vertices]).astype(np.float32),
        quads=np.concatenate([s.quads, piece.quads + n]).astype(np.int32),
        quad_uvs=np.concatenate([s.quad_uvs, piece.quads + n_uv]).astype(np.int32),
        uvs=np.concatenate([s.uvs, piece.uvs]).astype(np.float32),
        part=np.concatenate([s.part, np.full(m, PARTS.index(piece.part))]).astype(np.int32),
        mirror=mirror.astype(np.int32),
        bone_index=np.concatenate([s.bone_index, piece.bones]).astype(np.uint16),
        bone_weight=np.concatenate([s.bone_weight, piece.weights]).astype(np.float32),
    )


def append_pair(s: Skeleton, left: Piece) -> Skeleton:
    """The piece on the subject's left, and its mirror image on the right."""
    first = len(s.vertices)
    s = append(s, left)
    right = replace(
        left,
        vertices=left.vertices * FLIP,
        quads=left.quads[:, ::-1],
        bones=s.twins[left.bones.astype(int)].astype(np.uint16),
    )
    return append(s, right, mirrored_from=first)
