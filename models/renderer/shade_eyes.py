"""Eyes, and what lies before the face without hiding it: wet eyeballs, lashes, lenses."""

import torch
from torch import Tensor

from models.renderer.head_mesh import MATERIAL
from models.renderer.rasterise import Fragments
from models.renderer.shade import Scene, Surface, irradiance
from models.renderer.vectors import dot, normalize, reflect

SOFTBOX = 0.11
"""Half the side of a lamp's reflection, as a share of the sphere of directions."""
LID_SHADE_M = 0.0065
"""This far under the upper lid its shadow ends."""


def light_eyes(colour: Tensor, s: Surface, scene: Scene, f: Fragments) -> Tensor:
    """Replaces the eyeballs in ``colour`` (N, 3, P): iris, lids' shade, lamps and sky mirrored in the wet surface."""
    p = scene.parameters
    n, m = s.material.shape
    at = (s.material.reshape(-1) == MATERIAL["eye"]).nonzero().squeeze(1)
    who = torch.div(at, m, rounding_mode="floor")

    def pick(values: Tensor) -> Tensor:
        """(N, P) -> (M,), (N, C, P) -> (M, C, 1): every pixel its own row, as pictures differ."""
        if values.dim() == 2:
            return values.reshape(-1).index_select(0, at)
        rows = values.transpose(1, 2).reshape(n * m, -1).index_select(0, at)
        return rows[..., None]

    uv, normal, point = pick(s.uv), pick(s.normal), pick(s.point)
    uv_area = scene.uv_area.index_select(0, pick(f.triangle))
    eye = scene.sheets.eye
    texel = eye.sample(uv, eye.level_of_detail(uv_area, pick(f.area_px))[:, None])
    tint = 1 + texel[:, 3:] * (p.iris.index_select(0, who)[..., None] - 1)
    lids = scene.upper_lids.index_select(0, who) - point.transpose(1, 2)
    below = (lids * lids).sum(-1).amin(1).sqrt()
    shade = (0.10 + 0.90 * (below / LID_SHADE_M).clamp(0, 1))[:, None, None]
    ambient = p.ambient.index_select(0, who)
    light = irradiance(ambient, normal)
    mirror = reflect(normalize(-point), normal)
    wet = irradiance(ambient, mirror) * 0.06
    for k in range(p.light_direction.shape[1]):
        direction = p.light_direction[:, k].index_select(0, who)[..., None]
        lamp = p.light_colour[:, k].index_select(0, who)[..., None]
        light = light + lamp * (0.15 + 0.85 * dot(normal, direction).clamp(0, 1))[:, None]
        wet = wet + 1.6 * lamp.amax(1, keepdim=True) * softbox(mirror, direction)[:, None]
    out = texel[:, :3] * tint * light * shade * 0.66 + wet * shade
    flat = colour.transpose(1, 2).reshape(n * m, 3).index_copy(0, at, out[..., 0])
    return flat.reshape(n, m, 3).transpose(1, 2)


def softbox(mirror: Tensor, direction: Tensor) -> Tensor:
    """Mirrored sight (N, 3, P) and a lamp (N, 3, 1) -> (N, P) 0..1: inside the lamp's square."""
    size = torch.maximum((mirror[:, 0] - direction[:, 0]).abs(), (mirror[:, 1] - direction[:, 1]).abs())
    return ((SOFTBOX * 1.25 - size) / (0.25 * SOFTBOX)).clamp(0, 1) * (dot(mirror, direction) > 0)


def veil(f: Fragments, scene: Scene, uv: Tensor, lens: Tensor) -> Tensor:
    """Lashes and lenses in front of the face: colour times coverage, and coverage, (N, 4, P).

    ``uv`` (T, 3, 2) on the lashes' sheet, ``lens`` (T,) bool; ``f`` indexes these triangles.
    """
    p = scene.parameters
    n, m = f.triangle.shape
    tri = f.triangle.reshape(-1)
    a, b, c = uv.unbind(1)
    uv_area = 0.5 * ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]).abs()
    lashes = scene.sheets.lashes
    lod = lashes.level_of_detail(uv_area.index_select(0, tri).reshape(n, m), f.area_px)
    hairs = lashes.sample(f.interpolate_corners(uv), lod)[:, 0] * p.lashes[:, None]
    glass = lens.index_select(0, tri).reshape(n, m)
    normal = normalize(f.interpolate(scene.normals))
    mirror = reflect(normalize(-f.interpolate(scene.points)), normal)
    grey, shine = p.glasses[:, 5, None], p.glasses[:, 6, None]
    sky = irradiance(p.ambient, mirror)
    window = torch.zeros_like(sky)
    for k in range(p.light_direction.shape[1]):
        box = softbox(mirror, p.light_direction[:, k, :, None])
        window = window + p.light_colour[:, k, :, None] * (box * shine)[:, None]
    cover = torch.where(glass, (0.04 + grey + 0.6 * window.amax(1)).clamp(0, 0.95), hairs)[:, None]
    light = irradiance(p.ambient, normal) + p.light_colour[:, 0, :, None]
    on_glass = 0.5 * (window + 0.10 * shine[:, None] * sky)
    colour = torch.where(glass[:, None], on_glass, p.brow_colour[:, :, None] * 0.25 * light)
    return torch.cat([colour * cover, cover], dim=1)
