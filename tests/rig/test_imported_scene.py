"""What an imported character looks like, off screen: in the picture, moving, in its colours, see-through or not."""

from pathlib import Path

import numpy as np
import pytest
from gltf_files import Builder, arkit_character, grid, shape

from rig.imported import load_imported
from rig.imported_scene import ImportedScene
from rig.parameters import ARKIT, CHANNEL_INDEX, N_CHANNELS
from rig.stage import BACKGROUND, Stage

SIZE = 96
FACE = ("jawOpen", "mouthPucker", "eyeBlinkLeft", "eyeBlinkRight", "browInnerUp")


def scene(b: Builder, tmp_path: Path, **fields: object) -> ImportedScene:
    made = ImportedScene(load_imported(b.save(tmp_path / "a.glb")), SIZE, SIZE, samples=0, **fields)  # type: ignore[arg-type]
    made.set_light("flat")
    return made


def sheet(texture: np.ndarray | None, colour: tuple[float, ...] = (1, 1, 1, 1), **material: object) -> Builder:
    b = Builder()
    positions, triangles, uv = grid()
    m = b.material(None if texture is None else b.texture(texture), colour, **material)
    b.node("face", mesh=b.mesh(positions, triangles, {n: shape(n) for n in FACE}, uv, material=m))
    return b


def plain(colour: tuple[int, ...]) -> np.ndarray:
    return np.full((16, 16, len(colour)), colour, np.uint8)


def middle(picture: np.ndarray) -> np.ndarray:
    """Mean colour about the picture's middle."""
    c = SIZE // 2
    return picture[c - 8 : c + 8, c - 8 : c + 8].reshape(-1, picture.shape[-1]).mean(0)


def background() -> np.ndarray:
    return np.array([int(BACKGROUND[i : i + 2], 16) for i in (1, 3, 5)])


def test_it_is_a_stage_in_the_picture_and_moves(tmp_path: Path) -> None:
    s = scene(arkit_character(ARKIT), tmp_path)
    assert isinstance(s, Stage)
    rest = s.render()
    assert rest.shape == (SIZE, SIZE, 3)
    covered = np.abs(rest.astype(int) - background()).max(-1) > 12
    assert 0.1 < covered.mean() < 0.9
    assert covered[SIZE // 2, SIZE // 2]
    au = np.zeros(N_CHANNELS, np.float32)
    au[[CHANNEL_INDEX["AU26"], CHANNEL_INDEX["AU25"]]] = 1
    s.set_face(au, identity=np.full(208, 0.5, np.float32))
    assert np.abs(s.render().astype(int) - rest).max() > 30
    s.set_face(np.zeros(N_CHANNELS, np.float32))
    assert np.array_equal(s.render(), rest)
    s.close()


def test_a_head_turn_is_the_quaternion_that_face_scene_takes(tmp_path: Path) -> None:
    s = scene(arkit_character(ARKIT), tmp_path)
    rest = np.asarray(s.drive.pose(np.zeros(N_CHANNELS, np.float32))[0])
    half = np.radians(20) / 2
    # OpenCV's camera axes, y down: about +y by 20 degrees turns the face to the subject's right.
    s.set_face(np.zeros(N_CHANNELS, np.float32), head_rotation=np.array([0, np.sin(half), 0, np.cos(half)]))
    points = np.asarray(s.plotter.actors["primitive 0"].mapper.dataset.points)
    left, right = rest[:, 0].argmax(), rest[:, 0].argmin()
    across = points[left] - points[right]
    assert np.degrees(np.arctan2(across[2], across[0])) == pytest.approx(20, abs=0.1)
    s.close()


def test_texture_and_colour_multiply(tmp_path: Path) -> None:
    s = scene(sheet(plain((255, 128, 255)), (1, 1, 0.05, 1)), tmp_path)
    r, g, b = middle(s.render())
    assert r > g * 1.5
    assert r > b * 2
    s.close()


def test_the_top_of_a_texture_is_the_top_of_the_face(tmp_path: Path) -> None:
    picture = plain((255, 0, 0))
    picture[8:] = [0, 0, 255]
    s = scene(sheet(picture), tmp_path)
    shown = s.render().astype(int)
    column = shown[:, SIZE // 2]
    red, blue = column[:, 0] - column[:, 2] > 60, column[:, 2] - column[:, 0] > 60
    assert red.any()
    assert blue.any()
    assert np.flatnonzero(red).max() < np.flatnonzero(blue).min()
    s.close()


@pytest.mark.parametrize(
    ("mode", "alpha", "cutoff", "seen"),
    [
        ("OPAQUE", 0, 0.5, 1.0),
        ("MASK", 100, 0.5, 0.0),
        ("MASK", 100, 0.3, 1.0),
        ("BLEND", 0, 0.5, 0.0),
        ("BLEND", 128, 0.5, 0.5),
    ],
)
def test_alpha_modes(tmp_path: Path, mode: str, alpha: int, cutoff: float, seen: float) -> None:
    solid = scene(sheet(plain((255, 255, 255, 255))), tmp_path)
    white = middle(solid.render())
    solid.close()
    s = scene(sheet(plain((255, 255, 255, alpha)), alphaMode=mode, alphaCutoff=cutoff), tmp_path)
    share = ((middle(s.render()) - background()) / (white - background())).mean()
    assert share == pytest.approx(seen, abs=0.06)
    s.close()


@pytest.mark.parametrize(("double", "seen"), [(False, False), (True, True)])
def test_backs_are_seen_only_of_double_sided_materials(tmp_path: Path, double: bool, seen: bool) -> None:
    s = scene(sheet(plain((255, 255, 255)), doubleSided=double), tmp_path)
    s.frame(yaw_deg=180)
    assert (np.abs(middle(s.render()) - background()).max() > 12) is np.bool_(seen)
    s.close()


def test_a_transparent_background_leaves_only_the_character(tmp_path: Path) -> None:
    s = scene(sheet(plain((255, 255, 255))), tmp_path)
    s.set_background("transparent")
    picture = s.render()
    assert picture.shape == (SIZE, SIZE, 4)
    assert picture[2, 2, 3] == 0
    assert picture[SIZE // 2, SIZE // 2, 3] == 255
    s.close()


def test_seams_of_the_uv_sheet_do_not_show_as_edges(tmp_path: Path) -> None:
    b = Builder()
    positions, triangles, uv = grid()
    split = np.concatenate([positions, positions])  # every vertex twice, as along a seam
    half = triangles[: len(triangles) // 2]
    both = np.concatenate([half, triangles[len(triangles) // 2 :] + len(positions)])
    shapes = {n: np.concatenate([shape(n)] * 2) for n in FACE}
    b.node("face", mesh=b.mesh(split, both, shapes, np.concatenate([uv, uv]), material=b.material()))
    one, two = scene(b, tmp_path), scene(sheet(None), tmp_path)
    assert np.abs(one.render().astype(int) - two.render()).max() <= 2
    one.close()
    two.close()
