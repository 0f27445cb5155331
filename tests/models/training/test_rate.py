"""The learning rate over a training."""

from itertools import pairwise

import pytest

from models.training.rate import rate_at


def test_the_rate_rises_to_its_peak_and_falls_to_the_floor() -> None:
    rates = [rate_at(x / 100, 1e-3) for x in range(101)]
    assert max(rates) == rates[5] == pytest.approx(1e-3)
    assert rates[0] == rates[-1] == pytest.approx(1e-5)
    assert all(a < b for a, b in pairwise(rates[:6]))
    assert all(a > b for a, b in pairwise(rates[5:]))
    assert rate_at(1.3, 1e-3) == rates[-1]
