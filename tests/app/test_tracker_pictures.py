"""The tracker with a regressor that looks at the picture: its view, this person's code, who the face is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.capture import Frame
from app.face_frame import FaceFrame
from app.profiles import Profile, load_profile, save_profile
from app.tracker import Tracker, TrackerSettings
from models.runtime import alignment
from models.runtime.crop import FIVE, SIZE, TEMPLATE
from models.runtime.landmarks import LandmarkResult
from rig.parameters import CHANNEL_INDEX, N_CHANNELS, N_IDENTITY

SMILE = [CHANNEL_INDEX["AU12-left"], CHANNEL_INDEX["AU12-right"]]
REST = alignment.rest_face()
CODE = 4
HEIGHT, WIDTH = 480, 640


class ScriptedEngine:
    """Gives out the landmarks that a frame's picture was drawn with."""

    name, device = "scripted", "cpu"

    def __init__(self, faces: dict[int, np.ndarray]) -> None:
        self.faces = faces

    def detect(self, image: np.ndarray, time_s: float) -> LandmarkResult | None:
        points = self.faces.get(round(30 * time_s))
        return None if points is None else LandmarkResult(points, 0.9)

    def reset(self) -> None: ...

    def close(self) -> None: ...


@dataclass
class Reading:
    au: np.ndarray
    identity: np.ndarray
    brow_style: np.ndarray
    code: np.ndarray


class LevelRegressor:
    """Code: the view's mean level in every place. AU12: how far that is above the neutral code, 0 without one."""

    size, code_size = "lite", CODE

    def __init__(self, network: str = "levels 1") -> None:
        self.network = network
        self.views: list[np.ndarray] = []
        self.neutral_codes: list[np.ndarray] = []

    def predict(
        self, picture: np.ndarray, landmarks: np.ndarray, neutral: np.ndarray, neutral_code: np.ndarray
    ) -> Reading:
        assert (picture.shape, picture.dtype) == ((SIZE, SIZE, 3), np.uint8)
        assert landmarks.shape == neutral.shape == (478, 3)
        self.views.append(picture)
        self.neutral_codes.append(neutral_code)
        code = np.full(CODE, picture.mean() / 255, np.float32)
        au = np.zeros(N_CHANNELS, np.float32)
        au[SMILE] = np.clip(code[0] - neutral_code[0], 0, 1) if neutral_code.any() else 0
        noise = np.random.default_rng(len(self.views)).normal(0, 0.1, N_IDENTITY).astype(np.float32)
        return Reading(au, 0.6 + noise, np.eye(36, dtype=np.float32)[9], code)


def smiling(face: np.ndarray) -> np.ndarray:
    out = face.copy()
    below = out[:, 1] < out[2, 1]
    out[below, 0] *= 1.3
    out[below, 1] += 0.008
    return out


def pixels(face: np.ndarray = REST, euler: Sequence[float] = (0, 0, 0), at: Sequence[float] = (320, 240)) -> np.ndarray:
    """A face of the head frame as landmarks in the picture."""
    rotation = alignment.rotation_from_euler(np.array(euler)) @ alignment.FACING
    return (1200 * face @ rotation.T + np.float32([*at, 0])).astype(np.float32)


class Film:
    """Frames whose pictures have one level each, and the landmarks in them."""

    def __init__(self) -> None:
        self.levels: list[int] = []
        self.faces: dict[int, np.ndarray] = {}

    def add(self, frames: int, level: int, face: np.ndarray | None = REST) -> "Film":
        for _ in range(frames):
            if face is not None:
                self.faces[len(self.levels)] = pixels(face)
            self.levels.append(level)
        return self

    def frames(self) -> list[Frame]:
        pictures = {level: np.full((HEIGHT, WIDTH, 3), level, np.uint8) for level in set(self.levels)}
        return [Frame(i, pictures[v], 50 + i / 30, 1e9 + i / 30, i / 30, False) for i, v in enumerate(self.levels)]


def follow(film: Film, subject: Tracker | None = None, **settings: object) -> tuple[Tracker, list[FaceFrame]]:
    chosen = replace(TrackerSettings(filter="off"), **settings)  # type: ignore[arg-type]
    subject = subject or Tracker(chosen, ScriptedEngine(film.faces), LevelRegressor())
    return subject, [subject.track(frame) for frame in film.frames()]


def network(subject: Tracker) -> LevelRegressor:
    regressor = subject._seeing
    assert isinstance(regressor, LevelRegressor)
    return regressor


# ------------------------------------------------------------ the view


@pytest.mark.parametrize("euler", [(0, 0, 0), (25, 10, 0), (0, 0, 30)])
def test_the_network_sees_the_face_upright_and_in_its_place(euler: tuple[int, int, int]) -> None:
    """Dots drawn at the five points of the face arrive where the template has them, whatever the head does."""
    points = pixels(euler=euler, at=(250, 200))
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for x, y in points[list(FIVE), :2]:
        cv2.circle(image, (round(float(x)), round(float(y))), 3, (255, 255, 255), -1)
    subject = Tracker(TrackerSettings(), ScriptedEngine({0: points}), LevelRegressor())
    face = subject.track(Frame(0, image, 0, 0, 0, False))
    (view,) = network(subject).views
    count, _, _, centres = cv2.connectedComponentsWithStats((view[..., 0] > 90).astype(np.uint8))
    assert count == 6
    expected = TEMPLATE * SIZE
    found = np.array([centres[1:][np.linalg.norm(centres[1:] + 0.5 - p, axis=1).argmin()] for p in expected]) + 0.5
    # No face has the template's proportions; a turned one does not come near, a tilted one as near as any.
    assert np.abs(found - expected).max() < (9 if euler[0] else 4)
    assert {"crop", "regress"} <= set(face.latency_ms)


