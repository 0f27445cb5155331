"""The stage: a frameless window with nothing in it but the character, for OBS and the like to capture."""

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QColor,
    QContextMenuEvent,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QMenu, QWidget

from app.ui.preferences import Preferences
from app.ui.stage.orbit_keys import ZOOMS
from app.ui.stage.rig_camera import STAGE
from app.ui.stage.rig_picture import cover_or_say
from app.ui.stage.rig_style import TRANSPARENT
from app.ui.stage.rig_view import RigView
from app.ui.stage.stage_settings import StageSettings
from app.ui.style.menu import Menu

EDGE_PX: Final = 10
"""So near to its edge the window is resized, not moved."""
SIZES: Final[dict[str, QSize]] = {
    "1280 × 720": QSize(1280, 720),
    "1920 × 1080": QSize(1920, 1080),
    "720 × 1280": QSize(720, 1280),
    "800 × 800": QSize(800, 800),
}
DEFAULT_SIZE: Final = QSize(800, 800)
SMALLEST: Final = QSize(160, 160)
STEP_PX: Final = 10
"""What an arrow key moves the window by; with Ctrl, its size."""
ARROWS: Final = {
    Qt.Key.Key_Left: QPoint(-1, 0),
    Qt.Key.Key_Right: QPoint(1, 0),
    Qt.Key.Key_Up: QPoint(0, -1),
    Qt.Key.Key_Down: QPoint(0, 1),
}


