"""Identity from landmarks: exact where the truth is known, better than the base face on a real one."""

import os
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the train extra")

from models.fit_identity import IdentityFit, most_neutral, similarity  # noqa: E402
from rig.face import Face  # noqa: E402
from rig.identity import random_identity  # noqa: E402
from rig.parameters import N_CHANNELS, N_IDENTITY  # noqa: E402

DATA = Path(os.environ.get("MIEN_DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data"))


@pytest.fixture(scope="module")
def fit() -> IdentityFit:
    return IdentityFit(Face())


def errors(fit: IdentityFit, target: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Error in mm of the base face and of the fitted face, and the fitted identity."""
    identity, au = fit(target, steps)
    base = torch.full((len(target), N_IDENTITY), 0.5)
    goal = torch.from_numpy(target)
    before, _ = fit.error_mm(base, torch.zeros(len(target), N_CHANNELS), goal)
    after, _ = fit.error_mm(identity, au, goal)
    return before, after, identity.numpy()


def test_similarity_undoes_a_similarity() -> None:
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(1, 12, 3, generator=generator)
    turn = torch.linalg.qr(torch.randn(3, 3, generator=generator))[0]
    turn *= torch.det(turn)
    moved = 1.7 * points @ turn.T + torch.tensor([3.0, -2.0, 0.5])
    torch.testing.assert_close(similarity(points, moved, torch.ones(12)), moved, atol=1e-4, rtol=0)


def test_a_face_of_the_rig_is_fitted(fit: IdentityFit) -> None:
    rng = np.random.default_rng(8)
    people = [fit.face.person(random_identity(rng)) for _ in range(2)]
    target = np.stack([fit.face.landmarks(p.vertices) for p in people]).astype(np.float32)
    before, after, identity = errors(fit, target, 50)
    assert (before > 1.0).all()
    assert (after < 0.5 * before).all()
    assert 0 <= identity.min() <= identity.max() <= 1


def test_a_real_face_is_nearer_after_the_fit(fit: IdentityFit) -> None:
    clip = DATA / "clips" / "lp_d0.mp4"
    if not clip.is_file():
        pytest.skip(f"no real faces: {clip} is absent (../shared/data or $MIEN_DATA)")
    neutral = most_neutral(clip)
    assert neutral is not None
    assert neutral.frame == 0, "the coder's own neutral"
    before, after, _ = errors(fit, neutral.aligned[None], 50)
    assert after[0] < 0.7 * before[0]
