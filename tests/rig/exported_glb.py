"""A GLB as an importer sees it, read by pygltflib: what the export's tests measure."""

from pathlib import Path

import cv2
import numpy as np
import pygltflib
from scipy.spatial.transform import Rotation

_DTYPE = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_WIDTH = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


class Glb:
    """A file as an importer sees it: accessors as arrays, joints posed by clips, the mesh skinned or morphed."""

    def __init__(self, path: Path):
        self.doc = pygltflib.GLTF2().load(str(path))
        self.blob = self.doc.binary_blob()
        skin = self.doc.skins[0]
        self.joints = skin.joints
        self.inverse_bind = self.read(skin.inverseBindMatrices).reshape(-1, 4, 4).transpose(0, 2, 1)
        self.parent = {c: i for i, n in enumerate(self.doc.nodes) for c in n.children or []}
        self.primitives = self.doc.meshes[0].primitives

    def _raw(self, view: int, offset: int | None, count: int, kind: int, width: int) -> np.ndarray:
        start = self.doc.bufferViews[view].byteOffset + (offset or 0)
        return np.frombuffer(self.blob, _DTYPE[kind], count * width, start).reshape(count, width)

    def read(self, index: int) -> np.ndarray:
        a = self.doc.accessors[index]
        width = _WIDTH[a.type]
        if a.bufferView is None:
            out = np.zeros((a.count, width), _DTYPE[a.componentType])
        else:
            out = self._raw(a.bufferView, a.byteOffset, a.count, a.componentType, width).copy()
        if a.sparse:
            i, v = a.sparse.indices, a.sparse.values
            rows = self._raw(i.bufferView, i.byteOffset, a.sparse.count, i.componentType, 1)[:, 0].astype(int)
            assert (np.diff(rows) > 0).all()
            assert rows[-1] < a.count
            out[rows] = self._raw(v.bufferView, v.byteOffset, a.sparse.count, a.componentType, width)
        return out

    def attribute(self, name: str) -> np.ndarray:
        return np.concatenate([self.read(getattr(p.attributes, name)) for p in self.primitives])

    def target(self, name: str, attribute: str = "POSITION") -> np.ndarray:
        k = self.doc.meshes[0].extras["targetNames"].index(name)
        return np.concatenate([self.read(p.targets[k][attribute]) for p in self.primitives])

    def skinned(self, clip: str | None = None, time: float = 1.0, by_component: bool = False) -> np.ndarray:
        """(N, 3) at ``time`` of a clip; rotations between keys on the sphere, or by component as some programs do."""
        local = {i: np.eye(4) for i in range(len(self.doc.nodes))}
        parts = {i: [n.translation or (0, 0, 0), (0, 0, 0, 1)] for i, n in enumerate(self.doc.nodes)}
        if clip is not None:
            animation = next(a for a in self.doc.animations if a.name == clip)
            for channel in animation.channels:
                sampler = animation.samplers[channel.sampler]
                keys, times = self.read(sampler.output).astype(float), self.read(sampler.input)[:, 0]
                k = min(int(np.searchsorted(times, time, "right")) - 1, len(times) - 2)
                t = (time - times[k]) / (times[k + 1] - times[k])
                value = (1 - t) * keys[k] + t * keys[k + 1]
                if channel.target.path == "rotation" and not by_component:
                    first, last = Rotation.from_quat(keys[k]), Rotation.from_quat(keys[k + 1])
                    value = (first * Rotation.from_rotvec(t * (first.inv() * last).as_rotvec())).as_quat()
                parts[channel.target.node][channel.target.path == "rotation"] = value
        for i, (translation, quaternion) in parts.items():
            local[i][:3, :3] = Rotation.from_quat(quaternion).as_matrix()
            local[i][:3, 3] = translation

        def world(i: int) -> np.ndarray:
            return world(self.parent[i]) @ local[i] if i in self.parent else local[i]

        m = np.stack([world(j) for j in self.joints]) @ self.inverse_bind
        per_vertex = np.einsum("vk,vkij->vij", self.attribute("WEIGHTS_0"), m[self.attribute("JOINTS_0").astype(int)])
        return np.einsum("vij,vj->vi", per_vertex[:, :3, :3], self.attribute("POSITION")) + per_vertex[:, :3, 3]


def picture(glb: Glb, texture: int) -> np.ndarray:
    """(H, W, 3 or 4) as the file embeds it."""
    view = glb.doc.bufferViews[glb.doc.images[glb.doc.textures[texture].source].bufferView]
    data = np.frombuffer(glb.blob, np.uint8, view.byteLength, view.byteOffset)
    return cv2.imdecode(data, cv2.IMREAD_UNCHANGED)[..., 2::-1].astype(float)


def sample(glb: Glb, material: str, which: str = "baseColorTexture") -> tuple[np.ndarray, np.ndarray]:
    """Positions (N, 3) of a material's vertices and what its texture shows there (N, 3)."""
    p = next(p for p in glb.primitives if glb.doc.materials[p.material].name == material)
    m = glb.doc.materials[p.material]
    image = picture(glb, (getattr(m, which, None) or getattr(m.pbrMetallicRoughness, which)).index)
    uv = np.clip(glb.read(p.attributes.TEXCOORD_0), 0, 1)
    place = (uv * (np.array(image.shape[1::-1]) - 1)).round().astype(int)
    return glb.read(p.attributes.POSITION), image[place[:, 1], place[:, 0]]
