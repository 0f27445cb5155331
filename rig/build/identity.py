"""The 208 continuous identity parameters: one decomposed bone or mirrored pair and one degree of freedom each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rig.build.bones import BoneSet
from rig.build.makehuman import MakeHumanHead
from rig.build.people import People
from rig.parameters import N_IDENTITY

Array = NDArray[np.float64]
RANGE_SIGMAS = 2.5
"""Parameters 0 and 1 lie this many standard deviations of the fitted people from the base face."""


@dataclass
class IdentityTable:
    names: list[str]
    translation: Array
    """(208, B, 3) metres from 0.5 to 1."""
    scale: Array
    """(208, B) relative growth from 0.5 to 1."""
    report: dict[str, float]


def _candidates(bones: BoneSet) -> list[tuple[str, Array, Array]]:
    """Every unit (middle bone or pair) times out, up, forward, size; unit moves of 1 mm or 1 %."""
    n = len(bones.names)
    out: list[tuple[str, Array, Array]] = []
    still = {"neck", "head", "tongue-root", "tongue-middle", "tongue-tip"}
    for b, name in enumerate(bones.names):
        twin = int(bones.pair[b])
        if name in still or twin < b:
            continue
        for axis, word in enumerate(("out", "up", "forward")):
            if twin == b and axis == 0:
                continue
            t = np.zeros((n, 3))
            t[b, axis] = 0.001
            if twin != b:
                t[twin, axis] = -0.001 if axis == 0 else 0.001
            out.append((f"{name.removesuffix('-left')} {word}", t, np.zeros(n)))
        s = np.zeros(n)
        s[[b, twin]] = 0.01
        out.append((f"{name.removesuffix('-left')} size", np.zeros((n, 3)), s))
    for axis, word in enumerate(("width", "height", "depth")):
        t = np.zeros((n, 3))
        t[:, axis] = 0.01 * bones.pivots[:, axis]
        out.append((f"face {word}", t, np.zeros(n)))
    return out


def field(head: MakeHumanHead, bones: BoneSet, translation: Array, scale: Array) -> Array:
    """(V, 3): sum_b w_b (t_b + s_b (v - p_b)), as ``rig.face.Face.person`` does it."""
    w = bones.weights
    return w @ (translation - scale[:, None] * bones.pivots) + (w @ scale)[:, None] * head.base


def build_identity(head: MakeHumanHead, bones: BoneSet, people: People, drawn: Array, held_out: Array) -> IdentityTable:
    """Fit all candidates to ``drawn`` (P, V, 3) people by ridge, keep the 208 that matter most, set the ranges.

    ``held_out`` people measure what the kept ones explain once clipped to their range.
    """
    candidates = _candidates(bones)
    eyes = (head.part == 1) | (head.part == 2)
    mask = people.mask | eyes
    basis = np.array([field(head, bones, t, s)[mask].ravel() for _, t, s in candidates])
    targets = (drawn - head.base)[:, mask].reshape(len(drawn), -1)

    def fit(rows: NDArray[np.intp], y: Array) -> Array:
        a = basis[rows]
        gram = a @ a.T
        return np.linalg.solve(gram + 3e-4 * np.trace(gram) / len(rows) * np.eye(len(rows)), a @ y.T).T

    kept = np.arange(len(candidates))
    while len(kept) > N_IDENTITY:
        k = fit(kept, targets)
        # What a parameter moves over people, in metres RMS: the least are dropped a few at a time.
        reach = np.sqrt((k**2).mean(0)) * np.linalg.norm(basis[kept], axis=1)
        drop = min(8, len(kept) - N_IDENTITY)
        kept = np.sort(kept[np.argsort(-reach)[: len(kept) - drop]])
    k = fit(kept, targets)
    span = RANGE_SIGMAS * k.std(0)
    y = (held_out - head.base)[:, mask].reshape(len(held_out), -1)
    clipped = np.clip(fit(kept, y), -span, span)
    left = y - clipped @ basis[kept]
    n = mask.sum()

    def mm(d: Array) -> float:
        return float(1000 * np.linalg.norm(d.reshape(-1, n, 3), axis=2).mean())

    report = {
        "explained": float(1 - (left**2).sum() / (y**2).sum()),
        "mean_mm_before": mm(y),
        "mean_mm_after": mm(left),
        "people": len(held_out),
    }
    return IdentityTable(
        names=[candidates[i][0] for i in kept],
        translation=np.array([candidates[i][1] for i in kept]) * span[:, None, None],
        scale=np.array([candidates[i][2] for i in kept]) * span[:, None],
        report=report,
    )
