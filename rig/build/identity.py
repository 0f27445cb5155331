"""The 208 identity controls out of ``identity_table``: places -> bones, moves -> offsets, people -> ranges."""

import json
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rig.build.identity_table import PLACES
from rig.build.places import DEEP, Control, Followers, Places, controls
from rig.face import Face
from rig.identity import Fitter, jacobian
from rig.parameters import N_IDENTITY
from rig.skeleton import RIG_VERSION, Skeleton, moved_by

Array = NDArray[np.float64]
RANGE_SIGMAS = 2.4
"""Parameters 0 and 1 lie this many standard deviations of the fitted people from the base face, within LIMITS."""
FIT_NOISE = 2.0
"""Residual variance that the ranges' fit takes for granted, as a share of the people's own per coordinate: large, so
that no two controls are set far apart only to cancel each other."""
LIMITS = {
    "": {"mm": 8.0, "deg": 14.0, "%": 25.0},
    "lids": {"mm": 3.0, "deg": 8.0, "%": 12.0},
    "eyes": {"mm": 4.0, "deg": 6.0, "%": 12.0},
    "brows": {"mm": 4.0, "deg": 8.0, "%": 12.0},
    "lips & corners": {"mm": 4.0, "deg": 8.0, "%": 20.0},
    "skull": {"mm": 12.0, "deg": 16.0, "%": 30.0},
    "ears": {"mm": 12.0, "deg": 16.0, "%": 30.0},
    "jaw": {"mm": 12.0, "deg": 16.0, "%": 30.0},
    "whole face": {"mm": 8.0, "deg": 10.0, "%": 25.0},
}
"""Largest ranges by group (the first: all others)."""
LEAST = {"one bone": {"mm": 0.8, "deg": 2.0, "%": 4.0}, "many": {"mm": 2.0, "deg": 3.0, "%": 6.0}}
"""Smallest ranges: a control must show. Those of one side against the other may be half as small."""
BY_HAND = {
    "neck width": 10.0, "neck depth": 10.0, "throat up": 4.0, "throat forward": 4.0,
    "brows up": 4.0, "brows apart": 3.0, "one brow higher": 2.0, "forehead tilt": 5.0,
}  # fmt: skip
"""Ranges of what the people's figures leave out (the neck), or leave to a control's own parts (the whole brows)
or would take too far (brows sink in under a forehead that tilts)."""


@dataclass
class Identity:
    """Ranges and what they were set by."""

    skeleton: Skeleton
    table: list[dict[str, object]]
    factor: NDArray[np.float32]
    """(R, 208) of believable people: 0.5 + z @ factor with z normal."""
    report: dict[str, float]


def with_controls(s: Skeleton, chosen: list[Control], amount: Array) -> Skeleton:
    """The skeleton with ``chosen`` (208) controls reaching ``amount`` (208,) units at 1."""
    places, follow = Places(s), Followers(s)
    parts = [[k * x for x in follow(places.offsets(c))] for c, k in zip(chosen, amount, strict=True)]
    t, r, g = (np.array([p[i] for p in parts], np.float32) for i in range(3))
    for x in (t, r, g):
        x[np.abs(x) < 1e-7] = 0
    return replace(
        s, identity_names=tuple(c.name for c in chosen), identity_translation=t, identity_rotation=r, identity_scale=g
    )


def ranges(s: Skeleton, chosen: list[Control], mask: NDArray[np.bool_], drawn: Array) -> Array:
    """(208,) units from 0.5 to 1: the spread of a frugal fit to people, every control as ready to move as any other."""
    units = jacobian(Face(with_controls(s, chosen, np.ones(N_IDENTITY))), mask).reshape(N_IDENTITY, -1) / 2
    y = (drawn - s.vertices)[:, mask].reshape(len(drawn), -1)
    gram, total = units @ units.T, (y**2).sum(1).mean()
    noise = FIT_NOISE * total / y.shape[1]
    k = np.linalg.solve(gram / noise + np.diag(N_IDENTITY * np.diag(gram) / total), units @ y.T / noise)
    amount = RANGE_SIGMAS * np.sqrt((k**2).mean(1))
    for i, c in enumerate(chosen):
        least = LEAST["one bone" if PLACES[c.place][2] == 0 else "many"][c.unit] * (1.0 if c.symmetric else 0.5)
        amount[i] = BY_HAND.get(c.name, np.clip(amount[i], least, LIMITS.get(c.group, LIMITS[""])[c.unit]))
    return np.asarray(amount)


def build_identity(s: Skeleton, mask: NDArray[np.bool_], drawn: Array, held_out: Array) -> Identity:
    """Ranges of the table's controls from ``drawn`` (P, V, 3) people; ``held_out`` people measure what they explain.

    ``mask`` (V,) is what is fitted and measured: the face without the neck, and the eyes.
    """
    chosen = controls()
    if len(chosen) != N_IDENTITY:
        raise ValueError(f"identity_table has {len(chosen)} controls, {N_IDENTITY} are wanted")
    amount = ranges(s, chosen, mask, drawn)
    skeleton = with_controls(s, chosen, amount)
    face = Face(skeleton)
    fitter = Fitter(face, mask)
    people = np.array([fitter(v) for v in drawn])
    _, sv, vt = np.linalg.svd(people - people.mean(0), full_matrices=False)
    rank = int(np.searchsorted(np.cumsum(sv**2) / (sv**2).sum(), 0.97)) + 1
    factor = (sv[:rank, None] * vt[:rank] / np.sqrt(len(people) - 1)).astype(np.float32)
    return Identity(skeleton, table(skeleton, chosen, amount), factor, explained(face, fitter, mask, held_out))


def explained(face: Face, fitter: Fitter, mask: NDArray[np.bool_], people: Array) -> dict[str, float]:
    """Share of the variance that the fitted parameters, clipped to their range, remove; mean vertex errors in mm."""
    before = left = total = rest = 0.0
    for v in people:
        found = face.person(fitter(v)).vertices[mask] - v[mask]
        start = face.skeleton.vertices[mask] - v[mask]
        total, rest = total + (start**2).sum(), rest + (found**2).sum()
        before += 1000 * np.linalg.norm(start, axis=1).mean() / len(people)
        left += 1000 * np.linalg.norm(found, axis=1).mean() / len(people)
    return {
        "explained": float(1 - rest / total), "mean_mm_before": float(before), "mean_mm_after": float(left),
        "people": len(people),
    }  # fmt: skip


def table(s: Skeleton, chosen: list[Control], amount: Array) -> list[dict[str, object]]:
    """The readable rows of ``assets/rig/identity.json``."""
    deep = np.isin(s.names, DEEP)
    rows: list[dict[str, object]] = []
    places = Places(s)
    for k, (c, range_) in enumerate(zip(chosen, amount, strict=True)):
        share = places.share(c.place)
        share = np.maximum(share, share[s.twins]) if PLACES[c.place][1][0] else share
        follow = moved_by(s, k) & (share == 0) & ~deep
        rows.append({
            "name": c.name, "group": c.group, "place": c.place, "move": c.move.removeprefix("one-"),
            "range": round(float(range_), 2), "unit": c.unit, "at_0": c.low, "at_1": c.high,
            "symmetric": c.symmetric,
            "bones": [s.names[b] for b in np.flatnonzero(share > 0)],
            "followers": int(follow.sum()),
        })  # fmt: skip
    return rows


def write_table(rows: list[dict[str, object]]) -> str:
    lines = ",\n  ".join(json.dumps(r) for r in rows)
    return f'{{"version": {RIG_VERSION},\n "controls": [\n  {lines}]}}\n'
