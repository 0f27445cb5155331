"""How the person on a picture is coloured: skin, lips, brows, irises, hair, and what of the skin is the person's own.

The picture is laid back onto the skin's texture sheet (``rig.unwrap``), where every mask of the painted skin holds:
colours are medians there, against the painted ones. Light changes slowly over a face and skin does not, so what is left
after dividing by a wide mean is the skin's own detail (moles, stubble, lines); it goes into a sheet of the person's.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from models.runtime.hair_colour import hair_colour
from rig.brows import brow_coverage
from rig.looks import IRIS_SHARE, Look, read_sheet
from rig.parameters import N_BROW_STYLES
from rig.unwrap import Unwrap

F = NDArray[np.float32]
Picture = NDArray[np.uint8]

COARSE: Final = 4
"""Light is looked for on a sheet so many times smaller,"""
LIGHT_SIGMA: Final = 10.5
"""where it changes over so many texels (a face is some 80 long there)."""
DETAIL, BUSY_DETAIL = 0.85, 0.35
"""Share of the picture's detail that is laid on the skin, of a face at rest and of one that does much."""
DETAIL_RANGE: Final = (0.45, 1.18)
SKIN_RANGE: Final = (0.22, 1.12)
BROW_MARGIN: Final = 17
"""Texels about the painted brows in which only what is skin is taken from the picture."""
BETWEEN: Final = 9
"""Half the width (texels) of what lies between the brows."""
JOINED: Final = 0.75
"""Brows that are taken for one are as dark between as so much of themselves."""
IRIS_PIXELS: Final = 3.0
"""Irises of a smaller radius have no colour to speak of."""
FACE_PIXELS: Final = 700
SCLERA: Final = (160.0, 148.0, 145.0)
"""The white of an eye, under a lid, on a well exposed picture."""
BALANCE, BALANCE_RANGE = 0.4, (0.88, 1.14)
"""How far eyes of another white correct the colours, and how much at most."""
RIGHT_BROW: Final = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
LEFT_BROW: Final = (300, 293, 334, 296, 336, 285, 295, 282, 283, 276)
EYES: Final = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
)
IRISES: Final = ((468, 469, 470, 471, 472), (473, 474, 475, 476, 477))
"""Centre and four points of the rim, right and left."""


