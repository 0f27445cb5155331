"""What is measured of the window's answering: gaps, what of them is rendering, growth of memory."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from app.ui.meters.stall_report import BEAT_MS, Beats, Gap, summary
from app.ui.stage.rig_view import RigView
from app.ui.window import MainWindow


def test_a_blocked_thread_is_noticed_and_told_from_rendering(
    make_window: Callable[..., MainWindow], qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RigView, "build", lambda self: None)  # the only scene is the one below, and nobody draws it
    monkeypatch.setattr(RigView, "_ask", lambda self: None)
    window = make_window()

    class Scene:
        """Stands for a scene whose rendering takes long."""

        def render(self) -> None:
            time.sleep(0.08)

        def close(self) -> None:
            pass

    scene: Any = Scene()
    window.rig._scene = scene
    beats = Beats(window)
    qtbot.waitUntil(lambda: len(beats.gaps) > 1, timeout=30_000)
    known = len(beats.gaps)
    scene.render()
    qtbot.waitUntil(lambda: len(beats.gaps) > known, timeout=30_000)
    drawn = beats.gaps[known]
    assert drawn.rendering_ms >= 79
    assert drawn.wall_ms >= 79 - BEAT_MS
    until_s = time.thread_time() + 0.08
    known = len(beats.gaps)
    while time.thread_time() < until_s:
        pass
    qtbot.waitUntil(lambda: len(beats.gaps) > known, timeout=30_000)
    computed = beats.gaps[known]
    assert computed.rendering_ms == 0
    assert computed.outside_ms >= 79 - BEAT_MS
    assert computed.busy_ms >= 79
    window.rig._scene = None


def test_the_summary_counts_what_is_late() -> None:
    gaps = [Gap(0.01 * i, 1.0, 0.0, 0.5) for i in range(98)]
    gaps += [Gap(1.0, 200.0, 190.0, 5.0), Gap(1.1, 90.0, 0.0, 70.0)]
    lines = summary(gaps, [(float(i), 100.0 + (i > 60) * 3) for i in range(120)])
    assert "worst   200.0 ms" in lines[0]
    assert lines[0].endswith("2 of 100")
    assert "worst    90.0 ms" in lines[1]
    assert lines[1].endswith("1 of 100")
    assert "worst    70.0 ms" in lines[2]
    assert "+0.00 %" in lines[3]
    growing = summary(gaps, [(float(i), 100.0 + i) for i in range(121)])
    assert "MiB at the end (+" in growing[3]
    assert "too short" in summary(gaps, [(1.0, 100.0)])[3]


@pytest.mark.parametrize("memory", [[], [(0.0, 1.0)]])
def test_no_beats_at_all_are_said(memory: list[tuple[float, float]]) -> None:
    assert "never beat" in summary([], memory)[0]
