"""Training data as arrays: what ``models.render_dataset`` and ``models.real_faces`` wrote, read back."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

F = NDArray[np.float32]
HELD_OUT_EVERY = 12
"""One person of so many is never trained on."""


@dataclass(frozen=True)
class Faces:
    """N aligned views (``models.runtime.crop``) with what is known of them; NaN where something is not."""

    picture: NDArray[np.uint8]
    """(N, 128, 128, 3) RGB."""
    labels: NDArray[np.uint8]
    """(N, 128, 128) codes of ``models.renderer.labels.LABELS``."""
    points: NDArray[np.float16]
    """(N, 478, 2) landmarks of the detector in the view's pixels."""
    found: F
    """(N, 478, 3) landmarks of the detector, head frame, metres."""
    true: F
    """(N, 478, 3) true landmarks, likewise."""
    au: F
    """(N, 40) channels 0..1."""
    gaze_deg: F
    """(N, 4) left yaw, pitch, right yaw, pitch."""
    euler_deg: F
    """(N, 3) yaw, pitch, roll."""
    identity: F
    """(N, 208) 0..1."""
    brow_style: NDArray[np.int64]
    """(N,)"""
    person: NDArray[np.int64]
    """(N,) pictures of the same number show one person."""
    session: NDArray[np.int64]
    """(N,) of one person: same light, place and camera."""
    resting: NDArray[np.bool_]
    """(N,) the face is at rest."""

    def __len__(self) -> int:
        return len(self.picture)

    def rows(self, index: NDArray | slice) -> "Faces":
        return Faces(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    @property
    def held_out(self) -> NDArray[np.bool_]:
        """(N,) people that training must not see."""
        return self.person % HELD_OUT_EVERY == 0

    def neutral_rows(self, rng: np.random.Generator, same_session: float = 0.8) -> NDArray[np.intp]:
        """(N,) for each picture another one of the same person at rest: of the same session with the chance
        ``same_session``, else of any. -1 where the person has no other picture at rest."""
        chosen = np.full(len(self), -1, np.intp)
        for rest, rows in self._by_person():
            for row in rows:
                others = rest[rest != row]
                near = others[self.session[others] == self.session[row]]
                pool = near if len(near) and rng.random() < same_session else others
                if len(pool):
                    chosen[row] = rng.choice(pool)
        return chosen

    def _by_person(self) -> Iterable[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Rows at rest, and all rows, of each person."""
        order = np.argsort(self.person, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(self.person[order])) + 1):
            yield rows[self.resting[rows]], rows


def load_faces(folder: Path, shards: int | None = None, without: Collection[str] = ()) -> Faces:
    """All (or the first ``shards``) files of a folder, in the order of their names.

    Args:
        without: Fields that are not read, to save memory: (N, 0) arrays stand for them.

    Raises:
        FileNotFoundError: The folder holds no data.
    """
    paths = sorted(p for p in folder.glob("*.npz") if not p.name.endswith(".part.npz"))[:shards]
    if not paths:
        raise FileNotFoundError(f"{folder}: no *.npz there; make them with python -m models.render_dataset")
    names = [f.name for f in fields(Faces)]
    parts: dict[str, list[NDArray]] = {name: [] for name in names}
    for path in paths:
        with np.load(path) as file:
            for name in names:
                missing = np.empty((len(file["person"]), 0), np.uint8)
                parts[name].append(missing if name in without else file[name])
    return Faces(**{name: np.concatenate(arrays) for name, arrays in parts.items()})
