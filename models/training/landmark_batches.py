"""Training batches of the geometric regressor: landmarks beside the same person's at rest, of three sources.

What is known at rest comes as life has it: right, noisy, tainted by an expression, or missing.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.faces import load_faces
from models.runtime.alignment import canonical_face
from models.training.base_rates import OF_LANDMARKS, sample_rates
from models.training.detector_response import DetectorResponse, fit_response
from models.training.mirror import CHANNEL_TWIN, mirrored_gaze, mirrored_landmarks

HELD_OUT = 0.08
"""Share of the people that training never sees."""
RESIDUAL_SCALE = (0.3, 1.1)
STRENGTH_SPREAD = 0.15
LENT_SHARE = 0.5
"""Of the real faces whose expression is put onto somebody else's face at rest."""


@dataclass
class Samples:
    """Rows of one source; tensors on the CPU."""

    landmarks: Tensor  # (N, 478, 3) metres
    neutral: Tensor  # (N, 478, 3) metres
    au: Tensor  # (N, 40), NaN: not known
    gaze: Tensor  # (N, 4) degrees, NaN: not known
    identity: Tensor | None  # (N, 208)
    held_out: NDArray[np.bool_]  # (N,)


def load_geometry(path: Path) -> Samples:
    with np.load(path) as z:
        person = z["person"]
        people = len(z["identity"])
        return Samples(
            torch.from_numpy(z["expressive"]),
            torch.from_numpy(z["neutral"]),
            torch.from_numpy(z["au"]),
            torch.from_numpy(z["gaze_deg"]),
            torch.from_numpy(z["identity"][person]),
            person >= people * (1 - HELD_OUT),
        )


def load_rendered(folder: Path) -> tuple[Samples, DetectorResponse]:
    """Rendered people as the detector saw them, neutral = mean of one to all of the same person's other resting
    pictures; and the detector's response to motion, fitted on the people that are trained on."""
    parts: dict[str, list[NDArray]] = {
        k: [] for k in ("landmarks", "neutral", "au", "gaze", "person", "true", "true_rest")
    }
    for path in sorted(folder.glob("shard*.npz")):
        if path.name.endswith(".part.npz"):  # being written
            continue
        with np.load(path) as z:
            data = {k: z[k] for k in ("found", "true", "au", "gaze_deg", "person", "resting")}
        for person in np.unique(data["person"]):
            own = data["person"] == person
            resting = np.flatnonzero(own & data["resting"])
            for row in np.flatnonzero(own):
                others = resting[resting != row]
                if len(others) == 0:
                    continue
                others = others[: 1 + row % len(others)]
                parts["landmarks"].append(data["found"][row])
                parts["neutral"].append(data["found"][others].mean(0))
                parts["true"].append(data["true"][row])
                parts["true_rest"].append(data["true"][others].mean(0))
                parts["au"].append(data["au"][row])
                parts["gaze"].append(data["gaze_deg"][row])
                parts["person"].append(person)
    stacked = {k: torch.from_numpy(np.array(v, np.float32)) for k, v in parts.items()}
    samples = Samples(
        stacked["landmarks"],
        stacked["neutral"],
        stacked["au"],
        stacked["gaze"],
        None,
        stacked["person"].numpy().astype(int) % 12 == 0,
    )
    used = torch.from_numpy(~samples.held_out)
    rows = [stacked[k][used] for k in ("true_rest", "true", "neutral", "landmarks")]
    # Either side teaches both.
    both = [torch.cat([r, mirrored_landmarks(r)]) for r in rows]
    return samples, fit_response(*both)


def load_real(folder: Path) -> Samples:
    """Labelled real faces, neutral = mean of one to all of the clip's other frames at rest."""
    faces = load_faces(folder, without=("picture", "labels", "points", "true"))
    rng = np.random.default_rng(0)
    rows, neutral = [], []
    for session in np.unique(faces.session):
        own = faces.session == session
        resting = np.flatnonzero(own & faces.resting)
        for row in np.flatnonzero(own & np.isfinite(faces.au).any(1)):
            others = resting[resting != row]
            if len(others) == 0:
                continue
            rows.append(row)
            neutral.append(faces.found[rng.choice(others, rng.integers(1, len(others) + 1), replace=False)].mean(0))
    return Samples(
        torch.from_numpy(faces.found[rows]),
        torch.from_numpy(np.array(neutral, np.float32)),
        torch.from_numpy(faces.au[rows]),
        torch.from_numpy(faces.gaze_deg[rows]),
        None,
        faces.held_out[rows],
    )


MEAN_FACE = torch.from_numpy(np.array(canonical_face()))


