"""Figures of a run: rates, scales, the text of a bug report, stalls, the panel that shows them."""

import mmap
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtGui import QFontMetrics, QGuiApplication
from PySide6.QtWidgets import QLabel

from app.frames import SourceInfo
from app.pipeline import Latency, SinkReport, Snapshot
from app.ui.message_bar import MessageBar
from app.ui.meters.performance import STAGES, DrawingRate, Figures, as_text, tiles
from app.ui.meters.performance_panel import P50, PerformancePanel
from app.ui.meters.process_use import ProcessorUse, memory_mib
from app.ui.panel import Shell
from app.ui.style.theme import DARK, LIGHT
from app.ui.thread_clock import RenderClock

WAIT_MS = 60_000
RUN = Snapshot(
    source=SourceInfo(name="secret_name.mp4", size=(640, 480), fps=30.0, frame_count=None, live=True),
    frames=200,
    tracked=150,
    broken=2,
    dropped=7,
    fps=29.97,
    latency={"landmarks": Latency(3.21, 4.5), "total": Latency(6.0, 12.5)},
    sinks=(SinkReport("osc to 10.0.0.7:9000", 198, 2, None),),
)


def test_the_drawing_rate_is_that_of_the_last_two_seconds() -> None:
    rate = DrawingRate()
    for i in range(51):
        rate.look(i * 0.2, renders=i * 4, render_ms=10.0 + i % 2)
    assert rate.per_s == pytest.approx(20.0)
    for i in range(51, 70):
        rate.look(i * 0.2, renders=200, render_ms=99.0)
    assert rate.per_s == 0
    assert rate.latency is not None
    assert rate.latency.p50_ms == pytest.approx(10.5, abs=0.5)
    assert rate.latency.p95_ms == pytest.approx(11.0)


def test_nothing_was_drawn_before_the_first_picture() -> None:
    assert DrawingRate().latency is None
    assert DrawingRate().per_s == 0


@pytest.mark.parametrize(("p95", "scale"), [(0.1, 10), (9.9, 10), (12.5, 20), (33, 50), (51, 100), (420, 500)])
def test_bars_reach_to_a_round_number(p95: float, scale: float) -> None:
    assert Figures(Snapshot(latency={"total": Latency(0.1, p95)})).scale_ms == scale


def test_tiles_have_units_and_a_dash_before_the_first_frame() -> None:
    words = {word: value for word, (value, _) in tiles(Figures(RUN, memory_mib=321.4, cores=1.234)).items()}
    assert words["Frames / s"] == "30.0"
    assert words["With a face"] == "75 %"
    assert (words["Dropped"], words["Broken"]) == ("7", "2")
    assert (words["Memory"], words["Cores"]) == ("321 MiB", "1.23")
    assert tiles(Figures(memory_mib=1536.0))["Memory"][0] == "1.5 GiB"
    assert tiles(Figures(longest_stall_ms=83.4))["Worst stall"][0] == "83 ms"
    assert tiles(Figures(longest_stall_ms=1435))["Worst stall"][0] == "1.4 s"
    assert tiles(Figures())["With a face"][0] == "–"
    assert list(tiles(Figures())) == list(words)


def test_the_report_has_the_figures_and_nothing_private() -> None:
    text = as_text(Figures(RUN, rig=Latency(14.0, 20.0), model="lite", device="cpu"))
    assert "lite on cpu" in text
    assert "640 x 480" in text
    assert any(line.split() == ["Landmarks", "3.21", "4.50"] for line in text.splitlines())
    assert any(line.split()[-2:] == ["14.00", "20.00"] for line in text.splitlines())
    assert "198 written, 2 failed" in text
    assert "Crop" not in text
    for private in ("secret_name", "10.0.0.7", str(Path.home())):
        assert private not in text


def test_memory_and_processor_are_those_of_this_process() -> None:
    before = memory_mib()
    assert before is not None
    with mmap.mmap(-1, 64 * 2**20) as block:  # from the system: what an earlier test gave back may be here still
        for at in range(0, len(block), mmap.PAGESIZE):
            block[at] = 1
        after = memory_mib()
    assert after is not None
    assert 50 < after - before < 100
    use = ProcessorUse()
    until_s = time.process_time() + 0.05
    while time.process_time() < until_s:
        pass
    assert 0 < use.cores() < 64


