"""The 40 channels' target shapes, made of MakeHuman's 52 face units after mending what is wrong with those.

Mended (each was seen in renders): blinks drag points inside the nose; lateral mouth shapes leak over the middle;
the smile bunches into a lump beside the mouth; cheekSquint is too weak to be AU6; nothing parts the lips alone.
"""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from rig.build.makehuman import PARTS, MakeHumanHead
from rig.build.sculpt import Sculptor, ball, ramp, seal
from rig.parameters import ARKIT, CHANNELS

Array = NDArray[np.float64]
BLINK_ACROSS_M = (-0.010, 0.0, 0.006, 0.008, 0.010, 0.012)
BLINK_SCALE = (0.75, 0.70, 0.66, 0.62, 0.54, 0.48)
"""What of MakeHuman's blink closes the base face's lids, measured by rays at these places out from the eye's centre:
its outer half would be shut, and the lids overlap, while the inner half still stands open."""
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
            outwards = np.abs(head.base[:, 0]) - eye["left"][0]
            both *= (np.interp(outwards, BLINK_ACROSS_M, BLINK_SCALE) * keep)[:, None]
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


RECIPES: dict[str, dict[str, float]] = {
    "AU4-left": {"browDownLeft": 1.0},
    "AU5-left": {"eyeWideLeft": 1.15},
    "AU6-left": {"cheekSquintLeft": 1.0, "eyeSquintLeft": 0.25},
    "AU7-left": {"eyeSquintLeft": 1.0},
    "AU9-left": {"noseSneerLeft": 1.4, "mouthUpperUpLeft": 0.45, "browDownLeft": 0.2},
    "AU10-left": {"mouthUpperUpLeft": 1.4, "noseSneerLeft": 0.25},
    "AU12-left": {"mouthSmileLeft": 1.15, "mouthStretchLeft": 0.15, "mouthDimpleLeft": 0.3, "cheekSquintLeft": 0.15},
    "AU14-left": {"mouthDimpleLeft": 1.0, "mouthPressLeft": 0.5, "mouthFrownLeft": 0.35},
    "AU15-left": {"mouthFrownLeft": 1.2},
    "AU16-left": {"mouthLowerDownLeft": 1.4},
    "AU20-left": {"mouthStretchLeft": 1.15, "mouthDimpleLeft": 0.35, "mouthSmileLeft": 0.15},
    "AU43-left": {"eyeBlinkLeft": 1.0},
    "AU17": {"mouthShrugLower": 1.1, "mouthShrugUpper": 0.4, "mouthFrownLeft": 0.1, "mouthFrownRight": 0.1},
    "AU18": {"mouthPucker": 1.1},
    "AU22": {"mouthFunnel": 1.0, "mouthPucker": 0.22},
    "AU24": {
        "mouthPressLeft": 0.45,
        "mouthPressRight": 0.45,
        "mouthRollUpper": 0.45,
        "mouthRollLower": 0.55,
        "mouthPucker": 0.50,
    },
    "AU25": {
        "mouthLowerDownLeft": 1.5,
        "mouthLowerDownRight": 1.5,
        "mouthUpperUpLeft": 0.8,
        "mouthUpperUpRight": 0.8,
    },
    # Sealed lips let the jaw drop by half at most; AU25 frees it and parts them (corrective AU25 x AU26 below).
    "AU26": {"jawOpen": 0.48, "mouthClose": 0.48},
    "AU28": {"mouthRollLower": 1.15, "mouthRollUpper": 1.05, "mouthPucker": 0.15},
    "AU30-left": {"jawLeft": 1.0},
    "AU29": {"jawForward": 1.0},
    "AU34": {"cheekPuff": 1.0},
    "AU19": {"tongueOut": 1.0, "jawOpen": 0.22},
}
"""What each channel takes of the 52 face units. AU1 and AU2 take nothing: their brows are sculpted."""
DETAILS: dict[str, dict[str, float]] = {
    "AU6-left": {"eyes/l-eye-bag-incr": 0.35},
    "AU9-left": {"nose/nose-flaring-incr": 0.35},
    "AU10-left": {"mouth/mouth-laugh-lines-in": 0.35},
    "AU12-left": {"mouth/mouth-laugh-lines-in": 0.55},
    "AU14-left": {"mouth/mouth-dimples-in": 0.5},
    "AU17": {"chin/chin-cleft-incr": 0.3},
}
"""What each channel takes of MakeHuman's detail targets (``l-`` stands for both sides; cut to the channel's side)."""
SEALED = {
    **dict.fromkeys(("AU14-left", "AU15-left", "AU20-left", "AU17", "AU18", "AU24", "AU26", "AU29", "AU34"), 1.0),
    "AU30-left": 1.0,
    "AU28": 0.7,
    "AU12-left": 0.3,
}
"""Channels that leave closed lips closed -> how much of the gap or overlap that MakeHuman's units leave is undone.

Rolled and smiling lips overlap: all of it undone, they would show teeth.
"""
BROW_RISE_M = 0.0095
SCULPTED = tuple(f"AU{n}-{side}" for n in (1, 2, 6, 9, 12, 14) for side in ("left", "right"))
"""Channels with more shape than the face units have: bones and weights are found on these too."""


