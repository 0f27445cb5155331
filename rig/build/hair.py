"""Hair as geometry: a soft undercoat on the scalp, and hundreds of flat tapered clumps that lie over it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from rig.skeleton import PARTS, Skeleton

Array = NDArray[np.float64]
Field = Callable[[Array], Array]
POWERS = [(2 * i, j, k) for i in range(4) for j in range(7) for k in range(7) if 2 * i + j + k <= 6]


class Skull:
    """The head without face and ears as a smooth distance from its middle, so that hair flows over it undisturbed."""

    def __init__(self, s: Skeleton):
        self.skeleton = s
        p = s.vertices[s.part == PARTS.index("skin")].astype(float)
        pivot = s.pivots[s.names.index("head")].astype(float)
        self.middle = np.array([0.0, 0.5 * (p[:, 1].max() + pivot[1]), pivot[2]])
        self.size = float(p[:, 1].max() - self.middle[1]) / 0.074
        d = p - self.middle
        r = np.linalg.norm(d, axis=1)
        kept = (d[:, 1] > -0.070) & ((d[:, 2] < 0.03) | (d[:, 1] > 0.0)) & (r < 0.14)
        d, r = d[kept] / r[kept, None], r[kept]
        basis, weight = self._basis(d), np.ones(len(r))
        for _ in range(12):
            a = basis.T * weight
            self._c = np.linalg.solve(a @ basis + 1e-4 * np.eye(basis.shape[1]), a @ r)
            off = r - basis @ self._c
            # What stands out is an ear.
            weight = np.where(off > 0.003, 0.02, 1.0)
        v = s.vertices.astype(float)
        off = np.linalg.norm(v - self.middle, axis=1) - np.linalg.norm(self.place(self.ways(v)) - self.middle, axis=1)
        self.is_scalp = (np.abs(off) < 0.006) & (s.part == PARTS.index("skin"))
        """(V,) skin that lies on this shape."""

    @staticmethod
    def _basis(d: Array) -> Array:
        return np.stack([np.abs(d[..., 0]) ** i * d[..., 1] ** j * d[..., 2] ** k for i, j, k in POWERS], axis=-1)

    def ways(self, p: Array) -> Array:
        """Unit directions from the middle to places (..., 3)."""
        d = p - self.middle
        return d / np.linalg.norm(d, axis=-1, keepdims=True)

    def place(self, d: Array, height: Array | float = 0.0) -> Array:
        """(..., 3) the place in a direction, ``height`` metres off the scalp."""
        return self.middle + d * (self._basis(d) @ self._c + height)[..., None]

    def normal(self, d: Array) -> Array:
        """(..., 3) the scalp's normal in a direction."""
        e = 0.02
        one = np.cross(d, [0.30, 0.55, 0.78])
        one /= np.linalg.norm(one, axis=-1, keepdims=True)
        two = np.cross(d, one)
        a = self.place(self.unit(d + e * one)) - self.place(self.unit(d - e * one))
        b = self.place(self.unit(d + e * two)) - self.place(self.unit(d - e * two))
        return self.unit(np.cross(a, b) * np.sign((np.cross(a, b) * d).sum(-1, keepdims=True)))

    @staticmethod
    def unit(v: Array) -> Array:
        return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-12)

    def azimuth(self, d: Array) -> Array:
        """Degrees from the front, 0..180, either side."""
        return np.degrees(np.arctan2(np.abs(d[..., 0]), d[..., 2]))


def smooth(x: Array) -> Array:
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)


@dataclass(frozen=True)
class Cut:
    """A hair style. Fields take unit directions (..., 3) from the head's middle; lengths in metres."""

    cover: Field
    """0 bare .. 1 hair."""
    height: Field
    """How far the hair's surface stands off the scalp."""
    length: Field
    flow: Field
    """(..., 3) where the hair runs; only what lies along the scalp counts."""
    lean: Field
    """(..., 3) metres that the hair's body is pushed aside after its root."""
    spacing: float
    width: float
    wild: float = 0.15
    """0 every clump in its place .. 1 every one its own way."""
    tip: float = 0.0
    """How much of its height a tip rises (or sinks) beyond the body."""
    rings: int = 7
    """Along a clump."""
    under: bool = True
    """Whether an undercoat closes the scalp between the clumps."""


def hairline(skull: Skull, table: Sequence[tuple[float, float]]) -> Field:
    """Height over the hair's lower edge (metres, negative below it) from a table of azimuth and height in mm."""
    az, y = np.array(table, float).T

    def over(d: Array) -> Array:
        line = skull.middle[1] + 0.001 * skull.size * np.interp(skull.azimuth(d), az, y)
        return skull.place(d)[..., 1] - line

    return over


