"""The skin's sheets: colour under even light, what is tinted, and how it shines."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.build.hairline import hair_cover
from rig.build.painting import Array, Canvas, fill, noise, sample, smooth

UPPER_LIDS = (263, 466, 388, 387, 386, 385, 384, 398, 362)
LOWER_LIDS = (263, 249, 390, 373, 374, 380, 381, 382, 362)
UNDER_EYE = (346, 450, 451, 452, 453)
JAW = (172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397)
MOUSTACHE = (206, 165, 167, 164, 393, 391, 426)
FLESH, THROAT = (158.0, 68.0, 64.0), (86.0, 30.0, 30.0)
"""sRGB of the mouth's inside behind the lips and at its back. It is bright paint, as hardly any lamp reaches it."""
SHADE_FLOOR = 0.22
"""Of the ambient light: what the paint takes for granted everywhere. Where lids and lips meet none is left, and
paint as dark as that would be a drawn line once they part or stretch."""
NOSTRIL = (98, 327)


@dataclass(frozen=True)
class SkinStyle:
    """How a head is painted. Strengths are 0..1 unless said; colours are sRGB."""

    base: tuple[float, float, float] = (222.0, 178.0, 152.0)
    lips: tuple[float, float, float] = (194.0, 118.0, 110.0)
    blush: float = 1.0
    """Blood under thin skin: cheeks, nose, ears, knuckles of the chin. 0..2."""
    freckles: float = 0.12
    stubble: float = 0.16
    spots: float = 0.0
    """Age spots and broken veins."""
    wrinkles: float = 0.0
    """How dark the folds are at rest."""
    mottle: float = 1.5
    """Unevenness of the skin's colour. 0..3."""
    hair: float = 1.0
    """How thickly the scalp is covered by ``Look.hair``."""
    seed: int = 5


