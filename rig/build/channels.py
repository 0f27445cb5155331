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
    r, t = ssdr.fit_transforms(head.base, moved, bones.weights, fixed, sweeps=10)
    return r, t, ssdr.blend(head.base, bones.weights, r, t) - head.base


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


def fit_channels(head: MakeHumanHead, bones: bone_room.BoneSet, targets: dict[str, Array]) -> tuple[Array, Array]:
    """Local rotation vectors and translations (40, B, 3) of the channels at 1, right the mirror image of left."""
    rot, mov, _ = fit_bones(head, bones, np.array([targets[c] for c in CHANNELS]))
    rotvec, move = to_local(bones, rot, mov)
    for c in CHANNELS:
        i = CHANNEL_INDEX[c]
        if c.endswith("-right"):
            left = CHANNEL_INDEX[c.replace("-right", "-left")]
            rotvec[i], move[i] = mirrored(bones, rotvec[left], move[left])
        elif not c.endswith("-left"):
            mr, mt = mirrored(bones, rotvec[i], move[i])
            rotvec[i], move[i] = (rotvec[i] + mr) / 2, (move[i] + mt) / 2
    return rotvec, move


def fit_correctives(
    head: MakeHumanHead,
    bones: bone_room.BoneSet,
    together: dict[tuple[str, str], Array],
    rotvec: Array,
    move: Array,
) -> tuple[NDArray[np.int32], Array, Array]:
    """What the product of two channels adds to the sum of their offsets: pairs (K, 2), rotation, translation."""
    rot, mov, _ = fit_bones(head, bones, np.array(list(together.values())))
    c_rot, c_mov = to_local(bones, rot, mov)
    index = np.array([[CHANNEL_INDEX[a], CHANNEL_INDEX[b]] for a, b in together], dtype=np.int32)
    c_rot -= rotvec[index[:, 0]] + rotvec[index[:, 1]]
    c_mov -= move[index[:, 0]] + move[index[:, 1]]
    mr, mt = mirrored(bones, c_rot, c_mov)
    symmetric = np.array([not any("-" in c for c in pair) for pair in together])
    c_rot[symmetric], c_mov[symmetric] = ((c_rot + mr) / 2)[symmetric], ((c_mov + mt) / 2)[symmetric]
    order = list(together)
    for k, (one, other) in enumerate(order):
        if one.endswith("-right") or other.endswith("-right"):
            left = order.index((one.replace("-right", "-left"), other.replace("-right", "-left")))
            c_rot[k], c_mov[k] = mirrored(bones, c_rot[left], c_mov[left])
    return index, c_rot, c_mov
