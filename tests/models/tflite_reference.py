"""The original TFLite networks, run by the LiteRT interpreter: what the converted ones are held against.

The detector runs as it is. The attention mesh has three custom operators that LiteRT does not know, so it is cut in two
before and after them; between the cuts stands plain numpy, written from MediaPipe's C++
(mediapipe/util/tflite/operations) loop by loop and apart from the converter.

Makes the golden file again (needs the wheel; see ``models/convert_tflite.py``)::

    PYTHONPATH=. python tests/models/tflite_reference.py mediapipe-0.10.21-*.whl
"""

import math
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from flatbuffers import Builder, flexbuffers

from models.convert_tflite import read_wheel

GOLDEN = Path(__file__).parent / "golden_landmarks.npz"
CUSTOM = {"Landmarks2TransformMatrix", "TransformTensorBilinear", "TransformLandmarks"}


def detector(data: bytes, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(128, 128, 3) uint8 -> raw boxes (896, 16) and scores (896,), the sigmoid taken."""
    boxes, scores = _run(data, [image[None].astype(np.float32) / 127.5 - 1])
    return boxes[0], 1 / (1 + np.exp(-np.clip(scores[0, :, 0].astype(np.float64), -100, 100)))


def mesh(data: bytes, image: np.ndarray) -> tuple[np.ndarray, float]:
    """(192, 192, 3) uint8 -> the 478 landmarks (478, 3) in pixels, and presence 0..1."""
    model = schema.ModelT.InitFromPackedBuf(data)
    graph = model.subgraphs[0]
    kinds = [(model.operatorCodes[op.opcodeIndex].customCode or b"").decode() for op in graph.operators]
    regions = [op for op, kind in zip(graph.operators, kinds, strict=True) if kind == "Landmarks2TransformMatrix"]
    samplers = [op for op, kind in zip(graph.operators, kinds, strict=True) if kind == "TransformTensorBilinear"]
    placers = [op for op, kind in zip(graph.operators, kinds, strict=True) if kind == "TransformLandmarks"]
    names = {t.name.decode(): i for i, t in enumerate(graph.tensors)}
    flat = next(op.inputs[0] for op in graph.operators if op.outputs[0] == names["output_mesh_identity"])
    flag = names["conv_faceflag"]

    # Up to the region crops.
    features = samplers[0].inputs[0]
    before = _cut(data, graph.inputs, [flat, features, flag])
    base, features_value, logit = _run(before, [image[None].astype(np.float32) / 255])
    points = base.reshape(468, 3)

    # The regions, and their features.
    options = [flexbuffers.Loads(bytes(op.customOptions)) for op in regions]
    matrices = [region_matrix(points * 0.25, o) for o in options]
    crops = [sample(features_value[0], matrix, 16)[None] for matrix in matrices]

    # The heads: each placer reads a reshaped head, and the matrix of its region.
    heads = [op.inputs[0] for op in placers]
    after = _cut(data, [op.outputs[0] for op in samplers], heads)
    refined = _run(after, crops)
    merged = np.concatenate([points, np.zeros((10, 3), np.float32)])
    for op, value in zip(placers, refined, strict=True):
        out = next(i for n, i in names.items() if n.startswith("output_") and i in _downstream(graph, op.outputs[0]))
        name = graph.tensors[out].name.decode()
        region = 0 if "lips" in name else 1 if "left" in name else 2
        placed = place(value[0], matrices[region])
        if "iris" in name:
            first = 468 + 5 * (region - 1)
            merged[first : first + 5, :2] = placed
            merged[first : first + 5, 2] = points[options[region]["subset_idxs"][:16], 2].mean()
        else:
            merged[options[region]["subset_idxs"], :2] = placed
    return merged, float(1 / (1 + math.exp(-float(logit.ravel()[0]))))


def region_matrix(points: np.ndarray, options: dict) -> np.ndarray:
    """LandmarksToTransformMatrixV2: (468, 3) points in feature pixels -> (4, 4), crop pixels to feature pixels."""
    left, right = points[options["left_rotation_idx"]], points[options["right_rotation_idx"]]
    r = options["target_rotation_radians"] - math.atan2(right[1] - left[1], right[0] - left[0])

    def turn(angle: float) -> np.ndarray:
        m = np.eye(4)
        m[:2, :2] = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
        return m

    turned = [turn(r)[:2, :2] @ points[i, :2] for i in options["subset_idxs"]]
    high, low = np.max(turned, axis=0), np.min(turned, axis=0)
    centre = turn(-r)[:2, :2] @ ((high + low) / 2)
    shift, scale, back = np.eye(4), np.eye(4), np.eye(4)
    shift[:2, 3] = centre
    scale[0, 0] = options["scale_x"] * (high - low)[0] / options["output_width"]
    scale[1, 1] = options["scale_y"] * (high - low)[1] / options["output_height"]
    back[:2, 3] = -options["output_width"] / 2, -options["output_height"] / 2
    return shift @ turn(-r) @ scale @ back


def sample(features: np.ndarray, matrix: np.ndarray, size: int) -> np.ndarray:
    """TransformTensorBilinearV2: (H, W, C) -> (size, size, C)."""
    height, width, channels = features.shape
    padded = np.pad(features, ((0, 1), (0, 1), (0, 0)))
    out = np.zeros((size, size, channels), np.float32)
    for row in range(size):
        for column in range(size):
            x, y = (matrix @ [column + 0.5, row + 0.5, 0, 1])[:2] - 0.5
            if x < 0 or x > width - 1 or y < 0 or y > height - 1:
                continue
            i, j = math.floor(y), math.floor(x)
            upper = (1 - (x - j)) * padded[i, j] + (x - j) * padded[i, j + 1]
            lower = (1 - (x - j)) * padded[i + 1, j] + (x - j) * padded[i + 1, j + 1]
            out[row, column] = (y - i) * lower + (1 - (y - i)) * upper
    return out


def place(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """The network's Mul by (1, 1, 4, 4), then TransformLandmarksV2: (N, 2) -> (N, 2) in input pixels."""
    scaled = matrix[:2] * [1, 1, 4, 4]
    return np.array([scaled @ [x, y, 0, 1] for x, y in points], np.float32)


def _downstream(graph: schema.SubGraphT, tensor: int) -> set[int]:
    found = {tensor}
    for op in graph.operators:
        if found & set(op.inputs):
            found |= set(op.outputs)
    return found


def _cut(data: bytes, inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
    """The TFLite file with other inputs and outputs, and only the operators between them."""
    model = schema.ModelT.InitFromPackedBuf(data)
    graph = model.subgraphs[0]
    needed, keep = set(outputs), []
    for op in reversed(graph.operators):
        if needed & set(op.outputs) and not set(op.outputs) & set(inputs):
            needed |= set(op.inputs)
            keep.append(op)
    graph.operators = keep[::-1]
    graph.inputs, graph.outputs = list(inputs), list(outputs)
    model.signatureDefs = None
    builder = Builder(1 << 22)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _run(data: bytes, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    interpreter = Interpreter(model_content=data, num_threads=1)
    interpreter.allocate_tensors()
    for detail, value in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(detail["index"], value.astype(np.float32))
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]


def main(wheel: Path) -> None:
    rng = np.random.default_rng(0)
    values = {}
    for name, cells, run in (("face_detector", 16, detector), ("face_mesh", 24, mesh)):
        tiles = rng.integers(0, 256, (cells, cells, 3), np.uint8)  # eight pixels a tile: small in the file
        first, second = run(read_wheel(wheel, name), tiles.repeat(8, axis=0).repeat(8, axis=1))
        values |= {f"{name}_tiles": tiles, f"{name}_0": np.float32(first), f"{name}_1": np.float32(second)}
    np.savez_compressed(GOLDEN, **values)
    print(f"{GOLDEN}: {GOLDEN.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
