"""The hand-coded frames of ``au_hand_dev.csv``: reading them, and what is looked at there besides AUs.

See ``au_hand_dev.md`` beside the file for rules and caveats: a development signal by one coder, no benchmark.
"""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.evaluation import blendshape_baseline as baseline
from models.evaluation.score_tables import number
from models.evaluation.tracked import Array, Columns
from models.metrics import agreement, pearson

AU_COLUMNS: Final = tuple(baseline.SHAPES_OF_AU)
GAZE_COLUMNS: Final = ("gaze_h", "gaze_v")
POSE_COLUMNS: Final = ("yaw", "pitch", "roll")
NEUTRAL_FRAMES: Final = {
    "lp_d0": 0, "lp_d3": 192, "lp_d9": 0, "lp_d10": 0, "lp_d12": 0, "lp_d19": 0, "pf_single_face": 0,
}  # fmt: skip
"""The frame of each clip that the coder compared with (au_hand_dev.md)."""


@dataclass(frozen=True, slots=True)
class Coding:
    """Hand-coded frames: clip names and frame numbers (N,), and one (N,) column per name, NaN where empty."""

    clips: list[str]
    frames: NDArray[np.intp]
    columns: Columns


def read_coding(path: Path) -> Coding:
    """Raises ``SystemExit`` with one line where the file is missing or has no such columns."""
    if not path.is_file():
        raise SystemExit(f"{path} is missing: give the folder that holds au_hand_dev.csv and clips/")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = (*AU_COLUMNS, "AU12_asym", *GAZE_COLUMNS, *POSE_COLUMNS)
    if not rows or any(name not in rows[0] for name in ("clip", "frame", *names)):
        raise SystemExit(f"{path} is no hand coding: it needs the columns clip, frame, {', '.join(names)}")
    columns = {name: np.array([float(row[name]) if row[name] else np.nan for row in rows]) for name in names}
    return Coding([row["clip"] for row in rows], np.array([int(row["frame"]) for row in rows]), columns)


def at_coded_frames(coding: Coding, system: Callable[[str], Columns]) -> Columns:
    """Run a system (clip name -> columns) on every coded clip and pick the coded frames: (N,) per column."""
    per_clip = {clip: system(clip) for clip in dict.fromkeys(coding.clips)}
    names = next(iter(per_clip.values()))
    return {
        name: np.array([per_clip[clip][name][frame] for clip, frame in zip(coding.clips, coding.frames, strict=True)])
        for name in names
    }


def direction_table(coding: Coding, systems: Mapping[str, Columns]) -> str:
    """Gaze, asymmetry and pose: correlation over all frames, and within clips (each clip's mean taken off)."""
    lines = [
        "| column | " + " | ".join(f"{name}: PCC | within clips | MAE" for name in systems) + " |",
        "| --- |" + " --- | --- | --- |" * len(systems),
    ]
    clips = np.array(coding.clips)
    for name in ("AU12_asym", *GAZE_COLUMNS, *POSE_COLUMNS):
        truth, cells = coding.columns[name], []
        for columns in systems.values():
            if name not in columns:
                cells.append("- | - | -")
                continue
            found = agreement(truth, columns[name])
            inside = within(truth, columns[name], clips)
            cells.append(f"{number(found.pcc)} | {number(inside)} | {number(found.mae)}")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def within(truth: Array, predicted: Array, clips: NDArray[np.str_]) -> float:
    """Pearson's r after each clip's own mean is taken off both."""
    keep = np.isfinite(truth) & np.isfinite(predicted)
    a, b = truth[keep].copy(), predicted[keep].copy()
    for clip in np.unique(clips[keep]):
        own = clips[keep] == clip
        a[own] -= a[own].mean()
        b[own] -= b[own].mean()
    return pearson(a, b)


def clip_row(name: str, c: Columns) -> str:
    """How a clip looks to ours, unfiltered: faces found, blinks, eyes at rest, jitter. ``c``: of ``from_openface``."""
    found = np.isfinite(c["yaw"])
    if not found.any():
        return f"| {name} | {len(found)} | 0% | - | - | - | - | - | - |"
    left, right = c["AU43_L"][found], c["AU43_R"][found]
    shut = np.minimum(left, right) > 2.5
    blinks = int((np.diff(shut.astype(int)) == 1).sum() + shut[0])
    every = np.stack([c[au][found] for au in AU_COLUMNS])
    return (
        f"| {name} | {len(found)} | {100 * found.mean():.0f}% | {blinks} | {np.median(left):.2f}, "
        f"{np.median(right):.2f} | {c['AU12'][found].max():.1f} | {c['AU26'][found].max():.1f} | "
        f"{jitter(every):.3f} | {jitter(c['yaw'][None, found]):.2f} |"
    )


def clip_table(clips: Mapping[str, Columns]) -> str:
    lines = [
        "| clip | frames | face | blinks | AU43 median L, R | AU12 max | jaw max | AU jitter | yaw jitter deg |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    return "\n".join([*lines, *(clip_row(name, columns) for name, columns in clips.items())])


def jitter(values: Array) -> float:
    """Mean absolute second difference over time of (K, T): small where values rest or move smoothly."""
    return float(np.abs(np.diff(values, 2, axis=1)).mean()) if values.shape[1] > 2 else float("nan")
