"""The base face's AUs on another head: what every channel does there is carried over and fitted to its bones anew."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from rig.build import ssdr
from rig.build.characters.clay import FLIP, Clay
from rig.face import EYES
from rig.parameters import CHANNEL_INDEX, CHANNELS, MIRROR, N_CHANNELS
from rig.skeleton import GAZE_DIRECTIONS, GAZE_FULL_DEG, Skeleton

Array = NDArray[np.float64]
NEIGHBOURS = 28
SMOOTH_STEPS = 4
STRETCH = (0.45, 2.4)
"""No part of a head moves less or more than this times the base face's, however it is scaled."""
LEFT_GAZE = {
    "up": (0, GAZE_FULL_DEG), "down": (0, -GAZE_FULL_DEG), "in": (-GAZE_FULL_DEG, 0), "out": (GAZE_FULL_DEG, 0)
}  # fmt: skip
STILL = ("neck", "head", "eye-left", "eye-right", "teeth-upper")


@dataclass
class Meaning:
    """What the same AUs mean on a character."""

    rest: Mapping[str, float] = field(default_factory=dict)
    """Channels of the base face that the resting face wears (a droop, a half smile)."""
    mix: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Channel -> channels of the base face and how much of each; a channel that is not named is itself."""
    own: Mapping[str, Array] = field(default_factory=dict)
    """Channel -> (V, 3) what it does beside that, metres at intensity 1."""
    turns: Mapping[str, Mapping[str, tuple[float, float, float]]] = field(default_factory=dict)
    """Channel -> bones of the character's own and the degrees about x, y and z by which it turns them. A left channel
    and bone stand for the right ones too."""
    gaze: float = 1.0
    """How far the lids follow the eye, of what the base face's do."""


