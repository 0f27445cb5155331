"""Decoding the detector's output: anchors, suppression, and the way back to picture pixels."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from models.runtime.detector import SIZE, FaceDetector, anchors, decode, letterbox, suppress, tiles


@pytest.fixture(scope="module")
def finder() -> FaceDetector:
    return FaceDetector("cpu")


def test_anchors_are_two_grids_of_cell_centres() -> None:
    assert anchors().shape == (896, 2)
    assert np.allclose(anchors()[:2], 0.5 / 16)
    assert np.allclose(anchors()[2], [1.5 / 16, 0.5 / 16])  # x runs first
    assert np.allclose(anchors()[512:518], 0.5 / 8)
    assert np.allclose(anchors()[-1], 7.5 / 8)


def test_decode_adds_anchors_to_offsets_and_drops_low_scores() -> None:
    boxes, scores = np.zeros((896, 16), np.float32), np.zeros(896, np.float32)
    boxes[2, :4], boxes[2, 4:6], scores[2] = (12.8, 0, 25.6, 51.2), (6.4, -6.4), 0.9
    scores[7] = 0.4
    values, kept = decode(boxes, scores)
    x, y = 1.5 / 16 + 0.1, 0.5 / 16
    assert np.allclose(values[0, :4], [x - 0.1, y - 0.2, x + 0.1, y + 0.2])
    assert np.allclose(values[0, 4:6], [1.5 / 16 + 0.05, y - 0.05])
    assert kept.tolist() == [np.float32(0.9)]


def test_suppression_averages_boxes_of_one_face_and_keeps_others() -> None:
    def face(left: float, size: float) -> list[float]:
        return [left, 0.1, left + size, 0.1 + size, *[left] * 12]

    values = np.array([face(0.1, 0.2), face(0.7, 0.2), face(0.12, 0.2)], np.float32)
    (first, best), (second, _) = suppress(values, np.array([0.9, 0.8, 0.6], np.float32))
    assert best == pytest.approx(0.9)
    assert first[0] == pytest.approx((0.9 * 0.1 + 0.6 * 0.12) / 1.5)
    assert second[0] == pytest.approx(0.7)
    assert suppress(values[:0], np.zeros(0, np.float32)) == []


@pytest.mark.parametrize("size", [(480, 640), (640, 480), (2160, 3840), (1, 1), (1, 3000), (50, 40)])
def test_letterbox_keeps_places(size: tuple[int, int]) -> None:
    height, width = size
    image = np.zeros((height, width, 3), np.uint8)
    image[height // 2 :, width // 2 :] = 255
    small, scale, offset = letterbox(image)
    assert small.shape == (SIZE, SIZE, 3)
    bright = np.argwhere(small[..., 0] > 127)
    top, left = bright.min(axis=0)
    assert np.allclose([left, top], np.array([width // 2, height // 2]) * scale + offset, atol=1.5)


@pytest.mark.parametrize("size", [(720, 1280), (480, 640), (1280, 720), (300, 300), (2160, 3840)])
def test_tiles_cover_the_picture_and_overlap(size: tuple[int, int]) -> None:
    height, width = size
    found = tiles(height, width)
    seen = np.zeros(size, int)
    for left, top, side in found:
        assert 0 <= left <= width - side
        assert 0 <= top <= height - side
        seen[top : top + side, left : left + side] += 1
    assert seen.min() >= 1
    assert len(found) <= 20
    # A face a third as large as the smallest tile is whole in one of them, wherever it is.
    side = min(s for _, _, s in found)
    face = side // 3
    for x in range(0, width - face, 7):
        assert any(left <= x and x + face <= left + s for left, _, s in found if s == side)


@pytest.mark.parametrize("size", [(1, 1), (100, 100), (3, 5000), (128, 128)])
def test_small_pictures_have_no_tiles(size: tuple[int, int]) -> None:
    assert tiles(*size) == []


def test_finds_the_faces_of_a_group_most_prominent_first(finder: FaceDetector, data_dir: Path) -> None:
    image = cv2.cvtColor(cv2.imread(str(data_dir / "stills" / "pf_multi_face_whole.jpg")), cv2.COLOR_BGR2RGB)
    faces = finder.detect(image)
    assert len(faces) >= 3
    assert [f.prominence for f in faces] == sorted((f.prominence for f in faces), reverse=True)
    for face in faces:
        (right_eye, left_eye, nose, mouth), (left, top, right, bottom) = face.keypoints[:4], face.box
        assert left < right_eye[0] < left_eye[0] < right  # the subject's right eye is on the picture's left
        assert top < right_eye[1] < nose[1] < mouth[1] < bottom


def test_finds_nothing_where_nothing_is(finder: FaceDetector) -> None:
    for size in ((1, 1, 3), (480, 640, 3)):
        assert finder.detect(np.zeros(size, np.uint8)) == []
