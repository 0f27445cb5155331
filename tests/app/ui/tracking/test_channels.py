"""The table of channels: what a row stands for, what mouse and keyboard do to it, and the file it is kept in."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDoubleSpinBox, QFileDialog

from app.shaping import Shaping, load_shaping, save_shaping
from app.ui.message_bar import MessageBar
from app.ui.style import asking
from app.ui.style import theme as themes
from app.ui.tracking.channel_model import ROWS, ChannelModel, Column, Role
from app.ui.tracking.channel_page import ChannelPage
from app.ui.tracking.channel_table import SCRUB_PX, ChannelTable
from rig.parameters import CHANNEL_INDEX, CHANNELS, MIRROR, N_CHANNELS

WAIT_MS = 60_000
SMILE = (CHANNEL_INDEX["AU12-left"], CHANNEL_INDEX["AU12-right"])
JAW = CHANNEL_INDEX["AU26"]


def row_of(channel: int) -> int:
    return next(i for i, entry in enumerate(ROWS) if entry.channel == channel)


def numbers(shaping: Shaping, setting: Any) -> list[float]:
    return [shaping.get(setting, channel) for channel in SMILE]


@pytest.fixture
def page(qtbot: Any) -> Iterator[ChannelPage]:
    messages = MessageBar(themes.DARK)
    qtbot.addWidget(messages)
    page = ChannelPage(themes.DARK, messages)
    qtbot.addWidget(page)
    page.resize(320, 600)
    page.show()
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow, timeout=WAIT_MS)
    yield page
    page.close()


@pytest.fixture
def table(page: ChannelPage) -> ChannelTable:
    page.table.setFocus()
    return page.table


def choose(table: ChannelTable, channel: int, column: Column) -> QPoint:
    """Put the cursor on a cell; where its number is on the screen."""
    index = table.channels.index(row_of(channel), column)
    table.setCurrentIndex(index)
    table.scrollTo(index)
    box = table.visualRect(index)
    return QPoint(box.center().x(), box.bottom() - 8)


# ------------------------------------------------------------ the model


def test_every_channel_has_one_row_under_a_region() -> None:
    channels = [entry.channel for entry in ROWS if entry.au is not None]
    assert sorted(channels) == list(range(N_CHANNELS))
    assert ROWS[0].au is None
    for entry in ROWS:
        if entry.side == "left":
            assert ROWS[row_of(entry.channel) + 1].channel == MIRROR[entry.channel]


def test_sides_go_together_until_they_are_taken_apart() -> None:
    model, left, right = ChannelModel(), *map(row_of, SMILE)
    assert (model.is_hidden(left), model.is_hidden(right)) == (False, True)
    assert model.title(left) == "AU12 Lip corner puller"
    model.setData(model.index(left, Column.GAIN), 2.0)
    assert numbers(model.shaping, "gain") == [2, 2]
    model.toggle_link(left)
    assert not model.is_hidden(right)
    assert model.title(right) == "AU12 Lip corner puller, right"
    model.setData(model.index(right, Column.GAIN), 0.5)
    assert numbers(model.shaping, "gain") == [2, 0.5]
    model.toggle_link(right)
    assert numbers(model.shaping, "gain") == [2, 2], "the left side's numbers count"
    model.toggle_link(row_of(JAW))
    assert model.apart == set(), "what has no sides cannot be taken apart"


def test_sides_that_differ_in_what_is_shown_are_taken_apart() -> None:
    model = ChannelModel()
    model.show_shaping(Shaping().with_value("limit", SMILE[1:], 0.5))
    assert model.apart == {12}
    assert not model.is_hidden(row_of(SMILE[1]))


def test_only_hands_are_told_and_only_of_changes() -> None:
    model, told = ChannelModel(), []
    model.edited.connect(told.append)
    model.show_shaping(Shaping().with_value("gain", (JAW,), 3))
    cell = model.index(row_of(JAW), Column.GAIN)
    model.setData(cell, 3.0)
    assert told == []
    model.setData(cell, 99.0)
    assert [shaping.get("gain", JAW) for shaping in told] == [5.0], "the nearest that is allowed"


def test_screens_have_facs_intensities_and_screen_readers_whole_sentences() -> None:
    model = ChannelModel()
    cell = model.index(row_of(JAW), Column.DEAD_ZONE)
    model.setData(cell, 1.5)
    assert model.shaping.get("dead_zone", JAW) == pytest.approx(0.3)
    assert model.data(cell) == "1.5"
    assert model.data(cell, Role.AccessibleTextRole) == "Dead zone of AU26 Jaw drop: 1.5"
    name = model.index(row_of(SMILE[0]), Column.NAME)
    assert "mouthSmileLeft" in model.data(name, Role.ToolTipRole)
    assert not model.flags(model.index(0, Column.GAIN)) & Qt.ItemFlag.ItemIsEditable


# ------------------------------------------------------------ keyboard and mouse


def test_keys_step_reset_and_link(table: ChannelTable) -> None:
    choose(table, SMILE[0], Column.GAIN)
    for _ in range(3):
        QTest.keyClick(table, Qt.Key.Key_Plus)
    QTest.keyClick(table, Qt.Key.Key_Minus)
    assert numbers(table.channels.shaping, "gain") == pytest.approx([1.1, 1.1])
    QTest.keyClick(table, Qt.Key.Key_Right)
    QTest.keyClick(table, Qt.Key.Key_Plus)
    assert numbers(table.channels.shaping, "dead_zone") == pytest.approx([0.02, 0.02])
    QTest.keyClick(table, Qt.Key.Key_Delete)
    assert numbers(table.channels.shaping, "dead_zone") == [0, 0]
    assert numbers(table.channels.shaping, "gain") == pytest.approx([1.1, 1.1]), "only that number was meant"
    QTest.keyClick(table, Qt.Key.Key_Space)
    assert table.channels.apart == {12}
    assert not table.isRowHidden(row_of(SMILE[1]))
    choose(table, SMILE[0], Column.NAME)
    QTest.keyClick(table, Qt.Key.Key_Delete)
    assert numbers(table.channels.shaping, "gain") == pytest.approx([1, 1.1]), "on the name all of the row is meant"


def test_a_number_is_typed(table: ChannelTable, qtbot: Any) -> None:
    choose(table, JAW, Column.LIMIT)
    QTest.keyClick(table, Qt.Key.Key_Return)
    editor = table.findChild(QDoubleSpinBox)
    assert editor is not None
    assert editor.value() == 5
    assert editor.lineEdit().width() > 30, "the number can be read while it is typed"
    assert editor.accessibleName() == "Limit of AU26 Jaw drop"
    QTest.keyClicks(editor, "3.5")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: table.channels.shaping.get("limit", JAW) == pytest.approx(0.7), timeout=WAIT_MS)


def test_a_number_is_dragged_and_a_click_links(table: ChannelTable) -> None:
    at = choose(table, SMILE[0], Column.GAIN)
    view = table.viewport()
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseMove(view, at + QPoint(1, 0))
    assert numbers(table.channels.shaping, "gain") == [1, 1], "a hand that trembles changes nothing"
    QTest.mouseMove(view, at + QPoint(10 * SCRUB_PX, 0))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=at + QPoint(10 * SCRUB_PX, 0))
    assert numbers(table.channels.shaping, "gain") == pytest.approx([1.5, 1.5])
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=choose(table, SMILE[0], Column.LINK))
    assert table.channels.apart == {12}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("au26", {26}),
        ("26", {26}),
        ("smile", {12}),
        ("mouthSmileRight", {12}),
        ("jaw drop", {26}),
        ("brows", {1, 2, 4}),
    ],
)
def test_search_finds_by_number_name_region_and_arkit(table: ChannelTable, words: str, found: set[int]) -> None:
    assert table.search(words) >= len(found)
    shown = {entry.au for row, entry in enumerate(ROWS) if not table.isRowHidden(row)} - {None}
    assert shown == found
    headings = [entry.region for row, entry in enumerate(ROWS) if entry.au is None and not table.isRowHidden(row)]
    assert len(headings) == 1


def test_columns_stay_where_they_are_when_the_scroll_bar_goes(
    page: ChannelPage, table: ChannelTable, qtbot: Any
) -> None:
    bar, header = table.verticalScrollBar(), table.horizontalHeader()
    places = [header.sectionViewportPosition(column) for column in Column]
    assert bar.isVisible()
    assert header.length() == table.viewport().width(), "nothing is left empty beside the bar"
    page.search.setText("AU12")
    qtbot.waitUntil(lambda: not bar.isVisible(), timeout=WAIT_MS)
    assert [header.sectionViewportPosition(column) for column in Column] == places
    page.resize(page.width() + 60, page.height())
    qtbot.waitUntil(lambda: header.sectionViewportPosition(Column.LINK) == places[Column.LINK] + 60, timeout=WAIT_MS)
    page.search.clear()
    qtbot.waitUntil(bar.isVisible, timeout=WAIT_MS)
    assert header.length() == table.viewport().width()


def test_bars_show_before_and_after(table: ChannelTable) -> None:
    choose(table, JAW, Column.NAME)
    box = table.visualRect(table.channels.index(row_of(JAW), Column.NAME))

    def painted(before: float, after: float) -> tuple[float, bool]:
        """Share of the bar that is filled, and whether there is a tick."""
        values = [np.zeros(N_CHANNELS, np.float32) for _ in range(2)]
        values[0][JAW], values[1][JAW] = before, after
        table.show_values(*values)
        picture = table.viewport().grab(box).toImage()
        bar = [picture.pixelColor(x, picture.height() - 10).name() for x in range(8, picture.width() - 4)]
        ticked = [picture.pixelColor(x, picture.height() - 13).name() for x in range(8, picture.width() - 4)]
        return bar.count(themes.DARK.both) / len(bar), themes.DARK.text in ticked

    assert painted(0, 0) == (0, False)
    assert painted(0.5, 0.5) == (pytest.approx(0.5, abs=0.03), False)
    filled, tick = painted(0.25, 0.75)
    assert tick
    assert filled == pytest.approx(0.75, abs=0.05)


# ------------------------------------------------------------ the page


def test_search_says_where_nothing_is_found(page: ChannelPage) -> None:
    QTest.keyClicks(page.search, "xylophone")
    assert page.nothing.isVisible()
    assert not page.table.isVisible()
    page.search.clear()
    assert page.table.isVisible()
    QTest.keyClicks(page.search, "jaw drop")
    QTest.keyClick(page.search, Qt.Key.Key_Return)
    assert page.table.hasFocus()
    assert page.table.currentIndex().row() == row_of(JAW)
    QTest.keyClick(page.table, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert page.search.hasFocus()


def test_reset_one_and_all(page: ChannelPage, monkeypatch: pytest.MonkeyPatch) -> None:
    model, told = page.table.channels, []
    page.edited.connect(told.append)
    assert not page.reset_all.isEnabled()
    for channel in (SMILE[0], JAW):
        choose(page.table, channel, Column.GAIN)
        QTest.keyClick(page.table, Qt.Key.Key_Plus)
    QTest.mouseClick(page.reset_row, Qt.MouseButton.LeftButton)
    assert (model.shaping.changed(JAW), model.shaping.changed(SMILE[0])) == (False, True)
    choose(page.table, SMILE[0], Column.GAIN)
    reset, link = page.table.actions()
    link.trigger()
    assert model.apart == {12}
    reset.trigger()
    assert [model.shaping.changed(channel) for channel in SMILE] == [False, True], "the left side was meant"
    link.trigger()
    QTest.keyClick(page.table, Qt.Key.Key_Plus)
    for answer, left in ((False, True), (True, False)):
        monkeypatch.setattr(asking, "sure", lambda *_, answer=answer: answer)
        QTest.mouseClick(page.reset_all, Qt.MouseButton.LeftButton)
        assert model.shaping.changed(SMILE[0]) is left
    assert told[-1] == Shaping()
    assert not page.reset_all.isEnabled()


def test_a_file_is_saved_and_loaded(page: ChannelPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Shaping] = []
    page.edited.connect(told.append)
    save, load = page.file.menu().actions()[1], page.file.menu().actions()[0]
    page.show_shaping(Shaping().with_value("gain", (JAW,), 2))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "mine"), ""))
    save.trigger()
    assert load_shaping(tmp_path / "mine.json").get("gain", JAW) == 2
    other = Shaping().with_value("limit", SMILE[:1], 0.5)
    save_shaping(tmp_path / "other.json", other)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "other.json"), ""))
    load.trigger()
    assert told == [other]
    assert page.apart == [12]
    (tmp_path / "other.json").write_text("{}")
    load.trigger()
    assert told == [other], "a wrong file changes nothing"
    assert "no channel settings" in page._messages.text


def test_names_of_channels_are_all_there() -> None:
    model = ChannelModel()
    titles = {model.title(row_of(i)) for i in range(len(CHANNELS)) if not model.is_hidden(row_of(i))}
    assert len(titles) == 25
    assert all(title.startswith("AU") for title in titles)
