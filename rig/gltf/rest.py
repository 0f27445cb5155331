"""A primitive at rest: where its vertices stand in the character, and which nodes they hang on."""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from rig.gltf.meshes import Primitive
from rig.gltf.nodes import NodeTree, Skin

F = NDArray[np.float32]


def vertex_transforms(primitive: Primitive, tree: NodeTree, skins: tuple[Skin, ...]) -> F:
    """Mesh space -> the file's world space at rest: (V, 3, 4) for skinned primitives, else (1, 3, 4).

    A skinned vertex takes the mean of its joints' transforms (world times inverse bind), by its weights; the node
    that carries the mesh has no say (glTF 2.0 specification, section 3.7.3.3).
    """
    if primitive.skin is None or primitive.joints is None or primitive.weights is None:
        return tree.world[primitive.node][None, :3]
    skin = skins[primitive.skin]
    joint = np.matmul(tree.world[skin.joints], skin.inverse_bind)[:, :3].reshape(-1, 12)
    return (_by_joint(primitive, len(skin.joints)) @ joint).reshape(-1, 3, 4).astype(np.float32)


def node_weights(primitive: Primitive, tree: NodeTree, skins: tuple[Skin, ...]) -> sp.csr_matrix:
    """(V, N) what each vertex hangs on; rows sum to 1."""
    n, v = len(tree.names), len(primitive.positions)
    if primitive.skin is None or primitive.joints is None:
        column = np.full(v, primitive.node)
        return sp.csr_matrix((np.ones(v, np.float32), (np.arange(v), column)), shape=(v, n))
    joints = skins[primitive.skin].joints
    to_node = sp.csr_matrix((np.ones(len(joints), np.float32), (np.arange(len(joints)), joints)), (len(joints), n))
    return (_by_joint(primitive, len(joints)) @ to_node).tocsr()


def _by_joint(primitive: Primitive, n_joints: int) -> sp.csr_matrix:
    assert primitive.joints is not None
    assert primitive.weights is not None
    v, k = primitive.joints.shape
    rows = np.repeat(np.arange(v), k)
    made = sp.csr_matrix((primitive.weights.ravel(), (rows, primitive.joints.ravel())), shape=(v, n_joints))
    made.eliminate_zeros()
    return made


def transform(matrices: F, points: F) -> F:
    """(V or 1, 3, 4) affine transforms of (V, 3) points."""
    moved = np.einsum("vij,vj->vi", np.broadcast_to(matrices[:, :, :3], (len(points), 3, 3)), points)
    return (moved + matrices[:, :, 3]).astype(np.float32)
