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
from rig.head_mesh import HeadMesh, ScreenPart, cut_bust
from rig.parameters import ARKIT, CHANNEL_INDEX, N_CHANNELS
from rig.skeleton import GAZE_FULL_DEG, PARTS, Skeleton
from rig.texture_map import eye_uv, lash_uv, warp_uv

F = NDArray[np.float32]
DETAILS = ("screen", "game")
MATERIAL_PARTS: dict[str, tuple[str, ...]] = {
    "skin": ("skin",),
    "eyes": ("eye-left", "eye-right"),
    "teeth": ("teeth",),
    "tongue": ("tongue",),
    "lashes": ("lashes",),
    "hair": ("hair",),
}
"""The primitives of the mesh, one a material, and the parts of HeadMesh that each shows."""
CONTROL_PARTS: dict[str, tuple[str, ...]] = {
    "skin": ("skin",),
    "eye-left": ("eye-left",),
    "eye-right": ("eye-right",),
    "teeth": ("upper-teeth", "lower-teeth"),
    "tongue": ("tongue",),
    "lashes": ("lashes-left", "lashes-right"),
    "hair": ("hair",),
}
TEXTURED = ("skin", "eyes", "lashes")
"""Materials whose textures lie where the head's own UVs say."""
ASIDE = {"mouthLeft": ("left", "right"), "mouthRight": ("right", "left")}
ASIDE_SHARES = {"AU14": 0.4, "AU20": 0.35}
COMBINATIONS = (
    ("AU6-left", "AU6-right", "AU12-left", "AU12-right", "AU25", "AU26"),
    ("AU1-left", "AU1-right", "AU2-left", "AU2-right", "AU5-left", "AU5-right", "AU25", "AU26"),
    ("AU22", "AU25", "AU26"),
    ("AU4-left", "AU4-right", "AU9-left", "AU9-right", "AU10-left", "AU10-right"),
)
"""What the fitted weights shall also follow, beside every channel alone."""


@dataclass(frozen=True)
class Piece:
    """One primitive: vertices repeated along UV seams."""

    material: str
    rows: NDArray[np.intp]
    """(N,) the surface's vertex that each one is."""
    cells: NDArray[np.intp]
    """(F, 4) quads over them, counter-clockwise from outside."""
    uv: F | None
    """(N, 2) with v down, as glTF has it; None for a plain colour."""

    @property
    def triangles(self) -> NDArray[np.intp]:
        """(2 F, 3)"""
        return np.concatenate([self.cells[:, [0, 1, 2]], self.cells[:, [0, 2, 3]]], axis=1).reshape(-1, 3)


class Surface:
    """The mesh that is exported: ``matrix`` (N, V) takes control vertices to its own; ``pieces`` by material."""

    def __init__(self, skeleton: Skeleton, detail: str):
        """``screen``: the refined head that Mien shows; ``game``: the control mesh. Both end in the same bust."""
        self.detail = detail
        if detail == "screen":
            head = HeadMesh(skeleton)
            matrix, parts = head.matrix, head.parts
        else:
            matrix, parts = _control_mesh(skeleton)
        found = {m: [parts[p] for p in names if p in parts] for m, names in MATERIAL_PARTS.items()}
        used = np.unique(np.concatenate([p.rows for mine in found.values() for p in mine]))
        self.matrix: sp.csr_matrix = matrix[used].tocsr()
        rest = self.matrix @ skeleton.vertices
        self.pieces = [_join(m, mine, used, rest) for m, mine in found.items() if mine]
        self._quads = np.concatenate([p.rows[p.cells] for p in self.pieces])
        corner = self._quads.ravel()
        self._gather = sp.csr_matrix(
            (np.ones(len(corner), np.float32), (corner, np.repeat(np.arange(len(self._quads)), 4))),
            shape=(len(used), len(self._quads)),
        )

    def normals(self, vertices: F) -> F:
        """Area-weighted unit normals (N, 3) of the surface's vertices (N, 3)."""
        v, q = vertices, self._quads
        n = self._gather @ np.cross(v[q[:, 2]] - v[q[:, 0]], v[q[:, 3]] - v[q[:, 1]])
        length = np.linalg.norm(n, axis=1, keepdims=True)
        # A vertex that all its quads have shrunk to still needs a unit normal.
        return np.where(length > 1e-14, n / np.maximum(length, 1e-14), [0, 0, 1]).astype(np.float32)


