"""The size and rate that each camera is asked for: offered, chosen, and kept under the camera's name."""

from functools import partial
from typing import Any, Final

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from app.capture import CameraMode
from app.ui.panel import Shell
from app.ui.picture.cameras import Cameras, camera_modes, mode_text

MODES_KEY: Final = "camera/modes"


class CameraModes(QObject):
    """What is chosen takes effect at once: a camera that runs begins again with it."""

    def __init__(self, shell: Shell, cameras: Cameras) -> None:
        super().__init__()
        self._session, self._preferences, self._cameras = shell.session, shell.preferences, cameras
        self._taken: CameraMode | None = None
        self._preferences.changed.connect(self._hear)

    def take(self, spec: str) -> CameraMode | None:
        """``of`` a run that begins."""
        self._taken = self.of(spec)
        return self._taken

    def _hear(self, key: str) -> None:
        """Another mode for the camera that runs, by hand or from a settings file: begin again with it."""
        session = self._session
        if key != MODES_KEY or not session.running or session.source is None:
            return
        if self._cameras.of(session.source) is not None and self.of(session.source) != self._taken:
            session.start(session.source, same_person=True)

    def of(self, spec: str) -> CameraMode | None:
        """What this camera is to be asked for; None: as it comes."""
        camera = self._cameras.of(spec)
        if camera is None:
            return None
        kept: dict[str, Any] = self._preferences.value(MODES_KEY, {})
        try:
            width, height, fps = kept.get(camera.name, ())
            return CameraMode(int(width), int(height), float(fps))
        except (TypeError, ValueError):
            return None

    def fill(self, menu: QMenu) -> None:
        """Make a menu's entries anew, for the camera that is the source."""
        menu.clear()
        camera, chosen = self._cameras.of(self._session.source), self.of(self._session.source or "")
        if camera is None:
            menu.addAction("This camera is not in the system's list").setEnabled(False)
            return
        group = QActionGroup(menu)
        for mode in (None, *camera_modes(camera)):
            action = QAction("As it comes" if mode is None else mode_text(mode), menu, checkable=True)
            action.setChecked(mode == chosen)
            action.triggered.connect(partial(self._choose, camera.name, mode))
            group.addAction(action)
            menu.addAction(action)

    def _choose(self, name: str, mode: CameraMode | None, _on: bool = False) -> None:
        """Keep it for this camera."""
        kept: dict[str, Any] = dict(self._preferences.value(MODES_KEY, {}))
        kept.pop(name, None)
        if mode is not None:
            kept[name] = [mode.width, mode.height, mode.fps]
        self._preferences.set_value(MODES_KEY, kept)
