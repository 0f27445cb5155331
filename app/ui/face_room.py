"""The 3D face stays the largest thing in the window: where that is small, the docks at its sides give way."""

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow

from app.ui.style.scale import px

LEFT: Final = Qt.DockWidgetArea.LeftDockWidgetArea
RIGHT: Final = Qt.DockWidgetArea.RightDockWidgetArea
SIDES: Final = (LEFT, RIGHT)
"""Who gives way first."""
SEPARATOR, BY_HAND = "|", "by hand"
WIDTHS: Final = {LEFT: (400, 0.3125, 0.24), RIGHT: (320, 0.25, 0.17)}
"""Of the docks on the sides: pixels, but no more than the first share of the window, and no less than the second."""
ABOVE_SHARE, ABOVE_MORE = 0.75, 108
"""The upper dock on the left holds a picture of 4 : 3 as wide as itself, a title and the bar below the picture."""
BELOW: Final = 380
"""Pixels that the meters below it need to show all rows at once."""
FACE_SHARE: Final = 0.42
"""Of the deck's width, as far as what is in the docks can be as narrow as that."""


def usual_width(area: Qt.DockWidgetArea, room: int) -> int:
    """Pixels of the docks on one side of a deck so wide."""
    usual, most, least = WIDTHS[area]
    return round(max(min(px(usual), most * room), least * room))


class FaceRoom(QObject):
    """Watches the deck's size. Until they are given another width by hand, docks have their usual share of it; what was
    given by hand they get back once there is room again."""

    def __init__(self, deck: QMainWindow, docks: Mapping[str, QDockWidget]) -> None:
        super().__init__(deck)
        self._deck, self._docks = deck, docks
        self._wished: dict[Qt.DockWidgetArea, int] = {}
        self._split_by_hand = False
        self._shared_for = QSize()
        self._hand = False
        """At a separator, pressed."""
        self._widths: dict[Qt.DockWidgetArea, int] = {}
        """As they were shared out, or moved by hand since."""
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self.share)
        deck.installEventFilter(self)
        for dock in docks.values():
            dock.installEventFilter(self)
            dock.dockLocationChanged.connect(self._again)
            dock.topLevelChanged.connect(self._again)

    def reset(self) -> None:
        """The usual widths, at once."""
        self._wished.clear()
        self._split_by_hand = False
        self.share()

    def give(self, area: Qt.DockWidgetArea, width: int) -> None:
        """Another width for the docks of a side, as by hand."""
        self._wished[area] = width
        self._later.start()

    def save(self) -> str:
        """What was given by hand, as text: widths of the sides in order, empty where none was, and whether heights."""
        given = [str(self._wished.get(area, "")) for area in SIDES]
        return SEPARATOR.join([*given, BY_HAND if self._split_by_hand else ""])

    def restore(self, text: str) -> None:
        """What ``save`` made; whatever else it is gives the usual widths."""
        given = text.split(SEPARATOR)
        self._wished = {area: int(width) for area, width in zip(SIDES, given, strict=False) if width.isdecimal()}
        self._split_by_hand = given[-1] == BY_HAND
        self._later.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            if watched is self._deck:
                self._later.start()
            elif isinstance(watched, QDockWidget) and self._hand:
                area = self._deck.dockWidgetArea(watched)
                if area in SIDES and self._deck.size() == self._shared_for and watched in self._side(area):
                    self._note_hand(area, watched)
        elif event.type() in (QEvent.Type.Show, QEvent.Type.Hide) and isinstance(watched, QDockWidget):
            self._later.start()
        elif watched is self._deck and isinstance(event, QMouseEvent):
            if event.type() is QEvent.Type.MouseButtonPress:
                self._hand = self._deck.isSeparator(event.position().toPoint())
            elif event.type() is QEvent.Type.MouseButtonRelease:
                QTimer.singleShot(0, self, self._let_go)  # letting go moves it for the last time
        return super().eventFilter(watched, event)

    def _let_go(self) -> None:
        self._hand = False

    def _note_hand(self, area: Qt.DockWidgetArea, dock: QDockWidget) -> None:
        before = self._widths.get(area)
        if before is not None and abs(dock.width() - before) > 1:
            self._wished[area] = self._widths[area] = dock.width()
        elif area is LEFT:
            self._split_by_hand = True

    def _again(self, *_: object) -> None:
        self._later.start()

    def _side(self, area: Qt.DockWidgetArea) -> list[QDockWidget]:
        """What stands there, in front or behind another tab."""
        return [
            dock
            for dock in self._docks.values()
            if not dock.isHidden() and not dock.isFloating() and self._deck.dockWidgetArea(dock) == area
        ]

    def share(self) -> None:
        """As wide as wished, narrower where the face would have less than its share, never narrower than they can."""
        room = self._deck.width()
        sides = {area: docks for area in SIDES if (docks := self._side(area))}
        gap = self._deck.style().pixelMetric(self._deck.style().PixelMetric.PM_DockWidgetSeparatorExtent)
        least = {area: max(dock.minimumSizeHint().width() for dock in docks) for area, docks in sides.items()}
        widths = {area: max(least[area], self._wished.get(area, usual_width(area, room))) for area in sides}
        over = sum(widths.values()) + gap * len(sides) + round(FACE_SHARE * room) - room
        for area in sides:
            given = max(0, min(over, widths[area] - least[area]))
            widths[area] -= given
            over -= given
        self._shared_for, self._widths = self._deck.size(), widths
        for area, docks in sides.items():
            if any(abs(dock.width() - widths[area]) > 1 for dock in docks if dock.isVisible()):
                self._deck.resizeDocks(docks[:1], [widths[area]], Qt.Orientation.Horizontal)
        if not self._split_by_hand and LEFT in sides:
            self._split(sides[LEFT], widths[LEFT])

    def _split(self, docks: list[QDockWidget], width: int) -> None:
        """The picture has the height that it needs, and those below it the rest."""
        if len(docks) < 2 or self._deck.tabifiedDockWidgets(docks[0]):
            return
        height = self._deck.height()
        above = min(round(ABOVE_SHARE * width) + ABOVE_MORE, height - BELOW)
        if abs(docks[0].height() - above) > 1:
            self._deck.resizeDocks(docks[:2], [above, height - above], Qt.Orientation.Vertical)
