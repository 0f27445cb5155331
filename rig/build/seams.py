"""Finds, on the base face, where lids meet when shut, lips meet at rest, and what lies on the eyeballs."""

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import shortest_path
from scipy.spatial import cKDTree

from rig import skinning
from rig.build.identity_table import LIP_LINE_MM
from rig.parameters import CHANNEL_INDEX
from rig.skeleton import PARTS, Skeleton

Array = NDArray[np.float64]
LIP_LINE_M = LIP_LINE_MM / 1000
LIP_REACH_M = 0.0045
"""How far from the seam the lips give way when it is closed."""
KEEP_OUT_M = 0.020
"""Height over the eyeball up to which skin is watched lest it sink into the ball."""
LIP_TOUCH_M, LIP_AROUND_M = 0.0036, 0.011
"""Vertices of two lips are at most this near through the air, and at least this far apart along the skin."""
RIDE_FULL_M, RIDE_END_M = 0.0012, 0.0065
"""Height over the eyeball up to which skin rides on it wholly, and from which it no longer does."""


def _pose(s: Skeleton, **channels: float) -> Array:
    """(V, 3) of the base face with channels by name, without what :class:`rig.face.Face` needs seams for."""
    a = np.zeros(len(CHANNEL_INDEX), np.float32)
    for name, value in channels.items():
        a[CHANNEL_INDEX[name.replace("_", "-")]] = value
    product = a[s.corrective_channels[:, 0]] * a[s.corrective_channels[:, 1]]
    rotvec = np.tensordot(a, s.channel_rotation, 1) + np.tensordot(product, s.corrective_rotation, 1)
    move = np.tensordot(a, s.channel_translation, 1) + np.tensordot(product, s.corrective_translation, 1)
    bones = skinning.chain(skinning.local_affine(rotvec, move, s.pivots), s.parents)
    return skinning.skin(s.vertices, s.weights, bones).astype(float)


def _edges(s: Skeleton) -> NDArray[np.int32]:
    """(E, 2) the edges of the skin, both ways."""
    q = s.quads[s.part[s.quads[:, 0]] == PARTS.index("skin")]
    one = np.concatenate([q[:, [k, (k + 1) % 4]] for k in range(4)])
    return np.unique(np.concatenate([one, one[:, ::-1]]), axis=0)


def lid_seam(s: Skeleton) -> NDArray[np.int32]:
    """(2, L, 2): the rims' vertices, upper and lower, that lie together when the eye is shut; left, right."""
    eye = s.names.index("eye-left")
    v = s.vertices.astype(float)
    from_eye = v - s.pivots[eye]
    height = np.linalg.norm(from_eye, axis=1)
    ball = np.median(height[s.part == PARTS.index("eye-left")])
    skin = (s.part == PARTS.index("skin")) & (height < 0.024) & (from_eye[:, 2] > 0.006)
    inside = skin & (height < ball - 0.0007)
    e = _edges(s)
    e = e[skin[e].all(1)]
    rim = np.zeros(len(v), bool)
    rim[e[inside[e[:, 1]] & ~inside[e[:, 0]], 0]] = True
    shut = _pose(s, AU43_left=1.0)
    drop = v[:, 1] - shut[:, 1]
    upper, lower = np.flatnonzero(rim & (drop > 0.0022)), np.flatnonzero(rim & (drop < 0.0010))
    apart, nearest = cKDTree(shut[lower]).query(shut[upper])
    close = apart < 0.0022
    left = np.stack([upper[close], lower[nearest[close]]], axis=1)
    return np.stack([left, s.mirror[left]]).astype(np.int32)


