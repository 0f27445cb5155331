"""Scores of several systems side by side: on the same rows, printed as Markdown, written as plain numbers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.evaluation.tracked import Columns
from models.metrics import Agreement, agreement, mean_agreement

Scores = dict[str, dict[str, Agreement]]
"""System -> AU -> figures; intensities 0..5."""
FIGURES: Final = {"icc": "ICC(3,1)", "mae": "MAE", "rmse": "RMSE", "pcc": "PCC"}


def number(value: float) -> str:
    """Two decimals, as the paper prints them; '-' where a figure is undefined."""
    return "-" if np.isnan(value) else f"{value:.2f}"


def seen_by(columns: Columns) -> NDArray[np.bool_]:
    """(N,) rows in which a system found the face, that is, has any value at all."""
    return np.asarray(np.isfinite(np.stack(list(columns.values()))).any(axis=0))


def score(truth: Columns, systems: Mapping[str, Columns], aus: Iterable[str] | None = None) -> Scores:
    """Figures of every system on the rows where *all* of them found the face, so that giving up does not pay.

    Args:
        truth: AU -> (N,) intensities 0..5, NaN where not coded.
        systems: Name -> AU -> (N,) intensities 0..5, NaN where no face was found.
        aus: Which; those of ``truth`` by default.
    """
    if not systems:
        return {}
    common = np.logical_and.reduce([seen_by(columns) for columns in systems.values()])
    names = list(truth if aus is None else aus)
    return {
        system: {au: agreement(truth[au][common], columns[au][common]) for au in names}
        for system, columns in systems.items()
    }


def mean_scores(scores: Scores) -> dict[str, Agreement]:
    """System -> unweighted means over its AUs, undefined ones left out."""
    return {system: mean_agreement(list(of.values())) for system, of in scores.items()}


def table(scores: Scores, figures: Sequence[str] = ("icc", "mae"), present: Mapping[str, int] | None = None) -> str:
    """A Markdown table: a row per AU, the mean last; per system a column per figure.

    ``present``: how often each AU was coded (1 or more), printed beside its name.
    """
    heads = [f"{system}: {' | '.join(FIGURES[f] for f in figures)}" for system in scores]
    counted = present is not None
    lines = [
        "| AU |" + (" >= 1 |" if counted else "") + f" {' | '.join(heads)} |",
        "| --- |" + (" --- |" if counted else "") + " --- |" * (len(scores) * len(figures)),
    ]

    def row(label: str, count: str, of: Mapping[str, Agreement]) -> str:
        cells = [number(getattr(a, figure)) for a in of.values() for figure in figures]
        return f"| {label} |" + (f" {count} |" if counted else "") + f" {' | '.join(cells)} |"

    aus = list(next(iter(scores.values()), {}))
    for au in aus:
        count = str((present or {}).get(au, 0))
        lines.append(row(au, count, {system: of[au] for system, of in scores.items()}))
    lines.append(row("**mean**", f"{len(aus)} AUs", mean_scores(scores)))
    return "\n".join(lines)


def summary(scores: Scores, found: Mapping[str, float]) -> str:
    """All four mean figures of every system, and the share of the pictures in which it found the face."""
    lines = [f"| system | {' | '.join(FIGURES.values())} | faces found |", "| --- |" + " --- |" * (len(FIGURES) + 1)]
    for system, mean in mean_scores(scores).items():
        cells = [number(getattr(mean, figure)) for figure in FIGURES]
        lines.append(f"| {system} | {' | '.join(cells)} | {100 * found[system]:.0f}% |")
    return "\n".join(lines)


def means_table(groups: Mapping[str, Scores], figures: Sequence[str] = ("icc", "mae")) -> str:
    """Mean figures per group of pictures (head poses): a row a group, a column a system."""
    systems = list(next(iter(groups.values()), {}))
    heads = [f"{system}: {' '.join(FIGURES[f].removesuffix('(3,1)') for f in figures)}" for system in systems]
    lines = ["| group | pictures | " + " | ".join(heads) + " |", "| --- | --- |" + " --- |" * len(systems)]
    for group, scores in groups.items():
        means = mean_scores(scores)
        count = max((a.n for of in scores.values() for a in of.values()), default=0)
        cells = [" ".join(number(getattr(means[system], f)) for f in figures) for system in systems]
        lines.append(f"| {group} | {count} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def as_json(scores: Scores) -> dict[str, Any]:
    """Plain numbers for a file, ``mean`` beside the AUs; None where undefined."""

    def plain(a: Agreement) -> dict[str, float | int | None]:
        return {name: (None if np.isnan(value) else value) for name, value in asdict(a).items()}

    means = mean_scores(scores)
    return {
        system: {**{au: plain(a) for au, a in of.items()}, "mean": plain(means[system])}
        for system, of in scores.items()
    }
