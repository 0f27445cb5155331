"""The 40 channels' target shapes, made of MakeHuman's 52 face units after mending what is wrong with those.

Mended (each was seen in renders): blinks drag points inside the nose; lateral mouth shapes leak over the middle;
the smile bunches into a lump beside the mouth; cheekSquint is too weak to be AU6; nothing parts the lips alone.
"""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from rig.build.makehuman import PARTS, MakeHumanHead
from rig.parameters import ARKIT, CHANNELS

Array = NDArray[np.float64]
BLINK_SCALE = 0.72
CANTHI = (("left", 1.0), ("right", -1.0))
LID_FOLLOWS = {"eyeLookUp": 1.8, "eyeLookDown": 1.3, "eyeLookIn": 1.0, "eyeLookOut": 1.0}
"""How much further than in MakeHuman's shapes the lids go with the eye: else the lid cuts the iris."""
LATERAL_BLEND_M = 0.007
"""Half width of the band about the middle over which a one-sided mouth shape fades."""


def left_share(base: Array, half_width_m: float = LATERAL_BLEND_M) -> Array:
    """(V,) 1 on the subject's left, 0 on the right, smooth between; with its mirror image it sums to 1."""
    t = np.clip(base[:, 0] / half_width_m * 0.5 + 0.5, 0, 1)
    return t * t * (3 - 2 * t)


def skin_laplacian(head: MakeHumanHead) -> sp.csr_matrix:
    """(V, V) averaging over each vertex's neighbours (rows sum to 1)."""
    q = head.quads
    i = np.concatenate([q[:, k] for k in range(4)] + [q[:, (k + 1) % 4] for k in range(4)])
    j = np.concatenate([q[:, (k + 1) % 4] for k in range(4)] + [q[:, k] for k in range(4)])
    n = len(head.base)
    a = sp.csr_matrix((np.ones(len(i)), (i, j)), shape=(n, n))
    a.data[:] = 1
    return sp.diags(1 / np.maximum(np.asarray(a.sum(1)).ravel(), 1)) @ a


def ball(points: Array, centre: Array, inner: float, outer: float) -> Array:
    """(V,) 1 within ``inner`` metres of ``centre``, falling smoothly to 0 at ``outer``."""
    t = np.clip((outer - np.linalg.norm(points - centre, axis=1)) / (outer - inner), 0, 1)
    return t * t * (3 - 2 * t)


