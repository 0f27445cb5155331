"""Exports: what is written agrees with torch head by head and carries its contract; else nothing is written."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.runtime.alignment import canonical_face
from models.runtime.crop import SIZE
from models.runtime.person_heads import person_file
from models.runtime.picture_regressor import CODE_SIZES, PictureRegression, PictureRegressor, Size
from models.runtime.regressor import GeometricRegressor
from models.runtime.sessions import Session

torch = pytest.importorskip("torch", reason="torch comes with the train extra")
onnx = pytest.importorskip("onnx", reason="onnx comes with the train extra")

import export_onnx  # noqa: E402
from export_onnx import NETWORKS, PERSON_OF, export, main  # noqa: E402
from models import landmark_regressor as marks  # noqa: E402
from models import lite, regressor  # noqa: E402
from models.bisenet import BiSeNet, FeatureExtractor  # noqa: E402

FACE = canonical_face().copy()
PICTURE = np.random.default_rng(3).integers(0, 256, (SIZE, SIZE, 3)).astype(np.uint8)


def stirred(module: "torch.nn.Module") -> "torch.nn.Module":
    """Every weight random: heads that begin at zero would agree with anything."""
    g = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for p in module.parameters():
            p.add_(0.3 * torch.randn(p.shape, generator=g) / max(1, p[0].numel()) ** 0.5)
    return module.eval()


def tiny(network: str) -> "torch.nn.Module":
    """A random network of the real class, small enough to be exported quickly; the same one every time."""
    torch.manual_seed(5)
    geometry = marks.Architecture(hidden=16, shape_code=4, identity_hidden=8)
    if network == "geometric":
        return stirred(marks.LandmarkRegressor(geometry))
    if network in ("lite", "lite_person"):
        small = lite.Architecture(widths=(4, 4, 8, 8), place_channels=2, hidden=8)
        return stirred(lite.LiteRegressor(small, marks.LandmarkRegressor(geometry)))
    extractor = FeatureExtractor(BiSeNet(width=0.125, side=SIZE)).eval()
    return stirred(regressor.FullRegressor(extractor, regressor.fitting(extractor, width=8, hidden=16)))


def write(network: str, path: Path, **how: str) -> dict[str, float]:
    """Exports a tiny network as the command line does."""
    entry = NETWORKS[network]
    return export(entry.load(tiny(network).checkpoint()), entry.examples(3), entry.contract, path, **how)


Exports = Callable[..., tuple[Path, dict[str, float]]]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exports:
    """File and differences of an export, made when it is first asked for."""
    folder, made = tmp_path_factory.mktemp("exports"), {}

    def of(network: str, precision: str = "fp32", batch: str = "dynamic") -> tuple[Path, dict[str, float]]:
        key = (network, precision, batch)
        if key not in made:
            path = folder / ("_".join(key) + ".onnx")
            made[key] = path, write(network, path, precision=precision, batch=batch)
            if network in PERSON_OF:
                write(PERSON_OF[network], person_file(path), precision=precision, batch=batch)
        return made[key]

    return of


def metadata(path: Path) -> dict[str, str]:
    return {p.key: p.value for p in onnx.load(path).metadata_props}


@pytest.mark.parametrize("network", list(NETWORKS))
def test_an_export_agrees_and_carries_its_contract(network: str, exported: Exports) -> None:
    contract = NETWORKS[network].contract
    path, worst = exported(network)
    assert set(worst) == set(contract.outputs)
    assert max(worst.values()) > 0, "nothing was compared"
    meta = metadata(path)
    assert (meta["name"], meta["contract_version"]) == (contract.name, str(contract.version))
    assert (meta["opset"], meta["precision"], meta["batch"]) == ("17", "fp32", "dynamic")
    assert onnx.load(path).opset_import[0].version == 17
    Session(path, contract, "cpu")


def test_the_geometric_one_keeps_its_ranges(exported: Exports) -> None:
    far = GeometricRegressor.load("cpu", exported("geometric")[0]).predict(FACE + 0.05, FACE)
    assert 0 <= far.au.min() <= far.au.max() <= 1


@pytest.mark.parametrize("size", ["lite", "full"])
def test_a_picture_network_runs_as_the_runtime_has_it(size: Size, exported: Exports) -> None:
    moved, known = FACE + np.float32(0.001), np.ones(CODE_SIZES[size], np.float32)
    made = PictureRegressor.load(size, "cpu", exported(size)[0]).predict(PICTURE, moved, FACE, known)
    with torch.no_grad():
        au, pose, gaze, identity, styles, code = tiny(size)(
            *(torch.from_numpy(x[None]) for x in (PICTURE, moved, FACE, known))
        )
    for name, expected in {"au": au, "pose": pose, "identity": identity, "brow_style": styles, "code": code}.items():
        np.testing.assert_allclose(getattr(made, name), expected[0].numpy(), atol=2e-4, err_msg=name)
    np.testing.assert_allclose([*made.gaze_left_deg, *made.gaze_right_deg], gaze[0].numpy(), atol=1e-2)
    assert isinstance(made, PictureRegression)
    assert made.brow_style.sum() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("network", ["geometric", "lite", "lite_person"])
def test_half_precision_is_half_the_size_and_the_same_network(network: str, exported: Exports) -> None:
    (single, exact), (half, rounded) = exported(network), exported(network, "fp16")
    assert all(rounded[head] > exact[head] for head in ({"au", "identity"} & set(exact))), "nothing was rounded"
    assert half.stat().st_size < 0.65 * single.stat().st_size
    kinds = {t.data_type for t in onnx.load(half).graph.initializer if t.name.endswith("_half")}
    assert kinds == {onnx.TensorProto.FLOAT16}
    assert metadata(half)["precision"] == "fp16"
    assert metadata(half)["weights"] == metadata(single)["weights"]
    for value in (*onnx.load(half).graph.input, *onnx.load(half).graph.output):
        assert value.type.tensor_type.elem_type != onnx.TensorProto.FLOAT16, value.name


def test_a_fixed_batch_takes_one_row(exported: Exports) -> None:
    path, _ = exported("lite", batch="1")
    assert metadata(path)["batch"] == "1"
    assert [d.dim_value for d in onnx.load(path).graph.input[0].type.tensor_type.shape.dim] == [1, SIZE, SIZE, 3]
    made = PictureRegressor.load("lite", "cpu", path).predict(PICTURE, FACE, FACE, np.zeros(128, np.float32))
    assert made.au.shape == (40,)


def test_lite_is_written_with_the_network_that_knows_the_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint, out = tmp_path / "lite.pt", tmp_path / "mine.onnx"
    torch.save(tiny("lite").checkpoint(), checkpoint)
    monkeypatch.setattr(sys, "argv", ["export_onnx.py", "lite", "--checkpoint", str(checkpoint), "--out", str(out)])
    main()
    assert metadata(out)["weights"] == metadata(tmp_path / "mine_person.onnx")["weights"]
    read = PictureRegressor.load("lite", "cpu", out).predict(PICTURE, FACE, FACE, np.ones(128, np.float32))
    assert read.identity.shape == (208,)


def test_other_weights_have_another_name() -> None:
    entry, module = NETWORKS["lite"], tiny("lite")
    before = export_onnx.digest(entry.load(module.checkpoint()))
    assert export_onnx.digest(entry.load(module.checkpoint())) == before
    with torch.no_grad():
        next(module.parameters()).add_(1e-3)
    assert export_onnx.digest(entry.load(module.checkpoint())) != before


@pytest.mark.parametrize("precision", export_onnx.PRECISIONS)
def test_a_network_that_came_out_differently_is_not_written(
    precision: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(export_onnx.TOLERANCE[precision], "au", 0.0)
    path = tmp_path / "net.onnx"
    with pytest.raises(SystemExit, match="au differs from torch"):
        write("geometric", path, precision=precision)
    assert not path.exists()


def test_slow_operators_are_refused(tmp_path: Path) -> None:
    class Slow(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.act = export_onnx.Clipped(tiny("geometric")), torch.nn.PReLU()

        def forward(self, landmarks: "torch.Tensor", neutral: "torch.Tensor") -> tuple["torch.Tensor", ...]:
            au, gaze, identity = self.inner(landmarks, neutral)
            return self.act(au), gaze, identity

    entry = NETWORKS["geometric"]
    with pytest.raises(SystemExit, match="PRelu"):
        export(Slow(), entry.examples(2), entry.contract, tmp_path / "net.onnx")


def test_the_command_line_names_what_it_cannot_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["export_onnx.py", "lite", "--checkpoint", str(tmp_path / "gone.pt")])
    with pytest.raises(SystemExit, match=r"no such checkpoint; train one with python -m models\.train_lite"):
        main()
    other = tmp_path / "geometric.pt"
    torch.save(tiny("geometric").checkpoint(), other)
    out = tmp_path / "net.onnx"
    monkeypatch.setattr(sys, "argv", ["export_onnx.py", "lite", "--checkpoint", str(other), "--out", str(out)])
    with pytest.raises(SystemExit, match="no checkpoint of the lite network"):
        main()
    monkeypatch.setattr(sys, "argv", ["export_onnx.py", "geometric", "--checkpoint", str(other), "--out", str(out)])
    main()
    assert GeometricRegressor.load("cpu", out).predict(FACE, FACE).au.shape == (40,)