def tangents(piece: Piece, at: F, normals: F) -> F:
    """(N, 4) for a piece's own positions and normals (N, 3): the texture's u on the surface, and the side v lies on.

    glTF's bitangent, cross(normal, tangent) times the fourth number, points up in the picture.
    """
    assert piece.uv is not None
    t = piece.triangles
    edge1, edge2 = at[t[:, 1]] - at[t[:, 0]], at[t[:, 2]] - at[t[:, 0]]
    uv1, uv2 = piece.uv[t[:, 1]] - piece.uv[t[:, 0]], piece.uv[t[:, 2]] - piece.uv[t[:, 0]]
    signed = uv1[:, 0] * uv2[:, 1] - uv2[:, 0] * uv1[:, 1]
    side = np.sign(signed)[:, None]
    along = side * (edge1 * uv2[:, 1:] - edge2 * uv1[:, 1:])
    up = -side * (edge2 * uv1[:, :1] - edge1 * uv2[:, :1])
    n = len(at)
    gather = sp.csr_matrix((np.ones(t.size), (t.ravel(), np.repeat(np.arange(len(t)), 3))), shape=(n, len(t)))
    along, up = gather @ along, gather @ up
    along -= normals * (along * normals).sum(1, keepdims=True)
    # Where the texture has no extent any direction in the surface does.
    lost = np.linalg.norm(along, axis=1) < 1e-12
    axis = np.eye(3)[np.abs(normals).argmin(1)]
    along[lost] = np.cross(normals, axis)[lost]
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    w = np.where((np.cross(normals, along) * up).sum(1) < 0, -1.0, 1.0)
    return np.c_[along, w].astype(np.float32)


def _control_mesh(s: Skeleton) -> tuple[sp.csr_matrix, dict[str, ScreenPart]]:
    """The control mesh in the parts that HeadMesh has."""
    part = s.part[s.quads[:, 0]]
    identity = sp.eye(len(s.vertices), format="csr", dtype=np.float32)
    matrix, kept = cut_bust(identity, s.vertices, s.quads, part == PARTS.index("skin"))
    parts = {}
    for name, sources in CONTROL_PARTS.items():
        mine = kept & np.isin(part, [PARTS.index(p) for p in sources])
        if not mine.any():
            continue
        quads, quad_uvs = s.quads[mine], s.quad_uvs[mine]
        uv: F | None = None
        if name not in ("skin", "lashes"):
            rows, cells = np.unique(quads, return_inverse=True)
            if name.startswith("eye"):
                uv = eye_uv(s.vertices[rows], s.pivots[s.names.index(name)])
        else:
            key = quads.ravel().astype(np.int64) * (len(s.uvs) + 1) + quad_uvs.ravel()
            _, first, cells = np.unique(key, return_index=True, return_inverse=True)
            rows, uv = quads.ravel()[first], s.uvs[quad_uvs.ravel()[first]]
            uv = lash_uv(uv) if name == "lashes" else warp_uv(uv)
        parts[name] = ScreenPart(rows.astype(np.intp), cells.reshape(-1, 4), uv)
    return matrix, parts


def _join(material: str, parts: list[ScreenPart], used: NDArray[np.intp], rest: F) -> Piece:
    """Parts that share a material as one primitive; ``used`` are the rows that the surface keeps."""
    first = np.cumsum([0, *(len(p.rows) for p in parts)])
    rows = np.searchsorted(used, np.concatenate([p.rows for p in parts]))
    cells = np.concatenate([p.cells + k for p, k in zip(parts, first, strict=False)])
    uv = None
    if material in ("teeth", "tongue"):
        # One axis, on the base face at rest: from the dark back of the mouth (0) to the front (1).
        z = rest[rows, 2]
        uv = np.stack([np.full(len(z), 0.5), (z - z.min()) / (z.max() - z.min())], axis=1)
    elif material in TEXTURED:
        uv = np.concatenate([p.uv for p in parts if p.uv is not None])
    return Piece(
        material, rows, cells, None if uv is None else np.stack([uv[:, 0], 1 - uv[:, 1]], 1).astype(np.float32)
    )


def skin_weights(face: Face, person: Person, surface: Surface) -> tuple[NDArray[np.int64], F]:
    """Joints (N, 4) and weights (N, 4): heaviest first, summing to 1 in float32, unused ones bone 0 with weight 0."""
    if surface.detail == "game":
        weights = (surface.matrix @ face.weights).toarray()
        index = np.argsort(-weights, axis=1, kind="stable")[:, :4]
        weight = np.take_along_axis(weights, index, 1)
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
    out over the face. ``mouthLeft`` and ``mouthRight``, which have no channel, draw one corner out and the other in.
    """
    rest = person.vertices

    def posed(*shapes: str) -> F:
        values = np.zeros(len(ARKIT), np.float32)
        values[[ARKIT.index(s) for s in shapes]] = 1
        au, left, right = arkit_to_channels(values)
        return face.pose(au, left, right, person)

    def moved(channel: str) -> F:
        return face.pose(np.eye(N_CHANNELS, dtype=np.float32)[CHANNEL_INDEX[channel]], person=person) - rest

    shared = _shares(face, person)
    for name in ARKIT:
        if name == "mouthClose":
            yield name, rest + posed("jawOpen", "mouthClose") - posed("jawOpen")
        elif name in ASIDE:
            to, away = ASIDE[name]
            yield name, rest + sum(k * (moved(f"{au}-{to}") - moved(f"{au}-{away}")) for au, k in ASIDE_SHARES.items())
        elif name in shared:
            channel, share = shared[name]
            yield name, rest + share[:, None] * moved(channel)
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
