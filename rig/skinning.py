"""Bones -> vertices: free functions in numpy, shapes stated. ``rig/torch_twin.py`` holds the same in torch."""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Array = NDArray[np.float32]


def rotations(rotvec: Array) -> Array:
    """Rotation vectors ``(B, 3)`` radians -> matrices ``(B, 3, 3)`` (Rodrigues; exact at zero)."""
    angle2 = (rotvec * rotvec).sum(-1)
    angle = np.sqrt(angle2)
    small = angle < 1e-4
    safe = np.where(small, 1.0, angle)
    a = np.where(small, 1 - angle2 / 6, np.sin(safe) / safe)
    b = np.where(small, 0.5 - angle2 / 24, (1 - np.cos(safe)) / (safe * safe))
    x, y, z = rotvec[..., 0], rotvec[..., 1], rotvec[..., 2]
    out = np.empty((*rotvec.shape[:-1], 3, 3), rotvec.dtype)
    out[..., 0, 0] = 1 - b * (y * y + z * z)
    out[..., 1, 1] = 1 - b * (x * x + z * z)
    out[..., 2, 2] = 1 - b * (x * x + y * y)
    out[..., 0, 1], out[..., 1, 0] = b * x * y - a * z, b * x * y + a * z
    out[..., 0, 2], out[..., 2, 0] = b * x * z + a * y, b * x * z - a * y
    out[..., 1, 2], out[..., 2, 1] = b * y * z - a * x, b * y * z + a * x
    return out


def local_affine(rotvec: Array, translation: Array, pivots: Array, scale: Array | None = None) -> Array:
    """``(B, 3, 4)``: x -> R S (x - p) + p + t, each bone about its own pivot p; ``scale`` (B, 3) along x, y, z."""
    r = rotations(rotvec)
    if scale is not None:
        r *= scale[:, None, :]
    out = np.empty((len(r), 3, 4), rotvec.dtype)
    out[:, :, :3] = r
    out[:, :, 3] = pivots + translation - np.einsum("bij,bj->bi", r, pivots)
    return out


def chain(local: Array, parents: NDArray[np.int32]) -> Array:
    """Local affine transforms ``(B, 3, 4)`` -> global ones. Parents come before their children."""
    out = local.copy()
    for level in hierarchy_levels(parents)[1:]:
        p = parents[level]
        out[level, :, :3] = np.matmul(out[p, :, :3], local[level, :, :3])
        out[level, :, 3] = np.einsum("bij,bj->bi", out[p, :, :3], local[level, :, 3]) + out[p, :, 3]
    return out


_LEVELS: dict[bytes, list[NDArray[np.intp]]] = {}


def hierarchy_levels(parents: NDArray[np.int32]) -> list[NDArray[np.intp]]:
    """Bone indices by depth, the root first (cached: a rig's parents never change)."""
    key = np.ascontiguousarray(parents, dtype=np.int32).tobytes()
    if key not in _LEVELS:
        depth = np.zeros(len(parents), int)
        for i, p in enumerate(parents):
            if p >= i:
                raise ValueError(f"bone {i} comes before its parent {p}")
            depth[i] = 0 if p < 0 else depth[p] + 1
        _LEVELS[key] = [np.flatnonzero(depth == d) for d in range(depth.max() + 1)]
    return _LEVELS[key]


def skin(vertices: Array, weights: sp.csr_matrix, bones: Array) -> Array:
    """Linear blend skinning: ``vertices`` (V, 3), ``weights`` (V, B) sparse, ``bones`` (B, 3, 4) -> (V, 3)."""
    m = (weights @ bones.reshape(len(bones), 12)).reshape(-1, 3, 4)
    return np.einsum("vij,vj->vi", m[:, :, :3], vertices) + m[:, :, 3]