# Over the middle of the head, mm: forehead, temple's corner, sideburn, round the ear, nape.
FULL = [
    (0, 25), (14, 26), (26, 29), (36, 26), (46, 10), (55, -5), (62, -19), (68, -44), (74, -46), (79, -28),
    (86, -14), (100, -12), (110, -22), (118, -50), (130, -84), (150, -95), (180, -98),
]  # fmt: skip


def roots(skull: Skull, cut: Cut, rng: np.random.Generator) -> Array:
    """(N, 3) directions of the clumps' roots, ``spacing`` apart, where there is hair."""
    n = 9000
    i = np.arange(n) + 0.5
    polar, turn = np.arccos(1 - 1.75 * i / n), np.pi * (1 + 5**0.5) * i
    d = np.stack([np.sin(polar) * np.cos(turn), np.cos(polar), np.sin(polar) * np.sin(turn)], axis=-1)
    d = d[rng.permutation(n)]
    d = d[cut.cover(d) > 0.12]
    p = skull.place(d)
    kept: list[int] = []
    for k in range(len(d)):
        if not kept or ((p[kept] - p[k]) ** 2).sum(1).min() > cut.spacing**2:
            kept.append(k)
    return d[kept]


def clumps(skull: Skull, cut: Cut, rng: np.random.Generator) -> tuple[Array, Array, NDArray[np.intp]]:
    """Flat tapered ribbons over the scalp: (N, rings, 3, 3) places (along, across, xyz), (N, rings, 3, 2) UVs (u from
    root to tip, a strip of v for each), and (N,) the skin's vertex at each root.
    """
    d = roots(skull, cut, rng)
    n = len(d)
    length = cut.length(d) * rng.uniform(0.75, 1.2, n)
    layer = 1 + cut.wild * rng.normal(0, 0.5, n)
    veer = cut.wild * rng.normal(0, 0.7, (n, 1))
    width = cut.width * rng.uniform(0.75, 1.25, n) * np.interp(length, [0.01, 0.05], [0.6, 1.0])
    at, rings, normals = d, [], []
    for k in range(cut.rings):
        t = k / (cut.rings - 1)
        normal = skull.normal(at)
        rise = np.interp(t, [0, 0.18, 0.42, 0.8, 1.0], [-0.25, 0.55, 1.0, 1.0 + 0.6 * cut.tip, 1.0 + cut.tip])
        body = smooth(np.array(t / 0.35)) * (1 - 0.35 * t)
        rings.append(skull.place(at, cut.height(at) * rise * layer) + body * cut.lean(d))
        normals.append(normal)
        way = cut.flow(at)
        way = skull.unit(way - (way * normal).sum(-1, keepdims=True) * normal)
        bend = veer * (0.3 + 0.7 * t)
        way = np.cos(bend) * way + np.sin(bend) * np.cross(normal, way)
        at = skull.ways(skull.place(at) + way * (length / (cut.rings - 1))[:, None])
    spine, normal = np.stack(rings, 1), np.stack(normals, 1)
    tangent = skull.unit(np.gradient(spine, axis=1))
    side = skull.unit(np.cross(tangent, normal))
    out = skull.unit(np.cross(side, tangent))
    roll = cut.wild * rng.normal(0, 0.5, (n, 1, 1))
    side, out = np.cos(roll) * side + np.sin(roll) * out, np.cos(roll) * out - np.sin(roll) * side
    taper = np.interp(np.linspace(0, 1, cut.rings), [0, 0.2, 0.55, 0.85, 1], [0.75, 1.0, 0.95, 0.55, 0.06])
    half = 0.5 * width[:, None, None] * taper[None, :, None]
    dip = 0.30 * half
    ribbon = np.stack(
        [spine - half * side - dip * out, spine + 0.3 * dip * out, spine + half * side - dip * out], axis=2
    )
    u = np.broadcast_to(np.linspace(0.12, 1, cut.rings)[None, :, None], (n, cut.rings, 3))
    v = rng.uniform(0, 0.86, (n, 1, 1)) + np.array([0.0, 0.06, 0.12])[None, None]
    uv = np.stack([u, np.broadcast_to(v, u.shape)], axis=-1)
    scalp = np.flatnonzero(skull.is_scalp)
    near = scalp[cKDTree(skull.skeleton.vertices[scalp]).query(skull.place(d))[1]]
    return ribbon, uv, near


@dataclass(frozen=True)
class Hair:
    """A mesh that belongs to a head."""

    vertices: Array
    """(n, 3) metres."""
    quads: NDArray[np.int32]
    """(m, 4)"""
    uvs: Array
    """(n, 2) in 0..1: u along the hairs, v across."""
    skin: NDArray[np.intp]
    """(n,) the head's vertex that each goes along with."""


