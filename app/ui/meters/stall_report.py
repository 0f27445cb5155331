"""How well the window answers and whether its memory grows: one run over a source, watched beat by beat.

``python -m app.ui.meters.stall_watch SOURCE --seconds N``
"""

import argparse
import math
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import numpy as np
from PySide6.QtCore import QEventLoop, QSettings, QTimer
from PySide6.QtWidgets import QApplication

from app.tracker import TrackerSettings
from app.ui import qt_environment
from app.ui.calm import calm_down
from app.ui.meters.process_use import memory_mib
from app.ui.meters.stack_sampler import StackSampler
from app.ui.meters.stall_watch import STALL_MS, Gap, StallWatch
from app.ui.session import Session
from app.ui.window import MainWindow

SETTLED_S: Final = 60.0
"""Memory is compared from here on: models, scene, caches and the charts' history are there by then."""
MEMORY_EVERY_MS: Final = 1000
LEAVE_OUT_S: Final = 5.0
"""From the first picture of the face: loading is told apart, as it is no steady state."""
LOOK_MS: Final = 100
TOLD: Final = 6
"""So many of the worst gaps are told with what ran."""
Memory = list[tuple[float, float]]
"""(seconds, MiB)"""


def summary(gaps: Iterable[Gap]) -> list[str]:
    """Lines to print; of no gaps at all, that there were none."""
    gaps = list(gaps)
    if not gaps:
        return ["the GUI thread never beat: the window was not up"]
    lines = []
    for name, values in (
        ("between beats", [gap.late for gap in gaps]),
        ("outside rendering", [gap.outside for gap in gaps]),
        ("of that, Mien's own", [gap.own for gap in gaps]),
        ("of that, computing", [min(gap.own, gap.computing) for gap in gaps]),
    ):
        ms = np.array(values)
        lines.append(
            f"{name:<20} worst {ms.max():7.1f} ms   99th percentile {np.percentile(ms, 99):6.1f} ms   "
            f"over {STALL_MS:.0f} ms: {int((ms > STALL_MS).sum())} of {len(ms)}"
        )
    return lines


def worst(gaps: Iterable[Gap], count: int = TOLD) -> list[str]:
    """The longest that were no rendering and felt as stalls, each with where the thread was seen most."""
    lines = []
    for gap in sorted((gap for gap in gaps if gap.outside > STALL_MS), key=lambda gap: -gap.own)[:count]:
        lines.append(
            f"  at {gap.at_s:6.1f} s: {gap.late:.0f} ms late, {gap.rendering:.0f} rendering, {gap.computing:.0f} "
            f"computing (garbage {gap.collecting:.0f}), {gap.queued:.0f} waiting for a processor"
        )
        lines += [f"      {times} x {stack}" for stack, times in Counter(gap.stacks).most_common(2)]
    return lines


def growth(memory: Memory) -> list[str]:
    """What memory did once it had settled."""
    settled = [mib for at_s, mib in memory if at_s >= SETTLED_S]
    if len(settled) >= 20:
        first, last = np.median(settled[:10]), np.median(settled[-10:])
        change = f"({100 * (last / first - 1):+.2f} %), {max(settled):.1f} MiB at most"
        return [f"memory               {first:.1f} MiB after {SETTLED_S:.0f} s, {last:.1f} MiB at the end {change}"]
    if memory:
        return [f"memory               {memory[-1][1]:.1f} MiB at the end (too short to tell growth)"]
    return []


class Run:
    """A window on a source, watched from the start until so long after its first seconds."""

    def __init__(self, source: str, seconds: float, folder: str) -> None:
        self._seconds = seconds
        self._sampler = StackSampler()
        settings = QSettings(str(Path(folder) / "settings.ini"), QSettings.Format.IniFormat)
        self.window = MainWindow(Session(TrackerSettings()), settings)
        calm_down(self.window.rig)
        self.window.session.film.set_loop(True)  # a clip may be shorter than the watch
        self.watch = StallWatch(self.window.rig.rendering, kept_s=math.inf, late_ms=0, sampler=self._sampler)
        self.memory: Memory = []
        self.settled_s: float | None = None
        """From here on loading is over."""
        self._loop = QEventLoop()  # to quit the application would close the window before it is asked
        self.window.show()
        self.watch.start()
        self.window.start(source)
        timers = [self._timer(LOOK_MS, self._look), self._timer(MEMORY_EVERY_MS, self._weigh)]
        self._loop.exec()
        for timer in timers:
            timer.stop()
        self.watch.stop()
        self._sampler.close()

    def _timer(self, interval_ms: int, slot: Callable[[], None]) -> QTimer:
        timer = QTimer(self._loop, interval=interval_ms)
        timer.timeout.connect(slot)
        timer.start()
        return timer

    def _look(self) -> None:
        window, now_s = self.window, self.watch.elapsed_s
        if self.settled_s is None:
            if window.session.newest() is not None and (window.rig.renders > 0 or window.rig.problem):
                self.settled_s = now_s + LEAVE_OUT_S
        elif now_s >= self.settled_s + self._seconds:
            self._loop.quit()
        if not window.session.running:
            self._loop.quit()

    def _weigh(self) -> None:
        if self.settled_s is not None:
            self.memory.append((self.watch.elapsed_s - self.settled_s, memory_mib() or 0.0))

    def gaps(self, loading: bool) -> list[Gap]:
        """Of the first seconds, or of all that came after."""
        settled_s = math.inf if self.settled_s is None else self.settled_s
        return [gap for gap in self.watch.gaps if (gap.at_s < settled_s) == loading]


def watch(source: str, seconds: float) -> list[str]:
    """Run the window on ``source`` for so long after it has loaded, and tell how it went."""
    qt_environment.prepare()
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    with tempfile.TemporaryDirectory() as folder:
        run = Run(source, seconds, folder)
        window = run.window
        snapshot, messages = window.session.snapshot(), window.messages.text
        began_s = time.perf_counter()
        window.close()
        closing_s = time.perf_counter() - began_s
    loading, steady = run.gaps(loading=True), run.gaps(loading=False)
    lines = [f"the first {loading[-1].at_s if loading else 0:.1f} s", *summary(loading), *worst(loading), ""]
    lines += [f"{seconds:.0f} s after that", *summary(steady), *worst(steady), ""] if steady else [messages, ""]
    latency = (snapshot.latency or {}).get("total")
    lines += growth(run.memory)
    lines.append(
        f"source               {snapshot.frames} frames at {snapshot.mean_fps:.1f} a second"
        + (f", {latency.p50_ms:.1f} ms from capture to data" if latency else "")
        + f"; 3D face {window.rig.renders} pictures"
    )
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "?"
    lines.append(f"closed in            {closing_s:.2f} s; load of the machine {load} on {os.cpu_count()} cores")
    return lines


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m app.ui.meters.stall_watch", description=__doc__)
    parser.add_argument("source", help="as for 'mien track'")
    parser.add_argument("--seconds", type=float, default=300.0, help="how long (default: 300)")
    chosen = parser.parse_args(arguments)
    print("\n".join(watch(chosen.source, chosen.seconds)))
    return 0
