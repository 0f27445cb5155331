"""Bone offsets of the channels and their correctives: rigid transforms per bone, fitted to the target shapes."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from rig.build import bones as bone_room
from rig.build import ssdr
from rig.build.makehuman import MakeHumanHead
from rig.parameters import CHANNEL_INDEX, CHANNELS

Array = NDArray[np.float64]
FLIP = np.array([-1.0, 1.0, 1.0])


def fit_bones(head: MakeHumanHead, bones: bone_room.BoneSet, offsets: Array) -> tuple[Array, Array, Array]:
    """Global rigid transforms of every bone for shapes (S, V, 3): rotation, translation, and the fit (S, V, 3)."""
    fixed = np.isin(bones.names, ["neck", "head", "eye-left", "eye-right", "teeth-upper"])
    moved = head.base + offsets
    # Begun at rest, bones that share their skin may settle far apart, turned by half a circle against each other.
    r, t = ssdr.fit_transforms(
        head.base, moved, bones.weights, fixed, 10, own_transforms(head.base, moved, bones, fixed)
    )
    return r, t, ssdr.blend(head.base, bones.weights, r, t) - head.base


def own_transforms(rest: Array, moved: Array, bones: bone_room.BoneSet, fixed: NDArray[np.bool_]) -> ssdr.Decomposition:
    """Each bone moved as its own skin moves on the whole, as if it shared none: (S, B, ...) to begin a fit from."""
    rotation = np.tile(np.eye(3), (len(moved), len(bones.names), 1, 1))
    translation = np.zeros((len(moved), len(bones.names), 3))
    for b in np.flatnonzero(~fixed):
        i = np.flatnonzero(bones.weights[:, b] > 1e-4)
        if len(i) >= 3:
            w = bones.weights[i, b] ** 2
            rotation[:, b], translation[:, b] = ssdr.procrustes(rest[i], w[:, None] * moved[:, i], w)
    return ssdr.Decomposition(bones.weights, rotation, translation)


def to_local(bones: bone_room.BoneSet, rotation: Array, translation: Array) -> tuple[Array, Array]:
    """Global transforms (S, B, ...) -> rotation vectors and translations local to the parent, about the pivot."""
    n_shapes, n_bones = rotation.shape[:2]
    rotvec = np.zeros((n_shapes, n_bones, 3))
    move = np.zeros((n_shapes, n_bones, 3))
    for b in range(n_bones):
        p = bones.parents[b]
        r, t = rotation[:, b], translation[:, b]
        if p >= 0:
            rp = rotation[:, p].transpose(0, 2, 1)
            r, t = rp @ r, np.einsum("sij,sj->si", rp, t - translation[:, p])
        rotvec[:, b] = Rotation.from_matrix(r).as_rotvec()
        move[:, b] = np.einsum("sij,j->si", r, bones.pivots[b]) + t - bones.pivots[b]
    return rotvec, move


def mirrored(bones: bone_room.BoneSet, rotvec: Array, move: Array) -> tuple[Array, Array]:
    """Bone offsets (..., B, 3) of the mirror image."""
    return (rotvec * -FLIP)[..., bones.pair, :], (move * FLIP)[..., bones.pair, :]


def hang_on_jaw(bones: bone_room.BoneSet, rotation: Array, translation: Array) -> None:
    """Bones that go with the jaw when it drops become its children, so that half a drop stays on the arc."""
    jaw = bones.names.index("jaw")
    p = bones.pivots
    at = np.einsum("bij,bj->bi", rotation, p) + translation
    with_jaw = np.einsum("ij,bj->bi", rotation[jaw], p) + translation[jaw]
    moved = np.linalg.norm(at - p, axis=1)
    hangs = (moved > 0.004) & (np.linalg.norm(at - with_jaw, axis=1) < 0.6 * moved) & (p[:, 1] < -0.04)
    hangs[: len(bone_room.FIXED)] = False
    # Both of a pair or neither: a twin just under the threshold would tear the face to one side.
    bones.parents[hangs & hangs[bones.pair]] = jaw


def _left(name: str) -> str:
    return name.replace("-right", "-left")


def fit_channels(head: MakeHumanHead, bones: bone_room.BoneSet, targets: dict[str, Array]) -> tuple[Array, Array]:
    """Local rotation vectors and translations (40, B, 3) of the channels at 1, right the mirror image of left."""
    fitted = [c for c in CHANNELS if not c.endswith("-right")]
    rot, mov, _ = fit_bones(head, bones, np.array([targets[c] for c in fitted]))
    half = dict(zip(fitted, zip(*to_local(bones, rot, mov), strict=True), strict=True))
    rotvec, move = np.zeros((2, len(CHANNELS), len(bones.names), 3))
    for i, c in enumerate(CHANNELS):
        r, t = half[_left(c)]
        other = mirrored(bones, r, t)
        if c.endswith("-right"):
            rotvec[i], move[i] = other
        elif c.endswith("-left"):
            rotvec[i], move[i] = r, t
        else:
            rotvec[i], move[i] = (r + other[0]) / 2, (t + other[1]) / 2
    return rotvec, move


def fit_correctives(
    head: MakeHumanHead,
    bones: bone_room.BoneSet,
    together: dict[tuple[str, str], Array],
    rotvec: Array,
    move: Array,
) -> tuple[NDArray[np.int32], Array, Array]:
    """What the product of two channels adds to the sum of their offsets: pairs (K, 2), rotation, translation."""
    fitted = [pair for pair in together if not any(c.endswith("-right") for c in pair)]
    rot, mov, _ = fit_bones(head, bones, np.array([together[pair] for pair in fitted]))
    added = {}
    for pair, r, t in zip(fitted, *to_local(bones, rot, mov), strict=True):
        one, other = (CHANNEL_INDEX[c] for c in pair)
        added[pair] = r - rotvec[one] - rotvec[other], t - move[one] - move[other]
    index = np.array([[CHANNEL_INDEX[a], CHANNEL_INDEX[b]] for a, b in together], dtype=np.int32)
    c_rot, c_mov = np.zeros((2, len(together), len(bones.names), 3))
    for k, (a, b) in enumerate(together):
        r, t = added[_left(a), _left(b)]
        other_side = mirrored(bones, r, t)
        if (a, b) not in added:
            c_rot[k], c_mov[k] = other_side
        elif "-" in a + b:
            c_rot[k], c_mov[k] = r, t
        else:
            c_rot[k], c_mov[k] = (r + other_side[0]) / 2, (t + other_side[1]) / 2
    return index, c_rot, c_mov
