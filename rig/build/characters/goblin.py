"""A goblin: big head, long pointed ears that talk, a brow like a roof, a nose like a beak, tusks, a wide grin."""

import numpy as np

from rig.build.characters.clay import FLIP, Array, Clay, bump, fade
from rig.build.characters.extras import Piece, UvRoom, add_bones, append_pair, mixed_bones, tube
from rig.build.characters.paint import Canvas, Eye, full, noise, paint_eye
from rig.build.characters.retarget import Meaning, both_sides
from rig.build.expressions import tongue_share
from rig.skeleton import Skeleton

EYE_SCALE = 1.24
TUSK_ROOM = UvRoom((0.06, 0.33), (0.46, 0.36))
REST = {"AU12": 0.12, "AU9": 0.10}


def sculpt(clay: Clay) -> None:
    clay.macro("male", "young", 0.5)
    clay.mix(
        {
            "nose/nose-hump-incr": 0.9,
            "nose/nose-point-down": 0.7,
            "nose/nose-flaring-incr": 0.8,
            "cheek/l-cheek-bones-incr": 1.0,
            "cheek/l-cheek-volume-decr": 0.5,
            "chin/chin-prominent-incr": 0.8,
            "chin/chin-prognathism-incr": 0.6,
            "forehead/forehead-trans-backward": 0.6,
            "ears/l-ear-shape-pointed": 1.0,
            "ears/l-ear-wing-incr": 0.7,
        }
    )
    ear, rim = clay.ear()
    face = 1 - ear
    clay.eyes(EYE_SCALE, (0.004, 0.002, -0.003), tilt_deg=12.0)
    long_ears(clay, ear, rim)
    # A nose like a beak, growing out of the brow and hanging over the lip.
    clay.grow((0.0, -0.026, 0.008), (0.034, 0.046, 0.060), (1.30, 1.20, 1.60), core=0.2)
    clay.push((0.0, -0.040, 0.040), (0.026, 0.026, 0.036), (0.0, -0.010, 0.006), core=0.2)
    # A brow like a roof, lowest over the nose.
    clay.push((0.020, 0.022, 0.014), (0.034, 0.017, 0.036), (0.0, -0.003, 0.010), core=0.2)
    clay.push((0.0, 0.018, 0.014), (0.022, 0.016, 0.036), (0.0, -0.005, 0.007), core=0.2)
    # A mouth from ear to ear, the lower jaw before the upper.
    clay.grow((0.0, -0.071, 0.008), (0.060, 0.034, 0.050), (1.42, 1.05, 1.0), core=0.45)
    # The wider lips leave teeth and gums behind them, else these come through the narrow jaw.
    inside = clay.inside_mouth()
    clay.points[:, 0] *= 1 - 0.26 * inside
    clay.points[:, 2] -= 0.004 * inside
    clay.points[clay.part("lower-teeth"), 0] *= 0.86
    bag = inside * clay.part("skin")
    clay.points[:, 1] += 0.38 * bag * (clay.mark(13)[1] - clay.points[:, 1])
    clay.points[:, 2] -= 0.004 * bag
    clay.push((0.0, -0.092, 0.010), (0.050, 0.030, 0.046), (0.0, 0.002, 0.006), core=0.3, where=1 - inside)
    clay.push((0.0, -0.112, 0.010), (0.024, 0.022, 0.036), (0.0, -0.004, 0.010), core=0.2, where=1 - inside)
    clay.push((0.0, -0.100, 0.014), (0.040, 0.016, 0.040), (0.0, 0.0, 0.0045), core=0.2, where=1 - inside)
    clay.push((0.046, -0.032, -0.002), (0.022, 0.020, 0.030), (0.005, 0.003, 0.005), core=0.2)
    clay.widths(
        {-0.22: 0.72, -0.15: 0.74, -0.115: 0.84, -0.085: 1.06, -0.04: 1.13, 0.0: 1.12, 0.05: 1.15, 0.12: 1.10}, face
    )


