"""Paints the 36 brow styles into assets/rig/brows.png: ``python -m rig.build.brows [--sheet PATH]``.

The styles are the rows of assets/rig/brows.json (edit one, run this again). Each brow is measured, in millimetres on
the skin, from the line over the eyes that is level in the front view, and drawn hair by hair: roots spread evenly, the
inner hairs upright, the lower row sweeping up and outwards, the upper row combed down over it. One side is painted and
mirrored at load.
"""

import argparse
import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator

from rig.brows import ATLAS_FILE, COLUMNS, TABLE_FILE, TILE, clear_cache
from rig.looks import Look
from rig.parameters import BROW_STYLES
from rig.skeleton import PARTS, Skeleton, load_skeleton
from rig.subdivision import catmull_clark
from rig.texture_map import warp_uv

Array = NDArray[np.float64]
LEFT_UPPER = (336, 296, 334, 293, 300)
LEFT_LOWER = (285, 295, 282, 283, 276)
RIGHT_UPPER = (107, 66, 105, 63, 70)
RIGHT_LOWER = (55, 65, 52, 53, 46)
"""MediaPipe's brows from the nose outwards: their upper and their lower edges."""
SHEET = 2560
"""Texels of a whole sheet at the atlas's own resolution."""
EYES = ((386, 374), (159, 145))
HEIGHT = 0.325
"""Of the level line over the pupils, in pupil distances: there a brow without lift begins. The eyes give the height
and the course, not the brow landmarks: those were found on a picture with brows painted on, and would creep along."""
LEVEL_SPAN_MM = (8.0, 62.0)
"""Outwards from the middle line: where the level line is found, and beyond which it runs on as at its end."""
POINTS = 7
"""Along a hair."""
FINE = 4
"""Hairs are drawn this many times finer and averaged down."""
SLIT_MM, SLIT_SLOPE = 1.7, 0.35
LEVELS = 48
"""Grey levels kept: no eye tells them from 256, and the file is a third smaller."""


@dataclass(frozen=True)
class Style:
    """One brow. Lengths in millimetres on the skin; t runs along the brow, 0 at the nose, 1 at the tail's tip."""

    name: str
    title: str
    thickness_mm: float
    """Of the brow's body; the ends are thinner."""
    arch_mm: float
    """How high its peak stands over its inner end, on a level brow."""
    arch_at: float
    """t of the arch's peak, 0.35..0.8."""
    angular: float
    """0 a round arch .. 1 a corner."""
    length_mm: float
    gap_mm: float
    """From the middle line to the inner end."""
    density: float
    """Hairs per square millimetre."""
    lift_mm: float = 0.0
    tilt_mm: float = 0.0
    """The tail so much higher (or lower) than the inner end."""
    tail_drop_mm: float = 0.0
    """How far the tail's tip falls below the inner end, over what the arch gives back."""
    blunt: float = 0.3
    """0 the inner end fades away .. 1 it starts at full thickness like a drawn edge."""
    tail: float = 0.25
    """The tip's thickness over the body's."""
    hair_mm: float = 8.0
    unruly: float = 0.25
    """0 combed .. 1 every hair its own way."""
    upright: float = 0.0
    """1: the whole brow brushed up."""
    strength: float = 1.0
    """Opacity of the hairs: fair, fine hairs are faint."""
    shade: float = 0.30
    """Opacity of the shade on the skin under full hair."""
    bridge: float = 0.0
    """Hairs between the brows: 1 is a unibrow."""
    slit_at: float = 0.0
    """t of a shaved slit; 0 for none."""


@dataclass(frozen=True)
class Place:
    """Where the left brow lies on the sheet: u runs down the face, v outwards, and the middle line is at ``middle``."""

    u0: float
    """Sheet coordinate of the tile's upper edge."""
    middle: float
    """v of the face's middle line: the tile's inner edge."""
    px_per_mm: float
    level: Array
    """(4,) cubic: millimetres from the middle line -> millimetres below the tile's upper edge, of a level brow."""


