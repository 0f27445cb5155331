"""Parameters -> vertices in front of a camera: expression, gaze, head turned on its neck, hair and cloth put on."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from models.projection import FACE_CENTRE
from models.renderer.head_mesh import HeadMesh, vertex_normals
from models.renderer.sample import Parameters
from models.runtime.alignment import FACING
from rig.face import Face, Person
from rig.torch_twin import TorchFace, stack_people

HAIR_RISE_M = 0.022
"""Hair reaches its full thickness this far above its edge."""
CLOTH_M = 0.004
People = tuple[Tensor, ...]
"""Neutral vertices (N, V, 3), pivots (N, B, 3) and what else :class:`rig.torch_twin.TorchFace` takes of people."""


@dataclass(frozen=True)
class Posed:
    """A batch of heads in the rig's frame, the torso upright in it."""

    coarse: Tensor
    """(N, V, 3) control vertices, with hair, beard and cloth raised."""
    refined: Tensor
    """(N, W, 3) with hair, beard and cloth raised."""
    folds: Tensor
    """(N, W) 0..1 how deep the skin's folds are."""
    landmarks: Tensor
    """(N, 478, 3)"""
    neutral_landmarks: Tensor
    """(N, 478, 3) of the same person at rest, facing ahead."""
    turn: Tensor
    """(N, 3, 3) of the head on the neck."""
    pivot: Tensor
    """(N, 3) what it turns about."""
    camera: Tensor
    """(N, 3, 3) rig frame -> OpenCV camera axes."""
    centre: Tensor
    """(N, 3) the point in front of the camera."""

    def rows(self, index: slice) -> "Posed":
        return Posed(**{name: value[index] for name, value in vars(self).items()})

    def turned(self, points: Tensor) -> Tensor:
        """(N, K, 3) points that go with the skull."""
        return (points - self.pivot[:, None]) @ self.turn.transpose(1, 2) + self.pivot[:, None]


def euler_rotation(euler_deg: Tensor) -> Tensor:
    """(N, 3) yaw, pitch, roll -> (N, 3, 3); the torch twin of ``alignment.rotation_from_euler``."""
    yaw, pitch, roll = torch.deg2rad(euler_deg).unbind(-1)
    o, l = torch.zeros_like(yaw), torch.ones_like(yaw)

    def matrix(*rows: Tensor) -> Tensor:
        return torch.stack(rows, -1).reshape(-1, 3, 3)

    cy, sy, cp, sp, cr, sr = yaw.cos(), -yaw.sin(), pitch.cos(), -pitch.sin(), roll.cos(), roll.sin()
    about_y = matrix(cy, o, sy, o, l, o, -sy, o, cy)
    about_x = matrix(l, o, o, o, cp, -sp, o, sp, cp)
    about_z = matrix(cr, -sr, o, sr, cr, o, o, o, l)
    return about_y @ about_x @ about_z


