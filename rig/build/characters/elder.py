"""An old man: long ears and nose, bags and jowls, lids that hang; what he feels shows small and heavily."""

import numpy as np
from scipy.interpolate import PchipInterpolator

from rig.build.characters.clay import Clay, fade
from rig.build.characters.paint import Canvas, Eye, full, noise, paint_eye
from rig.build.characters.retarget import Meaning, both_sides
from rig.build.characters.tufts import Lock, grow, shell
from rig.skeleton import Skeleton

REST = {"AU5": 0.30, "AU15": 0.06}


def sculpt(clay: Clay) -> None:
    clay.macro("male", "old", 1.1, weight="average")
    clay.mix(
        {
            "head/head-age-incr": 0.8,
            "eyes/l-eye-bag-incr": 0.9,
            "eyes/l-eye-bag-out": 0.5,
            "eyes/l-eye-eyefold-down": 0.5,
            "nose/nose-hump-incr": 0.6,
            "nose/nose-point-down": 0.35,
            "nose/nose-volume-incr": 0.5,
            "nose/nose-scale-vert-incr": 0.4,
            "mouth/mouth-upperlip-volume-decr": 0.6,
            "mouth/mouth-lowerlip-volume-decr": 0.4,
            "mouth/mouth-angles-down": 0.3,
            "mouth/mouth-laugh-lines-in": 0.5,
            "ears/l-ear-scale-vert-incr": 0.8,
            "ears/l-ear-lobe-incr": 1.0,
            "neck/neck-double-incr": 0.5,
            "cheek/l-cheek-volume-decr": 0.5,
        }
    )


def bones(skeleton: Skeleton, clay: Clay) -> Skeleton:
    return skeleton


def meaning(skeleton: Skeleton, clay: Clay) -> Meaning:
    """Smaller, slower and heavier: the mouth does less than the eyes, the jowls bunch and hang, lids come down with
    every effort, the chin joins in."""
    jowl, cheek, chin = clay.mark(434), clay.mark(425), clay.mark(152)
    own = clay.mirrored(
        {
            "AU12-left": clay.lump(jowl, 0.028, (0.0035, -0.0010, 0.0015))
            + clay.lump(cheek, 0.022, (0.0, 0.0020, 0.0020)),
            "AU15-left": clay.lump(np.add(jowl, (0, -0.010, 0)), 0.032, (0.0015, -0.0040, 0.0)),
            "AU26": clay.lump(jowl, 0.034, (-0.0020, -0.0040, 0.0)),
            "AU9-left": clay.lump(cheek, 0.022, (0.0, 0.0022, 0.0012)),
            "AU18": clay.lump(np.add(jowl, (-0.012, 0.012, 0.01)), 0.026, (-0.0030, 0.0, -0.0030)),
            "AU2-left": clay.lump(clay.mark(332), (0.030, 0.030, 0.05), (0.0, 0.0026, 0.0)),
            "AU1-left": clay.lump(clay.mark(337), (0.026, 0.030, 0.05), (0.0, 0.0026, 0.0)),
            "AU17": clay.lump(np.add(chin, (0, 0.008, 0)), 0.028, (0.0, 0.0014, 0.0014)),
        }
    )
    mix = both_sides(
        {
            "AU1": {"AU1": 0.7},
            "AU2": {"AU2": 0.65},
            "AU4": {"AU4": 0.7, "AU7": 0.35, "AU43": 0.06},
            "AU5": {"AU5": 0.9},
            "AU6": {"AU6": 1.1, "AU7": 0.2},
            "AU9": {"AU9": 0.65, "AU10": 0.3, "AU7": 0.2},
            "AU10": {"AU10": 0.8},
            "AU12": {"AU12": 0.74, "AU6": 0.45, "AU7": 0.1},
            "AU14": {"AU14": 0.8},
            "AU15": {"AU15": 1.05, "AU4": 0.12},
            "AU17": {"AU17": 1.2, "AU15": 0.2},
            "AU18": {"AU18": 0.85, "AU24": 0.25},
            "AU20": {"AU20": 0.7},
            "AU22": {"AU22": 0.75},
            "AU25": {"AU25": 0.85},
            "AU26": {"AU26": 0.85},
            "AU30-left": {"AU30-left": 0.7},
            "AU30-right": {"AU30-right": 0.7},
            "AU34": {"AU34": 0.85},
            "AU43": {"AU43": 1.16, "AU6": 0.12, "AU4": 0.10},
        }
    )
    return Meaning(REST, mix, own)


def dress(skeleton: Skeleton, clay: Clay) -> Skeleton:
    """A white wreath of hair round a bald crown, a tuft on the chin."""
    p = skeleton.vertices.astype(float)
    on, _ = clay.ear()
    z = [-0.22, -0.15, -0.10, -0.075, -0.055, -0.045, 0.05]
    low = PchipInterpolator(z, [-0.085, -0.080, -0.055, -0.004, -0.012, 0.012, 0.2])(np.clip(p[:, 2], z[0], z[-1]))
    high = np.interp(p[:, 2], [-0.19, -0.10, -0.05], [0.030, 0.052, 0.045])
    cover = fade((p[:, 1] - low) / 0.022) * fade((high - p[:, 1]) / 0.026) * (1 - fade(on * 3)) * clay.part("skin")
    cover *= fade((-p[:, 2] - 0.050) / 0.030)
    side = fade((np.abs(p[:, 0]) - 0.045) / 0.03)
    tousle = 0.003 * np.sin(190 * p[:, 1] + 60 * p[:, 2]) * np.sin(150 * p[:, 2])
    lean = side[:, None] * np.array([0.0, -0.002, -0.009])
    skeleton = shell(skeleton, cover, 0.010 + 0.005 * side + tousle, lean)

    rng = np.random.default_rng(31)
    return grow(skeleton, chin_tuft(clay, rng), lambda q: np.array([-0.25 * np.sign(q[0]), -1.0, 0.4]), thin=0.8)