def mirrored(x: Tensor, n: Tensor, au: Tensor, gaze: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The same faces in the mirror."""
    return mirrored_landmarks(x), mirrored_landmarks(n), au[:, CHANNEL_TWIN], mirrored_gaze(gaze)


def drawn(s: Samples) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Rows to train on, and the chance of each; of rare actions less (``models.training.base_rates``)."""
    rows = np.flatnonzero(~s.held_out)
    rates = sample_rates(s.au[torch.from_numpy(rows)].numpy(), OF_LANDMARKS)
    return rows, rates / rates.sum()


@dataclass
class Batch:
    """N samples: those of the rig's geometry first, G of them."""

    landmarks: Tensor
    """(N, 478, 3) metres"""
    neutral: Tensor
    """(N, 478, 3) metres"""
    au: Tensor
    """(N, 40)"""
    gaze: Tensor
    """(N, 4) degrees, NaN: not known"""
    identity: Tensor
    """(G, 208)"""
    identity_known: Tensor
    """(G,) bool: not of mirrored people, for identity has a few lateral parameters"""


Parts = tuple[Tensor, Tensor, Tensor, Tensor]
"""Landmarks, neutral, AUs, gaze."""


class Batches:
    """Draws training batches from all sources with everything that goes wrong in life."""

    def __init__(
        self, geometry: Samples, rendered: Samples | None, response: DetectorResponse | None, batch: int, share: float,
        real: Samples | None = None, real_share: float = 0.0,
    ):  # fmt: skip
        """``share`` of a batch is rendered, ``real_share`` real, if there are such; the rest is geometry."""
        self.geometry, self.rendered, self.response, self.real = geometry, rendered, response, real
        self.real_rows = np.flatnonzero(~real.held_out) if real is not None else np.zeros(0, np.intp)
        self.n_real = int(batch * real_share) if len(self.real_rows) else 0
        self.rows, self.chances = drawn(geometry)
        self.rendered_rows, self.rendered_chances = (
            drawn(rendered) if rendered is not None else (np.zeros(0, np.intp), np.zeros(0))
        )
        self.n_rendered = int(batch * share) if len(self.rendered_rows) else 0
        self.n_geometry = batch - self.n_rendered - self.n_real

    def draw(self, rng: np.random.Generator, g: torch.Generator) -> Batch:
        """Samples of all sources, spoilt as life does it, half of them in the mirror."""
        i = torch.from_numpy(rng.choice(self.rows, self.n_geometry, p=self.chances))
        x, n = self._of_geometry(i, rng, g)
        parts = [(x, n, self.geometry.au[i], self.geometry.gaze[i])]
        if self.n_rendered and self.rendered is not None:
            j = torch.from_numpy(rng.choice(self.rendered_rows, self.n_rendered, p=self.rendered_chances))
            s = self.rendered
            parts.append((s.landmarks[j], s.neutral[j], s.au[j], s.gaze[j]))
        if self.n_real and self.real is not None:
            parts.append(self._of_real(self.real, torch.cat([part[1] for part in parts]), rng))
        x, n, au, gaze = (torch.cat(kind) for kind in zip(*parts, strict=True))
        m = len(x)
        # Tainted neutrals: a little of somebody's present expression stayed in the estimate.
        taint = torch.from_numpy((rng.random(m) < 0.25) * rng.uniform(0, 0.25, m)).float()[:, None, None]
        n = n + taint * (x - n)
        missing = torch.from_numpy(rng.random(m) < 0.04)
        n[missing] = 0.7 * MEAN_FACE + 0.3 * n[missing]
        flip = torch.from_numpy(rng.random(m) < 0.5)
        x[flip], n[flip], au[flip], gaze[flip] = mirrored(x[flip], n[flip], au[flip], gaze[flip])
        return Batch(x, n, au, gaze, self.geometry.identity[i], (~flip)[: self.n_geometry])  # type: ignore[index]

    def _of_geometry(self, i: Tensor, rng: np.random.Generator, g: torch.Generator) -> tuple[Tensor, Tensor]:
        """Landmarks and neutral of rows ``i``, as the detector would find them."""
        x, n = self.geometry.landmarks[i].float() / 10, self.geometry.neutral[i].float() / 10
        if self.response is not None:
            r = self.response
            k = torch.from_numpy(rng.integers(0, len(r.residuals), (2, self.n_geometry)))
            size = torch.empty(self.n_geometry, 1, 1).uniform_(*RESIDUAL_SCALE, generator=g)
            # People do the same action more or less strongly than the rig: so does every sample.
            strength = torch.exp(STRENGTH_SPREAD * torch.randn(self.n_geometry, 1, 1, generator=g))
            seen = strength * r.apply(x - n) + size * r.residuals[k[0]].reshape(x.shape)
            n = n + r.rest_bias[k[1]].reshape(n.shape)
            x = n + seen
        return x + 0.0004 * torch.randn(x.shape, generator=g), n + 0.0002 * torch.randn(n.shape, generator=g)

    def _of_real(self, real: Samples, others_at_rest: Tensor, rng: np.random.Generator) -> Parts:
        """Real faces; some lend what they do to others (M, 478, 3), of whom there are more."""
        k = torch.from_numpy(rng.choice(self.real_rows, self.n_real))
        theirs, at_rest = real.landmarks[k], real.neutral[k]
        lent = torch.from_numpy(rng.random(self.n_real) < LENT_SHARE)[:, None, None]
        somebody = others_at_rest[torch.from_numpy(rng.integers(0, len(others_at_rest), self.n_real))]
        x = torch.where(lent, somebody + theirs - at_rest, theirs)
        return x, torch.where(lent, somebody, at_rest), real.au[k], real.gaze[k]
