"""The head as the screen shows it: refined, eyes finer than the rest, the bust cut along a clean curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from rig.skeleton import PARTS, Skeleton
from rig.subdivision import catmull_clark
from rig.texture_map import eye_uv, lash_uv, tooth_uv, warp_uv

F = NDArray[np.float32]
BUST: Final = (0.142, -0.112, 0.069)
"""The bust ends on an ellipse in the front view: half width, height of its middle, half height (metres)."""
TIP_SHARE = 0.12
"""A tooth's tip lies so much of the row's height beyond the mean of its neighbours."""
EYE_FRONT = -0.3
"""What lies further behind the eye's centre than this share of its radius is never seen."""


@dataclass(frozen=True)
class ScreenPart:
    """What one actor shows: rows of the refined head (repeated along UV seams), quads over them, texture places."""

    rows: NDArray[np.intp]
    cells: NDArray[np.intp]
    """(F, 4)"""
    uv: F | None
    """(len(rows), 2)"""


def bust_depth(rest: F) -> F:
    """(N,) how far inside the bust's outline a rest position (N, 3) lies: 0 on it, 1 in the middle, below 0 cut off."""
    a, middle, b = BUST
    return 1 - (rest[:, 0] / a) ** 2 - (np.minimum(rest[:, 1] - middle, 0) / b) ** 2


def cut_bust(matrix: sp.csr_matrix, rest: F, quads: NDArray, skin: NDArray) -> tuple[sp.csr_matrix, NDArray]:
    """Draws what hangs over the outline up to it, along the mesh's own edges; returns the matrix and the quads kept.

    Everything stays linear in the control vertices, so the edge moves with the shoulders.
    """
    depth = bust_depth(rest)
    depth = np.where(rest[:, 1] < BUST[1], depth, 1.0)
    inside = depth > 0
    kept = ~skin | inside[quads].any(1)
    rows, sources, shares = [], [], []
    crossing = quads[skin & inside[quads].any(1) & ~inside[quads].all(1)]
    pairs = np.concatenate([crossing[:, [i, j]] for i in range(4) for j in range(4) if i != j])
    pairs = np.unique(pairs[~inside[pairs[:, 0]] & inside[pairs[:, 1]]], axis=0)
    for vertex in np.unique(pairs[:, 0]):
        near = pairs[pairs[:, 0] == vertex, 1]
        # The nearest neighbour across the line shares an edge rather than a diagonal.
        other = near[np.argmin(((rest[near] - rest[vertex]) ** 2).sum(1))]
        t = depth[vertex] / (depth[vertex] - depth[other])
        rows += [vertex, vertex]
        sources += [vertex, other]
        shares += [1 - t, t]
    still = np.setdiff1d(np.arange(len(rest)), rows)
    # Built in one go: scipy's row-wise matrices hold up every other thread while they are filled.
    move = sp.csr_matrix(
        (
            np.concatenate([np.ones(len(still)), shares]),
            (np.concatenate([still, rows]), np.concatenate([still, sources])),
        ),
        shape=(len(rest), len(rest)),
    )
    return (move @ matrix).astype(np.float32), kept


def tooth_tips(s: Skeleton) -> NDArray[np.int32]:
    """(k, 2) edges of the control mesh along the tips of both rows of teeth.

    The rows have one quad from tip to neck and turn back at the tip: smoothed there, they would lose 2 mm each, and
    hide behind the lips.
    """
    out = []
    for name, way in (("upper-teeth", 1), ("lower-teeth", -1)):
        quads = s.quads[s.part[s.quads[:, 0]] == PARTS.index(name)]
        if not len(quads):
            continue
        edges = np.unique(np.sort(np.stack([quads, np.roll(quads, -1, axis=1)], -1).reshape(-1, 2), axis=1), axis=0)
        both = np.concatenate([edges, edges[:, ::-1]])
        y = s.vertices[:, 1]
        # At a tip the neighbours to both sides are towards the gums.
        rise = np.bincount(both[:, 0], way * (y[both[:, 1]] - y[both[:, 0]]), len(y))
        mean = rise / np.maximum(np.bincount(both[:, 0], minlength=len(y)), 1)
        tip = mean > TIP_SHARE * np.ptp(y[quads])
        out.append(edges[tip[edges].all(1)])
    return np.concatenate(out).astype(np.int32) if out else np.zeros((0, 2), np.int32)


