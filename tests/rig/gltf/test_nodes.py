"""The node tree: transforms, order, and trees that are none."""

from pathlib import Path

import numpy as np
import pygltflib as g
import pytest
from gltf_files import Builder
from scipy.spatial.transform import Rotation

from rig.gltf.accessors import Accessors
from rig.gltf.document import read_document
from rig.gltf.limits import CharacterError
from rig.gltf.nodes import NodeTree, read_nodes, read_skins, turned

TURN = Rotation.from_euler("xyz", [20, 30, 40], degrees=True)


def tree(b: Builder, tmp_path: Path) -> NodeTree:
    return read_nodes(read_document(b.save(tmp_path / "a.glb")))


def test_transforms_multiply_down_the_tree(tmp_path: Path) -> None:
    b = Builder()
    top = b.node("top", translation=[1.0, 2.0, 3.0], rotation=TURN.as_quat().tolist(), scale=[2.0, 2.0, 2.0])
    b.node("below", top, translation=[0.0, 1.0, 0.0])
    t = tree(b, tmp_path)
    assert t.names == ("top", "below")
    assert t.parents.tolist() == [-1, 0]
    assert np.allclose(t.world[1][:3, 3], np.array([1, 2, 3]) + TURN.apply([0, 2, 0]), atol=1e-6)


def test_a_matrix_says_the_same_as_its_parts(tmp_path: Path) -> None:
    matrix = np.eye(4)
    matrix[:3, :3] = TURN.as_matrix() * [1, 2, 3]
    matrix[:3, 3] = [4, 5, 6]
    b = Builder()
    b.node("m", matrix=matrix.T.ravel().tolist())
    t = tree(b, tmp_path)
    assert np.allclose(t.world[0], matrix, atol=1e-5)
    assert np.allclose(t.scale[0], [1, 2, 3], atol=1e-5)
    assert np.allclose(Rotation.from_quat(t.rotation[0]).as_matrix(), TURN.as_matrix(), atol=1e-5)


def test_parents_come_before_children_whatever_the_file_says(tmp_path: Path) -> None:
    b = Builder()
    b.gltf.nodes = [g.Node(name="leaf"), g.Node(name="mid", children=[0]), g.Node(name="top", children=[1])]
    b.gltf.scenes[0].nodes = [2]
    t = tree(b, tmp_path)
    assert t.order.tolist() == [2, 1, 0]


def test_only_what_the_scene_reaches_is_shown(tmp_path: Path) -> None:
    b = Builder()
    b.node("child", b.node("top"))
    b.gltf.nodes.append(g.Node(name="loose"))
    assert tree(b, tmp_path).shown.tolist() == [True, True, False]


@pytest.mark.parametrize("children", [[[1], [0]], [[0]], [[2], [2], []], [[7]], [[-1]], [["a"]], [[1], [2], [1]]])
def test_what_is_no_tree_is_refused(tmp_path: Path, children: list[list[int]]) -> None:
    b = Builder()
    b.gltf.nodes = [g.Node(children=c) for c in children]
    with pytest.raises(CharacterError):
        tree(b, tmp_path)


@pytest.mark.parametrize(
    "fields",
    [
        {"translation": [1.0, 2.0]},
        {"translation": [1e30, 0.0, 0.0]},
        {"rotation": [0.0, 0.0, 0.0, 0.0]},
        {"matrix": [1.0] * 15},
        {"scale": ["a", 1, 1]},
    ],
)
def test_transforms_that_are_none_are_refused(tmp_path: Path, fields: dict[str, list[float]]) -> None:
    b = Builder()
    b.node("n", **fields)
    with pytest.raises(CharacterError):
        tree(b, tmp_path)


def test_a_node_turned_at_rest_takes_what_is_below_along(tmp_path: Path) -> None:
    b = Builder()
    top = b.node("top", rotation=TURN.as_quat().tolist(), scale=[2.0, 2.0, 2.0])
    arm = b.node("arm", top, translation=[1.0, 0.0, 0.0], rotation=TURN.as_quat().tolist())
    b.node("hand", arm, translation=[1.0, 0.0, 0.0])
    before = tree(b, tmp_path)
    spin = Rotation.from_euler("z", 70, degrees=True)
    after = turned(before, arm, spin.as_matrix())
    assert np.allclose(after.world[:2, :3, 3], before.world[:2, :3, 3], atol=1e-6)
    reach = before.world[2, :3, 3] - before.world[1, :3, 3]
    assert np.allclose(after.world[2, :3, 3] - after.world[1, :3, 3], spin.apply(reach), atol=1e-5)
    b.gltf.nodes[arm].rotation = after.rotation[arm].astype(float).tolist()  # the new local rotation says the same
    assert np.allclose(tree(b, tmp_path).world, after.world, atol=1e-5)


def test_growth_down_a_long_chain_is_refused_not_overflowed(tmp_path: Path) -> None:
    b = Builder()
    parent = None
    for i in range(200):
        parent = b.node(f"n{i}", parent, scale=[1000.0, 1000.0, 1000.0])
    with pytest.raises(CharacterError, match="sensible place"):
        tree(b, tmp_path)


def test_skins_give_joints_and_binds(tmp_path: Path) -> None:
    b = Builder()
    joint = b.node("j", translation=[0.0, 1.0, 0.0])
    b.skin([joint], np.array([[0.0, 1.0, 0.0]]))
    document = read_document(b.save(tmp_path / "a.glb"))
    (skin,) = read_skins(document, Accessors(document))
    assert skin.joints.tolist() == [joint]
    assert np.allclose(read_nodes(document).world[joint] @ skin.inverse_bind[0], np.eye(4))
    b.gltf.skins[0].joints = [9]
    document = read_document(b.save(tmp_path / "a.glb"))
    with pytest.raises(CharacterError, match="joint"):
        read_skins(document, Accessors(document))
