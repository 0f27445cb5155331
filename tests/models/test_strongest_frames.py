"""Which frames are shown, and that the rig beside a face does what the channels say."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from models import strongest_frames
from models.strongest_frames import Clip, Strong, choose, draw, frames_of, sheet, strongest
from rig.parameters import CHANNEL_INDEX, CHANNELS


def clip(values: dict[tuple[int, str], float], frames: int = 100, name: str = "clip.mp4", fps: float = 25.0) -> Clip:
    """A tracked clip in which channels have values (0..1) at frames."""
    au = np.zeros((frames, 40))
    for (frame, channel), value in values.items():
        au[frame, CHANNEL_INDEX[channel]] = value
    still = np.zeros((frames, 2))
    return Clip(Path(name), fps, au, np.broadcast_to(np.eye(3), (frames, 3, 3)), still, still)


def test_a_rare_action_gets_its_place_beside_a_frequent_one() -> None:
    many = {(20 * k, "AU12-left"): 1.0 - 0.01 * k for k in range(5)}
    chosen = choose([clip(many | {(50, "AU34"): 0.4}), clip(many)], 4)
    assert [(s.clip, s.frame, s.au) for s in chosen[:2]] == [(0, 0, "AU12"), (0, 50, "AU34")]
    assert chosen[1].value == pytest.approx(2.0)


def test_clips_are_not_overused_and_neighbours_not_shown_twice() -> None:
    busy = clip({(k, channel): 0.9 for k in range(100) for channel in ("AU12-left", "AU26", "AU34")})
    chosen = choose([busy, clip({(5, "AU26"): 0.5})], 40)
    own = sorted(s.frame for s in chosen if s.clip == 0)
    assert len(own) == strongest_frames.PER_CLIP
    assert min(np.diff(own)) >= strongest_frames.APART_S * busy.fps
    assert [s.frame for s in chosen if s.clip == 1] == [5]


def test_traces_and_frames_without_a_face_are_not_shown() -> None:
    quiet = clip({(3, "AU12-left"): 0.19})
    quiet.au[7] = np.nan
    assert choose([quiet], 40) == []
    assert choose([], 40) == []


def test_the_three_strongest_actions_by_the_stronger_side() -> None:
    au = np.zeros(40)
    au[CHANNELS.index("AU12-right")], au[CHANNELS.index("AU6-left")], au[CHANNELS.index("AU43-left")] = 0.9, 0.5, 0.7
    assert [(name, round(value, 3)) for name, value in strongest(au)] == [("AU12", 4.5), ("AU43", 3.5), ("AU06", 2.5)]


def test_frames_are_decoded_by_number(make_video: Callable[..., Path]) -> None:
    got = frames_of(make_video(frames=12), {2, 9, 40})
    assert set(got) == {2, 9}
    for n, picture in got.items():
        assert picture.mean() == pytest.approx(10 + 8 * n, abs=3)


def test_the_last_row_of_a_sheet_is_filled() -> None:
    tiles = [np.full((4, 6, 3), 50 * k, np.uint8) for k in range(1, 4)]
    got = sheet(tiles, columns=2)
    assert got.shape == (8, 12, 3)
    assert (got[4:, :6] == 150).all()
    assert not got[4:, 6:].any()


def test_the_rig_beside_a_face_moves_with_its_channels(data_dir: Path, tmp_path: Path) -> None:
    path = data_dir / "clips" / "pf_single_face.mp4"
    if not path.is_file():
        pytest.skip(f"no {path.name}")
    frames = cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FRAME_COUNT)
    smiling = clip({(1, "AU12-left"): 1.0, (1, "AU12-right"): 1.0}, int(frames), str(path))
    drawn = draw([smiling], [Strong(0, 1, "AU12", 5.0), Strong(0, 0, "AU26", 1.0)])
    assert [s.frame for s, _ in drawn] == [0, 1]
    calm, smile = (picture for _, picture in drawn)
    side = strongest_frames.SIDE
    assert calm.shape == (side + strongest_frames.CAPTION, 2 * side, 3)
    assert calm[:side, :side].std() > 20  # a face
    changed = np.abs(calm[:side, side:].astype(int) - smile[:side, side:]).max(axis=2) > 30
    rows = np.flatnonzero(changed.any(axis=1))
    assert changed.sum() > 200
    assert np.median(rows) > side / 2  # the mouth's half
