"""What holds a face together whoever it is: lids lie on their eyeballs, lips meet, closed lids meet.

Bones shape an identity (``Face.person``); with few weights a vertex they leave up to a millimetre or two between
the lips, and lids beside their ball. The small rest is settled on the neutral vertices themselves, once a person,
by fixed matrices and one radial pull, so that gradients pass through. Expressions stay with the bones alone.
``rig/torch_twin.py`` holds the same in torch.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from rig.skeleton import PARTS, Skeleton

F = NDArray[np.float32]
EYES = ("eye-left", "eye-right")
CLEAR_M = 0.0002
"""Skin that is outside the eyeball stays at least this far outside."""
NOT_OF_THE_SKIN = ("neck", "head", "jaw", "tongue-root", "tongue-middle", "tongue-tip", "teeth-upper")
LID_RIDGE = 0.008
"""Keeps the closing of the lids from asking much of a bone that hardly reaches the rim."""
NEAR_M = 0.020
"""How far round a bone its surroundings reach, for the local size of a face."""


@dataclass(frozen=True)
class Seams:
    """Constants of one skeleton that settle a person's lids and lips."""

    eye: NDArray[np.int32]
    """(R,) the eye bone of each riding vertex."""
    radius: F
    """(R,) metres between a lid vertex and its eye's centre on the base face."""
    least: F
    """(R,) metres from the centre within which no vertex may come that lay outside the ball on the base face."""
    lip_gap: F
    """(P, 3) metres between the lips' pairs on the base face."""
    lid_bones: tuple[NDArray[np.int32], NDArray[np.int32]]
    """Left and right eye: the bones that carry the lids' rims."""
    lid_solve: tuple[F, F]
    """(n, L) each: what parts the closed lids' pairs -> the translations of ``lid_bones`` that bring them together."""
    near: F
    """(B, B) rows sum to 1: the pivots whose spread is the local size at a bone."""
    spread: F
    """(B,) that spread on the base face, square metres."""


def make_seams(s: Skeleton, weights: sp.csr_matrix) -> Seams:
    """``weights`` (V, B)."""
    eyes = np.array([s.names.index(e) for e in EYES], np.int32)
    eye = eyes[(s.vertices[s.ride[:, 1], 0] < 0).astype(int)]
    radius = np.linalg.norm(s.vertices[s.ride[:, 1]] - s.pivots[eye], axis=1)
    balls = [s.vertices[s.part == PARTS.index(n)] - s.pivots[e] for n, e in zip(EYES, eyes, strict=True)]
    ball = np.array([np.median(np.linalg.norm(b, axis=1)) for b in balls])
    outside = ball[(eye == eyes[1]).astype(int)] + CLEAR_M
    gap = s.vertices[s.lip_seam[:, 0]] - s.vertices[s.lip_seam[:, 1]]
    bones, solve = [], []
    for pairs in s.lid_seam:
        d = (weights[pairs[:, 0]] - weights[pairs[:, 1]]).toarray().astype(float)
        # Bones of the skin that hang on the head: the head, the eyes and the jaw stay where they are.
        own = np.flatnonzero((np.abs(d).max(0) > 0.1) & (s.parents == s.names.index("head")))
        own = own[~np.isin(own, eyes)]
        d = d[:, own]
        bones.append(own.astype(np.int32))
        solve.append((-np.linalg.solve(d.T @ d + LID_RIDGE * np.eye(len(own)), d.T)).astype(np.float32))
    near = neighbourhood(s, weights)
    return Seams(
        eye=eye,
        radius=radius.astype(np.float32),
        least=np.where(radius > outside, outside, 0).astype(np.float32),
        lip_gap=gap.astype(np.float32),
        lid_bones=(bones[0], bones[1]),
        lid_solve=(solve[0], solve[1]),
        near=near,
        spread=spread(near, s.pivots),
    )


def neighbourhood(s: Skeleton, weights: sp.csr_matrix) -> F:
    """(B, B): a Gaussian of NEAR_M over the bones that carry skin and rest in it; rows sum to 1."""
    carries = np.asarray(weights.sum(0)).ravel() > 1.0
    sits = s.pivot_bone == np.arange(len(s.names))
    deep = np.isin(s.names, NOT_OF_THE_SKIN)
    apart = ((s.pivots[:, None] - s.pivots[None]) ** 2).sum(-1)
    near = np.exp(-apart / (2 * NEAR_M**2)) * (carries & sits & ~deep)
    # A bone far from all others (none in this face) keeps its own size.
    return (near / np.maximum(near.sum(1, keepdims=True), 1e-12)).astype(np.float32)


def spread(near: F, pivots: F) -> F:
    """(B,) mean squared distance of each bone's surroundings from their own middle."""
    middle = near @ pivots
    out: F = (near @ (pivots**2).sum(1) - (middle**2).sum(1)).astype(np.float32)
    return out


def local_size(seams: Seams, pivots: F) -> F:
    """(B,) how much larger than on the base face the surroundings of each bone are: a wide mouth smiles wide."""
    ratio = spread(seams.near, pivots) / np.maximum(seams.spread, 1e-9)
    return np.sqrt(np.maximum(ratio, 1e-3)).astype(np.float32)


def settle(s: Skeleton, seams: Seams, vertices: F, pivots: F, eye_scale: F) -> F:
    """Neutral ``vertices`` (V, 3) as the bones left them -> lids on their eyeballs and lips together.

    ``eye_scale`` (B,) is how much the eye bones grew. Only a lid's distance from the eye's centre is set, to what it
    is on the base face; along the ball it stays where its bones put it, and skin farther out is kept from the ball
    only. The lips' pairs are brought back to the base face's distance, half from above and half from below.
    """
    out = vertices.copy()
    target, source = s.ride.T
    from_centre = vertices[source] - pivots[seams.eye]
    distance = np.linalg.norm(from_centre, axis=1)
    unit = eye_scale[seams.eye] / np.maximum(distance, 1e-6)
    pull = s.ride_share * (seams.radius * unit - 1) + (1 - s.ride_share) * np.maximum(seams.least * unit - 1, 0)
    out[target] += pull[:, None] * from_centre
    parted = out[s.lip_seam[:, 0]] - out[s.lip_seam[:, 1]] - seams.lip_gap
    out[s.lip_rows] += s.lip_close @ parted
    return out
