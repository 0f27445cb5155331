"""Training batches of whole people: every picture is read beside the same person's pictures at rest, which are in the
batch as well, so that one pass of R gives both and gradients reach what it makes of the resting face.

What is known of a person comes as life has it: right, of another session, tainted by an expression, noisy, or not.
"""

from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.faces import Faces
from models.renderer.labels import POSE_SPAN_DEG
from models.runtime.alignment import rest_face
from models.training.base_rates import OF_PICTURES, sample_rates
from models.training.feature_cache import FeatureCache
from models.training.mirror import mirrored_landmarks
from rig.parameters import MIRROR

REST = torch.from_numpy(np.array(rest_face()))


@dataclass(frozen=True)
class Life:
    """How often what is known of a person goes wrong; all off (:data:`CLEAN`) in validation."""

    other_session: float = 0.2
    tainted: float = 0.25
    taint: float = 0.3
    """Largest share of an expression in the resting estimate."""
    stranger: float = 0.15
    """Nothing is known of the person: landmarks at rest are near the mean face's, no code."""
    known_of_stranger: float = 0.3
    no_code: float = 0.08
    no_landmarks: float = 0.05
    no_picture: float = 0.06
    code_noise: float = 0.1
    landmark_noise_m: float = 0.0003
    other_camera: float = 0.6
    """Pictures as another camera and light show them, where such were cached."""


CLEAN = Life(*[0] * len(fields(Life)))
"""The person's resting pictures of the same session, as they are."""
STRANGER = replace(CLEAN, stranger=1)
"""Nothing of the person but the present picture."""


