"""What the second Mien says is read with care; share and time left come from it."""

import json
import math
from pathlib import Path

import pytest

from app.ui.processing.events import Event, parse_event
from app.ui.processing.pace import MOST_LETTERS, Pace, left_text, shortened, size_of


def tracked(file: int, share: float | None, fps: float = 38.0) -> Event:
    return Event("progress", file, stage="track", share=share, fps=fps)


def test_an_event_is_read_whole() -> None:
    told = {"event": "done", "file": 1, "outputs": ["/a.csv"], "frames": 512, "tracked": 498, "warnings": ["dark"]}
    event = parse_event(json.dumps(told) + "\n", 2)
    assert event == Event("done", 1, frames=512, tracked=498, outputs=("/a.csv",), warnings=("dark",))
    assert parse_event('{"event": "end", "done": 2, "failed": 0}', 2) == Event("end")


@pytest.mark.parametrize(
    "line",
    [
        *("", "loading ...", "[1, 2]", "null", "{", '{"event": "done", "file": 2}', '{"event": "done"}'),
        *('{"event": "x"}', '{"event": "progress", "file": -1}', '{"event": "progress", "file": true}', "[" * 100_000),
    ],
)
def test_what_is_no_event_is_none(line: str) -> None:
    assert parse_event(line, 2) is None


def test_odd_values_become_usable_ones() -> None:
    line = '{"event": "progress", "file": 0, "share": 7, "frames": -3, "fps": NaN, "tracked": "many", "stage": null}'
    event = parse_event(line, 1)
    assert event == Event("progress", 0, share=1.0)
    assert event is not None
    assert math.isfinite(event.fps)
    assert parse_event('{"event": "failed", "file": 0, "error": " two\\n lines "}', 1) == Event(
        "failed", 0, error="two lines"
    )


def test_larger_files_are_more_of_the_work() -> None:
    pace = Pace(["a.mp4", "b.mp4"], [100.0, 300.0])
    assert pace.share == 0
    pace.take(tracked(0, 0.5), 10.0)
    assert pace.share == pytest.approx(50 / 400)
    pace.take(Event("done", 0), 11.0)
    pace.take(tracked(1, 0.5), 12.0)
    assert pace.share == pytest.approx(250 / 400)


def test_time_left_is_told_once_it_is_known() -> None:
    pace = Pace(["a.mp4", "b.mp4"], [100.0, 300.0])
    assert pace.line(0.0) == "Loading the networks"
    pace.take(Event("progress", 0, stage="load"), 1.0)
    assert pace.line(1.0) == "1 of 2: a.mp4, loading the networks"
    pace.take(Event("progress", 0, stage="calibrate", share=0.1, fps=120.4), 2.0)
    assert pace.left_s(3.0) is None
    assert pace.line(3.0) == "1 of 2: a.mp4, first look, for the face at rest, 120 frames/s"
    pace.take(tracked(0, 0.5), 12.0)
    assert pace.left_s(12.0) == pytest.approx(10.0 * 350 / 50)
    assert pace.line(12.0) == "1 of 2: a.mp4, 38 frames/s, 2 min left"


def test_a_file_that_fails_at_once_does_not_make_the_rest_look_quick() -> None:
    pace = Pace(["a.mp4", "b.mp4", "c.mp4"], [100.0, 700.0, 200.0])
    pace.take(tracked(0, 0.0), 0.0)
    pace.take(Event("done", 0), 10.0)
    pace.take(Event("failed", 1), 10.0)
    assert pace.share == pytest.approx(0.8)
    assert pace.left_s(10.0) == pytest.approx(20.0)


def test_a_length_that_nobody_knows() -> None:
    pace = Pace(["a.mp4"], [1.0])
    pace.take(tracked(0, None), 0.0)
    assert pace.share is None
    assert pace.left_s(60.0) is None
    assert pace.line(60.0) == "a.mp4, 38 frames/s"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *((2, "a few seconds left"), (38, "40 s left"), (56, "1 min left"), (61, "2 min left")),
        *((3599, "1 h left"), (4700, "1 h 20 min left")),
    ],
)
def test_time_left_is_as_coarse_as_it_is_known(seconds: float, text: str) -> None:
    assert left_text(seconds) == text


def test_long_names_leave_room() -> None:
    assert shortened("take.mp4") == "take.mp4"
    name = shortened("interview with the second person, afternoon, camera B.mp4")
    assert len(name) <= MOST_LETTERS
    assert name.startswith("interview w")
    assert name.endswith("camera B.mp4")


def test_sizes(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"1234")
    (tmp_path / "b.png").write_bytes(b"12")
    assert size_of(str(tmp_path / "a.png")) == 4
    assert size_of(str(tmp_path)) == 6
    assert size_of(str(tmp_path / "gone.mp4")) == 1
