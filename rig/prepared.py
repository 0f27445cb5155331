"""What a scene of a face needs and VTK does not make: meshes, tables, painted sheets. Any thread can make it, so that
the one that draws has only little to do when another head comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rig import folds
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
    "skin": skin_texture,
    "eye": eye_texture,
    "teeth": tooth_texture,
    "lashes": lash_texture,
}
FULL: Final[Mapping[str, Callable[[Look], Picture]]] = {
    "materialTex": detail_texture,
    "normalTex": fold_texture,
    "coatNormalTex": pore_texture,
}
"""What the full look's shaders ask for beside, by VTK's names for the maps of a material."""


@dataclass(frozen=True)
class Sheets:
    """A look, painted."""

    look: Look
    pictures: Mapping[str, Picture]
    """By the names of PLAIN and perhaps FULL: (H, W, 3 or 4) sRGB as ``rig.stage.bottom_up`` gives them."""


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


def paint_sheets(look: Look, full: bool) -> Sheets:
    """All sheets of a look; ``full``: those that only the full look's shaders ask for, too. Raises RigError naming a
    file that is missing or damaged."""
    painters = {**PLAIN, **FULL} if full else PLAIN
    return Sheets(look, {name: bottom_up(paint(look)) for name, paint in painters.items()})


def prepare_head(skeleton: Skeleton, look: Look, full: bool, mesh: HeadMesh | None = None) -> PreparedHead:
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
