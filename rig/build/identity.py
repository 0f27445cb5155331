"""The 208 identity controls out of ``identity_table``: places -> bones, moves -> offsets, people -> ranges."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from rig.build.identity_table import CONTROLS, LIP_LINE_MM, PLACES
from rig.face import Face
from rig.identity import Fitter, jacobian
from rig.parameters import N_IDENTITY
from rig.seams import EYES
from rig.skeleton import PARTS, RIG_VERSION, Skeleton, moved_by

Array = NDArray[np.float64]
FLIP = np.array([-1.0, 1.0, 1.0])
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
BY_HAND = {"neck width": 10.0, "neck depth": 10.0, "throat up": 4.0, "throat forward": 4.0}
"""Ranges of what the people's figures leave out: the neck."""
DEEP = ("tongue", "teeth", "jaw")
"""Bones of the mouth's inside: they go where the lips go. (The bone "jaw" carries the lower teeth; skin has others.)"""
SHARE = 0.3
"""A bone belongs to a place when this much of its skin does, the bone with most being 1."""
CORNER_M = 0.006
"""Where the open lids are nearer than this they belong to the eye's corner, and move together."""
REACH_M = 0.08

Parts = tuple[Array, Array, Array]


@dataclass(frozen=True)
class Control:
    """One line of the table."""

    place: str
    move: str
    name: str
    low: str
    high: str

    @property
    def group(self) -> str:
        return PLACES[self.place][0]

    @property
    def unit(self) -> str:
        return MOVES[self.move][0]

    @property
    def symmetric(self) -> bool:
        return not self.move.startswith("one-")


def controls() -> list[Control]:
    return [Control(*(w.strip() for w in line.split("|"))) for line in CONTROLS.strip().splitlines()]


# --- moves: points (B, 3) relative to the place's centre -> translation, rotation, growth (B, 3) of one unit


def _shift(axis: int) -> Callable[[Array], Parts]:
    def move(d: Array) -> Parts:
        t = np.zeros_like(d)
        t[:, axis] = 0.001
        return t, np.zeros_like(d), np.zeros_like(d)

    return move


def _grow(*axes: int) -> Callable[[Array], Parts]:
    def move(d: Array) -> Parts:
        s = np.zeros_like(d)
        s[:, list(axes)] = 0.01
        return s * d, np.zeros_like(d), s

    return move


def _turn(axis: int, sign: float) -> Callable[[Array], Parts]:
    def move(d: Array) -> Parts:
        r = np.zeros_like(d)
        r[:, axis] = sign * np.radians(1.0)
        return np.cross(r, d), r, np.zeros_like(d)

    return move


def _taper(d: Array) -> Parts:
    t, s = np.zeros_like(d), np.zeros_like(d)
    s[:, 0] = 0.01 * d[:, 1] / REACH_M
    t[:, 0] = s[:, 0] * d[:, 0]
    return t, np.zeros_like(d), s


def _bow(d: Array) -> Parts:
    t, r = np.zeros_like(d), np.zeros_like(d)
    t[:, 2] = 0.001 * (0.35 - (d[:, 1] / REACH_M) ** 2)
    r[:, 0] = -0.002 * d[:, 1] / REACH_M**2
    return t, r, np.zeros_like(d)


def _wrap(d: Array) -> Parts:
    t, r = np.zeros_like(d), np.zeros_like(d)
    t[:, 2] = 0.001 * (0.35 - (d[:, 0] / (0.75 * REACH_M)) ** 2)
    r[:, 1] = 0.002 * d[:, 0] / (0.75 * REACH_M) ** 2
    return t, r, np.zeros_like(d)


def _bend(d: Array) -> Parts:
    t, r = np.zeros_like(d), np.zeros_like(d)
    t[:, 0] = 0.001 * ((d[:, 1] / REACH_M) ** 2 - 0.35)
    r[:, 2] = -0.002 * d[:, 1] / REACH_M**2
    return t, r, np.zeros_like(d)


def _twist(d: Array) -> Parts:
    t, r = np.zeros_like(d), np.zeros_like(d)
    r[:, 1] = -np.radians(1.0) * d[:, 1] / REACH_M
    t[:, 0], t[:, 2] = r[:, 1] * d[:, 2], -r[:, 1] * d[:, 0]
    return t, r, np.zeros_like(d)