def brow_targets(sculptor: Sculptor) -> dict[str, Array]:
    """AU1 raises the inner third of the left brow, AU2 the outer two; together they raise it all about evenly."""
    x = sculptor.points[:, 0]
    middle, outer = sculptor.at("brow middle")[0] - 0.012, sculptor.at("brow outer")[0]
    inner_share = ramp(x, -0.008, 0.008) * ramp(x, middle + 0.012, middle - 0.012)
    outer_share = ramp(x, middle - 0.016, middle + 0.010) * (0.55 + 0.45 * ramp(x, outer + 0.004, outer - 0.010))
    outer_share *= ramp(x, outer + 0.026, outer + 0.002)
    return {
        "AU1-left": sculptor.brow_raise(BROW_RISE_M * inner_share),
        "AU2-left": sculptor.brow_raise(BROW_RISE_M * outer_share),
    }


def channel_targets(head: MakeHumanHead, arkit: dict[str, Array]) -> dict[str, Array]:
    """What each of the 40 channels looks like at intensity 1: name -> (V, 3) offsets in metres.

    Intensity 1 is FACS 5. MakeHuman's face units stay far below what people do: a brow at AU1 5 rises by 8 to 12 mm,
    a mouth corner at AU12 5 goes out by 12 mm, lips at AU25 5 stand a centimetre apart without the jaw's help.
    """
    share = left_share(head.base)[:, None]
    flip = np.array([-1.0, 1.0, 1.0])
    sculptor = Sculptor.of(head, skin_laplacian(head))
    targets = brow_targets(sculptor)
    for channel, recipe in RECIPES.items():
        targets[channel] = sum((k * arkit[name] for name, k in recipe.items()), np.zeros_like(head.base))
    for channel, recipe in DETAILS.items():
        offset = sum((k * detail(head, name) for name, k in recipe.items()), np.zeros_like(head.base))
        targets[channel] = targets[channel] + (share * offset if channel.endswith("-left") else offset)
    targets["AU6-left"] = targets["AU6-left"] + sculptor.cheek_raise() + sculptor.crows_feet()
    targets["AU9-left"] = targets["AU9-left"] + share * sculptor.nose_wrinkle()
    targets["AU10-left"] = targets["AU10-left"] + sculptor.nasolabial(0.0010)
    targets["AU12-left"] = targets["AU12-left"] + 0.45 * sculptor.cheek_raise() + sculptor.nasolabial(0.0016)
    targets["AU14-left"] = targets["AU14-left"] + sculptor.dimple(0.0034)
    targets["AU17"] = targets["AU17"] + sculptor.chin_boss()
    # The puff ends on an edge along the jaw's side.
    side = ramp(np.abs(head.base[:, 0]), 0.038, 0.052) * sculptor.skin
    for _ in range(3):
        targets["AU34"] += (side * 0.6)[:, None] * (sculptor.smooth @ targets["AU34"] - targets["AU34"])
    out = tongue_share(head)[:, None]
    targets["AU19"] = targets["AU19"] + out * np.array([0.0, -0.004, 0.013]) + out**2 * np.array([0.0, -0.008, 0.006])
    # Sealing leaves all of the stretch to the crease under the lower lip: spread it over the chin.
    chin = ball(head.base, sculptor.at("chin"), 0.012, 0.030) * sculptor.skin
    for _ in range(10):
        targets["AU26"] += (chin * 0.6)[:, None] * (sculptor.smooth @ targets["AU26"] - targets["AU26"])
    targets["AU26"] = targets["AU26"] + out * np.array([0.0, -0.003, 0.0])
    upper_up = arkit["mouthUpperUpLeft"] + arkit["mouthUpperUpRight"]
    lower_down = arkit["mouthLowerDownLeft"] + arkit["mouthLowerDownRight"]
    for channel, amount in SEALED.items():
        targets[channel] = seal(head, targets[channel], upper_up, lower_down, amount)
    for channel in CHANNELS:
        if channel.endswith("-right"):
            targets[channel] = targets[channel.replace("-right", "-left")][head.mirror] * flip
    return {c: targets[c] for c in CHANNELS}


