"""Where an imported character stands on the stage: turned to the front, its face as large as ours and at its place."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rig.gltf.rest import node_weights
from rig.imported import ImportedCharacter
from rig.imported_drive import Drive
from rig.parameters import CHANNELS

F = NDArray[np.float32]
MOVED: Final = 0.6
"""A vertex belongs to the face where some channel moves it by this share of what it moves most."""
EYES_UP: Final = ("AU1", "AU2", "AU4", "AU5", "AU43")
MOUTH_DOWN: Final = ("AU12", "AU15", "AU18", "AU20", "AU22", "AU25", "AU26")
FACE_HEIGHT_M: Final = 0.1647
FACE_FRONT: Final = (0.0, -0.0352, 0.036)
"""On our own head: the height of what moves so, and the middle of its front (the tip of the nose)."""
HEAD_HEIGHT_M: Final = 0.25
HEAD_FRONT: Final = (0.0, 0.005, 0.036)
"""Of our head from chin to crown, for characters whose face cannot be made out."""


def place_on_stage(character: ImportedCharacter) -> F:
    """(4, 4) a turn, a uniform scale and a shift: the file's axes -> the stage (metres, 0 between the eyes)."""
    drive = Drive(character)
    box = face_box(drive)
    height, front = FACE_HEIGHT_M, FACE_FRONT
    if box is None:
        box, height, front = _head_box(drive), HEAD_HEIGHT_M, HEAD_FRONT
    low, high = box
    scale = height / max(float(high[1] - low[1]), 1e-6)
    fit = np.diag([scale, scale, scale, 1.0])
    middle = (low + high) / 2
    middle[2] = high[2]
    fit[:3, 3] = np.array(front) - scale * middle
    return (fit @ drive.placement).astype(np.float32)


def face_box(drive: Drive) -> tuple[F, F] | None:
    """Corners (3,), (3,) of what the channels move, from the brows to the chin; None where only some of it moves."""
    rest = np.concatenate(drive.rest)
    up, down = (_moved(drive, rest, group) for group in (EYES_UP, MOUTH_DOWN))
    if not up.any() or not down.any():
        return None
    points = rest[up | down]
    return points.min(0), points.max(0)


def _moved(drive: Drive, rest: F, group: tuple[str, ...]) -> NDArray[np.bool_]:
    """(V,) which vertices a group of AUs moves, one AU at a time."""
    found = np.zeros(len(rest), bool)
    for au in group:
        value = np.array([float(c == au or c.startswith(f"{au}-")) for c in CHANNELS], np.float32)
        if au == "AU26":
            value[CHANNELS.index("AU25")] = 1  # some mouths only open when both do
        move = np.linalg.norm(np.concatenate(drive.pose(value)) - rest, axis=1)
        if move.max() > 1e-4 * max(float(np.ptp(rest, axis=0).max()), 1e-9):
            found |= move > MOVED * move.max()
    return found


def _head_box(drive: Drive) -> tuple[F, F]:
    """Corners of what hangs on the head bone, or of everything."""
    character = drive.character
    points = np.concatenate(drive.rest)
    head = character.roles.get("head")
    if head is not None:
        tree = character.nodes
        below = np.zeros(len(tree.names), bool)
        below[head] = True
        for i in tree.order:
            below[i] |= tree.parents[i] >= 0 and below[tree.parents[i]]
        hung = [node_weights(p, tree, character.skins) @ below.astype(np.float32) for p in character.primitives]
        mine = np.concatenate(hung) > 0.5
        if mine.sum() > 3:
            points = points[mine]
    return points.min(0), points.max(0)
