"""Part (a) of the evaluation: rendered people that no training saw, every regressor and MediaPipe side by side.

The truth is exact here, and the faces are not real: read it beside the hand-coded frames. Each regressor answers
twice, with the person's neutral known (a picture at rest of the same session) and not. Run by ``models.evaluate``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.evaluation import blendshape_baseline as baseline
from models.evaluation.regressors import Regress, Views
from models.evaluation.rendered_people import RenderedPeople, rest_of, see
from models.evaluation.score_tables import Scores, as_json, score
from models.evaluation.tracked import SIDES_OF_AU, Columns, au_columns
from models.faces import load_faces
from models.renderer.sample import FERA_ORIENTATIONS
from models.runtime.engines import make_landmark_engine
from rig.parameters import N_CHANNELS

F = NDArray[np.float32]
SHARED: Final = tuple(baseline.SHAPES_OF_AU)
"""AUs that both ours and MediaPipe have."""
OURS: Final = tuple(SIDES_OF_AU)
TURNED_DEG: Final = (10.0, 20.0)
"""Bounds of the groups of head poses, degrees between the face's direction and the camera."""
KNOWN, UNKNOWN = "", ", no neutral"
"""Said after a regressor's name."""


@dataclass(frozen=True)
class RenderedScores:
    """What there is to print of one set of pictures."""

    pictures: int
    zero_mae: float
    """Mean error of saying 0 everywhere, on the shared AUs: most actions are absent from most pictures."""
    found: dict[str, float]
    """System -> share of the pictures in which it found the face."""
    shared: Scores
    """All systems on the AUs that all have, on the pictures where all found the face."""
    ours: Scores
    """Ours on all of our AUs, on the pictures where ours found the face."""
    groups: dict[str, Scores]
    """Head pose -> ``shared`` on the pictures of that pose."""


def regress_all(
    views: Views, regressors: Mapping[str, Regress], rest: NDArray[np.intp], wanted: NDArray[np.bool_]
) -> dict[str, F]:
    """System -> (N, 40) channels, NaN where a picture is not wanted, without landmarks, or (known) without a rest."""
    usable = wanted & np.isfinite(views.landmarks).all(axis=(1, 2))
    out = {}
    for name, regress in regressors.items():
        for suffix, rows in ((KNOWN, np.flatnonzero(usable & (rest >= 0))), (UNKNOWN, np.flatnonzero(usable))):
            au = np.full((len(views), N_CHANNELS), np.nan, np.float32)
            if len(rows):
                known = views.rows(rest[rows]) if suffix == KNOWN else None
                au[rows] = regress(views.rows(rows), known)
            out[name + suffix] = au
    return out


def blendshapes(people: RenderedPeople, task: Path, wanted: NDArray[np.bool_]) -> dict[str, Columns]:
    """MediaPipe as it is, and less what it says of the same person at rest: system -> AU -> (N,), NaN as above."""
    weights, names = baseline.blendshapes_of_pictures(people.picture, task)
    if not names:
        raise SystemExit("MediaPipe found no face in any rendered picture: the renderer or the task file is broken")
    found = np.asarray(np.isfinite(weights).all(axis=1))
    rest = rest_of(people.person, people.session, people.resting, found)
    less = np.where((rest >= 0)[:, None], baseline.minus_neutral(weights, rest), np.nan)
    systems = {"MediaPipe": weights, "MediaPipe - neutral": less}
    return {
        name: {
            au: np.where(wanted, values, np.nan) for au, values in baseline.columns(w, names).items() if au in SHARED
        }
        for name, w in systems.items()
    }


def evaluate(people: RenderedPeople, regressors: Mapping[str, Regress], task: Path | None) -> RenderedScores:
    """Scores on whole pictures; expressions only, since those at rest are what others are compared with."""
    views = see(people, make_landmark_engine("onnx", "cpu"))
    usable = np.asarray(np.isfinite(views.landmarks).all(axis=(1, 2)))
    rest = rest_of(people.person, people.session, people.resting, usable)
    ours = regress_all(views, regressors, rest, ~people.resting)
    others = blendshapes(people, task, ~people.resting) if task is not None else {}
    return _scores(people.au, people.resting, ours, others, groups_of(people.euler_deg, people.resting))


