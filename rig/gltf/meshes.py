"""Primitives of a glTF file: triangles, UVs, skin weights, morph targets, materials, each cut down to what it uses."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rig.gltf.accessors import Accessors, item, whole
from rig.gltf.document import Document
from rig.gltf.images import Picture, PictureError, read_picture
from rig.gltf.limits import (
    MAX_COORDINATE,
    MAX_MORPH_DELTAS,
    MAX_TARGETS,
    MAX_TEXTURE_PIXELS,
    MAX_TEXTURES,
    MAX_TRIANGLES,
    MAX_VERTICES,
    CharacterError,
)
from rig.gltf.nodes import NodeTree, Skin, numbers

F = NDArray[np.float32]
I = NDArray[np.int32]
TRIANGLES, STRIP, FAN = 4, 5, 6


@dataclass(frozen=True)
class Material:
    """What is drawn of a material: its base colour."""

    colour: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    """Linear RGBA factor 0..1."""
    texture: Picture | None = None
    """(H, W, 3 or 4) sRGB uint8."""
    alpha_mode: str = "OPAQUE"
    """OPAQUE, MASK or BLEND."""
    alpha_cutoff: float = 0.5
    double_sided: bool = False
    unlit: bool = False
    """Drawn in its own colours: KHR_materials_unlit, or MToon, which does its own shading."""


@dataclass(frozen=True)
class Target:
    """One morph target, kept only where it moves anything."""

    rows: NDArray[np.int32]
    """(n,) vertex indices."""
    deltas: F
    """(n, 3) metres in mesh space at weight 1."""


@dataclass(frozen=True)
class Primitive:
    """One drawable piece, of V vertices in mesh space, shown by one node."""

    node: int
    mesh: int
    skin: int | None
    positions: F
    """(V, 3)"""
    normals: F | None
    """(V, 3)"""
    uv: F | None
    """(V, 2), v down as in glTF."""
    triangles: I
    """(T, 3) counter-clockwise from outside."""
    joints: I | None
    """(V, K) into the skin's joints."""
    weights: F | None
    """(V, K) summing to 1."""
    targets: tuple[Target, ...]
    target_names: tuple[str, ...]
    target_weights: F
    """(M,) at rest."""
    material: Material


