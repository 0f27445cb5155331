"""Channels move what they should on hand-made characters; the fast path equals skinning with the whole skeleton."""

import json
from pathlib import Path

import numpy as np
import pytest
from gltf_files import (
    EYE_LEFT,
    Builder,
    N,
    arkit_character,
    bone_character,
    grid,
    shape,
    skeleton,
    skinned_grid,
    vrm0,
    vrm1,
)
from scipy.spatial.transform import Rotation

from rig.arkit import channels_to_arkit
from rig.gltf.rest import transform
from rig.imported import ImportedCharacter, load_imported
from rig.imported_drive import NECK_SHARE, Drive
from rig.parameters import ARKIT, CHANNEL_INDEX, N_CHANNELS

POSITIONS, _, _ = grid(N)
REST = np.zeros(N_CHANNELS, np.float32)
AHEAD = np.zeros(2, np.float32)
TURN = Rotation.from_euler("xyz", [10, 25, -8], degrees=True)
EYE_L, EYE_R, NECK_ROW = N - 1, 0, N * N - 1
"""Vertices that hang on the left eye, the right eye and the neck."""


def au(**values: float) -> np.ndarray:
    out = REST.copy()
    for name, value in values.items():
        name = name.replace("_", "-")
        for full in [name] if name in CHANNEL_INDEX else [f"{name}-left", f"{name}-right"]:
            out[CHANNEL_INDEX[full]] = value
    return out


def load(b: Builder, tmp_path: Path) -> ImportedCharacter:
    return load_imported(b.save(tmp_path / "a.glb"))


@pytest.fixture
def arkit(tmp_path: Path) -> Drive:
    return Drive(load(arkit_character(ARKIT, sparse=True), tmp_path))


def test_at_rest_a_character_is_as_its_file_says(arkit: Drive) -> None:
    assert np.allclose(arkit.pose(REST)[0], POSITIONS, atol=1e-7)


def test_the_52_shapes_add_up_as_the_table_says(arkit: Drive) -> None:
    rng = np.random.default_rng(1)
    channels = rng.random(N_CHANNELS).astype(np.float32)
    gaze = [rng.normal(0, 10, 2).astype(np.float32) for _ in range(2)]
    weights = channels_to_arkit(channels, *gaze)
    expected = POSITIONS + sum(w * shape(n) for w, n in zip(weights, ARKIT, strict=True))
    assert np.allclose(arkit.pose(channels, *gaze)[0], expected, atol=1e-6)


def test_a_wink_is_the_subjects_own_left(arkit: Drive) -> None:
    moved = np.abs(arkit.pose(au(AU43_left=1.0))[0] - POSITIONS).max(1) > 1e-6
    assert moved.any()
    assert (POSITIONS[moved, 0] > 0).all()


def test_intensities_beyond_their_range_are_clipped(arkit: Drive) -> None:
    assert np.array_equal(arkit.pose(au(AU26=5.0))[0], arkit.pose(au(AU26=1.0))[0])
    with pytest.raises(ValueError, match="expected"):
        arkit.pose(np.zeros(39, np.float32))


def test_weights_at_rest_stay_under_what_is_driven(tmp_path: Path) -> None:
    b = arkit_character(("jawOpen", "bigNose"))
    b.gltf.meshes[0].weights = [0.0, 0.5]
    drive = Drive(load(b, tmp_path))
    assert np.allclose(drive.pose(REST)[0], POSITIONS + 0.5 * shape("bigNose"), atol=1e-6)


