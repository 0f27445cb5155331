"""A face being edited: identity and look with undo, locks, random people, mirroring. No Qt and no drawing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.own_characters import Shape
from rig.identity import load_controls, random_identity
from rig.parameters import N_IDENTITY

F = NDArray[np.float32]
STEPS: Final = 200
"""So many steps can be undone."""
ONE_SIDED: Final = np.array([k for k, c in enumerate(load_controls()) if not c.symmetric])
"""Parameters that make the sides differ; all others move both."""


class CharacterEdit:
    """``shape`` as it is now, ``start`` as the character was made. ``changed`` is called after every change of shape.

    A locked parameter moves by nothing at all. Changes of one ``grip`` (a slider that is dragged) are one step of undo.
    """

    def __init__(self, start: Shape, shape: Shape | None = None, changed: Callable[[], None] = lambda: None) -> None:
        self.start = start
        self.shape = shape or start
        self.locked: set[int] = set()
        self._changed = changed
        self._past: list[Shape] = []
        self._future: list[Shape] = []
        self._grip: object = None

    # ------------------------------------------------------------ one step

    def _step(self, shape: Shape, grip: object = None) -> None:
        if shape.same_as(self.shape):
            return
        if grip is None or grip != self._grip:
            self._past = [*self._past[1 - STEPS :], self.shape]
        self._grip = grip
        self._future = []
        self.shape = shape
        self._changed()

    def let_go(self) -> None:
        """The slider was released: the next change is another step."""
        self._grip = None

    def set_value(self, k: int, value: float, drag: bool = False) -> None:
        """One parameter, 0..1. ``drag``: part of a movement that goes on until :meth:`let_go`."""
        identity = self.shape.identity.copy()
        identity[k] = np.clip(value, 0, 1)
        self._put(identity, k if drag else None)

    def set_look(self, drag: bool = False, **changes: Any) -> None:
        """Fields of ``rig.looks.Look``. ``drag``: as for :meth:`set_value`."""
        self._step(replace(self.shape, look=replace(self.shape.look, **changes)), tuple(changes) if drag else None)

    def take(self, shape: Shape) -> None:
        """Another face as a whole (one that was fitted, or followed until now); locks do not count."""
        self._step(shape)

    def _put(self, identity: F, grip: object = None) -> None:
        held = list(self.locked)
        identity[held] = self.shape.identity[held]
        self._step(replace(self.shape, identity=identity), grip)

    # ------------------------------------------------------------ many parameters

    def lock(self, parameters: Iterable[int], on: bool) -> None:
        self.locked = self.locked | set(parameters) if on else self.locked - set(parameters)

    def randomise(self, rng: np.random.Generator, strength: float = 1.0) -> None:
        """A believable person; ``strength`` as in :func:`rig.identity.random_identity`."""
        self._put(random_identity(rng, strength))

    def mirror(self) -> None:
        """Left becomes right."""
        identity = self.shape.identity.copy()
        identity[ONE_SIDED] = 1 - identity[ONE_SIDED]
        self._put(identity)

    def even_out(self) -> None:
        """Both sides alike."""
        identity = self.shape.identity.copy()
        identity[ONE_SIDED] = 0.5
        self._put(identity)

    def reset(self, parameters: Iterable[int] | None = None) -> None:
        """Some parameters, or all and the look, as the character was made."""
        chosen = list(range(N_IDENTITY) if parameters is None else parameters)
        identity = self.shape.identity.copy()
        identity[chosen] = self.start.identity[chosen]
        held = list(self.locked)
        identity[held] = self.shape.identity[held]
        look = self.start.look if parameters is None else self.shape.look
        self._step(Shape(identity, look))

    @property
    def differs(self) -> bool:
        """From the character as it was made."""
        return not self.shape.same_as(self.start)

    def changed_parameters(self) -> set[int]:
        """Those that differ from the character as it was made."""
        return set(np.flatnonzero(np.abs(self.shape.identity - self.start.identity) > 5e-4).tolist())

    # ------------------------------------------------------------ undo

    @property
    def can_undo(self) -> bool:
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        return bool(self._future)

    def undo(self) -> None:
        if self._past:
            self._future.append(self.shape)
            self._go(self._past.pop())

    def redo(self) -> None:
        if self._future:
            self._past.append(self.shape)
            self._go(self._future.pop())

    def _go(self, shape: Shape) -> None:
        self.shape, self._grip = shape, None
        self._changed()
