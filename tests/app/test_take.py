"""Recordings read back: the same numbers as were written, within the file's rounding; foreign and broken files."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from app.capture import SourceInfo
from app.errors import UserError
from app.face_frame import FaceFrame
from app.outputs.csv_arkit import ArkitCsv
from app.outputs.csv_openface import OpenFaceCsv
from app.outputs.take import describe_take, read_take
from models.runtime.alignment import euler_from_rotation
from rig.arkit import channels_to_arkit
from rig.parameters import CHANNEL_INDEX, N_CHANNELS

MakeFace = Callable[..., FaceFrame]
FILE = SourceInfo("clip.mp4", (320, 240), 25.0, 10, live=False)
CAMERA = SourceInfo("camera 0", (320, 240), 30.0, None, live=True)


@pytest.fixture
def faces(make_face: MakeFace) -> list[FaceFrame]:
    """Moving faces whose fields agree with each other, as the tracker's do."""
    rng = np.random.default_rng(3)
    made = []
    for i in range(12):
        au = rng.uniform(0, 0.6, N_CHANNELS).astype(np.float32)
        left, right = rng.uniform(-25, 25, (2, 2)).astype(np.float32)
        rotation = Rotation.from_euler("xyz", rng.uniform(-30, 30, 3), degrees=True)
        made.append(
            make_face(
                i,
                au=au,
                arkit=channels_to_arkit(au, left, right),
                gaze_left_deg=left,
                gaze_right_deg=right,
                head_rotation=rotation.as_quat().astype(np.float32),
                head_euler_deg=euler_from_rotation(rotation.as_matrix().astype(np.float32)),
                head_position_m=rng.uniform(-0.5, 1, 3).astype(np.float32),
            )
        )
    return made


def write(path: Path, faces: list[FaceFrame], kind: type = OpenFaceCsv, info: SourceInfo = FILE) -> Path:
    sink = kind(path)
    sink.open(info)
    for face in faces:
        sink.write(face)
    sink.close()
    return path


def same_turn(a: np.ndarray, b: np.ndarray) -> float:
    """Degrees between two quaternions."""
    return float(np.degrees((Rotation.from_quat(a).inv() * Rotation.from_quat(b)).magnitude()))


def test_openface_gives_back_what_was_recorded(tmp_path: Path, faces: list[FaceFrame]) -> None:
    take = read_take(write(tmp_path / "a.csv", faces))
    assert (take.format, len(take), take.length_s) == ("openface", 12, pytest.approx(11 / 25))
    for row, face in enumerate(faces):
        got = take.face(row)
        assert (got.index, got.tracked, got.state) == (face.index, True, "tracking")
        assert got.media_time_s == pytest.approx(face.media_time_s, abs=6e-4)
        assert got.confidence == pytest.approx(face.confidence, abs=6e-4)
        assert got.au == pytest.approx(face.au, abs=1.1e-4), "five times the channel has three digits"
        assert got.arkit == pytest.approx(face.arkit, abs=5e-4)
        assert got.gaze_left_deg == pytest.approx(face.gaze_left_deg, abs=0.02)
        assert got.gaze_right_deg == pytest.approx(face.gaze_right_deg, abs=0.02)
        assert same_turn(got.head_rotation, face.head_rotation) < 0.02
        assert got.head_euler_deg == pytest.approx(face.head_euler_deg, abs=0.02)
        assert got.head_position_m == pytest.approx(face.head_position_m, abs=6e-5)


def test_arkit_gives_back_shapes_head_and_eyes(tmp_path: Path, faces: list[FaceFrame]) -> None:
    take = read_take(write(tmp_path / "a.csv", faces, ArkitCsv))
    assert (take.format, len(take), take.length_s) == ("arkit", 12, pytest.approx(11 / 25))
    smile = CHANNEL_INDEX["AU12-left"]
    for row, face in enumerate(faces):
        got = take.face(row)
        assert got.au[smile] == pytest.approx(face.au[smile], abs=1e-5)
        assert got.au[CHANNEL_INDEX["AU26"]] == pytest.approx(face.au[CHANNEL_INDEX["AU26"]], abs=1e-5)
        assert got.gaze_left_deg == pytest.approx(face.gaze_left_deg, abs=1e-3)
        assert got.head_euler_deg == pytest.approx(face.head_euler_deg, abs=1e-3)
        assert same_turn(got.head_rotation, face.head_rotation) < 0.1
        # Through the rig's inverse table: all but what has no AU or was clipped comes back.
        unclipped = face.arkit < 0.99
        assert got.arkit[unclipped] == pytest.approx(face.arkit[unclipped], abs=0.3)
        assert np.median(np.abs(got.arkit - face.arkit)) < 1e-4


def test_an_arkit_take_over_midnight_has_its_length(tmp_path: Path, faces: list[FaceFrame]) -> None:
    path = write(tmp_path / "a.csv", faces[:3], ArkitCsv)
    header, *rows = path.read_text().splitlines()
    codes = ("23:59:59:58.000", "23:59:59:59.000", "00:00:00:00.000")
    path.write_text("\n".join([header, *(c + r[r.index(",") :] for c, r in zip(codes, rows, strict=True))]) + "\n")
    assert read_take(path).times_s == pytest.approx([0, 1 / 60, 2 / 60])
    assert describe_take(path).length_s == pytest.approx(2 / 60)


