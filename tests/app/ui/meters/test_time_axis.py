"""The foot of the charts: round times of a take from its beginning to its end, wherever one looks."""

from typing import Any

import numpy as np
import pytest

from app.ui.meters.chart_plots import ChartPlots
from app.ui.meters.curve_history import Slice
from app.ui.meters.time_axis import TimeAxis
from app.ui.style.theme import DARK


@pytest.fixture
def axis(qtbot: Any) -> TimeAxis:
    return TimeAxis("bottom")


def words(axis: TimeAxis, low: float, high: float, size: float = 400.0) -> list[str]:
    (step, values), *_ = axis.tickValues(low, high, size)
    return axis.tickStrings(values, 1.0, step)


def test_what_comes_in_ends_now(axis: TimeAxis) -> None:
    assert words(axis, -10, 0)[-2:] == ["−2 s", "now"]


@pytest.mark.parametrize(
    ("length_s", "low", "high", "expected"),
    [
        (18.93, -18.93, 0, ["0:00", "0:05", "0:10", "0:15", "0:18"]),
        (15.9, -15.9, 0, ["0:00", "0:05", "0:10", "0:15"]),  # the last one is the end: 0:15 itself would touch it
        (3.43, -3.43, 0, ["0:00.0", "0:00.5", "0:01.0", "0:01.5", "0:02.0", "0:02.5", "0:03.0", "0:03.4"]),
        (0.5, -1.0, 0, ["0:00.0", "0:00.2", "0:00.5"]),  # a second is seen at least; nothing is before the beginning
        (7265.0, -7265.0, 0, ["0:00", "30:00", "1:00:00", "1:30:00", "2:01:05"]),
        (18.93, -18.93, -16.0, ["0:00.0", "0:00.5", "0:01.0", "0:01.5", "0:02.0", "0:02.5"]),
        (18.93, -0.3, 0, ["0:18.65", "0:18.70", "0:18.75", "0:18.80", "0:18.85", "0:18.93"]),
    ],
)
def test_a_take_begins_at_zero_and_ends_at_its_length(
    axis: TimeAxis, length_s: float, low: float, high: float, expected: list[str]
) -> None:
    axis.set_take(length_s)
    assert words(axis, low, high) == expected
    (_, values), *_ = axis.tickValues(low, high, 400.0)
    assert values[-1] == 0 if high == 0 else values[-1] <= high
    axis.set_take(None)
    assert words(axis, -10, 0)[-1] == "now"


def test_the_grid_of_every_strip_is_at_the_times_of_the_foot(qtbot: Any) -> None:
    plots = ChartPlots(DARK)
    qtbot.addWidget(plots)
    plots.set_curves({"AU26": "#ffffff", "head-yaw": "#ffffff"})
    plots.set_span(19.0)
    time_s = np.arange(-18.9, 0.01, 0.1)
    piece = Slice(0, time_s, time_s + 18.9, np.arange(190), np.zeros((190, 2), np.float32), take_s=18.9)
    plots.draw(piece, ["AU26", "head-yaw"])
    assert len(plots._strips) == 2
    for strip in plots._strips.values():
        grid, foot = (strip.getAxis(side).tickValues(-18.9, 0.0, 400.0) for side in ("top", "bottom"))
        assert grid == foot
        assert np.round(foot[0][1], 1).tolist() == [-18.9, -13.9, -8.9, -3.9, 0.0]
