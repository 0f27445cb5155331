"""Things people wear that are no part of the rig: glasses, and the shirt's skirt that closes the cut below the neck."""

from dataclasses import dataclass

import torch
from torch import Tensor

from models.renderer.head_mesh import MATERIAL, HeadMesh

SEGMENTS = 28
SIDES = 4
BRIDGE = 5
EAR_LANDMARKS = (454, 234)
"""By the subject's left and right ear."""
BRIDGE_LANDMARK = 168
EYE_LANDMARKS = (473, 468)
SKIRT_DROP_M = (0.10, 0.45)
SKIRT_SPREAD = (1.25, 1.5)


def _tube(sections: int, closed: bool) -> Tensor:
    """(K, 3) triangles of a tube of ``sections`` rings of SIDES points."""
    out = []
    for i in range(sections if closed else sections - 1):
        j = (i + 1) % sections
        for k in range(SIDES):
            m = (k + 1) % SIDES
            a, b, c, d = i * SIDES + k, i * SIDES + m, j * SIDES + m, j * SIDES + k
            out += [(a, b, c), (a, c, d)]
    return torch.tensor(out)


@dataclass(frozen=True)
class Props:
    """Triangles over [refined head | glasses | skirt] vertices."""

    triangles: Tensor
    material: Tensor
    lens_triangles: Tensor
    rim: Tensor
    ring: Tensor
    """(U,) the refined vertices on the cut, once each."""

    @classmethod
    def build(cls, mesh: HeadMesh) -> "Props":
        base = len(mesh.fields)
        rim_points = SEGMENTS * SIDES
        solid, lens, start = [], [], base
        for _ in range(2):
            solid.append(_tube(SEGMENTS, closed=True) + start)
            start += rim_points
        for sections in (BRIDGE, 3, 3):
            solid.append(_tube(sections, closed=False) + start)
            start += sections * SIDES
        for _ in range(2):
            around = torch.arange(SEGMENTS)
            fan = torch.stack([torch.full_like(around, SEGMENTS), around, (around + 1) % SEGMENTS], dim=1)
            lens.append(fan + start)
            start += SEGMENTS + 1
        # Tubes and lenses are seen from either side.
        glasses = torch.cat(solid)
        lenses = torch.cat(lens)
        glasses = torch.cat([glasses, glasses.flip(1)])
        lenses = torch.cat([lenses, lenses.flip(1)])
        ring, where = mesh.rim.cpu().unique(return_inverse=True)
        first, second = start + where, start + len(ring) + where
        skirt = []
        for top, low in ((mesh.rim.cpu(), first), (first, second)):
            a, b, c, d = top[:, 0], top[:, 1], low[:, 1], low[:, 0]
            skirt += [torch.stack([b, a, d], 1), torch.stack([b, d, c], 1)]
        cloth = torch.cat(skirt)
        material = torch.cat(
            [torch.full((len(glasses),), MATERIAL["glasses"]), torch.full((len(cloth),), MATERIAL["clothes"])]
        )
        return cls(torch.cat([glasses, cloth]), material, lenses, mesh.rim.cpu(), ring)

    def to(self, device: torch.device | str) -> "Props":
        return Props(**{k: v.to(device) for k, v in vars(self).items()})

    def skirt(self, refined: Tensor) -> Tensor:
        """(N, 2 U, 3): the cut's edge let down and out in two steps."""
        edge = refined.index_select(1, self.ring)
        middle = edge.mean(1, keepdim=True)
        rings = []
        for drop, spread in zip(SKIRT_DROP_M, SKIRT_SPREAD, strict=True):
            scale = edge.new_tensor([spread, 0.25, spread])
            rings.append(middle + (edge - middle) * scale - edge.new_tensor([0, drop, 0]))
        return torch.cat(rings, dim=1)


def glasses(style: Tensor, neutral_landmarks: Tensor) -> Tensor:
    """(N, 8) as in Parameters.glasses and (N, 478, 3) of the face at rest -> (N, G, 3) in the order of Props.

    Faces without glasses get all points in one place, which no triangle survives.
    """
    worn, half_w, half_h, square, radius, _, _, drop = style.unbind(1)
    bridge = neutral_landmarks[:, BRIDGE_LANDMARK]
    eyes = neutral_landmarks[:, list(EYE_LANDMARKS)]
    turn = torch.arange(SEGMENTS, device=style.device) * (2 * torch.pi / SEGMENTS)
    power = (2 / square)[:, None]
    unit_x = turn.cos().sign() * turn.cos().abs() ** power
    unit_y = turn.sin().sign() * turn.sin().abs() ** power
    parts, lenses, outlines = [], [], []
    out = torch.stack([unit_x, unit_y, torch.zeros_like(unit_x)], -1)
    for side, sign in enumerate((1.0, -1.0)):
        centre_x = torch.maximum(eyes[:, side, 0].abs() + 0.0005, half_w + 0.0085) * sign
        x = centre_x[:, None] + half_w[:, None] * unit_x
        y = (eyes[:, side, 1] - drop)[:, None] + half_h[:, None] * unit_y
        front = torch.maximum(bridge[:, 2] + 0.003, eyes[:, side, 2] + 0.010)
        z = front[:, None] - 4.0 * (x.abs() - 0.012).clamp(min=0) ** 2  # bent back by 7 mm at the temples
        path = torch.stack([x, y, z], -1)
        outlines.append(path)
        parts.append(_sweep(path, torch.nn.functional.normalize(out, dim=-1), (0.0, 0.0, 1.0), radius))
        lenses += [path, path.mean(1, keepdim=True)]
    inner = [outlines[0][:, SEGMENTS // 2], outlines[1][:, 0]]
    s = torch.linspace(0, 1, BRIDGE, device=style.device)[None, :, None]
    lift = neutral_landmarks.new_tensor([0, 0.004, 0.003]) * (4 * s * (1 - s))
    span = inner[0][:, None] * (1 - s) + inner[1][:, None] * s + lift + neutral_landmarks.new_tensor([0, 0.003, 0])
    parts.append(_sweep(span, (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), radius * 0.9))
    for side, sign in enumerate((1.0, -1.0)):
        hinge = outlines[side][:, 0 if side == 0 else SEGMENTS // 2] + neutral_landmarks.new_tensor([0, 0.005, 0])
        ear = neutral_landmarks[:, EAR_LANDMARKS[side]] + neutral_landmarks.new_tensor([sign * 0.006, 0.032, -0.022])
        corner = hinge + neutral_landmarks.new_tensor([sign * 0.0005, 0, -0.006])
        # Temples go straight back beside the head, never through it.
        corner[:, 0] = sign * torch.maximum(corner[:, 0].abs(), ear[:, 0].abs() - 0.010)
        path = torch.stack([hinge, corner, ear], dim=1)
        parts.append(_sweep(path, (0.0, 1.0, 0.0), (1.0, 0.0, 0.0), radius * 1.1))
    points = torch.cat([*parts, *lenses], dim=1)
    return torch.where(worn[:, None, None] > 0.5, points, bridge[:, None])


def _sweep(
    path: Tensor, up: Tensor | tuple[float, float, float], side: tuple[float, float, float], radius: Tensor
) -> Tensor:
    """(N, S, 3) -> (N, S * SIDES, 3): a square of half diagonal ``radius`` (N,) along a path."""
    u = path.new_tensor(up) if isinstance(up, tuple) else up
    v = path.new_tensor(side)
    r = radius[:, None, None] * 1.4
    return torch.stack([path + u * r, path + v * r, path - u * r, path - v * r], dim=2).flatten(1, 2)
