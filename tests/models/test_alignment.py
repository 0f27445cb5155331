"""Alignment: signs, exactness on projections of the canonical face, and calm on real faces whose mouths open."""

import numpy as np
import pytest

from models.runtime import alignment as al

RNG = np.random.default_rng(7)


def project(euler_deg: np.ndarray, scale: float = 1500.0) -> np.ndarray:
    """The canonical face under weak perspective: (..., 3) degrees -> (..., 478, 3) pixels."""
    rotation = al.rotation_from_euler(euler_deg) @ al.FACING
    return scale * al.canonical_face() @ np.swapaxes(rotation, -1, -2) + np.float32([640, 360, 0])


def test_canonical_face_is_metric_symmetric_and_in_the_head_frame() -> None:
    face = al.canonical_face()
    assert face.shape == (478, 3)
    assert 0.058 < face[473, 0] - face[468, 0] < 0.068  # the pupils of adults: 63 mm on average
    assert face[263, 0] > 0 > face[33, 0]  # the subject's left is +x
    assert face[10, 1] > face[152, 1]  # forehead above chin
    assert face[4, 2] > face[127, 2]  # nose in front of temples
    twin = al.mirror_landmarks()
    np.testing.assert_array_equal(twin[twin], np.arange(478))
    np.testing.assert_allclose(face[twin] * [-1, 1, 1], face, atol=2e-4)
    assert (twin[[33, 468, 469, 470]] == [263, 473, 476, 475]).all()


def test_align_recovers_the_canonical_face_from_any_pose_in_a_batch() -> None:
    euler = RNG.uniform(-50, 50, (4, 25, 3)).astype(np.float32)
    points = project(euler)
    fit = al.fit_head(points)
    assert fit.rotation.shape == (4, 25, 3, 3)
    np.testing.assert_allclose(fit.scale, 1500, rtol=1e-4)
    aligned = al.align(points, fit)
    assert aligned.dtype == np.float32
    np.testing.assert_allclose(aligned, np.broadcast_to(al.canonical_face(), aligned.shape), atol=2e-6)
    np.testing.assert_allclose(al.unalign(aligned, fit), points, atol=0.02)
    np.testing.assert_allclose(al.euler_from_rotation(fit.rotation @ al.FACING), euler, atol=0.01)


def test_one_face_equals_the_same_face_in_a_batch() -> None:
    points = project(RNG.uniform(-30, 30, (3, 3))) + RNG.normal(0, 2, (3, 478, 3)).astype(np.float32)
    batch = al.align(points, al.fit_head(points))
    for one, expected in zip(points, batch, strict=True):
        np.testing.assert_allclose(al.align(one, al.fit_head(one)), expected, atol=1e-6)


def test_mirrored_landmarks_are_never_fitted_by_a_reflection() -> None:
    points = project(np.zeros(3)) * np.float32([-1, 1, 1])
    assert np.linalg.det(al.fit_head(points).rotation) == pytest.approx(1, abs=1e-5)


def test_faces_that_are_not_finite_or_shrunk_to_a_point_give_nan_and_leave_their_neighbours_alone() -> None:
    points = np.repeat(project(np.zeros(3))[None], 3, 0)
    points[1, 10] = np.nan
    points[2] = 5
    fit = al.fit_head(points)
    np.testing.assert_array_equal(np.isnan(fit.scale), [False, True, True])
    pose = al.head_pose(points, al.Camera.of_image(1280, 720))
    assert np.isfinite(pose.euler_deg[0]).all()
    assert np.isnan(pose.euler_deg[1:]).all()
    assert np.isnan(pose.quaternion[1:]).all()
    assert np.isnan(pose.position_m[1:]).all()


@pytest.mark.parametrize(
    ("euler", "direction"),
    [
        ((30, 0, 0), (0.5, 0, -0.866)),  # to the subject's left = right in the picture
        ((0, 30, 0), (0, -0.5, -0.866)),  # up = towards smaller y
    ],
)
def test_yaw_and_pitch_turn_the_face_where_they_say(euler: tuple[float, ...], direction: tuple[float, ...]) -> None:
    rotation = al.rotation_from_euler(np.array(euler)) @ al.FACING
    np.testing.assert_allclose(rotation @ [0, 0, 1], direction, atol=1e-3)


def test_roll_tilts_the_crown_towards_the_subjects_left_shoulder() -> None:
    crown = al.rotation_from_euler(np.array([0, 0, 30])) @ al.FACING @ [0, 1, 0]
    np.testing.assert_allclose(crown, (0.5, -0.866, 0), atol=1e-3)


def test_quaternions_and_euler_angles_go_there_and_back() -> None:
    euler = np.concatenate([RNG.uniform(-85, 85, (300, 3)), [[180, 0, 0], [0, 0, 180], [90, 0, 0]]])
    rotation = al.rotation_from_euler(euler)
    quaternion = al.quaternion_from_rotation(rotation)
    np.testing.assert_allclose(np.linalg.norm(quaternion, axis=-1), 1, atol=1e-6)
    assert (quaternion[:, 3] >= 0).all()
    np.testing.assert_allclose(al.rotation_from_quaternion(quaternion), rotation, atol=1e-6)
    np.testing.assert_array_equal(al.quaternion_from_rotation(np.eye(3)), [0, 0, 0, 1])


@pytest.mark.parametrize("off_axis", [0.0, 0.4])
def test_head_pose_undoes_the_perspective_of_a_near_camera(off_axis: float) -> None:
    """Pinhole projections at 35 cm, with depth along the line of sight as a model that sees a crop would give it."""
    camera = al.Camera.of_image(1280, 720)
    face = al.canonical_face()
    eyes = face[list(al.EYE_CORNERS)].mean(axis=0)
    euler = RNG.uniform(-20, 20, (40, 3)).astype(np.float32)
    position = np.float32([0.35 * off_axis, -0.35 * off_axis / 2, 0.35])
    metric = (face - eyes) @ np.swapaxes(al.rotation_from_euler(euler) @ al.FACING, -1, -2) + position
    pixels = metric[..., :2] / metric[..., 2:] * camera.focal_px + np.float32(camera.centre_px)
    sight = metric[:, al.rigid_points()].mean(axis=1)
    distance = np.linalg.norm(sight, axis=-1)
    depth = np.einsum("fkc,fc->fk", metric, sight / distance[:, None])
    cosine = sight[:, 2] / distance
    z = (depth - distance[:, None]) * (camera.focal_px / distance / cosine**1.5)[:, None]
    points = np.concatenate([pixels, z[..., None]], axis=-1).astype(np.float32)

    pose = al.head_pose(points, camera)
    weak = al.euler_from_rotation(al.fit_head(points).rotation @ al.FACING)
    error = np.abs(pose.euler_deg - euler).mean()
    assert error < 0.5
    assert error < 0.5 * np.abs(weak - euler).mean()
    assert np.linalg.norm(pose.position_m - position, axis=-1).mean() < 0.006
