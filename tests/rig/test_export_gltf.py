"""The exported file, read back by another library and by Khronos' validator, does what the face does."""

import errno
import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pygltflib
import pytest
import scipy.sparse as sp
from exported_glb import Glb
from scipy.spatial import cKDTree

from rig import gltf_write
from rig.arkit import channels_to_arkit
from rig.export_gltf import ExportError, ExportReport, export_glb
from rig.export_mesh import Surface
from rig.face import Face, Person
from rig.imported import load_imported
from rig.looks import LOOKS
from rig.parameters import ARKIT, CHANNEL_INDEX, CHANNELS, N_CHANNELS, N_IDENTITY
from rig.skeleton import GAZE_FULL_DEG

MM = 1e-3
LOOK = LOOKS["light"]
GAZE_CLIPS = {"look-left": (1, 0), "look-right": (-1, 0), "look-up": (0, 1), "look-down": (0, -1)}
VALIDATE = Path(__file__).with_name("validate_gltf.mjs")


def rows(glb: Glb, face: Face, rest: np.ndarray) -> sp.csr_matrix:
    """(N, V) what each exported vertex of a ``game`` file is made of, found by its place at rest."""
    matrix = Surface(face.skeleton, "game").matrix
    distance, index = cKDTree(matrix @ rest).query(glb.attribute("POSITION"))
    assert distance.max() < 1e-7
    return matrix[index]


def one(channel: str) -> np.ndarray:
    return np.eye(N_CHANNELS, dtype=np.float32)[CHANNEL_INDEX[channel]]


@pytest.fixture(scope="module")
def face() -> Face:
    return Face()


@pytest.fixture(scope="module")
def someone(face: Face) -> Person:
    return face.person(np.random.default_rng(4).uniform(0.2, 0.8, N_IDENTITY).astype(np.float32))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("export")


@pytest.fixture(scope="module")
def game(face: Face, folder: Path) -> tuple[Glb, ExportReport]:
    report = export_glb(folder / "game.glb", face, LOOK, name="base", detail="game")
    return Glb(report.path), report


@pytest.fixture(scope="module")
def screen(face: Face, someone: Person, folder: Path) -> tuple[Glb, ExportReport]:
    report = export_glb(folder / "screen.glb", face, LOOKS["dark"], someone, name="someone")
    return Glb(report.path), report


@pytest.fixture(scope="module")
def game_of_someone(face: Face, someone: Person, folder: Path) -> Glb:
    return Glb(export_glb(folder / "someone.glb", face, LOOK, someone, detail="game").path)


@pytest.mark.parametrize("which", ["game", "screen"])
def test_khronos_validator_has_nothing_to_say(which: str, request: pytest.FixtureRequest) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: the glTF validator did not run")
    report = request.getfixturevalue(which)[1]
    run = subprocess.run([node, str(VALIDATE), str(report.path)], capture_output=True, text=True, env=os.environ)
    if run.returncode and "Cannot find module 'gltf-validator'" in run.stderr:
        pytest.skip("npm's gltf-validator is not installed ($MIEN_GLTF_VALIDATOR): it did not run")
    assert run.returncode == 0, run.stderr
    issues = json.loads(run.stdout)
    assert [issues[k] for k in ("numErrors", "numWarnings", "numInfos")] == [0, 0, 0], issues["messages"]


def test_names_hierarchy_and_order(face: Face, game: tuple[Glb, ExportReport]) -> None:
    glb, report = game
    s = face.skeleton
    nodes = glb.doc.nodes
    assert [nodes[j].name for j in glb.joints] == list(s.names)
    for bone, parent in enumerate(s.parents):
        expected = s.names[parent] if parent >= 0 else "Mien base"
        assert nodes[glb.parent[glb.joints[bone]]].name == expected
    assert tuple(glb.doc.meshes[0].extras["targetNames"]) == ARKIT == report.shapes
    assert all(len(p.targets) == len(ARKIT) for p in glb.primitives)
    assert [a.name for a in glb.doc.animations] == [*CHANNELS, *GAZE_CLIPS] == list(report.clips)
    assert [m.name for m in glb.doc.materials] == ["skin", "eyes", "teeth", "tongue", "lashes"]
    assert glb.doc.asset.generator == "Mien"
    assert "MakeHuman" in glb.doc.asset.copyright


def test_rest_is_the_face_at_rest(face: Face, game: tuple[Glb, ExportReport]) -> None:
    glb, report = game
    assert np.abs(glb.skinned() - rows(glb, face, face.base.vertices) @ face.base.vertices).max() < 1e-6
    assert report.vertices == len(glb.attribute("POSITION"))
    assert report.n_bytes == report.path.stat().st_size


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_clip_ends_where_the_channel_does(face: Face, game: tuple[Glb, ExportReport], channel: str) -> None:
    glb, _ = game
    there = face.pose(one(channel))
    assert np.abs(there - face.base.vertices).max() > 0.5 * MM
    error = np.linalg.norm(glb.skinned(channel) - rows(glb, face, face.base.vertices) @ there, axis=1)
    assert error.max() < 0.2 * MM


