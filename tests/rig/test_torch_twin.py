"""The torch twin gives the numbers of the numpy face, and its gradients are those of its numbers."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the train extra")

from rig.face import Face  # noqa: E402
from rig.identity import random_identity  # noqa: E402
from rig.parameters import N_CHANNELS, N_IDENTITY  # noqa: E402
from rig.torch_twin import TorchFace, rotations, stack_people  # noqa: E402


@pytest.fixture(scope="module")
def face() -> Face:
    return Face()


def some_people(n: int) -> np.ndarray:
    """Half of them believable, half of independent parameters."""
    rng = np.random.default_rng(1)
    return np.array([random_identity(rng) if i % 2 else rng.random(N_IDENTITY) for i in range(n)], np.float32)


def test_same_vertices_as_numpy_for_a_batch_of_people(face: Face) -> None:
    rng = np.random.default_rng(1)
    people = [face.person(k) for k in some_people(3)]
    au = rng.random((3, N_CHANNELS)).astype(np.float32)
    gaze = rng.uniform(-25, 25, (3, 2, 2)).astype(np.float32)
    expected = np.stack([face.pose(au[i], gaze[i, 0], gaze[i, 1], people[i]) for i in range(3)])
    everything = torch.arange(len(face.skeleton.vertices))
    twin = TorchFace(face)
    found = twin(torch.from_numpy(au), *torch.from_numpy(gaze).unbind(1), *stack_people(people, everything))
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)


def test_the_same_people_as_numpy(face: Face) -> None:
    identity = some_people(6)
    found = TorchFace(face).person(torch.from_numpy(identity))
    people = [face.person(k) for k in identity]
    for name in ("vertices", "pivots", "close"):
        expected = np.stack([getattr(p, name) for p in people])
        np.testing.assert_allclose(getattr(found, name).numpy(), expected, atol=1e-5, err_msg=name)
    np.testing.assert_allclose(found.gain.numpy(), np.stack([p.gain for p in people]), atol=1e-4)


def test_parameters_to_vertices_as_numpy(face: Face) -> None:
    """The whole path at once: identity, channels and gaze."""
    rng = np.random.default_rng(7)
    identity = some_people(4)
    au = rng.random((4, N_CHANNELS)).astype(np.float32)
    gaze = rng.uniform(-25, 25, (4, 2, 2)).astype(np.float32)
    expected = np.stack([face.pose(au[i], gaze[i, 0], gaze[i, 1], face.person(identity[i])) for i in range(4)])
    twin = TorchFace(face)
    found = twin(torch.from_numpy(au), *torch.from_numpy(gaze).unbind(1), *twin.person(torch.from_numpy(identity)))
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)


def test_a_subset_of_vertices_is_the_same_subset(face: Face) -> None:
    index = torch.tensor([0, 17, 900, 3000, int(face.skeleton.lip_seam[0, 0])])
    au = torch.full((2, N_CHANNELS), 0.3)
    still = torch.zeros(2, 2)
    identity = torch.from_numpy(some_people(2))
    every, some = TorchFace(face), TorchFace(face, index)
    whole = every(au, still, still, *every.person(identity))
    part = some(au, still, still, *some.person(identity))
    assert part.shape == (2, len(index), 3)
    torch.testing.assert_close(part, whole[:, index], atol=1e-6, rtol=0)
    torch.testing.assert_close(some(au, still, still), every(au, still, still)[:, index], atol=1e-6, rtol=0)


def test_gradients_of_the_whole_path_in_double_precision(face: Face) -> None:
    """Through the lids' ride, the lips' seam, the closing of the lids and the local size to skinned vertices."""
    s = face.skeleton
    index = torch.tensor([100, 2000, int(s.lip_seam[0, 0]), int(s.lid_seam[0, 2, 0])])
    twin = TorchFace(face, index).double()
    generator = torch.Generator().manual_seed(3)
    au = (0.1 + 0.8 * torch.rand(1, N_CHANNELS, generator=generator, dtype=torch.float64)).requires_grad_()
    identity = (0.2 + 0.6 * torch.rand(1, N_IDENTITY, generator=generator, dtype=torch.float64)).requires_grad_()
    gaze = torch.tensor([[7.0, -5.0]], dtype=torch.float64, requires_grad=True)

    def vertices(k, a, g):  # type: ignore[no-untyped-def]
        return twin(a, g, g, *twin.person(k))

    assert torch.autograd.gradcheck(vertices, (identity, au, gaze), eps=1e-6, atol=1e-6, fast_mode=True)


def test_rotation_has_a_gradient_at_zero() -> None:
    zero = torch.zeros(1, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(rotations, (zero,), eps=1e-7, atol=1e-6)
