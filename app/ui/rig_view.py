"""The 3D face in the window: rendered off screen on the GUI thread, painted as a picture.

An off-screen scene needs no native child window, so it works on X11, Wayland, Windows and macOS alike, and can be
rendered at less than full size where OpenGL runs on the processor. Only the newest pose is ever drawn, and rendering
leaves the GUI thread at least half of its time, so neither video nor clicks wait for it for longer than one picture.
"""

import math
import threading
import time
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.face_frame import FaceFrame
from app.ui.theme import Theme

if TYPE_CHECKING:
    from app.characters import AnyCharacter
    from rig.imported_scene import ImportedScene
    from rig.scene import FaceScene

LADDER: Final = ((1.0, 8), (1.0, 0), (0.75, 0), (0.5, 0))
"""(size, samples a pixel) from best to cheapest; a step down where a picture takes too long. Without samples edges are
smoothed afterwards (FXAA): on a processor that takes a tenth of what samples take."""
SOFTWARE_RUNG: Final = 2
"""Where OpenGL runs on the processor, begin here."""
BASE: Final = "base"
STILL: Final = (1.0, 0)
"""For the one picture that is drawn when all is at rest."""
TOO_SLOW_MS, SLOW_PICTURES = 45.0, 3
"""This many slow pictures in a row before a step down: one may be bad luck."""
TOO_QUICK_MS, QUICK_PICTURES = 10.0, 90
REST_MS: Final = 350
"""Without anything new for this long, one picture at full quality."""
FOCUS: Final = (0.0, -0.022, -0.045)
DISTANCE_M: Final = 0.95
VIEW_ANGLE_DEG: Final = 19.0
ASPECT_MIN: Final = 0.78
"""A view narrower than this (width / height) steps back, so that the ears stay in."""