def long_ears(clay: Clay, ear: Array, rim: Array) -> None:
    """Draws the ears out sideways, up and back into points: what is high and far from the hinge goes farthest."""
    along = clay.base @ np.array([0.0, 0.85, -0.5])
    low, high = (float(np.quantile(along[ear > 0.9], q)) for q in (0.02, 0.98))
    u = np.clip((along - low) / (high - low), 0, 1)
    pull = rim * (0.25 + 0.75 * u**1.5) * np.clip(u * 2.2, 0, 1)
    way = np.where(clay.base[:, :1] > 0, 1.0, FLIP) * np.array([0.064, 0.042, -0.030])
    clay.points += pull[:, None] * way


def bones(skeleton: Skeleton, clay: Clay) -> Skeleton:
    """Each ear gets a bone at its hinge and one half way out."""
    on, rim = clay.ear()
    left = on * (clay.base[:, 0] > 0)
    points = skeleton.vertices.astype(float)
    reach = np.linalg.norm(points - points[(left > 0.9) & (rim < 0.5)].mean(0), axis=1)
    reach = np.where(left > 0, reach, 0) / reach[left > 0].max()
    whole = left * fade(rim / 0.45)
    tip = left * fade((reach - 0.25) / 0.5)
    for _ in range(8):
        # The hinge is no seam: skin about it goes along a little.
        whole = 0.4 * whole + 0.6 * (clay.smoothing @ whole)
    hinge = points[(left > 0.5) & (rim < 0.42)].mean(0)
    middle = np.average(points, axis=0, weights=np.exp(-(((reach - 0.5) / 0.08) ** 2)) * left)
    return add_bones(skeleton, ("ear", "ear-tip"), ("head", "@ear"), np.array([hinge, middle]), (whole, tip))


def meaning(skeleton: Skeleton, clay: Clay) -> Meaning:
    """Ears up when surprised, back when angry, down when sad; nostrils that flare; a grin that shows all teeth."""
    nostril = clay.mark(358)
    p = clay.points
    flare = bump(p, nostril, (0.013, 0.013, 0.018), 0.3)[:, None] * np.array([0.0045, 0.0015, 0.0])
    long = tongue_share(clay.head)[:, None]
    own = clay.mirrored(
        {
            "AU9-left": flare,
            "AU10-left": 0.5 * flare,
            "AU4-left": 0.5 * flare,
            # Half of it for either side.
            "AU19": 0.5 * (long * np.array([0.0, -0.004, 0.010]) + long**2 * np.array([0.0, -0.014, 0.004])),
        }
    )
    mix = both_sides(
        {
            "AU1": {"AU1": 0.9},
            "AU2": {"AU2": 0.9},
            "AU4": {"AU4": 0.9},
            "AU9": {"AU9": 1.2},
            "AU26": {"AU26": 0.88},
            "AU12": {"AU12": 0.88, "AU10": 0.2},
        }
    )
    turns = {
        "AU1-left": {"ear": (0, -6, 14), "ear-tip": (0, -4, 10)},
        "AU2-left": {"ear": (0, -8, 12), "ear-tip": (0, -4, 10)},
        "AU4-left": {"ear": (0, 26, -14), "ear-tip": (0, 14, -12)},
        "AU5-left": {"ear": (0, -10, 10), "ear-tip": (0, -8, 8)},
        "AU9-left": {"ear": (0, 10, -4), "ear-tip": (0, 6, -4)},
        "AU12-left": {"ear": (0, 0, 6), "ear-tip": (0, 0, -6)},
        "AU15-left": {"ear": (0, 6, -20), "ear-tip": (0, 0, -26)},
        "AU43-left": {"ear": (0, 4, -8), "ear-tip": (0, 0, -8)},
    }
    return Meaning(REST, mix, own, turns)