@pytest.mark.parametrize("width", [280, 320, 900])
def test_no_text_is_cut(qtbot: Any, panel: PerformancePanel, width: int) -> None:
    panel.resize(width, 600)
    slow = dict.fromkeys(STAGES, Latency(888.88, 8888.8))
    busy = Snapshot(
        source=RUN.source, frames=99_999, tracked=99_999, fps=240.0, dropped=99_999, broken=99_999, latency=slow
    )
    panel.stalls.stop()
    panel.tick(busy)
    QGuiApplication.processEvents()
    labels = panel.findChildren(QLabel)
    assert len(labels) == 2 * len(panel.text())
    for label in labels:
        assert label.fontMetrics().horizontalAdvance(label.text()) <= label.width(), label.text()
    for row in range(len(STAGES)):
        for column in range(3):
            item = panel.table.item(row, column)
            assert item is not None
            needed = QFontMetrics(item.font()).horizontalAdvance(item.text()) + 18
            assert needed <= panel.table.columnWidth(column), item.text()
    assert panel.table.columnWidth(3) > 30


@pytest.fixture
def panel(qtbot: Any) -> Iterator[PerformancePanel]:
    messages = MessageBar(DARK)
    qtbot.addWidget(messages)
    fields: dict[str, Any] = dict.fromkeys(Shell.__dataclass_fields__)
    fields |= {
        "theme": DARK,
        "rig": SimpleNamespace(renders=0, render_ms=0.0, rendering=RenderClock()),
        "messages": messages,
    }
    fields["session"] = SimpleNamespace(model="lite", device="cpu", running=True)
    made = PerformancePanel(Shell(**fields))
    qtbot.addWidget(made)
    made.resize(320, 620)
    made.show()
    yield made
    made.close_down()


def cells(panel: PerformancePanel) -> dict[str, tuple[str, str]]:
    rows = {}
    for row, (word, _) in enumerate(STAGES.values()):
        texts = [item.text() for column in (P50, P50 + 1) if (item := panel.table.item(row, column)) is not None]
        rows[word] = (texts[0], texts[1])
    return rows


def test_the_panel_shows_every_stage_and_keeps_the_places_of_those_without_a_figure(panel: PerformancePanel) -> None:
    panel.shell.rig.renders, panel.shell.rig.render_ms = 1, 15.0
    panel.tick(Snapshot())
    panel.shell.rig.renders = 2
    panel.tick(RUN)
    shown = cells(panel)
    assert shown["Landmarks"] == ("3.21", "4.50")
    assert shown["Crop"] == ("–", "–")
    assert shown["3D face"] == ("15.00", "15.00")
    assert panel.text()["Dropped"] == "7"
    assert panel.table.height() >= sum(panel.table.rowHeight(row) for row in range(len(STAGES)))


def test_after_the_end_the_last_figures_stay_until_another_source(panel: PerformancePanel) -> None:
    panel.tick(RUN)
    panel.shell.session.running = False  # type: ignore[misc]
    panel.tick(Snapshot())
    assert cells(panel)["Total"] == ("6.00", "12.50")
    panel.reset()
    assert cells(panel)["Total"] == ("–", "–")


def test_figures_are_kept_while_nobody_looks(panel: PerformancePanel) -> None:
    panel.hide()
    panel.tick(RUN)
    assert panel.figures.snapshot.frames == 200
    panel.show()
    panel.tick(RUN)
    assert panel.text()["Frames"] == "200"


def test_the_button_copies_the_text(panel: PerformancePanel) -> None:
    panel.tick(RUN)
    panel.copy.click()
    assert "Landmarks" in QGuiApplication.clipboard().text()
    assert "copied" in panel.shell.messages.text


def test_no_number_moves_a_thing(qtbot: Any, panel: PerformancePanel) -> None:
    panel.tick(RUN)
    before = [(tile.geometry(), panel.table.geometry()) for tile, _ in panel._tiles.values()]
    for frames, fps in ((99_999, 240.0), (3, 1.0)):
        panel.tick(Snapshot(source=RUN.source, frames=frames, tracked=frames, fps=fps, dropped=12_345))
        QGuiApplication.processEvents()
        assert [(tile.geometry(), panel.table.geometry()) for tile, _ in panel._tiles.values()] == before


def test_the_table_stands_beside_the_tiles_where_there_is_room(qtbot: Any, panel: PerformancePanel) -> None:
    panel.set_theme(LIGHT)
    copy, table = panel.copy, panel.table
    assert table.mapTo(panel, table.rect().topLeft()).y() > copy.mapTo(panel, copy.rect().bottomLeft()).y()
    panel.resize(900, 300)
    qtbot.waitUntil(lambda: table.mapTo(panel, table.rect().topLeft()).y() < 40)
    assert table.mapTo(panel, table.rect().topLeft()).x() >= 300
