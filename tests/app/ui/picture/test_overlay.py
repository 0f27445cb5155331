"""What is drawn over the picture lies where the landmarks are, mirrored with it, and nowhere else."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from app.face_frame import FaceFrame
from app.ui.picture.overlay import LINES, Overlay, Place, aligned_inset, draw_overlay, mesh_edges
from app.ui.picture.video_view import VideoView, scaled
from app.ui.style import theme
from models.runtime import alignment

WIDTH, HEIGHT = 320, 240
ACCENT = (10, 200, 90)
MakeFace = Callable[..., FaceFrame]


@pytest.fixture
def face(make_face: MakeFace) -> FaceFrame:
    """The mean face, facing, in the left half of the picture."""
    landmarks = 900 * alignment.rest_face() @ alignment.FACING.T + np.float32([90, 120, 0])
    return make_face(landmarks=landmarks.astype(np.float32), image_size=(WIDTH, HEIGHT))


def drawn(face: FaceFrame, overlay: Overlay, *, mirrored: bool = False, scale: float = 1.0) -> np.ndarray:
    """(h, w) where a grey picture was drawn upon."""
    picture = np.full((int(HEIGHT * scale), int(WIDTH * scale), 3), 128, np.uint8)
    draw_overlay(picture, face, overlay, Place(scale, picture.shape[1], mirrored, scale), ACCENT)
    return np.abs(picture.astype(int) - 128).max(-1)


def box(changed: np.ndarray) -> tuple[int, int, int, int]:
    y, x = np.nonzero(changed > 20)
    return x.min(), y.min(), x.max(), y.max()


def test_the_mesh_is_that_of_the_landmarks() -> None:
    edges = mesh_edges()
    assert edges.shape == (1365, 2)
    assert len({tuple(edge) for edge in edges.tolist()}) == 1365
    assert (edges[:, 0] < edges[:, 1]).all()
    assert set(edges.ravel().tolist()) == set(range(468))


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("lines", ["contours", "mesh"])
def test_lines_cover_the_face_at_any_scale(face: FaceFrame, lines: str, scale: float) -> None:
    low, high = face.landmarks[:468, :2].min(0) * scale, face.landmarks[:468, :2].max(0) * scale
    np.testing.assert_allclose(box(drawn(face, Overlay(lines), scale=scale)), [*low, *high], atol=3 + 2 * scale)


def test_the_mesh_has_more_lines_than_the_contours(face: FaceFrame) -> None:
    inked = [int((drawn(face, Overlay(lines)) > 20).sum()) for lines in LINES]
    assert inked[0] == 0
    assert 3 * inked[1] < 2 * inked[2]


@pytest.mark.parametrize("overlay", [Overlay("mesh"), Overlay("off", points=True), Overlay("off", axes=True)])
def test_a_mirrored_picture_has_a_mirrored_overlay(face: FaceFrame, overlay: Overlay) -> None:
    plain, mirrored = drawn(face, overlay) > 40, drawn(face, overlay, mirrored=True) > 40
    both = plain & mirrored[:, ::-1]
    assert both.sum() > 0.75 * plain.sum(), "up to half a pixel"
    assert (plain & mirrored).sum() < 0.3 * plain.sum()


def test_five_points_are_five_spots(face: FaceFrame) -> None:
    count, _ = cv2.connectedComponents((drawn(face, Overlay("off", points=True)) > 20).astype(np.uint8))
    assert count - 1 == 5


def test_the_aligned_view_shows_the_face_upright_and_mirrored_with_the_picture(face: FaceFrame) -> None:
    frame = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    frame[:, :90] = 255  # the right half of the face is white
    for mirrored in (False, True):
        view = aligned_inset(frame, face, 60, mirrored=mirrored)
        assert view is not None
        assert view.shape == (60, 60, 3)
        left, right = view[:, :20].mean(), view[:, -20:].mean()
        assert (left > 200 > 50 > right) if not mirrored else (right > 200 > 50 > left)


def test_the_aligned_view_is_beside_the_picture_where_there_is_room(qtbot: Any, face: FaceFrame) -> None:
    view = VideoView(theme.DARK)
    qtbot.addWidget(view)
    view.resize(600, HEIGHT)
    view.show_frame(np.full((HEIGHT, WIDTH, 3), 128, np.uint8), face)
    view.overlay = Overlay("off")
    plain = view.grab().toImage()
    view.overlay = Overlay("off", view=True)
    with_view = view.grab().toImage()
    changed = [x for x in range(600) if any(plain.pixel(x, y) != with_view.pixel(x, y) for y in range(HEIGHT))]
    assert changed[0] > (600 + WIDTH) / 2, "the picture itself is left alone"
    assert changed[-1] == 600 - 8


def test_head_axes_turn_with_the_head(face: FaceFrame, make_face: MakeFace) -> None:
    def colour(of: FaceFrame, at: np.ndarray) -> np.ndarray:
        picture = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
        draw_overlay(picture, of, Overlay("off", axes=True), Place(1.0, WIDTH, False, 1.0), ACCENT)
        x, y = np.rint(at).astype(int)
        return picture[y, x].astype(int)

    bridge = face.landmarks[168, :2]
    red, _, _ = colour(face, bridge + np.array([20, 0]))
    up = colour(face, bridge - [0, 20])
    assert red > 200, "x goes to the subject's left"
    assert up.argmax() == 1, "y goes up"
    turned = alignment.quaternion_from_rotation(alignment.rotation_from_euler(np.float32([60, 0, 0])))
    looking_left = make_face(landmarks=face.landmarks, image_size=(WIDTH, HEIGHT), head_rotation=turned)
    assert colour(looking_left, bridge + np.array([24, 0])).argmax() == 2, "z follows the nose to the subject's left"


@pytest.mark.parametrize("broken", [{"tracked": False}, {"landmarks": np.full((478, 3), np.nan, np.float32)}])
def test_nothing_is_drawn_of_nobody(make_face: MakeFace, broken: dict[str, Any]) -> None:
    nobody = make_face(**broken)
    assert not drawn(nobody, Overlay("mesh", True, True, True)).any()
    assert aligned_inset(np.zeros((HEIGHT, WIDTH, 3), np.uint8), nobody, 60, mirrored=False) is None


@pytest.mark.parametrize("offset", [-5000, 300, 1e7])
def test_a_face_beyond_the_edge_does_no_harm(face: FaceFrame, make_face: MakeFace, offset: float) -> None:
    outside = make_face(landmarks=face.landmarks + np.float32(offset), image_size=(WIDTH, HEIGHT))
    drawn(outside, Overlay("mesh", True, True, True))


def test_the_picture_is_drawn_once_a_frame_and_not_at_each_paint(
    qtbot: Any, face: FaceFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    monkeypatch.setattr("app.ui.picture.video_view.draw_overlay", lambda *given: made.append(given))
    view = VideoView(theme.DARK)
    qtbot.addWidget(view)
    view.resize(400, 300)
    frame = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    view.show_frame(frame, face)
    for _ in range(3):
        view.grab()
        view.note = "changes what is painted, not the picture"
    assert len(made) == 1
    view.mirrored = True
    view.grab()
    view.overlay = Overlay("mesh")
    view.grab()
    view.resize(200, 150)
    view.grab()
    assert len(made) == 4
    assert (frame == 128).all(), "the frame belongs to others, too"


def test_the_frame_is_not_drawn_upon_where_it_needs_no_scaling(qtbot: Any, face: FaceFrame) -> None:
    view = VideoView(theme.DARK)
    qtbot.addWidget(view)
    view.resize(WIDTH, HEIGHT)
    frame = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    view.overlay = Overlay("mesh", True, True, True)
    view.show_frame(frame, face)
    view.grab()
    assert (frame == 128).all()


def test_scaling_keeps_brightness_where_lines_are_left_out() -> None:
    stripes = np.zeros((400, 400, 3), np.uint8)
    stripes[:, ::4] = 255
    small = scaled(stripes, 90, 90)
    assert small.shape == (90, 90, 3)
    assert small[20:-20, 20:-20].mean() == pytest.approx(255 / 4, abs=3)
    assert small[20:-20, 20:-20].std() < 40


def test_a_note_may_be_wider_than_a_narrow_picture(qtbot: Any, make_face: MakeFace) -> None:
    view = VideoView(theme.DARK)
    qtbot.addWidget(view)
    view.resize(400, 200)
    view.show_frame(np.full((200, 120, 3), 128, np.uint8), make_face(image_size=(120, 200)))
    area = view.picture_rect()
    assert area.width() <= 130
    view.note = "Calibrating: keep your face relaxed"
    chip, text = view.note_chip(area)
    assert text == view.note
    assert view.rect().contains(chip.toAlignedRect())
    view.resize(150, 200)
    chip, text = view.note_chip(view.picture_rect())
    assert text != view.note
    assert view.rect().contains(chip.toAlignedRect())
