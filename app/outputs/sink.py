"""The seam every output fills: a stream, a recorder. It takes FaceFrames and nothing else."""

import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from app.capture import SourceInfo
from app.errors import UserError
from app.face_frame import FaceFrame


class Sink(Protocol):
    """One output. Opened before the first frame, written once a frame in order, closed once (twice does no harm)."""

    @property
    def name(self) -> str:
        """What a person calls it: ``CSV take.csv``, ``OSC localhost:9000``."""
        ...

    @property
    def written(self) -> int:
        """Rows, packets or pictures written so far."""
        ...

    @property
    def failed(self) -> int:
        """What could not be sent and was left out (a network that is down); 0 for files."""
        ...

    def open(self, source: SourceInfo) -> None:
        """Claim the file or socket. Raises ``UserError`` if that cannot be had, before any frame is processed."""
        ...

    def write(self, face: FaceFrame) -> None:
        """Write one frame. Whatever it raises ends this sink; the others go on."""
        ...

    def close(self) -> None:
        """Finish the file or socket; what was written stays."""
        ...


@runtime_checkable
class SeesPicture(Protocol):
    """A sink that also shows the camera's picture is handed it right before ``write``."""

    def see(self, image: NDArray[np.uint8]) -> None:
        """(H, W, 3) RGB uint8 of the frame that the next ``write`` is about."""
        ...


@runtime_checkable
class SendsAgain(Protocol):
    """A sink whose receiver shows the newest face, so that it is told where a frame's answer has become another one.
    Files are none: they have one row a frame."""

    def write_again(self, face: FaceFrame) -> None:
        """The frame that was written last, with other values. Errors as in ``write``."""
        ...


@runtime_checkable
class HasTrouble(Protocol):
    """A sink that goes on although something cannot be sent, and knows why."""

    @property
    def trouble(self) -> str:
        """Why the last packet did not leave this machine; empty once one does."""
        ...


def trouble_of(sink: Sink) -> str:
    """What a sink complains of; empty for one that never complains."""
    return sink.trouble if isinstance(sink, HasTrouble) else ""


@contextmanager
def writing_to(path: Path) -> Iterator[None]:
    """An ``OSError`` inside becomes a ``UserError`` that names ``path`` in one clear line."""
    try:
        yield
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}") from error


def check_writable(path: Path) -> None:
    """Raise ``UserError`` if no file can be written at ``path``. Leaves nothing behind and truncates nothing."""
    if path.is_dir():
        raise UserError(f"{path} is a folder: give the name of a file in it")
    if not path.parent.is_dir():
        raise UserError(f"{path} cannot be written: the folder {path.parent} does not exist")
    with writing_to(path):
        existed = path.exists()
        path.open("ab").close()
        if not existed:
            path.unlink()


def open_rows(path: Path, header: str) -> io.TextIOWrapper:
    """An emptied text file with its header line written; every further line reaches the operating system at once.

    Raises ``OSError``, leaving nothing open.
    """
    file = path.open("w", buffering=1, encoding="ascii", newline="\n")
    try:
        file.write(header + "\n")
    except OSError:
        with suppress(OSError):
            file.close()
        raise
    return file
