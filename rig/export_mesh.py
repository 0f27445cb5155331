"""The head as a game engine wants it: triangles in pieces by material, UV seams split, skin weights, ARKit shapes."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from rig import skinning
from rig.arkit import arkit_to_channels
from rig.face import Face, Person
from rig.fine_weights import fit_weights
from rig.parameters import ARKIT, CHANNEL_INDEX, N_CHANNELS
from rig.skeleton import GAZE_FULL_DEG, PARTS, Skeleton
from rig.subdivision import catmull_clark
from rig.texture_map import eye_uv, lash_uv, warp_uv

F = NDArray[np.float32]
DETAILS = ("screen", "game")
MATERIAL_PARTS: dict[str, tuple[str, ...]] = {
    "skin": ("skin",),
    "eyes": ("eye-left", "eye-right"),
    "teeth": ("upper-teeth", "lower-teeth"),
    "tongue": ("tongue",),
    "lashes": ("lashes-left", "lashes-right"),
    "hair": ("hair",),
}
"""The primitives of the mesh, one a material, and the parts of the head that each shows."""
COMBINATIONS = (
    ("AU6-left", "AU6-right", "AU12-left", "AU12-right", "AU25", "AU26"),
    ("AU1-left", "AU1-right", "AU2-left", "AU2-right", "AU5-left", "AU5-right", "AU25", "AU26"),
    ("AU22", "AU25", "AU26"),
    ("AU4-left", "AU4-right", "AU9-left", "AU9-right", "AU10-left", "AU10-right"),
)
"""What the fitted weights shall also follow, beside every channel alone."""


@dataclass(frozen=True)
class Surface:
    """The mesh that is exported: ``matrix`` (N, V) takes control vertices to its own."""

    detail: str
    matrix: sp.csr_matrix
    quads: NDArray[np.int32]
    quad_uvs: NDArray[np.int32]
    uvs: F
    part: NDArray[np.int32]
    """(F,) index into PARTS."""
    gather: sp.csr_matrix
    """(N, F) sums quads' normals at their corners."""

    def normals(self, vertices: F) -> F:
        """Area-weighted unit normals (N, 3) of the surface's vertices (N, 3)."""
        v, q = vertices, self.quads
        n = self.gather @ np.cross(v[q[:, 2]] - v[q[:, 0]], v[q[:, 3]] - v[q[:, 1]])
        length = np.linalg.norm(n, axis=1, keepdims=True)
        # A vertex that all its quads have shrunk to still needs a unit normal.
        return np.where(length > 1e-14, n / np.maximum(length, 1e-14), [0, 0, 1]).astype(np.float32)


def make_surface(skeleton: Skeleton, detail: str) -> Surface:
    """``screen``: the control mesh subdivided once, as Mien draws it; ``game``: the control mesh itself."""
    s = skeleton
    part = s.part[s.quads[:, 0]]
    if detail == "screen":
        fine = catmull_clark(s.quads, s.quad_uvs, len(s.vertices), len(s.uvs))
        matrix, quads, quad_uvs = fine.matrix, fine.quads, fine.quad_uvs
        uvs, part = fine.uv_matrix @ s.uvs, part[fine.parent_quad]
    else:
        matrix, quads, quad_uvs, uvs = (
            sp.eye(len(s.vertices), format="csr", dtype=np.float32),
            s.quads,
            s.quad_uvs,
            s.uvs,
        )
    corner = quads.ravel()
    shape = (matrix.shape[0], len(quads))
    gather = sp.csr_matrix((np.ones(len(corner), np.float32), (corner, np.repeat(np.arange(shape[1]), 4))), shape=shape)
    return Surface(detail, matrix, quads, quad_uvs, uvs, part, gather)


@dataclass(frozen=True)
class Piece:
    """One primitive: vertices repeated along UV seams."""

    material: str
    rows: NDArray[np.intp]
    """(N,) the surface's vertex that each one is."""
    uv: F | None
    """(N, 2) with v down, as glTF has it; None for a plain colour."""
    triangles: NDArray[np.intp]
    """(T, 3) counter-clockwise from outside."""


def pieces(skeleton: Skeleton, surface: Surface) -> list[Piece]:
    """The primitives of a head, in the order of MATERIAL_PARTS; parts that it lacks are left out."""
    out = []
    for material, parts in MATERIAL_PARTS.items():
        mine = np.isin(surface.part, [PARTS.index(p) for p in parts])
        if mine.any():
            out.append(_piece(skeleton, surface, material, surface.quads[mine], surface.quad_uvs[mine]))
    return out


def _piece(s: Skeleton, surface: Surface, material: str, quads: NDArray, quad_uvs: NDArray) -> Piece:
    if material in ("skin", "lashes", "hair"):
        key = quads.ravel().astype(np.int64) * (len(surface.uvs) + 1) + quad_uvs.ravel()
        _, first, cells = np.unique(key, return_index=True, return_inverse=True)
        rows = quads.ravel()[first].astype(np.intp)
        uv = surface.uvs[quad_uvs.ravel()[first]]
        uv = lash_uv(uv) if material == "lashes" else warp_uv(uv)
    else:
        rows, cells = np.unique(quads, return_inverse=True)
        # Eyes and teeth are painted by their place at rest on the base face, whoever wears them.
        uv = _projected_uv(s, material, surface.matrix @ s.vertices, rows)
    q = cells.reshape(-1, 4)
    triangles = np.concatenate([q[:, [0, 1, 2]], q[:, [0, 2, 3]]], axis=1).reshape(-1, 3)
    return Piece(material, rows, None if uv is None else np.stack([uv[:, 0], 1 - uv[:, 1]], 1), triangles)


