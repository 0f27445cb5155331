"""The CSV formats: names, units, spacing, signs, and what is left after a kill."""

import csv
import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from app.capture import SourceInfo
from app.errors import UserError
from app.face_frame import FaceFrame
from app.outputs import csv_arkit, csv_openface
from app.outputs.csv_arkit import ArkitCsv, timecode
from app.outputs.csv_openface import IBUG_68, OpenFaceCsv
from rig.parameters import ARKIT, CHANNEL_INDEX, CHANNELS

MakeFace = Callable[..., FaceFrame]
FILE = SourceInfo("clip.mp4", (320, 240), 25.0, 10, live=False)
CAMERA = SourceInfo("camera 0", (320, 240), 30.0, None, live=True)


def write_and_read(
    path: Path, faces: list[FaceFrame], sink_type: type = OpenFaceCsv, info: SourceInfo = FILE
) -> list[dict]:
    sink = sink_type(path)
    sink.open(info)
    for face in faces:
        sink.write(face)
    sink.close()
    sink.close()
    assert sink.written == len(faces)
    with path.open(newline="") as file:
        return list(csv.DictReader(file, skipinitialspace=True))


def test_header_is_written_as_openface_writes_it(tmp_path: Path, data_dir: Path, make_face: MakeFace) -> None:
    """All columns that OpenFace's own file has before the landmarks, in its order; those after them that we measure."""
    write_and_read(tmp_path / "a.csv", [make_face()])
    ours = (tmp_path / "a.csv").read_text().splitlines()[0]
    theirs = (data_dir / "OpenFace_Test.csv").read_text().splitlines()[0].strip()
    left_out = ("X_", "Y_", "Z_", "p_")
    names = [name for name in theirs.split(", ") if not name.startswith(left_out)]
    shared = [name for name in ours.split(", ") if name in names]
    assert shared == names
    assert ours.startswith("frame, timestamp, confidence, success, gaze_0_x, ")
    assert ", gaze_angle_x, gaze_angle_y, pose_Tx, " in ours


def test_all_40_channels_are_there_once(tmp_path: Path, make_face: MakeFace) -> None:
    au = np.linspace(0, 1, len(CHANNELS), dtype=np.float32)
    (row,) = write_and_read(tmp_path / "a.csv", [make_face(au=au)])
    assert len(row) == len(csv_openface.COLUMNS) == len(set(csv_openface.COLUMNS))
    assert None not in row
    for channel, index in CHANNEL_INDEX.items():
        number, _, side = channel[2:].partition("-")
        name = f"AU{int(number):02d}{'_' + side[0].upper() if side else ''}_r"
        assert float(row[name]) == pytest.approx(5 * au[index], abs=1e-3), channel


def test_intensity_is_the_mean_of_the_sides_and_presence_starts_at_level_a(tmp_path: Path, make_face: MakeFace) -> None:
    au = np.zeros(len(CHANNELS), np.float32)
    au[CHANNEL_INDEX["AU12-left"]], au[CHANNEL_INDEX["AU12-right"]] = 0.6, 0.2
    au[CHANNEL_INDEX["AU43-left"]] = au[CHANNEL_INDEX["AU43-right"]] = 1.0
    au[CHANNEL_INDEX["AU28"]] = 0.25
    au[CHANNEL_INDEX["AU17"]] = 0.19
    (row,) = write_and_read(tmp_path / "a.csv", [make_face(au=au)])
    assert float(row["AU12_r"]) == pytest.approx(2.0)
    assert (float(row["AU12_L_r"]), float(row["AU12_R_r"])) == pytest.approx((3.0, 1.0))
    assert float(row["AU45_r"]) == 5.0, "OpenFace's blink is filled by our closed eyes"
    assert [row[f"AU{n}_c"] for n in ("12", "45", "28", "17", "01")] == ["1", "1", "1", "0", "0"]
    assert math.isnan(float(row["AU23_r"]))
    assert math.isnan(float(row["AU23_c"]))


