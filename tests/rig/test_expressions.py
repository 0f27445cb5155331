"""Expressions that occur in life, measured: teeth through lips, eyes through lids, lips through lips, torn skin.

Pictures are looked at too (``python -m rig.build.sheet``); these checks keep what was seen there.
"""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from rig.build.sculpt import LOWER_RIM, UPPER_RIM
from rig.build.sheet import COMBINATIONS, channels
from rig.face import Face
from rig.parameters import CHANNEL_INDEX, N_CHANNELS
from rig.skeleton import PARTS
from rig.subdivision import Subdivided, catmull_clark

MM = 1e-3
CELL_M = 0.5 * MM
EMPTY = -1.0
YAWS_DEG = (-40.0, 0.0, 40.0)
SEALED = ("6+12", "12 left", "1+4+15", "15+17", "17+24", "34+24", "28+26", "4+7+24", "14 left", "1+2+5+26")


class Checker:
    """The refined mesh, and which of its triangles are the face's outside at rest."""

    def __init__(self, face: Face) -> None:
        self.face = face
        s = self.face.skeleton
        self.fine: Subdivided = catmull_clark(s.quads, s.quad_uvs, len(s.vertices), len(s.uvs))
        q = self.fine.quads
        self.tris = np.concatenate([q[:, [0, 1, 2]], q[:, [0, 2, 3]]])
        part = s.part[s.quads[:, 0]][self.fine.parent_quad]
        self.part = np.concatenate([part, part])
        self.rest = self.posed({})
        front = self.of("skin") & (self.rest[self.tris].mean(1)[:, 2] > -0.03)
        self.outer = np.zeros(len(self.tris), bool)
        for yaw in YAWS_DEG:
            _, nearest = self.depth(self.rest, front, yaw)
            self.outer[np.unique(nearest[nearest >= 0])] = True
        mouth = self.face.landmarks(s.vertices)[[13, 14]].mean(0)
        self.lips = self.outer & (np.abs(self.rest[self.tris].mean(1) - mouth) < 0.040).all(1)
        t = self.tris[self.outer]
        edges = np.unique(np.sort(np.concatenate([t[:, [0, 1]], t[:, [1, 2]], t[:, [2, 0]]]), axis=1), axis=0)
        long = np.linalg.norm(self.rest[edges[:, 0]] - self.rest[edges[:, 1]], axis=1) > 0.8 * MM
        self.edges = edges[long]

    def of(self, *parts: str) -> np.ndarray:
        """(T,) triangles of the parts."""
        return np.isin(self.part, [PARTS.index(p) for p in parts])

    def posed(self, recipe: dict[str, float]) -> np.ndarray:
        out: np.ndarray = self.fine.matrix @ self.face.pose(channels(recipe)).astype(float)
        return out

    def depth(self, v: np.ndarray, which: np.ndarray, yaw_deg: float) -> tuple[np.ndarray, np.ndarray]:
        """Orthographic z-buffer from ``yaw_deg``: depth (H, W), EMPTY where nothing is, and the triangle seen, -1."""
        a = np.radians(yaw_deg)
        turn = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
        size = (round(0.24 / CELL_M), round(0.20 / CELL_M))
        z, seen = np.full(size, EMPTY), np.full(size, -1)
        index = np.flatnonzero(which)
        corners = (v @ turn.T)[self.tris[index]]
        xy = corners[..., :2] / CELL_M + [size[1] / 2, size[0] * 0.62]
        e, f = xy[:, 1] - xy[:, 0], xy[:, 2] - xy[:, 0]
        det = e[:, 0] * f[:, 1] - e[:, 1] * f[:, 0]
        low = np.maximum(np.ceil(xy.min(1)).astype(int), 0)
        high = np.minimum(np.floor(xy.max(1)).astype(int), [size[1] - 1, size[0] - 1])
        for n in np.flatnonzero((det > 1e-9) & (high >= low).all(1)):  # seen from the front, covering a cell's centre
            (x0, y0), (x1, y1), c = low[n], high[n], corners[n, :, 2]
            dx, dy = np.arange(x0, x1 + 1) - xy[n, 0, 0], np.arange(y0, y1 + 1)[:, None] - xy[n, 0, 1]
            u, w = (dx * f[n, 1] - dy * f[n, 0]) / det[n], (dy * e[n, 0] - dx * e[n, 1]) / det[n]
            block = (slice(y0, y1 + 1), slice(x0, x1 + 1))
            deep = c[0] + u * (c[1] - c[0]) + w * (c[2] - c[0])
            closer = (u >= 0) & (w >= 0) & (u + w <= 1) & (deep > z[block])
            z[block][closer] = deep[closer]
            seen[block][closer] = index[n]
        return z, seen

    def teeth_out(self, v: np.ndarray) -> float:
        """How far (metres) teeth stand out of the lips' outside, seen from the front and both sides.

        A square millimetre that stands out further does not count: silhouettes graze.
        """
        worst = 0.0
        for yaw in YAWS_DEG:
            lips, _ = self.depth(v, self.lips, yaw)
            teeth, _ = self.depth(v, self.of("upper-teeth", "lower-teeth"), yaw)
            out = np.sort((teeth - lips)[(lips > EMPTY) & (teeth > lips)])
            ignored = round(1e-6 / CELL_M**2)
            if len(out) > ignored:
                worst = max(worst, float(out[-1 - ignored]))
        return worst

    def lid_depth(self, v: np.ndarray) -> float:
        """How deep (metres) skin that lies on the eyeballs at rest is within them, by distance from their centres."""
        s, worst = self.face.skeleton, 0.0
        outside = np.unique(self.tris[self.outer])
        for side in ("left", "right"):
            pivot = s.pivots[s.names.index(f"eye-{side}")].astype(float)
            ball = v[np.unique(self.tris[self.of(f"eye-{side}")])] - pivot
            radius = np.linalg.norm(ball, axis=1)
            directions = cKDTree(ball / radius[:, None])

            def depth(points: np.ndarray, radius=radius, directions=directions, pivot=pivot) -> np.ndarray:
                off = points[outside] - pivot
                distance = np.linalg.norm(off, axis=1)
                _, nearest = directions.query(off / distance[:, None])
                return np.where(off[:, 2] > 0.004, radius[nearest] - distance, -1.0)

            at_rest = depth(self.rest)
            near = (at_rest < 0) & (at_rest > -0.006)
            worst = max(worst, float(depth(v)[near].max()))
        return worst

    def lip_gaps(self, recipe: dict[str, float]) -> np.ndarray:
        """(9,) metres from the lower lip's rim up to the upper's, middle to left corner; negative where they overlap."""
        y = self.face.pose(channels(recipe))[:, 1].astype(float)
        return y[list(UPPER_RIM)] - y[list(LOWER_RIM)]

    def stretch(self, v: np.ndarray) -> tuple[float, float]:
        """Largest growth and shrinkage of an edge of the face's outside, a thousandth left out at either end."""
        now, before = (np.linalg.norm(p[self.edges[:, 0]] - p[self.edges[:, 1]], axis=1) for p in (v, self.rest))
        low, high = np.quantile(now / before, [0.001, 0.999])
        return float(high), float(1 / low)


@pytest.fixture(scope="module")
def checker() -> Checker:
    return Checker(Face())