def undercoat(skull: Skull, cut: Cut) -> Hair:
    """The scalp's own quads where hair grows, raised to just under the clumps, in the shade of the hair's roots."""
    s = skull.skeleton
    p = s.vertices.astype(float)
    d = skull.ways(p)
    # The outermost clumps stand on bare skin: no rim of undercoat shows.
    cover = smooth((cut.cover(d) - 0.5) / 0.5) * skull.is_scalp
    quads = s.quads[(cover[s.quads] > 0).any(1) & (s.part[s.quads] == PARTS.index("skin")).all(1)]
    ids, cells = np.unique(quads, return_inverse=True)
    w, d = cover[ids], d[ids]
    # Its edge dips under the skin, so that it seems to grow out of it.
    rise = w**2 * 0.5 * cut.height(d) - 0.003 * (1 - w)
    v = p[ids] + d * rise[:, None] + 0.4 * w[:, None] ** 2 * cut.lean(d)
    uv = np.stack([np.full(len(ids), 0.02), skull.azimuth(d) / 180], axis=1)
    return Hair(v, cells.reshape(-1, 4).astype(np.int32), uv, ids)


def grow(skull: Skull, cut: Cut, seed: int) -> Hair:
    """The undercoat and the clumps as one mesh."""
    ribbon, uv, ids = clumps(skull, cut, np.random.default_rng(seed))
    n = 3 * cut.rings
    cell = np.array(
        [[3 * r + c, 3 * r + c + 1, 3 * r + c + 4, 3 * r + c + 3] for r in range(cut.rings - 1) for c in (0, 1)]
    )
    quads = (np.arange(len(ribbon))[:, None, None] * n + cell).reshape(-1, 4).astype(np.int32)
    locks = Hair(ribbon.reshape(-1, 3), quads, uv.reshape(-1, 2), np.repeat(ids, n))
    return join([undercoat(skull, cut), locks]) if cut.under else locks


def join(pieces: list[Hair]) -> Hair:
    first = np.cumsum([0, *(len(h.vertices) for h in pieces)])
    return Hair(
        np.concatenate([h.vertices for h in pieces]),
        np.concatenate([h.quads + k for h, k in zip(pieces, first, strict=False)]).astype(np.int32),
        np.concatenate([h.uvs for h in pieces]),
        np.concatenate([h.skin for h in pieces]),
    )


def swept_back(skull: Skull) -> list[Cut]:
    """High at the front and swept back over the crown, short at the sides."""
    over = hairline(skull, FULL)
    k = skull.size

    def cover(d: Array) -> Array:
        # The front grows out of a broad row of roots, so that no wall of undercoat stands over the forehead.
        return smooth(over(d) / (k * np.interp(skull.azimuth(d), [48, 72], [0.026, 0.010])))

    def top(d: Array) -> Array:
        return np.maximum(smooth((d[..., 1] - 0.25) / 0.45), smooth((56 - skull.azimuth(d)) / 14))

    def front(d: Array) -> Array:
        return smooth((d[..., 2] + 0.25) / 0.75) * smooth((d[..., 1] - 0.1) / 0.4)

    def height(d: Array) -> Array:
        faded = smooth(over(d) / (0.040 * k)) * (1 - top(d))  # clipped short towards the ears and the nape
        return k * (0.0012 + 0.0035 * faded + 0.0135 * top(d) + 0.012 * front(d))

    def flow(d: Array) -> Array:
        side = (1 - top(d))[..., None]
        back = np.array([0.0, 0.0, -1.0]) + np.stack([0.25 * d[..., 0], 0 * d[..., 0], 0 * d[..., 0]], axis=-1)
        return back * (0.35 + 0.65 * (1 - side)) + side * np.array([0.0, -0.8, -0.35])

    def lean(d: Array) -> Array:
        return front(d)[..., None] * np.array([0.0, 0.004, 0.003]) * k

    def length(d: Array) -> Array:
        return k * (0.032 + 0.045 * top(d) + 0.012 * front(d))

    sides = Cut(lambda d: cover(d) * (top(d) < 0.35), height, length, flow, lean, 0.0115 * k, 0.0140 * k, 0.12, rings=5)
    crown = Cut(lambda d: cover(d) * (top(d) >= 0.35), height, length, flow, lean, 0.0118 * k, 0.0195 * k, 0.16, 0.05)
    return [sides, crown]


