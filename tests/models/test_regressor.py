"""R on frozen features: what it may not know, what it is told of a person, and the runtime's contract."""

import warnings
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the train extra")

from models.bisenet import BiSeNet, FeatureExtractor  # noqa: E402
from models.fused_features import WINDOWS, Fused, fuse, of_pictures  # noqa: E402
from models.landmark_regressor import Architecture as LandmarkArchitecture  # noqa: E402
from models.landmark_regressor import LandmarkRegressor  # noqa: E402
from models.regressor import Architecture, AttentionBlock, FullRegressor, Regressor, fitting  # noqa: E402
from models.runtime.alignment import canonical_face  # noqa: E402
from models.runtime.crop import FIVE, SIZE, crop_matrix, transform_points  # noqa: E402
from models.runtime.picture_regressor import FULL  # noqa: E402
from models.runtime.sessions import Session  # noqa: E402

SMALL = {"width": 8, "hidden": 16, "landmarks": LandmarkArchitecture(hidden=24, shape_code=8, identity_hidden=16)}


def extractor(side: int = 128) -> FeatureExtractor:
    torch.manual_seed(0)
    return FeatureExtractor(BiSeNet(width=0.0625, side=side).eval())


@pytest.fixture(scope="module")
def model() -> FullRegressor:
    own = extractor()
    torch.manual_seed(1)
    whole = FullRegressor(own, fitting(own, **SMALL))
    for parameter in whole.regressor.parameters():  # away from the quiet start, so that every input shows
        torch.nn.init.normal_(parameter, std=0.15)
    return whole.eval()


def inputs(n: int) -> tuple[torch.Tensor, ...]:
    g = torch.Generator().manual_seed(2)
    picture = torch.randint(0, 256, (n, 128, 128, 3), dtype=torch.uint8, generator=g)
    rest = torch.from_numpy(np.array(canonical_face())) + 0.003 * torch.randn(n, 478, 3, generator=g)
    return picture, rest + 0.003 * torch.randn(n, 478, 3, generator=g), rest, torch.randn(n, 256, generator=g)


# ------------------------------------------------------------ features


@pytest.mark.parametrize("side", [128, 256, 512])
def test_every_stage_is_cut_to_its_window_and_comes_back_from_a_row(side: int) -> None:
    own = extractor(side)
    with torch.no_grad():
        found = own(torch.rand(1, 3, 128, 128))
    fused = fuse(found)
    for part, x in fused._asdict().items():
        window, stage = WINDOWS[part], getattr(found, part)
        assert x.shape[1:] == (fitting(own).channels[part], *window.size), part
        # The same place in the view, whatever the parser's side.
        whole = torch.nn.functional.interpolate(stage, size=32, mode="area" if stage.shape[-1] > 32 else "nearest")
        coarse = torch.nn.functional.adaptive_avg_pool2d(whole, window.grid)
        torch.testing.assert_close(x, coarse[:, :, window.top : window.bottom, window.left : window.right])
    for before, after in zip(fused, Fused.from_flat(fused.flat(), fitting(own).channels), strict=True):
        torch.testing.assert_close(before, after)


def test_windows_are_mirrored_places_and_hold_the_part_with_a_margin() -> None:
    """A mirrored picture's part has to lie in the same window, and the mean face's points of a part inside it."""
    parts = {
        "eyes": (33, 133, 159, 145, 263, 362, 386, 374),
        "brow": (46, 55, 105, 276, 285, 334),
        "nose": (168, 2, 129, 358),
        "mouth": (0, 17, 61, 291),
        "mouth_fine": (0, 17, 61, 291),
        "face_fine": (199, 205, 425, 117, 346, 33, 263, 9),
    }
    picture = canonical_face()[:, :2] * np.float32([1000, -1000])
    view = transform_points(crop_matrix(picture[list(FIVE)]), picture)
    for part, window in WINDOWS.items():
        assert window.left + window.right == window.grid, f"{part}: as far to the left as to the right"
        if part in parts:
            cells = view[list(parts[part])] * window.grid / SIZE
            room = np.stack([cells[:, 0] - window.left, window.right - cells[:, 0],
                             cells[:, 1] - window.top, window.bottom - cells[:, 1]])  # fmt: skip
            assert room.min() > 0.4, part


