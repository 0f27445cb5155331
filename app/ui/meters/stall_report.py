"""How well the window answers and whether its memory grows: one run over a source, watched beat by beat.

``python -m app.ui.meters.stall_watch SOURCE --seconds N``
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from PySide6.QtCore import QEventLoop, QObject, QSettings, Qt, QTimer
from PySide6.QtWidgets import QApplication

from app.tracker import TrackerSettings
from app.ui import qt_environment
from app.ui.meters.process_use import memory_mib
from app.ui.session import Session
from app.ui.window import MainWindow

BEAT_MS: Final = 10
SETTLED_S: Final = 60.0
"""Memory is compared from here on: models, scene, caches and the charts' history are there by then."""
MEMORY_EVERY_S: Final = 1.0
LATE_MS: Final = 50.0
LEAVE_OUT_S: Final = 5.0
"""From the first frame: loading models and making the scene is no steady state. Told apart, not forgotten."""


@dataclass(frozen=True, slots=True)
class Gap:
    """From one beat to the next, less the beat itself."""

    at_s: float
    wall_ms: float
    rendering_ms: float
    """Of it, inside the scene's software rendering."""
    busy_ms: float
    """Processor time that the GUI thread used outside of rendering: the rest of the gap it waited, for other threads
    or for other programs."""

    @property
    def outside_ms(self) -> float:
        return max(0.0, self.wall_ms - self.rendering_ms)


class Beats(QObject):
    """Notes every gap while it lives; made once the scene is there."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__()
        self.gaps: list[Gap] = []
        self.memory: list[tuple[float, float]] = []
        """(seconds, MiB)."""
        self._rendering_s = self._rendering_busy_s = 0.0
        self._begin_s = self._wall_s = time.perf_counter()
        self._busy_s = time.thread_time()
        scene: Any = window.rig._scene
        if scene is not None:
            scene.render = self._timed(scene.render)
        self._timer = QTimer(self, interval=BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    @property
    def elapsed_s(self) -> float:
        return self._wall_s - self._begin_s

    def _timed(self, render: Callable[[], Any]) -> Callable[[], Any]:
        def timed() -> Any:
            wall_s, busy_s = time.perf_counter(), time.thread_time()
            try:
                return render()
            finally:
                self._rendering_s += time.perf_counter() - wall_s
                self._rendering_busy_s += time.thread_time() - busy_s

        return timed

    def _beat(self) -> None:
        wall_s, busy_s = time.perf_counter(), time.thread_time()
        self.gaps.append(
            Gap(
                at_s=wall_s - self._begin_s,
                wall_ms=max(0.0, 1e3 * (wall_s - self._wall_s) - BEAT_MS),
                rendering_ms=1e3 * self._rendering_s,
                busy_ms=max(0.0, 1e3 * (busy_s - self._busy_s - self._rendering_busy_s)),
            )
        )
        self._wall_s, self._busy_s = wall_s, busy_s
        self._rendering_s = self._rendering_busy_s = 0.0
        if not self.memory or self.elapsed_s - self.memory[-1][0] >= MEMORY_EVERY_S:
            self.memory.append((self.elapsed_s, memory_mib() or 0.0))


def summary(gaps: list[Gap], memory: list[tuple[float, float]]) -> list[str]:
    """Lines to print; of no gaps at all, that there were none."""
    if not gaps:
        return ["the GUI thread never beat: the window was not up"]
    lines = []
    for name, values in (
        ("between beats", [gap.wall_ms for gap in gaps]),
        ("outside rendering", [gap.outside_ms for gap in gaps]),
        ("of that, computing", [min(gap.outside_ms, gap.busy_ms) for gap in gaps]),
    ):
        ms = np.array(values)
        late = int((ms > LATE_MS).sum())
        lines.append(
            f"{name:<19} worst {ms.max():7.1f} ms   99th percentile {np.percentile(ms, 99):6.1f} ms   "
            f"over {LATE_MS:.0f} ms: {late} of {len(ms)}"
        )
    settled = [mib for at_s, mib in memory if at_s >= SETTLED_S]
    if len(settled) >= 20:
        first, last = np.median(settled[:10]), np.median(settled[-10:])
        lines.append(
            f"memory              {first:.1f} MiB after {SETTLED_S:.0f} s, {last:.1f} MiB at the end "
            f"({100 * (last / first - 1):+.2f} %), {max(settled):.1f} MiB at most"
        )
    elif memory:
        lines.append(f"memory              {memory[-1][1]:.1f} MiB at the end (too short to tell growth)")
    return lines


def watch(source: str, seconds: float) -> list[str]:
    """Run the window on ``source`` for so long after its first picture, and tell how it went."""
    qt_environment.prepare()
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    with tempfile.TemporaryDirectory() as folder:
        settings = QSettings(str(Path(folder) / "settings.ini"), QSettings.Format.IniFormat)
        window = MainWindow(Session(TrackerSettings()), settings)
        window.session.film.set_loop(True)  # a clip may be shorter than the watch
        window.show()
        beats: list[Beats] = []

        def begin() -> None:
            """Once the scene is there and frames have come for a while."""
            newest = window.session.newest()
            if beats:
                if beats[0].elapsed_s >= seconds or not window.session.running:
                    waiting.quit()
            elif newest is not None and (window.rig.renders > 0 or window.rig.problem):
                started_s.append(time.perf_counter())
                if time.perf_counter() - started_s[0] >= LEAVE_OUT_S:
                    beats.append(Beats(window))

        started_s: list[float] = []
        poll = QTimer(interval=250)
        poll.timeout.connect(begin)
        poll.start()
        window.start(source)
        waiting = QEventLoop()  # to quit the application would close the window before it is asked
        waiting.exec()
        snapshot, messages = window.session.snapshot(), window.messages.text
        began_s = time.perf_counter()
        window.close()
        closing_s = time.perf_counter() - began_s
    lines = summary(beats[0].gaps, beats[0].memory) if beats else [messages or "no frame came"]
    latency = (snapshot.latency or {}).get("total")
    lines.append(
        f"source              {snapshot.frames} frames at {snapshot.mean_fps:.1f} a second"
        + (f", {latency.p50_ms:.1f} ms from capture to data" if latency else "")
        + f"; 3D face {window.rig.renders} pictures"
    )
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "?"
    lines.append(f"closed in           {closing_s:.2f} s; load of the machine {load} on {os.cpu_count()} cores")
    return lines


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m app.ui.meters.stall_watch", description=__doc__)
    parser.add_argument("source", help="as for 'mien track'")
    parser.add_argument("--seconds", type=float, default=300.0, help="how long (default: 300)")
    chosen = parser.parse_args(arguments)
    print("\n".join(watch(chosen.source, chosen.seconds)))
    return 0
