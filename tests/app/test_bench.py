"""``mien bench``: that it measures what it says; how fast anything is, no test can know."""

import json
from pathlib import Path

import numpy as np
import pytest

from app import bench
from app.cli import main
from models.runtime.picture_regressor import FILES


def test_frames_go_on_from_the_start_with_growing_index_and_time(make_video) -> None:  # type: ignore[no-untyped-def]
    stream = bench.endless(str(make_video(frames=3, fps=25)))
    frames = [next(stream) for _ in range(7)]
    assert [f.index for f in frames] == list(range(7))
    assert [f.media_time_s for f in frames] == pytest.approx([i / 25 for i in range(7)])
    assert np.array_equal(frames[0].image, frames[3].image)
    assert not np.array_equal(frames[0].image, frames[1].image)


def test_the_numbers_are_written_and_fit_together(
    data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, task = data_dir / "clips" / "lp_d0.mp4", data_dir / "models" / "face_landmarker.task"
    path = tmp_path / "bench.json"
    assert main(["bench", str(clip), "--task", str(task), "--json", str(path), "--frames", "60"]) == 0
    report = json.loads(path.read_text())
    stages = report["stages_ms"]
    assert report["frames"] == report["tracked"] == 60
    assert {"landmarks", "osc", "total"} <= set(stages)
    for times in (*stages.values(), report["mediapipe_ms"]):
        assert 0 < times["median"] <= times["p95"]
    assert stages["total"]["median"] >= max(v["median"] for v in stages.values())
    assert report["ratio_to_mediapipe"] == pytest.approx(
        stages["total"]["median"] / report["mediapipe_ms"]["median"], rel=1e-6
    )
    assert report["frames_per_s"] == pytest.approx(1000 / stages["total"]["median"])
    assert report["peak_rss_mib"] > 20
    cpu = report["cpu_ms"]
    assert cpu["mien"] > 0
    assert cpu["mediapipe"] > 0
    assert report["cpu_ratio_to_mediapipe"] == pytest.approx(cpu["mien"] / cpu["mediapipe"])
    assert f"ratio_to_mediapipe {report['ratio_to_mediapipe']:.2f}" in capsys.readouterr().out


def test_without_the_task_file_the_other_is_left_out_and_said_so(
    make_video,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,  # type: ignore[no-untyped-def]
) -> None:
    path = tmp_path / "bench.json"
    assert main(["bench", str(make_video()), "--frames", "5", "--json", str(path)]) == 0
    assert "--task PATH" in capsys.readouterr().out
    report = json.loads(path.read_text())
    assert report["ratio_to_mediapipe"] is None
    assert report["frames"] == 5


def test_the_model_that_ran_is_said_with_its_own_stages(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("onnx", reason="onnx comes with the train extra")
    from picture_networks import write_network

    monkeypatch.setitem(FILES, "lite", write_network(tmp_path / "lite.onnx", "lite"))
    clip, path = str(data_dir / "clips" / "lp_d0.mp4"), tmp_path / "bench.json"
    for model, own in (("lite", {"crop"}), ("geometric", set())):
        args = ["bench", clip, "--model", model, "--device", "cpu", "--frames", "10", "--json", str(path)]
        assert main(args) == 0
        report = json.loads(path.read_text())
        assert (report["model"], report["device"]) == (model, "cpu")
        assert set(report["stages_ms"]) & {"crop", "regress"} == own | {"regress"}
        assert f"{model} regressor on cpu" in capsys.readouterr().out


@pytest.mark.parametrize(
    "args", [["99"], ["no such clip.mp4"], ["--task", "no such.task"], ["--json", "no/such/dir/a.json"]]
)
def test_what_cannot_be_measured_is_named(
    args: list[str],
    make_video,
    capsys: pytest.CaptureFixture[str],  # type: ignore[no-untyped-def]
) -> None:
    source = [] if not args[0].startswith("--") else [str(make_video())]
    assert main(["bench", *source, *args]) == 2
    err = capsys.readouterr().err
    assert err.startswith("mien: ")
    assert err.count("\n") == 1


def test_peak_memory_grows_with_what_is_held() -> None:
    before = bench.peak_rss_mib()
    if before is None:
        pytest.skip("this system does not say")
    held = np.ones(int(before + 64) * 2**20 // 8)
    assert held.sum() > 0
    after = bench.peak_rss_mib()
    assert after is not None
    assert after > before + 32