def detail(head: MakeHumanHead, name: str) -> Array:
    """(V, 3) a detail target, both sides (``room/l-...`` stands for the pair), made symmetric."""
    room, _, target = name.partition("/")
    both = head.details[name]
    if target.startswith("l-"):
        both = both + head.details[f"{room}/r-{target[2:]}"]
    out: Array = (both + both[head.mirror] * [-1.0, 1.0, 1.0]) / 2
    return out


def corrective_targets(
    head: MakeHumanHead, arkit: dict[str, Array], channels: dict[str, Array]
) -> dict[tuple[str, str], Array]:
    """What two channels look like *together* at intensity 1, where their sum is wrong: pair -> (V, 3) offsets."""
    dropped = tongue_share(head)[:, None] * np.array([0.0, -0.006, 0.0])
    together = {
        ("AU25", "AU26"): arkit["jawOpen"] + 0.35 * channels["AU25"] + dropped,
        # Puckered, funnelled or pressed lips part less than free ones.
        ("AU18", "AU25"): channels["AU18"] + 0.45 * channels["AU25"],
        ("AU22", "AU25"): channels["AU22"] + 0.35 * channels["AU25"],
        ("AU24", "AU25"): channels["AU24"] + 0.30 * channels["AU25"],
    }
    # A tongue that is out lies on the lower lip and holds the corners apart.
    wide = 0.8 * (arkit["mouthStretchLeft"] + arkit["mouthStretchRight"])
    lifted = tongue_share(head)[:, None] * np.array([0.0, 0.006, 0.003])
    together["AU19", "AU25"] = channels["AU19"] + channels["AU25"] + wide + lifted
    for side in ("left", "right"):
        c = {n: channels[f"AU{n}-{side}"] for n in (4, 5, 6, 7, 9, 10, 12, 16, 43)}
        upper, lower, squint, brow_down = (
            arkit[f"{unit}{side.capitalize()}"] for unit in ("mouthUpperUp", "mouthLowerDown", "eyeSquint", "browDown")
        )
        for (one, other), shape in {
            # A smile with parted lips shows the upper teeth: zygomaticus draws the upper lip up as well.
            (12, 25): c[12] + channels["AU25"] + 0.75 * upper,
            # Lips that are raised or lowered already have little left for parting.
            (10, 25): c[10] + channels["AU25"] - 0.9 * upper,
            (16, 25): c[16] + channels["AU25"] - 1.2 * lower,
            (9, 10): c[9] + c[10] - 0.6 * upper,
            (4, 9): c[4] + c[9] - 0.55 * brow_down,
            # AU43 is how far the eye is covered, whatever covers it: a tight lid does not cover it twice.
            (43, 7): c[43] + 0.1 * c[7],
            (43, 6): c[43] + c[6] - 0.25 * squint,
            (43, 5): c[43] + 0.1 * c[5],
            (6, 7): c[6] + c[7] - 0.4 * squint,
            # Cheeks that rise take the upper lip along a little, so that a closed smile does not roll it in.
            (6, 12): c[6] + c[12] + 0.08 * upper,
        }.items():
            single = other == 25
            together[(f"AU{one}-{side}", f"AU{other}" if single else f"AU{other}-{side}")] = shape
    return together
