"""The legend of the charts: what it calls a curve where there is room, and where there is little."""

from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from app.ui.meters.chart_legend import ChartLegend, _Row
from app.ui.meters.charts_panel import LEGEND_PX
from app.ui.meters.curves import CURVE_INDEX, CURVES
from app.ui.style import theme as themes
from app.ui.style.theme import DARK


@pytest.fixture
def legend(qtbot: Any) -> ChartLegend:
    made = ChartLegend()
    qtbot.addWidget(made)
    made.set_curves(dict.fromkeys(("AU12-left", "AU29", "head-distance", "jawOpen"), "#ffffff"), DARK)
    made.show()
    return made


def names(legend: ChartLegend) -> list[str]:
    return [row.name.text() for row in legend.findChildren(_Row)]


def test_names_are_as_long_as_there_is_room_for(legend: ChartLegend, qtbot: Any) -> None:
    others = ["AU29 Jaw thrust", "Distance", "jawOpen"]
    legend.resize(600, 200)
    qtbot.waitUntil(lambda: names(legend) == ["AU12 L Lip corner puller", *others])
    row = legend.findChildren(_Row)[0]
    words = row.name.fontMetrics()
    less = row.name.width() - words.horizontalAdvance("AU12 L Lip corner puller") + 1
    legend.resize(600 - less, 200)
    qtbot.waitUntil(lambda: names(legend) == ["AU12 L Corner puller", *others])
    assert row.toolTip() == "AU12 Lip corner puller, left"
    less = row.name.width() - words.horizontalAdvance("AU12 L Corner puller") + 1
    legend.resize(legend.width() - less, 200)
    qtbot.waitUntil(lambda: names(legend)[0].endswith("…"))


def test_no_name_is_cut_off_where_the_legend_stands_beside_the_charts(legend: ChartLegend, qtbot: Any) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    themes.apply(app, DARK)  # its letters are wider than those of no style
    legend.resize(LEGEND_PX[0], 200)
    for curve in CURVES:
        legend.set_curves({curve.key: "#ffffff"}, DARK)
        row = next(row for row in legend.findChildren(_Row) if row.curve is CURVES[CURVE_INDEX[curve.key]])
        qtbot.waitUntil(lambda row=row: row.name.text() != "")
        assert row.name.text() in curve.short_names
        legend.show_values({curve.key: curve.unit.high})
        assert row.value.fontMetrics().horizontalAdvance(row.value.text()) <= row.value.width()
