"""``--render``: a video of the input beside the rig or several characters, at the source's frame rate. Needs no window.

A file gives one picture per frame. A live source that was too fast for the renderer has its pictures repeated where
frames were dropped, so that the video keeps the time.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from app.capture import SourceInfo
from app.characters import AnyCharacter, open_character, scene_of
from app.errors import UserError
from app.face_frame import FaceFrame
from app.outputs.sink import check_writable
from rig.characters import Character

if TYPE_CHECKING:
    from rig.imported_scene import ImportedScene
    from rig.scene import FaceScene

MIN_HEIGHT, MAX_HEIGHT = 240, 720
"""The rig is drawn at the input's height within these bounds; the input is scaled to match."""
MAX_WIDTH: Final = 2880
"""Many characters in a row are drawn smaller, so that players and encoders still take the picture."""
CODECS: Final = {".mp4": ("avc1", "mp4v"), ".mov": ("avc1", "mp4v"), ".avi": ("MJPG",), ".mkv": ("avc1", "mp4v")}
"""Tried in order: H.264 plays everywhere, but OpenCV's own builds often cannot encode it."""


class BesideRigVideo:
    """One picture per frame. The input keeps its aspect; characters stand right of it in squares of its height."""

    def __init__(self, path: Path, characters: Sequence[str] = ("base",)) -> None:
        """``characters``: names or files. Raises ``UserError`` for a bad name, character or path, nothing written."""
        if path.suffix.lower() not in CODECS:
            raise UserError(f"{path}: --render writes {', '.join(sorted(CODECS))} files; choose such a name")
        self.path = path
        self.name = f"video {path}"
        self.written = 0
        self.failed = 0
        self._writer: cv2.VideoWriter | None = None
        self._characters: list[AnyCharacter] = [open_character(spec) for spec in characters]
        self._scenes: list[FaceScene | ImportedScene] = []
        self._image: NDArray[np.uint8] | None = None
        check_writable(path)

    def open(self, source: SourceInfo) -> None:
        width, height = source.size
        self._height = min(max(height, MIN_HEIGHT), MAX_HEIGHT) // 2 * 2  # encoders want even sizes
        beside = len(self._characters)
        widest = MAX_WIDTH / (width / height + beside)
        self._height = max(2, min(self._height, int(widest)) // 2 * 2)
        self._width = max(2, round(width * self._height / height) // 2 * 2)
        size = (self._width + beside * self._height, self._height)
        for codec in CODECS[self.path.suffix.lower()]:
            writer = cv2.VideoWriter(str(self.path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), source.fps, size)
            if writer.isOpened():
                self._writer = writer
                break
            writer.release()
        else:
            raise UserError(f"{self.path}: this OpenCV has no video encoder for {self.path.suffix}; try .avi")
        self._live, self._fps = source.live, source.fps
        self._scenes = [scene_of(character, self._height, self._height) for character in self._characters]

    def see(self, image: NDArray[np.uint8]) -> None:
        self._image = image

    def write(self, face: FaceFrame) -> None:
        assert self._writer is not None
        assert self._image is not None
        tiles = [cv2.resize(self._image, (self._width, self._height), interpolation=cv2.INTER_AREA)]
        for character, scene in zip(self._characters, self._scenes, strict=True):
            # The base face takes on the user's own shape; the others are who they are.
            identity = face.identity if isinstance(character, Character) and character.name == "base" else None
            scene.set_face(face.au, face.gaze_left_deg, face.gaze_right_deg, face.head_rotation, identity)
            tiles.append(scene.render())
        both = np.hstack(tiles)
        picture = cv2.cvtColor(both, cv2.COLOR_RGB2BGR)
        due = round(face.media_time_s * self._fps) + 1 if self._live else 0
        for _ in range(max(1, due - self.written)):
            self._writer.write(picture)
            self.written += 1

    def close(self) -> None:
        if self._writer is not None:
            self._writer.release()  # writes the index, without which an MP4 cannot be played
            self._writer = None
        for scene in self._scenes:
            scene.close()
        self._scenes = []