def _projected_uv(s: Skeleton, material: str, rest: F, rows: NDArray[np.intp]) -> F | None:
    p = rest[rows]
    if material == "eyes":
        left, right = (eye_uv(p, s.pivots[s.names.index(f"eye-{side}")]) for side in ("left", "right"))
        return np.where(p[:, :1] > 0, left, right)
    if material == "teeth":
        # One axis: from the dark back of the mouth (0) to the front teeth (1).
        t = (p[:, 2] - p[:, 2].min()) / (p[:, 2].max() - p[:, 2].min())
        return np.stack([np.full(len(t), 0.5), t], axis=1).astype(np.float32)
    return None


def skin_weights(face: Face, person: Person, surface: Surface) -> tuple[NDArray[np.int64], F]:
    """Joints (N, 4) and weights (N, 4): heaviest first, summing to 1 in float32, unused ones bone 0 with weight 0."""
    s = face.skeleton
    if surface.detail == "game":
        index, weight = s.bone_index.astype(np.int64), s.bone_weight.astype(np.float32)
    else:
        bones = np.stack(list(_fit_poses(face, person)), axis=1)
        moved = [surface.matrix @ skinning.skin(person.vertices, face.weights, b) for b in bones.transpose(1, 0, 2, 3)]
        start = (surface.matrix @ face.weights).tocsr()
        index, weight = fit_weights(surface.matrix @ person.vertices, start, np.stack(moved, axis=1), bones)
    weight = np.where(weight < 1e-4, 0, weight)
    order = np.argsort(-weight, axis=1, kind="stable")
    weight, index = np.take_along_axis(weight, order, 1), np.take_along_axis(index, order, 1)
    weight = (weight / weight.sum(1, keepdims=True)).astype(np.float32)
    # Importers want the sum exact; the heaviest weight takes up the rounding.
    weight[:, 0] = 1 - weight[:, 1:].sum(1, dtype=np.float32)
    return np.where(weight > 0, index, 0), weight


def _fit_poses(face: Face, person: Person) -> Iterator[F]:
    """Bone transforms (B, 3, 4) of what a face does: every channel, gaze, a few expressions, turns of the head."""
    rest = np.zeros(N_CHANNELS, np.float32)
    for channel in range(N_CHANNELS):
        yield face.bones(np.eye(N_CHANNELS, dtype=np.float32)[channel], person=person)
    for names in COMBINATIONS:
        au = rest.copy()
        au[[CHANNEL_INDEX[n] for n in names]] = 1
        yield face.bones(au, person=person)
    for direction in np.array([[1, 0], [-1, 0], [0, 1], [0, -1]], np.float32):
        gaze = direction * GAZE_FULL_DEG
        yield face.bones(rest, gaze, gaze, person)
        turn = skinning.rotations(np.radians(25) * np.array([[-direction[1], direction[0], 0]], np.float32))[0]
        yield face.bones(rest, person=person, head_rotation=turn)


def arkit_shapes(face: Face, person: Person) -> Iterator[tuple[str, F]]:
    """Every ARKit name in order with its control vertices (V, 3) at 1, so that shapes add up as ARKit's do.

    A shape is what ``rig.arkit`` reads of it, with three refinements, all of which leave the sum over the shapes of
    :func:`rig.arkit.channels_to_arkit` what the channel itself does: ``mouthClose`` is baked against the open jaw
    that it closes the lips on; a channel that ARKit splits in left and right or in lower and upper lip is shared
    out over the face. ``mouthLeft`` and ``mouthRight`` have no channel and stay at rest.
    """
    rest = person.vertices

    def posed(*shapes: str) -> F:
        values = np.zeros(len(ARKIT), np.float32)
        values[[ARKIT.index(s) for s in shapes]] = 1
        au, left, right = arkit_to_channels(values)
        return face.pose(au, left, right, person)

    shared = _shares(face, person)
    for name in ARKIT:
        if name == "mouthClose":
            yield name, rest + posed("jawOpen", "mouthClose") - posed("jawOpen")
        elif name in shared:
            channel, share = shared[name]
            moved = face.pose(np.eye(N_CHANNELS, dtype=np.float32)[CHANNEL_INDEX[channel]], person=person)
            yield name, rest + share[:, None] * (moved - rest)
        else:
            yield name, posed(name)


def _shares(face: Face, person: Person) -> dict[str, tuple[str, F]]:
    """Shapes that are a part of one channel: the channel, and how much of it each control vertex takes (V,)."""
    s = face.skeleton
    left = np.clip(person.vertices[:, 0] / 0.016 + 0.5, 0, 1)
    left = (left * left * (3 - 2 * left)).astype(np.float32)
    jaw = s.names.index("jaw")
    below = np.zeros(len(s.names), np.float32)
    for i, parent in enumerate(s.parents):
        below[i] = i == jaw or (parent >= 0 and below[parent])
    lower = face.weights @ below
    return {
        "mouthPressLeft": ("AU24", left),
        "mouthPressRight": ("AU24", 1 - left),
        "mouthRollLower": ("AU28", lower),
        "mouthRollUpper": ("AU28", 1 - lower),
        # AU17 reads as mouthShrugLower 1 and mouthShrugUpper 0.5 (rig.arkit), and lifts both lips.
        "mouthShrugLower": ("AU17", lower + 0.5 * (1 - lower)),
        "mouthShrugUpper": ("AU17", 1 - lower),
    }
