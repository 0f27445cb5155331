"""How meters move: up fast and down slowly, peaks that stay, an order without flicker."""

import numpy as np
import pytest

from app.ui.meters.meter_motion import PEAK_HOLD_S, REORDER_S, ActivityOrder, MeterMotion


def test_bars_fall_more_slowly_than_they_rise() -> None:
    motion = MeterMotion(2)
    rise, fall, now_s = [], [], 100.0
    motion.push(np.zeros(2, np.float32), now_s)
    for seen, target in ((rise, 0.8), (fall, 0.0)):
        for _ in range(30):
            now_s += 1 / 30
            motion.push(np.array([target, 0.0], np.float32), now_s)
            seen.append(motion.shown[0])
    assert rise[-1] == pytest.approx(0.8, abs=0.002)
    assert fall[-1] == pytest.approx(0.0, abs=0.002)
    assert rise[1] > 0.7
    assert fall[1] > 0.1
    assert motion.shown[1] == 0


def test_values_that_are_no_intensity_stay_within_the_bar() -> None:
    motion = MeterMotion(3)
    for i in range(20):
        motion.push(np.array([np.nan, 7.0, -1.0], np.float32), i / 30)
    assert motion.shown == pytest.approx([0, 1, 0], abs=1e-3)


def test_a_peak_stays_for_a_while_and_then_comes_down_to_the_bar() -> None:
    motion = MeterMotion(1)
    for i in range(30):
        motion.push(np.array([1.0], np.float32), i / 30)
    top = motion.peaks[0]
    assert top == pytest.approx(1.0, abs=0.01)
    now_s = 29 / 30
    while now_s < 29 / 30 + PEAK_HOLD_S - 0.1:
        now_s += 1 / 30
        motion.push(np.array([0.2], np.float32), now_s)
    assert motion.peaks[0] == top
    for _ in range(90):
        now_s += 1 / 30
        motion.push(np.array([0.2], np.float32), now_s)
    assert motion.peaks[0] == pytest.approx(0.2, abs=0.01)


def test_digits_change_less_often_than_bars() -> None:
    motion, digits, bars = MeterMotion(1), [], []
    for i in range(60):
        motion.push(np.array([i / 60], np.float32), i / 60)
        digits.append(float(motion.numbers[0]))
        bars.append(float(motion.shown[0]))
    assert len(set(bars)) > 50
    assert 8 <= len(set(digits)) <= 11


def test_the_most_active_comes_first_and_at_most_twice_a_second() -> None:
    order, changes, now_s = ActivityOrder(5), [], 0.0
    noise = np.random.default_rng(0)
    for _ in range(300):
        now_s += 1 / 30
        if order.push(noise.random(5), now_s):
            changes.append(now_s)
    assert changes
    assert min(np.diff(changes), default=REORDER_S) >= REORDER_S
    for _ in range(300):
        now_s += 1 / 30
        order.push(np.array([0.1, 0.5, 0.0, 0.9, 0.3]), now_s)
    assert order.order == [3, 1, 4, 0, 2]


def test_equals_do_not_change_places() -> None:
    order, noise = ActivityOrder(4), np.random.default_rng(1)
    assert not any(order.push(0.5 + 0.05 * noise.random(4), i / 30) for i in range(300))
    assert order.order == [0, 1, 2, 3]


def test_another_source_begins_with_the_first_order() -> None:
    order = ActivityOrder(3)
    order.push(np.array([0.0, 0.0, 1.0]), 1.0)
    assert order.order == [2, 0, 1]
    order.clear()
    assert order.order == [0, 1, 2]
