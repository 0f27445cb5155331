"""The 3D face on a PyVista plotter: off-screen here, in the window through ``app/ui`` with the same class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import pyvista as pv
from numpy.typing import NDArray

from rig import folds, shading
from rig.eye_light import LOWER_LID, LOWER_LIP, UPPER_LID, UPPER_LIP, lid_light, mouth_light
from rig.face import Face, Person
from rig.glints import Glints
from rig.head_mesh import ScreenPart
from rig.looks import LOOKS, Look
from rig.prepared import Picture, PreparedHead, Sheets, paint_sheets, prepare_head, sheet_names
from rig.stage import BACKGROUND, Stage, texture

F = NDArray[np.float32]
SKINS = LOOKS
__all__ = ["BACKGROUND", "LOOKS", "SKINS", "FaceScene", "camera_to_scene"]
LOOKS_KEPT = 2
"""The textures of so many looks stay ready."""
HAIR_SHELLS = 16
HAIR_LENGTH_M = 0.010
EYES = ("eye-left", "eye-right")
PARTS: Final[Mapping[str, Mapping[str, float]]] = {
    "skin": {"specular": 0.16, "specular_power": 14, "ambient": 0.22, "diffuse": 1.0},
    **{eye: {"specular": 0.9, "specular_power": 90, "ambient": 0.22, "diffuse": 0.8} for eye in EYES},
    "teeth": {"specular": 0.3, "specular_power": 40, "ambient": 0.18, "diffuse": 0.8},
    "tongue": {"specular": 0.3, "specular_power": 25, "ambient": 0.05, "diffuse": 0.7},
    "lashes": {"lighting": False},
    "hair": {"specular": 0.25, "specular_power": 20, "ambient": 0.12, "diffuse": 0.9},
}
"""In the order in which they are drawn, and how VTK's own lighting shows them."""
MOUTH = {"teeth": (255, 255, 255), "tongue": (196, 108, 104)}
"""What lips shade, and its colours (sRGB)."""


