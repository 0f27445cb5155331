"""Expressions that occur in life, measured: teeth through lips, eyes through lids, lips through lips, torn skin.

Pictures are looked at too (``python -m rig.build.sheet``); these checks keep what was seen there.
"""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from rig.build.sculpt import LOWER_RIM, UPPER_RIM
from rig.build.sheet import COMBINATIONS, channels
from rig.face import Face
from rig.head_mesh import tooth_tips
from rig.skeleton import PARTS
from rig.subdivision import Subdivided, catmull_clark

MM = 1e-3
CELL_M = 0.5 * MM
EMPTY = -1.0
YAWS_DEG = (-40.0, 0.0, 40.0)
SEALED = ("1+4+15", "1+4+15+17", "15+17", "17+24", "34+24", "4+7+24", "14 left", "1+2+5+26")
"""Combinations of channels that leave the lips closed (smiling and sucked lips overlap, see TURNED_IN)."""
TURNED_IN = ("6+12", "12 left", "28+26")


class Checker:
    """The refined mesh, and which of its triangles are the face's outside at rest."""

    def __init__(self, face: Face) -> None:
        self.face = face
        s = self.face.skeleton
        self.fine: Subdivided = catmull_clark(s.quads, s.quad_uvs, len(s.vertices), len(s.uvs), tooth_tips(s))
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
        """How deep (metres) skin that lies on the eyeballs at rest is within them, along their radii."""
        s, worst = self.face.skeleton, 0.0
        outside = np.unique(self.tris[self.outer])
        for side in ("left", "right"):
            pivot = s.pivots[s.names.index(f"eye-{side}")].astype(float)
            eye = np.unique(self.tris[self.of(f"eye-{side}")])
            depth = []
            for points in (self.rest, v):
                ball, off = points[eye] - pivot, points[outside] - pivot
                radius, distance = np.linalg.norm(ball, axis=1), np.linalg.norm(off, axis=1)
                _, nearest = cKDTree(ball / radius[:, None]).query(off / distance[:, None])
                depth.append(np.where(off[:, 2] > 0.004, radius[nearest] - distance, -1.0))
            near = (depth[0] < 0) & (depth[0] > -0.006)
            worst = max(worst, float(depth[1][near].max()))
        return worst

    def lip_gaps(self, recipe: dict[str, float]) -> np.ndarray:
        """(9,) metres the upper lip's rim lies over the lower's, middle to left corner; negative: they overlap."""
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


@pytest.mark.parametrize("name", COMBINATIONS)
def test_no_tooth_stands_out_of_a_lip_and_no_eye_out_of_a_lid(checker: Checker, name: str) -> None:
    v = checker.posed(COMBINATIONS[name])
    assert checker.teeth_out(v) < 0.5 * MM
    assert checker.lid_depth(v) < 1.0 * MM


@pytest.mark.parametrize("name", COMBINATIONS)
def test_skin_does_not_tear(checker: Checker, name: str) -> None:
    growth, shrinkage = checker.stretch(checker.posed(COMBINATIONS[name]))
    assert growth < 2.5
    assert shrinkage < 6.0, "folds may bunch: raised cheeks meet the lower lid"


def test_the_checks_see_what_they_look_for(checker: Checker) -> None:
    """Lips pushed back by 15 mm show teeth and tear; an eyeball grown by 3 mm shows through its lids."""
    moved = checker.rest.copy()
    moved[np.unique(checker.tris[checker.lips])] -= [0, 0, 15 * MM]
    assert checker.teeth_out(moved) > 2 * MM
    grown = checker.rest.copy()
    pivot = checker.face.base.pivots[checker.face.skeleton.names.index("eye-left")]
    ball = np.unique(checker.tris[checker.of("eye-left")])
    grown[ball] = pivot + (grown[ball] - pivot) * (1 + 3 * MM / 14.5 / MM)
    assert checker.lid_depth(grown) > 1.5 * MM
    assert checker.stretch(moved)[0] > 2.5


@pytest.mark.parametrize("name", SEALED)
def test_closed_lips_stay_closed_and_do_not_overlap(checker: Checker, name: str) -> None:
    change = checker.lip_gaps(COMBINATIONS[name]) - checker.lip_gaps({})
    assert np.abs(change).max() < 2.5 * MM


