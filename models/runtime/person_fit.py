"""Who is on a picture, as the 208 identity parameters: landmarks -> the rig's face, with the expression taken out.

One picture shows a person *and* what the face is doing. Both are looked for at once: identity with the spread of people
as its prior, the action units that could be about, and where the head is, so that the rig's landmarks come nearest to
the found ones (Gauss-Newton: the face is almost linear in its parameters). Only numpy: a user who makes a character of
a photo has no torch.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rig.face import Face
from rig.identity import jacobian, people_factor
from rig.parameters import CHANNEL_INDEX, CHANNELS, IDENTITY_BASE, N_CHANNELS, N_IDENTITY

F = NDArray[np.float32]
D = NDArray[np.float64]
FIT_POINTS: Final = 468
"""The mesh; irises are gaze, not identity."""
AXES: Final = np.array([1.0, 1.0, 0.4])
"""The landmark model guesses depth from one picture: it counts less."""
NOISE_M: Final = 0.0012
"""Standard deviation taken for the landmarks."""
INDEPENDENT: Final = 0.25
"""Neighbouring landmarks err together: they count as so many times as many."""
OWN_SIGMA: Final = 0.06
"""How far (in parameters) a face may go beyond the spread of people, each control by itself."""
CHANNEL_SIGMA: Final = 0.15
OFTEN: Final = {"AU1": 0.25, "AU2": 0.25, "AU6": 0.4, "AU12": 0.6, "AU25": 0.5, "AU26": 0.6, "AU43": 0.4}
"""How active channels are on photos (standard deviation), else CHANNEL_SIGMA."""
NOT_READ: Final = ("AU19", "AU29", "AU30-left", "AU30-right", "AU34")
"""Channels that one picture of an unknown person hardly shows, or that are rare on photos: taken as 0."""
PROBE: Final = 0.2
"""Change of intensity over which a channel's motion is measured."""
STIFF: Final = (10.0, 3.0, 1.0, 1.0, 1.0, 1.0)
"""What the identity prior is multiplied by in each round: what the face does is explained before who it is."""
DISTANCE_M: Final = 0.9
"""How far from the camera faces on photos are taken to be: cheeks and jaw, which lie behind the nose, look smaller than
they are. A face fitted without regard to that comes out too narrow."""
HALF_FACE_M: Final = 0.07


@dataclass(frozen=True)
class Similarity:
    """``scale * rotation @ x + shift``"""

    scale: float
    rotation: D
    shift: D

    def __call__(self, points: D) -> D:
        return self.scale * points @ self.rotation.T + self.shift

    def turn(self, moves: D) -> D:
        """(..., 3) directions."""
        return self.scale * moves @ self.rotation.T


@dataclass(frozen=True)
class FittedPerson:
    """What was made of N pictures of one person."""

    identity: F
    """(208,) 0..1."""
    au: F
    """(N, 40) channels of each picture, 0..1."""
    places: tuple["Placement", ...]
    """For each picture: the rig's frame -> the head frame of its aligned landmarks."""
    error_mm: F
    """(N,) mean distance from the found landmarks to the fitted ones as seen from the front."""


@dataclass(frozen=True)
class Placement:
    """Where the rig's face is on a picture: a similarity, then perspective."""

    similarity: Similarity
    centre: D
    """(3,) what the camera looks at, head frame."""
    view: D
    """(3,) unit vector towards the camera, head frame."""
    distance_m: float

    def __call__(self, points: D) -> D:
        """(..., 3) the rig's frame -> the head frame of the picture's aligned landmarks."""
        p = self.similarity(points)
        sideways, depth = self._split(p, p)
        return p + sideways * (1 / (1 + depth / self.distance_m) - 1)

    def undone(self, target: D, near: D) -> D:
        """``target`` (L, 3) without perspective, for points as deep as ``near`` (L, 3)."""
        sideways, depth = self._split(target, near)
        return target + sideways * depth / self.distance_m

    def _split(self, points: D, near: D) -> tuple[D, D]:
        """What of ``points`` lies across the line of sight, (..., 3), and how far ``near`` is behind the centre."""
        off = points - self.centre
        depth = -((near - self.centre) @ self.view)[..., None]
        return off - (off @ self.view)[..., None] * self.view, np.maximum(depth, -0.5 * self.distance_m)