def mended_arkit(head: MakeHumanHead) -> dict[str, Array]:
    """The 52 shapes, name -> (V, 3) offsets in metres at weight 1, symmetric between the sides."""
    shapes = {name: head.shapes[name].copy() for name in ARKIT}
    share = left_share(head.base)
    flip = np.array([-1.0, 1.0, 1.0])
    smooth = skin_laplacian(head)
    eye = {side: head.joints[f"eye.{side[0].upper()}"][0] for side in ("left", "right")}
    eye_parts = np.isin(head.part, [PARTS.index("eye-left"), PARTS.index("eye-right")])

    for name in ARKIT:
        if not name.endswith("Left"):
            continue
        left, right = shapes[name], shapes[name[:-4] + "Right"]
        if name.startswith("eyeLook"):
            continue
        if name in ("jawLeft", "mouthLeft"):
            mirrored = right[head.mirror] * flip
            shapes[name] = (left + mirrored) / 2
            shapes[name[:-4] + "Right"] = shapes[name][head.mirror] * flip
            continue
        # One-sidedness by a partition of unity: the two sides together stay what the artist made.
        both = left + right
        both = (both + both[head.mirror] * flip) / 2
        if name == "eyeBlinkLeft":
            # The lid moves within 30 mm of its eye; farther points (inside the nose) were dragged along by mistake.
            keep = np.maximum(*(ball(head.base, eye[s], 0.026, 0.034) for s in eye))
            keep *= np.clip((np.abs(head.base[:, 0]) - 0.006) / 0.004, 0, 1)
            # On the base face, whose eyes are less wide than base.obj's, it closes them by 0.7 already.
            both *= BLINK_SCALE * keep[:, None]
        if name == "mouthSmileLeft":
            # The lump beside the corner: smooth the offsets over the cheek, not at the lips themselves.
            corner = np.array([0.026, -0.072, 0.012])
            mirrored_corner = corner * flip
            where = np.maximum(*(ball(head.base, c, 0.012, 0.045) for c in (corner, mirrored_corner)))
            where *= np.clip((np.abs(head.base[:, 0]) - 0.012) / 0.012, 0, 1)
            for _ in range(6):
                both += (where * 0.6)[:, None] * (smooth @ both - both)
        if name == "cheekSquintLeft":
            # The crease at the outer canthus is a knife's edge: soften it, leave the cheek.
            where = np.maximum(*(ball(head.base, eye[s] + [k * 0.016, -0.004, 0.0], 0.008, 0.020) for s, k in CANTHI))
            for _ in range(4):
                both += (where * 0.6)[:, None] * (smooth @ both - both)
        both[eye_parts] = 0
        shapes[name] = share[:, None] * both
        shapes[name[:-4] + "Right"] = shapes[name][head.mirror] * flip
    # Brows move as wholes: spread their offsets over the forehead, else the hair is squeezed into a line.
    forehead = np.clip((head.base[:, 1] - 0.010) / 0.008, 0, 1) * np.clip((head.base[:, 2] + 0.02) / 0.02, 0, 1)
    for name in ("browInnerUp", "browOuterUpLeft", "browOuterUpRight"):
        for _ in range(14):
            shapes[name] += (forehead * 0.6)[:, None] * (smooth @ shapes[name] - shapes[name])
    for name in ("eyeLookUp", "eyeLookDown", "eyeLookIn", "eyeLookOut"):
        mirrored = (shapes[f"{name}Left"] + shapes[f"{name}Right"][head.mirror] * flip) / 2
        mirrored = np.where(eye_parts[:, None], 1.0, LID_FOLLOWS[name]) * mirrored
        shapes[f"{name}Left"], shapes[f"{name}Right"] = mirrored, mirrored[head.mirror] * flip
    for name in ARKIT:
        if not name.endswith(("Left", "Right")):
            shapes[name] = (shapes[name] + shapes[name][head.mirror] * flip) / 2
    return shapes


def tongue_share(head: MakeHumanHead) -> Array:
    """(V,) 0 at the tongue's root to 1 at its tip, 0 elsewhere. MakeHuman's tongueOut hardly moves the tongue."""
    tongue = head.part == PARTS.index("tongue")
    z = head.base[:, 2]
    low, high = z[tongue].min(), z[tongue].max()
    return np.where(tongue, np.clip((z - low) / (high - low), 0, 1), 0.0)


