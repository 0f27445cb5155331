"""Part (c) of the evaluation: published databases, for whoever has them. Run by ``models.evaluate``.

Every clip goes through ``mien track --calibrate auto`` by itself, as a user's would; nothing of ours was trained on any
of them. Frames of all tested subjects are pooled before scoring, as the literature does.
"""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from models.evaluation.au_datasets import bp4d, ckplus, disfa, fera2017, mmi
from models.evaluation.au_datasets.sequences import Coded, of_part
from models.evaluation.score_tables import Scores, as_json, number, score
from models.evaluation.tracked import Array, Columns, au_columns, channels_of, track
from models.metrics import roc_auc

READERS: Final[dict[str, tuple[str, Callable[[Path], list[Coded]]]]] = {
    "disfa": ("DISFA", disfa.read_disfa),
    "bp4d": ("BP4D", bp4d.read_bp4d),
    "fera2017": ("FERA 2017", fera2017.read_fera2017),
    "ckplus": ("CK+", ckplus.read_ckplus),
    "mmi": ("MMI", mmi.read_mmi),
}
"""Option -> title, reader."""
Tracker = Callable[[Path, str], Columns]
"""A clip or folder, a model's name -> the tracker's CSV (``evaluation.tracked.track``). Raises ``SystemExit``."""


@dataclass(frozen=True)
class DatasetScores:
    """What there is to print of one database."""

    title: str
    subjects: int
    frames: int
    found: dict[str, float]
    """System -> share of the coded frames in which it found the face."""
    scores: Scores
    views: dict[str, Scores]
    """Per camera view, where there are several."""
    presence: dict[str, dict[str, float]]
    """System -> AU -> area under the ROC curve, where the database codes presence."""


@dataclass(frozen=True)
class _Pooled:
    """The coded frames of many clips in a row, (N,) each."""

    view: list[str]
    intensity: Columns
    present: Columns
    systems: dict[str, Columns]


def tracked_by(source: Path, model: str) -> Columns:
    return track(source, "auto", model)


def evaluate_dataset(
    option: str, root: Path, models: Iterable[str], part: str = "test", tracker: Tracker = tracked_by
) -> DatasetScores:
    """Track and score a database.

    Args:
        option: A key of ``READERS``.
        part: ``test``, ``train`` or ``all`` subjects (``au_datasets/splits.json``).

    Raises:
        DatasetError: The folder is none of this database.
        SystemExit: No clip at all could be tracked, or no subject of the part is there.
    """
    title, reader = READERS[option]
    sequences = of_part(reader(root), option, part)
    if not sequences:
        raise SystemExit(f"{title}: {root} has no subject of the {part} part; try --subjects all")
    pooled = _pool(sequences, list(models), tracker)
    views = sorted(set(pooled.view) - {""})
    return DatasetScores(
        title=title,
        subjects=len({s.subject for s in sequences}),
        frames=len(pooled.view),
        found={name: float(np.isfinite(c["AU12"]).mean()) for name, c in pooled.systems.items()},
        scores=_score(pooled, np.ones(len(pooled.view), bool)),
        views={view: _score(pooled, np.array(pooled.view) == view) for view in views},
        presence={
            name: {au: roc_auc(truth, c[au]) for au, truth in pooled.present.items()}
            for name, c in pooled.systems.items()
            if pooled.present
        },
    )


def _pool(sequences: list[Coded], models: list[str], tracker: Tracker) -> _Pooled:
    names = list(dict.fromkeys(au for s in sequences for au in s.intensity))
    there = list(dict.fromkeys(au for s in sequences for au in s.present))
    unknown = {s.name: np.full(len(s.rows), np.nan) for s in sequences}
    systems = {model: [_values(s, model, tracker) for s in sequences] for model in models}
    if not any(np.isfinite(c["AU12"]).any() for parts in systems.values() for c in parts):
        raise SystemExit("no face was found in any of the clips (the messages above say why)")

    def joined(parts: list[Array]) -> Array:
        return np.concatenate(parts)

    return _Pooled(
        view=[s.view for s in sequences for _ in s.rows],
        intensity={au: joined([s.intensity.get(au, unknown[s.name]) for s in sequences]) for au in names},
        present={au: joined([s.present.get(au, unknown[s.name]) for s in sequences]) for au in there},
        systems={
            f"Mien {model}": {au: joined([c[au] for c in parts]) for au in parts[0]} for model, parts in systems.items()
        },
    )


def _values(coded: Coded, model: str, tracker: Tracker) -> Columns:
    """AUs 0..5 at a clip's coded frames; NaN without a face, beyond its end, and where it cannot be tracked at all."""
    try:
        au = channels_of(tracker(coded.source, model))
    except (SystemExit, KeyError) as error:
        print(f"{coded.name}: left out ({error})", file=sys.stderr)
        au = np.full((0, 40), np.nan)
    at = np.full((len(coded.rows), 40), np.nan)
    inside = coded.rows < len(au)
    at[inside] = au[coded.rows[inside]]
    return au_columns(at)


def _score(pooled: _Pooled, rows: Array) -> Scores:
    # AUs that nobody shows in these frames are left out: a mean over them would flatter whoever is silent.
    truth = {au: values[rows] for au, values in pooled.intensity.items() if (values[rows] > 0).any()}
    cut = {name: {au: values[rows] for au, values in c.items()} for name, c in pooled.systems.items()}
    return score(truth, cut) if truth else {}


def presence_table(presence: dict[str, dict[str, float]]) -> str:
    """Area under the ROC curve per AU: .50 is guessing."""
    lines = ["| AU | " + " | ".join(f"{name}: AUC" for name in presence) + " |", "| --- |" + " --- |" * len(presence)]
    aus = [au for au in next(iter(presence.values()), {}) if any(np.isfinite(of[au]) for of in presence.values())]
    for au in aus:
        lines.append(f"| {au} | " + " | ".join(number(of[au]) for of in presence.values()) + " |")
    means = [np.mean([of[au] for au in aus if np.isfinite(of[au])] or [np.nan]) for of in presence.values()]
    return "\n".join([*lines, "| **mean** | " + " | ".join(number(float(m)) for m in means) + " |"])


def dataset_json(scores: DatasetScores) -> dict[str, Any]:
    return {
        "subjects": scores.subjects,
        "frames": scores.frames,
        "found": scores.found,
        "intensity": as_json(scores.scores),
        "views": {view: as_json(of) for view, of in scores.views.items()},
        "presence_auc": {
            name: {au: None if np.isnan(value) else value for au, value in of.items()}
            for name, of in scores.presence.items()
        },
    }