@pytest.mark.parametrize("name", GAZE_CLIPS)
def test_gaze_clips(face: Face, game: tuple[Glb, ExportReport], name: str) -> None:
    glb, _ = game
    gaze = GAZE_FULL_DEG * np.array(GAZE_CLIPS[name], np.float32)
    there = face.pose(np.zeros(N_CHANNELS, np.float32), gaze, gaze)
    error = np.linalg.norm(glb.skinned(name) - rows(glb, face, face.base.vertices) @ there, axis=1)
    assert error.max() < 0.2 * MM


@pytest.mark.parametrize("by_component", [False, True])
@pytest.mark.parametrize("channel", ["AU12-left", "AU43-right", "AU26", "AU19", "AU22"])
def test_clips_follow_the_channel_on_the_way(
    face: Face, game: tuple[Glb, ExportReport], channel: str, by_component: bool
) -> None:
    glb, _ = game
    made_of = rows(glb, face, face.base.vertices)
    for share in (0.1, 0.25, 0.375, 0.5, 0.75, 0.9):
        there = made_of @ face.pose(np.float32(share) * one(channel))
        assert np.linalg.norm(glb.skinned(channel, share, by_component) - there, axis=1).max() < 0.1 * MM


def test_a_persons_clips_are_that_persons(face: Face, someone: Person, game_of_someone: Glb) -> None:
    assert np.abs(someone.close).max() > 0.05 * MM, "somebody whose lids close otherwise than the base face's"
    made_of = rows(game_of_someone, face, someone.vertices)
    for channel in ("AU43-left", "AU12-right", "AU26"):
        there = made_of @ face.pose(one(channel), person=someone)
        assert np.linalg.norm(game_of_someone.skinned(channel) - there, axis=1).max() < 0.2 * MM


def test_a_person_has_another_shape_and_the_same_topology(game: tuple[Glb, ExportReport], game_of_someone: Glb) -> None:
    base = game[0]
    assert np.linalg.norm(base.attribute("POSITION") - game_of_someone.attribute("POSITION"), axis=1).max() > 2 * MM
    for mine, other in zip(base.primitives, game_of_someone.primitives, strict=True):
        np.testing.assert_array_equal(base.read(mine.indices), game_of_someone.read(other.indices))
    np.testing.assert_array_equal(base.attribute("JOINTS_0"), game_of_someone.attribute("JOINTS_0"))


@pytest.mark.parametrize(
    ("shape", "channels"),
    [
        ("jawOpen", ["AU26", "AU25"]),
        ("eyeBlinkLeft", ["AU43-left"]),
        ("mouthSmileRight", ["AU12-right"]),
        ("browInnerUp", ["AU1-left", "AU1-right"]),
        ("tongueOut", ["AU19"]),
    ],
)
def test_shapes_are_what_the_channels_do(
    face: Face, game: tuple[Glb, ExportReport], shape: str, channels: list[str]
) -> None:
    glb, _ = game
    moved = face.pose(sum(one(c) for c in channels)) - face.base.vertices
    assert np.abs(glb.target(shape) - rows(glb, face, face.base.vertices) @ moved).max() < 0.02 * MM


@pytest.mark.parametrize(
    "channel", ["AU24", "AU28", "AU17", "AU26", "AU25", "AU12-left", "AU9-right", "AU34", "AU30-left"]
)
def test_a_stream_of_shapes_adds_up_to_the_channel(face: Face, game: tuple[Glb, ExportReport], channel: str) -> None:
    glb, _ = game
    none = np.zeros(2, np.float32)
    values = channels_to_arkit(one(channel), none, none)
    there = sum(v * glb.target(n) for n, v in zip(ARKIT, values, strict=True) if v > 0)
    moved = rows(glb, face, face.base.vertices) @ (face.pose(one(channel)) - face.base.vertices)
    size = np.linalg.norm(moved, axis=1)
    # AU25 without the jaw is told by the lips' own shapes, which are near to it and not the same.
    share = 0.5 if channel == "AU25" else 0.02
    assert np.linalg.norm(there - moved, axis=1).max() < share * size.max()


def test_left_is_the_subjects_own(game: tuple[Glb, ExportReport]) -> None:
    glb, _ = game
    x = glb.attribute("POSITION")[:, 0]
    for name in ("eyeBlink", "mouthSmile", "mouthPress", "eyeLookOut", "browDown"):
        for side, sign in (("Left", 1), ("Right", -1)):
            motion = np.linalg.norm(glb.target(name + side), axis=1)
            assert (motion * x * sign).sum() > 0
    blink = np.linalg.norm(glb.target("eyeBlinkLeft"), axis=1)
    assert blink[x < -0.01].max() < 0.03 * blink.max()
    out = glb.target("eyeLookOutLeft")
    cornea = np.where(np.linalg.norm(out, axis=1) > 5 * MM, glb.attribute("POSITION")[:, 2], -1).argmax()
    assert out[cornea, 0] > 5 * MM


