"""A picture of a face laid back onto the skin's texture sheet: which texel shows which place of the skin."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.skeleton import PARTS, Skeleton
from rig.texture_map import warp_uv

F = NDArray[np.float32]
SIZE: Final = 1024
FRONT: Final = (-0.055, -0.135)
"""Only skin before and above this (z and y on the base face, metres) is laid out: the face, not the skull."""
ISLAND: Final = (0.06, 0.12, 1.0, 0.88)
"""Where the outer skin lies on the sheet (u, v from, u, v to); the mouth's lining is elsewhere."""
FACING: Final = (0.20, 0.60)
"""Cosine between the skin and the view from which a place begins to count, and counts fully."""


class Unwrap:
    """The face's part of the sheet, rasterised once: for each texel its three vertices and their weights."""

    def __init__(self, skeleton: Skeleton, size: int = SIZE):
        self.size = size
        s = skeleton
        skin = s.part[s.quads[:, 0]] == PARTS.index("skin")
        middle = s.vertices[s.quads].mean(1)
        quads = skin & (middle[:, 2] > FRONT[0]) & (middle[:, 1] > FRONT[1])
        both = [(s.quads[quads][:, k], s.quad_uvs[quads][:, k]) for k in ([0, 1, 2], [0, 2, 3])]
        self.triangles = np.concatenate([t for t, _ in both])
        uv = warp_uv(s.uvs)[np.concatenate([t for _, t in both])]
        outer = ((uv > ISLAND[:2]) & (uv < ISLAND[2:])).all((1, 2))
        self.triangles, uv = self.triangles[outer], uv[outer]
        # Texel centres lie at + 0.5; row 0 is v = 1.
        corner = np.stack([uv[..., 0] * size, (1 - uv[..., 1]) * size], -1) - 0.5
        self._triangle = np.full((size, size), -1, np.int32)
        self._weight = np.zeros((size, size, 3), np.float32)
        for k, c in enumerate(corner.astype(float)):
            self._fill(k, c)

    def _fill(self, k: int, c: NDArray[np.float64]) -> None:
        x0, y0 = np.maximum(np.ceil(c.min(0) - 0.01), 0).astype(int)
        x1, y1 = np.minimum(np.floor(c.max(0) + 0.01), self.size - 1).astype(int)
        turn = np.linalg.det(np.stack([c[1] - c[0], c[2] - c[0]]))
        if x1 < x0 or y1 < y0 or abs(turn) < 1e-9:
            return
        y, x = np.mgrid[y0 : y1 + 1, x0 : x1 + 1]
        b = ((x - c[0, 0]) * (c[2, 1] - c[0, 1]) - (y - c[0, 1]) * (c[2, 0] - c[0, 0])) / turn
        g = ((c[1, 0] - c[0, 0]) * (y - c[0, 1]) - (c[1, 1] - c[0, 1]) * (x - c[0, 0])) / turn
        inside = (b >= -1e-6) & (g >= -1e-6) & (b + g <= 1 + 1e-6)
        weight = np.stack([1 - b - g, b, g], -1)
        self._triangle[y0 : y1 + 1, x0 : x1 + 1][inside] = k
        self._weight[y0 : y1 + 1, x0 : x1 + 1][inside] = weight[inside]

    @property
    def covered(self) -> NDArray[np.bool_]:
        """(size, size) texels that belong to the face."""
        return self._triangle >= 0

    def values(self, per_vertex: F) -> F:
        """(V, C) -> (size, size, C) over the sheet; 0 where no face is."""
        out = np.zeros((self.size, self.size, per_vertex.shape[1]), np.float32)
        at = self.covered
        corners = per_vertex[self.triangles[self._triangle[at]]]  # (texels, 3, C)
        out[at] = np.einsum("tk,tkc->tc", self._weight[at], corners)
        return out

    def facing(self, vertices: F) -> F:
        """(size, size) 0..1 how well each texel is seen: ``vertices`` (V, 3) posed, x right, y down, z away."""
        p = vertices[self.triangles]
        normal = np.cross(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0])
        smooth = np.zeros_like(vertices)
        for k in range(3):
            np.add.at(smooth, self.triangles[:, k], normal)
        cosine = -smooth[:, 2] / np.maximum(np.linalg.norm(smooth, axis=1), 1e-12)
        seen = np.clip((cosine - FACING[0]) / (FACING[1] - FACING[0]), 0, 1)
        return np.minimum(self.values(seen[:, None].astype(np.float32))[..., 0], 1)

    def picture(self, image: NDArray[np.uint8], pixels: F) -> NDArray[np.uint8]:
        """(H, W, 3) laid onto the sheet, (size, size, 3); ``pixels`` (V, 2) where the vertices are in the picture."""
        at = self.values(pixels)
        place = np.where(self.covered[..., None], at, -1).astype(np.float32)
        return np.asarray(
            cv2.remap(image, place[..., 0], place[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT), np.uint8
        )
