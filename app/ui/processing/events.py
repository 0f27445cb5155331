"""What ``mien process --events`` says, a JSON object a line, read into something that can be relied on."""

import json
import math
from dataclasses import dataclass
from typing import Any, Final

KINDS: Final = ("begin", "progress", "done", "failed", "end")
OF_A_FILE: Final = KINDS[:-1]


@dataclass(frozen=True, slots=True)
class Event:
    """One line. Which fields mean something depends on ``kind``."""

    kind: str
    """One of ``KINDS``."""
    file: int = 0
    """Index into the sources that were asked for."""
    stage: str = ""
    """``load``, ``calibrate`` or ``track``."""
    share: float | None = None
    """0..1 of this file, all passes together; None where its length is unknown."""
    frames: int = 0
    """So far; for ``begin`` all that the file states, 0 where it states nothing."""
    tracked: int = 0
    """Frames with a face."""
    fps: float = 0.0
    writing: tuple[str, ...] = ()
    """For ``begin``: hidden files that there are until it is done; who kills the process has to remove them."""
    outputs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str = ""


def parse_event(line: str, files: int) -> Event | None:
    """The event of a line; None for what is none, be it a line of a library that prints.

    ``files``: how many were asked for; an event of another one is none.
    """
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or told.get("event") not in KINDS:
        return None
    kind, file = str(told["event"]), _count(told.get("file"), -1)
    if kind in OF_A_FILE and not 0 <= file < files:
        return None
    share = _number(told.get("share"))
    return Event(
        kind,
        max(file, 0),
        stage=str(told.get("stage") or ""),
        share=None if share is None else min(max(share, 0.0), 1.0),
        frames=_count(told.get("frames")),
        tracked=_count(told.get("tracked")),
        fps=_number(told.get("fps")) or 0.0,
        writing=_words(told.get("writing")),
        outputs=_words(told.get("outputs")),
        warnings=_words(told.get("warnings")),
        error=" ".join(str(told.get("error") or "").split()),
    )


def _number(value: Any) -> float | None:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if usable else None


def _count(value: Any, otherwise: int = 0) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else otherwise


def _words(value: Any) -> tuple[str, ...]:
    return tuple(str(word) for word in value) if isinstance(value, list) else ()
