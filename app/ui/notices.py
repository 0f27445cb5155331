"""Cards over the foot of the 3D face: what is said and what takes long is seen there, and nothing moves for it."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer
from PySide6.QtWidgets import QFrame, QWidget

from app.ui.style.theme import GAP, MARGIN

MOST_WIDE_PX: Final = 560
"""Longer lines are hard to read."""


class Notice(QFrame):
    """One card. What the mouse does on it is not done to the view below."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "notice")
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)
        self.setCursor(Qt.CursorShape.ArrowCursor)

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ToolTip:  # else the view would explain itself in the card's place
            event.accept()
            return True
        return super().event(event)

    def height_for(self, width: int, room: int) -> int:
        """Pixels that it needs where it is so wide, of ``room`` that there are."""
        layout = self.layout()
        assert layout is not None
        layout.activate()
        least = layout.totalMinimumSize().height()
        return min(layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else least, max(room, least))


class NoticeStack(QObject):
    """Places cards over a view, all of one width, at its foot. One that comes takes the lowest place that is free and
    keeps it when another one goes; it grows upwards, so that its buttons stay under the mouse."""

    def __init__(self, view: QWidget, cards: Sequence[Notice]) -> None:
        super().__init__(view)
        self._view, self._cards = view, cards
        self._feet: dict[Notice, int] = {}
        """Pixels between each card that is shown and the view's margin, oldest first."""
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self.place)
        view.installEventFilter(self)
        for card in cards:
            shown = not card.isHidden()
            card.setParent(view)
            card.setVisible(shown)
            card.installEventFilter(self)
        self.place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._view:
            if event.type() is QEvent.Type.Resize:
                self.place()
        elif event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            self.place()
        elif event.type() is QEvent.Type.LayoutRequest:
            self._later.start()
        return False

    def place(self) -> None:
        """Every card that is shown, where it belongs."""
        shown = [card for card in self._cards if not card.isHidden()]
        self._feet = {card: foot for card, foot in self._feet.items() if card in shown}
        view = self._view.size()
        width = min(view.width() - 2 * MARGIN, MOST_WIDE_PX)
        heights = {card: card.height_for(width, view.height() - 2 * MARGIN) for card in shown}
        for card in shown:
            if card not in self._feet:
                self._feet[card] = self._free_foot(heights, heights[card])
        top = 0
        for card in sorted(shown, key=self._feet.__getitem__):
            foot = max(self._feet[card], top)  # the one below may have grown
            top = foot + heights[card] + GAP
            at = QPoint((view.width() - width) // 2, max(view.height() - MARGIN - foot - heights[card], 0))
            card.setGeometry(at.x(), at.y(), width, heights[card])
            card.raise_()

    def _free_foot(self, heights: dict[Notice, int], height: int) -> int:
        foot = 0
        for card in sorted(self._feet, key=self._feet.__getitem__):
            if foot + height + GAP > self._feet[card]:
                foot = self._feet[card] + heights[card] + GAP
        return foot
