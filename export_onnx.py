"""Exports every shipped network of ours to ONNX: ``python export_onnx.py geometric --checkpoint RUN/best.pt``.

The contract (names, shapes, units, version) goes into the metadata, the opset is stated, and every head is compared
with torch on random faces; an export that differs by more than the stated tolerance is not written.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from models.landmark_regressor import LandmarkRegressor
from models.runtime.alignment import canonical_face
from models.runtime.regressor import GEOMETRIC, GEOMETRIC_FILE
from models.runtime.sessions import Contract, Session

OPSET = 17
TOLERANCE = {"au": 1e-4, "gaze_deg": 1e-2, "identity": 1e-4}
"""Largest difference allowed per head, in its own unit."""


class Exported(nn.Module):
    """The network with its outputs clipped to their ranges, as the contract states them."""

    def __init__(self, model: LandmarkRegressor):
        super().__init__()
        self.model = model

    def forward(self, landmarks: Tensor, neutral: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        au, gaze, identity = self.model(landmarks, neutral)
        return au.clamp(0, 1), gaze.clamp(-45, 45), identity.clamp(0, 1)


def random_faces(n: int) -> tuple[Tensor, Tensor]:
    """Faces about the canonical one: (n, 478, 3) present and at rest, metres."""
    g = torch.Generator().manual_seed(0)
    mean = torch.from_numpy(np.array(canonical_face()))
    rest = mean + 0.004 * torch.randn(n, 478, 3, generator=g)
    return rest + 0.003 * torch.randn(n, 478, 3, generator=g), rest


def export(
    module: nn.Module, example: tuple[Tensor, ...], contract: Contract, path: Path, units: dict[str, str]
) -> dict[str, float]:
    """Writes ``path`` and returns the largest difference per head. Raises SystemExit where a head differs too much."""
    module.eval()
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw.onnx"
        names = [*contract.inputs, *contract.outputs]
        torch.onnx.export(
            module, example, str(raw), opset_version=OPSET, dynamo=False,
            input_names=list(contract.inputs), output_names=list(contract.outputs),
            dynamic_axes={name: {0: "batch"} for name in names},
        )  # fmt: skip
        model = onnx.load(raw)
        meta = {
            "name": contract.name,
            "contract_version": str(contract.version),
            "opset": str(OPSET),
            "units": json.dumps(units),
        }
        onnx.helper.set_model_props(model, meta)
        onnx.checker.check_model(model)
        candidate = Path(folder) / "candidate.onnx"
        onnx.save(model, candidate)
        session = Session(candidate, contract, "cpu")
        worst = dict.fromkeys(contract.outputs, 0.0)
        for batch in (1, 7):
            inputs = [x[:batch] for x in example]
            with torch.no_grad():
                expected = module(*inputs)
            for name, a, b in zip(contract.outputs, expected, session.run(*[x.numpy() for x in inputs]), strict=True):
                worst[name] = max(worst[name], float(np.abs(a.numpy() - b).max()))
        for name, value in worst.items():
            print(f"{contract.name}.{name}: largest difference from torch {value:.2e} (allowed {TOLERANCE[name]:.0e})")
            if not value <= TOLERANCE[name]:  # also for NaN
                raise SystemExit(f"{path.name} is not written: {name} differs from torch by {value:.2e}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(candidate.read_bytes())
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB, opset {OPSET}")
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", choices=["geometric"])
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=GEOMETRIC_FILE)
    args = parser.parse_args()
    if not args.checkpoint.is_file():
        raise SystemExit(
            f"{args.checkpoint}: no such checkpoint; train one with python -m models.train_landmark_regressor"
        )
    model = LandmarkRegressor.from_checkpoint(torch.load(args.checkpoint, map_location="cpu", weights_only=False))
    units = {
        "landmarks": "metres, head frame: x to the subject's left, y up, z out of the face",
        "neutral": "the same person at rest, same frame",
        "au": "0..1 per channel in the order of rig/parameters.py",
        "gaze_deg": "left yaw, left pitch, right yaw, right pitch; + to the subject's left, + up",
        "identity": "0..1, 0.5 = base face, in the order of the rig's identity_names",
    }
    export(Exported(model), random_faces(8), GEOMETRIC, args.out, units)


if __name__ == "__main__":
    main()
