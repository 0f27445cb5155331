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
GOOD_M2 = 2e-8
"""Squared distances over the poses below which a vertex simply keeps the four largest weights."""
HARD_M2 = 3e-7
"""Vertices whose first four bones lose more than this (summed over poses) try all fours of the short list."""


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
    index, weight = candidates[:, :4].copy(), own[:, :4] / own[:, :4].sum(1, keepdims=True)
    grams, far = [], []
    for a in range(0, len(rest), 1000):  # bounds the memory
        b = np.arange(a, min(a + 1000, len(rest)))
        gram = _normal_equations(rest[b], targets[b], bones, candidates[b])
        bad = np.einsum("ni,nij,nj->n", weight[b], gram[:, :4, :4], weight[b]) > GOOD_M2
        grams.append(gram[bad] + PULL_M2 * np.eye(gram.shape[1]))
        far.append(b[bad])
    rows = np.concatenate(far)
    keep, best = _best_four(np.concatenate(grams), PULL_M2 * own[rows], own[rows])
    index[rows], weight[rows] = np.take_along_axis(candidates[rows], keep, 1), best
    return index, weight.astype(np.float32)


def _best_four(gram: NDArray, rhs: NDArray, start: NDArray) -> tuple[NDArray[np.intp], NDArray]:
    """Which four of the candidates, and their weights: the heaviest of the free solution; where those lose much,
    the best four of its short list, by trying all."""
    free = simplex_weights(gram, rhs, start, 200)
    order = np.argsort(-free, axis=1, kind="stable")[:, :SHORT_LIST]
    keep, best, cost = _solve(gram, rhs, order[:, :4])
    hard = np.flatnonzero(cost - _cost(gram, rhs, free) > HARD_M2)
    for four in list(combinations(range(order.shape[1]), 4))[1:]:
        k, w, c = _solve(gram[hard], rhs[hard], order[hard][:, four])
        better = c < cost[hard]
        at = hard[better]
        keep[at], best[at], cost[at] = k[better], w[better], c[better]
    return keep, best


def _solve(gram: NDArray, rhs: NDArray, keep: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray, NDArray]:
    """The candidates kept, their weights, and the cost."""
    g4 = np.take_along_axis(np.take_along_axis(gram, keep[:, :, None], 1), keep[:, None, :], 2)
    r4 = np.take_along_axis(rhs, keep, 1)
    w = simplex_weights(g4, r4, np.full(keep.shape, 1 / keep.shape[1]), 120)
    return keep.copy(), w, _cost(g4, r4, w)
