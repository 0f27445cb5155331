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
    QFont,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.ui.meter_layout import Cell, Group, Heading, Layout, lay_out
from app.ui.meter_motion import ActivityOrder, MeterMotion
from app.ui.meter_rows import MeterRow, MeterSet
from app.ui.theme import Theme

BUSY: Final = 0.2
"""From this share of a full bar on (FACS intensity 1) a number has its side's colour."""
ABSENT: Final = 0.35
"""Opacity of bars while no face is seen."""
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
    """The key of a channel, as in ``app.ui.curves``."""
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
        self._tracked = True
        self._room = 0
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
        self._tracked = tracked
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
        self.theme, self._backdrop = theme, None
        self.update()

    def set_room(self, height: int) -> None:
        """Height that can be had without scrolling."""
        if height != self._room:
            self._room = height
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
            number = QFontMetricsF(self._text_font(24)).horizontalAdvance(self.meters.format(0)) + 4
            height = float(self._room or self.height())
            self._layout = lay_out(groups, self.width(), height, number, keep_whole=not self.by_activity)
        return self._layout

    def _text_font(self, row_px: float) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(11 if row_px < 26 else 12)
        font.setFeature(QFont.Tag("tnum"), 1)
        return font

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
            self._paint_words(painter, layout)
            painter.end()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._backdrop)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._text_font(layout.row_px))
        if self.hasFocus():
            self._paint_spot(painter, layout, self._current, focus=True)
        if self._hover is not None and self._hover != self._current:
            self._paint_spot(painter, layout, self._hover, focus=False)
        self._paint_bars(painter, layout)
        self._paint_numbers(painter, layout)

    def _paint_words(self, painter: QPainter, layout: Layout) -> None:
        font = self._text_font(layout.row_px)
        bold = QFont(font)
        bold.setWeight(QFont.Weight.DemiBold)
        painter.setFont(bold)
        for heading in layout.headings:
            self._paint_heading(painter, heading, layout)
        painter.setFont(font)
        track = QColor(self.theme.line)
        widest = max(painter.fontMetrics().horizontalAdvance(row.label) for row in self._rows)
        for cell in layout.cells:
            row = self._rows[cell.row]
            self._paint_name(painter, cell, row, widest)
            painter.setPen(Qt.PenStyle.NoPen)
            for key, bar, number in zip(row.keys, cell.bars, cell.numbers, strict=True):
                painter.setBrush(track)
                painter.drawRoundedRect(bar, bar.height() / 2, bar.height() / 2)
                if key in self.marks:
                    painter.setBrush(QColor(self.marks[key]))
                    painter.drawEllipse(QPointF(number.left() - 3, number.center().y()), 2.5, 2.5)

    def _paint_heading(self, painter: QPainter, heading: Heading, layout: Layout) -> None:
        painter.setPen(QColor(self.theme.muted))
        bottom = Qt.AlignmentFlag.AlignBottom
        drop = -round(layout.row_px * (0.2 if layout.inline else 0.24))
        painter.drawText(heading.box.adjusted(0, 0, 0, drop), Qt.AlignmentFlag.AlignLeft | bottom, heading.title)
        colours = (self.theme.left, self.theme.right)
        for letter, colour, box in zip("LR", colours, heading.numbers, strict=True):
            painter.setPen(QColor(colour))
            place = QRectF(box.left(), heading.box.top(), box.width(), heading.box.height() + drop)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | bottom, letter)

    def _paint_name(self, painter: QPainter, cell: Cell, row: MeterRow, label_px: float) -> None:
        metrics = painter.fontMetrics()
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(self.theme.muted))
        painter.drawText(cell.words, flags, row.label)
        place = cell.words.adjusted(label_px + 6 if label_px else 0, 0, 0, 0)
        name = row.name if metrics.horizontalAdvance(row.name) <= int(place.width()) else row.short
        painter.setPen(QColor(self.theme.text))
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(place.width()))
        painter.drawText(place, flags, shown)

    def _paint_spot(self, painter: QPainter, layout: Layout, spot: Spot, focus: bool) -> None:
        """The channel under the mouse, or where the keyboard is."""
        cell = next(cell for cell in layout.cells if cell.row == spot[0])
        side = min(spot[1], len(cell.bars) - 1)
        tint = QColor(self.theme.text)
        tint.setAlpha(28)
        painter.setPen(QPen(QColor(self.theme.accent), 1.2) if focus else Qt.PenStyle.NoPen)
        painter.setBrush(tint)
        painter.drawRoundedRect(cell.bars[side].adjusted(-2.5, -2.5, 2.5, 2.5), 4, 4)
        if not focus:
            painter.drawRoundedRect(cell.numbers[side].adjusted(-1, 1, 3, -1), 3, 3)

    def _colours(self, row: MeterRow) -> tuple[str, ...]:
        return (self.theme.left, self.theme.right) if len(row.channels) == 2 else (self.theme.both,)

    def _paint_bars(self, painter: QPainter, layout: Layout) -> None:
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setOpacity(1.0 if self._tracked else ABSENT)
        shown, peaks = self._motion.shown.tolist(), self._motion.peaks.tolist()
        brushes = {c: QColor(c) for c in (self.theme.left, self.theme.right, self.theme.both)}
        for cell in layout.cells:
            row = self._rows[cell.row]
            for channel, bar, colour in zip(row.channels, cell.bars, self._colours(row), strict=True):
                length, height = bar.width(), bar.height()
                painter.setBrush(brushes[colour])
                if (filled := length * shown[channel]) > 1.0:
                    fill = QRectF(bar.left(), bar.top(), max(filled, height), height)
                    painter.drawRoundedRect(fill, height / 2, height / 2)
                if (peak := length * peaks[channel]) > filled + 2.0 and peak > height:
                    painter.drawRect(QRectF(bar.left() + peak - 2.0, bar.top() - 1, 2.0, height + 2))
        painter.restore()

    def _paint_numbers(self, painter: QPainter, layout: Layout) -> None:
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        numbers = self._motion.numbers.tolist()
        pens = {c: QColor(c) for c in (self.theme.left, self.theme.right, self.theme.both, self.theme.muted)}
        for cell in layout.cells:
            row = self._rows[cell.row]
            for channel, box, colour in zip(row.channels, cell.numbers, self._colours(row), strict=True):
                value = numbers[channel]
                painter.setPen(pens[colour if value >= BUSY and self._tracked else self.theme.muted])
                painter.drawText(box, flags, self.meters.format(value))

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
