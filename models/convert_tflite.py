"""MediaPipe's face detector and attention face mesh, from TFLite files in a PyPI wheel to ONNX files in ``assets/``.

    pip download --no-deps mediapipe==0.10.21
    python -m models.convert_tflite --wheel mediapipe-0.10.21-*.whl

Three things differ from a plain operator-by-operator conversion, all for speed in onnxruntime on a CPU; none changes
the arithmetic beyond rounding (``tests/models/test_convert_tflite.py`` compares with the TFLite interpreter):

* NCHW inside, and preprocessing inside: the graph takes the RGB picture crop as it is, ``(1, H, W, 3)`` uint8.
* PRelu becomes two depthwise 1x1 convolutions that onnxruntime fuses with the Relu and the Add beside them.
* The five refinement heads of the attention mesh (lips, eyes, irises) have equal layers: they run as one grouped
  convolution per layer, and what MediaPipe does after the network (refined points over base points, iris depth) is the
  last node, so the output is the 478 points.

The three custom operators of the attention mesh are written out in ordinary ones after MediaPipe's public source
(``mediapipe/util/tflite/operations/{landmarks_to_transform_matrix,transform_tensor_bilinear,transform_landmarks}.cc``).

Needs ``pip install .[train]`` (onnx) and the PyPI package ``tflite`` (the schema).
"""

import argparse
import hashlib
import sys
import zipfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import tflite
from flatbuffers import flexbuffers
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

ASSETS = Path(__file__).resolve().parents[1] / "assets" / "models"
WHEEL_VERSION = "0.10.21"
OPSET = 17
CONTRACT_VERSION = 1
MODELS = {
    # name: (member of the wheel, sha256)
    "face_detector": (
        "mediapipe/modules/face_detection/face_detection_short_range.tflite",
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
    ),
    "face_mesh": (
        "mediapipe/modules/face_landmark/face_landmark_with_attention.tflite",
        "e06a804e0144f9929eda782122916b35d60c697c3c9344013ca2bbe76a6ce2b4",
    ),
}


class ConversionError(Exception):
    """The wheel is not the one this script knows; the message says what to download."""


# --- reading TFLite --------------------------------------------------------------------------------------------------

_OPS = {
    value: name for name, value in vars(tflite.BuiltinOperator).items() if isinstance(value, int)
}  # 3 -> "CONV_2D" ...
_DTYPES = {tflite.TensorType.FLOAT32: "f4", tflite.TensorType.FLOAT16: "f2", tflite.TensorType.INT32: "i4"}


@dataclass(frozen=True)
class Op:
    """One TFLite operator: its kind, tensor indices in and out, and attributes (names as in the TFLite schema)."""

    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    attrs: dict[str, Any]


