"""Bars of the action units: FACS intensity 0..5, the subject's own left and right, grouped by region of the face."""

import time
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
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
MARGIN, GAP = 12, 18


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
        self.setMinimumSize(420, ROWS * 17 + 2 * 6)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Action units")

    def sizeHint(self) -> QSize:
        return QSize(500, ROWS * 22 + 2 * 6)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
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

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(self.theme.panel))
        row = min((self.height() - 12) / ROWS, 30.0)
        width = (self.width() - 2 * MARGIN - GAP) / 2
        top = 6 + (self.height() - 12 - row * ROWS) / 2
        font = QFont(self.font())
        font.setPixelSize(int(np.clip(row * 0.56, 10, 14)))
        for i, column in enumerate(REGIONS):
            y, x = top, MARGIN + i * (width + GAP)
            for title, aus in column:
                self._paint_title(painter, font, QRectF(x, y, width, row), title)
                y += row
                for au in aus:
                    self._paint_row(painter, font, QRectF(x, y, width, row), au)
                    y += row
        self._paint_legend(painter, font, QRectF(MARGIN + width + GAP, top + 14 * row, width, 2 * row))

    def _paint_title(self, painter: QPainter, font: QFont, box: QRectF, title: str) -> None:
        bold = QFont(font)
        bold.setWeight(QFont.Weight.DemiBold)
        painter.setFont(bold)
        painter.setPen(QColor(self.theme.muted))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
        painter.drawText(box.adjusted(0, 0, 0, -box.height() * 0.12), flags, title)

    def _paint_row(self, painter: QPainter, font: QFont, box: QRectF, au: int) -> None:
        channels = channels_of(au)
        values = self._shown[list(channels)] * FACS_MAX
        painter.setFont(font)
        metrics = painter.fontMetrics()
        bar_height = max(3.0, round(box.height() * 0.17))
        text = QRectF(box.left(), box.top() + 1, box.width(), box.height() - bar_height - 3)
        colours = (self.theme.left, self.theme.right) if len(channels) == 2 else (self.theme.both,)
        right = text.right()
        number = metrics.horizontalAdvance("0.0")
        middle = Qt.AlignmentFlag.AlignVCenter
        for value, colour in zip(values[::-1], colours[::-1], strict=True):
            painter.setPen(QColor(colour if value >= 0.95 else self.theme.muted))
            spot = QRectF(right - number, text.top(), number + 1, text.height())
            painter.drawText(spot, middle | Qt.AlignmentFlag.AlignRight, f"{value:.1f}")
            right -= number + 8
        code = f"AU{au}"
        indent = metrics.horizontalAdvance("AU43 ") + 2
        painter.setPen(QColor(self.theme.muted))
        painter.drawText(text, middle | Qt.AlignmentFlag.AlignLeft, code)
        name = metrics.elidedText(NAMES[au], Qt.TextElideMode.ElideRight, int(right - text.left() - indent))
        painter.setPen(QColor(self.theme.text))
        painter.drawText(text.adjusted(indent, 0, 0, 0), middle | Qt.AlignmentFlag.AlignLeft, name)

        gap = 4.0
        share = box.width() if len(channels) == 1 else (box.width() - gap) / 2
        for side, (value, colour) in enumerate(zip(values, colours, strict=True)):
            track = QRectF(box.left() + side * (share + gap), box.bottom() - bar_height - 1, share, bar_height)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self.theme.line))
            painter.drawRoundedRect(track, bar_height / 2, bar_height / 2)
            filled = track.width() * value / FACS_MAX
            if filled > 0.5:
                painter.setBrush(QColor(colour))
                track.setWidth(max(filled, bar_height))
                painter.drawRoundedRect(track, bar_height / 2, bar_height / 2)

    def _paint_legend(self, painter: QPainter, font: QFont, box: QRectF) -> None:
        painter.setFont(font)
        metrics = painter.fontMetrics()
        x, y = box.left(), box.bottom() - box.height() / 2
        for colour, text in ((self.theme.left, "Left"), (self.theme.right, "Right"), (self.theme.both, "Both")):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colour))
            painter.drawRoundedRect(QRectF(x, y + box.height() / 4 - 3, 10, 6), 3, 3)
            painter.setPen(QColor(self.theme.muted))
            spot = QRectF(x + 15, y, metrics.horizontalAdvance(text) + 2, box.height() / 2)
            painter.drawText(spot, Qt.AlignmentFlag.AlignVCenter, text)
            x = spot.right() + 12
        above = QRectF(box.left(), box.top(), box.width(), box.height() / 2)
        painter.drawText(above, Qt.AlignmentFlag.AlignVCenter, "FACS intensity 0 to 5")
