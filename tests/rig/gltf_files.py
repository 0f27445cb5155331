"""Small glTF, GLB and VRM files, written by hand with pygltflib for the tests: no foreign model is needed."""

import json
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pygltflib as g

TYPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}
COMPONENT = {np.dtype(t): c for t, c in ((np.float32, 5126), (np.uint8, 5121), (np.uint16, 5123), (np.uint32, 5125))}


class Builder:
    """Collects nodes and meshes of one file; ``gltf`` is open to any further change before it is saved."""

    def __init__(self) -> None:
        self.gltf = g.GLTF2(scene=0, scenes=[g.Scene(nodes=[])])
        self.blob = bytearray()

    def view(self, data: bytes) -> int:
        self.blob += b"\0" * (-len(self.blob) % 4)
        self.gltf.bufferViews.append(g.BufferView(buffer=0, byteOffset=len(self.blob), byteLength=len(data)))
        self.blob += data
        return len(self.gltf.bufferViews) - 1

    def accessor(self, values: Any, dtype: Any = np.float32, sparse: bool = False) -> int:
        a = np.asarray(values, dtype)
        width = int(np.prod(a.shape[1:])) if a.ndim > 1 else 1
        made = g.Accessor(componentType=COMPONENT[a.dtype], count=len(a), type=TYPES[width])
        if sparse:
            rows = np.flatnonzero(np.abs(a).max(1) > 0).astype(np.uint16)
            made.sparse = g.Sparse(
                count=len(rows),
                indices=g.AccessorSparseIndices(bufferView=self.view(rows.tobytes()), componentType=5123),
                values=g.AccessorSparseValues(bufferView=self.view(a[rows].tobytes())),
            )
        else:
            made.bufferView = self.view(a.tobytes())
        if width == 3:
            made.min, made.max = a.min(0).tolist(), a.max(0).tolist()
        self.gltf.accessors.append(made)
        return len(self.gltf.accessors) - 1

    def texture(self, rgb: np.ndarray, suffix: str = ".png") -> int:
        """(H, W, 3 or 4) RGB(A) uint8."""
        order = cv2.COLOR_RGBA2BGRA if rgb.shape[2] == 4 else cv2.COLOR_RGB2BGR
        data = cv2.imencode(suffix, cv2.cvtColor(rgb, order))[1].tobytes()
        mime = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}[suffix]
        self.gltf.images.append(g.Image(bufferView=self.view(data), mimeType=mime))
        self.gltf.textures.append(g.Texture(source=len(self.gltf.images) - 1))
        return len(self.gltf.textures) - 1

    def material(self, texture: int | None = None, colour: Any = (1, 1, 1, 1), **fields: Any) -> int:
        pbr = g.PbrMetallicRoughness(baseColorFactor=list(colour), metallicFactor=0.0)
        if texture is not None:
            pbr.baseColorTexture = g.TextureInfo(index=texture)
        self.gltf.materials.append(g.Material(pbrMetallicRoughness=pbr, **fields))
        return len(self.gltf.materials) - 1

    def mesh(
        self,
        positions: np.ndarray,
        triangles: np.ndarray,
        targets: dict[str, np.ndarray] | None = None,
        uv: np.ndarray | None = None,
        joints: np.ndarray | None = None,
        weights: np.ndarray | None = None,
        material: int | None = None,
        sparse: bool = False,
    ) -> int:
        attributes = g.Attributes(POSITION=self.accessor(positions))
        if uv is not None:
            attributes.TEXCOORD_0 = self.accessor(uv)
        if joints is not None:
            attributes.JOINTS_0, attributes.WEIGHTS_0 = self.accessor(joints, np.uint8), self.accessor(weights)
        primitive = g.Primitive(
            attributes=attributes, indices=self.accessor(np.ravel(triangles), np.uint32), material=material
        )
        targets = targets or {}
        primitive.targets = [{"POSITION": self.accessor(d, sparse=sparse)} for d in targets.values()]
        self.gltf.meshes.append(g.Mesh(primitives=[primitive], extras={"targetNames": list(targets)}))
        return len(self.gltf.meshes) - 1

    def node(self, name: str, parent: int | None = None, **fields: Any) -> int:
        self.gltf.nodes.append(g.Node(name=name, **fields))
        index = len(self.gltf.nodes) - 1
        (self.gltf.scenes[0].nodes if parent is None else self.gltf.nodes[parent].children).append(index)
        return index

    def skin(self, joints: list[int], origins: np.ndarray) -> int:
        """Joints bound where they rest: ``origins`` (J, 3) in world space, unturned."""
        bind = np.tile(np.eye(4, dtype=np.float32), (len(joints), 1, 1))
        bind[:, :3, 3] = -origins
        self.gltf.skins.append(
            g.Skin(joints=joints, inverseBindMatrices=self.accessor(bind.transpose(0, 2, 1).reshape(-1, 16)))
        )
        return len(self.gltf.skins) - 1

    def extension(self, name: str, content: dict[str, Any]) -> None:
        self.gltf.extensions[name] = content
        self.gltf.extensionsUsed.append(name)

    def json(self) -> dict[str, Any]:
        self.gltf.buffers = [g.Buffer(byteLength=len(self.blob))]
        return json.loads(self.gltf.gltf_to_json())

    def save(self, path: Path) -> Path:
        path.write_bytes(glb(self.json(), bytes(self.blob)))
        return path


def glb(document: dict[str, Any], blob: bytes) -> bytes:
    """The GLB container around a document, however wrong it may be."""
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    blob += b"\0" * (-len(blob) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(blob), 0x004E4942) + blob
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def grid(n: int = 9, size: float = 0.1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A sheet of n x n vertices facing +z with a bulge: positions (n*n, 3), triangles, UVs. Up is +y, row 0 on top."""
    u, v = np.meshgrid(np.linspace(0, 1, n), np.linspace(0, 1, n))
    x, y = (u - 0.5) * size, (0.5 - v) * size
    positions = np.stack([x, y, 0.02 - 2 * (x * x + y * y)], -1).reshape(-1, 3).astype(np.float32)
    i = np.arange(n * n).reshape(n, n)
    a, b, c, d = i[:-1, :-1].ravel(), i[1:, :-1].ravel(), i[1:, 1:].ravel(), i[:-1, 1:].ravel()
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    return positions, triangles, np.stack([u, v], -1).reshape(-1, 2).astype(np.float32)
