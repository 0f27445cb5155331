"""``mien process``: many recordings in one go, from outside and piece by piece."""

import csv
import json
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest

from app import cli
from app.errors import UserError
from app.options import tracker_settings
from app.process_command import process_arguments, process_environment
from app.processing import Processor, ProcessRequest, result_names, sources_in
from app.shaping import Shaping, save_shaping
from app.tracker_settings import TrackerSettings
from rig.parameters import CHANNEL_INDEX

MakeVideo = Callable[..., Path]


@pytest.fixture
def face_clip(data_dir: Path, tmp_path: Path) -> Path:
    """A short one with a face in every frame."""
    path = tmp_path / "in" / "face.mp4"
    path.parent.mkdir()
    capture = cv2.VideoCapture(str(data_dir / "clips" / "pf_single_face.mp4"))
    writer = None
    for _ in range(20):
        picture = capture.read()[1]
        if writer is None:
            height, width = picture.shape[:2]
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 25.0, (width, height))
        writer.write(picture)
    assert writer is not None
    writer.release()
    return path


def request(folder: Path, *sources: object, **words: Any) -> ProcessRequest:
    return ProcessRequest(tuple(map(str, sources)), folder, **words)


def processed(what: ProcessRequest, settings: TrackerSettings | None = None) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    Processor(what, settings or TrackerSettings(model="geometric"), events.append).run()
    return events


def only(events: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] == name]


# ------------------------------------------------------------ what a path stands for


def test_a_folder_stands_for_its_videos_as_people_count(tmp_path: Path) -> None:
    for name in ("take_10.mp4", "take_2.MOV", "notes.txt", ".hidden.mp4", "cover.png"):
        (tmp_path / name).touch()
    assert [Path(s).name for s in sources_in(tmp_path)] == ["take_2.MOV", "take_10.mp4"]
    assert sources_in(tmp_path / "notes.txt") == [str(tmp_path / "notes.txt")]


def test_a_folder_of_pictures_is_one_source_and_an_empty_one_none(tmp_path: Path) -> None:
    (tmp_path / "1.png").touch()
    assert sources_in(tmp_path) == [str(tmp_path)]
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="neither videos nor pictures"):
        sources_in(tmp_path / "empty")
    with pytest.raises(UserError, match="no file or folder"):
        sources_in(tmp_path / "gone.mp4")


# ------------------------------------------------------------ names of results


def test_two_of_one_name_do_not_share_a_result(tmp_path: Path) -> None:
    names = result_names(request(tmp_path, "a/take.mp4", "b/take.mov", "c/Take.avi", video=True))
    assert [r.csv.name for r in names if r.csv] == ["take.csv", "take_2.csv", "Take_3.csv"]
    assert [r.video.name for r in names if r.video] == ["take_mien.mp4", "take_2_mien.mp4", "Take_3_mien.mp4"]


def test_what_is_there_stays_unless_it_is_to_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "take_mien.mp4").touch()
    [kept] = result_names(request(tmp_path, "take.mp4", video=True))
    assert kept.files == [tmp_path / "take_2.csv", tmp_path / "take_2_mien.mp4"]
    [replaced] = result_names(request(tmp_path, "take.mp4", video=True, overwrite=True))
    assert replaced.files == [tmp_path / "take.csv", tmp_path / "take_mien.mp4"]


def test_a_source_is_never_a_result(tmp_path: Path) -> None:
    source = tmp_path / "a_mien.mp4"
    source.touch()
    names = result_names(request(tmp_path, tmp_path / "a.mp4", source, video=True, overwrite=True))
    assert source not in [path for results in names for path in results.files]


def test_requests_that_cannot_work_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing is to be written"):
        processed(request(tmp_path, "demo", csv_format=None))
    with pytest.raises(UserError, match="no character 'nobody'"):
        processed(request(tmp_path, "demo", video=True, characters=("nobody",)))
    with pytest.raises(UserError, match="is a camera"):
        processed(request(tmp_path, "0"))
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be made"):
        processed(request(tmp_path / "file", "demo"))


# ------------------------------------------------------------ the work


