"""The recognition network: the published layout loads, our own rebuilds itself, gradients are right."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch comes with the train extra")

from models.lightcnn import LightCNN29v2, _LargerHalf, load_recognition  # noqa: E402

PEOPLE = 17


def published_layout() -> dict[str, tuple[int, ...]]:
    """Names and shapes of the checkpoint that AlfredXiangWu/LightCNN publishes for LightCNN_29Layers_v2."""
    table: dict[str, tuple[int, ...]] = {}

    def mfm(name: str, inside: int, out: int, kernel: int) -> None:
        table[f"{name}.filter.weight"] = (2 * out, inside, kernel, kernel)
        table[f"{name}.filter.bias"] = (2 * out,)

    mfm("conv1", 1, 48, 5)
    for level, (blocks, inside, out) in enumerate(((1, 48, 96), (2, 96, 192), (3, 192, 128), (4, 128, 128)), start=1):
        for k in range(blocks):
            mfm(f"block{level}.{k}.conv1", inside, inside, 3)
            mfm(f"block{level}.{k}.conv2", inside, inside, 3)
        mfm(f"group{level}.conv_a", inside, inside, 1)
        mfm(f"group{level}.conv", inside, out, 3)
    table["fc.weight"], table["fc.bias"] = (256, 8 * 8 * 128), (256,)
    table["fc2.weight"] = (PEOPLE, 256)
    return table


def random_published(prefix: str) -> dict[str, object]:
    g = torch.Generator().manual_seed(3)
    state = {prefix + name: 0.02 * torch.randn(shape, generator=g) for name, shape in published_layout().items()}
    return {"epoch": 1, "arch": "LightCNN", "state_dict": state, "prec1": 0.0}


@pytest.mark.parametrize("prefix", ["", "module."])
def test_the_published_checkpoint_loads(tmp_path: Path, prefix: str) -> None:
    path, checkpoint = tmp_path / "published.pth.tar", random_published(prefix)
    torch.save(checkpoint, path)
    model = load_recognition(path)
    state = checkpoint["state_dict"]
    assert isinstance(state, dict)
    torch.testing.assert_close(model.block3[2].conv2.filter.weight.data, state[f"{prefix}block3.2.conv2.filter.weight"])
    assert not model.training
    assert not any(p.requires_grad for p in model.parameters())
    assert model.embed(torch.rand(1, 3, 64, 64)).shape == (1, 256)


def test_ours_at_width_one_has_the_published_layout() -> None:
    ours = {name: tuple(value.shape) for name, value in LightCNN29v2(n_people=PEOPLE).state_dict().items()}
    assert ours == published_layout()


def test_the_published_network_looks_at_its_own_frame(tmp_path: Path) -> None:
    """Eyes at 40 and mouth at 88 of 128 rows from the top, from 0.415 and 0.735 of our view."""
    torch.save(random_published(""), tmp_path / "p.pth")
    model = load_recognition(tmp_path / "p.pth")
    view = torch.zeros(1, 3, 256, 256)
    view[..., round(0.415 * 256), :] = 1
    view[..., round(0.735 * 256), :] = 1
    rows = model.as_grey(view)[0, 0, :, 64]
    assert rows[:64].argmax().item() == pytest.approx(40, abs=1)
    assert 64 + rows[64:].argmax().item() == pytest.approx(88, abs=1)


@pytest.mark.parametrize("content", [b"not a checkpoint", None])
def test_a_wrong_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "wrong.pt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=r"wrong\.pt"):
        load_recognition(path)


def test_missing_layers_are_named(tmp_path: Path) -> None:
    checkpoint = random_published("module.")
    del checkpoint["state_dict"]["module.fc.weight"]  # type: ignore[attr-defined]
    torch.save(checkpoint, tmp_path / "part.pt")
    with pytest.raises(ValueError, match=r"part\.pt.*fc\.weight"):
        load_recognition(tmp_path / "part.pt")


def test_a_checkpoint_rebuilds_itself(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = LightCNN29v2(width=0.1, n_people=5)
    torch.save(model.checkpoint(step=7), tmp_path / "own.pt")
    picture = torch.rand(2, 3, 128, 128)
    with torch.no_grad():
        torch.testing.assert_close(load_recognition(tmp_path / "own.pt").embed(picture), model.embed(picture))


def test_the_larger_half_and_its_gradient() -> None:
    x = torch.randn(2, 6, 3, 2, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(_LargerHalf.apply(x), torch.maximum(x[:, :3], x[:, 3:]))
    assert torch.autograd.gradcheck(_LargerHalf.apply, (x,))


def test_an_embedding_pulls_on_the_picture() -> None:
    """The identity loss needs gradients down to the pixels though the network itself is fixed."""
    model = LightCNN29v2(width=0.1).requires_grad_(False)
    picture = torch.rand(1, 3, 96, 96, requires_grad=True)
    model.embed(picture).square().sum().backward()
    assert picture.grad is not None
    assert picture.grad.abs().sum() > 0
