"""Every regressor is asked in the same way: its landmarks, its picture, and what is known of the person at rest."""

from pathlib import Path

import numpy as np
import pytest

from models.evaluation import regressors
from models.evaluation.regressors import Views
from models.runtime.alignment import rest_face
from models.runtime.person_heads import person_file
from models.runtime.picture_regressor import CODE_SIZES, LITE
from models.runtime.regressor import GeometricRegressor
from models.runtime.sessions import ModelError


def faces(n: int = 3, seed: int = 0) -> Views:
    rng = np.random.default_rng(seed)
    landmarks = rest_face() + rng.normal(0, 1e-3, (n, 478, 3)).astype(np.float32)
    return Views(rng.integers(0, 255, (n, 128, 128, 3), np.uint8), landmarks.astype(np.float32))


@pytest.fixture(scope="module")
def lite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that keeps lite's contract: au = x of 40 landmarks, minus that of the neutral, plus 40 of the code.

    Its code is the picture's mean grey in every place.
    """
    onnx = pytest.importorskip("onnx")
    h, to, kinds = onnx.helper, onnx.numpy_helper.from_array, onnx.TensorProto
    type_of = {"uint8": kinds.UINT8, "float32": kinds.FLOAT}

    def values(specs: dict) -> list:
        return [
            h.make_tensor_value_info(name, type_of[s.dtype], [d or "N" for d in s.shape]) for name, s in specs.items()
        ]

    constants = {
        "zero2": np.zeros(2, np.int64),
        "to": np.array([40, 1]),
        "last": np.array([1, 2]),
        "two": np.array([2]),
    }
    nodes = [h.make_node("Cast", ["picture"], ["grey"], to=kinds.FLOAT)]
    nodes.append(h.make_node("ReduceMean", ["grey"], ["mean"], axes=[1, 2, 3], keepdims=0))
    nodes.append(h.make_node("Unsqueeze", ["mean", "one"], ["column"]))
    constants["one"] = np.array([1])
    for name, spec in LITE.outputs.items():
        if name == "au":
            continue
        constants[f"ones_{name}"] = np.ones((1, spec.shape[1]), np.float32)
        nodes.append(h.make_node("Mul", ["column", f"ones_{name}"], [name]))
    for name in ("landmarks", "neutral"):
        nodes.append(h.make_node("Slice", [name, "zero2", "to", "last"], [f"{name}_x"]))
        nodes.append(h.make_node("Squeeze", [f"{name}_x", "two"], [f"{name}_flat"]))
    constants |= {"zero1": np.zeros(1, np.int64), "forty": np.array([40])}
    nodes.append(h.make_node("Slice", ["neutral_code", "zero1", "forty", "one"], ["some_code"]))
    nodes.append(h.make_node("Sub", ["landmarks_flat", "neutral_flat"], ["moved"]))
    nodes.append(h.make_node("Add", ["moved", "some_code"], ["au"]))
    tensors = [to(array, name) for name, array in constants.items()]
    graph = h.make_graph(nodes, "lite", values(dict(LITE.inputs)), values(dict(LITE.outputs)), tensors)
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8)
    h.set_model_props(model, {"name": LITE.name, "contract_version": str(LITE.version)})
    path = tmp_path_factory.mktemp("lite") / "lite.onnx"
    onnx.save(model, str(path))
    from picture_networks import write_person

    write_person(person_file(path), weights="")
    return path


def test_the_geometric_one_reads_landmarks_against_their_rest() -> None:
    now, rest = faces(seed=1), faces(seed=2)
    network, regress = GeometricRegressor.load("cpu"), regressors.load("geometric")
    known = [network.predict(a, b).au for a, b in zip(now.landmarks, rest.landmarks, strict=True)]
    np.testing.assert_array_equal(regress(now, rest), known)
    unknown = [network.predict(face, rest_face()).au for face in now.landmarks]
    np.testing.assert_array_equal(regress(now, None), unknown)


def test_a_picture_network_gets_the_code_of_the_picture_at_rest(lite_file: Path) -> None:
    now, rest = faces(seed=1), faces(seed=2)
    moved = now.landmarks[:, :40, 0] - rest.landmarks[:, :40, 0]
    code = rest.picture.reshape(3, -1).mean(axis=1)
    got = regressors.load("lite", lite_file)(now, rest)
    np.testing.assert_allclose(got, moved + code[:, None], rtol=1e-4)
    assert CODE_SIZES["lite"] >= 40


def test_a_person_who_is_not_known_has_no_code_and_the_mean_face_at_rest(lite_file: Path) -> None:
    now = faces()
    got = regressors.load("lite", lite_file)(now, None)
    np.testing.assert_allclose(got, now.landmarks[:, :40, 0] - rest_face()[:40, 0], atol=1e-6)


def test_another_file_or_name_is_refused(lite_file: Path) -> None:
    with pytest.raises(ModelError, match="picture-regressor-full"):
        regressors.load("full", lite_file)
    with pytest.raises(ModelError, match="no regressor 'best'"):
        regressors.load("best")


def test_what_is_shipped_is_available() -> None:
    assert "geometric" in regressors.available()
    assert set(regressors.available()) <= set(regressors.FILES)