class TFLiteGraph:
    """The first subgraph of a TFLite file; float16 constants are dequantised (widened) on reading."""

    def __init__(self, data: bytes) -> None:
        self._model = tflite.Model.GetRootAs(data, 0)
        self._graph = self._model.Subgraphs(0)
        self.inputs = tuple(int(i) for i in self._graph.InputsAsNumpy())
        self.outputs = tuple(int(i) for i in self._graph.OutputsAsNumpy())
        self._widened: dict[int, int] = {}
        self.ops: list[Op] = []
        for i in range(self._graph.OperatorsLength()):
            op = self._read_op(self._graph.Operators(i))
            if op.kind == "DEQUANTIZE":
                self._widened[op.outputs[0]] = op.inputs[0]
            else:
                self.ops.append(op)

    def name(self, tensor: int) -> str:
        return self._graph.Tensors(tensor).Name().decode()

    def shape(self, tensor: int) -> tuple[int, ...]:
        return tuple(int(n) for n in self._graph.Tensors(tensor).ShapeAsNumpy())

    def constant(self, tensor: int) -> NDArray[Any] | None:
        """The value of a constant tensor, float32 or int32; None for one that is computed."""
        tensor = self._widened.get(tensor, tensor)
        info = self._graph.Tensors(tensor)
        buffer = self._model.Buffers(info.Buffer())
        if not buffer.DataLength():
            return None
        raw = np.frombuffer(buffer.DataAsNumpy().tobytes(), _DTYPES[info.Type()]).reshape(self.shape(tensor))
        return raw.astype(np.float32) if raw.dtype == np.float16 else raw

    def _read_op(self, op: Any) -> Op:
        code = self._model.OperatorCodes(op.OpcodeIndex())
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        kind, attrs = _OPS[number], {}
        if kind == "CUSTOM":
            kind = code.CustomCode().decode()
            if op.CustomOptionsLength():
                attrs = flexbuffers.Loads(bytes(op.CustomOptionsAsNumpy()))
        elif kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "MAX_POOL_2D"):
            options = {
                "CONV_2D": tflite.Conv2DOptions,
                "DEPTHWISE_CONV_2D": tflite.DepthwiseConv2DOptions,
                "MAX_POOL_2D": tflite.Pool2DOptions,
            }[kind]()
            options.Init(op.BuiltinOptions().Bytes, op.BuiltinOptions().Pos)
            attrs = {"stride": options.StrideH(), "same": options.Padding() == tflite.Padding.SAME}
            if kind == "MAX_POOL_2D":
                attrs["size"] = options.FilterHeight()
            if options.FusedActivationFunction() != tflite.ActivationFunctionType.NONE:
                raise ConversionError(f"fused activation in {kind}: not one of the files this script knows")
        return Op(
            kind,
            tuple(int(i) for i in op.InputsAsNumpy()),
            tuple(int(i) for i in op.OutputsAsNumpy()),
            attrs,
        )


# --- writing ONNX ----------------------------------------------------------------------------------------------------