class HeadMesh:
    """``parts`` by name, and the sparse product that makes their vertices of skinned control vertices."""

    def __init__(self, s: Skeleton) -> None:
        tips = tooth_tips(s)
        fine = catmull_clark(s.quads, s.quad_uvs, len(s.vertices), len(s.uvs), tips)
        part = s.part[s.quads[:, 0]][fine.parent_quad]
        uv = fine.uv_matrix @ s.uvs
        skin = part == PARTS.index("skin")
        matrix, kept = cut_bust(fine.matrix, fine.matrix @ s.vertices, fine.quads, skin)
        self.parts: dict[str, ScreenPart] = {}
        self.matrix: sp.csr_matrix = matrix
        quads = [fine.quads[kept & ~np.isin(part, [PARTS.index("eye-left"), PARTS.index("eye-right")])]]
        for side in ("left", "right"):
            quads.append(self._eye(s, f"eye-{side}", fine.quads[part == PARTS.index(f"eye-{side}")]))
        self.rest: F = self.matrix @ s.vertices

        def sheet(name: str, *parts: str, to_sheet=None) -> None:  # type: ignore[no-untyped-def]
            m = kept & np.isin(part, [PARTS.index(p) for p in parts])
            if m.any():
                self.parts[name] = _part(fine.quads[m], fine.quad_uvs[m], to_sheet(uv) if to_sheet else None)

        sheet("skin", "skin", to_sheet=warp_uv)
        sheet("teeth", "upper-teeth", "lower-teeth")
        self._place_teeth(s)
        sheet("tongue", "tongue")
        sheet("lashes", "lashes-left", "lashes-right", to_sheet=lash_uv)
        sheet("hair", "hair")
        self._quads = np.concatenate(quads)
        corner, quad = self._quads.ravel(), np.repeat(np.arange(len(self._quads)), 4)
        # A tip is lit as the tooth's front is: its back, which nobody sees, would turn the tip's normal into the dark.
        on_tip = self.matrix @ np.isin(np.arange(len(s.vertices)), tips).astype(np.float32) > 0.7
        mine = ~(on_tip[corner] & self._turned_inwards()[quad])
        # Area-weighted vertex normals are one sparse product of the quads' normals.
        self._gather = sp.csr_matrix(
            (np.ones(int(mine.sum()), np.float32), (corner[mine], quad[mine])),
            shape=(len(self.rest), len(self._quads)),
        )

    def _turned_inwards(self) -> NDArray[np.bool_]:
        """(F,) which of all quads face the middle of the arch of teeth, seen from above."""
        v, q = self.rest, self._quads
        normal = np.cross(v[q[:, 2]] - v[q[:, 0]], v[q[:, 3]] - v[q[:, 1]])
        from_middle = v[q].mean(1) - v[self.parts["teeth"].rows].mean(0)
        return np.asarray((normal * from_middle)[:, [0, 2]].sum(1) < 0)

    def _place_teeth(self, s: Skeleton) -> None:
        """The upper row takes the upper half of the teeth's sheet, the lower row the lower half."""
        p = self.parts["teeth"]
        rest = self.rest[p.rows]
        # Refined vertices come after the control vertices; a row is told by what its quads hang together with.
        upper = np.isin(p.rows, self._rows_of(s, "upper-teeth"))
        uv = np.zeros((len(p.rows), 2), np.float32)
        for row, first in ((upper, 0.5), (~upper, 0.0)):
            uv[row] = tooth_uv(rest[row]) * [1, 0.5] + [0, first]
        self.parts["teeth"] = ScreenPart(p.rows, p.cells, uv)

    def _rows_of(self, s: Skeleton, name: str) -> NDArray:
        """Rows of the refined head that depend on a part's control vertices."""
        mine = (s.part == PARTS.index(name)).astype(np.float32)
        return np.flatnonzero(self.matrix @ mine > 0.5)

    def _eye(self, s: Skeleton, name: str, quads: NDArray) -> NDArray:
        """Appends the eye's rows, refined once more for the light that lids shade; returns its quads in front."""
        centre = s.pivots[s.names.index(name)]
        used, cells = np.unique(quads, return_inverse=True)
        own = np.asarray(cells.reshape(-1, 4), np.int32)
        finer = catmull_clark(own, own, len(used), len(used))
        first = self.matrix.shape[0]
        self.matrix = sp.vstack([self.matrix, finer.matrix @ self.matrix[used]]).tocsr()
        rest = self.matrix[first:] @ s.vertices - centre
        radius = float(np.linalg.norm(rest, axis=1).max())
        front = (rest[finer.quads, 2] > EYE_FRONT * radius).any(1)
        out = finer.quads[front] + first
        self.parts[name] = _part(out, out, None)
        p = self.parts[name]
        self.parts[name] = ScreenPart(p.rows, p.cells, eye_uv(rest[p.rows - first] + centre, centre))
        return out

    def place(self, coarse: F) -> tuple[F, F]:
        """Skinned control vertices (V, 3) -> positions and unit normals (N, 3) of the refined head."""
        v = self.matrix @ coarse
        q = self._quads
        normal = self._gather @ np.cross(v[q[:, 2]] - v[q[:, 0]], v[q[:, 3]] - v[q[:, 1]])
        normal /= np.sqrt(np.maximum(np.einsum("ij,ij->i", normal, normal), 1e-24))[:, None]
        return v, normal


def _part(quads: NDArray, quad_uvs: NDArray, uv: F | None) -> ScreenPart:
    if uv is None:
        rows, cells = np.unique(quads, return_inverse=True)
        return ScreenPart(rows, cells.reshape(-1, 4), None)
    key = quads.ravel().astype(np.int64) * (len(uv) + 1) + quad_uvs.ravel()
    _, first, cells = np.unique(key, return_index=True, return_inverse=True)
    return ScreenPart(quads.ravel()[first].astype(np.intp), cells.reshape(-1, 4), uv[quad_uvs.ravel()[first]])
