"""The last minute of all curves: what is kept, what a gap is, what thinning leaves, what a table holds."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.errors import UserError
from app.face_frame import FaceFrame
from app.frames import Frame
from app.ui.meters.chart_files import write_table
from app.ui.meters.curve_history import ROWS, CurveHistory, Slice, thin
from app.ui.meters.curves import CURVE_INDEX
from rig.parameters import CHANNEL_INDEX, N_CHANNELS

SMILE, YAW = CURVE_INDEX["AU12-left"], CURVE_INDEX["head-yaw"]
PICTURE = np.zeros((4, 4, 3), np.uint8)


@pytest.fixture
def add(make_face: Callable[..., FaceFrame]) -> Callable[..., None]:
    """Add frame ``index`` with a smile of so much to a history."""

    def add_one(history: CurveHistory, index: int, smile: float = 0.0, jump: bool = False, **fields: object) -> None:
        au = np.zeros(N_CHANNELS, np.float32)
        au[CHANNEL_INDEX["AU12-left"]] = smile
        face = make_face(index, au=au, **fields)
        history.add(Frame(index, PICTURE, face.time_s, face.wall_time_s, face.media_time_s, jump=jump), face)

    return add_one


def test_the_newest_seconds_come_back_in_order(add: Callable[..., None]) -> None:
    history = CurveHistory()
    for i in range(100):
        add(history, i, i / 100)
    piece = history.last([SMILE, YAW], span_s=1.0)
    assert piece.time_s[-1] == 0
    assert piece.time_s[0] == pytest.approx(-1.0)
    assert np.diff(piece.time_s) == pytest.approx(0.04)
    assert piece.frame.tolist() == list(range(74, 100))
    assert piece.values[:, 0] == pytest.approx(np.arange(74, 100) / 20, abs=1e-5)
    assert (piece.values[:, 1] == 0).all()


def test_the_oldest_give_way(add: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    history = CurveHistory()
    for i in range(ROWS + 50):
        history._put(i / 1000, i / 1000, i, np.full(len(CURVE_INDEX), i, np.float32))
    piece = history.last([SMILE])
    assert len(piece.frame) == ROWS
    assert (piece.frame[0], piece.frame[-1]) == (50, ROWS + 49)
    assert (piece.values[:, 0] == piece.frame).all()
    assert piece.first == 50


def test_a_lost_face_a_jump_and_a_silence_are_gaps(add: Callable[..., None]) -> None:
    history = CurveHistory()
    add(history, 0, 0.5)
    add(history, 1, 0.5, tracked=False)
    add(history, 2, 0.5)
    add(history, 3, 0.5, jump=True)
    add(history, 4, 0.5, time_s=110.0)
    piece = history.last([SMILE])
    assert piece.frame.tolist() == [0, 1, 2, -1, 3, -1, 4]
    assert np.isnan(piece.values[:, 0]).tolist() == [False, True, False, True, False, True, False]


def test_a_clock_that_runs_back_begins_anew(add: Callable[..., None]) -> None:
    history = CurveHistory()
    add(history, 0, 0.5)
    add(history, 1, 0.5, time_s=3.0)
    assert history.last([SMILE]).frame.tolist() == [1]
    history.clear()
    assert len(history.last([SMILE]).time_s) == 0


def noise(rows: int, first: int = 0) -> Slice:
    values = np.random.default_rng(3).random((20_000, 2)).astype(np.float32)[first : first + rows]
    values[(np.arange(first, first + rows) // 100) % 7 == 0] = np.nan
    numbers = np.arange(first, first + rows)
    return Slice(first, numbers / 60, numbers / 60, numbers, values)


def test_thinning_keeps_every_extreme_and_every_gap() -> None:
    piece = noise(3600)
    time_s, values = thin(piece, 300)
    assert len(time_s) <= 2 * 300 + 12
    assert (np.diff(time_s) > 0).all()
    for column in range(2):
        assert np.nanmax(values[:, column]) == np.nanmax(piece.values[:, column])
        assert np.nanmin(values[:, column]) == np.nanmin(piece.values[:, column])
    assert np.isnan(values[:, 0]).mean() == pytest.approx(np.isnan(piece.values[:, 0]).mean(), abs=0.05)


def test_thinned_points_stay_where_they_are_as_time_goes_on() -> None:
    before, after = (dict(zip(*map(np.ndarray.tolist, thin(noise(3600, f), 300)), strict=True)) for f in (1200, 1205))
    shared = sorted(set(before) & set(after))[:-12]
    assert len(shared) > 500
    assert np.array([before[t] for t in shared]) == pytest.approx(np.array([after[t] for t in shared]), nan_ok=True)


def test_a_falling_curve_still_falls_when_thinned() -> None:
    rows = np.arange(1000)
    falling = np.linspace(1, 0, 1000, dtype=np.float32)[:, None]
    _, values = thin(Slice(0, rows / 60, rows / 60, rows, falling), 100)
    assert (np.diff(values[:, 0]) < 0).all()


def test_few_points_are_left_as_they_are() -> None:
    piece = noise(150)
    time_s, values = thin(piece, 300)
    assert time_s is piece.time_s
    assert values is piece.values


def test_a_table_holds_what_is_seen(tmp_path: Path, add: Callable[..., None]) -> None:
    history = CurveHistory()
    for i in range(50):
        add(history, i, i / 50, tracked=i != 45, jump=i == 47)
    keys = ["AU12-left", "head-yaw"]
    piece = history.last([CURVE_INDEX[key] for key in keys])
    path = tmp_path / "charts.csv"
    assert write_table(path, piece, keys, (-0.401, -0.039)) == 10
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    assert [int(row["frame"]) for row in rows] == list(range(39, 49))
    assert float(rows[0]["AU12-left [0-5]"]) == pytest.approx(39 / 10, abs=1e-4)
    assert float(rows[0]["timestamp"]) == pytest.approx(39 / 25)
    assert rows[6]["success"] == "0"
    assert rows[6]["AU12-left [0-5]"] == rows[6]["head-yaw [deg]"] == ""
    assert rows[7]["success"] == "1"


def test_a_table_that_cannot_be_written_says_so_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        write_table(tmp_path / "nowhere" / "charts.csv", noise(5), ["AU12-left", "head-yaw"], (0, 1))
