"""What opens below the charts' button: all curves in groups, to be searched and ticked."""

from typing import Final

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.ui.meters.chart_choice import MOST, ChartChoice
from app.ui.meters.curves import groups

KEY: Final = Qt.ItemDataRole.UserRole
WORDS: Final = Qt.ItemDataRole.UserRole + 1


class CurveChooser(QFrame):
    """A popup. Type to search, Down to go to the list, Space or Enter to tick, Esc to close."""

    closed = Signal()

    def __init__(self, parent: QWidget, choice: ChartChoice) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._choice = choice
        self._filling = False
        self.setObjectName("panel")
        self.setProperty("role", "card")
        self.setAccessibleName("Choose curves")
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search: smile, AU12, jawOpen, yaw …")
        self.search.setAccessibleName("Search curves")
        self.search.setClearButtonEnabled(True)
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setUniformRowHeights(True)
        self.tree.setAccessibleName("Curves")
        self._count = QLabel()
        self._count.setProperty("role", "muted")
        self.nothing = QPushButton("Clear all")
        self.nothing.setToolTip("Take all curves out of the charts")
        self.items: dict[str, QTreeWidgetItem] = {}
        foot = QHBoxLayout()
        foot.addWidget(self._count, 1)
        foot.addWidget(self.nothing)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addWidget(self.search)
        column.addWidget(self.tree, 1)
        column.addLayout(foot)
        self.resize(320, 420)
        self._fill()
        self.search.textChanged.connect(self._filter)
        self.tree.itemChanged.connect(self._tick)
        self.tree.itemActivated.connect(self._flip)
        self.nothing.clicked.connect(choice.clear)
        choice.changed.connect(self._show_choice)
        self._show_choice()

    def open_at(self, corner: QPoint) -> None:
        """Show it with its lower left corner there, on the screen; ready to type."""
        self.search.clear()
        screen = self.screen().availableGeometry()
        x = min(max(corner.x(), screen.left()), screen.right() - self.width())
        y = corner.y() - self.height()
        self.move(x, y if y >= screen.top() else screen.top())
        self.show()
        self.search.setFocus(Qt.FocusReason.PopupFocusReason)

    def _fill(self) -> None:
        self._filling = True
        for title, curves in groups().items():
            group = QTreeWidgetItem(self.tree, [title])
            group.setFlags(Qt.ItemFlag.ItemIsEnabled)
            for curve in curves:
                item = QTreeWidgetItem(group, [curve.title])
                item.setData(0, KEY, curve.key)
                item.setData(0, WORDS, f"{curve.key} {curve.title} {curve.group} {curve.words}".lower())
                self.items[curve.key] = item
            group.setExpanded(True)
        self._filling = False

    def _show_choice(self) -> None:
        """Ticks as they are kept; where all places are taken, only what is ticked can be changed."""
        self._filling = True
        chosen, full = self._choice.chosen, self._choice.full
        plain = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable
        for key, item in self.items.items():
            item.setCheckState(0, Qt.CheckState.Checked if key in chosen else Qt.CheckState.Unchecked)
            item.setFlags(plain | Qt.ItemFlag.ItemIsEnabled if key in chosen or not full else plain)
        self._count.setText(f"{len(chosen)} of {MOST} curves")
        self.nothing.setEnabled(bool(chosen))
        self._filling = False

    def _tick(self, item: QTreeWidgetItem) -> None:
        key = item.data(0, KEY)
        if not self._filling and key is not None:
            on = item.checkState(0) is Qt.CheckState.Checked
            if on != (key in self._choice.chosen):
                self._choice.toggle(key)

    def _flip(self, item: QTreeWidgetItem) -> None:
        """Enter, or a double click."""
        key = item.data(0, KEY)
        if key is not None:
            self._choice.toggle(key)

    def _filter(self, text: str) -> None:
        """All of the words have to be found."""
        words = text.lower().split()
        for i in range(self.tree.topLevelItemCount()):
            group = self.tree.topLevelItem(i)
            assert group is not None
            shown = 0
            for j in range(group.childCount()):
                item = group.child(j)
                assert item is not None
                fits = all(word in item.data(0, WORDS) for word in words)
                item.setHidden(not fits)
                shown += fits
            group.setHidden(shown == 0)

    def first(self) -> QTreeWidgetItem | None:
        """The first curve that is not filtered out."""
        return next((item for item in self.items.values() if not item.isHidden()), None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            self.close()
        elif self.search.hasFocus() and key in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            item = self.first()
            if item is not None:
                self.tree.setCurrentItem(item)
                if key == Qt.Key.Key_Down:
                    self.tree.setFocus(Qt.FocusReason.TabFocusReason)
                else:
                    self._flip(item)
        else:
            super().keyPressEvent(event)

    def hideEvent(self, event: object) -> None:
        super().hideEvent(event)  # type: ignore[arg-type]
        self.closed.emit()
