"""How a face is coloured: complexions, brows, irises, and the textures they make. No drawing library is needed here.

The painted sheets lie in ``assets/rig`` (made by ``rig/build/looks.py``); a character may have sheets of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.skeleton import ASSETS, RigError

Picture = NDArray[np.uint8]
F = NDArray[np.float32]
BASE_FOLDER = "rig"
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
    folder: str = BASE_FOLDER
    """Under ``assets``; a sheet that it lacks is taken from ``assets/rig``."""


LOOKS: dict[str, Look] = {
    "light": Look(),
    "tan": Look((0.86, 0.80, 0.74), brow_colour=(38, 27, 22), iris=(0.75, 0.68, 0.62)),
    "dark": Look((0.50, 0.42, 0.37), brow_colour=(20, 15, 13), iris=(0.52, 0.44, 0.40)),
    "fair": Look((1.06, 1.05, 1.06), brow_colour=(120, 84, 54), iris=(0.75, 1.25, 1.85)),
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


@cache
def skin_texture(look: Look) -> Picture:
    """(2048, 2048, 3) sRGB: the painted skin in the look's complexion; mouth and brows keep their own colours."""
    albedo = read_sheet("skin.jpg", look.folder).astype(np.float32)
    masks = cv2.resize(read_sheet("skin_masks.png", look.folder), albedo.shape[1::-1]) / np.float32(255)
    tinted = albedo * (1 + masks[..., :1] * (np.array(look.skin, np.float32) - 1))
    brow = masks[..., 1:2] * 0.92
    return np.clip(tinted * (1 - brow) + brow * np.array(look.brow_colour, np.float32), 0, 255).astype(np.uint8)


@cache
def eye_texture(look: Look) -> Picture:
    """(512, 512, 3) sRGB: the painted eye with the look's iris."""
    eye = read_sheet("eye.png", look.folder).astype(np.float32)
    y, x = np.mgrid[0 : eye.shape[0], 0 : eye.shape[1]]
    r = np.hypot(x / eye.shape[1] - 0.5, y / eye.shape[0] - 0.5)
    inside = np.clip((IRIS_SHARE - r) / 0.012, 0, 1)[..., None]
    return np.clip(eye * (1 + inside * (np.array(look.iris, np.float32) - 1)), 0, 255).astype(np.uint8)


@cache
def lash_texture(look: Look) -> Picture:
    """(512, 512, 4) sRGB and coverage: the painted lashes."""
    return read_sheet("lashes.png", look.folder)