def test_frames_count_from_one_and_a_lost_face_is_a_row_of_zeros(tmp_path: Path, make_face: MakeFace) -> None:
    nothing = np.full((478, 3), np.nan, np.float32)
    rows = write_and_read(
        tmp_path / "a.csv", [make_face(0), make_face(1, tracked=False, confidence=0.0, landmarks=nothing), make_face(2)]
    )
    assert [r["frame"] for r in rows] == ["1", "2", "3"]
    assert [r["success"] for r in rows] == ["1", "0", "1"]
    assert [float(r["timestamp"]) for r in rows] == pytest.approx([0, 0.04, 0.08])
    values = {k: float(v) for k, v in rows[1].items() if k not in ("frame", "timestamp")}
    assert {k for k, v in values.items() if math.isnan(v)} == {"AU23_r", "AU23_c"}
    assert {v for v in values.values() if not math.isnan(v)} == {0.0}


def test_pose_is_in_millimetres_and_openfaces_angles(tmp_path: Path, make_face: MakeFace) -> None:
    rotation = Rotation.from_euler("XYZ", [0.3, -0.2, 0.1])  # intrinsic X, Y, Z: R = Rx Ry Rz
    (row,) = write_and_read(tmp_path / "a.csv", [make_face(head_rotation=rotation.as_quat().astype(np.float32))])
    assert [float(row[f"pose_R{axis}"]) for axis in "xyz"] == pytest.approx([0.3, -0.2, 0.1], abs=1e-3)
    assert [float(row[f"pose_T{axis}"]) for axis in "xyz"] == pytest.approx([10, -20, 600], abs=0.1)


def test_gaze_is_a_unit_vector_in_the_camera_frame(tmp_path: Path, make_face: MakeFace) -> None:
    straight, left, up = (np.array(v, np.float32) for v in ((0, 0), (20, 0), (0, 15)))
    turned = Rotation.from_euler("Y", -30, degrees=True).as_quat().astype(np.float32)  # nose towards +x
    rows = write_and_read(
        tmp_path / "a.csv",
        [
            make_face(0),
            make_face(1, gaze_left_deg=left, gaze_right_deg=straight),
            make_face(2, gaze_left_deg=up, gaze_right_deg=up),
            make_face(3, head_rotation=turned),
        ],
    )
    gaze = [{eye: np.array([float(r[f"gaze_{eye}_{a}"]) for a in "xyz"]) for eye in "01"} for r in rows]
    for row in gaze:
        for vector in row.values():
            assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    assert gaze[0]["0"] == pytest.approx([0, 0, -1], abs=1e-6), "straight ahead is towards the camera"
    assert gaze[1]["0"] == pytest.approx([0, 0, -1], abs=1e-6), "eye 0 is the subject's right"
    assert gaze[1]["1"][0] == pytest.approx(math.sin(math.radians(20)), abs=1e-5), "to the subject's left is +x"
    assert gaze[2]["1"][1] == pytest.approx(-math.sin(math.radians(15)), abs=1e-5), "up is -y"
    assert gaze[3]["0"][0] == pytest.approx(0.5, abs=1e-5), "turning the head turns the gaze"
    assert float(rows[2]["gaze_angle_y"]) == pytest.approx(-math.radians(15), abs=1e-5)
    assert float(rows[3]["gaze_angle_x"]) == pytest.approx(math.radians(30), abs=1e-5)


def test_68_points_are_picked_from_the_478(tmp_path: Path, make_face: MakeFace) -> None:
    face = make_face()
    (row,) = write_and_read(tmp_path / "a.csv", [face])
    assert len(set(IBUG_68.tolist())) == 68
    assert float(row["x_30"]) == pytest.approx(face.landmarks[4, 0], abs=0.06), "30 is the tip of the nose"
    assert float(row["y_8"]) == pytest.approx(face.landmarks[152, 1], abs=0.06), "8 is the chin"