def part_mask(canvas: Canvas, masks: Path, name: str) -> Array:
    """(size, size) 0..1 of one of MakeHuman's CC0 masks. Raises FileNotFoundError."""
    image = cv2.imread(str(masks / f"mpfb_{name}.jpg"), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise FileNotFoundError(f"{masks / f'mpfb_{name}.jpg'}: not in this copy of MakeHuman's data")
    soft = np.asarray(cv2.GaussianBlur(image.astype(np.float64) / 255, (0, 0), 1.1), np.float64)
    h, w = soft.shape
    return sample(soft, canvas.raw[..., 0] * w - 0.5, (1 - canvas.raw[..., 1]) * h - 0.5)


@dataclass(frozen=True)
class Regions:
    """Masks (size, size) 0..1 that colour, gloss and tint share."""

    lips: Array
    inside: Array
    lids: Array
    ears: Array
    hair: Array
    rim: Array
    """The wet edge of the lids, and the caruncle."""
    lash_line: Array
    beard: Array


def regions(canvas: Canvas, masks: Path, rng: np.random.Generator) -> Regions:
    size, unit = canvas.size, canvas.unit
    inside = part_mask(canvas, masks, "inside-mouth")
    lips = np.clip((part_mask(canvas, masks, "lips") - 0.30) / 0.45, 0, 1) * (1 - inside)
    ears = part_mask(canvas, masks, "ears")
    ears = np.asarray(cv2.GaussianBlur(ears, (0, 0), size / 512), np.float64)
    ragged = 0.4 * noise(rng, size, size / 100) + 0.6 * noise(rng, size, size / 512)
    hair = hair_cover(canvas.p, canvas.marks, unit, ears, ragged)
    off_ball = np.min([np.linalg.norm(canvas.p - e, axis=-1) for e in canvas.eyes], axis=0) - canvas.eye_radius
    upper = canvas.to_curve(canvas.through(UPPER_LIDS), both=True) / unit
    lower = canvas.to_curve(canvas.through(LOWER_LIDS), both=True) / unit
    edge = np.minimum(upper, lower)
    rim = (1 - smooth(edge, 0.05, 0.16)) * (1 - smooth(off_ball / unit, 0.015, 0.05))
    rim = np.maximum(rim, canvas.blob((362,), 0.11) * (1 - smooth(off_ball / unit, 0.02, 0.14)))
    lash_line = np.maximum(1 - smooth(upper, 0.03, 0.12), 0.45 * (1 - smooth(lower, 0.02, 0.07))) * (1 - rim)
    lash_line *= 1 - canvas.blob((362,), 0.42)
    jaw = canvas.to_curve(canvas.through(JAW)) / unit
    beard = np.maximum(
        1 - smooth(jaw, 0.15, 0.75), 1 - smooth(canvas.to_curve(canvas.through(MOUSTACHE)) / unit, 0.05, 0.32)
    )
    beard *= (1 - smooth(canvas.p[..., 1], canvas.marks[164, 1] - 0.1 * unit, canvas.marks[164, 1] + 0.4 * unit)) * (
        1 - lips
    )
    return Regions(lips, inside, part_mask(canvas, masks, "eyelids"), ears, hair, rim, lash_line, beard)


def _layer(c: Array, share: Array, colour: tuple[float, float, float]) -> None:
    c += np.clip(share, 0, 1)[..., None] * (np.array(colour) - c)


def _shift(c: Array, share: Array, by: tuple[float, float, float]) -> None:
    c += share[..., None] * np.array(by)


def _complexion(c: Array, canvas: Canvas, r: Regions, style: SkinStyle, rng: np.random.Generator) -> None:
    """Blood, bone and sun: the face's zones, then what is uneven."""
    b, size = canvas.blob, canvas.size
    blood = (
        0.50 * b((425, 280), 0.70) + 0.25 * b((352, 411), 0.80) + 0.80 * b((4, 1), 0.40) + 0.55 * b((358,), 0.28)
        + 0.6 * r.ears + 0.35 * b((199, 175), 0.42) + 0.22 * b((9,), 0.35)
    )  # fmt: skip
    _shift(c, style.blush * blood, (3.0, -25.0, -24.0))
    _shift(c, b((151, 337), 1.25), (1.0, 2.0, -3.0))  # the forehead is yellower
    _shift(c, b((6, 197), 0.35), (5.0, 3.0, 0.0))
    under = np.maximum(1 - smooth(canvas.to_curve(canvas.through(UNDER_EYE), both=True) / canvas.unit, 0.05, 0.38), 0)
    _shift(c, under, (-9.0, -14.0, -7.0))
    _shift(c, b((413,), 0.24), (-8.0, -14.0, -8.0))
    _shift(c, np.clip(r.lids, 0, 1), (-8.0, -15.0, -13.0))
    _shift(c, r.beard, (-5.0, -4.0, 1.0))
    neck = 1 - smooth(canvas.p[..., 1], canvas.marks[152, 1] - 1.2 * canvas.unit, canvas.marks[152, 1])
    _shift(c, neck, (-3.0, -3.0, -7.0))
    large, middle, fine = (noise(rng, size, size / n) for n in (22, 64, 400))
    _shift(c, style.mottle * (0.8 * large + 0.6 * middle), (1.4, 2.8, 2.5))
    _shift(c, style.mottle * fine, (1.6, 2.2, 2.2))
    flush = noise(rng, size, size / 40) * np.clip(blood, 0, 1)
    _shift(c, style.blush * flush, (0.0, -2.5, -2.5))


def _marks_on_skin(c: Array, canvas: Canvas, r: Regions, style: SkinStyle, rng: np.random.Generator) -> None:
    """Freckles, spots, stubble: dots of their own."""
    size = canvas.size
    where = np.clip(
        0.9 * canvas.blob((425, 280), 0.8) + canvas.blob((5, 195), 0.6) + 0.35 * canvas.blob((151,), 1.2), 0, 1
    )
    for strength, cell, colour, place in (
        (style.freckles, size / 300, (172.0, 112.0, 78.0), where),
        (style.spots, size / 90, (166.0, 116.0, 88.0), np.ones_like(where)),
    ):
        if strength > 0:
            dots = smooth(noise(rng, size, cell), 1.9, 2.6)
            _layer(c, strength * dots * place * (1 - r.lips) * (1 - r.inside) * 0.8, colour)
    if style.stubble > 0:
        hairs = smooth(noise(rng, size, size / 700), 0.5, 1.8)
        _shift(c, style.stubble * r.beard, (-26.0, -18.0, -8.0))
        _layer(c, 0.5 * style.stubble * r.beard * hairs, (92.0, 78.0, 74.0))


def _lips(c: Array, canvas: Canvas, r: Regions, style: SkinStyle, rng: np.random.Generator) -> None:
    """Lips darker to where they meet, paler where they are fullest, with fine lines across; wet flesh behind them."""
    size = canvas.size
    lines = noise(rng, size, size / 220) + noise(rng, size, size / 60)
    tone = np.array(style.lips) + 3.0 * lines[..., None]
    line = canvas.to_curve(np.concatenate([canvas.marks[[78, 80, 13, 310, 308]]])) / canvas.unit
    tone = tone - (1 - smooth(line, 0.0, 0.20))[..., None] * np.array([26.0, 28.0, 22.0])
    full = canvas.blob((17, 14), 0.20) + 0.5 * canvas.blob((11, 12), 0.16) + 0.6 * canvas.blob((314, 315), 0.16)
    tone = tone + np.clip(full, 0, 1)[..., None] * np.array([13.0, 13.0, 11.0])
    share = 0.84 * np.asarray(cv2.GaussianBlur(r.lips, (0, 0), size / 700), np.float64)[..., None]
    c += share * (tone - c)
    _layer(c, 0.30 * canvas.blob((308, 308, 291), 0.13), (158.0, 92.0, 82.0))
    behind = (canvas.marks[13, 2] - canvas.p[..., 2]) / canvas.unit
    _layer(c, r.inside, FLESH)
    _layer(c, r.inside * smooth(behind, 0.5, 1.9), THROAT)


def paint_skin(canvas: Canvas, r: Regions, style: SkinStyle, groove: Array) -> NDArray[np.uint8]:
    """(size, size, 3) sRGB of a light skin under even light; ``groove`` (size, size) 0..1 is how deep folds are."""
    rng = np.random.default_rng(style.seed)
    c = np.broadcast_to(np.array(style.base), (*canvas.p.shape[:2], 3)).copy()
    _complexion(c, canvas, r, style, rng)
    _marks_on_skin(c, canvas, r, style, rng)
    _lips(c, canvas, r, style, rng)
    _layer(c, 0.60 * r.rim, (208.0, 144.0, 132.0))
    _layer(c, 0.55 * r.lash_line, (92.0, 58.0, 48.0))
    _layer(c, style.wrinkles * groove * 0.55, (140.0, 86.0, 68.0))
    # Some of the shade in folds and hollows stays in the colour: simple lighting has no other.
    # About the eyes the brow's roof, which moves, is left to the lamps: painted too, it would be a frown at rest.
    floor = SHADE_FLOOR + 0.30 * canvas.blob((386, 374), 0.80)
    shade = floor + (1 - floor) * np.clip(canvas.ambient, 0, 1)
    c *= np.maximum(shade, r.inside)[..., None] ** np.array([0.36, 0.50, 0.55])
    return np.clip(fill(c, canvas.hole), 0, 255).astype(np.uint8)


def paint_masks(canvas: Canvas, r: Regions, style: SkinStyle) -> NDArray[np.uint8]:
    """(size, size, 3): what takes the complexion's tint; hair's coverage; lips."""
    out = np.stack([1 - np.clip(r.inside + 0.8 * r.rim, 0, 1), style.hair * r.hair, r.lips], axis=-1)
    return (255 * np.clip(fill(out, canvas.hole), 0, 1)).astype(np.uint8)


def paint_detail(canvas: Canvas, r: Regions) -> NDArray[np.uint8]:
    """(size, size, 3): gloss, depth of pores, how thin the skin is (light shines through ears and nostrils; 1 only in
    the mouth, whose light the vertices' table, made with shut lips, does not know)."""
    b = canvas.blob
    gloss = 0.40 + 0.16 * b((151, 9), 0.9) + 0.22 * b((4, 5), 0.45) + 0.10 * b((199,), 0.4) + 0.10 * b((280,), 0.5)
    gloss += 0.08 * np.clip(r.lids, 0, 1) - 0.08 * r.beard
    gloss *= 1 - r.hair
    gloss = gloss * (1 - r.lips) + 0.74 * r.lips
    gloss = np.maximum(gloss * (1 - r.rim) + 1.0 * r.rim, 0.30 * r.inside)
    pores = 0.50 + 0.35 * b((4, 5), 0.6) + 0.35 * b((425,), 0.6) + 0.15 * b((151,), 1.0)
    pores *= smooth((canvas.p[..., 1] - canvas.marks[152, 1]) / canvas.unit, -0.3, 0.4)
    pores *= (1 - 0.75 * r.lips) * (1 - 0.7 * np.clip(r.lids, 0, 1)) * (1 - r.inside) * (1 - r.rim) * (1 - 0.5 * r.hair)
    thin = 0.6 * r.ears + 0.45 * b((358,), 0.28) + 0.25 * b((4,), 0.25) + 0.2 * r.lips + 0.15 * np.clip(r.lids, 0, 1)
    # Lips' backs, where shut lips leave no light, belong to it.
    mouth = np.maximum(r.inside, (r.lips > 0.1) * (1 - smooth(canvas.ambient, 0.02, 0.12)))
    out = np.stack([gloss, pores, np.maximum(thin, mouth)], axis=-1)
    return (255 * np.clip(fill(out, canvas.hole), 0, 1)).astype(np.uint8)
