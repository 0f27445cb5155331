"""Bars of the action units: FACS intensity 0..5, the subject's own left and right, grouped by region of the face."""

import time
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.ui.theme import Theme
from rig.parameters import CHANNEL_INDEX, N_CHANNELS

FACS_MAX: Final = 5.0
ATTACK_S: Final = 0.025
"""A bar rises this fast (time constant) and falls more slowly, so that the eye can follow; data is not smoothed."""
RELEASE_S: Final = 0.09
STEP_MAX_S: Final = 0.25

NAMES: Final[dict[int, str]] = {
    1: "Inner brow raiser",
    2: "Outer brow raiser",
    4: "Brow lowerer",
    5: "Upper lid raiser",
    6: "Cheek raiser",
    7: "Lid tightener",
    9: "Nose wrinkler",
    10: "Upper lip raiser",
    12: "Lip corner puller",
    14: "Dimpler",
    15: "Lip corner depressor",
    16: "Lower lip depressor",
    17: "Chin raiser",
    18: "Lip pucker",
    19: "Tongue show",
    20: "Lip stretcher",
    22: "Lip funneler",
    24: "Lip presser",
    25: "Lips part",
    26: "Jaw drop",
    28: "Lip suck",
    29: "Jaw thrust",
    30: "Jaw sideways",
    34: "Cheek puff",
    43: "Eyes closed",
}
"""FACS names (Ekman, Friesen & Hager 2002)."""

REGIONS: Final[tuple[tuple[tuple[str, tuple[int, ...]], ...], ...]] = (
    (("Brows", (1, 2, 4)), ("Eyes", (5, 7, 43)), ("Cheeks and nose", (6, 9, 34)), ("Jaw", (26, 29, 30))),
    (("Mouth", (10, 12, 14, 15, 16, 17, 18, 19, 20, 22, 24, 25, 28)),),
)
"""Two columns of regions, each with its AUs from top to bottom."""
ROWS: Final = max(sum(1 + len(aus) for _, aus in column) for column in REGIONS)
MARGIN, TOP, GAP, NUMBER_GAP, TRACK_GAP, ROW_MAX = 12, 6, 18, 8, 4, 30


def channels_of(au: int) -> tuple[int, ...]:
    """Channel indices of an AU: (left, right), or one."""
    if f"AU{au}" in CHANNEL_INDEX:
        return (CHANNEL_INDEX[f"AU{au}"],)
    return CHANNEL_INDEX[f"AU{au}-left"], CHANNEL_INDEX[f"AU{au}-right"]


