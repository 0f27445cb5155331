"""Agreement per channel and its table."""

import numpy as np
import pytest

from models.training.channel_scores import channel_scores, channel_table
from rig.parameters import CHANNELS


def test_intensities_are_facs_and_channels_that_never_vary_stay_out_of_the_mean() -> None:
    truth = np.zeros((5, len(CHANNELS)))
    truth[:, 3] = np.linspace(0, 1, 5)
    predicted = truth.copy()
    predicted[:, 3] += 0.1
    scores = channel_scores(truth, predicted)
    assert scores[3].mae == pytest.approx(0.5)
    assert scores[3].icc == pytest.approx(1)
    assert np.isnan(scores[0].icc)
    rows = channel_table(scores).splitlines()
    assert len(rows) == 2 + len(CHANNELS) + 1
    assert rows[5] == f"| {CHANNELS[3]} | 1.00 | 0.50 | 1.00 |"
    assert rows[-1].startswith("| **mean** | **1.000** |")