@dataclass(frozen=True)
class Portrait:
    """A picture and where the fitted face lies in it."""

    image: Picture
    """(H, W, 3) RGB."""
    vertices: F
    """(V, 3) pixels, z away from the camera."""
    points: F
    """(478, 3) the found landmarks, pixels."""
    busy: float = 0.0
    """0..1 how much the face does: its folds are the expression's, not the person's."""

    def shrunk(self) -> "Portrait":
        """The same with the face at most FACE_PIXELS tall, so that sampling it does not skip pixels."""
        scale = FACE_PIXELS / max(float(np.ptp(self.points[:, 1])), 1.0)
        if scale >= 1:
            return self
        image = cv2.resize(self.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        s = np.float32(scale)
        return Portrait(np.asarray(image, np.uint8), self.vertices * s, self.points * s, self.busy)


@dataclass(frozen=True)
class _Sheet:
    """The painted skin and its masks, at the size of the unwrapped picture; and the picture there."""

    painted: F
    """(S, S, 3)"""
    taken: F
    """(S, S, 3)"""
    seen: F
    """(S, S) 0..1"""
    lips: F
    """(S, S) 0..1"""
    eyes: F
    """(S, S) 1 in the eyes' openings."""
    scalp: F
    """(S, S) where hair may grow"""
    brows: F
    """(S, S) where any brow style has hairs."""


class PersonLook:
    """Reads colours and skin off portraits. Made once; holds the painted sheets."""

    def __init__(self, unwrap: Unwrap, check: Callable[[], None] = lambda: None):
        """``check`` is called several times a second while this works, now and later; what it raises ends the work."""
        self._check = check
        self.unwrap = unwrap
        size = (unwrap.size, unwrap.size)
        painted = cv2.resize(read_sheet("skin.jpg"), size, interpolation=cv2.INTER_AREA)
        self._painted = np.maximum(painted, 8).astype(np.float32)  # inside the mouth it is black
        masks = cv2.resize(read_sheet("skin_masks.png"), size, interpolation=cv2.INTER_AREA) / np.float32(255)
        self._skin, self._scalp, self._lips = masks[..., 0], masks[..., 1], masks[..., 2]
        styles = np.stack([self._checked(brow_coverage(k, unwrap.size)) for k in range(N_BROW_STYLES)])
        self._brows = styles.max(0)
        zone = cv2.dilate((self._brows > 0.08).astype(np.uint8), _disc(BROW_MARGIN))
        self._brow_zone = zone > 0
        soft = (self._checked(cv2.GaussianBlur(style, (0, 0), 2.0))[self._brow_zone] for style in styles)
        self._styles = np.stack(list(soft), axis=1)

        middle = unwrap.size // 2
        self._between = np.zeros_like(self._brow_zone)
        self._between[middle - BETWEEN : middle + BETWEEN] = self._brow_zone[middle - BETWEEN : middle + BETWEEN]
        self._joined = np.array([style[self._between].max() > 0.35 for style in styles])

    def _checked(self, picture: NDArray) -> NDArray:
        self._check()
        return picture

    def __call__(self, portrait: Portrait, folder: Path | None = None) -> Look:
        """The look of a person; with ``folder`` (which exists) the skin's own detail is written there as skin.jpg, and
        the look names the folder."""
        portrait = portrait.shrunk()
        sheet = self._lay_out(portrait)
        self._check()
        skin_like, light = self._light(sheet)
        self._check()
        ratio = sheet.taken / sheet.painted
        weight = sheet.seen * skin_like
        tone = _lit_tone(ratio, weight)
        skin_colour = np.clip(tone * _mean(sheet.painted, weight > 0.8), 0, 255)
        style, brow = self._brow(portrait, sheet, light, skin_colour)
        self._check()
        hair = hair_colour(portrait.image, portrait.points, skin_colour)
        white = _white_balance(portrait)
        skin = np.clip(tone * white, *SKIN_RANGE)
        # Lips are a soft thing to find: half of what they differ from the painted ones.
        lips = np.sqrt(_median(ratio / np.maximum(light, 0.02), (sheet.lips > 0.9) & (sheet.seen > 0.7)))
        look = Look(
            skin=_triple(skin),
            lips=_triple(np.clip(1 + (lips - 1) * skin, 0.6, 1.2)),
            brow_style=style,
            brow_colour=_colour(brow * white),
            iris=_iris(portrait, white),
            hair="none" if hair is None else "crop",
            hair_colour=_colour((brow if hair is None else hair) * white),
        )
        if folder is None:
            return look
        self._write(sheet, light, skin_like, DETAIL + portrait.busy * (BUSY_DETAIL - DETAIL), folder / "skin.jpg")
        return replace(look, folder=str(folder.resolve()))

    def _lay_out(self, p: Portrait) -> _Sheet:
        taken = self.unwrap.picture(p.image, p.vertices[:, :2].astype(np.float32)).astype(np.float32)
        seen = self.unwrap.facing(p.vertices)
        hole = ((self._skin < 0.6) & self.unwrap.covered).astype(np.uint8)
        eyes = cv2.dilate(hole, _disc(7)).astype(np.float32)
        brows = self._brow_zone.astype(np.float32)
        seen = seen * (taken.max(-1) > 0)
        return _Sheet(self._painted, taken, seen, self._lips, eyes, self._scalp, brows)

    def _light(self, s: _Sheet) -> tuple[F, F]:
        """(S, S) how much each texel is like the skin about it, and (S, S, 3) the light there (what the skin's mean is
        multiplied by)."""
        size = (self.unwrap.size // COARSE, self.unwrap.size // COARSE)
        whole = s.seen * (1 - s.lips) * (1 - s.eyes) * (1 - (self._brows > 0.1))
        first = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
        ratio = cv2.resize(s.taken / s.painted, size, interpolation=cv2.INTER_AREA)
        like = first
        for _ in range(3):
            self._check()
            light = _blur(ratio, like, LIGHT_SIGMA)
            like = first * _near(ratio, light)
        light = np.asarray(cv2.resize(light, s.seen.shape, interpolation=cv2.INTER_LINEAR), np.float32)
        return _near(s.taken / s.painted, light) * (whole > 0), light

    def _brow(self, p: Portrait, s: _Sheet, light: F, skin: F) -> tuple[int, F]:
        """The painted style that lies most where the picture's brows are dark, and their colour."""
        expected = s.painted * light
        dark = np.clip(1 - (s.taken / np.maximum(expected, 1)).mean(-1), -0.2, 0.8)
        dark = np.maximum(dark, dark[::-1])  # the sheet is symmetric: hair over one brow hides that side
        good = (s.seen[self._brow_zone] > 0.3) & (s.eyes[self._brow_zone] == 0)
        if good.sum() < 50:
            return 0, 0.35 * skin
        x, y = dark[self._brow_zone][good], self._styles[good]
        x, y = x - x.mean(), y - y.mean(0)
        score = x @ y / np.maximum(np.sqrt((y * y).sum(0)), 1e-6)
        if self._between_dark(dark, s) < JOINED:
            score[self._joined] = -np.inf
        style = int(score.argmax())
        where = np.zeros(p.image.shape[:2], np.uint8)
        for brow in (RIGHT_BROW, LEFT_BROW):
            cv2.fillConvexPoly(where, cv2.convexHull(p.points[list(brow), :2].round().astype(np.int32)), 1)
        pixels = p.image[where > 0].astype(np.float32)
        if len(pixels) < 12:
            return style, 0.35 * skin
        luma = pixels.mean(1)
        # A brow's hairs are finer than pixels: its darkest part is nearest to their colour.
        return style, np.median(pixels[luma <= np.quantile(luma, 0.25)], axis=0)

    def _between_dark(self, dark: F, s: _Sheet) -> float:
        """How dark it is between the brows, as a share of how dark the brows are."""
        core = dark[(self._brows > 0.5) & ~self._between & (s.seen > 0.5)]
        between = dark[self._between & (s.seen > 0.5)]
        if not len(core) or not len(between):
            return 0.0
        return float(np.quantile(between, 0.75) / max(np.quantile(core, 0.75), 0.05))

    def _write(self, s: _Sheet, light: F, skin_like: F, amount: float, path: Path) -> None:
        """The painted skin with this skin's detail, as a sheet for :class:`rig.looks.Look`."""
        expected = np.maximum(s.painted * light, 1.0)
        detail = np.clip(s.taken / expected, *DETAIL_RANGE)
        above = np.maximum(s.scalp, s.brows)
        share = s.seen * (1 - s.eyes) * (1 - cv2.dilate(s.lips, _disc(5)))
        share *= 1 - above * (1 - skin_like)
        share = np.asarray(cv2.GaussianBlur(cv2.erode(share, _disc(3)), (0, 0), 5.0), np.float32)
        gain = 1 + amount * share[..., None] * (detail - 1)
        self._check()
        full = read_sheet("skin.jpg").astype(np.float32)
        gain = cv2.resize(gain, full.shape[1::-1], interpolation=cv2.INTER_CUBIC)
        self._check()
        sheet = np.clip(full * gain, 0, 255).astype(np.uint8)
        self._check()
        done, code = cv2.imencode(".jpg", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 92])
        assert done
        path.write_bytes(code.tobytes())


def _disc(radius: int) -> NDArray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


def _blur(values: NDArray, weight: NDArray, sigma: float) -> F:
    """Normalised convolution of (S, S, C) with weights (S, S)."""
    w = weight[..., None].astype(np.float32)
    top = cv2.GaussianBlur(values * w, (0, 0), sigma)
    under = cv2.GaussianBlur(w[..., 0], (0, 0), sigma)[..., None]
    wide = (values * w).sum((0, 1)) / max(float(w.sum()), 1e-6)
    return ((top + 1e-3 * wide) / (under + 1e-3)).astype(np.float32)


def _near(ratio: NDArray, light: NDArray) -> F:
    """(S, S) 0..1 how much a colour is what the light there makes of skin."""
    off = np.abs(np.log(np.maximum(ratio, 0.02) / np.maximum(light, 0.02))).max(-1)
    return np.clip((0.45 - off) / 0.2, 0, 1).astype(np.float32)


def _mean(values: F, where: NDArray[np.bool_]) -> F:
    return values[where].mean(0) if where.any() else values.reshape(-1, values.shape[-1]).mean(0)


def _median(values: NDArray, where: NDArray[np.bool_]) -> F:
    return np.median(values[where], axis=0) if where.sum() > 20 else np.ones(values.shape[-1], np.float32)


def _lit_tone(ratio: F, weight: F) -> F:
    """(3,) colour of the skin against the painted skin, where light falls on it: shadow is not complexion."""
    chosen = ratio[weight > 0.6]
    if len(chosen) < 100:
        return np.ones(3, np.float32)
    luma = chosen.mean(1)
    low, high = np.quantile(luma, (0.45, 0.9))
    return np.median(chosen[(luma >= low) & (luma <= high)], axis=0)


def _eye_pixels(p: Portrait, inner: float, outer: float) -> list[F]:
    """For each eye large enough: (n, 3) pixels of its opening from ``inner`` to ``outer`` radii of the iris."""
    found = []
    y, x = np.mgrid[: p.image.shape[0], : p.image.shape[1]]
    for eye, iris in zip(EYES, IRISES, strict=True):
        centre, rim = p.points[iris[0], :2], p.points[list(iris[1:]), :2]
        radius = float(np.linalg.norm(rim - centre, axis=1).mean())
        if radius < IRIS_PIXELS:
            continue
        r = np.hypot(x - centre[0], y - centre[1]) / radius
        opening = np.zeros(p.image.shape[:2], np.uint8)
        cv2.fillPoly(opening, [p.points[list(eye), :2].round().astype(np.int32)], 1)
        pixels = p.image[(r > inner) & (r < outer) & (cv2.erode(opening, _disc(1)) > 0)]
        if len(pixels) >= 8:
            found.append(pixels.astype(np.float32))
    return found


def _white_balance(p: Portrait) -> F:
    """(3,) what colours are multiplied by, from the whites of the eyes; 1 where they cannot be seen."""
    found = []
    for pixels in _eye_pixels(p, 1.15, 2.6):
        luma = pixels.mean(1)
        found.append(np.median(pixels[luma >= np.quantile(luma, 0.65)], axis=0))
    if not found:
        return np.ones(3, np.float32)
    seen = np.maximum(np.mean(found, axis=0), 20)
    return np.clip((np.array(SCLERA) / seen) ** BALANCE, *BALANCE_RANGE).astype(np.float32)


def _iris(p: Portrait, white: F) -> tuple[float, float, float]:
    """What the painted iris is multiplied by."""
    found = []
    for pixels in _eye_pixels(p, 0.45, 0.85):
        luma = pixels.mean(1)
        found.append(np.median(pixels[luma <= np.quantile(luma, 0.8)], axis=0))  # without the lamps' reflections
    if not found:
        return 1.0, 1.0, 1.0
    sheet = read_sheet("eye.png").astype(np.float32)
    y, x = np.mgrid[: sheet.shape[0], : sheet.shape[1]]
    r = np.hypot(x / sheet.shape[1] - 0.5, y / sheet.shape[0] - 0.5) / IRIS_SHARE
    painted = np.median(sheet[(r > 0.45) & (r < 0.85)], axis=0)
    # Lids shade the eyes: the square root keeps the hue and half of the darkness.
    return _triple(np.clip(np.sqrt(np.mean(found, axis=0) * white / painted), 0.45, 1.9))


def _triple(values: F) -> tuple[float, float, float]:
    r, g, b = (round(float(v), 3) for v in values)
    return r, g, b


def _colour(values: F) -> tuple[int, int, int]:
    r, g, b = (int(np.clip(round(float(v)), 0, 255)) for v in values)
    return r, g, b
