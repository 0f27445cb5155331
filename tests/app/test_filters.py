"""Filters: calm at rest, blinks survive, rotations have no sign, the past ends at a gap."""

import numpy as np
import pytest

from app.filters import GAP_S, PRESETS, FaceFilter, OneEuro, RotationOneEuro, Tuning, slerp
from rig.parameters import CHANNEL_INDEX

LIDS = [CHANNEL_INDEX["AU43-left"], CHANNEL_INDEX["AU43-right"]]
UPRIGHT = np.array([0, 0, 0, 1], np.float32)


def run(preset: str, au: np.ndarray, fps: float = 30.0) -> np.ndarray:
    """(T, 40) through the filter of a face at rest -> (T, 40)."""
    face = FaceFilter(preset)
    still = (UPRIGHT, np.zeros(3, np.float32), np.zeros((2, 2), np.float32))
    return np.array([face(row, *still, i / fps)[0] for i, row in enumerate(au.astype(np.float32))])


def turn_about_y(degrees: float) -> np.ndarray:
    half = np.radians(degrees) / 2
    return np.array([0, np.sin(half), 0, np.cos(half)], np.float32)


@pytest.mark.parametrize("fps", [24.0, 30.0, 60.0])
@pytest.mark.parametrize("preset", ["light", "strong"])
def test_a_blink_of_120_ms_keeps_four_fifths_of_its_depth(preset: str, fps: float) -> None:
    time = np.arange(int(2 * fps)) / fps
    for phase in np.linspace(0, 1 / fps, 5):
        blink = np.sin(np.pi * np.clip((time - 1 - phase) / 0.12, 0, 1))
        au = np.zeros((len(time), 40))
        au[:, LIDS] = blink[:, None]
        out = run(preset, au, fps)[:, LIDS]
        assert out.max() >= 0.8 * blink.max()
        assert (out[time > 1.4] < 0.1).all()  # and the eye opens again


@pytest.mark.parametrize(("preset", "most"), [("light", 0.75), ("strong", 0.45)])
def test_jitter_at_rest_is_taken_away(preset: str, most: float) -> None:
    noise = 0.3 + np.random.default_rng(1).normal(0, 0.02, (600, 40))
    steps = np.diff(run(preset, noise)[60:], axis=0).std() / np.diff(noise[60:], axis=0).std()
    assert steps < most


def test_strong_is_calmer_than_light_and_off_changes_nothing() -> None:
    noise = np.random.default_rng(2).normal(0.3, 0.02, (300, 40)).astype(np.float32)
    light, strong = (np.diff(run(p, noise), axis=0).std() for p in ("light", "strong"))
    assert strong < light
    np.testing.assert_array_equal(run("off", noise), noise)


@pytest.mark.parametrize("preset", ["light", "strong"])
def test_a_smile_arrives_within_a_quarter_of_a_second(preset: str) -> None:
    au = np.zeros((60, 40))
    au[30:] = 1
    out = run(preset, au)[:, CHANNEL_INDEX["AU12-left"]]
    assert out[37] > 0.8
    assert (np.diff(out[30:]) >= -1e-6).all()  # no overshoot


def test_one_euro_equals_the_papers_recursion_with_a_varying_step() -> None:
    rng = np.random.default_rng(3)
    times = np.cumsum(rng.uniform(0.01, 0.05, 50))
    values = rng.normal(0, 1, 50)
    filtered = OneEuro(1.2, 0.4, 1.0)

    def alpha(cutoff: float, step: float) -> float:
        return 1 / (1 + 1 / (2 * np.pi * cutoff * step))

    expected, speed = values[0], 0.0
    for i, (time, value) in enumerate(zip(times, values, strict=True)):
        if i:
            step = time - times[i - 1]
            speed += alpha(1.0, step) * ((value - expected) / step - speed)
            expected += alpha(1.2 + 0.4 * abs(speed), step) * (value - expected)
        assert filtered(np.array([value]), time)[0] == pytest.approx(expected, rel=1e-5)


def test_after_a_gap_or_a_seek_back_the_filter_starts_anew() -> None:
    one = OneEuro(0.5, 0.0, 1.0)
    one(np.zeros(2), 10.0)
    assert one(np.ones(2), 10.03).max() < 0.2
    np.testing.assert_array_equal(one(np.ones(2), 10.04 + GAP_S + 0.01), [1, 1])
    np.testing.assert_array_equal(one(np.full(2, 5.0), 3.0), [5, 5])


def test_a_repeated_time_stamp_is_harmless_and_nan_elements_keep_their_value() -> None:
    one = OneEuro(1.0, 0.0, 1.0)
    one(np.array([1.0, 2.0]), 0.0)
    np.testing.assert_array_equal(one(np.array([9.0, 9.0]), 0.0), [1, 2])
    np.testing.assert_array_equal(one(np.array([1.0, np.nan]), 0.03), [1, 2])


def test_the_sign_of_a_quaternion_does_not_matter_and_the_length_stays_one() -> None:
    plain, flipped = (RotationOneEuro(Tuning(1.0, 1.0)) for _ in range(2))
    for i in range(60):
        pose = turn_about_y(40 * np.sin(i / 9))
        a = plain(pose, i / 30)
        b = flipped(pose * (-1 if i % 2 else 1), i / 30)
        np.testing.assert_allclose(a, b, atol=1e-6)
        assert np.linalg.norm(a) == pytest.approx(1, abs=1e-6)


def test_rotation_lags_little_in_a_quick_turn_and_hardly_moves_in_jitter() -> None:
    tuning = PRESETS["strong"]
    assert tuning is not None
    turning = RotationOneEuro(tuning.rotation)
    for i in range(30):
        out = turning(turn_about_y(90 * i / 29), i / 30)  # 90 degrees in a second
    assert np.degrees(2 * np.arcsin(out[1])) > 78
    resting = RotationOneEuro(tuning.rotation)
    rng = np.random.default_rng(4)
    jitter = rng.normal(0, 0.3, 300)
    seen = np.array([2 * np.degrees(np.arcsin(resting(turn_about_y(d), i / 30)[1])) for i, d in enumerate(jitter)])
    assert np.diff(seen[30:]).std() < 0.3 * np.diff(jitter[30:]).std()


def test_slerp_is_halfway_along_the_shorter_arc() -> None:
    half = slerp(turn_about_y(10).astype(float), -turn_about_y(50).astype(float), 0.5)
    np.testing.assert_allclose(np.abs(half), np.abs(turn_about_y(30)), atol=1e-6)
