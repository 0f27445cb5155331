"""Exports every shipped network of ours to ONNX: ``python export_onnx.py lite --checkpoint RUN/best.pt``.

The contract (names, shapes, units, version, and a digest of the weights) goes into the metadata, the opset is stated,
and every head is compared with torch on random inputs, one row at a time and several at once; an export that differs by
more than the stated tolerance is not written.

``lite`` is two files: what is read in every frame, and who the person is (``lite_person.onnx``).
``--precision fp16`` halves the file and computes in half precision where the device can (``models.half_precision``);
inputs and outputs stay as they are, so every device runs it.
"""

import argparse
import hashlib
import json
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from models.half_precision import halved
from models.landmark_regressor import LandmarkRegressor
from models.lite import LiteRegressor
from models.regressor import FullRegressor
from models.runtime.alignment import canonical_face
from models.runtime.crop import SIZE
from models.runtime.person_heads import person_file
from models.runtime.picture_regressor import CODE_SIZES, FILES, FULL, LITE, LITE_PERSON
from models.runtime.regressor import GEOMETRIC, GEOMETRIC_FILE
from models.runtime.sessions import Contract, Session

OPSET: Final = 17
PRECISIONS: Final = ("fp32", "fp16")
BATCHES: Final = ("dynamic", "1")
TOLERANCE: Final[dict[str, dict[str, float]]] = {
    "fp32": {"au": 1e-4, "pose": 1e-4, "gaze_deg": 1e-2, "identity": 1e-4, "brow_style": 1e-4, "code": 1e-4},
    "fp16": {"au": 0.01, "pose": 0.01, "gaze_deg": 0.3, "identity": 0.01, "brow_style": 0.01, "code": 0.01},
}
"""Largest difference from torch allowed per head, in its own unit; of codes as a share of their largest number."""
UNITS: Final = {
    "picture": "RGB, 0..255, the aligned view of models/runtime/crop.py",
    "landmarks": "metres, head frame: x to the subject's left, y up, z out of the face",
    "neutral": "the same person at rest, same frame",
    "neutral_code": "mean code of the same person's pictures at rest; zeros where not known",
    "au": "0..1 per channel in the order of rig/parameters.py",
    "pose": "yaw, pitch 0..1; 0.5 = frontal, span 90 degrees",
    "gaze_deg": "left yaw, left pitch, right yaw, right pitch; + to the subject's left, + up",
    "identity": "0..1, 0.5 = base face, in the order of the rig's identity_names",
    "brow_style": "probabilities of rig/parameters.py's brow styles",
    "code": "of this picture",
}
SLOW_OPS: Final = {"PRelu": "write it as Add(Relu(dwconv(x)), dwconv(x)), which is 4 times as quick on a CPU"}


