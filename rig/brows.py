"""The 36 brow styles as coverage of the skin's texture sheet, from an atlas painted by ``rig.build.brows``.

The sheet is part of the skin, so brows go wherever the brow bones take the skin.
"""

import json
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.parameters import N_BROW_STYLES
from rig.skeleton import ASSETS, RigError

ATLAS_FILE = ASSETS / "rig" / "brows.png"
TABLE_FILE = ASSETS / "rig" / "brows.json"
TILE = (184, 376)
"""Height and width of a tile: the left brow upright, its left edge on the face's middle line."""
COLUMNS = 4


@cache
def _table(path: Path) -> dict:
    try:
        table = json.loads(path.read_text())
        titles, place = [str(s["title"]) for s in table["styles"]], table["place"]
        sheet, u0, middle = int(place["sheet"]), float(place["u0"]), float(place["middle"])
        if len(titles) != N_BROW_STYLES:
            raise ValueError(f"{len(titles)} styles")
    except FileNotFoundError:
        raise RigError(f"{path}: the table of brows is missing; reinstall Mien") from None
    except (ValueError, KeyError, TypeError) as e:
        raise RigError(f"{path}: the table of brows is damaged ({type(e).__name__}); reinstall Mien") from e
    return {"titles": titles, "sheet": sheet, "u0": u0, "middle": middle}


@cache
def _atlas(path: Path) -> NDArray[np.uint8]:
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    rows = -(-N_BROW_STYLES // COLUMNS)
    if image is None or image.shape != (rows * TILE[0], COLUMNS * TILE[1]):
        raise RigError(f"{path}: the brow atlas is missing or damaged; reinstall Mien")
    return np.asarray(image, np.uint8)


def clear_cache() -> None:
    """Forgets what was read, for a process that paints the brows anew."""
    _table.cache_clear()
    _atlas.cache_clear()


def brow_titles() -> tuple[str, ...]:
    """What each of the 36 styles looks like, in words, for menus. Raises RigError where the table is missing."""
    return tuple(_table(TABLE_FILE)["titles"])


def brow_tile(style: int) -> NDArray[np.uint8]:
    """(*TILE) 0..255: the left brow of a style, upright. Raises ValueError out of 0..35, RigError without the atlas."""
    if not 0 <= style < N_BROW_STYLES:
        raise ValueError(f"brow style {style}: there are 0 to {N_BROW_STYLES - 1}")
    r, c = divmod(int(style), COLUMNS)
    return _atlas(ATLAS_FILE)[r * TILE[0] : (r + 1) * TILE[0], c * TILE[1] : (c + 1) * TILE[1]]


def brow_coverage(style: int, size: int = 2048) -> NDArray[np.float32]:
    """(size, size) 0..1: how much of each texel of the skin's sheet (``warp_uv``) the brows of ``style`` cover.

    Row 0 is v = 1, as in ``skin_texture``. Mirror-symmetric on the face. Raises ValueError for a style out of 0..35,
    RigError where the atlas is missing or damaged.
    """
    tile, table = brow_tile(style), _table(TABLE_FILE)
    # On the sheet the face lies on its side: u runs down the face, v to the subject's left.
    side = np.ascontiguousarray(tile.T).astype(np.float32) / 255
    k = size / table["sheet"]
    if k < 1:  # fewer texels than the atlas has: average before sampling
        side = np.asarray(cv2.GaussianBlur(side, (0, 0), 0.5 * np.sqrt(1 / k**2 - 1)), np.float32)
    column = table["u0"] * size - 0.5 + 0.5 * k
    middle = (1 - table["middle"]) * size - 0.5
    sheet = np.zeros((size, size), np.float32)
    for sign in (-1, 1):
        # Tile row i (outwards) lands k (i + 0.5) rows above (left brow) or below the middle line.
        m = np.array([[k, 0, column], [0, sign * k, middle + sign * 0.5 * k]])
        one = cv2.warpAffine(side, m, (size, size), flags=cv2.INTER_LINEAR, borderValue=0.0)
        np.maximum(sheet, one, out=sheet)
    return sheet
