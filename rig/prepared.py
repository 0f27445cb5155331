"""What a scene of a face needs and VTK does not make: meshes, tables, painted sheets. Any thread can make it, so that
the one that draws has only little to do when another head comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rig import folds
from rig.age_lines import lined_skin_texture
from rig.head_mesh import HeadMesh
from rig.looks import (
    Look,
    detail_texture,
    eye_texture,
    fold_texture,
    lash_texture,
    pore_texture,
    skin_texture,
    surface_table,
    tooth_texture,
)
from rig.skeleton import Skeleton
from rig.stage import bottom_up

F = NDArray[np.float32]
Picture = NDArray[np.uint8]
PLAIN: Final[Mapping[str, Callable[[Look], Picture]]] = {
    "eye": eye_texture,
    "teeth": tooth_texture,
    "lashes": lash_texture,
}
"""What both looks ask for."""
LIGHT: Final[Mapping[str, Callable[[Look], Picture]]] = {"lined skin": lined_skin_texture}
"""What the light look asks for beside."""
FULL: Final[Mapping[str, Callable[[Look], Picture]]] = {
    "skin": skin_texture,
    "materialTex": detail_texture,
    "normalTex": fold_texture,
    "coatNormalTex": pore_texture,
}
"""What the full look's shaders ask for beside: the skin, and by VTK's names the maps of its material."""


@dataclass(frozen=True)
class Sheets:
    """A look, painted."""

    look: Look
    pictures: Mapping[str, Picture]
    """By the names of PLAIN and of LIGHT, FULL or both: (H, W, 3 or 4) sRGB as ``rig.stage.bottom_up`` gives them."""


@dataclass(frozen=True)
class PreparedHead:
    """A head as a scene takes it. Nothing in it is changed by the scene, so that several may share it."""

    mesh: HeadMesh
    fold_weights: F
    """(V, regions): how much of each control vertex belongs to which of ``rig.folds.REGIONS``."""
    light: F
    """(N, 5) of each vertex of ``mesh``: see ``rig.looks.surface_table``."""
    hair: F
    """(N,) 0..1: how much hair grows there."""
    sheets: Sheets


def sheet_names(full: bool | None) -> tuple[str, ...]:
    """Of the sheets that the full look asks for, the light one, or (None) either."""
    return (*PLAIN, *(() if full else LIGHT), *(() if full is False else FULL))


def paint_sheets(look: Look, full: bool | None) -> Sheets:
    """All sheets that :func:`sheet_names` says. Raises RigError naming a file that is missing or damaged."""
    painters = {**PLAIN, **LIGHT, **FULL}
    return Sheets(look, {name: bottom_up(painters[name](look)) for name in sheet_names(full)})


def prepare_head(skeleton: Skeleton, look: Look, full: bool | None, mesh: HeadMesh | None = None) -> PreparedHead:
    """Takes about a second, most of it for the skin. ``mesh``: the skeleton's, where it is there already."""
    mesh = mesh or HeadMesh(skeleton)
    light, hair = surface_table(look.folder, len(skeleton.vertices))
    return PreparedHead(
        mesh,
        folds.region_weights(skeleton),
        mesh.matrix @ light,
        mesh.matrix @ hair,
        paint_sheets(look, full),
    )
