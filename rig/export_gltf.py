"""Any face as a ``.glb``: skeleton, skin, one clip per AU channel, the 52 ARKit shapes, materials and textures.

glTF's axes are ours: metres, y up, z out of the face, x to the subject's left. The origin stays between the eyes,
where Mien's streams have it, so that a streamed head position moves the exported head to the right place.
The clips and the shapes are two ways to say the same: drive the one or the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pygltflib as g
from numpy.typing import NDArray

from rig import skinning
from rig.export_clips import KEY_TIMES, all_clips, clip_bones, reach, rest_translations, tracks
from rig.export_materials import RELIEF, add_material
from rig.export_mesh import DETAILS, Piece, Surface, arkit_shapes, skin_weights, tangents
from rig.face import Face, Person
from rig.gltf_write import ExportError, GlbBuilder, smallest_index_type, write_atomic
from rig.looks import Look
from rig.parameters import ARKIT
from rig.skeleton import RIG_VERSION

__all__ = ["ExportError", "ExportReport", "export_glb"]

F = NDArray[np.float32]
COPYRIGHT = "Made with Mien. The head comes from MakeHuman's base mesh and targets (CC0 1.0)."
MOVES_M = 1e-5
"""A shape leaves out vertices that it moves by less."""
DENSE_SHARE = 0.9
"""Above this share of moved vertices a plain accessor is the smaller one."""


@dataclass(frozen=True)
class ExportReport:
    """What was written."""

    path: Path
    n_bytes: int
    vertices: int
    """Seams counted twice, as an importer will count them."""
    triangles: int
    joints: int
    clips: tuple[str, ...]
    shapes: tuple[str, ...]
    skin_error_mm: float
    """Largest distance between a skinned vertex at a clip's end and the same vertex in Mien; 0 without clips."""
    skin_error_rms_mm: float
    """The same as a root mean square over vertices, of the worst clip."""


def export_glb(
    path: Path | str,
    face: Face,
    look: Look,
    person: Person | None = None,
    *,
    name: str = "face",
    clips: bool = True,
    morphs: bool = True,
    detail: str = "screen",
) -> ExportReport:
    """Writes the face as binary glTF 2.0 to ``path`` (replaced in one step, never half written).

    ``person`` (identity or a fitted neutral) is baked into the rest mesh and the joints. ``detail`` "screen" is the
    mesh that Mien shows (about 20,000 vertices), "game" its control mesh (about 5,000). Raises ExportError, and
    RigError where a texture of the look is missing.
    """
    path = Path(path)
    if path.suffix.lower() != ".glb":
        raise ExportError(f"{path}: the file name must end in .glb")
    if detail not in DETAILS:
        raise ExportError(f"no detail {detail!r}; there are {', '.join(DETAILS)}")
    if not path.parent.is_dir():  # before the work, not after
        raise ExportError(f"{path.parent}: there is no such folder; make it first")
    export = _Export(face, look, person or face.base, name, detail)
    export.add_mesh(morphs)
    worst = export.add_clips() if clips else (0.0, 0.0)
    data = export.builder.to_bytes()
    write_atomic(path, data)
    doc = export.builder.doc
    return ExportReport(
        path=path,
        n_bytes=len(data),
        vertices=sum(len(p.rows) for p in export.pieces),
        triangles=sum(len(p.triangles) for p in export.pieces),
        joints=len(face.skeleton.names),
        clips=tuple(a.name for a in doc.animations),
        shapes=ARKIT if morphs else (),
        skin_error_mm=worst[0],
        skin_error_rms_mm=worst[1],
    )


