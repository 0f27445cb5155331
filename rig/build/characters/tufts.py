"""Hair as an animator models it: chunky tapered locks that lie on the head, each carried by the skin at its root."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from rig.build.characters.clay import Array
from rig.build.characters.extras import HAIR_ROOM, Piece, UvRoom, append, append_pair, tube
from rig.skeleton import PARTS, Skeleton

Flow = Callable[[Array], Array]
"""Position (3,) -> the direction in which hair runs there."""


@dataclass(frozen=True)
class Lock:
    """One lock: where it grows, how long and thick it is, and how far it stands off the head (metres)."""

    root: Array
    length: float
    radius: float
    lift: float
    steps: int = 6
    curl: float = 0.0
    """Sideways bend, radians over its length."""
    carrier: Array | None = None
    """Where the skin is that carries it, if not at its root: locks that share one stay together."""


class Scalp:
    """The skin as something to grow on."""

    def __init__(self, skeleton: Skeleton):
        self.skeleton = s = skeleton
        skin = PARTS.index("skin")
        quads = s.quads[s.part[s.quads[:, 0]] == skin]
        v = s.vertices.astype(float)
        normal = np.zeros_like(v)
        across = np.cross(v[quads[:, 2]] - v[quads[:, 0]], v[quads[:, 3]] - v[quads[:, 1]])
        for k in range(4):
            np.add.at(normal, quads[:, k], across)
        self.ids = np.unique(quads)
        self.points = v[self.ids]
        self.normals = normal[self.ids] / np.maximum(np.linalg.norm(normal[self.ids], axis=1, keepdims=True), 1e-12)
        self.tree = cKDTree(self.points)

    def at(self, p: Array) -> tuple[Array, Array]:
        """The skin's point and normal nearest to ``p`` (3,), blended over a few vertices."""
        distance, near = self.tree.query(p, 5)
        k = 1 / (distance + 1e-3) ** 2
        k /= k.sum()
        n = k @ self.normals[near]
        n /= np.linalg.norm(n)
        q = k @ self.points[near]
        return p - n * ((p - q) @ n), n

    def scatter(self, where: Callable[[Array], NDArray[np.bool_]], spacing: float, seed: int) -> Array:
        """(n, 3) points of the left half's skin where ``where`` holds, no two nearer than ``spacing``."""
        rng = np.random.default_rng(seed)
        s = self.skeleton
        q = s.quads[s.part[s.quads[:, 0]] == PARTS.index("skin")]
        a, b, c, d = (s.vertices[q[:, k]].astype(float) for k in range(4))
        area = np.linalg.norm(np.cross(c - a, d - b), axis=1)
        pick = rng.choice(len(q), 9000, p=area / area.sum())
        u, w = rng.random((2, 9000, 1))
        p = (1 - u) * ((1 - w) * a[pick] + w * b[pick]) + u * ((1 - w) * d[pick] + w * c[pick])
        p = p[(p[:, 0] >= 0) & where(p)]
        kept: list[Array] = []
        for x in p:
            if abs(x[0]) < 0.4 * spacing:
                x = np.array([0.3 * spacing, x[1], x[2]])
            if all(np.linalg.norm(x - y) > spacing for y in kept):
                kept.append(x)
        return np.array(kept)

    def path(self, lock: Lock, flow: Flow) -> Array:
        """(steps + 1, 3) from under the skin along the flow, rising to ``lift`` and down again."""
        p, n = self.at(lock.root)
        out = [p - 0.004 * n]
        step = lock.length / lock.steps
        q = p
        for k in range(1, lock.steps + 1):
            t = k / lock.steps
            way = flow(q)
            way = way - 0.85 * (way @ n) * n
            a = lock.curl * t
            way = np.cos(a) * way + np.sin(a) * np.cross(n, way)
            q = q + step * way / max(np.linalg.norm(way), 1e-9)
            skin, n = self.at(q)
            q = skin
            height = lock.lift * np.sin(np.pi * min(0.12 + 0.80 * t, 1.0))
            out.append(skin + n * height)
        return np.array(out)


def grow(skeleton: Skeleton, locks: list[Lock], flow: Flow, thin: float = 0.5, room: UvRoom = HAIR_ROOM) -> Skeleton:
    """Appends the locks of the left half and their mirror images; ``thin`` is how flat a lock lies."""
    scalp = Scalp(skeleton)
    for k, lock in enumerate(locks):
        path = scalp.path(lock, flow)
        normal = scalp.at(lock.root)[1]
        t = np.linspace(0, 1, len(path))
        radii = lock.radius * np.interp(t, [0, 0.3, 0.7, 1], [0.7, 1.0, 0.72, 0.05])
        v, q, uv = tube(path, radii, sides=6, flat=normal, thin=thin)
        # Each lock shows another strip of the painted hair.
        uv[:, 1] = (0.17 * k) % 0.85 + 0.15 * uv[:, 1]
        root = scalp.ids[scalp.tree.query(lock.root if lock.carrier is None else lock.carrier)[1]]
        bones = np.repeat(skeleton.bone_index[root][None], len(v), axis=0)
        weights = np.repeat(skeleton.bone_weight[root][None], len(v), axis=0)
        skeleton = append_pair(skeleton, Piece("hair", v, q, room.place(uv), bones, weights))
    return skeleton


def shell(skeleton: Skeleton, cover: Array, height: Array, lean: Array, room: UvRoom = HAIR_ROOM) -> Skeleton:
    """Hair as one soft body: the skin where ``cover`` (V,) is above 0, raised by ``height`` (V,) and leaned by (V, 3).

    Its edge dips under the skin, so that it seems to grow out of it. Painted in strips that run from front to back.
    """
    s = skeleton
    scalp = Scalp(s)
    quads = s.quads[(s.part[s.quads] == PARTS.index("skin")).all(1) & (cover[s.quads] > 0).any(1)]
    ids, cells = np.unique(quads, return_inverse=True)
    normal = np.zeros_like(s.vertices, dtype=float)
    normal[scalp.ids] = scalp.normals
    w = cover[ids][:, None]
    base = s.vertices[ids].astype(float)
    v = base + normal[ids] * (w * height[ids][:, None] - 0.0025 * (1 - w)) + w * lean[ids]
    middle = s.pivots[s.names.index("head")] + [0, 0.03, 0]
    round_head = np.arctan2(np.abs(base[:, 0]), base[:, 1] - middle[1]) / np.pi
    along = (base[:, 2].max() - base[:, 2]) / np.ptp(base[:, 2])
    renumber = np.full(len(s.vertices), -1)
    first = len(s.vertices)
    renumber[ids] = first + np.arange(len(ids))
    piece = Piece(
        "hair", v, cells.reshape(-1, 4).astype(np.int32), room.place(np.stack([along, round_head], axis=1)),
        s.bone_index[ids], s.bone_weight[ids],
    )  # fmt: skip
    out = append(s, piece)
    mirror = out.mirror.copy()
    mirror[first:] = renumber[s.mirror[ids]]
    return replace(out, mirror=mirror)
