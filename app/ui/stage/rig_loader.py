"""Characters loaded and their sheets painted on threads: only what VTK itself has to do is left for the GUI thread."""

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
    from rig.imported_scene import ImportedScene
    from rig.scene import FaceScene

BASE: Final = "base"


@dataclass(frozen=True)
class Loaded:
    """A character, and what of it a thread could prepare."""

    character: "AnyCharacter"
    shape: Shape | None
    """With what the user edited; None for imported characters."""
    head: "HeadMesh | None"
    follow: bool
    """Whether the identity is the user's own."""

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

    def points_at_rest(self, scene: "FaceScene | ImportedScene") -> NDArray:
        """(N, 3) metres, on the stage."""
        if self.skeleton is not None:
            return self.skeleton.vertices
        return np.concatenate(scene.drive.rest)  # type: ignore[union-attr]

    def reuses(self, other: "Loaded | None") -> bool:
        """Whether the other's scene only has to be coloured anew: it is the same head."""
        return other is not None and self.skeleton is not None and self.skeleton is other.skeleton


def paint(look: Look) -> None:
    """Makes the sheets that a scene will ask for, so that it finds them in memory."""
    from rig.looks import eye_texture, skin_texture

    skin_texture(look)
    eye_texture(look)


class RigLoader(QObject):
    """Tells on the GUI thread. Of several looks asked for, only the last is sure to be painted."""

    loaded = Signal(str, object)
    failed = Signal(str, object)
    painted = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._wish: Look | None = None
        self._painting = False
        self._closed = False

    def load(self, spec: str, edits: Any, present: Skeleton | None) -> None:
        """``edits``: the user's, as settings keep them. ``present``: of the head that is on the stage."""

        def work() -> None:
            try:
                import pyvista.plotting  # noqa: F401  (with what it draws in: seconds on a slow machine)

                import rig.imported_scene
                import rig.scene  # noqa: F401

                done = _load(spec, edits, present)
            except Exception as error:
                self._tell(self.failed, spec, error)
            else:
                self._tell(self.loaded, spec, done)

        self._run(work, "rig-loader")

    def paint(self, look: Look) -> None:
        with self._lock:
            self._wish = look
            if self._painting:
                return
            self._painting = True
        self._run(self._paint_wishes, "rig-painter")

    def _paint_wishes(self) -> None:
        while True:
            with self._lock:
                look, self._wish = self._wish, None
                if look is None or self._closed:
                    self._painting = False
                    return
            with suppress(Exception):  # a damaged sheet is told where the scene asks for it
                paint(look)
            self._tell(self.painted, look)

    def _run(self, work: Callable[[], None], name: str) -> None:
        threading.Thread(target=work, name=name, daemon=True).start()

    def _tell(self, signal: Any, *what: Any) -> None:
        with suppress(RuntimeError):  # the window, and this with it, was deleted meanwhile
            if not self._closed:
                signal.emit(*what)

    def close(self) -> None:
        """Nobody is told any more."""
        self._closed = True


def _load(spec: str, edits: Any, present: Skeleton | None) -> Loaded:
    from app.characters import open_character
    from rig.head_mesh import HeadMesh

    character = open_character(spec)
    follow = spec == BASE
    if isinstance(edits, Mapping) and isinstance(edits.get("follow"), bool):
        follow = edits["follow"]
    if not isinstance(character, Character):
        return Loaded(character, None, None, False)
    shape = edited(character, edits)
    paint(shape.look)
    skeleton = character.face.skeleton
    return Loaded(character, shape, None if skeleton is present else HeadMesh(skeleton), follow)
