"""The last seconds of one channel, before and after the filter: what smoothing does, seen while it is chosen."""

import time
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QByteArray, QDataStream, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.face_frame import FaceFrame
from app.ui.style.scale import px
from app.ui.style.theme import Theme
from rig.parameters import CHANNELS, N_CHANNELS

HEIGHT: Final = 64
SPAN_S: Final = 4.0
REPAINT_S: Final = 0.06
"""Smooth lines are the dearest thing on this panel, 2.6 ms each time: about sixteen pictures a second are enough."""
LIVELY_S: Final = 2.0
"""For so long at least the liveliest channel stays the one shown."""
LEAST_RANGE: Final = 0.2
"""Of a channel that moves less the picture is no larger: noise should look like noise."""
MARGIN: Final = 6
TOP: Final = 16
"""Above the lines there is what they are."""
MOST_SAMPLES: Final = 512
ENOUGH_S: Final = 1.0
"""Of less than this, and of less than so many frames, one cannot say how much they jitter."""
ENOUGH_FRAMES: Final = 8
STILL: Final = 1e-4
"""What has a smaller mean second difference does not move."""


class FilterTrace(QWidget):
    """Two lines over time; ``channel`` None shows the one that moves most."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.channel: int | None = None
        self.shown = 0
        """Index of the channel that is drawn."""
        self._since_s = self._painted_s = 0.0
        # What is kept lies together, from _first to before _end; where there is no more room it moves to the beginning.
        self._times_s = np.zeros(2 * MOST_SAMPLES)
        self._values = np.zeros((2 * MOST_SAMPLES, 2, N_CHANNELS), np.float32)  # unfiltered, filtered
        self._first = self._end = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFixedHeight(HEIGHT)
        self.setAccessibleName("Trace of one channel before and after smoothing")

    def sizeHint(self) -> QSize:
        return QSize(240, HEIGHT)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.update()

    def clear(self) -> None:
        """Another source begins."""
        self._first = self._end = 0
        self.update()

    def add(self, face: FaceFrame) -> None:
        """The newest frame; one of before the last (a seek back, another source) starts the trace anew."""
        time_s = face.media_time_s
        if self._first < self._end and not 0 <= time_s - self._times_s[self._end - 1] <= SPAN_S:
            self._first = self._end = 0
        if self._end == len(self._times_s):
            kept = self._end - self._first
            self._times_s[:kept] = self._times_s[self._first :]
            self._values[:kept] = self._values[self._first :]
            self._first, self._end = 0, kept
        self._times_s[self._end] = time_s
        self._values[self._end] = face.au_unfiltered, face.au_measured
        self._end += 1
        self._first = max(self._first, self._end - MOST_SAMPLES)
        while time_s - self._times_s[self._first] > SPAN_S:
            self._first += 1
        self._choose(time_s)
        now = time.perf_counter()
        if now - self._painted_s >= REPAINT_S:
            self._painted_s = now
            self.update()

    def _choose(self, now_s: float) -> None:
        if self.channel is not None:
            self.shown = self.channel
        elif not 0 <= now_s - self._since_s < LIVELY_S:
            self._since_s = now_s
            moved = np.ptp(self._values[self._first : self._end, 0], axis=0)
            if moved.max() > 1.3 * moved[self.shown]:  # else the picture would jump between two that are alike
                self.shown = int(moved.argmax())

    def lines(self) -> NDArray[np.float64]:
        """(T, 3) of what is drawn: media time, unfiltered, filtered."""
        made = np.empty((self._end - self._first, 3))
        made[:, 0] = self._times_s[self._first : self._end]
        made[:, 1:] = self._values[self._first : self._end, :, self.shown]
        return made

    def jitter_left(self) -> float | None:
        """Mean second difference of the filtered line over that of the unfiltered one; None while nothing moves, and
        while there is too little to say."""
        count = self._end - self._first
        if count < ENOUGH_FRAMES or self._times_s[self._end - 1] - self._times_s[self._first] < ENOUGH_S:
            return None
        values = self._values[self._first : self._end, :, self.shown]
        raw, smooth = np.abs(values[2:] - 2 * values[1:-1] + values[:-2]).mean(axis=0, dtype=np.float64).tolist()
        return smooth / raw if raw > STILL else None

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.theme.field))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self.theme.line), 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        lines = self.lines()
        if len(lines) < 2:
            painter.setPen(QColor(self.theme.muted))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "Shown while frames come")
            return
        low, high = _range(lines[:, 1:])
        width, height = self.width() - 2 * MARGIN, self.height() - px(TOP) - MARGIN
        x = MARGIN + width * (1 - (lines[-1, 0] - lines[:, 0]) / SPAN_S)
        for column, colour, thick in ((2, self.theme.accent, 2.2), (1, self.theme.right, 1.0)):
            y = px(TOP) + height * (1 - (lines[:, column] - low) / (high - low))
            painter.setPen(QPen(QColor(colour), thick))
            painter.drawPolyline(_polygon(x, y))
        self._paint_legend(painter)

    def _paint_legend(self, painter: QPainter) -> None:
        font = QFont(self.font())
        font.setPixelSize(px(10))
        painter.setFont(font)
        top = self.rect().adjusted(8, 4, -8, -4)
        painter.setPen(QColor(self.theme.text))
        painter.drawText(top, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, title_of(self.shown))
        for word, colour in (("smoothed", self.theme.accent), ("measured", self.theme.right)):
            painter.setPen(QColor(colour))
            painter.drawText(top, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, word)
            top.adjust(0, 0, -painter.fontMetrics().horizontalAdvance(word) - 8, 0)


def title_of(channel: int) -> str:
    """``AU12 left``."""
    return CHANNELS[channel].replace("-", " ")


def _polygon(x: NDArray[np.float64], y: NDArray[np.float64]) -> QPolygonF:
    """As Qt reads one from a stream, in a tenth of the time that points take which are made one by one."""
    numbers = np.stack([x, y], axis=1).astype(">f8")
    stream = QDataStream(QByteArray(len(x).to_bytes(4, "big") + numbers.tobytes()))
    made = QPolygonF()
    stream >> made
    return made


def _range(values: NDArray[np.float64]) -> tuple[float, float]:
    """What the picture reaches from and to: all values, at least :data:`LEAST_RANGE`, within 0..1 where that goes."""
    low, high = float(values.min()), float(values.max())
    missing = max(0.0, LEAST_RANGE - (high - low))
    low = max(0.0, low - missing / 2)
    return low, max(high, low + LEAST_RANGE)
