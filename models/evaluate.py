"""Compare Mien with MediaPipe's blendshapes on hand-coded frames, and look at how it behaves on whole clips.

    python -m models.evaluate DATA_DIR [--task PATH] [--clips-only]

DATA_DIR holds ``au_hand_dev.csv`` (see its ``.md`` for rules and caveats: a development signal, no benchmark) and
``clips/``. Ours is what a user gets: ``mien track CLIP --csv`` with the filter off, read back from the file. Two
calibrations are measured, ``auto`` (one pass, learns while it runs) and ``whole`` (two passes). The baseline is
MediaPipe's FaceLandmarker (``--task``, default ``DATA_DIR/models/face_landmarker.task``), as it is and less the coder's
own neutral frame, which is more help than ours gets. Prints Markdown.
"""

import argparse
import csv
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models import blendshape_baseline as baseline
from models.metrics import Agreement, agreement, mean_agreement, pearson

Array = NDArray[np.float64]
Columns = dict[str, Array]
"""Per column of the coding one value a frame, (T,); NaN where there was no face."""

AU_COLUMNS: Final = tuple(baseline.SHAPES_OF_AU)
GAZE_COLUMNS: Final = ("gaze_h", "gaze_v")
POSE_COLUMNS: Final = ("yaw", "pitch", "roll")
NEUTRAL_FRAMES: Final = {
    "lp_d0": 0, "lp_d3": 192, "lp_d9": 0, "lp_d10": 0, "lp_d12": 0, "lp_d19": 0, "pf_single_face": 0,
}  # fmt: skip
"""The frame of each clip that the coder compared with (au_hand_dev.md)."""
GAZE_FULL_DEG: Final = 40.0
"""Degrees of eye in head that count as the coder's 5."""


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


def track(clip: Path, calibrate: str) -> Columns:
    """Run ``mien track`` on a clip and read its CSV back. Raises ``SystemExit`` with its message where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.csv"
        command = [sys.executable, "-m", "app", "track", str(clip), "--csv", str(out), "--filter", "off"]
        done = subprocess.run([*command, "--calibrate", calibrate], capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"mien track {clip.name} --calibrate {calibrate} failed: {done.stderr.strip()}")
        with out.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    return from_openface({name.strip(): np.array([float(row[name]) for row in rows]) for name in rows[0]})


def from_openface(table: Mapping[str, Array]) -> Columns:
    """Columns of an OpenFace-style CSV with our per-side columns -> those of the coding.

    Args:
        table: (T,) per column; ``success`` 0 marks frames without a face.

    Returns:
        AUs 0..5 (the stronger side of two, as the coder does), ``AU12_asym`` and gaze -5..5, pose in degrees.
    """
    found = table["success"] > 0
    out: Columns = {}
    for name in AU_COLUMNS:
        au, _, side = name.partition("_")
        if side:
            out[name] = table[f"{name}_r"]
        elif f"{au}_L_r" in table:
            out[name] = np.maximum(table[f"{au}_L_r"], table[f"{au}_R_r"])
        else:
            out[name] = table[f"{au}_r"]
    out["AU12_asym"] = table["AU12_L_r"] - table["AU12_R_r"]
    rotation = _rotation_xyz(*(table[f"pose_R{axis}"] for axis in "xyz"))
    # Both eyes' directions, camera frame, turned back into the head's.
    gaze = sum(np.stack([table[f"gaze_{eye}_{axis}"] for axis in "xyz"], axis=-1) for eye in "01")
    gaze = np.einsum("tij,ti->tj", rotation, gaze)
    scale = 5 / GAZE_FULL_DEG
    out["gaze_h"] = scale * np.degrees(np.arctan2(gaze[:, 0], -gaze[:, 2]))
    out["gaze_v"] = scale * np.degrees(np.arctan2(-gaze[:, 1], np.hypot(gaze[:, 0], gaze[:, 2])))
    forward = -rotation[:, :, 2]
    out["yaw"] = np.degrees(np.arctan2(forward[:, 0], -forward[:, 2]))
    out["pitch"] = np.degrees(np.arcsin(np.clip(-forward[:, 1], -1, 1)))
    yaw = np.radians(out["yaw"])
    side_axis = np.stack([np.cos(yaw), np.zeros_like(yaw), np.sin(yaw)], axis=-1)
    out["roll"] = np.degrees(
        np.arctan2(-(rotation[:, :, 1] * side_axis).sum(-1), (rotation[:, :, 0] * side_axis).sum(-1))
    )
    return {name: np.where(found, values, np.nan) for name, values in out.items()}


def _rotation_xyz(x: Array, y: Array, z: Array) -> Array:
    """(T,) radians each -> (T, 3, 3) with R = Rx Ry Rz, OpenFace's convention."""

    def turn(axis: int, angle: Array) -> Array:
        a, b = (axis + 1) % 3, (axis + 2) % 3
        matrix = np.zeros((len(angle), 3, 3))
        matrix[:, axis, axis] = 1
        matrix[:, a, a] = matrix[:, b, b] = np.cos(angle)
        matrix[:, b, a] = np.sin(angle)
        matrix[:, a, b] = -np.sin(angle)
        return matrix

    return turn(0, x) @ turn(1, y) @ turn(2, z)


def at_coded_frames(coding: Coding, system: Callable[[str], Columns]) -> Columns:
    """Run a system (clip name -> columns) on every coded clip and pick the coded frames: (N,) per column."""
    per_clip = {clip: system(clip) for clip in dict.fromkeys(coding.clips)}
    names = next(iter(per_clip.values()))
    return {
        name: np.array([per_clip[clip][name][frame] for clip, frame in zip(coding.clips, coding.frames, strict=True)])
        for name in names
    }


