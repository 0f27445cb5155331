"""What a VRM file says beside its glTF: expressions, humanoid bones, how the eyes look. VRM 0.x and 1.0 read alike.

Facts from the VRM specifications (vrm-c/vrm-specification): 0.0, and VRMC_vrm-1.0 with expressions.md and lookAt.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

from rig.gltf.meshes import Primitive

PRESETS: Final[tuple[str, ...]] = (
    "happy", "angry", "sad", "relaxed", "surprised", "aa", "ih", "ou", "ee", "oh", "blink", "blinkLeft", "blinkRight",
    "lookUp", "lookDown", "lookLeft", "lookRight", "neutral",
)  # fmt: skip
EMOTIONS: Final = PRESETS[:5]
MOUTH: Final = PRESETS[5:10]
BLINK: Final = PRESETS[10:13]
LOOK: Final = PRESETS[13:17]
_VRM0 = {
    "a": "aa", "i": "ih", "u": "ou", "e": "ee", "o": "oh", "joy": "happy", "sorrow": "sad", "fun": "relaxed",
    "blink_l": "blinkLeft", "blink_r": "blinkRight", **{name.lower(): name for name in PRESETS},
}  # fmt: skip
ROLES: Final[tuple[str, ...]] = ("head", "neck", "jaw", "leftEye", "rightEye", "leftUpperArm", "rightUpperArm")
RANGES: Final[tuple[str, ...]] = ("HorizontalInner", "HorizontalOuter", "VerticalDown", "VerticalUp")
DEFAULT_RANGE_DEG: Final = 10.0
"""How far eye bones turn where a file does not say (the value that VRM exporters write)."""
MAX_EXPRESSIONS: Final = 500
MAX_BINDS: Final = 2_000
"""Of one expression."""


@dataclass(frozen=True)
class Bind:
    """A morph target of one primitive and its weight when the expression is fully on."""

    primitive: int
    target: int
    weight: float


@dataclass(frozen=True)
class Expression:
    name: str
    """A name of PRESETS, or the author's own."""
    binds: tuple[Bind, ...]
    binary: bool = False
    override_blink: str = "none"
    """none, block or blend: what this expression does to blinks while it is on."""
    override_look: str = "none"
    override_mouth: str = "none"


@dataclass(frozen=True)
class Vrm:
    version: int
    """0 (faces -z) or 1 (faces +z)."""
    title: str
    expressions: tuple[Expression, ...]
    bones: dict[str, int]
    """Role (of ROLES) -> node index."""
    looks_by_bones: bool
    ranges: dict[str, float]
    """RANGES -> degrees of the eye bones, or weight of the look expressions, at the end of the range."""


def read_vrm(extensions: Any, n_nodes: int, primitives: tuple[Primitive, ...]) -> Vrm | None:
    """None where the file is no VRM. Parts that make no sense are left out: they cost an expression, not the avatar."""
    extensions = _dict(extensions)
    if "VRMC_vrm" in extensions:
        vrm = _dict(extensions["VRMC_vrm"])
        listed = _dict(_dict(vrm.get("humanoid")).get("humanBones"))
        bones = {role: _dict(entry).get("node") for role, entry in listed.items()}
        look = _dict(vrm.get("lookAt"))
        return Vrm(
            1,
            _text(_dict(vrm.get("meta")).get("name")),
            tuple(_expressions_1(_dict(vrm.get("expressions")), primitives)),
            _valid(bones, n_nodes),
            look.get("type") != "expression",
            {r: _number(_dict(look.get(f"rangeMap{r}")).get("outputScale"), -1) for r in RANGES},
        )
    if "VRM" in extensions:
        vrm = _dict(extensions["VRM"])
        entries = [_dict(b) for b in _list(_dict(vrm.get("humanoid")).get("humanBones"))]
        first = _dict(vrm.get("firstPerson"))
        return Vrm(
            0,
            _text(_dict(vrm.get("meta")).get("title")),
            tuple(_expressions_0(_dict(vrm.get("blendShapeMaster")), primitives)),
            _valid({str(b.get("bone")): b.get("node") for b in entries}, n_nodes),
            first.get("lookAtTypeName") != "BlendShape",
            {r: _number(_dict(first.get(f"lookAt{r}")).get("yRange"), -1) for r in RANGES},
        )
    return None


def _expressions_1(entries: dict[str, Any], primitives: tuple[Primitive, ...]) -> Iterator[Expression]:
    by_node = _by(primitives, "node")
    for group in ("preset", "custom"):
        for name, raw in list(_dict(entries.get(group)).items())[:MAX_EXPRESSIONS]:
            entry = _dict(raw)
            yield Expression(
                _text(name),
                _binds(by_node, primitives, "node", _list(entry.get("morphTargetBinds")), 1.0),
                entry.get("isBinary") is True,
                _override(entry.get("overrideBlink")),
                _override(entry.get("overrideLookAt")),
                _override(entry.get("overrideMouth")),
            )


def _expressions_0(master: dict[str, Any], primitives: tuple[Primitive, ...]) -> Iterator[Expression]:
    by_mesh = _by(primitives, "mesh")
    for raw in _list(master.get("blendShapeGroups"))[:MAX_EXPRESSIONS]:
        group = _dict(raw)
        preset, name = _text(group.get("presetName")).lower(), _text(group.get("name"))
        # Some exporters leave the preset "unknown" and say it in the name.
        name = _VRM0.get(preset) or _VRM0.get(name.lower()) or name
        binds = _binds(by_mesh, primitives, "mesh", _list(group.get("binds")), 0.01)
        yield Expression(name, binds, group.get("isBinary") is True)


def _by(primitives: tuple[Primitive, ...], field: str) -> dict[int, list[int]]:
    out: dict[int, list[int]] = {}
    for i, primitive in enumerate(primitives):
        out.setdefault(getattr(primitive, field), []).append(i)
    return out


def _binds(
    places: dict[int, list[int]], primitives: tuple[Primitive, ...], field: str, raw: list[Any], scale: float
) -> tuple[Bind, ...]:
    """Every primitive of the node (VRM 1.0) or mesh (VRM 0.x) that has the target; ``scale`` brings weights to 0..1."""
    out: list[Bind] = []
    for entry in raw[:MAX_BINDS]:
        bind = _dict(entry)
        where, index = bind.get(field), bind.get("index")
        weight = min(max(_number(bind.get("weight"), 0) * scale, 0.0), 1.0)
        if len(out) < MAX_BINDS and weight > 0 and _index(index) and _index(where):
            out += [Bind(i, index, weight) for i in places.get(where, ()) if index < len(primitives[i].targets)]
    return tuple(out[:MAX_BINDS])


def _index(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _valid(bones: dict[str, Any], n_nodes: int) -> dict[str, int]:
    return {role: node for role, node in bones.items() if role in ROLES and _index(node) and node < n_nodes}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value[:200] if isinstance(value, str) else ""


def _override(value: Any) -> str:
    return value if value in ("block", "blend") else "none"


def _number(value: Any, default: float) -> float:
    ok = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6
    return float(value) if ok else default
