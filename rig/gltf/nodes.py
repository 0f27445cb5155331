"""The node tree of a glTF file and its skins (glTF 2.0 specification, sections 3.5 and 3.7.3)."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from rig.gltf.accessors import Accessors, item, whole
from rig.gltf.document import Document
from rig.gltf.limits import MAX_COORDINATE, MAX_NODES, CharacterError

F = NDArray[np.float32]


@dataclass(frozen=True)
class NodeTree:
    """N nodes. Only those that the shown scene reaches are ``shown``."""

    names: tuple[str, ...]
    parents: NDArray[np.int32]
    """(N,) parent index, -1 for roots."""
    order: NDArray[np.int32]
    """(N,) indices, parents before children."""
    translation: F
    """(N, 3)"""
    rotation: F
    """(N, 4) unit quaternions x y z w."""
    scale: F
    """(N, 3)"""
    world: F
    """(N, 4, 4) at rest."""
    shown: NDArray[np.bool_]


@dataclass(frozen=True)
class Skin:
    """What a skinned primitive's joint numbers mean."""

    joints: NDArray[np.int32]
    """(J,) node indices."""
    inverse_bind: F
    """(J, 4, 4)"""


def read_nodes(document: Document) -> NodeTree:
    """Raises CharacterError for cycles, nodes with two parents, and transforms that are no numbers."""
    nodes = document.gltf.nodes
    n = len(nodes)
    if not n:
        raise CharacterError("it has no nodes, so nothing to show")
    parents = np.full(n, -1, np.int32)
    for i, node in enumerate(nodes):
        for child in node.children or []:
            c = whole(child, 0, n - 1, "a child's index")
            if parents[c] >= 0 or c == i:
                raise CharacterError("the file is damaged: a node has two parents or is its own")
            parents[c] = i
    children: list[list[int]] = [[] for _ in range(n)]
    for i, p in enumerate(parents):
        if p >= 0:
            children[p].append(i)
    order = [i for i in range(n) if parents[i] < 0]
    for i in order:  # grows while it is read: breadth first
        order.extend(children[i])
    if len(order) != n:
        raise CharacterError("the file is damaged: its nodes form a cycle")
    parts = [_transform(node) for node in nodes]
    world = np.zeros((n, 4, 4))
    for i in order:
        local = parts[i][3]
        with np.errstate(over="ignore", invalid="ignore"):
            world[i] = local if parents[i] < 0 else world[parents[i]] @ local
    if not np.isfinite(world).all() or np.abs(world).max() > MAX_COORDINATE:
        raise CharacterError("the file is damaged: a node lies at no sensible place")
    return NodeTree(
        tuple(str(node.name or f"node {i}")[:200] for i, node in enumerate(nodes)),
        parents,
        np.array(order, np.int32),
        np.array([p[0] for p in parts], np.float32),
        np.array([p[1] for p in parts], np.float32),
        np.array([p[2] for p in parts], np.float32),
        world.astype(np.float32),
        _shown(document, order, parents),
    )


def turned(tree: NodeTree, node: int, rotation: NDArray) -> NodeTree:
    """The tree with ``node`` and all below it turned by ``rotation`` (3, 3), along the file's axes, at rest."""
    above = np.eye(3) if tree.parents[node] < 0 else tree.world[tree.parents[node]][:3, :3].astype(float)
    above = above / np.maximum(np.linalg.norm(above, axis=0), 1e-9)
    local = Rotation.from_matrix(np.linalg.pinv(above) @ rotation @ above) * Rotation.from_quat(tree.rotation[node])
    own = tree.rotation.copy()
    own[node] = local.as_quat()
    below = np.zeros(len(tree.names), bool)
    for i in tree.order:
        below[i] = i == node or (tree.parents[i] >= 0 and below[tree.parents[i]])
    about = np.eye(4)
    about[:3, :3] = rotation
    at = tree.world[node][:3, 3]
    about[:3, 3] = at - rotation @ at
    world = tree.world.copy()
    world[below] = about @ world[below]
    return replace(tree, rotation=own, world=world)


def _shown(document: Document, order: list[int], parents: NDArray[np.int32]) -> NDArray[np.bool_]:
    gltf = document.gltf
    n = len(parents)
    if not gltf.scenes:
        return np.ones(n, bool)
    scene = item(gltf.scenes, gltf.scene or 0, "the scene's index")
    shown = np.zeros(n, bool)
    shown[[whole(i, 0, n - 1, "a scene's node") for i in scene.nodes or []]] = True
    for i in order:
        shown[i] |= parents[i] >= 0 and shown[parents[i]]
    return shown


def numbers(values: Any, n: int, what: str) -> NDArray[np.float64]:
    """(n,) finite numbers of a JSON list."""
    if not isinstance(values, list) or len(values) != n or not all(isinstance(v, int | float) for v in values):
        raise CharacterError(f"the file is damaged: {what} is not {n} numbers")
    a = np.array([float(v) for v in values])
    if not np.isfinite(a).all() or np.abs(a).max() > MAX_COORDINATE:
        raise CharacterError(f"the file is damaged: {what} is out of range")
    return a


def _transform(node: Any) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Translation, rotation, scale, and the (4, 4) they make; a ``matrix`` is taken apart."""
    if node.matrix is not None:
        m = numbers(node.matrix, 16, "a node's matrix").reshape(4, 4).T
        scale = np.linalg.norm(m[:3, :3], axis=0)
        if scale.min() < 1e-9:
            return m[:3, 3], np.array([0, 0, 0, 1.0]), scale, m
        turn = m[:3, :3] / scale
        if np.linalg.det(turn) < 0:
            turn, scale = turn * [-1, 1, 1], scale * [-1, 1, 1]
        return m[:3, 3], Rotation.from_matrix(turn).as_quat(), scale, m
    t = numbers(node.translation or [0, 0, 0], 3, "a node's translation")
    q = numbers(node.rotation or [0, 0, 0, 1], 4, "a node's rotation")
    s = numbers(node.scale or [1, 1, 1], 3, "a node's scale")
    length = np.linalg.norm(q)
    if length < 1e-6:
        raise CharacterError("the file is damaged: a node's rotation is no rotation")
    m = np.eye(4)
    m[:3, :3] = Rotation.from_quat(q / length).as_matrix() * s
    m[:3, 3] = t
    return t, q / length, s, m


def read_skins(document: Document, accessors: Accessors) -> tuple[Skin, ...]:
    n = len(document.gltf.nodes)
    skins = []
    for skin in document.gltf.skins or []:
        if not skin.joints or len(skin.joints) > MAX_NODES:
            raise CharacterError("the file is damaged: a skin without joints")
        joints = np.array([whole(j, 0, n - 1, "a joint's index") for j in skin.joints], np.int32)
        if skin.inverseBindMatrices is None:
            bind = np.tile(np.eye(4, dtype=np.float32), (len(joints), 1, 1))
        else:
            flat = accessors.floats(skin.inverseBindMatrices, 16, "bind matrices")
            if len(flat) < len(joints) or np.abs(flat).max() > MAX_COORDINATE:
                raise CharacterError("the file is damaged: a skin's bind matrices do not match its joints")
            bind = flat[: len(joints)].reshape(-1, 4, 4).transpose(0, 2, 1)
        skins.append(Skin(joints, np.ascontiguousarray(bind)))
    return tuple(skins)