def wreath(skull: Skull) -> list[Cut]:
    """What is left to an old man: a band of unruly hair over the ears and round the back, and wisps over the crown."""
    over = hairline(skull, FULL)
    k = skull.size

    def band(d: Array) -> Array:
        y = (skull.place(d)[..., 1] - skull.middle[1]) / k
        az = skull.azimuth(d)
        top = 0.001 * np.interp(az, [60, 75, 95, 130, 180], [-10, 6, 22, 22, 16])
        free = over(d) / k - 0.008 * smooth((122 - az) / 12)  # clear of the ears
        return smooth(free / 0.010) * smooth((top - y) / 0.016) * smooth((az - 76) / 8)

    def height(d: Array) -> Array:
        return k * (0.0045 + 0.0125 * smooth((skull.azimuth(d) - 70) / 30) * smooth((d[..., 1] + 0.75) / 0.5))

    def flow(d: Array) -> Array:
        aside = np.stack([0.5 * d[..., 0], np.full(d.shape[:-1], -0.75), np.full(d.shape[:-1], -0.7)], axis=-1)
        return aside

    def none(d: Array) -> Array:
        return np.zeros_like(d)

    def crown(d: Array) -> Array:
        return smooth((d[..., 1] - 0.45) / 0.2) * smooth((0.45 - d[..., 2]) / 0.2)

    def comb(d: Array) -> Array:
        return np.broadcast_to(np.array([-0.8, 0.0, -0.45]), d.shape)

    return [
        Cut(band, height, lambda d: np.full(d.shape[:-1], 0.046 * k), flow, none, 0.0092 * k, 0.0105 * k, 0.5, 0.6),
        Cut(crown, lambda d: np.full(d.shape[:-1], 0.0028 * k), lambda d: np.full(d.shape[:-1], 0.055 * k), comb, none,
            0.020 * k, 0.0040 * k, 0.55, 0.5, under=False),
    ]  # fmt: skip


STYLES: dict[str, Callable[[Skull], list[Cut]]] = {"swept-back": swept_back, "wreath": wreath}
ROOM = ((0.06, 0.39), (0.46, 0.65))
"""Low and high corner of MakeHuman's UV sheet where no skin lies: a character's hair is painted there."""


def attach_hair(
    skeleton: Skeleton, style: str, room: tuple[tuple[float, float], tuple[float, float]] = ROOM
) -> Skeleton:
    """The head with hair of one of STYLES at the end of its arrays, as part ``hair``; old indices stand.

    Each clump is weighted as the skin at its root, so it goes along with the head, with brows that move the hairline,
    and with another skull. Its UVs lie in ``room``, where ``strands`` is to be painted. Raises ValueError naming the
    styles there are.
    """
    if style not in STYLES:
        raise ValueError(f"no hair style {style!r}; there are {', '.join(STYLES)}")
    s, skull = skeleton, Skull(skeleton)
    hair = join([grow(skull, cut, 7 + k) for k, cut in enumerate(STYLES[style](skull))])
    low, high = np.array(room)
    n = len(hair.vertices)
    return replace(
        s,
        vertices=np.concatenate([s.vertices, hair.vertices]).astype(np.float32),
        quads=np.concatenate([s.quads, hair.quads + len(s.vertices)]).astype(np.int32),
        quad_uvs=np.concatenate([s.quad_uvs, hair.quads + len(s.uvs)]).astype(np.int32),
        uvs=np.concatenate([s.uvs, low + hair.uvs * (high - low)]).astype(np.float32),
        part=np.concatenate([s.part, np.full(n, PARTS.index("hair"))]).astype(np.int32),
        # No clump has a twin: hair that is the same on both sides looks moulded.
        mirror=np.concatenate([s.mirror, len(s.vertices) + np.arange(n)]).astype(np.int32),
        bone_index=np.concatenate([s.bone_index, s.bone_index[hair.skin]]).astype(np.uint16),
        bone_weight=np.concatenate([s.bone_weight, s.bone_weight[hair.skin]]).astype(np.float32),
    )


def strands(dark: Array, light: Array, height: int, width: int, seed: int = 3) -> NDArray[np.uint8]:
    """(height, width, 3) sRGB of painted strands: columns from root (dark) to tip, rows across; 0..255 colours (3,)."""
    rng = np.random.default_rng(seed)
    tone = np.zeros((height, width))
    for rows, share in ((3, 0.5), (7, 0.6), (20, 0.5)):
        fine = rng.normal(size=(height // rows + 2, 5)).astype(np.float32)
        tone += share * cv2.resize(fine, (width, height), interpolation=cv2.INTER_CUBIC)
    u = np.linspace(0, 1, width)[None]
    t = np.clip(0.42 + 0.20 * tone + 0.45 * (u - 0.45), 0, 1) * np.clip(0.30 + 2.6 * u, 0, 1)
    colour = np.asarray(dark) * (1 - t[..., None]) + np.asarray(light) * t[..., None]
    return np.clip(colour, 0, 255).astype(np.uint8)
