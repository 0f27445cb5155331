"""What several readers together say of real faces:
``python -m models.label_real_faces REAL_DIR DATA_DIR --rendered DIR --out DIR``.

REAL_DIR is what ``models.real_faces`` wrote of DATA_DIR. OUT holds the same with ``au`` filled in, for trainings to
learn from (``--real`` of ``models.train_landmark_regressor``, ``train_lite``, ``train_regressor``): nobody has coded
these faces.

Our regressors answer beside the person's own frames at rest (``--geometric``, ``--lite``, ``--full``: the files in
``assets/models`` where not said, none where there is no file), and so does MediaPipe's FaceLandmarker (``--task``),
whose blendshapes were learnt from real people. How much each counts on a channel is taken from rendered people whom
nobody trained on: ours by how little they err there, together as one reader, for they share their renders and err
alike; MediaPipe as the geometric regressor does, which like it sees nothing but landmarks, so that it says much of lips
and little of brows that show in the skin. Channels that it is never seen to move stay unknown (NaN): there our readers
have nothing to learn from each other, and their mean only shrinks what one of them alone sees (puffed cheeks). Frames
at rest are 0 by definition. Faces without a frame at rest (stills) stay unknown.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.evaluation import blendshape_baseline as baseline
from models.evaluation.regressors import FILES, Regress, Views, load
from models.faces import Faces, load_faces
from models.runtime.sessions import ModelError
from rig.parameters import CHANNEL_INDEX, CHANNELS, MIRROR

F = NDArray[np.float32]
RESTS: Final = 3
"""Frames at rest that each face is compared with; the answers' mean counts."""
NEVER_SHOWN: Final = [CHANNEL_INDEX["AU19"]]
"""Nobody in the clips of the shared data shows the tongue, as looked at: in each clip the four frames that readers took
most for one show red lips, or a tongue that lies in an open mouth."""
JUDGES: Final = 700
"""Rendered pictures that say about how far each reader can be trusted."""
LEAST_ERROR: Final = 1e-4
"""Mean square error 0..1 below which nobody is trusted more: actions that hardly occur."""
LIVE, LIVE_SHARE = 0.2, 0.01
"""MediaPipe counts on a channel that exceeds LIVE (0..1) in more than this share of all frames: some never move."""


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


def vote(ours: F, theirs: F, resting: NDArray[np.bool_], share: F) -> F:
    """(N, 40) each -> (N, 40): theirs counts with ``share`` (40,) 0..1, ours with the rest; NaN where theirs does not
    count; 0 at rest."""
    both = np.isfinite(theirs) & (share > 0)
    out = np.where(both, (1 - share) * ours + share * np.nan_to_num(theirs), np.nan)
    out[resting] = 0
    out[:, NEVER_SHOWN] = 0
    return np.asarray(out, np.float32)


@dataclass(frozen=True)
class Trust:
    """How much each reader counts, channel by channel."""

    ours: dict[str, F]
    """(40,) each; they sum to 1."""
    theirs: F
    """(40,) MediaPipe's share beside all of ours."""

    def together(self, said: Mapping[str, F]) -> F:
        """(N, 40) of each of ours -> (N, 40)"""
        return np.asarray(sum(self.ours[name] * au for name, au in said.items()), np.float32)


def find_trust(readers: Mapping[str, Regress], faces: Faces) -> Trust:
    """From rendered people that no training saw: the inverse of the mean square error; MediaPipe's is taken to be that
    of the reader called ``geometric``, else that of our worst."""
    rows = np.flatnonzero(faces.held_out)
    rows = rows[:: max(1, len(rows) // JUDGES)]
    rest = faces.neutral_rows(np.random.default_rng(0), same_session=1.0)[rows]
    rows, rest = rows[rest >= 0], rest[rest >= 0]
    views = Views(faces.picture, faces.found)
    said = {name: regress(views.rows(rows), views.rows(rest)) for name, regress in readers.items()}
    truth = faces.au[rows]
    error = {name: ((au - truth) ** 2).mean(0) + LEAST_ERROR for name, au in said.items()}
    total = sum(1 / e for e in error.values())
    ours = Trust({name: (1 / e / total).astype(np.float32) for name, e in error.items()}, np.zeros(40, np.float32))
    jointly = ((ours.together(said) - truth) ** 2).mean(0) + LEAST_ERROR
    by_landmarks = error["geometric"] if "geometric" in error else np.max(list(error.values()), axis=0)
    return Trust(ours.ours, np.asarray(jointly / (jointly + by_landmarks), np.float32))


def live_channels(theirs: F) -> NDArray[np.bool_]:
    """(40,) which channels MediaPipe moves at all, on either side, from its answers (N, 40) on everything."""
    moves = (np.nan_to_num(theirs) > LIVE).mean(axis=0) > LIVE_SHARE
    return np.asarray(moves | moves[list(MIRROR)])


def read_all(
    clips: Mapping[str, Path], data: Path, task: Path, readers: Mapping[str, Regress], trust: Trust
) -> dict[str, dict[str, F]]:
    """Per clip ``ours`` and ``theirs``, (N, 40) each, of the clips (name -> npz) that have a frame at rest."""
    found: dict[str, dict[str, F]] = {}
    for name, path in clips.items():
        with np.load(path) as rows:
            picture, points, resting, frame = (rows[key] for key in ("picture", "found", "resting", "frame"))
        if not resting.any():
            continue
        said = {name: answers(regress, picture, points, resting) for name, regress in readers.items()}
        theirs = blendshape_answers(data / "clips" / f"{name}.mp4", task, frame, resting)
        found[name] = {"ours": trust.together(said), "theirs": theirs}
        print(f"{name}: {len(picture)} faces, {resting.sum()} at rest", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("real", type=Path, help="what models.real_faces wrote")
    parser.add_argument("data", type=Path, help="the folder that it read: clips/ and models/face_landmarker.task")
    parser.add_argument("--rendered", type=Path, required=True, help="what models.render_dataset wrote")
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
    trust = find_trust(readers, load_faces(args.rendered, without=("labels", "points", "true")))
    said = read_all(clips, args.data, task, readers, trust)
    live = live_channels(np.concatenate([s["theirs"] for s in said.values()]))
    for k in np.flatnonzero(live):
        mine = ", ".join(f"{name} {(1 - trust.theirs[k]) * share[k]:.2f}" for name, share in trust.ours.items())
        print(f"{CHANNELS[k]}: {mine}, MediaPipe {trust.theirs[k]:.2f}", flush=True)
    args.out.mkdir(parents=True, exist_ok=True)
    for name, path in clips.items():
        with np.load(path) as z:
            rows = dict(z)
        if name in said:
            rows["au"] = vote(said[name]["ours"], said[name]["theirs"], rows["resting"], live * trust.theirs)
        np.savez(args.out / path.name, **rows)


if __name__ == "__main__":
    main()
