"""The command line of the evaluation: what it prints and writes of each part, and how it refuses."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from models import evaluate
from models.evaluation import hand_coding
from models.evaluation.tracked import Columns
from models.runtime.alignment import rest_face


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["evaluate", *map(str, arguments)])
    evaluate.main()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two coded frames of one clip: AU12 0 and 4, the rest 0."""
    names = (*hand_coding.AU_COLUMNS, "AU12_asym", *hand_coding.GAZE_COLUMNS, *hand_coding.POSE_COLUMNS)
    rows = [",".join(["clip", "frame", *names])]
    rows += [",".join(["a", str(frame), *("4" if n == "AU12" and frame else "0" for n in names)]) for frame in (0, 2)]
    (tmp_path / "au_hand_dev.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "a.mp4").touch()
    return tmp_path


@pytest.fixture
def tracked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """Instead of the tracker: AU12 is 3 in the third frame under ``whole``, 2 under ``auto``. Gives what was asked."""
    asked: list[tuple[str, str, str]] = []

    def track(source: Path, calibrate: str, model: str) -> Columns:
        asked.append((source.name, calibrate, model))
        return {"AU12": np.array([0, 0, 3.0 if calibrate == "whole" else 2.0])}

    def columns(table: Columns) -> Columns:
        names = (*hand_coding.AU_COLUMNS, "AU12_asym", *hand_coding.GAZE_COLUMNS, *hand_coding.POSE_COLUMNS)
        return {name: np.zeros(3) for name in names} | table

    monkeypatch.setattr(evaluate, "track", track)
    monkeypatch.setattr(evaluate, "from_openface", columns)
    return asked


def test_every_model_and_calibration_has_its_columns(
    data: Path,
    tracked: list[tuple[str, str, str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = data / "out.json"
    run(monkeypatch, data, "--models", "geometric,auto", "--json", out)
    asked = [("a.mp4", c, m) for m in ("geometric", "auto") for c in ("auto", "whole")]
    assert tracked[:4] == asked
    printed = capsys.readouterr().out
    assert "no baseline" in printed  # there is no task file
    assert "| AU12 | 1 | 0.80 | 1.00 | 0.96 | 0.50 | 0.80 | 1.00 | 0.96 | 0.50 |" in printed
    assert "| a | 3 | 100% | 0 |" in printed
    written = json.loads(out.read_text())
    assert written["hand_coded"]["Mien auto, whole"]["AU12"]["mae"] == 0.5
    assert written["models"] == ["geometric", "auto"]


def test_only_what_is_asked_for_is_run(
    data: Path, tracked: list, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, data, "--models", "geometric", "--clips-only")
    assert tracked == [("a.mp4", "auto", "geometric")]
    assert "hand-coded" not in capsys.readouterr().out


def test_rendered_people_are_reported_and_auto_is_measured_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    n = 12
    rng = np.random.default_rng(0)
    landmarks = (rest_face() + rng.normal(0, 1e-3, (n, 478, 3))).astype(np.float32)
    np.savez(
        tmp_path / "shard0.npz",
        picture=np.zeros((n, 128, 128, 3), np.uint8), labels=np.zeros((n, 128, 128), np.uint8),
        points=np.zeros((n, 478, 2), np.float16), found=landmarks, true=landmarks,
        gaze_deg=np.zeros((n, 4), np.float32), au=rng.random((n, 40), np.float32),
        euler_deg=np.zeros((n, 3), np.float32), identity=np.zeros((n, 208), np.float32), person=np.repeat([0, 1], 6),
        brow_style=np.zeros(n, np.int64), session=np.zeros(n, np.int64), resting=np.arange(n) % 6 == 0,
    )  # fmt: skip
    monkeypatch.setattr(evaluate, "best_model", lambda device: "geometric")
    run(monkeypatch, "--views", tmp_path, "--models", "geometric,auto", "--json", tmp_path / "out.json")
    printed = capsys.readouterr().out
    assert f"## Rendered people of {tmp_path.name}: 10 pictures of expressions" in printed
    assert "| < 10 deg | 10 |" in printed
    (written,) = json.loads((tmp_path / "out.json").read_text())["rendered"].values()
    assert set(written["shared_aus"]) == {"geometric", "geometric, no neutral"}


def test_the_papers_tables_have_dashes_without_a_database(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, "--paper")
    printed = capsys.readouterr().out
    assert "| | Mien | - | - |" in printed
    assert "| Song et al. | 0.61 | 0.29 |" in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "nothing to measure"),
        (("--models", "best", "--rendered", "10"), "use names of geometric, lite, full, auto"),
        (("--disfa", "nowhere", "--subjects", "some"), "invalid choice"),
    ],
)
def test_a_wrong_command_is_refused(
    arguments: tuple[str, ...], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run(monkeypatch, *arguments)
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--disfa", "nowhere"), "is not DISFA"),
        (("--views", "nowhere"), "no .*npz there"),
        (("nowhere", "--task", "none.task"), "none.task: there is no such file"),
        (("nowhere",), "au_hand_dev.csv is missing"),
    ],
)
def test_what_is_not_there_is_named_in_one_line(
    arguments: tuple[str, ...], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match=message) as caught:
        run(monkeypatch, *arguments)
    assert "\n" not in str(caught.value)
