"""Bars of many channels at a glance: one widget, painted by hand, quick enough for every frame."""

import time
from html import escape
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.ui.meters.meter_layout import Group, Layout, lay_out
from app.ui.meters.meter_motion import ActivityOrder, MeterMotion
from app.ui.meters.meter_painter import MeterPainter, text_font
from app.ui.meters.meter_rows import MeterSet
from app.ui.style.scale import scale
from app.ui.style.theme import Theme

BY_ACTIVITY: Final = "Most active first"
KEYS: Final = frozenset(
    (
        *(Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown),
        *(Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Select),
    )
)
Spot = tuple[int, int]
"""Row and side: one channel."""


class Meters(QWidget):
    """Bars, numbers and peaks of a :class:`MeterSet`. A click, or Enter, on a channel tells ``clicked``.

    Lies in a scroll area: it asks for as much height as its rows need at the width that it is given.
    """

    clicked = Signal(str)
    """The key of a channel, as in ``app.ui.meters.curves``."""
    reached = Signal(QRectF)
    """The place of a channel that the keyboard came to: to be scrolled to."""

    def __init__(self, theme: Theme, meters: MeterSet, name: str) -> None:
        """``name``: for screen readers."""
        super().__init__()
        self.theme, self.meters = theme, meters
        self.by_activity = False
        self.marks: dict[str, str] = {}
        """Colours of the channels that are in the charts, by key."""
        self._rows = meters.rows
        self._motion = MeterMotion(meters.size)
        self._order = ActivityOrder(len(self._rows))
        self._first = np.array([row.channels[0] for row in self._rows])
        self._last = np.array([row.channels[-1] for row in self._rows])
        self._painter = MeterPainter(meters, theme)
        self._room = self._into_margin = 0
        self._layout: Layout | None = None
        self._backdrop: QPixmap | None = None
        self._hover: Spot | None = None
        self._current: Spot = (0, 0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)

    # ------------------------------------------------------------ what is shown

    @property
    def shown(self) -> NDArray[np.float64]:
        """(channels,) 0..1 as the bars stand."""
        return self._motion.shown

    @property
    def peaks(self) -> NDArray[np.float64]:
        """(channels,) 0..1, where the ticks stand."""
        return self._motion.peaks

    def show_values(self, values: NDArray[np.float32], tracked: bool = True) -> None:
        """Values (channels,) 0..1 of the newest frame, and whether there is a face in it."""
        now_s = time.perf_counter()
        self._motion.push(values, now_s)
        self._painter.tracked = tracked
        rows = np.maximum(self._motion.shown[self._first], self._motion.shown[self._last])
        if self._order.push(rows, now_s) and self.by_activity:
            self._relay()
        self.update()

    def clear(self) -> None:
        """Another source begins."""
        self._motion.clear()
        self._order.clear()
        self._relay()

    def set_by_activity(self, on: bool) -> None:
        """The most active rows first, or rows by region."""
        self.by_activity = on
        self._relay()
        self.updateGeometry()

    def set_marks(self, marks: dict[str, str]) -> None:
        """Colours by key of what is in the charts."""
        self.marks = marks
        self._backdrop = None
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self.theme = self._painter.theme = theme
        self._backdrop = None
        self.update()

    def set_room(self, height: int, bar: int = 0) -> None:
        """Height that can be had without scrolling, and how wide the scroll bar is that stands beside it."""
        if (height, bar) != (self._room, self._into_margin):
            self._room, self._into_margin = height, bar
            self._relay()
            self.updateGeometry()

    def titles(self) -> list[str]:
        """Of the rows, in the order in which they stand."""
        return [self._rows[cell.row].title(0) for cell in self._placed().cells]

    def place_of(self, key: str) -> QRectF:
        """Where the bar of a channel is. Raises ``KeyError``."""
        for cell in self._placed().cells:
            if key in self._rows[cell.row].keys:
                return cell.bars[self._rows[cell.row].keys.index(key)]
        raise KeyError(key)

    # ------------------------------------------------------------ places

    def sizeHint(self) -> QSize:
        return QSize(400, round(self._placed().height))

    def minimumSizeHint(self) -> QSize:
        return QSize(200, round(self._placed().height))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._relay()
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._relay()

    def _relay(self) -> None:
        self._layout = self._backdrop = None
        self.update()

    def _placed(self) -> Layout:
        if self._layout is None:
            groups: list[Group]
            if self.by_activity:
                groups = [(BY_ACTIVITY, [(i, len(self._rows[i].channels)) for i in self._order.order])]
            else:
                numbered = iter(range(len(self._rows)))
                groups = [(t, [(next(numbered), len(row.channels)) for row in rows]) for t, rows in self.meters.groups]
            number = QFontMetricsF(text_font(self.font(), 24)).horizontalAdvance(self.meters.format(0)) + 4
            height = float(self._room or self.height())
            width = self.width() + self._into_margin  # the bar stands in the margin, not beside it
            self._layout = lay_out(groups, width, height, number, keep_whole=not self.by_activity, scale=scale())
        return self._layout

    # ------------------------------------------------------------ painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Words and tracks are painted once for a layout; bars and numbers for every frame."""
        ratio = self.devicePixelRatioF()
        layout = self._placed()
        if self._backdrop is None or self._backdrop.devicePixelRatio() != ratio:
            self._backdrop = QPixmap(self.size() * ratio)
            self._backdrop.setDevicePixelRatio(ratio)
            self._backdrop.fill(QColor(self.theme.panel))
            painter = QPainter(self._backdrop)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(text_font(self.font(), layout.row_px))
            self._painter.words(painter, layout, self.marks)
            painter.end()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._backdrop)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(text_font(self.font(), layout.row_px))
        if self.hasFocus():
            self._painter.spot(painter, layout, *self._current, focus=True)
        if self._hover is not None and not (self.hasFocus() and self._hover == self._current):
            self._painter.spot(painter, layout, *self._hover, focus=False)
        self._painter.bars(painter, layout, self._motion.shown, self._motion.peaks)
        self._painter.numbers(painter, layout, self._motion.numbers)

    # ------------------------------------------------------------ mouse and keyboard

    def spot_at(self, at: QPointF) -> Spot | None:
        """Which channel is there: a number means itself, elsewhere in a row the half that was met."""
        for cell in self._placed().cells:
            if cell.box.contains(at):
                for side, number in enumerate(cell.numbers):
                    if number.adjusted(-4, 0, 4, 0).contains(at):
                        return cell.row, side
                nearest = min(range(len(cell.bars)), key=lambda side: abs(cell.bars[side].center().x() - at.x()))
                return cell.row, nearest
        return None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point_at(self.spot_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(None)

    def _point_at(self, spot: Spot | None) -> None:
        if spot != self._hover:
            self._hover = spot
            self.setCursor(Qt.CursorShape.ArrowCursor if spot is None else Qt.CursorShape.PointingHandCursor)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        spot = self.spot_at(event.position())
        if event.button() is Qt.MouseButton.LeftButton and spot is not None:
            self._go_to(spot)
            self.clicked.emit(self._key(spot))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down go from row to row, left and right to the other side, Enter is a click."""
        rows = [cell.row for cell in self._placed().cells]
        at, (row, side) = rows.index(self._current[0]), self._current
        key = Qt.Key(event.key())
        to = {
            Qt.Key.Key_Up: (rows[max(at - 1, 0)], side),
            Qt.Key.Key_Down: (rows[min(at + 1, len(rows) - 1)], side),
            Qt.Key.Key_Left: (row, 0),
            Qt.Key.Key_Right: (row, 1),
            Qt.Key.Key_PageUp: (rows[0], side),
            Qt.Key.Key_PageDown: (rows[-1], side),
        }
        if key in to:
            self._go_to(to[key])
        elif key in KEYS:
            self.clicked.emit(self._key(self._current))
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._go_to(self._current)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()

    def _go_to(self, spot: Spot) -> None:
        self._current = spot
        self.setAccessibleDescription(self._title(spot))
        cell = next(cell for cell in self._placed().cells if cell.row == spot[0])
        self.reached.emit(cell.box)
        self.update()

    def _key(self, spot: Spot) -> str:
        keys = self._rows[spot[0]].keys
        return keys[min(spot[1], len(keys) - 1)]

    def _title(self, spot: Spot) -> str:
        row = self._rows[spot[0]]
        side = min(spot[1], len(row.channels) - 1)
        return f"{row.title(side)}: {self.meters.format(self._motion.numbers[row.channels[side]])}"

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            spot = self.spot_at(QPointF(event.pos()))
            if spot is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), self.tip(spot), self, self.rect())
            return True
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in KEYS:
            event.accept()  # before a shortcut of the window
            return True
        return super().event(event)

    def tip(self, spot: Spot) -> str:
        """What is said about a channel while the mouse rests on it."""
        about = "<br>".join(escape(line) for line in self._rows[spot[0]].about.split("\n"))
        what = "takes it out of" if self._key(spot) in self.marks else "adds it to"
        foot = f'<span style="color:{self.theme.muted}">A click {what} the charts</span>'
        return f"<p><b>{escape(self._title(spot))}</b><br>{about}<br>{foot}</p>"
