"""The full look's shaders: GLSL that takes the place of VTK's own lighting, for a GPU.

Skin, eyes, teeth and hair share one light model: a few large lamps and a gradient sky, physically based (GGX,
Schlick's Fresnel term, area lamps by Karis's representative point, "Real Shading in Unreal Engine 4", 2013), shadowed
by the visibility that ``rig/build/light_bake.py`` keeps per vertex. Skin scatters light: what reaches red further than
blue is imitated by wrapping each colour by its own share about the terminator, and by smoothing red's normals
(after Penner, "Pre-Integrated Skin Shading", 2011). Textures come by VTK's names for the maps of a material.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyvista as pv
from vtkmodules.vtkCommonDataModel import vtkDataObject
from vtkmodules.vtkRenderingCore import vtkPolyDataMapper

from rig.head_mesh import BUST

N_LAMPS: Final = 4
SCATTER: Final = (0.30, 0.11, 0.06)
"""How far light creeps past the terminator in skin, by colour."""
UNIFORMS: Final[Mapping[str, float | tuple[float, float, float]]] = {
    "skyLow": (0.2, 0.2, 0.2),
    "skyHigh": (0.5, 0.5, 0.5),
    **{f"lamp{k}{what}": (0.0, 0.0, 1.0) for k in range(N_LAMPS) for what in ("Way", "Head", "Colour")},
    **{f"lamp{k}Size": 0.2 for k in range(N_LAMPS)},
    "roughness": 0.4,
    "scatter": SCATTER,
    "poreDepth": 1.0,
    "age": 0.0,
    "bust": BUST,
    "fade": 0.6,
    "irisRadius": 0.2,
    "lift": 0.0,
    "combed": (0.0, 0.0, 0.0),
    "strandCell": 0.00095,
}
"""What the shaders ask for, and what they get until told otherwise."""
ATTRIBUTES: Final = {"restMC": "rest", "sightMC": "sight", "foldMC": "fold"}
"""Vertex attributes and the point arrays that fill them: rest position and ambient light (4), visibility (4), folds."""

_VARYINGS = """
in vec4 restMC; in vec4 sightMC; in float foldMC;
"""
_VERTEX_DEC = """//VTK::Normal::Dec
{inputs}
out vec3 wayToEye; out vec3 worldNormal; out vec4 rest; out vec4 sight; out float fold;
"""
_VERTEX_IMPL = """//VTK::Normal::Impl
  worldNormal = normalMC;
  {rest}
"""
_VERTEX_VIEW = """//VTK::PositionVC::Impl
  wayToEye = transpose(mat3(MCVCMatrix)) * -(MCVCMatrix * vertexMC).xyz;
"""

_HAIR_VIEW = """
  float grown = hairLength * lift * restMC.w;
  vec4 raised = vec4(vertexMC.xyz + normalMC * grown, 1.0);
  vertexVCVSOutput = MCVCMatrix * raised;
  gl_Position = MCDCMatrix * raised;
  wayToEye = transpose(mat3(MCVCMatrix)) * -vertexVCVSOutput.xyz;