def lip_seam(s: Skeleton) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """Pairs (P, 2) upper and lower, rows (M,), and the matrix (M, P) that brings parted pairs together.

    A Gaussian of the distance to the pairs' own vertices, solved so that every pair closes exactly, half from each
    side: what parts the lips is smoothed away over LIP_REACH_M.
    """
    v = s.vertices.astype(float)
    box = (np.abs(v[:, 0]) < 0.030) & (np.abs(v[:, 1] - LIP_LINE_M) < 0.020) & (v[:, 2] > 0)
    mouth = np.flatnonzero((s.part == PARTS.index("skin")) & box)
    # Near in the air and far along the skin: those are vertices of two lips.
    e = _edges(s)
    e = e[np.isin(e, mouth).all(1)]
    own = np.full(len(v), -1)
    own[mouth] = np.arange(len(mouth))
    length = np.linalg.norm(v[e[:, 0]] - v[e[:, 1]], axis=1)
    along = shortest_path(sp.csr_matrix((length, (own[e[:, 0]], own[e[:, 1]])), shape=(len(mouth),) * 2))
    air = np.linalg.norm(v[mouth][:, None] - v[mouth][None], axis=2)
    air[along < LIP_AROUND_M] = np.inf
    nearest = air.argmin(1)
    ok = (nearest[nearest] == np.arange(len(mouth))) & (air.min(1) < LIP_TOUCH_M)
    drop = v[:, 1] - _pose(s, AU25=1.0, AU26=1.0)[:, 1]
    # Which of the two is the upper lip's: the one that an open mouth takes less far down.
    drop = (v[:, 1] - _pose(s, AU25=1.0, AU26=1.0)[:, 1])[mouth]
    ok &= (np.abs(drop - drop[nearest]) > 0.0015) & (np.abs(v[mouth, 1] - LIP_LINE_M) < 0.007)
    one = np.flatnonzero(ok & (drop < drop[nearest]))
    above = along[one].min(0) < along[nearest[one]].min(0)
    air[above[:, None] == above[None]] = np.inf
    lip = (np.abs(v[mouth, 1] - LIP_LINE_M) < 0.007) & (v[mouth, 2] > 0.019) & (air.min(1) < LIP_TOUCH_M)
    both = [(i, air[i].argmin()) if above[i] else (air[i].argmin(), i) for i in np.flatnonzero(lip)]
    pairs = mouth[np.unique(np.array(both), axis=0)]
    pairs = pairs[np.abs(v[pairs[:, 0], 0] - v[pairs[:, 1], 0]) < 0.0018]
    upper, lower = mouth[above], mouth[~above]
    rows, parts = [], []
    for k, (side, sign) in enumerate(((upper, -0.5), (lower, 0.5))):
        seam = v[pairs[:, k]]

        def kernel(a: Array, seam: Array = seam) -> Array:
            return np.exp(-((a[:, None] - seam[None]) ** 2).sum(-1) / (2 * LIP_REACH_M**2))

        near = side[cKDTree(seam).query(v[side])[0] < 2.6 * LIP_REACH_M]
        solved = np.linalg.solve(kernel(seam) + 1e-2 * np.eye(len(seam)), kernel(v[near]).T).T
        rows.append(near)
        parts.append(sign * solved)
    return pairs.astype(np.int32), np.concatenate(rows).astype(np.int32), np.concatenate(parts).astype(np.float32)


def ride(s: Skeleton) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """(R, 2) vertices about the eyes and the lid vertex that each goes with, and the lid's share (R,).

    The lid's own vertices go with themselves; lashes with the lid that they stand on.
    """
    v = s.vertices.astype(float)
    index, share = [], []
    for side in ("left", "right"):
        pivot = s.pivots[s.names.index(f"eye-{side}")].astype(float)
        ball = np.median(np.linalg.norm(v[s.part == PARTS.index(f"eye-{side}")] - pivot, axis=1))
        height = np.linalg.norm(v - pivot, axis=1) - ball
        t = np.clip((RIDE_END_M - height) / (RIDE_END_M - RIDE_FULL_M), 0, 1)
        own = np.where(s.part == PARTS.index("skin"), t * t * (3 - 2 * t), 0.0)
        own_side = v[:, 0] > 0 if side == "left" else v[:, 0] < 0
        lid = np.flatnonzero((s.part == PARTS.index("skin")) & (height < KEEP_OUT_M) & own_side)
        lashes = np.flatnonzero(s.part == PARTS.index(f"lashes-{side}"))
        on = lid[cKDTree(v[lid]).query(v[lashes])[1]]
        index += [np.stack([lid, lid], axis=1), np.stack([lashes, on], axis=1)]
        share += [own[lid], own[on]]
    return np.concatenate(index).astype(np.int32), np.concatenate(share).astype(np.float32)


def find_seams(s: Skeleton) -> dict[str, Any]:
    """The seam fields of a skeleton, to be put into it with ``dataclasses.replace``."""
    pairs, rows, close = lip_seam(s)
    riding, share = ride(s)
    return {
        "lid_seam": lid_seam(s), "lip_seam": pairs, "lip_rows": rows, "lip_close": close,
        "ride": riding, "ride_share": share,
    }  # fmt: skip
