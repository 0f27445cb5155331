"""The user's own face from the camera: which frames are good pictures of it, and the character that is made of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import numpy as np

from app.capture import Frame
from app.characters import Entry, free_name, save_character
from app.face_frame import FaceFrame
from app.own_characters import Shape
from app.same_person import PersonWatch
from models.runtime.person import Photo
from rig.parameters import CHANNEL_INDEX

if TYPE_CHECKING:
    from models.runtime.person import Made

Progress = Callable[[float | None, str], None]
WANTED: Final = 6
"""Good pictures; more tell little more."""
APART_S: Final = 0.4
"""Pictures of one moment tell nothing new."""
SURE: Final = 0.7
YAW_MAX_DEG, PITCH_MAX_DEG, ROLL_MAX_DEG = 14.0, 14.0, 15.0
SMALLEST_FACE_PX: Final = 90
STILL_PX_PER_FACE: Final = 0.03
"""Between two frames, as a share of the face's width: a face that moves is blurred."""
CALM: Final[dict[str, float]] = {
    "AU12": 0.3,
    "AU25": 0.4,
    "AU26": 0.2,
    "AU18": 0.3,
    "AU22": 0.3,
    "AU4": 0.4,
    "AU1": 0.5,
}
"""Channels that change the face's shape most, and how much of each is still rest."""
SHUT: Final = 0.35


OTHER_PERSON: Final = "This is somebody else: start over, or make it of the pictures before"


def _most(face: FaceFrame, au: str) -> float:
    return max(float(face.au[i]) for name, i in CHANNEL_INDEX.items() if name.partition("-")[0] == au)


def why_not(face: FaceFrame) -> str:
    """What the user should do for a better picture; empty where this one is good."""
    if not face.tracked or face.confidence < SURE:
        return "No face in sight: sit in front of the camera"
    across = float(np.ptp(face.landmarks[:, 0]))
    if across < SMALLEST_FACE_PX:
        return "Come closer to the camera"
    yaw, pitch, roll = (abs(float(a)) for a in face.head_euler_deg)
    if yaw > YAW_MAX_DEG or pitch > PITCH_MAX_DEG or roll > ROLL_MAX_DEG:
        return "Look straight at the camera"
    if _most(face, "AU43") > SHUT:
        return "Keep your eyes open"
    if any(_most(face, au) > limit for au, limit in CALM.items()):
        return "Relax your face, lips closed"
    return ""


class FaceCollector:
    """Is offered frame after frame and keeps the good ones, not too near to each other in time."""

    def __init__(self, wanted: int = WANTED) -> None:
        self.wanted = wanted
        self.photos: list[Photo] = []
        self.hint = ""
        """What the user should do now."""
        self.stopped = ""
        """Why no more pictures are taken, though there are not enough; empty while all is well."""
        self._watch = PersonWatch()
        self._last_s = -np.inf
        self._before: FaceFrame | None = None

    @property
    def full(self) -> bool:
        return len(self.photos) >= self.wanted

    def offer(self, frame: Frame, face: FaceFrame) -> bool:
        """Whether the frame was kept."""
        before, self._before = self._before, face
        self._watch.follow(face)
        if self.stopped:
            self.hint = self.stopped
            return False
        if self.full:
            self.hint = "Enough: make it"
            return False
        self.hint = why_not(face)
        if self.hint:
            return False
        if before is not None and before.tracked and _moved(before, face) > STILL_PX_PER_FACE:
            self.hint = "Hold still for a moment"
            return False
        if self._watch.unsure and not self._is_same(frame, face):
            return False
        self.hint = "Good, stay like this"
        if abs(frame.time_s - self._last_s) < APART_S:
            return False
        self._last_s = frame.time_s
        self.photos.append(Photo(f"camera {len(self.photos) + 1}", frame.image, face.landmarks.copy()))
        self._watch.keep(frame.image, face.landmarks)
        return True

    def _is_same(self, frame: Frame, face: FaceFrame) -> bool:
        """After the face was gone: whether it is known to be the same person's again."""
        same = self._watch.look(frame.image, face.landmarks)
        if same is False:
            self.hint = self.stopped = OTHER_PERSON
        elif same is None:
            self.hint = "Good, stay like this"
        return bool(same)


def _moved(before: FaceFrame, face: FaceFrame) -> float:
    off = face.landmarks[:, :2].mean(0) - before.landmarks[:, :2].mean(0)
    return float(np.linalg.norm(off)) / max(float(np.ptp(face.landmarks[:, 0])), 1.0)


def make_me(photos: Sequence[Photo], name: str, progress: Progress) -> tuple[Entry, list[str]]:
    """Fit, paint, and keep the character under ``name`` or one near to it; takes some seconds.

    Returns who it is now and what a user should know about the likeness, one line each. ``progress`` may raise to end
    it: nothing is kept then. Raises ``UserError`` where it cannot be kept.
    """
    from app.fit_command import remarks
    from models.runtime.person import make_person
    from rig.face import Face

    with TemporaryDirectory(prefix="mien-me-") as folder:
        made: Made = make_person(list(photos), Face(), Path(folder), progress=lambda share, text: progress(share, text))
        entry = save_character(free_name(name), "base", Shape(made.fitted.identity, made.look))
    return entry, remarks(made)


def make_me_from_files(paths: Sequence[str], name: str, progress: Progress) -> tuple[Entry, list[str]]:
    """The same from pictures, a folder of them, or a clip. Raises ``UserError`` where no face is found in them."""
    from app.fit_command import find_faces

    photos = find_faces(list(paths), lambda share, text: progress(0.4 * share, text))
    return make_me(photos, name, lambda share, text: progress(None if share is None else 0.4 + 0.6 * share, text))


def name_of(paths: Sequence[str]) -> str:
    """What a character made of these files could be called."""
    stem = Path(paths[0]).stem if paths else "Me"
    words = re.sub(r"[_\W]+", " ", stem).strip()
    return words[:1].upper() + words[1:] if words else "Me"
