"""The list of files to process: two lines and a bar for each."""

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from app.ui.processing.rows import ROW, FileRows, Row, State
from app.ui.style import theme as themes
from app.ui.style.theme import Theme, number_width, tabular

PAD: Final = 8
ROW_PX: Final = 60
ICON_PX: Final = 16
BAR_PX: Final = 3
FOOT_PX: Final = 12
"""Below the text: room for the bar."""
EMPTY: Final = "Drop videos or folders here, or add them."
ICONS: Final = {
    State.WAITING: ("film", "muted"),
    State.WORKING: ("play", "accent"),
    State.DONE: ("check", "good"),
    State.FAILED: ("error", "bad"),
    State.CANCELLED: ("close", "muted"),
}
"""Of each state its icon, and its colour in the theme."""
REMARKABLE: Final = ("warning", "warn")
"""For a file that is done, with something to be said about it."""


class _Painter(QStyledItemDelegate):
    """Icon; name and state above, what is known below; a bar along the foot of the one that is worked on."""

    def __init__(self, view: "FileList") -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(160, ROW_PX)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        theme, row = self._view.theme, index.data(ROW)
        box, state = option.rect, option.state  # type: ignore[attr-defined]
        lit, over = bool(state & QStyle.StateFlag.State_Selected), bool(state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if lit or over:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.chosen if lit else theme.hover))
            painter.drawRoundedRect(QRectF(box).adjusted(2, 1, -2, -1), 4, 4)
            painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._view.hasFocus() and bool(state & QStyle.StateFlag.State_HasFocus):
            painter.setPen(QPen(QColor(theme.accent), 1))
            painter.drawRoundedRect(QRectF(box).adjusted(2.5, 1.5, -2.5, -1.5), 4, 4)
        name, colour = REMARKABLE if row.state is State.DONE and row.warnings else ICONS[row.state]
        at = QRect(box.left() + 2 * PAD, box.top() + PAD + 2, ICON_PX, ICON_PX)
        themes.icon(name, getattr(theme, colour)).paint(painter, at)
        self._write(painter, row, box.adjusted(2 * PAD + ICON_PX + PAD + 4, PAD, -2 * PAD, -FOOT_PX), theme)
        if row.state is State.WORKING:
            self._draw_bar(painter, row, box, theme)
        painter.restore()

    def _write(self, painter: QPainter, row: Row, inner: QRect, theme: Theme) -> None:
        painter.setFont(tabular(painter.font()))
        metrics, half = painter.fontMetrics(), inner.height() // 2
        upper, lower = inner.adjusted(0, 0, 0, -half), inner.adjusted(0, half, 0, 0)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        room = upper.width() - number_width(self._view, "Cancelled") - PAD
        painter.setPen(QColor(theme.text))
        painter.drawText(upper, left, metrics.elidedText(row.name, Qt.TextElideMode.ElideMiddle, room))
        _, colour = ICONS[row.state]
        painter.setPen(QColor(theme.text if row.state is State.WORKING else getattr(theme, colour)))
        painter.drawText(upper, right, row.status)
        told = row.state in (State.FAILED, State.WORKING, State.DONE)
        painter.setPen(QColor(theme.bad if row.state is State.FAILED else theme.muted))
        mode = Qt.TextElideMode.ElideRight if told else Qt.TextElideMode.ElideMiddle
        painter.drawText(lower, left, metrics.elidedText(row.about, mode, lower.width()))

    def _draw_bar(self, painter: QPainter, row: Row, box: QRect, theme: Theme) -> None:
        groove = QRectF(box.left() + 2 * PAD, box.bottom() - BAR_PX - 4, box.width() - 4 * PAD, BAR_PX)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.line))
        painter.drawRoundedRect(groove, BAR_PX / 2, BAR_PX / 2)
        if row.share:
            painter.setBrush(QColor(theme.accent))
            filled = QRectF(groove.left(), groove.top(), max(BAR_PX, groove.width() * row.share), BAR_PX)
            painter.drawRoundedRect(filled, BAR_PX / 2, BAR_PX / 2)


class FileList(QListView):
    """Shows the rows and tells what is wanted of them."""

    remove_asked = Signal()

    def __init__(self, files: FileRows, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self._dragged_over = False
        self.setModel(files)
        self.setItemDelegate(_Painter(self))
        self.setAccessibleName("Files to process")
        self.setAccessibleDescription(EMPTY)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.viewport().update()

    @property
    def chosen(self) -> list[Row]:
        """The selected ones, from above."""
        indexes = sorted(self.selectionModel().selectedIndexes(), key=QModelIndex.row)
        return [index.data(ROW) for index in indexes]

    def show_drop(self, on: bool) -> None:
        """Whether files are held over it."""
        self._dragged_over = on
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove_asked.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        empty = self.model().rowCount() == 0
        if not empty and not self._dragged_over:
            return
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.viewport().rect()).adjusted(PAD, PAD, -PAD, -PAD)
        colour = self.theme.accent if self._dragged_over else self.theme.line
        painter.setPen(QPen(QColor(colour), 1.5, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(box, 6, 6)
        if empty:
            painter.setPen(QColor(self.theme.muted))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, EMPTY)
