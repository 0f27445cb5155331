"""The 3D face in the window: rendered off screen on the GUI thread, painted as a picture.

An off-screen scene needs no native child window, so it works on X11, Wayland, Windows and macOS alike, and can be
rendered at less than full size where OpenGL runs on the processor. Only the newest pose is ever drawn, and rendering
leaves the GUI thread at least half of its time, so neither video nor clicks wait for it for longer than one picture.

There is one scene and one picture of it. Whoever else shows the character (a stage window, a virtual camera) asks for
its size with :meth:`RigView.set_outlet` and cuts its part out of the same picture.
"""

import math
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.face_frame import FaceFrame
from app.own_characters import Shape
from app.ui.stage.casting import Casting, pose_scene
from app.ui.stage.rig_camera import OrbitCamera, Outlets, Size, breadth, render_size
from app.ui.stage.rig_loader import BASE, Loaded
from app.ui.stage.rig_pace import STILL, Pace
from app.ui.stage.rig_picture import as_image, checker, cover_or_say, soften_edge
from app.ui.stage.rig_style import TRANSPARENT, SceneStyle
from app.ui.style.theme import Theme
from app.ui.thread_clock import RenderClock

if TYPE_CHECKING:
    from rig.imported_scene import ImportedScene
    from rig.prepared import Sheets
    from rig.scene import FaceScene

__all__ = ["BASE", "REST_MS", "RigView"]

REST_MS: Final = 350
"""Without anything new for this long, one picture at full quality."""
NEWS_MS: Final = 100
"""Panels have much to do when another character is there: after its first picture, not in the same turn."""
DEG_PER_PIXEL: Final = 0.4
ZOOM_PER_NOTCH: Final = 1.0015


