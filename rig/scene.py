"""The 3D face on a PyVista plotter: off-screen here, in the window through ``app/ui`` with the same class."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import pyvista as pv
import scipy.sparse as sp
from numpy.typing import NDArray

from rig.face import Face, Person
from rig.skeleton import ASSETS, PARTS, RigError
from rig.subdivision import catmull_clark
from rig.texture_map import eye_uv, lash_uv, warp_uv

F = NDArray[np.float32]
BACKGROUND = "#23262d"


@dataclass(frozen=True)
class Skin:
    """A complexion: what the painted light skin is multiplied by (sRGB), and the colour of brow and iris."""

    skin: tuple[float, float, float] = (1.0, 1.0, 1.0)
    brow: tuple[int, int, int] = (58, 40, 31)
    iris: tuple[float, float, float] = (1.0, 1.0, 1.0)


SKINS: dict[str, Skin] = {
    "light": Skin(),
    "tan": Skin((0.86, 0.80, 0.74), (38, 27, 22), (0.75, 0.68, 0.62)),
    "dark": Skin((0.50, 0.42, 0.37), (20, 15, 13), (0.52, 0.44, 0.40)),
    "fair": Skin((1.06, 1.05, 1.06), (120, 84, 54), (0.75, 1.25, 1.85)),
}


@dataclass(frozen=True)
class _Piece:
    """One actor: which fine vertices it shows (repeated along UV seams) and its mesh."""

    rows: NDArray[np.intp]
    mesh: pv.PolyData


def _read(name: str) -> NDArray[np.uint8]:
    image = cv2.imread(str(ASSETS / "rig" / name), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise RigError(f"{ASSETS / 'rig' / name}: this texture is missing or damaged; reinstall Mien")
    order = cv2.COLOR_BGRA2RGBA if image.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(image, order), np.uint8)


@cache
def skin_texture(skin: Skin) -> NDArray[np.uint8]:
    """(2048, 2048, 3) sRGB: the painted skin in another complexion; mouth and brows keep their own colours."""
    albedo = _read("skin.jpg").astype(np.float32)
    masks = cv2.resize(_read("skin_masks.png"), albedo.shape[1::-1], interpolation=cv2.INTER_LINEAR) / np.float32(255)
    tinted = albedo * (1 + masks[..., :1] * (np.array(skin.skin, np.float32) - 1))
    brow = masks[..., 1:2] * 0.92
    return np.clip(tinted * (1 - brow) + brow * np.array(skin.brow, np.float32), 0, 255).astype(np.uint8)


@cache
def eye_texture(skin: Skin) -> NDArray[np.uint8]:
    """(512, 512, 3) sRGB: the painted eye with another iris."""
    eye = _read("eye.png").astype(np.float32)
    y, x = np.mgrid[0 : eye.shape[0], 0 : eye.shape[1]]
    inside = np.clip((0.205 - np.hypot(x / eye.shape[1] - 0.5, y / eye.shape[0] - 0.5)) / 0.012, 0, 1)[..., None]
    return np.clip(eye * (1 + inside * (np.array(skin.iris, np.float32) - 1)), 0, 255).astype(np.uint8)


class FaceScene:
    """Shows one face. Give it a ``plotter`` to draw in a window, or a size to render off screen.

    The whole head is one skinned control mesh; a sparse matrix refines it for the screen.
    """

    def __init__(
        self,
        width: int = 480,
        height: int = 480,
        skin: str = "light",
        face: Face | None = None,
        plotter: pv.Plotter | None = None,
        samples: int = 4,
    ):
        """``samples`` a pixel smooth the edges; in software OpenGL 0 takes a third of the time of 8."""
        self.face = face or Face()
        self.person: Person = self.face.base
        self._identity: bytes | None = None
        self._textures: dict[str, tuple[pv.Texture, pv.Texture]] = {}
        # A plotter that is created here must not show a window.
        self.plotter = plotter or pv.Plotter(off_screen=True, window_size=[width, height])
        if self.plotter.ren_win is not None:
            self.plotter.ren_win.SetMultiSamples(samples)
        s = self.face.skeleton
        fine = catmull_clark(s.quads, s.quad_uvs, len(s.vertices), len(s.uvs))
        self._refine = fine.matrix
        self._fine_quads = fine.quads
        self._rest = fine.matrix @ s.vertices
        n = len(self._rest)
        corner = fine.quads.ravel()
        # Area-weighted vertex normals are one sparse product of the quads' normals.
        self._gather = sp.csr_matrix(
            (np.ones(len(corner), np.float32), (corner, np.repeat(np.arange(len(fine.quads)), 4))),
            shape=(n, len(fine.quads)),
        )
        part = s.part[s.quads[:, 0]][fine.parent_quad]
        uv = fine.uv_matrix @ s.uvs
        self._pieces: list[_Piece] = []
        self._build(fine.quads, fine.quad_uvs, uv, part)
        self._light()
        self.frame()
        self.set_skin(skin)
        self.set_face(np.zeros(40, np.float32))

    def _add(self, name: str, quads: NDArray, quad_uvs: NDArray, uv: F | None, **look) -> pv.Actor:  # type: ignore[no-untyped-def]
        if uv is None:
            rows, cells = np.unique(quads, return_inverse=True)
        else:
            key = quads.ravel().astype(np.int64) * (len(uv) + 1) + quad_uvs.ravel()
            _, first, cells = np.unique(key, return_index=True, return_inverse=True)
            rows = quads.ravel()[first]
        cells = cells.reshape(-1, 4)
        mesh = pv.PolyData(self._rest[rows], np.c_[np.full(len(cells), 4), cells].ravel())
        if uv is not None:
            mesh.active_texture_coordinates = uv[quad_uvs.ravel()[first]]
        mesh.point_data["Normals"] = np.zeros((len(rows), 3), np.float32)
        mesh.point_data.SetActiveNormals("Normals")
        self._pieces.append(_Piece(rows, mesh))
        return self.plotter.add_mesh(
            mesh, name=name, smooth_shading=False, show_scalar_bar=False, **{"color": "white", **look}
        )

    def _build(self, quads: NDArray, quad_uvs: NDArray, uv: F, part: NDArray) -> None:
        def of(*names: str) -> NDArray[np.bool_]:
            return np.isin(part, [PARTS.index(n) for n in names])

        m = of("skin")
        self._skin = self._add(
            "skin", quads[m], quad_uvs[m], warp_uv(uv), specular=0.16, specular_power=14, ambient=0.16, diffuse=1.0
        )
        for side in ("left", "right"):
            m = of(f"eye-{side}")
            s = self.face.skeleton
            centre = s.pivots[s.names.index(f"eye-{side}")]
            q = quads[m]
            own_uv = eye_uv(self._rest, centre)
            self._add(f"eye-{side}", q, q, own_uv, specular=0.9, specular_power=90, ambient=0.22, diffuse=0.80)
        m = of("upper-teeth", "lower-teeth")
        teeth = quads[m]
        self._add(
            "teeth",
            teeth,
            teeth,
            None,
            scalars=self._mouth_shade(teeth),
            rgb=True,
            specular=0.3,
            specular_power=40,
            ambient=0.18,
            diffuse=0.8,
        )
        m = of("tongue")
        self._add(
            "tongue",
            quads[m],
            quads[m],
            None,
            color="#cf7d7a",
            specular=0.3,
            specular_power=25,
            ambient=0.05,
            diffuse=0.7,
        )
        m = of("lashes-left", "lashes-right")
        lashes = self._add("lashes", quads[m], quad_uvs[m], lash_uv(uv), lighting=False)
        lashes.texture = pv.Texture(_read("lashes.png"))
        for actor in self.plotter.actors.values():
            actor.prop.interpolation = pv.opts.InterpolationType.PHONG

    def _mouth_shade(self, quads: NDArray) -> NDArray[np.uint8]:
        """(N, 3) tooth enamel that falls into the dark towards the back of the mouth, as no light is cast there."""
        z = self._rest[np.unique(quads), 2]
        t = np.clip((z - z.min()) / (z.max() - z.min()), 0, 1) ** 1.6
        return (np.array([244, 232, 212]) * (0.08 + 0.90 * t[:, None])).astype(np.uint8)

    def _light(self) -> None:
        """A soft portrait set-up: warm key from the upper left, cool fill, a rim from behind."""
        p = self.plotter
        p.remove_all_lights()
        for position, colour, power in (
            ((-0.45, 0.55, 0.95), "#fff1e2", 0.74),
            ((0.85, 0.10, 0.75), "#dfe8ff", 0.40),
            ((0.0, 0.9, -0.8), "#ffffff", 0.30),
            ((0.0, -0.8, 0.6), "#ffe0d0", 0.12),
        ):
            p.add_light(pv.Light(position=position, focal_point=(0, -0.02, 0), color=colour, intensity=power))
        p.renderer.set_background(BACKGROUND)

    def frame(self, yaw_deg: float = 0.0, distance_m: float = 0.95, view_angle_deg: float = 19.0) -> None:
        """Puts the camera in front of the face, ``yaw_deg`` round towards the subject's left."""
        a = np.radians(yaw_deg)
        focus = np.array([0.0, -0.022, -0.045])
        p = self.plotter
        p.camera.position = tuple(focus + distance_m * np.array([np.sin(a), 0.02, np.cos(a)]))
        p.camera.focal_point = tuple(focus)
        p.camera.up = (0.0, 1.0, 0.0)
        p.camera.view_angle = view_angle_deg
        p.camera.clipping_range = (0.1, 4.0)

    def set_skin(self, name: str) -> None:
        """One of SKINS; raises KeyError naming those that exist."""
        if name not in SKINS:
            raise KeyError(f"no skin {name!r}; there are {', '.join(SKINS)}")
        if name not in self._textures:
            skin = SKINS[name]
            self._textures[name] = _texture(skin_texture(skin)), _texture(eye_texture(skin))
        self._skin.texture, eye = self._textures[name]
        for side in ("left", "right"):
            self.plotter.actors[f"eye-{side}"].texture = eye

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
        coarse = self.face.pose(au, gaze_left_deg, gaze_right_deg, self.person, turn)
        self.set_vertices(coarse)

    def set_vertices(self, coarse: F) -> None:
        """Shows skinned control vertices (V, 3) directly (training pictures of people outside the identity space)."""
        v = self._refine @ coarse
        q = self._fine_quads
        face_normal = np.cross(v[q[:, 2]] - v[q[:, 0]], v[q[:, 3]] - v[q[:, 1]])
        normal = self._gather @ face_normal
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
        for piece in self._pieces:
            np.copyto(np.asarray(piece.mesh.points), v[piece.rows])
            np.copyto(np.asarray(piece.mesh.point_data["Normals"]), normal[piece.rows])
            piece.mesh.GetPoints().Modified()
            piece.mesh.GetPointData().GetNormals().Modified()
            piece.mesh.Modified()

    def render(self) -> NDArray[np.uint8]:
        """(H, W, 3) RGB of the scene as it stands (off-screen plotters)."""
        self.plotter.render()
        picture = np.asarray(self.plotter.screenshot(return_img=True), np.uint8)
        return np.ascontiguousarray(picture[..., :3])

    def close(self) -> None:
        self.plotter.close()


def _texture(image: NDArray[np.uint8]) -> pv.Texture:
    texture = pv.Texture(image)
    texture.mipmap = True
    texture.interpolate = True
    return texture


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