def test_rows_without_a_face_are_at_rest_and_say_so(tmp_path: Path, make_face: MakeFace) -> None:
    take = read_take(write(tmp_path / "a.csv", [make_face(0), make_face(1, tracked=False, confidence=0.0)]))
    got = take.face(1)
    assert (got.tracked, got.state, got.confidence) == (False, "lost", 0)
    assert np.abs(got.au).max() == 0
    assert np.abs(got.gaze_left_deg).max() == 0
    assert np.isnan(got.landmarks).all()


def test_jumps_in_a_film_do_not_stop_the_play_back(tmp_path: Path, make_face: MakeFace) -> None:
    """Looped (back to 0) and sought (90 seconds on): the next row follows one step later."""
    times = (0.0, 0.04, 0.08, 0.0, 0.04, 90.0, 90.04)
    take = read_take(write(tmp_path / "a.csv", [make_face(i, media_time_s=t) for i, t in enumerate(times)]))
    assert np.diff(take.times_s) == pytest.approx([0.04] * 6)
    assert take.media_s == pytest.approx(times)


def test_the_row_on_the_screen_is_the_last_one_that_began(tmp_path: Path, faces: list[FaceFrame]) -> None:
    take = read_take(write(tmp_path / "a.csv", faces))
    assert [take.row_at(t) for t in (-1, 0, 0.039, 0.04, 0.2, 99)] == [0, 0, 0, 1, 5, 11]


@pytest.mark.parametrize("kind", [OpenFaceCsv, ArkitCsv])
def test_a_summary_agrees_with_the_whole(tmp_path: Path, faces: list[FaceFrame], kind: type) -> None:
    path = write(tmp_path / "a.csv", faces, kind)
    take, info = read_take(path), describe_take(path)
    assert (info.frames, info.format) == (len(take), take.format)
    assert info.length_s == pytest.approx(take.length_s, abs=1e-3)
    assert info.size == path.stat().st_size
    path.write_bytes(path.read_bytes()[:-1])  # without the last line's end, as others write files
    assert describe_take(path).frames == len(read_take(path)) == len(take)


@pytest.mark.parametrize("kind", [OpenFaceCsv, ArkitCsv])
def test_a_last_row_that_was_cut_off_is_left_out(tmp_path: Path, faces: list[FaceFrame], kind: type) -> None:
    path = write(tmp_path / "a.csv", faces, kind)
    path.write_bytes(path.read_bytes()[:-150])
    assert len(read_take(path)) == 11
    assert describe_take(path).frames == 11


def test_a_file_of_openface_itself_is_read(data_dir: Path) -> None:
    take = read_take(data_dir / "OpenFace_Test.csv")
    assert len(take) == describe_take(take.path).frames == 100
    face = take.face(0)
    sides = [face.au[CHANNEL_INDEX[f"AU12-{side}"]] for side in ("left", "right")]
    assert sides[0] == sides[1]
    assert face.head_position_m == pytest.approx([0.0166573, 0.0434571, 0.597876], abs=1e-6)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no take"),
        ("a,b\n1,2\n", "no take"),
        ("frame, timestamp, confidence, success, pose_Rx\n", "no frames"),
        ("frame, timestamp, confidence, success, pose_Rx\n1,0,1,1,0\n", "missing"),
        ("frame, timestamp, confidence, success, pose_Rx\n1,0,oh,1,0\n", "damaged"),
        ("Timecode,BlendShapeCount,JawOpen\n00:00:00:00.0,61,0.5\n", "missing"),
        ("\0\1\2" * 99, "no take"),
    ],
)
def test_what_is_no_take_is_one_line(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "strange.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=why) as error:
        read_take(path)
    assert "strange.csv" in str(error.value)
    assert "\n" not in str(error.value)


def test_progress_is_told_and_may_end_the_reading(tmp_path: Path, make_face: MakeFace) -> None:
    path = write(tmp_path / "a.csv", [make_face(i) for i in range(300)])
    told: list[float] = []
    assert len(read_take(path, told.append)) == 300
    assert told == pytest.approx([0, 128 / 300, 256 / 300])

    def enough(share: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        read_take(path, enough)


def test_a_bad_timecode_and_a_missing_file_are_one_line(tmp_path: Path, faces: list[FaceFrame]) -> None:
    path = write(tmp_path / "a.csv", faces, ArkitCsv)
    path.write_text(path.read_text().replace("00:00:00:00.000", "soon", 1))
    with pytest.raises(UserError, match="timecode"):
        read_take(path)
    for reader in (read_take, describe_take):
        with pytest.raises(UserError, match="cannot be read"):
            reader(tmp_path / "gone.csv")


def test_a_take_of_a_film_that_began_again_is_as_long_as_its_play_back(tmp_path: Path, make_face: MakeFace) -> None:
    path = write(tmp_path / "loop.csv", [make_face(i, media_time_s=(i % 40) / 30) for i in range(121)])
    assert describe_take(path).length_s == pytest.approx(120 / 30, abs=0.1)
    assert describe_take(path).length_s == pytest.approx(read_take(path).length_s, abs=0.1)
    path = write(tmp_path / "long.csv", [make_face(i, media_time_s=(i % 440) / 30) for i in range(900)])
    assert describe_take(path).length_s == pytest.approx(899 / 30, abs=0.05)
