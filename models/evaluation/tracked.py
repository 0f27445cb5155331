"""What ``mien track`` says of a clip, read back from its CSV: what a user gets, and how the evaluation runs it.

``models`` may not import ``app`` (tests/test_imports.py), so the tracker runs as a command.
"""

import csv
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rig.parameters import CHANNEL_INDEX, CHANNELS

Array = NDArray[np.float64]
Columns = dict[str, Array]
"""Per column one value a frame, (T,); NaN where there was no face."""

ROOT: Final = Path(__file__).resolve().parents[2]
GAZE_FULL_DEG: Final = 40.0
"""Degrees of eye in head that count as the coder's 5 (``au_hand_dev.md``)."""


def column_name(channel: str) -> str:
    """``AU5-left`` -> ``AU05_L``, ``AU26`` -> ``AU26``: names that sort, as OpenFace writes them."""
    number, _, side = channel[2:].partition("-")
    return f"AU{int(number):02d}{'_' + side[0].upper() if side else ''}"


def _sides() -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for channel in CHANNELS:
        name = column_name(channel)
        au = name if name.startswith("AU30") else name.partition("_")[0]  # jaw left and right are two actions
        found[au] = (*found.get(au, ()), CHANNEL_INDEX[channel])
    return dict(sorted(found.items()))


SIDES_OF_AU: Final = _sides()
"""Every AU that Mien measures, in order -> its channels: two where it has a left and a right."""


def au_columns(au: Array) -> Columns:
    """(T, 40) channels 0..1 -> AUs 0..5, the stronger side of two, as FACS coders score them.

    Both eyes' AU43 stand beside their maximum as ``AU43_L`` and ``AU43_R``.
    """
    out = {name: 5 * au[:, list(rows)].max(axis=1) for name, rows in SIDES_OF_AU.items()}
    out |= {f"AU43_{side[0].upper()}": 5 * au[:, CHANNEL_INDEX[f"AU43-{side}"]] for side in ("left", "right")}
    return out


def track(source: Path, calibrate: str = "auto", model: str = "auto") -> Columns:
    """Run ``mien track`` on a clip or folder of pictures, unfiltered, and read its CSV back.

    Returns:
        The columns of the file as they are, one row a frame; see :func:`from_openface` and :func:`channels_of`.

    Raises:
        SystemExit: With the tracker's own message where it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.csv"
        command = [sys.executable, "-m", "app", "track", str(Path(source).resolve()), "--csv", str(out)]
        command += ["--filter", "off", "--calibrate", calibrate, "--model", model]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            said = done.stderr.strip().splitlines()
            raise SystemExit(f"mien track {source} --calibrate {calibrate} --model {model} failed: {said[-1:]}")
        with out.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    return {name.strip(): np.array([float(row[name]) for row in rows]) for name in rows[0]} if rows else {}


def channels_of(table: Mapping[str, Array]) -> Array:
    """(T, 40) channels 0..1 of a CSV of ours; NaN in frames without a face."""
    au = np.stack([table[f"{column_name(channel)}_r"] for channel in CHANNELS], axis=1) / 5
    au[table["success"] <= 0] = np.nan
    return au


def from_openface(table: Mapping[str, Array]) -> Columns:
    """A CSV of ours -> the columns of the hand coding.

    Args:
        table: (T,) per column; ``success`` 0 marks frames without a face.

    Returns:
        AUs 0..5 (:func:`au_columns`), ``AU12_asym`` and gaze -5..5, pose in degrees.
    """
    found = table["success"] > 0
    out = au_columns(channels_of(table))
    out["AU12_asym"] = table["AU12_L_r"] - table["AU12_R_r"]
    rotation = head_rotation(table)
    left, right = gaze_deg(table, rotation)
    middle = (left + right) / 2
    out["gaze_h"], out["gaze_v"] = 5 / GAZE_FULL_DEG * middle.T
    forward = -rotation[:, :, 2]
    out["yaw"] = np.degrees(np.arctan2(forward[:, 0], -forward[:, 2]))
    out["pitch"] = np.degrees(np.arcsin(np.clip(-forward[:, 1], -1, 1)))
    yaw = np.radians(out["yaw"])
    side_axis = np.stack([np.cos(yaw), np.zeros_like(yaw), np.sin(yaw)], axis=-1)
    out["roll"] = np.degrees(
        np.arctan2(-(rotation[:, :, 1] * side_axis).sum(-1), (rotation[:, :, 0] * side_axis).sum(-1))
    )
    return {name: np.where(found, values, np.nan) for name, values in out.items()}


def head_rotation(table: Mapping[str, Array]) -> Array:
    """(T, 3, 3) head to camera (OpenCV axes), the identity facing it, from OpenFace's R = Rx Ry Rz in radians."""

    def turn(axis: int, angle: Array) -> Array:
        a, b = (axis + 1) % 3, (axis + 2) % 3
        matrix = np.zeros((len(angle), 3, 3))
        matrix[:, axis, axis] = 1
        matrix[:, a, a] = matrix[:, b, b] = np.cos(angle)
        matrix[:, b, a] = np.sin(angle)
        matrix[:, a, b] = -np.sin(angle)
        return matrix

    x, y, z = (turn(axis, table[f"pose_R{name}"]) for axis, name in enumerate("xyz"))
    return x @ y @ z


def gaze_deg(table: Mapping[str, Array], rotation: Array) -> tuple[Array, Array]:
    """Left and right eye in the head, (T, 2) degrees each: yaw to the subject's left, pitch up."""
    eyes = []
    for eye in "10":  # OpenFace's eye 0 is the subject's right
        ray = np.stack([table[f"gaze_{eye}_{axis}"] for axis in "xyz"], axis=-1)
        ray = np.einsum("tij,ti->tj", rotation, ray)  # turned back into the head's frame
        yaw = np.arctan2(ray[:, 0], -ray[:, 2])
        eyes.append(np.degrees(np.stack([yaw, np.arctan2(-ray[:, 1], np.hypot(ray[:, 0], ray[:, 2]))], axis=-1)))
    return eyes[0], eyes[1]
