"""The neutral: found by itself, kept through a long smile, put right after a bad start."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from app import calibration as cal
from app.capture import VideoFile
from app.errors import UserError
from models.runtime import alignment, gaze
from models.runtime.engines import make_landmark_engine

FRONT = np.zeros(3, np.float32)
RNG = np.random.default_rng(5)


def person(offset_seed: int = 0) -> np.ndarray:
    """Somebody at rest who is not the mean face: proportions a few percent off, as people's are."""
    stretch = 1 + np.random.default_rng(offset_seed).uniform(-0.04, 0.04, 3)
    return (alignment.rest_face() * stretch).astype(np.float32)


def smiling(face: np.ndarray, amount: float = 1.0) -> np.ndarray:
    """Corners out and up, lips apart, eyes narrowed: in the size of pf_single_face's smile."""
    out = face.copy()
    side = np.sign(out[cal.LIPS, 0])
    reach = np.abs(out[cal.LIPS, 0]) / 0.025
    out[cal.LIPS, 0] += amount * 0.011 * side * reach
    out[cal.LIPS, 1] += amount * 0.009 * reach**2
    out[[14, 87, 178, 88, 95, 317, 402, 318, 324, 17, 84, 181, 314, 405], 1] -= amount * 0.010
    upper, lower = np.ravel(gaze._UPPER), np.ravel(gaze._LOWER)
    out[upper, 1] -= amount * 0.0006
    out[lower, 1] += amount * 0.0008
    return out


def blinking(face: np.ndarray) -> np.ndarray:
    out = face.copy()
    out[np.ravel(gaze._UPPER)] = out[np.ravel(gaze._LOWER)] + [0, 0.0004, 0]
    return out


def watch(
    running: cal.RunningNeutral, faces: Sequence[np.ndarray], start_s: float = 0.0, noise_m: float = 0.00015
) -> float:
    """Feed faces at 30 a second with a landmark model's jitter; returns the time after the last."""
    for i, face in enumerate(faces):
        jittered = face + RNG.normal(0, noise_m, face.shape).astype(np.float32)
        running.update(jittered, FRONT, start_s + i / 30)
    return start_s + len(faces) / 30


def off_mm(running: cal.RunningNeutral, truth: np.ndarray, points: np.ndarray) -> float:
    return 1000 * float(np.sqrt(((running.face - truth)[points] ** 2).sum(axis=-1).mean()))


def test_every_landmark_belongs_to_one_region_and_left_mirrors_right() -> None:
    together = np.concatenate([cal.BROWS, cal.EYES, cal.MOUTH])
    np.testing.assert_array_equal(np.sort(together), np.arange(478))
    for points in (cal.BROWS, cal.EYES, cal.MOUTH):
        np.testing.assert_array_equal(np.sort(alignment.mirror_landmarks()[points]), points)
    assert {66, 105, 9, 10} <= set(cal.BROWS)
    assert {159, 145, 33, 468, 477} <= set(cal.EYES)
    assert {61, 13, 152, 205, 4} <= set(cal.MOUTH)


def test_a_face_at_rest_is_its_own_neutral_within_half_a_second() -> None:
    face, running = person(1), cal.RunningNeutral()
    watch(running, [face] * 15)
    assert off_mm(running, face, np.arange(478)) < 0.3


def test_before_the_first_frame_there_is_the_mean_face() -> None:
    np.testing.assert_array_equal(cal.RunningNeutral().face, alignment.rest_face())


@pytest.mark.parametrize("amount", [1.0, 0.6])
def test_it_does_not_creep_into_a_smile_held_for_a_minute(amount: float) -> None:
    face, running = person(2), cal.RunningNeutral()
    now = watch(running, [face] * 60)
    now = watch(running, [smiling(face, amount * i / 15) for i in range(15)], now)
    watch(running, [smiling(face, amount)] * 1800, now)
    smile = 1000 * float(np.sqrt(((smiling(face, amount) - face)[cal.LIPS] ** 2).sum(-1).mean()))
    assert off_mm(running, face, cal.LIPS) < 0.06 * smile
    assert gaze.openness(running.face).mean() == pytest.approx(gaze.openness(face).mean(), rel=0.06)


def test_it_recovers_within_two_seconds_when_the_first_frames_smiled() -> None:
    face, running = person(3), cal.RunningNeutral()
    now = watch(running, [smiling(face)] * 90)
    now = watch(running, [smiling(face, 1 - i / 15) for i in range(15)], now)
    watch(running, [face] * 60, now)
    assert off_mm(running, face, cal.LIPS) < 1.0


def test_a_smile_in_the_first_frame_is_not_taken_for_rest() -> None:
    face, running = person(3), cal.RunningNeutral()
    watch(running, [smiling(face)])
    width = running.face[291, 0] - running.face[61, 0]
    smile_width = smiling(face)[291, 0] - smiling(face)[61, 0]
    assert width < face[291, 0] - face[61, 0] + 0.35 * (smile_width - (face[291, 0] - face[61, 0]))


def test_blinks_leave_no_trace_even_in_the_first_frame() -> None:
    face, running = person(4), cal.RunningNeutral()
    faces = ([blinking(face)] * 4 + [face] * 40) * 6
    watch(running, faces)
    assert gaze.openness(running.face).mean() == pytest.approx(gaze.openness(face).mean(), rel=0.03)


