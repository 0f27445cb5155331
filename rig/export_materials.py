"""A look as glTF materials: the screen's sheets and shaders said in metallic-roughness textures.

What a shader of ``rig.shading`` does with them at run time is baked: complexion, brows and hair into the base colour;
gloss into roughness, the light that reaches the skin into occlusion; pores and the folds that stay into normals.
"""

from __future__ import annotations

import cv2
import numpy as np
import pygltflib as g
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator

from rig.export_mesh import Piece, Surface
from rig.gltf_write import GlbBuilder
from rig.looks import (
    Look,
    detail_texture,
    eye_texture,
    fold_texture,
    lash_texture,
    pore_texture,
    skin_texture,
    surface_table,
)

F = NDArray[np.float32]
Picture = NDArray[np.uint8]
RELIEF = "skin"
"""The material with a normal map, whose pieces need tangents."""
NORMAL_SIZE = {"screen": 2048, "game": 1024}
GLOSS_SIZE = {"screen": 1024, "game": 512}
PORE_TILES = 17
FOLD_SLOPE = 3.2
SPECULAR = "KHR_materials_specular"
SKIN_SPECULAR = 0.7
"""Skin mirrors 0.028 of the light that falls straight on it, not glTF's 0.04; programs may ignore it."""
GROOVE_TINT = (0.66, 0.50, 0.46)
"""Tiling, depth and tint of the skin's relief, as in ``rig.shading``."""
ENAMEL = (244, 232, 212)
TONGUE = (181, 96, 94)
ROUGHNESS = {"skin": 1.0, "eyes": 0.08, "teeth": 0.22, "tongue": 0.35, "lashes": 0.80, "hair": 0.50}
"""The skin's is a texture, which this multiplies."""


def add_material(b: GlbBuilder, look: Look, surface: Surface, piece: Piece) -> int:
    """Adds the material of a piece with its textures; returns its index."""
    name = piece.material
    pbr = g.PbrMetallicRoughness(metallicFactor=0.0, roughnessFactor=ROUGHNESS[name])
    material = g.Material(name=name, pbrMetallicRoughness=pbr, alphaMode=g.OPAQUE)
    if name == RELIEF:
        pbr.baseColorTexture = g.TextureInfo(index=b.texture(skin_colour(look), "skin"))
        gloss = b.texture(skin_gloss(look, surface, piece), "skin-occlusion-roughness", data=True)
        pbr.metallicRoughnessTexture = g.TextureInfo(index=gloss)
        material.occlusionTexture = g.OcclusionTextureInfo(index=gloss)
        relief = b.texture(skin_normals(look, NORMAL_SIZE[surface.detail]), "skin-normal", data=True)
        material.extensions = {SPECULAR: {"specularFactor": SKIN_SPECULAR}}
        if SPECULAR not in b.doc.extensionsUsed:
            b.doc.extensionsUsed.append(SPECULAR)
        material.normalTexture = g.NormalMaterialTexture(index=relief)
    elif name == "hair":
        pbr.baseColorFactor = [*linear(look.hair_colour), 1.0]
    else:
        pbr.baseColorTexture = g.TextureInfo(index=b.texture(_colour(name, look), name))
    if name == "lashes":
        material.alphaMode, material.doubleSided = g.BLEND, True
    b.doc.materials.append(material)
    return len(b.doc.materials) - 1


def linear(colour: tuple[int, int, int]) -> list[float]:
    """sRGB 0..255 -> linear 0..1, as colour factors are."""
    c = np.array(colour) / 255
    return [round(float(x), 5) for x in np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)]


def skin_colour(look: Look) -> Picture:
    """(2048, 2048, 3) sRGB: the skin of the look, its lasting folds darkened."""
    skin = skin_texture(look)
    if look.age == 0:
        return skin
    groove = look.age * (1 - _resized(fold_texture(look), len(skin))[..., 2:])
    shade = 1 + np.clip(groove, 0, 1) * (np.array(GROOVE_TINT, np.float32) ** (1 / 2.2) - 1)
    return (skin * shade).astype(np.uint8)


def skin_gloss(look: Look, surface: Surface, piece: Piece) -> Picture:
    """(n, n, 3): occlusion in red, roughness in green, as glTF packs them."""
    n = GLOSS_SIZE[surface.detail]
    rough = np.clip(0.62 - 0.40 * _resized(detail_texture(look), n)[..., 0], 0.16, 1)
    light, _ = surface_table(look.folder, surface.matrix.shape[1])
    reaches = np.clip(surface.matrix @ light[:, 0], 0, 1)[piece.rows]
    assert piece.uv is not None
    # Light is smooth: a quarter of the texels does, and the hull's fill keeps seams from bleeding.
    m = n // 4
    x, y = np.meshgrid((np.arange(m) + 0.5) / m, (np.arange(m) + 0.5) / m)
    seen = LinearNDInterpolator(piece.uv, reaches, fill_value=1.0)(x, y).astype(np.float32)
    seen = cv2.resize(seen, (n, n), interpolation=cv2.INTER_LINEAR)
    return (np.stack([seen, rough, np.zeros_like(rough)], axis=-1) * 255).round().astype(np.uint8)


def skin_normals(look: Look, n: int) -> Picture:
    """(n, n, 3): tangent-space normals (green up) of the pores, and of the folds as far as age keeps them."""
    detail = _resized(detail_texture(look), n)
    tile = 2 ** int(np.ceil(np.log2(n / PORE_TILES)))
    pore = _resized(pore_texture(look), tile)[..., :2]
    at = ((np.arange(n) + 0.5) / n * PORE_TILES * tile).astype(np.float32)
    # Texture coordinates count from the bottom, so the tiles are laid from there.
    x, y = np.meshgrid(at % tile - 0.5, (tile - at[::-1] % tile) - 0.5)
    slope = cv2.remap(pore, x, y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP) - 0.5
    slope = slope * detail[..., 1:2]
    if look.age > 0:
        slope = slope + FOLD_SLOPE * look.age * (_resized(fold_texture(look), n)[..., :2] - 128 / 255)
    normal = np.concatenate([-slope, np.ones((n, n, 1), np.float32)], axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    return ((normal * 0.5 + 0.5) * 255).round().astype(np.uint8)


def into_the_dark(colour: tuple[int, int, int]) -> Picture:
    """(64, 4, 3) sRGB: a colour that falls into the dark towards the back of the mouth (bottom row), where no light
    gets."""
    t = np.linspace(1, 0, 64)[:, None, None] ** 1.6
    return np.repeat(np.array(colour) * (0.08 + 0.90 * t), 4, axis=1).astype(np.uint8)


def _colour(name: str, look: Look) -> Picture:
    if name == "eyes":
        return eye_texture(look)
    if name == "lashes":
        return lash_texture(look)
    return into_the_dark(ENAMEL if name == "teeth" else TONGUE)


def _resized(picture: Picture, n: int) -> F:
    """(n, n, C) in 0..1."""
    smaller = n < len(picture)
    out = cv2.resize(picture, (n, n), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    return out.astype(np.float32) / np.float32(255)