def chin_tuft(clay: Clay, rng: np.random.Generator) -> list[Lock]:
    """A goatee that wags with the jaw."""
    chin = clay.mark(199)
    out = []
    for x, y, length in ((0.004, 0.002, 0.040), (0.011, 0.004, 0.034), (0.005, -0.008, 0.038), (0.017, 0.004, 0.026)):
        root = np.add(chin, (x, y, 0.002))
        out.append(Lock(root, length, 0.0058, 0.006, curl=rng.uniform(-0.2, 0.2), carrier=chin))
    return out


def paint(skeleton: Skeleton, folder: str) -> None:
    """Thin, pale skin with spots, a red nose, grey stubble, furrows; eyes gone pale."""
    rng = np.random.default_rng(22)
    c = Canvas.open(skeleton)
    c.recolour((212.0, 172.0, 152.0), 0.55)
    c.shift(np.clip(noise(rng, 70), -2, 2), (2.5, -3.0, -3.0))
    c.shift(c.blob(c.mark(4), 0.026) * 0.9, (6.0, -20.0, -18.0))
    c.shift(c.blob(np.add(c.mark(425), (0.006, 0.008, 0)), 0.030), (4.0, -14.0, -14.0))
    c.shift(c.blob(c.mark(454), 0.040) * 0.8, (4.0, -16.0, -14.0))
    c.shift(c.blob(np.subtract(c.mark(253), (0, 0.006, 0)), 0.013), (-10.0, -15.0, -7.0))
    c.towards(0.6 * c.lips, (182.0, 128.0, 122.0))
    furrows(c, rng)
    forehead = float(c.mark(9)[1]) + 0.014, float(c.mark(10)[1]) + 0.05
    c.shift(c.dots(26, forehead, (0.0012, 0.0040), rng), (-34.0, -42.0, -42.0))
    stubble(c, rng)
    c.hair((150.0, 146.0, 140.0), (236.0, 234.0, 228.0), rng)
    c.save(folder)
    paint_eye(
        Eye(0.0061, (52.0, 70.0, 86.0), (112.0, 134.0, 146.0), (218.0, 206.0, 190.0), (198.0, 142.0, 132.0),
            (58.0, 64.0, 70.0), pupil=0.42, veins=0.55, ring=0.35),
        folder,
    )  # fmt: skip


def furrows(c: Canvas, rng: np.random.Generator) -> None:
    """Lines that stay when the face is at rest: forehead, crow's feet, beside nose and mouth, under the eyes."""
    dark = np.zeros(c.lips.shape)
    brow, top = c.mark(9)[1], c.mark(10)[1]
    for k, share in enumerate((0.36, 0.58, 0.80)):
        x = np.linspace(0.0, 0.046 - 0.004 * k, 12)
        y = brow + share * (top - brow) + 0.0022 * np.sin(x * 130 + k) - 90 * (x - 0.012).clip(0) ** 2 * 0.055
        z = c.mark(9)[2] - 0.004 - 5.5 * x**2
        dark = np.maximum(dark, 0.8 * c.line(np.stack([x, y, z], axis=1), 0.0009))
    canthus = c.mark(263)
    for a in (34, 14, -6, -26):
        d = np.array([np.cos(np.radians(a)), np.sin(np.radians(a)), -0.55])
        t = np.linspace(0.006, 0.021, 6)[:, None]
        dark = np.maximum(dark, 0.9 * c.line(canthus + t * d + 0.0006 * np.sin(300 * t) * np.array([0, 1, 0]), 0.0006))
    for marks, width in (((358, 423, 426, 436, 432), 0.0012), ((291, 422, 430), 0.0010), ((362, 341, 453), 0.0006)):
        dark = np.maximum(dark, 0.7 * c.line(np.array([c.mark(m) for m in marks]), width))
    dark *= 0.8 + 0.2 * np.clip(noise(rng, 24), -1, 1)
    c.shift(dark, (-44.0, -50.0, -46.0))


def stubble(c: Canvas, rng: np.random.Generator) -> None:
    """Short grey hairs where a beard would grow: a cool shade, and white points."""
    chin, lip, ear = c.mark(152), c.mark(0), c.mark(454)
    beard = np.maximum(
        c.blob(np.add(chin, (0, 0.006, -0.01)), (0.062, 0.040, 0.060), 0.5), c.blob(lip, (0.030, 0.014, 0.03))
    )
    side = np.add((chin * 2 + ear) / 3, (0.02, -0.005, 0))
    beard = np.maximum(beard, c.blob(side, (0.040, 0.036, 0.060), 0.3)) * (1 - c.lips)
    beard *= full(c.place[..., 1] > chin[1] - 0.03)
    c.shift(beard, (-16.0, -8.0, -2.0))
    points = np.clip(noise(rng, 2) - 1.05, 0, 1.2) * beard
    c.shift(points, (46.0, 60.0, 70.0))
