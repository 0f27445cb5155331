"""The 3D view by keyboard: arrows turn it, plus and minus zoom, and a ring shows that it has the keys."""

from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.ui.keyboard import KeyboardWindow
from app.ui.stage.rig_view import RigView

STEP_PX: Final = 25
"""Of a drag that turns as far as one press: 10 degrees."""
NOTCH: Final = 120
"""Of a wheel that zooms as far as one press."""
TURNS: Final = {
    Qt.Key.Key_Left: (-STEP_PX, 0),
    Qt.Key.Key_Right: (STEP_PX, 0),
    Qt.Key.Key_Up: (0, -STEP_PX),
    Qt.Key.Key_Down: (0, STEP_PX),
}
ZOOMS: Final = {Qt.Key.Key_Plus: NOTCH, Qt.Key.Key_Equal: NOTCH, Qt.Key.Key_Minus: -NOTCH}
BY_KEY: Final = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)


class OrbitKeys(QObject):
    """Makes a :class:`RigView` take the focus, by Tab and by click, and turn and zoom by keys."""

    def __init__(self, rig: RigView) -> None:
        super().__init__(rig)
        self._rig = rig
        self.ring = FocusRing(rig)
        rig.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        rig.setToolTip("Drag or arrow keys to turn, wheel or + and − to zoom, double-click or Home to reset")
        rig.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            return self._take(event)
        if isinstance(event, QFocusEvent):
            window = self._rig.window()  # a button that greys hands the focus on as Tab does, and nobody asked for it
            by_key = not isinstance(window, KeyboardWindow) or window.tabbing
            self.ring.setVisible(event.gotFocus() and event.reason() in BY_KEY and by_key)
        elif event.type() is QEvent.Type.Resize:
            self.ring.resize(self._rig.size())
        return False

    def _take(self, event: QKeyEvent) -> bool:
        plain = not event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        key = Qt.Key(event.key())
        if plain and key in TURNS:
            across, down = TURNS[key]
            self._rig.turn(-across if self._rig.mirrored else across, down)
        elif plain and key in ZOOMS:
            self._rig.zoom_by(ZOOMS[key])
        else:
            return False
        return True


class FocusRing(QWidget):
    """Over the whole view, and in nobody's way."""

    def __init__(self, rig: RigView) -> None:
        super().__init__(rig)
        self._rig = rig
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(QPen(QColor(self._rig.theme.accent), 2))
        painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