@dataclass
class Batch:
    """R pictures of a few people, and how each is read."""

    rows: NDArray[np.intp]
    """(R,) of the source"""
    features: Tensor
    """(R, D)"""
    landmarks: Tensor
    """(R, 478, 3) metres; zeros where taken away"""
    neutral: Tensor
    """(R, 478, 3) metres"""
    at_rest: Tensor
    """(R, R) shares: ``at_rest @ code`` is each picture's neutral code; a row of zeros where it is not known"""
    code_noise: float
    picture_known: Tensor
    """(R, 1)"""
    motion: Tensor
    """(R, 478, 3) landmarks minus the person's true resting ones, metres; NaN where there are none"""
    au: Tensor
    pose: Tensor
    gaze_deg: Tensor
    identity: Tensor
    brow_style: Tensor

    def neutral_code(self, code: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """(R, C) of the batch's pictures -> (R, C) of their people at rest, zeros where not known."""
        mean = self.at_rest @ code
        if self.code_noise:
            noise = torch.randn(mean.shape, generator=generator).to(mean)
            mean = mean + self.code_noise * noise * (self.at_rest.sum(1, keepdim=True) > 0)
        return mean

    def to(self, device: str) -> "Batch":
        moved = {k: v.to(device) if isinstance(v, Tensor) else v for k, v in vars(self).items()}
        return Batch(**moved)  # type: ignore[arg-type]


class Source:
    """Pictures of one kind (rendered or real) with cached features, drawn by the person."""

    def __init__(self, faces: Faces, features: FeatureCache, used: NDArray[np.bool_]):
        """``used`` (N,): the rows that may be drawn."""
        if len(faces) != len(features):
            raise ValueError(f"{len(faces)} pictures, but features of {len(features)}")
        self.faces, self.features = faces, features
        self.mirror = features.has_mirror
        order = np.flatnonzero(used)
        order = order[np.argsort(faces.person[order], kind="stable")]
        cuts = np.flatnonzero(np.diff(faces.person[order])) + 1
        self.people = np.split(order, cuts)
        self._rates = sample_rates(np.nan_to_num(faces.au), OF_PICTURES)

    def some_of(self, rows: NDArray[np.intp], n: int, rng: np.random.Generator) -> NDArray[np.intp]:
        """At most ``n`` of a person's rows: a third of them at rest, the others as often as life shows their actions
        (``models.training.base_rates``)."""
        rests, moving = (rng.permutation(rows[self.faces.resting[rows] == still]) for still in (True, False))
        rests = rests[: max(n // 3, n - len(moving))]
        chances = self._rates[moving] / self._rates[moving].sum() if len(moving) else None
        chosen = rng.choice(moving, min(n - len(rests), len(moving)), replace=False, p=chances)
        return np.concatenate([rests, chosen])

    def draw(
        self, rows: NDArray[np.intp], rng: np.random.Generator, life: Life, mirrored: NDArray[np.bool_] | None = None
    ) -> Batch:
        """These rows as a batch; ``mirrored`` (R,) are seen in the mirror. Resting pictures are sought among them."""
        f = self.faces
        flip = np.zeros(len(rows), bool) if mirrored is None else mirrored
        flipped = torch.from_numpy(flip)
        found = torch.from_numpy(f.found[rows])
        found[flipped] = mirrored_landmarks(found[flipped])
        if life.landmark_noise_m:
            found = found + life.landmark_noise_m * torch.from_numpy(
                rng.standard_normal(found.shape).astype(np.float32)
            )
        right = self._resting(rows, flip, rng, life)
        has = torch.from_numpy(right.sum(1) > 0)[:, None, None]
        rest = torch.einsum("ij,jkd->ikd", torch.from_numpy(right), found)
        motion = torch.where(has, found - rest, torch.nan)
        share = self._tainted(right, rng, life)
        n = len(rows)
        neutral = torch.einsum("ij,jkd->ikd", torch.from_numpy(share), found)
        stranger = torch.from_numpy(rng.random(n) < life.stranger)[:, None, None] | ~has
        neutral = torch.where(stranger, REST + life.known_of_stranger * has * (neutral - REST), neutral)
        no_code = stranger[:, 0] | torch.from_numpy(rng.random(n) < life.no_code)[:, None]
        landmarks = found.clone()
        lost = torch.from_numpy(rng.random(n) < life.no_landmarks)
        landmarks[lost], neutral[lost] = 0, 0
        hidden = torch.from_numpy(rng.random(n) < life.no_picture)[:, None] & ~lost[:, None]
        return Batch(
            rows=rows,
            features=self.features.rows(rows, flip, rng.random(n) < life.other_camera),
            landmarks=landmarks,
            neutral=neutral,
            at_rest=torch.from_numpy(share) * ~no_code,
            code_noise=life.code_noise,
            picture_known=(~hidden).float(),
            motion=motion,
            **self._truth(rows, flipped),
        )

    def _resting(
        self, rows: NDArray[np.intp], flip: NDArray[np.bool_], rng: np.random.Generator, life: Life
    ) -> NDArray[np.float32]:
        """(R, R) shares: for each row one or more other resting pictures of the person, seen as it is (mirrored or
        not), of its session mostly."""
        f = self.faces
        person, session, rests = f.person[rows], f.session[rows], f.resting[rows]
        same = (person[:, None] == person) & (flip[:, None] == flip) & rests & (rows[:, None] != rows)
        near = same & (session[:, None] == session)
        elsewhere = rng.random(len(rows)) < life.other_session
        far = same & ~near
        use_far = (elsewhere & far.any(1) | ~near.any(1))[:, None]
        pool = np.where(use_far, far, near)
        kept = pool & (rng.random(pool.shape) < 0.7) if life.other_session else pool
        kept = np.where(kept.any(1)[:, None], kept, pool).astype(np.float32)
        return kept / np.maximum(kept.sum(1, keepdims=True), 1)

    def _tainted(self, right: NDArray[np.float32], rng: np.random.Generator, life: Life) -> NDArray[np.float32]:
        """Some of the present expression stayed in the estimate."""
        n = len(right)
        t = (rng.random(n) < life.tainted) * rng.uniform(0, life.taint or 1e-9, n) * (right.sum(1) > 0)
        t = t.astype(np.float32)[:, None]
        return (1 - t) * right + t * np.eye(n, dtype=np.float32)

    def _truth(self, rows: NDArray[np.intp], flipped: Tensor) -> dict[str, Tensor]:
        f = self.faces
        au, gaze = torch.from_numpy(f.au[rows]), torch.from_numpy(f.gaze_deg[rows])
        pose = torch.from_numpy((0.5 + f.euler_deg[rows, :2] / (2 * POSE_SPAN_DEG)).clip(0, 1).astype(np.float32))
        identity = torch.from_numpy(f.identity[rows])
        au[flipped] = au[flipped][:, list(MIRROR)]
        gaze[flipped] = gaze[flipped][:, [2, 3, 0, 1]] * torch.tensor([-1.0, 1.0, -1.0, 1.0])
        pose[flipped, 0] = 1 - pose[flipped, 0]
        identity[flipped] = torch.nan  # a few parameters have sides
        return {
            "au": au,
            "pose": pose,
            "gaze_deg": gaze,
            "identity": identity,
            "brow_style": torch.from_numpy(f.brow_style[rows]),
        }