def test_each_file_is_measured_as_if_it_were_alone(face_clip: Path, data_dir: Path, tmp_path: Path) -> None:
    other = data_dir / "clips" / "pf_two_moods.mp4"
    if not other.exists():
        pytest.skip("no second clip in ../shared/data")
    short = tmp_path / "in" / "other.mp4"
    shutil.copy(face_clip, short)
    events = processed(request(tmp_path / "out", other, face_clip, short, csv_format="openface"))
    assert [e["file"] for e in only(events, "done")] == [0, 1, 2]
    assert only(events, "end") == [{"event": "end", "done": 3, "failed": 0}]
    alone = tmp_path / "alone.csv"
    assert cli.main(["track", str(face_clip), "--csv", str(alone), "--model", "geometric"]) == 0
    assert (tmp_path / "out" / "face.csv").read_bytes() == alone.read_bytes()
    assert (tmp_path / "out" / "other.csv").read_bytes() == alone.read_bytes()


@pytest.mark.parametrize("calibrate", ["whole", "first-second"])
def test_every_file_gets_a_neutral_of_its_own(calibrate: str, face_clip: Path, tmp_path: Path) -> None:
    twin = face_clip.with_name("twin.mp4")
    shutil.copy(face_clip, twin)
    settings = TrackerSettings(model="geometric", calibrate=calibrate)
    events = processed(request(tmp_path / "out", face_clip, twin), settings)
    stages = {event["stage"] for event in only(events, "progress")}
    assert ("calibrate" in stages) == (calibrate == "whole")
    alone = tmp_path / "alone.csv"
    words = ["track", str(face_clip), "--csv", str(alone), "--model", "geometric", "--calibrate", calibrate]
    assert cli.main(words) == 0
    for name in ("face.csv", "twin.csv"):
        assert (tmp_path / "out" / name).read_bytes() == alone.read_bytes()


def test_a_bad_file_does_not_stop_the_others(make_video: MakeVideo, tmp_path: Path) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_text("no video")
    out = tmp_path / "out"
    events = processed(request(out, bad, make_video("good.mp4"), tmp_path / "gone.mp4"))
    failed = only(events, "failed")
    assert [e["file"] for e in failed] == [0, 2]
    assert "cannot be read as a video" in failed[0]["error"]
    assert "there is no file" in failed[1]["error"]
    [done] = only(events, "done")
    assert done["outputs"] == [str(out / "good.csv")]
    assert "no face was seen" in done["warnings"]
    assert [p.name for p in out.iterdir()] == ["good.csv"]
    assert only(events, "end") == [{"event": "end", "done": 1, "failed": 2}]


def test_a_video_beside_the_rig_comes_with_the_table(face_clip: Path, tmp_path: Path) -> None:
    events = processed(request(tmp_path / "out", face_clip, csv_format="arkit", video=True))
    [done] = only(events, "done")
    table, video = map(Path, done["outputs"])
    assert table.read_text().startswith("Timecode,BlendShapeCount")
    capture = cv2.VideoCapture(str(video))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 20
    assert capture.get(cv2.CAP_PROP_FRAME_WIDTH) > capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
    capture.release()