def find_place(s: Skeleton) -> Place:
    """Where brows go on the base face: its landmarks (the skeleton's embedding) give the scale, its eyes the height."""
    vertex_uv = np.zeros((len(s.vertices), 2))
    vertex_uv[s.quads.ravel()] = warp_uv(s.uvs)[s.quad_uvs.ravel()]

    def at(landmarks: tuple[int, ...], values: NDArray) -> Array:
        i = list(landmarks)
        return np.asarray(np.einsum("nk,nkd->nd", s.landmark_weights[i], values[s.landmark_vertices[i]]), np.float64)

    uv = (at(LEFT_UPPER, vertex_uv) + at(LEFT_LOWER, vertex_uv)) / 2
    xyz = (at(LEFT_UPPER, s.vertices) + at(LEFT_LOWER, s.vertices)) / 2
    step_px = np.linalg.norm(np.diff(uv * SHEET, axis=0), axis=1)
    px_per_mm = float(step_px.sum() / (1000 * np.linalg.norm(np.diff(xyz, axis=0), axis=1)).sum())
    left = at(LEFT_UPPER + LEFT_LOWER, vertex_uv)[:, 1]
    right = at(RIGHT_UPPER + RIGHT_LOWER, vertex_uv)[:, 1]
    middle = float((left + right).mean() / 2)
    eyes = np.array([at(e, s.vertices).mean(0) for e in EYES])
    height = float(eyes[0, 1]) + HEIGHT * float(np.linalg.norm(eyes[0] - eyes[1]))
    level_px = SHEET * _level(s, height, middle, px_per_mm)
    # The arch rises into the tile's upper half, tails fall into its lower one.
    u0 = float((level_px.mean() - 0.56 * TILE[0]) / SHEET)
    out = np.linspace(*LEVEL_SPAN_MM, len(level_px))
    return Place(u0, middle, px_per_mm, np.polyfit(out, (level_px - SHEET * u0) / px_per_mm, 3))


def _level(s: Skeleton, height: float, middle: float, px_per_mm: float) -> Array:
    """(N,) sheet coordinate u of the left brow's skin at ``height`` (metres), for places over LEVEL_SPAN_MM."""
    fine = catmull_clark(s.quads, s.quad_uvs, len(s.vertices), len(s.uvs))
    skin = (s.part[s.quads[:, 0]] == PARTS.index("skin"))[fine.parent_quad]
    rows, first = np.unique(fine.quad_uvs[skin], return_index=True)
    uv = warp_uv(fine.uv_matrix @ s.uvs)[rows]
    y = (fine.matrix @ s.vertices)[fine.quads[skin].ravel()[first], 1]
    v = middle + np.linspace(*LEVEL_SPAN_MM, 28) * px_per_mm / SHEET
    # Skin of the forehead and the lids alone: its u grows as y falls.
    u = np.linspace(0.40, 0.50, 60)
    heights = LinearNDInterpolator(uv, y)(*np.meshgrid(u, v))
    return np.array([np.interp(-height, -row, u) for row in heights])


def spine(style: Style, place: Place, t: Array) -> tuple[Array, Array]:
    """(N,) millimetres outwards from the middle line and below the tile's upper edge, of the brow's middle at t."""
    a = style.arch_at
    ramp = np.clip(np.where(t < a, t / a, (1 - t) / (1 - a)), 0, 1)
    bump = (1 - style.angular) * np.sin(np.pi / 2 * ramp) ** 1.5 + style.angular * ramp
    drop = np.clip((t - a) / (1 - a), 0, 1) ** 1.6
    rise = style.lift_mm + style.arch_mm * bump + style.tilt_mm * (t - 0.5) - style.tail_drop_mm * drop
    out = style.gap_mm + t * style.length_mm
    return out, np.polyval(place.level, np.clip(out, *LEVEL_SPAN_MM)) - rise


def half_thickness(style: Style, t: Array) -> Array:
    """(N,) millimetres from the spine to the edge at t."""
    inner = np.interp(t, [0, 0.10, 0.25], [0.55 + 0.4 * style.blunt, 0.85 + 0.15 * style.blunt, 1.0])
    a = max(style.arch_at - 0.12, 0.35)
    outer = 1 - (1 - style.tail) * np.clip((t - a) / (1 - a), 0, 1) ** 1.15
    return 0.5 * style.thickness_mm * inner * outer


