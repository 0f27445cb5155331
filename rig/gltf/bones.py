"""Named bones: what part of a face a bone is, by its name, and what each channel should do to it.

A mapping is plain JSON, written by ``propose`` and free to edit::

    {"head": "Head", "neck": "Neck", "eye-left": "eye.L", "eye-right": "eye.R",
     "bones": {"jaw": {"AU26": {"rotate_deg": [18, 0, 0]}},
               "lid.T.L": {"AU43-left": {"rotate_deg": [30, 0, 0], "move": [0, 0, 0]}}}}

``head``, ``neck`` and the eyes may be left out. Under ``bones`` stands each bone with the channels (rig/parameters.py)
that move it, at intensity 1, about the bone's own origin: ``rotate_deg`` is a rotation vector, ``move`` is in the
file's metres, both along the character's axes at rest (x to its left, y up, z out of its face), whatever way the bone
itself points. Turning about +x opens a jaw and closes an upper lid.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rig.gltf.limits import MAX_JSON_BYTES, CharacterError
from rig.gltf.names import words
from rig.parameters import CHANNEL_INDEX, CHANNELS

F = NDArray[np.float32]
ROLES: Final[tuple[str, ...]] = ("head", "neck", "eye-left", "eye-right")
MAX_DEG: Final = 180.0
MAX_MOVE_M: Final = 10.0

_LEFT, _RIGHT = {"l", "left", "lft"}, {"r", "right", "rgt"}
_UPPER = {"upper", "up", "top", "t", "u", "uppr"}
_LOWER = {"lower", "low", "bottom", "bot", "b", "d", "dn", "down", "lwr"}
_INNER = {"in", "inner", "inside", "medial"}
_OUTER = {"out", "outer", "outside", "lateral"}
_NOISE = {"def", "org", "facial", "bone"}
_NOT_OF_FACE = {
    "top", "end", "ik", "ctrl", "control", "target", "pole", "tip", "nub", "lookat", "hair", "hat", "corner", "inner",
    "outer", "parallel", "bag", "socket", "white", "view", "aim", "cover", "glass", "glasses",
}  # fmt: skip
_OTHER_WORDS = {"solid", "valid", "invalid", "slip", "clip", "flip", "brown", "tulip"}


@dataclass(frozen=True)
class BoneMap:
    """A mapping resolved to nodes: B bones and what the 40 channels do to them."""

    roles: dict[str, int]
    """Of ROLES -> node index."""
    nodes: tuple[int, ...]
    """(B,)"""
    rotation: F
    """(40, B, 3) rotation vectors in radians at intensity 1, along the character's axes."""
    translation: F
    """(40, B, 3) metres."""


def part_of(name: str) -> str | None:
    """``"DEF-lid.T.L.001"`` -> ``"lid-upper-left"``: the part of a face that a bone's name says, None for others.

    Parts: head neck jaw tongue; with a side eye lid-upper lid-lower brow-inner brow-outer brow cheek nostril corner;
    lip-upper and lip-lower with or without one. Blender's ``.L``, ``_l``, ``Left``, Rigify, MetaHuman's
    ``FACIAL_L_EyelidUpperA`` and Mixamo's ``mixamorig:Head`` are understood.
    """
    w = [x for x in words(re.sub(r"\d+", " ", name.rpartition(":")[2])) if x not in _NOISE]
    cut = set(w)
    text = "".join(w)
    left = cut & _LEFT or text.startswith("left") or text.endswith("left")
    right = cut & _RIGHT or text.startswith("right") or text.endswith("right")
    tail = "-left" if left and not right else "-right" if right and not left else ""
    upper, lower = bool(cut & _UPPER) or "upper" in text, bool(cut & _LOWER) or "lower" in text
    if _says(w, "lash") or _says(w, "teeth") or _says(w, "tooth"):
        return None
    if _says(w, "lid"):
        return f"lid-{'lower' if lower else 'upper'}{tail}" if tail else None
    if _says(w, "brow") or ("forehead" in cut and tail):
        where = "-inner" if cut & _INNER else "-outer" if cut & _OUTER else ""
        return f"brow{where}{tail}" if tail else None
    if _says(w, "lip") or _says(w, "lips") or _says(w, "mouth"):
        if "corner" in text or (tail and not upper and not lower):
            return f"corner{tail}" if tail else None
        return f"lip-upper{tail}" if upper else f"lip-lower{tail}" if lower else None
    if _says(w, "cheek") or "nostril" in text or ("nose" in cut and tail):
        return f"{'cheek' if _says(w, 'cheek') else 'nostril'}{tail}" if tail else None
    if cut & _NOT_OF_FACE:
        return None
    if (_says(w, "jaw") or "mandible" in text) and not tail:
        return "jaw"
    if _says(w, "eye") or _says(w, "eyeball") or text in ("lefteye", "righteye"):
        return f"eye{tail}" if tail else None
    return next((part for part in ("neck", "head") if part in cut), None)


