"""An imported character on a PyVista plotter: the same stage, framings and calls as ``rig.scene.FaceScene``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyvista as pv
import scipy.sparse as sp
from numpy.typing import NDArray

from rig.gltf.meshes import Material, Primitive
from rig.imported import ImportedCharacter
from rig.imported_drive import Drive
from rig.imported_fit import place_on_stage
from rig.scene import camera_to_scene
from rig.stage import Stage, bottom_up, texture

F = NDArray[np.float32]
GAMMA: Final = 1 / 2.2
LIT: Final[dict[str, Any]] = {"ambient": 0.16, "diffuse": 0.95, "specular": 0.12, "specular_power": 14.0}
TOON: Final[dict[str, Any]] = {"ambient": 0.72, "diffuse": 0.34, "specular": 0.0}
"""Unlit and toon materials bring their shades in the texture: little is added."""


@dataclass(frozen=True)
class PreparedPrimitive:
    """What an actor needs of a primitive."""

    index: int
    primitive: Primitive
    rest: F
    """(V, 3) metres, on the stage."""
    weld: NDArray[np.intp]
    gather: sp.csr_matrix
    """See :func:`_smoothing`."""
    cells: NDArray[np.intp]
    """(T * 4,) triangles as VTK takes them."""
    uv: F | None
    """(V, 2) from the bottom up; None without a picture."""
    picture: NDArray[np.uint8] | None
    picture_key: int
    """Primitives with the same share a texture."""


@dataclass(frozen=True)
class PreparedImport:
    """What a scene needs of a character and VTK does not make."""

    drive: Drive
    primitives: tuple[PreparedPrimitive, ...]
    """See-through parts (lashes, brows, glasses) last: they are drawn after what they lie on."""


def prepare_import(character: ImportedCharacter) -> PreparedImport:
    """On any thread, in some tenths of a second."""
    drive = Drive(character, place_on_stage(character))
    order = sorted(
        range(len(character.primitives)), key=lambda i: character.primitives[i].material.alpha_mode == "BLEND"
    )
    pictures: dict[int, NDArray[np.uint8]] = {}
    return PreparedImport(drive, tuple(_prepare(i, character.primitives[i], drive.rest[i], pictures) for i in order))


def _prepare(index: int, primitive: Primitive, rest: F, pictures: dict[int, NDArray[np.uint8]]) -> PreparedPrimitive:
    material, t = primitive.material, primitive.triangles
    weld, gather = _smoothing(primitive, rest)
    uv: F | None = None
    picture: NDArray[np.uint8] | None = None
    if material.texture is not None and primitive.uv is not None:
        uv = np.c_[primitive.uv[:, 0], 1 - primitive.uv[:, 1]].astype(np.float32)
        if id(material) not in pictures:
            pictures[id(material)] = bottom_up(_picture(material))
        picture = pictures[id(material)]
    cells = np.c_[np.full(len(t), 3), t].ravel()
    return PreparedPrimitive(index, primitive, rest, weld, gather, cells, uv, picture, id(material))


class ImportedScene(Stage):
    """Shows one imported character, its head where FaceScene's is, so that every framing fits."""

    def __init__(
        self,
        character: ImportedCharacter,
        width: int = 480,
        height: int = 480,
        plotter: pv.Plotter | None = None,
        samples: int = 4,
        quality: str = "auto",
        behind: Stage | None = None,
        prepared: PreparedImport | None = None,
    ):
        """``samples``, ``quality``: see :class:`rig.stage.Stage`; ``behind``: see :class:`rig.scene.FaceScene`.

        ``prepared``: what :func:`prepare_import` made of the character, on a thread.
        """
        super().__init__(width, height, plotter, samples, quality, behind)
        self.character = character
        prepared = prepared or prepare_import(character)
        self.drive = prepared.drive
        self._prepared: PreparedImport | None = prepared
        self._pieces: list[_Piece] = []
        if behind is None:
            for _ in self.steps():
                pass

    def steps(self) -> Iterator[None]:
        """As :meth:`rig.scene.FaceScene.steps`."""
        prepared, self._prepared = self._prepared, None
        if prepared is None:
            return
        textures: dict[int, pv.Texture] = {}
        for one in prepared.primitives:
            if one.picture is not None and one.picture_key not in textures:
                textures[one.picture_key] = made = texture(one.picture, repeat=True)
                yield
                self.upload(made)
                yield
            self._pieces.append(_Piece(self, one, textures.get(one.picture_key)))
            yield
        self.set_face(np.zeros(40, np.float32))

    def set_face(
        self,
        au: F,
        gaze_left_deg: F | None = None,
        gaze_right_deg: F | None = None,
        head_rotation: F | None = None,
        identity: F | None = None,
    ) -> None:
        """Poses the character: channels (40,) 0..1, gaze (2,) degrees, head rotation as quaternion (4,) x y z w.

        As :meth:`rig.scene.FaceScene.set_face`; ``identity`` is taken and left alone: the character has its own.
        """
        turn = None if head_rotation is None else camera_to_scene(head_rotation)
        self.set_vertices(self.drive.pose(au, gaze_left_deg, gaze_right_deg, turn))

    def set_vertices(self, vertices: list[F]) -> None:
        """Shows posed vertices (V, 3) of every primitive, as :meth:`rig.imported_drive.Drive.pose` gives them."""
        for piece in self._pieces:
            piece.show(vertices[piece.index])


