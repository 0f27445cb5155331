"""The 3D face on a PyVista plotter: off-screen here, in the window through ``app/ui`` with the same class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyvista as pv
import scipy.sparse as sp
from numpy.typing import NDArray

from rig.face import Face, Person
from rig.looks import LOOKS, Look, eye_texture, lash_texture, skin_texture
from rig.skeleton import PARTS
from rig.stage import BACKGROUND, Stage, texture
from rig.subdivision import catmull_clark
from rig.texture_map import eye_uv, lash_uv, warp_uv

F = NDArray[np.float32]
SKINS = LOOKS
__all__ = ["BACKGROUND", "LOOKS", "SKINS", "FaceScene", "camera_to_scene"]


@dataclass(frozen=True)
class _Piece:
    """One actor: which fine vertices it shows (repeated along UV seams) and its mesh."""

    rows: NDArray[np.intp]
    mesh: pv.PolyData


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
    ):
        """``samples`` a pixel smooth the edges; in software OpenGL 0 takes a third of the time of 8."""
        super().__init__(width, height, plotter, samples)
        self.face = face or Face()
        self.person: Person = self.face.base
        self._identity: bytes | None = None
        self._textures: dict[Look, tuple[pv.Texture, pv.Texture, pv.Texture]] = {}
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
        self.set_look(skin)
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
        self._lashes = self._add("lashes", quads[m], quad_uvs[m], lash_uv(uv), lighting=False)
        for actor in self.plotter.actors.values():
            actor.prop.interpolation = pv.opts.InterpolationType.PHONG

    def _mouth_shade(self, quads: NDArray) -> NDArray[np.uint8]:
        """(N, 3) tooth enamel that falls into the dark towards the back of the mouth, as no light is cast there."""
        z = self._rest[np.unique(quads), 2]
        t = np.clip((z - z.min()) / (z.max() - z.min()), 0, 1) ** 1.6
        return (np.array([244, 232, 212]) * (0.08 + 0.90 * t[:, None])).astype(np.uint8)

    def set_look(self, look: str | Look) -> None:
        """A Look, or the name of one of LOOKS; raises KeyError naming those that exist."""
        if isinstance(look, str):
            if look not in LOOKS:
                raise KeyError(f"no look {look!r}; there are {', '.join(LOOKS)}")
            look = LOOKS[look]
        if look not in self._textures:
            self._textures[look] = texture(skin_texture(look)), texture(eye_texture(look)), texture(lash_texture(look))
        self._skin.texture, eye, self._lashes.texture = self._textures[look]
        for side in ("left", "right"):
            self.plotter.actors[f"eye-{side}"].texture = eye

    def set_skin(self, name: str) -> None:
        """:meth:`set_look` by name."""
        self.set_look(name)

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
