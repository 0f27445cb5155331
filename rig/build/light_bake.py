"""How much light reaches every vertex from where: painted shadow that no lamp has to cast.

The head is drawn from many sides; a vertex that is seen from a side is lit from there. Kept are ambient occlusion
and a linear function of the direction (the first two bands of spherical harmonics), which gives soft shadows under
brows, nose and chin whatever the light set-up.
"""

import cv2
import numpy as np
import pyvista as pv
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkFloatArray

from rig.skeleton import PARTS, Skeleton
from rig.subdivision import catmull_clark

Array = NDArray[np.float64]
SIDES = 220
SIZE = 384
BIAS_M = 0.0022
"""A vertex may lie this far behind what is drawn and still be seen."""


def directions(n: int = SIDES) -> Array:
    """(n, 3) unit vectors spread evenly over the sphere (Fibonacci's spiral)."""
    k = np.arange(n) + 0.5
    y = 1 - 2 * k / n
    turn = np.pi * (1 + 5**0.5) * k
    r = np.sqrt(1 - y**2)
    return np.stack([r * np.cos(turn), y, r * np.sin(turn)], axis=1)


def vertex_normals(vertices: Array, quads: NDArray) -> Array:
    """(V, 3) area-weighted unit normals."""
    v = vertices
    each = np.cross(v[quads[:, 2]] - v[quads[:, 0]], v[quads[:, 3]] - v[quads[:, 1]])
    n = np.zeros_like(v)
    for c in range(4):
        np.add.at(n, quads[:, c], each)
    return n / np.maximum(np.linalg.norm(n, axis=1, keepdims=True), 1e-12)


def seen_from(vertices: Array, normals: Array, quads: NDArray, ways: Array) -> Array:
    """(n, V) 0..1: whether each vertex sees the sky in each of the directions ``ways`` (n, 3)."""
    mesh = pv.PolyData(vertices, np.c_[np.full(len(quads), 4), quads].ravel())
    p = pv.Plotter(off_screen=True, window_size=[SIZE, SIZE])
    p.add_mesh(mesh, lighting=False)
    p.camera.parallel_projection = True
    middle = (vertices.min(0) + vertices.max(0)) / 2
    reach = float(np.linalg.norm(vertices - middle, axis=1).max()) * 1.02
    p.show(auto_close=False)
    window = p.render_window
    assert window is not None
    near, far = 0.5 * reach, 3.5 * reach
    out = np.zeros((len(ways), len(vertices)))
    for i, w in enumerate(ways):
        up = np.array([0.0, 1.0, 0.0]) if abs(w[1]) < 0.95 else np.array([0.0, 0.0, 1.0])
        side = np.cross(up, w) / np.linalg.norm(np.cross(up, w))
        up = np.cross(w, side)
        p.camera.position, p.camera.focal_point, p.camera.up = tuple(middle + 2 * reach * w), tuple(middle), tuple(up)
        p.camera.parallel_scale = reach
        p.camera.clipping_range = (near, far)
        p.render()
        raw = vtkFloatArray()
        window.GetZbufferData(0, 0, SIZE - 1, SIZE - 1, raw)
        # Depth is linear between the clipping planes of a parallel view; rows come from below.
        depth = near + (far - near) * vtk_to_numpy(raw).reshape(SIZE, SIZE)[::-1]
        d = vertices + 0.0008 * normals - middle
        x = ((d @ side) / reach + 1) / 2 * SIZE - 0.5
        y = (1 - (d @ up) / reach) / 2 * SIZE - 0.5
        own = 2 * reach - d @ w
        free = np.zeros(len(vertices))
        for dx, dy in ((-0.5, -0.5), (0.5, -0.5), (-0.5, 0.5), (0.5, 0.5)):
            there = cv2.remap(
                depth.astype(np.float32), (x + dx).astype(np.float32)[None], (y + dy).astype(np.float32)[None],
                cv2.INTER_NEAREST, borderValue=1e3,
            )[0]  # fmt: skip
            free += (own < there + BIAS_M) / 4
        out[i] = free * (normals @ w > 0)
    p.close()
    return out


def bake(s: Skeleton) -> NDArray[np.uint8]:
    """(V, 5) ambient occlusion and the four coefficients of visibility (1, x, y, z), as bytes over -1..1.

    Only the skin is drawn and asked; all other parts are lit fully.
    """
    fine = catmull_clark(s.quads, s.quad_uvs, len(s.vertices), len(s.uvs))
    v = fine.matrix @ s.vertices.astype(np.float64)
    part = s.part[s.quads[:, 0]][fine.parent_quad]
    quads = fine.quads[np.isin(part, [PARTS.index("skin"), PARTS.index("hair")])]
    n = vertex_normals(v, quads)
    ways = directions()
    skin = np.flatnonzero(s.part == PARTS.index("skin"))
    used, cells = np.unique(quads, return_inverse=True)
    row = np.searchsorted(used, skin)
    free = seen_from(v[used], n[used], cells.reshape(-1, 4), ways)[:, row]
    cos = np.maximum(ways @ n[skin].T, 0)
    out = np.zeros((len(s.vertices), 5))
    out[:, :2] = 1
    out[skin, 0] = (free * cos).sum(0) / cos.sum(0)
    basis = np.c_[np.ones(len(ways)), ways]
    for i, j in enumerate(skin):
        w = cos[:, i] ** 0.5 + 0.02
        # A little ridge: where hardly anything is seen the slope would be anything.
        a = (basis * w[:, None]).T @ basis + np.diag([0.0, 0.4, 0.4, 0.4])
        out[j, 1:] = np.linalg.solve(a, (basis * w[:, None]).T @ np.maximum(free[:, i], cos[:, i] <= 0))
    return np.clip(np.round(127.5 + 127.5 * np.clip(out, -1, 1)), 0, 255).astype(np.uint8)