class _Piece:
    """One primitive as an actor. Normals follow the pose: the mean of the faces about each welded vertex."""

    def __init__(self, stage: Stage, prepared: PreparedPrimitive, picture: pv.Texture | None):
        self.index, self._triangles = prepared.index, prepared.primitive.triangles
        self._weld, self._gather = prepared.weld, prepared.gather
        self.mesh = pv.PolyData(np.array(prepared.rest, np.float32), prepared.cells)
        self.mesh.point_data["Normals"] = np.zeros((len(prepared.rest), 3), np.float32)
        self.mesh.point_data.SetActiveNormals("Normals")
        if prepared.uv is not None:
            self.mesh.active_texture_coordinates = prepared.uv  # type: ignore[assignment]
        material = prepared.primitive.material
        actor = stage.add(
            f"primitive {self.index}",
            self.mesh,
            color=tuple(np.array(material.colour[:3]) ** GAMMA),
            opacity=float(material.colour[3] if material.alpha_mode == "BLEND" else 1.0),
            culling=None if material.double_sided else "back",
            **(TOON if material.unlit else LIT),
        )
        if picture is not None:
            actor.texture = picture
            if material.alpha_mode != "BLEND":
                actor.ForceOpaqueOn()

    def show(self, vertices: F) -> None:
        t = self._triangles
        corner = vertices[t[:, 0]]
        faces = np.cross(vertices[t[:, 1]] - corner, vertices[t[:, 2]] - corner)
        normal = self._gather @ faces
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-20)
        np.copyto(np.asarray(self.mesh.points), vertices)
        np.copyto(np.asarray(self.mesh.point_data["Normals"]), normal[self._weld])
        self.mesh.GetPoints().Modified()
        self.mesh.GetPointData().GetNormals().Modified()
        self.mesh.Modified()


def _smoothing(primitive: Primitive, rest: F) -> tuple[NDArray[np.intp], sp.csr_matrix]:
    """(V,) welded vertex of each vertex, and the (W, T) sum of triangles about each.

    Vertices that a UV seam has split share one normal again; those that the file gives different normals stay apart.
    """
    size = max(float(np.ptp(rest, axis=0).max()), 1e-9)
    key = np.round((rest - rest.min(0)) / size * 2e5).astype(np.int64)
    if primitive.normals is not None:
        key = np.c_[key, np.round(primitive.normals * 8).astype(np.int64)]
    _, weld = np.unique(key, axis=0, return_inverse=True)
    weld = weld.ravel()
    t = primitive.triangles
    rows = weld[t.ravel()]
    columns = np.repeat(np.arange(len(t)), 3)
    gather = sp.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=(int(weld.max()) + 1, len(t)))
    return weld, gather


def _picture(material: Material) -> NDArray[np.uint8]:
    """The texture as it is drawn: alpha gone (OPAQUE), all or nothing (MASK), or as it is (BLEND)."""
    picture = material.texture
    assert picture is not None
    if picture.shape[2] == 3 or material.alpha_mode == "BLEND":
        return picture
    if material.alpha_mode == "OPAQUE":
        return np.ascontiguousarray(picture[..., :3])
    alpha = np.where(picture[..., 3:] * (material.colour[3] / 255) >= material.alpha_cutoff, 255, 0)
    return np.concatenate([picture[..., :3], alpha.astype(np.uint8)], axis=-1)