@pytest.mark.parametrize("make", [vrm0, vrm1], ids=["vrm0", "vrm1"])
def test_both_versions_of_vrm_face_the_front_and_wink_with_their_left(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    drive = Drive(load(make(), tmp_path))
    rest = drive.pose(REST)[0]
    assert np.allclose(rest, POSITIONS, atol=1e-6)  # VRM 0.x lies the other way round in its file
    wink = drive.pose(au(AU43_left=1.0))[0] - rest
    assert np.allclose(wink, shape("blinkLeft"), atol=1e-6)


def test_what_a_smile_closes_already_is_not_closed_again(tmp_path: Path) -> None:
    b = vrm1()
    entries = b.gltf.extensions["VRMC_vrm"]["expressions"]["preset"]
    blink = entries["blinkLeft"]["morphTargetBinds"][0]
    entries["happy"]["morphTargetBinds"] = [{**blink, "weight": 0.6}]
    drive = Drive(load(b, tmp_path))
    weights = dict(
        zip(
            [e.name for e in drive.character.expressions],
            drive.weights(au(AU6=1, AU12=1, AU43=1), AHEAD, AHEAD),
            strict=True,
        )
    )
    assert weights["happy"] == pytest.approx(1)
    assert weights["blinkLeft"] == pytest.approx(0.4, abs=1e-5)
    assert weights["blinkRight"] == pytest.approx(1)


def test_the_head_turns_about_its_bone_and_the_neck_takes_its_share(tmp_path: Path) -> None:
    drive = Drive(load(vrm1(), tmp_path))
    posed = drive.pose(REST, head_rotation=TURN.as_matrix())[0]
    part = Rotation.from_rotvec(TURN.as_rotvec() * NECK_SHARE)
    neck, head = np.array([0, -0.1, 0]), np.array([0, -0.05, 0])
    moved_head = part.apply(head - neck) + neck
    expected = TURN.apply(POSITIONS - head) + moved_head
    on_head = slice(N, N * N - N)
    assert np.allclose(posed[on_head], expected[on_head], atol=1e-5)
    assert np.allclose(posed[NECK_ROW], part.apply(POSITIONS[NECK_ROW] - neck) + neck, atol=1e-5)


def test_a_character_without_bones_turns_as_a_whole(arkit: Drive) -> None:
    posed = arkit.pose(REST, head_rotation=TURN.as_matrix())[0]
    assert np.allclose(posed - posed.mean(0), TURN.apply(POSITIONS - POSITIONS.mean(0)), atol=1e-6)


def test_eye_bones_turn_by_what_the_avatar_allows_and_look_shapes_stay_off(tmp_path: Path) -> None:
    drive = Drive(load(vrm1(look="bone"), tmp_path))
    gaze = np.array([30.0, 0.0], np.float32)
    moved = drive.pose(REST, gaze, gaze)[0]
    eye = Rotation.from_euler("y", 12, degrees=True).apply(POSITIONS[EYE_L] - EYE_LEFT) + EYE_LEFT
    assert np.allclose(moved[EYE_L], eye, atol=1e-6)
    others = np.setdiff1d(np.arange(N * N), [EYE_L, EYE_R])
    assert np.allclose(moved[others], POSITIONS[others], atol=1e-6)


def test_look_expressions_move_eyes_that_have_them(tmp_path: Path) -> None:
    drive = Drive(load(vrm1(look="expression"), tmp_path))
    gaze = np.array([0.0, 15.0], np.float32)
    assert np.allclose(drive.pose(REST, gaze, gaze)[0], POSITIONS + 0.5 * shape("lookUp"), atol=1e-6)


def test_eye_bones_turn_the_eyeballs_and_look_shapes_the_lids(tmp_path: Path) -> None:
    b = Builder()
    skinned_grid(b, skeleton(b), ARKIT)
    drive = Drive(load(b, tmp_path))
    assert drive.character.how == "arkit"
    gaze = np.array([0.0, 20.0], np.float32)
    posed = drive.pose(REST, gaze, gaze)[0]
    turned = Rotation.from_euler("x", -20, degrees=True).apply(POSITIONS[EYE_L] - EYE_LEFT) + EYE_LEFT
    assert np.allclose(posed[EYE_L], turned, atol=1e-6)
    lid = N + 7
    assert np.allclose(posed[lid], POSITIONS[lid] + 20 / 30 * shape("eyeLookUpLeft")[lid], atol=1e-6)


def test_mapped_bones_turn_and_move_along_the_characters_axes(tmp_path: Path) -> None:
    b = bone_character({"jaw": (0.0, -0.03, -0.05), "brow": (0.0, 0.05, 0.0)})
    for node in b.gltf.nodes:  # whatever way the bones point
        if node.name == "jaw":
            node.rotation = Rotation.from_euler("z", 90, degrees=True).as_quat().tolist()
    jaw_bind = np.eye(4)
    jaw_bind[:3, :3] = Rotation.from_euler("z", 90, degrees=True).as_matrix()
    jaw_bind[:3, 3] = [0.0, -0.03, -0.05]
    binds = np.stack([np.eye(4)] * 3)
    binds[0, :3, 3] = [0.0, -0.05, 0.0]
    binds[1] = jaw_bind
    binds[2, :3, 3] = [0.0, 0.05, 0.0]
    inverse = np.linalg.inv(binds).transpose(0, 2, 1).reshape(-1, 16)
    b.gltf.skins[0].inverseBindMatrices = b.accessor(inverse)
    path = b.save(tmp_path / "a.glb")
    mapping = tmp_path / "m.json"
    mapping.write_text(
        json.dumps(
            {"bones": {"jaw": {"AU26": {"rotate_deg": [20, 0, 0]}}, "brow": {"AU1-left": {"move": [0, 0.01, 0]}}}}
        )
    )
    drive = Drive(load_imported(path, mapping))
    rest = drive.pose(REST)[0]
    assert np.allclose(rest, POSITIONS, atol=1e-6)
    hinge = np.array([0.0, -0.03, -0.05])
    lower = POSITIONS[:, 1] < 0.0
    opened = drive.pose(au(AU26=0.5))[0]
    turn = Rotation.from_euler("x", 10, degrees=True)
    assert np.allclose(opened[lower], turn.apply(POSITIONS[lower] - hinge) + hinge, atol=1e-6)
    assert (opened[lower][:, 1] < POSITIONS[lower][:, 1]).all()  # a jaw opens downwards
    raised = drive.pose(au(AU1_left=1.0))[0] - rest
    assert np.allclose(raised[POSITIONS[:, 1] > 0.02], [0, 0.01, 0], atol=1e-6)


def test_placement_scales_moves_and_pivots_alike(tmp_path: Path) -> None:
    character = load(vrm0(), tmp_path)
    gaze = np.array([10.0, -5.0], np.float32)
    face = au(AU12=0.7, AU43_right=0.5, AU26=0.3, AU25=1)
    plain = Drive(character).pose(face, gaze, gaze, TURN.as_matrix())[0]
    fit = np.diag([3.0, 3.0, 3.0, 1.0])
    fit[:3, 3] = [1, 2, 3]
    placed = Drive(character, fit @ character.facing).pose(face, gaze, gaze, TURN.as_matrix())[0]
    assert np.allclose(placed, plain * 3 + [1, 2, 3], atol=1e-5)


def test_the_fast_path_equals_skinning_with_the_whole_skeleton(tmp_path: Path) -> None:
    """glTF's own sum over joints, every node posed, against the few turning bones that Drive uses."""
    b = Builder()
    bones = skeleton(b)
    skinned_grid(b, bones, ARKIT)
    rng = np.random.default_rng(3)
    joints = np.tile(np.arange(1, 5, dtype=np.uint8), (N * N, 1))  # neck, head, eyes
    weights = rng.dirichlet(np.ones(4), N * N).astype(np.float32)
    attributes = b.gltf.meshes[0].primitives[0].attributes
    attributes.JOINTS_0, attributes.WEIGHTS_0 = b.accessor(joints, np.uint8), b.accessor(weights)
    character = load(b, tmp_path)
    drive = Drive(character)
    gaze = np.array([12.0, 7.0], np.float32)
    posed = drive.pose(au(AU12=1.0, AU26=0.5), gaze, gaze, TURN.as_matrix())[0]

    part = Rotation.from_rotvec(TURN.as_rotvec() * NECK_SHARE).as_matrix()
    rest_of_turn = Rotation.from_rotvec(TURN.as_rotvec() * (1 - NECK_SHARE)).as_matrix()
    eye = Rotation.from_rotvec(np.radians([-7.0, 12.0, 0.0])).as_matrix()
    spins = {"neck": part, "head": rest_of_turn, "leftEye": eye, "rightEye": eye}
    tree = character.nodes
    world = np.zeros((len(tree.names), 4, 4))
    for i in tree.order:  # this skeleton's bones are unturned at rest, so a spin is its local rotation
        local = np.eye(4)
        local[:3, :3] = spins.get(tree.names[i], np.eye(3))
        local[:3, 3] = tree.translation[i]
        world[i] = local if tree.parents[i] < 0 else world[tree.parents[i]] @ local
    skin = character.skins[0]
    matrices = world[skin.joints] @ skin.inverse_bind
    shaped = POSITIONS + sum(
        w * shape(n) * (weights[:, :2].sum(1, keepdims=True) if n.startswith("eyeLook") else 1)
        for w, n in zip(channels_to_arkit(au(AU12=1.0, AU26=0.5), gaze, gaze), ARKIT, strict=True)
    )
    blended = np.einsum("vk,kij->vij", weights, matrices[1:])[:, :3]
    assert np.allclose(posed, transform(blended, shaped), atol=1e-5)