def test_pictures_come_as_bytes_channel_last() -> None:
    picture = torch.zeros(1, 128, 128, 3, dtype=torch.uint8)
    picture[0, 5, 9, 1] = 255
    tensor = of_pictures(picture)
    assert tensor.shape == (1, 3, 128, 128)
    assert float(tensor[0, 1, 5, 9]) == 1
    assert float(tensor.sum()) == 1


# ------------------------------------------------------------ the network


def test_attention_weighs_what_the_layer_says() -> None:
    block = AttentionBlock(4, 8, 2)
    torch.nn.init.zeros_(block.excite.weight)
    torch.nn.init.constant_(block.excite.bias, 100.0)
    x = torch.randn(3, 4)
    torch.testing.assert_close(block(x), block.fc(x).relu())
    torch.nn.init.constant_(block.excite.bias, 0.0)
    torch.testing.assert_close(block(x), 0.5 * block.fc(x).relu())


def test_outputs_keep_the_contract(model: FullRegressor) -> None:
    with torch.no_grad():
        answers = model(*inputs(3))
    for (name, spec), answer in zip(FULL.outputs.items(), answers, strict=True):
        assert answer.shape == (3, *spec.shape[1:]), name
        assert answer.dtype == torch.float32, name
    au, pose, _, identity, brow_style, code = answers
    for part in (au, pose, identity):
        assert part.min() >= 0
        assert part.max() <= 1
    torch.testing.assert_close(brow_style.sum(1), torch.ones(3))
    torch.testing.assert_close(model.encode(inputs(3)[0]), code)


def test_the_landmarks_part_starts_as_the_geometric_regressor() -> None:
    own = extractor()
    regressor = Regressor(fitting(own, **SMALL)).eval()
    trained = LandmarkRegressor(SMALL["landmarks"]).eval()  # type: ignore[arg-type]
    regressor.geometry.load_state_dict(trained.state_dict())
    _, landmarks, rest, _ = inputs(2)
    _, au, gaze, identity, _ = regressor.geometry.read(landmarks, rest)
    for found, expected in zip((au, gaze, identity), trained(landmarks, rest), strict=True):
        torch.testing.assert_close(found, expected)


def test_what_a_face_always_shows_does_not_move_its_aus(model: FullRegressor) -> None:
    """With the person known, the picture counts by its difference from rest alone."""
    picture, landmarks, rest, _ = inputs(2)
    regressor = model.regressor
    with torch.no_grad():
        seen = regressor.look(model.features(picture))
        other = seen._replace(au=seen.au + 1)
        known, unknown = seen.code, torch.zeros_like(seen.code)
        torch.testing.assert_close(
            regressor.answer(seen, landmarks, rest, known).au, regressor.answer(other, landmarks, rest, known).au
        )
        a, b = (regressor.answer(s, landmarks, rest, unknown).au for s in (seen, other))
    assert (a - b).abs().max() > 1e-3


def test_each_input_may_be_missing_and_each_counts(model: FullRegressor) -> None:
    picture, landmarks, rest, code = inputs(2)
    regressor = model.regressor
    with torch.no_grad():
        seen = regressor.look(model.features(picture))
        full = regressor.answer(seen, landmarks, rest, code)
        nothing = regressor.answer(seen, *regressor.nothing_known(2))
        no_code = regressor.answer(seen, landmarks, rest, torch.zeros_like(code))
        no_picture = regressor.answer(seen, landmarks, rest, code, torch.zeros(2, 1))
        other_picture = regressor.answer(seen.rows(torch.tensor([1, 0])), landmarks, rest, code, torch.zeros(2, 1))
    for reading in (nothing, no_code, no_picture):
        assert reading.au.isfinite().all()
        assert (reading.au - full.au).abs().max() > 1e-3
    torch.testing.assert_close(no_picture.au, other_picture.au), "what is hidden does not leak"
    torch.testing.assert_close(no_picture.identity, other_picture.identity)


