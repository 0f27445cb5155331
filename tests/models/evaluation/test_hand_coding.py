"""The hand coding is read as it was written, and what is looked at beside AUs."""

import csv
from pathlib import Path

import numpy as np
import pytest

from models.evaluation import hand_coding
from models.metrics import agreement


def write_coding(path: Path, rows: list[dict[str, object]]) -> None:
    columns = (*hand_coding.AU_COLUMNS, "AU12_asym", *hand_coding.GAZE_COLUMNS, *hand_coding.POSE_COLUMNS)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["clip", "frame", *columns], restval=0)
        writer.writeheader()
        writer.writerows(rows)


def test_coded_frames_are_picked_by_clip_and_number_and_empty_cells_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "coding.csv"
    cells = [("a", 3, 3), ("b", 0, ""), ("a", 1, 1)]
    write_coding(path, [{"clip": clip, "frame": frame, "AU12": value} for clip, frame, value in cells])
    coding = hand_coding.read_coding(path)
    picked = hand_coding.at_coded_frames(coding, lambda clip: {"AU12": np.arange(4) + (10.0 if clip == "b" else 0.0)})
    np.testing.assert_array_equal(picked["AU12"], [3, 10, 1])
    assert agreement(coding.columns["AU12"], picked["AU12"]).n == 2


def test_correlation_within_clips_ignores_what_differs_between_them() -> None:
    clips = np.array(["a", "a", "b", "b"])
    assert hand_coding.within(np.array([0.0, 1, 0, 1]), np.array([10.0, 11, -5, -4]), clips) == pytest.approx(1)


def test_a_clip_row_counts_blinks_and_faces() -> None:
    columns = {name: np.zeros(6) for name in hand_coding.AU_COLUMNS} | {"yaw": np.array([0, 0, 0, 0, 0, np.nan])}
    for eye in ("AU43_L", "AU43_R"):
        columns[eye] = np.array([0, 5, 0, 5, 5, 0.0])
    row = hand_coding.clip_row("clip", columns)
    assert row.startswith("| clip | 6 | 83% | 2 |")
    assert hand_coding.clip_row("empty", {"yaw": np.full(3, np.nan)}).startswith("| empty | 3 | 0% | - |")


def test_a_missing_or_other_coding_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="is missing"):
        hand_coding.read_coding(tmp_path / "au_hand_dev.csv")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(SystemExit, match="no hand coding"):
        hand_coding.read_coding(tmp_path / "other.csv")


def test_the_real_coding_is_read_whole(data_dir: Path) -> None:
    coding = hand_coding.read_coding(data_dir / "au_hand_dev.csv")
    assert len(coding.clips) == 122
    assert set(coding.clips) == set(hand_coding.NEUTRAL_FRAMES)
    assert np.isnan(coding.columns["gaze_h"]).any()
    assert np.nanmin(coding.columns["AU12"]) >= 0
    assert np.nanmax(coding.columns["AU12"]) <= 5
