"""The user's own character: a glTF 2.0, GLB or VRM file -> a frozen ImportedCharacter that the channels can drive.

It is driven by the first of these that it has: ARKit-52 shapes (as morph targets or as VRM clips, at least
PERFECT_SYNC of them where the file is a VRM with presets too), VRM expressions, any ARKit shapes, named bones.
``rig/gltf`` reads the file, ``rig/imported_drive.py`` moves it, ``rig/imported_scene.py`` draws it.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from rig.gltf import bones as named
from rig.gltf.accessors import Accessors
from rig.gltf.document import read_document
from rig.gltf.limits import CharacterError
from rig.gltf.meshes import Meshes, Primitive
from rig.gltf.names import arkit_shapes
from rig.gltf.nodes import NodeTree, Skin, read_nodes, read_skins, turned
from rig.gltf.rest import node_weights, transform, vertex_transforms
from rig.gltf.vrm import EMOTIONS, MOUTH, PRESETS, Bind, Expression, Vrm, read_vrm
from rig.parameters import ARKIT, CHANNELS

__all__ = ["CharacterError", "ImportedCharacter", "load_imported", "propose_mapping"]

F = NDArray[np.float32]
PERFECT_SYNC: Final = 40
"""With so many ARKit shapes a VRM is driven by them and not by its presets."""
EYE_DISTANCE_M: Final = 0.062
HEAD_HEIGHT_M: Final = 0.23
"""A human head, which the offsets of proposed bone mappings are made for."""
ARMS_DOWN_DEG: Final = 70.0
TURNED: Final = np.diag([-1.0, 1.0, -1.0, 1.0]).astype(np.float32)
"""Half a turn about y."""


@dataclass(frozen=True)
class ImportedCharacter:
    """A character as its file describes it, and how it is driven."""

    name: str
    primitives: tuple[Primitive, ...]
    nodes: NodeTree
    skins: tuple[Skin, ...]
    how: str
    """``"arkit"``, ``"vrm"`` (preset expressions) or ``"bones"``."""
    expressions: tuple[Expression, ...]
    """What moves morph targets: named as in ARKIT (how = arkit) or PRESETS (how = vrm)."""
    roles: dict[str, int]
    """head, neck, eye-left, eye-right -> node index, as far as they are known."""
    bones: named.BoneMap | None
    """What channels do to bones (how = bones)."""
    vrm: Vrm | None
    missing: tuple[str, ...]
    """What has no counterpart: ARKit names, expressions of PRESETS, or channels, as ``how`` says."""
    notes: tuple[str, ...]
    """One line each: what could not be shown as the file asks."""

    @property
    def facing(self) -> F:
        """(4, 4) the file's axes -> x to the character's left, y up, z out of its face (VRM 0.x looks along -z)."""
        return TURNED if self.vrm is not None and self.vrm.version == 0 else np.eye(4, dtype=np.float32)

    def summary(self) -> str:
        """One line for people: how it is driven and what is missing."""
        if self.how == "arkit":
            text = f"{len(ARKIT) - len(self.missing)} of 52 ARKit shapes"
        elif self.how == "vrm":
            text = f"{len(self.expressions)} VRM {'01'[self.vrm.version] if self.vrm else ''}.x expressions"
        else:
            text = f"{len(self.bones.nodes) if self.bones else 0} named bones"
        bones = [r for r in ("head", "neck", "eye-left", "eye-right") if r in self.roles]
        text += f"; bones: {', '.join(bones) or 'none'}"
        if self.missing:
            text += f"; without counterpart: {', '.join(self.missing)}"
        return text


def load_imported(path: Path, mapping: Path | None = None) -> ImportedCharacter:
    """Reads and checks a character. ``mapping`` (see rig/gltf/bones.py) has it driven by the bones named there.

    Raises CharacterError, in one line, for files that are no glTF, GLB or VRM, that are damaged, cut off, compressed
    or beyond the limits of rig/gltf/limits.py, and for characters with nothing to drive.
    """
    path = Path(path)
    given = None if mapping is None else named.read_mapping(Path(mapping))
    try:
        return _load(path, given)
    except CharacterError as e:
        raise CharacterError(f"{path.name}: {e}") from e
    except Exception as e:  # types are not checked field by field: what remains is a malformed file
        raise CharacterError(f"{path.name}: the file is damaged ({type(e).__name__})") from e


def propose_mapping(path: Path) -> dict[str, Any]:
    """A bone mapping guessed from the names of a character's bones, for the user to edit; may be empty.

    Raises CharacterError as :func:`load_imported` does for files that cannot be read.
    """
    path = Path(path)
    try:
        nodes, skins, primitives, vrm, _ = _read(path)
        return _propose(nodes, skins, primitives, vrm)
    except CharacterError as e:
        raise CharacterError(f"{path.name}: {e}") from e
    except Exception as e:
        raise CharacterError(f"{path.name}: the file is damaged ({type(e).__name__})") from e


def _read(path: Path) -> tuple[NodeTree, tuple[Skin, ...], tuple[Primitive, ...], Vrm | None, tuple[str, ...]]:
    document = read_document(path)
    accessors = Accessors(document)
    nodes = read_nodes(document)
    skins = read_skins(document, accessors)
    meshes = Meshes(document, accessors, nodes, skins)
    primitives = meshes.read()
    vrm = read_vrm(document.gltf.extensions, len(nodes.names), primitives)
    if vrm is not None:
        nodes = _lower_arms(nodes, vrm)
    return nodes, skins, primitives, vrm, tuple(dict.fromkeys(meshes.notes))


def _lower_arms(nodes: NodeTree, vrm: Vrm) -> NodeTree:
    """A VRM stands with its arms stretched out sideways; a person before a camera does not."""
    for role, down in (("leftUpperArm", -ARMS_DOWN_DEG), ("rightUpperArm", ARMS_DOWN_DEG)):
        if role in vrm.bones:
            down = down if vrm.version else -down  # about the file's z, which a VRM 0.x turns its back on
            nodes = turned(nodes, vrm.bones[role], Rotation.from_euler("z", down, degrees=True).as_matrix())
    return nodes


def _load(path: Path, mapping: dict[str, Any] | None) -> ImportedCharacter:
    nodes, skins, primitives, vrm, notes = _read(path)
    proposed = _propose(nodes, skins, primitives, vrm)
    roles = {role: nodes.names.index(proposed[role]) for role in named.ROLES if role in proposed}
    if vrm is not None:
        ours = {"leftEye": "eye-left", "rightEye": "eye-right", "head": "head", "neck": "neck"}
        roles.update({ours[role]: node for role, node in vrm.bones.items() if role in ours})
    character = ImportedCharacter(
        (vrm.title if vrm else "") or path.stem, primitives, nodes, skins, "", (), roles, None, vrm, (), notes
    )
    if mapping is not None:
        return _by_bones(character, named.resolve(mapping, nodes.names))
    clips = _arkit_clips(vrm)
    morphs = _arkit_morphs(primitives)
    presets = _presets(vrm)
    for shapes, enough in ((clips, PERFECT_SYNC), (morphs, PERFECT_SYNC if presets else 1)):
        if len(shapes) >= enough:
            return _by_arkit(character, shapes)
    if presets:
        missing = [name for name in (*MOUTH, "blinkLeft", "blinkRight", *EMOTIONS) if name not in presets]
        return replace(character, how="vrm", expressions=tuple(presets.values()), missing=tuple(missing))
    if clips:
        return _by_arkit(character, clips)
    if any(named.part_of(name) not in (None, "neck") for name in proposed.get("bones", {})):
        return _by_bones(character, named.resolve(proposed, nodes.names))
    raise CharacterError(
        "nothing here can be driven: no ARKit morph targets (jawOpen, eyeBlinkLeft ...), no VRM expressions, "
        "no bones named like jaw, eyelid, brow or lip (--mapping FILE can name them)"
    )


def _by_arkit(character: ImportedCharacter, shapes: dict[str, list[Bind]]) -> ImportedCharacter:
    expressions = tuple(Expression(name, tuple(shapes[name])) for name in ARKIT if name in shapes)
    missing = tuple(name for name in ARKIT if name not in shapes)
    return replace(character, how="arkit", expressions=expressions, missing=missing)


def _by_bones(character: ImportedCharacter, bones: named.BoneMap) -> ImportedCharacter:
    moved = np.abs(bones.rotation).max((1, 2)) + np.abs(bones.translation).max((1, 2)) if bones.nodes else np.zeros(40)
    missing = tuple(name for name, m in zip(CHANNELS, moved, strict=True) if m == 0)
    return replace(character, how="bones", bones=bones, roles={**character.roles, **bones.roles}, missing=missing)


def _arkit_clips(vrm: Vrm | None) -> dict[str, list[Bind]]:
    """ARKit name -> what the VRM clip of that name binds ("perfect sync")."""
    out: dict[str, list[Bind]] = {}
    for expression in vrm.expressions if vrm else ():
        shapes, exact = arkit_shapes(expression.name)
        if exact and expression.binds and expression.name not in PRESETS:
            out.setdefault(shapes[0], []).extend(expression.binds)
    return out


def _arkit_morphs(primitives: tuple[Primitive, ...]) -> dict[str, list[Bind]]:
    """ARKit name -> the morph targets of that name; simpler shapes stand in where a mesh lacks the real ones."""
    exact: dict[str, list[Bind]] = {}
    instead: list[tuple[str, int, Bind]] = []
    has: dict[int, set[str]] = {}
    for i, primitive in enumerate(primitives):
        for t, name in enumerate(primitive.target_names):
            shapes, is_exact = arkit_shapes(name)
            if is_exact:
                exact.setdefault(shapes[0], []).append(Bind(i, t, 1.0))
                has.setdefault(primitive.node, set()).add(shapes[0])
            else:
                # One shape for both sides is on as far as the sides are on average.
                instead += [(s, primitive.node, Bind(i, t, 1.0 / len(shapes))) for s in shapes]
    for shape, node, bind in instead:
        if shape not in has.get(node, set()):
            exact.setdefault(shape, []).append(bind)
    return exact


def _presets(vrm: Vrm | None) -> dict[str, Expression]:
    """The preset expressions that move something, by name (``neutral`` is at rest and says nothing)."""
    known = {name.lower(): name for name in PRESETS if name != "neutral"}
    out: dict[str, Expression] = {}
    for expression in vrm.expressions if vrm else ():
        name = known.get(expression.name.lower())
        if name and expression.binds and name not in out:
            out[name] = replace(expression, name=name)
    return out


def _propose(
    nodes: NodeTree, skins: tuple[Skin, ...], primitives: tuple[Primitive, ...], vrm: Vrm | None
) -> dict[str, Any]:
    facing = TURNED if vrm is not None and vrm.version == 0 else np.eye(4, dtype=np.float32)
    n = len(nodes.names)
    mass, centre = np.zeros(n), np.zeros((n, 3))
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for primitive in primitives:
        at = transform(vertex_transforms(primitive, nodes, skins), primitive.positions) @ facing[:3, :3].T
        weights = node_weights(primitive, nodes, skins)
        mass += np.asarray(weights.sum(0)).ravel()
        centre += weights.T @ at
        low, high = np.minimum(low, at.min(0)), np.maximum(high, at.max(0))
    # A bone whose children alone hold skin carries it too.
    for i in nodes.order[::-1]:
        p = nodes.parents[i]
        if p >= 0:
            mass[p] += mass[i]
            centre[p] += centre[i]
    origins = nodes.world[:, :3, 3] @ facing[:3, :3].T
    centres = np.where(mass[:, None] > 0, centre / np.maximum(mass, 1e-9)[:, None], origins).astype(np.float32)
    scale = _head_scale(nodes, origins, float(high[1] - low[1]), float(high[1]))
    return named.propose(nodes.names, nodes.parents, origins, centres, mass > 0, scale)


def _head_scale(nodes: NodeTree, origins: F, height: float, top: float) -> float:
    """The character's head against a human one, from its eye bones, its head bone, or its height."""
    at = {named.part_of(name): origins[i] for i, name in reversed(list(enumerate(nodes.names)))}
    if "eye-left" in at and "eye-right" in at:
        apart = float(np.linalg.norm(at["eye-left"] - at["eye-right"]))
        if apart > 1e-6:
            return apart / EYE_DISTANCE_M
    if "head" in at and top - at["head"][1] > 1e-6:
        return float(top - at["head"][1]) / HEAD_HEIGHT_M
    return max(height, 1e-6) / HEAD_HEIGHT_M
