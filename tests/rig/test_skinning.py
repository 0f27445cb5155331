"""Bones -> vertices: the fast path against the plain one, and against scipy's rotations."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.spatial.transform import Rotation

from rig import skinning
from rig.face import Face
from rig.parameters import N_CHANNELS


@pytest.fixture(scope="module")
def face() -> Face:
    return Face()


@pytest.mark.parametrize("size", [0.0, 1e-9, 1e-5, 1.1e-4, 1e-2, 1.0, 3.0, np.pi])
def test_rotations_match_scipy(size: float) -> None:
    axis = np.random.default_rng(1).normal(size=(50, 3))
    rotvec = size * axis / np.linalg.norm(axis, axis=1, keepdims=True)
    np.testing.assert_allclose(skinning.rotations(rotvec), Rotation.from_rotvec(rotvec).as_matrix(), atol=1e-9)
    in_float32 = skinning.rotations(rotvec.astype(np.float32))
    assert in_float32.dtype == np.float32
    np.testing.assert_allclose(in_float32, Rotation.from_rotvec(rotvec).as_matrix(), atol=2e-6)


def test_local_affine_turns_about_its_pivot() -> None:
    rng = np.random.default_rng(2)
    rotvec, move, pivot = rng.normal(size=(3, 6, 3))
    local = skinning.local_affine(rotvec, move, pivot)
    at_pivot = np.einsum("bij,bj->bi", local[:, :, :3], pivot) + local[:, :, 3]
    np.testing.assert_allclose(at_pivot, pivot + move, atol=1e-12)


def test_chain_is_the_product_of_the_parents() -> None:
    rng = np.random.default_rng(3)
    parents = np.array([-1, 0, 1, 0, 3, 3], np.int32)
    local = skinning.local_affine(*rng.normal(size=(3, 6, 3)))
    square = np.zeros((6, 4, 4))
    square[:, :3], square[:, 3, 3] = local, 1
    out = skinning.chain(local, parents)
    for b in range(6):
        product, up = square[b], parents[b]
        while up >= 0:
            product, up = square[up] @ product, parents[up]
        np.testing.assert_allclose(out[b], product[:3], atol=1e-12)


def test_a_child_before_its_parent_is_refused() -> None:
    with pytest.raises(ValueError, match="before its parent"):
        skinning.hierarchy_levels(np.array([-1, 2, 0], np.int32))


def test_weights_are_fit_for_engines(face: Face) -> None:
    s = face.skeleton
    assert s.bone_index.shape == s.bone_weight.shape == (len(s.vertices), 4)
    assert s.bone_weight.min() >= 0
    np.testing.assert_allclose(s.bone_weight.sum(1), 1, atol=1e-5)
    assert (np.diff(s.bone_weight, axis=1) <= 1e-7).all(), "heaviest first"
    assert face.weights.shape == (len(s.vertices), len(s.names))


def test_weights_are_symmetric(face: Face) -> None:
    w = face.weights.toarray()
    s = face.skeleton
    np.testing.assert_allclose(w, w[s.mirror][:, s.twins], atol=1e-5)


def test_every_bone_but_the_chain_to_it_holds_skin(face: Face) -> None:
    assert (np.asarray(face.weights.sum(0)).ravel() > 0).all()


def test_sparse_skinning_is_the_plain_loop(face: Face) -> None:
    rng = np.random.default_rng(4)
    s = face.skeleton
    bones = face.bones(rng.random(N_CHANNELS).astype(np.float32), np.array([8, -5]), np.array([6, -5]))
    plain = np.zeros_like(s.vertices, dtype=np.float64)
    for v, (index, weight) in enumerate(zip(s.bone_index, s.bone_weight, strict=True)):
        for b, w in zip(index, weight, strict=True):
            plain[v] += w * (bones[b, :, :3] @ s.vertices[v] + bones[b, :, 3])
    np.testing.assert_allclose(skinning.skin(s.vertices, face.weights, bones), plain, atol=1e-6)


def test_one_rigid_motion_of_all_bones_moves_the_face_rigidly(face: Face) -> None:
    s = face.skeleton
    r = Rotation.from_rotvec([0.3, -0.8, 0.2]).as_matrix().astype(np.float32)
    t = np.array([0.01, -0.02, 0.03], np.float32)
    bones = np.tile(np.concatenate([r, t[:, None]], axis=1), (len(s.names), 1, 1))
    np.testing.assert_allclose(skinning.skin(s.vertices, face.weights, bones), s.vertices @ r.T + t, atol=1e-6)


def test_skin_blends_linearly() -> None:
    weights = sp.csr_matrix(np.array([[0.25, 0.75]]))
    still = np.concatenate([np.eye(3), np.zeros((3, 1))], axis=1)
    lifted = still + np.array([[0, 0, 0, 0], [0, 0, 0, 4.0], [0, 0, 0, 0]])
    out = skinning.skin(np.array([[1.0, 2.0, 3.0]]), weights, np.stack([still, lifted]))
    np.testing.assert_allclose(out, [[1, 5, 3]])
