"""Four bones a vertex, fitted to poses: exact where four bones are the truth, better than cutting off elsewhere."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.spatial.transform import Rotation

from rig.fine_weights import fit_weights

N, BONES, POSES = 60, 7, 12


def posed(rest: np.ndarray, weights: np.ndarray, bones: np.ndarray) -> np.ndarray:
    """(N, P, 3)"""
    m = np.einsum("nb,bpij->npij", weights, bones)
    return np.einsum("npij,nj->npi", m[..., :3], rest) + m[..., 3]


def dense(index: np.ndarray, weight: np.ndarray) -> np.ndarray:
    out = np.zeros((len(index), BONES))
    np.put_along_axis(out, index, weight.astype(float), axis=1)
    return out


@pytest.fixture
def scene() -> tuple[np.random.Generator, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    rest = rng.uniform(-0.05, 0.05, (N, 3))
    rotation = Rotation.from_rotvec(rng.normal(0, 0.4, (BONES * POSES, 3))).as_matrix().reshape(BONES, POSES, 3, 3)
    return rng, rest, np.concatenate([rotation, rng.normal(0, 0.01, (BONES, POSES, 3, 1))], axis=-1)


def test_four_true_bones_are_found(scene: tuple[np.random.Generator, np.ndarray, np.ndarray]) -> None:
    rng, rest, bones = scene
    truth = rng.random((N, BONES))
    truth[np.argsort(rng.random((N, BONES)), axis=1) >= 4] = 0
    truth /= truth.sum(1, keepdims=True)
    start = sp.csr_matrix(np.full((N, BONES), 1 / BONES))
    index, weight = fit_weights(rest, start, posed(rest, truth, bones), bones)
    np.testing.assert_allclose(weight.sum(1), 1, atol=1e-5)
    error = np.linalg.norm(posed(rest, dense(index, weight), bones) - posed(rest, truth, bones), axis=-1)
    assert error.max() < 0.2e-3


def test_better_than_the_four_largest(scene: tuple[np.random.Generator, np.ndarray, np.ndarray]) -> None:
    rng, rest, bones = scene
    truth = rng.random((N, BONES)) ** 3
    truth /= truth.sum(1, keepdims=True)
    goal = posed(rest, truth, bones)
    index, weight = fit_weights(rest, sp.csr_matrix(truth), goal, bones)
    cut = np.where(truth >= np.sort(truth, axis=1)[:, -4:-3], truth, 0)
    cut /= cut.sum(1, keepdims=True)

    def rms(weights: np.ndarray) -> float:
        return float(np.sqrt(np.square(posed(rest, weights, bones) - goal).mean()))

    assert rms(dense(index, weight)) < 0.95 * rms(cut)
