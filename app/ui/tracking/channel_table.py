"""The table of channels on the screen: live bars, and numbers that are dragged, typed or stepped.

Bars and words are painted by one delegate: forty rows of widgets would cost more than the tracker.
"""

import time
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDoubleSpinBox,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from app.shaping import DEFAULTS, FILE_UNITS, RANGES
from app.ui.style.scale import px
from app.ui.style.theme import Theme
from app.ui.tracking.channel_model import (
    DECIMALS,
    PAIRED,
    ROWS,
    SETTING_OF,
    STEPS,
    WORDS,
    ChannelModel,
    Column,
    search_words,
)

ROW_PX: Final = 40
LOWER_PX: Final = 20
"""Of a row: below the name lie bars and numbers."""
HEADING_PX: Final = 32
LINK_PX, NUMBER_PX = 24, 44
BAR_PX: Final = 4
JUST_SEEN: Final = 0.01
"""Bars that differ by less are the same."""
PAD: Final = 8
SCRUB_PX: Final = 4
"""The mouse goes this far for one step of a number."""
REPAINT_S: Final = 0.045
"""Bars are painted about twenty times a second: more is not seen and costs the tracker its time."""
Index = QModelIndex | QPersistentModelIndex
Align = Qt.AlignmentFlag


class ChannelDelegate(QStyledItemDelegate):
    """Paints a cell; makes the editor of a number."""

    def __init__(self, table: "ChannelTable", theme: Theme) -> None:
        super().__init__(table)
        self._table = table
        self.theme = theme

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        setting = SETTING_OF[index.column()]
        low, high = RANGES[setting]
        editor = QDoubleSpinBox(parent)
        editor.setAlignment(Align.AlignRight | Align.AlignVCenter)
        editor.setRange(low * FILE_UNITS[setting], high * FILE_UNITS[setting])
        editor.setDecimals(DECIMALS[setting])
        editor.setSingleStep(STEPS[setting])
        editor.setAccessibleName(f"{WORDS[setting]} of {self._table.channels.title(index.row())}")
        return editor

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        cell: QRect = option.rect  # type: ignore[attr-defined]
        editor.setGeometry(cell.adjusted(0, cell.height() - px(LOWER_PX) - 1, 0, 0))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row, column = index.row(), index.column()
        box, state = QRectF(option.rect), option.state  # type: ignore[attr-defined]
        painter.save()
        painter.setFont(option.font)  # type: ignore[attr-defined]
        if ROWS[row].au is None:
            self._paint_heading(painter, box, ROWS[row].region)
        else:
            if row == self._table.currentIndex().row():
                painter.fillRect(box, QColor(self.theme.raised))
            self._paint_title(painter, box, row)
            lower = QRectF(box.left(), box.bottom() - px(LOWER_PX), box.width(), px(LOWER_PX))
            if column == Column.NAME:
                self._paint_bars(painter, lower.adjusted(PAD, 0, -4, 0), row)
            elif column == Column.LINK:
                self._paint_link(painter, lower, row)
            else:
                if state & QStyle.StateFlag.State_MouseOver:
                    painter.fillRect(lower.adjusted(2, 0, -2, -1), QColor(self.theme.hover))
                self._paint_number(painter, lower, row, column, str(index.data()))
            if state & QStyle.StateFlag.State_Selected and self._table.hasFocus():
                painter.setPen(QPen(QColor(self.theme.accent), 1))
                painter.drawRoundedRect(lower.adjusted(2.5, 0.5, -2.5, -1.5), 3, 3)
        painter.restore()

    def _paint_heading(self, painter: QPainter, box: QRectF, region: str) -> None:
        font = QFont(painter.font())
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(QColor(self.theme.muted))
        painter.drawText(box.adjusted(PAD, 0, 0, -4), Align.AlignLeft | Align.AlignBottom, region)

    def _paint_title(self, painter: QPainter, box: QRectF, row: int) -> None:
        """The name lies over all cells of the row: each paints its own part of it."""
        metrics = painter.fontMetrics()
        number, _, name = self._table.channels.title(row).partition(" ")
        whole = self._table.horizontalHeader().length()
        line = QRectF(PAD, box.top() + 4, whole - 2 * PAD, box.height() - px(LOWER_PX) - 4)
        painter.setClipRect(box)
        painter.setPen(QColor(self.theme.muted))
        painter.drawText(line, Align.AlignLeft | Align.AlignVCenter, number)
        room = line.adjusted(metrics.horizontalAdvance("AU43") + PAD, 0, 0, 0)
        painter.setPen(QColor(self.theme.text))
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Align.AlignLeft | Align.AlignVCenter, shown)

    def _paint_bars(self, painter: QPainter, box: QRectF, row: int) -> None:
        channels = self._table.channels.channels(row)
        share = (box.width() - 4 * (len(channels) - 1)) / len(channels)
        for i, channel in enumerate(channels):
            bar = QRectF(box.left() + i * (share + 4), box.center().y() - BAR_PX / 2, share, BAR_PX)
            self._paint_bar(painter, bar, channel, self._colour(row, i))

    def _colour(self, row: int, i: int) -> QColor:
        if ROWS[row].au not in PAIRED:
            return QColor(self.theme.both)
        right = i == 1 or ROWS[row].side == "right"
        return QColor(self.theme.right if right else self.theme.left)

    def _paint_bar(self, painter: QPainter, bar: QRectF, channel: int, colour: QColor) -> None:
        """Filled up to what is shown; where it is shaped, a tick at what was measured."""
        model = self._table.channels
        painter.fillRect(bar, QColor(self.theme.line))
        painter.fillRect(QRectF(bar.left(), bar.top(), bar.width() * float(model.after[channel]), bar.height()), colour)
        if not model.shaping.changed(channel) and abs(model.before[channel] - model.after[channel]) < JUST_SEEN:
            return
        x = bar.left() + (bar.width() - 2) * float(model.before[channel])
        painter.fillRect(QRectF(x, bar.top() - 2, 2, bar.height() + 4), QColor(self.theme.text))

    def _paint_link(self, painter: QPainter, box: QRectF, row: int) -> None:
        """Two rings, in each other where the sides have the same numbers."""
        entry = ROWS[row]
        if entry.au not in PAIRED:
            return
        together = entry.au not in self._table.channels.apart
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self.theme.text if together else self.theme.muted), 1.4))
        painter.setOpacity(1.0 if together else 0.7)
        middle, off = box.center(), 2.6 if together else 4.6
        for sign in (-1, 1):
            painter.drawEllipse(QPointF(middle.x() + sign * off, middle.y()), 3.8, 3.0)

    def _paint_number(self, painter: QPainter, box: QRectF, row: int, column: int, text: str) -> None:
        setting = SETTING_OF[column]
        changed = self._table.channels.shaping.get(setting, self._table.channels.channels(row)[0]) != DEFAULTS[setting]
        painter.setPen(QColor(self.theme.accent if changed else self.theme.muted))
        if changed:
            font = QFont(painter.font())
            font.setWeight(QFont.Weight.DemiBold)
            painter.setFont(font)
        painter.drawText(box.adjusted(0, 0, -PAD, 0), Align.AlignRight | Align.AlignVCenter, text)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(px(NUMBER_PX), px(ROW_PX))


