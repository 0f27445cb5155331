"""Builds a GLB in memory: numpy arrays -> accessors (dense, pooled, sparse), pictures -> textures; one atomic write.

The document's classes and its serialisation are pygltflib's; this file only packs arrays into the binary chunk.
"""

import contextlib
import errno
import os
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import pygltflib as g
from numpy.typing import NDArray

GENERATOR = "Mien"
_COMPONENT = {
    np.dtype(np.float32): g.FLOAT,
    np.dtype(np.uint8): g.UNSIGNED_BYTE,
    np.dtype(np.uint16): g.UNSIGNED_SHORT,
    np.dtype(np.uint32): g.UNSIGNED_INT,
}
_SHAPE = {(): g.SCALAR, (2,): g.VEC2, (3,): g.VEC3, (4,): g.VEC4, (4, 4): g.MAT4}


class ExportError(Exception):
    """The file could not be written; the message says why and what to do."""


def smallest_index_type(n: int) -> type[np.uint16] | type[np.uint32]:
    """For indices below ``n``. Never bytes: UniVRM reads only 16 and 32 bit sparse indices."""
    return np.uint16 if n < 65535 else np.uint32


class GlbBuilder:
    """Collects a glTF 2.0 document in ``doc``; every method returns the index of what it added."""

    def __init__(self, copyright: str):
        self.doc = g.GLTF2(asset=g.Asset(version="2.0", generator=GENERATOR, copyright=copyright))
        self.doc.samplers = [
            g.Sampler(
                magFilter=g.LINEAR, minFilter=g.LINEAR_MIPMAP_LINEAR, wrapS=g.CLAMP_TO_EDGE, wrapT=g.CLAMP_TO_EDGE
            )
        ]
        self._chunks: list[bytearray] = []
        self._pools: dict[str, int] = {}

    def _view(self, data: bytes, target: int | None = None) -> int:
        self.doc.bufferViews.append(g.BufferView(buffer=0, target=target))
        self._chunks.append(bytearray(data))
        return len(self._chunks) - 1

    def _pool(self, name: str, data: bytes) -> tuple[int, int]:
        """Appends to the view that all of one kind share; returns the view and the offset, a multiple of 4."""
        if name not in self._pools:
            self._pools[name] = self._view(b"")
        view = self._pools[name]
        chunk = self._chunks[view]
        chunk.extend(bytes(-len(chunk) % 4))
        offset = len(chunk)
        chunk.extend(data)
        return view, offset

    def _add(self, array: NDArray, bounds: bool, **where) -> int:  # type: ignore[no-untyped-def]
        flat = array.reshape(len(array), -1)
        where = {"byteOffset": None, **where}  # pygltflib's default 0 is an error where there is no view
        accessor = g.Accessor(
            componentType=_COMPONENT[array.dtype],
            count=len(array),
            type=_SHAPE[array.shape[1:]],
            min=[float(x) for x in flat.min(0)] if bounds else None,
            max=[float(x) for x in flat.max(0)] if bounds else None,
            **where,
        )
        self.doc.accessors.append(accessor)
        return len(self.doc.accessors) - 1

    def accessor(self, array: NDArray, *, target: int | None = None, bounds: bool = False) -> int:
        """``array`` (N,), (N, 2..4) or (N, 4, 4) row-major, with a buffer view of its own."""
        # glTF's matrices are column-major.
        packed = array.swapaxes(1, 2) if array.ndim == 3 else array
        return self._add(array, bounds, bufferView=self._view(np.ascontiguousarray(packed).tobytes(), target))

    def keys(self, array: NDArray[np.float32], *, bounds: bool = False) -> int:
        """Animation data (N,), (N, 3) or (N, 4): thousands of small accessors in one view."""
        view, offset = self._pool("keys", np.ascontiguousarray(array).tobytes())
        return self._add(array, bounds, bufferView=view, byteOffset=offset)

    def sparse(self, n: int, rows: NDArray[np.intp], columns: Iterable[NDArray[np.float32]]) -> list[int]:
        """For each of ``columns`` (K, 3) an (n, 3) accessor, zero but at ``rows`` (K,), which they share."""
        kind = smallest_index_type(n)
        index_view, index_offset = self._pool("sparse-rows", rows.astype(kind).tobytes())
        added = []
        for values in columns:
            view, offset = self._pool("sparse-values", np.ascontiguousarray(values).tobytes())
            dense = np.zeros((n, 3), np.float32)
            dense[rows] = values
            index = self._add(dense, True)
            self.doc.accessors[index].sparse = g.Sparse(
                count=len(rows),
                indices=g.AccessorSparseIndices(
                    bufferView=index_view, byteOffset=index_offset, componentType=_COMPONENT[np.dtype(kind)]
                ),
                values=g.AccessorSparseValues(bufferView=view, byteOffset=offset),
            )
            added.append(index)
        return added

    def texture(self, picture: NDArray[np.uint8], name: str, data: bool = False) -> int:
        """(H, W, 3) sRGB as JPEG, (H, W, 4) as PNG. ``data``: the channels are no colours and keep apart."""
        if picture.shape[2] == 4:
            mime, suffix, options, order = "image/png", ".png", [], cv2.COLOR_RGBA2BGRA
        else:
            mime, suffix, order = "image/jpeg", ".jpg", cv2.COLOR_RGB2BGR
            options = [cv2.IMWRITE_JPEG_QUALITY, 92]
            if data:
                options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
        _, packed = cv2.imencode(suffix, cv2.cvtColor(picture, order), options)
        self.doc.images.append(g.Image(name=name, mimeType=mime, bufferView=self._view(packed.tobytes())))
        self.doc.textures.append(g.Texture(name=name, sampler=0, source=len(self.doc.images) - 1))
        return len(self.doc.textures) - 1

    def to_bytes(self) -> bytes:
        """The whole file; equal input gives equal bytes."""
        blob = bytearray()
        for view, chunk in zip(self.doc.bufferViews, self._chunks, strict=True):
            view.byteOffset, view.byteLength = len(blob), len(chunk)
            blob.extend(chunk)
            blob.extend(bytes(-len(blob) % 4))
        self.doc.buffers = [g.Buffer(byteLength=len(blob))]
        self.doc.set_binary_blob(bytes(blob))
        return b"".join(self.doc.save_to_bytes())


def write_atomic(path: Path, data: bytes) -> None:
    """Writes beside ``path`` and then replaces it, so that nobody ever sees half a file. Raises ExportError."""
    if not path.parent.is_dir():
        raise ExportError(f"{path.parent}: there is no such folder; make it first")
    if path.is_dir():
        raise ExportError(f"{path}: this is a folder; name a file")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as e:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if e.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ExportError(
                f"{path}: no space left for {len(data) / 1e6:.1f} MB; free some or name another disk"
            ) from e
        raise ExportError(f"{path}: cannot write here ({e.strerror}); choose another folder") from e