def test_without_a_face_nobody_looks() -> None:
    subject, faces = follow(Film().add(3, 100, None))
    assert network(subject).views == []
    assert {f.state for f in faces} == {"searching"}
    assert subject.model == "lite"


# ------------------------------------------------------------ the code at rest


def test_the_code_is_unknown_at_first_then_that_of_rest_and_stays_through_a_smile() -> None:
    subject, faces = follow(Film().add(60, 100).add(200, 200, smiling(REST)))
    codes = network(subject).neutral_codes
    assert not codes[0].any()
    np.testing.assert_allclose(codes[59], 100 / 255, atol=1e-5)
    np.testing.assert_allclose(codes[-1], 100 / 255, atol=0.02)
    assert faces[-1].au[SMILE].min() == pytest.approx(100 / 255, abs=0.03)


def test_off_knows_no_code() -> None:
    subject, _ = follow(Film().add(60, 100), calibrate="off")
    assert not np.any(network(subject).neutral_codes)


def test_a_calibration_takes_the_code_of_its_second() -> None:
    film = Film().add(60, 100).add(40, 180, smiling(REST))
    subject, _ = follow(Film().add(60, 100))
    subject._engine.faces = film.faces  # type: ignore[attr-defined]
    subject.calibrate_now()
    faces = [subject.track(frame) for frame in film.frames()[60:]]
    np.testing.assert_allclose(network(subject).neutral_codes[-1], 180 / 255, atol=1e-4)
    assert faces[-1].au[SMILE].max() < 0.01
    assert subject.profile.code is not None
    np.testing.assert_allclose(subject.profile.code, 180 / 255, atol=1e-4)


def test_the_first_second_too() -> None:
    subject, faces = follow(Film().add(32, 150, smiling(REST)).add(60, 90), calibrate="first-second")
    assert faces[10].state == "calibrating"
    np.testing.assert_allclose(network(subject).neutral_codes[-1], 150 / 255, atol=1e-4)


def test_whole_takes_the_code_of_the_rest_that_comes_last() -> None:
    film = Film().add(60, 200, smiling(REST)).add(5, 50, None).add(60, 80)
    subject = Tracker(TrackerSettings(filter="off", calibrate="whole"), ScriptedEngine(film.faces), LevelRegressor())
    subject.first_pass(film.frames())
    looked = len(network(subject).views)
    assert 40 < looked < 100, "only so often as there is something to learn"
    _, faces = follow(film, subject)
    np.testing.assert_allclose(network(subject).neutral_codes[looked], 80 / 255, atol=0.01)
    assert faces[0].au[SMILE].min() > 0.4, "known before its rest was ever shown"


def test_somebody_else_has_another_code_and_another_likeness() -> None:
    other = (REST * [1.14, 0.93, 1.0]).astype(np.float32)
    film = Film().add(60, 100).add(40, 0, None).add(60, 220, other)
    subject, _ = follow(film)
    np.testing.assert_allclose(network(subject).neutral_codes[-1], 220 / 255, atol=0.01)


# ------------------------------------------------------------ profiles


def test_a_profile_brings_its_code_from_the_first_frame_on(tmp_path: Path) -> None:
    subject, _ = follow(Film().add(60, 100))
    path = save_profile(tmp_path / "ada.npz", subject.profile)
    assert load_profile(path).network == "levels 1"
    again, faces = follow(Film().add(3, 200), calibrate=str(path))
    np.testing.assert_allclose(network(again).neutral_codes, 100 / 255, atol=1e-5)
    assert faces[0].au[SMILE].min() == pytest.approx(100 / 255, abs=1e-3)


@pytest.mark.parametrize("kind", ["another network", "another size", "without a code"])
def test_a_code_of_no_use_is_learned_anew_beside_the_profiles_landmarks(kind: str, tmp_path: Path) -> None:
    face = (REST * np.float32([1.02, 0.99, 1])).astype(np.float32)
    profile = {
        "another network": Profile(face, np.full(CODE, 0.9, np.float32), "levels 2"),
        "another size": Profile(face, np.full(CODE + 1, 0.9, np.float32), "levels 1"),
        "without a code": Profile(face),
    }[kind]
    subject, _ = follow(Film().add(60, 100, face), calibrate=str(save_profile(tmp_path / "p.npz", profile)))
    codes = network(subject).neutral_codes
    assert not codes[0].any()
    np.testing.assert_allclose(codes[-1], 100 / 255, atol=1e-4)
    np.testing.assert_array_equal(subject.neutral, face)
    assert subject.profile.network == "levels 1", "saved again it is whole"


def test_before_rest_was_seen_a_profile_has_no_code() -> None:
    subject, _ = follow(Film().add(1, 100))
    assert (subject.profile.code, subject.profile.network) == (None, "")


# ------------------------------------------------------------ who it is


def test_identity_and_brow_style_are_held_steady_and_go_into_the_frame() -> None:
    _, faces = follow(Film().add(120, 100).add(90, 0, None))
    assert {f.brow_style for f in faces} == {9}
    assert np.abs(faces[119].identity - 0.6).mean() < 0.02
    assert np.abs(faces[119].identity - faces[118].identity).max() < 0.01
    np.testing.assert_array_equal(faces[-1].identity, faces[119].identity)
    assert faces[-1].state == "lost"
