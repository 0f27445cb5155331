"""Seeks, loops and another network: what is found anew, and what is still known of the person."""

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from app.capture import Frame
from app.tracker import Tracker, TrackerSettings
from models.runtime import alignment
from models.runtime.landmarks import LandmarkResult
from rig.parameters import CHANNEL_INDEX, N_CHANNELS, N_IDENTITY

PICTURE = np.zeros((480, 640, 3), np.uint8)
LEFT = CHANNEL_INDEX["AU12-left"]


class Engine:
    """Gives out one face, and counts how often it had to forget it."""

    name, device = "scripted", "cpu"

    def __init__(self, face: np.ndarray | None) -> None:
        self.face, self.resets = face, 0

    def detect(self, image: np.ndarray, time_s: float) -> LandmarkResult | None:
        return None if self.face is None else LandmarkResult(self.face, 0.9)

    def reset(self) -> None:
        self.resets += 1

    def close(self) -> None: ...


class Widths:
    """AU12 from how far the mouth's corner is from where this person has it at rest."""

    def predict(self, aligned: np.ndarray, neutral: np.ndarray) -> SimpleNamespace:
        au = np.zeros(N_CHANNELS, np.float32)
        au[LEFT] = np.clip((aligned - neutral)[291, 0] / 0.010, 0, 1)
        return SimpleNamespace(au=au, identity=np.full(N_IDENTITY, 0.5, np.float32))


def pixels(face: np.ndarray) -> np.ndarray:
    return (1200 * face @ alignment.FACING.T + np.float32([320, 240, 0])).astype(np.float32)


def wide() -> np.ndarray:
    """Somebody whose mouth is 6 mm wider at rest than people's."""
    face = alignment.rest_face().copy()
    face[[291, 61], 0] += [0.003, -0.003]
    return face


def stranger() -> np.ndarray:
    face = alignment.rest_face().copy()
    face[alignment.rigid_points()] *= np.float32([1.12, 0.9, 1.0])
    return face


def tracker(face: np.ndarray, **settings: object) -> Tracker:
    chosen = replace(TrackerSettings(filter="strong"), **settings)  # type: ignore[arg-type]
    return Tracker(chosen, Engine(pixels(face)), Widths())


def frame(index: int, position: int, jump: bool = False) -> Frame:
    return Frame(index, PICTURE, index / 30, 1e9 + index / 30, position / 30, jump=jump)


def learn(subject: Tracker, frames: Sequence[int] = range(90)) -> np.ndarray:
    for i in frames:
        subject.track(frame(i, i))
    return subject.neutral.copy()


@pytest.mark.parametrize("position", [0, 40, 5000])
def test_after_a_jump_the_face_is_looked_for_anew_and_the_person_is_still_known(position: int) -> None:
    subject = tracker(wide())
    known = learn(subject)
    engine = subject._engine
    assert isinstance(engine, Engine)
    before = engine.resets
    smiling = wide()
    smiling[291, 0] += 0.010
    engine.face = pixels(smiling)
    face = subject.track(frame(90, position, jump=True))
    assert engine.resets == before + 1
    assert face.media_time_s == pytest.approx(position / 30)
    assert face.au[LEFT] > 0.9, "filters do not drag the old place's values along, and rest is known"
    np.testing.assert_allclose(subject.neutral, known, atol=5e-4)


def test_without_a_jump_the_filter_does_hold_back_a_sudden_change() -> None:
    """What the test above would miss if the filter let everything through."""
    subject = tracker(wide())
    learn(subject)
    engine = subject._engine
    assert isinstance(engine, Engine)
    smiling = wide()
    smiling[291, 0] += 0.010
    engine.face = pixels(smiling)
    assert subject.track(frame(90, 90)).au[LEFT] < 0.8


def test_who_is_somebody_else_after_a_jump_is_learnt_anew() -> None:
    subject = tracker(wide())
    learn(subject)
    assert isinstance(subject._engine, Engine)
    subject._engine.face = pixels(stranger())
    subject.track(frame(90, 20, jump=True))
    width = subject.neutral[291, 0] - subject.neutral[61, 0]
    fresh = tracker(stranger())
    fresh.track(frame(0, 20))
    assert width == pytest.approx(fresh.neutral[291, 0] - fresh.neutral[61, 0], abs=1e-6)


def test_nobody_after_a_jump_is_a_face_at_rest_at_once() -> None:
    subject = tracker(wide())
    learn(subject)
    assert isinstance(subject._engine, Engine)
    subject._engine.face = None
    face = subject.track(frame(90, 10, jump=True))
    assert face.state == "lost"
    assert not face.au.any()


def test_another_tracker_goes_on_with_what_was_learnt() -> None:
    old = tracker(wide())
    known = learn(old)
    new = tracker(wide())
    assert np.abs(new.neutral - known).max() > 0.002
    new.continue_from(old)
    np.testing.assert_array_equal(new.neutral, known)
    assert new.neutral_from == old.neutral_from
    assert new.track(frame(0, 90)).tracked


def test_a_tracker_that_is_to_learn_in_another_way_starts_anew() -> None:
    old = tracker(wide())
    learn(old)
    new = tracker(wide(), calibrate="off")
    new.continue_from(old)
    np.testing.assert_array_equal(new.neutral, alignment.rest_face())


def test_a_calibration_goes_along() -> None:
    old = tracker(wide())
    old.calibrate_now()
    known = learn(old)
    new = tracker(wide())
    new.continue_from(old)
    for i in range(30):
        new.track(frame(i, i))
    np.testing.assert_array_equal(new.neutral, known)