class PersonFit:
    """Holds the linearised face: made once (about a second), then called for any number of people."""

    def __init__(self, face: Face | None = None, check: Callable[[], None] = lambda: None):
        """``check`` is called many times a second while this works, now and later; what it raises ends the work."""
        self._check = check
        self.face = face or Face()
        s = self.face.skeleton
        self._rows, where = np.unique(s.landmark_vertices, return_inverse=True)
        self._where, self._share = where.reshape(-1, 3)[:FIT_POINTS], s.landmark_weights[:FIT_POINTS].astype(float)
        factor = people_factor().astype(float)
        # Identity is base + z factor + own with z and own normal: a prior with this covariance.
        self._precision = np.linalg.inv(factor.T @ factor + OWN_SIGMA**2 * np.eye(N_IDENTITY))
        self._identity_moves = self._on_landmarks(jacobian(self.face, self._rows, check=check))  # (208, 468, 3)
        self._channels = np.array([i for c, i in CHANNEL_INDEX.items() if c not in NOT_READ])
        self._channel_precision = 1 / np.square(channel_sigmas()[self._channels])

    def landmarks(self, identity: D, au: D) -> D:
        """(208,), (40,) -> (468, 3) metres, the rig's frame."""
        person = self.face.person(identity.astype(np.float32))
        return self._on_landmarks(self.face.pose(au.astype(np.float32), person=person)[self._rows])

    def __call__(self, aligned: F, views: NDArray | None = None, distance_m: float = DISTANCE_M) -> FittedPerson:
        """
        Args:
            aligned: (N, 478, 3) landmarks of N pictures of one person, head frame, metres
                (``models.runtime.alignment.align``).
            views: (N, 3) unit vectors towards the camera, head frame (default: heads from the front). The side that is
                turned away counts less.
            distance_m: Of the cameras; infinity for landmarks without perspective.

        Raises:
            ValueError: ``aligned`` has another shape or is not finite.
        """
        target = np.asarray(aligned, float)
        if target.ndim != 3 or target.shape[1:] != (478, 3) or not np.isfinite(target).all():
            raise ValueError(f"aligned must be finite (N, 478, 3), not {target.shape}")
        target = target[:, :FIT_POINTS]
        view = np.tile([0.0, 0.0, 1.0], (len(target), 1)) if views is None else np.asarray(views, float)
        weight = np.stack([_seen(t, v) for t, v in zip(target, view, strict=True)])
        flat = target
        identity, au = np.full(N_IDENTITY, IDENTITY_BASE), np.zeros((len(target), N_CHANNELS))
        for stiff in STIFF:
            identity, au = self._step(identity, au, flat, weight, stiff)
            points = [self.landmarks(identity, a) for a in au]
            places = [
                Placement(_procrustes(p, f, w), f.mean(0), v, distance_m)
                for p, f, w, v in zip(points, flat, weight, view, strict=True)
            ]
            near = [place.similarity(p) for place, p in zip(places, points, strict=True)]
            flat = np.stack([place.undone(t, p) for place, t, p in zip(places, target, near, strict=True)])
        off = np.array([place(p) - t for place, p, t in zip(places, points, target, strict=True)])
        error = 1000 * np.linalg.norm(off[..., :2], axis=2).mean(1)
        return FittedPerson(identity.astype(np.float32), au.astype(np.float32), tuple(places), error.astype(np.float32))

    def _step(self, identity: D, au: D, target: D, weight: D, stiff: float) -> tuple[D, D]:
        """One Gauss-Newton step over identity and, for each picture, channels and a small similarity."""
        n, c = len(target), len(self._channels)
        each = c + 7
        size = N_IDENTITY + n * each
        gram, pull = np.zeros((size, size)), np.zeros(size)
        gram[:N_IDENTITY, :N_IDENTITY] = stiff * self._precision
        pull[:N_IDENTITY] = stiff * self._precision @ (IDENTITY_BASE - identity)
        for i in range(n):
            own = slice(N_IDENTITY + i * each, N_IDENTITY + (i + 1) * each)
            points = self.landmarks(identity, au[i])
            place = _procrustes(points, target[i], weight[i])
            now = place(points)
            columns = [
                place.turn(self._identity_moves),
                place.turn(self._channel_moves(identity, au[i])),
                _small_similarity(now),
            ]
            a = (np.concatenate(columns) * weight[i]).reshape(-1, FIT_POINTS * 3)
            index = np.r_[:N_IDENTITY, own]
            gram[np.ix_(index, index)] += a @ a.T
            pull[index] += a @ ((target[i] - now) * weight[i]).ravel()
            rows = np.arange(own.start, own.start + c)
            gram[rows, rows] += self._channel_precision
            pull[rows] -= self._channel_precision * au[i, self._channels]
            gram[own, own][-7:, -7:] += 1e-9 * np.eye(7)
        low, high = np.full(size, -np.inf), np.full(size, np.inf)
        low[:N_IDENTITY], high[:N_IDENTITY] = -identity, 1 - identity
        for i in range(n):
            rows = np.arange(N_IDENTITY + i * each, N_IDENTITY + i * each + c)
            low[rows], high[rows] = -au[i, self._channels], 1 - au[i, self._channels]
        found = _bounded(gram, pull, low, high)
        au = au.copy()
        for i in range(n):
            first = N_IDENTITY + i * each
            au[i, self._channels] = np.clip(au[i, self._channels] + found[first : first + c], 0, 1)
        return np.clip(identity + found[:N_IDENTITY], 0, 1), au

    def _channel_moves(self, identity: D, au: D) -> D:
        """(C, 468, 3) metres that each channel moves this person's landmarks from where they are, per unit."""
        person = self.face.person(identity.astype(np.float32))

        def posed(channels: D) -> D:
            return self._on_landmarks(self.face.pose(channels.astype(np.float32), person=person)[self._rows])

        now, out = posed(au), []
        for i in self._channels:
            self._check()
            step = PROBE if au[i] < 0.5 else -PROBE
            near = au.copy()
            near[i] += step
            out.append((posed(near) - now) / step)
        return np.array(out)

    def _on_landmarks(self, vertices: NDArray) -> D:
        """(..., rows, 3) -> (..., 468, 3)"""
        return np.einsum("lk,...lkd->...ld", self._share, vertices[..., self._where, :])