def _says(w: list[str], key: str) -> bool:
    """A word is ``key`` or begins or ends with it (upperlip, eyelid), unless it is a word that means something else."""
    return any((x.startswith(key) or x.endswith(key)) and x not in _OTHER_WORDS for x in w)


# What a left or middle bone does, for a head of human size: channel -> (rotate_deg, move in mm). The right mirrors it.
_T = dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]]
_O = (0.0, 0.0, 0.0)
_MOVES: Final[dict[str, _T]] = {
    "jaw": {
        "AU26": ((18, 0, 0), _O), "AU25": ((2, 0, 0), _O), "AU29": (_O, (0, 0, 6)),
        "AU30-left": ((0, 8, 0), _O), "AU30-right": ((0, -8, 0), _O),
    },
    "brow-inner": {"AU1-left": (_O, (0, 8, 0)), "AU4-left": (_O, (-4, -6, 1)), "AU9-left": (_O, (-1, -4, 0))},
    "brow-outer": {"AU2-left": (_O, (0, 8, -1)), "AU4-left": (_O, (-1, -3, 0))},
    "brow": {"AU1-left": (_O, (0, 4, 0)), "AU2-left": (_O, (0, 5, 0)), "AU4-left": (_O, (-2, -5, 0))},
    "corner": {
        "AU12-left": (_O, (9, 10, -5)), "AU15-left": (_O, (1, -8, -2)), "AU20-left": (_O, (10, -2, -5)),
        "AU14-left": (_O, (4, 1, -4)), "AU18": (_O, (-10, 0, 5)), "AU22": (_O, (-8, 0, 5)),
    },
    "lip-upper": {
        "AU10-left": (_O, (0, 5, 1)), "AU10-right": (_O, (0, 5, 1)), "AU25": (_O, (0, 2, 0)), "AU17": (_O, (0, 2, 1)),
        "AU18": (_O, (0, 0, 6)), "AU22": (_O, (0, 3, 6)), "AU24": (_O, (0, -1, -1)), "AU28": (_O, (0, -2, -5)),
    },
    "lip-lower": {
        "AU16-left": (_O, (0, -5, 1)), "AU16-right": (_O, (0, -5, 1)), "AU25": (_O, (0, -5, 0)),
        "AU17": (_O, (0, 5, 3)), "AU18": (_O, (0, 0, 6)), "AU22": (_O, (0, -3, 6)), "AU24": (_O, (0, 2, -1)),
        "AU28": (_O, (0, 2, -6)),
    },
    "cheek": {"AU6-left": (_O, (0, 5, 2)), "AU12-left": (_O, (1, 4, 2)), "AU34": (_O, (6, 0, 4))},
    "nostril": {"AU9-left": (_O, (1, 4, 0))},
}  # fmt: skip
_WITH_JAW: Final = {"lip-lower": 1.0, "corner": 0.5}
"""What goes with the jaw, and how far, where it does not hang on the jaw's bone."""
_JAW_DROP_M: Final = np.array([0.0, -0.022, -0.006])
_LID_SHARE: Final = {
    "lid-upper": {"AU43-left": -0.85, "AU7-left": -0.2, "AU5-left": 0.25},
    "lid-lower": {"AU43-left": 0.15, "AU7-left": 0.25, "AU6-left": 0.2},
}
"""Of the gap between the lids: how far up each goes."""
_DEFAULT_GAP_M: Final = 0.010
_LEVER_M: Final = 0.006
"""A bone whose skin lies nearer to its origin than this is moved, not turned."""


