"""The list of takes: two lines for each, renamed in place."""

from typing import Final

from PySide6.QtCore import QDateTime, QLocale, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.outputs.take import TakeInfo
from app.ui.style.figures import clock, size_text
from app.ui.style.scale import px
from app.ui.style.theme import Theme, tabular

INFO: Final = Qt.ItemDataRole.UserRole
PAD: Final = 8
ROW: Final = 48
FORMAT_WORDS: Final = {"openface": "", "arkit": "ARKit"}
"""The usual one goes without saying."""


def about(info: TakeInfo) -> str:
    """``0:12 · 371 frames · 1.2 MB``."""
    return f"{clock(info.length_s)} · {info.frames:,} frames · {size_text(info.size)}"


def when(info: TakeInfo) -> str:
    """Date and time, short, as this country writes them."""
    return QLocale().toString(QDateTime.fromSecsSinceEpoch(int(info.modified_s)), QLocale.FormatType.ShortFormat)


def day_of(info: TakeInfo) -> str:
    """The time for one of today, else the day: as narrow as can be."""
    moment = QDateTime.fromSecsSinceEpoch(int(info.modified_s))
    today = moment.date() == QDateTime.currentDateTime().date()
    return QLocale().toString(moment, "HH:mm" if today else "d MMM yyyy")


class _TwoLines(QStyledItemDelegate):
    """Name and date above, what is in it below; a bar on the left of the one that is played."""

    def __init__(self, takes: "TakeList") -> None:
        super().__init__(takes)
        self._takes = takes

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        theme, info = self._takes.theme, index.data(INFO)
        box, state = option.rect, option.state  # type: ignore[attr-defined]
        lit, over = bool(state & QStyle.StateFlag.State_Selected), bool(state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.fillRect(box, QColor(theme.chosen if lit else theme.hover if over else theme.panel))
        if info.path.name == self._takes.played:
            painter.fillRect(QRect(box.left(), box.top() + 4, 3, box.height() - 8), QColor(theme.accent))
        inner = box.adjusted(PAD + 2, 6, -PAD, -6)
        painter.setFont(tabular(painter.font()))
        metrics, half = painter.fontMetrics(), inner.height() // 2
        upper, lower = inner.adjusted(0, 0, 0, -half), inner.adjusted(0, half, 0, 0)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(theme.text))
        elide = Qt.TextElideMode.ElideMiddle
        day = day_of(info)
        room = upper.width() - metrics.horizontalAdvance(day) - PAD
        painter.drawText(upper, left, metrics.elidedText(str(index.data()), elide, room))
        painter.setPen(QColor(theme.muted))
        painter.drawText(upper, right, day)
        kind = FORMAT_WORDS[info.format]
        room = lower.width() - metrics.horizontalAdvance(kind) - PAD
        painter.drawText(lower, left, metrics.elidedText(about(info), Qt.TextElideMode.ElideRight, room))
        painter.drawText(lower, right, kind)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(160, px(ROW))

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        box = option.rect  # type: ignore[attr-defined]
        editor.setGeometry(box.adjusted(2, 8, -2, -8))


class TakeList(QListWidget):
    """Shows takes and tells what is wanted of one."""

    play_asked = Signal(object)
    rename_asked = Signal(object, str)
    delete_asked = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.played = ""
        """File name of the take that is on the screen."""
        self._filling = False
        self.setAccessibleName("Takes, newest first")
        self.setItemDelegate(_TwoLines(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.itemDoubleClicked.connect(lambda item: self.play_asked.emit(item.data(INFO)))
        self.itemChanged.connect(self._renamed)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.viewport().update()

    def show_takes(self, takes: list[TakeInfo]) -> None:
        """Newest first; what was selected stays selected where it is still there."""
        chosen = self.chosen
        self._filling = True
        self.clear()
        for info in takes:
            item = QListWidgetItem(info.path.stem)
            item.setData(INFO, info)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            item.setToolTip(f"{info.path.name}\n{about(info)}\n{when(info)}")
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{info.path.stem}, {about(info)}")
            self.addItem(item)
            if chosen is not None and info.path == chosen.path:
                self.setCurrentItem(item)
        self._filling = False
        if self.currentRow() < 0 and takes:
            self.setCurrentRow(0)

    def mark_played(self, name: str) -> None:
        if name != self.played:
            self.played = name
            self.viewport().update()

    @property
    def chosen(self) -> TakeInfo | None:
        item = self.currentItem()
        return item.data(INFO) if item is not None else None

    def rename(self) -> None:
        """Type another name in place."""
        item = self.currentItem()
        if item is not None:
            self.editItem(item)

    def _renamed(self, item: QListWidgetItem) -> None:
        if self._filling:
            return
        info, text = item.data(INFO), item.text()
        self._filling = True
        item.setText(info.path.stem)  # until the file is called so
        self._filling = False
        if text.strip() != info.path.stem:
            self.rename_asked.emit(info, text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        info = self.chosen
        keys = {
            Qt.Key.Key_Return: self.play_asked,
            Qt.Key.Key_Enter: self.play_asked,
            Qt.Key.Key_Delete: self.delete_asked,
        }
        signal = keys.get(Qt.Key(event.key()))
        if info is not None and signal is not None and self.state() is not QAbstractItemView.State.EditingState:
            signal.emit(info)
        else:
            super().keyPressEvent(event)
