"""Who has larger letters in the system gets higher rows, wider columns and wider panels; nothing is cut off."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QFont, QFontInfo, QFontMetrics, QPixmap
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDoubleSpinBox,
    QLabel,
    QPushButton,
    QSpinBox,
    QStyle,
    QStyleOptionButton,
    QToolButton,
)

from app.outputs.take import TakeInfo
from app.ui.meters.charts_panel import ChartsPanel
from app.ui.meters.meter_painter import text_font
from app.ui.meters.meters_panel import MetersPanel
from app.ui.output.output_panel import OutputPanel
from app.ui.output.stream_card import StreamCard
from app.ui.panel_dock import PanelDock
from app.ui.picture.picture_panel import PicturePanel
from app.ui.style import theme as themes
from app.ui.style.icons import icon_file
from app.ui.style.palette import DARK
from app.ui.style.scale import USUAL_PX, px, scale
from app.ui.tracking.channel_model import Column
from app.ui.tracking.tracking_panel import TrackingPanel
from app.ui.window import MainWindow

WAIT_MS = 60_000


@pytest.fixture
def app(qtbot: Any) -> Iterator[QApplication]:
    """Gets its own font back."""
    made = QApplication.instance()
    assert isinstance(made, QApplication)
    before = made.font()
    yield made
    made.setFont(before)
    themes.apply(made, DARK)


def set_pixels(app: QApplication, pixels: int) -> None:
    font = QFont(app.font())
    font.setPixelSize(pixels)
    app.setFont(font)


@pytest.mark.parametrize(("pixels", "expected"), [(9, 1.0), (USUAL_PX, 1.0), (26, 2.0), (60, 2.0)])
def test_lengths_go_with_the_text_within_bounds(app: QApplication, pixels: int, expected: float) -> None:
    set_pixels(app, pixels)
    assert scale() == expected
    assert px(28) == round(28 * expected)


def test_nothing_is_cut_off_with_large_text(
    app: QApplication, make_window: Callable[..., MainWindow], qtbot: Any
) -> None:
    set_pixels(app, 19)
    window = make_window()
    window.resize(1280, 800)
    line = QFontMetrics(app.font()).height()
    for field in window.findChildren(QSpinBox) + window.findChildren(QDoubleSpinBox):
        assert field.sizeHint().height() >= line
    window.docks.show("tracking")
    tracking = window.panels["tracking"]
    assert isinstance(tracking, TrackingPanel)
    qtbot.waitUntil(lambda: tracking.isVisible() and tracking.width() >= 400, timeout=WAIT_MS)
    tracking.show_page("channels")
    table = tracking.channels.table
    header, words = table.horizontalHeader(), table.model()
    for column in Column:
        word = str(words.headerData(column, header.orientation()) or "")
        assert header.sectionSize(column) >= header.fontMetrics().horizontalAdvance(word), word
    assert table.rowHeight(1) >= 2 * line * 0.8
    for part in (*window.toolbar.findChildren(QPushButton), *tracking.findChildren(QPushButton)):
        if part.isVisible():
            assert part.height() >= line, part.text()
    for label in window.status.findChildren(QLabel):
        assert label.sizeHint().height() >= QFontMetrics(label.font()).height()


def test_meters_are_written_larger_too(app: QApplication, make_window: Callable[..., MainWindow], qtbot: Any) -> None:
    heights, fonts = [], []
    for pixels in (USUAL_PX, 19):
        set_pixels(app, pixels)
        panel = make_window().panels["meters"]
        assert isinstance(panel, MetersPanel)
        qtbot.waitUntil(panel.isVisible, timeout=WAIT_MS)
        painted = panel.current
        laid_out = painted._placed()
        heights.append(laid_out.row_px)
        fonts.append(QFontInfo(text_font(painted.font(), laid_out.row_px)).pixelSize())
    assert heights[1] > 1.2 * heights[0]
    assert fonts[1] > 1.3 * fonts[0]


def drawn_px(button: QAbstractButton) -> int:
    """How many pixels across the icon of a button has."""
    size = button.icon().actualSize(button.iconSize())
    return size.height()


def test_icons_are_drawn_larger_too(app: QApplication, make_window: Callable[..., MainWindow], qtbot: Any) -> None:
    heights = []
    for pixels in (USUAL_PX, 18):
        set_pixels(app, pixels)
        window = make_window()
        window.resize(1280, 800)
        window.docks.show("charts")
        charts, picture = window.panels["charts"], window.panels["picture"]
        assert isinstance(charts, ChartsPanel)
        assert isinstance(picture, PicturePanel)
        bar = next(dock.bar for dock in window.findChildren(PanelDock) if dock.widget() is charts)
        buttons = [
            *(window.toolbar.run, window.toolbar.stream, window.toolbar.view, window._reset_button),
            *(bar.float_button, bar.close_button, charts.pause, picture.mirror),
            *charts.legend.findChildren(QToolButton),
        ]
        heights.append([drawn_px(button) for button in buttons])
        for button in (window._reset_button, bar.close_button, picture.mirror):
            qtbot.waitUntil(button.isVisible, timeout=WAIT_MS)
            room = button.contentsRect().size()
            assert room.width() >= drawn_px(button), button.toolTip()
            assert room.height() >= drawn_px(button), button.toolTip()
    for button in (window.toolbar.run, window.toolbar.stream, window.toolbar.record):
        strong = QFont(button.font())
        strong.setWeight(QFont.Weight.DemiBold)
        words = QFontMetrics(strong).horizontalAdvance(button.text())
        assert button.width() >= words + button.iconSize().width() + 26, button.text()
    assert window.toolbar.width() <= window.width()
    usual, large = heights
    assert set(usual) == {16, 12}
    assert large == [{16: 22, 12: 17}[height] for height in usual]


def test_pictures_of_the_style_sheet_go_with_the_text(app: QApplication) -> None:
    set_pixels(app, USUAL_PX)
    usual = icon_file("check", "#123456")
    set_pixels(app, 2 * USUAL_PX)
    large = icon_file("check", "#123456")
    assert (QPixmap(usual).height(), QPixmap(large).height()) == (16, 32)
    set_pixels(app, USUAL_PX)
    assert icon_file("check", "#123456") == usual


def test_the_output_panel_has_room_for_larger_text(app: QApplication, make_window: Callable[..., MainWindow]) -> None:
    set_pixels(app, 18)
    panel = make_window().panels["output"]
    assert isinstance(panel, OutputPanel)
    (card,) = panel.streams_page.findChildren(StreamCard)
    option = QStyleOptionButton()
    card.on.initStyleOption(option)
    tick = card.on.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, card.on)
    assert tick.width() == px(14) + 2
    assert card.on.width() >= tick.width()
    lines = 2 * QFontMetrics(app.font()).height()
    assert panel.sending.sizeHint().height() >= lines + 12
    takes = panel.takes_page
    takes.list.show_takes([TakeInfo(Path("take.csv"), "openface", 100, 4.0, 1000, 0.0)])
    assert takes.list.sizeHintForRow(0) >= lines + 12
    for button in (takes.play, takes.live, takes.more):
        assert button.width() >= button.fontMetrics().horizontalAdvance(button.text()) + 2 * 11, button.text()
