"""From a character's recipe to its Skeleton."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import numpy as np

from rig.build.characters.clay import Clay
from rig.build.characters.retarget import Meaning, Retarget, channels, moved_pivots
from rig.build.makehuman import MakeHumanHead
from rig.skeleton import Skeleton, load_skeleton


class Recipe(Protocol):
    """A module of this package that makes one character."""

    REST: dict[str, float]
    """Channels of the base face that the resting face wears."""
    sculpt: Callable[[Clay], None]
    bones: Callable[[Skeleton, Clay], Skeleton]
    """Adds bones that the base face lacks."""
    meaning: Callable[[Skeleton, Clay], Meaning]
    dress: Callable[[Skeleton, Clay], Skeleton]
    """Adds geometry that the base face lacks."""


def make(recipe: Recipe, head: MakeHumanHead) -> Skeleton:
    """Sculpts, gives meaning and dresses one character, from whatever base face there is."""
    clay = Clay(load_skeleton(), head)
    rest = clay.face.pose(channels(recipe.REST)).astype(float)
    clay.points = rest.copy()
    recipe.sculpt(clay)
    clay.clear_eyes()
    clay.symmetrise()
    skeleton = replace(
        clay.skeleton,
        vertices=clay.points.astype(np.float32),
        pivots=moved_pivots(clay).astype(np.float32),
    )
    skeleton = recipe.bones(skeleton, clay)
    skeleton = Retarget(clay, skeleton, recipe.meaning(skeleton, clay), rest).fit()
    return recipe.dress(skeleton, clay)
