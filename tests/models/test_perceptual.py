"""Feature networks load what they say, the perceptual loss teaches, PSNR and SSIM are the known ones."""

import math
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch comes with the train extra")

from models.bisenet import BiSeNet  # noqa: E402
from models.perceptual import (  # noqa: E402
    FeatureFileError,
    ParserFeatures,
    VGG16Features,
    load_features,
    load_vgg16,
    perceptual_loss,
    psnr,
    ssim,
)

# Index and channels of VGG16's thirteen convolutions in torchvision's ``features``, and of its classifier.
CONVOLUTIONS = {
    0: (3, 64), 2: (64, 64), 5: (64, 128), 7: (128, 128), 10: (128, 256), 12: (256, 256), 14: (256, 256),
    17: (256, 512), 19: (512, 512), 21: (512, 512), 24: (512, 512), 26: (512, 512), 28: (512, 512),
}  # fmt: skip


def published_layout() -> dict:
    """A random state dict of the published file's names; the classifier's shapes cut short, as nobody reads them."""
    torch.manual_seed(0)
    state = {}
    for k, (a, b) in CONVOLUTIONS.items():
        state[f"features.{k}.weight"] = torch.randn(b, a, 3, 3) * math.sqrt(2 / (9 * a))
        state[f"features.{k}.bias"] = 0.1 * torch.randn(b)
    for k in (0, 3, 6):
        state |= {f"classifier.{k}.weight": torch.randn(4, 4), f"classifier.{k}.bias": torch.randn(4)}
    return state


@pytest.fixture(scope="module")
def vgg16_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("vgg") / "vgg16.pth"
    torch.save(published_layout(), path)
    return path


def test_the_published_vgg16_layout_loads_and_gives_the_papers_three_maps(vgg16_file: Path) -> None:
    model = load_features(vgg16_file)
    assert isinstance(model, VGG16Features)
    assert not any(p.requires_grad for p in model.parameters())
    picture = torch.rand(2, 3, 64, 64)
    maps = model(picture)
    assert [tuple(m.shape) for m in maps] == [(2, 128, 32, 32), (2, 256, 16, 16), (2, 512, 8, 8)]
    assert all(m.min() == 0 for m in maps), "after the ReLU"
    # relu2_2 by hand from the file's own numbers.
    state = published_layout()

    def relu_conv(x, k):  # type: ignore[no-untyped-def]
        return torch.relu(torch.conv2d(x, state[f"features.{k}.weight"], state[f"features.{k}.bias"], padding=1))

    x = (picture - torch.tensor([0.485, 0.456, 0.406])[:, None, None]) / torch.tensor([0.229, 0.224, 0.225])[
        :, None, None
    ]
    x = torch.max_pool2d(relu_conv(relu_conv(x, 0), 2), 2)
    assert torch.allclose(maps[0], relu_conv(relu_conv(x, 5), 7), atol=1e-4)


def test_a_wrong_file_is_named_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(FeatureFileError, match="not there"):
        load_features(tmp_path / "none.pth")
    (tmp_path / "text.pth").write_text("no checkpoint")
    with pytest.raises(FeatureFileError, match="cannot be read"):
        load_features(tmp_path / "text.pth")
    state = published_layout()
    del state["features.19.bias"]
    torch.save(state, tmp_path / "lacking.pth")
    with pytest.raises(FeatureFileError, match=r"features\.19\.bias"):
        load_vgg16(tmp_path / "lacking.pth")
    torch.save({"something": torch.zeros(2)}, tmp_path / "other.pth")
    with pytest.raises(FeatureFileError, match="neither VGG16 nor"):
        load_features(tmp_path / "other.pth")


def test_our_parser_is_the_substitute(tmp_path: Path) -> None:
    torch.manual_seed(0)
    parser = BiSeNet(width=0.25, side=64).eval()
    torch.save(parser.checkpoint(), tmp_path / "parser.pt")
    features = load_features(tmp_path / "parser.pt")
    assert isinstance(features, ParserFeatures)
    picture = torch.rand(2, 3, 128, 128)
    at4, at8, at16 = features(picture)
    assert (at4.shape[-1], at8.shape[-1], at16.shape[-1]) == (16, 8, 4)
    stages = parser.stages(picture)
    assert torch.allclose(at8, stages.at8, atol=1e-5)
    assert torch.allclose(at16, stages.at16, atol=1e-5)


def test_perceptual_loss_is_a_distance_that_teaches_the_made_picture(vgg16_file: Path) -> None:
    features = load_features(vgg16_file)
    torch.manual_seed(1)
    true = torch.rand(2, 3, 32, 32)
    assert perceptual_loss(features, true, true) < 1e-3
    near, far = true + 0.02 * torch.randn_like(true), torch.rand(2, 3, 32, 32)
    assert 0.001 < perceptual_loss(features, near, true) < 0.3 * perceptual_loss(features, far, true)
    made, wanted = far.clone().requires_grad_(), true.clone().requires_grad_()
    before = perceptual_loss(features, made, wanted)
    before.backward()
    assert wanted.grad is None
    step = 0.05 * made.grad / made.grad.abs().max()
    assert perceptual_loss(features, made.detach() - step, true) < before


def test_psnr_and_ssim_are_the_published_ones() -> None:
    torch.manual_seed(2)
    true = torch.rand(2, 3, 32, 32)
    assert torch.allclose(psnr(true + 0.1, true), torch.tensor([20.0, 20.0]), atol=1e-3)
    assert torch.isinf(psnr(true, true)).all()
    assert torch.allclose(ssim(true, true), torch.ones(2), atol=1e-5)
    # Two flat pictures: only the luminance term is left.
    a, b = torch.full((1, 3, 16, 16), 0.3), torch.full((1, 3, 16, 16), 0.6)
    assert float(ssim(a, b)) == pytest.approx((2 * 0.18 + 1e-4) / (0.09 + 0.36 + 1e-4), abs=1e-4)
    # One window, by the definition.
    true = torch.rand(1, 1, 11, 11, dtype=torch.float64)
    made = torch.rand(1, 1, 11, 11, dtype=torch.float64)
    axis = torch.arange(-5, 6, dtype=torch.float64)
    window = torch.exp(-(axis[:, None] ** 2 + axis**2) / (2 * 1.5**2))
    window = window / window.sum()
    ma, mb = (made * window).sum(), (true * window).sum()
    va, vb = (window * (made - ma) ** 2).sum(), (window * (true - mb) ** 2).sum()
    both = (window * (made - ma) * (true - mb)).sum()
    expected = (2 * ma * mb + 1e-4) * (2 * both + 9e-4) / ((ma**2 + mb**2 + 1e-4) * (va + vb + 9e-4))
    assert float(ssim(made, true)) == pytest.approx(float(expected), rel=1e-6)