def both_sides(recipe: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """``{"AU12": {"AU12": 1.3}}`` -> the same for ``-left`` and ``-right``; names with a side stay."""
    out: dict[str, dict[str, float]] = {}
    for name, parts in recipe.items():
        sides = [name] if name in CHANNEL_INDEX else [f"{name}-left", f"{name}-right"]
        for full in sides:
            end = full.rpartition("-")[2]
            out[full] = {}
            for part, k in parts.items():
                if part in CHANNEL_INDEX:
                    out[full][part] = k
                    continue
                lateral = f"{part}-left" in CHANNEL_INDEX
                if not lateral:
                    raise ValueError(f"{part}: no such channel")
                if end in ("left", "right"):
                    out[full][f"{part}-{end}"] = k
                else:
                    out[full] |= {f"{part}-left": k, f"{part}-right": k}
    return out


def channels(recipe: Mapping[str, float]) -> NDArray[np.float32]:
    """``{"AU12": 1, "AU43-left": 0.5}`` -> (40,), both sides where none is named."""
    au = np.zeros(N_CHANNELS, np.float32)
    for name, value in recipe.items():
        for full in [name] if name in CHANNEL_INDEX else [f"{name}-left", f"{name}-right"]:
            au[CHANNEL_INDEX[full]] = value
    return au


def jacobians(before: Array, after: Array) -> Array:
    """(V, 3, 3) how the warp before -> after stretches and turns the space about every vertex.

    Least squares over the nearest vertices (of any part: lips, teeth and lids lie in the same warp), held towards a
    plain scaling where the neighbours lie in a plane, its stretch limited to STRETCH.
    """
    near = cKDTree(before).query(before, NEIGHBOURS)[1]
    a = before[near] - before[:, None]
    b = after[near] - after[:, None]
    radius = np.linalg.norm(a, axis=2).max(1)[:, None]
    w = np.exp(-((np.linalg.norm(a, axis=2) / (0.6 * radius)) ** 2))[..., None]
    aa = np.einsum("vki,vkj->vij", w * a, a)
    ba = np.einsum("vki,vkj->vij", w * b, a)
    size = np.trace(aa, axis1=1, axis2=2)[:, None, None]
    plain = np.sqrt((w * b * b).sum((1, 2)) / (w * a * a).sum((1, 2)))[:, None, None] * np.eye(3)
    hold = 0.05 * size * np.eye(3)
    j = (ba + plain @ hold) @ np.linalg.inv(aa + hold)
    u, s, vt = np.linalg.svd(j)
    return (u * np.clip(s, *STRETCH)[:, None]) @ vt


def moved_pivots(clay: Clay) -> Array:
    """(B, 3) where the bones rest on the new head: eyes in their balls, lids with them, others with their skin."""
    s = clay.skeleton
    weights = s.weights
    move = clay.points - clay.base
    mass = np.maximum(np.asarray(weights.sum(0)).ravel(), 1e-6)
    carried = (weights.T @ move) / mass[:, None]
    hinges = [s.names.index(n) for n in ("neck", "head", "jaw")]
    distance, near = cKDTree(clay.base).query(s.pivots[hinges], 40)
    share = 1 / (distance + 0.004)
    carried[hinges] = np.einsum("bk,bki->bi", share, move[near]) / share.sum(1)[:, None]
    carried[hinges[0]] = carried[hinges[1]]
    carried[hinges, 0] = 0
    pivots = s.pivots + carried
    for name in EYES:
        ball = clay.points[clay.part(name)]
        pivots[s.names.index(name)] = (ball.min(0) + ball.max(0)) / 2
    lids = s.pivot_bone != np.arange(len(s.names))
    pivots[lids] = pivots[s.pivot_bone[lids]]
    return pivots


def to_local(parents: NDArray[np.int32], pivots: Array, rotation: Array, translation: Array) -> tuple[Array, Array]:
    """Global transforms (S, B, ...) -> rotation vectors and translations local to the parent, about the pivot."""
    n_shapes, n_bones = rotation.shape[:2]
    rotvec, move = np.zeros((n_shapes, n_bones, 3)), np.zeros((n_shapes, n_bones, 3))
    for b in range(n_bones):
        r, t = rotation[:, b], translation[:, b]
        p = parents[b]
        if p >= 0:
            rp = rotation[:, p].transpose(0, 2, 1)
            r, t = rp @ r, np.einsum("sij,sj->si", rp, t - translation[:, p])
        rotvec[:, b] = Rotation.from_matrix(r).as_rotvec()
        move[:, b] = np.einsum("sij,j->si", r, pivots[b]) + t - pivots[b]
    return rotvec, move


def _mirrored(twins: NDArray[np.int32], rotvec: Array, move: Array) -> tuple[Array, Array]:
    return (rotvec * -FLIP)[..., twins, :], (move * FLIP)[..., twins, :]


class Retarget:
    """Fits a Skeleton's offsets to the base face's movements on new proportions.

    ``target`` is the new head (vertices, pivots, weights and bones of its own, whose first ones are the base's).
    """

    def __init__(self, clay: Clay, target: Skeleton, meaning: Meaning, rest_points: Array):
        """``rest_points`` (V, 3): the base face wearing ``meaning.rest``, where ``clay`` began."""
        self.face, self.target, self.meaning = clay.face, target, meaning
        self.n = len(clay.base)
        self.rest_au = channels(meaning.rest)
        self.rest_points = rest_points
        jacobian = jacobians(rest_points, target.vertices[: self.n].astype(float))
        for _ in range(SMOOTH_STEPS):
            jacobian = (clay.smoothing @ jacobian.reshape(self.n, 9)).reshape(self.n, 3, 3)
        self.jacobian = jacobian
        self.weights = np.asarray(target.weights.todense(), float)

    def _base_move(self, au: NDArray[np.float32], look: str | None = None) -> Array:
        """(V, 3) what channels do on the base face from its worn rest. A worn lid makes way for a blink."""
        full = np.maximum(au, self.rest_au)
        for side in ("left", "right"):
            shut = au[CHANNEL_INDEX[f"AU43-{side}"]]
            full[CHANNEL_INDEX[f"AU5-{side}"]] *= 1 - shut
            full[CHANNEL_INDEX[f"AU7-{side}"]] *= 1 - shut
        left = None if look is None else np.array(LEFT_GAZE[look], np.float32)
        return self.face.pose(full, left).astype(float) - self.rest_points

    def channel_moves(self) -> Array:
        """(40, V, 3) what each channel shall do on the new head at intensity 1."""
        eye = np.eye(N_CHANNELS, dtype=np.float32)
        base = np.array([self._base_move(a) for a in eye])
        out = np.empty_like(base)
        for i, name in enumerate(CHANNELS):
            recipe = self.meaning.mix.get(name, {name: 1.0})
            out[i] = np.einsum("vij,vj->vi", self.jacobian, sum(k * base[CHANNEL_INDEX[c]] for c, k in recipe.items()))
            if name in self.meaning.own:
                out[i] += self.meaning.own[name]
        return out

    def corrective_moves(self, single: Array) -> Array:
        """(K, V, 3) the pairs of the base face's correctives, together, on the new head."""
        out = []
        for a, b in self.face.skeleton.corrective_channels:
            one, two, pair = np.zeros((3, N_CHANNELS), np.float32)
            one[a] = two[b] = pair[a] = pair[b] = 1
            extra = self._base_move(pair) - self._base_move(one) - self._base_move(two)
            out.append(single[a] + single[b] + np.einsum("vij,vj->vi", self.jacobian, extra))
        return np.array(out).reshape(-1, self.n, 3)

    def gaze_moves(self) -> Array:
        """(4, V, 3) how the lids follow the left eye up, down, in and out (the ball itself left out)."""
        moves = np.array([self._base_move(np.zeros(N_CHANNELS, np.float32), d) for d in GAZE_DIRECTIONS])
        moves[:, np.isin(self.face.skeleton.part, [1, 2])] = 0
        return self.meaning.gaze * np.einsum("vij,svj->svi", self.jacobian, moves)

    def _fit(self, moves: Array) -> tuple[Array, Array]:
        t = self.target
        rest = t.vertices[: self.n].astype(float)
        fixed = np.isin(t.names, STILL)
        fixed[len(self.face.skeleton.names) :] = True
        r, tr = ssdr.fit_transforms(rest, rest + moves, self.weights[: self.n], fixed, sweeps=8)
        return to_local(t.parents, t.pivots.astype(float), r, tr)

    def fit(self) -> Skeleton:
        """The new head with offsets for every channel, corrective and gaze direction, exactly mirrored."""
        t = self.target
        twins = t.twins
        single = self.channel_moves()
        rotvec, move = self._fit(single)
        mr, mt = _mirrored(twins, rotvec[list(MIRROR)], move[list(MIRROR)])
        rotvec, move = (rotvec + mr) / 2, (move + mt) / 2
        self._turn_own(rotvec)
        index = t.corrective_channels
        c_rot, c_mov = self._fit(self.corrective_moves(single))
        c_rot -= rotvec[index[:, 0]] + rotvec[index[:, 1]]
        c_rot[:, len(self.face.skeleton.names) :] = 0
        c_mov -= move[index[:, 0]] + move[index[:, 1]]
        order = [tuple(sorted(pair)) for pair in index.tolist()]
        twin = [order.index(tuple(sorted((MIRROR[a], MIRROR[b])))) for a, b in order]
        mr, mt = _mirrored(twins, c_rot[twin], c_mov[twin])
        c_rot, c_mov = (c_rot + mr) / 2, (c_mov + mt) / 2
        g_left = self._fit(self.gaze_moves())
        for offsets in g_left:
            offsets[:, [t.names.index(e) for e in EYES]] = 0
        g_right = _mirrored(twins, *g_left)
        f32 = np.float32
        return replace(
            t,
            channel_rotation=rotvec.astype(f32),
            channel_translation=move.astype(f32),
            corrective_rotation=c_rot.astype(f32),
            corrective_translation=c_mov.astype(f32),
            gaze_rotation=np.array([g_left[0], g_right[0]]).astype(f32),
            gaze_translation=np.array([g_left[1], g_right[1]]).astype(f32),
        )

    def _turn_own(self, rotvec: Array) -> None:
        """Sets the turns of the character's own bones in (40, B, 3), mirrored."""
        names = self.target.names
        for channel, turns in self.meaning.turns.items():
            for bone, degrees in turns.items():
                v = np.radians(degrees)
                lateral = channel.endswith("-left")
                for c, side in ((channel, "left"), (channel.replace("-left", "-right"), "right")):
                    flipped = v if side == "left" else v * -FLIP
                    rotvec[CHANNEL_INDEX[c if lateral else channel], names.index(f"{bone}-{side}")] = flipped
