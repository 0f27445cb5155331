"""The command line from outside: what it accepts, what it refuses, how it ends."""

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pythonosc.osc_bundle import OscBundle

from app import cli
from app.errors import UserError
from rig.parameters import CHANNEL_INDEX

if TYPE_CHECKING:
    from tests.conftest import UdpEar

ROOT = Path(__file__).parents[2]


def command(*args: object) -> list[str]:
    return [sys.executable, "-m", "app", *map(str, args)]


def mien(*args: object, timeout_s: float = 240) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command(*args), cwd=ROOT, capture_output=True, text=True, timeout=timeout_s, check=False)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file, skipinitialspace=True))


def test_options_before_and_after_the_command_both_count() -> None:
    parser = cli.build_parser()
    for words, chosen, given in (
        (["--filter", "off", "track", "x"], "off", {"filter"}),
        (["track", "x", "--filter", "strong"], "strong", {"filter"}),
        (["track", "x", "--filter", "light"], "light", {"filter"}),
        (["track", "x"], "light", set()),
        (["demo", "--no-symmetric", "--model", "auto"], "light", {"asymmetry", "model"}),
    ):
        args = parser.parse_args(words)
        assert cli.tracker_settings(args).filter == chosen
        assert cli.given_settings(args) == given, "asked for, be it what it is without being asked for"
    assert not cli.tracker_settings(parser.parse_args(["--symmetric"])).asymmetry
    assert parser.parse_args([]).source is None
    assert parser.parse_args(["demo"]).source == "demo"


def test_the_window_opens_the_source_that_is_asked_for() -> None:
    parser = cli.build_parser()
    assert parser.parse_args(["--source", "take.mp4"]).source == "take.mp4"
    assert parser.parse_args(["--source", "take.mp4"]).run is cli.window_command
    assert parser.parse_args(["track", "1"]).source == "1"


def test_shaping_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "shaping.json"
    path.write_text('{"mien-shaping": 1, "channels": {"AU26": {"gain": 2}}}')
    parser = cli.build_parser()
    for words in (["track", "x", "--shaping", str(path)], ["--shaping", str(path)]):
        assert cli.tracker_settings(parser.parse_args(words)).shaping.get("gain", CHANNEL_INDEX["AU26"]) == 2
    assert cli.tracker_settings(parser.parse_args(["track", "x"])).shaping.is_default


def test_osc_may_be_repeated() -> None:
    args = cli.build_parser().parse_args(["track", "0", "--osc", "a:1", "--osc", "b:2"])
    assert args.osc == ["a:1", "b:2"]
    assert cli.build_parser().parse_args(["track", "0"]).osc == [], "defaults are not shared between runs"


