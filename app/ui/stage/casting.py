"""Who is on the stage and who comes next: a head is loaded on a thread, made a little at a time on the GUI thread, and
takes the place of the one before when it is whole."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from app.face_frame import FaceFrame
from app.ui.stage.rig_loader import Loaded, Present, RigLoader
from app.ui.thread_clock import RenderClock
from rig.characters import Character
from rig.looks import Look
from rig.parameters import N_CHANNELS

if TYPE_CHECKING:
    from rig.imported_scene import ImportedScene
    from rig.prepared import Sheets
    from rig.scene import FaceScene
    from rig.stage import Stage

TURN_MS: Final = 8.0
"""Of making a scene; then whatever else waits for the GUI thread has its turn."""


class Casting(QObject):
    """All scenes share one plotter, so there is one OpenGL context, whose shaders are compiled once.

    Of several characters asked for the last one comes; those before are dropped wherever they are.
    """

    changed = Signal(str, object)
    """Name or file of who is on the stage now, and the ``Loaded``."""
    failed = Signal(str, object)
    """Name or file, and the exception; who was on the stage still is."""
    painted = Signal(object)
    """``rig.prepared.Sheets`` for :meth:`paint`."""

    def __init__(self, parent: QObject, rendering: RenderClock) -> None:
        """``rendering`` is told when OpenGL is at work."""
        super().__init__(parent)
        self.scene: FaceScene | ImportedScene | None = None
        self.loaded: Loaded | None = None
        """Who is on the stage."""
        self._rendering = rendering
        self._stage: Stage | None = None  # the scene, or an empty stage before there is one
        self._spec = ""
        self._number = 0
        self._steps: Iterator[None] | None = None
        self._coming: Loaded | None = None
        self._first_window: object = None
        self._loader = RigLoader(self)
        self._loader.loaded.connect(self._make)
        self._loader.failed.connect(self._fail)
        self._loader.painted.connect(self.painted)
        self._turn = QTimer(self, interval=0)
        self._turn.timeout.connect(self._go_on)

    def ask(self, spec: str, edits: Any) -> None:
        """Load a character by name or file and put it on the stage. ``edits``: the user's, as settings keep them."""
        self._drop()
        self._spec = spec
        present = self.loaded.skeleton if self.loaded is not None else None
        full = self._stage.full if self._stage is not None else None
        self._number = self._loader.load(spec, edits, Present(present, full))

    def paint(self, look: Look) -> None:
        """Have ``painted`` bring the sheets of a look for who is on the stage."""
        if self._stage is not None:
            self._loader.paint(look, self._stage.full)

    def set_look(self, sheets: "Sheets") -> None:
        """Colour who is on the stage."""
        self.scene.set_look(sheets.look, sheets)  # type: ignore[union-attr]

    # ------------------------------------------------------------ turn by turn

    def _make(self, number: int, loaded: Loaded | None) -> None:
        if number == self._number and loaded is not None:
            self._coming, self._steps = loaded, self._scene_steps(loaded)
            self._turn.start()

    def _go_on(self) -> None:
        until_s = time.perf_counter() + TURN_MS / 1e3
        if self._steps is None:
            return
        try:
            next(self._steps)
            while time.perf_counter() < until_s:
                next(self._steps)
        except StopIteration:
            loaded = self._coming
            self._drop()
            assert loaded is not None
            self.loaded = replace(loaded, prepared=None, sheets=None)  # the scene has them now
            self.changed.emit(self._spec, loaded)
        except Exception as error:  # without OpenGL, or without this character, all else still works
            self._fail(self._number, error)

    def _scene_steps(self, loaded: Loaded) -> Iterator[None]:
        if self._stage is None:
            with self._rendering:
                self._first_window = _load_opengl()
            yield
            self._stage = _empty_stage()
            self._stage.drawing = self._rendering
            yield
            self._stage.full = not self._stage.software  # draws a picture to find out
            yield
        if loaded.prepared is None:
            assert loaded.sheets is not None
            yield from self.scene.load_look(loaded.sheets)  # type: ignore[union-attr]
            self.set_look(loaded.sheets)
            return
        scene = _scene_behind(self._stage, loaded)
        yield
        yield from scene.steps()
        yield
        scene.enter(self._stage)
        self.scene = self._stage = scene

    def _drop(self) -> None:
        """What is only half there is of no interest any more."""
        self._turn.stop()
        self._steps = self._coming = None

    def _fail(self, number: int, error: Exception) -> None:
        if number == self._number:
            self._drop()
            self.failed.emit(self._spec, error)

    def close(self) -> None:
        """Free the OpenGL context."""
        self._loader.close()
        self._drop()
        self._number = -1
        self.scene = None
        stage, self._stage = self._stage, None
        if stage is not None:
            stage.close()
        self._first_window = None


def pose_scene(
    scene: "FaceScene | ImportedScene", face: FaceFrame | None, identity: NDArray[np.float32] | None
) -> None:
    """Pose who is on the stage as the face is, at rest where there is none yet; ``identity`` (208,) or the scene's."""
    if face is not None:
        scene.set_face(face.au, face.gaze_left_deg, face.gaze_right_deg, face.head_rotation, identity)
    elif identity is not None:
        scene.set_face(np.zeros(N_CHANNELS, np.float32), identity=identity)


def _load_opengl() -> object:
    """The driver is loaded with the first window, which nobody sees, and unloaded when no window is left: as long as
    this one is kept others, which PyVista makes and throws away to look at, take a third of the time."""
    from vtkmodules.vtkRenderingCore import vtkRenderWindow

    from app.characters import quiet_vtk

    quiet_vtk()
    return vtkRenderWindow()


def _empty_stage() -> "Stage":
    from rig.stage import Stage

    os.environ.setdefault("ALLOW_PLOTTING", "true")  # else PyVista starts a process to see whether there is a display
    return Stage(64, 64, samples=0)


def _scene_behind(stage: "Stage", loaded: Loaded) -> "FaceScene | ImportedScene":
    from rig.imported_scene import ImportedScene, PreparedImport
    from rig.prepared import PreparedHead
    from rig.scene import FaceScene

    character, prepared = loaded.character, loaded.prepared
    if isinstance(character, Character):
        assert isinstance(prepared, PreparedHead)
        assert loaded.shape is not None
        return FaceScene(skin=loaded.shape.look, face=character.face, behind=stage, prepared=prepared)
    assert isinstance(prepared, PreparedImport)
    return ImportedScene(character, behind=stage, prepared=prepared)
