"""Visible fragments -> colour in linear light and part labels: skin, lips, hair, cloth, teeth, and what lights them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from models.renderer.head_mesh import FIELD, MATERIAL, LightMap
from models.renderer.labels import LABEL
from models.renderer.pose import hair_above
from models.renderer.rasterise import Fragments
from models.renderer.sample import Parameters
from models.renderer.sheets import SKIN_CHANNEL, Sheets
from models.renderer.vectors import constant, dot, mix, normalize

SKIN_WRAP = (0.34, 0.14, 0.08)
"""How far light creeps past the terminator in skin, by colour: red furthest (after Penner 2011)."""
PLAIN_WRAP = (0.10, 0.10, 0.10)
SHADOW_BIAS_M = 0.006
TEETH = (0.72, 0.65, 0.53)
TONGUE = (0.42, 0.13, 0.12)
CAVITY_FROM_M, CAVITY_FADE_M = 0.009, 0.011
"""Light reaches the mouth's inside undimmed to this depth behind the lips, then dies away over so many metres."""
GROOVE = (0.32, 0.46, 0.52)
"""How much light a full fold takes, by colour."""
BLOTCH, FRECKLE = (0.025, 0.055, 0.055), (0.28, 0.42, 0.52)
"""What blotches add and freckles take, by colour."""


@dataclass(frozen=True)
class Scene:
    """What shading reads beside the fragments; directions and points in the view frame (x right, y up, z to us)."""

    parameters: Parameters
    sheets: Sheets
    material: Tensor
    """(T,)"""
    triangle_uv: Tensor
    """(T, 3, 2)"""
    uv_area: Tensor
    """(T,)"""
    fields: Tensor
    """(W, len(FIELDS))"""
    normals: Tensor
    """(N, W, 3)"""
    points: Tensor
    """(N, W, 3)"""
    folds: Tensor
    """(N, W) 0..1"""
    lips: Tensor
    """(N, 3) middle between the inner lips."""
    forward: Tensor
    """(N, 3) where the face points."""
    gap_m: Tensor
    """(N,) between the inner lips."""
    upper_lids: Tensor
    """(N, 18, 3)"""
    light: LightMap


@dataclass(frozen=True)
class Surface:
    """Fragments with their material; (N, P) or (N, C, P)."""

    albedo: Tensor
    label: Tensor
    """uint8"""
    material: Tensor
    gloss: Tensor
    """Strength of the highlight."""
    sharp: Tensor
    """Its exponent."""
    occlusion: Tensor
    """0..1 of the ambient light that arrives."""
    soft: Tensor
    """1 where light scatters under the surface."""
    normal: Tensor
    point: Tensor
    uv: Tensor