MOVES: dict[str, tuple[str, Callable[[Array], Parts]]] = {
    "out": ("mm", _shift(0)), "up": ("mm", _shift(1)), "forward": ("mm", _shift(2)),
    "wide": ("%", _grow(0)), "tall": ("%", _grow(1)), "deep": ("%", _grow(2)), "size": ("%", _grow(0, 1, 2)),
    "pitch": ("deg", _turn(0, -1)), "yaw": ("deg", _turn(1, 1)), "turn": ("deg", _turn(1, -1)),
    "roll": ("deg", _turn(2, 1)), "taper": ("%", _taper), "bow": ("mm", _bow), "wrap": ("mm", _wrap),
    "one-bend": ("mm", _bend), "one-twist": ("deg", _twist), "one-sideways": ("mm", _shift(0)),
    "one-roll": ("deg", _turn(2, 1)), "one-higher": ("mm", _shift(1)), "one-larger": ("%", _grow(0, 1, 2)),
}  # fmt: skip
"""Degree of freedom -> its unit and what one unit of it does. Left side's sense; the right is its mirror image, or
the opposite for one side against the other. ``pitch`` takes the front up, ``yaw`` the front outwards."""


class Places:
    """Which bones are a place: shares (B,) of the left (or whole) place."""

    def __init__(self, s: Skeleton):
        self.s = s
        w = s.weights.astype(float)
        self.weights = w
        self.mass = np.asarray(w.sum(0)).ravel()
        self.at = (w.T @ s.vertices) / np.maximum(self.mass, 1e-9)[:, None]
        # Where a bone is: the middle of the skin it carries; unlike its pivot, which for lids is the eye's centre.
        self.at[self.mass < 1] = s.pivots[self.mass < 1]
        self.skin = self.mass > 1.0
        self.skin &= np.array([not n.startswith((*DEEP, "neck")) for n in s.names])
        self._own = self._assign()

    def _assign(self) -> dict[str, int]:
        """Each place of one bone gets its own: all together as near as can be."""
        s, names = self.s, [n for n, p in PLACES.items() if p[2] == 0]
        loose = self.skin & ~np.isin(s.names, ["head", "eye-left", "eye-right"]) & (self.at[:, 0] > -1e-4)
        units = np.flatnonzero(loose)
        centre = np.array([PLACES[n][1] for n in names]) / 1000
        cost = np.linalg.norm(centre[:, None] - self.at[units][None], axis=2)
        middle = s.twins[units] == units
        cost[(centre[:, :1] == 0) != middle[None]] += 1.0
        rows, columns = linear_sum_assignment(cost)
        return {names[i]: int(units[j]) for i, j in zip(rows, columns, strict=True)}

    def share(self, place: str) -> Array:
        """(B,) 0..1, the left place's where there are two."""
        _, centre_mm, radius_mm = PLACES[place]
        out = np.zeros(len(self.s.names))
        if radius_mm == 0:
            out[self._own[place]] = 1
            return out
        d = np.linalg.norm(self.s.vertices - np.array(centre_mm) / 1000, axis=1) * 1000 / radius_mm
        t = np.clip((1.25 - d) / 0.5, 0, 1)
        out = (self.weights.T @ (t * t * (3 - 2 * t))) / np.maximum(self.mass, 1e-9)
        if place != "neck":
            out[~self.skin] = 0
        eyes = [self.s.names.index(e) for e in EYES]
        out[eyes] = np.where(out[eyes] > 0.6, 1.0, 0.0)  # an eyeball goes wholly or not at all
        if place in ("upper lip", "lower lip"):
            out[(1000 * self.at[:, 1] > LIP_LINE_MM) != (place == "upper lip")] = 0
        out /= out.max()
        return np.where(out < SHARE, 0.0, out)

    def offsets(self, control: Control) -> Parts:
        """Translation, rotation, growth (B, 3) of all bones for one unit of a control."""
        s, a = self.s, self.share(control.place)
        centre = np.array(PLACES[control.place][1]) / 1000
        parts = [a[:, None] * x for x in MOVES[control.move][1](s.pivots - centre)]
        if centre[0] == 0:
            return parts[0], parts[1], parts[2]
        sign = 1.0 if control.symmetric else -1.0
        other = (parts[0] * FLIP, parts[1] * -FLIP, parts[2])
        t, r, g = (x + sign * o[s.twins] for x, o in zip(parts, other, strict=True))
        return t, r, g