class Poser(nn.Module):
    """Holds the rig; ``.to(device)`` moves it."""

    landmark_vertices: Tensor
    landmark_weights: Tensor
    neck_weight: Tensor
    top: Tensor
    facing: Tensor
    face_centre: Tensor

    def __init__(self, face: Face):
        super().__init__()
        s = face.skeleton
        self.face = face
        self.twin = TorchFace(face)
        self.head = s.names.index("head")
        carried = np.zeros(len(s.names), bool)
        for b, parent in enumerate(s.parents):
            carried[b] = b == self.head or (parent >= 0 and carried[parent])
        neck = np.asarray(face.weights[:, ~carried].sum(1)).ravel()
        top = np.clip((s.vertices[:, 1] - 0.02) / 0.06, 0, 1)
        for name, value in (
            ("landmark_vertices", torch.from_numpy(s.landmark_vertices.astype(np.int64))),
            ("landmark_weights", torch.from_numpy(s.landmark_weights)),
            ("neck_weight", torch.from_numpy(neck.astype(np.float32))[:, None]),
            ("top", torch.from_numpy(top.astype(np.float32))),
            ("facing", torch.from_numpy(FACING.copy())),
            ("face_centre", torch.from_numpy(FACE_CENTRE.copy())),
        ):
            self.register_buffer(name, value)

    def people(self, identity: Tensor) -> People:
        """(N, 208) -> neutral people, as :class:`TorchFace` takes them: vertices (N, V, 3), pivots (N, B, 3), ..."""
        return tuple(self.twin.person(identity))

    def stack(self, people: list[Person]) -> People:
        """The rig's own people as a batch on this module's device."""
        every = torch.arange(len(self.face.skeleton.vertices), device="cpu")
        return tuple(x.to(self.top.device) for x in stack_people(people, every))

    def landmarks(self, vertices: Tensor) -> Tensor:
        """(N, V, 3) -> (N, 478, 3)."""
        corners = vertices.index_select(1, self.landmark_vertices.reshape(-1)).reshape(len(vertices), -1, 3, 3)
        return (corners * self.landmark_weights[..., None]).sum(2)

    def forward(self, p: Parameters, mesh: HeadMesh, people: People | None = None) -> Posed:
        """Poses a batch; ``people`` as from :meth:`people` where they are not of ``p.identity``."""
        people = self.people(p.identity) if people is None else people
        neutral, pivots = people[:2]
        posed = self.twin(p.au, p.gaze_deg[:, :2], p.gaze_deg[:, 2:], *people)
        camera = euler_rotation(p.euler_deg * p.torso_share[:, None]) @ self.facing
        turn = camera.transpose(1, 2) @ euler_rotation(p.euler_deg) @ self.facing
        pivot = pivots[:, self.head]
        # What hangs on the head's bones turns with it; neck and torso, by their share of the weights, stay. This
        # equals the rig's own head rotation because no channel moves head or neck.
        carried = posed - self.neck_weight * neutral
        stay = torch.eye(3, device=posed.device)
        shift = pivot - torch.einsum("nij,nj->ni", turn, pivot)
        bare = posed + carried @ (turn - stay).transpose(1, 2) + (1 - self.neck_weight) * shift[:, None]
        dressed = bare + self._raise(p, mesh, bare)
        n, v, _ = dressed.shape
        strength = (p.au.clamp(0, 1) @ mesh.fold_drive.T).clamp(0, 1) @ mesh.fold_weights.T + p.age[:, None]
        flat = torch.cat([dressed, strength[..., None]], dim=-1).transpose(0, 1).reshape(v, n * 4)
        refined = (mesh.refine @ flat).reshape(-1, n, 4).transpose(0, 1)
        centre = torch.einsum("nij,nj->ni", turn, self.face_centre - pivot) + pivot
        refined, folds = refined[..., :3].contiguous(), refined[..., 3].clamp(0, 1)
        points = self.landmarks(bare), self.landmarks(neutral)
        return Posed(dressed, refined, folds, *points, turn, pivot, camera, centre)

    def _raise(self, p: Parameters, mesh: HeadMesh, bare: Tensor) -> Tensor:
        """(N, V, 3) how far hair, beard and shirt stand off the skin."""
        normal = vertex_normals(bare, mesh.coarse_quads, mesh.coarse_around)
        above = hair_above(mesh.coarse_hair.T[None], p)
        rise = (above / HAIR_RISE_M).clamp(0, 1)
        thick = torch.lerp(p.hair_thickness[:, 1:], p.hair_thickness[:, :1], self.top)
        height = p.has_hair[:, None] * rise * thick
        height = height + p.beard_length[:, None] * (mesh.coarse_beard[None] * p.beard[:, None]).amax(-1)
        height = height + CLOTH_M * ((mesh.coarse_collar + p.collar[:, None]) / 0.02).clamp(0, 1)
        return normal * height[..., None]


def hair_above(fields: Tensor, p: Parameters) -> Tensor:
    """Metres above the hairline of each picture's style: ``regions.hair`` fields (N or 1, 6, V) -> (N, V)."""
    above = fields[:, 0]
    for k in range(1, fields.shape[1]):
        above = above - fields[:, k] * p.hairline[:, k - 1, None]
    return above


@dataclass(frozen=True)
class Projection:
    """A pinhole camera before each head."""

    camera: Tensor
    centre: Tensor
    distance: Tensor
    """(N,) metres."""
    focal: Tensor
    """(N,) pixels of the buffer."""
    principal: Tensor
    """(N, 2) pixels of the buffer."""

    @classmethod
    def of(cls, p: Parameters, posed: Posed, size: int) -> "Projection":
        return cls(posed.camera, posed.centre, p.distance_m, p.focal * size, (0.5 + p.shift) * size)

    def to_camera(self, points: Tensor) -> Tensor:
        """(N, K, 3) rig metres -> OpenCV camera metres."""
        local = (points - self.centre[:, None]) @ self.camera.transpose(1, 2)
        return local + torch.nn.functional.pad(self.distance[:, None, None], (2, 0))

    def to_pixels(self, in_camera: Tensor) -> tuple[Tensor, Tensor]:
        """Camera metres (N, K, 3) -> pixels (N, K, 2) and inverse depth (N, K), <= 0 at or behind the camera."""
        z = in_camera[..., 2]
        inverse = 1 / torch.where(z.abs() < 1e-3, torch.full_like(z, -1e-3), z)
        xy = in_camera[..., :2] * (self.focal[:, None, None] * inverse[..., None]) + self.principal[:, None]
        return xy, inverse