def test_no_shape_is_empty(game: tuple[Glb, ExportReport]) -> None:
    for name in ARKIT:
        assert np.linalg.norm(game[0].target(name), axis=1).max() > MM, name


def test_the_mouth_moves_aside(game: tuple[Glb, ExportReport]) -> None:
    for name, sign in (("mouthLeft", 1), ("mouthRight", -1)):
        moved = game[0].target(name)
        strongest = np.linalg.norm(moved, axis=1).argsort()[-200:]
        assert (sign * moved[strongest, 0]).min() > 0


def test_lips_roll_one_by_one(game: tuple[Glb, ExportReport], face: Face) -> None:
    glb, _ = game
    lower, upper = (glb.target(f"mouthRoll{w}") for w in ("Lower", "Upper"))
    y, mouth = glb.attribute("POSITION")[:, 1], face.landmarks(face.base.vertices)[[13, 14], 1].mean()
    centre = [np.average(y, weights=np.linalg.norm(d, axis=1)) for d in (lower, upper)]
    assert centre[0] < mouth < centre[1]


def test_morphed_normals_are_unit_and_turn(screen: tuple[Glb, ExportReport]) -> None:
    glb, _ = screen
    normal = glb.attribute("NORMAL")
    np.testing.assert_allclose(np.linalg.norm(normal, axis=1), 1, atol=1e-5)
    moved = np.linalg.norm(glb.target("jawOpen"), axis=1) > MM
    turned = normal[moved] + glb.target("jawOpen", "NORMAL")[moved]
    np.testing.assert_allclose(np.linalg.norm(turned, axis=1), 1, atol=1e-4)
    assert np.degrees(np.arccos(np.clip((turned * normal[moved]).sum(1), -1, 1))).max() > 20


def test_weights_are_four_and_sum_to_one(screen: tuple[Glb, ExportReport]) -> None:
    weight = screen[0].attribute("WEIGHTS_0")
    assert (weight >= 0).all()
    np.testing.assert_allclose(weight.sum(1), 1, atol=1e-6)
    assert (screen[0].attribute("JOINTS_0")[weight == 0] == 0).all()


def test_the_refined_mesh_follows_the_face(screen: tuple[Glb, ExportReport], game: tuple[Glb, ExportReport]) -> None:
    report = screen[1]
    assert 15_000 < report.vertices < 30_000
    assert 0 < report.skin_error_rms_mm < 0.25
    assert report.skin_error_mm < 5
    assert game[1].skin_error_mm < 0.1


def test_files_stay_small(screen: tuple[Glb, ExportReport], game: tuple[Glb, ExportReport]) -> None:
    assert screen[1].n_bytes < 25e6
    assert game[1].n_bytes < 8e6


def test_our_own_importer_drives_it(game: tuple[Glb, ExportReport]) -> None:
    character = load_imported(game[1].path)
    assert character.how == "arkit"
    assert character.missing == ()
    assert {"head", "neck", "eye-left", "eye-right"} <= set(character.roles)


def test_clips_and_shapes_can_be_left_out(face: Face, tmp_path: Path) -> None:
    report = export_glb(tmp_path / "bare.glb", face, LOOK, detail="game", clips=False, morphs=False)
    doc = pygltflib.GLTF2().load(str(report.path))
    assert doc.animations == []
    assert report.clips == report.shapes == ()
    assert not doc.meshes[0].primitives[0].targets


def test_equal_input_gives_equal_bytes(face: Face, game: tuple[Glb, ExportReport], tmp_path: Path) -> None:
    again = export_glb(tmp_path / "again.glb", Face(), replace(LOOK), name="base", detail="game")
    assert again.path.read_bytes() == game[1].path.read_bytes()


def test_refusals_say_what_to_do(face: Face, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"end in \.glb"):
        export_glb(tmp_path / "face.fbx", face, LOOK)
    with pytest.raises(ExportError, match="no such folder"):
        export_glb(tmp_path / "nowhere" / "face.glb", face, LOOK)
    with pytest.raises(ExportError, match="there are screen, game"):
        export_glb(tmp_path / "face.glb", face, LOOK, detail="film")
    (tmp_path / "folder.glb").mkdir()
    with pytest.raises(ExportError, match="this is a folder"):
        export_glb(tmp_path / "folder.glb", face, LOOK, detail="game", clips=False, morphs=False)


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "face.glb"
    path.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ExportError, match="no space left"):
        gltf_write.write_atomic(path, b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["face.glb"]
    assert path.read_bytes() == b"old"
