"""Half precision on graphs of a few nodes: what is rounded, what is not, and that onnxruntime's CPU runs it."""

import numpy as np
import onnxruntime as ort
import pytest

onnx = pytest.importorskip("onnx", reason="onnx comes with the train extra")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from models.half_precision import LARGEST, halved  # noqa: E402

WEIGHTS = np.array([[1.0, 0.5], [0.1, 1e6]], np.float32)
ROW = np.array([[0.0999, 0.2]], np.float32)


def network(nodes: list, outputs: dict[str, list[int]], constants: dict[str, np.ndarray]) -> "onnx.ModelProto":
    """Inputs ``now`` and ``rest`` (1, 2), float32."""
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2]) for name in ("now", "rest")],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def run(model: "onnx.ModelProto", now: np.ndarray, rest: np.ndarray) -> list[np.ndarray]:
    onnx.checker.check_model(model, full_check=True)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"now": now, "rest": rest})


def moved_by_weights() -> "onnx.ModelProto":
    """(now - rest) * 1000 through weights: the second output lies between, and is read on."""
    thousand = helper.make_node("Constant", [], ["thousand"], value_float=1000.0)
    nodes = [
        thousand,
        helper.make_node("Sub", ["now", "rest"], ["moved"]),
        helper.make_node("Mul", ["moved", "thousand"], ["scaled"]),
        helper.make_node("MatMul", ["scaled", "weights"], ["between"]),
        helper.make_node("Mul", ["between", "thousand"], ["large"]),
        helper.make_node("Tanh", ["large"], ["bounded"]),
    ]
    return network(nodes, {"bounded": [1, 2], "between": [1, 2]}, {"weights": WEIGHTS})


def test_what_comes_before_the_first_weights_is_not_rounded() -> None:
    """0.0999 and 0.09991 are one half float; their difference has to be told all the same."""
    assert np.float16(0.0999) == np.float16(0.09991)
    model = moved_by_weights()
    now = ROW + np.float32([[1e-5, 0]])
    _, exact = run(model, now, ROW)
    _, found = run(halved(model), now, ROW)
    assert exact[0, 0] == pytest.approx(0.01, rel=1e-2)
    np.testing.assert_allclose(found, exact, rtol=2e-3)


def test_weights_are_halves_and_what_goes_in_and_out_is_not() -> None:
    model = halved(moved_by_weights())
    kinds = {t.name: t.data_type for t in model.graph.initializer}
    assert kinds.pop("thousand") == TensorProto.FLOAT, "it is needed before the weights too"
    assert set(kinds.values()) == {TensorProto.FLOAT16}
    assert set(kinds) == {"weights_half", "thousand_half"}
    for value in (*model.graph.input, *model.graph.output):
        assert value.type.tensor_type.elem_type == TensorProto.FLOAT
    weights = next(t for t in model.graph.initializer if t.name == "weights_half")
    assert numpy_helper.to_array(weights).max() == LARGEST, "what is too large for a half float is not infinite"


def test_an_output_that_is_read_on_keeps_its_name_and_value() -> None:
    model = moved_by_weights()
    bounded, between = run(halved(model), ROW * 1.5, ROW)
    assert between.dtype == bounded.dtype == np.float32
    np.testing.assert_allclose(between[0, 0], run(model, ROW * 1.5, ROW)[1][0, 0], rtol=2e-3)
    np.testing.assert_allclose(bounded, [[1, 1]], atol=1e-3)


def test_the_given_model_is_left_alone() -> None:
    model = moved_by_weights()
    before = model.SerializeToString()
    halved(model)
    assert model.SerializeToString() == before


def test_scales_of_a_resize_and_casts_in_between() -> None:
    nodes = [
        helper.make_node("MatMul", ["now", "weights"], ["weighed"]),
        helper.make_node("Greater", ["weighed", "rest"], ["more"]),
        helper.make_node("Cast", ["more"], ["flag"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["flag", "weighed"], ["sum"]),
        helper.make_node("Resize", ["sum", "", "scales"], ["large"], mode="nearest"),
    ]
    constants = {"weights": np.eye(2, dtype=np.float32), "scales": np.array([1, 2], np.float32)}
    model = network(nodes, {"large": [1, 4]}, constants)
    rest = np.array([[0.0, 0.5]], np.float32)
    np.testing.assert_allclose(run(halved(model), ROW, rest)[0], [[1.0999, 1.0999, 0.2, 0.2]], atol=1e-3)


def test_a_network_without_weights_stays_as_it_is() -> None:
    model = network([helper.make_node("Sub", ["now", "rest"], ["moved"])], {"moved": [1, 2]}, {})
    assert [n.op_type for n in halved(model).graph.node] == ["Sub"]
