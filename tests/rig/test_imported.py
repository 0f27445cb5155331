"""How an imported character is driven, decided from what its file holds."""

import json
from pathlib import Path

import numpy as np
import pytest
from gltf_files import PRESET_SHAPES, Builder, arkit_character, bone_character, grid, skeleton, skinned_grid, vrm0, vrm1

from rig.imported import CharacterError, load_imported, propose_mapping
from rig.parameters import ARKIT

FACE_BONES = {
    "jaw": (0.0, -0.03, -0.05),
    "lid.T.L": (0.03, 0.03, 0.0),
    "lid.T.R": (-0.03, 0.03, 0.0),
    "lips.L": (0.02, -0.02, 0.02),
    "lips.R": (-0.02, -0.02, 0.02),
}


@pytest.mark.parametrize("sparse", [False, True])
def test_all_52_by_name(tmp_path: Path, sparse: bool) -> None:
    character = load_imported(arkit_character(ARKIT, sparse, "blendShape1.").save(tmp_path / "face.glb"))
    assert character.how == "arkit"
    assert character.name == "face"
    assert tuple(e.name for e in character.expressions) == ARKIT
    assert [b.target for e in character.expressions for b in e.binds] == list(range(52))
    assert character.missing == ()


def test_what_is_missing_is_listed(tmp_path: Path) -> None:
    character = load_imported(arkit_character(ARKIT[:50]).save(tmp_path / "face.glb"))
    assert character.missing == ARKIT[50:]
    assert "50 of 52" in character.summary()
    assert "tongueOut" in character.summary()


def test_simple_shapes_stand_in_only_where_the_real_ones_are_not(tmp_path: Path) -> None:
    names = ("jawOpen", "mouthOpen", "mouthSmile", "eyesClosed", "eyeBlinkLeft")
    character = load_imported(arkit_character(names).save(tmp_path / "face.glb"))
    binds = {e.name: [(b.target, b.weight) for b in e.binds] for e in character.expressions}
    assert binds["jawOpen"] == [(0, 1.0)]
    assert binds["mouthSmileLeft"] == binds["mouthSmileRight"] == [(2, 0.5)]
    assert binds["eyeBlinkLeft"] == [(4, 1.0)]
    assert binds["eyeBlinkRight"] == [(3, 0.5)]


def test_vrm_presets_of_both_versions(tmp_path: Path) -> None:
    for b, name in ((vrm0(), "Zero"), (vrm1(), "One")):
        character = load_imported(b.save(tmp_path / "a.vrm"))
        assert (character.how, character.name) == ("vrm", name)
        assert character.missing == ("relaxed",)
        assert sorted(character.roles) == ["eye-left", "eye-right", "head", "neck"]