# ------------------------------------------------------------ tables


def number(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.2f}"


def au_table(coding: Coding, systems: Mapping[str, Columns]) -> str:
    """ICC(3,1), MAE and PCC per AU and their means, all systems side by side."""
    scores = {name: {au: agreement(coding.columns[au], c[au]) for au in AU_COLUMNS} for name, c in systems.items()}
    head = "| AU | frames >= 1 | " + " | ".join(f"{name}: ICC | MAE | PCC" for name in systems) + " |"
    lines = [head, "| --- | --- |" + " --- | --- | --- |" * len(systems)]

    def row(label: str, count: str, cells: list[Agreement]) -> str:
        return (
            f"| {label} | {count} | "
            + " | ".join(f"{number(c.icc)} | {number(c.mae)} | {number(c.pcc)}" for c in cells)
            + " |"
        )

    for au in AU_COLUMNS:
        present = int((coding.columns[au] >= 1).sum())
        lines.append(row(au, str(present), [scores[name][au] for name in systems]))
    means = [mean_agreement(list(scores[name].values())) for name in systems]
    lines.append(row("**mean**", f"{len(AU_COLUMNS)} AUs", means))
    return "\n".join(lines)


def direction_table(coding: Coding, systems: Mapping[str, Columns]) -> str:
    """Gaze, asymmetry and pose: correlation over all frames, and within clips (each clip's mean taken off)."""
    names = ["AU12_asym", *GAZE_COLUMNS, *POSE_COLUMNS]
    lines = [
        "| column | " + " | ".join(f"{name}: PCC | within clips | MAE" for name in systems) + " |",
        "| --- |" + " --- | --- | --- |" * len(systems),
    ]
    clips = np.array(coding.clips)
    for name in names:
        cells = []
        for columns in systems.values():
            if name not in columns:
                cells.append("- | - | -")
                continue
            score = agreement(coding.columns[name], columns[name])
            cells.append(
                f"{number(score.pcc)} | {number(within(coding.columns[name], columns[name], clips))} | "
                f"{number(score.mae)}"
            )
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


def clip_table(clips: list[Path]) -> str:
    """What each clip looks like to ours, unfiltered: faces found, blinks, eyes at rest, jitter."""
    lines = [
        "| clip | frames | face | blinks | AU43 median L, R | AU12 max | jaw max | AU jitter | yaw jitter deg |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for clip in clips:
        c = track(clip, "auto")
        found = np.isfinite(c["yaw"])
        if not found.any():
            lines.append(f"| {clip.stem} | {len(found)} | 0% | - | - | - | - | - | - |")
            continue
        left, right = c["AU43_L"][found], c["AU43_R"][found]
        shut = np.minimum(left, right) > 2.5
        blinks = int((np.diff(shut.astype(int)) == 1).sum() + shut[0])
        every = np.stack([c[au][found] for au in AU_COLUMNS])
        lines.append(
            f"| {clip.stem} | {len(found)} | {100 * found.mean():.0f}% | {blinks} | {np.median(left):.2f}, "
            f"{np.median(right):.2f} | {c['AU12'][found].max():.1f} | {c['AU26'][found].max():.1f} | "
            f"{jitter(every):.3f} | {jitter(c['yaw'][None, found]):.2f} |"
        )
    return "\n".join(lines)


def jitter(values: Array) -> float:
    """Mean absolute second difference over time of (K, T): small where values rest or move smoothly."""
    return float(np.abs(np.diff(values, 2, axis=1)).mean()) if values.shape[1] > 2 else float("nan")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DATA_DIR")
    parser.add_argument("--task", type=Path, help="MediaPipe's face_landmarker.task, for the baseline")
    parser.add_argument("--clips-only", action="store_true", help="only the table of behaviour on all clips")
    args = parser.parse_args()
    folder = args.data / "clips"
    if not args.clips_only:
        coding = read_coding(args.data / "au_hand_dev.csv")
        task = args.task or args.data / "models" / "face_landmarker.task"
        systems = {
            "Mien, auto": at_coded_frames(coding, lambda clip: track(folder / f"{clip}.mp4", "auto")),
            "Mien, whole": at_coded_frames(coding, lambda clip: track(folder / f"{clip}.mp4", "whole")),
        }
        if task.is_file():
            runs = {
                clip: baseline.run_blendshapes(folder / f"{clip}.mp4", task) for clip in dict.fromkeys(coding.clips)
            }
            systems["MediaPipe"] = at_coded_frames(coding, lambda clip: baseline.columns(*runs[clip]))
            systems["MediaPipe - neutral"] = at_coded_frames(
                coding,
                lambda clip: baseline.columns(
                    baseline.minus_neutral(runs[clip][0], NEUTRAL_FRAMES[clip]), runs[clip][1]
                ),
            )
        else:
            print(f"(no baseline: {task} is missing, give --task)\n")
        print(f"## {len(coding.clips)} hand-coded frames of {len(set(coding.clips))} clips\n")
        print(au_table(coding, systems), "\n")
        print("## Gaze, asymmetry, head pose\n")
        print(direction_table(coding, systems), "\n")
    print("## All clips, unfiltered\n")
    print(clip_table(sorted(folder.glob("*.mp4"))))


if __name__ == "__main__":
    main()
