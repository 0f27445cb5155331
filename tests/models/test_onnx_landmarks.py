"""The landmark engine on real faces: right places, right sides, and a face followed, lost and found again."""

import math
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.compare_landmarks import compare, eye_distance, read_clip
from models.runtime.engines import make_landmark_engine
from models.runtime.face_mesh import CALM, SIZE, FaceMesh, Roi, project
from models.runtime.landmarks import N_LANDMARKS
from models.runtime.mediapipe_landmarks import MediaPipeLandmarks
from models.runtime.onnx_landmarks import OnnxLandmarks
from models.runtime.sessions import ModelError

Load = Callable[[str], np.ndarray]
RIGHT_EYE, LEFT_EYE = (33, 159, 133, 145), (362, 386, 263, 374)  # outer or inner corner, lid, corner, lid


@pytest.fixture
def engine() -> OnnxLandmarks:
    return OnnxLandmarks("cpu")


@pytest.fixture
def load(data_dir: Path) -> Load:
    return lambda name: cv2.cvtColor(cv2.imread(str(data_dir / "stills" / f"{name}.jpg")), cv2.COLOR_BGR2RGB)


def off(points: np.ndarray, expected: np.ndarray) -> float:
    """Median distance in percent of the distance between the eyes."""
    return float(np.median(np.linalg.norm((points - expected)[:, :2], axis=1)) * 100 / eye_distance(expected))


# --- the square ------------------------------------------------------------------------------------------------------


def test_crop_and_projection_are_inverse() -> None:
    roi = Roi(100.0, 80.0, 60.0, 0.4)
    corners = np.zeros((N_LANDMARKS, 3), np.float32)
    corners[1, :2], corners[2] = SIZE, (SIZE / 2, SIZE / 2, 19.2)
    points = project(corners, roi)
    assert np.allclose(points[2], [100, 80, 6], atol=1e-4)  # centre to centre, depth in the same scale
    assert np.linalg.norm(points[1] - points[0]) == pytest.approx(60 * math.sqrt(2), rel=1e-5)
    # warpAffine counts pixel centres from 0, landmarks count from the pixels' edges: half a pixel between them.
    warped = roi.to_picture() @ [10 - 0.5, 20 - 0.5, 1] + 0.5
    corners[3, :2] = 10, 20
    assert np.allclose(project(corners, roi)[3, :2], warped, atol=1e-4)


