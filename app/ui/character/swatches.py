"""A row of colours of which one is chosen."""

from typing import Final

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QWidget

from app.ui.style.segments import STEPS
from app.ui.style.theme import Theme

SWATCH_PX: Final = 24


class _Swatch(QAbstractButton):
    """A round colour; a ring in the accent when it is the one, a frame around it while it has the keyboard."""

    def __init__(self, colour: tuple[int, int, int] | None, name: str, row: "Swatches", theme: Theme) -> None:
        super().__init__()
        self.colour, self.theme, self._row = colour, theme, row
        self.setCheckable(True)
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setFixedSize(SWATCH_PX, SWATCH_PX)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.ShortcutOverride and event.key() in STEPS:
            event.accept()  # Home is a shortcut of the window, too
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if (step := STEPS.get(Qt.Key(event.key()))) is not None:
            self._row.step(self, step)
        else:
            super().keyPressEvent(event)

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
            return
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.isChecked():
            painter.setPen(QPen(QColor(self.theme.accent), 2))
            painter.drawEllipse(self.rect().adjusted(1, 1, -1, -1))
        if self.hasFocus():
            painter.setPen(QPen(QColor(self.theme.text), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)


class Swatches(QWidget):
    """A row of which one or none is chosen; Tab comes to that one, and arrow keys choose its neighbours,
    Home and End the first and the last."""

    chosen = Signal(str)

    def __init__(self, title: str, colours: dict[str, tuple[int, int, int] | None], theme: Theme) -> None:
        super().__init__()
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # else a label's mnemonic does not come to it
        self.buttons: dict[str, _Swatch] = {}
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for name, colour in colours.items():
            button = _Swatch(colour, f"{title}: {name}", self, theme)
            button.setToolTip(name)
            button.clicked.connect(lambda _=False, name=name: self.chosen.emit(name))
            self._group.addButton(button)
            self.buttons[name] = button
            row.addWidget(button)
        row.addStretch(1)
        self.show_choice(None)

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
        able = [other for other, button in self.buttons.items() if button.isEnabledTo(self)]
        entry = name if name in able else next(iter(able), next(iter(self.buttons)))
        for other, button in self.buttons.items():
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus if other == entry else Qt.FocusPolicy.NoFocus)
        self.setFocusProxy(self.buttons[entry])

    def step(self, of: _Swatch, by: int) -> None:
        """Choose the one so many further on of those that can be had, or the last on the way."""
        able = [button for button in self.buttons.values() if button.isEnabled()]
        button = able[min(max(able.index(of) + by, 0), len(able) - 1)]
        button.setFocus(Qt.FocusReason.TabFocusReason)
        if not button.isChecked():
            button.click()

    def set_theme(self, theme: Theme) -> None:
        for button in self.buttons.values():
            button.theme = theme
            button.update()
