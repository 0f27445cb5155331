"""The visibility buffer against a picture drawn pixel by pixel, and its corner cases."""

import pytest
import torch

from models.renderer import rasterise as module
from models.renderer.rasterise import fragments, rasterise

SIZE = 24


def random_triangles(n: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    xy = torch.rand(2, 3 * n, 2, generator=generator) * (SIZE + 12) - 6
    depth = torch.rand(2, 3 * n, generator=generator) * 2 + 0.5
    return xy, 1 / depth, torch.arange(3 * n).reshape(n, 3)


def by_hand(xy: torch.Tensor, inverse: torch.Tensor, triangles: torch.Tensor) -> torch.Tensor:
    """(SIZE, SIZE) nearest front-facing triangle at each pixel centre, one after the other."""
    best = torch.zeros(SIZE, SIZE)
    out = torch.full((SIZE, SIZE), -1)
    for t, (i, j, k) in enumerate(triangles.tolist()):
        a, b, c = xy[i].double(), xy[j].double(), xy[k].double()
        area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if area >= 0:
            continue
        for y in range(SIZE):
            for x in range(SIZE):
                p = torch.tensor([x + 0.5, y + 0.5], dtype=torch.float64)
                v = ((p[0] - a[0]) * (c[1] - a[1]) - (p[1] - a[1]) * (c[0] - a[0])) / area
                w = ((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])) / area
                if min(v, w, 1 - v - w) < 0:
                    continue
                z = inverse[i] * (1 - v - w) + inverse[j] * v + inverse[k] * w
                if z > best[y, x]:
                    best[y, x], out[y, x] = z, t
    return out


def test_equals_drawing_pixel_by_pixel() -> None:
    xy, inverse, triangles = random_triangles(8)
    seen = rasterise(xy, inverse, triangles, SIZE, SIZE)
    assert (seen.triangle >= 0).any()
    for n in range(2):
        assert torch.equal(seen.triangle[n].reshape(SIZE, SIZE), by_hand(xy[n], inverse[n], triangles))


def test_turns_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    xy, inverse, triangles = random_triangles(12)
    whole = rasterise(xy, inverse, triangles, SIZE, SIZE)
    monkeypatch.setattr(module, "CANDIDATE_BUDGET", 50)
    parts = rasterise(xy, inverse, triangles, SIZE, SIZE)
    assert torch.equal(whole.triangle, parts.triangle)
    assert torch.equal(whole.inverse_depth, parts.inverse_depth)


def test_the_back_and_what_is_behind_the_camera_are_not_seen() -> None:
    xy = torch.tensor([[[2.0, 2.0], [2.0, 20.0], [20.0, 2.0]]])
    front, back = torch.tensor([[0, 1, 2]]), torch.tensor([[0, 2, 1]])
    ahead, behind = torch.ones(1, 3), torch.tensor([[1.0, 1.0, -1.0]])
    assert (rasterise(xy, ahead, front, SIZE, SIZE).triangle >= 0).any()
    assert (rasterise(xy, ahead, back, SIZE, SIZE).triangle < 0).all()
    assert (rasterise(xy, behind, front, SIZE, SIZE).triangle < 0).all()
    far_off = xy + 1e12
    assert (rasterise(far_off, ahead, front, SIZE, SIZE).triangle < 0).all()


def test_a_square_of_two_triangles_has_no_seam() -> None:
    xy = torch.tensor([[[1.3, 1.3], [1.3, 21.3], [21.3, 21.3], [21.3, 1.3]]])
    square = torch.tensor([[0, 1, 2], [0, 2, 3]])
    seen = rasterise(xy, torch.ones(1, 4), square, SIZE, SIZE).triangle.reshape(SIZE, SIZE)
    assert (seen[1:21, 1:21] >= 0).all()


def test_weights_are_right_in_perspective() -> None:
    # A floor that runs away from 1 m to 4 m: halfway on the screen is 1.6 m, not 2.5 m.
    depth = torch.tensor([[1.0, 1.0, 4.0, 4.0]])
    xy = torch.tensor([[[0.0, 20.0], [20.0, 20.0], [20.0, 0.0], [0.0, 0.0]]])
    triangles = torch.tensor([[0, 1, 2], [0, 2, 3]])
    seen = rasterise(xy, 1 / depth, triangles, 20, 20)
    f = fragments(seen, xy, 1 / depth, triangles, 20)
    z = f.scatter(f.interpolate(depth.T.contiguous()), 400).reshape(20, 20)
    row = torch.arange(20) + 0.5
    expected = 1 / (0.25 + row / 20 * 0.75)
    assert torch.allclose(z, expected[:, None].expand(20, 20), atol=1e-4)
    assert torch.allclose(1 / seen.inverse_depth.reshape(20, 20), z, atol=1e-4)


def test_nothing_to_see_is_no_error() -> None:
    xy, inverse, triangles = random_triangles(2)
    seen = rasterise(xy + 500, inverse, triangles, SIZE, SIZE)
    f = fragments(seen, xy, inverse, triangles, SIZE)
    assert f.scatter(f.interpolate(xy), SIZE * SIZE).abs().max() == 0
