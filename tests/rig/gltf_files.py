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
        if width == 3 and np.isfinite(a).all():
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


N = 9
UPPER = ("eye", "brow")
PRESET_SHAPES = (
    "aa", "ih", "ou", "ee", "oh", "blinkLeft", "blinkRight", "happy", "angry", "sad", "surprised", "lookUp", "lookDown",
    "lookLeft", "lookRight",
)  # fmt: skip
EYE_LEFT, EYE_RIGHT = (0.03, 0.03, 0.01), (-0.03, 0.03, 0.01)
"""Where the bone characters' eyes turn."""


def shape(name: str) -> np.ndarray:
    """(81, 3) what a target of this name does to the grid: eyes and brows move the upper half, all else the lower."""
    delta = np.zeros((N * N, 3), np.float32)
    upper = name.startswith((*UPPER, "blink", "look", "surprised", "angry"))
    rows = np.arange(0, 3) if upper else np.arange(5, N)
    columns = np.arange(5, N) if name.endswith("Left") else np.arange(0, 4) if name.endswith("Right") else np.arange(N)
    delta[(rows[:, None] * N + columns).ravel()] = [0, -0.01, 0.002]
    return delta


def arkit_character(names: tuple[str, ...], sparse: bool = False, prefix: str = "") -> Builder:
    """A grid with one morph target a name."""
    b = Builder()
    positions, triangles, uv = grid(N)
    picture = np.full((8, 8, 3), (200, 120, 80), np.uint8)
    mesh = b.mesh(
        positions,
        triangles,
        {prefix + n: shape(n) for n in names},
        uv,
        material=b.material(b.texture(picture)),
        sparse=sparse,
    )
    b.node("face", mesh=mesh)
    return b


def skeleton(b: Builder, flip: float = 1.0) -> dict[str, int]:
    """hips > neck > head > two eyes, at human places below a grid about the origin; ``flip`` -1 looks along -z."""
    hips = b.node("hips", translation=[0.0, -0.5, 0.0])
    neck = b.node("neck", hips, translation=[0.0, 0.4, 0.0])
    head = b.node("head", neck, translation=[0.0, 0.05, 0.0])
    eyes = [
        b.node(name, head, translation=[x * flip, y + 0.05, z * flip])
        for name, (x, y, z) in (("leftEye", EYE_LEFT), ("rightEye", EYE_RIGHT))
    ]
    return {"hips": hips, "neck": neck, "head": head, "leftEye": eyes[0], "rightEye": eyes[1]}


def skinned_grid(b: Builder, bones: dict[str, int], names: tuple[str, ...], flip: float = 1.0) -> tuple[int, int]:
    """(node, mesh) of a grid on the head, its lowest row on the neck, its two upper corners on the eyes."""
    turn = np.array([flip, 1, flip], np.float32)
    positions, triangles, uv = grid(N)
    joint_names = ["hips", "neck", "head", "leftEye", "rightEye"]
    at = np.array([[0, -0.5, 0], [0, -0.1, 0], [0, -0.05, 0], EYE_LEFT, EYE_RIGHT]) * turn
    skin = b.skin([bones[n] for n in joint_names], at)
    joints = np.zeros((N * N, 4), np.uint8)
    joints[:, 0] = 2
    joints[-N:, 0] = 1
    joints[N - 1, 0], joints[0, 0] = 3, 4
    weights = np.zeros((N * N, 4), np.float32)
    weights[:, 0] = 1
    mesh = b.mesh(positions * turn, triangles, {n: shape(n) * turn for n in names}, uv, joints, weights, b.material())
    return b.node("face", mesh=mesh, skin=skin), mesh


def vrm0(names: tuple[str, ...] = PRESET_SHAPES, custom: bool = False) -> Builder:
    """VRM 0.x, looking along -z. ``custom``: clips named as the targets instead of presets."""
    of = {"aa": "a", "ih": "i", "ou": "u", "ee": "e", "oh": "o", "blinkLeft": "blink_l", "blinkRight": "blink_r"}
    of |= {"happy": "joy", "sad": "sorrow"}
    b = Builder()
    bones = skeleton(b, -1)
    _, mesh = skinned_grid(b, bones, names, -1)
    groups = [
        {
            "name": n.capitalize() if not custom else n,
            "presetName": "unknown" if custom or n == "surprised" else of.get(n, n.lower()),
            "binds": [{"mesh": mesh, "index": i, "weight": 100}],
        }
        for i, n in enumerate(names)
    ]
    degrees = {"xRange": 90, "yRange": 12}
    b.extension(
        "VRM",
        {
            "meta": {"title": "Zero"},
            "humanoid": {"humanBones": [{"bone": k, "node": v} for k, v in bones.items()]},
            "firstPerson": {
                "lookAtTypeName": "Bone",
                **{f"lookAt{r}": degrees for r in ("HorizontalInner", "HorizontalOuter", "VerticalDown", "VerticalUp")},
            },
            "blendShapeMaster": {"blendShapeGroups": groups},
        },
    )
    return b


def vrm1(
    names: tuple[str, ...] = PRESET_SHAPES, group: str = "preset", look: str = "expression", **fields: Any
) -> Builder:
    """VRM 1.0; ``fields`` name an expression and what its entry also says."""
    b = Builder()
    bones = skeleton(b)
    node, _ = skinned_grid(b, bones, names)
    entries: dict[str, Any] = {
        n: {"morphTargetBinds": [{"node": node, "index": i, "weight": 1.0}], **fields.get(n, {})}
        for i, n in enumerate(names)
    }
    b.extension(
        "VRMC_vrm",
        {
            "specVersion": "1.0",
            "meta": {"name": "One"},
            "humanoid": {"humanBones": {k: {"node": v} for k, v in bones.items()}},
            "lookAt": {"type": look, "rangeMapHorizontalOuter": {"inputMaxValue": 90, "outputScale": 12}},
            "expressions": {group: entries},
        },
    )
    return b


def bone_character(names: dict[str, tuple[float, float, float]]) -> Builder:
    """A grid whose vertices hang on the nearest of the named bones (bone -> origin), all below a head bone."""
    b = Builder()
    positions, triangles, uv = grid(N)
    head = b.node("mixamorig:Head", translation=[0.0, -0.05, 0.0])
    nodes = [b.node(name, head, translation=[x, y + 0.05, z]) for name, (x, y, z) in names.items()]
    at = np.array([(0.0, -0.05, 0.0), *names.values()], np.float32)
    skin = b.skin([head, *nodes], at)
    near = np.linalg.norm(positions[:, None, :2] - at[None, 1:, :2], axis=-1).argmin(1) + 1
    joints, weights = np.zeros((N * N, 4), np.uint8), np.zeros((N * N, 4), np.float32)
    joints[:, 0], weights[:, 0] = near, 1
    b.node("face", mesh=b.mesh(positions, triangles, uv=uv, joints=joints, weights=weights), skin=skin)
    return b
