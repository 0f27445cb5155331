"""A number and a line, large over the picture, whatever its shape and whatever it shows: the countdown."""

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontInfo, QFontMetricsF, QPainter

VEIL: Final = QColor(0, 0, 0, 165)
"""White on it has a contrast of 6 : 1 and more, over a white wall too."""
HEAD_SHARE: Final = 0.25
"""Of the picture's height."""
HEAD_PX: Final = (28, 96)
FOOT_LARGER: Final = 1.15
"""Than the panel's other text."""
LEAST_FOOT_PX: Final = 9
MARGIN_SHARE, LEAST_MARGIN_PX = 0.05, 4
WRAPPED: Final = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop) | int(Qt.TextFlag.TextWordWrap)


@dataclass(frozen=True, slots=True)
class BigNote:
    """Both parts with their places, inside the area."""

    head: str
    head_font: QFont
    head_box: QRectF
    foot: str
    foot_font: QFont
    foot_box: QRectF


def fit_note(text: str, area: QRectF, font: QFont) -> BigNote:
    """The first line large in the middle of the area, the second below it, broken and made smaller until both fit."""
    head, _, foot = text.partition("\n")
    margin = max(MARGIN_SHARE * area.width(), LEAST_MARGIN_PX)
    inner = area.adjusted(margin, LEAST_MARGIN_PX, -margin, -LEAST_MARGIN_PX)
    low, high = HEAD_PX
    head_px = round(min(max(HEAD_SHARE * area.height(), low), high))
    foot_px = round(FOOT_LARGER * QFontInfo(font).pixelSize())
    while True:
        head_font, foot_font = _sized(font, head_px, bold=True), _sized(font, foot_px)
        head_tall, below = QFontMetricsF(head_font).height(), QFontMetricsF(foot_font)
        said = below.boundingRect(QRectF(0, 0, inner.width(), 1e4), WRAPPED, foot)
        if said.width() > inner.width() and foot_px > LEAST_FOOT_PX:
            foot_px -= 1
        elif head_tall + said.height() > inner.height() and head_px > low:
            head_px -= 2
        elif head_tall + said.height() > inner.height() and foot_px > LEAST_FOOT_PX:
            foot_px -= 1
        else:
            break
    top = inner.center().y() - (head_tall + said.height()) / 2
    return BigNote(
        head,
        head_font,
        QRectF(inner.left(), top, inner.width(), head_tall),
        foot,
        foot_font,
        QRectF(inner.left(), top + head_tall, inner.width(), said.height()),
    )


def paint_note(painter: QPainter, text: str, area: QRectF, font: QFont) -> None:
    """With a veil over the whole area."""
    note = fit_note(text, area, font)
    painter.fillRect(area, VEIL)
    painter.setPen(QColor("white"))
    painter.setFont(note.head_font)
    painter.drawText(note.head_box, Qt.AlignmentFlag.AlignCenter, note.head)
    painter.setFont(note.foot_font)
    painter.drawText(note.foot_box, WRAPPED, note.foot)


def _sized(font: QFont, pixels: int, *, bold: bool = False) -> QFont:
    made = QFont(font)
    made.setPixelSize(pixels)
    made.setBold(bold)
    return made
