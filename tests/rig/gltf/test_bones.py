"""Bones by name: what rigs in circulation call them, what is proposed for them, and mapping files."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rig.gltf.bones import part_of, propose, read_mapping, resolve
from rig.gltf.limits import CharacterError
from rig.parameters import CHANNEL_INDEX, CHANNELS


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("jaw", "jaw"),
        ("DEF-jaw", "jaw"),
        ("FACIAL_C_Jaw", "jaw"),
        ("jaw_master", "jaw"),
        ("Head", "head"),
        ("mixamorig:Head", "head"),
        ("Bip01 Head", "head"),
        ("mixamorig:HeadTop_End", None),
        ("forehead", None),
        ("neck_01", "neck"),
        ("LeftEye", "eye-left"),
        ("eye.R", "eye-right"),
        ("DEF-eye.L", "eye-left"),
        ("FACIAL_L_Eye", "eye-left"),
        ("J_Adj_R_FaceEye", "eye-right"),
        ("FACIAL_L_EyeCornerInner", None),
        ("eye_target.L", None),
        ("lid.T.L.001", "lid-upper-left"),
        ("DEF-lid.B.R", "lid-lower-right"),
        ("FACIAL_L_EyelidUpperA", "lid-upper-left"),
        ("FACIAL_R_EyelidLowerB1", "lid-lower-right"),
        ("upper_eyelid_l", "lid-upper-left"),
        ("eyelid_R", "lid-upper-right"),
        ("RightUpperEyelid", "lid-upper-right"),
        ("brow.T.L.002", "brow-left"),
        ("eyebrow_inner_r", "brow-inner-right"),
        ("FACIAL_R_ForeheadOut", "brow-outer-right"),
        ("BrowOuter_L", "brow-outer-left"),
        ("lips.L", "corner-left"),
        ("FACIAL_R_LipCorner", "corner-right"),
        ("mouth_corner_l", "corner-left"),
        ("lip.T.R", "lip-upper-right"),
        ("FACIAL_C_LipLower", "lip-lower"),
        ("upperlip", "lip-upper"),
        ("cheek.B.L", "cheek-left"),
        ("nose.R", "nostril-right"),
        ("collider", None),
        ("solid_L", None),
        ("slider", None),
        ("hip_l", None),
        ("Clip_R", None),
        ("brown_hair_L", None),
        ("eyelash_l", None),
        ("UpperTeeth_L", None),
        ("upper_arm.L", None),
        ("", None),
    ],
)
def test_names_of_rigs_in_circulation(name: str, part: str | None) -> None:
    assert part_of(name) == part


NAMES = ("root", "jaw", "lid.T.L", "lid.B.L", "lid.T.R", "lid.B.R", "lips.L", "lips.R", "brow.L", "brow.L.001")
PARENTS = np.array([-1, 0, 0, 0, 0, 0, 1, 0, 0, 0], np.int32)
EYE = {"L": np.array([0.03, 0, 0]), "R": np.array([-0.03, 0, 0])}
ORIGINS = np.array(
    [
        *([0, 0, 0], [0, -0.05, -0.08], EYE["L"], EYE["L"], EYE["R"] + [0, 0, 0.012], EYE["R"] + [0, 0, 0.012]),
        *([0.025, -0.07, 0.02], [-0.025, -0.07, 0.02], [0.05, 0.03, 0.02], [0.02, 0.03, 0.02]),
    ],
    np.float32,
)
CENTRES = ORIGINS.copy()
CENTRES[2:6] = [EYE[side] + [0, y, 0.012] for side in "LR" for y in (0.005, -0.005)]


def proposal(scale: float = 1.0) -> dict[str, Any]:
    return propose(NAMES, PARENTS, ORIGINS, CENTRES, np.ones(len(NAMES), bool), scale)


def test_lids_that_hang_on_the_eye_turn_until_they_meet() -> None:
    bones = proposal()["bones"]

    def closed(name: str, i: int) -> float:
        turn = np.radians(bones[name]["AU43-left"]["rotate_deg"][0])
        y, z = (CENTRES[i] - ORIGINS[i])[1:]
        return float(ORIGINS[i, 1] + y * np.cos(turn) - z * np.sin(turn))

    assert abs(closed("lid.T.L", 2) - closed("lid.B.L", 3)) < 2e-4


def test_lids_whose_bones_lie_in_the_lid_move_until_they_meet() -> None:
    bones = proposal()["bones"]
    moves = [bones[n]["AU43-right"]["move"][1] for n in ("lid.T.R", "lid.B.R")]
    assert CENTRES[4, 1] + moves[0] == pytest.approx(CENTRES[5, 1] + moves[1], abs=1e-5)


def test_sides_mirror() -> None:
    bones = proposal()["bones"]
    left, right = bones["lips.L"]["AU12-left"]["move"], bones["lips.R"]["AU12-right"]["move"]
    assert left == [-right[0], right[1], right[2]]
    assert left[0] > 0
    assert left[1] > 0
    assert "AU12-right" not in bones["lips.L"]


def test_corners_go_with_the_jaw_only_where_they_do_not_hang_on_it() -> None:
    bones = proposal()["bones"]
    assert "AU26" not in bones["lips.L"]
    assert bones["lips.R"]["AU26"]["move"][1] < -0.005


def test_of_two_brow_bones_the_nearer_to_the_middle_is_the_inner() -> None:
    bones = proposal()["bones"]
    assert "AU1-left" in bones["brow.L.001"]
    assert "AU2-left" not in bones["brow.L.001"]
    assert "AU2-left" in bones["brow.L"]


def test_moves_grow_with_the_head() -> None:
    small, large = (proposal(s)["bones"]["lips.L"]["AU12-left"]["move"] for s in (1.0, 10.0))
    assert np.allclose(np.array(small) * 10, large)


def test_bones_that_carry_no_skin_are_left_alone() -> None:
    carries = np.array([n != "jaw" for n in NAMES])
    assert "jaw" not in propose(NAMES, PARENTS, ORIGINS, CENTRES, carries, 1.0)["bones"]


def test_a_proposal_written_out_reads_back_as_the_same_moves(tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    path.write_text(json.dumps(proposal(), indent=1))
    bones = resolve(read_mapping(path), NAMES)
    jaw = bones.nodes.index(NAMES.index("jaw"))
    assert bones.rotation.shape == (len(CHANNELS), len(bones.nodes), 3)
    assert np.allclose(bones.rotation[CHANNEL_INDEX["AU26"], jaw], np.radians([18, 0, 0]))
    corner = bones.nodes.index(NAMES.index("lips.L"))
    assert np.allclose(bones.translation[CHANNEL_INDEX["AU12-left"], corner], [0.009, 0.010, -0.005])


@pytest.mark.parametrize(
    ("mapping", "match"),
    [
        ({"bones": {"chin": {}}}, "'chin'"),
        ({"head": "skull"}, "'skull'"),
        ({"head": 5}, "'5'"),
        ({"tail": "jaw"}, "'tail'"),
        ({"bones": {"jaw": {"AU99": {}}}}, "'AU99'"),
        ({"bones": {"jaw": {"AU26": {"turn": [1, 2, 3]}}}}, "rotate_deg and/or move"),
        ({"bones": {"jaw": {"AU26": {"rotate_deg": [1, 2]}}}}, "three numbers"),
        ({"bones": {"jaw": {"AU26": {"rotate_deg": [1, 2, 500]}}}}, "at most 180"),
        ({"bones": {"jaw": {"AU26": {"move": [1, 2, None]}}}}, "three numbers"),
        ({"bones": {"jaw": 5}}, "no object"),
    ],
)
def test_mappings_that_name_what_is_not_there_say_so(mapping: dict[str, Any], match: str) -> None:
    with pytest.raises(CharacterError, match=match):
        resolve(mapping, NAMES)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"bones": []}', "[" * 50_000])
def test_mapping_files_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "map.json"
    path.write_text(text)
    with pytest.raises(CharacterError, match=r"map\.json"):
        read_mapping(path)


def test_a_missing_mapping_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(CharacterError, match="no such mapping"):
        read_mapping(tmp_path / "none.json")