def channel_targets(head: MakeHumanHead, arkit: dict[str, Array]) -> dict[str, Array]:
    """What each of the 40 channels looks like at intensity 1: name -> (V, 3) offsets in metres.

    Intensity 1 is FACS 5. MakeHuman's face units stay far below what people do: a brow at AU1 5 rises by 8 to 12 mm,
    a mouth corner at AU12 5 goes out by 12 mm, lips at AU25 5 stand a centimetre apart without the jaw's help.
    """
    share = left_share(head.base)
    flip = np.array([-1.0, 1.0, 1.0])

    def cheek_raise(side: str) -> Array:
        """AU6 draws the cheek's mound up and in towards the eye (orbicularis oculi, pars orbitalis)."""
        sign = 1.0 if side == "left" else -1.0
        mound = ball(head.base, np.array([sign * 0.036, -0.031, 0.017]), 0.004, 0.026)
        mound *= np.isin(head.part, [PARTS.index("skin")])
        mound *= np.clip((-0.012 - head.base[:, 1]) / 0.008, 0, 1)  # the lower lid itself is eyeSquint's
        return mound[:, None] * np.array([-sign * 0.0012, 0.0052, 0.0030])

    recipes: dict[str, dict[str, float]] = {
        "AU2-left": {"browOuterUpLeft": 2.6},
        "AU4-left": {"browDownLeft": 1.0},
        "AU5-left": {"eyeWideLeft": 1.15},
        "AU6-left": {"cheekSquintLeft": 1.0, "eyeSquintLeft": 0.35},
        "AU7-left": {"eyeSquintLeft": 1.0, "eyeBlinkLeft": 0.08},
        "AU9-left": {"noseSneerLeft": 1.4, "mouthUpperUpLeft": 0.45, "browDownLeft": 0.2},
        "AU10-left": {"mouthUpperUpLeft": 1.4},
        "AU12-left": {
            "mouthSmileLeft": 0.85,
            "mouthStretchLeft": 0.45,
            "mouthDimpleLeft": 0.6,
            "cheekSquintLeft": 0.15,
        },
        "AU14-left": {"mouthDimpleLeft": 1.2},
        "AU15-left": {"mouthFrownLeft": 1.2},
        "AU16-left": {"mouthLowerDownLeft": 1.4},
        "AU20-left": {"mouthStretchLeft": 1.4},
        "AU43-left": {"eyeBlinkLeft": 1.0},
        "AU17": {"mouthShrugLower": 1.0, "mouthShrugUpper": 0.5},
        "AU18": {"mouthPucker": 1.2},
        "AU22": {"mouthFunnel": 0.9, "mouthPucker": 0.35},
        "AU24": {
            "mouthPressLeft": 0.45,
            "mouthPressRight": 0.45,
            "mouthRollUpper": 0.35,
            "mouthRollLower": 0.35,
            "mouthPucker": 0.35,
        },
        "AU25": {
            "mouthLowerDownLeft": 1.5,
            "mouthLowerDownRight": 1.5,
            "mouthUpperUpLeft": 0.8,
            "mouthUpperUpRight": 0.8,
        },
        # The jaw drops with the lips still together; AU25 parts them (corrective AU25 x AU26 below).
        "AU26": {"jawOpen": 1.0, "mouthClose": 1.0},
        "AU28": {"mouthRollLower": 1.0, "mouthRollUpper": 1.0},
        "AU30-left": {"jawLeft": 1.0},
        "AU29": {"jawForward": 1.0},
        "AU34": {"cheekPuff": 1.0},
        "AU19": {"tongueOut": 1.0, "jawOpen": 0.22},
    }
    targets: dict[str, Array] = {"AU1-left": share[:, None] * arkit["browInnerUp"] * 3.2}
    for channel, recipe in recipes.items():
        targets[channel] = sum((k * arkit[name] for name, k in recipe.items()), np.zeros_like(head.base))
    # Mentalis pushes the chin's boss up and out, which mouthShrugLower leaves where it is.
    boss = ball(head.base, np.array([0.0, -0.098, 0.018]), 0.006, 0.026) * (head.part == PARTS.index("skin"))
    targets["AU17"] = targets["AU17"] + boss[:, None] * np.array([0.0, 0.0035, 0.0010])
    out = tongue_share(head)[:, None]
    targets["AU19"] = targets["AU19"] + out * np.array([0.0, -0.004, 0.013]) + out**2 * np.array([0.0, -0.008, 0.006])
    targets["AU26"] = targets["AU26"] + out * np.array([0.0, -0.006, 0.0])
    targets["AU6-left"] = targets["AU6-left"] + cheek_raise("left")
    targets["AU12-left"] = targets["AU12-left"] + 0.35 * cheek_raise("left")
    for channel in CHANNELS:
        if channel.endswith("-right"):
            targets[channel] = targets[channel.replace("-right", "-left")][head.mirror] * flip
    return {c: targets[c] for c in CHANNELS}


def corrective_targets(
    head: MakeHumanHead, arkit: dict[str, Array], channels: dict[str, Array]
) -> dict[tuple[str, str], Array]:
    """What two channels look like *together* at intensity 1, where their sum is wrong: pair -> (V, 3) offsets."""
    dropped = tongue_share(head)[:, None] * np.array([0.0, -0.006, 0.0])
    together = {("AU25", "AU26"): arkit["jawOpen"] + 0.35 * channels["AU25"] + dropped}
    for side in ("left", "right"):
        # A smile with parted lips shows the upper teeth: zygomaticus draws the upper lip up as well.
        smile = channels[f"AU12-{side}"] + channels["AU25"] + 0.9 * arkit[f"mouthUpperUp{side.capitalize()}"]
        together[(f"AU12-{side}", "AU25")] = smile
        # AU43 is how far the eye is covered, whatever covers it: a tight lid does not cover it twice.
        together[(f"AU43-{side}", f"AU7-{side}")] = channels[f"AU43-{side}"] + 0.1 * channels[f"AU7-{side}"]
    return together