@pytest.mark.parametrize("sink_type", [OpenFaceCsv, ArkitCsv])
def test_a_place_that_cannot_be_written_is_named_and_nothing_lost(sink_type: type, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a folder"):
        sink_type(tmp_path)
    with pytest.raises(UserError, match="does not exist"):
        sink_type(tmp_path / "no" / "such" / "a.csv")
    before = tmp_path / "before.csv"
    before.write_text("precious")
    sink_type(before)
    assert before.read_text() == "precious", "an output that was only asked for empties nothing"
    sink_type(tmp_path / "new.csv")
    assert not (tmp_path / "new.csv").exists()


def test_killed_process_leaves_every_row_it_wrote(tmp_path: Path) -> None:
    script = """
import os, signal, sys
from pathlib import Path
import numpy as np
from app.capture import SourceInfo
from app.face_frame import FaceFrame
from app.outputs.csv_openface import OpenFaceCsv
sink = OpenFaceCsv(Path(sys.argv[1]))
sink.open(SourceInfo("x", (9, 9), 25.0, None, False))
z = lambda *n: np.zeros(n, np.float32)
for i in range(50):
    upright = np.array([0, 0, 0, 1.0])
    sink.write(FaceFrame(i, 0, 0, i / 25, (9, 9), True, 1.0, z(478, 3), upright, z(3), z(3), z(2), z(2),
                         z(40), z(52), z(208)))
os.kill(os.getpid(), signal.SIGKILL)
"""
    path = tmp_path / "killed.csv"
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], cwd=root, env={**os.environ, "PYTHONPATH": str(root)}
    )
    assert done.returncode == -signal.SIGKILL
    rows = path.read_text().splitlines()
    assert len(rows) == 51
    assert len({line.count(",") for line in rows}) == 1, "no row is cut off"


def test_arkit_take_has_its_columns_and_values(tmp_path: Path, make_face: MakeFace) -> None:
    arkit = np.linspace(0, 1, 52, dtype=np.float32)
    face = make_face(
        30,
        arkit=arkit,
        head_euler_deg=np.array([90, 30, -45], np.float32),
        gaze_left_deg=np.array([10, 5], np.float32),
    )
    (row,) = write_and_read(tmp_path / "take.csv", [face], ArkitCsv)
    header = (tmp_path / "take.csv").read_text().splitlines()[0]
    assert header.startswith("Timecode,BlendShapeCount,EyeBlinkLeft,EyeLookDownLeft,")
    assert ",JawForward,JawRight,JawLeft,JawOpen," in header
    assert ",MouthPucker,MouthRight,MouthLeft,MouthSmileLeft," in header
    assert header.endswith(",TongueOut,HeadYaw,HeadPitch,HeadRoll,LeftEyeYaw,LeftEyePitch,LeftEyeRoll,"
                           "RightEyeYaw,RightEyePitch,RightEyeRoll")  # fmt: skip
    assert row["BlendShapeCount"] == "61"
    assert len(row) == 63
    for name, value in zip(ARKIT, arkit, strict=True):
        assert float(row[name[0].upper() + name[1:]]) == pytest.approx(value, abs=1e-6)
    radians = [float(row[n]) for n in ("HeadYaw", "HeadPitch", "HeadRoll", "LeftEyeYaw", "LeftEyePitch")]
    assert radians == pytest.approx([math.radians(v) for v in (90, -30, 45, 10, -5)], abs=1e-5)
    assert row["Timecode"] == "00:00:01:12.000", "frame 30 at 25 frames a second is 1.2 s"


def test_arkit_take_of_a_camera_carries_the_time_of_day(tmp_path: Path, make_face: MakeFace) -> None:
    face = make_face(0)
    (row,) = write_and_read(tmp_path / "take.csv", [face], ArkitCsv, CAMERA)
    assert row["Timecode"] == timecode(csv_arkit.seconds_of_day(face.wall_time_s))
    assert row["Timecode"].endswith(":15.000"), "a quarter of a second is 15 of 60 frames"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "00:00:00:00.000"), (0.04, "00:00:00:02.400"), (59.9999999, "00:01:00:00.000"), (3661.5, "01:01:01:30.000")],
)
def test_timecode(seconds: float, text: str) -> None:
    assert timecode(seconds) == text
