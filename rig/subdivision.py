"""Catmull-Clark subdivision as one sparse matrix: coarse vertices -> smooth vertices for the screen."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


@dataclass(frozen=True)
class Subdivided:
    """``matrix`` (V', V) maps coarse positions to smooth ones; quads and their UVs are refined alongside."""

    matrix: sp.csr_matrix
    quads: NDArray[np.int32]
    quad_uvs: NDArray[np.int32]
    uv_matrix: sp.csr_matrix
    parent_quad: NDArray[np.int32]
    """(F',) the coarse quad each fine one came from."""


def _edges(quads: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
    """Unique edges (E, 2), per quad corner its edge (F, 4), and how many quads share each edge (E,)."""
    a, b = quads, np.roll(quads, -1, axis=1)
    both = np.sort(np.stack([a, b], axis=-1).reshape(-1, 2), axis=1)
    edges, inverse, count = np.unique(both, axis=0, return_inverse=True, return_counts=True)
    return edges, inverse.reshape(len(quads), 4), count


def catmull_clark(
    quads: NDArray[np.int32], quad_uvs: NDArray[np.int32], n: int, n_uv: int, sharp: NDArray[np.int32] | None = None
) -> Subdivided:
    """One step. Borders stay on their own curve (cubic B-spline); UVs are interpolated linearly.

    ``sharp`` (k, 2): edges, in any order, that stay as sharp as borders (Hoppe et al. 1994, without their corners).
    """
    edges, edge_of, shared = _edges(quads)
    n_e, n_f = len(edges), len(quads)
    face_row = np.repeat(np.arange(n_f), 4)
    face = sp.csr_matrix((np.full(4 * n_f, 0.25), (face_row, quads.ravel())), shape=(n_f, n))
    middle = sp.csr_matrix((np.full(2 * n_e, 0.5), (np.repeat(np.arange(n_e), 2), edges.ravel())), shape=(n_e, n))
    edge_face = sp.csr_matrix((np.ones(4 * n_f), (edge_of.ravel(), face_row)), shape=(n_e, n_f))
    border = shared != 2
    if sharp is not None and len(sharp):
        low, high = np.sort(sharp, axis=1).astype(np.int64).T
        border |= np.isin(edges[:, 0].astype(np.int64) * n + edges[:, 1], low * n + high)
    inner = sp.diags((~border).astype(float))
    # An inner edge point is the mean of its ends and its two face points; a border one is its middle.
    edge = inner @ (0.5 * middle + 0.25 * edge_face @ face) + sp.diags(border.astype(float)) @ middle

    valence_f = np.bincount(quads.ravel(), minlength=n).astype(float)
    vertex_face = sp.csr_matrix((np.ones(4 * n_f), (quads.ravel(), face_row)), shape=(n, n_f))
    vertex_edge = sp.csr_matrix((np.ones(2 * n_e), (edges.ravel(), np.repeat(np.arange(n_e), 2))), shape=(n, n_e))
    k = np.maximum(valence_f, 1)
    smooth = sp.diags(1 / k**2) @ vertex_face @ face + sp.diags(2 / k**2) @ vertex_edge @ middle
    smooth = smooth + sp.diags((k - 3) / k)
    on_border = np.zeros(n, bool)
    on_border[edges[border].ravel()] = True
    border_edge = sp.csr_matrix(
        (np.ones(2 * border.sum()), (edges[border].ravel(), np.repeat(np.arange(n_e)[border], 2))), shape=(n, n_e)
    )
    count = np.maximum(np.asarray(border_edge.sum(1)).ravel(), 1)
    on_curve = 0.5 * sp.eye(n) + 0.5 * sp.diags(1 / count) @ border_edge @ middle
    vertex = sp.diags((~on_border).astype(float)) @ smooth + sp.diags(on_border.astype(float)) @ on_curve

    def refine(q: NDArray[np.int32], e: NDArray[np.int64], first_edge: int, first_face: int) -> NDArray[np.int32]:
        f = first_face + np.arange(len(q))
        out = np.empty((len(q), 4, 4), np.int32)
        for c in range(4):
            out[:, c] = np.stack([q[:, c], first_edge + e[:, c], f, first_edge + e[:, (c - 1) % 4]], axis=1)
        return out.reshape(-1, 4)

    uv_edges, uv_edge_of, _ = _edges(quad_uvs)
    uv_middle = sp.csr_matrix(
        (np.full(2 * len(uv_edges), 0.5), (np.repeat(np.arange(len(uv_edges)), 2), uv_edges.ravel())),
        shape=(len(uv_edges), n_uv),
    )
    uv_face = sp.csr_matrix((np.full(4 * n_f, 0.25), (face_row, quad_uvs.ravel())), shape=(n_f, n_uv))
    return Subdivided(
        matrix=sp.vstack([vertex, edge, face]).tocsr().astype(np.float32),
        quads=refine(quads, edge_of, n, n + n_e),
        quad_uvs=refine(quad_uvs, uv_edge_of, n_uv, n_uv + len(uv_edges)),
        uv_matrix=sp.vstack([sp.eye(n_uv), uv_middle, uv_face]).tocsr().astype(np.float32),
        parent_quad=np.repeat(np.arange(n_f), 4).astype(np.int32),
    )
