"""The slider of the character panel: it goes where it is clicked, and says when a movement is over."""

from typing import Final

from PySide6.QtCore import QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QSlider, QStyle, QStyleOptionSlider

RESETS: Final = "double-click or Delete resets"
"""For tooltips."""
PAGE: Final = 10
REST_MS: Final = 800
"""Keys and wheel make one movement until they have rested for so long."""


class Slider(QSlider):
    """The wheel scrolls the panel unless the slider has the keyboard; a double click or Delete resets."""

    reset_asked = Signal()
    let_go = Signal()
    """What comes next is another movement: the mouse was released, the keys rested, or the keyboard went elsewhere."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setPageStep(PAGE)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._tell_let_go)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            at = event.position().toPoint()
            self._tell_let_go()
            if not self._part(QStyle.SubControl.SC_SliderHandle).contains(at):
                self.setValue(self._value_at(at))
        super().mousePressEvent(event)  # which finds the handle under the mouse now, and holds it

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        self._tell_let_go()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset_asked.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
            self._rest.start()
        else:
            event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.reset_asked.emit()
        else:
            super().keyPressEvent(event)
            self._rest.start()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._tell_let_go()
        super().focusOutEvent(event)

    def _tell_let_go(self) -> None:
        self._rest.stop()
        self.let_go.emit()

    def _part(self, part: QStyle.SubControl) -> QRect:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        return self.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, part, self)

    def _value_at(self, at: QPoint) -> int:
        """That brings the middle of the handle there."""
        groove = self._part(QStyle.SubControl.SC_SliderGroove)
        handle = self._part(QStyle.SubControl.SC_SliderHandle).width()
        return QStyle.sliderValueFromPosition(
            self.minimum(), self.maximum(), at.x() - groove.x() - handle // 2, max(groove.width() - handle, 1)
        )
