"""glTF accessors -> numpy arrays, bounds checked (glTF 2.0 specification, section 3.6: accessors, sparse ones too)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rig.gltf.document import Document
from rig.gltf.limits import MAX_NUMBERS, CharacterError

COMPONENTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
DTYPES = {5120: np.int8, 5121: np.uint8, 5122: np.int16, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
MAX_STRIDE = 252


def whole(value: Any, low: int, high: int, what: str) -> int:
    """``value`` where it is an integer in ``low..high``; raises CharacterError naming ``what`` otherwise."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise CharacterError(f"the file is damaged: {what} is {str(value)[:20]}, expected {low} to {high}")
    return value


def item(values: Any, index: Any, what: str) -> Any:
    """``values[index]``, checked."""
    return values[whole(index, 0, len(values) - 1, what)]


class Accessors:
    """Decodes the accessors of one document; what it has decoded in all is bounded by MAX_NUMBERS."""

    def __init__(self, document: Document):
        self._gltf = document.gltf
        self._buffers = document.buffers
        self._left = MAX_NUMBERS

    def count(self, index: Any) -> int:
        return whole(item(self._gltf.accessors, index, "an accessor index").count, 1, MAX_NUMBERS, "accessor count")

    def view(self, index: Any) -> memoryview:
        """The bytes of a buffer view."""
        view = item(self._gltf.bufferViews, index, "a buffer view index")
        if any("meshopt" in str(name) for name in (view.extensions or {})):
            raise CharacterError("its meshes are meshopt-compressed; export it without compression")
        data = item(self._buffers, view.buffer, "a buffer index")
        start = whole(view.byteOffset or 0, 0, len(data), "a buffer view's offset")
        length = whole(view.byteLength, 0, len(data) - start, "a buffer view's length")
        return memoryview(data)[start : start + length]

    def integers(self, index: Any, n_components: int, what: str) -> NDArray[np.int64]:
        """(count,) or (count, n_components) indices."""
        a = self._read(index, n_components, what)
        if a.dtype.kind not in "iu":
            raise CharacterError(f"the file is damaged: {what} are no integers")
        return a.astype(np.int64)

    def floats(self, index: Any, n_components: int, what: str) -> NDArray[np.float32]:
        """(count,) or (count, n_components), normalised integers as 0..1 or -1..1, all finite."""
        a = self._read(index, n_components, what)
        if a.dtype.kind in "iu" and self._gltf.accessors[index].normalized is True:
            # Section 3.6.2.2: c / max, signed ones not below -1.
            a = np.maximum(a.astype(np.float32) / np.float32(np.iinfo(a.dtype).max), -1)
        a = a.astype(np.float32)
        if not np.isfinite(a).all():
            raise CharacterError(f"the file is damaged: {what} are not finite numbers")
        return a

    def _read(self, index: Any, n_components: int, what: str) -> NDArray:
        accessor = item(self._gltf.accessors, index, f"accessor of {what}")
        if COMPONENTS.get(str(accessor.type)) != n_components:
            raise CharacterError(f"the file is damaged: {what} are {str(accessor.type)[:20]}")
        dtype = self._dtype(accessor.componentType, what)
        count = self.count(index)
        self._left -= count * n_components
        if self._left < 0:
            raise CharacterError(f"it holds more than {MAX_NUMBERS} numbers")
        if accessor.bufferView is None:
            out = np.zeros((count, n_components), dtype)
        else:
            view = item(self._gltf.bufferViews, accessor.bufferView, "a buffer view index")
            out = self._elements(
                accessor.bufferView, accessor.byteOffset, view.byteStride, count, n_components, dtype, what
            )
        if accessor.sparse is not None:
            out = self._substitute(out, accessor.sparse, what)
        return out[:, 0] if n_components == 1 else out

    def _substitute(self, dense: NDArray, sparse: Any, what: str) -> NDArray:
        count = whole(sparse.count, 1, len(dense), f"sparse count of {what}")
        if sparse.indices is None or sparse.values is None:
            raise CharacterError(f"the file is damaged: sparse {what} lack indices or values")
        i, v = sparse.indices, sparse.values
        rows = self._elements(i.bufferView, i.byteOffset, None, count, 1, self._dtype(i.componentType, what), what)
        values = self._elements(v.bufferView, v.byteOffset, None, count, dense.shape[1], dense.dtype, what)
        if rows.dtype.kind not in "iu" or int(rows.min()) < 0 or int(rows.max()) >= len(dense):
            raise CharacterError(f"the file is damaged: sparse {what} point outside")
        dense = dense.copy()
        dense[rows[:, 0]] = values
        return dense

    @staticmethod
    def _dtype(component: Any, what: str) -> np.dtype:
        if not isinstance(component, int) or component not in DTYPES:
            raise CharacterError(f"the file is damaged: {what} have component type {str(component)[:20]}")
        return np.dtype(DTYPES[component]).newbyteorder("<")

    def _elements(
        self, view_index: Any, offset: Any, stride: Any, count: int, n_components: int, dtype: np.dtype, what: str
    ) -> NDArray:
        """(count, n_components) of a buffer view without copying where that is possible."""
        data = self.view(view_index)
        size = n_components * dtype.itemsize
        step = size if stride is None else whole(stride, size, MAX_STRIDE, f"stride of {what}")
        start = whole(offset or 0, 0, len(data), f"offset of {what}")
        if start + step * (count - 1) + size > len(data):
            raise CharacterError(f"the file is damaged: {what} go beyond their buffer")
        return np.ndarray((count, n_components), dtype, data, start, (step, dtype.itemsize))
