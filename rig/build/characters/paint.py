"""Paint for characters: the base face's skin in other colours, marks by their place on the base face, eyes, hair.

All heads share the base face's texture sheet, so a spot that is painted on the base face's cheek is on the goblin's.
"""

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import cKDTree

from rig.build.characters.clay import FLIP, fade
from rig.build.characters.extras import HAIR_ROOM, UvRoom
from rig.skeleton import ASSETS, PARTS, Skeleton
from rig.subdivision import catmull_clark
from rig.texture_map import EYE_SHEET_M, warp_uv

SIZE = 2048
HALF = SIZE // 2
EYE_SIZE = 512
Array = NDArray[np.float64]
Colour = tuple[float, float, float]


def _read(name: str) -> Array:
    """(SIZE, SIZE, 3) RGB of one of the base face's sheets."""
    image = cv2.imread(str(ASSETS / "rig" / name), cv2.IMREAD_COLOR)
    if image is None:
        raise FileNotFoundError(f"{ASSETS / 'rig' / name}: paint the base face first (python -m rig.build.looks)")
    return np.asarray(cv2.resize(image, (SIZE, SIZE), interpolation=cv2.INTER_AREA)[..., ::-1], float)


def noise(rng: np.random.Generator, cell: int, size: int = SIZE) -> Array:
    """(size, size) smooth noise about 0, standard deviation 1, with features ``cell`` texels wide."""
    small = rng.normal(size=(size // cell + 3, size // cell + 3)).astype(np.float32)
    big = cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC).astype(np.float64)
    return np.asarray(big / big.std())


def full(mask: NDArray) -> Array:
    """(HALF, HALF) -> (SIZE, SIZE)."""
    return np.asarray(cv2.resize(np.asarray(mask, np.float32), (SIZE, SIZE), interpolation=cv2.INTER_LINEAR), float)


@dataclass
class Canvas:
    """The skin's sheet while it is painted."""

    skeleton: Skeleton
    colour: Array
    """(SIZE, SIZE, 3) sRGB 0..255"""
    place: NDArray[np.float32]
    """(HALF, HALF, 3) metres; far away where no skin is."""
    lips: Array
    """(SIZE, SIZE) 0..1"""

    @classmethod
    def open(cls, s: Skeleton) -> "Canvas":
        """The base face's own sheet, hair and brows taken off it (looks put brows on again)."""
        fine = catmull_clark(s.quads, s.quad_uvs, len(s.vertices), len(s.uvs))
        skin = (s.part[s.quads[:, 0]] == PARTS.index("skin"))[fine.parent_quad]
        uv = warp_uv(fine.uv_matrix @ s.uvs)
        rows, first = np.unique(fine.quad_uvs[skin], return_index=True)
        where = (fine.matrix @ s.vertices)[fine.quads[skin].ravel()[first]]
        middle = (np.arange(HALF) + 0.5) / HALF
        x, y = np.meshgrid(middle, 1 - middle)
        coarse = LinearNDInterpolator(uv[rows], where)(x, y)
        place = np.nan_to_num(coarse, nan=9.0).astype(np.float32)
        colour, masks = _read("skin.jpg"), _read("skin_masks.png") / 255
        return cls(s, colour, place, masks[..., 2])

    def mark(self, landmark: int) -> Array:
        """(3,) a landmark on the base face."""
        s = self.skeleton
        return np.asarray(s.landmark_weights[landmark] @ s.vertices[s.landmark_vertices[landmark]], float)

    def blob(self, centre: Array, radius: float | Colour, core: float = 0.0) -> Array:
        """(SIZE, SIZE) 1 about ``centre`` and its mirror image, fading to 0 at ``radius`` metres."""
        c = np.asarray(centre, np.float32)
        out = np.zeros((HALF, HALF), np.float32)
        for q in (c, c * FLIP.astype(np.float32)):
            d = np.linalg.norm((self.place - q) / np.asarray(radius, np.float32), axis=-1)
            out = np.maximum(out, fade((1 - d) / (1 - core)))
        return full(out)

    def dots(self, n: int, y: tuple[float, float], sizes: tuple[float, float], rng: np.random.Generator) -> Array:
        """(SIZE, SIZE) of n soft spots in front view between two heights, of radii and strengths at random."""
        out = np.zeros((HALF, HALF), np.float32)
        front = np.flatnonzero((self.place[..., 2] > -0.085).ravel() & (self.place[..., 0] < 1).ravel())
        flat = self.place.reshape(-1, 3)[front, :2]
        tree = cKDTree(flat)
        for _ in range(n):
            centre = np.array([rng.uniform(-0.08, 0.08), rng.uniform(*y)])
            radius, strength = rng.uniform(*sizes), rng.uniform(0.3, 0.8)
            near = tree.query_ball_point(centre, radius)
            d = np.linalg.norm(flat[near] - centre, axis=1)
            out.flat[front[near]] = np.maximum(out.flat[front[near]], strength * fade((radius - d) / (0.6 * radius)))
        return full(out)

    def line(self, points: Array, width: float, both: bool = True) -> Array:
        """(SIZE, SIZE) 1 along a polyline (n, 3) and its mirror image, ``width`` metres soft."""
        out = np.zeros((HALF, HALF), np.float32)
        for sign in (1, -1) if both else (1,):
            p = np.asarray(points, float) * [sign, 1, 1]
            reach = 4 * width
            box = ((self.place > p.min(0) - reach) & (self.place < p.max(0) + reach)).all(-1)
            x = self.place[box]
            best = np.zeros(len(x))
            for k, (a, b) in enumerate(pairwise(p)):
                ab = b - a
                t = np.clip(((x - a) @ ab) / (ab @ ab), 0, 1)
                d = np.linalg.norm(x - a - t[:, None] * ab, axis=1)
                along = (k + t) / (len(p) - 1)
                thin = np.sqrt(np.clip(np.minimum(along, 1 - along) * 4, 0.02, 1))
                best = np.maximum(best, np.exp(-((d / (width * thin)) ** 2)) * thin)
            out[box] = np.maximum(out[box], best)
        return full(out)

    def shift(self, mask: Array, by: Colour) -> None:
        """Adds ``by`` where the mask is."""
        self.colour += mask[..., None] * np.asarray(by, float)

    def towards(self, mask: Array, colour: Colour) -> None:
        """Mixes in a colour where the mask is."""
        self.colour += mask[..., None] * (np.asarray(colour, float) - self.colour)

    def recolour(self, tone: Colour, keep: float) -> None:
        """Makes the mean skin ``tone``; of what varied about it, ``keep`` is kept (as a ratio)."""
        skin = (full(self.place[..., 0]) < 1) & (self.lips < 0.1)
        mean = np.median(self.colour[skin], axis=0)
        self.colour = np.asarray(tone) * np.maximum(self.colour / mean, 0.02) ** keep

    def hair(self, dark: Colour, light: Colour, rng: np.random.Generator) -> None:
        """Paints strands into the hair's room: along the sheet's u from root to tip, across along v."""
        h, w = 1200, 160
        strand = np.zeros(h)
        for c in (4, 9, 23):
            knots = np.arange(0, h + c, c)
            strand += np.interp(np.arange(h), knots, rng.normal(size=len(knots)))
        along = np.linspace(0, 1, w)[None]
        self._fill(np.clip(0.42 + 0.22 * strand[:, None] + 0.25 * (along - 0.4), 0, 1), dark, light, HAIR_ROOM)

    def strip(self, root: Colour, tip: Colour, room: UvRoom) -> None:
        """Paints a room of the sheet from one colour at the root to another at the tip."""
        self._fill(np.tile(np.linspace(0, 1, 64) ** 0.6, (16, 1)), root, tip, room)

    def _fill(self, share: Array, low: Colour, high: Colour, room: UvRoom) -> None:
        corners = warp_uv(np.array([room.low, room.high]))
        pad = 8
        x0, x1 = (int(u * SIZE) for u in corners[:, 0])
        y0, y1 = (int((1 - v) * SIZE) for v in corners[::-1, 1])
        x0, x1, y0, y1 = max(x0 - pad, 0), x1 + pad, y0 - pad, y1 + pad
        t = cv2.resize(share.astype(np.float32), (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA)[..., None]
        self.colour[y0:y1, x0:x1] = np.asarray(low) * (1 - t) + np.asarray(high) * t

    def save(self, folder: str) -> None:
        """``assets/<folder>/skin.jpg``."""
        out = ASSETS / folder
        out.mkdir(parents=True, exist_ok=True)
        picture = np.clip(self.colour, 0, 255).astype(np.uint8)
        cv2.imwrite(str(out / "skin.jpg"), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 86])


@dataclass(frozen=True)
class Eye:
    """An eye in front view; lengths in metres."""

    iris: float
    outer: Colour
    inner: Colour
    white: Colour = (232.0, 228.0, 224.0)
    rim: Colour = (205.0, 165.0, 160.0)
    """What the white turns to towards the lids."""
    limbus: Colour = (18.0, 16.0, 18.0)
    pupil: float = 0.40
    """Its radius, as a share of the iris's."""
    slit: float = 1.0
    """Its width, as a share of its height."""
    veins: float = 0.0
    ring: float = 0.0
    """A pale ring just inside the iris's edge, as old eyes have."""
    spokes: float = 9.0
    sphere: float = 0.0145
    """Radius of the eyeball."""


def paint_eye(eye: Eye, folder: str, seed: int = 9) -> None:
    """``assets/<folder>/eye.png``: (EYE_SIZE, EYE_SIZE, 3)."""
    rng = np.random.default_rng(seed)
    step = EYE_SHEET_M / EYE_SIZE
    y, x = np.mgrid[0:EYE_SIZE, 0:EYE_SIZE]
    x = (x + 0.5) * step - EYE_SHEET_M / 2
    y = EYE_SHEET_M / 2 - (y + 0.5) * step
    r, angle = np.hypot(x, y), np.arctan2(y, x)
    c = np.zeros((EYE_SIZE, EYE_SIZE, 3)) + np.array(eye.white)
    far = fade((r - 0.62 * eye.sphere) / (0.45 * eye.sphere))[..., None]
    c += far * (np.array(eye.rim) - c)
    for _ in range(int(60 * eye.veins)):
        a = rng.uniform(0, 2 * np.pi)
        start, end = rng.uniform(0.92, 1.05) * eye.sphere, rng.uniform(1.15, 1.5) * eye.iris
        k = np.linspace(0, 1, 14)
        bend = a + np.cumsum(rng.normal(0, 0.035, 14))
        radius = start + (end - start) * k
        points = np.stack([radius * np.cos(bend), -radius * np.sin(bend)], axis=1) / step + EYE_SIZE / 2
        layer = np.zeros((EYE_SIZE, EYE_SIZE), np.float32)
        cv2.polylines(layer, [np.round(points * 16).astype(np.int32)], False, 1.0, 1, cv2.LINE_AA, 4)
        c += (0.35 * cv2.GaussianBlur(layer, (0, 0), 0.7))[..., None] * (np.array([176.0, 60.0, 52.0]) - c)
    spokes = np.zeros_like(r)
    for k in rng.integers(40, 150, 26):
        spokes += np.sin(k * angle + rng.uniform(0, 7) + 500 * r * rng.uniform(-1, 1))
    spokes /= spokes.std()
    u = r / eye.iris
    blend = np.clip((u - 0.30) / 0.62, 0, 1)[..., None]
    iris = np.array(eye.inner) * (1 - blend) + np.array(eye.outer) * blend
    # Light falls in from above and gathers in the iris's lower half.
    iris = iris * (1 + 0.28 * np.clip(-y / eye.iris, -1, 1))[..., None] + (spokes * eye.spokes)[..., None]
    iris += (eye.ring * np.exp(-(((u - 0.90) / 0.06) ** 2)))[..., None] * (np.array([214.0, 216.0, 214.0]) - iris)
    edge = (np.clip((u - 0.84) / 0.14, 0, 1) ** 1.5 * (1 - 0.6 * eye.ring))[..., None]
    iris += 0.86 * edge * (np.array(eye.limbus) - iris)
    inside = np.clip((1.04 - u) / 0.09, 0, 1)[..., None]
    c = c * (1 - inside) + iris * inside
    hole = np.hypot(x / max(eye.slit, 0.05), y) / eye.iris
    soft = 0.05 / max(eye.slit, 0.25)
    pupil = np.clip((eye.pupil - hole) / soft + 0.5, 0, 1)[..., None]
    c = c * (1 - pupil) + np.array([8.0, 7.0, 8.0]) * pupil
    out = ASSETS / folder
    out.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(out / "eye.png"), np.clip(c, 0, 255).astype(np.uint8)[..., ::-1])
