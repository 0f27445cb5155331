"""What several readers together say of real faces: ``python -m models.label_real_faces REAL_DIR DATA_DIR --out DIR``.

REAL_DIR is what ``models.real_faces`` wrote of DATA_DIR. OUT holds the same with ``au`` filled in, for trainings to
learn from (``--real`` of ``models.train_landmark_regressor`` and ``models.train_lite``): nobody has coded these faces.

Our regressors answer beside the person's own frames at rest (``--geometric``, ``--lite``, ``--full``: the files in
``assets/models`` where not said, none where there is no file), and so does MediaPipe's FaceLandmarker (``--task``),
whose blendshapes were learnt from real people. Ours share their renders and err alike; so all of them together have
one vote and MediaPipe another, on those channels that it is ever seen to move. Frames at rest are 0 by definition.
Faces without a frame at rest (stills) stay unknown.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.evaluation import blendshape_baseline as baseline
from models.evaluation.regressors import FILES, Regress, Views, load
from models.runtime.sessions import ModelError

F = NDArray[np.float32]
RESTS: Final = 3
"""Frames at rest that each face is compared with; the answers' mean counts."""
LIVE, LIVE_SHARE = 0.2, 0.01
"""MediaPipe has a vote on a channel that exceeds LIVE (0..1) in more than this share of all frames: some never move."""


def answers(regress: Regress, picture: NDArray[np.uint8], found: F, resting: NDArray[np.bool_], seed: int = 0) -> F:
    """(N, 40) channels 0..1 of the faces of one clip, each against RESTS of its frames at rest.

    Args:
        picture: (N, 128, 128, 3) RGB aligned views; ``found``: (N, 478, 3) aligned landmarks, metres.
        resting: (N,) at least one.
    """
    rng = np.random.default_rng(seed)
    faces, total = Views(picture, found), np.zeros((len(picture), 40), np.float32)
    for _ in range(RESTS):
        total += regress(faces, faces.rows(rng.choice(np.flatnonzero(resting), len(faces))))
    return np.asarray(total / RESTS, np.float32)


def blendshape_answers(clip: Path, task: Path, frames: NDArray[np.int64], resting: NDArray[np.bool_]) -> F:
    """(N, 40) channels 0..1 of ``frames`` of a clip by MediaPipe, less its median over those at rest; NaN where it says
    nothing: it has no such shape, or found no face."""
    weights, names = baseline.run_blendshapes(clip, task)
    at_rest = np.nanmedian(weights[frames[resting]], axis=0)
    return baseline.channels(np.clip(weights[frames] - at_rest, 0, None), names)


def vote(ours: F, theirs: F, resting: NDArray[np.bool_], live: NDArray[np.bool_]) -> F:
    """(N, 40) each -> (N, 40): the mean of both on ``live`` channels (40,) where theirs is known, else ours; 0 at
    rest."""
    both = live & np.isfinite(theirs)
    out = np.where(both, (ours + np.where(both, theirs, 0)) / 2, ours)
    out[resting] = 0
    return np.asarray(out, np.float32)


def live_channels(theirs: F) -> NDArray[np.bool_]:
    """(40,) which channels MediaPipe moves at all, from its answers (N, 40) on everything."""
    moved = np.nan_to_num(theirs) > LIVE
    return np.asarray(moved.mean(axis=0) > LIVE_SHARE)


def read_all(
    clips: Mapping[str, Path], data: Path, task: Path, readers: Mapping[str, Regress]
) -> dict[str, dict[str, F]]:
    """Per clip ``ours`` and ``theirs``, (N, 40) each, of the clips (name -> npz) that have a frame at rest."""
    found: dict[str, dict[str, F]] = {}
    for name, path in clips.items():
        with np.load(path) as rows:
            picture, points, resting, frame = (rows[key] for key in ("picture", "found", "resting", "frame"))
        if not resting.any():
            continue
        ours = np.mean([answers(regress, picture, points, resting) for regress in readers.values()], axis=0)
        theirs = blendshape_answers(data / "clips" / f"{name}.mp4", task, frame, resting)
        found[name] = {"ours": ours.astype(np.float32), "theirs": theirs}
        print(f"{name}: {len(picture)} faces, {resting.sum()} at rest", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("real", type=Path, help="what models.real_faces wrote")
    parser.add_argument("data", type=Path, help="the folder that it read: clips/ and models/face_landmarker.task")
    parser.add_argument("--task", type=Path)
    for name in FILES:
        parser.add_argument(f"--{name}", type=Path, help=f"ONNX file; default {FILES[name].name} of assets/models")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    task = args.task or args.data / "models" / "face_landmarker.task"
    clips = {p.stem: p for p in sorted(args.real.glob("*.npz")) if not p.name.endswith(".part.npz")}
    if not clips:
        raise SystemExit(f"{args.real} holds no *.npz: make them with python -m models.real_faces")
    paths = {name: getattr(args, name) or FILES[name] for name in FILES}
    try:
        readers = {name: load(name, path) for name, path in paths.items() if path.is_file() or getattr(args, name)}
    except ModelError as e:
        raise SystemExit(str(e)) from e
    if not readers:
        raise SystemExit("no regressor of ours: give --geometric, --lite or --full")
    print(f"readers: {', '.join(readers)} and {task.name}", flush=True)
    said = read_all(clips, args.data, task, readers)
    live = live_channels(np.concatenate([s["theirs"] for s in said.values()]))
    print(f"MediaPipe has a vote on {live.sum()} channels", flush=True)
    args.out.mkdir(parents=True, exist_ok=True)
    for name, path in clips.items():
        with np.load(path) as z:
            rows = dict(z)
        if name in said:
            rows["au"] = vote(said[name]["ours"], said[name]["theirs"], rows["resting"], live)
        np.savez(args.out / path.name, **rows)


if __name__ == "__main__":
    main()
