"""The strips of the charts, drawn by pyqtgraph: one under another, one for each unit, time along the foot of all."""

from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QColor, QFocusEvent, QFont, QKeyEvent, QPainter
from PySide6.QtWidgets import QWidget

from app.ui.meters.curve_history import SPAN_S, Slice, thin
from app.ui.meters.curves import CURVE_INDEX, CURVES, UNITS, Unit
from app.ui.meters.time_axis import TimeAxis
from app.ui.style.scale import px
from app.ui.style.theme import Theme

AXIS_PX: Final = 36
STRIP_PX: Final = 56
"""A strip is at least this high: charts with more of them scroll."""
PEN_PX: Final = 1
"""Qt draws wider lines by filling their outline: measured, eight curves then take six times as long."""
FONT_PX: Final = 11
STEPS: Final = {"°": 15.0, " cm": 20.0}
"""Axes without a fixed length grow in these steps, so that they do not breathe with every frame."""
TIME_SIDES: Final = ("bottom", "top")
"""Below are the words, above what the grid hangs on."""
ZOOM: Final = 0.8
"""Of a key."""
PAN: Final = 0.1
CURSOR_STEPS: Final = {
    Qt.Key.Key_Left: -0.01,
    Qt.Key.Key_Right: 0.01,
    Qt.Key.Key_PageUp: -0.1,
    Qt.Key.Key_PageDown: 0.1,
}
"""Of a key, as a share of the time that is seen."""
LOOK_KEYS: Final = frozenset({Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus, Qt.Key.Key_Home})
"""While frozen."""


HOW_TO_READ: Final = "Arrow keys move a line along the curves, Page Up and Down in larger steps; values are read there"