def propose(
    names: tuple[str, ...],
    parents: NDArray[np.int32],
    origins: F,
    centres: F,
    carries: NDArray[np.bool_],
    scale: float,
) -> dict[str, Any]:
    """A mapping from the names of N bones; empty where no name says anything about a face.

    ``parents`` (N,), -1 for roots; ``origins`` (N, 3) where the bones turn and ``centres`` (N, 3) the middle of the
    skin they carry, along the character's axes, metres; ``carries`` (N,) whether they carry any; ``scale``: the
    character's head against a human one.
    """
    found: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        part = part_of(name)
        if part and (carries[i] or part in ("head", "neck")):
            found.setdefault(part, []).append(i)
    mapping: dict[str, Any] = {}
    for role in ROLES:
        if role in found:
            mapping[role] = names[found[role][0]]
    _split_brows(found, centres)
    jaw = found.get("jaw", [None])[0]
    bones: dict[str, Any] = {}
    for part, nodes in found.items():
        side = part.rpartition("-")[2] if part.endswith(("-left", "-right")) else ""
        kind = part.removesuffix(f"-{side}") if side else part
        if kind == "jaw":
            nodes = nodes[:1]  # its children go with it
        for i in nodes:
            if kind in _LID_SHARE:
                other = found.get(f"lid-{'lower' if kind == 'lid-upper' else 'upper'}-{side}", [])
                gap = abs(centres[i, 1] - centres[other, 1].mean()) if other else _DEFAULT_GAP_M * scale
                moves = _lid(kind, centres[i] - origins[i], float(gap), scale)
            else:
                moves = {c: _scaled(m, scale) for c, m in _MOVES.get(kind, {}).items()}
                if kind in _WITH_JAW and not _hangs_on(i, jaw, parents):
                    drop = _JAW_DROP_M * scale if jaw is None else _jaw_drop(origins[i] - origins[jaw])
                    moves["AU26"] = {"move": [round(float(_WITH_JAW[kind] * d), 6) for d in drop]}
            if moves:
                bones[names[i]] = _mirrored(moves, side)
    if bones:
        mapping["bones"] = bones
    return mapping


def _split_brows(found: dict[str, list[int]], centres: F) -> None:
    """Brow bones that do not say inner or outer: of several on a side, the nearest to the middle is the inner one."""
    for side in ("left", "right"):
        plain = sorted(found.get(f"brow-{side}", []), key=lambda i: abs(float(centres[i, 0])))
        if len(plain) > 1 and f"brow-inner-{side}" not in found and f"brow-outer-{side}" not in found:
            found[f"brow-inner-{side}"] = plain[:1]
            found[f"brow-outer-{side}"] = plain[-1:]
            found[f"brow-{side}"] = plain[1:-1]


def _hangs_on(i: int, above: int | None, parents: NDArray[np.int32]) -> bool:
    while i >= 0 and i != above:
        i = int(parents[i])
    return i >= 0


def _jaw_drop(lever: NDArray) -> NDArray:
    """(3,) how a point ``lever`` (3,) from the jaw's hinge moves when the proposed jaw opens."""
    a = np.radians(_MOVES["jaw"]["AU26"][0][0])
    y, z = lever[1], lever[2]
    return np.array([0.0, y * np.cos(a) - z * np.sin(a) - y, y * np.sin(a) + z * np.cos(a) - z])


def _scaled(move: tuple[tuple[float, ...], tuple[float, ...]], scale: float) -> dict[str, list[float]]:
    turn, mm = move
    out = {}
    if any(turn):
        out["rotate_deg"] = [float(a) for a in turn]
    if any(mm):
        out["move"] = [round(0.001 * scale * a, 6) for a in mm]
    return out


def _lid(kind: str, lever: NDArray, gap: float, scale: float) -> dict[str, dict[str, list[float]]]:
    """Lids turn about their bone where that lies behind them (in the eye), else they move."""
    forward = float(lever[2])
    out = {}
    for channel, share in _LID_SHARE[kind].items():
        if forward > _LEVER_M * scale:
            angle = -np.degrees(np.arctan2(share * gap + lever[1], forward) - np.arctan2(lever[1], forward))
            out[channel] = {"rotate_deg": [round(float(angle), 2), 0.0, 0.0]}
        else:
            out[channel] = {"move": [0.0, round(share * gap, 6), 0.0]}
    return out