def surface(f: Fragments, scene: Scene) -> Surface:
    """Looks up what every fragment is made of."""
    p, sheets = scene.parameters, scene.sheets
    n, m = f.triangle.shape
    tri = f.triangle.reshape(-1)
    material = scene.material.index_select(0, tri).reshape(n, m)
    uv = f.interpolate_corners(scene.triangle_uv)
    lod = sheets.skin.level_of_detail(scene.uv_area.index_select(0, tri).reshape(n, m), f.area_px)
    sheet = sheets.skin.sample(uv, lod)
    field = f.interpolate(scene.fields)
    moving = f.interpolate(torch.cat([scene.normals, scene.points, scene.folds[..., None]], dim=-1))
    normal, point, fold = normalize(moving[:, :3]), moving[:, 3:6], moving[:, 6]
    is_skin = (material == MATERIAL["skin"]).to(uv.dtype)
    # Brow sheets are coarser than the skin's.
    brow_lod = lod - (sheets.skin.levels - sheets.brows.levels)
    brow = sheets.brows.sample(uv, brow_lod, p.brow_style[:, None].expand(n, m))[:, 0] * is_skin

    def channel(name: str) -> Tensor:
        return sheet[:, SKIN_CHANNEL[name]]

    strand, lip = channel("strand"), channel("lip") * is_skin
    hair, beard = _hair(p, field, strand, channel("pore"), material, is_skin)
    albedo = _skin_albedo(p, sheet, brow)
    strands = p.hair_colour[:, :, None] * torch.exp(p.hair_contrast[:, None] * 0.45 * strand)[:, None]
    albedo = mix(albedo, strands * 0.6, beard * (1 - lip))  # beards are darker than the hair above
    albedo = mix(albedo, strands, hair)
    cloth = (field[:, FIELD["collar"]] + p.collar[:, None] > 0) & (is_skin > 0)
    cloth = cloth | (material == MATERIAL["clothes"])
    rim = material == MATERIAL["glasses"]
    teeth, tongue = material == MATERIAL["teeth"], material == MATERIAL["tongue"]
    mouth = (channel("inside") * is_skin > 0.5) | teeth | tongue
    albedo = torch.where(cloth[:, None], _cloth(p, field), albedo)
    albedo = torch.where(teeth[:, None], constant(albedo, TEETH), albedo)
    albedo = torch.where(tongue[:, None], constant(albedo, TONGUE), albedo)
    albedo = torch.where(rim[:, None], p.glasses_colour[:, :, None], albedo)

    # In the mouth light dies away with the depth behind the lips, the less the wider they are open.
    depth = dot(scene.lips[:, :, None] - point, scene.forward[:, :, None])
    depth = (depth - CAVITY_FROM_M).clamp_(min=0)
    dark = torch.where(mouth, torch.exp(-depth / (CAVITY_FADE_M + 0.35 * scene.gap_m[:, None])), 1.0)
    occlusion = torch.where(mouth, 0.85 * dark, field[:, FIELD["occlusion"]].clamp(min=0.12))
    plain = is_skin * ~cloth
    groove = channel("groove") * fold * plain
    albedo = albedo * (1 - groove[:, None] * constant(albedo, GROOVE))
    occlusion = occlusion * (1 - 0.5 * groove)
    cover = torch.maximum(hair, beard)
    gloss = 1 + plain * (p.oil[:, None] * (1 + 0.25 * channel("pore")).clamp_(min=0.2) - 1)
    gloss = gloss * (1 - 0.5 * cover) * (1 + 0.3 * lip) * (1 - 0.9 * cloth.to(lip.dtype)) * dark
    sharp = 20 + 14 * lip + 8 * hair + 30 * mouth + 60 * rim
    label = _label(uv, scene, field, brow, hair, lip, mouth, cloth, material)
    soft = plain * (1 - torch.maximum(hair, 0.6 * beard))
    return Surface(albedo * dark[:, None], label, material, gloss, sharp, occlusion, soft, normal, point, uv)


def _hair(
    p: Parameters, field: Tensor, strand: Tensor, pore: Tensor, material: Tensor, is_skin: Tensor
) -> tuple[Tensor, Tensor]:
    """(N, P) coverage by hair and by beard: hair's edge frays along the strands, stubble is thin and dotted."""
    zones = field[:, FIELD["moustache"] : FIELD["jaw"] + 1] * p.beard[:, :, None]
    beard = (zones.amax(1) * (1.0 + 0.12 * strand + 0.22 * pore)).clamp_(0, 0.94) * is_skin
    above = hair_above(field[:, FIELD["above"] : FIELD["part"] + 1], p) + 0.0035 * strand
    hair = torch.sigmoid(above / 0.0022) * p.has_hair[:, None] * is_skin
    return torch.where(material == MATERIAL["hair"], 1.0, hair), beard


def _skin_albedo(p: Parameters, sheet: Tensor, brow: Tensor) -> Tensor:
    """(N, 3, P): the painted skin in the person's tone, with blotches, freckles, lips and brows."""
    painted = sheet[:, :3]

    def channel(name: str) -> Tensor:
        return sheet[:, SKIN_CHANNEL[name], None]

    colour = painted * (1 + channel("tint") * (p.skin[:, :, None] - 1))
    blotch = (channel("blotch") * p.blotches[:, None, None]) * constant(painted, BLOTCH)
    freckle = (channel("freckle") * p.freckles[:, None, None]) * constant(painted, FRECKLE)
    colour = colour * (1 + blotch) * (1 - freckle)
    colour = mix(colour, painted * p.lip[:, :, None], sheet[:, SKIN_CHANNEL["lip"]])
    return mix(colour, p.brow_colour[:, :, None], (brow * p.brow_strength[:, None] * 1.15).clamp_(0, 1))


