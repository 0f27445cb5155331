"""Characters by name or file: the built-in ones and the user's own, opened and put on a stage."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.errors import UserError
from app.own_characters import FILE_NAME, NAME_PATTERN, Shape, load_own, save_own
from rig.characters import BUILT_IN, Character, load_character
from rig.imported import CharacterError, ImportedCharacter, load_imported

if TYPE_CHECKING:
    from rig.imported_scene import ImportedScene
    from rig.scene import FaceScene

SUFFIXES: Final = (".glb", ".gltf", ".vrm")
MAPPING_SUFFIX: Final = ".mapping.json"
"""Beside a character file: which bone does what, for files that are driven by their bones."""
AnyCharacter = Character | ImportedCharacter


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of ``mien character list``."""

    name: str
    title: str
    path: Path | None = None
    """None for the built-in ones."""

    @property
    def kind(self) -> str:
        """``built-in``, ``own`` (made in Mien), or ``imported``."""
        if self.path is None:
            return "built-in"
        return "own" if self.path.name == FILE_NAME else "imported"

    @property
    def label(self) -> str:
        """What it is called in the window: several can be "your own"."""
        return self.title if self.path is None else self.name


def character_folder() -> Path:
    """Where imported characters are kept, by the platform's custom."""
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or home / "AppData" / "Roaming") / "Mien" / "characters"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "Mien" / "characters"
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "mien" / "characters"


def list_characters() -> list[Entry]:
    """The built-in characters, then the user's own, then the imported ones. None of the user's is opened."""
    folder = character_folder()
    own = [Entry(path.parent.name, "your own", path) for path in folder.glob(f"*/{FILE_NAME}")]
    files = (path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES)
    imported = [Entry(path.stem, f"imported {path.suffix[1:].upper()}", path) for path in files]
    own.sort(key=_in_order)
    imported.sort(key=_in_order)
    return [Entry(name, load_character(name).title) for name in BUILT_IN] + own + imported


def _in_order(entry: Entry) -> list[tuple[int, str]]:
    """As people sort: "Me 2" before "Me 10"."""
    parts = re.split(r"(\d+)", entry.name.lower())
    return [(int(part), "") if part.isdigit() else (0, part) for part in parts]


def find_character(spec: str) -> Path | None:
    """A built-in name -> None; an imported name or a path -> its file. Raises ``UserError`` naming what there is."""
    if spec in BUILT_IN:
        return None
    path = Path(spec).expanduser()
    if path.suffix.lower() in SUFFIXES or path.name == FILE_NAME:
        if not path.is_file():
            raise UserError(f"{path}: no such character file")
        return path
    own = {entry.name: entry.path for entry in list_characters() if entry.path is not None}
    if spec not in own:
        names = ", ".join([*BUILT_IN, *own])
        raise UserError(f"there is no character {spec!r}: there are {names}, or give a .glb, .gltf or .vrm file")
    return own[spec]


def open_character(spec: str, mapping: Path | None = None) -> AnyCharacter:
    """Load a character by name or file. ``mapping``: bone mapping, else the one beside the file where there is one.

    Raises ``UserError`` in one line for whatever is wrong with it.
    """
    path = find_character(spec)
    try:
        if path is None:
            return load_character(spec)
        if path.name == FILE_NAME:
            return load_own(path)
        beside = path.with_name(path.stem + MAPPING_SUFFIX)
        return load_imported(path, mapping or (beside if beside.is_file() else None))
    except CharacterError as error:
        raise UserError(str(error)) from error


def keep_character(path: Path, name: str | None, mapping: Path | None) -> Entry:
    """Check a file and copy it to :func:`character_folder` under ``name`` (default: its own).

    A .gltf keeps its buffers and pictures in files of their own, so only self-contained files can be kept.
    Raises ``UserError``.
    """
    name = name or path.stem
    if name in BUILT_IN or not re.fullmatch(NAME_PATTERN, name):
        raise UserError(f"{name!r} cannot be the name of a character: choose another with --name")
    if path.suffix.lower() == ".gltf":
        raise UserError(f"{path}: a .gltf is spread over several files: use it by its path, or save it as .glb")
    target = character_folder() / (name + path.suffix.lower())
    for other in SUFFIXES:
        if (rival := target.with_suffix(other)).exists() and (other != target.suffix or not rival.samefile(path)):
            raise UserError(f"there is a character {name!r} already: choose another --name, or delete {rival}")
    if (target.parent / name / FILE_NAME).exists():
        raise UserError(f"there is a character {name!r} of your own already: choose another --name")

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy(path, target)
        if mapping is not None:
            _copy(mapping, target.with_name(name + MAPPING_SUFFIX))
    except OSError as error:
        raise UserError(f"{target} cannot be written: {error.strerror or error}") from error
    return Entry(name, f"imported {path.suffix[1:].upper()}", target)


def free_name(wish: str) -> str:
    """``wish`` as far as it can be a name, with a number behind it where there is such a character already."""
    wish = re.sub(r"[^\w .-]", " ", wish).strip(" .-") or "Character"
    taken = {entry.name.lower() for entry in list_characters()}
    return next(name for k in range(1, 10_000) if (name := wish if k == 1 else f"{wish} {k}").lower() not in taken)


def save_character(name: str, head: str, shape: Shape) -> Entry:
    """Keep a character of the user's own; one of the same name is replaced. Raises ``UserError``."""
    if any(entry.name == name and entry.kind == "imported" for entry in list_characters()):
        raise UserError(f"there is an imported character {name!r} already: choose another name")
    return Entry(name, "your own", save_own(character_folder(), name, head, shape))


def remove_character(entry: Entry, trash: Callable[[Path], bool] | None = None) -> None:
    """Take one of the user's characters out of the list. ``trash`` moves a path to the desktop's bin, or says False;
    what it does not take is deleted. Raises ``UserError``, for built-in ones too."""
    if entry.path is None:
        raise UserError(f"{entry.name} belongs to Mien and stays")
    mapping = entry.path.with_name(entry.path.stem + MAPPING_SUFFIX)
    for path in [entry.path.parent] if entry.kind == "own" else [entry.path, mapping]:
        try:
            if not path.exists() or (trash is not None and trash(path)):
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        except OSError as error:
            raise UserError(f"{path} cannot be removed: {error.strerror or error}") from error


def _copy(path: Path, target: Path) -> None:
    if target.exists() and path.samefile(target):
        return
    partial = target.with_name(target.name + ".part")
    try:
        shutil.copyfile(path, partial)
        partial.replace(target)  # a full disk leaves no half of a character under its name
    finally:
        with suppress(OSError):
            partial.unlink()


def quiet_vtk() -> None:
    """It complains on stderr where there is no display to draw on; we tell that in our own words."""
    from vtkmodules.vtkCommonCore import vtkLogger

    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)


def scene_of(
    character: AnyCharacter,
    width: int,
    height: int,
    samples: int = 4,
    quality: str = "auto",
) -> FaceScene | ImportedScene:
    """An off-screen stage with the character on it, framed; both kinds take ``set_face`` alike."""
    quiet_vtk()
    if isinstance(character, Character):
        from rig.scene import FaceScene

        return FaceScene(width, height, character.look, character.face, samples=samples, quality=quality)
    from rig.imported_scene import ImportedScene

    return ImportedScene(character, width, height, samples=samples, quality=quality)
