"""The generator: its layers, its file, and that it can learn to follow an action."""

from pathlib import Path

import numpy as np
import pytest

from rig.parameters import AUS, N_BROW_STYLES

torch = pytest.importorskip("torch", reason="torch comes with the train extra")

from models.generator import N_VECTOR, Generator, GeneratorFileError, load_generator  # noqa: E402
from models.perceptual import psnr  # noqa: E402
from models.render_pairs import faces_of, render_pairs  # noqa: E402
from models.renderer.render import Renderer  # noqa: E402
from models.train_generator import part_weights  # noqa: E402


@pytest.mark.parametrize(
    ("size", "sides"), [(128, [4, 8, 16, 32, 32, 64, 64, 128]), (256, [4, 8, 16, 32, 64, 128, 128, 256])]
)
def test_eight_transposed_convolutions_make_a_picture(size: int, sides: list[int]) -> None:
    torch.manual_seed(0)
    model = Generator(size, width=32, code=32)
    transposed = [m for m in model.modules() if isinstance(m, torch.nn.ConvTranspose2d)]
    assert len(transposed) == 8
    seen: list[int] = []
    for layer in transposed:
        layer.register_forward_hook(lambda _m, _i, out: seen.append(out.shape[-1]))
    picture = model(torch.rand(2, N_VECTOR))
    assert seen == sides
    assert picture.shape == (2, 3, size, size)
    assert picture.min() >= 0
    assert picture.max() <= 1


def test_what_cannot_be_built_is_refused() -> None:
    with pytest.raises(ValueError, match="128, 256"):
        Generator(size=100)
    with pytest.raises(ValueError, match="multiple of 16"):
        Generator(width=100)


def test_a_checkpoint_rebuilds_itself_and_is_frozen(tmp_path: Path) -> None:
    torch.manual_seed(1)
    model = Generator(128, width=48, code=24)
    torch.save(model.checkpoint(step=7), tmp_path / "g.pt")
    loaded = load_generator(tmp_path / "g.pt")
    assert loaded.architecture == model.architecture
    assert not any(p.requires_grad for p in loaded.parameters())
    y = torch.rand(3, N_VECTOR, requires_grad=True)
    picture = loaded(y)
    assert torch.equal(picture, model(y))
    picture.sum().backward()
    assert y.grad is not None
    assert (y.grad.abs() > 0).float().mean() > 0.9, "frozen, it still tells the vector how to change"


def test_a_wrong_file_is_named_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(GeneratorFileError, match=r"models\.train_generator"):
        load_generator(tmp_path / "none.pt")
    torch.save({"architecture": {"size": 128, "width": 32, "code": 16}, "state": {}}, tmp_path / "empty.pt")
    with pytest.raises(GeneratorFileError, match="no generator's checkpoint"):
        load_generator(tmp_path / "empty.pt")


def test_it_learns_eight_faces_and_each_action_in_its_place(pairs_renderer: Renderer) -> None:
    """Two people at rest, with a dropped jaw, with raised brows and with both, learnt by heart: the picture then
    changes where the face does."""
    y = np.full((8, N_VECTOR), 0.5, np.float32)
    y[:, 2:25] = 0
    y[:, -N_BROW_STYLES:] = np.eye(N_BROW_STYLES)[4]
    y[4:, 25:-N_BROW_STYLES] += np.random.default_rng(0).uniform(-0.2, 0.2, 208).astype(np.float32)
    jaw, brows = [2 + AUS.index(a) for a in ("AU25", "AU26")], [2 + AUS.index(a) for a in ("AU1", "AU2")]
    for rows, actions in (((1, 3, 5, 7), jaw), ((2, 3, 6, 7), brows)):
        for row in rows:
            y[row, actions] = 1
    pairs = render_pairs(pairs_renderer, faces_of(y), 128)
    true = torch.from_numpy(pairs.picture).permute(0, 3, 1, 2).float() / 255
    weight = part_weights(torch.from_numpy(pairs.labels))
    vector = torch.from_numpy(y)
    torch.manual_seed(0)
    model = Generator(128, width=64, code=64)
    optimiser = torch.optim.Adam(model.parameters(), lr=8e-3, betas=(0.9, 0.99))
    before = float(psnr(model(vector).detach(), true).mean())
    for step in range(120):
        for group in optimiser.param_groups:
            group["lr"] = 8e-3 * (1 - step / 130)
        loss = (weight * (model(vector) - true).abs()).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        made = model(vector)
    assert before < 18
    assert float(psnr(made, true).min()) > 22
    forehead, mouth = slice(20, 48), slice(84, 120)
    for row, rest, inside, outside, least in (
        (1, 0, mouth, forehead, 0.8), (2, 0, forehead, mouth, 0.4), (5, 4, mouth, forehead, 0.8),
        (6, 4, forehead, mouth, 0.4),
    ):  # fmt: skip
        wanted, change = true[row] - true[rest], made[row] - made[rest]
        assert float((wanted * change).sum() / (wanted.norm() * change.norm())) > least
        change = change.abs()[:, :, 32:96]
        assert change[:, inside].mean() > 1.5 * change[:, outside].mean()
