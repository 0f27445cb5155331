"""The face on a stage: both qualities, lights, framings, backgrounds, and what moves with the channels."""

from dataclasses import replace

import numpy as np
import pytest

from rig.head_mesh import HeadMesh, bust_depth
from rig.lights import LIGHTS
from rig.looks import LOOKS
from rig.parameters import CHANNEL_INDEX, N_CHANNELS
from rig.scene import BACKGROUND, LOOKS_KEPT, SKINS, FaceScene, camera_to_scene
from rig.skeleton import PARTS, load_skeleton
from rig.stage import FRAMINGS, TRANSPARENT

SIZE = 96


def channels(**values: float) -> np.ndarray:
    au = np.zeros(N_CHANNELS, np.float32)
    for name, value in values.items():
        au[[i for c, i in CHANNEL_INDEX.items() if c == name or c.startswith(f"{name}-")]] = value
    return au


@pytest.fixture(scope="module")
def light():
    scene = FaceScene(SIZE, SIZE, samples=0, quality="light")
    yield scene
    scene.close()


@pytest.fixture(scope="module")
def full():
    scene = FaceScene(SIZE, SIZE, samples=0, quality="full")
    yield scene
    scene.close()


@pytest.fixture(autouse=True)
def at_rest(light, full):
    for scene in (light, full):
        scene.set_face(np.zeros(N_CHANNELS, np.float32))
        scene.set_skin("light")
        scene.set_light("portrait")
        scene.set_background(BACKGROUND)
        scene.frame()


def skin_pixels(picture: np.ndarray) -> np.ndarray:
    r, g, b = (picture[..., k].astype(int) for k in range(3))
    return (r > g + 8) & (g > b) & (r > 90)


@pytest.mark.parametrize("quality", ["light", "full"])
def test_a_face_is_in_the_picture(quality, request, capfd):
    scene = request.getfixturevalue(quality)
    picture = scene.render()
    assert picture.shape == (SIZE, SIZE, 3)
    assert picture.dtype == np.uint8
    share = skin_pixels(picture).mean()
    assert 0.1 < share < 0.5
    # A shader that does not compile is told on stderr and draws nothing.
    assert "ERR" not in capfd.readouterr().err