class RigView(QWidget):
    """Orbit with the left button, zoom with the wheel, double-click to reset."""

    ready = Signal()
    drawn = Signal()
    """A new picture: see :meth:`image` and :meth:`picture`."""
    view_changed = Signal(str)
    """Another of ``rig_camera.VIEWS``."""
    character_shown = Signal(str)
    character_failed = Signal(str, str)
    """Name or file, and why it cannot be shown; the one before stays."""

    def __init__(self, theme: Theme, character: str = BASE) -> None:
        super().__init__()
        self.theme = theme
        self.character = character
        """Name or file of who is shown, or will be."""
        self.shown = ""
        """Name or file of who is on the stage now."""
        self.shape: Shape | None = None
        """The identity and colours that are shown, edits included; None for imported characters."""
        self.follows = True
        """Whether the identity is the user's own, frame by frame."""
        self.edits: Mapping[str, Any] = {}
        """By character: what ``own_characters.edits_to_json`` kept, with ``follow`` beside it; read on a thread."""
        self.mirrored = False
        self.render_ms = 0.0
        """Of the last picture, on the GUI thread."""
        self.renders = 0
        self.problem = ""
        """Why there is no 3D view, where OpenGL fails."""
        self.rendering = RenderClock()
        """How much of the GUI thread's time drawing took, all in all."""
        self.camera = OrbitCamera()
        self._style = SceneStyle()
        self._pose: FaceFrame | None = None
        self._image: QImage | None = None
        self._pixels: NDArray[np.uint8] | None = None
        self._outlets = Outlets()
        self._pace = Pace()
        self._told = False  # that there is a scene
        self._grip: QPointF | None = None
        self._casting = Casting(self, self.rendering)
        self._casting.changed.connect(self._show_character)
        self._casting.failed.connect(self._fail)
        self._casting.painted.connect(self._take_look)
        self._news = QTimer(self, singleShot=True, interval=NEWS_MS)
        self._news.timeout.connect(self._tell_character)
        self._next = QTimer(self, singleShot=True)
        self._next.timeout.connect(self._pose_first)
        self._posed: FaceScene | ImportedScene | None = None  # who is posed already for the next picture
        self._posed_ms = 0.0
        self._turn = QTimer(self, singleShot=True, interval=0)
        self._turn.timeout.connect(self._draw)
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._draw_still)
        self.setMinimumSize(220, 220)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setAccessibleName("3D face")
        self.setToolTip("Drag to turn, wheel to zoom, double-click to reset")

    def sizeHint(self) -> QSize:
        return QSize(760, 680)

    # ------------------------------------------------------------ who is shown

    def build(self) -> None:
        """Load the character on a thread, then make the scene on this one; called once the window is on the screen."""
        self.set_character(self.character)

    def set_character(self, spec: str) -> None:
        """Change to a character by name or file; the last one stays until the new one is whole."""
        self.character = spec
        self._casting.ask(spec, self.edits.get(spec))

    def _show_character(self, spec: str, loaded: Loaded) -> None:
        self.shape, self.shown = loaded.shape, spec
        self.follows = loaded.takes_identity and loaded.follow
        if self.scene is not None and self.scene.software:
            self._pace.software()
        self._style.another_scene()
        self.camera.breadth = breadth(loaded.points_at_rest())
        self._dress()
        self._ask()
        self._news.start()

    def _tell_character(self) -> None:
        first, self._told = not self._told, True
        if first:
            self.ready.emit()
        self.character_shown.emit(self.shown)

    def _fail(self, spec: str, error: Exception) -> None:
        why = " ".join(str(error).split()) or type(error).__name__
        if self.scene is None and spec == BASE:
            self.problem = f"No 3D view: {why}"
            self.update()
            return
        if self.scene is None:
            self.set_character(BASE)
        else:
            self.character = self.shown
        self.character_failed.emit(spec, why)

    @property
    def scene(self) -> "FaceScene | ImportedScene | None":
        """Of who is on the stage."""
        return self._casting.scene

    @property
    def loaded(self) -> Loaded | None:
        """Who is on the stage."""
        return self._casting.loaded

    @property
    def built(self) -> bool:
        return self.scene is not None

    @property
    def takes_shape(self) -> bool:
        """Whether who is shown can be edited: imported characters are as their file has them."""
        return self.shape is not None

    @property
    def identity(self) -> NDArray[np.float32] | None:
        """(208,) as it is shown now: the face that is followed, or the character's."""
        if self.follows and self._pose is not None:
            return self._pose.identity
        return self.shape.identity if self.shape is not None else None

    def set_shape(self, shape: Shape) -> None:
        """Another identity at once; another look as soon as a thread has painted its sheets."""
        if self.shape is None:
            return
        repaint = shape.look != self.shape.look
        self.shape = shape
        if repaint:
            self._casting.paint(shape.look)
        self._ask()

    def set_follow(self, on: bool) -> None:
        """Take the identity from the user's face, or from the character."""
        self.follows = on and self.takes_shape
        self._ask()

    def _take_look(self, sheets: "Sheets") -> None:
        if self.scene is not None and self.shape is not None and sheets.look == self.shape.look:
            self._casting.set_look(sheets)
            self._ask()

    # ------------------------------------------------------------ how it is shown

    def show_face(self, face: FaceFrame) -> None:
        """Show this pose as soon as the GUI thread has time; a newer one replaces it."""
        self._pose = face
        self._ask()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._dress()
        self._ask()

    def set_light(self, name: str) -> None:
        """One of ``rig.lights.LIGHTS``."""
        self._style.light = name
        self._dress()
        self._ask()

    def set_background(self, colour: str) -> None:
        """``theme``, ``transparent``, or a colour as ``#rrggbb``."""
        self._style.background = colour
        self._dress()
        self._ask()

    @property
    def backdrop(self) -> str:
        """The colour behind the character; ``transparent`` where there is none."""
        return self._style.backdrop(self.theme.stage)

    def _dress(self) -> None:
        if self.scene is not None:
            self._style.dress(self.scene, self.theme.stage)

    def set_view(self, name: str) -> None:
        """One of ``rig_camera.VIEWS``."""
        self.camera.show(name)
        self.view_changed.emit(name)
        self._ask()

    def set_mirrored(self, on: bool) -> None:
        self.mirrored = on
        self.update()

    def reset_view(self) -> None:
        self.camera.reset()
        self._ask()

    def turn(self, across_px: float, down_px: float) -> None:
        """As a drag over so many pixels of the unmirrored picture does."""
        self.camera.turn(-DEG_PER_PIXEL * across_px, DEG_PER_PIXEL * down_px)
        self._ask()

    def zoom_by(self, notches: float) -> None:
        """As the wheel does (120 a notch)."""
        self.camera.zoom_by(ZOOM_PER_NOTCH**notches)
        self._ask()

    # ------------------------------------------------------------ rendering

    def set_outlet(self, name: str, size: Size | None) -> None:
        """Somebody else shows the picture, at (width, height) pixels; None: no longer."""
        self._outlets.put(name, size)
        self._pace.resized()
        self._ask()

    def picture(self) -> NDArray[np.uint8] | None:
        """(H, W, 3) RGB as last rendered, unmirrored; (H, W, 4) RGBA on a transparent background."""
        return self._pixels

    def image(self) -> QImage | None:
        """The same for painting: see :func:`cover`."""
        return self._image

    def _viewers(self) -> list[Size]:
        """The first decides how far the camera steps back."""
        ratio = self.devicePixelRatioF()
        own = (round(self.width() * ratio), round(self.height() * ratio))
        return [*self._outlets.sizes(), *([own] if self.isVisible() else [])]

    def _ask(self) -> None:
        if self.scene is not None and not self._next.isActive():
            self._next.start(max(1, math.ceil(self._pace.wait_ms)))

    def _draw_still(self) -> None:
        if not self._next.isActive() and not self._turn.isActive():  # else something new comes
            self._draw(best=True)

    def _pose_first(self) -> None:
        """In a turn of its own: to pose and to draw in one would hold the window up for the sum of both."""
        if self.scene is not None and self._viewers():
            started = time.perf_counter()
            pose_scene(self.scene, self._pose, self.identity)
            self._posed, self._posed_ms = self.scene, 1e3 * (time.perf_counter() - started)
            self._turn.start()

    def _draw(self, best: bool = False) -> None:
        scene, viewers = self.scene, self._viewers()
        posed, self._posed = self._posed, None
        if scene is None or not viewers:
            return
        started = time.perf_counter() - (1e-3 * self._posed_ms if posed is scene else 0.0)
        share, samples = STILL if best else self._pace.settings
        scene.resize(*render_size(viewers, share))
        self._style.smooth(scene, samples)
        if posed is not scene:
            pose_scene(scene, self._pose, self.identity)
        self.camera.place(scene.plotter.camera, viewers[0][0] / max(viewers[0][1], 1))
        self._pixels = scene.render()
        if scene.transparent and not samples:
            soften_edge(self._pixels)
        self._image = as_image(self._pixels)
        self.renders += 1
        self.render_ms = 1e3 * (time.perf_counter() - started)
        self._pace.drew(self.render_ms, counts=not best)
        if not best and self._pace.rung > 0:
            self._rest.start()
        self.update()
        self.drawn.emit()

    # ------------------------------------------------------------ Qt

    def paintEvent(self, event: QPaintEvent) -> None:
        with self.rendering:
            self._paint()

    def _paint(self) -> None:
        painter = QPainter(self)
        if self.backdrop == TRANSPARENT:
            checker(painter, QRectF(self.rect()), self.theme)
        else:
            painter.fillRect(self.rect(), QColor(self.backdrop))
        cover_or_say(painter, self._image, QRectF(self.rect()), self.mirrored, self.theme, self.problem)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._pace.resized()
        self._ask()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._grip = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is None:
            return
        step = event.position() - self._grip
        self._grip = event.position()
        self.turn(-step.x() if self.mirrored else step.x(), step.y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grip = None
        self.setCursor(Qt.CursorShape.OpenHandCursor)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset_view()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom_by(event.angleDelta().y())

    def close_scene(self) -> None:
        """Free the OpenGL context (on the GUI thread, before the window is gone)."""
        for timer in (self._next, self._turn, self._rest, self._news):
            timer.stop()
        self._casting.close()
