"""What a run is asked to do, as plain frozen settings, and the outputs made of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol, cast

from app.errors import UserError
from app.outputs.csv_arkit import ArkitCsv
from app.outputs.csv_openface import OpenFaceCsv
from app.outputs.limited import MOST_FPS, Limited
from app.outputs.osc_mien import MienOsc, parse_target
from app.outputs.parts import PARTS, Part
from app.outputs.sink import Sink

CSV_FORMATS: Final[dict[str, Callable[[Path], Sink]]] = {"openface": OpenFaceCsv, "arkit": ArkitCsv}


class MakeStream(Protocol):
    """How a stream is made. Raises ``UserError`` for a target that is none or cannot be found; may wait for a name."""

    def __call__(self, targets: Sequence[str], part: Part = "all") -> Sink: ...


PROTOCOLS: Final[dict[str, MakeStream]] = {"mien": MienOsc}


@dataclass(frozen=True, slots=True)
class StreamTarget:
    """Where a stream goes, and how much of it."""

    target: str
    """``HOST:PORT``."""
    rate: float = 0.0
    """Frames a second at most; 0: every frame."""
    part: Part = "all"


def parse_osc(text: str) -> StreamTarget:
    """``HOST:PORT``, ``HOST:PORT,rate=30``, ``HOST:PORT,part=au,rate=30``. Raises ``UserError``."""
    target, *options = text.split(",")
    parse_target(target)
    rate, part = 0.0, "all"
    for option in options:
        name, _, value = option.partition("=")
        if name == "rate":
            try:
                rate = float(value)
            except ValueError:
                rate = -1.0
            if not 0 < rate <= MOST_FPS:
                raise UserError(f"--osc {text}: rate is a number of frames a second up to {MOST_FPS:.0f}")
        elif name == "part":
            part = value
            if part not in PARTS:
                raise UserError(f"--osc {text}: part is one of {', '.join(PARTS)}")
        else:
            raise UserError(f"--osc {text}: after HOST:PORT there may be rate=FPS and part=PART, not {option!r}")
    return StreamTarget(target, rate, cast(Part, part))


@dataclass(frozen=True, slots=True)
class OutputSettings:
    """Where results go; everything is off by default."""

    csv: Path | None = None
    csv_format: str = "openface"
    """A key of ``CSV_FORMATS``."""
    osc: tuple[StreamTarget, ...] = field(default=())
    protocol: str = "mien"
    """A key of ``PROTOCOLS``."""
    render: Path | None = None
    """A video of the input beside the rig."""
    characters: tuple[str, ...] = ("base",)
    """Names or files of those that the video shows."""


def _streams(outputs: OutputSettings) -> list[Sink]:
    """Targets that get the same share one packet; one with a limit has its own."""
    make = PROTOCOLS[outputs.protocol]
    alike: dict[Part, list[str]] = {}
    for stream in outputs.osc:
        if not stream.rate:
            alike.setdefault(stream.part, []).append(stream.target)
    made: list[Sink] = []
    try:
        for part, targets in alike.items():
            made.append(make(targets, part))
        for stream in outputs.osc:
            if stream.rate:
                made.append(Limited(make((stream.target,), stream.part), stream.rate))
    except UserError:
        for sink in made:
            sink.close()
        raise
    return made


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
    sinks += _streams(outputs)
    if outputs.render is not None:
        from app.outputs.video import BesideRigVideo  # the renderer takes a second to load, and few runs need it

        sinks.append(BesideRigVideo(outputs.render, outputs.characters))
    return sinks
