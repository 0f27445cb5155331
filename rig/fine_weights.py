"""Skin weights for the refined mesh: four bones a vertex that follow the refined control mesh as it moves.

The screen refines the *posed* control mesh; a game engine skins the *refined* mesh. Carrying the weights over by the
subdivision matrix and keeping the four largest leaves up to 5.7 mm (AU12 + 25 + 26, at the lips), so the four bones
and their weights are fitted to the poses, as in the weight step of SSDR (Le & Deng 2012).
"""

from itertools import combinations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from rig.build.ssdr import simplex_weights

F = NDArray[np.float32]
CANDIDATES = 10
SHORT_LIST = 7
PULL_M2 = 1e-9
"""How strongly weights that the poses leave open keep to the subdivided ones (metres squared)."""
HARD_M2 = 3e-7
"""Vertices whose first four bones lose more than this (summed over poses) try all fours of the short list."""


def _sub(gram: NDArray, rhs: NDArray, keep: NDArray[np.intp]) -> tuple[NDArray, NDArray]:
    g = np.take_along_axis(np.take_along_axis(gram, keep[:, :, None], 1), keep[:, None, :], 2)
    return g, np.take_along_axis(rhs, keep, 1)


def _cost(gram: NDArray, rhs: NDArray, w: NDArray) -> NDArray:
    return np.einsum("ni,nij,nj->n", w, gram, w) - 2 * (w * rhs).sum(1)


def _normal_equations(rest: F, targets: F, bones: F, candidates: NDArray[np.intp]) -> NDArray:
    """(n, K, K) products of what each candidate bone alone would leave of ``targets`` (n, P, 3)."""
    moved = np.einsum("nkpij,nj->nkpi", bones[candidates][..., :3], rest) + bones[candidates][..., 3]
    # Weights sum to one, so the residual is linear in these differences.
    left = (moved - targets[:, None]).reshape(*candidates.shape, -1).astype(np.float64)
    return left @ left.transpose(0, 2, 1)


def fit_weights(rest: F, start: sp.csr_matrix, targets: F, bones: F) -> tuple[NDArray[np.int64], F]:
    """``rest`` (N, 3), ``start`` (N, B) sparse weights to begin from, ``targets`` (N, P, 3) where each of P poses
    shall bring the vertices, ``bones`` (B, P, 3, 4) -> bone indices (N, 4) and weights (N, 4) summing to 1."""
    dense = start.toarray()
    candidates = np.argsort(-dense, axis=1, kind="stable")[:, :CANDIDATES]
    own = np.take_along_axis(dense, candidates, 1).astype(np.float64)
    own /= own.sum(1, keepdims=True)
    gram = np.empty((*candidates.shape, candidates.shape[1]))
    for a in range(0, len(rest), 1000):  # bounds the memory
        b = slice(a, a + 1000)
        gram[b] = _normal_equations(rest[b], targets[b], bones, candidates[b])
    gram += PULL_M2 * np.eye(candidates.shape[1])
    rhs = PULL_M2 * own
    w = simplex_weights(gram, rhs, own, 200)
    order = np.argsort(-w, axis=1, kind="stable")[:, :SHORT_LIST]
    bones4, best = _first_four(gram, rhs, order)
    free = _cost(gram, rhs, w)
    hard = np.flatnonzero(_cost(*_sub(gram, rhs, bones4), best) - free > HARD_M2)
    bones4[hard], best[hard] = _search(gram[hard], rhs[hard], order[hard], bones4[hard], best[hard])
    return np.take_along_axis(candidates, bones4, 1), best.astype(np.float32)


def _solve4(gram: NDArray, rhs: NDArray) -> NDArray:
    return simplex_weights(gram, rhs, np.full((len(rhs), rhs.shape[1]), 1 / rhs.shape[1]), 120)


def _first_four(gram: NDArray, rhs: NDArray, order: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray]:
    keep = order[:, :4].copy()
    return keep, _solve4(*_sub(gram, rhs, keep))


def _search(
    gram: NDArray, rhs: NDArray, order: NDArray[np.intp], bones4: NDArray[np.intp], best: NDArray
) -> tuple[NDArray[np.intp], NDArray]:
    """The best four of the short list, by trying all."""
    cost = _cost(*_sub(gram, rhs, bones4), best)
    for four in list(combinations(range(order.shape[1]), 4))[1:]:
        keep = order[:, four]
        g4, r4 = _sub(gram, rhs, keep)
        w = _solve4(g4, r4)
        c = _cost(g4, r4, w)
        better = c < cost
        cost[better], bones4[better], best[better] = c[better], keep[better], w[better]
    return bones4, best
