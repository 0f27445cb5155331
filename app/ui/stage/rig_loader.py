"""Characters loaded and their sheets painted on threads: only what VTK itself has to do is left for the GUI thread."""

import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from app.own_characters import Shape, edited, shape_of
from rig.characters import Character
from rig.looks import Look
from rig.skeleton import Skeleton

if TYPE_CHECKING:
    from app.characters import AnyCharacter
    from rig.head_mesh import HeadMesh
    from rig.imported_scene import PreparedImport
    from rig.prepared import PreparedHead, Sheets

BASE: Final = "base"
NICENESS: Final = 10


@dataclass(frozen=True)
class Present:
    """What of the scene on the stage another one can use."""

    skeleton: Skeleton | None = None
    """Of a built-in or own character."""
    full: bool | None = None
    """Whether the shaders for a GPU are in use; None while nobody knows."""


@dataclass(frozen=True)
class Loaded:
    """A character, and what of it a thread could prepare."""

    character: "AnyCharacter"
    shape: Shape | None
    """With what the user edited; None for imported characters."""
    follow: bool
    """Whether the identity is the user's own."""
    prepared: "PreparedHead | PreparedImport | None"
    """None where the head that is on the stage only has to be coloured anew."""
    sheets: "Sheets | None" = None
    """What to colour it with."""

    @property
    def takes_identity(self) -> bool:
        return isinstance(self.character, Character)

    @property
    def start(self) -> Shape | None:
        """The shape without the user's edits."""
        return shape_of(self.character) if isinstance(self.character, Character) else None

    @property
    def skeleton(self) -> Skeleton | None:
        return self.character.face.skeleton if isinstance(self.character, Character) else None

    def points_at_rest(self) -> NDArray:
        """(N, 3) metres, on the stage."""
        if self.skeleton is not None:
            return self.skeleton.vertices
        return np.concatenate(self.prepared.drive.rest)  # type: ignore[union-attr]


class RigLoader(QObject):
    """Tells on the GUI thread. Of several characters or looks asked for, only the last is sure to be made."""

    loaded = Signal(int, object)
    """The number that :meth:`load` gave, and who was loaded."""
    failed = Signal(int, object)
    painted = Signal(object)
    """A look's ``rig.prepared.Sheets``."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._wish: tuple[Look, bool] | None = None
        self._painting = False
        self._asked = 0
        self._closed = False
        self._meshes: dict[int, tuple[Skeleton, HeadMesh]] = {}  # of the built-in heads, by the skeleton's identity

    def load(self, spec: str, edits: Any, present: Present) -> int:
        """``edits``: the user's, as settings keep them. Whatever was asked for before is of no interest any more."""
        self._asked += 1
        number = self._asked

        def work() -> None:
            _stand_back()
            try:
                _import_libraries()
                done = self._load(spec, edits, present, lambda: number == self._asked and not self._closed)
            except Exception as error:
                self._tell(self.failed, number, error)
            else:
                self._tell(self.loaded, number, done)

        self._run(work, "rig-loader")
        return number

    def _load(self, spec: str, edits: Any, present: Present, wanted: Callable[[], bool]) -> Loaded | None:
        """None where nobody wants it any more."""
        from app.characters import open_character
        from rig.imported_scene import prepare_import
        from rig.prepared import paint_sheets, prepare_head

        character = open_character(spec)
        if not wanted():
            return None
        if not isinstance(character, Character):
            return Loaded(character, None, False, prepare_import(character))
        follow = spec == BASE
        if isinstance(edits, Mapping) and isinstance(edits.get("follow"), bool):
            follow = edits["follow"]
        shape = edited(character, edits)
        skeleton, full = character.face.skeleton, present.full
        if skeleton is present.skeleton:
            return Loaded(character, shape, follow, None, paint_sheets(shape.look, full))
        mesh = self._mesh(skeleton)
        if not wanted():
            return None
        return Loaded(character, shape, follow, prepare_head(skeleton, shape.look, full, mesh))

    def _mesh(self, skeleton: Skeleton) -> "HeadMesh":
        from rig.head_mesh import HeadMesh

        known = self._meshes.get(id(skeleton))
        if known is None:
            self._meshes[id(skeleton)] = known = skeleton, HeadMesh(skeleton)
        return known[1]

    def paint(self, look: Look, full: bool) -> None:
        """``painted`` tells when it is done, unless another look was asked for meanwhile."""
        with self._lock:
            self._wish = look, full
            if self._painting:
                return
            self._painting = True
        self._run(self._paint_wishes, "rig-painter")

    def _paint_wishes(self) -> None:
        from rig.prepared import paint_sheets

        _stand_back()
        while True:
            with self._lock:
                wish, self._wish = self._wish, None
                if wish is None or self._closed:
                    self._painting = False
                    return
            with suppress(Exception):  # a damaged sheet was told when the character was loaded
                self._tell(self.painted, paint_sheets(*wish))

    def _run(self, work: Callable[[], None], name: str) -> None:
        threading.Thread(target=work, name=name, daemon=True).start()

    def _tell(self, signal: Any, *what: Any) -> None:
        with suppress(RuntimeError):  # the window, and this with it, was deleted meanwhile
            if not self._closed:
                signal.emit(*what)

    def close(self) -> None:
        """Nobody is told any more."""
        self._closed = True


def _stand_back() -> None:
    """This thread has a processor only where no other one wants it: the window and the tracker come first."""
    if sys.platform == "linux":  # where a thread has a priority of its own, as a process has
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def _import_libraries() -> None:
    """Seconds on a slow machine; also what PyVista puts off until there is a plotter, which is the GUI thread's."""
    import pyvista.plotting  # noqa: F401
    import vtkmodules.vtkInteractionWidgets
    import vtkmodules.vtkViewsContext2D  # noqa: F401

    import rig.imported_scene
    import rig.scene  # noqa: F401
