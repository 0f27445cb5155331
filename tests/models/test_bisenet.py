"""The parsing network: the published layout, our narrower one, and the features of eq. 4-5."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch comes with the train extra")

from models.bisenet import REGIONS, Architecture, BiSeNet, FeatureExtractor, load_parser  # noqa: E402
from models.renderer.labels import LABEL  # noqa: E402

CONVOLUTIONS = """
cp.resnet.conv1 64 3 7
cp.resnet.layer1.0.conv1 64 64 3 | cp.resnet.layer1.0.conv2 64 64 3
cp.resnet.layer1.1.conv1 64 64 3 | cp.resnet.layer1.1.conv2 64 64 3
cp.resnet.layer2.0.conv1 128 64 3 | cp.resnet.layer2.0.conv2 128 128 3 | cp.resnet.layer2.0.downsample.0 128 64 1
cp.resnet.layer2.1.conv1 128 128 3 | cp.resnet.layer2.1.conv2 128 128 3
cp.resnet.layer3.0.conv1 256 128 3 | cp.resnet.layer3.0.conv2 256 256 3 | cp.resnet.layer3.0.downsample.0 256 128 1
cp.resnet.layer3.1.conv1 256 256 3 | cp.resnet.layer3.1.conv2 256 256 3
cp.resnet.layer4.0.conv1 512 256 3 | cp.resnet.layer4.0.conv2 512 512 3 | cp.resnet.layer4.0.downsample.0 512 256 1
cp.resnet.layer4.1.conv1 512 512 3 | cp.resnet.layer4.1.conv2 512 512 3
cp.arm16.conv.conv 128 256 3 | cp.arm16.conv_atten 128 128 1
cp.arm32.conv.conv 128 512 3 | cp.arm32.conv_atten 128 128 1
cp.conv_head32.conv 128 128 3 | cp.conv_head16.conv 128 128 3 | cp.conv_avg.conv 128 512 1
ffm.convblk.conv 256 256 1 | ffm.conv1 64 256 1 | ffm.conv2 256 64 1
conv_out.conv.conv 256 256 3 | conv_out.conv_out 19 256 1
conv_out16.conv.conv 64 128 3 | conv_out16.conv_out 19 64 1
conv_out32.conv.conv 64 128 3 | conv_out32.conv_out 19 64 1
"""
NORMS = """
cp.resnet.bn1 64
cp.resnet.layer1.0.bn1 64 | cp.resnet.layer1.0.bn2 64 | cp.resnet.layer1.1.bn1 64 | cp.resnet.layer1.1.bn2 64
cp.resnet.layer2.0.bn1 128 | cp.resnet.layer2.0.bn2 128 | cp.resnet.layer2.0.downsample.1 128
cp.resnet.layer2.1.bn1 128 | cp.resnet.layer2.1.bn2 128
cp.resnet.layer3.0.bn1 256 | cp.resnet.layer3.0.bn2 256 | cp.resnet.layer3.0.downsample.1 256
cp.resnet.layer3.1.bn1 256 | cp.resnet.layer3.1.bn2 256
cp.resnet.layer4.0.bn1 512 | cp.resnet.layer4.0.bn2 512 | cp.resnet.layer4.0.downsample.1 512
cp.resnet.layer4.1.bn1 512 | cp.resnet.layer4.1.bn2 512
cp.arm16.conv.bn 128 | cp.arm16.bn_atten 128 | cp.arm32.conv.bn 128 | cp.arm32.bn_atten 128
cp.conv_head32.bn 128 | cp.conv_head16.bn 128 | cp.conv_avg.bn 128
ffm.convblk.bn 256 | conv_out.conv.bn 256 | conv_out16.conv.bn 64 | conv_out32.conv.bn 64
"""


def entries(table: str) -> list[tuple[str, list[int]]]:
    cells = [cell.split() for line in table.split("\n") for cell in line.split("|") if cell.strip()]
    return [(name, [int(v) for v in numbers]) for name, *numbers in cells]


def published() -> dict[str, torch.Tensor]:
    """A random checkpoint with the names and shapes of 79999_iter.pth."""
    state = {}
    for name, (outputs, inputs, kernel) in entries(CONVOLUTIONS):
        state[f"{name}.weight"] = 0.05 * torch.randn(outputs, inputs, kernel, kernel)
    for name, (channels,) in entries(NORMS):
        for part in ("weight", "bias", "running_mean"):
            state[f"{name}.{part}"] = torch.randn(channels)
        state[f"{name}.running_var"] = torch.rand(channels) + 0.5
        state[f"{name}.num_batches_tracked"] = torch.tensor(80_000)
    return state


def test_the_published_layout_loads_strictly_and_entirely(tmp_path: Path) -> None:
    state = published()
    # As saved from a parallel run, which puts "module." before the names; without it they load likewise.
    torch.save({f"module.{name}": value for name, value in state.items()}, tmp_path / "79999_iter.pth")
    model = load_parser(tmp_path / "79999_iter.pth")
    assert not model.training
    assert model.architecture == Architecture(n_classes=19, width=1.0, side=512)
    own = model.state_dict()
    assert own.keys() == state.keys()
    assert all(torch.equal(own[name], value) for name, value in state.items())


def test_files_that_are_no_parser_are_refused_in_a_line(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(3)}, tmp_path / "other.pth")
    (tmp_path / "text.pth").write_text("no checkpoint")
    for name in ("other.pth", "text.pth"):
        with pytest.raises(ValueError, match=name) as caught:
            load_parser(tmp_path / name)
        assert "\n" not in str(caught.value).partition(":")[0]
    with pytest.raises(FileNotFoundError):
        load_parser(tmp_path / "nowhere.pth")


def small(side: int = 64) -> BiSeNet:
    torch.manual_seed(3)
    return BiSeNet(width=0.125, side=side)


def test_training_gives_two_auxiliary_outputs_of_the_pictures_size() -> None:
    model, picture = small(), torch.rand(2, 3, 48, 48)
    assert [tuple(y.shape) for y in model.train()(picture)] == [(2, 19, 48, 48)] * 3
    assert tuple(model.eval()(picture).shape) == (2, 19, 48, 48)


def test_own_checkpoint_rebuilds_itself_and_answers_the_same(tmp_path: Path) -> None:
    model = small().eval()
    torch.save(model.checkpoint(step=7, config={"rate": 0.1}), tmp_path / "best.pt")
    again = load_parser(tmp_path / "best.pt")
    picture = torch.rand(1, 3, 64, 64)
    assert again.architecture == model.architecture
    assert torch.equal(again(picture), model(picture))


def test_pictures_are_normalised_inside() -> None:
    """The published network saw pictures less ImageNet's mean: that of a picture of exactly this colour is zero."""
    model = small().eval()
    plain = model.mean.expand(1, 3, 64, 64)
    seen = []
    model.cp.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    model(plain)
    assert seen[0].abs().max() < 1e-6