class RigView(QWidget):
    """Orbit with the left button, zoom with the wheel, double-click to reset."""

    ready = Signal()
    character_shown = Signal(str)
    character_failed = Signal(str, str)
    """Name or file, and why it cannot be shown; the one before stays."""
    _loaded = Signal(str, object)

    def __init__(self, theme: Theme, skin: str = "light", character: str = "base") -> None:
        super().__init__()
        self.theme, self.skin = theme, skin
        self.character = character
        """Name or file of who is shown, or will be."""
        self.mirrored = False
        self.render_ms = 0.0
        """Of the last picture, on the GUI thread."""
        self.renders = 0
        self.problem = ""
        """Why there is no 3D view, where OpenGL fails."""
        self._scene: FaceScene | ImportedScene | None = None
        self._takes_identity = self._takes_skin = False
        self.shown = ""
        """Name or file of who is on the stage now."""
        self._pose: FaceFrame | None = None
        self._image: QImage | None = None
        self._pixels: NDArray[np.uint8] | None = None
        self._rung = self._slow = self._quick = 0
        self._samples = -1
        self._yaw_deg = self._pitch_deg = 0.0
        self._zoom = 1.0
        self._grip: QPointF | None = None
        self._free_s = 0.0  # not before this time: the GUI thread's own half
        self._loaded.connect(self._assemble)
        self._next = QTimer(self, singleShot=True)
        self._next.timeout.connect(self._draw)
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(lambda: self._draw(best=True))
        self.setMinimumSize(220, 220)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setAccessibleName("3D face")
        self.setToolTip("Drag to turn, wheel to zoom, double-click to reset")

    def sizeHint(self) -> QSize:
        return QSize(760, 680)

    # ------------------------------------------------------------ what is shown

    def build(self) -> None:
        """Load the character on a thread, then make the scene on this one; called once the window is on the screen."""
        self.set_character(self.character)

    def set_character(self, spec: str) -> None:
        """Change to a character by name or file; the last one stays until the new one is loaded."""
        self.character = spec

        def load() -> None:
            try:
                import pyvista.plotting  # noqa: F401  (with what it draws in: seconds on a slow machine)

                import rig.imported_scene
                import rig.scene  # noqa: F401
                from app.characters import open_character

                self._loaded.emit(spec, open_character(spec))
            except Exception as error:
                self._loaded.emit(spec, error)

        threading.Thread(target=load, name="rig-loader", daemon=True).start()

    def _assemble(self, spec: str, character: object) -> None:
        if spec != self.character:
            return  # another one was chosen meanwhile
        try:
            if isinstance(character, Exception):
                raise character
            scene = self._stage(character)  # type: ignore[arg-type]
        except Exception as error:  # without OpenGL, or without this character, all else still works
            why = " ".join(str(error).split()) or type(error).__name__
            if self._scene is None and spec == BASE:
                self.problem = f"No 3D view: {why}"
                self.update()
                return
            self.character_failed.emit(spec, why)
            if self._scene is None:
                self.set_character(BASE)
            else:
                self.character = self.shown
            return
        first, before = self._scene is None, self._scene
        self._scene, self.shown = scene, spec
        if before is not None:
            before.close()
        self._samples = -1
        self._dress()
        self._ask()
        if first:
            self.ready.emit()
        self.character_shown.emit(spec)

    def _stage(self, character: "AnyCharacter") -> "FaceScene | ImportedScene":
        from app.characters import scene_of
        from rig.characters import Character

        scene = scene_of(character, 64, 64, samples=0)
        scene.render()
        if scene.software:
            self._rung = max(self._rung, SOFTWARE_RUNG)
        base = isinstance(character, Character) and character.name == BASE
        self._takes_identity = self._takes_skin = base
        if base:
            scene.set_skin(self.skin)  # type: ignore[union-attr]
        return scene

    @property
    def built(self) -> bool:
        return self._scene is not None

    def show_face(self, face: FaceFrame) -> None:
        """Show this pose as soon as the GUI thread has time; a newer one replaces it."""
        self._pose = face
        self._ask()

    def set_skin(self, name: str) -> None:
        """Of the base face; the other characters have their own."""
        self.skin = name
        if self._scene is not None and self._takes_skin:
            self._scene.set_skin(name)  # type: ignore[union-attr]
            self._ask()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._dress()
        self._ask()

    def _dress(self) -> None:
        if self._scene is not None:
            self._scene.plotter.renderer.set_background(self.theme.stage)

    def set_mirrored(self, on: bool) -> None:
        self.mirrored = on
        self.update()

    def reset_view(self) -> None:
        self._yaw_deg = self._pitch_deg = 0.0
        self._zoom = 1.0
        self._ask()

    def picture(self) -> NDArray[np.uint8] | None:
        """(H, W, 3) RGB as last rendered, unmirrored."""
        return self._pixels

    # ------------------------------------------------------------ rendering

    def _ask(self) -> None:
        if self._scene is not None and not self._next.isActive():
            wait_ms = 1e3 * (self._free_s - time.perf_counter())
            self._next.start(max(1, math.ceil(wait_ms)))

    def _draw(self, best: bool = False) -> None:
        scene = self._scene
        if scene is None or not self.isVisible():
            return
        started = time.perf_counter()
        size, samples = STILL if best else LADDER[self._rung]
        ratio = self.devicePixelRatioF() * size
        width, height = max(64, round(self.width() * ratio)), max(64, round(self.height() * ratio))
        plotter = scene.plotter
        if list(plotter.window_size) != [width, height]:
            plotter.window_size = [width, height]
        self._smooth_by(samples)
        if self._pose is not None:
            face = self._pose
            # The base face takes on the user's own shape; the others are who they are.
            identity = face.identity if self._takes_identity else None
            scene.set_face(face.au, face.gaze_left_deg, face.gaze_right_deg, face.head_rotation, identity)
        self._place_camera()
        self._pixels = scene.render()
        h, w = self._pixels.shape[:2]
        self._image = QImage(self._pixels.data, w, h, 3 * w, QImage.Format.Format_RGB888)
        self.renders += 1
        now = time.perf_counter()
        self.render_ms = 1e3 * (now - started)
        self._free_s = now + self.render_ms / 1e3
        if not best:
            self._choose_rung()
            if self._rung > 0:
                self._rest.start()
        self.update()

    def _smooth_by(self, samples: int) -> None:
        if self._scene is None or samples == self._samples:
            return
        self._samples = samples
        plotter = self._scene.plotter
        plotter.render_window.SetMultiSamples(samples)  # type: ignore[union-attr]
        if samples:
            plotter.disable_anti_aliasing()
        else:
            plotter.enable_anti_aliasing("fxaa")

    def _choose_rung(self) -> None:
        """Down after a few slow pictures in a row, up again after many that had time to spare."""
        self._slow = self._slow + 1 if self.render_ms > TOO_SLOW_MS else 0
        self._quick = self._quick + 1 if self.render_ms < TOO_QUICK_MS else 0
        if self._slow >= SLOW_PICTURES and self._rung < len(LADDER) - 1:
            self._rung, self._slow = self._rung + 1, 0
        elif self._quick >= QUICK_PICTURES and self._rung > 0:
            self._rung, self._quick = self._rung - 1, 0

    def _place_camera(self) -> None:
        assert self._scene is not None
        yaw, pitch = math.radians(self._yaw_deg), math.radians(self._pitch_deg)
        way = np.array([math.sin(yaw) * math.cos(pitch), math.sin(pitch) + 0.02, math.cos(yaw) * math.cos(pitch)])
        aspect = self.width() / max(self.height(), 1)
        distance = DISTANCE_M * max(1.0, ASPECT_MIN / aspect) / self._zoom
        camera = self._scene.plotter.camera
        camera.focal_point = FOCUS
        camera.position = tuple(np.array(FOCUS) + distance * way)
        camera.up = (0.0, 1.0, 0.0)
        camera.view_angle = VIEW_ANGLE_DEG
        camera.clipping_range = (0.05, 6.0)

    # ------------------------------------------------------------ Qt

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.theme.stage))
        if self._image is not None:
            if self.mirrored:
                painter.translate(self.width(), 0)
                painter.scale(-1, 1)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            shape = QSize(self._image.width(), self._image.height()).scaled(
                self.size(), Qt.AspectRatioMode.KeepAspectRatioByExpanding
            )
            corner = QPointF((self.width() - shape.width()) / 2, (self.height() - shape.height()) / 2)
            painter.drawImage(QRectF(corner, shape.toSizeF()), self._image)
            return
        painter.setPen(QColor(self.theme.muted))
        flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
        painter.drawText(self.rect().adjusted(24, 24, -24, -24), flags, self.problem or "Preparing the face …")

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._slow = 0
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
        turn = 0.4 * (step.x() if not self.mirrored else -step.x())
        self._yaw_deg = (self._yaw_deg - turn + 180) % 360 - 180
        self._pitch_deg = float(np.clip(self._pitch_deg + 0.4 * step.y(), -75, 75))
        self._ask()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grip = None
        self.setCursor(Qt.CursorShape.OpenHandCursor)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset_view()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._zoom = float(np.clip(self._zoom * 1.0015 ** event.angleDelta().y(), 0.5, 4.0))
        self._ask()

    def close_scene(self) -> None:
        """Free the OpenGL context (on the GUI thread, before the window is gone)."""
        self._next.stop()
        self._rest.stop()
        scene, self._scene = self._scene, None
        if scene is not None:
            scene.close()
