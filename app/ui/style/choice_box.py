"""A box to choose from whose list says a line about each choice."""

from typing import Any, Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QStandardItemModel, QWheelEvent
from PySide6.QtWidgets import QComboBox, QListView, QSizePolicy, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.ui.style.hover import forget_hover
from app.ui.style.theme import Theme

KEY: Final = Qt.ItemDataRole.UserRole
LINE: Final = Qt.ItemDataRole.UserRole + 1
PAD: Final = 8
MOST_WIDE_PX: Final = 420
MOST_ROWS: Final = 14
"""Of a list that opens; longer ones scroll."""


class _TwoLines(QStyledItemDelegate):
    """The choice, and below it in muted letters what it is."""

    def __init__(self, box: "ChoiceBox") -> None:
        super().__init__(box)
        self._box = box

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        theme, state = self._box.theme, option.state  # type: ignore[attr-defined]
        box, metrics = option.rect, option.fontMetrics  # type: ignore[attr-defined]
        lit = bool(state & QStyle.StateFlag.State_Selected)
        able = bool(state & QStyle.StateFlag.State_Enabled)
        painter.save()
        painter.fillRect(box, QColor(theme.accent if lit else theme.panel))
        inner = box.adjusted(PAD, 4, -PAD, -4)
        line = str(index.data(LINE) or "")
        half = inner.height() // 2 if line else inner.height()
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(theme.on_accent if lit else theme.text if able else theme.muted))
        painter.drawText(inner.adjusted(0, 0, 0, half - inner.height()), flags, str(index.data()))
        painter.setPen(QColor(theme.on_accent if lit else theme.muted))
        shown = metrics.elidedText(line, Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner.adjusted(0, half, 0, 0), flags, shown)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        metrics = option.fontMetrics  # type: ignore[attr-defined]
        texts = [str(index.data()), str(index.data(LINE) or "")]
        width = max(metrics.horizontalAdvance(text) for text in texts) + 2 * PAD + 2
        return QSize(min(width, MOST_WIDE_PX), (2 if texts[1] else 1) * (metrics.height() + 1) + 10)


class ChoiceBox(QComboBox):
    """``chosen`` tells a choice made by hand, ``choose`` sets one without telling. The wheel scrolls the panel."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, name: str) -> None:
        """``name``: what is chosen here, for screen readers."""
        super().__init__()
        self.theme = theme
        self.setAccessibleName(name)
        self.setView(QListView(self))
        self.setMaxVisibleItems(MOST_ROWS)
        self.setItemDelegate(_TwoLines(self))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.activated.connect(self._tell)

    def offer(self, choices: list[tuple[str, str, str, bool]]) -> None:
        """What there is: key, word, a line about it, whether it can be had. What was chosen stays where it can."""
        now = self.value
        self.clear()
        if len(choices) > MOST_ROWS:  # else the list is as tall as the screen, whatever is the most that is wanted
            self.setStyleSheet("QComboBox { combobox-popup: 0; }")
            self.view().setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        for key, word, line, able in choices:
            self.addItem(word, key)
            self.setItemData(self.count() - 1, line, LINE)
            self.setItemData(self.count() - 1, f"{word}: {line}" if line else word, Qt.ItemDataRole.AccessibleTextRole)
            model = self.model()
            if not able and isinstance(model, QStandardItemModel):
                model.item(self.count() - 1).setEnabled(False)
        widest = max(self.view().sizeHintForIndex(self.model().index(i, 0)).width() for i in range(self.count()))
        self.view().setMinimumWidth(widest + 2 * PAD)  # the list has a margin of its own
        self.choose(now)

    @property
    def value(self) -> str:
        """The key of what is chosen; empty where nothing is."""
        return str(self.currentData(KEY) or "")

    @property
    def line(self) -> str:
        """What is said about the present choice."""
        return str(self.currentData(LINE) or "")

    def choose(self, key: str) -> None:
        """Show a choice; nothing where it is not offered."""
        self.setCurrentIndex(self.findData(key, KEY))

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.update()

    def hidePopup(self) -> None:
        super().hidePopup()
        forget_hover(self)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """A box under the mouse must not change while its panel is scrolled."""
        event.ignore()

    def _tell(self, _: Any) -> None:
        self.chosen.emit(self.value)