def test_what_a_full_disk_left_is_marked_as_incomplete(
    face_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from app.outputs.csv_openface import OpenFaceCsv

    honest = OpenFaceCsv.write

    def fills_up(self: OpenFaceCsv, face: Any) -> None:
        if self.written == 5:
            raise OSError(28, "No space left on device")
        honest(self, face)

    monkeypatch.setattr(OpenFaceCsv, "write", fills_up)
    events = processed(request(tmp_path / "out", face_clip))
    [failed] = only(events, "failed")
    assert "No space left" in failed["error"]
    assert str(tmp_path / "out" / "face_incomplete.csv") in failed["error"]
    assert ".part" not in capsys.readouterr().err
    assert failed["outputs"] == [str(tmp_path / "out" / "face_incomplete.csv")]
    assert len(Path(failed["outputs"][0]).read_text().splitlines()) == 6


def test_stopped_it_leaves_whole_files_only(face_clip: Path, make_video: MakeVideo, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    events: list[dict[str, Any]] = []

    def tell(event: dict[str, Any]) -> None:
        events.append(event)
        if event["event"] == "begin" and event["file"] == 1:
            processor.stop()

    processor = Processor(
        request(out, make_video("first.mp4"), face_clip, make_video("third.mp4")),
        TrackerSettings(model="geometric"),
        tell,
    )
    processor.run()
    assert [p.name for p in out.iterdir()] == ["first.csv"]
    assert not only(events, "end")
    assert not [e for e in events if e.get("file") == 2]


# ------------------------------------------------------------ the command


def test_the_command_says_what_became_of_each_file(
    make_video: MakeVideo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day = tmp_path / "day"
    day.mkdir()
    make_video("day/a.mp4")
    (day / "b.mp4").write_text("no video")
    out = tmp_path / "out"
    assert cli.main(["process", str(day), "--into", str(out), "--model", "geometric"]) == 2
    said = capsys.readouterr()
    assert "a.mp4 -> a.csv: 12 frames, 0 with a face" in said.err
    assert "b.mp4 failed:" in said.err
    assert "1 of 2 files processed" in said.err
    assert said.out == ""
    assert cli.main(["process", str(day / "a.mp4"), "--into", str(out), "--model", "geometric"]) == 0
    assert sorted(p.name for p in out.iterdir()) == ["a.csv", "a_2.csv"]


def test_the_command_refuses_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["gone.mp4", "--into", str(tmp_path)], ["demo", "--into", str(tmp_path), "--no-csv"], ["demo"]):
        assert cli.main(["process", *words]) == 2
        said = capsys.readouterr().err
        assert said.startswith("mien: ")
        assert said.count("\n") == 1


def test_settings_reach_the_other_process_whole(tmp_path: Path) -> None:
    shaping = Shaping().with_value("gain", (CHANNEL_INDEX["AU12-left"],), 1.5)
    save_shaping(tmp_path / "shaping.json", shaping)
    settings = TrackerSettings(
        landmarks="mediapipe",
        task_path=tmp_path / "a task.task",
        model="lite",
        device="cpu",
        filter="strong",
        calibrate="whole",
        asymmetry=False,
        shaping=shaping,
    )
    words = process_arguments(
        ["-strange name.mp4", "b.mp4"],
        tmp_path,
        settings,
        csv_format="arkit",
        video=True,
        overwrite=True,
        characters=["elder"],
        shaping_file=tmp_path / "shaping.json",
    )
    args = cli.build_parser().parse_args(words)
    assert tracker_settings(args) == settings
    assert args.sources == ["-strange name.mp4", "b.mp4"]
    assert (args.into, args.csv_format, args.video, args.overwrite) == (tmp_path, "arkit", True, True)
    assert args.character == ["elder"]
    plain = process_arguments(["a"], tmp_path, TrackerSettings(), csv_format=None, video=True, overwrite=False)
    args = cli.build_parser().parse_args(plain)
    assert tracker_settings(args) == TrackerSettings()
    assert args.no_csv


def test_events_are_lines_of_json_and_the_end_of_stdin_ends_it(data_dir: Path, tmp_path: Path) -> None:
    """As the window runs it: from another folder, where an ``app`` of somebody else lies."""
    clip = data_dir / "clips" / "lp_d9.mp4"
    if not clip.exists():
        pytest.skip("no long clip in ../shared/data")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__main__.py").write_text("raise SystemExit('not this one')")
    out = tmp_path / "out"
    start, environment = process_environment()
    words = process_arguments(
        [str(clip)],
        out,
        TrackerSettings(model="geometric"),
        csv_format="openface",
        video=False,
        overwrite=False,
    )
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [*start, *words], cwd=tmp_path, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as run:
        assert run.stdin is not None
        assert run.stdout is not None
        assert run.stderr is not None
        try:
            for line in run.stdout:
                event = json.loads(line)
                if event["event"] == "progress" and event["stage"] == "track":
                    assert 0 <= event["share"] <= 1
                    assert event["frames"] >= event["tracked"] >= 0
                    break
            else:
                pytest.fail(run.stderr.read())
            run.stdin.close()
            deadline = time.monotonic() + 60
            while run.poll() is None:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            rest = [json.loads(line)["event"] for line in run.stdout]
            stderr = run.stderr.read()
        finally:
            run.kill()
    assert run.returncode == 130, stderr
    assert set(rest) <= {"progress"}
    assert stderr == ""
    assert list(out.iterdir()) == []


def test_rows_are_those_of_the_clip(face_clip: Path, tmp_path: Path) -> None:
    assert cli.main(["process", str(face_clip), "--into", str(tmp_path / "out"), "--model", "geometric"]) == 0
    with (tmp_path / "out" / "face.csv").open(newline="") as file:
        rows = list(csv.DictReader(file, skipinitialspace=True))
    assert [int(row["frame"]) for row in rows] == list(range(1, 21))
    assert all(row["success"] == "1" for row in rows)