def dress(skeleton: Skeleton, clay: Clay) -> Skeleton:
    """Tusks out of the lower jaw, beside the corners of the mouth, over the upper lip."""
    lip = clay.mark(318)
    path = lip + np.array(
        [
            [-0.001, -0.0045, -0.006],
            [0.000, -0.001, -0.002],
            [0.001, 0.003, 0.004],
            [0.002, 0.009, 0.0075],
            [0.003, 0.015, 0.0075],
            [0.0035, 0.020, 0.0055],
        ]
    )
    v, q, uv = tube(path, np.array([0.0040, 0.0042, 0.0038, 0.0032, 0.0020, 0.0003]), sides=8)
    # Painted on the skin's sheet: teeth are shown in the mouth's own dark, and tusks are out of it.
    # Half on the jaw, half on the lip that it grows out of, so that a dropped jaw does not drive it through the lip.
    bones, weights = mixed_bones(skeleton, "jaw", 0.5, lip, len(v))
    return append_pair(skeleton, Piece("skin", v, q, TUSK_ROOM.place(uv), bones, weights))


def paint(skeleton: Skeleton, folder: str) -> None:
    """Mottled green and ochre, a ruddy nose and ears, dark about the eyes; yellow eyes with slits."""
    rng = np.random.default_rng(23)
    c = Canvas.open(skeleton)
    c.recolour((118.0, 140.0, 70.0), 0.9)
    blotch = np.clip(0.5 * noise(rng, 120) + 0.5 * noise(rng, 44), -1.6, 1.6)
    c.shift(blotch, (13.0, 7.0, 2.0))
    c.shift(np.clip(noise(rng, 12), -2, 2), (4.0, 4.0, 2.0))
    belly = c.blob(np.add(c.mark(152), (0, 0.012, 0)), (0.045, 0.05, 0.05))
    c.shift(belly, (30.0, 18.0, 10.0))
    c.shift(c.blob(np.add(c.mark(4), (0, -0.004, 0)), 0.026), (44.0, -22.0, 4.0))
    c.shift(c.blob(np.add(c.mark(425), (0.010, 0.008, 0)), 0.026), (26.0, -14.0, 0.0))
    p = c.place
    ears = np.clip((np.abs(p[..., 0]) - 0.066) / 0.014, 0, 1) * (p[..., 0] < 1)
    ears = full(ears * (p[..., 2] > -0.095) * (p[..., 1] < 0.02) * (p[..., 1] > -0.06))
    c.shift(ears, (46.0, -20.0, 10.0))
    eye = skeleton.pivots[skeleton.names.index("eye-left")].astype(float)
    c.shift(c.blob(np.add(eye, (0, 0, 0.012)), (0.034, 0.022, 0.04), 0.35), (-40.0, -44.0, -22.0))
    c.shift(c.blob(c.mark(9), (0.07, 0.03, 0.05)) * 0.7, (-20.0, -18.0, -14.0))
    c.towards(0.75 * c.lips, (92.0, 74.0, 52.0))
    dark = c.dots(90, (-0.09, float(c.mark(10)[1]) + 0.06), (0.0010, 0.0042), rng)
    c.shift(dark * (1 - c.lips), (-34.0, -34.0, -24.0))
    c.strip((148.0, 124.0, 82.0), (236.0, 224.0, 190.0), TUSK_ROOM)
    c.hair((26.0, 24.0, 20.0), (74.0, 68.0, 52.0), rng)
    c.save(folder)
    paint_eye(
        Eye(0.0100, (196.0, 104.0, 12.0), (250.0, 222.0, 74.0), (214.0, 202.0, 140.0), (150.0, 104.0, 60.0),
            (52.0, 22.0, 4.0), pupil=0.74, slit=0.20, veins=0.35, spokes=12.0, sphere=0.0145 * EYE_SCALE),
        folder,
    )  # fmt: skip
