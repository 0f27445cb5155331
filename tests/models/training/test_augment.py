"""Changes that training must shrug off: bounded, seeded, and none of them the identity."""

import torch

from models.training.augment import Spoiler, draw_look, jitter, recolour


def pictures(n: int = 4) -> torch.Tensor:
    return torch.rand(n, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def seeded(k: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(k)


def test_jitter_moves_pictures_a_little() -> None:
    dot = torch.zeros(64, 1, 65, 65)
    dot[:, :, 31:34, 31:34] = 1
    moved = jitter(dot, seeded(), shift=0.03)
    y, x = torch.meshgrid(torch.arange(65.0), torch.arange(65.0), indexing="ij")
    centre = torch.stack([(moved * c).sum((1, 2, 3)) / moved.sum((1, 2, 3)) for c in (x, y)], 1) - 32
    assert 0.02 < centre.std().item() / 65 < 0.045
    assert torch.equal(jitter(dot, seeded()), jitter(dot, seeded()))
    assert torch.allclose(jitter(dot, seeded(), 0, 0, 0), dot, atol=1e-5)


def test_pictures_of_one_look_change_alike() -> None:
    x = pictures(1).expand(3, -1, -1, -1)
    same = recolour(x, draw_look(1, seeded()).expand(3, -1))
    assert torch.equal(same[0], same[1])
    other = recolour(x, draw_look(3, seeded()))
    assert (other[0] - other[1]).abs().mean() > 0.01
    assert other.min() >= 0
    assert other.max() <= 1
    assert torch.allclose(recolour(x, torch.zeros(3, 8)), x, atol=2e-3)


def test_spoiler_changes_within_range_and_by_its_seed() -> None:
    x = pictures(60)
    spoil = Spoiler()
    a = spoil(x, seeded())
    assert torch.equal(a, spoil(x, seeded()))
    assert not torch.equal(a, spoil(x, seeded(2)))
    assert a.min() >= 0
    assert a.max() <= 1
    changed = (a - x).abs().mean((1, 2, 3))
    assert changed.min() > 0
    assert changed.median() < 0.1
    flat = (a.flatten(2).mode(dim=2).values[..., None] == a.flatten(2)).float().mean((1, 2))
    assert 1 <= (flat > 0.02).sum() < 20  # a few have a covered part of one colour