def roots(style: Style, rng: np.random.Generator) -> tuple[Array, Array]:
    """(N,) t and (N,) k (-1 lower edge .. 1 upper edge) of the hairs' roots: even, then jittered and thinned."""
    grid = np.linspace(0, 1, 200)
    area = 2 * half_thickness(style, grid).mean() * style.length_mm
    n = int(style.density * area)
    # R2, the plane's golden-ratio sequence: no clumps, no rows.
    i = np.arange(1, n + 1)
    t = (0.5 + i * 0.7548776662466927) % 1
    k = 2 * ((0.5 + i * 0.5698402909980532) % 1) - 1
    # Where the brow is wide there are more hairs: t by the inverse of the accumulated thickness.
    mass = np.cumsum(half_thickness(style, grid))
    t = np.interp(t, (mass - mass[0]) / (mass[-1] - mass[0]), grid)
    t = t + rng.normal(0, 0.006 + 0.010 * style.unruly, n)
    k = k + rng.normal(0, 0.10 + 0.12 * style.unruly, n)
    start = np.clip((t + 0.02 * style.blunt) / (0.24 * (1 - style.blunt) + 0.01), 0.0, 1)
    patchy = 0.5 + 0.5 * np.sin(37 * t + 2.1 * k + rng.uniform(0, 6)) * np.sin(61 * t - 1.7 * k + rng.uniform(0, 6))
    keep = rng.uniform(size=n) < start * (1 - 0.35 * style.unruly * patchy)
    return t[keep], k[keep]


def direction_deg(style: Style, t: Array, k: Array) -> Array:
    """(N,) degrees above the brow's own course: upright at the nose, the lower row rising, the upper combed down."""
    at = [0.0, 0.10, 0.25, 0.45, 0.75, 1.0]
    low = np.interp(t, at, [86, 72, 52, 40, 27, 10])
    high = np.interp(t, at, [74, 52, 20, -4, -14, -10])
    high = high + style.upright * (low + 8 - high)
    mix = np.clip(0.5 + 0.5 * k, 0, 1)
    angle = low + (high - low) * mix**1.3
    # A thin, plucked brow lies flat: there is no room for hairs to stand.
    return angle * np.clip(0.45 + 0.085 * style.thickness_mm + 0.3 * style.upright, 0.5, 1.0)


def course(style: Style, place: Place, t: Array) -> Array:
    """(N,) radians the brow rises outwards at t."""
    out, down = spine(style, place, np.stack([t, t + 0.01]))
    return np.arctan2(down[0] - down[1], out[1] - out[0])


@dataclass(frozen=True)
class Hairs:
    """(N,) each: root and length in millimetres, heading of the root and bend until the tip in radians, opacity."""

    out: Array
    down: Array
    length: Array
    heading: Array
    bend: Array
    opacity: Array

    def paths(self) -> Array:
        """(N, POINTS, 2) millimetres (out, down) along every hair."""
        heading = self.heading[:, None] + self.bend[:, None] * np.linspace(0, 1, POINTS)[:-1]
        step = np.stack([np.cos(heading), -np.sin(heading)], axis=-1) * self.length[:, None, None] / (POINTS - 1)
        root = np.stack([self.out, self.down], axis=-1)[:, None]
        return np.concatenate([root, root + np.cumsum(step, axis=1)], axis=1)


def main_hairs(style: Style, place: Place, rng: np.random.Generator) -> Hairs:
    """The brow itself."""
    t, k = roots(style, rng)
    n = len(t)
    out, down = spine(style, place, t)
    w = half_thickness(style, t)
    length = style.hair_mm * np.interp(t, [0, 0.15, 0.5, 0.8, 1], [0.72, 0.95, 1.0, 0.82, 0.60])
    length *= 1 - 0.22 * np.clip(k, 0, 1) + rng.normal(0, 0.10 + 0.14 * style.unruly, n)
    length = np.clip(np.minimum(length, 2.2 + 2.3 * w + 1.5 * style.unruly), 1.2, 13.0)
    stray = rng.normal(0, 5 + 17 * style.unruly, n) * np.interp(t, [0, 0.1], [1.4, 1])
    angle = np.radians(direction_deg(style, t, k) + stray)
    # Hairs bend towards the brow's course; upright ones at the nose stay nearly straight.
    bend = -np.interp(t, [0, 0.15], [0.12, 0.42]) * np.clip(angle, -1.5, 1.5)
    bend += np.radians(rng.normal(0, 5 + 16 * style.unruly, n))
    opacity = style.strength * rng.uniform(0.45, 0.95, n) * np.interp(t, [0, 0.16], [0.45 + 0.55 * style.blunt, 1.0])
    out = out + rng.normal(0, 0.25 + 0.3 * (1 - style.blunt), n) * np.interp(t, [0, 0.2], [3.0 - 2 * style.blunt, 1])
    return Hairs(out, down - 0.86 * k * w, length, course(style, place, t) + angle, bend, opacity)


