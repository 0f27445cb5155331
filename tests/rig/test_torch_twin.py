"""The torch twin gives the numbers of the numpy face, and its gradients are those of its numbers."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the train extra")

from rig.face import Face  # noqa: E402
from rig.parameters import N_CHANNELS, N_IDENTITY  # noqa: E402
from rig.torch_twin import TorchFace, rotations, stack_people  # noqa: E402


@pytest.fixture(scope="module")
def face() -> Face:
    return Face()


def test_same_vertices_as_numpy_for_a_batch_of_people(face: Face) -> None:
    rng = np.random.default_rng(1)
    people = [face.person(np.clip(rng.normal(0.5, 0.1, N_IDENTITY), 0, 1).astype(np.float32)) for _ in range(3)]
    au = rng.random((3, N_CHANNELS)).astype(np.float32)
    gaze = rng.uniform(-25, 25, (3, 2, 2)).astype(np.float32)
    expected = np.stack([face.pose(au[i], gaze[i, 0], gaze[i, 1], people[i]) for i in range(3)])
    everything = torch.arange(len(face.skeleton.vertices))
    twin = TorchFace(face)
    found = twin(torch.from_numpy(au), *torch.from_numpy(gaze).unbind(1), *stack_people(people, everything))
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)


def test_a_subset_of_vertices_is_the_same_subset(face: Face) -> None:
    index = torch.tensor([0, 17, 900, 3000])
    au = torch.full((1, N_CHANNELS), 0.3)
    still = torch.zeros(1, 2)
    whole, part = TorchFace(face)(au, still, still), TorchFace(face, index)(au, still, still)
    torch.testing.assert_close(part, whole[:, index], atol=1e-6, rtol=0)


def test_gradients_in_double_precision(face: Face) -> None:
    twin = TorchFace(face, torch.tensor([100, 2000])).double()
    generator = torch.Generator().manual_seed(3)
    au = (0.1 + 0.8 * torch.rand(1, N_CHANNELS, generator=generator, dtype=torch.float64)).requires_grad_()
    gaze = torch.tensor([[7.0, -5.0]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda a, g: twin(a, g, g), (au, gaze), eps=1e-6, atol=1e-6)


def test_rotation_has_a_gradient_at_zero() -> None:
    zero = torch.zeros(1, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(rotations, (zero,), eps=1e-7, atol=1e-6)
