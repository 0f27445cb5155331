"""The hero of an animated film: large eyes, a strong jaw, clean planes, expressions that are crisp and large."""

import cv2
import numpy as np
from scipy.interpolate import PchipInterpolator

from rig.build.characters.clay import Array, Clay, bump, fade
from rig.build.characters.paint import Canvas, Eye, paint_eye
from rig.build.characters.retarget import Meaning, both_sides
from rig.build.characters.tufts import Lock, grow, shell
from rig.skeleton import Skeleton

EYE_SCALE = 1.34
REST = {"AU12": 0.16}


def sculpt(clay: Clay) -> None:
    clay.macro("male", "young", 0.8)
    clay.mix(
        {
            "head/head-age-decr": 0.3,
            "chin/chin-prominent-incr": 0.55,
            "chin/chin-bones-incr": 0.5,
            "chin/chin-width-incr": 0.4,
            "nose/nose-curve-concave": 0.5,
            "nose/nose-hump-decr": 0.7,
            "nose/nose-point-up": 0.25,
            "mouth/mouth-upperlip-volume-decr": 0.5,
            "mouth/mouth-lowerlip-volume-decr": 0.25,
            "eyes/l-eye-height2-incr": 0.5,
            "eyes/l-eye-height1-incr": 0.35,
            "eyes/l-eye-height3-incr": 0.35,
            "neck/neck-scale-horiz-decr": 0.5,
        }
    )
    clay.eyes(EYE_SCALE, (0.0030, -0.001, -0.0068), tilt_deg=3.0)
    # Round cheeks without the old socket's rim.
    eye = clay.middle_of_eye()
    rim = np.maximum(bump(clay.points, eye, 0.062, 0.5), bump(clay.points, eye * [-1, 1, 1], 0.062, 0.5))
    for side in (1, -1):
        rim = rim * (1 - bump(clay.points, eye * [side, 1, 1], 0.031, 0.8))
    clay.smooth(rim * clay.part("skin"), 10)
    # A small nose in a broad face: what stands out of it is made smaller about its root.
    clay.grow((0.0, -0.032, 0.010), (0.030, 0.036, 0.044), (0.88, 0.92, 0.88), core=0.3)
    clay.grow((0.0, -0.070, 0.010), (0.046, 0.030, 0.040), (1.14, 0.94, 1.0), core=0.4)
    clay.widths({-0.20: 0.90, -0.135: 0.95, -0.115: 0.98, -0.09: 1.03, -0.05: 1.02, 0.0: 1.04, 0.06: 1.08, 0.11: 1.07})
    clay.heights({-0.25: -0.255, -0.12: -0.122, -0.07: -0.068, 0.0: 0.0, 0.05: 0.050, 0.13: 0.118})


def bones(skeleton: Skeleton, clay: Clay) -> Skeleton:
    return skeleton


def meaning(skeleton: Skeleton, clay: Clay) -> Meaning:
    """Crisp and large, with the squash and stretch of animated films: a smile shortens the face and rounds the
    cheeks, a dropped jaw draws it long and thin, anger makes angles."""
    cheek, chin, jaw, ala = clay.mark(425), clay.mark(152), clay.mark(365), clay.mark(358)
    own = clay.mirrored(
        {
            "AU12-left": clay.lump(np.add(cheek, (0.006, 0.004, 0)), 0.032, (0.0020, 0.0020, 0.0024))
            + clay.lump(np.add(chin, (0.012, 0.004, 0)), (0.044, 0.040, 0.06), (0.0, 0.0036, 0.0008)),
            "AU6-left": clay.lump(np.add(cheek, (0.004, 0.008, 0)), 0.030, (0.0, 0.0012, 0.0016)),
            "AU26": clay.lump(np.add(cheek, (0.008, -0.012, 0)), 0.036, (-0.0065, -0.004, 0.0))
            + clay.lump(chin, (0.05, 0.034, 0.05), (0.0, -0.0030, 0.0)),
            "AU15-left": clay.lump(np.add(chin, (0.008, 0.012, 0)), 0.030, (0.0, 0.0022, 0.0022)),
            "AU9-left": clay.lump(ala, 0.014, (0.0030, 0.0012, 0.0)),
            "AU4-left": clay.lump(clay.mark(283), (0.020, 0.014, 0.03), (0.0012, 0.0050, 0.0)),
            "AU34": clay.lump(np.add(jaw, (-0.016, 0.018, 0.02)), 0.036, (0.0040, 0.0, 0.0020)),
        }
    )
    mix = both_sides(
        {
            "AU1": {"AU1": 1.0},
            "AU2": {"AU2": 1.0},
            "AU4": {"AU4": 1.1, "AU7": 0.10},
            "AU5": {"AU5": 1.25},
            "AU6": {"AU6": 1.0, "AU7": 0.1},
            "AU9": {"AU9": 1.1, "AU10": 0.15},
            "AU10": {"AU10": 1.15},
            "AU12": {"AU12": 1.08, "AU6": 0.15},
            "AU15": {"AU15": 1.25, "AU1": 0.15},
            "AU17": {"AU17": 1.3},
            "AU18": {"AU18": 1.2},
            "AU20": {"AU20": 1.15},
            "AU22": {"AU22": 1.1, "AU18": 0.25},
            "AU26": {"AU26": 1.08},
            "AU34": {"AU34": 1.2},
            "AU43": {"AU43": 1.18},
        }
    )
    return Meaning(REST, mix, own)


