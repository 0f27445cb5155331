"""Brushes: values per texel of a head's sheets, soft blobs and lines about landmarks, noise.

Places come from the landmarks embedded in a skeleton, lengths from half the distance of its eyes, so that the same
strokes fit every head of this topology.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.folds import eye_reach, landmarks
from rig.skeleton import PARTS, Skeleton
from rig.subdivision import catmull_clark
from rig.texture_map import warp_uv

Array = NDArray[np.float64]
MIRRORED = np.array([-1.0, 1.0, 1.0])


def texels(
    s: Skeleton,
    parts: tuple[str, ...],
    size: int,
    values: Array,
    to_sheet: Callable[[NDArray], NDArray] = warp_uv,
) -> tuple[Array, Array]:
    """(size, size, K) of control-vertex ``values`` (V, K) on every texel of ``parts`` (NaN outside), and its raw UV."""
    fine = catmull_clark(s.quads, s.quad_uvs, len(s.vertices), len(s.uvs))
    worth = fine.matrix @ values
    uv_raw = fine.uv_matrix @ s.uvs
    uv = to_sheet(uv_raw)
    both = np.full((size, size, values.shape[1] + 2), np.nan)
    wanted = np.isin(s.part[s.quads[:, 0]][fine.parent_quad], [PARTS.index(p) for p in parts])
    for f in np.flatnonzero(wanted):
        q, t = fine.quads[f], fine.quad_uvs[f]
        corners = uv[t] * [size, -size] + [0, size]
        carried = np.c_[worth[q], uv_raw[t]]
        for tri in ([0, 1, 2], [0, 2, 3]):
            _triangle(both, corners[tri], carried[tri])
    return both[..., :-2], np.nan_to_num(both[..., -2:])


def _triangle(out: Array, corners: Array, carried: Array) -> None:
    """Fills the texels whose middles lie in a triangle (3, 2), a hair beyond its edge included."""
    size = out.shape[0]
    a, b, c = corners
    x0, y0 = np.maximum(np.floor(corners.min(0)).astype(int) - 1, 0)
    x1, y1 = np.minimum(np.ceil(corners.max(0)).astype(int) + 2, size)
    det = (b[1] - c[1]) * (a[0] - c[0]) + (c[0] - b[0]) * (a[1] - c[1])
    if abs(det) < 1e-12 or x1 <= x0 or y1 <= y0:
        return
    gx, gy = np.meshgrid(np.arange(x0, x1) + 0.5, np.arange(y0, y1) + 0.5)
    w0 = ((b[1] - c[1]) * (gx - c[0]) + (c[0] - b[0]) * (gy - c[1])) / det
    w1 = ((c[1] - a[1]) * (gx - c[0]) + (a[0] - c[0]) * (gy - c[1])) / det
    w = np.stack([w0, w1, 1 - w0 - w1], axis=-1)
    inside = (w > -0.02).all(-1)
    out[y0:y1, x0:x1][inside] = (w @ carried)[inside]


def smooth(x: Array, low: Array | float, high: Array | float) -> Array:
    """0 below ``low``, 1 above ``high``, an S between."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def noise(rng: np.random.Generator, size: int, cell: float) -> Array:
    """(size, size) smooth noise about 0, standard deviation 1, with features ``cell`` texels wide."""
    n = max(2, round(size / cell) + 2)
    big = cv2.resize(rng.normal(size=(n, n)).astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC)
    return big.astype(np.float64) / big.std()