"""

_LIGHT_DEC = """//VTK::Light::Dec
in vec3 wayToEye; in vec3 worldNormal; in vec4 rest; in vec4 sight; in float fold;
const float PI = 3.14159265;
vec3 linear(vec3 c) { return c * (c * (c * 0.305306011 + 0.682171111) + 0.012522878); }
vec3 screen(vec3 x) {
  // A shoulder like film's, so that highlights keep their colour; then sRGB's curve.
  x = max(x, vec3(0.0)); x = x * (1.0 + x * 0.10) / (1.0 + 0.42 * x);
  return 1.055 * pow(clamp(x, 0.0, 1.0), vec3(1.0 / 2.4)) - 0.055 * step(vec3(0.0031), x);
}
vec3 sky(vec3 way) {
  float up = way.y * 0.5 + 0.5;
  return mix(skyLow, skyHigh, up * up * (3.0 - 2.0 * up));
}
struct Surface {
  vec3 n; vec3 soft; vec3 v; vec3 albedo; float rough; float f0; vec3 wrap; float ao; vec4 sight;
  float gloss; float shrink;
};
void lamp(Surface s, vec3 way, vec3 inHead, vec3 colour, float size, inout vec3 diffuse, inout vec3 mirror) {
  float seen = clamp(s.sight.x + dot(s.sight.yzw, inHead), 0.0, 1.0);
  vec3 wrap = s.wrap + 0.25 * size;
  float nl = dot(s.n, way), sl = dot(s.soft, way);
  vec3 lit = clamp((mix(vec3(nl), vec3(sl), vec3(1.0, 0.6, 0.45)) + wrap) / (1.0 + wrap), 0.0, 1.0);
  diffuse += colour * pow(lit, 1.0 + wrap) * pow(vec3(seen), mix(vec3(1.0), vec3(0.72, 1.08, 1.15), s.wrap.r * 2.0));
  vec3 r = reflect(-s.v, s.n);
  size *= s.shrink;
  float along = dot(way, r);
  vec3 off = r - way * along;
  vec3 l = along > cos(size) ? r : normalize(way * cos(size) + normalize(off + 1e-6) * sin(size));
  vec3 h = normalize(l + s.v);
  float a = s.rough * s.rough, nh = clamp(dot(s.n, h), 0.0, 1.0), vh = clamp(dot(s.v, h), 0.0, 1.0);
  float nv = clamp(dot(s.n, s.v), 0.05, 1.0), ln = clamp(dot(s.n, l), 0.0, 1.0);
  float d = a * a / (PI * pow(nh * nh * (a * a - 1.0) + 1.0, 2.0));
  float spread = a / (a + 0.5 * size);
  float k = a * 0.5, g = 1.0 / ((ln * (1.0 - k) + k) * (nv * (1.0 - k) + k));
  float f = s.f0 + (1.0 - s.f0) * pow(1.0 - vh, 5.0);
  mirror += colour * d * spread * spread * g * f * ln * 0.25 * seen * PI;
}
vec3 shade(Surface s) {
  vec3 diffuse = vec3(0.0), mirror = vec3(0.0);
  lamp(s, lamp0Way, lamp0Head, lamp0Colour, lamp0Size, diffuse, mirror);
  lamp(s, lamp1Way, lamp1Head, lamp1Colour, lamp1Size, diffuse, mirror);
  lamp(s, lamp2Way, lamp2Head, lamp2Colour, lamp2Size, diffuse, mirror);
  lamp(s, lamp3Way, lamp3Head, lamp3Colour, lamp3Size, diffuse, mirror);
  // Light that bounces in a fold takes the colour of the skin: dark, but never grey.
  vec3 ao = pow(vec3(s.ao), mix(vec3(1.0), vec3(0.7, 1.05, 1.15), s.wrap.r * 2.0));
  diffuse += sky(s.soft) * ao;
  float nv = clamp(dot(s.n, s.v), 0.0, 1.0);
  vec4 t = s.rough * vec4(-1.0, -0.0275, -0.572, 0.022) + vec4(1.0, 0.0425, 1.04, -0.04);
  float e = min(t.x * t.x, exp2(-9.28 * nv)) * t.x + t.y;
  vec2 ab = vec2(-1.04, 1.04) * e + t.zw;
  mirror += sky(reflect(-s.v, s.n)) * (s.f0 * ab.x + ab.y) * s.ao * s.ao;
  return s.albedo * diffuse + s.gloss * mirror;
}
mat2x3 sheet(vec3 n, vec2 uv) {
  // The texture's axes in the world, from how it changes over the screen (Mikkelsen; Schueler).
  vec3 px = -dFdx(wayToEye), py = -dFdy(wayToEye);
  vec2 ux = dFdx(uv), uy = dFdy(uv);
  vec3 a = cross(py, n), b = cross(n, px);
  vec3 t = a * ux.x + b * uy.x, u = a * ux.y + b * uy.y;
  float size = inversesqrt(max(max(dot(t, t), dot(u, u)), 1e-30));
  return mat2x3(t * size, u * size);
}
"""

_SURFACE = """
  vec3 n = normalize(worldNormal), v = normalize(wayToEye);
  if (gl_FrontFacing == false) n = -n;
  Surface s = Surface(n, n, v, linear(diffuseColor), roughness, 0.04, vec3(0.12, 0.08, 0.06), 1.0,
    vec4(1.0, 0.0, 0.0, 0.0), 1.0, 1.0);