def _cloth(p: Parameters, field: Tensor) -> Tensor:
    """(N, 3, P) plain or striped, by rest position."""
    turn = 2 * torch.pi * p.cloth_stripes[..., None]
    wave = torch.sin(field[:, FIELD["x"]] * turn[:, 0]) + torch.sin(field[:, FIELD["y"]] * turn[:, 1])
    return mix(p.cloth[:, 0, :, None], p.cloth[:, 1, :, None], torch.sigmoid(wave * 12 - 4))


def _label(
    uv: Tensor, scene: Scene, field: Tensor, brow: Tensor, hair: Tensor, lip: Tensor, mouth: Tensor, cloth: Tensor,
    material: Tensor,
) -> Tensor:  # fmt: skip
    """(N, P) uint8: the sheet's label, overruled by what grows, opens or is worn there."""
    label = scene.sheets.label_at(uv)
    left = field[:, FIELD["x"]] > 0

    def code(name: str) -> Tensor:
        return torch.tensor(LABEL[name], dtype=torch.uint8, device=uv.device)

    def sides(stem: str) -> Tensor:
        return torch.where(left, code(f"{stem}-left"), code(f"{stem}-right"))

    lips = torch.where(field[:, FIELD["lower"]] > 0.5, code("lower-lip"), code("upper-lip"))
    for where, what in (
        (brow > 0.5, sides("brow")),
        (lip > 0.5, lips),
        (hair > 0.5, code("hair")),
        (mouth, code("mouth")),
        (material == MATERIAL["eye"], sides("eye")),
        (cloth, code("clothes")),
        (material == MATERIAL["glasses"], code("glasses")),
    ):
        label = torch.where(where, what, label)
    return label


def irradiance(ambient: Tensor, normal: Tensor) -> Tensor:
    """Spherical harmonics to order 2 (N, 9, 3) at unit normals (N, 3, P) -> (N, 3, P), not negative."""
    x, y, z = normal.unbind(1)
    basis = torch.stack([torch.ones_like(x), y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y], dim=1)
    return (ambient.transpose(1, 2) @ basis).clamp_(min=0)


def light_surface(s: Surface, scene: Scene) -> Tensor:
    """(N, 3, P) linear light towards the camera."""
    p = scene.parameters
    lit = scene.light.visible(s.point + 0.002 * s.normal, SHADOW_BIAS_M)
    lit = 1 - p.shadow[:, None] * (1 - lit)
    view = normalize(-s.point)
    wrap = mix(constant(view, PLAIN_WRAP), constant(view, SKIN_WRAP), s.soft)
    over = 1 / (1 + wrap)
    sky = irradiance(p.ambient, s.normal) * s.occlusion[:, None]
    diffuse = sky
    gleam = torch.zeros_like(diffuse)
    contact = 0.35 + 0.65 * s.occlusion
    for k in range(p.light_direction.shape[1]):
        colour, direction = p.light_colour[:, k, :, None], p.light_direction[:, k, :, None]
        shade = contact * lit if k == 0 else contact
        facing = dot(s.normal, direction)
        fall = ((facing[:, None] + wrap) * over).clamp_(min=0)
        diffuse = diffuse + colour * (fall * shade[:, None])
        at = dot(s.normal, normalize(view + direction)).clamp_(min=1e-4)
        bright = torch.exp(s.sharp * at.log_()).mul_(s.sharp + 2).mul_(facing.clamp(0, 1) * shade * 0.125)
        gleam = gleam + colour * bright[:, None]
    fresnel = 0.024 + 0.45 * (1 - dot(s.normal, view).clamp_(0, 1)) ** 5
    gleam = gleam + sky * 0.5
    return s.albedo * diffuse + gleam * (fresnel * s.gloss)[:, None]
