"""A file in the window: its own pace, every frame, and again from the start where asked."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.capture import Frame, Recorded, SourceState, open_recorded
from app.errors import UserError
from app.ui.picture.playback import Playback

MakeVideo = Callable[..., Path]


def opener(path: Path) -> Callable[[], Recorded]:
    return lambda: open_recorded(str(path))


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
    playback = Playback(opener(path))
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
    playback = Playback(opener(path))
    late = 0.0
    clock = time.perf_counter
    monkeypatch.setattr("app.ui.picture.playback.time.perf_counter", lambda: clock() + late)
    frames = []
    while playback.state is not SourceState.ENDED:
        frames += read(playback, 1)
        late += 1.0
    assert [frame.index for frame in frames] == list(range(6))


def test_a_loop_begins_again_and_says_where_it_jumped(make_video: MakeVideo) -> None:
    playback = Playback(opener(make_video(frames=5, fps=100.0)), loop=True)
    frames = read(playback, 12)
    playback.close()
    assert [frame.index for frame in frames] == list(range(12))
    assert levels(frames) == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]
    assert [frame.media_time_s for frame in frames] == pytest.approx([level / 100 for level in levels(frames)])
    assert [i for i, frame in enumerate(frames) if frame.jump] == [5, 10]
    assert playback.info.frame_count is None
    assert playback.read() is None


def test_what_is_missing_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no\.mp4"):
        Playback(opener(tmp_path / "no.mp4"))


def test_a_seek_shows_that_frame_at_once_and_goes_on_from_there(make_video: MakeVideo) -> None:
    playback = Playback(opener(make_video(frames=25, fps=50.0)))
    frames = read(playback, 3)
    assert playback.seek(20)
    assert playback.position.frame == 20
    before = time.perf_counter()
    frames += read(playback, 3)
    assert frames[3].time_s - before < 1.0
    assert playback.seek(5)
    frames += read(playback, 2)
    playback.close()
    assert levels(frames) == [0, 1, 2, 20, 21, 22, 5, 6]
    assert [frame.index for frame in frames] == list(range(8)), "what is recorded counts on"
    assert [frame.media_time_s for frame in frames] == pytest.approx([level / 50 for level in levels(frames)])
    assert [i for i, frame in enumerate(frames) if frame.jump] == [3, 6]
    assert frames[5].time_s - frames[3].time_s >= 2 / 50 - 0.002, "from there at the clip's own pace"


def test_paused_it_shows_what_is_sought_and_nothing_else(make_video: MakeVideo) -> None:
    playback = Playback(opener(make_video(frames=25, fps=50.0)), at=7, paused=True)
    assert levels(read(playback, 1)) == [7]
    assert playback.read(0.05) is None
    assert playback.position.paused
    playback.seek(3)
    playback.seek(12)  # only the last wish counts
    assert levels(read(playback, 1)) == [12]
    assert playback.read(0.05) is None
    playback.set_paused(False)
    assert levels(read(playback, 2)) == [13, 14]
    playback.set_paused(True)
    assert playback.read(0.05) is None
    playback.close()


def test_the_first_frame_is_no_jump_wherever_it_is(make_video: MakeVideo) -> None:
    playback = Playback(opener(make_video(frames=10)), at=4)
    (frame,) = read(playback, 1)
    playback.close()
    assert levels([frame]) == [4]
    assert not frame.jump


def test_a_waiting_reader_hears_of_a_seek(make_video: MakeVideo) -> None:
    playback = Playback(opener(make_video(frames=10)), paused=True)
    read(playback, 1)
    got: list[Frame | None] = []
    reader = threading.Thread(target=lambda: got.append(playback.read(60.0)))
    reader.start()
    playback.seek(8)
    reader.join(timeout=30.0)
    assert not reader.is_alive()
    assert got[0] is not None
    assert levels([got[0]]) == [8]
    playback.close()


@pytest.mark.parametrize("speed", [0.5, 2.0])
def test_speed_changes_the_pace_and_not_the_media_time(make_video: MakeVideo, speed: float) -> None:
    playback = Playback(opener(make_video(frames=9, fps=50.0)))
    playback.set_speed(speed)
    frames = read(playback, 9)
    playback.close()
    assert [frame.media_time_s for frame in frames] == pytest.approx([i / 50 for i in range(9)])
    for frame in frames:
        assert frame.time_s - frames[0].time_s >= frame.media_time_s / speed - 0.002


def test_seeks_stay_within_the_clip_and_end_with_it(make_video: MakeVideo) -> None:
    playback = Playback(opener(make_video(frames=6, fps=100.0)))
    playback.seek(99)
    assert levels(read(playback, 1)) == [5]
    playback.seek(-3)
    assert levels(read(playback, 99)) == [0, 1, 2, 3, 4, 5]
    assert playback.state is SourceState.ENDED
    assert not playback.seek(2)
    assert playback.read() is None


def test_a_loop_can_be_ended(make_video: MakeVideo) -> None:
    playback = Playback(opener(make_video(frames=4, fps=100.0)), loop=True)
    read(playback, 6)
    playback.set_loop(False)
    assert levels(read(playback, 99)) == [2, 3]
    assert playback.state is SourceState.ENDED


def test_a_folder_of_pictures_is_played_and_sought(tmp_path: Path) -> None:
    for i in range(4):
        cv2.imwrite(str(tmp_path / f"{i}.png"), np.full((20, 20, 3), 10 + 8 * i, np.uint8))
    playback = Playback(opener(tmp_path))
    assert levels(read(playback, 2)) == [0, 1]
    playback.seek(0)
    assert levels(read(playback, 99)) == [0, 1, 2, 3]
    assert playback.position.length == 4


def test_many_seeks_from_another_thread_lose_nothing_but_wishes(make_video: MakeVideo) -> None:
    """Whatever is asked for meanwhile: indices grow by one, media time tells the picture, the last wish is done."""
    playback = Playback(opener(make_video(frames=25, fps=200.0)), loop=True)
    done = threading.Event()

    def scrub() -> None:
        for i in range(200):
            playback.seek((7 * i) % 25)
            playback.set_paused(i % 3 == 0)
            playback.set_speed(1 + i % 2)
        playback.set_paused(True)
        playback.seek(17)
        done.set()

    scrubber = threading.Thread(target=scrub)
    scrubber.start()
    frames: list[Frame] = []
    while not done.is_set() or playback.position.frame != 17 or levels(frames[-1:]) != [17]:
        frame = playback.read(0.01)
        frames += [frame] if frame is not None else []
    scrubber.join()
    playback.close()
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert [frame.media_time_s for frame in frames] == pytest.approx([level / 200 for level in levels(frames)])
