"""How the landmark model sees a face move: a linear response learned from rendered pictures, and what it leaves.

The detector damps some motions (a dropped jaw by half, depth by four fifths) and bleeds others over the face. Training
on bare geometry would teach a world that no camera shows; so geometry goes through this response first.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

TRUE_MODES = 72
RIDGE = 3e-3


@dataclass
class DetectorResponse:
    """found - found_rest = true_delta @ ``matrix`` + a residual drawn from ``residuals``; all flattened (478 * 3)."""

    true_modes: Tensor  # (1434, TRUE_MODES)
    matrix: Tensor  # (TRUE_MODES, 1434)
    residuals: Tensor  # (N, 1434) metres: of differences to rest
    rest_bias: Tensor  # (N, 1434) metres: found - true at rest
    explained: float

    def apply(self, true_delta: Tensor) -> Tensor:
        """(N, 478, 3) metres -> what the detector would report on average, same shape."""
        flat = true_delta.flatten(1)
        return ((flat @ self.true_modes) @ self.matrix).reshape(true_delta.shape)


def fit_response(true_rest: Tensor, true: Tensor, found_rest: Tensor, found: Tensor) -> DetectorResponse:
    """Ridge regression between principal modes; all (N, 478, 3) metres, one row a picture."""
    dt, df = (true - true_rest).flatten(1), (found - found_rest).flatten(1)
    _, _, modes = torch.pca_lowrank(dt, q=min(TRUE_MODES, len(dt) - 1), center=False, niter=3)
    code = dt @ modes
    gram = code.T @ code
    matrix = torch.linalg.solve(gram + RIDGE * gram.diagonal().mean() * torch.eye(len(gram)), code.T @ df)
    residuals = df - code @ matrix
    explained = 1 - float((residuals**2).sum() / (df**2).sum())
    return DetectorResponse(modes, matrix, residuals, (found_rest - true_rest).flatten(1), explained)