@pytest.mark.parametrize("make", [vrm0, vrm1], ids=["vrm0", "vrm1"])
def test_a_vrm_lowers_its_arms(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    b = make()
    side = -1.0 if make is vrm0 else 1.0
    head = next(i for i, n in enumerate(b.gltf.nodes) if n.name == "head")
    arms = {}
    for name, x in (("leftUpperArm", 0.2 * side), ("rightUpperArm", -0.2 * side)):
        arms[name] = b.node(name, head, translation=[x, 0.0, 0.0])
        b.node(f"{name} end", arms[name], translation=[2 * x, 0.0, 0.0])
    if make is vrm0:
        bones = b.gltf.extensions["VRM"]["humanoid"]["humanBones"]
        bones += [{"bone": k, "node": v} for k, v in arms.items()]
    else:
        b.gltf.extensions["VRMC_vrm"]["humanoid"]["humanBones"] |= {k: {"node": v} for k, v in arms.items()}
    tree = load_imported(b.save(tmp_path / "a.vrm")).nodes
    for node in arms.values():
        reach = tree.world[node + 1, :3, 3] - tree.world[node, :3, 3]
        assert reach[1] < -0.3
        assert reach[0] * tree.world[node, 0, 3] > 0  # still outwards


@pytest.mark.parametrize(("n", "how"), [(52, "arkit"), (40, "arkit"), (39, "vrm")])
def test_perfect_sync_wins_over_presets_from_forty_names_on(tmp_path: Path, n: int, how: str) -> None:
    b = vrm1((*PRESET_SHAPES, *ARKIT[:n]))
    entries = b.gltf.extensions["VRMC_vrm"]["expressions"]
    entries["custom"] = {k: entries["preset"].pop(k) for k in ARKIT[:n]}
    for e in entries["custom"].values():
        e["morphTargetBinds"][0]["index"] = 3  # clips and not target names decide
    character = load_imported(b.save(tmp_path / "a.vrm"))
    assert character.how == how
    if how == "arkit":
        assert {b.target for e in character.expressions for b in e.binds} == {3}


def test_perfect_sync_of_vrm0_clips_in_pascal_case(tmp_path: Path) -> None:
    b = vrm0(ARKIT, custom=True)
    for group in b.gltf.extensions["VRM"]["blendShapeMaster"]["blendShapeGroups"]:
        group["name"] = group["name"][0].upper() + group["name"][1:]
    character = load_imported(b.save(tmp_path / "a.vrm"))
    assert character.how == "arkit"
    assert character.missing == ()


def test_named_bones_without_a_mapping(tmp_path: Path) -> None:
    character = load_imported(bone_character(FACE_BONES).save(tmp_path / "a.glb"))
    assert character.how == "bones"
    assert character.bones is not None
    assert sorted(character.nodes.names[n] for n in character.bones.nodes) == sorted(FACE_BONES)
    assert character.nodes.names[character.roles["head"]] == "mixamorig:Head"
    assert "AU26" not in character.missing
    assert "AU19" in character.missing


def test_a_mapping_can_drive_bones_of_any_name(tmp_path: Path) -> None:
    path = bone_character({"thing": (0.0, -0.03, -0.05), "other": (0.0, 0.03, 0.0)}).save(tmp_path / "a.glb")
    with pytest.raises(CharacterError, match="nothing here can be driven"):
        load_imported(path)
    mapping = tmp_path / "map.json"
    mapping.write_text(json.dumps({"bones": {"thing": {"AU26": {"rotate_deg": [10, 0, 0]}}}}))
    character = load_imported(path, mapping)
    assert character.how == "bones"
    assert character.bones is not None
    assert np.allclose(character.bones.rotation.sum((0, 1)), np.radians([10, 0, 0]))


def test_a_proposal_can_be_written_out_edited_and_used(tmp_path: Path) -> None:
    path = bone_character(FACE_BONES).save(tmp_path / "a.glb")
    proposal = propose_mapping(path)
    assert proposal["head"] == "mixamorig:Head"
    proposal["bones"] = {"jaw": proposal["bones"]["jaw"]}
    mapping = tmp_path / "map.json"
    mapping.write_text(json.dumps(proposal))
    character = load_imported(path, mapping)
    assert character.bones is not None
    assert [character.nodes.names[n] for n in character.bones.nodes] == ["jaw"]


def test_a_character_with_nothing_to_drive_is_refused_in_one_line_that_says_what_was_looked_for(tmp_path: Path) -> None:
    b = Builder()
    positions, triangles, _ = grid()
    b.node("statue", mesh=b.mesh(positions, triangles, {"bigger": positions}))
    with pytest.raises(CharacterError) as caught:
        load_imported(b.save(tmp_path / "statue.glb"))
    text = str(caught.value)
    assert text.startswith("statue.glb: ")
    assert "\n" not in text
    for word in ("ARKit", "VRM", "bones", "jawOpen", "--mapping"):
        assert word in text


def test_a_body_with_a_head_and_no_face_is_refused(tmp_path: Path) -> None:
    b = Builder()
    skinned_grid(b, skeleton(b), ())
    with pytest.raises(CharacterError, match="nothing here can be driven"):
        load_imported(b.save(tmp_path / "a.glb"))


def test_meshes_outside_the_scene_do_not_count(tmp_path: Path) -> None:
    b = arkit_character(("jawOpen",))
    b.gltf.scenes[0].nodes = []
    with pytest.raises(CharacterError, match="nothing to show"):
        load_imported(b.save(tmp_path / "a.glb"))
