"""How a face is coloured: complexions, brows, irises, and the textures they make. No drawing library is needed here.

The painted sheets lie in ``assets/rig`` (made by ``rig/build/looks.py``); a character may have sheets of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.brows import brow_coverage
from rig.skeleton import ASSETS, RigError

Picture = NDArray[np.uint8]
F = NDArray[np.float32]
BASE_FOLDER = "rig"
HAIRS = ("none", "crop")
"""``crop``: short hair all over the scalp; ``none``: a bare scalp, or a character's own hair."""
VERTEX_FILE = "surface.npz"
LOOKS_KEPT = 3
"""Sheets of so many looks stay in memory: a skin has 13 MB, and who tries colours makes many."""
IRIS_SHARE = 0.205
"""Radius of the tinted iris, as a share of the eye sheet's width."""


@dataclass(frozen=True)
class Look:
    """A complexion: what the painted light skin is multiplied by (sRGB), the brows, the iris, and whose sheets."""

    skin: tuple[float, float, float] = (1.0, 1.0, 1.0)
    brow_style: int = 0
    """0..35, see ``rig.brows``."""
    brow_colour: tuple[int, int, int] = (58, 40, 31)
    iris: tuple[float, float, float] = (1.0, 1.0, 1.0)
    hair: str = "crop"
    """One of HAIRS."""
    hair_colour: tuple[int, int, int] = (46, 32, 25)
    lips: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """What the painted lips are multiplied by."""
    age: float = 0.0
    """0..1: how much of the folds stays at rest."""
    folder: str = BASE_FOLDER
    """Under ``assets``; a sheet that it lacks is taken from ``assets/rig``."""


LOOKS: dict[str, Look] = {
    "light": Look(),
    "tan": Look((0.86, 0.80, 0.74), brow_colour=(38, 27, 22), iris=(0.75, 0.68, 0.62), hair_colour=(34, 24, 20)),
    "dark": Look((0.50, 0.42, 0.37), brow_colour=(20, 15, 13), iris=(0.52, 0.44, 0.40), hair_colour=(20, 16, 15)),
    "fair": Look((1.06, 1.05, 1.06), brow_colour=(120, 84, 54), iris=(0.75, 1.25, 1.85), hair_colour=(122, 88, 56)),
}


@cache
def read_sheet(name: str, folder: str = BASE_FOLDER) -> Picture:
    """(H, W, 3 or 4) sRGB of ``assets/<folder>/<name>``, else of the base face's; raises RigError naming the file."""
    path = ASSETS / folder / name
    if not path.is_file():
        path = ASSETS / BASE_FOLDER / name
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None or image.ndim != 3:
        raise RigError(f"{path}: this texture is missing or damaged; reinstall Mien")
    order = cv2.COLOR_BGRA2RGBA if image.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(image, order), np.uint8)


@lru_cache(maxsize=LOOKS_KEPT)
def skin_texture(look: Look) -> Picture:
    """(2048, 2048, 3) sRGB: the painted skin in the look's complexion, its brows and its hair."""
    skin = read_sheet("skin.jpg", look.folder).astype(np.float32)
    size = skin.shape[0]
    masks = cv2.resize(read_sheet("skin_masks.png", look.folder), (size, size)) / np.float32(255)
    tint = np.array(look.skin, np.float32) + masks[..., 2:] * (np.array(look.lips, np.float32) - 1)
    skin *= 1 + masks[..., :1] * (tint - 1)
    _cover(skin, 0.93 * brow_coverage(look.brow_style, size), look.brow_colour)
    if look.hair != "none":
        _cover(skin, 0.93 * masks[..., 1], look.hair_colour)
    return np.clip(skin, 0, 255).astype(np.uint8)


def _cover(skin: F, share: F, colour: tuple[int, int, int]) -> None:
    """Lays hair of a colour over the skin in place; thin hair lets more of the skin through than thick hair."""
    share = share[..., None]
    skin += share * (np.array(colour, np.float32) - skin)


@cache
def detail_texture(look: Look) -> Picture:
    """(1024, 1024, 3): gloss, depth of pores, thinness; each 0..255."""
    return read_sheet("skin_detail.png", look.folder)


@cache
def fold_texture(look: Look) -> Picture:
    """(1024, 1024, 3): slope of the skin's folds along u and v (128 flat), and what is left of the light in them."""
    return read_sheet("folds.png", look.folder)


@cache
def pore_texture(look: Look) -> Picture:
    """(512, 512, 3): a tile of pores and fine lines that repeats without seams; slopes and light as the folds'."""
    return read_sheet("pores.png", look.folder)


@cache
def surface_table(folder: str, n: int) -> tuple[F, F]:
    """How light reaches the ``n`` control vertices, (n, 5), and how much hair grows on them, (n,) 0..1.

    Columns: ambient light 0..1, and visibility's coefficients of (1, x, y, z). Vertices that a character has beyond
    the sheet's are fully lit. Raises RigError naming a missing file.
    """
    path = ASSETS / folder / VERTEX_FILE
    if not path.is_file():
        path = ASSETS / BASE_FOLDER / VERTEX_FILE
    light, hair = np.tile(np.array([1, 1, 0, 0, 0], np.float32), (n, 1)), np.zeros(n, np.float32)
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as z:
            k = min(n, len(z["light"]))
            light[:k] = (z["light"][:k].astype(np.float32) - 127.5) / 127.5
            hair[:k] = z["hair"][:k].astype(np.float32) / 255
    except (OSError, ValueError, KeyError) as e:
        raise RigError(f"{path}: this table is missing or damaged ({type(e).__name__}); reinstall Mien") from e
    return light, hair


@lru_cache(maxsize=LOOKS_KEPT)
def eye_texture(look: Look) -> Picture:
    """(512, 512, 3) sRGB: the painted eye with the look's iris."""
    eye = read_sheet("eye.png", look.folder).astype(np.float32)
    y, x = np.mgrid[0 : eye.shape[0], 0 : eye.shape[1]]
    r = np.hypot(x / eye.shape[1] - 0.5, y / eye.shape[0] - 0.5)
    inside = np.clip((IRIS_SHARE - r) / 0.012, 0, 1)[..., None]
    return np.clip(eye * (1 + inside * (np.array(look.iris, np.float32) - 1)), 0, 255).astype(np.uint8)


@cache
def tooth_texture(look: Look) -> Picture:
    """(256, 1024, 3) sRGB: the rows of teeth, see ``tooth_uv``: the upper row above, the lower one below."""
    return read_sheet("teeth.png", look.folder)


@cache
def lash_texture(look: Look) -> Picture:
    """(512, 512, 4) sRGB and coverage: the painted lashes."""
    return read_sheet("lashes.png", look.folder)