def channel_sigmas() -> D:
    """(40,) how active each channel is on photos."""
    return np.array([OFTEN.get(name.partition("-")[0], CHANNEL_SIGMA) for name in CHANNELS])


def _seen(target: D, view: D) -> D:
    """(468, 3) weights of a picture's landmarks (1 / metres): by axis, and less on the side that is turned away."""
    away = np.clip(-1.5 * target[:, 0] / HALF_FACE_M * view[0], 0, 0.9)
    return AXES * (1 - away)[:, None] * np.sqrt(INDEPENDENT) / NOISE_M


def _procrustes(source: D, target: D, weight: D) -> Similarity:
    """Similarity of ``source`` (L, 3) onto ``target``, points weighted by (L, 3) (Umeyama 1991)."""
    w = np.square(weight).mean(1)
    w = w / w.sum()
    middle, aim = w @ source, w @ target
    a, b = (source - middle) * AXES, (target - aim) * AXES
    u, _, vt = np.linalg.svd((b * w[:, None]).T @ a)
    sign = np.array([1, 1, np.sign(np.linalg.det(u @ vt))])
    rotation = (u * sign) @ vt
    turned = (source - middle) @ rotation.T * AXES
    scale = float((w[:, None] * turned * b).sum() / (w[:, None] * turned * turned).sum())
    return Similarity(scale, rotation, aim - scale * rotation @ middle)


def _bounded(gram: D, pull: D, low: D, high: D, rounds: int = 20) -> D:
    """x within bounds that is least in x gram x / 2 - pull x: those at a bound are held there while the gradient
    presses them on (block pivoting, Portugal et al. 1994)."""
    x = np.linalg.solve(gram, pull)
    held = np.zeros(len(x), bool)
    for _ in range(rounds):
        slope = gram @ x - pull
        new = (x < low) | (x > high) | (held & np.where(x <= low, slope > 0, slope < 0))
        x = np.clip(x, low, high)
        if (new == held).all():
            break
        held = new
        free = ~held
        x[free] = np.linalg.solve(gram[np.ix_(free, free)], pull[free] - gram[np.ix_(free, held)] @ x[held])
    return np.clip(x, low, high)


def _small_similarity(points: D) -> D:
    """(7, L, 3): what turning about three axes, growing and moving do to points (L, 3)."""
    centred = points - points.mean(0)
    turns = [np.cross(axis, centred) for axis in np.eye(3)]
    shifts = [np.broadcast_to(axis, points.shape) for axis in np.eye(3)]
    return np.stack([*turns, centred, *shifts])
