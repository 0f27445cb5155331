"""Training batches of ``lite``: people, each with one picture at rest and several others, seen by worse cameras.

What is known at rest comes as life has it: right, of another session, tainted by an expression, or not at all.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.faces import Faces
from models.renderer.labels import POSE_SPAN_DEG
from models.runtime.alignment import canonical_face
from models.training.augment import Spoiler, draw_looks, draw_moves, photograph
from models.training.base_rates import OF_PICTURES, sample_rates
from models.training.mirror import CHANNEL_TWIN, mirrored_gaze, mirrored_landmarks

MEAN_FACE = torch.from_numpy(np.array(canonical_face()))
PRESENT = 6
"""Pictures that share one picture at rest in a batch: it goes through the network once."""


@dataclass
class Batch:
    """B people at rest and PRESENT times as many pictures, person by person."""

    pictures: Tensor  # (B + B * PRESENT, 3, S, S) 0..1, those at rest first
    landmarks: Tensor  # (B * PRESENT, 478, 3)
    neutral: Tensor  # (B * PRESENT, 478, 3)
    rows: NDArray[np.intp]  # (B * PRESENT,)
    mirrored: Tensor  # (B * PRESENT,) bool


class People:
    """Draws batches of one source."""

    def __init__(self, faces: Faces, keep: NDArray[np.bool_]):
        self.faces, self.spoil = faces, Spoiler()
        self.rates = sample_rates(faces.au, OF_PICTURES)
        key = faces.person * 8 + faces.session
        self.groups = []
        for session in np.unique(key[keep]):
            own = (key == session) & keep
            rest, rows = np.flatnonzero(own & faces.resting), np.flatnonzero(own)
            if len(rest) and len(rows) > 1:
                self.groups.append((rest, rows))
        self.by_person: dict[int, list[int]] = {}
        for k, (rest, _) in enumerate(self.groups):
            self.by_person.setdefault(int(faces.person[rest[0]]), []).append(k)

    def draw(self, n: int, rng: np.random.Generator) -> Batch:
        """n pictures at rest and n * PRESENT others, augmented; a fifth of the neutrals are of another session."""
        rest = np.empty(n, np.intp)
        rows = np.empty((n, PRESENT), np.intp)
        for i, k in enumerate(rng.integers(0, len(self.groups), n)):
            own_rest, own = self.groups[k]
            if rng.random() < 0.2:
                own = self.groups[rng.choice(self.by_person[int(self.faces.person[own_rest[0]])])][1]
            rest[i] = rng.choice(own_rest)
            others = own[own != rest[i]]
            chances = self.rates[others] / self.rates[others].sum()
            rows[i] = rng.choice(others, PRESENT, replace=len(others) < PRESENT, p=chances)
        flat = rows.ravel()
        looks = draw_looks(n, rng)
        looks = np.concatenate([looks, looks.repeat(PRESENT, 0) + 0.3 * draw_looks(n * PRESENT, rng)])
        flip = rng.random(n) < 0.5
        each = flip.repeat(PRESENT)
        moves = draw_moves(n + len(flat), rng, np.concatenate([flip, each]))
        shown = self.faces.picture[np.concatenate([rest, flat])]
        pictures = photograph(shown, moves, looks, self.spoil, rng)
        mirrored = torch.from_numpy(each)
        landmarks = torch.from_numpy(self.faces.found[flat])
        neutral = torch.from_numpy(self.faces.found[rest]).repeat_interleave(PRESENT, 0)
        landmarks, neutral = (
            torch.where(mirrored[:, None, None], mirrored_landmarks(x), x) for x in (landmarks, neutral)
        )
        return Batch(pictures, landmarks, neutral, flat, mirrored)


def spoil_neutrals(
    code: Tensor, rest: Tensor, b: Batch, g: torch.Generator, missing: float = 0.06, code_missing: float = 0.08
) -> tuple[Tensor, Tensor]:
    """Neutral landmarks and codes as the tracker has them: a little tainted by the expression, or not known."""
    m = len(b.rows)

    def chance(p: float) -> Tensor:
        return torch.rand(m, generator=g) < p

    taint = (chance(0.25) * 0.25 * torch.rand(m, generator=g))[:, None]
    neutral = b.neutral + 0.0002 * torch.randn(b.neutral.shape, generator=g)
    neutral = neutral + taint[..., None] * (b.landmarks - neutral)
    rest = rest + taint * (code.detach() - rest)
    lost = chance(missing)
    neutral = torch.where(lost[:, None, None], 0.7 * MEAN_FACE + 0.3 * neutral, neutral)
    return neutral, torch.where((lost | chance(code_missing))[:, None], 0.0, rest)


def targets(faces: Faces, b: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """AUs (M, 40), gaze (M, 4), pose (M, 2) of a batch, mirrored where it is."""
    au, gaze = torch.from_numpy(faces.au[b.rows]), torch.from_numpy(faces.gaze_deg[b.rows])
    pose = torch.from_numpy(faces.euler_deg[b.rows, :2])
    flip = b.mirrored[:, None]
    au = torch.where(flip, au[:, CHANNEL_TWIN], au)
    pose = torch.where(flip, pose * pose.new_tensor([-1, 1]), pose)
    return au, torch.where(flip, mirrored_gaze(gaze), gaze), (0.5 + pose / (2 * POSE_SPAN_DEG)).clamp(0, 1)
