"""A session whose inputs have a place of their own on the device: nothing is asked for there from frame to frame.

On CUDA a plain ``run`` allocates each input on the device anew and lets onnxruntime decide where outputs are made and
when they are copied. Here inputs are written into buffers that stay, and outputs are told to end in the CPU's memory.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from models.runtime.sessions import Contract, Device, Session


class BoundSession(Session):
    """:class:`Session` through onnxruntime's IO binding, one row (a batch of 1) at a time. Not thread-safe."""

    def __init__(self, path: Path, contract: Contract, device: Device = "auto", threads: int = 1) -> None:
        """
        Args:
            contract: states every dimension of its inputs but the first.

        Raises:
            ModelError: as :class:`Session`.
        """
        super().__init__(path, contract, device, threads)
        self._places: list[tuple[str, list[int], np.dtype[Any], ort.OrtValue]] = []
        self._binding = self._session.io_binding()
        for name, spec in contract.inputs.items():
            shape, kind = [1, *(n for n in spec.shape[1:] if n is not None)], np.dtype(spec.dtype)
            place = ort.OrtValue.ortvalue_from_shape_and_type(shape, kind.type, self.device, 0)
            self._places.append((name, shape, kind, place))
            self._binding.bind_ortvalue_input(name, place)
        for name in contract.outputs:
            self._binding.bind_output(name, "cpu")

    def run(self, *inputs: NDArray[Any]) -> list[NDArray[Any]]:
        """As ``Session.run``; arrays of its own, which the next call leaves alone. ValueError for another shape."""
        for (name, shape, kind, place), array in zip(self._places, inputs, strict=True):
            if list(array.shape) != shape or array.dtype != kind:
                raise ValueError(f"{name} must be {kind}{shape}, not {array.dtype}{list(array.shape)}")
            place.update_inplace(np.ascontiguousarray(array))
        self._session.run_with_iobinding(self._binding)
        return self._binding.copy_outputs_to_cpu()
