"""An ONNX network in half precision: weights in half the size, arithmetic on half floats where the device has them.

Inputs and outputs stay single, and so does everything that no weights came before: landmarks in metres less a neutral,
or a picture scaled to 0..1, would lose there what cannot be had again. (onnxruntime's own converter cannot leave out
such a part: it casts graph inputs to half floats before anything else, and writes graphs that the checker refuses.)
onnxruntime's CPU provider has no half kernels for most operators; it computes those in single precision.
"""

from typing import Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, shape_inference

WITH_WEIGHTS: Final = ("Conv", "ConvTranspose", "Gemm", "MatMul")
ALWAYS_SINGLE: Final = {("Resize", 1), ("Resize", 2)}
"""Operator and number of an input that ONNX wants in single precision (roi, scales)."""
LARGEST: Final = 65504.0


def halved(model: Any) -> Any:
    """A copy of an ``onnx.ModelProto`` whose arithmetic is in half precision from the first weights on."""
    whole = onnx.ModelProto()
    whole.CopyFrom(model)
    _hoist_constants(whole.graph)
    graph = whole.graph
    kinds = _element_types(whole)
    weights = {tensor.name: tensor for tensor in graph.initializer}
    half_of: dict[str, str] = {}  # single-precision tensor -> its half-precision twin
    outputs = {value.name for value in graph.output}
    weighed: set[str] = set()
    nodes: list[Any] = []
    for node in graph.node:
        if node.op_type not in WITH_WEIGHTS and not weighed.intersection(node.input):
            nodes.append(node)
            continue
        weighed.update(node.output)
        for i, name in enumerate(node.input):
            if kinds.get(name) != TensorProto.FLOAT or (node.op_type, i) in ALWAYS_SINGLE:
                continue
            if name not in half_of:
                half_of[name] = name + "_half"
                if name in weights:
                    graph.initializer.append(_half_tensor(weights[name], half_of[name]))
                else:  # made before the first weights
                    nodes.append(helper.make_node("Cast", [name], [half_of[name]], to=TensorProto.FLOAT16))
            node.input[i] = half_of[name]
        _make_halves(node)
        for i, name in enumerate(node.output):
            if kinds.get(name) == TensorProto.FLOAT:
                half_of[name] = node.output[i] = name + "_half" if name in outputs else name
        nodes.append(node)
    for value in graph.output:
        if value.name in half_of:
            nodes.append(helper.make_node("Cast", [half_of[value.name]], [value.name], to=TensorProto.FLOAT))
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.value_info[:]
    used = {name for node in nodes for name in node.input}
    for tensor in [t for t in graph.initializer if t.name not in used]:
        graph.initializer.remove(tensor)
    return whole


def _hoist_constants(graph: Any) -> None:
    """Constant nodes become initializers: one kind of constant to treat."""
    for node in [n for n in graph.node if n.op_type == "Constant"]:
        (value,) = node.attribute
        if value.name == "value":
            tensor = TensorProto()
            tensor.CopyFrom(value.t)
        else:
            tensor = numpy_helper.from_array(np.array(helper.get_attribute_value(value)).astype(_PLAIN[value.name]))
        tensor.name = node.output[0]
        graph.initializer.append(tensor)
        graph.node.remove(node)


_PLAIN: Final = {
    "value_float": np.float32, "value_floats": np.float32, "value_int": np.int64, "value_ints": np.int64,
}  # fmt: skip


def _element_types(model: Any) -> dict[str, int]:
    graph = shape_inference.infer_shapes(model).graph
    values = [*graph.input, *graph.value_info, *graph.output]
    kinds = {value.name: value.type.tensor_type.elem_type for value in values}
    return kinds | {tensor.name: tensor.data_type for tensor in graph.initializer}


def _half_tensor(tensor: Any, name: str) -> Any:
    values = np.clip(numpy_helper.to_array(tensor), -LARGEST, LARGEST).astype(np.float16)
    return numpy_helper.from_array(values, name)


def _make_halves(node: Any) -> None:
    """What a node itself says of its outputs' type."""
    for attribute in node.attribute:
        if node.op_type == "Cast" and attribute.name == "to" and attribute.i == TensorProto.FLOAT:
            attribute.i = TensorProto.FLOAT16
        if node.op_type == "ConstantOfShape" and attribute.t.data_type == TensorProto.FLOAT:
            attribute.t.CopyFrom(_half_tensor(attribute.t, attribute.t.name))
