"""Rate limits: how many frames pass, which do, and that nothing held back counts as lost."""

from collections.abc import Callable

import numpy as np
import pytest

from app.capture import SourceInfo
from app.face_frame import FaceFrame
from app.outputs.limited import Limited, RateLimit

MakeFace = Callable[..., FaceFrame]
CAMERA = SourceInfo("camera 0", (320, 240), 30.0, None, live=True)


class Kept:
    """A sink that keeps what it is given."""

    name, failed, trouble = "kept", 3, "no network"

    def __init__(self) -> None:
        self.frames: list[int] = []
        self.state = ""

    @property
    def written(self) -> int:
        return len(self.frames)

    def open(self, source: SourceInfo) -> None:
        self.state = f"open for {source.name}"

    def write(self, face: FaceFrame) -> None:
        self.frames.append(face.index)

    def close(self) -> None:
        self.state = "closed"


@pytest.mark.parametrize("limit", [10, 15, 20, 25, 30])
@pytest.mark.parametrize("source", [30, 60, 120])
def test_of_a_jittering_camera_the_rate_asked_for_passes(source: int, limit: int) -> None:
    rng = np.random.default_rng(limit)
    times = np.arange(60 * source) / source + rng.uniform(-0.2, 0.2, 60 * source) / source
    rate = RateLimit(limit)
    passed = np.array([t for t in times if rate.passes(t)])
    assert len(passed) / 60 == pytest.approx(limit, rel=0.02)
    assert np.diff(passed).min() > 0.4 / limit, "no bursts"


def test_a_slower_source_loses_nothing_and_no_limit_is_no_limit() -> None:
    slow, none = RateLimit(30), RateLimit(0)
    assert all(slow.passes(i / 24) for i in range(500))
    assert all(none.passes(i / 1000) for i in range(500))


def test_after_a_pause_there_is_no_burst_and_another_clock_begins_anew() -> None:
    rate = RateLimit(10)
    assert [rate.passes(t) for t in (0.0, 0.05, 0.1)] == [True, False, True]
    assert [rate.passes(60 + t) for t in (0.0, 0.02, 0.04, 0.1)] == [True, False, False, True]
    assert rate.passes(5.0), "the clock went back: a new run"


def test_a_negative_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="-1"):
        RateLimit(-1)


def test_the_wrapper_passes_on_all_but_frames(make_face: MakeFace) -> None:
    kept = Kept()
    sink = Limited(kept, 12.5)
    sink.open(CAMERA)
    for i in range(10):
        sink.write(make_face(i))  # 25 a second
    assert kept.frames == [0, 2, 4, 6, 8]
    assert (sink.name, sink.written, sink.failed, sink.trouble) == ("kept", 5, 3, "no network")
    sink.close()
    assert kept.state == "closed"