def fluff(style: Style, place: Place, rng: np.random.Generator) -> Hairs:
    """Short fine hairs about the edges and the inner end, so that the brow fades into the skin."""
    n = int(style.density * 0.9 * style.length_mm * (1 + 2 * style.unruly) * (1.1 - style.blunt))
    t = np.where(rng.uniform(size=n) < 0.18, rng.uniform(-0.06, 0.10, n), rng.uniform(0.0, 1.0, n))
    inside = np.clip(t, 0, 1)
    out, down = spine(style, place, t)
    # Beyond the inner end they fill the height; along the brow they keep to its edges.
    k = np.where(t < 0.1, rng.uniform(-1, 0.9, n), rng.choice([-1.0, 1.0], n) * rng.uniform(0.6, 1.2, n))
    angle = np.radians(0.9 * direction_deg(style, inside, np.clip(k, -1, 1)) + rng.normal(0, 16, n))
    length = rng.uniform(1.8, 4.2, n) * min(1.0, 0.25 + style.hair_mm / 10)
    opacity = style.strength * rng.uniform(0.18, 0.45, n) * np.interp(t, [-0.06, 0.02], [0.5, 1.0])
    down = down - 0.95 * k * half_thickness(style, inside)
    return Hairs(out, down, length, course(style, place, t) + angle, -0.25 * angle, opacity)


def bridge_hairs(style: Style, place: Place, rng: np.random.Generator) -> Hairs:
    """Those between the brows: a full unibrow is as thick on the middle line as beside it, a hint thins out to it."""
    n = int(style.bridge * 150)
    out = 1.45 * style.gap_mm * rng.uniform(0, 1, n) ** (0.3 + 0.7 * style.bridge)
    inner = float(spine(style, place, np.array([0.0]))[1][0])
    down = inner + rng.uniform(-0.40, 0.30, n) * style.thickness_mm
    # They rise and lean to the middle line.
    heading = np.radians(90 + 3.0 * np.minimum(out, 8) + rng.normal(0, 18, n))
    opacity = style.strength * rng.uniform(0.25, 0.70, n)
    return Hairs(out, down, rng.uniform(2.2, 5.2, n), heading, np.radians(rng.normal(8, 12, n)), opacity)


