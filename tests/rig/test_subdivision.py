"""Catmull-Clark as a matrix, against values worked out by hand."""

import numpy as np
import pytest

from rig.skeleton import load_skeleton
from rig.subdivision import Subdivided, catmull_clark

CUBE = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
CUBE_QUADS = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]], np.int32)


def test_a_cube_becomes_the_known_solid() -> None:
    fine = catmull_clark(CUBE_QUADS, CUBE_QUADS, 8, 8)
    points = fine.matrix @ CUBE
    assert fine.matrix.shape == (8 + 12 + 6, 8)
    # Corner (Q + 2 R + S) / 4 with Q = 1/3, R = 2/3, S = 1 (valence 3: S has weight 0): 5/9.
    np.testing.assert_allclose(np.abs(points[:8]), 5 / 9, atol=1e-6)
    np.testing.assert_allclose(np.sign(points[:8]), CUBE)
    # Edge points: mean of the two ends and the two face points: 0, 3/4, 3/4.
    np.testing.assert_allclose(np.sort(np.abs(points[8:20]), axis=1), np.tile([0, 0.75, 0.75], (12, 1)), atol=1e-6)
    # Face points: the face's middle.
    np.testing.assert_allclose(np.sort(np.abs(points[20:]), axis=1), np.tile([0, 0, 1.0], (6, 1)), atol=1e-6)


def test_a_cube_stays_closed_and_turned_outwards() -> None:
    fine = catmull_clark(CUBE_QUADS, CUBE_QUADS, 8, 8)
    assert len(fine.quads) == 24
    points = fine.matrix @ CUBE
    q = fine.quads
    edges = np.sort(np.stack([q, np.roll(q, -1, axis=1)], axis=-1).reshape(-1, 2), axis=1)
    assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()
    normal = np.cross(points[q[:, 2]] - points[q[:, 0]], points[q[:, 3]] - points[q[:, 1]])
    coarse = np.cross(CUBE[CUBE_QUADS[:, 2]] - CUBE[CUBE_QUADS[:, 0]], CUBE[CUBE_QUADS[:, 3]] - CUBE[CUBE_QUADS[:, 1]])
    outwards = np.sign((coarse * CUBE[CUBE_QUADS].mean(1)).sum(1))
    np.testing.assert_array_equal(np.sign((normal * points[q].mean(1)).sum(1)), outwards[fine.parent_quad])


def test_a_flat_grid_with_a_border_stays_flat_and_its_border_follows_the_spline() -> None:
    points = np.array([[x, y, 0] for y in range(3) for x in range(3)], float)
    quads = np.array([[0, 1, 4, 3], [1, 2, 5, 4], [3, 4, 7, 6], [4, 5, 8, 7]], np.int32)
    fine = catmull_clark(quads, quads, 9, 9)
    out = fine.matrix @ points
    np.testing.assert_allclose(out[:, 2], 0)
    np.testing.assert_allclose(out[4], [1, 1, 0], atol=1e-6)  # the middle stays
    np.testing.assert_allclose(out[1], [1, 0, 0], atol=1e-6)  # 1/8, 6/8, 1/8 of the border's points
    np.testing.assert_allclose(out[0], [0.125, 0.125, 0], atol=1e-6)


@pytest.fixture(scope="module")
def head() -> Subdivided:
    s = load_skeleton()
    return catmull_clark(s.quads, s.quad_uvs, len(s.vertices), len(s.uvs))


def test_the_head(head: Subdivided) -> None:
    s = load_skeleton()
    np.testing.assert_allclose(np.asarray(head.matrix.sum(1)).ravel(), 1, atol=1e-5)
    np.testing.assert_allclose(np.asarray(head.uv_matrix.sum(1)).ravel(), 1, atol=1e-5)
    assert len(head.quads) == 4 * len(s.quads)
    assert head.quads.max() == head.matrix.shape[0] - 1
    assert head.quad_uvs.max() == head.uv_matrix.shape[0] - 1
    smooth = head.matrix @ s.vertices
    assert np.abs(smooth[: len(s.vertices)] - s.vertices).max() < 0.02, "smoothing moves no corner by 2 cm"
    # The first corner of each fine quad is the coarse corner it grew from.
    np.testing.assert_array_equal(head.quads[:, 0].reshape(-1, 4), s.quads)


def test_a_sharp_edge_keeps_its_height() -> None:
    """A ridge: smoothed it sinks; sharp it follows the spline of its own points."""
    points = np.array([[x, y, float(y == 1)] for y in range(3) for x in range(4)], float)
    quads = np.array(
        [[4 * y + x, 4 * y + x + 1, 4 * y + x + 5, 4 * y + x + 4] for y in (0, 1) for x in range(3)], np.int32
    )
    ridge = np.array([[5, 4], [5, 6], [6, 7]], np.int32)
    soft = catmull_clark(quads, quads, 12, 12).matrix @ points
    sharp = catmull_clark(quads, quads, 12, 12, ridge).matrix @ points
    assert soft[5, 2] < 0.8
    np.testing.assert_allclose(sharp[[5, 6], 2], 1, atol=1e-6)
    np.testing.assert_allclose(sharp[5, :2], [1, 1], atol=1e-6)
    away = catmull_clark(quads, quads, 12, 12, ridge).matrix - catmull_clark(quads, quads, 12, 12).matrix
    assert np.abs(away[[0, 1, 2, 3, 8, 9, 10, 11]]).max() < 1e-6, "nothing else changes"
