"""Places of the face -> bones, and what has to go along when those bones are moved."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rig.build.identity_table import CONTROLS, LIP_LINE_MM, PLACES
from rig.build.moves import MOVES, Parts
from rig.seams import EYES
from rig.skeleton import PARTS, Skeleton

Array = NDArray[np.float64]
FLIP = np.array([-1.0, 1.0, 1.0])
DEEP = ("tongue-root", "tongue-middle", "tongue-tip", "teeth-upper", "jaw")
"""Bones of the mouth's inside: they go where the lips go. (The bone "jaw" carries the lower teeth; skin has others.)"""
SHARE = 0.3
"""A bone belongs to a place when this much of its skin does, the bone with most being 1."""
CORNER_M = 0.006
"""Where the open lids are nearer than this they belong to the eye's corner, and move together."""


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
        self.skin &= ~np.isin(s.names, [*DEEP, "neck"])

    def own(self, place: str) -> int:
        """The bone, or the left one of the pair, that has the place's name."""
        middle = PLACES[place][1][0] == 0
        return self.s.names.index(place.replace(" ", "-") + ("" if middle else "-left"))

    def share(self, place: str) -> Array:
        """(B,) 0..1, the left place's where there are two."""
        _, centre_mm, radius_mm = PLACES[place]
        if isinstance(radius_mm, tuple):
            return np.asarray(np.max([self.share(member) for member in radius_mm], axis=0))
        out = np.zeros(len(self.s.names))
        if radius_mm == 0:
            out[self.own(place)] = 1
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
        mouth = (np.abs(v[:, 0]) < 0.026) & (np.abs(v[:, 1] - LIP_LINE_MM / 1000) < 0.014) & (v[:, 2] > 0.005)
        self.lips = np.flatnonzero((s.part == PARTS.index("skin")) & mouth)
        # The seam counts most: through it the tongue is seen, and no tooth shall come before it.
        self.lips = np.concatenate([self.lips, s.lip_seam.ravel()])
        weight = np.where(np.arange(len(self.lips)) < len(self.lips) - s.lip_seam.size, 1.0, 5.0).repeat(3)
        self.centre = v[self.lips].mean(0)
        # Small motion of the lips' skin: 3 shifts, 3 turns, 3 growths about their middle.
        d = v[self.lips] - self.centre
        columns = [np.tile(e, (len(d), 1)) for e in np.eye(3)]
        columns += [np.cross(np.tile(e, (len(d), 1)), d) for e in np.eye(3)]
        columns += [d * e for e in np.eye(3)]
        self._solve = np.linalg.pinv(np.array([c.ravel() for c in columns]).T * weight[:, None]) * weight
        self.deep = np.flatnonzero(np.isin(s.names, DEEP))
        diff = (self.weights[s.lip_seam[:, 0]] - self.weights[s.lip_seam[:, 1]]).toarray()
        self.lip_bones = np.flatnonzero(np.abs(diff).max(0) > 0.05)
        self.lip_bones = self.lip_bones[~np.isin(self.lip_bones, self.deep)]
        diff = diff[:, self.lip_bones]
        self._together = -np.linalg.solve(diff.T @ diff + 0.03 * np.eye(len(self.lip_bones)), diff.T)
        self.eyes = [s.names.index(e) for e in EYES]
        self.lids = [self._corners(pairs) for pairs in s.lid_seam]

    def _corners(self, pairs: NDArray[np.integer]) -> tuple[NDArray[np.integer], NDArray[np.integer], Array]:
        """Rim pairs of one eye, the lids' bones, and what brings the rims' corners together again (bones, pairs)."""
        s = self.s
        diff = (self.weights[pairs[:, 0]] - self.weights[pairs[:, 1]]).toarray()
        bones = np.flatnonzero(np.abs(diff).max(0) > 0.1)
        bones = bones[~np.isin(bones, np.flatnonzero(~np.isin(s.parents, [s.names.index("head")])))]
        opening = np.linalg.norm(s.vertices[pairs[:, 0]] - s.vertices[pairs[:, 1]], axis=1)
        near = np.clip((CORNER_M - opening) / CORNER_M, 0, 1)[:, None]
        d = near * diff[:, bones]
        return pairs, bones, -np.linalg.solve(d.T @ d + 0.03 * np.eye(len(bones)), d.T * near.T)

    def field(self, rows: NDArray[np.integer], parts: Parts) -> Array:
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