class ChannelTable(QTableView):
    """Arrows move, digits or Enter edit, + and − step, Delete resets, Space links sides; the mouse drags numbers."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.channels = ChannelModel(self)
        self._delegate = ChannelDelegate(self, theme)
        self._painted_s = 0.0
        self._grip: tuple[QPersistentModelIndex, float, float] | None = None  # cell, x pressed at, number then
        self._searched = ""
        self.setModel(self.channels)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName("Gain, dead zone and limit of each channel")
        self.setToolTip("Drag a number, type it, or step it with + and −")
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed | triggers.AnyKeyPressed)
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(px(ROW_PX) - 8)
        header = self.horizontalHeader()
        header.setMinimumSectionSize(px(LINK_PX))
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionsClickable(False)
        header.setHighlightSections(False)
        for column in (Column.LINK, *SETTING_OF):
            header.resizeSection(column, px(LINK_PX) if column == Column.LINK else px(NUMBER_PX))
        for row, entry in enumerate(ROWS):
            self.setRowHeight(row, px(HEADING_PX) if entry.au is None else px(ROW_PX))
            if entry.au is None:
                self.setSpan(row, 0, 1, len(Column))
        self.channels.linked.connect(self._hide_rows)
        self.set_theme(theme)
        self._hide_rows()
        self.setCurrentIndex(self.channels.index(1, Column.GAIN))

    def set_theme(self, theme: Theme) -> None:
        self._delegate.theme = theme
        t = theme
        self.setStyleSheet(f"""
            QTableView {{ background: {t.panel}; border: none; outline: none; }}
            QHeaderView {{ background: {t.panel}; border: none; }}
            QHeaderView::section:first {{ padding-left: {PAD}px; }}
            QHeaderView::section {{
                background: {t.panel}; color: {t.muted}; border: none; border-bottom: 1px solid {t.line};
                padding: 4px {PAD}px 4px 0;
            }}
            QDoubleSpinBox {{
                background: {t.field}; border: 1px solid {t.accent}; border-radius: 4px; padding: 0 3px; min-height: 0;
            }}
            QDoubleSpinBox::up-button, QDoubleSpinBox::down-button {{ width: 0; }}
            QDoubleSpinBox QLineEdit {{
                padding: 0 {PAD - 2}px 0 0; border: none; min-height: 0; background: transparent;
            }}
            QTableView::item:hover, QTableView::item:selected {{ background: transparent; }}
        """)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Names get what numbers leave. A scroll bar has its room when it is not there, too: no column jumps."""
        super().resizeEvent(event)
        header = self.horizontalHeader()
        room = self.contentsRect().width() - self.verticalScrollBar().sizeHint().width()
        header.resizeSection(Column.NAME, room - sum(header.sectionSize(c) for c in (Column.LINK, *SETTING_OF)))

    # ------------------------------------------------------------ what is shown

    def show_values(self, before: NDArray[np.float32], after: NDArray[np.float32]) -> None:
        """(40,) 0..1 as measured and as shown; painted when it is time to."""
        self.channels.before, self.channels.after = before, after
        now = time.perf_counter()
        if now - self._painted_s >= REPAINT_S:
            self._painted_s = now
            width = self.columnWidth(Column.NAME)
            self.viewport().update(QRect(0, 0, width, self.viewport().height()))

    def search(self, text: str) -> int:
        """Show the channels that have all of these words in their name, number, region or ARKit shapes; how many."""
        self._searched = text.strip().lower()
        self._hide_rows()
        return sum(entry.au is not None and not self.isRowHidden(row) for row, entry in enumerate(ROWS))

    def _hide_rows(self) -> None:
        words = self._searched.split()
        regions = set()
        for row, entry in enumerate(ROWS):
            if entry.au is None:
                continue
            text = search_words(row)
            if len(self.channels.channels(row)) == 2:  # it stands for the row below as well
                text += search_words(row + 1)
            found = all(word in text for word in words)
            self.setRowHidden(row, not found or self.channels.is_hidden(row))
            if found:
                regions.add(entry.region)
        for row, entry in enumerate(ROWS):
            if entry.au is None:
                self.setRowHidden(row, entry.region not in regions)

    # ------------------------------------------------------------ mouse and keyboard

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        index = self.indexAt(event.position().toPoint())
        if event.button() is not Qt.MouseButton.LeftButton or not index.isValid() or ROWS[index.row()].au is None:
            return
        if (setting := SETTING_OF.get(index.column())) is not None:
            start = self.channels.number(index.row(), setting)
            self._grip = QPersistentModelIndex(index), event.position().x(), start
        elif index.column() == Column.LINK:
            self.channels.toggle_link(index.row())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is None:
            super().mouseMoveEvent(event)
            return
        index, pressed_x, start = self._grip
        steps = int((event.position().x() - pressed_x) / SCRUB_PX)
        if steps or self.viewport().cursor().shape() is Qt.CursorShape.SizeHorCursor:
            self.viewport().setCursor(Qt.CursorShape.SizeHorCursor)
            setting = SETTING_OF[index.column()]
            self.channels.setData(index, start + steps * STEPS[setting])

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grip = None
        self.viewport().unsetCursor()
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index, key = self.currentIndex(), event.key()
        if self.state() == QAbstractItemView.State.EditingState or not index.isValid():
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.channels.step(index, -1 if key == Qt.Key.Key_Minus else 1)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.channels.reset(index)
        elif key == Qt.Key.Key_Space:
            self.channels.toggle_link(index.row())
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.column() in SETTING_OF:
            self.edit(index)  # Qt's own editing key is another one on some platforms
        else:
            super().keyPressEvent(event)
