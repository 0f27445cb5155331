"""An imported character on a PyVista plotter: the same stage, framings and calls as ``rig.scene.FaceScene``."""

from __future__ import annotations

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
from rig.stage import Stage, texture

F = NDArray[np.float32]
GAMMA: Final = 1 / 2.2
LIT: Final[dict[str, Any]] = {"ambient": 0.16, "diffuse": 0.95, "specular": 0.12, "specular_power": 14.0}
TOON: Final[dict[str, Any]] = {"ambient": 0.72, "diffuse": 0.34, "specular": 0.0}
"""Unlit and toon materials bring their shades in the texture: little is added."""


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
    ):
        """``samples``, ``quality``: see :class:`rig.stage.Stage`."""
        super().__init__(width, height, plotter, samples, quality)
        self.character = character
        self.drive = Drive(character, place_on_stage(character))
        self._pieces: list[_Piece] = []
        textures: dict[int, pv.Texture] = {}
        # See-through parts (lashes, brows, glasses) are drawn after what they lie on.
        order = sorted(range(len(character.primitives)), key=lambda i: self._material(i).alpha_mode == "BLEND")
        for i in order:
            self._pieces.append(_Piece(self.plotter, i, character.primitives[i], self.drive.rest[i], textures))
        self.set_face(np.zeros(40, np.float32))

    def _material(self, i: int) -> Material:
        return self.character.primitives[i].material

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

    def __init__(self, plotter: pv.Plotter, index: int, primitive: Primitive, rest: F, textures: dict[int, pv.Texture]):
        self.index = index
        self._triangles = primitive.triangles
        self._weld, self._gather = _smoothing(primitive, rest)
        cells = np.c_[np.full(len(self._triangles), 3), self._triangles].ravel()
        self.mesh = pv.PolyData(np.array(rest, np.float32), cells)
        self.mesh.point_data["Normals"] = np.zeros((len(rest), 3), np.float32)
        self.mesh.point_data.SetActiveNormals("Normals")
        material = primitive.material
        colour = np.array(material.colour[:3]) ** GAMMA
        see_through = material.colour[3] if material.alpha_mode == "BLEND" else 1.0
        picture = None
        if material.texture is not None and primitive.uv is not None:
            self.mesh.active_texture_coordinates = np.c_[primitive.uv[:, 0], 1 - primitive.uv[:, 1]]
            picture = _picture(material)
        actor = plotter.add_mesh(
            self.mesh,
            name=f"primitive {index}",
            color=tuple(colour),
            opacity=float(see_through),
            smooth_shading=False,
            show_scalar_bar=False,
            culling=None if material.double_sided else "back",
            **(TOON if material.unlit else LIT),
        )
        actor.prop.interpolation = pv.opts.InterpolationType.PHONG
        if picture is not None:
            key = id(material)
            if key not in textures:
                textures[key] = texture(picture)
                textures[key].repeat = True
            actor.texture = textures[key]
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
