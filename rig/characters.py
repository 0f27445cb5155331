"""The built-in characters: heads of their own proportions, on which the same AUs mean something of their own.

They are made by ``python -m rig.build.characters`` out of the base face (Song et al. 2020, figure 5: one set of AU
parameters, several 3D characters). Landmarks and channels are the base face's.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

from rig.face import Face
from rig.looks import LOOKS, Look
from rig.skeleton import ASSETS, HEAD_FILE, RigError, load_skeleton


@dataclass(frozen=True)
class Character:
    """A face to drive and how it looks."""

    name: str
    title: str
    """What menus call it."""
    face: Face
    look: Look


TITLES: Final[dict[str, str]] = {"base": "Base face", "hero": "Hero", "elder": "Elder", "goblin": "Goblin"}
CHARACTER_LOOKS: Final[dict[str, Look]] = {
    "base": LOOKS["light"],
    "hero": Look(
        brow_style=33, brow_colour=(44, 26, 17), hair="none", hair_colour=(70, 43, 26), folder="characters/hero"
    ),
    "elder": Look(
        brow_style=2, brow_colour=(170, 160, 148), hair="none", hair_colour=(214, 211, 204), age=0.9,
        folder="characters/elder",
    ),
    "goblin": Look(
        brow_style=23, brow_colour=(34, 34, 22), hair="none", hair_colour=(40, 38, 30), age=0.35,
        folder="characters/goblin",
    ),
}  # fmt: skip
BUILT_IN: Final[tuple[str, ...]] = tuple(TITLES)


def character_names() -> tuple[str, ...]:
    """Names for :func:`load_character`."""
    return BUILT_IN


@cache
def load_character(name: str) -> Character:
    """A built-in character. Raises RigError naming those that exist, or what is wrong with the character's file."""
    if name not in TITLES:
        raise RigError(f"no built-in character {name!r}; there are {', '.join(BUILT_IN)}")
    path = HEAD_FILE if name == "base" else ASSETS / "characters" / name / "head.npz"
    return Character(name, TITLES[name], Face(load_skeleton(path)), CHARACTER_LOOKS[name])
