"""Databases: clips are tracked one by one, frames pooled, views and presence kept apart."""

from pathlib import Path

import numpy as np
import pytest

from models.evaluation import databases
from models.evaluation.au_datasets import fera2017
from models.evaluation.au_datasets.sequences import Coded, DatasetError
from models.evaluation.databases import evaluate_dataset, presence_table
from models.evaluation.tracked import Columns, column_name
from rig.parameters import CHANNELS


def csv_of(au12: np.ndarray, found: np.ndarray | None = None) -> Columns:
    """A tracker's table in which only AU12 moves: (T,) 0..5, the same on both sides."""
    table = {f"{column_name(channel)}_r": np.zeros(len(au12)) for channel in CHANNELS}
    table["AU12_L_r"] = table["AU12_R_r"] = au12
    return table | {"success": np.ones(len(au12)) if found is None else found}


def coded(subject: str, rows: list[int], au12: list[float], view: str = "") -> Coded:
    return Coded(
        subject, f"{subject}{view}", Path(f"{subject}{view}"), np.array(rows), {"AU12": np.array(au12)}, view=view
    )


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> list[Coded]:
    """What the reader of 'disfa' gives: two test subjects and one to train on."""
    sequences = [coded("SN003", [0, 2], [1, 3]), coded("SN004", [1], [5]), coded("SN001", [0], [0])]
    monkeypatch.setitem(databases.READERS, "disfa", ("DISFA", lambda root: sequences))
    return sequences


def test_coded_frames_of_the_parts_subjects_are_pooled(database: list[Coded]) -> None:
    asked = []

    def tracker(source: Path, model: str) -> Columns:
        asked.append((source.name, model))
        return csv_of({"SN003": np.array([1.0, 0, 3.5]), "SN004": np.array([0.0, 4.5])}[source.name])

    scores = evaluate_dataset("disfa", Path(), ["lite"], tracker=tracker)
    assert asked == [("SN003", "lite"), ("SN004", "lite")]
    assert (scores.title, scores.subjects, scores.frames) == ("DISFA", 2, 3)
    assert scores.scores["Mien lite"]["AU12"].mae == pytest.approx((0 + 0.5 + 0.5) / 3)
    assert scores.found == {"Mien lite": 1.0}


def test_an_action_that_nobody_shows_is_no_cheap_success(database: list[Coded]) -> None:
    database[0].intensity["AU34"] = np.zeros(2)
    scores = evaluate_dataset("disfa", Path(), ["lite"], tracker=lambda s, m: csv_of(np.ones(3)))
    assert list(scores.scores["Mien lite"]) == ["AU12"]


def test_lost_faces_short_clips_and_broken_clips_are_not_zeros(
    database: list[Coded], capsys: pytest.CaptureFixture[str]
) -> None:
    def tracker(source: Path, model: str) -> Columns:
        if source.name == "SN004":
            raise SystemExit("mien track SN004 failed: it is damaged")
        return csv_of(np.array([1.0, 0]), found=np.array([1.0, 0]))  # one frame is missing at its end

    scores = evaluate_dataset("disfa", Path(), ["lite"], tracker=tracker)
    assert scores.scores["Mien lite"]["AU12"].n == 1
    assert scores.found["Mien lite"] == pytest.approx(1 / 3)
    assert "SN004: left out (mien track SN004 failed: it is damaged)" in capsys.readouterr().err


def test_nothing_tracked_or_nobody_there_is_said(database: list[Coded]) -> None:
    with pytest.raises(SystemExit, match="no face was found"):
        evaluate_dataset("disfa", Path(), ["lite"], tracker=lambda s, m: csv_of(np.zeros(3), found=np.zeros(3)))
    database[:] = database[2:]
    with pytest.raises(SystemExit, match="no subject of the test part"):
        evaluate_dataset("disfa", Path(), ["lite"], tracker=lambda s, m: csv_of(np.zeros(3)))
    with pytest.raises(DatasetError, match="is not FERA 2017"):
        evaluate_dataset("fera2017", Path("nowhere"), ["lite"])


def test_views_are_scored_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    sequences = [coded("VA-F001", [0, 1], [0, 4], view) for view in ("1", "6")]
    monkeypatch.setitem(databases.READERS, "fera2017", ("FERA 2017", lambda root: sequences))

    def tracker(source: Path, model: str) -> Columns:
        return csv_of(np.array([0.0, 4.0 if source.name.endswith("6") else 2.0]))

    scores = evaluate_dataset("fera2017", Path(), ["lite"], tracker=tracker)
    assert scores.views["6"]["Mien lite"]["AU12"].mae == 0
    assert scores.views["1"]["Mien lite"]["AU12"].mae == pytest.approx(1)
    assert scores.scores["Mien lite"]["AU12"].n == 4


def test_presence_is_ranked_where_there_are_no_intensities(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"AU12": np.array([0.0, np.nan, 1, 1]), "AU04": np.zeros(4)}
    sequence = Coded("S001", "S001-001", Path("S001"), np.arange(4), present=there)
    monkeypatch.setitem(databases.READERS, "mmi", ("MMI", lambda root: [sequence]))
    table = csv_of(np.array([0.5, 5, 0.25, 2]))
    scores = evaluate_dataset("mmi", Path(), ["lite"], tracker=lambda s, m: table)
    assert scores.scores == {}
    assert scores.presence["Mien lite"]["AU12"] == pytest.approx(0.5)
    printed = presence_table(scores.presence)
    assert "| AU12 | 0.50 |" in printed
    assert "AU04" not in printed  # never there: nothing to rank


def test_a_real_tree_goes_the_whole_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From FERA's files through the tracker itself, whose message on a damaged video comes back."""
    for au in fera2017.AUS:
        (tmp_path / f"FERA17_VA_F001_T1_AU{au:02d}_Int.csv").write_text("1,0\n2,1\n")
    (tmp_path / "FERA17_VA_F001_T1_6.mp4").write_bytes(b"no video")
    with pytest.raises(SystemExit, match="no face was found"):
        evaluate_dataset("fera2017", tmp_path, ["geometric"])
    assert "FERA17_VA_F001_T1_6: left out (mien track" in capsys.readouterr().err
