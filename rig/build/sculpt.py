"""Fields that MakeHuman's face units lack: brows sliding over the forehead, raised cheeks, folds, wrinkles.

Each is made for the subject's left side and returned as (V, 3) offsets in metres at intensity 1 of its AU. Places are
given relative to vertices of the mesh (ANCHORS), so that they stay where they belong when the base face changes.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from rig.build.makehuman import PARTS, MakeHumanHead

Array = NDArray[np.float64]
ANCHORS = {
    "lip corner": 3736, "nose wing": 3892, "chin": 733, "brow inner": 2527, "brow middle": 2548, "brow outer": 3743,
    "outer canthus": 4509, "inner canthus": 3801, "upper lid": 3754, "lower lid": 4525, "nasion": 169, "bridge": 133,
    "upper lip": 455, "lower lip": 492,
}  # fmt: skip
"""Vertices of the cut mesh on the subject's left or on the middle."""
UPPER_RIM = (474, 2773, 2772, 2771, 2770, 4103, 2769, 2723, 2722)
LOWER_RIM = (493, 2786, 2780, 2774, 2741, 2748, 3707, 2736, 2735)
"""Pairs of vertices where the lips touch, from the middle to the left corner (an edge loop of the mesh)."""


def ramp(x: Array, low: float, high: float) -> Array:
    """0 where x <= low, 1 where x >= high, smooth between (falling where high < low)."""
    t = np.clip((x - low) / (high - low), 0, 1)
    out: Array = t * t * (3 - 2 * t)
    return out


def ball(points: Array, centre: Array, inner: float, outer: float) -> Array:
    """(V,) 1 within ``inner`` metres of ``centre``, falling smoothly to 0 at ``outer``."""
    return ramp(np.linalg.norm(points - centre, axis=1), outer, inner)


def ridge(points: Array, line: Array, width: float) -> Array:
    """(V,) exp(-(d / width)^2) of the distance to a polyline (K, 3), fading over its first and last segment."""
    best = np.zeros(len(points))
    last = len(line) - 2
    for k, (a, b) in enumerate(pairwise(line)):
        t = np.clip(((points - a) @ (b - a)) / ((b - a) @ (b - a)), 0, 1)
        d = np.linalg.norm(points - a - t[:, None] * (b - a), axis=1)
        fade = (t if k == 0 else 1.0) * (1 - t if k == last else 1.0)
        best = np.maximum(best, fade * np.exp(-((d / width) ** 2)))
    return best


