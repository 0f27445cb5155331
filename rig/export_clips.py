"""Animation clips: what each channel and each direction of gaze does to the joints, from rest to full in a second."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from rig import skinning
from rig.face import Face, Person
from rig.parameters import CHANNELS, N_CHANNELS
from rig.skeleton import GAZE_FULL_DEG

F = NDArray[np.float32]
KEY_TIMES = np.linspace(0, 1, 5, dtype=np.float32)
"""Seconds, and the share of the full pose. A bone's rotation vector and translation grow evenly, so two keys do for a
program that interpolates rotations on the sphere; Blender and Unity interpolate quaternions by component, and three
keys between bring them within 0.02 mm too."""
GAZES = {"look-left": (1, 0), "look-right": (-1, 0), "look-up": (0, 1), "look-down": (0, -1)}
"""Clip names and (yaw to the subject's left, pitch up) in units of GAZE_FULL_DEG."""
NEGLIGIBLE_M = 1.5e-5
"""A joint whose motion moves no vertex further than this is left out of a clip."""


@dataclass(frozen=True)
class Clip:
    """A named pose to move into."""

    name: str
    au: F
    gaze_deg: F

    def bones(self, face: Face, person: Person, share: float) -> F:
        """Bone transforms (B, 3, 4) at ``share`` 0..1 of the way."""
        gaze = share * self.gaze_deg
        return face.bones(share * self.au, gaze, gaze, person)


@dataclass(frozen=True)
class Track:
    """One joint in one clip; quaternions (K, 4) x y z w, translations (K, 3) metres, None where it stays at rest."""

    joint: int
    rotation: F | None
    translation: F | None


def all_clips() -> Iterator[Clip]:
    """The 40 channels in their order, then the four directions of gaze."""
    none = np.zeros(2, np.float32)
    for i, name in enumerate(CHANNELS):
        yield Clip(name, np.eye(N_CHANNELS, dtype=np.float32)[i], none)
    for name, direction in GAZES.items():
        yield Clip(name, np.zeros(N_CHANNELS, np.float32), np.array(direction, np.float32) * GAZE_FULL_DEG)


def rest_translations(pivots: F, parents: NDArray[np.int32]) -> F:
    """(B, 3) where each joint rests relative to its parent: pivot minus the parent's pivot."""
    return np.where(parents[:, None] >= 0, pivots - pivots[parents], pivots).astype(np.float32)


def joint_poses(bones: F, parents: NDArray[np.int32], pivots: F) -> tuple[F, F]:
    """Global bone transforms (..., B, 3, 4) -> joints' local quaternions (..., B, 4) and translations (..., B, 3).

    A bone is x -> R x + t in head coordinates, parents applied after; a joint carries its own origin at the pivot.
    """
    local = bones.astype(np.float64)
    child = parents >= 0
    above = local[..., parents[child], :, :]
    turned = above[..., :3].swapaxes(-1, -2)
    local[..., child, :, :] = turned @ (
        local[..., child, :, :] - np.concatenate([0 * above[..., :3], above[..., 3:]], -1)
    )
    at_pivot = np.einsum("...bij,bj->...bi", local[..., :3], pivots) + local[..., 3]
    translation = at_pivot - np.where(child[:, None], pivots[parents], 0)
    matrices = local[..., :3].reshape(-1, 3, 3)
    quaternion = Rotation.from_matrix(matrices).as_quat(canonical=True).reshape(*local.shape[:-2], 4)
    return quaternion.astype(np.float32), translation.astype(np.float32)


def reach(face: Face, person: Person) -> tuple[F, F]:
    """Per joint (B,) the largest lever in metres, and the largest weight, with which it carries a vertex."""
    s = face.skeleton
    carried = face.weights.toarray()
    for b in range(len(s.names) - 1, 0, -1):  # children come after their parents
        if s.parents[b] >= 0:
            carried[:, s.parents[b]] += carried[:, b]
    lever = np.array(
        [(carried[:, b] * np.linalg.norm(person.vertices - p, axis=1)).max() for b, p in enumerate(person.pivots)]
    )
    return lever.astype(np.float32), carried.max(0)


def tracks(clip: Clip, face: Face, person: Person, lever: F, most: F) -> list[Track]:
    """The joints that move in a clip, keyed at KEY_TIMES."""
    s = face.skeleton
    rest = rest_translations(person.pivots, s.parents)
    bones = np.stack([clip.bones(face, person, float(t)) for t in KEY_TIMES])
    quaternion, translation = joint_poses(bones, s.parents, person.pivots)
    turn = 2 * np.arccos(np.clip(np.abs(quaternion[..., 3]), 0, 1)).max(0)
    shift = np.linalg.norm(translation - rest, axis=-1).max(0)
    out = []
    for joint in range(len(s.names)):
        turns, shifts = turn[joint] * lever[joint] > NEGLIGIBLE_M, shift[joint] * most[joint] > NEGLIGIBLE_M
        if turns or shifts:
            out.append(Track(joint, quaternion[:, joint] if turns else None, translation[:, joint] if shifts else None))
    return out


def clip_bones(found: list[Track], key: int, face: Face, person: Person) -> F:
    """Bone transforms (B, 3, 4) that a clip's tracks give at one of its keys: what an importer will see."""
    s = face.skeleton
    rotation = np.tile(np.eye(3, dtype=np.float32), (len(s.names), 1, 1))
    translation = rest_translations(person.pivots, s.parents)
    for track in found:
        if track.rotation is not None:
            rotation[track.joint] = Rotation.from_quat(track.rotation[key]).as_matrix()
        if track.translation is not None:
            translation[track.joint] = track.translation[key]
    joints = skinning.chain(np.concatenate([rotation, translation[:, :, None]], axis=2), s.parents)
    joints[:, :, 3] -= np.einsum("bij,bj->bi", joints[:, :, :3], person.pivots)
    return joints
