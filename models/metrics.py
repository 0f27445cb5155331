"""How well predictions agree with a coder: ICC(3,1), MAE, RMSE and Pearson's correlation, column by column.

ICC(3,1) measures *consistency*, not absolute agreement: adding 5 to every prediction leaves it unchanged. Read it
beside the MAE. Source: Shrout & Fleiss 1979, "Intraclass correlations: uses in assessing rater reliability".
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Agreement:
    """One column's figures; ``icc`` and ``pcc`` are NaN where they are undefined."""

    n: int
    """Rows in which both values are finite."""
    icc: float
    mae: float
    rmse: float
    pcc: float


def icc31(ratings: Array) -> float:
    """ICC(3,1), two-way mixed, consistency, single rater.

    Args:
        ratings: (targets, raters), at least 2 x 2, finite.

    Returns:
        -1/(raters - 1)..1; NaN for fewer than two targets, and where neither targets nor residuals vary.
    """
    table = np.asarray(ratings, np.float64)
    targets, raters = table.shape
    if raters < 2:
        raise ValueError(f"ICC needs at least two raters, got {raters}")
    if targets < 2:
        return float("nan")
    grand = table.mean()
    between = raters * ((table.mean(axis=1) - grand) ** 2).sum() / (targets - 1)
    residual = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0, keepdims=True) + grand
    error = (residual**2).sum() / ((targets - 1) * (raters - 1))
    # Rounding leaves specks where both are nothing in truth.
    if between + error < 1e-12 * max(1.0, float(np.abs(table).max()) ** 2):
        return float("nan")
    return float((between - error) / (between + (raters - 1) * error))


def pearson(truth: Array, predicted: Array) -> float:
    """Pearson's r of two (n,) columns; NaN where either does not vary, or n < 2."""
    a, b = np.asarray(truth, np.float64), np.asarray(predicted, np.float64)
    if len(a) < 2:
        return float("nan")
    a, b = a - a.mean(), b - b.mean()
    scale = np.sqrt((a**2).sum() * (b**2).sum())
    return float((a * b).sum() / scale) if scale > 1e-12 else float("nan")


def roc_auc(present: Array, predicted: Array) -> float:
    """Chance that a frame with the action gets a higher value than one without, ties counting half.

    ``present``: (n,) 0 or 1; rows where either is NaN are left out. NaN where only one kind is there.
    """
    present, predicted = np.asarray(present, np.float64), np.asarray(predicted, np.float64)
    both = np.isfinite(present) & np.isfinite(predicted)
    there = present[both] > 0.5
    positives, negatives = int(there.sum()), int((~there).sum())
    if not positives or not negatives:
        return float("nan")
    _, place, count = np.unique(predicted[both], return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]  # mean rank of ties, from 1
    return float((rank[there].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def agreement(truth: Array, predicted: Array) -> Agreement:
    """Two (n,) columns in the same unit; rows where either is NaN are left out.

    ICC is NaN where the truth does not vary: a coder who never saw the action cannot tell who is consistent with it.
    """
    truth, predicted = np.asarray(truth, np.float64), np.asarray(predicted, np.float64)
    if truth.shape != predicted.shape or truth.ndim != 1:
        raise ValueError(f"expected two columns of one length, got {truth.shape} and {predicted.shape}")
    both = np.isfinite(truth) & np.isfinite(predicted)
    a, b = truth[both], predicted[both]
    if not len(a):
        return Agreement(0, *[float("nan")] * 4)
    varies = len(a) > 1 and np.ptp(a) > 0
    return Agreement(
        n=len(a),
        icc=icc31(np.stack([a, b], axis=1)) if varies else float("nan"),
        mae=float(np.abs(a - b).mean()),
        rmse=float(np.sqrt(((a - b) ** 2).mean())),
        pcc=pearson(a, b),
    )


def mean_agreement(columns: list[Agreement]) -> Agreement:
    """Unweighted means over columns, NaN left out figure by figure; ``n`` is the number of columns with data."""

    def mean(values: list[float]) -> float:
        finite = [v for v in values if np.isfinite(v)]
        return float(np.mean(finite)) if finite else float("nan")

    return Agreement(
        n=sum(c.n > 0 for c in columns),
        icc=mean([c.icc for c in columns]),
        mae=mean([c.mae for c in columns]),
        rmse=mean([c.rmse for c in columns]),
        pcc=mean([c.pcc for c in columns]),
    )
