"""VRM 0.x and 1.0 say the same in different words; what makes no sense is left out."""

from pathlib import Path

import pytest
from gltf_files import PRESET_SHAPES, Builder, vrm0, vrm1

from rig.gltf.vrm import Vrm
from rig.imported import load_imported


def read(b: Builder, tmp_path: Path) -> Vrm:
    vrm = load_imported(b.save(tmp_path / "a.vrm")).vrm
    assert vrm is not None
    return vrm


def test_both_versions_give_the_same_expressions(tmp_path: Path) -> None:
    zero, one = read(vrm0(), tmp_path), read(vrm1(), tmp_path)
    assert (zero.version, one.version) == (0, 1)
    assert (zero.title, one.title) == ("Zero", "One")
    for vrm in (zero, one):
        assert [e.name for e in vrm.expressions] == list(PRESET_SHAPES)
        assert [(b.primitive, b.target, b.weight) for e in vrm.expressions for b in e.binds] == [
            (0, i, pytest.approx(1.0)) for i in range(len(PRESET_SHAPES))
        ]
        assert sorted(vrm.bones) == ["head", "leftEye", "neck", "rightEye"]


def test_how_eyes_look_is_read(tmp_path: Path) -> None:
    zero, one = read(vrm0(), tmp_path), read(vrm1(), tmp_path)
    assert zero.looks_by_bones
    assert not one.looks_by_bones
    assert zero.ranges["VerticalUp"] == 12
    assert one.ranges["HorizontalOuter"] == 12
    assert one.ranges["VerticalUp"] == -1  # not said


def test_overrides_and_switches_are_read(tmp_path: Path) -> None:
    vrm = read(vrm1(happy={"overrideBlink": "block", "overrideMouth": "blend", "isBinary": True}), tmp_path)
    happy = next(e for e in vrm.expressions if e.name == "happy")
    assert (happy.override_blink, happy.override_mouth, happy.override_look) == ("block", "blend", "none")
    assert happy.binary


def test_weights_and_references_that_make_no_sense_cost_only_themselves(tmp_path: Path) -> None:
    b = vrm0()
    groups = b.gltf.extensions["VRM"]["blendShapeMaster"]["blendShapeGroups"]
    mesh = groups[0]["binds"][0]["mesh"]
    groups[0]["binds"] += [
        {"mesh": 99, "index": 0, "weight": 100},
        {"mesh": mesh, "index": 999, "weight": 100},
        {"mesh": mesh, "index": -1, "weight": 100},
        {"mesh": mesh, "index": 1, "weight": "full"},
        {"mesh": mesh, "index": 1, "weight": 1e9},
        {"mesh": [0], "index": {}, "weight": 50},
        {"mesh": mesh, "index": 2, "weight": 50},
        None,
        "bind",
    ]
    groups.append("group")
    b.gltf.extensions["VRM"]["humanoid"]["humanBones"] += [{"bone": "jaw", "node": 400}, {"bone": "jaw"}, 7]
    vrm = read(b, tmp_path)
    assert [(x.target, x.weight) for x in vrm.expressions[0].binds] == [(0, 1.0), (2, 0.5)]
    assert "jaw" not in vrm.bones


@pytest.mark.parametrize("broken", [[], 5, None, "x", {"humanoid": 3, "expressions": [1], "meta": [], "lookAt": 1}])
def test_an_extension_that_is_no_vrm_leaves_a_plain_gltf(tmp_path: Path, broken: object) -> None:
    b = vrm1(("jawOpen", "eyeBlinkLeft"), "custom")
    b.gltf.extensions["VRMC_vrm"] = broken
    character = load_imported(b.save(tmp_path / "a.vrm"))
    assert character.how == "arkit"
    assert character.name == "a"