@pytest.mark.parametrize("quality", ["light", "full"])
def test_transparent_background(quality, request):
    scene = request.getfixturevalue(quality)
    scene.set_background(TRANSPARENT)
    picture = scene.render()
    assert picture.shape == (SIZE, SIZE, 4)
    alpha = picture[..., 3]
    assert (alpha[:5, :5] == 0).all()
    assert (alpha[:5, -5:] == 0).all()
    # Forehead, nose, cheeks: fully there, whatever lies behind.
    assert (alpha[SIZE // 3 : SIZE // 2, SIZE // 2 - 8 : SIZE // 2 + 8] == 255).all()
    scene.set_background("white")
    assert scene.render().shape == (SIZE, SIZE, 3)


@pytest.mark.parametrize("quality", ["light", "full"])
def test_laid_over_white_the_transparent_picture_is_the_one_on_white(quality, request):
    scene = request.getfixturevalue(quality)
    scene.set_framing("bust")
    scene.set_background("white")
    plain = scene.render().astype(float)
    scene.set_background(TRANSPARENT)
    rgba = scene.render().astype(float)
    alpha = rgba[..., 3:] / 255
    if quality == "full":
        assert ((alpha > 0.1) & (alpha < 0.9)).sum() > 20  # the bust fades
    laid = rgba[..., :3] * alpha + 255 * (1 - alpha)
    assert np.abs(laid - plain).mean() < 0.5
    assert np.abs(laid - plain).max() < 40


def test_chroma_green_fills_the_background(light):
    light.set_background("#00b140")
    np.testing.assert_array_equal(light.render()[2, 2], [0x00, 0xB1, 0x40])


@pytest.mark.parametrize("name", LIGHTS)
def test_every_light_lights_without_burning_out(name, full, light):
    for scene in (full, light):
        scene.set_light(name)
        picture = scene.render()
        face = picture[skin_pixels(picture)]
        assert len(face) > 300
        assert 90 < face.mean() < 225
        assert (face.min(1) >= 250).mean() < 0.02


def test_key_lights_shine_from_the_subjects_own_side(full, light):
    for scene in (full, light):
        # Seen from the front, the subject's left is the picture's right.
        for name, brighter in (("key-left", slice(SIZE // 2 + 4, None)), ("key-right", slice(None, SIZE // 2 - 4))):
            scene.set_light(name)
            scene.set_framing("face")
            picture = scene.render()
            skin = skin_pixels(picture)
            darker = slice(None, SIZE // 2 - 4) if brighter.stop is None else slice(SIZE // 2 + 4, None)
            lit = picture[:, brighter][skin[:, brighter]].mean()
            assert lit > 1.1 * picture[:, darker][skin[:, darker]].mean()


def test_lamps_of_the_last_light_go_out(full):
    full.set_light("key-left")
    alone = full.render().astype(int)
    full.set_light("studio")  # one lamp more
    full.set_light("key-left")
    assert np.abs(full.render().astype(int) - alone).max() <= 2


def test_old_looks_are_let_go(light):
    for k in range(LOOKS_KEPT + 2):
        light.set_look(replace(LOOKS["light"], brow_style=k))
    assert len(light._textures) == LOOKS_KEPT


def test_looks_share_the_textures_in_which_they_do_not_differ(light):
    light.set_look(replace(LOOKS["light"], iris=(0.8, 1.0, 1.2)))
    blue = light._textures[replace(LOOKS["light"], iris=(0.8, 1.0, 1.2))]
    light.set_look(LOOKS["light"])
    brown = light._textures[LOOKS["light"]]
    assert {name for name in brown if brown[name] is blue[name]} == {"lined skin", "teeth", "lashes"}


def test_framings_come_nearer(light):
    shares = {}
    for name in FRAMINGS:
        light.set_framing(name)
        shares[name] = skin_pixels(light.render()).mean()
    assert shares["face"] > shares["head"] > shares["bust"]


def test_unknown_names_are_told(light):
    with pytest.raises(KeyError, match="no light 'disco'; there are portrait"):
        light.set_light("disco")
    with pytest.raises(KeyError, match="no framing 'toes'"):
        light.set_framing("toes")
    with pytest.raises(KeyError, match="no look 'green'; there are light"):
        light.set_skin("green")
    with pytest.raises(ValueError, match="no quality 'best'"):
        FaceScene(16, 16, quality="best")


def test_auto_takes_what_the_renderer_allows():
    scene = FaceScene(16, 16, samples=0, quality="auto")
    assert scene.full is not scene.software
    scene.close()


def test_looks_change_the_skin(full):
    means = {}
    for name in SKINS:
        full.set_skin(name)
        picture = full.render()
        # The bridge of the nose and the cheeks.
        means[name] = picture[SIZE // 2 : SIZE // 2 + 12, SIZE // 2 - 12 : SIZE // 2 + 12].mean()
    assert means["fair"] > means["tan"] > means["dark"]
    assert set(SKINS) == set(LOOKS)


@pytest.mark.parametrize("quality", ["light", "full"])
def test_age_draws_lines_on_the_face_alone(quality, request):
    scene = request.getfixturevalue(quality)
    scene.set_framing("face")
    scene.set_look(replace(LOOKS["light"], age=0.0))
    young = scene.render().astype(int)
    scene.set_look(replace(LOOKS["light"], age=1.0))
    off = np.abs(scene.render() - young).mean(-1)
    forehead, chest = off[SIZE // 10 : SIZE // 4, SIZE // 3 : -SIZE // 3], off[-SIZE // 12 :]
    assert forehead.mean() > 4
    assert chest.max() < 2
    scene.set_look(replace(LOOKS["light"], age=0.0))
    assert np.abs(scene.render() - young).max() <= 2, "and they go again"


def test_smiling_folds_the_skin_beside_the_eyes(full):
    mesh = full._pieces["skin"].mesh
    assert np.asarray(mesh.point_data["fold"]).max() == 0
    full.set_face(channels(AU6=1))
    fold = np.asarray(mesh.point_data["fold"])
    points = full.head.rest[full._pieces["skin"].part.rows]
    assert fold.max() > 0.5
    assert np.abs(points[fold > 0.5, 1]).max() < 0.04
    assert points[fold > 0.5, 2].min() > -0.04


def test_closed_lids_take_the_light_from_the_eyes(light):
    ball = light._pieces["eye-left"].mesh
    front = light.head.rest[light._pieces["eye-left"].part.rows, 2] > 0.008
    before = np.asarray(ball.point_data["light"])[front].mean()
    light.set_face(channels(AU43=1))
    assert np.asarray(ball.point_data["light"])[front].mean() < 0.7 * before


def test_glints_lie_on_the_eyes(light):
    points = np.asarray(light._glints.mesh.points)
    s = light.face.skeleton
    for k, side in enumerate(("left", "right")):
        own = points[k * len(points) // 2 : (k + 1) * len(points) // 2]
        d = np.linalg.norm(own - s.pivots[s.names.index(f"eye-{side}")], axis=1)
        assert (d > 0.0125).all()
        assert (d < 0.017).all()


def test_the_bust_is_cut_on_its_outline():
    s = load_skeleton()
    head = HeadMesh(s)
    part = head.parts["skin"]
    rest = head.rest[part.rows]
    depth = bust_depth(rest)[rest[:, 1] < -0.115]
    assert depth.min() > -0.02  # quads whose far corner has no edge across stay a little long
    on_edge = np.abs(bust_depth(rest)) < 1e-3
    assert (on_edge & (rest[:, 1] < -0.115)).sum() > 40


def test_every_part_is_shown_once():
    s = load_skeleton()
    head = HeadMesh(s)
    assert {"skin", "eye-left", "eye-right", "teeth", "tongue", "lashes"} == set(head.parts)
    upper = head.parts["teeth"].uv[:, 1] > 0.5
    y = head.rest[head.parts["teeth"].rows, 1]
    assert y[upper].mean() > y[~upper].mean()
    assert (s.part == PARTS.index("hair")).sum() == 0


def test_camera_and_scene_axes():
    half = np.sqrt(0.5)
    np.testing.assert_allclose(camera_to_scene(np.array([0, 0, 0, 1.0])), np.eye(3), atol=1e-6)
    # A turn about the camera's y, which points down, is the other way round the scene's.
    turn = camera_to_scene(np.array([0, half, 0, half]))
    np.testing.assert_allclose(turn @ [0, 0, 1], [-1, 0, 0], atol=1e-6)
