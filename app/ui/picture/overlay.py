"""What is drawn over the picture: contours, the mesh, five points, the aligned view, axes and gaze. No Qt.

All of it goes into the pixels of the scaled picture, once per frame: OpenCV draws the mesh's 1,365 smooth lines in a
third of the time that Qt needs, and what is painted again later (a note, another widget on top) costs one copy.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from app.face_frame import FaceFrame
from models.runtime.alignment import EYE_CORNERS, FACING, fit_head, rotation_from_quaternion, triangles
from models.runtime.crop import aligned_view, crop_matrix, five_points

Picture = NDArray[np.uint8]
Points = NDArray[np.float32]
Colour = tuple[int, int, int]

LINES: Final = ("off", "contours", "mesh")
# fmt: off
CONTOURS: Final[dict[str, tuple[int, ...]]] = {
    "oval": (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176,
             149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
    "right brow": (70, 63, 105, 66, 107, 55, 65, 52, 53, 46),
    "left brow": (300, 293, 334, 296, 336, 285, 295, 282, 283, 276),
    "right eye": (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    "left eye": (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
    "outer lips": (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185),
    "inner lips": (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191),
}
"""Closed lines over the 478 landmarks (MediaPipe's FACEMESH connections)."""
IRISES: Final = ((468, (469, 470, 471, 472)), (473, (474, 475, 476, 477)))
"""Centre and rim, right and left eye."""
# fmt: on
BETWEEN_EYES: Final = 168
WHITE: Final[Colour] = (255, 255, 255)
BLACK: Final[Colour] = (0, 0, 0)
AXES: Final[tuple[Colour, ...]] = ((240, 84, 84), (96, 200, 110), (84, 150, 255))
"""x to the subject's left, y up, z out of the face: red, green, blue, as everywhere."""
GAZE: Final[Colour] = (255, 214, 64)
SHIFT: Final = 4
"""OpenCV takes coordinates in sixteenths of a pixel."""
SMALLEST_INSET: Final = 24
"""Pixels; an aligned view smaller than this shows nothing."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """What is shown."""

    lines: str = "contours"
    """One of :data:`LINES`."""
    points: bool = False
    """The five points that the view is aligned by."""
    view: bool = False
    """The aligned view, as the network sees it, in the corner."""
    axes: bool = False
    """Head axes, and a ray out of each eye."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a face's pixels are in the scaled picture."""

    scale: float
    """Pixels of the scaled picture per pixel of the frame."""
    width: int
    """Of the scaled picture."""
    mirrored: bool
    ratio: float
    """Pixels of the scaled picture per pixel of the layout (high-DPI screens)."""

    def __call__(self, points: Points) -> Points:
        """(..., 2 or more) pixels of the frame -> (..., 2) pixels of the scaled picture, centres at whole numbers."""
        placed = points[..., :2] * np.float32(self.scale) - np.float32(0.5)
        if self.mirrored:
            placed[..., 0] = self.width - 1 - placed[..., 0]
        return placed

    def thick(self, width: float) -> int:
        """Whole pixels of a line that is ``width`` wide in the layout."""
        return max(round(width * self.ratio), 1)


def draw_overlay(picture: Picture, face: FaceFrame, overlay: Overlay, place: Place, accent: Colour) -> None:
    """Draw all but the aligned view into ``picture`` (h, w, 3) RGB, the frame scaled and perhaps mirrored.

    Nothing is drawn of a face that was not found.
    """
    if not face.tracked or not np.isfinite(face.landmarks).all():
        return
    points = place(face.landmarks)
    if overlay.lines == "mesh":
        _mesh(picture, points, place)
    if overlay.lines != "off":
        _contours(picture, points, place, accent, bold=overlay.lines == "contours")
    if overlay.axes:
        _axes(picture, points, face, place)
    if overlay.points:
        _five(picture, place(five_points(fit_head(face.landmarks))), place, accent)


def mesh_edges() -> NDArray[np.int32]:
    """(1365, 2) landmarks that the mesh's triangles connect, each pair once."""
    corners = triangles()
    pairs = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    return np.unique(np.sort(pairs, axis=1), axis=0)


_EDGES: Final = mesh_edges()


def _fixed(points: Points) -> NDArray[np.int32]:
    """OpenCV's fixed-point coordinates, kept where they cannot overflow."""
    return np.clip(np.rint(points * (1 << SHIFT)), -(1 << 20), 1 << 20).astype(np.int32)


def _around(picture: Picture, points: Points, margin: int) -> tuple[Picture, Points]:
    """The part of the picture that holds all points, and the points in it."""
    height, width = picture.shape[:2]
    x0, y0 = np.clip(np.floor(points.min(0)) - margin, 0, (width, height)).astype(int).tolist()
    x1, y1 = np.clip(np.ceil(points.max(0)) + margin + 1, 0, (width, height)).astype(int).tolist()
    return picture[y0:y1, x0:x1], points - np.array([x0, y0], np.float32)


def _mesh(picture: Picture, points: Points, place: Place) -> None:
    part, inside = _around(picture, points[:468], 2)
    if not part.size:
        return
    lines = part.copy()
    cv2.polylines(lines, list(_fixed(inside[_EDGES])), False, WHITE, place.thick(0.8), cv2.LINE_AA, SHIFT)
    cv2.addWeighted(lines, 0.42, part, 0.58, 0.0, dst=part)


def _contours(picture: Picture, points: Points, place: Place, accent: Colour, *, bold: bool) -> None:
    part, inside = _around(picture, points, 4 * place.thick(1))
    if not part.size:
        return
    rings = [_fixed(inside[list(ring)]) for ring in CONTOURS.values()]
    # A light line on a dark edge reads on any skin and in any light.
    for colour, width, share in ((BLACK, 2.4, 0.3), (WHITE, 1.0, 0.8)) if bold else ((WHITE, 1.0, 0.85),):
        before = part.copy()
        cv2.polylines(part, rings, True, colour, place.thick(width), cv2.LINE_AA, SHIFT)
        cv2.addWeighted(part, share, before, 1 - share, 0.0, dst=part)
    for centre, rim in IRISES:
        radius = float(np.linalg.norm(inside[list(rim)] - inside[centre], axis=1).mean())
        at = tuple(_fixed(inside[centre]).tolist())
        cv2.circle(part, at, int(radius * (1 << SHIFT)), accent, place.thick(1.2), cv2.LINE_AA, SHIFT)


def _five(picture: Picture, five: Points, place: Place, accent: Colour) -> None:
    radius = 3.5 * place.ratio
    for at in _fixed(five).tolist():
        cv2.circle(picture, tuple(at), int((radius + place.ratio) * (1 << SHIFT)), WHITE, -1, cv2.LINE_AA, SHIFT)
        cv2.circle(picture, tuple(at), int(radius * (1 << SHIFT)), accent, -1, cv2.LINE_AA, SHIFT)


def aligned_inset(frame: Picture, face: FaceFrame, side: int, *, mirrored: bool) -> Picture | None:
    """The aligned view of a face in ``frame`` (H, W, 3), as the network sees it -> (side, side, 3); None of nobody."""
    if side < SMALLEST_INSET or not face.tracked or not np.isfinite(face.landmarks).all():
        return None
    view = aligned_view(frame, crop_matrix(five_points(fit_head(face.landmarks))))
    small = np.asarray(cv2.resize(view, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
    return np.ascontiguousarray(small[:, ::-1]) if mirrored else small


def _axes(picture: Picture, points: Points, face: FaceFrame, place: Place) -> None:
    """The head's axes between the eyes, and where each eye looks; as streams and files have them."""
    to_camera = rotation_from_quaternion(face.head_rotation) @ FACING
    corners = points[list(EYE_CORNERS)]
    length = 0.6 * max(float(np.linalg.norm(corners[0] - corners[3])), float(np.ptp(points[:, 1])) / 3)
    flip = np.array([-1 if place.mirrored else 1, 1], np.float32)
    centre = points[BETWEEN_EYES]
    order = np.argsort(-to_camera[2])  # what points away from the camera is drawn first
    for axis in order.tolist():
        _ray(picture, centre, centre + length * flip * to_camera[:2, axis], AXES[axis], place)
    for iris, angles_deg in ((468, face.gaze_right_deg), (473, face.gaze_left_deg)):
        yaw, pitch = np.radians(angles_deg)
        sight = np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
        _ray(picture, points[iris], points[iris] + 1.4 * length * flip * (to_camera @ sight)[:2], GAZE, place)


def _ray(picture: Picture, start: Points, end: Points, colour: Colour, place: Place) -> None:
    ends = _fixed(np.stack([start, end]))
    cv2.polylines(picture, [ends], False, BLACK, place.thick(4.0), cv2.LINE_AA, SHIFT)
    cv2.polylines(picture, [ends], False, colour, place.thick(2.0), cv2.LINE_AA, SHIFT)
    cv2.circle(picture, tuple(ends[1].tolist()), int(2.5 * place.ratio * (1 << SHIFT)), colour, -1, cv2.LINE_AA, SHIFT)
