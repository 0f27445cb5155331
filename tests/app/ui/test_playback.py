"""A file in the window: its own pace, every frame, and again from the start where asked."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.capture import Frame, SourceState, open_source
from app.errors import UserError
from app.ui.playback import Playback

MakeVideo = Callable[..., Path]


def levels(frames: list[Frame]) -> list[int]:
    """The number that each flat grey frame of ``make_video`` carries."""
    return [round((float(np.mean(frame.image)) - 10) / 8) for frame in frames]


def read(playback: Playback, count: int) -> list[Frame]:
    frames: list[Frame] = []
    while len(frames) < count and playback.state is not SourceState.ENDED:
        frame = playback.read(0.01)
        if frame is not None:
            frames.append(frame)
    return frames


def test_every_frame_in_order_and_none_before_its_time(make_video: MakeVideo) -> None:
    path = make_video(frames=8, fps=50.0)
    playback = Playback(lambda: open_source(str(path)))
    frames = read(playback, 99)
    assert [frame.index for frame in frames] == list(range(8))
    assert levels(frames) == list(range(8))
    assert playback.info.frame_count == 8
    assert playback.state is SourceState.ENDED
    for frame in frames:
        assert frame.media_time_s == pytest.approx(frame.index / 50)
        assert frame.time_s - frames[0].time_s >= frame.media_time_s - 0.002


def test_a_slow_reader_loses_nothing(make_video: MakeVideo, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_video(frames=6, fps=25.0)
    playback = Playback(lambda: open_source(str(path)))
    late = 0.0
    clock = time.perf_counter
    monkeypatch.setattr("app.ui.playback.time.perf_counter", lambda: clock() + late)
    frames = []
    while playback.state is not SourceState.ENDED:
        frames += read(playback, 1)
        late += 1.0
    assert [frame.index for frame in frames] == list(range(6))


def test_the_demo_begins_again_and_time_goes_on(make_video: MakeVideo) -> None:
    path = make_video(frames=5, fps=100.0)
    playback = Playback(lambda: open_source(str(path)), loop=True)
    frames = read(playback, 12)
    playback.close()
    assert [frame.index for frame in frames] == list(range(12))
    assert levels(frames) == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]
    assert np.all(np.diff([frame.media_time_s for frame in frames]) > 0)
    assert playback.info.frame_count is None
    assert playback.read() is None


def test_what_is_missing_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no\.mp4"):
        Playback(lambda: open_source(str(tmp_path / "no.mp4")))
