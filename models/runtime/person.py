"""Pictures of a person -> the rig's face of that person: identity, and how it is coloured. No torch."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.runtime.alignment import FACING, align, euler_from_rotation, fit_head, unalign
from models.runtime.person_fit import DISTANCE_M, FittedPerson, PersonFit
from models.runtime.person_look import PersonLook, Portrait
from rig.face import Face
from rig.looks import Look
from rig.parameters import CHANNEL_INDEX
from rig.unwrap import Unwrap

F = NDArray[np.float32]
Picture = NDArray[np.uint8]
_FOLDING_AUS = ("AU1", "AU2", "AU4", "AU6", "AU9", "AU12", "AU15", "AU26")
FOLDING: Final = tuple(i for name, i in CHANNEL_INDEX.items() if name.split("-")[0] in _FOLDING_AUS)
"""Channels that fold the skin or stretch it."""
AT_MOST: Final = 8
"""More pictures of a person than these tell little more."""


@dataclass(frozen=True)
class Photo:
    """A picture with a face in it."""

    name: str
    image: Picture
    """(H, W, 3) RGB."""
    points: F
    """(478, 3) landmarks, pixels."""

    @property
    def euler_deg(self) -> F:
        """(3,) yaw, pitch, roll, without regard to perspective."""
        return euler_from_rotation(fit_head(self.points).rotation @ FACING)

    @property
    def view(self) -> F:
        """(3,) unit vector towards the camera, head frame."""
        return -fit_head(self.points).rotation[2]

    @property
    def aligned(self) -> F:
        """(478, 3) head frame, metres."""
        return align(self.points, fit_head(self.points)).astype(np.float32)


@dataclass(frozen=True)
class Made:
    """A person made of photos."""

    photos: tuple[Photo, ...]
    """Those that were used, the best first: it gave the colours."""
    fitted: FittedPerson
    look: Look


def choose(photos: list[Photo], at_most: int = AT_MOST) -> list[Photo]:
    """The photos that tell most about a face: turned little, doing little that is unusual among them."""
    if len(photos) <= 1:
        return photos
    faces = np.array([p.aligned for p in photos])
    unusual = 1000 * np.linalg.norm(faces - np.median(faces, axis=0), axis=2).mean(1)
    turned = np.abs([p.euler_deg for p in photos])[:, :2].sum(1)
    parted = 1000 * np.linalg.norm(faces[:, 13] - faces[:, 14], axis=1)
    order = np.argsort(unusual + turned / 8 + parted / 4, kind="stable")
    return [photos[k] for k in order[:at_most]]


def make_person(
    photos: list[Photo],
    face: Face,
    folder: Path | None = None,
    distance_m: float = DISTANCE_M,
    progress: Callable[[float, str], None] = lambda share, text: None,
) -> Made:
    """
    Args:
        photos: At least one, all of one person.
        distance_m: Between camera and face.
        folder: Where the person's own skin sheet is written (see :class:`models.runtime.person_look.PersonLook`).
        progress: Told a share 0..1 and what comes next, and within each step many times the same again; what it raises
            ends the work.

    Raises:
        ValueError: No photo.
    """
    if not photos:
        raise ValueError("no photo")
    used = choose(photos)
    step = (0.0, "")

    def begin(share: float, text: str) -> None:
        nonlocal step
        step = share, text
        progress(share, text)

    def check() -> None:
        progress(*step)

    begin(0.0, "measuring how the face moves")
    fit = PersonFit(face, check)
    begin(0.25, "fitting the shape")
    fitted = fit(np.array([p.aligned for p in used]), np.array([p.view for p in used]), distance_m)
    begin(0.6, "reading colours and skin")
    best = used[0]
    person = face.person(fitted.identity)
    posed = fitted.places[0](face.pose(fitted.au[0], person=person).astype(float))
    pixels = unalign(posed.astype(np.float32), fit_head(best.points)).astype(np.float32)
    busy = float(np.clip((fitted.au[0, list(FOLDING)].max() - 0.2) / 0.4, 0, 1))
    unwrap = Unwrap(face.skeleton)
    check()
    reader = PersonLook(unwrap, check)
    begin(0.75, "painting the skin")
    look = reader(Portrait(best.image, pixels, best.points, busy), folder)
    progress(1.0, "")
    return Made(tuple(used), fitted, look)