class Followers:
    """What goes along: the mouth's inside with the lips, one lip's seam and one lid's corners with the other's."""

    def __init__(self, s: Skeleton):
        self.s = s
        self.weights = s.weights.astype(float)
        v = s.vertices.astype(float)
        self.lips = np.flatnonzero(
            (s.part == PARTS.index("skin")) & (np.abs(v[:, 0]) < 0.026) & (np.abs(v[:, 1] + 0.066) < 0.014) & (v[:, 2] > 0.005)
        )
        self.centre = v[self.lips].mean(0)
        # Small motion of the lips' skin: 3 shifts, 3 turns, 3 growths about their middle.
        d = v[self.lips] - self.centre
        columns = [np.tile(e, (len(d), 1)) for e in np.eye(3)]
        columns += [np.cross(np.tile(e, (len(d), 1)), d) for e in np.eye(3)]
        columns += [d * e for e in np.eye(3)]
        self._solve = np.linalg.pinv(np.array([c.ravel() for c in columns]).T)
        self.deep = np.flatnonzero([n.startswith(DEEP) for n in s.names])
        diff = (self.weights[s.lip_seam[:, 0]] - self.weights[s.lip_seam[:, 1]]).toarray()
        self.lip_bones = np.flatnonzero(np.abs(diff).max(0) > 0.05)
        self.lip_bones = self.lip_bones[~np.isin(self.lip_bones, self.deep)]
        diff = diff[:, self.lip_bones]
        self._together = -np.linalg.solve(diff.T @ diff + 0.03 * np.eye(len(self.lip_bones)), diff.T)
        self.eyes = [s.names.index(e) for e in EYES]
        self.lids = [self._corners(pairs) for pairs in s.lid_seam]

    def _corners(self, pairs: NDArray[np.int32]) -> tuple[NDArray[np.int_], NDArray[np.int_], Array]:
        """Rim pairs of one eye, the lids' bones, and what brings the rims' corners together again (bones, pairs)."""
        s = self.s
        diff = (self.weights[pairs[:, 0]] - self.weights[pairs[:, 1]]).toarray()
        bones = np.flatnonzero(np.abs(diff).max(0) > 0.1)
        bones = bones[~np.isin(bones, np.flatnonzero(~np.isin(s.parents, [s.names.index("head")])))]
        opening = np.linalg.norm(s.vertices[pairs[:, 0]] - s.vertices[pairs[:, 1]], axis=1)
        near = np.clip((CORNER_M - opening) / CORNER_M, 0, 1)[:, None]
        d = near * diff[:, bones]
        return pairs, bones, -np.linalg.solve(d.T @ d + 0.03 * np.eye(len(bones)), d.T * near.T)

    def field(self, rows: NDArray[np.int_], parts: Parts) -> Array:
        """(N, 3) first-order displacement of vertices."""
        s, (t, r, g) = self.s, parts
        v, w = s.vertices[rows].astype(float), self.weights[rows]
        own = w @ (t - np.cross(r, s.pivots) - g * s.pivots)
        turned = np.cross(w @ r, v)
        return np.asarray(own + turned + (w @ g) * v)

    def __call__(self, parts: Parts) -> Parts:
        t, r, g = (x.copy() for x in parts)
        parted = self.field(self.s.lip_seam[:, 0], parts) - self.field(self.s.lip_seam[:, 1], parts)
        t[self.lip_bones] += self._together @ parted
        for pairs, bones, together in self.lids:
            t[bones] += together @ (self.field(pairs[:, 0], parts) - self.field(pairs[:, 1], parts))
        fit = self._solve @ self.field(self.lips, (t, r, g)).ravel()
        d = self.s.pivots[self.deep] - self.centre
        t[self.deep] = fit[:3] + np.cross(fit[3:6], d) + fit[6:] * d
        r[self.deep], g[self.deep] = fit[3:6], fit[6:]
        # Eyeballs stay round and look straight ahead.
        r[self.eyes] = 0
        g[self.eyes] = g[self.eyes].mean(1, keepdims=True)
        # Whatever moves the lips' skin by less than a micrometre per unit leaves the teeth in peace.
        still = np.abs(t[self.deep]).max() < 1e-6
        if still:
            t[self.deep] = r[self.deep] = g[self.deep] = 0
        return t, r, g


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
        least = LEAST["many" if PLACES[c.place][2] > 0 else "one bone"][c.unit] * (1.0 if c.symmetric else 0.5)
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
    u, sv, vt = np.linalg.svd(people - people.mean(0), full_matrices=False)
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
    deep = np.array([n.startswith(DEEP) for n in s.names])
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


__all__ = ["Identity", "build_identity", "controls", "explained", "with_controls", "write_table"]