def test_talking_leaves_little_trace() -> None:
    face, running = person(5), cal.RunningNeutral()
    lower = np.flatnonzero(face[:, 1] < face[13, 1])

    def open_mouth(amount: float) -> np.ndarray:
        out = face.copy()
        out[lower, 1] -= amount * 0.012
        return out

    now = watch(running, [face] * 30)
    talk = [open_mouth(max(0.0, np.sin(i / 2.5)) * RNG.uniform(0.4, 1)) for i in range(900)]
    watch(running, talk, now)
    assert off_mm(running, face, cal.MOUTH) < 0.8


def test_turned_heads_teach_less_than_frontal_ones() -> None:
    face, distorted = person(6), person(7)
    running = cal.RunningNeutral()
    watch(running, [face] * 30)
    for i in range(90):
        running.update(distorted, np.array([50, 0, 0], np.float32), 1 + i / 30)
    assert off_mm(running, face, cal.MOUTH) < 0.3 * off_mm(running, distorted, cal.MOUTH)


def test_a_stranger_is_noticed_and_the_same_person_smiling_is_not() -> None:
    face, running = person(8), cal.RunningNeutral()
    watch(running, [face] * 30)
    assert not running.is_stranger(smiling(face))
    assert not running.is_stranger(blinking(face))
    wide = (face * [1.12, 0.94, 1.0]).astype(np.float32)
    assert running.is_stranger(wide)


def test_a_seek_back_and_repeated_times_are_harmless() -> None:
    face, running = person(9), cal.RunningNeutral()
    watch(running, [face] * 30, start_s=100.0)
    watch(running, [face] * 30, start_s=0.0)
    running.update(face, FRONT, 0.0)
    running.update(face, FRONT, 0.0)
    assert off_mm(running, face, np.arange(478)) < 0.3


def test_whole_sees_the_rest_that_comes_last() -> None:
    face = person(10)
    faces = np.stack([smiling(face)] * 120 + [face] * 60 + [np.full((478, 3), np.nan, np.float32)] * 5)
    neutral = cal.estimate_neutral(faces, np.zeros((len(faces), 3), np.float32), np.arange(len(faces)) / 30)
    assert 1000 * np.abs(neutral - face)[cal.LIPS].mean() < 0.3
    nothing = np.full((3, 478, 3), np.nan, np.float32)
    np.testing.assert_array_equal(cal.estimate_neutral(nothing, np.zeros((3, 3)), np.arange(3)), alignment.rest_face())


def test_calibration_on_request_leaves_out_blinks_and_wants_enough_frames() -> None:
    face = person(11)
    frames = np.stack([blinking(face)] * 12 + [face] * 13)
    np.testing.assert_allclose(cal.neutral_of_moment(frames), face, atol=1e-6)
    with pytest.raises(UserError, match="only 2 frames"):
        cal.neutral_of_moment(frames[:2])


# ------------------------------------------------------------ a real smile


@pytest.fixture(scope="module")
def real_smile(data_dir: Path) -> tuple[np.ndarray, np.ndarray]:
    """pf_single_face, neutral to smile in 72 frames: aligned landmarks and head angles."""
    engine = make_landmark_engine("onnx", "cpu")
    video = VideoFile(data_dir / "clips" / "pf_single_face.mp4")
    points = []
    while (frame := video.read()) is not None:
        found = engine.detect(frame.image, frame.media_time_s)
        assert found is not None
        points.append(found.points)
    fit = alignment.fit_head(np.stack(points))
    euler = alignment.euler_from_rotation(fit.rotation @ alignment.FACING)
    return alignment.align(np.stack(points), fit), euler


def mouth_width_mm(face: np.ndarray) -> float:
    return 1000 * float(face[291, 0] - face[61, 0])


def test_a_real_smile_held_for_a_minute_stays_a_smile(real_smile: tuple[np.ndarray, np.ndarray]) -> None:
    faces, euler = real_smile
    rest, smile = mouth_width_mm(faces[:4].mean(axis=0)), mouth_width_mm(faces[50])
    assert smile - rest > 15
    held = [40 + abs(i % 62 - 31) for i in range(1800)]
    running = cal.RunningNeutral()
    for i, at in enumerate([*range(4), *range(3, -1, -1)] * 8 + list(range(4, 40)) + held):
        running.update(faces[at], euler[at], i / 30)
    assert mouth_width_mm(running.face) - rest < 0.06 * (smile - rest)


def test_a_real_smile_in_the_beginning_is_put_right(real_smile: tuple[np.ndarray, np.ndarray]) -> None:
    faces, euler = real_smile
    rest, smile = mouth_width_mm(faces[:4].mean(axis=0)), mouth_width_mm(faces[50])
    running = cal.RunningNeutral()
    order = [40 + abs(i % 62 - 31) for i in range(90)] + list(range(39, -1, -1)) + [0, 1, 2, 3, 2, 1] * 10
    for i, at in enumerate(order):
        running.update(faces[at], euler[at], i / 30)
    assert abs(mouth_width_mm(running.face) - rest) < 0.1 * (smile - rest)
