"""Characters of the user's own making: a built-in head with its identity, colours, and perhaps its own skin sheet.

Each is a folder with ``character.json`` and, where the face came from photos, the sheets that were made of them.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.errors import UserError
from rig.characters import BUILT_IN, Character, load_character
from rig.face import Face
from rig.identity import load_controls
from rig.looks import HAIRS, Look
from rig.parameters import IDENTITY_BASE, N_BROW_STYLES, N_IDENTITY

F = NDArray[np.float32]
FILE_NAME: Final = "character.json"
FORMAT: Final = 1
NAME_PATTERN: Final = r"[\w][\w .-]*"
TRIPLES: Final = {"skin": (0.1, 2.0), "iris": (0.1, 3.0), "lips": (0.3, 2.0)}
"""Colours that multiply, and what they may be."""
BYTES: Final = ("brow_colour", "hair_colour")


@dataclass(frozen=True)
class Shape:
    """What of a character can be edited."""

    identity: F
    """(208,) 0..1, 0.5 = its head as it was made."""
    look: Look

    def same_as(self, other: Shape) -> bool:
        return self.look == other.look and bool(np.array_equal(self.identity, other.identity))


@dataclass(frozen=True)
class OwnCharacter(Character):
    """``face``'s base person is this person, so whoever drives it without an identity sees the right face."""

    head: str
    """The built-in character whose head it is."""
    identity: F
    """(208,) 0..1."""


def base_identity() -> F:
    return np.full(N_IDENTITY, IDENTITY_BASE, np.float32)


def shape_of(character: Character) -> Shape:
    """As the character was made."""
    identity = character.identity if isinstance(character, OwnCharacter) else base_identity()
    return Shape(identity, character.look)


def own_character(name: str, head: str, shape: Shape) -> OwnCharacter:
    """Raises RigError where ``head`` is no built-in character."""
    skeleton = load_character(head).face.skeleton
    face = Face(skeleton)
    face.base = face.person(shape.identity)
    return OwnCharacter(name, name, face, shape.look, head, shape.identity)


# ---------------------------------------------------------------- as JSON


def identity_to_json(identity: F) -> dict[str, float]:
    """Only what differs from the base face, by name, so that it survives a new order of parameters."""
    names = [c.name for c in load_controls()]
    changed = np.flatnonzero(np.abs(identity - IDENTITY_BASE) > 5e-5)
    return {names[k]: round(float(identity[k]), 4) for k in changed}


def identity_from_json(data: Any) -> F:
    """Raises ValueError saying what is wrong; controls that this Mien does not know are left out."""
    if not isinstance(data, Mapping):
        raise ValueError("'identity' is not a table of controls")
    index = {c.name: k for k, c in enumerate(load_controls())}
    out = base_identity()
    for name, value in data.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise ValueError(f"the control {name!r} is not a number from 0 to 1")
        if name in index:
            out[index[name]] = value
    return out


def look_to_json(look: Look) -> dict[str, Any]:
    """Everything but where its sheets lie."""
    return {f.name: getattr(look, f.name) for f in fields(look) if f.name != "folder"}


def look_from_json(data: Any, start: Look) -> Look:
    """``start`` with what ``data`` says. Raises ValueError saying what is wrong."""
    if not isinstance(data, Mapping):
        raise ValueError("'look' is not a table of colours")
    told: dict[str, Any] = {}
    for name, value in data.items():
        if name in TRIPLES:
            told[name] = _numbers(name, value, *TRIPLES[name])
        elif name in BYTES:
            told[name] = tuple(int(v) for v in _numbers(name, value, 0, 255))
        elif name == "brow_style":
            if not isinstance(value, int) or not 0 <= value < N_BROW_STYLES:
                raise ValueError(f"'brow_style' is not one of 0 to {N_BROW_STYLES - 1}")
            told[name] = value
        elif name == "hair":
            if value not in HAIRS:
                raise ValueError(f"'hair' is not one of {', '.join(HAIRS)}")
            told[name] = value
        elif name == "age":
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
                raise ValueError("'age' is not a number from 0 to 1")
            told[name] = float(value)
    return replace(start, **told)


