"""Where frames come from: a camera, a video file, a folder of pictures, the demo clip.

A *recorded* source (file, folder; ``app.recorded``) hands over every decoded frame exactly once, in order, as fast as
it is read. A *live* source (a camera, or a file paced by ``--realtime``; ``app.camera``) reads on a thread of its own
and keeps only the newest frame.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from app.camera import Camera, CameraMode, LatestFrame, PacedFile, open_capture
from app.errors import UserError
from app.frames import Frame, Recorded, Source, SourceInfo, SourceState
from app.recorded import PICTURE_SUFFIXES, PictureFolder, VideoFile

__all__ = [
    "DEMO_CLIP",
    "Camera",
    "CameraMode",
    "Frame",
    "LatestFrame",
    "PacedFile",
    "PictureFolder",
    "Recorded",
    "Source",
    "SourceInfo",
    "SourceState",
    "VideoFile",
    "camera_number",
    "frames_of",
    "open_capture",
    "open_recorded",
    "open_source",
]

DEMO_CLIP: Final = Path(__file__).parent.parent / "assets" / "demo.mp4"


def camera_number(spec: str) -> int | None:
    """Of ``3`` or ``/dev/video3``; None for what is no camera (and for a file that is named so)."""
    number = re.fullmatch(r"(?:/dev/video)?(\d+)", spec)
    return int(number[1]) if number and not Path(spec).is_file() and not Path(spec).is_dir() else None


def frames_of(source: Source) -> Iterator[Frame]:
    """Every frame of a recorded source; it is closed afterwards."""
    try:
        while (frame := source.read()) is not None:
            yield frame
    finally:
        source.close()


def open_source(spec: str, *, realtime: bool = False, mode: CameraMode | None = None) -> Source:
    """Open what a person names: a camera number, a video file, a picture or a folder of them, or ``demo``.

    ``realtime`` paces a recorded source as a camera would, from the first ``read`` on; a camera is live anyway.
    ``mode`` is what a camera is asked for. Raises ``UserError``.
    """
    number = camera_number(spec)
    if number is not None:
        return Camera(number, mode)
    recorded = open_recorded(spec)
    return PacedFile(recorded) if realtime else recorded


def open_recorded(spec: str) -> Recorded:
    """A video file, a picture or a folder of them, or ``demo``. Raises ``UserError``."""
    path = DEMO_CLIP if spec == "demo" else Path(spec)
    try:
        if not path.exists():
            if spec == "demo":
                raise UserError("the demo clip is missing from this installation (assets/demo.mp4): install Mien again")
            raise UserError(f"there is no file, folder or camera named {spec!r}")
        if path.is_dir() or path.suffix.lower() in PICTURE_SUFFIXES:
            return PictureFolder(path)
        if not path.is_file():
            raise UserError(f"{path} is neither a file nor a folder")
        with path.open("rb"):  # ffmpeg does not say that permission is what is missing
            pass
        return VideoFile(path)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from error
