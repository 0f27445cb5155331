"""How meters are painted: words and tracks for a layout, bars, peaks and numbers for every frame."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from app.ui.meters.meter_layout import Cell, Heading, Layout
from app.ui.meters.meter_rows import MeterRow, MeterSet
from app.ui.style.scale import px
from app.ui.style.theme import Theme

BUSY: Final = 0.2
"""From this share of a full bar on (FACS intensity 1) a number has its side's colour."""
ABSENT: Final = 0.35
"""Opacity of bars while no face is seen."""
F = NDArray[np.float64]


def text_font(base: QFont, row_px: float) -> QFont:
    """For rows of this height, with figures of one width."""
    font = QFont(base)
    font.setPixelSize(px(11 if row_px < px(26) else 12))
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


class MeterPainter:
    """Paints a :class:`MeterSet` in a theme. Every painter it is given has the font of the rows."""

    def __init__(self, meters: MeterSet, theme: Theme) -> None:
        self.theme = theme
        self.tracked = True
        self._meters, self._rows = meters, meters.rows

    def words(self, painter: QPainter, layout: Layout, marks: dict[str, str]) -> None:
        """All that stays. ``marks``: colours by key of what is in the charts."""
        font = painter.font()
        bold = QFont(font)
        bold.setWeight(QFont.Weight.DemiBold)
        painter.setFont(bold)
        for heading in layout.headings:
            self._heading(painter, heading, layout)
        painter.setFont(font)
        track = QColor(self.theme.line)
        widest = max(painter.fontMetrics().horizontalAdvance(row.label) for row in self._rows)
        for cell in layout.cells:
            row = self._rows[cell.row]
            self._name(painter, cell, row, widest)
            painter.setPen(Qt.PenStyle.NoPen)
            for key, bar, number in zip(row.keys, cell.bars, cell.numbers, strict=True):
                painter.setBrush(track)
                painter.drawRoundedRect(bar, bar.height() / 2, bar.height() / 2)
                if key in marks:
                    painter.setBrush(QColor(marks[key]))
                    painter.drawEllipse(QPointF(number.left() - 3, number.center().y()), 2.5, 2.5)

    def _heading(self, painter: QPainter, heading: Heading, layout: Layout) -> None:
        painter.setPen(QColor(self.theme.muted))
        bottom = Qt.AlignmentFlag.AlignBottom
        drop = -round(layout.row_px * (0.2 if layout.inline else 0.24))
        painter.drawText(heading.box.adjusted(0, 0, 0, drop), Qt.AlignmentFlag.AlignLeft | bottom, heading.title)
        colours = (self.theme.left, self.theme.right)
        for letter, colour, box in zip("LR", colours, heading.numbers, strict=True):
            painter.setPen(QColor(colour))
            place = QRectF(box.left(), heading.box.top(), box.width(), heading.box.height() + drop)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | bottom, letter)

    def _name(self, painter: QPainter, cell: Cell, row: MeterRow, label_px: float) -> None:
        metrics = painter.fontMetrics()
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(self.theme.muted))
        painter.drawText(cell.words, flags, row.label)
        place = cell.words.adjusted(label_px + 6 if label_px else 0, 0, 0, 0)
        name = row.name if metrics.horizontalAdvance(row.name) <= int(place.width()) else row.short
        painter.setPen(QColor(self.theme.text))
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(place.width()))
        painter.drawText(place, flags, shown)

    def spot(self, painter: QPainter, layout: Layout, row: int, side: int, focus: bool) -> None:
        """The channel under the mouse, or where the keyboard is."""
        cell = next(cell for cell in layout.cells if cell.row == row)
        side = min(side, len(cell.bars) - 1)
        tint = QColor(self.theme.text)
        tint.setAlpha(28)
        painter.setPen(QPen(QColor(self.theme.accent), 1.2) if focus else Qt.PenStyle.NoPen)
        painter.setBrush(tint)
        painter.drawRoundedRect(cell.bars[side].adjusted(-2.5, -2.5, 2.5, 2.5), 4, 4)
        if not focus:
            painter.drawRoundedRect(cell.numbers[side].adjusted(-1, 1, 3, -1), 3, 3)

    def _colours(self, row: MeterRow) -> tuple[str, ...]:
        return (self.theme.left, self.theme.right) if len(row.channels) == 2 else (self.theme.both,)

    def bars(self, painter: QPainter, layout: Layout, shown_values: F, peak_values: F) -> None:
        """Values and peaks (channels,) 0..1."""
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setOpacity(1.0 if self.tracked else ABSENT)
        shown, peaks = shown_values.tolist(), peak_values.tolist()
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

    def numbers(self, painter: QPainter, layout: Layout, values: F) -> None:
        """Values (channels,) 0..1."""
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        numbers = values.tolist()
        pens = {c: QColor(c) for c in (self.theme.left, self.theme.right, self.theme.both, self.theme.muted)}
        for cell in layout.cells:
            row = self._rows[cell.row]
            for channel, box, colour in zip(row.channels, cell.numbers, self._colours(row), strict=True):
                value = numbers[channel]
                painter.setPen(pens[colour if value >= BUSY and self.tracked else self.theme.muted])
                painter.drawText(box, flags, self._meters.format(value))
