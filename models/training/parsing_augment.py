"""What a parsing network has to bear: other cameras, light, framing and things before the face, picture and mask alike.

Plain OpenCV on single pictures: at 128 px that costs a millisecond, far less than the network.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from models.renderer.labels import LABEL
from models.training.landmark_labels import IGNORE

Picture = NDArray[np.uint8]
Codes = NDArray[np.uint8]

SHIFT, SCALE, TURN_DEG = 0.04, 0.08, 8.0
"""Standard deviations: sides of the view, logarithm of the size, degrees."""
COVERED, GREY, SOFT, COARSE, NOISY, JPEG = 0.3, 0.06, 0.25, 0.2, 0.5, 0.3
"""Shares of the pictures that get a thing before them, lose their colour, and so on."""


def _mirror_table() -> Codes:
    table = np.arange(256, dtype=np.uint8)
    for name, code in LABEL.items():
        if name.endswith("-left"):
            other = LABEL[name.replace("-left", "-right")]
            table[code], table[other] = other, code
    return table


MIRROR_CODES: Final = _mirror_table()
"""(256,) each code's twin on the other side of the face; IGNORE stays."""


def mirrored(picture: Picture, codes: Codes) -> tuple[Picture, Codes]:
    """(..., H, W, 3) and (..., H, W) in the mirror: the subject's left becomes the right."""
    return np.ascontiguousarray(picture[..., ::-1, :]), np.ascontiguousarray(MIRROR_CODES[codes[..., ::-1]])


def augmented(picture: Picture, codes: Codes, other: Picture, rng: np.random.Generator) -> tuple[Picture, Codes]:
    """One training picture and its mask, each change drawn anew.

    Args:
        picture: (S, S, 3) RGB.
        codes: (S, S) labels or IGNORE.
        other: (S, S, 3) any other picture: pieces of it cover this one, and their pixels become IGNORE.
    """
    if rng.random() < 0.5:
        picture, codes = mirrored(picture, codes)
    picture, codes = moved(picture, codes, rng)
    if rng.random() < COVERED:
        picture, codes = covered(picture, codes, other, rng)
    return through_camera(recoloured(picture, rng), rng), codes


def moved(picture: Picture, codes: Codes, rng: np.random.Generator) -> tuple[Picture, Codes]:
    """Shifted, scaled and turned a little, as a detector's five points would; what comes into view has no label."""
    size = picture.shape[0]
    matrix = cv2.getRotationMatrix2D(
        ((size - 1) / 2, (size - 1) / 2), rng.normal(0, TURN_DEG), float(np.exp(rng.normal(0, SCALE)))
    )
    matrix = matrix + np.pad(rng.normal(0, SHIFT * size, (2, 1)), ((0, 0), (2, 0)))
    seen = cv2.warpAffine(picture, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    known = cv2.warpAffine(codes, matrix, (size, size), flags=cv2.INTER_NEAREST, borderValue=IGNORE)
    return np.asarray(seen, np.uint8), np.asarray(known, np.uint8)


def covered(picture: Picture, codes: Codes, other: Picture, rng: np.random.Generator) -> tuple[Picture, Codes]:
    """A hand, a cup, a microphone: one or a few overlapping ellipses of another picture or of one colour."""
    size = picture.shape[0]
    shape = np.zeros((size, size), np.uint8)
    middle = rng.uniform(0, size, 2)
    for _ in range(rng.integers(1, 5)):
        centre = (middle + rng.normal(0, 0.07 * size, 2)).astype(int).tolist()
        axes = (size * rng.uniform((0.03, 0.06), (0.12, 0.25))).astype(int).tolist()
        cv2.ellipse(shape, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1, -1)
    mask = shape.astype(bool)
    dy, dx = rng.integers(0, size, 2)
    cover = np.roll(other, (dy, dx), (0, 1)) if rng.random() < 0.6 else np.full_like(picture, rng.integers(0, 256, 3))
    return np.where(mask[..., None], cover, picture), np.where(mask, np.uint8(IGNORE), codes)


def recoloured(picture: Picture, rng: np.random.Generator) -> Picture:
    """Another exposure, gamma, contrast, white balance and saturation; sometimes none of the colour."""
    x = np.linspace(0, 1, 256, dtype=np.float32)[:, None]
    x = x ** np.exp(rng.normal(0, 0.3)) * np.exp(rng.normal(0, 0.15) + rng.normal(0, 0.08, 3))
    x = 0.5 + (x - 0.5) * np.exp(rng.normal(0, 0.2))
    table = (255 * x.clip(0, 1)).astype(np.uint8).reshape(1, 256, 3)
    out = np.asarray(cv2.LUT(picture, table), np.uint8)
    colour = 0.0 if rng.random() < GREY else float(np.exp(rng.normal(0, 0.3)))
    grey = cv2.cvtColor(cv2.cvtColor(out, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return np.asarray(cv2.addWeighted(out, colour, grey, 1 - colour, 0), np.uint8)


def through_camera(picture: Picture, rng: np.random.Generator) -> Picture:
    """Out of focus, of few pixels, noisy, compressed: each now and then."""
    size = picture.shape[0]
    out = picture
    if rng.random() < SOFT:
        out = np.asarray(cv2.GaussianBlur(out, (0, 0), float(rng.uniform(0.4, 1.6))), np.uint8)
    if rng.random() < COARSE:
        few = int(size * rng.uniform(0.3, 0.8))
        out = np.asarray(cv2.resize(out, (few, few), interpolation=cv2.INTER_AREA), np.uint8)
        out = np.asarray(cv2.resize(out, (size, size), interpolation=cv2.INTER_LINEAR), np.uint8)
    if rng.random() < NOISY:
        noise = rng.standard_normal(out.shape, np.float32) * rng.uniform(0, 12)
        out = (out + noise).clip(0, 255).astype(np.uint8)
    if rng.random() < JPEG:
        _, coded = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 80))])
        out = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return out
