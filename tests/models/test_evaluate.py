"""The evaluation reads what Mien writes: signs, sides and scales survive the way through the CSV."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.face_frame import FaceFrame
from app.outputs.csv_openface import COLUMNS, openface_row
from models import blendshape_baseline as baseline
from models import evaluate
from models.metrics import agreement
from models.runtime.alignment import quaternion_from_rotation, rotation_from_euler
from rig.parameters import CHANNEL_INDEX


def through_csv(faces: list[FaceFrame]) -> dict[str, np.ndarray]:
    text = "\n".join([",".join(COLUMNS), *(openface_row(face) for face in faces)])
    rows = list(csv.DictReader(io.StringIO(text)))
    return evaluate.from_openface({name: np.array([float(row[name]) for row in rows]) for name in rows[0]})


def test_pose_gaze_and_sides_survive_the_csv(make_face: Callable[..., FaceFrame]) -> None:
    au = np.zeros(40, np.float32)
    au[CHANNEL_INDEX["AU12-left"]], au[CHANNEL_INDEX["AU12-right"]] = 0.8, 0.2
    au[CHANNEL_INDEX["AU43-right"]], au[CHANNEL_INDEX["AU26"]] = 1.0, 0.4
    euler = np.array([25.0, -12.0, 8.0])
    face = make_face(
        au=au,
        head_rotation=quaternion_from_rotation(rotation_from_euler(euler)),
        gaze_left_deg=np.array([16, 8], np.float32),
        gaze_right_deg=np.array([16, 8], np.float32),
    )
    got = through_csv([face, make_face(index=1, tracked=False)])
    np.testing.assert_allclose([got[n][0] for n in ("yaw", "pitch", "roll")], euler, atol=0.05)
    assert got["gaze_h"][0] == pytest.approx(5 * 16 / evaluate.GAZE_FULL_DEG, abs=0.01)
    assert got["gaze_v"][0] == pytest.approx(5 * 8 / evaluate.GAZE_FULL_DEG, abs=0.01)
    assert got["AU12"][0] == pytest.approx(4.0)  # the stronger side
    assert got["AU12_asym"][0] == pytest.approx(3.0)  # + where the subject's left is stronger
    assert got["AU43_R"][0] == pytest.approx(5.0)
    assert got["AU43_L"][0] == 0
    assert got["AU26"][0] == pytest.approx(2.0)
    assert all(np.isnan(values[1]) for values in got.values())  # no face, no value


def test_the_baseline_takes_the_stronger_side_and_the_subjects_left() -> None:
    names = ["mouthSmileLeft", "mouthSmileRight", "eyeBlinkLeft", "jawOpen", "eyeLookOutLeft", "eyeLookInRight"]
    every = sorted({s for shapes in baseline.SHAPES_OF_AU.values() for s in shapes} | {
        f"eyeLook{d}{s}" for d in ("In", "Out", "Up", "Down") for s in ("Left", "Right")
    })  # fmt: skip
    weights = np.zeros((1, len(every)))
    for name, value in zip(names, (0.9, 0.3, 1.0, 0.5, 0.6, 0.6), strict=True):
        weights[0, every.index(name)] = value
    got = baseline.columns(weights, every)
    assert got["AU12"][0] == pytest.approx(4.5)
    assert got["AU12_asym"][0] == pytest.approx(3.0)
    assert (got["AU43_L"][0], got["AU43_R"][0]) == (5.0, 0.0)
    assert got["AU26"][0] == pytest.approx(2.5)
    assert got["gaze_h"][0] == pytest.approx(3.0)  # left eye out, right eye in: to the subject's left
    assert got["AU04"][0] == 0


def test_the_fairer_baseline_is_nothing_at_its_neutral_frame_and_never_negative() -> None:
    weights = np.random.default_rng(0).uniform(0, 1, (5, 52))
    shifted = baseline.minus_neutral(weights, 2)
    assert (shifted >= 0).all()
    np.testing.assert_array_equal(shifted[2], 0)
    np.testing.assert_allclose(shifted[0], np.maximum(weights[0] - weights[2], 0))


def write_coding(path: Path, rows: list[dict[str, object]]) -> None:
    names = ["clip", "frame", *evaluate.AU_COLUMNS, "AU12_asym", *evaluate.GAZE_COLUMNS, *evaluate.POSE_COLUMNS]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names, restval=0)
        writer.writeheader()
        writer.writerows(rows)


def test_coded_frames_are_picked_by_clip_and_number_and_empty_cells_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "coding.csv"
    cells = [("a", 3, 3), ("b", 0, ""), ("a", 1, 1)]
    write_coding(path, [{"clip": clip, "frame": frame, "AU12": value} for clip, frame, value in cells])
    coding = evaluate.read_coding(path)
    picked = evaluate.at_coded_frames(coding, lambda clip: {"AU12": np.arange(4) + (10.0 if clip == "b" else 0.0)})
    np.testing.assert_array_equal(picked["AU12"], [3, 10, 1])
    assert agreement(coding.columns["AU12"], picked["AU12"]).n == 2
    table = evaluate.au_table(coding, {"ours": {au: np.array([3.0, 10, 1]) for au in evaluate.AU_COLUMNS}})
    assert "| AU12 | 2 | 1.00 | 0.00 | 1.00 |" in table
    assert "| AU01 | 0 | - |" in table  # never coded: no ICC


def test_correlation_within_clips_ignores_what_differs_between_them() -> None:
    clips = np.array(["a", "a", "b", "b"])
    assert evaluate.within(np.array([0.0, 1, 0, 1]), np.array([10.0, 11, -5, -4]), clips) == pytest.approx(1)


def test_a_missing_or_other_coding_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="is missing"):
        evaluate.read_coding(tmp_path / "au_hand_dev.csv")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(SystemExit, match="no hand coding"):
        evaluate.read_coding(tmp_path / "other.csv")


def test_the_real_coding_is_read_whole(data_dir: Path) -> None:
    coding = evaluate.read_coding(data_dir / "au_hand_dev.csv")
    assert len(coding.clips) == 122
    assert set(coding.clips) == set(evaluate.NEUTRAL_FRAMES)
    assert np.isnan(coding.columns["gaze_h"]).any()
    assert np.nanmin(coding.columns["AU12"]) >= 0
    assert np.nanmax(coding.columns["AU12"]) <= 5
