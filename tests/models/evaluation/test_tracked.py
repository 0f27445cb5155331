"""The evaluation reads what Mien writes: signs, sides and scales survive the way through the CSV."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.face_frame import FaceFrame
from app.outputs.csv_openface import COLUMNS, openface_row
from models.evaluation import tracked
from models.runtime.alignment import quaternion_from_rotation, rotation_from_euler
from rig.parameters import CHANNEL_INDEX, CHANNELS


def through_csv(faces: list[FaceFrame]) -> dict[str, np.ndarray]:
    text = "\n".join([",".join(COLUMNS), *(openface_row(face) for face in faces)])
    rows = list(csv.DictReader(io.StringIO(text)))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


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
    got = tracked.from_openface(through_csv([face, make_face(index=1, tracked=False)]))
    np.testing.assert_allclose([got[n][0] for n in ("yaw", "pitch", "roll")], euler, atol=0.05)
    assert got["gaze_h"][0] == pytest.approx(5 * 16 / tracked.GAZE_FULL_DEG, abs=0.01)
    assert got["gaze_v"][0] == pytest.approx(5 * 8 / tracked.GAZE_FULL_DEG, abs=0.01)
    assert got["AU12"][0] == pytest.approx(4.0)  # the stronger side
    assert got["AU12_asym"][0] == pytest.approx(3.0)  # + where the subject's left is stronger
    assert got["AU43_R"][0] == got["AU43"][0] == pytest.approx(5.0)
    assert got["AU43_L"][0] == 0
    assert got["AU26"][0] == pytest.approx(2.0)
    assert all(np.isnan(values[1]) for values in got.values())  # no face, no value


def test_every_channel_comes_back_from_its_own_column(make_face: Callable[..., FaceFrame]) -> None:
    au = np.linspace(0, 1, 40, dtype=np.float32)
    channels = tracked.channels_of(through_csv([make_face(au=au)]))
    np.testing.assert_allclose(channels, au[None], atol=2e-4)


def test_each_eye_has_its_own_gaze(make_face: Callable[..., FaceFrame]) -> None:
    rotation = rotation_from_euler(np.array([20.0, 5.0, -10.0]))
    left, right = np.array([-4, 9], np.float32), np.array([7, 9], np.float32)
    face = make_face(head_rotation=quaternion_from_rotation(rotation), gaze_left_deg=left, gaze_right_deg=right)
    table = through_csv([face])
    found = tracked.head_rotation(table)
    np.testing.assert_allclose(found[0], rotation, atol=1e-3)
    got_left, got_right = tracked.gaze_deg(table, found)
    np.testing.assert_allclose(got_left[0], left, atol=0.05)
    np.testing.assert_allclose(got_right[0], right, atol=0.05)


def test_the_stronger_side_is_the_aus_and_jaw_sides_are_two_actions() -> None:
    rows = sorted(index for channels in tracked.SIDES_OF_AU.values() for index in channels)
    assert rows == list(range(40))  # every channel counts once
    assert len(tracked.SIDES_OF_AU["AU05"]) == 2
    assert len(tracked.SIDES_OF_AU["AU30_L"]) == len(tracked.SIDES_OF_AU["AU30_R"]) == 1
    au = np.zeros((1, 40))
    au[0, CHANNELS.index("AU5-right")] = 0.6
    assert tracked.au_columns(au)["AU05"][0] == pytest.approx(3.0)


def test_a_clip_that_cannot_be_tracked_says_why_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(SystemExit, match=r"empty\.mp4 .*is empty") as caught:
        tracked.track(tmp_path / "empty.mp4")
    assert "\n" not in str(caught.value)


def test_a_folder_of_pictures_gives_one_row_a_picture(tmp_path: Path) -> None:
    import cv2

    for k in range(3):
        cv2.imwrite(str(tmp_path / f"{k}.png"), np.full((48, 64, 3), 90, np.uint8))
    channels = tracked.channels_of(tracked.track(tmp_path, model="geometric"))
    assert channels.shape == (3, 40)
    assert np.isnan(channels).all()  # nobody is there