class Clipped(nn.Module):
    """The geometric network with its outputs clipped to their ranges, as the contract states them."""

    def __init__(self, model: LandmarkRegressor):
        super().__init__()
        self.model = model

    def forward(self, landmarks: Tensor, neutral: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        au, gaze, identity = self.model(landmarks, neutral)
        return au.clamp(0, 1), gaze.clamp(-45, 45), identity.clamp(0, 1)


class LitePicture(nn.Module):
    """What ``lite`` reads in every frame."""

    def __init__(self, model: LiteRegressor):
        super().__init__()
        self.model = model

    def forward(
        self, picture: Tensor, landmarks: Tensor, neutral: Tensor, neutral_code: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        au, pose, gaze, _, _, code = self.model(picture, landmarks, neutral, neutral_code)
        return au, pose, gaze, code


class LitePerson(nn.Module):
    """What ``lite`` reads of a person: identity and brow style."""

    def __init__(self, model: LiteRegressor):
        super().__init__()
        self.model = model

    def forward(self, neutral: Tensor, code: Tensor, neutral_code: Tensor) -> tuple[Tensor, Tensor]:
        identity, brow_style = self.model.person(neutral, code, neutral_code)
        return identity.clamp(0, 1), brow_style.softmax(1)


def random_faces(n: int) -> tuple[Tensor, Tensor]:
    """Faces about the canonical one: (n, 478, 3) present and at rest, metres."""
    g = torch.Generator().manual_seed(0)
    mean = torch.from_numpy(np.array(canonical_face()))
    rest = mean + 0.004 * torch.randn(n, 478, 3, generator=g)
    return rest + 0.003 * torch.randn(n, 478, 3, generator=g), rest


def random_pictures(n: int, code_size: int) -> tuple[Tensor, ...]:
    """Inputs of a picture regressor: blotches and noise for pictures, faces, codes of which every third is zeros."""
    g = torch.Generator().manual_seed(1)
    blotches = nn.functional.interpolate(torch.rand(n, 3, 8, 8, generator=g), size=SIZE, mode="bilinear")
    picture = (255 * blotches + 12 * torch.randn(n, 3, SIZE, SIZE, generator=g)).clamp(0, 255).byte()
    codes = torch.randn(n, code_size, generator=g)
    codes[::3] = 0
    return picture.permute(0, 2, 3, 1).contiguous(), *random_faces(n), codes


def random_people(n: int, code_size: int) -> tuple[Tensor, ...]:
    """Inputs of a person's heads: faces at rest, codes present and at rest, of which every third is zeros."""
    _, _, rest, codes = random_pictures(n, code_size)
    return rest, torch.randn(codes.shape, generator=torch.Generator().manual_seed(2)), codes


@dataclass(frozen=True)
class Network:
    """One that can be exported."""

    load: Callable[[dict[str, Any]], nn.Module]
    """Checkpoint -> module with the contract's inputs and outputs."""
    contract: Contract
    file: Path
    examples: Callable[[int], tuple[Tensor, ...]]
    trained_by: str


NETWORKS: Final = {
    "geometric": Network(
        lambda c: Clipped(LandmarkRegressor.from_checkpoint(c)),
        GEOMETRIC,
        GEOMETRIC_FILE,
        random_faces,
        "models.train_landmark_regressor",
    ),
    "lite": Network(
        lambda c: LitePicture(LiteRegressor.from_checkpoint(c)),
        LITE,
        FILES["lite"],
        lambda n: random_pictures(n, CODE_SIZES["lite"]),
        "models.train_lite",
    ),
    "lite_person": Network(
        lambda c: LitePerson(LiteRegressor.from_checkpoint(c)),
        LITE_PERSON,
        person_file(FILES["lite"]),
        lambda n: random_people(n, CODE_SIZES["lite"]),
        "models.train_lite",
    ),
    "full": Network(
        FullRegressor.from_checkpoint,
        FULL,
        FILES["full"],
        lambda n: random_pictures(n, CODE_SIZES["full"]),
        "models.train_regressor",
    ),
}


PERSON_OF: Final = {"lite": "lite_person"}
"""Written beside a network, of the same weights."""


def export(
    module: nn.Module,
    example: tuple[Tensor, ...],
    contract: Contract,
    path: Path,
    batch: str = "dynamic",
    precision: str = "fp32",
) -> dict[str, float]:
    """Writes ``path`` and returns the largest difference per head, in the units of TOLERANCE.

    Args:
        module: takes and gives what the contract says, in its order.
        example: several rows of each input.
        batch: one of BATCHES. precision: one of PRECISIONS.

    Raises:
        SystemExit: a head differs too much, or the graph holds an operator that is too slow on a CPU. Nothing is
            written then.
    """
    module.eval()
    with tempfile.TemporaryDirectory() as folder:
        model = trace(module, example, contract, Path(folder) / "raw.onnx", batch)
        if precision == "fp16":
            model = halved(model)
        meta = {
            "name": contract.name,
            "contract_version": str(contract.version),
            "weights": digest(module),
            "opset": str(OPSET),
            "precision": precision,
            "batch": batch,
            "units": json.dumps({name: UNITS[name] for name in (*contract.inputs, *contract.outputs)}),
        }
        onnx.helper.set_model_props(model, meta)
        onnx.checker.check_model(model)
        candidate = Path(folder) / "candidate.onnx"
        onnx.save(model, candidate)
        worst = differences(module, Session(candidate, contract, "cpu"), example, contract, batch)
        for name, value in worst.items():
            allowed = TOLERANCE[precision][name]
            print(f"{contract.name}.{name}: largest difference from torch {value:.2e} (allowed {allowed:.0e})")
            if not value <= allowed:  # also for NaN
                raise SystemExit(f"{path.name} is not written: {name} differs from torch by {value:.2e}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(candidate.read_bytes())
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB, opset {OPSET}, {precision}, batch {batch}")
    return worst


def trace(module: nn.Module, example: tuple[Tensor, ...], contract: Contract, path: Path, batch: str) -> Any:
    """The module as an ONNX model, with one row or any number of them."""
    names = [*contract.inputs, *contract.outputs]
    rows = tuple(x[:1] for x in example) if batch == "1" else example
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the exporter that takes no further package
        # Sizes are told by the contract, and whether any number of rows works is seen in the comparison.
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        torch.onnx.export(
            module, rows, str(path), opset_version=OPSET, dynamo=False,
            input_names=list(contract.inputs), output_names=list(contract.outputs),
            dynamic_axes=None if batch == "1" else {name: {0: "batch"} for name in names},
        )  # fmt: skip
    model = onnx.load(path)
    for op, remedy in SLOW_OPS.items():
        if any(node.op_type == op for node in model.graph.node):
            raise SystemExit(f"{contract.name} is not written: it holds {op}; {remedy}")
    return without_copies(model)


def without_copies(model: Any) -> Any:
    """The model whose nodes take weights as they are, not through an Identity: torch writes equal ones once."""
    weights = {tensor.name for tensor in model.graph.initializer}
    copies = [n for n in model.graph.node if n.op_type == "Identity" and n.input[0] in weights]
    original = {n.output[0]: n.input[0] for n in copies}
    for node in model.graph.node:
        for i, name in enumerate(node.input):
            node.input[i] = original.get(name, name)
    for node in copies:
        model.graph.node.remove(node)
    return model


def digest(module: nn.Module) -> str:
    """Twelve letters that tell these weights from others; the same for every precision they are exported in."""
    whole = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        whole.update(name.encode())
        whole.update(np.ascontiguousarray(value.cpu().numpy()).tobytes())
    return whole.hexdigest()[:12]


def differences(
    module: nn.Module, session: Session, example: tuple[Tensor, ...], contract: Contract, batch: str
) -> dict[str, float]:
    """The largest difference of each output between torch and the exported network, one row and all rows at a time."""
    worst = dict.fromkeys(contract.outputs, 0.0)
    sizes = (1,) if batch == "1" else (1, len(example[0]))
    for size in sizes:
        for start in range(0, len(example[0]) - size + 1, size):
            inputs = [x[start : start + size] for x in example]
            with torch.no_grad():
                expected = module(*inputs)
            found = session.run(*[x.numpy() for x in inputs])
            for name, a, b in zip(contract.outputs, expected, found, strict=True):
                unit = max(float(a.abs().max()), 1e-6) if name == "code" else 1.0
                difference = float(np.abs(a.numpy() - b).max()) / unit
                worst[name] = max(worst[name], difference) if difference == difference else difference
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", choices=[name for name in NETWORKS if name not in PERSON_OF.values()])
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, help="default: where the app looks for it, in assets/models")
    parser.add_argument("--batch", choices=BATCHES, default="dynamic", help="rows a call takes (default: any number)")
    parser.add_argument("--precision", choices=PRECISIONS, default="fp32")
    args = parser.parse_args()
    network = NETWORKS[args.network]
    if not args.checkpoint.is_file():
        raise SystemExit(f"{args.checkpoint}: no such checkpoint; train one with python -m {network.trained_by}")
    checkpoint = torch.load(args.checkpoint, map_location="cpu", weights_only=False)
    try:
        modules = {
            name: NETWORKS[name].load(checkpoint) for name in (args.network, PERSON_OF.get(args.network)) if name
        }
    except (KeyError, TypeError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise SystemExit(f"{args.checkpoint} is no checkpoint of the {args.network} network: {reason}") from error
    path = args.out or network.file
    for name, module in modules.items():
        own = NETWORKS[name]
        to = path if name == args.network else person_file(path)
        export(module, own.examples(7), own.contract, to, args.batch, args.precision)


if __name__ == "__main__":
    main()