def _numbers(name: str, value: Any, low: float, high: float) -> tuple[float, ...]:
    good = isinstance(value, list | tuple) and len(value) == 3
    if not good or not all(isinstance(v, int | float) and low <= v <= high for v in value):
        raise ValueError(f"{name!r} is not three numbers from {low:g} to {high:g}")
    return tuple(float(v) for v in value)


# ---------------------------------------------------------------- on the disk


def save_own(folder: Path, name: str, head: str, shape: Shape) -> Path:
    """Writes ``folder``/``name`` and returns its character.json; what was there under that name is replaced.

    A look whose sheets lie outside the assets gets a copy of them, in a folder named for what is in it: sheets are kept
    in memory by the name of their folder. Raises ``UserError``.
    """
    if not re.fullmatch(NAME_PATTERN, name) or name in BUILT_IN:
        raise UserError(f"{name!r} cannot be the name of a character: use letters and digits, and no built-in name")
    place = folder / name
    data: dict[str, Any] = {
        "mien_character": FORMAT,
        "head": head,
        "identity": identity_to_json(shape.identity),
        "look": look_to_json(shape.look),
    }
    try:
        place.mkdir(parents=True, exist_ok=True)
        own_sheets = Path(shape.look.folder) / "skin.jpg"
        if own_sheets.is_absolute() and own_sheets.is_file():
            data["sheets"] = _copy_sheet(own_sheets, place)
        path = place / FILE_NAME
        partial = path.with_name(FILE_NAME + ".part")
        partial.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        partial.replace(path)
        for old in place.glob("sheets-*"):
            if old.name != data.get("sheets"):
                shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise UserError(f"{place} cannot be written: {error.strerror or error}") from error
    return path


def _copy_sheet(sheet: Path, place: Path) -> str:
    code = hashlib.sha256(sheet.read_bytes()).hexdigest()[:12]
    target = place / f"sheets-{code}" / sheet.name
    if not target.is_file():
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(sheet, target)
    return target.parent.name


def load_own(path: Path) -> OwnCharacter:
    """A saved character by its character.json. Raises ``UserError`` in one line for whatever is wrong with it."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(data, dict) or not isinstance(data.get("mien_character"), int):
            raise ValueError("it is no character of Mien's")
        if data["mien_character"] > FORMAT:
            raise ValueError("it was saved by a newer Mien: update this one")
        head = data.get("head")
        if head not in BUILT_IN:
            raise ValueError(f"its head {head!r} is not one of {', '.join(BUILT_IN)}")
        look = look_from_json(data.get("look", {}), replace(load_character(head).look))
        if (sheets := data.get("sheets")) is not None:
            look = replace(look, folder=str(_sheets(path.parent, sheets)))
        shape = Shape(identity_from_json(data.get("identity", {})), look)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:  # JSON's own errors and wrong letters are such, too
        raise UserError(f"{path}: this character is damaged ({error}): save it again, or delete its folder") from error
    return own_character(path.parent.name, head, shape)


def _sheets(place: Path, name: Any) -> Path:
    if not isinstance(name, str) or not re.fullmatch(r"sheets-[0-9a-f]+", name) or not (place / name).is_dir():
        raise ValueError("its skin is missing")
    return (place / name).resolve()


# ---------------------------------------------------------------- edits that are not saved yet


def edits_to_json(shape: Shape) -> dict[str, Any]:
    """What settings keep of a character that was edited."""
    return {"identity": identity_to_json(shape.identity), "look": look_to_json(shape.look)}


def edited(character: Character, edits: Any) -> Shape:
    """The character's shape with :func:`edits_to_json`'s answer on it; as it was made where that is damaged."""
    start = shape_of(character)
    if not isinstance(edits, Mapping):
        return start
    try:
        identity = identity_from_json(edits["identity"]) if "identity" in edits else start.identity
        return Shape(identity, look_from_json(edits.get("look", {}), start.look))
    except ValueError:
        return start