class Meshes:
    """Reads the primitives of every shown node; raises CharacterError where they are damaged or too many."""

    def __init__(self, document: Document, accessors: Accessors, tree: NodeTree, skins: tuple[Skin, ...]):
        self._gltf, self._document, self._accessors = document.gltf, document, accessors
        self._tree, self._skins = tree, skins
        self._materials: dict[int, Material] = {}
        self._pictures: dict[int, Picture | None] = {}
        self._arrays: dict[tuple, NDArray] = {}
        self._vertices = self._triangles = self._deltas = self._targets = self._pixels = 0
        self.notes: list[str] = []

    def read(self) -> tuple[Primitive, ...]:
        out = []
        for i, node in enumerate(self._gltf.nodes):
            if node.mesh is None or not self._tree.shown[i]:
                continue
            mesh = item(self._gltf.meshes, node.mesh, "a mesh index")
            skin = None if node.skin is None else whole(node.skin, 0, len(self._skins) - 1, "a skin index")
            for primitive in mesh.primitives or []:
                if primitive.mode in (None, TRIANGLES, STRIP, FAN):
                    out.append(self._primitive(i, node.mesh, skin, mesh, primitive))
        if not out:
            raise CharacterError("it has no meshes of triangles, so nothing to show")
        return tuple(out)

    def _floats(self, index: Any, n: int, what: str) -> F:
        """Accessors are often shared by primitives and nodes, so each is decoded once."""
        key = (index if isinstance(index, int) else -1, n)
        if key not in self._arrays:
            self._arrays[key] = self._accessors.floats(index, n, what)
            if n == 3 and np.abs(self._arrays[key]).max() > MAX_COORDINATE:
                raise CharacterError(f"the file is damaged: {what} are out of range")
        return self._arrays[key]

    def _primitive(self, node: int, mesh_index: int, skin: int | None, mesh: Any, primitive: Any) -> Primitive:
        attributes = primitive.attributes
        if any("draco" in str(name) for name in (primitive.extensions or {})):
            raise CharacterError("its meshes are Draco-compressed; export it without compression")
        if getattr(attributes, "POSITION", None) is None:
            raise CharacterError("the file is damaged: a mesh without positions")
        n = self._accessors.count(attributes.POSITION)
        if n > MAX_VERTICES:
            raise CharacterError(f"a mesh has {n} vertices; at most {MAX_VERTICES} are read")
        positions = self._floats(attributes.POSITION, 3, "positions")
        triangles = self._read_triangles(primitive, n)
        used, flat = np.unique(triangles, return_inverse=True)
        self._vertices += len(used)
        self._triangles += len(triangles)
        if self._vertices > MAX_VERTICES or self._triangles > MAX_TRIANGLES:
            raise CharacterError(f"it has more than {MAX_VERTICES} vertices or {MAX_TRIANGLES} triangles")
        triangles = flat.reshape(-1, 3).astype(np.int32)
        if np.linalg.det(self._tree.world[node][:3, :3]) < 0 and skin is None:
            triangles = triangles[:, ::-1]
        joints, weights = (None, None) if skin is None else self._read_skinning(attributes, n, used, skin)
        targets, names, rest = self._read_targets(mesh, primitive, n, used)
        return Primitive(
            node=node,
            mesh=mesh_index,
            skin=skin if joints is not None else None,
            positions=positions[used],
            normals=self._vertex_data(attributes.NORMAL, 3, n, used, "normals"),
            uv=self._read_uv(primitive, n, used),
            triangles=np.ascontiguousarray(triangles),
            joints=joints,
            weights=weights,
            targets=targets,
            target_names=names,
            target_weights=rest,
            material=self._material(primitive.material),
        )

    def _vertex_data(self, index: Any, width: int, n: int, used: NDArray, what: str) -> F | None:
        if index is None:
            return None
        count = self._accessors.count(index)
        if count != n:
            raise CharacterError(f"the file is damaged: {count} {what} for {n} vertices")
        return self._floats(index, width, what)[used]

    def _read_triangles(self, primitive: Any, n: int) -> NDArray[np.int64]:
        if primitive.indices is None:
            corners = np.arange(n)
        else:
            if self._accessors.count(primitive.indices) > 3 * MAX_TRIANGLES:
                raise CharacterError(f"a mesh has more than {MAX_TRIANGLES} triangles")
            corners = self._accessors.integers(primitive.indices, 1, "triangles")
        if len(corners) < 3 or corners.min() < 0 or corners.max() >= n:
            raise CharacterError("the file is damaged: triangles refer to vertices that do not exist")
        if primitive.mode == STRIP:
            t = np.stack([corners[:-2], corners[1:-1], corners[2:]], 1)
            t[1::2] = t[1::2, [1, 0, 2]]
            return t
        if primitive.mode == FAN:
            return np.stack([np.full(len(corners) - 2, corners[0]), corners[1:-1], corners[2:]], 1)
        return corners[: len(corners) // 3 * 3].reshape(-1, 3)

    def _read_skinning(self, attributes: Any, n: int, used: NDArray, skin: int) -> tuple[I | None, F | None]:
        """Up to eight influences a vertex (two sets)."""
        joints, weights = [], []
        for k in (0, 1):
            j, w = getattr(attributes, f"JOINTS_{k}", None), getattr(attributes, f"WEIGHTS_{k}", None)
            if j is None or w is None:
                break
            if self._accessors.count(j) != n:
                raise CharacterError("the file is damaged: joints do not match the vertices")
            joints.append(self._accessors.integers(j, 4, "joints")[used])
            part = self._vertex_data(w, 4, n, used, "weights")
            assert part is not None
            weights.append(part)
        if not joints:
            return None, None
        j_all, w_all = np.concatenate(joints, 1), np.clip(np.concatenate(weights, 1), 0, None)
        if j_all.max() >= len(self._skins[skin].joints):
            raise CharacterError("the file is damaged: vertices hang on joints that do not exist")
        total = w_all.sum(1, keepdims=True)
        w_all = np.where(total > 1e-6, w_all / np.maximum(total, 1e-6), np.eye(1, w_all.shape[1]))
        return j_all.astype(np.int32), w_all.astype(np.float32)

    def _read_targets(
        self, mesh: Any, primitive: Any, n: int, used: NDArray
    ) -> tuple[tuple[Target, ...], tuple[str, ...], F]:
        raw = primitive.targets or []
        self._deltas += len(raw) * len(used)
        self._targets += len(raw)
        if self._deltas > MAX_MORPH_DELTAS or self._targets > MAX_TARGETS:
            raise CharacterError(
                f"it has more than {MAX_TARGETS} morph targets, or more than {MAX_MORPH_DELTAS} offsets in them"
            )
        targets = []
        for target in raw:
            index = target.get("POSITION") if isinstance(target, dict) else getattr(target, "POSITION", None)
            delta = self._vertex_data(index, 3, n, used, "morph offsets")
            if delta is None:
                delta = np.zeros((0, 3), np.float32)
            rows = np.flatnonzero(np.abs(delta).max(1) > 0) if len(delta) else np.zeros(0, int)
            targets.append(Target(rows.astype(np.int32), delta[rows]))
        names = _target_names(mesh, primitive, len(raw))
        names += [f"target {i}" for i in range(len(names), len(raw))]
        values = np.zeros(len(raw), np.float32)
        if mesh.weights and raw:
            values = numbers(mesh.weights, len(raw), "morph weights").astype(np.float32)
        return tuple(targets), tuple(names), np.clip(values, -1, 1)

    def _read_uv(self, primitive: Any, n: int, used: NDArray) -> F | None:
        info = _texture_info(self._material_json(primitive.material))
        if info is None:
            return None
        transform = (info.extensions or {}).get("KHR_texture_transform") if info.extensions else None
        transform = transform if isinstance(transform, dict) else {}
        channel = whole(transform.get("texCoord", info.texCoord or 0), 0, 7, "a texture coordinate set")
        uv = self._vertex_data(
            getattr(primitive.attributes, f"TEXCOORD_{channel}", None), 2, n, used, "texture coordinates"
        )
        if uv is None or not transform:
            return uv
        offset = numbers(transform.get("offset", [0, 0]), 2, "a texture offset")
        scale = numbers(transform.get("scale", [1, 1]), 2, "a texture scale")
        a = numbers([transform.get("rotation", 0)], 1, "a texture rotation")[0]
        turn = np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])
        return (((uv * scale) @ turn.T) + offset).astype(np.float32)

    def _material_json(self, index: Any) -> Any:
        return None if index is None else item(self._gltf.materials, index, "a material index")

    def _material(self, index: Any) -> Material:
        material = self._material_json(index)
        if material is None:
            return Material()
        if index not in self._materials:
            pbr = material.pbrMetallicRoughness
            colour = numbers(pbr.baseColorFactor, 4, "a base colour") if pbr and pbr.baseColorFactor else np.ones(4)
            info = _texture_info(material)
            extensions = material.extensions or {}
            self._materials[index] = Material(
                tuple(float(c) for c in np.clip(colour, 0, 1)),  # type: ignore[arg-type]
                None if info is None else self._picture(info.index),
                material.alphaMode if material.alphaMode in ("MASK", "BLEND") else "OPAQUE",
                float(np.clip(numbers([material.alphaCutoff or 0.5], 1, "an alpha cutoff")[0], 0, 1)),
                material.doubleSided is True,
                any(name in extensions for name in ("KHR_materials_unlit", "VRMC_materials_mtoon"))
                or self._mtoon(index),
            )
        return self._materials[index]

    def _mtoon(self, index: int) -> bool:
        """VRM 0.x says in a list beside the materials which shader each has."""
        vrm = (self._gltf.extensions or {}).get("VRM")
        listed = vrm.get("materialProperties") if isinstance(vrm, dict) else None
        if not isinstance(listed, list) or index >= len(listed) or not isinstance(listed[index], dict):
            return False
        return any(word in str(listed[index].get("shader")) for word in ("MToon", "Unlit"))

    def _picture(self, texture_index: Any) -> Picture | None:
        key = texture_index if isinstance(texture_index, int) else -1
        if key not in self._pictures:
            self._pictures[key] = None
            if len(self._pictures) > MAX_TEXTURES or self._pixels > MAX_TEXTURE_PIXELS:
                self.notes.append("more textures than are shown; the rest is in plain colour")
                return None
            try:
                picture, n_pixels = read_picture(self._document, self._accessors, texture_index)
                self._pictures[key] = picture
                self._pixels += n_pixels
            except PictureError as e:
                self.notes.append(f"{e}; that part is shown in plain colour")
        return self._pictures[key]


def _texture_info(material: Any) -> Any:
    pbr = None if material is None else material.pbrMetallicRoughness
    return None if pbr is None else pbr.baseColorTexture


def _target_names(mesh: Any, primitive: Any, n: int) -> list[str]:
    """``targetNames`` stands in the mesh's extras (as exporters agreed on) or in the primitive's (UniVRM)."""
    for extras in (mesh.extras, primitive.extras):
        names = extras.get("targetNames") if isinstance(extras, dict) else None
        if isinstance(names, list) and names:
            return [str(name)[:200] for name in names[:n]]
    return []
