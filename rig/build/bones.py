"""From shapes to named bones: seeds at the places of the face, SSDR, hierarchy (neck > head > jaw, eyes, the rest)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from rig.build import ssdr
from rig.build.expressions import skin_laplacian
from rig.build.identity_table import PLACES
from rig.build.makehuman import PARTS, MakeHumanHead

Array = NDArray[np.float64]
FIXED = ("neck", "head", "jaw", "eye-left", "eye-right", "tongue-root", "tongue-middle", "tongue-tip", "teeth-upper")
"""Bones that are not found by decomposition; the decomposed ones follow after them."""


@dataclass
class BoneSet:
    """Names, parents (index, -1 for the root), pivots (B, 3), twins and the (V, B) weights."""

    names: list[str]
    parents: NDArray[np.int32]
    pivots: Array
    pair: NDArray[np.int64]
    weights: Array


HELD_M = 0.05
"""Holding all of a place's skin weighs as much as lying this much nearer to it."""
BESIDES = {"forehead middle": (0.0, 43.0, 17.0)}
"""No places of their own for identity (mm), but without bones here the brows' would take the forehead and the lid."""


def _seeds() -> list[tuple[str, Array]]:
    """Where identity wants a bone of its own there is one, named after the place: (name, metres on the base face)."""
    seeds = {name: centre for name, (_, centre, radius) in PLACES.items() if radius == 0}
    seeds |= BESIDES
    return [(name.replace(" ", "-"), np.array(centre) / 1000) for name, centre in seeds.items()]


def _names(centres: Array, pair: NDArray[np.int64], seeds: list[tuple[str, Array]], held: Array) -> list[str]:
    """Bones with their skin about ``centres`` (B, 3), named after the places: all together as well as can be.

    A bone fits a place that lies near and whose skin it holds (``held`` (seeds, B) 0..1). Those left over are the
    second, third ... of the place that they lie next to.
    """
    single = pair == np.arange(len(pair))
    stems = [""] * len(pair)
    for middle in (True, False):
        bones = np.flatnonzero(single if middle else ~single & (centres[:, 0] > 0))
        rows = [i for i, (_, p) in enumerate(seeds) if (p[0] == 0) == middle]
        own = [seeds[i] for i in rows]
        far = np.linalg.norm(centres[bones][:, None] - np.array([p for _, p in own])[None], axis=2)
        for row, column in zip(*linear_sum_assignment(far - HELD_M * held[rows][:, bones].T), strict=True):
            stems[bones[row]] = own[column][0]
        count: dict[str, int] = {}
        for row, bone in enumerate(bones):
            if not stems[bone]:
                nearest = own[int(far[row].argmin())][0]
                count[nearest] = count.get(nearest, 1) + 1
                stems[bone] = f"{nearest}-{count[nearest]}"
    return [
        stem if one else f"{stem or stems[twin]}-{'left' if x > 0 else 'right'}"
        for stem, one, twin, x in zip(stems, single, pair, centres[:, 0], strict=True)
    ]


def _spread(features: Array, start: Array, n: int, rng: np.random.Generator) -> tuple[Array, NDArray[np.int64]]:
    """k-means from given centres plus n more drawn as in k-means++: centres and labels.

    The given ones keep their place (the first three features) and take on their members' motion only.
    """
    centres = list(start)
    best = np.min([((features - c) ** 2).sum(1) for c in centres], axis=0)
    for _ in range(n):
        pick = rng.choice(len(features), p=best / best.sum())
        centres.append(features[pick])
        best = np.minimum(best, ((features - features[pick]) ** 2).sum(1))
    c = np.array(centres)
    for _ in range(25):
        d = (features**2).sum(1)[:, None] - 2 * features @ c.T + (c**2).sum(1)[None]
        label = d.argmin(1)
        for k in range(len(c)):
            if (label == k).any():
                c[k] = features[label == k].mean(0)
        c[: len(start), :3] = start[:, :3]
    return c, label


def neck_share(head: MakeHumanHead) -> Array:
    """(V,) how much of each vertex stays with the shoulders when the head turns about its one neck joint."""
    p = head.base
    down = np.clip((-0.075 - p[:, 1] + 0.35 * np.clip(-p[:, 2] - 0.05, -0.06, 0.1)) / 0.075, 0, 1)
    share = down * down * (3 - 2 * down)
    inside = np.isin(head.part, [PARTS.index("skin")])
    chin = np.clip((p[:, 2] + 0.035) / 0.03, 0, 1) * np.clip((p[:, 1] + 0.135) / 0.02, 0, 1)
    return np.where(inside, share * (1 - chin), 0.0)


