"""What is printed of the window's answering: what is late, what ran then, growth of memory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.ui.meters.stall_report import Memory, growth, summary, worst
from app.ui.meters.stall_watch import Gap

ROOT = Path(__file__).parents[4]
GAPS = [
    *(Gap(0.01 * i, 1.0, computing=0.5) for i in range(97)),
    Gap(1.0, 200.0, rendering=190.0, computing=5.0),
    Gap(1.1, 90.0, computing=70.0, collecting=3.0, stacks=("a.py:1 f < b.py:2 g", "a.py:1 f < b.py:2 g", "c.py:3 h")),
    Gap(1.2, 160.0, rendering=20.0, computing=10.0, queued=100.0),
]


def test_the_summary_counts_what_is_late() -> None:
    late, outside, own, computing = summary(GAPS)
    assert "worst   200.0 ms" in late
    assert late.endswith("3 of 100")
    assert "worst   140.0 ms" in outside
    assert outside.endswith("2 of 100")
    assert "worst    90.0 ms" in own
    assert own.endswith("1 of 100")
    assert "worst    70.0 ms" in computing
    assert computing.endswith("1 of 100")


def test_the_worst_are_told_with_what_ran() -> None:
    lines = worst(GAPS)
    assert lines[0] == "  at    1.1 s: 90 ms late, 0 rendering, 70 computing (garbage 3), 0 waiting for a processor"
    assert lines[1].strip() == "2 x a.py:1 f < b.py:2 g"
    assert lines[2].strip() == "1 x c.py:3 h"
    assert "100 waiting for a processor" in lines[3]
    assert len(lines) == 4, "one that only rendered is no stall"
    assert len(worst(GAPS, count=1)) == 3
    assert worst(GAPS[:97]) == []


def test_growth_of_memory_is_told_once_it_has_settled() -> None:
    (steady,) = growth([(float(i), 100.0 + (i > 50) * 3) for i in range(120)])
    assert "+0.00 %" in steady
    (growing,) = growth([(float(i), 100.0 + i) for i in range(121)])
    assert "MiB at the end (+" in growing
    (short,) = growth([(1.0, 100.0)])
    assert "too short" in short


@pytest.mark.parametrize("memory", [[], [(0.0, 1.0)]])
def test_no_beats_at_all_are_said(memory: Memory) -> None:
    assert "never beat" in summary([])[0]
    assert len(growth(memory)) == len(memory)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a display")
@pytest.mark.parametrize("tool", ["app.ui.screenshot", "app.ui.meters.stall_watch"])
def test_without_a_display_the_tools_end_in_one_line(tool: str) -> None:
    without = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    arguments = ["demo"] if tool.endswith("stall_watch") else []
    done = subprocess.run(
        [sys.executable, "-m", tool, *arguments], env=without, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("mien: there is no display")
    assert len(done.stderr.splitlines()) == 1