def _mirrored(moves: dict[str, dict[str, list[float]]], side: str) -> dict[str, dict[str, list[float]]]:
    """The left side's moves for ``side``; bones of the middle take them as they are."""
    out = {}
    for channel, move in moves.items():
        if side == "left" and channel.endswith("-right") and channel.replace("-right", "-left") in moves:
            continue  # lips listed for both sides: a left bone follows the left channel
        if side == "right":
            if channel.endswith("-right"):
                continue
            channel = channel.replace("-left", "-right")
            move = {k: [v[0], -v[1], -v[2]] if k == "rotate_deg" else [-v[0], v[1], v[2]] for k, v in move.items()}
        out[channel] = {k: [x + 0.0 for x in v] for k, v in move.items()}
    return out


def read_mapping(path: Path) -> dict[str, Any]:
    """A mapping file; raises CharacterError naming what is wrong with it."""
    try:
        if not path.is_file() or path.stat().st_size > MAX_JSON_BYTES:
            raise CharacterError(f"{path}: there is no such mapping file, or it is far too large")
        mapping = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as e:
        raise CharacterError(f"{path}: this mapping is no readable JSON ({e})") from e
    if not isinstance(mapping, dict) or not isinstance(mapping.get("bones", {}), dict):
        raise CharacterError(f'{path}: a mapping is a JSON object like {{"head": NAME, "bones": {{NAME: ...}}}}')
    return mapping


def resolve(mapping: dict[str, Any], names: tuple[str, ...]) -> BoneMap:
    """Raises CharacterError for bones and channels that do not exist and for numbers out of range."""
    index: dict[str, int] = {}
    for i, name in enumerate(names):
        index.setdefault(name, i)

    def node(name: Any) -> int:
        if not isinstance(name, str) or name not in index:
            near = ", ".join(list(index)[:8])
            raise CharacterError(f"the mapping names the bone {str(name)[:60]!r}; the character has {near[:200]} ...")
        return index[name]

    unknown = set(mapping) - {*ROLES, "bones"}
    if unknown:
        raise CharacterError(f"the mapping has {sorted(unknown)[0][:60]!r}; known are {', '.join(ROLES)} and bones")
    roles = {role: node(mapping[role]) for role in ROLES if mapping.get(role) is not None}
    bones = mapping.get("bones", {})
    rotation = np.zeros((len(CHANNELS), len(bones), 3), np.float32)
    translation = np.zeros_like(rotation)
    for b, (name, channels) in enumerate(bones.items()):
        node(name)
        if not isinstance(channels, dict):
            raise CharacterError(f"the mapping of bone {name[:60]!r} is no object of channels")
        for channel, move in channels.items():
            if channel not in CHANNEL_INDEX:
                known = ", ".join(CHANNELS[:3])
                raise CharacterError(f"the mapping names the channel {channel[:60]!r}; there are {known} ...")
            if not isinstance(move, dict) or set(move) - {"rotate_deg", "move"}:
                raise CharacterError(f"bone {name[:60]!r}, {channel}: give rotate_deg and/or move")
            c = CHANNEL_INDEX[channel]
            rotation[c, b] = np.radians(_triple(move.get("rotate_deg"), MAX_DEG, f"{name[:60]!r}, {channel}"))
            translation[c, b] = _triple(move.get("move"), MAX_MOVE_M, f"{name[:60]!r}, {channel}")
    return BoneMap(roles, tuple(node(name) for name in bones), rotation, translation)


def _triple(value: Any, most: float, what: str) -> NDArray[np.float64]:
    if value is None:
        return np.zeros(3)
    ok = isinstance(value, list) and len(value) == 3
    if not ok or not all(isinstance(v, int | float) and abs(v) <= most for v in value):
        raise CharacterError(f"the mapping of bone {what}: expected three numbers of at most {most:g}")
    return np.array(value, float)