"""
_SKIN = (
    _SURFACE
    + """
  vec2 uv = tcoordVCVSOutput;
  mat2x3 axes = sheet(n, uv);
  vec3 base = texture(albedoTex, uv).rgb;
  vec3 detail = texture(materialTex, uv).rgb;
  vec4 line = texture(normalTex, uv);
  vec3 pore = texture(coatNormalTex, uv * 17.0).rgb;
  vec2 slope = (pore.rg - 0.5) * detail.g * poreDepth + (line.rg - 0.5) * 3.2 * (age + fold);
  float groove = (1.0 - line.b) * (age + fold);
  s.soft = normalize(n - axes * (slope * 0.3));
  s.n = normalize(n - axes * slope);
  float mouth = smoothstep(0.80, 0.95, detail.b);  // what opens with the lips is lit through them
  s.ao = max(rest.w * (1.0 - 0.5 * groove), 0.45 * mouth);
  s.sight = mix(sight, vec4(0.05, 0.0, 0.0, 0.55), mouth);
  s.albedo = base * mix(vec3(1.0), vec3(0.66, 0.50, 0.46), clamp(groove, 0.0, 1.0)) * mix(1.0, pore.b, 0.35 * detail.g);
  s.rough = clamp(0.62 - 0.40 * detail.r, 0.16, 1.0);
  s.f0 = 0.028;
  float dark = smoothstep(0.01, 0.16, dot(base, vec3(0.3, 0.5, 0.2)));  // hair painted on skin does not shine
  s.gloss = smoothstep(0.02, 0.35, detail.r) * mix(1.0, 1.5, detail.r) * mix(0.25, 1.0, dark);
  s.gloss *= mix(1.0, pore.b, 0.5 * detail.g);
  s.wrap = scatter + detail.b * (1.0 - mouth) * vec3(0.30, 0.08, 0.04);
  vec3 colour = shade(s);
  // Down at the sides of a grazing view fine hair catches light.
  float rim = pow(1.0 - clamp(dot(n, v), 0.0, 1.0), 3.5);
  colour += rim * s.ao * sky(n) * base * 0.55;
  vec2 from = vec2(rest.x, min(rest.y - bust.y, 0.0)) / vec2(bust.x, bust.z);
  fragOutput0 = vec4(screen(colour), rest.y > bust.y ? 1.0 : smoothstep(0.0, fade, 1.0 - dot(from, from)));
"""
)
_EYE = (
    _SURFACE
    + """
  vec2 uv = tcoordVCVSOutput;
  mat2x3 axes = sheet(n, uv);
  vec2 p = (uv - 0.5) / irisRadius;
  float r = length(p);
  float clear = 1.0 - smoothstep(0.86, 1.10, r);
  // The iris lies behind the clear cornea: seen from the side it shifts.
  vec3 t = normalize(axes[0]), b = normalize(axes[1]);
  vec3 inward = refract(-v, n, 1.0 / 1.34);
  vec2 shift = vec2(dot(inward, t), dot(inward, b)) / max(-dot(inward, n), 0.2);
  float deep = 0.30 * clamp(1.0 - r * r, 0.0, 1.0);
  vec2 seen = uv + shift * deep * irisRadius;
  vec3 base = texture(albedoTex, seen).rgb;
  float lid = vertexColorVSOutput.r;
  vec3 corneal = normalize(n + (t * p.x + b * p.y) * 0.42 * clear);
  // Light from one side gathers on the iris's other side.
  vec3 cupped = normalize(n - (t * p.x + b * p.y) * 0.55 * clear);
  s.albedo = base * mix(1.05, 1.15, clear);
  s.soft = s.n = mix(n, cupped, clear);
  s.rough = 0.5; s.gloss = 0.0; s.f0 = 0.03;
  s.wrap = vec3(0.32, 0.24, 0.22);
  s.ao = lid; s.sight = (0.25 + 0.75 * lid) * vec4(0.45, 0.0, 0.0, 0.7);
  vec3 colour = shade(s);
  s.albedo = vec3(0.0); s.n = corneal; s.rough = mix(0.15, 0.05, clear); s.gloss = mix(1.3, 4.5, clear); s.shrink = 0.6;
  s.sight = vec4(smoothstep(0.22, 0.5, lid), 0.0, 0.0, 0.0); s.ao = lid * lid;
  colour += shade(s);
  fragOutput0 = vec4(screen(colour), 1.0);
"""
)
_PLAIN = (
    _SURFACE
    + """
  s.gloss = 0.9 * dot(diffuseColor, vec3(0.3333)); s.wrap = scatter;
  s.sight = vec4(0.15, 0.0, 0.0, 0.9);  // the head stands in the way of what comes from behind
  fragOutput0 = vec4(screen(shade(s)), 1.0);
"""
)
_TEETH = (
    _SURFACE
    + """
  s.albedo *= 1.4 * texture(albedoTex, tcoordVCVSOutput).rgb;
  // Enamel lets light deep in: it comes out far round the terminator.
  s.gloss = 0.9 * dot(diffuseColor, vec3(0.3333)); s.wrap = vec3(0.42, 0.38, 0.34);
  s.sight = vec4(0.35, 0.0, 0.0, 0.75);  // the head stands in the way of what comes from behind
  fragOutput0 = vec4(screen(shade(s)), 1.0);
"""
)
_LOCKS = (
    _SURFACE
    + """
  // Modelled hair: light runs along its locks in a soft band, and hardly through it.
  s.rough = 0.58; s.gloss = 0.7; s.f0 = 0.045; s.wrap = vec3(0.16);
  fragOutput0 = vec4(screen(shade(s)), 1.0);
"""
)
_HAIR = (
    """
