"""Pictures of the built-in characters."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.build.characters.retarget import channels
from rig.build.sheet import grid, label
from rig.characters import load_character
from rig.scene import FaceScene
from rig.stage import TRANSPARENT, straight_alpha

Picture = NDArray[np.uint8]
TILE = (300, 330)
EXPRESSIONS: Final[dict[str, dict[str, float]]] = {
    "at rest": {},
    "6+12+25": {"AU6": 0.8, "AU12": 1.0, "AU25": 0.8},
    "1+2+5+25+26": {"AU1": 1.0, "AU2": 1.0, "AU5": 1.0, "AU25": 1.0, "AU26": 0.6},
    "4+7+9+10": {"AU4": 1.0, "AU7": 0.7, "AU9": 1.0, "AU10": 0.7},
    "1+4+15": {"AU1": 1.0, "AU4": 0.7, "AU15": 1.0},
    "43 left, 12 left": {"AU43-left": 1.0, "AU12-left": 0.6},
    "25+26+22": {"AU25": 0.7, "AU26": 0.3, "AU22": 0.8},
    "43": {"AU43": 1.0},
    "12+25+26": {"AU12": 0.8, "AU25": 1.0, "AU26": 0.4},
    "19+25+26": {"AU19": 1.0, "AU25": 1.0, "AU26": 0.4},
}


def sheet(names: list[str]) -> Picture:
    """BGR: a row a character: expressions a little from the side, then at rest from 40 degrees and the side."""
    rows = []
    for name in names:
        character = load_character(name)
        scene = FaceScene(2 * TILE[0], 2 * TILE[1], character.look, face=character.face, samples=0)
        tiles = []
        scene.frame(14)
        for title, recipe in EXPRESSIONS.items():
            scene.set_face(channels(recipe))
            tiles.append(label(scene.render(), TILE, f"{character.title}: {title}"))
        scene.set_face(channels({}))
        for title, yaw in (("40 degrees", 40.0), ("side", 90.0)):
            scene.frame(yaw)
            tiles.append(label(scene.render(), TILE, f"{character.title}: {title}"))
        scene.close()
        rows.append(grid(tiles, 6))
    return np.vstack(rows)


def smiles(names: list[str], size: int = 400) -> Picture:
    """(size, size * len(names), 3) BGR: each of them smiling at the camera."""
    row = []
    for name in names:
        load_character.cache_clear()
        character = load_character(name)
        scene = FaceScene(size, size, character.look, face=character.face, quality="full")
        scene.set_framing("head")
        scene.set_face(channels({"AU6": 0.4, "AU12": 1.0, "AU25": 0.7}))
        row.append(cv2.cvtColor(scene.render(), cv2.COLOR_RGB2BGR))
        scene.close()
    return np.hstack(row)


def thumbnail(name: str, size: int = 192) -> Picture:
    """(size, size, 4) BGRA on nothing: the character with a slight smile, from a little aside."""
    load_character.cache_clear()
    character = load_character(name)
    scene = FaceScene(3 * size, 3 * size, character.look, face=character.face, samples=0)
    scene.frame(18)
    scene.set_background(TRANSPARENT)
    scene.set_face(channels({"AU12": 0.35, "AU6": 0.2}))
    large = scene.render().astype(np.float32)
    scene.close()
    large[..., :3] *= large[..., 3:] / 255  # so that nothing's colour does not count at the edges
    small = cv2.resize(large, (size, size), interpolation=cv2.INTER_AREA)
    picture = straight_alpha(np.clip(small + 0.5, 0, 255).astype(np.uint8))
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGBA2BGRA), np.uint8)
