"""Where the 478 landmarks sit on the head."""

import numpy as np
import pytest

from models.runtime.alignment import canonical_face, mirror_landmarks
from rig.face import Face
from rig.skeleton import PARTS


@pytest.fixture(scope="module")
def face() -> Face:
    return Face()


def test_barycentric_weights(face: Face) -> None:
    s = face.skeleton
    assert s.landmark_vertices.shape == s.landmark_weights.shape == (478, 3)
    np.testing.assert_allclose(s.landmark_weights.sum(1), 1, atol=1e-5)
    assert s.landmark_weights.min() >= -1e-6


def test_on_the_skin_and_the_irises_on_their_eyes(face: Face) -> None:
    s = face.skeleton
    part = s.part[s.landmark_vertices]
    assert (part[:468] == PARTS.index("skin")).all()
    assert (part[468:473] == PARTS.index("eye-right")).all()
    assert (part[473:] == PARTS.index("eye-left")).all()


def test_each_lies_in_a_triangle_of_the_mesh(face: Face) -> None:
    s = face.skeleton
    corners = {tuple(sorted(t)) for q in s.quads.tolist() for t in ((q[0], q[1], q[2]), (q[0], q[2], q[3]))}
    mirrored = {tuple(sorted(s.mirror[list(t)].tolist())) for t in corners}
    assert {tuple(sorted(t)) for t in s.landmark_vertices.tolist()} <= corners | mirrored


def test_symmetric(face: Face) -> None:
    """The mirrored landmark is the twin's place. Points of the middle line lie on it."""
    p = face.landmarks(face.skeleton.vertices)[:468]
    twin = mirror_landmarks()[:468]
    np.testing.assert_allclose(p, p[twin] * [-1, 1, 1], atol=1.5e-3)
    aside = twin != np.arange(468)
    np.testing.assert_allclose(p[aside], (p[twin] * [-1, 1, 1])[aside], atol=1e-6)


LID_RINGS = (
    263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466,
    33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246,
)  # fmt: skip


def test_the_layout_is_a_face(face: Face) -> None:
    """Rigidly laid over the canonical face (with scale) the points agree about as well as two people do."""
    p = face.landmarks(face.skeleton.vertices).astype(float)
    q = canonical_face().astype(float)
    a, b = p - p.mean(0), q - q.mean(0)
    u, s, vt = np.linalg.svd(b.T @ a)
    r = u @ np.diag([1, 1, np.sign(np.linalg.det(u @ vt))]) @ vt
    scale = s.sum() / (a**2).sum()
    assert 0.9 < scale < 1.1, "the head is life-size"
    off_mm = 1000 * np.linalg.norm(scale * a @ r.T - b, axis=1)
    assert np.median(off_mm) < 6
    assert off_mm[list(LID_RINGS)].max() < 10, "on the lids, not on the skin that lines the socket behind them"


def test_upper_lip_is_above_lower_and_the_eyes_are_where_they_belong(face: Face) -> None:
    p = face.landmarks(face.skeleton.vertices)
    assert p[13, 1] > p[14, 1]
    assert p[386, 1] > p[374, 1]
    assert p[473, 0] > 0.02
    assert p[468, 0] < -0.02
    assert p[1, 2] == pytest.approx(p[:, 2].max(), abs=4e-3), "the nose's tip is foremost"
