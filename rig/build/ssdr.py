"""Smooth skinning decomposition with rigid bones (SSDR, Le & Deng 2012): shapes -> bones and weights.

Alternates a weighted Procrustes per bone (the transform that best explains what the other bones leave) with
simplex-constrained weights per vertex. Everything is kept mirror-symmetric: ``pair`` names each bone's twin.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Array = NDArray[np.float64]
MAX_WEIGHTS = 4


@dataclass
class Decomposition:
    """Bones found: ``weights`` (V, B) with at most 4 a row summing to 1; ``rotation`` (S, B, 3, 3) and
    ``translation`` (S, B, 3) move a rest point p to R p + t in shape s."""

    weights: Array
    rotation: Array
    translation: Array


def procrustes(rest: Array, moved: Array, weight: Array) -> tuple[Array, Array]:
    """Rigid transforms (S, 3, 3), (S, 3) minimising sum_i weight_i^2 |R rest_i + t - moved_si / weight_i|^2.

    ``rest`` (n, 3), ``moved`` (S, n, 3) already multiplied by the weights, ``weight`` (n,).
    """
    w2 = weight**2
    total = w2.sum()
    centre = (w2[:, None] * rest).sum(0) / total
    # moved carries one factor of the weight already.
    centre_moved = np.einsum("n,snk->sk", weight, moved) / total
    cov = np.einsum("n,snk,nl->skl", weight, moved, rest - centre)
    u, _, vt = np.linalg.svd(cov)
    sign = np.sign(np.linalg.det(u @ vt))
    u[:, :, 2] *= sign[:, None]
    r = u @ vt
    return r, centre_moved - np.einsum("skl,l->sk", r, centre)


def fit_transforms(
    rest: Array,
    shapes: Array,
    weights: Array,
    fixed: NDArray[np.bool_],
    sweeps: int,
    start: Decomposition | None = None,
) -> tuple[Array, Array]:
    """Bone transforms for given weights by block coordinate descent. ``shapes`` (S, V, 3) are moved positions."""
    n_shapes, n_bones = len(shapes), weights.shape[1]
    if start is None:
        rotation = np.tile(np.eye(3), (n_shapes, n_bones, 1, 1))
        translation = np.zeros((n_shapes, n_bones, 3))
    else:
        rotation, translation = start.rotation.copy(), start.translation.copy()
    support = [np.flatnonzero(weights[:, b] > 1e-4) for b in range(n_bones)]
    left = shapes - blend(rest, weights, rotation, translation)
    for _ in range(sweeps):
        for b in range(n_bones):
            i = support[b]
            if fixed[b] or len(i) < 3:
                continue
            w = weights[i, b]
            own = w[:, None] * (np.einsum("skl,nl->snk", rotation[:, b], rest[i]) + translation[:, b, None])
            target = left[:, i] + own
            r, t = procrustes(rest[i], target, w)
            rotation[:, b], translation[:, b] = r, t
            left[:, i] = target - w[:, None] * (np.einsum("skl,nl->snk", r, rest[i]) + t[:, None])
    return rotation, translation


def blend(rest: Array, weights: Array, rotation: Array, translation: Array) -> Array:
    """Linear blend skinning of every shape: (S, V, 3)."""
    w = sp.csr_matrix(weights)
    out = np.empty((len(rotation), *rest.shape))
    for s in range(len(rotation)):
        m = np.concatenate([rotation[s], translation[s][:, :, None]], axis=2).reshape(-1, 12)
        per_vertex = (w @ m).reshape(-1, 3, 4)
        out[s] = np.einsum("vkl,vl->vk", per_vertex[:, :, :3], rest) + per_vertex[:, :, 3]
    return out


def project_simplex(x: Array) -> Array:
    """Rows of ``x`` onto {w >= 0, sum w = 1} (Duchi et al. 2008)."""
    u = -np.sort(-x, axis=1)
    css = np.cumsum(u, axis=1) - 1
    k = np.arange(1, x.shape[1] + 1)
    rho = (u - css / k > 0).sum(1)
    theta = css[np.arange(len(x)), rho - 1] / rho
    return np.maximum(x - theta[:, None], 0)


def simplex_weights(gram: Array, rhs: Array, start: Array, steps: int) -> Array:
    """Minimise w' G w - 2 w' r on the simplex for many vertices at once (accelerated projected gradient)."""
    step = 1 / np.maximum(np.trace(gram, axis1=1, axis2=2), 1e-18)
    w = y = start
    momentum = 1.0
    for _ in range(steps):
        grad = np.einsum("vij,vj->vi", gram, y) - rhs
        new = project_simplex(y - step[:, None] * grad)
        nxt = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        y = new + (momentum - 1) / nxt * (new - w)
        w, momentum = new, nxt
    return w


def solve_weights(
    rest: Array,
    shapes: Array,
    rotation: Array,
    translation: Array,
    candidates: NDArray[np.int64],
    smooth: Array,
    pull: float,
) -> Array:
    """(V, B) weights, at most MAX_WEIGHTS a vertex out of ``candidates`` (V, K).

    ``smooth`` (V, B) is what the neighbours have, pulled towards with strength ``pull`` (metres squared): keeps the
    weights from being torn where the shapes leave them undetermined.
    """
    n, k = candidates.shape
    n_shapes = len(shapes)
    gram = np.zeros((n, k, k))
    rhs = np.zeros((n, k))
    for s in range(n_shapes):
        moved = np.einsum("vkij,vj->vki", rotation[s][candidates], rest) + translation[s][candidates]
        # Relative to the vertex itself: rows sum to one, so this changes nothing but the conditioning.
        moved -= shapes[s][:, None]
        gram += np.einsum("vki,vli->vkl", moved, moved)
    own = np.take_along_axis(smooth, candidates, axis=1)
    gram += pull * np.eye(k)
    rhs += pull * own
    start = project_simplex(own)
    w = simplex_weights(gram, rhs, start, 150)
    keep = np.argsort(-w, axis=1)[:, :MAX_WEIGHTS]
    g4 = np.take_along_axis(np.take_along_axis(gram, keep[:, :, None], 1), keep[:, None, :], 2)
    w4 = simplex_weights(g4, np.take_along_axis(rhs, keep, 1), project_simplex(np.take_along_axis(w, keep, 1)), 150)
    out = np.zeros((n, rotation.shape[1]))
    np.put_along_axis(out, np.take_along_axis(candidates, keep, 1), w4, axis=1)
    return out


def symmetrise(weights: Array, mirror: NDArray[np.int32], pair: NDArray[np.int64], side: NDArray[np.int64]) -> Array:
    """Left half's weights mirrored to the right; middle vertices averaged with their own mirror image, 4 kept.

    ``side`` (V,) is +1 left, -1 right, 0 middle.
    """
    out = weights.copy()
    right = side < 0
    out[right] = weights[mirror[right]][:, pair]
    middle = side == 0
    m = (weights[middle] + weights[middle][:, pair]) / 2
    # Keep 4: pairs stand or fall together, so rank by the pair's total and fill up.
    for row in m:
        order = np.argsort(-(row + row[pair] * (pair != np.arange(len(row)))), kind="stable")
        kept: list[int] = []
        for b in order:
            unit = {int(b), int(pair[b])}
            if row[b] <= 0 or int(b) in kept:
                continue
            if len(kept) + len(unit) <= MAX_WEIGHTS:
                kept += sorted(unit)
        row[[b for b in range(len(row)) if b not in kept]] = 0
        row /= row.sum()
    out[middle] = m
    return out
