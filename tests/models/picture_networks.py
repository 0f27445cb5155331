"""Networks of a few ONNX nodes that keep the picture regressors' contract, and whose answers a test can foresee.

``code`` is the picture's mean level 0..1 in every place, plus half the neutral code; ``pose`` the level; every channel
of ``au`` is the mean of (landmarks - neutral), metres; gaze and identity follow the level; brow style 7 is certain.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.runtime.picture_regressor import Size, contract_of

KINDS = {"uint8": TensorProto.UINT8, "float32": TensorProto.FLOAT}


def write_network(path: Path, size: Size, weights: str = "tiny") -> Path:
    """Writes one of this size; ``weights`` is what its metadata say of them."""
    contract = contract_of(size)
    constants: dict[str, np.ndarray] = {
        "per_level": np.float32(1 / 255).reshape(1, 1),
        "half": np.float32(0.5).reshape(1, 1),
        "one_style": np.eye(36, dtype=np.float32)[7:8],
        "nothing": np.zeros((1, 1), np.float32),
    }
    for name in ("au", "pose", "gaze_deg", "identity", "code"):
        constants[f"ones_{name}"] = np.ones((1, contract.outputs[name].shape[1] or 1), np.float32)
    node = helper.make_node
    nodes: list[Any] = [
        node("Cast", ["picture"], ["floats"], to=TensorProto.FLOAT),
        node("ReduceMean", ["floats"], ["mean"], axes=[1, 2, 3], keepdims=0),
        node("Unsqueeze", ["mean", "axis"], ["mean_column"]),
        node("Mul", ["mean_column", "per_level"], ["level"]),
        node("Sub", ["landmarks", "neutral"], ["moved"]),
        node("ReduceMean", ["moved"], ["moved_mean"], axes=[1, 2], keepdims=0),
        node("Unsqueeze", ["moved_mean", "axis"], ["moved_column"]),
        node("Mul", ["moved_column", "ones_au"], ["au"]),
        node("Mul", ["neutral_code", "half"], ["half_code"]),
        node("Mul", ["level", "ones_code"], ["level_code"]),
        node("Add", ["level_code", "half_code"], ["code"]),
        node("Mul", ["level", "nothing"], ["no_level"]),
        node("Add", ["no_level", "one_style"], ["brow_style"]),
    ]
    nodes += [node("Mul", ["level", f"ones_{name}"], [name]) for name in ("pose", "gaze_deg", "identity")]
    constants["axis"] = np.array([1], np.int64)
    used = {name for n in nodes for name in n.input}

    def values(specs: Any) -> list[Any]:
        return [
            helper.make_tensor_value_info(name, KINDS[spec.dtype], ["batch", *spec.shape[1:]])
            for name, spec in specs.items()
        ]

    graph = helper.make_graph(
        nodes, "tiny", values(contract.inputs), values(contract.outputs),
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items() if name in used],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    meta = {"name": contract.name, "contract_version": str(contract.version), "weights": weights}
    helper.set_model_props(model, meta)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path