@dataclass
class OnnxWriter:
    """Collects nodes and constants. Floats that float16 holds exactly are stored so (MediaPipe's weights are)."""

    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def const(self, value: Any, dtype: Any = np.float32) -> str:
        array = np.asarray(value, dtype)
        name = f"c{len(self.constants)}"
        with np.errstate(over="ignore"):
            half = array.astype(np.float16) if array.dtype == np.float32 else None
        if half is not None and array.size >= 64 and np.array_equal(half.astype(np.float32), array):
            self.constants.append(numpy_helper.from_array(half, name + "h"))
            self.nodes.append(helper.make_node("Cast", [name + "h"], [name], to=TensorProto.FLOAT))
        else:
            self.constants.append(numpy_helper.from_array(array, name))
        return name

    def ints(self, *value: int) -> str:
        return self.const(value, np.int64)

    def op(self, kind: str, *inputs: str, n_out: int = 1, name: str | None = None, **attrs: Any) -> Any:
        """Adds a node; its output name (a list of names where ``n_out`` > 1)."""
        stem = name or f"t{len(self.nodes)}"
        outputs = [stem] if n_out == 1 else [f"{stem}_{i}" for i in range(n_out)]
        self.nodes.append(helper.make_node(kind, list(inputs), outputs, **attrs))
        return outputs[0] if n_out == 1 else outputs

    def model(self, inputs: Sequence[Any], outputs: Sequence[Any], metadata: dict[str, str]) -> onnx.ModelProto:
        graph = helper.make_graph(self.nodes, metadata["name"], inputs, outputs, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
        model.producer_name = "models.convert_tflite"
        helper.set_model_props(model, metadata)
        onnx.checker.check_model(model, full_check=True)
        return model


def _pads(size: int, kernel: int, op: Op) -> list[int]:
    """ONNX pads (top, left, bottom, right) of TFLite's padding for a square input."""
    if not op.attrs["same"]:
        return [0, 0, 0, 0]
    total = max((-(-size // op.attrs["stride"]) - 1) * op.attrs["stride"] + kernel - size, 0)
    return [total // 2, total // 2, total - total // 2, total - total // 2]


class Converter:
    """Writes TFLite operators, or bundles of equal ones as one grouped operator, to an ``OnnxWriter``.

    A *bundle* is a tuple of TFLite tensors of equal shape; it lives in one ONNX tensor, side by side in the channels.
    """

    def __init__(self, graph: TFLiteGraph, writer: OnnxWriter) -> None:
        self.graph, self.w = graph, writer
        self.values: dict[tuple[int, ...], str] = {}

    def value(self, bundle: tuple[int, ...]) -> str:
        """The ONNX tensor that holds a bundle; picked together from other bundles where it was not written as such."""
        if bundle not in self.values:
            parts = []
            for tensor in bundle:
                if (tensor,) not in self.values:
                    home = next(b for b in self.values if tensor in b)
                    channels = self.graph.shape(tensor)[-1]
                    names = self.w.op("Split", self.values[home], self.w.ints(*[channels] * len(home)),
                                      n_out=len(home), axis=1)  # fmt: skip
                    self.values.update({(t,): n for t, n in zip(home, names, strict=True)})
                parts.append(self.values[(tensor,)])
            self.values[bundle] = self.w.op("Concat", *parts, axis=1)
        return self.values[bundle]

    def write(self, ops: Sequence[Op]) -> None:
        """Writes equal operators as one."""
        first = ops[0]
        handler = getattr(self, "_" + first.kind.lower(), None)
        if handler is None:
            raise ConversionError(f"TFLite operator {first.kind}: not one of the files this script knows")
        self.values[tuple(o.outputs[0] for o in ops)] = handler(ops)

    def _x(self, ops: Sequence[Op], index: int = 0) -> str:
        return self.value(tuple(o.inputs[index] for o in ops))

    def _constants(self, ops: Sequence[Op], index: int) -> NDArray[np.float32]:
        """The constants of equal operators, one after another along axis 0."""
        values = [self.graph.constant(o.inputs[index]) for o in ops]
        return np.concatenate([v for v in values if v is not None])

    def _conv(self, ops: Sequence[Op], weights: NDArray[np.float32], group: int) -> str:
        bias = self._constants(ops, 2)
        pads = _pads(self.graph.shape(ops[0].inputs[0])[1], weights.shape[2], ops[0])
        stride = ops[0].attrs["stride"]
        return self.w.op("Conv", self._x(ops), self.w.const(weights), self.w.const(bias),
                         group=group, strides=[stride, stride], pads=pads)  # fmt: skip

    def _conv_2d(self, ops: Sequence[Op]) -> str:
        return self._conv(ops, self._constants(ops, 1).transpose(0, 3, 1, 2), len(ops))

    def _depthwise_conv_2d(self, ops: Sequence[Op]) -> str:
        weights = np.concatenate([self.graph.constant(o.inputs[1]) for o in ops], axis=3)  # (1, k, k, C)
        return self._conv(ops, weights.transpose(3, 0, 1, 2), weights.shape[3])

    def _relu(self, ops: Sequence[Op]) -> str:
        return self.w.op("Relu", self._x(ops))

    def _prelu(self, ops: Sequence[Op]) -> str:
        """a x + (1 - a) Relu(x): two depthwise convolutions, into which onnxruntime fuses the sum.

        Its own PRelu operator takes several times as long on a CPU.
        """
        slope = np.concatenate([self.graph.constant(o.inputs[1]) for o in ops], axis=2).reshape(-1, 1, 1, 1)
        x, group = self._x(ops), len(slope)
        scaled = self.w.op("Conv", x, self.w.const(slope), group=group)
        bent = self.w.op("Conv", self.w.op("Relu", x), self.w.const(1 - slope), group=group)
        return self.w.op("Add", bent, scaled)

    def _add(self, ops: Sequence[Op]) -> str:
        return self.w.op("Add", self._x(ops, 0), self._x(ops, 1))

    def _max_pool_2d(self, ops: Sequence[Op]) -> str:
        size, stride = ops[0].attrs["size"], ops[0].attrs["stride"]
        pads = _pads(self.graph.shape(ops[0].inputs[0])[1], size, ops[0])
        return self.w.op("MaxPool", self._x(ops), kernel_shape=[size, size], strides=[stride, stride], pads=pads)

    def _pad(self, ops: Sequence[Op]) -> str:
        """Zero channels at the end, as a 1x1 convolution with the identity: Pad would leave ORT's blocked layout."""
        paddings = self.graph.constant(ops[0].inputs[1])
        if paddings is None or paddings[:3].any() or paddings[3, 0]:
            raise ConversionError("PAD other than of channels: not one of the files this script knows")
        channels = self.graph.shape(ops[0].inputs[0])[3]
        identity = np.eye(channels + int(paddings[3, 1]), channels, dtype=np.float32)[:, :, None, None]
        return self.w.op("Conv", self._x(ops), self.w.const(np.tile(identity, (len(ops), 1, 1, 1))), group=len(ops))


def _picture(w: OnnxWriter, size: int, low: float) -> tuple[Any, str]:
    """The input: (1, size, size, 3) RGB uint8 -> NCHW float, 0..255 mapped to low..1."""
    info = helper.make_tensor_value_info("image", TensorProto.UINT8, [1, size, size, 3])
    x = w.op("Transpose", w.op("Cast", "image", to=TensorProto.FLOAT), perm=[0, 3, 1, 2])
    x = w.op("Mul", x, w.const((1 - low) / 255))
    return info, w.op("Add", x, w.const(low)) if low else x


def convert_detector(data: bytes, source: str) -> onnx.ModelProto:
    """Short-range face detector: picture -> ``boxes`` (1, 896, 16) raw, ``scores`` (1, 896) probabilities."""
    graph, w = TFLiteGraph(data), OnnxWriter()
    c = Converter(graph, w)
    image, c.values[graph.inputs] = _picture(w, 128, low=-1.0)
    for op in graph.ops:
        if op.kind == "RESHAPE":  # (1, H, W, anchors * n) NHWC -> (1, H * W * anchors, n)
            x = w.op("Transpose", c.value(op.inputs[:1]), perm=[0, 2, 3, 1])
            c.values[op.outputs] = w.op("Reshape", x, w.ints(*graph.shape(op.outputs[0])))
        elif op.kind == "CONCATENATION":
            c.values[op.outputs] = w.op("Concat", *(c.value((i,)) for i in op.inputs), axis=1)
        else:
            c.write([op])
    by_name = {graph.name(i): c.value((i,)) for i in graph.outputs}
    w.op("Identity", by_name["regressors"], name="boxes")
    w.op("Sigmoid", w.op("Squeeze", by_name["classificators"], w.ints(2)), name="scores")
    outputs = [
        helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, 896, 16]),
        helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 896]),
    ]
    return w.model([image], outputs, _metadata("face_detector", source, "RGB, 0..255, letterboxed with black"))


N_MESH, SIZE = 468, 192


def convert_mesh(data: bytes, source: str) -> onnx.ModelProto:
    """Attention mesh: picture -> ``landmarks`` (1, 478, 3) in pixels of the crop, ``presence`` (1,) probability."""
    graph, w = TFLiteGraph(data), OnnxWriter()
    c = Converter(graph, w)
    image, c.values[graph.inputs] = _picture(w, SIZE, low=0.0)
    crops = [op for op in graph.ops if op.kind == "TransformTensorBilinear"]
    matrices = [op for op in graph.ops if op.kind == "Landmarks2TransformMatrix"]
    stems, heads = _split_at(graph, tuple(op.outputs[0] for op in crops))
    outputs = {graph.name(i): i for i in graph.outputs}

    for op in stems:
        c.write([op])
    flat = next(o.inputs[0] for o in graph.ops if o.kind == "STRIDED_SLICE")  # the base mesh, before it is copied out
    mesh = w.op("Reshape", c.value((flat,)), w.ints(1, N_MESH, 3))
    xy, z = w.op("Split", mesh, w.ints(2, 1), n_out=2, axis=2)

    # Where lips, left eye and right eye lie, and their features.
    matrix, shift = _region_matrices(w, xy, [op.attrs for op in matrices], graph)
    features = _sample(w, c.value(crops[0].inputs[:1]), matrix, shift, crops[0].attrs["output_height"],
                       graph.shape(crops[0].inputs[0]))  # fmt: skip
    c.values[tuple(op.outputs[0] for op in crops)] = features

    for ops in heads[:-1]:
        c.write(ops)
    refined, index = _heads(c, heads[-1], matrices, matrix, shift, graph)
    points = w.op("Gather", w.op("Concat", xy, refined, axis=1), w.const(index, np.int64), axis=1)
    eyes = np.array([op.attrs["subset_idxs"][:16] for op in matrices[1:]])  # the lid contours, corners included
    iris_z = w.op("ReduceMean", w.op("Gather", z, w.const(eyes, np.int64), axis=1), axes=[2], keepdims=0)  # (1, 2, 1)
    iris_z = w.op("Gather", iris_z, w.const([0] * 5 + [1] * 5, np.int64), axis=1)
    w.op("Concat", points, w.op("Concat", z, iris_z, axis=1), axis=2, name="landmarks")
    w.op("Sigmoid", w.op("Reshape", c.value((outputs["conv_faceflag"],)), w.ints(1)), name="presence")
    results = [
        helper.make_tensor_value_info("landmarks", TensorProto.FLOAT, [1, 478, 3]),
        helper.make_tensor_value_info("presence", TensorProto.FLOAT, [1]),
    ]
    return w.model([image], results, _metadata("face_mesh", source, "RGB, 0..255, upright square crop of the face"))


def _split_at(graph: TFLiteGraph, crops: tuple[int, ...]) -> tuple[list[Op], list[list[Op]]]:
    """The plain operators before the region crops, and those after them, in layers of equal ones."""
    depth = {crop: 0 for crop in crops}
    layers: dict[Any, list[Op]] = defaultdict(list)
    stems = []
    plain = {"CONV_2D", "DEPTHWISE_CONV_2D", "PRELU", "ADD", "MAX_POOL_2D", "PAD"}
    for op in graph.ops:
        if op.kind not in plain:
            continue
        below = [depth[i] for i in op.inputs if i in depth]
        if not below:
            stems.append(op)
            continue
        depth[op.outputs[0]] = 1 + max(below)
        # The last convolutions differ in their number of points only: one layer all the same.
        last = graph.shape(op.outputs[0])[1] == 1
        shapes = () if last else tuple(graph.shape(i) for i in (*op.inputs[:2], *op.outputs))
        layers[(depth[op.outputs[0]], op.kind, shapes)].append(op)
    return stems, [layers[key] for key in sorted(layers, key=lambda k: k[0])]


def _region_matrices(w: OnnxWriter, xy: str, regions: list[dict[str, Any]], graph: TFLiteGraph) -> tuple[str, str]:
    """Landmarks2TransformMatrix, for the three regions at once.

    The box around a region's points, turned so that its two corner points lie level, 1.5 times as large; the result
    maps region pixels (16x16) to feature pixels (48x48): ``xy (1, 468, 2)`` -> matrix (3, 2, 2), shift (3, 1, 2).
    """
    longest = max(len(r["subset_idxs"]) for r in regions)
    index = np.array([[*r["subset_idxs"], *r["subset_idxs"][:1] * (longest - len(r["subset_idxs"]))] for r in regions])
    level = np.array([[r["left_rotation_idx"], r["right_rotation_idx"]] for r in regions])
    size, scale = regions[0]["output_width"], regions[0]["scale_x"]
    xy = w.op("Mul", w.op("Squeeze", xy, w.ints(0)), w.const(0.25))  # feature pixels
    points = w.op("Gather", xy, w.const(index, np.int64), axis=0)  # (3, 80, 2)
    left, right = w.op("Split", w.op("Gather", xy, w.const(level, np.int64), axis=0), w.ints(1, 1), n_out=2, axis=1)
    along = w.op("Sub", right, left)
    along = w.op("Div", along, w.op("ReduceL2", along, axes=[2]))  # (3, 1, 2): cosine and sine of the region's tilt
    across = w.op("Gather", w.op("Mul", along, w.const([1, -1])), w.const([1, 0], np.int64), axis=2)  # (-sin, cos)
    axes = w.op("Concat", along, across, axis=1)  # (3, 2, 2), rows: the region's x and y axis in the picture
    turned = w.op("MatMul", points, w.op("Transpose", axes, perm=[0, 2, 1]))  # points in the region's own axes
    high = w.op("ReduceMax", turned, axes=[1])
    low = w.op("ReduceMin", turned, axes=[1])  # (3, 1, 2)
    middle = w.op("MatMul", w.op("Mul", w.op("Add", high, low), w.const(0.5)), axes)
    extent = w.op("Mul", w.op("Sub", high, low), w.const(scale / size))  # feature pixels per region pixel
    matrix = w.op("Mul", w.op("Transpose", extent, perm=[0, 2, 1]), axes)  # row vectors: p @ matrix
    corner = w.op("MatMul", w.const(np.full((1, 1, 2), -size / 2)), matrix)
    return matrix, w.op("Add", middle, corner)


def _sample(w: OnnxWriter, features: str, matrix: str, shift: str, size: int, shape: tuple[int, ...]) -> str:
    """TransformTensorBilinear: (1, C, H, W) -> (1, 3 C, size, size), pixel centres at +0.5, 0 outside the map.

    Four weighted gathers, channels last, take half the time of GridSample (which also blends with 0 at the map's
    border, where MediaPipe gives 0).
    """
    _, height, width, channels = shape
    ys, xs = np.mgrid[:size, :size] + 0.5
    grid = np.stack([xs, ys], axis=2).reshape(1, size * size, 2)
    where = w.op("Add", w.op("MatMul", w.const(grid), matrix), w.op("Sub", shift, w.const(0.5)))  # (3, size^2, 2)
    where = w.op("Reshape", w.op("Transpose", where, perm=[1, 0, 2]), w.ints(-1, 2))  # N = size^2 * 3 samples
    on_map = w.op("Min", w.op("Max", where, w.const([0, 0])), w.const([width - 1, height - 1]))
    corner = w.op("Min", w.op("Floor", on_map), w.const([width - 2, height - 2]))  # upper left neighbour
    after = w.op("Sub", on_map, corner)  # weight of the neighbours to the right, and below
    before = w.op("Sub", w.const(1.0), after)
    inside = w.op("Cast", w.op("Equal", where, on_map), to=TensorProto.FLOAT)  # along x, along y
    left, upper = w.op("Split", w.op("Mul", before, inside), w.ints(1, 1), n_out=2, axis=1)
    right, lower = w.op("Split", w.op("Mul", after, inside), w.ints(1, 1), n_out=2, axis=1)
    row = w.op("Concat", left, right, axis=1)
    weights = w.op("Concat", w.op("Mul", row, upper), w.op("Mul", row, lower), axis=1)
    index = w.op("Add", w.op("MatMul", corner, w.const([[1], [width]])), w.const([[0, 1, width, width + 1]]))
    index = w.op("Cast", index, to=TensorProto.INT32)  # (N, 4), exact: the map has fewer than 2^24 places
    flat = w.op("Reshape", w.op("Transpose", features, perm=[0, 2, 3, 1]), w.ints(-1, channels))
    corners = w.op("Gather", flat, index, axis=0)  # (N, 4, C)
    crops = w.op("ReduceSum", w.op("Mul", corners, w.op("Unsqueeze", weights, w.ints(2))), w.ints(1), keepdims=0)
    crops = w.op("Reshape", crops, w.ints(1, size, size, 3 * channels))
    return w.op("Transpose", crops, perm=[0, 3, 1, 2])


def _heads(
    c: Converter, last: list[Op], matrices: list[Op], matrix: str, shift: str, graph: TFLiteGraph
) -> tuple[str, NDArray[np.int64]]:
    """The heads' last convolutions and TransformLandmarks: refined points (1, 400, 2) in crop pixels, five heads of 80
    places, and for each of the 478 landmarks its place in (468 base points, 400 refined ones)."""
    w, places = c.w, 80
    regions, kernels, biases = [], [], []
    for op in last:
        kernel, bias = graph.constant(op.inputs[1]), graph.constant(op.inputs[2])
        assert kernel is not None
        assert bias is not None
        spare = 2 * places - len(bias)
        kernels.append(np.pad(kernel, ((0, spare), (0, 0), (0, 0), (0, 0))).transpose(0, 3, 1, 2))
        biases.append(np.pad(bias, (0, spare)))
    names = _head_names(graph, last)
    order = ["output_lips", "output_left_eye", "output_right_eye"]
    region_of = {"output_left_iris": 1, "output_right_iris": 2}
    index = np.arange(N_MESH + 10)
    for head, name in enumerate(names):
        region = region_of[name] if name in region_of else order.index(name)
        regions.append(region)
        first = N_MESH + head * places
        if name in region_of:
            index[N_MESH + 5 * (region - 1) : N_MESH + 5 * region] = np.arange(first, first + 5)
        else:
            points = matrices[region].attrs["subset_idxs"]
            index[points] = np.arange(first, first + len(points))
    x = w.op("Conv", c.value(tuple(op.inputs[0] for op in last)), w.const(np.concatenate(kernels)),
             w.const(np.concatenate(biases)), group=len(last))  # fmt: skip
    x = w.op("Reshape", x, w.ints(len(last), places, 2))
    pick = w.const(regions, np.int64)
    # The heads speak in quarter region pixels, so only the shift is still to be scaled to crop pixels.
    shift = w.op("Mul", w.op("Gather", shift, pick, axis=0), w.const(4.0))
    x = w.op("Add", w.op("MatMul", x, w.op("Gather", matrix, pick, axis=0)), shift)
    return w.op("Reshape", x, w.ints(1, len(last) * places, 2)), index


def _head_names(graph: TFLiteGraph, last: list[Op]) -> list[str]:
    """Which output of the network each of the last convolutions ends in."""
    names = []
    for op in last:
        tensor = op.outputs[0]
        while tensor not in graph.outputs:
            tensor = next(o.outputs[0] for o in graph.ops if o.inputs and o.inputs[0] == tensor)
        names.append(graph.name(tensor))
    return names


def _metadata(name: str, source: str, image: str) -> dict[str, str]:
    return {
        "name": name,
        "contract_version": str(CONTRACT_VERSION),
        "image": image,
        "source": f"{source} of the PyPI wheel mediapipe=={WHEEL_VERSION}",
        "license": "Apache-2.0, Copyright The MediaPipe Authors",
    }


def read_wheel(wheel: Path, name: str) -> bytes:
    """The TFLite file of one of ``MODELS``, checked. Raises ConversionError for another wheel."""
    member, sha256 = MODELS[name]
    hint = f"download it with: pip download --no-deps mediapipe=={WHEEL_VERSION}"
    try:
        with zipfile.ZipFile(wheel) as archive:
            data = archive.read(member)
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        raise ConversionError(f"{wheel} is not the wheel mediapipe=={WHEEL_VERSION} ({error}); {hint}") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ConversionError(f"{member} in {wheel} is not the one of mediapipe=={WHEEL_VERSION}; {hint}")
    return data


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Convert MediaPipe's face detector and face mesh to ONNX.")
    parser.add_argument("--wheel", type=Path, required=True, help=f"mediapipe-{WHEEL_VERSION}-*.whl")
    parser.add_argument("--out", type=Path, default=ASSETS, help="folder for the ONNX files (default: assets/models)")
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    try:
        for name, convert in (("face_detector", convert_detector), ("face_mesh", convert_mesh)):
            path = args.out / f"{name}.onnx"
            onnx.save(convert(read_wheel(args.wheel, name), MODELS[name][0]), path)
            print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")
    except ConversionError as error:
        print(f"convert_tflite: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