@pytest.mark.parametrize("roi", [Roi(60, 50, 70, 0.3), Roi(3, 77, 90, 2.5), Roi(99, 1, 400, -1.0)])
def test_the_mesh_sees_its_picture_and_nothing_of_the_last_one(roi: Roi) -> None:
    rng = np.random.default_rng(5)
    picture, last = rng.integers(0, 256, (2, 80, 100, 3), np.uint8)
    fresh, used = FaceMesh("cpu"), FaceMesh("cpu")
    used.run(last, Roi(50, 40, 300, 0.0))
    for got, expected in zip(used.run(picture, roi), fresh.run(picture, roi), strict=True):
        np.testing.assert_array_equal(got, expected)
    plain = cv2.warpAffine(
        picture, roi.to_picture(), (SIZE, SIZE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    points, _ = used._session.run(plain[None])
    np.testing.assert_array_equal(used.run(picture, roi)[0], project(points[0], roi))


def test_square_keeps_calm_but_goes_along_with_a_move() -> None:
    roi = Roi(100, 100, 200, math.pi - 0.001)
    trembled = roi.follow(Roi(101, 100, 200, -math.pi + 0.004))
    assert abs(trembled.x - 100) < 0.1
    assert abs(trembled.angle - roi.angle) < 0.001  # and not once around
    moved = Roi(100 + 200 * CALM, 100, 190, 0.0)
    assert roi.follow(moved).x == pytest.approx(moved.x)


# --- real faces ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["flux_man_0001_0", "flux_woman_0033_0", "fr_test_images_obama_0", "lp_d9_0"])
def test_points_lie_where_they_should(engine: OnnxLandmarks, load: Load, name: str) -> None:
    result = engine.detect(load(name), 0.0)
    assert result is not None
    assert result.points.shape == (N_LANDMARKS, 3)
    assert result.points.dtype == np.float32
    assert 0.5 <= result.confidence <= 1
    p = result.points
    assert p[468, 0] < p[473, 0]  # subject's right iris on the picture's left: not mirrored
    for iris, eye in ((468, RIGHT_EYE), (473, LEFT_EYE)):
        assert cv2.pointPolygonTest(p[list(eye), None, :2].copy(), p[iris, :2].tolist(), False) >= 0
        # The four points around an iris lie as far from it as an iris is wide: 11.7 of about 63 mm between the eyes.
        radius = np.linalg.norm(p[iris + 1 : iris + 5, :2] - p[iris, :2], axis=1).mean()
        assert 0.06 < radius / eye_distance(p) < 0.13
    assert p[[159, 386], 1].max() < p[1, 1] < p[13, 1] <= p[14, 1] + 1 < p[152, 1]  # eyes, nose, lips, chin
    assert p[1, 2] < p[[234, 454], 2].min()  # the nose is nearer than the ears


def test_turned_and_scaled_pictures_give_turned_and_scaled_points(engine: OnnxLandmarks, load: Load) -> None:
    image = load("flux_man_0017_0")
    size = image.shape[0]
    upright = engine.detect(image, 0.0)
    assert upright is not None
    engine.reset()
    turned = engine.detect(np.rot90(image, -1), 0.0)  # clockwise, and not contiguous
    assert turned is not None
    expected = upright.points.copy()
    expected[:, 0], expected[:, 1] = size - upright.points[:, 1], upright.points[:, 0]
    assert off(turned.points, expected) < 2
    engine.reset()
    large = engine.detect(cv2.resize(image, None, fx=5.5, fy=5.5, interpolation=cv2.INTER_CUBIC), 0.0)
    assert large is not None
    assert off(large.points / 5.5, upright.points) < 2


def test_face_cut_by_the_border_is_still_found(engine: OnnxLandmarks, load: Load) -> None:
    image = load("flux_woman_0057_0")
    whole = engine.detect(image, 0.0)
    assert whole is not None
    cut = round(float(whole.points[234, 0] * 0.7 + whole.points[1, 0] * 0.3))  # through the right cheek
    engine.reset()
    part = engine.detect(image[:, cut:], 0.0)
    assert part is not None
    assert off(part.points + np.float32([cut, 0, 0]), whole.points) < 6


def test_largest_of_several_people_is_taken_and_kept(engine: OnnxLandmarks, load: Load) -> None:
    man, woman = load("flux_man_0025_0"), load("flux_woman_0077_0")
    small = cv2.resize(man, (160, 160))
    both = np.full((400, 700, 3), 90, np.uint8)
    both[100:260, 20:180], both[20:380, 300:660] = small, cv2.resize(woman, (360, 360))
    result = engine.detect(both, 0.0)
    assert result is not None
    assert result.points[1, 0] > 300
    # Following: the first face is kept although the other is now the larger one.
    both[100:260, 20:180], grown = 90, cv2.resize(man, (290, 390))
    both[5:395, 5:295] = grown
    result = engine.detect(both, 0.04)
    assert result is not None
    assert result.points[1, 0] > 300


@pytest.mark.parametrize("earlier", [0, 1])
def test_small_face_is_found(engine: OnnxLandmarks, load: Load, earlier: int) -> None:
    """A face of 55 pixels in a 720p picture: at once in a first picture, within two seconds of a running camera."""
    picture = np.full((720, 1280, 3), 100, np.uint8)
    for _ in range(earlier):
        assert engine.detect(picture, 0.0) is None
    picture = picture.copy()
    picture[200:300, 900:1000] = cv2.resize(load("flux_man_0101_0"), (100, 100), interpolation=cv2.INTER_AREA)
    results = [engine.detect(picture, i / 30) for i in range(60 if earlier else 1)]
    result = results[-1]
    assert result is not None
    assert np.linalg.norm(result.points[1, :2] - [950, 250]) < 25


def test_letters_and_clouds_are_no_faces(engine: OnnxLandmarks, data_dir: Path) -> None:
    for time_s, picture in read_clip(data_dir / "clips" / "pf_no_face.mp4", stride=12):
        engine.reset()  # so that every part of every picture is searched
        assert engine.detect(picture, time_s) is None


def test_searches_only_while_the_face_is_lost(
    engine: OnnxLandmarks, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    searches = 0
    find = engine._detector.detect

    def count(image: np.ndarray, tile: tuple[int, int, int] | None = None) -> list:
        nonlocal searches
        searches += tile is None
        return find(image, tile)

    monkeypatch.setattr(engine._detector, "detect", count)
    face = load("lp_d8_0")
    nothing = np.zeros_like(face)
    for picture, expected in ((face, 1), (face, 1), (face, 1), (nothing, 2), (nothing, 3), (face, 4), (face, 4)):
        assert (engine.detect(picture, 0.0) is None) == (picture is nothing)
        assert searches == expected
    engine.reset()
    assert engine.detect(face, 0.0) is not None
    assert searches == 5


def test_face_that_jumps_is_found_in_the_same_picture(engine: OnnxLandmarks, load: Load) -> None:
    face = cv2.resize(load("flux_man_0056_0"), (200, 200))
    for left in (0, 400, 0):
        picture = np.full((200, 600, 3), 128, np.uint8)
        picture[:, left : left + 200] = face
        result = engine.detect(picture, 0.0)
        assert result is not None
        assert abs(result.points[1, 0] - left - 100) < 40


# --- odd pictures ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (2, 3)])
def test_tiny_pictures_hold_no_face(engine: OnnxLandmarks, size: tuple[int, int]) -> None:
    assert engine.detect(np.full((*size, 3), 200, np.uint8), 0.0) is None


@pytest.mark.parametrize("shape", [(40, 40), (40, 40, 4), (0, 40, 3)])
def test_what_is_no_rgb_picture_is_refused(engine: OnnxLandmarks, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="uint8"):
        engine.detect(np.zeros(shape, np.uint8), 0.0)
    with pytest.raises(ValueError, match="uint8"):
        engine.detect(np.zeros((40, 40, 3), np.float32), 0.0)  # type: ignore[arg-type]


def test_picture_smaller_than_the_last_one(engine: OnnxLandmarks, load: Load) -> None:
    assert engine.detect(load("flux_man_0001_0"), 0.0) is not None
    assert engine.detect(np.zeros((20, 20, 3), np.uint8), 0.1) is None


# --- MediaPipe's own engine, through the same interface --------------------------------------------------------------


@pytest.fixture(scope="module")
def task(data_dir: Path) -> Path:
    path = data_dir / "models" / "face_landmarker.task"
    if not path.is_file():
        pytest.skip(f"no model bundle at {path}")
    return path


@pytest.mark.parametrize("clip", ["lp_d0", "pf_noface_face", "pf_single_face"])
def test_near_to_face_landmarker(engine: OnnxLandmarks, task: Path, data_dir: Path, clip: str) -> None:
    reference = MediaPipeLandmarks(task)
    result = compare(engine, reference, data_dir / "clips" / f"{clip}.mp4", stride=6)
    reference.close()
    assert result.both >= 10
    assert np.median(result.all_points) <= 3  # percent of the distance between the eyes
    assert np.median(result.regions["irises"]) <= 3
    assert np.median(result.regions["lips"]) <= 3
    assert result.only_first + result.only_second <= 1


def test_mediapipe_engine_gives_blendshapes_when_asked(task: Path, load: Load) -> None:
    engine = MediaPipeLandmarks(task, blendshapes=True)
    assert engine.blendshapes is None
    face = load("lp_d9_0")  # a mouth wide open
    for _ in range(2):  # the same time twice: MediaPipe itself would refuse
        assert engine.detect(face, 1.0) is not None
        assert engine.blendshapes is not None
        assert engine.blendshapes["jawOpen"] > 0.3
    assert engine.detect(np.zeros_like(face), 2.0) is None
    assert engine.blendshapes is None
    engine.reset()
    assert engine.detect(face, 0.0) is not None  # time may start again after a reset
    engine.close()


def test_engines_by_name(task: Path) -> None:
    assert make_landmark_engine("onnx", "cpu").name == "onnx"
    reference = make_landmark_engine("mediapipe", "cpu", task)
    assert (reference.name, reference.device) == ("mediapipe", "cpu")
    reference.close()


def test_what_no_engine_can_be_made_of_is_refused_in_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.task"
    broken.write_bytes(b"no bundle")
    for kind, path, said in (
        ("mediapipe", None, "--task"),
        ("mediapipe", tmp_path / "gone.task", "gone.task"),
        ("mediapipe", broken, "--task"),
        ("dlib", None, "onnx, mediapipe"),
    ):
        with pytest.raises(ModelError, match=said) as caught:
            make_landmark_engine(kind, "cpu", path)
        assert "\n" not in str(caught.value)