class _Piece:
    """One mesh on the screen, and the memory it shares with VTK."""

    def __init__(self, part: ScreenPart, rest: F, lit: bool = False) -> None:
        self.part = part
        self.mesh = pv.PolyData(np.asarray(rest[part.rows]), np.c_[np.full(len(part.cells), 4), part.cells].ravel())
        if part.uv is not None:
            self.mesh.active_texture_coordinates = part.uv  # type: ignore[assignment]
        self.mesh.point_data["Normals"] = np.zeros((len(part.rows), 3), np.float32)
        self.mesh.point_data.SetActiveNormals("Normals")
        self._points = np.asarray(self.mesh.points)
        self._normals = np.asarray(self.mesh.point_data["Normals"])
        if lit:
            self.mesh.point_data["light"] = np.full((len(part.rows), 3), 255, np.uint8)
            self._light = np.asarray(self.mesh.point_data["light"])

    def place(self, v: F, normal: F) -> None:
        """Positions and normals (N, 3) of the refined head."""
        np.take(v, self.part.rows, axis=0, out=self._points)
        np.take(normal, self.part.rows, axis=0, out=self._normals)
        self.mesh.GetPoints().Modified()
        self.mesh.GetPointData().GetNormals().Modified()
        self.mesh.Modified()

    def shade(self, light: F, colour: tuple[int, int, int] = (255, 255, 255)) -> None:
        """Light (n,) 0..1 at the piece's own points, for pieces that VTK colours by it."""
        np.multiply(light[:, None], np.array(colour, np.float32), out=self._light, casting="unsafe")
        self.mesh.GetPointData().GetArray("light").Modified()


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
        quality: str = "light",
        behind: Stage | None = None,
        prepared: PreparedHead | None = None,
    ):
        """``skin``: a Look, or the name of one of LOOKS. ``samples``, ``quality``: see :class:`rig.stage.Stage`.

        ``behind``: a stage whose place this scene will take. Then nothing is made yet: go through :meth:`steps`, and
        call :meth:`enter`. ``prepared``: what ``rig.prepared.prepare_head`` made of this face and look, on a thread.
        """
        super().__init__(width, height, plotter, samples, quality, behind)
        self.face = face or Face()
        self.person: Person = self.face.base
        self._identity: bytes | None = None
        self._textures: dict[Look, dict[str, pv.Texture]] = {}
        self._newest: dict[str, tuple[Picture, pv.Texture]] = {}
        self._look = look_of(skin)
        prepared = prepared or prepare_head(self.face.skeleton, self._look, self.full)
        self.head, self._fold_weights = prepared.mesh, prepared.fold_weights
        self._prepared: PreparedHead | None = prepared
        self._pieces: dict[str, _Piece] = {}
        self._turn = np.eye(3, dtype=np.float32)
        if behind is None:
            for _ in self.steps():
                pass

    def steps(self) -> Iterator[None]:
        """Makes the scene, a few milliseconds at a time: the thread that draws may do other things in between."""
        prepared, self._prepared = self._prepared, None  # what is needed only here is let go afterwards
        if prepared is None:
            return
        yield from self._build()
        if self.full:
            self._dress(prepared.light)
            yield
            yield from self._grow_hair(prepared.hair)
        yield from self.load_look(prepared.sheets)
        self._light_shaders()
        self.set_look(self._look)
        yield
        self.set_face(np.zeros(40, np.float32))

    # ------------------------------------------------------------ what there is to see

    def _add(self, name: str, **look: float) -> None:
        lit = name in (*EYES, *MOUTH)
        piece = self._pieces[name] = _Piece(self.head.parts[name], self.head.rest, lit)
        self.add(name, piece.mesh, "light" if lit else "", **look)

    def _build(self) -> Iterator[None]:
        """The parts as VTK's own lighting shows them; the full look dresses them in shaders."""
        for name in (name for name in PARTS if name in self.head.parts):
            self._add(name, **PARTS[name])
            yield
        if not self.full:
            self._glints = Glints()
            self.add("glints", self._glints.mesh, lighting=False)

    def _dress(self, light: F) -> None:
        """Skin, eyes, teeth and hair in the full look's shaders, with what they want to know of each vertex."""
        rest = self.head.rest
        part = self.head.parts["skin"]
        mesh = self._pieces["skin"].mesh
        mesh.point_data["rest"] = np.c_[rest, np.clip(light[:, 0], 0, 1)][part.rows].astype(np.float32)
        mesh.point_data["sight"] = light[part.rows, 1:].astype(np.float32)
        mesh.point_data["fold"] = np.zeros(len(part.rows), np.float32)
        shading.dress(self.actors["skin"], "skin")
        self.actors["skin"].prop.culling = "back"  # where the bust fades, its back would shine through
        self.actors["skin"].ForceOpaqueOn()  # its faded edge lies over nothing but the background
        for eye in EYES:
            shading.dress(self.actors[eye], "eye")
        shading.dress(self.actors["teeth"], "teeth", roughness=0.22)
        shading.dress(self.actors["tongue"], "plain", roughness=0.35)
        if "hair" in self.actors:
            shading.dress(self.actors["hair"], "locks")

    def _grow_hair(self, hair: F) -> Iterator[None]:
        """Shells over the scalp, each a little further out; a shader keeps of each only what a strand reaches."""
        skin = self.head.parts["skin"]
        cells = skin.cells[(hair[skin.rows][skin.cells] > 0.3).any(1)]
        if not len(cells):
            return
        used, cells = np.unique(cells, return_inverse=True)
        piece = _Piece(ScreenPart(skin.rows[used], cells.reshape(-1, 4), None), self.head.rest)
        self._pieces["scalp"] = piece
        mesh, first = piece.mesh, self._pieces["skin"].mesh
        mesh.point_data["rest"] = np.c_[self.head.rest[skin.rows], hair[skin.rows]][used].astype(np.float32)
        for name in ("sight", "fold"):
            mesh.point_data[name] = np.asarray(first.point_data[name])[used]
        for k in range(HAIR_SHELLS):
            name = f"hair-{k}"
            shading.dress(self.add(name, mesh), "hair", lift=(k + 1) / HAIR_SHELLS, hairLength=HAIR_LENGTH_M)
            yield

    # ------------------------------------------------------------ how it is shown

    def set_light(self, name: str) -> None:
        super().set_light(name)
        self._light_shaders()

    def _light_shaders(self) -> None:
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

    def set_look(self, look: str | Look, sheets: Sheets | None = None) -> None:
        """A Look, or the name of one of LOOKS; raises KeyError naming those that exist. ``sheets``: the look painted
        on a thread before, else it is painted now."""
        look = look_of(look)
        self._show_hair(look)
        if look not in self._textures:
            for _ in self.load_look(sheets or paint_sheets(look, self.full)):
                pass
        t = self._textures[look] = self._textures.pop(look)  # the last one used is the last one to go
        while len(self._textures) > LOOKS_KEPT:  # each is some 20 MB
            del self._textures[next(iter(self._textures))]
        self.actors["lashes"].texture = t["lashes"]
        skin = t["skin" if self.full else "lined skin"]
        colours = {"skin": skin, "teeth": t["teeth"], **dict.fromkeys(EYES, t["eye"])}
        for name, colour in colours.items():
            if self.full:
                self.actors[name].prop.SetTexture("albedoTex", colour)
            else:
                self.actors[name].texture = colour
        if self.full:
            for name in ("materialTex", "normalTex", "coatNormalTex"):
                self.actors["skin"].prop.SetTexture(name, t[name])
            shading.set_uniforms(self.actors["skin"], {"age": look.age})

    def load_look(self, sheets: Sheets) -> Iterator[None]:
        """Makes the textures of a look, step by step, so that :meth:`set_look` finds them."""
        textures: dict[str, pv.Texture] = {}
        for name in sheet_names(self.full):
            textures[name] = self._texture(name, sheets)
            yield
            self.upload(textures[name])
            yield
        self._textures[sheets.look] = textures

    def _texture(self, name: str, sheets: Sheets) -> pv.Texture:
        """Looks that differ in little share what is alike: the skin alone takes 20 ms to hand over."""
        picture = sheets.pictures[name]
        if name not in self._newest or not np.array_equal(self._newest[name][0], picture):
            linear = self.full and name in ("skin", "eye", "teeth")
            self._newest[name] = picture, texture(picture, repeat=name == "coatNormalTex", linear=linear)
        return self._newest[name][1]

    def _show_hair(self, look: Look) -> None:
        for name, actor in self.actors.items():
            if name.startswith("hair"):
                actor.prop.color = look.hair_colour
                actor.visibility = name == "hair" or look.hair != "none"

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
            now = np.eye(3, dtype=np.float32) if turn is None else turn
            if not np.array_equal(now, self._turn):
                self._turn = now
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
            piece.place(v, normal)

    def _shade_openings(self, coarse: F, v: F) -> None:
        """Lids shade the eyes, lips the teeth."""
        if not self.face.skeleton.landmark_weights.any():
            return  # a head fresh from its build: its landmarks are found on pictures of it
        marks = self.face.landmarks(coarse)
        up = marks[10] - marks[152]
        up /= np.linalg.norm(up)
        across = marks[263] - marks[33]
        unit = float(np.linalg.norm(across)) / 3
        forward = np.cross(across, up)
        forward /= np.linalg.norm(forward)
        for k, eye in enumerate(EYES):
            lids = marks[list(UPPER_LID[k])], marks[list(LOWER_LID[k])]
            piece = self._pieces[eye]
            points = v[piece.part.rows]
            piece.shade(lid_light(points, *lids, up, 0.5 * unit))
            if not self.full:
                self._glints.place(k, points, self.lights.ways()[0])
        lips = marks[list(UPPER_LIP)], marks[list(LOWER_LIP)]
        for name, colour in MOUTH.items():
            piece = self._pieces[name]
            piece.shade(mouth_light(v[piece.part.rows], *lips, forward, unit), colour)


def look_of(look: str | Look) -> Look:
    """A Look, or the name of one of LOOKS; raises KeyError naming those that exist."""
    if isinstance(look, str):
        if look not in LOOKS:
            raise KeyError(f"no look {look!r}; there are {', '.join(LOOKS)}")
        return LOOKS[look]
    return look


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