float random(vec3 c) { return fract(sin(dot(c, vec3(12.9898, 78.233, 37.719))) * 43758.5453); }
""",
    _SURFACE
    + """
  // One strand a cell of the scalp; it thins as it grows, and what is higher than it is not there.
  vec3 root = (rest.xyz - combed * lift * lift) / strandCell;
  vec3 cell = floor(root), inside = fract(root) - 0.5;
  float grows = random(cell), own = random(cell + 7.0);
  vec3 aside = vec3(own, random(cell + 3.0), random(cell + 5.0)) - 0.5;
  float away = length(inside - 0.45 * aside);
  float top = (0.40 + 0.60 * own) * smoothstep(0.10, 0.75, rest.w + 0.3 * (grows - 0.5));
  float thick = 0.80 * (1.0 - 0.75 * lift / max(top, 0.01));
  // Strands thinner than a pixel cover part of it; shells are drawn from the inside out, so that they lie over others.
  float blur = clamp(fwidth(root.x) + fwidth(root.y) + fwidth(root.z), 0.05, 0.8) * 0.5;
  float cover = (1.0 - smoothstep(thick - blur, thick + blur, away)) * (1.0 - smoothstep(top - 0.08, top, lift));
  cover *= smoothstep(0.05, 0.55, rest.w);
  if (cover < 0.03) discard;
  s.albedo = linear(diffuseColor) * mix(0.35, 1.2, lift) * (0.75 + 0.5 * grows);
  s.n = normalize(n + 0.5 * aside);
  s.sight = sight; s.ao = mix(0.30, 1.0, lift) * 0.9; s.rough = 0.50; s.gloss = 0.55 * lift; s.wrap = vec3(0.2);
  fragOutput0 = vec4(screen(shade(s)), cover);
""",
)


def _shader(actor: pv.Actor, dec: str, impl: str, attributes: bool, raised: bool) -> None:
    sp = actor.GetShaderProperty()
    sp.ClearAllVertexShaderReplacements()
    sp.ClearAllFragmentShaderReplacements()
    rest = "rest = restMC; sight = sightMC; fold = foldMC;"
    plain = "rest = vec4(0.0, 0.0, 0.0, 1.0); sight = vec4(1.0, 0.0, 0.0, 0.0); fold = 0.0;"
    inputs = _VARYINGS if attributes else ""
    for tag, code in (
        ("//VTK::Normal::Dec", _VERTEX_DEC.format(inputs=inputs)),
        ("//VTK::Normal::Impl", _VERTEX_IMPL.format(rest=rest if attributes else plain)),
        ("//VTK::PositionVC::Impl", _HAIR_VIEW if raised else _VERTEX_VIEW),
    ):
        sp.AddVertexShaderReplacement(tag, True, code, False)
    sp.AddFragmentShaderReplacement("//VTK::Light::Dec", True, _LIGHT_DEC + dec, False)
    sp.AddFragmentShaderReplacement("//VTK::Light::Impl", True, impl, False)


SHADERS: Final = {
    "skin": ("", _SKIN, True),
    "hair": (*_HAIR, True),
    "eye": ("", _EYE, False),
    "teeth": ("", _TEETH, False),
    "plain": ("", _PLAIN, False),
    "locks": ("", _LOCKS, False),
}


def dress(actor: pv.Actor, kind: str, **uniforms: float | tuple[float, float, float]) -> None:
    """Gives an actor one of SHADERS. Its mesh must have the point arrays of ATTRIBUTES for skin and hair."""
    dec, impl, attributes = SHADERS[kind]
    _shader(actor, dec, impl, attributes, kind == "hair")
    if attributes:
        # PyVista's own mapper takes any data set, and knows no vertex attributes for that.
        mapper = vtkPolyDataMapper()
        mapper.SetInputData(actor.mapper.dataset)
        mapper.ScalarVisibilityOff()
        for name, array in ATTRIBUTES.items():
            mapper.MapDataArrayToVertexAttribute(name, array, vtkDataObject.FIELD_ASSOCIATION_POINTS, -1)
        actor.SetMapper(mapper)
    set_uniforms(actor, {**UNIFORMS, **uniforms})
    if kind == "hair":
        held = actor.GetShaderProperty().GetVertexCustomUniforms()
        for name in ("lift", "hairLength"):
            held.SetUniformf(name, float(uniforms[name]))  # type: ignore[arg-type]


def set_uniforms(actor: pv.Actor, uniforms: Mapping[str, float | tuple[float, float, float]]) -> None:
    """Some of UNIFORMS, for an actor that was dressed."""
    held = actor.GetShaderProperty().GetFragmentCustomUniforms()
    for name, value in uniforms.items():
        if np.ndim(value):
            held.SetUniform3f(name, [float(x) for x in value])  # type: ignore[union-attr]
        else:
            held.SetUniformf(name, float(value))  # type: ignore[arg-type]