def test_unknown_landmarks_leave_no_trace(model: FullRegressor) -> None:
    """Zeros mean "not known": the geometric network's answer to them must not be in the sum."""
    picture, _, _, code = inputs(2)
    regressor = model.regressor
    zeros = torch.zeros(2, 478, 3)
    with torch.no_grad():
        seen = regressor.look(model.features(picture))
        before = regressor.answer(seen, zeros, zeros, code)
        kept = {k: v.clone() for k, v in regressor.geometry.state_dict().items()}
        for parameter in regressor.geometry.parameters():
            parameter.mul_(3)
        after = regressor.answer(seen, zeros, zeros, code)
        regressor.geometry.load_state_dict(kept)
    torch.testing.assert_close(before.au, after.au)
    torch.testing.assert_close(before.gaze_deg, after.gaze_deg)
    torch.testing.assert_close(before.identity, after.identity)


def test_only_the_regressor_trains(model: FullRegressor) -> None:
    model.train()
    try:
        assert not any(m.training for m in model.extractor.modules())
        assert model.regressor.training
        assert not model.regressor.geometry.training, "it was trained before, and keeps its dropout off"
        assert not any(p.requires_grad for p in model.extractor.parameters())
        model(*inputs(2))[0].sum().backward()
        assert all(p.grad is None for p in model.extractor.parameters())
        assert model.regressor.au.fc2.weight.grad is not None
    finally:
        model.zero_grad()
        model.eval()


def test_a_checkpoint_rebuilds_itself(model: FullRegressor, tmp_path: Path) -> None:
    torch.save(model.checkpoint(step=7), tmp_path / "best.pt")
    loaded = torch.load(tmp_path / "best.pt", weights_only=False)
    again = FullRegressor.from_checkpoint(loaded).eval()
    assert loaded["step"] == 7
    assert again.architecture == model.architecture
    assert isinstance(again.architecture, Architecture)
    with torch.no_grad():
        for a, b in zip(model(*inputs(2)), again(*inputs(2)), strict=True):
            torch.testing.assert_close(a, b)


def test_an_r_of_other_windows_is_refused(model: FullRegressor) -> None:
    checkpoint = model.checkpoint()
    architecture = checkpoint["architecture"]["regressor"]  # type: ignore[index]
    other = {**architecture, "windows": {**architecture["windows"], "eyes": (32, 0, 8, 0, 8)}}
    older = {k: v for k, v in architecture.items() if k != "windows"} | {"side": 256}
    for values in (other, older):
        with pytest.raises(RuntimeError, match="other feature windows"):
            FullRegressor.from_checkpoint(
                {**checkpoint, "architecture": {**checkpoint["architecture"], "regressor": values}}
            )  # type: ignore[dict-item]


def test_it_can_be_exported_and_keeps_the_contract(model: FullRegressor, tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="onnx comes with the train extra")
    path = tmp_path / "full.onnx"
    example = inputs(4)
    example[3][0], example[1][1], example[2][1] = 0, 0, 0
    names = [*FULL.inputs, *FULL.outputs]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # of the view's side, which does not change
        torch.onnx.export(
            model, example, str(path), opset_version=17, dynamo=False, input_names=list(FULL.inputs),
            output_names=list(FULL.outputs), dynamic_axes={name: {0: "batch"} for name in names},
        )  # fmt: skip
    session = Session(path, None, "cpu")
    for n in (1, 4):
        with torch.no_grad():
            expected = model(*(x[:n] for x in example))
        for a, b in zip(expected, session.run(*[x[:n].numpy() for x in example]), strict=True):
            np.testing.assert_allclose(a.numpy(), b, atol=2e-4)