@dataclass(frozen=True)
class Sculptor:
    """The base face with what its fields need."""

    points: Array
    """(V, 3)"""
    skin: NDArray[np.bool_]
    """(V,)"""
    normals: Array
    """(V, 3) outwards, smoothed over neighbours."""
    smooth: sp.csr_matrix
    """(V, V) averaging over neighbours."""

    @classmethod
    def of(cls, head: MakeHumanHead, smooth: sp.csr_matrix) -> "Sculptor":
        v, q = head.base, head.quads
        face = np.cross(v[q[:, 2]] - v[q[:, 0]], v[q[:, 3]] - v[q[:, 1]])
        normals = np.zeros_like(v)
        for k in range(4):
            np.add.at(normals, q[:, k], face)
        for _ in range(3):
            normals = 0.5 * normals + 0.5 * (smooth @ normals)
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        return cls(v, head.part == PARTS.index("skin"), normals, smooth)

    def at(self, name: str, out: float = 0.0, up: float = 0.0, forward: float = 0.0) -> Array:
        """(3,) where an anchor is, or a place ``out``, ``up`` and ``forward`` of it (metres)."""
        place: Array = self.points[ANCHORS[name]] + np.array([out, up, forward])
        return place

    def along(self, direction: Array) -> Array:
        """(V, 3) ``direction`` without its part along the normal, unit length: skin slides over the skull."""
        flat = direction - (self.normals @ direction)[:, None] * self.normals
        return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)

    def brow_raise(self, rise: Array) -> Array:
        """The brow slides up by ``rise`` (V,) metres: whole in itself, the forehead above it pushed together."""
        x, y = np.abs(self.points[:, 0]), self.points[:, 1]
        # From the lid's fold (between the brows: from the nose's root) to the brow's lower edge it stretches.
        fold = self.at("upper lid")[1] + np.interp(x, [0.0, 0.010, 0.016], [-0.008, -0.004, 0.001])
        edge = self.at("brow inner")[1] + np.interp(x, [0.012, 0.026, 0.040, 0.056], [0.0005, 0.004, 0.006, 0.0025])
        share = np.clip((y - fold) / (edge - fold), 0, 1) * ramp(y, 0.085, self.at("brow inner")[1] + 0.015)
        for _ in range(2):
            share = 0.5 * share + 0.5 * (self.smooth @ share)
        share *= self.skin * ramp(self.points[:, 2], -0.045, -0.015)
        return (share * rise)[:, None] * self.along(np.array([0.0, 1.0, 0.0]))

    def cheek_raise(self) -> Array:
        """AU6 draws the cheek's mound up towards the eye and forward (orbicularis oculi, pars orbitalis)."""
        centre = 0.6 * self.at("lower lid", out=0.015) + 0.4 * self.at("lip corner")
        mound = ball(self.points, centre, 0.004, 0.028) * self.skin
        mound *= ramp(self.points[:, 1], self.at("lower lid")[1] - 0.004, self.at("lower lid")[1] - 0.014)
        return mound[:, None] * np.array([-0.0010, 0.0052, 0.0030])

    def crows_feet(self) -> Array:
        """AU6 gathers the skin beside the outer canthus into three small folds."""
        c = "outer canthus"
        out = np.zeros(len(self.points))
        for up in (0.006, -0.001, -0.008):
            line = [
                self.at(c, 0.003, 0.15 * up),
                self.at(c, 0.009, 0.6 * up, -0.004),
                self.at(c, 0.016, 1.3 * up, -0.011),
            ]
            out += ridge(self.points, np.array(line), 0.0022)
        return -0.0010 * (out * self.skin)[:, None] * self.normals

    def nose_wrinkle(self) -> Array:
        """AU9: the skin of the nose's sides is drawn up into folds across its root; the wings rise."""
        n, b, wing = self.at("nasion"), self.at("bridge"), self.at("nose wing")
        x, y = np.abs(self.points[:, 0]), self.points[:, 1]
        front = self.skin * ramp(self.points[:, 2], 0.004, 0.012)
        fold = np.zeros(len(self.points))
        for k, height in enumerate((n[1] + 0.001, (n[1] + b[1]) / 2 - 0.001, b[1] - 0.004)):
            off = y - np.interp(x, [0.0, 0.0085, 0.017], [height, height + 0.0005, height + 0.003])
            fold += (0.0016 - 0.0002 * k) * np.exp(-((off / 0.0030) ** 2)) * ramp(x, 0.019, 0.012)
        side = ball(self.points, np.array([0.013, b[1] - 0.010, wing[2] - 0.001]), 0.004, 0.016) * front
        up = side[:, None] * np.array([-0.0008, 0.0030, 0.0012])
        lift = ball(self.points, self.at("nose wing", -0.001), 0.003, 0.012) * self.skin
        return (fold * front)[:, None] * self.normals + up + lift[:, None] * np.array([0.0012, 0.0022, 0.0])

    def nasolabial(self, depth: float) -> Array:
        """The fold from the nose's wing round the lip's corner: a furrow, the cheek bulging over it."""
        between = (self.at("nose wing", 0.011) + self.at("lip corner", 0.011)) / 2
        path = np.array([
            self.at("nose wing", 0.002, 0.004), self.at("nose wing", 0.008, -0.008, -0.001), between,
            self.at("lip corner", 0.012, 0.008, -0.003), self.at("lip corner", 0.013, -0.006, -0.005),
        ])  # fmt: skip
        furrow = ridge(self.points, path, 0.0042)
        bulge = ridge(self.points, path + np.array([0.008, 0.004, -0.002]), 0.0065)
        return depth * ((0.8 * bulge - furrow) * self.skin)[:, None] * self.normals

    def dimple(self, depth: float) -> Array:
        """AU14: the corner is drawn in against the teeth; a pit beside it, a roll of cheek around the pit."""
        pit = ball(self.points, self.at("lip corner", 0.0055, 0.0005, -0.003), 0.001, 0.0075)
        roll = ball(self.points, self.at("lip corner", 0.013, 0.001, -0.006), 0.002, 0.009)
        pinch = ball(self.points, self.at("lip corner"), 0.004, 0.016) * self.skin
        folds = depth * ((0.55 * roll - pit) * self.skin)[:, None] * self.normals
        return folds + pinch[:, None] * np.array([-0.0030, 0.0, -0.0015])

    def chin_boss(self) -> Array:
        """AU17: mentalis pushes the chin's boss up and out and puckers its skin."""
        boss = ball(self.points, self.at("chin", 0.0, -0.002, -0.004), 0.006, 0.026) * self.skin
        cobble = np.zeros(len(self.points))
        for dx, dy in ((0.0, 0.002), (0.007, -0.003), (-0.007, -0.003), (0.010, 0.004), (-0.010, 0.004)):
            cobble += ball(self.points, self.at("chin", dx, dy), 0.0005, 0.0045)
        return boss[:, None] * np.array([0.0, 0.0035, 0.0010]) - 0.0007 * (cobble * self.skin)[:, None] * self.normals


def seal(head: MakeHumanHead, offset: Array, upper_up: Array, lower_down: Array, share: float = 1.0) -> Array:
    """``offset`` (V, 3) with the lips as far apart as at rest: what opens or overlaps is met half-way by each lip.

    ``upper_up`` and ``lower_down`` (V, 3), MakeHuman's units of both sides, say which vertices go with which lip.
    """
    upper = np.concatenate([head.mirror[list(UPPER_RIM[:0:-1])], UPPER_RIM])
    lower = np.concatenate([head.mirror[list(LOWER_RIM[:0:-1])], LOWER_RIM])
    at, x = head.base[upper, 0], head.base[:, 0]
    apart = np.interp(x, at, offset[upper, 1] - offset[lower, 1], left=0.0, right=0.0)
    out = offset.copy()
    for unit, rim, sign in ((upper_up, upper, -1.0), (-lower_down, lower, 1.0)):
        full = np.interp(x, at, np.maximum(unit[rim, 1], 0.001))
        out[:, 1] += 0.5 * share * sign * apart * np.clip(unit[:, 1] / full, 0, 1)
    return out