def test_the_picture_is_looked_at_in_the_architectures_size() -> None:
    stages = small(side=128).eval().stages(torch.rand(1, 3, 64, 64))
    sizes = {
        name: getattr(stages, name).shape[-1] for name in ("at8", "at16", "at32", "context8", "context16", "fused")
    }
    assert sizes == {"at8": 16, "at16": 8, "at32": 4, "context8": 16, "context16": 8, "fused": 16}


def test_features_are_the_stages_weighed_by_their_masks() -> None:
    extractor = FeatureExtractor(small()).eval()
    picture = torch.rand(2, 3, 64, 64)
    features, stages = extractor(picture), extractor.parser.stages(picture)
    assert torch.equal(features.f_gb, stages.fused)
    maps = extractor.parser.conv_out(stages.fused).softmax(1)  # (2, 19, 8, 8)
    torch.testing.assert_close(features.masks, maps)
    own = [("eyes", stages.at8, 8), ("brow", stages.at8, 8), ("mouth", stages.at16, 4), ("face", stages.at32, 2)]
    finer = [("mouth_fine", stages.at8, 8), ("face_fine", stages.at8, 8)]
    for name, stage, cells in own + finer:
        mask = sum(maps[:, LABEL[label]] for label in REGIONS[name.removesuffix("_fine")])
        mask = mask.reshape(2, cells, 8 // cells, cells, 8 // cells).mean((2, 4))
        torch.testing.assert_close(getattr(features, name), stage * mask[:, None])


def test_beta_scales_its_own_feature_and_travels_with_the_weights() -> None:
    extractor, picture = FeatureExtractor(small()).eval(), torch.rand(1, 3, 64, 64)
    before = extractor(picture)
    extractor.beta[list(REGIONS).index("nose")] = 3
    again = FeatureExtractor(small()).eval()
    again.load_state_dict(extractor.state_dict())
    after = again(picture)
    torch.testing.assert_close(after.nose, 3 * before.nose)
    assert torch.equal(after.mouth, before.mouth)