def draw(paths: Array, opacity: Array, width_mm: Array, px_per_mm: float) -> NDArray[np.float32]:
    """(N, P, 2) hairs -> coverage of a tile FINE times larger; each a ribbon that narrows to its tip."""
    canvas = np.zeros((TILE[0] * FINE, TILE[1] * FINE), np.float32)
    scale = px_per_mm * FINE
    along = np.gradient(paths, axis=1)
    side = np.stack([along[..., 1], -along[..., 0]], axis=-1)
    side /= np.maximum(np.linalg.norm(side, axis=-1, keepdims=True), 1e-9)
    taper = np.interp(np.linspace(0, 1, paths.shape[1]), [0, 0.15, 0.5, 1], [0.75, 1.0, 0.85, 0.12])
    half = side * (0.5 * width_mm[:, None] * taper)[..., None]
    ribbons = np.concatenate([paths + half, (paths - half)[:, ::-1]], axis=1) * scale
    for ribbon, a in zip(ribbons, opacity, strict=True):
        x0, y0 = np.maximum(np.floor(ribbon.min(0)).astype(int) - 2, 0)
        x1, y1 = np.maximum(np.ceil(ribbon.max(0)).astype(int) + 3, 0)
        block = canvas[y0:y1, x0:x1]
        if block.size == 0:
            continue
        stroke = np.zeros(block.shape, np.uint8)
        cv2.fillPoly(stroke, [np.round((ribbon - (x0, y0)) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        block += (1 - block) * np.float32(a) * stroke.astype(np.float32) / 255
    return canvas


def paint(style: Style, place: Place, seed: int) -> NDArray[np.float32]:
    """(*TILE) coverage 0..1 of the left brow, upright: columns outwards from the middle line, rows down the face."""
    rng = np.random.default_rng(seed)
    layers = [(fluff(style, place, rng), 0.07, 0.11), (main_hairs(style, place, rng), 0.10, 0.17)]
    if style.bridge:
        layers.append((bridge_hairs(style, place, rng), 0.10, 0.15))
    paths = np.concatenate([layer.paths() for layer, _, _ in layers])
    opacity = np.concatenate([layer.opacity for layer, _, _ in layers])
    width_mm = np.concatenate([rng.uniform(low, high, len(layer.out)) for layer, low, high in layers])
    hairs = draw(paths, opacity, width_mm, place.px_per_mm)
    hairs = np.asarray(cv2.resize(hairs, TILE[::-1], interpolation=cv2.INTER_AREA), np.float32)
    if style.slit_at:
        hairs *= slit(style, place)
    # Skin between dense hairs lies in their shade.
    shade = cv2.GaussianBlur(hairs, (0, 0), 0.9 * place.px_per_mm)
    cover = 1 - (1 - hairs) * (1 - style.shade * np.clip(shade * 1.6, 0, 1))
    return np.asarray(np.clip(cover, 0, 1), np.float32)


def slit(style: Style, place: Place) -> NDArray[np.float32]:
    """(*TILE) 0 where a line across the brow is shaved, 1 elsewhere; stubble and its edge are soft."""
    row, column = np.mgrid[0 : TILE[0], 0 : TILE[1]] / place.px_per_mm
    out, down = (float(x[0]) for x in spine(style, place, np.array([style.slit_at])))
    off = np.abs((column - out) + SLIT_SLOPE * (row - down)) / np.hypot(1, SLIT_SLOPE)
    return np.clip((off - 0.5 * SLIT_MM) / 0.35, 0.10, 1).astype(np.float32)


def read_styles(path: Path = TABLE_FILE) -> list[Style]:
    """The table's styles in order. Raises ValueError where they are not the 36 of ``rig.parameters``."""
    styles = [Style(**row) for row in json.loads(path.read_text())["styles"]]
    if tuple(s.name for s in styles) != BROW_STYLES:
        raise ValueError(f"{path}: the styles must be {BROW_STYLES[0]} .. {BROW_STYLES[-1]}, in order")
    return styles


def write_table(styles: list[Style], place: Place, path: Path = TABLE_FILE) -> None:
    """One style a line, defaults left out; ``place`` tells ``rig.brows`` where a tile goes."""
    default = {f.name: f.default for f in dataclasses.fields(Style)}

    def row(style: Style) -> str:
        return json.dumps({k: v for k, v in dataclasses.asdict(style).items() if v != default[k]})

    where = {"sheet": SHEET, "u0": round(place.u0, 6), "middle": round(place.middle, 6)}
    lines = ",\n  ".join(row(s) for s in styles)
    path.write_text(f'{{"place": {json.dumps(where)},\n "styles": [\n  {lines}]}}\n')


def build(skeleton: Skeleton) -> None:
    """Reads the table, paints every style, writes the atlas and the table with the place found on ``skeleton``."""
    styles, place = read_styles(), find_place(skeleton)
    rows = -(-len(styles) // COLUMNS)
    atlas = np.zeros((rows * TILE[0], COLUMNS * TILE[1]), np.uint8)
    for i, style in enumerate(styles):
        tile = np.round(paint(style, place, i) * (LEVELS - 1)) * (255 / (LEVELS - 1))
        r, c = divmod(i, COLUMNS)
        atlas[r * TILE[0] : (r + 1) * TILE[0], c * TILE[1] : (c + 1) * TILE[1]] = np.round(tile).astype(np.uint8)
    cv2.imwrite(str(ATLAS_FILE), atlas, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    # A process that had read the old ones shall see these.
    clear_cache()
    write_table(styles, place)


def sheet(path: Path) -> None:
    """All styles on the base face, brows and eyes only, six in a row."""
    from rig.scene import FaceScene  # here alone: painting needs no VTK

    styles = read_styles()
    scene = FaceScene(1080, 1080)
    tiles = []
    for i, style in enumerate(styles):
        scene.set_look(Look(brow_style=i))
        tile = scene.render()[300:500, 320:760, ::-1].copy()
        tile[:26] = (45, 38, 35)
        cv2.putText(
            tile, f"{i} {style.title}", (10, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (235, 235, 235), 1, cv2.LINE_AA
        )
        tiles.append(tile)
    scene.close()
    cv2.imwrite(str(path), np.vstack([np.hstack(tiles[i : i + 6]) for i in range(0, len(tiles), 6)]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sheet", type=Path, metavar="PATH", help="also render all styles on the base face to PATH")
    args = parser.parse_args()
    build(load_skeleton())
    if args.sheet:
        sheet(args.sheet)


if __name__ == "__main__":
    main()
