"""Many starts and stops in one window: no threads, VTK objects, Qt objects or memory are left behind.

``MIEN_CYCLES=200`` makes the long run that the README tells of.
"""

import gc
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject

from app.ui.meters.process_use import memory_mib
from app.ui.window import MainWindow

CYCLES = int(os.environ.get("MIEN_CYCLES", "12"))
WAIT_MS = 60_000
SETTLED = 4
"""Cycles until every cache is filled."""
MIB_A_CYCLE = 0.25
"""A run's frames and networks take far more: what is left behind of one would be seen."""
MIB_OF_CHANCE = 12.0
"""Heaps grow in steps."""


def vtk_objects() -> int:
    gc.collect()
    return sum(str(type(one).__module__).startswith("vtkmodules") for one in gc.get_objects())


def test_starting_and_stopping_leaves_nothing_behind(
    make_window: Callable[..., MainWindow],
    qtbot: Any,
    clip: Path,
    run_threads: Callable[[], list[str]],
    trackers: list[Any],
) -> None:
    window = make_window(rig=True)
    qtbot.waitUntil(lambda: window.rig.renders > 0 or bool(window.rig.problem), timeout=WAIT_MS)
    if window.rig.problem:
        pytest.skip(f"no OpenGL here: {window.rig.problem}")
    settled: dict[str, float] = {}

    def count() -> dict[str, float]:
        return {
            "vtk": vtk_objects(),
            "qt": len(window.findChildren(QObject)),
            "threads": threading.active_count(),
            "memory": memory_mib() or 0.0,
        }

    for cycle in range(CYCLES):
        window.start(str(clip))
        qtbot.waitUntil(lambda: window.session.snapshot().frames > 1, timeout=WAIT_MS)
        window.toggle_run()
        qtbot.waitUntil(lambda: not window.session.running, timeout=WAIT_MS)
        assert not [name for name in run_threads() if name.startswith(("pipeline", "camera"))]
        if cycle + 1 == SETTLED:
            settled = count()
    after = count()
    print(f"{CYCLES} cycles: {settled} -> {after}")
    assert len(trackers) == CYCLES
    assert all(tracker.closed for tracker in trackers[:-1]), "the last one is kept for a look at the film"
    for name in ("vtk", "qt", "threads"):
        assert after[name] <= settled[name], name
    assert after["memory"] < settled["memory"] + MIB_OF_CHANCE + MIB_A_CYCLE * (CYCLES - SETTLED)