@pytest.mark.parametrize(
    "args",
    [
        ["track"],
        ["track", "x", "--protocol", "vmc"],
        ["track", "x", "--character", "robot"],
        ["track", "x", "--csv-format", "excel"],
        ["track", "x", "--filter", "7"],
        ["character", "sing"],
        ["bench", "--frames", "0"],
        ["track", "x", "--landmarks", "mediapipe"],
        ["track", "0", "--calibrate", "whole"],
        ["track", "x", "--model", "enormous"],
        ["track", "x", "--shaping", "no-such-file.json"],
    ],
    ids=" ".join,
)
def test_what_is_not_offered_is_refused_in_one_line(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(args) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("mien: ")
    assert err.count("\n") == 1


def test_an_error_of_many_lines_is_shown_as_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> int:
        raise UserError("first\n  second")

    monkeypatch.setattr(cli, "doctor_command", fail)
    assert cli.main(["doctor"]) == 2
    assert capsys.readouterr().err == "mien: first second\n"


def test_an_output_may_not_be_the_source(data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "in.mp4"
    source.write_bytes(b"precious")
    assert cli.main(["track", str(source), "--render", str(source)]) == 2
    assert "is the source itself" in capsys.readouterr().err
    assert source.read_bytes() == b"precious"
    same = str(tmp_path / "x.mp4")
    assert cli.main(["track", str(source), "--render", same, "--csv", same]) == 2
    assert "asked for twice" in capsys.readouterr().err


def test_a_file_gives_one_row_per_frame_and_one_packet_per_frame(
    data_dir: Path, tmp_path: Path, udp_ear: "UdpEar"
) -> None:
    """The face enters this clip late: rows before it say so, and none is missing."""
    import cv2

    clip = data_dir / "clips" / "pf_noface_face.mp4"
    capture = cv2.VideoCapture(str(clip))
    decoded = 0
    while capture.read()[0]:
        decoded += 1
    done = mien("track", clip, "--csv", tmp_path / "a.csv", "--osc", udp_ear.target)
    assert done.returncode == 0, done.stderr
    rows = rows_of(tmp_path / "a.csv")
    assert [int(r["frame"]) for r in rows] == list(range(1, decoded + 1))
    success = [r["success"] for r in rows]
    assert success.index("1") > 300
    packets = [{m.address: m.params for m in OscBundle(p)} for p in udp_ear.drain()]
    sent = [p["/mien/frame"][0] for p in packets]
    assert sent == sorted(set(sent))
    assert [str(p["/mien/tracked"][0]) for p in packets] == [success[i] for i in sent]
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, "one summary line and no chatter"
    assert f"{decoded} frames; {success.count('1')} with a face" in done.stderr
    assert f"{decoded} written" in done.stderr


def test_two_runs_over_a_file_write_the_same_bytes(data_dir: Path, tmp_path: Path) -> None:
    for name in "ab":
        done = mien("track", data_dir / "clips" / "pf_single_face.mp4", "--csv", tmp_path / name)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_whole_looks_through_the_file_first_and_still_gives_every_row(data_dir: Path, tmp_path: Path) -> None:
    clip = data_dir / "clips" / "pf_single_face.mp4"
    for mode in ("auto", "whole"):
        done = mien("track", clip, "--calibrate", mode, "--csv", tmp_path / mode)
        assert done.returncode == 0, done.stderr
    auto, whole = rows_of(tmp_path / "auto"), rows_of(tmp_path / "whole")
    assert [r["frame"] for r in whole] == [r["frame"] for r in auto]
    assert [r["AU12_r"] for r in whole] != [r["AU12_r"] for r in auto]


def test_symmetric_moves_both_sides_alike(data_dir: Path, tmp_path: Path) -> None:
    done = mien("track", data_dir / "clips" / "pf_single_face.mp4", "--symmetric", "--csv", tmp_path / "a")
    assert done.returncode == 0, done.stderr
    rows = rows_of(tmp_path / "a")
    assert any(float(r["AU12_L_r"]) > 0.2 for r in rows)
    assert all(r["AU12_L_r"] == r["AU12_R_r"] for r in rows)


def test_arkit_csv_from_the_command_line(data_dir: Path, tmp_path: Path) -> None:
    done = mien(
        "track", data_dir / "clips" / "pf_single_face.mp4", "--csv", tmp_path / "t.csv", "--csv-format", "arkit"
    )
    assert done.returncode == 0, done.stderr
    rows = rows_of(tmp_path / "t.csv")
    assert len(rows) > 1
    assert {r["BlendShapeCount"] for r in rows} == {"61"}
    assert all(0 <= float(r["JawOpen"]) <= 1 for r in rows)


def test_render_shows_the_input_beside_the_rig(data_dir: Path, tmp_path: Path) -> None:
    """One picture per frame; the left half is the input, the right one moves with it."""
    import cv2
    import numpy as np

    clip, path = tmp_path / "short.mp4", tmp_path / "beside.mp4"
    whole = cv2.VideoCapture(str(data_dir / "clips" / "lp_d0.mp4"))
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"mp4v"), 10, (256, 256))
    for i in range(60):
        _, image = whole.read()
        if i % 5 == 0:
            writer.write(cv2.resize(image, (256, 256), interpolation=cv2.INTER_AREA))
    writer.release()
    done = mien("track", clip, "--render", path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    ours, theirs = cv2.VideoCapture(str(path)), cv2.VideoCapture(str(clip))
    assert ours.get(cv2.CAP_PROP_FPS) == pytest.approx(theirs.get(cv2.CAP_PROP_FPS))
    rig = []
    while True:
        (more, picture), (expected, image) = ours.read(), theirs.read()
        assert more == expected
        if not more:
            break
        height = picture.shape[0]
        left, right = picture[:, :-height], picture[:, -height:]
        wanted = cv2.resize(image, left.shape[1::-1], interpolation=cv2.INTER_AREA)
        assert np.abs(left.astype(int) - wanted).mean() < 12
        rig.append(right.astype(int))
    assert len(rig) == 12
    assert rig[0].std() > 10, "there is a head"
    assert max(np.abs(picture - rig[0]).max() for picture in rig) > 60, "and it moves"


def test_progress_bar_only_when_asked_for_without_a_terminal(data_dir: Path) -> None:
    clip = data_dir / "clips" / "pf_single_face.mp4"
    assert "frames/s" in mien("track", clip, "--progress").stderr
    assert "\r" not in mien("track", clip).stderr


def lines_of(path: Path) -> int:
    """0 while it is not there; it comes and goes once while ``mien`` finds out whether it can be written."""
    try:
        return path.read_text().count("\n")
    except FileNotFoundError:
        return 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent in another way on Windows")
@pytest.mark.parametrize(
    ("signals", "code"),
    [((signal.SIGINT,), 130), ((signal.SIGINT, signal.SIGINT), 130), ((signal.SIGTERM,), 143)],
    ids=["ctrl-c", "ctrl-c twice", "terminated"],
)
def test_stopping_writes_everything_and_ends_cleanly(
    signals: tuple[int, ...], code: int, data_dir: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    words = command("track", data_dir / "clips" / "lp_d9.mp4", "--realtime", "--csv", path)
    with subprocess.Popen(
        words, cwd=ROOT, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    ) as run:
        try:
            deadline = time.monotonic() + 120
            while lines_of(path) <= 5:
                assert run.poll() is None, "it ended before it was stopped"
                assert time.monotonic() < deadline
                time.sleep(0.02)
            for number in signals:
                run.send_signal(number)
            _, stderr = run.communicate(timeout=60)
        finally:
            run.kill()
    assert run.returncode == code, stderr
    assert "Traceback" not in stderr
    rows = rows_of(path)
    assert f"{path}: {len(rows)} written" in stderr
    assert None not in rows[-1]
    assert None not in rows[-1].values()


def test_doctor_reports_and_does_not_crash() -> None:
    done = mien("doctor")
    assert done.returncode in (0, 2)
    assert "Traceback" not in done.stdout + done.stderr
    for title in ("system", "packages", "compute", "models", "cameras", "graphics", "ports"):
        assert f"\n{title}" in f"\n{done.stdout}"


def test_a_model_that_is_not_there_is_named(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from models.runtime.picture_regressor import FILES

    monkeypatch.setitem(FILES, "lite", tmp_path / "lite.onnx")
    clip, out = data_dir / "clips" / "pf_single_face.mp4", tmp_path / "out.csv"
    assert cli.main(["track", str(clip), "--model", "lite", "--csv", str(out)]) == 2
    err = capsys.readouterr().err
    assert f"{tmp_path / 'lite.onnx'}: this network file is missing" in err
    assert err.count("\n") == 1
    assert not out.exists()
    assert cli.main(["track", str(clip), "--model", "geometric", "--csv", str(out)]) == 0
    assert len(rows_of(out)) == 72


def test_doctor_says_which_models_are_there_and_which_auto_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app import doctor
    from models.runtime.picture_regressor import FILES

    for size in FILES:
        monkeypatch.setitem(FILES, size, tmp_path / f"{size}.onnx")
    found = [(good, line) for good, line in doctor._models() if "not there" in line]
    assert [good for good, line in found if line.startswith("lite.onnx")] == [False]
    assert [good for good, line in found if line.startswith("full.onnx")] == [True]
    (tmp_path / "lite.onnx").write_bytes(b"")
    assert [line for _, line in doctor._models()][-1].endswith("auto takes lite")


def test_doctor_survives_a_check_that_breaks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from app import doctor

    def broken() -> list[doctor.Finding]:
        raise RuntimeError("strange\nmachine")

    monkeypatch.setattr(doctor, "CHECKS", {"models": broken})
    assert doctor.run_doctor() == 2
    assert "could not be looked at: RuntimeError: strange machine" in capsys.readouterr().out


def test_a_profile_is_saved_and_recalled(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("APPDATA", str(tmp_path))

    clip, profile = str(data_dir / "clips" / "pf_single_face.mp4"), str(tmp_path / "me.npz")
    assert cli.main(["track", clip, "--calibrate", "first-second", "--save-profile", profile]) == 0
    from app.profiles import load_profile

    assert load_profile(profile).neutral.shape == (478, 3)
    rows = tmp_path / "a.csv"
    assert cli.main(["track", clip, "--calibrate", profile, "--csv", str(rows)]) == 0
    assert len(rows.read_text().splitlines()) == 73


def test_no_profile_of_nobody(
    make_video: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:

    profile = tmp_path / "me.npz"
    assert cli.main(["track", str(make_video()), "--save-profile", str(profile)]) == 2
    assert "no face was seen" in capsys.readouterr().err
    assert not profile.exists()
    assert cli.main(["track", str(make_video()), "--save-profile", "a:b"]) == 2
    assert "no name for a profile" in capsys.readouterr().err