class AuBars(QWidget):
    """All 25 AUs at a glance. Left halves and right halves where sides differ, one whole bar where they do not."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self._shown = np.zeros(N_CHANNELS)
        self._target = np.zeros(N_CHANNELS)
        self._last_s = 0.0
        self._backdrop: QPixmap | None = None
        self.setMinimumSize(420, ROWS * 17 + 2 * TOP)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Action units")

    def sizeHint(self) -> QSize:
        return QSize(500, ROWS * 22 + 2 * TOP)

    def set_theme(self, theme: Theme) -> None:
        self.theme, self._backdrop = theme, None
        self.update()

    @property
    def shown(self) -> NDArray[np.float64]:
        """(40,) FACS intensities 0..5 as the bars stand."""
        return self._shown * FACS_MAX

    def show_channels(self, au: NDArray[np.float32]) -> None:
        """Channels (40,) 0..1 of the newest frame."""
        now = time.perf_counter()
        step_s = min(now - self._last_s, STEP_MAX_S)
        self._last_s = now
        self._target = np.clip(np.nan_to_num(au), 0.0, 1.0)
        tau_s = np.where(self._target > self._shown, ATTACK_S, RELEASE_S)
        self._shown = self._shown + (1 - np.exp(-step_s / tau_s)) * (self._target - self._shown)
        self.update()

    def clear(self) -> None:
        self._shown = np.zeros(N_CHANNELS)
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._backdrop = None

    def paintEvent(self, event: QPaintEvent) -> None:
        """Words are painted once for a size; numbers and bars for every frame."""
        ratio = self.devicePixelRatioF()
        if self._backdrop is None or self._backdrop.devicePixelRatio() != ratio:
            self._backdrop = QPixmap(self.size() * ratio)
            self._backdrop.setDevicePixelRatio(ratio)
            self._backdrop.fill(QColor(self.theme.panel))
            painter = QPainter(self._backdrop)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_words(painter)
            painter.end()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawPixmap(0, 0, self._backdrop)
        painter.setFont(self._text_font())
        for _, aus in self._layout():
            for au, box in aus:
                self._paint_values(painter, box, au)

    def _row_height(self) -> float:
        return min((self.height() - 2 * TOP) / ROWS, ROW_MAX)

    def _text_font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(int(np.clip(self._row_height() * 0.56, 10, 14)))
        return font

    def _layout(self) -> Iterator[tuple[tuple[str, QRectF], list[tuple[int, QRectF]]]]:
        """Each region: its title and where that goes, its AUs and where they go."""
        row = self._row_height()
        width = (self.width() - 2 * MARGIN - GAP) / 2
        top = (self.height() - row * ROWS) / 2
        for i, column in enumerate(REGIONS):
            y, x = top, MARGIN + i * (width + GAP)
            for title, aus in column:
                places = [(au, QRectF(x, y + (j + 1) * row, width, row)) for j, au in enumerate(aus)]
                yield (title, QRectF(x, y, width, row)), places
                y += row * (1 + len(aus))

    def _paint_words(self, painter: QPainter) -> None:
        font = self._text_font()
        bold = QFont(font)
        bold.setWeight(QFont.Weight.DemiBold)
        box = QRectF()
        for (title, place), aus in self._layout():
            painter.setFont(bold)
            painter.setPen(QColor(self.theme.muted))
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
            painter.drawText(place.adjusted(0, 0, 0, -place.height() * 0.12), flags, title)
            painter.setFont(font)
            for au, box in aus:
                self._paint_name(painter, box, au)
        self._paint_legend(painter, QRectF(box.left(), box.bottom(), box.width(), 2 * box.height()))

    def _paint_name(self, painter: QPainter, box: QRectF, au: int) -> None:
        metrics = painter.fontMetrics()
        text = _text_part(box)
        indent = metrics.horizontalAdvance("AU43 ") + 2
        numbers = len(channels_of(au)) * (metrics.horizontalAdvance("0.0") + NUMBER_GAP)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.setPen(QColor(self.theme.muted))
        painter.drawText(text, flags, f"AU{au}")
        name = metrics.elidedText(NAMES[au], Qt.TextElideMode.ElideRight, int(text.width() - indent - numbers))
        painter.setPen(QColor(self.theme.text))
        painter.drawText(text.adjusted(indent, 0, 0, 0), flags, name)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.line))
        for track in _tracks(box, len(channels_of(au))):
            painter.drawRoundedRect(track, track.height() / 2, track.height() / 2)

    def _paint_values(self, painter: QPainter, box: QRectF, au: int) -> None:
        channels = channels_of(au)
        values = (self._shown[list(channels)] * FACS_MAX).tolist()
        colours = (self.theme.left, self.theme.right) if len(channels) == 2 else (self.theme.both,)
        text = _text_part(box)
        number = painter.fontMetrics().horizontalAdvance("0.0")
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        for i, (value, colour) in enumerate(zip(values[::-1], colours[::-1], strict=True)):
            painter.setPen(QColor(colour if value >= 0.95 else self.theme.muted))
            spot = QRectF(text.right() - number - i * (number + NUMBER_GAP), text.top(), number + 1, text.height())
            painter.drawText(spot, flags, f"{value:.1f}")
        painter.setPen(Qt.PenStyle.NoPen)
        for track, value, colour in zip(_tracks(box, len(channels)), values, colours, strict=True):
            filled = track.width() * value / FACS_MAX
            if filled > 0.5:
                painter.setBrush(QColor(colour))
                track.setWidth(max(filled, track.height()))
                painter.drawRoundedRect(track, track.height() / 2, track.height() / 2)

    def _paint_legend(self, painter: QPainter, box: QRectF) -> None:
        metrics = painter.fontMetrics()
        row = box.height() / 2
        x, y = box.left(), box.top() + row
        painter.setPen(QColor(self.theme.muted))
        above = QRectF(box.left(), box.top(), box.width(), row)
        painter.drawText(above, Qt.AlignmentFlag.AlignVCenter, "FACS intensity 0 to 5")
        for colour, text in ((self.theme.left, "Left"), (self.theme.right, "Right"), (self.theme.both, "Both")):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colour))
            painter.drawRoundedRect(QRectF(x, y + row / 2 - 3, 10, 6), 3, 3)
            painter.setPen(QColor(self.theme.muted))
            spot = QRectF(x + 15, y, metrics.horizontalAdvance(text) + 2, row)
            painter.drawText(spot, Qt.AlignmentFlag.AlignVCenter, text)
            x = spot.right() + 12


def _bar_height(box: QRectF) -> float:
    return max(3.0, round(box.height() * 0.17))


def _text_part(box: QRectF) -> QRectF:
    return box.adjusted(0, 1, 0, -_bar_height(box) - 2)


def _tracks(box: QRectF, count: int) -> list[QRectF]:
    """Where one bar goes, or two side by side."""
    height = _bar_height(box)
    share = (box.width() - (count - 1) * TRACK_GAP) / count
    top = box.bottom() - height - 1
    return [QRectF(box.left() + i * (share + TRACK_GAP), top, share, height) for i in range(count)]