class StageView(QWidget):
    """Shows the 3D view's own picture and asks it for one that is large enough; nothing is rendered twice.

    Drag moves it, its edges resize it, Shift and drag turns the character, the wheel zooms, the right button has the
    menu, Esc closes it. Where the desktop composites, a transparent background shows what lies behind.
    """

    opened = Signal(bool)
    """Shown or closed, or shown in another way."""

    def __init__(self, rig: RigView, settings: StageSettings, preferences: Preferences) -> None:
        super().__init__(None, Qt.WindowType.Window | Qt.WindowType.FramelessWindowHint)
        self._rig, self._settings, self._preferences = rig, settings, preferences
        self._grip: QPointF | None = None
        self.mirrored = preferences.value("stage/mirror", False)
        self.setWindowTitle("Mien stage")
        self.setAccessibleName("Stage: only the character")
        self.setMinimumSize(SMALLEST)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setWindowFlag(Qt.WindowType.WindowStaysOnTopHint, preferences.value("stage/on_top", False))
        self._place()
        preferences.imported.connect(self._take_settings)
        rig.drawn.connect(self.update)

    # ------------------------------------------------------------ open and closed

    def set_open(self, on: bool) -> None:
        if on == self.isVisible():
            return
        if on:
            self.show()
            self.raise_()
            self.activateWindow()
        else:
            self.close()

    def set_on_top(self, on: bool) -> None:
        """Above all other windows, or not."""
        self._preferences.set_value("stage/on_top", on)
        seen = self.isVisible()
        self.setWindowFlag(Qt.WindowType.WindowStaysOnTopHint, on)  # this hides a window
        if seen:
            self.show()

    @property
    def on_top(self) -> bool:
        return bool(self.windowFlags() & Qt.WindowType.WindowStaysOnTopHint)

    def set_mirrored(self, on: bool) -> None:
        self._preferences.set_value("stage/mirror", on)
        self.mirrored = on
        self.update()
        self.opened.emit(self.isVisible())

    def _take_settings(self, keys: list[str]) -> None:
        """A settings file says where and how it is shown; ``opened`` tells who shows that."""
        if not any(key.startswith("stage/") for key in keys):
            return
        self.mirrored = self._preferences.value("stage/mirror", False)
        if self.on_top != (on_top := self._preferences.value("stage/on_top", False)):
            self.set_on_top(on_top)
        if "stage/place" in keys:
            self._place()
        self.update()
        self.opened.emit(self.isVisible())

    def _place(self) -> None:
        """Where it was last time, if that is still on a screen; else in the middle of the 3D view's screen."""
        kept: list = self._preferences.value("stage/place", [])
        numbers = [n for n in kept if isinstance(n, int) and not isinstance(n, bool)]
        self.resize(DEFAULT_SIZE)
        if len(numbers) == 4 == len(kept):
            corner, size = QPoint(*numbers[:2]), QSize(*numbers[2:]).expandedTo(SMALLEST)
            self.resize(size)
            if QGuiApplication.screenAt(corner + QPoint(size.width() // 2, size.height() // 2)) is not None:
                self.move(corner)
                return
        place = self.rect()
        place.moveCenter(self._rig.screen().availableGeometry().center())
        self.move(place.topLeft())

    def showEvent(self, event: object) -> None:
        self._ask()
        self.opened.emit(True)

    def hideEvent(self, event: object) -> None:
        self._rig.set_outlet(STAGE, None)
        self.opened.emit(False)

    def closeEvent(self, event: QCloseEvent) -> None:
        place = self.geometry()
        self._preferences.set_value("stage/place", [place.x(), place.y(), place.width(), place.height()])
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self.isVisible():
            self._ask()

    def _ask(self) -> None:
        ratio = self.devicePixelRatioF()
        self._rig.set_outlet(STAGE, (round(self.width() * ratio), round(self.height() * ratio)))

    # ------------------------------------------------------------ what it shows

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        clear = self._rig.backdrop == TRANSPARENT
        painter.fillRect(self.rect(), QColor(0, 0, 0, 0) if clear else QColor(self._rig.backdrop))
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        rig = self._rig
        cover_or_say(painter, rig.image(), QRectF(self.rect()), self.mirrored, rig.theme, rig.problem)

    # ------------------------------------------------------------ mouse and keys

    def _edges(self, at: QPointF) -> Qt.Edge:
        near = Qt.Edge(0)
        for edge, off in (
            (Qt.Edge.LeftEdge, at.x()),
            (Qt.Edge.RightEdge, self.width() - at.x()),
            (Qt.Edge.TopEdge, at.y()),
            (Qt.Edge.BottomEdge, self.height() - at.y()),
        ):
            if off <= EDGE_PX:
                near |= edge
        return near

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._grip = event.position()
            return
        handle, edges = self.windowHandle(), self._edges(event.position())
        if edges:
            handle.startSystemResize(edges)
        else:
            handle.startSystemMove()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None:
            step = event.position() - self._grip
            self._grip = event.position()
            self._rig.turn(-step.x() if self.mirrored else step.x(), step.y())
            return
        edges = self._edges(event.position())
        self.setCursor(CURSORS.get(int(edges.value), Qt.CursorShape.ArrowCursor))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grip = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._rig.reset_view()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._rig.zoom_by(event.angleDelta().y())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        arrow = ARROWS.get(Qt.Key(event.key()))
        shift = event.modifiers() == Qt.KeyboardModifier.ShiftModifier
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_F2):
            self.close()
        elif event.key() == Qt.Key.Key_Home:
            self._rig.reset_view()
        elif event.key() in ZOOMS:
            self._rig.zoom_by(ZOOMS[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Menu or (event.key() == Qt.Key.Key_F10 and shift):
            self._open_menu(self.mapToGlobal(self.rect().center()))
        elif arrow is not None and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.resize(self.width() + STEP_PX * arrow.x(), self.height() + STEP_PX * arrow.y())
        elif arrow is not None:
            self.move(self.pos() + arrow * STEP_PX)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._open_menu(event.globalPos())

    def _open_menu(self, at: QPoint) -> None:
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at)

    def menu(self) -> QMenu:
        """The right button's menu."""
        menu = Menu(self)
        for key, title in (("view", "Framing"), ("light", "Light"), ("background", "Background")):
            inner = menu.add_menu(title)
            inner.aboutToShow.connect(partial(self._settings.fill, key, inner))
        sizes = menu.add_menu("Size")
        for text, size in SIZES.items():
            self._add(sizes, text, lambda _=False, size=size: self.resize(size))
        menu.addSeparator()
        self._add(menu, "Always on top", self.set_on_top, self.on_top)
        self._add(menu, "Mirror", self.set_mirrored, self.mirrored)
        self._add(menu, "Reset view\tHome", lambda: self._rig.reset_view())
        menu.addSeparator()
        self._add(menu, "Close the stage\tEsc", lambda: self.close())
        return menu

    def _add(self, menu: QMenu, text: str, slot: Callable[..., object], checked: bool | None = None) -> None:
        action = QAction(text, menu, checkable=checked is not None, checked=bool(checked))
        action.triggered.connect(slot)
        menu.addAction(action)


def _cursors() -> dict[int, Qt.CursorShape]:
    left, right, top, bottom = Qt.Edge.LeftEdge, Qt.Edge.RightEdge, Qt.Edge.TopEdge, Qt.Edge.BottomEdge
    across, down = Qt.CursorShape.SizeHorCursor, Qt.CursorShape.SizeVerCursor
    falling, rising = Qt.CursorShape.SizeFDiagCursor, Qt.CursorShape.SizeBDiagCursor
    return {
        int(edges.value): shape
        for edges, shape in (
            (left, across),
            (right, across),
            (top, down),
            (bottom, down),
            (left | top, falling),
            (right | bottom, falling),
            (right | top, rising),
            (left | bottom, rising),
        )
    }


CURSORS: Final = _cursors()
