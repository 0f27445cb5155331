"""Opens ONNX files: which device really runs them, and whether a file is what the code expects of it."""

import contextlib
import ctypes
import functools
import io
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

Device = Literal["auto", "cuda", "cpu"]
DEVICES: Final = ("auto", "cuda", "cpu")
ASSETS: Final = Path(__file__).resolve().parents[2] / "assets"

ort.set_default_logger_severity(4)  # a provider that cannot start is reported by us, in one line


class ModelError(Exception):
    """A network file or device cannot be used; the message names it and says what to do."""


@dataclass(frozen=True)
class TensorSpec:
    """Element type as in numpy, and shape; None where a dimension may vary."""

    dtype: str
    shape: tuple[int | None, ...]

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join('?' if n is None else str(n) for n in self.shape)}]"


@dataclass(frozen=True)
class Contract:
    """What a network file promises: its name and version (ONNX metadata), and its inputs and outputs in order."""

    name: str
    version: int
    inputs: Mapping[str, TensorSpec] = field(default_factory=dict)
    outputs: Mapping[str, TensorSpec] = field(default_factory=dict)


class Session:
    """An open network. ``device`` is what really runs it, ``cpu`` or ``cuda``; ``metadata`` the file's properties."""

    def __init__(self, path: Path, contract: Contract | None = None, device: Device = "auto", threads: int = 1) -> None:
        """
        Args:
            path: the ONNX file.
            contract: checked against the file; None to take it as it is.
            device: ``auto`` takes CUDA where it works, else the CPU.
            threads: on the CPU. One is best for small networks: more help little and wait for busy cores.

        Raises:
            ModelError: no such file, not a network, another contract, or ``cuda`` asked for and not to be had.
        """
        self.path = path
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        providers = _providers(device)
        if not path.is_file():
            raise ModelError(f"{path}: this network file is missing; reinstall Mien, or run git checkout on assets/")
        try:
            self._session = ort.InferenceSession(str(path), options, providers=providers)
        except Exception as error:  # onnxruntime raises a dozen types of its own, all for "not a usable model"
            reason = str(error).strip().splitlines()[0]
            raise ModelError(f"{path}: not a readable network file, fetch it again ({reason})") from error
        self.device = "cuda" if self._session.get_providers()[0] == "CUDAExecutionProvider" else "cpu"
        if device == "cuda" and self.device != "cuda":
            raise ModelError("CUDA could not be started by onnxruntime: pip install 'mien[cuda]', or use --device cpu")
        self.metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)
        self._inputs = [i.name for i in self._session.get_inputs()]
        if contract is not None:
            _check(path, contract, self._session, self.metadata)
        self._outputs = list(contract.outputs) if contract is not None else None

    def run(self, *inputs: NDArray[Any]) -> list[NDArray[Any]]:
        """Runs the network on its inputs, in order; the outputs in the contract's order (else the file's)."""
        return self._session.run(self._outputs, dict(zip(self._inputs, inputs, strict=True)))


def _providers(device: str) -> list[str]:
    """onnxruntime's providers for a device, best first. Raises ModelError where there is no such device."""
    if device not in DEVICES:
        raise ModelError(f"unknown device {device!r}: use one of {', '.join(DEVICES)}")
    if device == "cpu":
        return ["CPUExecutionProvider"]
    problem = cuda_problem()
    if problem is None:
        return ["CUDAExecutionProvider", "CPUExecutionProvider"]
    if device == "cuda":
        raise ModelError(f"CUDA cannot be used: {problem}; use --device cpu or auto")
    return ["CPUExecutionProvider"]


@functools.cache
def cuda_problem() -> str | None:
    """Why CUDA cannot be used here, in a few words; None where GPU, driver and onnxruntime's provider are there."""
    if "CUDAExecutionProvider" not in ort.get_available_providers():
        return "this onnxruntime is built without CUDA (pip install onnxruntime-gpu)"
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return "no NVIDIA driver found"
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0 or count.value == 0:
        return "no NVIDIA GPU found"
    if hasattr(ort, "preload_dlls"):  # finds the CUDA and cuDNN that pip installed
        with contextlib.redirect_stdout(io.StringIO()):  # it prints; whether CUDA runs is seen when a network is opened
            ort.preload_dlls()
    return None


def _check(path: Path, contract: Contract, session: ort.InferenceSession, metadata: Mapping[str, str]) -> None:
    found = (metadata.get("name", "?"), metadata.get("contract_version", "?"))
    if found != (contract.name, str(contract.version)):
        raise ModelError(
            f"{path} holds {found[0]!r} version {found[1]}, this Mien needs {contract.name!r} version "
            f"{contract.version}; take the file that came with this version of Mien"
        )
    actual = {
        "input": {i.name: _spec(i) for i in session.get_inputs()},
        "output": {o.name: _spec(o) for o in session.get_outputs()},
    }
    for kind, wanted in (("input", contract.inputs), ("output", contract.outputs)):
        for name, spec in wanted.items():
            have = actual[kind].get(name)
            if have is None or not _fits(have, spec):
                raise ModelError(f"{path}: {kind} {name!r} is {have or 'missing'}, this Mien needs {spec}")
    if list(contract.inputs) != list(actual["input"]):
        raise ModelError(f"{path}: inputs are {list(actual['input'])}, this Mien needs {list(contract.inputs)}")


def _spec(info: Any) -> TensorSpec:
    kind = {"float": "float32", "double": "float64"}.get(info.type[7:-1], info.type[7:-1])  # "tensor(float)"
    return TensorSpec(kind, tuple(n if isinstance(n, int) else None for n in info.shape))


def _fits(have: TensorSpec, want: TensorSpec) -> bool:
    return (
        np.dtype(have.dtype) == np.dtype(want.dtype)
        and len(have.shape) == len(want.shape)
        and all(w is None or h is None or h == w for h, w in zip(have.shape, want.shape, strict=True))
    )
