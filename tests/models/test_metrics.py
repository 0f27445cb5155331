"""Metrics against published and hand-computed figures."""

import numpy as np
import pytest

from models.metrics import agreement, icc31, mean_agreement, pearson, roc_auc

# Shrout & Fleiss 1979, table 2: four judges, six targets; the paper gives ICC(3,1) = .71.
SHROUT_FLEISS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])


def test_icc31_is_that_of_shrout_and_fleiss() -> None:
    # Their mean squares: between targets 11.24, residual 1.02.
    assert icc31(SHROUT_FLEISS) == pytest.approx(0.71, abs=0.005)
    assert icc31(SHROUT_FLEISS) == pytest.approx((11.2417 - 1.0194) / (11.2417 + 3 * 1.0194), abs=1e-3)


def test_icc31_by_hand() -> None:
    # Target means 1.5, 2, 4: between 2 * 3.5 / 2 = 3.5. Differences 1, 0, 2 about their mean 1: residual 1 / 2 = 0.5.
    assert icc31(np.array([[1, 2], [2, 2], [3, 5]])) == pytest.approx((3.5 - 0.5) / (3.5 + 0.5))


def test_icc31_is_consistency_not_agreement_and_mae_tells_the_difference() -> None:
    truth = np.array([0.0, 1, 3, 2, 5])
    shifted = agreement(truth, truth + 5)
    assert shifted.icc == pytest.approx(1)
    assert shifted.mae == pytest.approx(5)
    assert agreement(truth, 0.2 * truth).icc < 0.5 < agreement(truth, 0.2 * truth).pcc


def test_undefined_is_nan_and_not_a_number_that_looks_good() -> None:
    zeros, some = np.zeros(4), np.array([0.0, 1, 0, 2])
    assert np.isnan(agreement(zeros, some).icc)
    assert np.isnan(agreement(zeros, zeros).icc)
    assert np.isnan(agreement(np.full(4, 0.1), np.full(4, 0.3)).icc)
    assert np.isnan(agreement(some, zeros).pcc)
    assert agreement(some, zeros).icc == pytest.approx(0, abs=0.5)  # defined: the prediction misses what varies
    assert agreement(zeros, some).mae == pytest.approx(0.75)
    assert np.isnan(icc31(np.array([[1.0, 2.0]])))


def test_rows_with_nan_are_left_out() -> None:
    found = agreement(np.array([1, 2, np.nan, 4]), np.array([1, np.nan, 3, 2]))
    assert found.n == 2
    assert found.mae == pytest.approx(1)
    assert found.rmse == pytest.approx(np.sqrt(2))
    assert agreement(np.array([np.nan]), np.array([1.0])).n == 0


def test_pearson_equals_numpy() -> None:
    a, b = np.random.default_rng(0).normal(size=(2, 50))
    assert pearson(a, b) == pytest.approx(np.corrcoef(a, b)[0, 1])
    assert pearson(a, -2 * a + 1) == pytest.approx(-1)


def test_the_mean_leaves_out_what_is_undefined() -> None:
    truth = np.array([0.0, 1, 2])
    mean = mean_agreement([agreement(truth, truth), agreement(np.zeros(3), truth)])
    assert mean.icc == pytest.approx(1)
    assert mean.mae == pytest.approx(0.5)
    assert mean.n == 2


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        agreement(np.zeros(3), np.zeros(4))
    with pytest.raises(ValueError, match="two raters"):
        icc31(np.zeros((4, 1)))


def test_auc_is_the_chance_to_order_a_pair_rightly() -> None:
    rng = np.random.default_rng(0)
    present, predicted = rng.integers(0, 2, 60), rng.integers(0, 5, 60).astype(float) + rng.integers(0, 2, 60)
    pairs = [(p > n) + 0.5 * (p == n) for p in predicted[present == 1] for n in predicted[present == 0]]
    assert roc_auc(present, predicted) == pytest.approx(np.mean(pairs))
    assert roc_auc(np.array([0, 1, 1]), np.array([0.1, 0.2, 0.3])) == 1
    assert roc_auc(np.array([0, 1, np.nan]), np.array([0.2, 0.2, 5.0])) == 0.5
    assert np.isnan(roc_auc(np.array([1, 1]), np.array([0.1, 0.2])))
