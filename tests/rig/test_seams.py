"""Settling lids and lips, and the local size of a face, on numbers that can be checked by hand."""

import numpy as np
import pytest

from rig import seams
from rig.build.seams import find_seams
from rig.face import Face

MM = 1e-3


@pytest.fixture(scope="module")
def face() -> Face:
    return Face()


def settled(face: Face, vertices: np.ndarray, scale: float = 1.0) -> np.ndarray:
    s = face.skeleton
    grown = np.full(len(s.names), scale, np.float32)
    out: np.ndarray = seams.settle(s, face.seams, vertices.astype(np.float32), s.pivots, grown)
    return out


def test_the_base_face_is_settled_already(face: Face) -> None:
    np.testing.assert_allclose(settled(face, face.skeleton.vertices), face.skeleton.vertices, atol=1e-7)


def test_parted_lips_are_brought_together_half_from_each_side(face: Face) -> None:
    s = face.skeleton
    parted = s.vertices.copy()
    lower = np.unique(s.lip_seam[:, 1])
    parted[lower, 1] -= 2 * MM
    v = settled(face, parted)
    gap = v[s.lip_seam[:, 0]] - v[s.lip_seam[:, 1]] - face.seams.lip_gap
    assert np.linalg.norm(gap, axis=1).max() < 0.15 * MM
    upper = np.unique(s.lip_seam[:, 0])
    assert (v - parted)[upper, 1].mean() == pytest.approx(-1 * MM, abs=0.2 * MM)
    far = np.setdiff1d(np.arange(len(v)), s.lip_rows)
    np.testing.assert_allclose(v[far], s.vertices[far], atol=1e-7)


def test_a_lid_in_the_ball_comes_out_radially(face: Face) -> None:
    s = face.skeleton
    eye = s.names.index("eye-left")
    rim = s.lid_seam[0].ravel()
    sunk = s.vertices.copy()
    sunk[rim] = s.pivots[eye] + 0.8 * (sunk[rim] - s.pivots[eye])
    np.testing.assert_allclose(settled(face, sunk)[rim], s.vertices[rim], atol=1e-6)


def test_lids_grow_with_their_eyeball(face: Face) -> None:
    s = face.skeleton
    eye = s.pivots[s.names.index("eye-left")]
    rim = s.lid_seam[0].ravel()
    before, after = (np.linalg.norm(v[rim] - eye, axis=1) for v in (s.vertices, settled(face, s.vertices, 1.1)))
    np.testing.assert_allclose(after / before, 1.1, atol=1e-4)


def test_local_size_is_the_growth_of_the_surroundings(face: Face) -> None:
    s = face.skeleton
    size = seams.local_size(face.seams, (1.2 * s.pivots).astype(np.float32))
    np.testing.assert_allclose(size, 1.2, atol=1e-3)
    np.testing.assert_allclose(seams.local_size(face.seams, s.pivots + np.float32(0.01)), 1, atol=1e-3)


def test_the_stored_seams_are_those_found_on_this_face(face: Face) -> None:
    s = face.skeleton
    found = find_seams(s)
    for name, value in found.items():
        np.testing.assert_allclose(getattr(s, name), value, atol=1e-5, err_msg=name)
    left, right = s.lid_seam
    np.testing.assert_array_equal(s.mirror[left], right)
    assert len(np.unique(s.ride[:, 0])) == len(s.ride), "no vertex is pulled twice"
