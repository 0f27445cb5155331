"""The figures of a run as a person reads them: stages in their order, numbers with units, a text for a bug report."""

import platform
from collections import deque
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from app.pipeline import Latency, Snapshot

RIG: Final = "rig"
STAGES: Final[dict[str, tuple[str, str]]] = {
    "capture": ("Capture", "Reading and decoding a frame; of a camera how old the frame was when it was taken"),
    "landmarks": ("Landmarks", "Finding the face and its 478 landmarks"),
    "align": ("Align", "Fitting the head's pose; landmarks into the head's own frame"),
    "calibrate": ("Neutral", "What this person looks like at rest"),
    "crop": ("Crop", "The aligned picture of the face, for networks that look at it"),
    "regress": ("Regress", "The network that reads action units"),
    "rules": ("Rules", "What faces cannot do, blinks, gaze"),
    "remember": ("Likeness", "Collecting what the person's face is like"),
    "filter": ("Filter", "Smoothing"),
    "shape": ("Gain", "Gain, dead zone and limit of each channel"),
    "track": ("Tracking", "All of the tracker's work on a frame"),
    "outputs": ("Send", "Streams and recordings"),
    "total": ("Total", "From capture until the last output was written"),
    RIG: ("3D face", "Drawing one picture, on the window's own thread"),
}
"""Word and explanation of each stage, in the order of a frame's way."""
SUMS: Final = ("track", "total", RIG)
"""Those that are no part of another: written strongly."""
RATE_S: Final = 2.0
KEPT: Final = 256


@dataclass
class DrawingRate:
    """How often and how fast the 3D face is drawn, from its counter, looked at a few times a second."""

    _seen: deque[tuple[float, int]] = field(default_factory=deque)
    _took_ms: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))

    def look(self, now_s: float, renders: int, render_ms: float) -> None:
        """``renders`` pictures so far, the last one in ``render_ms``."""
        if self._seen and renders > self._seen[-1][1]:
            self._took_ms.append(render_ms)
        self._seen.append((now_s, renders))
        while now_s - self._seen[0][0] > RATE_S:
            self._seen.popleft()

    @property
    def per_s(self) -> float:
        """Over the last two seconds."""
        if len(self._seen) < 2:
            return 0.0
        (first_s, first), (last_s, last) = self._seen[0], self._seen[-1]
        return (last - first) / (last_s - first_s) if last_s > first_s else 0.0

    @property
    def latency(self) -> Latency | None:
        """Of the pictures that were looked at; None before the first."""
        if not self._took_ms:
            return None
        return Latency.of(self._took_ms)


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that the panel shows, at one moment."""

    snapshot: Snapshot = field(default_factory=Snapshot)
    rig: Latency | None = None
    rig_per_s: float = 0.0
    memory_mib: float | None = None
    cores: float = 0.0
    stalls: int = 0
    longest_stall_ms: float = 0.0
    model: str = ""
    device: str = ""

    def latency(self, stage: str) -> Latency | None:
        """Of a key of :data:`STAGES`; None where the stage was not needed so far."""
        return self.rig if stage == RIG else (self.snapshot.latency or {}).get(stage)

    @property
    def scale_ms(self) -> float:
        """How far the bars reach: 1, 2 or 5 times a power of ten, so that it seldom changes; 10 at least.

        The 3D face has no say: where a processor draws it, it takes so long that all others would be dots.
        """
        stages = [stage for stage in STAGES if stage != RIG]
        most = max((each.p95_ms for stage in stages if (each := self.latency(stage)) is not None), default=0.0)
        steps = [base * 10**power for power in range(1, 5) for base in (1, 2, 5)]
        return float(next((step for step in steps if step >= most), steps[-1]))


def tiles(figures: Figures) -> dict[str, tuple[str, str]]:
    """Value and explanation by word."""
    s = figures.snapshot
    faces = f"{100 * s.tracked / s.frames:.0f} %" if s.frames else "–"
    mib = figures.memory_mib
    memory = "–" if mib is None else f"{mib:.0f} MiB" if mib < 1000 else f"{mib / 1024:.1f} GiB"
    stalls = f"{figures.stalls} of the last minute were longer than 50 ms, which can be felt"
    return {
        "Frames / s": (f"{s.fps:.1f}" if s.frames else "–", "Frames tracked a second, over the last two seconds"),
        "Frames": (str(s.frames), "Frames tracked since the source was started"),
        "With a face": (faces, f"{s.tracked} of {s.frames} frames"),
        "Dropped": (str(s.dropped), "Frames of a live source that came too fast to be tracked"),
        "Broken": (str(s.broken), "Frames that could not be read"),
        "3D face / s": (f"{figures.rig_per_s:.1f}", "How often the 3D face is drawn a second"),
        "Memory": (memory, "What Mien holds now"),
        "Cores": (f"{figures.cores:.2f}", "Processor cores that all threads of Mien keep busy"),
        "Worst stall": (
            _short_time(figures.longest_stall_ms),
            f"How long the window did not answer, but for drawing the 3D face; {stalls}",
        ),
    }


def _short_time(ms: float) -> str:
    return f"{ms:.0f} ms" if ms < 999.5 else f"{ms / 1e3:.1f} s"


def as_text(figures: Figures) -> str:
    """For a bug report: system, versions, source, figures, a table of stages; nothing about whose machine it is."""
    s = figures.snapshot
    lines = [
        f"Mien {_version('mien')}, Python {platform.python_version()}, Qt for Python {_version('PySide6')}",
        f"{platform.system()} {platform.release()} {platform.machine()}",
        f"Regressor: {figures.model or 'none'} on {figures.device or 'nothing'}",
    ]
    if s.source is not None:
        width, height = s.source.size
        lines.append(f"Source: {width} x {height}, {s.source.fps:g} frames/s, {'live' if s.source.live else 'file'}")
    lines += [f"{word}: {value}" for word, (value, _) in tiles(figures).items()]
    lines += [f"Stalls over 50 ms in the last minute: {figures.stalls}", "", f"{'ms':<12}{'p50':>9}{'p95':>9}"]
    for stage, (word, _) in STAGES.items():
        latency = figures.latency(stage)
        if latency is not None:
            lines.append(f"{word:<12}{latency.p50_ms:>9.2f}{latency.p95_ms:>9.2f}")
    for sink in s.sinks:
        lines.append(f"Output {sink.name.split()[0]}: {sink.written} written, {sink.failed} failed")
    return "\n".join(lines) + "\n"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(from source)"
