"""Part labels of a real face from its 478 landmarks: what a landmark can tell is labelled, the rest is ``IGNORE``.

The landmarks outline lips, eyes, brows, nose and face; they say nothing of hair, ears, neck, hats, hands or what is
behind, so nothing outside the face is labelled, nor a rim inside its outline and the upper forehead, where a fringe or
a beard's edge may lie. A loss and a score have to leave out the pixels that are ``IGNORE``.
"""

from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from models.renderer.labels import LABEL
from models.runtime.alignment import triangles
from models.runtime.crop import SIZE

Codes = NDArray[np.uint8]

IGNORE: Final = 255
"""The code of a pixel whose label is not known."""

# Rings of MediaPipe's mesh (its connection lists, closed and in order); left and right are the subject's own.
FACE_OVAL: Final = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150,
    136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
LEFT_EYE: Final = (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466)
RIGHT_EYE: Final = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
LEFT_BROW: Final = (276, 283, 282, 295, 285, 336, 296, 334, 293, 300)
RIGHT_BROW: Final = (46, 53, 52, 65, 55, 107, 66, 105, 63, 70)
NOSE: Final = (168, 351, 412, 399, 420, 279, 331, 294, 327, 326, 2, 97, 98, 64, 102, 49, 198, 174, 188, 122)
"""No list of MediaPipe's: the landmarks on the border of what the renderer (and CelebAMask) call nose."""
UPPER_LIP: Final = (
    61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191, 78,
)  # fmt: skip
LOWER_LIP: Final = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95, 78,
)  # fmt: skip
MOUTH: Final = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191)
LEFT_LENS: Final = (285, 336, 296, 334, 293, 300, 368, 264, 447, 345, 352, 347, 348, 349, 350, 412, 351, 168)
RIGHT_LENS: Final = (55, 107, 66, 105, 63, 70, 139, 34, 227, 116, 123, 118, 119, 120, 121, 188, 122, 168)
"""Where the rims of glasses lie, from the brows to the cheek bones."""

_DRAWN: Final = (
    ("brow-left", LEFT_BROW), ("brow-right", RIGHT_BROW), ("eye-left", LEFT_EYE), ("eye-right", RIGHT_EYE),
    ("upper-lip", UPPER_LIP), ("lower-lip", LOWER_LIP), ("mouth", MOUTH), ("nose", NOSE),
)  # fmt: skip
"""Later parts lie over earlier ones: in profile the nose hides the far eye."""
_FINE: Final = 4
"""Sub-pixels a side: an outline drawn on whole pixels would make lips half a pixel thicker."""


def landmark_labels(points: NDArray[np.floating], size: int = SIZE, glasses: bool = False) -> Codes:
    """Draw what the landmarks of one face tell.

    Args:
        points: (478, 2) pixels of a picture of ``size`` by ``size`` (pixel centres at + 0.5), or (478, 3).
        size: Side of the picture.
        glasses: Whether the person wears some: then only the eyes are labelled between brows and cheek bones.

    Returns:
        (size, size) codes of ``models.renderer.labels.LABELS``, or IGNORE.
    """
    fine = (np.asarray(points, np.float64)[:, :2] * _FINE - 0.5).round().astype(np.int32)
    codes = np.full((size * _FINE, size * _FINE), IGNORE, np.uint8)
    for corners in fine[_inner_triangles()]:
        cv2.fillConvexPoly(codes, corners, LABEL["skin"])
    if glasses:
        cv2.fillPoly(codes, [fine[list(LEFT_LENS)]], IGNORE)
        cv2.fillPoly(codes, [fine[list(RIGHT_LENS)]], IGNORE)
    for name, ring in _DRAWN:
        if not (glasses and name.startswith("brow")):
            cv2.fillPoly(codes, [fine[list(ring)]], LABEL[name])
    return np.ascontiguousarray(codes[_FINE // 2 :: _FINE, _FINE // 2 :: _FINE])


@cache
def _inner_triangles() -> NDArray[np.int32]:
    """(T, 3) triangles of the mesh without a corner on the oval: surely face, whatever hair and light do."""
    mesh = triangles()
    return mesh[~np.isin(mesh, FACE_OVAL).any(axis=1)]
