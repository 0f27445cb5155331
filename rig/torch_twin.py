"""The torch twin of ``rig.face``: the same numbers, batched and differentiable, for training and fitting."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from rig.face import LID_CHANNELS, LID_GAIN_RANGE, Face, Person
from rig.parameters import IDENTITY_BASE, N_CHANNELS
from rig.seams import EYES
from rig.skeleton import GAZE_FULL_DEG


class People(NamedTuple):
    """Neutral people, batched: what :meth:`TorchFace.forward` takes after the expression, in its order."""

    vertices: Tensor
    """(N, V, 3) metres; V as the face was reduced."""
    pivots: Tensor
    """(N, B, 3) metres."""
    gain: Tensor
    """(N, 40)"""
    close: Tensor
    """(N, B, 3) metres, see :class:`rig.face.Person`."""


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


def skin(weights: Tensor, bones: Tensor, vertices: Tensor) -> Tensor:
    """Linear blend skinning: ``weights`` (V, B), ``bones`` (N, B, 12), ``vertices`` (N, V, 3) -> (N, V, 3)."""
    m = (weights @ bones).reshape(len(bones), -1, 3, 4)
    return torch.einsum("nvij,nvj->nvi", m[..., :3], vertices) + m[..., 3]


class TorchFace(nn.Module):
    """Skins a subset of the head's vertices (all by default) for a batch of faces.

    Buffers hold the rig, so ``.to(device)`` and ``.double()`` move the whole face. Inside, the subset is followed by
    the vertices about the eyes and lips that :meth:`person` needs to settle them.
    """

    weights: Tensor
    vertices: Tensor
    pivots: Tensor
    channel_rotation: Tensor
    channel_translation: Tensor
    corrective_rotation: Tensor
    corrective_translation: Tensor
    identity_rotation: Tensor
    identity_translation: Tensor
    identity_scale: Tensor
    gaze_rotation: Tensor
    gaze_translation: Tensor
    pivot_bone: Tensor
    correctives: Tensor
    eyes: Tensor
    lids: Tensor
    ride: Tensor
    ride_share: Tensor
    ride_eye: Tensor
    ride_radius: Tensor
    ride_least: Tensor
    lip_seam: Tensor
    lip_rows: Tensor
    lip_close: Tensor
    lip_gap: Tensor
    lid_seam: Tensor
    lid_gap: Tensor
    closed_gap: Tensor
    near: Tensor
    spread: Tensor

    def __init__(self, face: Face, vertex_index: Tensor | None = None):
        super().__init__()
        s, seams = face.skeleton, face.seams
        index = torch.arange(len(s.vertices)) if vertex_index is None else vertex_index.long()
        parts = [s.ride.ravel(), s.lip_rows, s.lip_seam.ravel(), s.lid_seam.ravel()]
        seam_rows = torch.cat([torch.from_numpy(p).long() for p in parts]).unique()
        every = torch.cat([index, seam_rows[~torch.isin(seam_rows, index)]])
        where = torch.full((len(s.vertices),), -1)
        where[every] = torch.arange(len(every))
        self.n_vertices = len(index)

        def put(name: str, value) -> None:  # type: ignore[no-untyped-def]
            tensor = torch.as_tensor(value)
            self.register_buffer(name, (tensor if tensor.is_floating_point() else tensor.long()).clone())

        put("weights", torch.from_numpy(face.weights.toarray())[every])
        put("vertices", torch.from_numpy(s.vertices)[every])
        put("pivots", s.pivots)
        for kind in ("channel", "corrective", "identity"):
            put(f"{kind}_rotation", torch.from_numpy(getattr(s, f"{kind}_rotation")).flatten(1))
            put(f"{kind}_translation", torch.from_numpy(getattr(s, f"{kind}_translation")).flatten(1))
        put("identity_scale", torch.from_numpy(s.identity_scale).flatten(1))
        put("gaze_rotation", torch.from_numpy(s.gaze_rotation).flatten(0, 1).flatten(1))
        put("gaze_translation", torch.from_numpy(s.gaze_translation).flatten(0, 1).flatten(1))
        put("pivot_bone", s.pivot_bone)
        put("correctives", s.corrective_channels)
        put("eyes", [s.names.index(e) for e in EYES])
        put("lids", list(LID_CHANNELS))
        put("ride", where[torch.from_numpy(s.ride).long()])
        put("ride_share", s.ride_share)
        put("ride_eye", seams.eye)
        put("ride_radius", seams.radius)
        put("ride_least", seams.least)
        put("lip_seam", where[torch.from_numpy(s.lip_seam).long()])
        put("lip_rows", where[torch.from_numpy(s.lip_rows).long()])
        put("lip_close", s.lip_close)
        put("lip_gap", seams.lip_gap)
        put("lid_seam", where[torch.from_numpy(s.lid_seam).long()])
        put("lid_gap", face.lid_gap(s.vertices))
        put("closed_gap", face.closed_gap)
        put("near", seams.near)
        put("spread", seams.spread)
        for side, (own, solve) in enumerate(zip(seams.lid_bones, seams.lid_solve, strict=True)):
            put(f"lid_bones_{side}", own)
            put(f"lid_solve_{side}", solve)
        self.parents = [int(p) for p in s.parents]
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
        close: Tensor | None = None,
    ) -> Tensor:
        """``au`` (N, 40) 0..1, gaze (N, 2) degrees, and people (:class:`People`; default: the base face) -> posed
        vertices (N, V, 3) in metres."""
        v = self.vertices[: self.n_vertices].expand(len(au), -1, -1) if vertices is None else vertices
        bones = self.bones(au, gaze_left_deg, gaze_right_deg, pivots, gain, close)
        return skin(self.weights[: self.n_vertices], bones, v)

    def bones(
        self,
        au: Tensor,
        gaze_left_deg: Tensor,
        gaze_right_deg: Tensor,
        pivots: Tensor | None = None,
        gain: Tensor | None = None,
        close: Tensor | None = None,
    ) -> Tensor:
        """Global bone transforms (N, B, 12): 3 x 4 matrices row by row. As :meth:`rig.face.Face.bones`."""
        n, b = len(au), len(self.parents)
        pivots = self.pivots.expand(n, -1, -1) if pivots is None else pivots
        shut = au.clamp(0, 1)
        a = shut if gain is None else shut * gain
        product = a[:, self.correctives[:, 0]] * a[:, self.correctives[:, 1]]
        shares, turn = [], torch.zeros(n, b, 3, dtype=a.dtype, device=a.device)
        for side, gaze in enumerate((gaze_left_deg, gaze_right_deg)):
            yaw, pitch = gaze.unbind(-1)
            out = yaw if side == 0 else -yaw
            share = (torch.stack([pitch, -pitch, -out, out], -1) / GAZE_FULL_DEG).clamp(0, 1)
            shares.append(share * (1 - shut[:, self.lids[side], None]))
            turn[:, self.eyes[side], 0] = -torch.deg2rad(pitch)
            turn[:, self.eyes[side], 1] = torch.deg2rad(yaw)
        share = torch.cat(shares, -1)
        rotvec = a @ self.channel_rotation + product @ self.corrective_rotation + share @ self.gaze_rotation
        move = a @ self.channel_translation + product @ self.corrective_translation + share @ self.gaze_translation
        r = rotations(rotvec.reshape(n, b, 3) + turn)
        move = move.reshape(n, b, 3) * self.local_size(pivots)[..., None]
        if close is not None:
            for side in (0, 1):
                own = getattr(self, f"lid_bones_{side}")
                amount = shut[:, self.lids[side], None, None] * close[:, own]
                move = move.index_add(1, own, amount)
        t = pivots + move - torch.einsum("nbij,nbj->nbi", r, pivots)
        rs, ts = list(r.unbind(1)), list(t.unbind(1))
        for level in self.levels:
            for i in level:
                p = self.parents[i]
                rs[i], ts[i] = rs[p] @ r[:, i], torch.einsum("nij,nj->ni", rs[p], t[:, i]) + ts[p]
        return torch.cat([torch.stack(rs, 1), torch.stack(ts, 1)[..., None]], -1).reshape(n, b, 12)

    def local_size(self, pivots: Tensor) -> Tensor:
        """``pivots`` (N, B, 3) -> (N, B): see :func:`rig.seams.local_size`."""
        middle = self.near @ pivots
        spread = (self.near @ (pivots**2).sum(-1, keepdim=True))[..., 0] - (middle**2).sum(-1)
        return (spread / self.spread.clamp(min=1e-9)).clamp(min=1e-3).sqrt()

    def person(self, identity: Tensor) -> People:
        """``identity`` (N, 208) in 0..1 -> neutral people. As :meth:`rig.face.Face.person`."""
        n, b = len(identity), len(self.parents)
        k = (identity.clamp(0, 1) - IDENTITY_BASE) * 2
        scale = 1 + (k @ self.identity_scale).reshape(n, b, 3)
        r = rotations((k @ self.identity_rotation).reshape(n, b, 3)) * scale[:, :, None]
        move = (k @ self.identity_translation).reshape(n, b, 3)
        t = self.pivots + move - torch.einsum("nbij,bj->nbi", r, self.pivots)
        v = skin(self.weights, torch.cat([r, t[..., None]], -1).reshape(n, b, 12), self.vertices.expand(n, -1, -1))
        pivots = self.pivots + move[:, self.pivot_bone]
        v = self._settle(v, pivots, scale.mean(-1))
        rim = v[:, self.lid_seam]  # (N, 2, L, 2, 3)
        gap = (rim[..., 0, :] - rim[..., 1, :]).norm(dim=-1).mean(-1)
        lid_gain = (gap / self.lid_gap.clamp(min=1e-6)).clamp(*LID_GAIN_RANGE)
        gain = torch.ones(n, N_CHANNELS, dtype=v.dtype, device=v.device).index_copy(1, self.lids, lid_gain)
        return People(v[:, : self.n_vertices], pivots, gain, self._close(rim, pivots, gain))

    def _settle(self, v: Tensor, pivots: Tensor, eye_scale: Tensor) -> Tensor:
        """As :func:`rig.seams.settle`."""
        target, source = self.ride.unbind(-1)
        from_centre = v[:, source] - pivots[:, self.ride_eye]
        unit = eye_scale[:, self.ride_eye] / from_centre.norm(dim=-1).clamp(min=1e-6)
        out = (self.ride_least * unit - 1).clamp(min=0)
        pull = self.ride_share * (self.ride_radius * unit - 1) + (1 - self.ride_share) * out
        v = v.index_add(1, target, pull[..., None] * from_centre)
        parted = v[:, self.lip_seam[:, 0]] - v[:, self.lip_seam[:, 1]] - self.lip_gap
        return v.index_add(1, self.lip_rows, self.lip_close @ parted)

    def _close(self, rim: Tensor, pivots: Tensor, gain: Tensor) -> Tensor:
        """(N, B, 3): what AU43 adds so that these people's lids meet, from their rims (N, 2, L, 2, 3) at rest."""
        n = len(rim)
        au = torch.zeros_like(gain)
        au[:, self.lids] = 1
        still = gain.new_zeros(n, 2)
        bones = self.bones(au, still, still, pivots, gain)
        shut = skin(self.weights[self.lid_seam.flatten()], bones, rim.reshape(n, -1, 3)).reshape(rim.shape)
        parted = shut[..., 0, :] - shut[..., 1, :] - self.closed_gap
        close = torch.zeros_like(pivots)
        for side in (0, 1):
            own, solve = getattr(self, f"lid_bones_{side}"), getattr(self, f"lid_solve_{side}")
            close = close.index_add(1, own, solve @ parted[:, side])
        return close


def stack_people(people: list[Person], vertex_index: Tensor) -> People:
    """Numpy people, batched for :meth:`TorchFace.forward`, with their vertices reduced to ``vertex_index``."""
    return People(
        torch.stack([torch.from_numpy(p.vertices)[vertex_index] for p in people]),
        torch.stack([torch.from_numpy(p.pivots) for p in people]),
        torch.stack([torch.from_numpy(p.gain) for p in people]),
        torch.stack([torch.from_numpy(p.close) for p in people]),
    )