def evaluate_views(folder: Path, regressors: Mapping[str, Regress]) -> RenderedScores:
    """Scores of ours on a folder of ``models.render_dataset``: aligned views, no whole pictures, so no MediaPipe.

    Raises ``FileNotFoundError`` where the folder holds none.
    """
    faces = load_faces(folder)
    views = Views(faces.picture, faces.found)
    rest = rest_of(faces.person, faces.session, faces.resting, np.ones(len(faces), bool))
    ours = regress_all(views, regressors, rest, ~faces.resting)
    return _scores(faces.au, faces.resting, ours, {}, groups_of(faces.euler_deg, faces.resting))


def _scores(
    au: F,
    resting: NDArray[np.bool_],
    channels: Mapping[str, F],
    others: dict[str, Columns],
    groups: dict[str, NDArray[np.bool_]],
) -> RenderedScores:
    truth = {au: np.where(resting, np.nan, values) for au, values in au_columns(au.astype(np.float64)).items()}
    ours = {name: au_columns(of.astype(np.float64)) for name, of in channels.items()}
    everyone = {**ours, **others}

    def some(rows: NDArray[np.bool_]) -> Scores:
        cut = {name: {au: values[rows] for au, values in c.items()} for name, c in everyone.items()}
        return score({name: values[rows] for name, values in truth.items()}, cut, SHARED)

    shown = ~resting
    return RenderedScores(
        pictures=int(shown.sum()),
        zero_mae=float(np.mean([truth[au][shown].mean() for au in SHARED])),
        found={name: float(np.isfinite(c["AU12"])[shown].mean()) for name, c in everyone.items()},
        shared=score(truth, everyone, SHARED),
        ours=score(truth, ours, OURS),
        groups={name: some(rows & shown) for name, rows in groups.items() if (rows & shown).any()},
    )


def groups_of(euler_deg: F, resting: NDArray[np.bool_]) -> dict[str, NDArray[np.bool_]]:
    """Pictures by head pose: FERA's views where the expressions are in (several of) those, else by turn."""
    shown = {(float(yaw), float(pitch)) for yaw, pitch in euler_deg[~resting, :2]}
    return fera_groups(euler_deg) if len(shown) > 1 and shown <= set(FERA_ORIENTATIONS) else turned_groups(euler_deg)


def turned_groups(euler_deg: F) -> dict[str, NDArray[np.bool_]]:
    """(N, 3) -> pictures by how far the face looks past the camera."""
    yaw, pitch = np.radians(euler_deg[:, 0]), np.radians(euler_deg[:, 1])
    off = np.degrees(np.arccos(np.clip(np.cos(yaw) * np.cos(pitch), -1, 1)))
    low, high = TURNED_DEG
    return {
        f"< {low:.0f} deg": off < low,
        f"{low:.0f} to {high:.0f} deg": (off >= low) & (off < high),
        f">= {high:.0f} deg": off >= high,
    }


def fera_groups(euler_deg: F) -> dict[str, NDArray[np.bool_]]:
    """(N, 3) -> pictures of FERA 2017's nine views, in its order."""
    return {
        f"{view}: yaw {yaw:+.0f}, pitch {pitch:+.0f}": (euler_deg[:, :2] == (yaw, pitch)).all(axis=1)
        for view, (yaw, pitch) in enumerate(FERA_ORIENTATIONS, 1)
    }


def rendered_json(scores: RenderedScores) -> dict[str, Any]:
    return {
        "pictures": scores.pictures,
        "mae_of_zeros": scores.zero_mae,
        "found": scores.found,
        "shared_aus": as_json(scores.shared),
        "all_aus_of_ours": as_json(scores.ours),
        "head_poses": {name: as_json(of) for name, of in scores.groups.items()},
    }