def fill(image: Array, hole: NDArray[np.bool_]) -> Array:
    """``image`` (H, W, K) with the texels of ``hole`` taken from their nearest neighbours, so that no seam shows."""
    _, label = cv2.distanceTransformWithLabels(hole.astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    source = np.zeros((int(label.max()) + 1, image.shape[2]))
    source[label[~hole]] = image[~hole]
    return source[label]


def sample(image: Array, x: Array, y: Array) -> Array:
    """Bilinear look-up of ``image`` at float texel coordinates, 0 outside."""
    there = (x.astype(np.float32), y.astype(np.float32))
    return cv2.remap(image.astype(np.float32), *there, cv2.INTER_LINEAR, borderValue=0.0).astype(np.float64)


@dataclass(frozen=True)
class Canvas:
    """A sheet of a head's skin: where each texel lies on the head, and what the head measures."""

    p: Array
    """(size, size, 3) metres; far away where the sheet is empty."""
    raw: Array
    """(size, size, 2) MakeHuman's own UV."""
    ambient: Array
    """(size, size) 0..1 ambient light."""
    hole: NDArray[np.bool_]
    marks: Array
    """(478, 3) landmarks."""
    unit: float
    """Half the distance between the eyes' centres, metres."""
    eyes: Array
    """(2, 3) centres, left first."""
    eye_radius: float

    @property
    def size(self) -> int:
        return self.p.shape[0]

    def at(self, ids: Sequence[int]) -> Array:
        """(3,) the mean of landmarks."""
        return self.marks[list(ids)].mean(0)

    def blob(self, ids: Sequence[int], radius: float, both: bool = True) -> Array:
        """exp(-(d / radius)^2) about the mean of landmarks, and its mirror image; ``radius`` in units."""
        c = self.at(ids)
        d = ((self.p - c) ** 2).sum(-1)
        if both:
            d = np.minimum(d, ((self.p - c * MIRRORED) ** 2).sum(-1))
        return np.exp(-d / (radius * self.unit) ** 2)

    def to_curve(self, points: Array, both: bool = False) -> Array:
        """(size, size) metres to a polyline (n, 3), and its mirror image."""
        d = np.full(self.p.shape[:2], np.inf)
        for curve in (points, points * MIRRORED) if both else (points,):
            near = np.zeros(d.shape, bool)
            low, high = curve.min(0) - self.unit, curve.max(0) + self.unit
            np.all((self.p > low) & (self.p < high), axis=-1, out=near)
            d[near] = np.minimum(d[near], segments(self.p[near], curve))
        return d

    def through(self, ids: Sequence[int]) -> Array:
        """A smooth polyline through landmarks."""
        return spline(self.marks[list(ids)])


def segments(p: Array, curve: Array) -> Array:
    """(N,) distance of points (N, 3) to a polyline."""
    best = np.full(len(p), np.inf)
    for a, b in pairwise(curve):
        ab = b - a
        t = np.clip((p - a) @ ab / max(float(ab @ ab), 1e-18), 0, 1)
        best = np.minimum(best, ((p - a - t[:, None] * ab) ** 2).sum(1))
    return np.sqrt(best)


def spline(points: Array, steps: int = 6) -> Array:
    """Catmull-Rom through points (n, 3)."""
    p = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    t = np.arange(steps)[:, None] / steps
    pieces = []
    for a, b, c, d in zip(p[:-3], p[1:-2], p[2:-1], p[3:], strict=True):
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate([*pieces, points[-1:]])


def skin_canvas(s: Skeleton, size: int, ambient: Array) -> Canvas:
    """``ambient``: (V,) 0..1 light at the control vertices."""
    place, raw = texels(s, ("skin",), size, np.c_[s.vertices.astype(np.float64), ambient])
    hole = np.isnan(place[..., 0])
    place = np.nan_to_num(place, nan=1.0)
    eyes = np.array([s.pivots[s.names.index(f"eye-{side}")] for side in ("left", "right")], np.float64)
    ball = s.vertices[s.part == PARTS.index("eye-left")]
    return Canvas(
        p=place[..., :3],
        raw=raw,
        ambient=np.clip(place[..., 3], 0, 1),
        hole=hole,
        marks=landmarks(s).astype(np.float64),
        unit=eye_reach(s),
        eyes=eyes,
        eye_radius=float(np.linalg.norm(ball - eyes[0], axis=1).max()),
    )
