"""Primitives as they come out of a file: cut to what they use, transformed UVs, materials, limits."""

from pathlib import Path

import numpy as np
import pygltflib as g
import pytest
from gltf_files import Builder, grid

from rig.gltf import meshes
from rig.gltf.accessors import Accessors
from rig.gltf.document import read_document
from rig.gltf.limits import CharacterError
from rig.gltf.meshes import Meshes, Primitive
from rig.gltf.nodes import read_nodes, read_skins

POSITIONS, TRIANGLES, UV = grid(4)
DELTA = np.zeros_like(POSITIONS)
DELTA[5] = [0, 0.01, 0]


def read(b: Builder, tmp_path: Path) -> tuple[Primitive, ...]:
    document = read_document(b.save(tmp_path / "a.glb"))
    accessors = Accessors(document)
    return Meshes(document, accessors, read_nodes(document), read_skins(document, accessors)).read()


def test_a_mesh_comes_back(tmp_path: Path) -> None:
    b = Builder()
    picture = np.random.default_rng(0).integers(0, 255, (8, 8, 3)).astype(np.uint8)
    material = b.material(b.texture(picture), (0.5, 0.5, 0.5, 1), doubleSided=True, alphaMode="MASK", alphaCutoff=0.25)
    b.node("n", mesh=b.mesh(POSITIONS, TRIANGLES, {"jawOpen": DELTA}, UV, material=material))
    (p,) = read(b, tmp_path)
    assert np.array_equal(p.positions, POSITIONS)
    assert np.array_equal(p.triangles, TRIANGLES)
    assert p.uv is not None
    assert np.array_equal(p.uv, UV)
    assert p.target_names == ("jawOpen",)
    assert p.targets[0].rows.tolist() == [5]
    assert np.array_equal(p.targets[0].deltas, DELTA[[5]])
    assert p.material.texture is not None
    assert np.array_equal(p.material.texture, picture)
    assert (p.material.double_sided, p.material.alpha_mode, p.material.alpha_cutoff) == (True, "MASK", 0.25)


def test_primitives_that_share_one_buffer_are_cut_to_their_own_vertices(tmp_path: Path) -> None:
    b = Builder()
    mesh = b.mesh(POSITIONS, TRIANGLES, {"jawOpen": DELTA})
    whole = b.gltf.meshes[mesh].primitives[0]
    b.gltf.meshes[mesh].primitives = [
        g.Primitive(attributes=whole.attributes, targets=whole.targets, indices=b.accessor(part.ravel(), np.uint32))
        for part in (TRIANGLES[:1], TRIANGLES[1:])
    ]
    b.node("n", mesh=mesh)
    first, second = read(b, tmp_path)
    assert len(first.positions) == 3
    assert np.array_equal(first.positions[first.triangles], POSITIONS[TRIANGLES[:1]])
    assert np.array_equal(second.positions[second.triangles], POSITIONS[TRIANGLES[1:]])
    used = np.unique(TRIANGLES[1:])
    assert used[second.targets[0].rows].tolist() == [5]


def test_strips_and_fans_become_triangles(tmp_path: Path) -> None:
    b = Builder()
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]], np.float32)
    strip = b.mesh(points, np.array([0, 1, 2, 3]))
    b.gltf.meshes[strip].primitives[0].mode = 5
    fan = b.mesh(points, np.array([0, 1, 3, 2]))
    b.gltf.meshes[fan].primitives[0].mode = 6
    b.node("s", mesh=strip)
    b.node("f", mesh=fan)
    for p in read(b, tmp_path):
        corner = p.positions[p.triangles]
        normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
        assert np.allclose(normal, [0, 0, 1])  # both wind the same way


def test_a_mirrored_node_keeps_its_outside_out(tmp_path: Path) -> None:
    b = Builder()
    b.node("n", mesh=b.mesh(POSITIONS, TRIANGLES), scale=[-1.0, 1.0, 1.0])
    (p,) = read(b, tmp_path)
    corner = (p.positions * [-1, 1, 1])[p.triangles]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    assert (normal[:, 2] > 0).all()


def test_texture_transforms_are_applied(tmp_path: Path) -> None:
    b = Builder()
    material = b.material(b.texture(np.zeros((4, 4, 3), np.uint8)))
    b.gltf.materials[material].pbrMetallicRoughness.baseColorTexture.extensions = {
        "KHR_texture_transform": {"offset": [0.25, 0.5], "scale": [0.5, 2.0], "rotation": np.pi / 2}
    }
    b.node("n", mesh=b.mesh(POSITIONS, TRIANGLES, uv=UV, material=material))
    (p,) = read(b, tmp_path)
    # Specification: scale, then turn counter-clockwise on the sheet (v is down), then shift.
    expected = np.c_[UV[:, 1] * 2.0, -UV[:, 0] * 0.5] + [0.25, 0.5]
    assert p.uv is not None
    assert np.allclose(p.uv, expected, atol=1e-6)


def test_weights_are_made_to_sum_to_one(tmp_path: Path) -> None:
    b = Builder()
    joint = b.node("j")
    skin = b.skin([joint], np.zeros((1, 3)))
    weights = np.zeros((16, 4), np.float32)
    weights[:8, :2] = 0.1
    b.node("n", mesh=b.mesh(POSITIONS, TRIANGLES, joints=np.zeros((16, 4)), weights=weights), skin=skin)
    (p,) = read(b, tmp_path)
    assert p.weights is not None
    assert np.allclose(p.weights.sum(1), 1)
    assert np.allclose(p.weights[0], [0.5, 0.5, 0, 0])


def break_index(b: Builder) -> None:
    p = b.gltf.meshes[0].primitives[0]
    p.indices = b.accessor(np.array([0, 1, 99]), np.uint32)


def break_target(b: Builder) -> None:
    b.gltf.meshes[0].primitives[0].targets[0]["POSITION"] = b.accessor(DELTA[:3])


def break_positions(b: Builder) -> None:
    b.gltf.meshes[0].primitives[0].attributes.POSITION = None


def break_range(b: Builder) -> None:
    b.gltf.meshes[0].primitives[0].attributes.POSITION = b.accessor(POSITIONS * 1e9)


def compress(b: Builder) -> None:
    b.gltf.meshes[0].primitives[0].extensions = {"KHR_draco_mesh_compression": {"bufferView": 0}}


@pytest.mark.parametrize("damage", [break_index, break_target, break_positions, break_range, compress])
def test_damaged_meshes_are_refused(tmp_path: Path, damage) -> None:  # type: ignore[no-untyped-def]
    b = Builder()
    b.node("n", mesh=b.mesh(POSITIONS, TRIANGLES, {"jawOpen": DELTA}))
    damage(b)
    with pytest.raises(CharacterError):
        read(b, tmp_path)


@pytest.mark.parametrize(("limit", "value"), [("MAX_VERTICES", 20), ("MAX_TRIANGLES", 20), ("MAX_MORPH_DELTAS", 20)])
def test_limits_count_every_node_that_shows_a_mesh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    b = Builder()
    mesh = b.mesh(POSITIONS, TRIANGLES, {"jawOpen": DELTA})  # 16 vertices, 18 triangles
    b.node("one", mesh=mesh)
    monkeypatch.setattr(meshes, limit, value)
    assert len(read(b, tmp_path)) == 1
    b.node("two", mesh=mesh)
    with pytest.raises(CharacterError, match=f"{value}"):
        read(b, tmp_path)
