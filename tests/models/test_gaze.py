"""Gaze: signs and degrees on a face whose irises are turned by hand; lids and winks do not move it."""

import numpy as np
import pytest

from models.runtime import alignment, gaze
from models.runtime.alignment import rest_face


def looking(yaw_deg: float, pitch_deg: float = 0.0) -> np.ndarray:
    """The mean face with both irises turned from rest about their balls; the upper lids follow the pitch."""
    face = rest_face().copy()
    yaw, pitch, _ = gaze._cues(face[gaze._EYES], gaze.AHEAD)
    for eye in (0, 1):
        iris = gaze._IRIS[eye]
        centre = (face[gaze._OUTER[eye]] + face[gaze._INNER[eye]]) / 2 - [0, 0, gaze.BALL_DEPTH_M]
        a, b = np.radians([yaw[eye] + yaw_deg, pitch[eye] + pitch_deg])
        direction = np.array([np.sin(a) * np.cos(b), np.sin(b), np.cos(a) * np.cos(b)])
        face[iris] += centre + gaze.BALL_RADIUS_M * direction - face[iris].mean(axis=0)
        face[gaze._UPPER[eye], 1] += 0.0002 * pitch_deg
    return face


def wink(face: np.ndarray, eye: int) -> np.ndarray:
    """The same with one eye's upper lid on the lower and its iris pushed down, as the landmark model does it."""
    face = face.copy()
    face[gaze._UPPER[eye]] = face[gaze._LOWER[eye]]
    face[gaze._IRIS[eye], 1] -= 0.004
    return face


@pytest.mark.parametrize("yaw", [-30, -10, 0, 10, 30])
def test_yaw_is_read_from_the_irises_in_degrees_to_the_subjects_left(yaw: float) -> None:
    np.testing.assert_allclose(gaze.eye_angles(looking(yaw))[:, 0], yaw, atol=0.5)


def test_the_head_may_turn_and_the_depth_of_the_irises_may_be_wrong() -> None:
    rotation = alignment.rotation_from_euler(np.array([25, -10, 5])) @ alignment.FACING
    sight = rotation[2]
    face = looking(15)
    wrong = face.copy()
    wrong[468:] += 0.006 * sight  # along the line of sight, which no picture shows
    np.testing.assert_allclose(gaze.eye_angles(wrong, sight=sight)[:, 0], 15, atol=0.5)


@pytest.mark.parametrize("pitch", [-20, -10, 0, 10, 20])
def test_pitch_is_upwards_and_in_degrees_where_iris_and_lid_go_together(pitch: float) -> None:
    np.testing.assert_allclose(gaze.eye_angles(looking(0, pitch))[:, 1], pitch, atol=0.5)


def test_gaze_is_relative_to_the_persons_own_rest() -> None:
    rest = looking(4, 6)  # eyes that sit a little aside when they look ahead
    np.testing.assert_allclose(gaze.eye_angles(rest, rest), 0, atol=1e-3)
    np.testing.assert_allclose(gaze.eye_angles(looking(24, 6), rest)[:, 0], 20, atol=0.5)


def test_a_neutral_taken_while_looking_far_aside_is_not_believed() -> None:
    aside = looking(40)
    assert gaze.eye_angles(aside, aside)[:, 0].min() > 20


def test_a_mirrored_face_looks_the_other_way() -> None:
    mirrored = looking(20, 5)[alignment.mirror_landmarks()] * np.array([-1, 1, 1], np.float32)
    here, there = gaze.eye_angles(looking(20, 5)), gaze.eye_angles(mirrored)
    np.testing.assert_allclose(there[::-1] * [-1, 1], here, atol=0.7)


def test_openness_tells_each_eye_of_its_own() -> None:
    face = rest_face()
    left_shut = gaze.openness(wink(face, 0)) / gaze.openness(face)
    assert left_shut[0] < 0.05
    assert left_shut[1] == pytest.approx(1)


def test_a_wink_does_not_move_the_gaze() -> None:
    angles = gaze.eye_angles(wink(looking(12), 0))
    assert abs(angles[0, 1]) > 5  # the shut eye alone would be wrong
    np.testing.assert_allclose(gaze.couple(angles, np.array([0, 1], np.float32)), [[12, 0], [12, 0]], atol=0.6)


def test_coupling_shares_the_pitch_allows_crossed_eyes_and_forbids_a_wide_squint() -> None:
    both = np.ones(2, np.float32)
    crossed = gaze.couple(np.array([[-5, 4], [5, 2]], np.float32), both)
    np.testing.assert_allclose(crossed, [[-5, 3], [5, 3]], atol=1e-5)
    apart = gaze.couple(np.array([[20, 0], [-20, 0]], np.float32), both)
    assert apart[0, 0] - apart[1, 0] == pytest.approx(-gaze.VERGENCE_DEG[0])
    assert np.isnan(gaze.couple(np.zeros((2, 2), np.float32), np.zeros(2, np.float32))).all()


def test_a_batch_equals_its_faces() -> None:
    faces = np.stack([looking(y, p) for y, p in ((0, 0), (15, 5), (-20, -10))])
    sight = np.tile(gaze.AHEAD, (3, 1))
    np.testing.assert_allclose(gaze.eye_angles(faces, sight=sight), [gaze.eye_angles(f) for f in faces], atol=1e-4)