def dress(skeleton: Skeleton, clay: Clay) -> Skeleton:
    """Hair swept up from the brow and back: one soft body, short at the sides, with a few large locks on its front."""
    p = skeleton.vertices.astype(float)
    line = float(clay.mark(10)[1]) + 0.004
    z = [-0.20, -0.14, -0.105, -0.085, -0.070, -0.055, -0.035, 0.00, 0.05]
    edge = PchipInterpolator(z, [-0.085, -0.082, -0.060, -0.005, -0.006, 0.020, line - 0.012, line, line + 0.004])
    # Lowest in the middle, drawn back over the temples' corners.
    corner = 0.013 * np.exp(-(((np.abs(p[:, 0]) - 0.043) / 0.017) ** 2)) * fade((p[:, 2] + 0.045) / 0.03)
    above = p[:, 1] - edge(np.clip(p[:, 2], z[0], z[-1])) - corner
    on, _ = clay.ear()
    cover = fade(above / 0.014) * (1 - fade(on * 3)) * clay.part("skin")
    front = fade((p[:, 2] + 0.085) / 0.075) * fade((p[:, 1] - 0.035) / 0.04)
    top = fade((p[:, 1] - 0.035) / 0.05)
    height = 0.006 + 0.012 * top + 0.008 * front
    lean = front[:, None] * np.array([0.0, 0.012, 0.004])
    skeleton = shell(skeleton, cover, height, lean)

    def flow(q: Array) -> Array:
        first = np.clip((q[2] + 0.04) / 0.04, 0, 1)
        return np.array([0.15 * np.sign(q[0]), 1.2 * first - 0.1, -1.0 + 0.2 * first])

    locks = [
        Lock(np.array([x, line + dy, z]), length, radius, lift, curl=curl)
        for x, dy, z, length, radius, lift, curl in (
            (0.006, 0.014, -0.004, 0.086, 0.016, 0.036, -0.15),
            (0.022, 0.013, -0.008, 0.084, 0.017, 0.033, -0.05),
            (0.038, 0.009, -0.018, 0.078, 0.016, 0.027, 0.06),
            (0.047, 0.006, -0.034, 0.060, 0.013, 0.016, -0.10),
            (0.014, 0.030, -0.030, 0.090, 0.018, 0.034, 0.10),
            (0.032, 0.026, -0.040, 0.086, 0.018, 0.029, 0.05),
        )
    ]
    return grow(skeleton, locks, flow, thin=0.45)


def paint(skeleton: Skeleton, folder: str) -> None:
    """Clean, graphic skin: even, sun-warm, a clear blush; eyes of a vivid green-blue."""
    rng = np.random.default_rng(21)
    c = Canvas.open(skeleton)
    c.colour = c.colour * 0.35 + 0.65 * cv2.GaussianBlur(c.colour, (0, 0), 9)
    c.recolour((226.0, 170.0, 136.0), 0.5)
    c.shift(c.blob(np.add(c.mark(425), (0.004, 0.004, 0)), 0.030), (3.0, -6.0, -6.0))
    c.shift(c.blob(c.mark(4), 0.017), (3.0, -6.0, -5.0))
    c.shift(c.blob(c.mark(152), 0.026), (-3.0, -6.0, -4.0))
    c.towards(0.55 * c.lips, (196.0, 122.0, 104.0))
    c.hair((38.0, 22.0, 14.0), (118.0, 74.0, 44.0), rng)
    c.save(folder)
    ball = 0.0145 * EYE_SCALE
    paint_eye(
        Eye(0.0090, (22.0, 104.0, 118.0), (104.0, 196.0, 178.0), (240.0, 240.0, 240.0), (206.0, 196.0, 198.0),
            (8.0, 28.0, 36.0), pupil=0.44, spokes=6.0, sphere=ball),
        folder,
    )  # fmt: skip
