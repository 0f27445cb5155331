"""Network files and devices: what cannot be used is refused in one line that names it."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from models.runtime.detector import CONTRACT
from models.runtime.sessions import ASSETS, Contract, ModelError, Session, TensorSpec, cuda_problem

DETECTOR = ASSETS / "models" / "face_detector.onnx"


def refusal(path: Path, contract: Contract | None = CONTRACT, device: str = "cpu") -> str:
    with pytest.raises(ModelError) as caught:
        Session(path, contract, device)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_says_what_really_runs() -> None:
    assert Session(DETECTOR, CONTRACT, "cpu").device == "cpu"
    assert Session(DETECTOR, CONTRACT, "auto").device == ("cuda" if cuda_problem() is None else "cpu")


@pytest.mark.skipif(cuda_problem() is None, reason="there is a GPU here")
def test_cuda_that_is_not_there_is_refused() -> None:
    assert "--device cpu" in refusal(DETECTOR, device="cuda")


def test_unknown_device_is_refused() -> None:
    assert "auto, cuda, cpu" in refusal(DETECTOR, device="tpu")


def test_missing_file_is_named(tmp_path: Path) -> None:
    message = refusal(tmp_path / "gone.onnx")
    assert "gone.onnx" in message
    assert "missing" in message


@pytest.mark.parametrize("keep", [0, 1000, 200_000])
def test_broken_file_is_named(tmp_path: Path, keep: int) -> None:
    broken = tmp_path / "cut.onnx"
    broken.write_bytes(DETECTOR.read_bytes()[:keep])
    assert "cut.onnx" in refusal(broken)


def test_file_of_another_network_or_version_is_refused(tmp_path: Path) -> None:
    other = shutil.copy(ASSETS / "models" / "face_mesh.onnx", tmp_path / "face_detector.onnx")
    assert "'face_mesh'" in refusal(Path(other))
    newer = Contract("face_detector", 2, CONTRACT.inputs, CONTRACT.outputs)
    message = refusal(DETECTOR, newer)
    assert "version 1" in message
    assert "version 2" in message


@pytest.mark.parametrize(
    ("inputs", "outputs", "said"),
    [
        ({"image": TensorSpec("uint8", (1, 64, 64, 3))}, CONTRACT.outputs, "input 'image' is uint8[1, 128, 128, 3]"),
        ({"image": TensorSpec("float32", (1, 128, 128, 3))}, CONTRACT.outputs, "needs float32"),
        ({}, CONTRACT.outputs, "inputs are ['image']"),
        (CONTRACT.inputs, {"masks": TensorSpec("float32", (1,))}, "output 'masks' is missing"),
    ],
)
def test_other_tensors_than_promised_are_refused(inputs: dict, outputs: dict, said: str) -> None:
    assert said in refusal(DETECTOR, Contract("face_detector", 1, inputs, outputs))


def test_outputs_come_in_the_contracts_order() -> None:
    picture = np.zeros((1, 128, 128, 3), np.uint8)
    turned = Contract("face_detector", 1, CONTRACT.inputs, dict(reversed(CONTRACT.outputs.items())))
    boxes, scores = Session(DETECTOR, CONTRACT, "cpu").run(picture)
    scores_first, boxes_second = Session(DETECTOR, turned, "cpu").run(picture)
    assert np.array_equal(boxes, boxes_second)
    assert np.array_equal(scores, scores_first)
    assert boxes.shape == (1, 896, 16)
