"""A row of colours of which one is chosen."""

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QWidget

from app.ui.style.theme import Theme

SWATCH_PX: Final = 24


class _Swatch(QAbstractButton):
    """A round colour; a ring in the accent when it is the one."""

    def __init__(self, colour: tuple[int, int, int] | None, name: str, theme: Theme) -> None:
        super().__init__()
        self.colour, self.theme = colour, theme
        self.setCheckable(True)
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setFixedSize(SWATCH_PX, SWATCH_PX)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = self.rect().adjusted(3, 3, -3, -3)
        painter.setPen(QPen(QColor(self.theme.line), 1))
        painter.setBrush(QColor(*self.colour) if self.colour else QColor(self.theme.field))
        painter.drawEllipse(box)
        if self.colour is None:
            painter.setPen(QPen(QColor(self.theme.faint), 1.5))
            painter.drawLine(box.left() + 5, box.bottom() - 4, box.right() - 4, box.top() + 5)
        if not self.isEnabled():
            cover = QColor(self.theme.panel)
            cover.setAlpha(160)
            painter.fillRect(self.rect(), cover)
        elif self.isChecked() or self.hasFocus():
            colour = self.theme.accent if self.isChecked() else self.theme.muted
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colour), 2))
            painter.drawEllipse(self.rect().adjusted(1, 1, -1, -1))


class Swatches(QWidget):
    """A row of which one or none is chosen; arrow keys go along it."""

    chosen = Signal(str)

    def __init__(self, title: str, colours: dict[str, tuple[int, int, int] | None], theme: Theme) -> None:
        super().__init__()
        self.setAccessibleName(title)
        self.buttons: dict[str, _Swatch] = {}
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for name, colour in colours.items():
            button = _Swatch(colour, f"{title}: {name}", theme)
            button.setToolTip(name)
            button.clicked.connect(lambda _=False, name=name: self.chosen.emit(name))
            self._group.addButton(button)
            self.buttons[name] = button
            row.addWidget(button)
        row.addStretch(1)

    def recolour(self, name: str, colour: tuple[int, int, int], tip: str) -> None:
        """Another colour, and what it is called now."""
        button = self.buttons[name]
        button.colour = colour
        button.setToolTip(tip)
        button.setAccessibleName(f"{self.accessibleName()}: {tip}")
        button.update()

    def show_choice(self, name: str | None) -> None:
        self._group.setExclusive(False)
        for other, button in self.buttons.items():
            button.setChecked(other == name)
        self._group.setExclusive(True)

    def set_theme(self, theme: Theme) -> None:
        for button in self.buttons.values():
            button.theme = theme
            button.update()