def decompose(
    head: MakeHumanHead,
    shapes: Array,
    importance: Array,
    neck: Array,
    n_bones: int = 96,
    rounds: int = 12,
    seed: int = 7,
    log=print,  # type: ignore[no-untyped-def]
) -> BoneSet:
    """``shapes`` (S, V, 3) offsets; ``importance`` (S,). Returns FIXED bones and ``n_bones`` decomposed ones."""
    rng = np.random.default_rng(seed)
    base = head.base
    n = len(base)
    soft = np.isin(head.part, [PARTS.index(p) for p in ("skin", "lashes-left", "lashes-right")])
    side = np.where(head.mirror == np.arange(n), 0, np.sign(base[:, 0])).astype(np.int64)

    # --- clusters on the left half, mirrored to the right
    flat = (shapes * np.sqrt(importance)[:, None, None]).transpose(1, 0, 2).reshape(n, -1)
    u, s, _ = np.linalg.svd(flat[soft], full_matrices=False)
    motion = np.zeros((n, 24))
    motion[soft] = (u * s)[:, :24]
    motion /= motion[soft].std()
    features = np.concatenate([base / 0.02, 1.2 * motion], axis=1)
    half = soft & (side >= 0)
    index = np.flatnonzero(half)
    seeds = _seeds()
    start = np.array([features[index[((base[index] - p) ** 2).sum(1).argmin()]] for _, p in seeds])
    start[:, :3] = np.array([p for _, p in seeds]) / 0.02
    n_middle = max(10, n_bones // 7)
    n_half = (n_bones - n_middle) // 2 + n_middle
    centres, label = _spread(features[index], start, n_half - len(start), rng)
    off = np.abs(centres[:, 0])  # the first feature is x
    off[: len(seeds)][off[: len(seeds)] > 0] = np.inf  # the seeds know whether they are one or a pair
    is_middle = np.zeros(len(centres), bool)
    is_middle[np.argsort(off)[:n_middle]] = True

    pair: list[int] = []
    columns: list[Array] = []
    for k in range(len(centres)):
        member = np.zeros(n)
        member[index[label == k]] = 1
        mirrored = member[head.mirror]
        if is_middle[k]:
            pair.append(len(columns))
            columns.append(np.maximum(member, mirrored))
        else:
            pair += [len(columns) + 1, len(columns)]
            member[side == 0] *= 0.5
            mirrored[side == 0] *= 0.5
            columns += [member, mirrored]
    weights0 = np.array(columns).T
    pair_soft = np.array(pair)

    # --- SSDR with one more, unmoving bone: the head
    b = weights0.shape[1]
    pair_all = np.append(pair_soft, b)
    w = np.concatenate([weights0, np.zeros((n, 1))], axis=1)
    w[w.sum(1) == 0, b] = 1
    w /= w.sum(1, keepdims=True)
    smooth = skin_laplacian(head)
    for _ in range(3):
        w = np.where(soft[:, None], 0.4 * w + 0.6 * (smooth @ w), w)
    w /= np.maximum(w.sum(1, keepdims=True), 1e-12)
    fixed = np.zeros(b + 1, bool)
    fixed[b] = True
    rest = base[soft]
    moved = (base + shapes)[:, soft]
    ids = np.flatnonzero(soft)
    to_soft = np.full(n, -1)
    to_soft[ids] = np.arange(len(ids))
    mirror_soft = to_soft[head.mirror[ids]].astype(np.int32)
    scale = importance / importance.mean()
    state = None
    for r in range(rounds):
        ws = w[soft]
        rotation, translation = ssdr.fit_transforms(rest, moved, ws, fixed, sweeps=3 if r else 5, start=state)
        state = ssdr.Decomposition(ws, rotation, translation)
        centre = (ws[:, :b].T @ rest) / np.maximum(ws[:, :b].sum(0), 1e-9)[:, None]
        distance = np.linalg.norm(rest[:, None] - centre[None], axis=2)
        near = np.argsort(distance - 1.0 * (ws[:, :b] > 0.02), axis=1)[:, :15]
        candidates = np.concatenate([near, np.full((len(rest), 1), b)], axis=1)
        spread = (smooth @ w)[soft]
        weighted = ssdr.solve_weights(
            rest,
            rest + np.sqrt(scale)[:, None, None] * (moved - rest),
            *_scaled(rest, rotation, translation, scale),
            candidates,
            spread,
            pull=2e-6,
        )
        w = np.zeros_like(w)
        w[~soft, b] = 1
        w[soft] = ssdr.symmetrise(weighted, mirror_soft, pair_all, side[ids])
        residual = moved - ssdr.blend(rest, w[soft], rotation, translation)
        log(f"round {r}: rms {1000 * np.sqrt((residual**2).sum(2).mean()):.3f} mm")

    # --- assemble with the bones that stand for anatomy
    f = len(FIXED)
    pair_full = np.concatenate([[0, 1, 2, 4, 3, 5, 6, 7, 8], pair_soft + f])
    weights = np.zeros((n, f + b))
    weights[:, f:] = w[:, :b]
    weights[:, 1] = w[:, b]
    for part, bone in (("eye-left", 3), ("eye-right", 4), ("upper-teeth", 8), ("lower-teeth", 2)):
        i = head.part == PARTS.index(part)
        weights[i] = 0
        weights[i, bone] = 1
    tongue = head.part == PARTS.index("tongue")
    z = base[tongue, 2]
    knots = np.quantile(z, [0.15, 0.5, 0.85])
    hat = np.array([np.interp(z, knots, np.eye(3)[k]) for k in range(3)]).T
    weights[tongue] = 0
    weights[np.ix_(tongue, [5, 6, 7])] = hat
    weights *= (1 - neck)[:, None]
    weights[:, 0] += neck
    weights = _limit(weights, pair_full, head.mirror, side)
    # A bone that lost all its vertices to its neighbours would only be ballast in an engine.
    alive = (weights.sum(0) > 0) | (np.arange(f + b) < f)
    pair_full = (np.cumsum(alive) - 1)[pair_full[alive]]
    weights, b = weights[:, alive], int(alive.sum()) - f

    pivots = np.zeros((f + b, 3))
    mass = np.maximum(weights.sum(0), 1e-9)
    pivots[:] = (weights.T @ base) / mass[:, None]
    pivots[0] = pivots[1] = head.joints["head"][0]
    pivots[2] = [0, *head.joints["jaw"][0][1:]]
    for k, name in ((3, "eye-left"), (4, "eye-right")):
        part = base[head.part == PARTS.index(name)]
        pivots[k] = (part.min(0) + part.max(0)) / 2
    skin = np.flatnonzero(head.part == PARTS.index("skin"))
    around = [skin[((base[skin] - p) ** 2).sum(1).argsort()[:12]] for _, p in seeds]
    held = np.array([weights[rows, f:].mean(0) for rows in around])
    names = [*FIXED, *_names(pivots[f:], pair_full[f:] - f, seeds, held)]
    parents = np.array([-1, 0, 1, 1, 1, 2, 5, 6, 1] + [1] * b, dtype=np.int32)
    return BoneSet(names, parents, pivots, pair_full, weights)


def _scaled(rest: Array, rotation: Array, translation: Array, scale: Array) -> tuple[Array, Array]:
    """Transforms whose offsets are multiplied by sqrt(scale): lets the weights' least squares weigh the shapes."""
    k = np.sqrt(scale)[:, None, None, None]
    return np.eye(3) + k * (rotation - np.eye(3)), np.sqrt(scale)[:, None, None] * translation


def _limit(weights: Array, pair: NDArray[np.int64], mirror: NDArray[np.int32], side: NDArray[np.int64]) -> Array:
    """At most four weights a vertex, summing to one, exactly symmetric."""
    heaviest = np.argsort(-weights, axis=1, kind="stable")[:, : ssdr.MAX_WEIGHTS]
    keep = np.zeros(weights.shape, bool)
    np.put_along_axis(keep, heaviest, True, axis=1)
    # On the middle a bone and its twin stay or go together: cutting one of them would pull the face to a side.
    keep[side == 0] &= keep[side == 0][:, pair]
    out = np.where(keep & (weights >= 0.004), weights, 0.0)
    out[side < 0] = out[mirror[side < 0]][:, pair]
    return out / out.sum(1, keepdims=True)


def weights_to_engine(weights: Array) -> tuple[NDArray[np.uint16], NDArray[np.float32]]:
    """(V, B) -> bone indices (V, 4) and weights (V, 4), largest first, as game engines take them."""
    index = np.argsort(-weights, axis=1, kind="stable")[:, : ssdr.MAX_WEIGHTS]
    w = np.take_along_axis(weights, index, axis=1)
    return index.astype(np.uint16), (w / w.sum(1, keepdims=True)).astype(np.float32)