class _Axis(pg.AxisItem):
    """Minus signs that are some."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [text.replace("-", "−") for text in super().tickStrings(values, scale, spacing)]


class ChartPlots(pg.GraphicsLayoutWidget):
    """Shows :class:`Slice` s. The mouse or the arrow keys move a line at which values are read. While frozen it can be
    zoomed and moved: drag, wheel, + and −, Shift and arrow keys, Home."""

    pointed = Signal(object)
    """Seconds (0 or less) at the line, None where there is none."""
    stepped = Signal()
    """A key moved the line: after ``pointed``."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.span_s = 10.0
        self.frozen = False
        self.cursor_s: float | None = None
        """Where the line is."""
        self.take_s: float | None = None
        """How long the take is that is shown; None while frames come in."""
        self._colours: dict[str, str] = {}
        self._strips: dict[Unit, pg.PlotItem] = {}
        self._lines: dict[str, pg.PlotCurveItem] = {}
        self._cursors: dict[Unit, pg.InfiniteLine] = {}
        self._names: dict[Unit, pg.LabelItem] = {}
        self.ci.layout.setContentsMargins(0, 8, 20, 0)
        self.ci.layout.setVerticalSpacing(4)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumWidth(200)
        self.setAccessibleName("Charts over time")
        self.setAccessibleDescription(HOW_TO_READ)
        self.scene().sigMouseMoved.connect(self._point)
        self.setBackground(QColor(theme.panel))

    # ------------------------------------------------------------ what is drawn

    def set_curves(self, colours: dict[str, str]) -> None:
        """``#rrggbb`` of each curve by its key; a unit without a curve has no strip."""
        units = [u for u in UNITS if any(CURVES[CURVE_INDEX[key]].unit is u for key in colours)]
        self._colours = dict(colours)
        if units != list(self._strips):
            self._make_strips(units)
        for key in [key for key in self._lines if key not in colours]:
            line = self._lines.pop(key)
            line.getViewBox().removeItem(line)
        for key in colours:
            if key not in self._lines:
                self._lines[key] = pg.PlotCurveItem(connect="finite", antialias=True, skipFiniteCheck=False)
                self._strips[CURVES[CURVE_INDEX[key]].unit].addItem(self._lines[key])
        self._dress()

    def _make_strips(self, units: list[Unit]) -> None:
        self.clear()
        self._lines.clear()
        self._cursors.clear()
        self._names.clear()
        self._strips = {}
        for i, unit in enumerate(units):
            axes = {"left": _Axis("left"), **{side: TimeAxis(side) for side in TIME_SIDES}}
            strip = self.addPlot(row=i, col=0, axisItems=axes)
            last = i == len(units) - 1
            strip.getAxis("bottom").setStyle(showValues=last, tickLength=0, hideOverlappingLabels=False, maxTickLevel=0)
            strip.getAxis("bottom").setHeight(20 if last else 4)
            strip.getAxis("left").setWidth(AXIS_PX)
            strip.getAxis("left").setStyle(tickLength=0, hideOverlappingLabels=False, maxTickLevel=0)
            strip.getAxis("left").enableAutoSIPrefix(False)
            strip.setMenuEnabled(False)
            strip.hideButtons()
            _show_grid(strip)
            box = strip.getViewBox()
            box.setDefaultPadding(0)
            box.setLimits(xMax=0, minXRange=0.2)
            box.disableAutoRange()
            box.setYRange(unit.low, unit.high, padding=0.02)
            self._cursors[unit] = pg.InfiniteLine(angle=90, movable=False)
            self._cursors[unit].hide()
            strip.addItem(self._cursors[unit], ignoreBounds=True)
            self._names[unit] = pg.LabelItem(unit.name)
            self._names[unit].setZValue(10)
            self._names[unit].setParentItem(box)
            self._names[unit].anchor(itemPos=(0, 0), parentPos=(0, 0), offset=(4, -1))
            box.sigXRangeChanged.connect(self._follow)
            self._strips[unit] = strip
        self._place_times()
        self.setMinimumHeight(STRIP_PX * len(units) + 28)
        self.set_frozen(self.frozen)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.setBackground(QColor(theme.panel))
        self._dress()

    def _dress(self) -> None:
        font = QFont(self.font())
        font.setPixelSize(px(FONT_PX))
        for unit, strip in self._strips.items():
            for side in ("left", "bottom", "top", "right"):
                axis = strip.getAxis(side)
                axis.setPen(QColor(self.theme.line))
                axis.setTextPen(QColor(self.theme.muted))
                axis.setTickFont(font)
            named = f'<span style="background-color: {self.theme.panel}">&nbsp;{unit.name}&nbsp;</span>'
            self._names[unit].setText(named, color=self.theme.muted, size=f"{px(FONT_PX)}px")  # curves go behind it
            self._cursors[unit].setPen(pg.mkPen(self.theme.muted, width=1, style=Qt.PenStyle.DashLine))
        for key, line in self._lines.items():
            line.setPen(pg.mkPen(self._colours[key], width=PEN_PX))

    def draw(self, piece: Slice, keys: list[str]) -> None:
        """Lines of the curves ``keys``, which are the columns of ``piece``."""
        if piece.take_s != self.take_s:
            self.take_s = piece.take_s
            self._place_times()
        time_s, values = thin(piece, max(100, self.width() - AXIS_PX))
        for column, key in enumerate(keys):
            if key in self._lines:
                self._lines[key].setData(time_s, values[:, column])
        if not self.frozen:
            self._fit(piece, keys)

    def _fit(self, piece: Slice, keys: list[str]) -> None:
        for unit, strip in self._strips.items():
            if (step := STEPS.get(unit.suffix)) is not None:
                columns = [i for i, key in enumerate(keys) if CURVES[CURVE_INDEX[key]].unit is unit]
                strip.setYRange(*_range(piece.values[:, columns], unit, step), padding=0.02)
            strip.setXRange(-self.span_s, 0, padding=0)

    def _follow(self, _: pg.ViewBox, span: tuple[float, float]) -> None:
        """All strips show the same time. pyqtgraph's own link goes by pixels, which are wrong until it is laid out."""
        for strip in self._strips.values():
            if strip.viewRange()[0] != list(span):
                strip.setXRange(*span, padding=0)

    def _place_times(self) -> None:
        """What the foot counts from, and how far back one can look."""
        for strip in self._strips.values():
            strip.getViewBox().setLimits(xMin=self._earliest_s)
            for side in TIME_SIDES:
                strip.getAxis(side).set_take(self.take_s)

    @property
    def _earliest_s(self) -> float:
        return -max(SPAN_S, self.take_s or 0.0)

    def words_for(self, seconds: float) -> str:
        """A time of the line, as it is said."""
        if self.take_s is not None:
            return f"{self.take_s + seconds:.1f} seconds into the take"
        return f"{-seconds + 0.0:.1f} seconds before the newest"

    # ------------------------------------------------------------ looking closer

    def set_span(self, span_s: float) -> None:
        self.span_s = span_s
        for strip in self._strips.values():
            strip.setXRange(-span_s, 0, padding=0)

    def set_frozen(self, on: bool) -> None:
        """Whether the picture stands still, and can be zoomed and moved."""
        self.frozen = on
        for strip in self._strips.values():
            strip.setMouseEnabled(x=on, y=on)
        self.setCursor(Qt.CursorShape.OpenHandCursor if on else Qt.CursorShape.CrossCursor)

    @property
    def seen_s(self) -> tuple[float, float]:
        """From when to when is shown, seconds before the newest frame."""
        if not self._strips:
            return -self.span_s, 0.0
        low, high = next(iter(self._strips.values())).viewRange()[0]
        return float(low), float(high)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._takes(event):
            event.accept()  # before a shortcut of the window
            return True
        return super().event(event)

    def _takes(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            return self.cursor_s is not None
        return key in CURSOR_STEPS or (self.frozen and key in LOOK_KEYS)

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """Around all of it where the keyboard is, as around every control."""
        super().drawForeground(painter, rect)
        if self.hasFocus():
            painter.save()
            painter.resetTransform()
            painter.setPen(QColor(self.theme.accent))
            painter.drawRect(self.viewport().rect().adjusted(0, 0, -1, -1))
            painter.restore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, (low, high) = Qt.Key(event.key()), self.seen_s
        if not self._strips or not self._takes(event):
            QWidget.keyPressEvent(self, event)
            return
        moves = self.frozen and bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if key == Qt.Key.Key_Escape:
            self._read_at(None)
            return
        if key in CURSOR_STEPS and not moves:
            at = high if self.cursor_s is None else self.cursor_s + CURSOR_STEPS[key] * (high - low)
            self._read_at(min(max(at, low), high))
            self.stepped.emit()
            return
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            half = (high - low) / 2 * (1 / ZOOM if key == Qt.Key.Key_Minus else ZOOM)
            low, high = (low + high) / 2 - half, (low + high) / 2 + half
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            step = (high - low) * (PAN if key == Qt.Key.Key_Right else -PAN)
            step = max(self._earliest_s - low, min(step, -high))
            low, high = low + step, high + step
        elif key == Qt.Key.Key_Home:
            low, high = -self.span_s, 0.0
        next(iter(self._strips.values())).setXRange(max(low, self._earliest_s), min(high, 0.0), padding=0)

    def _point(self, at: QPointF) -> None:
        for strip in self._strips.values():
            box = strip.getViewBox()
            if box.sceneBoundingRect().contains(at):
                self._read_at(float(box.mapSceneToView(at).x()))
                return
        self._read_at(None)

    def leaveEvent(self, event: Any) -> None:
        super().leaveEvent(event)
        self._read_at(None)

    def say(self, text: str) -> None:
        """What is at the line, to who cannot see it."""
        self.setAccessibleDescription(text)
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))

    def _read_at(self, seconds: float | None) -> None:
        self.cursor_s = seconds
        self._show_cursor(seconds)
        self.pointed.emit(seconds)
        if seconds is None:
            self.setAccessibleDescription(HOW_TO_READ)

    def _show_cursor(self, seconds: float | None) -> None:
        for cursor in self._cursors.values():
            cursor.setVisible(seconds is not None)
            if seconds is not None:
                cursor.setPos(seconds)


def _show_grid(strip: pg.PlotItem) -> None:
    """By the axes that have no numbers: one with a grid drops the numbers at its ends."""
    for side, resize in (("top", "setHeight"), ("right", "setWidth")):
        axis = strip.getAxis(side)
        strip.showAxis(side)
        axis.setStyle(showValues=False, tickLength=0, maxTickLevel=0)
        axis.setGrid(60)
        getattr(axis, resize)(0)


def _range(values: NDArray[np.float32], unit: Unit, step: float) -> tuple[float, float]:
    """An axis for these values, in whole steps and no shorter than the unit's own."""
    seen = values[np.isfinite(values)]
    if not len(seen):
        return unit.low, unit.high
    low, high = float(np.floor(seen.min() / step) * step), float(np.ceil(seen.max() / step) * step)
    if unit.low < 0:
        return min(unit.low, low), max(unit.high, high)
    return low, max(high, low + step)
