"""A label for lines that may be long."""

from itertools import pairwise
from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QLabel, QSizePolicy

MOST_LINES: Final = 4


class WrappedLabel(QLabel):
    """Some lines, broken within words too where a path has no other place; the last one ends in … where that is not
    enough, and then the whole of it is in the tooltip."""

    def __init__(self) -> None:
        super().__init__()
        self._whole = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_whole(self, text: str) -> None:
        if text != self._whole:
            self._whole = text
            self._fit()
            self.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return max(len(self._lines(width)), 1) * self.fontMetrics().lineSpacing()

    def n_lines(self, width: int) -> int:
        """As it would be shown in so many pixels."""
        return len(self._lines(width)) if width > 0 else MOST_LINES

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._whole), self.heightForWidth(max(self.width(), 1)))

    def minimumSizeHint(self) -> QSize:
        return QSize(40, self.fontMetrics().lineSpacing())

    def _fit(self) -> None:
        lines = self._lines(self.width())
        self.setText("\n".join(lines))
        self.setToolTip(self._whole if lines and lines[-1].endswith("…") and lines[-1] != self._whole else "")

    def _lines(self, width: int) -> list[str]:
        units = self._whole.encode("utf-16-le")  # what Qt counts
        layout = QTextLayout(self._whole, self.font())
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        layout.beginLayout()
        starts = []
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(width, 1))
            starts.append(line.textStart())
        layout.endLayout()
        cuts = [*starts[:MOST_LINES], len(units) // 2]
        lines = [units[2 * a : 2 * b].decode("utf-16-le").rstrip() for a, b in pairwise(cuts)]
        if len(starts) > MOST_LINES:
            lines[-1] = self.fontMetrics().elidedText(lines[-1], Qt.TextElideMode.ElideRight, max(width, 1))
        return lines
