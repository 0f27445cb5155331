"""All characters as tiles with pictures."""

from pathlib import Path
from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QFont,
    QKeyEvent,
    QPainter,
    QPen,
    QPixmap,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from app.characters import SUFFIXES, Entry, list_characters
from app.ui.character.thumbnails import Thumbnails
from app.ui.style.theme import Theme

ENTRY: Final = Qt.ItemDataRole.UserRole
TILE_MIN_PX: Final = 80
GAP_PX: Final = 6
CAPTION_PX: Final = 24
RADIUS_PX: Final = 8


class CharacterGrid(QListWidget):
    """A click or Enter chooses. Files that are dropped here are told by ``dropped``."""

    chosen = Signal(object)
    """The ``app.characters.Entry``."""
    menu_asked = Signal(object, QPoint)
    """An entry, and where on the screen its menu belongs."""
    dropped = Signal(str)
    remove_asked = Signal(object)
    """The entry, by the Delete key."""

    def __init__(self, theme: Theme, thumbnails: Thumbnails) -> None:
        super().__init__()
        self.theme, self._thumbnails = theme, thumbnails
        self.current_name = ""
        """Who is on the stage."""
        self._pixmaps: dict[str, QPixmap] = {}
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setObjectName("tiles")
        self.setStyleSheet("#tiles { border: none; background: transparent; }")
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setDragEnabled(False)
        self.setItemDelegate(_Tile(self))
        self.setAccessibleName("Characters")
        self.setToolTip("A click or Enter shows a character")
        self.itemClicked.connect(self._choose)
        self.itemActivated.connect(self._choose)
        thumbnails.made.connect(self._picture_made)

    def fill(self, current: str) -> None:
        """Read anew who there is; ``current`` is on the stage."""
        self.current_name = current
        self.clear()
        for entry in list_characters():
            item = QListWidgetItem(entry.label)
            item.setData(ENTRY, entry)
            said = f"{item.text()}, {entry.title}" if entry.path is not None else item.text()
            item.setToolTip(said if entry.path is not None else f"{item.text()}, built in")
            item.setData(Qt.ItemDataRole.AccessibleTextRole, said + (", shown" if entry.name == current else ""))
            self.addItem(item)
            if entry.name == current:
                self.setCurrentItem(item)
        self._pixmaps = {e.name: p for e in self.entries() if (p := self._thumbnails.pixmap(e)) is not None}
        self._fit()

    def entries(self) -> list[Entry]:
        return [self.item(i).data(ENTRY) for i in range(self.count())]

    def entry(self) -> Entry | None:
        """The one that is selected."""
        item = self.currentItem()
        return item.data(ENTRY) if item is not None else None

    def picture(self, entry: Entry) -> QPixmap | None:
        return self._pixmaps.get(entry.name)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.viewport().update()

    def tile(self, bar: int = 0) -> QSize:
        """Of one character, its gap to the next included, as wide as fills the row beside a scroll bar so wide."""
        room = self.contentsRect().width() - bar - 1  # Qt wraps a row that fits exactly
        side = room // max(1, room // (TILE_MIN_PX + GAP_PX))
        return QSize(side, side + CAPTION_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit()

    def _fit(self) -> None:
        # By all of its room: what Qt says there is depends on the policy that is chosen here, without an end.
        size, room = self.tile(), self.contentsRect()
        across = max(1, room.width() // size.width())
        fits = -(-self.count() // across) * size.height() <= room.height()
        # Qt keeps room for a scroll bar that may come, so it is told whether there is one.
        policy = Qt.ScrollBarPolicy.ScrollBarAlwaysOff if fits else Qt.ScrollBarPolicy.ScrollBarAlwaysOn
        if self.verticalScrollBarPolicy() != policy:
            self.setVerticalScrollBarPolicy(policy)
        if not fits:
            size = self.tile(self.verticalScrollBar().sizeHint().width())
        if self.gridSize() != size:
            self.setGridSize(size)

    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(ENTRY))

    def _picture_made(self, name: str) -> None:
        for entry in self.entries():
            if entry.name == name and (pixmap := self._thumbnails.pixmap(entry)) is not None:
                self._pixmaps[name] = pixmap
        self.viewport().update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        item = self.itemAt(event.pos()) or self.currentItem()
        if item is not None:
            self.menu_asked.emit(item.data(ENTRY), event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        entry = self.entry()
        if event.key() == Qt.Key.Key_Delete and entry is not None:
            self.remove_asked.emit(entry)
        else:
            super().keyPressEvent(event)

    # ------------------------------------------------------------ drops

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _character_file(event) is not None:
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = _character_file(event)
        if path is not None:
            event.acceptProposedAction()
            self.dropped.emit(path)


def _character_file(event: QDropEvent) -> str | None:
    urls = event.mimeData().urls()
    path = urls[0].toLocalFile() if urls else ""
    return path if Path(path).suffix.lower() in SUFFIXES else None


class _Tile(QStyledItemDelegate):
    """A rounded picture and the name below; the one on the stage is framed in the accent."""

    def __init__(self, grid: CharacterGrid) -> None:
        super().__init__(grid)
        self._grid = grid

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return self._grid.gridSize()

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        theme, entry = self._grid.theme, index.data(ENTRY)
        state, rect = option.state, option.rect  # type: ignore[attr-defined]
        side = self._grid.gridSize().width() - GAP_PX - 2
        box = QRect(rect.left() + 1, rect.top() + GAP_PX // 2, side, side)
        shown = entry.name == self._grid.current_name
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        focused = bool(state & QStyle.StateFlag.State_HasFocus) and self._grid.hasFocus()
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.chosen if shown else theme.hover if hovered else theme.raised))
        painter.drawRoundedRect(box, RADIUS_PX, RADIUS_PX)
        pixmap = self._grid.picture(entry)
        if pixmap is not None:
            painter.drawPixmap(box, pixmap)
        else:
            self._initial(painter, box, index)
        frame = theme.accent if shown or focused else theme.line
        painter.setPen(QPen(QColor(frame), 2 if shown else 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, RADIUS_PX, RADIUS_PX)
        if focused:
            inner = RADIUS_PX - 3
            painter.setPen(QPen(QColor(theme.text), 1))
            painter.drawRoundedRect(box.adjusted(3, 3, -3, -3), inner, inner)
        caption = QRect(box.left() - 2, box.bottom() + 2, side + 4, CAPTION_PX)
        text = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, caption.width())
        painter.setPen(QColor(theme.text if shown or hovered else theme.muted))
        painter.drawText(caption, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()

    def _initial(self, painter: QPainter, box: QRect, index: QModelIndex | QPersistentModelIndex) -> None:
        """While there is no picture."""
        font = QFont(painter.font())
        font.setPixelSize(max(12, box.height() // 3))
        painter.save()
        painter.setFont(font)
        painter.setPen(QColor(self._grid.theme.faint))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(index.data())[:1].upper())
        painter.restore()