class _Export:
    """One file in the making: node 0 is the root, 1..B the joints, B + 1 the mesh."""

    def __init__(self, face: Face, look: Look, person: Person, name: str, detail: str):
        self.face, self.look, self.person = face, look, person
        self.surface = Surface(face.skeleton, detail)
        self.pieces: list[Piece] = self.surface.pieces
        self.rest: F = (self.surface.matrix @ person.vertices).astype(np.float32)
        self.builder = GlbBuilder(COPYRIGHT)
        self.builder.doc.asset.extras = {"rigVersion": RIG_VERSION, "detail": detail}
        self.joint_index, self.joint_weight = skin_weights(face, person, self.surface)
        self._add_skeleton(name)

    def _add_skeleton(self, name: str) -> None:
        s, doc = self.face.skeleton, self.builder.doc
        at = rest_translations(self.person.pivots, s.parents)
        n = len(s.names)
        roots = [i + 1 for i in range(n) if s.parents[i] < 0]
        doc.nodes = [g.Node(name=f"Mien {name}", children=roots)]
        for i, joint in enumerate(s.names):
            children = [int(c) + 1 for c in np.flatnonzero(s.parents == i)]
            doc.nodes.append(g.Node(name=joint, translation=[float(x) for x in at[i]], children=children))
        inverse_bind = np.tile(np.eye(4, dtype=np.float32), (n, 1, 1))
        inverse_bind[:, :3, 3] = -self.person.pivots
        doc.skins = [
            g.Skin(
                name=name,
                joints=list(range(1, n + 1)),
                skeleton=roots[0],
                inverseBindMatrices=self.builder.accessor(inverse_bind),
            )
        ]
        # A skinned mesh belongs at the top of the scene: its own place is its joints' affair.
        doc.nodes.append(g.Node(name="Face", mesh=0, skin=0))
        doc.scenes = [g.Scene(name=name, nodes=[0, n + 1])]
        doc.scene = 0

    def add_mesh(self, morphs: bool) -> None:
        normals = self.surface.normals(self.rest)
        primitives = [self._primitive(p, normals) for p in self.pieces]
        mesh = g.Mesh(name="Face", primitives=primitives)
        self.builder.doc.meshes = [mesh]
        if morphs:
            mesh.weights = [0.0] * len(ARKIT)
            mesh.extras = {"targetNames": list(ARKIT)}
            self._add_shapes(primitives, normals)

    def _primitive(self, p: Piece, normals: F) -> g.Primitive:
        b, rows = self.builder, p.rows
        joint_type = np.uint8 if len(self.face.skeleton.names) <= 255 else np.uint16
        attributes = g.Attributes(
            POSITION=b.accessor(self.rest[rows], target=g.ARRAY_BUFFER, bounds=True),
            NORMAL=b.accessor(normals[rows], target=g.ARRAY_BUFFER),
            JOINTS_0=b.accessor(self.joint_index[rows].astype(joint_type), target=g.ARRAY_BUFFER),
            WEIGHTS_0=b.accessor(self.joint_weight[rows], target=g.ARRAY_BUFFER),
        )
        if p.uv is not None:
            attributes.TEXCOORD_0 = b.accessor(p.uv, target=g.ARRAY_BUFFER)
        if p.material == RELIEF:
            attributes.TANGENT = b.accessor(tangents(p, self.rest[rows], normals[rows]), target=g.ARRAY_BUFFER)
        index = p.triangles.ravel().astype(smallest_index_type(len(rows)))
        return g.Primitive(
            attributes=attributes,
            indices=b.accessor(index, target=g.ELEMENT_ARRAY_BUFFER),
            material=add_material(b, self.look, self.surface, p),
        )

    def _add_shapes(self, primitives: list[g.Primitive], normals: F) -> None:
        still: dict[int, int] = {}
        for _, vertices in arkit_shapes(self.face, self.person):
            moved = self.surface.matrix @ vertices
            delta = (moved - self.rest).astype(np.float32)
            turn = self.surface.normals(moved) - normals
            for k, (piece, primitive) in enumerate(zip(self.pieces, primitives, strict=True)):
                primitive.targets.append(self._target(delta[piece.rows], turn[piece.rows], k, still))

    def _target(self, delta: F, turn: F, piece: int, still: dict[int, int]) -> g.Attributes:
        n = len(delta)
        rows = np.flatnonzero((delta * delta).sum(1) > MOVES_M**2)
        if len(rows) == 0:
            # A real, shared array of zeros: importers trip over accessors without any data (UnityGLTF #900).
            if piece not in still:
                still[piece] = self.builder.accessor(np.zeros((n, 3), np.float32), target=g.ARRAY_BUFFER, bounds=True)
            return g.Attributes(POSITION=still[piece], NORMAL=still[piece])
        if len(rows) > DENSE_SHARE * n:
            position = self.builder.accessor(delta, target=g.ARRAY_BUFFER, bounds=True)
            normal = self.builder.accessor(turn, target=g.ARRAY_BUFFER, bounds=True)
        else:
            position, normal = self.builder.sparse(n, rows, (delta[rows], turn[rows]))
        return g.Attributes(POSITION=position, NORMAL=normal)

    def add_clips(self) -> tuple[float, float]:
        """Adds the animations; returns the worst skinning error at a clip's end, largest and RMS, in millimetres."""
        b = self.builder
        lever, most = reach(self.face, self.person)
        times = b.keys(KEY_TIMES, bounds=True)
        errors = []
        for clip in all_clips():
            found = tracks(clip, self.face, self.person, lever, most)
            animation = g.Animation(name=clip.name)
            for track in found:
                for path, keys in (("rotation", track.rotation), ("translation", track.translation)):
                    if keys is None:
                        continue
                    animation.samplers.append(g.AnimationSampler(input=times, output=b.keys(keys)))
                    target = g.AnimationChannelTarget(node=track.joint + 1, path=path)
                    animation.channels.append(g.AnimationChannel(sampler=len(animation.samplers) - 1, target=target))
            b.doc.animations.append(animation)
            there = self._skinned(clip_bones(found, -1, self.face, self.person))
            here = skinning.skin(self.person.vertices, self.face.weights, clip.bones(self.face, self.person, 1.0))
            errors.append(np.linalg.norm(there - self.surface.matrix @ here, axis=1) * 1000)
        return float(np.max(errors)), float(np.sqrt(np.square(errors).mean(1)).max())

    def _skinned(self, bones: F) -> F:
        """The file's own skinning: four weights a vertex of the exported surface."""
        m = np.einsum("vk,vkij->vij", self.joint_weight, bones[self.joint_index])
        return np.einsum("vij,vj->vi", m[:, :, :3], self.rest) + m[:, :, 3]
