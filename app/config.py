"""What a run is asked to do, as plain frozen settings, and the outputs made of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from app.errors import UserError
from app.outputs.csv_arkit import ArkitCsv
from app.outputs.csv_openface import OpenFaceCsv
from app.outputs.osc_mien import MienOsc
from app.outputs.parts import Part
from app.outputs.sink import Sink

CSV_FORMATS: Final[dict[str, Callable[[Path], Sink]]] = {"openface": OpenFaceCsv, "arkit": ArkitCsv}


class MakeStream(Protocol):
    """How a stream is made. Raises ``UserError`` for a target that is none or cannot be found; may wait for a name."""

    def __call__(self, targets: Sequence[str], part: Part = "all") -> Sink: ...


PROTOCOLS: Final[dict[str, MakeStream]] = {"mien": MienOsc}


@dataclass(frozen=True, slots=True)
class OutputSettings:
    """Where results go; everything is off by default."""

    csv: Path | None = None
    csv_format: str = "openface"
    """A key of ``CSV_FORMATS``."""
    osc: tuple[str, ...] = field(default=())
    """``HOST:PORT`` each."""
    protocol: str = "mien"
    """A key of ``PROTOCOLS``."""
    render: Path | None = None
    """A video of the input beside the rig."""
    characters: tuple[str, ...] = ("base",)
    """Names or files of those that the video shows."""


def make_sinks(outputs: OutputSettings, source: str) -> list[Sink]:
    """The sinks that the settings ask for, none opened yet. Raises ``UserError``, having written nothing.

    ``source`` is what will be read: no output may overwrite it.
    """
    files = [path for path in (outputs.csv, outputs.render) if path is not None]
    for i, path in enumerate(files):
        if Path(source).exists() and path.exists() and path.samefile(source):
            raise UserError(f"{path} is the source itself: writing there would destroy it; choose another name")
        if path.resolve() in [other.resolve() for other in files[:i]]:
            raise UserError(f"{path} is asked for twice: give each output a file of its own")
    if outputs.characters != ("base",):
        from app.characters import find_character

        for spec in outputs.characters:
            find_character(spec)
    sinks: list[Sink] = []
    if outputs.csv is not None:
        sinks.append(CSV_FORMATS[outputs.csv_format](outputs.csv))
    if outputs.osc:
        sinks.append(PROTOCOLS[outputs.protocol](outputs.osc))
    if outputs.render is not None:
        from app.outputs.video import BesideRigVideo  # the renderer takes a second to load, and few runs need it

        sinks.append(BesideRigVideo(outputs.render, outputs.characters))
    return sinks
