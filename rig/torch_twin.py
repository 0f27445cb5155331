"""The torch twin of ``rig.face``: the same numbers, batched and differentiable, for training and fitting."""

import torch
from torch import Tensor, nn

from rig.face import EYES, Face, Person
from rig.skeleton import GAZE_FULL_DEG


def rotations(rotvec: Tensor) -> Tensor:
    """(..., 3) radians -> (..., 3, 3), Rodrigues; differentiable at zero."""
    angle2 = (rotvec * rotvec).sum(-1)
    small = angle2 < 1e-8
    safe = torch.where(small, torch.ones_like(angle2), angle2)
    angle = safe.sqrt()
    a = torch.where(small, 1 - angle2 / 6, angle.sin() / angle)
    b = torch.where(small, 0.5 - angle2 / 24, (1 - angle.cos()) / safe)
    x, y, z = rotvec.unbind(-1)
    rows = [
        1 - b * (y * y + z * z), b * x * y - a * z, b * x * z + a * y,
        b * x * y + a * z, 1 - b * (x * x + z * z), b * y * z - a * x,
        b * x * z - a * y, b * y * z + a * x, 1 - b * (x * x + y * y),
    ]  # fmt: skip
    return torch.stack(rows, -1).reshape(*rotvec.shape[:-1], 3, 3)


class TorchFace(nn.Module):
    """Skins a subset of the head's vertices (all by default) for a batch of faces.

    Buffers hold the rig, so ``.to(device)`` and ``.double()`` move the whole face.
    """

    weights: Tensor
    vertices: Tensor
    pivots: Tensor
    channel_rotation: Tensor
    channel_translation: Tensor
    corrective_rotation: Tensor
    corrective_translation: Tensor
    gaze_rotation: Tensor
    gaze_translation: Tensor
    gain: Tensor

    def __init__(self, face: Face, vertex_index: Tensor | None = None):
        super().__init__()
        s = face.skeleton
        index = torch.arange(len(s.vertices)) if vertex_index is None else vertex_index
        weights = torch.from_numpy(face.weights.toarray())[index]
        tensors = {
            "weights": weights,
            "vertices": torch.from_numpy(s.vertices)[index],
            "pivots": torch.from_numpy(s.pivots),
            "channel_rotation": torch.from_numpy(s.channel_rotation).flatten(1),
            "channel_translation": torch.from_numpy(s.channel_translation).flatten(1),
            "corrective_rotation": torch.from_numpy(s.corrective_rotation).flatten(1),
            "corrective_translation": torch.from_numpy(s.corrective_translation).flatten(1),
            "gaze_rotation": torch.from_numpy(s.gaze_rotation).flatten(0, 1).flatten(1),
            "gaze_translation": torch.from_numpy(s.gaze_translation).flatten(0, 1).flatten(1),
            "gain": torch.from_numpy(face.base.gain),
        }
        for name, value in tensors.items():
            self.register_buffer(name, value.clone())
        self.correctives = torch.from_numpy(s.corrective_channels).long()
        self.parents = [int(p) for p in s.parents]
        self.eyes = [s.names.index(e) for e in EYES]
        depth = [0] * len(self.parents)
        for i, p in enumerate(self.parents):
            depth[i] = 0 if p < 0 else depth[p] + 1
        self.levels = [[i for i, d in enumerate(depth) if d == k] for k in range(1, max(depth) + 1)]

    def forward(
        self,
        au: Tensor,
        gaze_left_deg: Tensor,
        gaze_right_deg: Tensor,
        vertices: Tensor | None = None,
        pivots: Tensor | None = None,
        gain: Tensor | None = None,
    ) -> Tensor:
        """``au`` (N, 40) 0..1, gaze (N, 2) degrees, people's ``vertices`` (N, V, 3), ``pivots`` (N, B, 3) and
        ``gain`` (N, 40) (default: the base face) -> posed vertices (N, V, 3) in metres."""
        n, b = len(au), len(self.parents)
        vertices = self.vertices.expand(n, -1, -1) if vertices is None else vertices
        pivots = self.pivots.expand(n, -1, -1) if pivots is None else pivots
        a = au.clamp(0, 1) * (self.gain if gain is None else gain)
        product = a[:, self.correctives[:, 0]] * a[:, self.correctives[:, 1]]
        shares = []
        for side, gaze in enumerate((gaze_left_deg, gaze_right_deg)):
            yaw, pitch = gaze.unbind(-1)
            out = yaw if side == 0 else -yaw
            shares.append((torch.stack([pitch, -pitch, -out, out], -1) / GAZE_FULL_DEG).clamp(0, 1))
        share = torch.cat(shares, -1)
        rotvec = a @ self.channel_rotation + product @ self.corrective_rotation + share @ self.gaze_rotation
        move = a @ self.channel_translation + product @ self.corrective_translation + share @ self.gaze_translation
        rotvec, move = rotvec.reshape(n, b, 3), move.reshape(n, b, 3)
        turn = torch.zeros_like(rotvec)
        for side, gaze in enumerate((gaze_left_deg, gaze_right_deg)):
            radians = torch.deg2rad(gaze)
            turn[:, self.eyes[side], 0] = -radians[:, 1]
            turn[:, self.eyes[side], 1] = radians[:, 0]
        r = rotations(rotvec + turn)
        t = pivots + move - torch.einsum("nbij,nbj->nbi", r, pivots)
        rs, ts = list(r.unbind(1)), list(t.unbind(1))
        for level in self.levels:
            for i in level:
                p = self.parents[i]
                rs[i], ts[i] = rs[p] @ r[:, i], torch.einsum("nij,nj->ni", rs[p], t[:, i]) + ts[p]
        bones = torch.cat([torch.stack(rs, 1), torch.stack(ts, 1)[..., None]], -1).reshape(n, b, 12)
        m = (self.weights @ bones).reshape(n, -1, 3, 4)
        return torch.einsum("nvij,nvj->nvi", m[..., :3], vertices) + m[..., 3]


def stack_people(people: list[Person], vertex_index: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Neutral vertices (P, V', 3), pivots (P, B, 3) and gains (P, 40) of people, for :meth:`TorchFace.forward`."""
    vertices = torch.stack([torch.from_numpy(p.vertices)[vertex_index] for p in people])
    pivots = torch.stack([torch.from_numpy(p.pivots) for p in people])
    return vertices, pivots, torch.stack([torch.from_numpy(p.gain) for p in people])
