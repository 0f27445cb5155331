"""Networks of a few ONNX nodes that keep the picture regressors' contract, and whose answers a test can foresee.

``code`` is the picture's mean level 0..1 in every place, plus half the neutral code; ``pose`` the level; every channel
of ``au`` is the mean of (landmarks - neutral), metres; gaze follows the level; identity is the mean of the code at rest
where it is read apart (``lite``), else the level; brow style 7 is certain.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.runtime.person_heads import person_file
from models.runtime.picture_regressor import LITE_PERSON, Size, contract_of
from models.runtime.sessions import Contract

KINDS = {"uint8": TensorProto.UINT8, "float32": TensorProto.FLOAT}


def write_network(path: Path, size: Size, weights: str = "tiny") -> Path:
    """Writes one of this size, and the person's beside ``lite``; ``weights`` is what their metadata say of them."""
    if size == "lite":
        write_person(person_file(path), weights)
    contract = contract_of(size)
    constants: dict[str, np.ndarray] = {
        "per_level": np.float32(1 / 255).reshape(1, 1),
        "half": np.float32(0.5).reshape(1, 1),
        "one_style": np.eye(36, dtype=np.float32)[7:8],
        "nothing": np.zeros((1, 1), np.float32),
    }
    for name, spec in contract.outputs.items():
        constants[f"ones_{name}"] = np.ones((1, spec.shape[1] or 1), np.float32)
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
    ]
    if size == "full":
        nodes += [
            node("Mul", ["level", "nothing"], ["no_level"]),
            node("Add", ["no_level", "one_style"], ["brow_style"]),
            node("Mul", ["level", "ones_identity"], ["identity"]),
        ]
    nodes += [node("Mul", ["level", f"ones_{name}"], [name]) for name in ("pose", "gaze_deg")]
    constants["axis"] = np.array([1], np.int64)
    return _save(path, contract, nodes, constants, weights)


def write_person(path: Path, weights: str = "tiny") -> Path:
    """What ``lite`` knows of a person: identity is the mean of the code at rest, or of the present one plus 1 where
    that is zeros."""
    constants = {
        "one_style": np.eye(36, dtype=np.float32)[7:8],
        "nothing": np.zeros((1, 1), np.float32),
        "one": np.ones((1, 1), np.float32),
        "ones_identity": np.ones((1, 208), np.float32),
    }
    node = helper.make_node
    nodes = [
        node("ReduceMean", ["neutral_code"], ["known"], axes=[1], keepdims=1),
        node("ReduceMean", ["code"], ["present"], axes=[1], keepdims=1),
        node("Add", ["present", "one"], ["guess"]),
        node("Equal", ["known", "nothing"], ["is_new"]),
        node("Where", ["is_new", "guess", "known"], ["who"]),
        node("Mul", ["who", "ones_identity"], ["identity"]),
        node("Mul", ["who", "nothing"], ["zero"]),
        node("Add", ["zero", "one_style"], ["brow_style"]),
    ]
    return _save(path, LITE_PERSON, nodes, constants, weights)


def _save(path: Path, contract: Contract, nodes: list[Any], constants: dict[str, np.ndarray], weights: str) -> Path:
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