@pytest.mark.parametrize("name", TURNED_IN)
def test_lips_that_turn_in_overlap_a_little(checker: Checker, name: str) -> None:
    change = checker.lip_gaps(COMBINATIONS[name]) - checker.lip_gaps({})
    assert change.max() < 1.5 * MM, "no teeth"
    assert change.min() > -6 * MM


def landmarks(face: Face, **values: float) -> np.ndarray:
    """``landmarks(face, AU12=1, AU43_left=0.5)``"""
    recipe = {name.removeprefix("AU").replace("_", "-"): value for name, value in values.items()}
    return face.landmarks(face.pose(channels(recipe)))


def opening(p: np.ndarray) -> float:
    """Metres between the lids' middles, mean of both eyes."""
    return float((p[[386, 159], 1] - p[[374, 145], 1]).mean())


def test_a_jaw_drops_less_while_the_lips_are_sealed(checker: Checker) -> None:
    rest, sealed, free = (landmarks(checker.face, **k) for k in ({}, {"AU26": 1}, {"AU26": 1, "AU25": 1}))
    chin = 152
    assert 10 * MM < rest[chin, 1] - sealed[chin, 1] < 18 * MM
    assert rest[chin, 1] - free[chin, 1] > 1.6 * (rest[chin, 1] - sealed[chin, 1])


def test_a_genuine_smile(checker: Checker) -> None:
    rest, smile, parted = (
        landmarks(checker.face, **k) for k in ({}, {"AU6": 0.8, "AU12": 1}, {"AU6": 0.8, "AU12": 1, "AU25": 0.8})
    )
    corner, cheek = smile[291] - rest[291], smile[280] - rest[280]
    assert corner[0] > 6 * MM, "out"
    assert corner[1] > 5 * MM, "up"
    assert corner[2] < -3 * MM, "back"
    assert cheek[1] > 3 * MM
    assert 0.6 < opening(smile) / opening(rest) < 0.97, "eyes narrow slightly"
    assert parted[13, 1] - smile[13, 1] > 1.5 * MM, "the upper lip rises off the upper teeth"


@pytest.mark.parametrize("other", ["AU5", "AU6", "AU7"])
def test_au43_closes_the_eye_whatever_else_its_lids_do(checker: Checker, other: str) -> None:
    shut, both = (opening(landmarks(checker.face, **k)) for k in ({"AU43": 1}, {"AU43": 1, other: 1}))
    assert both == pytest.approx(shut, abs=1.2 * MM)
    open_, half = (opening(landmarks(checker.face, **{other: 1, "AU43": k})) for k in (0.0, 0.5))
    assert 0.3 < (half - shut) / (open_ - shut) < 0.7, "half is half of what the other leaves open"


def test_brows_rise_evenly_together_and_keep_their_width(checker: Checker) -> None:
    rest, up = landmarks(checker.face), landmarks(checker.face, AU1=1, AU2=1)
    lower_edge, upper_edge = [285, 295, 282, 283], [336, 296, 334, 293]
    rise = (up - rest)[lower_edge, 1]
    assert rise.min() > 5 * MM
    assert rise.max() < 13 * MM
    width = np.linalg.norm(up[upper_edge] - up[lower_edge], axis=1) / np.linalg.norm(
        rest[upper_edge] - rest[lower_edge], axis=1
    )
    assert width.min() > 0.6, "squeezed to a line"
    assert width.max() < 1.5


def test_distinct_channels_look_distinct(checker: Checker) -> None:
    """No two channels move the landmarks alike: the most alike pair of one side is well under a cosine of 1."""
    face, rest = checker.face, landmarks(checker.face)
    numbers = ["6", "7", "9", "10", "12", "14", "15", "16", "17", "18", "20", "22", "24", "25", "26", "28", "29", "34"]
    moves = np.array([(face.landmarks(face.pose(channels({n: 1.0}))) - rest).ravel() for n in numbers])
    moves /= np.linalg.norm(moves, axis=1, keepdims=True)
    alike = moves @ moves.T - np.eye(len(numbers))
    assert alike.max() < 0.9, [numbers[i] for i in np.unravel_index(alike.argmax(), alike.shape)]
