"""The 3D face on a PyVista plotter: off-screen here, in the window through ``app/ui`` with the same class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyvista as pv
from numpy.typing import NDArray

from rig import folds, shading
from rig.eye_light import LOWER_LID, LOWER_LIP, UPPER_LID, UPPER_LIP, lid_light, mouth_light
from rig.face import Face, Person
from rig.head_mesh import HeadMesh, ScreenPart
from rig.looks import (
    LOOKS,
    Look,
    detail_texture,
    eye_texture,
    fold_texture,
    lash_texture,
    pore_texture,
    skin_texture,
    surface_table,
)
from rig.stage import BACKGROUND, Stage, texture

F = NDArray[np.float32]
SKINS = LOOKS
__all__ = ["BACKGROUND", "LOOKS", "SKINS", "FaceScene", "camera_to_scene"]
HAIR_SHELLS = 14
EYES = ("eye-left", "eye-right")
ENAMEL = (244, 232, 212)


@dataclass(frozen=True)
class _Piece:
    """One mesh on the screen and the rows of the refined head that it shows."""

    part: ScreenPart
    mesh: pv.PolyData
    lift: F | None = None
    """(N, 1) metres along the normal that hair stands off the skin."""


class FaceScene(Stage):
    """Shows one face. Give it a ``plotter`` to draw in a window, or a size to render off screen.

    The whole head is one skinned control mesh; a sparse matrix refines it for the screen.
    """

    def __init__(
        self,
        width: int = 480,
        height: int = 480,
        skin: str | Look = "light",
        face: Face | None = None,
        plotter: pv.Plotter | None = None,
        samples: int = 4,
        quality: str = "auto",
    ):
        """``skin``: a Look, or the name of one of LOOKS. ``samples``, ``quality``: see :class:`rig.stage.Stage`."""
        self.actors: dict[str, pv.Actor] = {}
        super().__init__(width, height, plotter, samples, quality)
        self.face = face or Face()
        self.person: Person = self.face.base
        self._identity: bytes | None = None
        self._textures: dict[Look, tuple[pv.Texture, pv.Texture, pv.Texture]] = {}
        self.head = HeadMesh(self.face.skeleton)
        self._pieces: dict[str, _Piece] = {}
        self._folder = (
            LOOKS[skin] if isinstance(skin, str) and skin in LOOKS else Look() if isinstance(skin, str) else skin
        ).folder
        self._fold_weights = folds.region_weights(self.face.skeleton)
        self._turn = np.eye(3, dtype=np.float32)
        self._build()
        self.set_light("portrait")
        self.set_look(skin)
        self.set_face(np.zeros(40, np.float32))

    # ------------------------------------------------------------ what there is to see

    def _add(self, name: str, **look) -> None:  # type: ignore[no-untyped-def]
        part = self.head.parts[name]
        mesh = pv.PolyData(self.head.rest[part.rows], np.c_[np.full(len(part.cells), 4), part.cells].ravel())
        if part.uv is not None:
            mesh.active_texture_coordinates = part.uv
        mesh.point_data["Normals"] = np.zeros((len(part.rows), 3), np.float32)
        mesh.point_data.SetActiveNormals("Normals")
        if name in (*EYES, "teeth"):
            mesh.point_data["light"] = np.full((len(part.rows), 3), 255, np.uint8)
            look |= {"scalars": "light", "rgb": True}
        self._pieces[name] = _Piece(part, mesh)
        self.actors[name] = self.plotter.add_mesh(
            mesh, name=name, smooth_shading=False, show_scalar_bar=False, **{"color": "white", **look}
        )
        self.actors[name].prop.interpolation = pv.opts.InterpolationType.PHONG

    def _build(self) -> None:
        """The parts as VTK's own lighting shows them; the full look dresses them in shaders."""
        self._add("skin", specular=0.16, specular_power=14, ambient=0.16, diffuse=1.0)
        for eye in EYES:
            self._add(eye, specular=0.9, specular_power=90, ambient=0.22, diffuse=0.80)
        self._add("teeth", specular=0.3, specular_power=40, ambient=0.18, diffuse=0.8)
        self._add("tongue", color="#b5605e", specular=0.3, specular_power=25, ambient=0.05, diffuse=0.7)
        self._add("lashes", lighting=False)
        if "hair" in self.head.parts:
            self._add("hair", specular=0.25, specular_power=20, ambient=0.12, diffuse=0.9)
        if self.full:
            self._dress()

    def _dress(self) -> None:
        """Skin, eyes, teeth and hair in the full look's shaders, with what they want to know of each vertex."""
        rest = self.head.rest
        light, hair = self._surface()
        part = self.head.parts["skin"]
        mesh = self._pieces["skin"].mesh
        mesh.point_data["rest"] = np.c_[rest, np.clip(light[:, 0], 0, 1)][part.rows].astype(np.float32)
        mesh.point_data["sight"] = light[part.rows, 1:].astype(np.float32)
        mesh.point_data["fold"] = np.zeros(len(part.rows), np.float32)
        shading.dress(self.actors["skin"], "skin")
        self.actors["skin"].ForceOpaqueOn()  # its faded edge lies over nothing but the background
        for eye in EYES:
            shading.dress(self.actors[eye], "eye")
        for name, roughness in (("teeth", 0.22), ("tongue", 0.35), ("hair", 0.5)):
            if name in self.actors:
                shading.dress(self.actors[name], "plain", roughness=roughness)
        self._grow_hair(hair)

    def _surface(self) -> tuple[F, F]:
        """Light and hair at the refined head's vertices: (N, 5), (N,)."""
        light, hair = surface_table(self._folder, len(self.face.skeleton.vertices))
        return self.head.matrix @ light, self.head.matrix @ hair

    def _grow_hair(self, hair: F) -> None:
        """Shells over the scalp, each a little further out; a shader keeps of each only what a strand reaches."""
        skin = self.head.parts["skin"]
        cells = skin.cells[(hair[skin.rows][skin.cells] > 0.3).any(1)]
        if not len(cells):
            return
        used, cells = np.unique(cells, return_inverse=True)
        self.head.parts["scalp"] = ScreenPart(skin.rows[used], cells.reshape(-1, 4), None)

    # ------------------------------------------------------------ how it is shown

    def set_light(self, name: str) -> None:
        super().set_light(name)
        if self.full and self.actors:
            uniforms = self.lights.uniforms()
            for actor in self._dressed():
                shading.set_uniforms(actor, uniforms)
            self._turn_lamps()

    def _dressed(self) -> list[pv.Actor]:
        return [actor for name, actor in self.actors.items() if name != "lashes"]

    def _turn_lamps(self) -> None:
        """Tells the shaders where the lamps are for the head, whose own shadows turn with it."""
        ways = {f"lamp{k}Head": tuple(self._turn.T @ w) for k, w in enumerate(self.lights.ways())}
        for actor in self._dressed():
            shading.set_uniforms(actor, ways)

    def set_look(self, look: str | Look) -> None:
        """A Look, or the name of one of LOOKS; raises KeyError naming those that exist."""
        if isinstance(look, str):
            if look not in LOOKS:
                raise KeyError(f"no look {look!r}; there are {', '.join(LOOKS)}")
            look = LOOKS[look]
        if look not in self._textures:
            colours = (texture(sheet(look), linear=self.full) for sheet in (skin_texture, eye_texture))
            self._textures[look] = (*colours, texture(lash_texture(look)))  # type: ignore[assignment]
        skin, eye, self.actors["lashes"].texture = self._textures[look]
        if self.full:
            self._set_material(look, skin, eye)
        else:
            self.actors["skin"].texture = skin
            for name in EYES:
                self.actors[name].texture = eye

    def _set_material(self, look: Look, skin: pv.Texture, eye: pv.Texture) -> None:
        p = self.actors["skin"].prop
        p.SetTexture("albedoTex", skin)
        p.SetTexture("materialTex", texture(detail_texture(look)))
        p.SetTexture("normalTex", texture(fold_texture(look)))
        p.SetTexture("coatNormalTex", texture(pore_texture(look), repeat=True))
        shading.set_uniforms(self.actors["skin"], {"age": look.age})
        for name in EYES:
            self.actors[name].prop.SetTexture("albedoTex", eye)

    def set_skin(self, name: str) -> None:
        """:meth:`set_look` by name."""
        self.set_look(name)

    # ------------------------------------------------------------ the pose

    def set_person(self, identity: F | None) -> None:
        """Identity parameters (208,) or None for the base face; costs nothing while they stay the same."""
        key = None if identity is None else np.round(np.asarray(identity, np.float32), 3).tobytes()
        if key != self._identity:
            self._identity, self.person = key, self.face.person(identity)

    def set_face(
        self,
        au: F,
        gaze_left_deg: F | None = None,
        gaze_right_deg: F | None = None,
        head_rotation: F | None = None,
        identity: F | None = None,
    ) -> None:
        """Poses the face: channels (40,) 0..1, gaze (2,) degrees, head rotation as quaternion (4,) x y z w.

        ``head_rotation`` is FaceFrame's: head to OpenCV camera, identity = facing the camera.
        """
        self.set_person(identity)
        turn = None if head_rotation is None else camera_to_scene(head_rotation)
        if self.full:
            self._turn = np.eye(3, dtype=np.float32) if turn is None else turn
            self._turn_lamps()
            self._fold(au)
        self.set_vertices(self.face.pose(au, gaze_left_deg, gaze_right_deg, self.person, turn))

    def _fold(self, au: F) -> None:
        share = self.head.matrix @ (self._fold_weights @ folds.strengths(au))
        piece = self._pieces["skin"]
        np.copyto(np.asarray(piece.mesh.point_data["fold"]), np.clip(share[piece.part.rows], 0, 1))
        piece.mesh.GetPointData().GetArray("fold").Modified()

    def set_vertices(self, coarse: F) -> None:
        """Shows skinned control vertices (V, 3) directly (training pictures of people outside the identity space)."""
        v, normal = self.head.place(np.asarray(coarse, np.float32))
        self._shade_openings(coarse, v)
        for piece in self._pieces.values():
            np.copyto(np.asarray(piece.mesh.points), v[piece.part.rows])
            np.copyto(np.asarray(piece.mesh.point_data["Normals"]), normal[piece.part.rows])
            piece.mesh.GetPoints().Modified()
            piece.mesh.GetPointData().GetNormals().Modified()
            piece.mesh.Modified()

    def _shade_openings(self, coarse: F, v: F) -> None:
        """Lids shade the eyes, lips the teeth."""
        marks = self.face.landmarks(coarse)
        up = marks[10] - marks[152]
        up /= np.linalg.norm(up)
        across = marks[263] - marks[33]
        unit = float(np.linalg.norm(across)) / 3
        forward = np.cross(across, up)
        forward /= np.linalg.norm(forward)
        for k, eye in enumerate(EYES):
            points = v[self._pieces[eye].part.rows]
            self._colour(eye, lid_light(points, marks[list(UPPER_LID[k])], marks[list(LOWER_LID[k])], up, 0.5 * unit))
        points = v[self._pieces["teeth"].part.rows]
        lips = marks[list(UPPER_LIP)], marks[list(LOWER_LIP)]
        self._colour("teeth", mouth_light(points, *lips, up, forward, unit), ENAMEL)

    def _colour(self, name: str, light: F, colour: tuple[int, int, int] = (255, 255, 255)) -> None:
        mesh = self._pieces[name].mesh
        np.copyto(np.asarray(mesh.point_data["light"]), (light[:, None] * np.array(colour)).astype(np.uint8))
        mesh.GetPointData().GetArray("light").Modified()


def camera_to_scene(quaternion: F) -> F:
    """FaceFrame's head rotation (x y z w, OpenCV camera axes, identity facing the camera) -> (3, 3) in scene axes.

    OpenCV's camera looks along +z with y down; the scene has x to the subject's left, y up, z towards the camera.
    Seen by the camera the subject's left is the picture's right, so x agrees and y and z turn over.
    """
    x, y, z, w = (float(q) for q in quaternion)
    r = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    flip = np.diag([1.0, -1.0, -1.0])
    return (flip @ r @ flip).astype(np.float32)
