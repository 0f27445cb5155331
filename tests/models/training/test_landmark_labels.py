"""What the landmarks of the canonical face label, and what they leave open."""

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch", reason="the label codes come with the renderer, which needs torch")

from models.renderer.labels import LABEL
from models.runtime.alignment import canonical_face, mirror_landmarks
from models.training.landmark_labels import FACE_OVAL, IGNORE, landmark_labels


@pytest.fixture
def points() -> NDArray[np.float32]:
    """(478, 2) the canonical face seen from the front in a picture of 128 (the subject's left is on the right)."""
    face = canonical_face()
    return (np.array([64, 60]) + face[:, :2] * [600, -600]).astype(np.float32)


def centre(codes: NDArray[np.uint8], name: str) -> NDArray[np.float64]:
    """Mean x, y of a label's pixels, in pixels from the picture's corner."""
    y, x = np.nonzero(codes == LABEL[name])
    assert len(x)
    return np.array([x.mean(), y.mean()]) + 0.5


def test_parts_lie_where_their_landmarks_are(points: NDArray[np.float32]) -> None:
    codes = landmark_labels(points)
    for name, marks in (
        ("eye-left", [362, 263, 386, 374]), ("eye-right", [133, 33, 159, 145]), ("brow-left", [282, 334]),
        ("brow-right", [52, 105]), ("nose", [5]), ("upper-lip", [0, 13]), ("lower-lip", [14, 17]),
    ):  # fmt: skip
        assert np.abs(centre(codes, name) - points[marks].mean(0)).max() < 4, name
    assert centre(codes, "eye-left")[0] > centre(codes, "eye-right")[0]


def test_only_what_landmarks_tell_is_labelled(points: NDArray[np.float32]) -> None:
    codes = landmark_labels(points)
    names = ("skin", "brow-left", "brow-right", "eye-left", "eye-right", "nose", "mouth", "upper-lip", "lower-lip")
    assert set(np.unique(codes)) <= {IGNORE, *(LABEL[name] for name in names)}
    assert codes[0, 0] == codes[-1, -1] == IGNORE
    rim = points[list(FACE_OVAL)].astype(int)
    assert (codes[rim[:, 1], rim[:, 0]] == IGNORE).all()


def test_an_open_mouth_shows_its_inside(points: NDArray[np.float32]) -> None:
    lower = [14, 17, 87, 178, 88, 95, 317, 402, 318, 324, 84, 181, 91, 146, 314, 405, 321, 375]
    shut = points.copy()
    shut[[14, 87, 178, 88, 95, 317, 402, 318, 324]] = points[[13, 82, 81, 80, 191, 312, 311, 310, 415]]
    opened = points.copy()
    opened[lower, 1] += 12
    inside = [(landmark_labels(p) == LABEL["mouth"]).sum() for p in (shut, opened)]
    assert inside[0] <= 4  # a line has no area, but a pixel may lie on it
    assert inside[1] > 60


def test_the_mirrored_face_has_the_mirrored_labels(points: NDArray[np.float32]) -> None:
    codes = landmark_labels(points)
    swapped = points[mirror_landmarks()] * [-1, 1] + [128, 0]
    other = landmark_labels(swapped)[:, ::-1]
    for left, right in (("eye-left", "eye-right"), ("brow-left", "brow-right")):
        a, b = codes == LABEL[left], other == LABEL[right]
        assert (a & b).sum() > 0.8 * (a | b).sum(), left


def test_glasses_leave_only_the_eyes_known_around_them(points: NDArray[np.float32]) -> None:
    bare, framed = landmark_labels(points), landmark_labels(points, glasses=True)
    for name in ("eye-left", "eye-right", "mouth", "lower-lip"):
        assert np.array_equal(bare == LABEL[name], framed == LABEL[name])
    assert not np.isin(framed, [LABEL["brow-left"], LABEL["brow-right"]]).any()
    under_left_eye = points[[253, 450]].mean(0).astype(int)
    assert bare[under_left_eye[1], under_left_eye[0]] == LABEL["skin"]
    assert framed[under_left_eye[1], under_left_eye[0]] == IGNORE


def test_a_larger_picture_has_the_same_labels(points: NDArray[np.float32]) -> None:
    once, twice = landmark_labels(points), landmark_labels(2 * points, size=256)
    assert (once == twice[::2, ::2]).mean() > 0.97
