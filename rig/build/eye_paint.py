"""Eyes and lashes."""

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.build.painting import Array, noise, smooth, texels
from rig.skeleton import PARTS, Skeleton
from rig.texture_map import EYE_SHEET_M, lash_uv

EYE_SIZE = 512
LASH_SIZE = 512
IRIS_RADIUS = 0.0062
"""Metres on MakeHuman's eyeball (14.5 mm radius, larger than life): 12.4 mm across reads as 11.7 on a real eye."""


def _polar(rng: np.random.Generator, r: Array, angle: Array, spokes: int, rings: float) -> Array:
    """Noise stretched along the radius, about 0, standard deviation 1."""
    n = 64
    table = rng.normal(size=(n, spokes)).astype(np.float32)
    table = np.concatenate([table, table[:, :1]], axis=1)
    u = ((angle / (2 * np.pi)) % 1.0) * spokes
    v = np.clip(r * rings, 0, n - 1)
    out = cv2.remap(table, u.astype(np.float32), v.astype(np.float32), cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return out.astype(np.float64) / out.std()


def _veins(rng: np.random.Generator, size: int) -> Array:
    """(size, size) 0..1 thin wandering veins that run from the eye's sides towards the iris."""
    out = np.zeros((size, size), np.float32)
    for _ in range(46):
        side = rng.choice([0.0, np.pi]) + rng.normal(0, 0.45)
        r, a = rng.uniform(0.40, 0.48), side
        end = rng.uniform(0.27, 0.38)
        points = []
        while r > end:
            points.append((size * (0.5 + r * np.cos(a)), size * (0.5 + r * np.sin(a))))
            r -= 0.006
            a += rng.normal(0, 0.022)
        line = np.zeros_like(out)
        cv2.polylines(line, [np.array(points, np.float32).round().astype(np.int32)], False, 1.0, 1, cv2.LINE_AA)
        out = np.maximum(out, line * rng.uniform(0.25, 0.8))
    return np.asarray(cv2.GaussianBlur(out, (0, 0), 0.7), np.float64)


def paint_eye(seed: int = 9) -> NDArray[np.uint8]:
    """(EYE_SIZE, EYE_SIZE, 3): the eyeball in front view: sclera with veins, limbus, a grey-brown iris, pupil."""
    rng = np.random.default_rng(seed)
    k = 2
    n = EYE_SIZE * k
    y, x = np.mgrid[0:n, 0:n]
    x = ((x + 0.5) / n - 0.5) * EYE_SHEET_M
    y = (0.5 - (y + 0.5) / n) * EYE_SHEET_M
    r, angle = np.hypot(x, y), np.arctan2(y, x)
    u = r / IRIS_RADIUS
    c = np.zeros((n, n, 3)) + np.array([232.0, 226.0, 221.0])
    c += smooth(r, 0.0075, 0.0150)[..., None] * np.array([-20.0, -44.0, -46.0])
    c += noise(rng, n, n / 10)[..., None] * np.array([1.0, 2.0, 2.6])
    c += (0.75 * _veins(rng, n) * smooth(u, 1.1, 1.7))[..., None] * (np.array([186.0, 74.0, 66.0]) - c)
    # The iris: fibres that run to the pupil, a lighter ruff about it, a dark rim.
    fibres = 0.60 * _polar(rng, u, angle, 150, 5.0) + 0.45 * _polar(rng, u, angle, 64, 9.0)
    crypts = smooth(_polar(rng, u, angle, 26, 7.0), 0.9, 2.2) * smooth(u, 0.50, 0.60) * (1 - smooth(u, 0.72, 0.86))
    ruff = np.exp(-(((u - 0.47 - 0.025 * _polar(rng, u * 0, angle, 40, 1.0)) / 0.13) ** 2))
    iris = np.array([104.0, 72.0, 46.0]) + ruff[..., None] * np.array([34.0, 22.0, 4.0])
    iris = iris * (1 + 0.16 * fibres * smooth(u, 0.36, 0.5))[..., None] * (1 - 0.35 * crypts)[..., None]
    iris *= (1 - 0.72 * smooth(u, 0.74, 1.0))[..., None]
    edge = (1 - smooth(u, 0.93, 1.07))[..., None]
    c = c * (1 - edge) + iris * edge
    # The limbus: sclera and iris mix in a soft grey-blue ring.
    ring = np.exp(-(((u - 1.04) / 0.07) ** 2))[..., None]
    c += 0.42 * ring * (np.array([74.0, 70.0, 76.0]) - c)
    pupil = (1 - smooth(u, 0.345, 0.395))[..., None]
    c = c * (1 - pupil) + np.array([7.0, 6.0, 6.0]) * pupil
    return np.clip(cv2.resize(c, (EYE_SIZE, EYE_SIZE), interpolation=cv2.INTER_AREA), 0, 255).astype(np.uint8)


def _tooth_row(edges: tuple[float, ...], rng: np.random.Generator, upwards: bool) -> Array:
    """(128, 1024, 3): one row round the arch, tips below or, ``upwards``, above; gums at the other end."""
    h, w = 128, 1024
    y, x = np.mgrid[0:h, 0:w]
    up = (y + 0.5) / h if upwards else 1 - (y + 0.5) / h  # 0 at the tips
    around = np.abs((x + 0.5) / w - 0.5) * 180.0
    bounds = np.array([0.0, *edges, 95.0])
    k = np.clip(np.searchsorted(bounds, around) - 1, 0, len(bounds) - 2)
    left, right = bounds[k], bounds[k + 1]
    across = np.clip((around - left) / (right - left), 0, 1)
    gap = np.minimum(across, 1 - across) * (right - left)
    shade = rng.normal(0, 1, len(bounds))[k]
    c = np.array([252.0, 245.0, 230.0]) + shade[..., None] * np.array([1.0, 2.0, 3.0])
    c += smooth(up, 0.35, 0.75)[..., None] * np.array([-4.0, -10.0, -20.0])  # necks are yellower
    c -= (1 - smooth(up, 0.0, 0.12))[..., None] * np.array([14.0, 11.0, 6.0])  # tips let light through
    # Each tooth turns away to its sides. Corners are round: between the tips there is a little dark triangle.
    c *= 1 - (0.10 * np.abs(2 * across - 1) ** 3)[..., None] * np.array([0.7, 1.0, 1.3])
    tip = 1 - smooth(up, 0.0, 0.18)
    dark = 1 - smooth(gap, 0.05 + 0.4 * tip, 0.55 + 0.8 * tip)
    c *= 1 - ((0.14 + 0.26 * tip) * dark)[..., None] * np.array([0.8, 1.0, 1.15])
    gum_line = 0.74 + 0.10 * np.cos((across - 0.5) * np.pi * 1.1)
    gum = smooth(up, gum_line - 0.02, gum_line + 0.03)[..., None]
    c += gum * (np.array([176.0, 96.0, 92.0]) + 5 * (up[..., None] - 0.9) * 60 - c)
    return c


def paint_teeth() -> NDArray[np.uint8]:
    """(256, 1024, 3): the upper row above the lower one, half an arch's turn wide."""
    rng = np.random.default_rng(2)
    upper = _tooth_row((17.0, 30.0, 44.0, 58.0, 71.0), rng, upwards=False)
    lower = _tooth_row((11.0, 23.0, 37.0, 51.0, 65.0), rng, upwards=True)
    return np.clip(np.concatenate([upper, lower]), 0, 255).astype(np.uint8)


def paint_lashes(s: Skeleton) -> NDArray[np.uint8]:
    """(LASH_SIZE, LASH_SIZE, 4) RGBA: strands from the lid's edge outwards in little groups, thinning to their tips."""
    rng = np.random.default_rng(4)
    parts = ("lashes-left", "lashes-right")
    place, _ = texels(s, parts, LASH_SIZE, s.vertices.astype(np.float64), lash_uv)
    hole = np.isnan(place[..., 0])
    p = np.nan_to_num(place, nan=9.0)
    eye = s.pivots[[s.names.index("eye-left"), s.names.index("eye-right")]]
    centre = np.where(p[..., :1] > 0, eye[0], eye[1])
    from_eye = np.linalg.norm(p - centre, axis=-1)
    lash = s.vertices[np.isin(s.part, [PARTS.index(q) for q in parts])]
    reach = np.linalg.norm(lash - np.where(lash[:, :1] > 0, eye[0], eye[1]), axis=1)
    root, tip = np.quantile(reach, 0.04), reach.max()
    along = np.clip((from_eye - root) / (tip - root), 0, 1)
    across = np.arctan2((p[..., 1] - centre[..., 1]) * 0.6, p[..., 0] - centre[..., 0])
    uneven = np.interp(across.ravel() % (2 * np.pi), np.linspace(0, 2 * np.pi, 90), rng.uniform(-1, 1, 90)).reshape(
        across.shape
    )
    phase = across * 50 + along * 2.4 * np.sign(np.cos(across)) + 0.35 * np.sin(across * 17) + 0.5 * uneven
    # Tips of neighbours meet: strands come in groups.
    strand = 0.5 + 0.5 * np.cos(2 * phase + along * 0.8 * np.sin(across * 33))
    length = 0.86 + 0.14 * uneven
    alpha = np.clip((strand - 0.16 - 0.82 * along / length) * 3.4, 0, 1) * np.clip(1 - along / length, 0, 1) ** 0.4
    alpha = np.maximum(alpha, np.clip(1 - along * 10, 0, 1) * 0.8)
    lower = p[..., 1] < centre[..., 1]
    alpha = np.where(lower, 0.40 * np.clip(alpha - along, 0, 1), alpha)
    alpha[hole] = 0
    ink = np.zeros((LASH_SIZE, LASH_SIZE, 3), np.uint8) + np.array([22, 16, 14], np.uint8)
    return np.dstack([ink, (255 * alpha).astype(np.uint8)])
