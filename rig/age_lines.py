"""The lines of age as paint, for pictures whose lighting has no shader that could fold the skin."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.brows import brow_coverage
from rig.looks import Look, fold_texture, skin_texture

Picture = NDArray[np.uint8]
F = NDArray[np.float32]
FOLD_SLOPE: Final = 3.2
"""Rise over run between the lowest and the highest byte of the sheet of folds, as in ``rig.shading``."""
GROOVE_TINT: Final = (0.77, 0.70, 0.68)
"""What is left of the colour, sRGB, in the deepest groove: less red than in ``rig.shading``, where a sky fills it."""
FROM_ABOVE: Final = 0.45
"""Of the light on a face, how much more an upward slope of 1 gets of it: most lamps stand higher than who is lit."""
CREPT: Final = (0.45, 0.65, 0.75)
"""How much of a slope's shading red, green and blue keep, as light creeps through skin; after ``rig.shading``."""
FLAT: Final = 127
FAINT: Final = 2
"""What differs from flat and light by no more bytes than this is nothing."""
EDGE: Final = 64
"""Texels: mouth and throat lie so near to the edge of the sheet of folds, and the face does not."""


def lined_skin_texture(look: Look) -> Picture:
    """(2048, 2048, 3) sRGB: ``rig.looks.skin_texture`` with as much of the folds' light and shade as age keeps."""
    plain = skin_texture(replace(look, age=0.0))
    if look.age == 0:
        return plain
    size = len(plain)
    rows, columns, groove, upward = _lines(look.folder, size)
    amount = look.age * (1 - brow_coverage(look.brow_style, size)[rows, columns, None])  # hair lies over them
    shade = 1 - np.clip(amount * groove, 0, 1) * (1 - np.array(GROOVE_TINT, np.float32))
    shade *= 1 + FROM_ABOVE * amount * upward * np.array(CREPT, np.float32)
    lined = plain.copy()
    lined[rows, columns] = np.clip(shade * plain[rows, columns], 0, 255)
    return lined


@cache
def _lines(folder: str, size: int) -> tuple[slice, slice, F, F]:
    """Rows and columns of the skin's sheet in which there are lines, and there (h, w, 1) each: how deep the skin
    folds, 0..1, and how much it slopes upwards, rise over run."""
    folds = fold_texture(Look(folder=folder))
    flat = np.array((FLAT, FLAT, 255), np.uint8)
    there = np.zeros(folds.shape[:2], np.bool_)
    face = (slice(EDGE, -EDGE), slice(EDGE, -EDGE))
    there[face] = np.abs(folds[face].astype(np.int16) - flat).max(-1) > FAINT
    folds = np.where(there[..., None], folds, flat)
    folds = np.asarray(cv2.resize(folds, (size, size), interpolation=cv2.INTER_LINEAR), np.uint8)
    there = (folds != flat).any(-1)
    rows, columns = _extent(there.any(axis=1)), _extent(there.any(axis=0))
    drawn = folds[rows, columns].astype(np.float32)
    # On the face the sheet's u runs downwards.
    return rows, columns, 1 - drawn[..., 2:] / np.float32(255), (drawn[..., :1] - FLAT) * np.float32(FOLD_SLOPE / 255)


def _extent(there: NDArray[np.bool_]) -> slice:
    """From the first to the last place (N,) where something is; empty where nothing is."""
    places = np.flatnonzero(there)
    return slice(int(places[0]), int(places[-1]) + 1) if len(places) else slice(0, 0)
