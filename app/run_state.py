"""How a run is doing: its states, and what is counted and measured of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from app.capture import SourceInfo, SourceState


class State(Enum):
    """::

    IDLE -> OPENING -> RUNNING -> STOPPING -> FINISHED    (stopped, or the source ended)
                |         |           |
                +---------+-----------+-----> FAILED      (Snapshot.error says why)
    """

    IDLE = "idle"
    OPENING = "opening"
    RUNNING = "running"
    STOPPING = "stopping"
    FINISHED = "finished"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds over the last frames."""

    p50_ms: float
    p95_ms: float

    @classmethod
    def of(cls, values_ms: Iterable[float]) -> "Latency":
        """Median and 95th percentile of at least one value, between two values in proportion.

        As ``numpy.percentile`` has them, which takes four times as long for a window of frames, and of this there is
        one for every stage, five times a second, on the thread of the window.
        """
        values = sorted(values_ms)

        def percentile(percent: float) -> float:
            place = (len(values) - 1) * percent / 100
            at = int(place)
            above = values[min(at + 1, len(values) - 1)]
            return float(values[at] + (place - at) * (above - values[at]))

        return cls(percentile(50), percentile(95))


@dataclass(frozen=True, slots=True)
class SinkReport:
    name: str
    written: int
    failed: int
    error: str | None
    """Why it was closed early, None while it works."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How the runner is doing, at one moment. Safe to keep."""

    state: State = State.IDLE
    source: SourceInfo | None = None
    source_state: SourceState = SourceState.OPENING
    frames: int = 0
    tracked: int = 0
    """Frames with a face."""
    broken: int = 0
    """Frames that could not be read (declared by the source)."""
    dropped: int = 0
    """Frames of a live source that came too fast."""
    elapsed_s: float = 0.0
    """From asking for the first frame to the last one written."""
    fps: float = 0.0
    """Over the last two seconds."""
    mean_fps: float = 0.0
    latency: Mapping[str, Latency] | None = None
    """Per stage; ``total`` runs from capture to all sinks written."""
    sinks: tuple[SinkReport, ...] = ()
    error: str | None = None
