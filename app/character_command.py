"""``mien character list | show | import | export``: look at characters, take in one's own, hand them to engines."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.errors import UserError
from rig.parameters import CHANNEL_INDEX, CHANNELS, IDENTITY_BASE, N_CHANNELS, N_IDENTITY

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from app.characters import AnyCharacter

    F = NDArray[np.float32]

# Heads, pictures and glTF are imported where they are needed: every start of ``mien`` builds this parser.
SIZE_RANGE = (64, 4096)


def add_character_commands(commands: Any) -> None:
    """Adds ``character`` and what can be done with one to the parser's commands."""
    character = commands.add_parser("character", help="list, show, import, export characters")
    what = character.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=type(character))

    what.add_parser("list", help="the built-in characters and your own").set_defaults(run=list_command)

    show = what.add_parser("show", help="a picture of a character making a face")
    show.add_argument("name", metavar="NAME", help="a character's name or file")
    show.add_argument("--out", type=Path, required=True, metavar="PNG", help="the picture to write")
    add = show.add_argument
    add("--channel", action="append", default=[], metavar="AU12-left=1", help="0..1; AU12=1 is both sides; repeatable")
    add("--gaze", type=_pair, default=(0.0, 0.0), metavar="YAW,PITCH", help="degrees: + to its left, + up")
    add("--turn", type=float, default=0.0, metavar="DEG", help="camera round towards its left (default: 0)")
    add("--size", type=_size, default=(720, 720), metavar="WxH", help="pixels (default: 720x720)")
    add("--background", default="stage", metavar="COLOUR", help="a name or #rrggbb; transparent; default: dark grey")
    add("--framing", default="head", help="face, head or bust (default: head)")
    add(
        "--light",
        default="portrait",
        help="portrait, soft, studio, flat, key-left, key-right or rim (default: portrait)",
    )
    add("--mapping", type=Path, metavar="JSON", help="which bone does what, for a file driven by its bones")
    _add_identity(show)
    show.set_defaults(run=show_command)

    take = what.add_parser("import", help="check a .glb, .gltf or .vrm file and keep it among your characters")
    take.add_argument("file", type=Path, metavar="FILE")
    take.add_argument("--name", help="what to call it (default: the file's name)")
    take.add_argument("--mapping", type=Path, metavar="JSON", help="which bone does what, to be kept with it")
    take.add_argument("--propose", type=Path, metavar="JSON", help="only write a bone mapping guessed from bone names")
    take.set_defaults(run=import_command)

    give = what.add_parser("export", help="a built-in character as .glb for Blender, Unity, Unreal, three.js")
    give.add_argument("name", metavar="NAME")
    give.add_argument("--out", type=Path, required=True, metavar="FILE.glb")
    give.add_argument("--detail", choices=("screen", "game"), default="screen", help="smooth (default) or light")
    _add_identity(give)
    give.set_defaults(run=export_command)


def _add_identity(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--control", action="append", default=[], metavar="'NAME=0.8'", help="an identity parameter 0..1; repeatable")
    add("--random", type=int, metavar="SEED", help="a random person instead of the base face")


# ---------------------------------------------------------------- values


def _pair(text: str) -> tuple[float, float]:
    try:
        yaw, pitch = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError("two numbers with a comma between, as in 10,-5") from None
    return yaw, pitch


def _size(text: str) -> tuple[int, int]:
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError("width and height with an x between, as in 720x720") from None
    if not all(SIZE_RANGE[0] <= side <= SIZE_RANGE[1] for side in (width, height)):
        raise argparse.ArgumentTypeError(f"each side from {SIZE_RANGE[0]} to {SIZE_RANGE[1]} pixels")
    return width, height


def _settings(words: Sequence[str], known: Mapping[str, Sequence[int]], what: str, where: F) -> None:
    """Writes each ``NAME=VALUE`` (0..1) into the places of ``where`` that its name stands for."""
    for word in words:
        name, equals, text = word.rpartition("=")
        try:
            value = float(text) if equals else float("nan")
        except ValueError:
            value = float("nan")
        if not 0 <= value <= 1:
            raise UserError(f"{word!r}: write NAME=VALUE with a value from 0 to 1")
        if name not in known:
            close = get_close_matches(name, known, 3, 0.4)
            raise UserError(f"there is no {what} {name!r}" + (f": did you mean {', '.join(close)}?" if close else ""))
        where[list(known[name])] = value


def channels_of(words: Sequence[str]) -> F:
    """``["AU12-left=1", "AU26=0.5"]`` -> (40,); an AU without its side is both. Raises ``UserError``."""
    import numpy as np

    known: dict[str, list[int]] = {name: [i] for name, i in CHANNEL_INDEX.items()}
    for name in CHANNELS:
        number, _, side = name.partition("-")
        if side:
            known.setdefault(number, []).append(CHANNEL_INDEX[name])
    del known["AU30"]  # the jaw goes to one side
    au = np.zeros(N_CHANNELS, np.float32)
    _settings(words, known, "channel", au)
    return au


def identity_of(character: AnyCharacter, args: argparse.Namespace) -> F | None:
    """The identity that ``--random`` and ``--control`` ask for, None for the character's own face."""
    if not args.control and args.random is None:
        return None
    import numpy as np

    from rig.characters import Character
    from rig.identity import random_identity

    if not isinstance(character, Character):
        raise UserError("--control and --random shape the built-in characters; an imported one is as its file has it")
    identity = np.full(N_IDENTITY, IDENTITY_BASE, np.float32)
    if args.random is not None:
        identity = random_identity(np.random.default_rng(args.random))
    names = character.face.skeleton.identity_names
    _settings(args.control, {name: [i] for i, name in enumerate(names)}, "identity parameter", identity)
    return identity


# ---------------------------------------------------------------- commands


def list_command(args: argparse.Namespace) -> int:
    from app.characters import list_characters

    entries = list_characters()
    width = max(len(entry.name) for entry in entries)
    for entry in entries:
        print(f"{entry.name:<{width}}  {entry.title}" + (f"  {entry.path}" if entry.path else ""))
    return 0


def show_command(args: argparse.Namespace) -> int:
    import cv2
    import numpy as np

    from app.characters import open_character, scene_of
    from app.outputs.sink import check_writable, writing_to

    if args.out.suffix.lower() != ".png":
        raise UserError(f"{args.out}: --out writes a .png file; choose such a name")
    check_writable(args.out)
    au = channels_of(args.channel)
    character = open_character(args.name, args.mapping)
    identity = identity_of(character, args)
    width, height = args.size
    scene = scene_of(character, width, height, quality="full")
    try:
        try:
            if args.background != "stage":
                scene.set_background(args.background)
            scene.set_light(args.light)
            scene.set_framing(args.framing, args.turn)
        except (KeyError, ValueError) as error:
            raise UserError(str(error.args[0])) from error
        gaze = np.array(args.gaze, np.float32)
        scene.set_face(au, gaze, gaze, identity=identity)
        picture = scene.render()
    finally:
        scene.close()
    order = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
    with writing_to(args.out):
        args.out.write_bytes(cv2.imencode(".png", cv2.cvtColor(picture, order))[1].tobytes())
    return 0


def import_command(args: argparse.Namespace) -> int:
    from app.characters import keep_character, open_character
    from app.outputs.sink import writing_to
    from rig.characters import Character
    from rig.imported import CharacterError, propose_mapping

    if args.propose is not None:
        try:
            mapping = propose_mapping(args.file)
        except CharacterError as error:
            raise UserError(str(error)) from error
        with writing_to(args.propose):
            args.propose.write_text(json.dumps(mapping, indent=1) + "\n")
        print(f"mien: {args.propose}: {len(mapping['bones'])} bones proposed; edit it, then import with --mapping")
        return 0
    character = open_character(str(args.file), args.mapping)
    assert not isinstance(character, Character)
    entry = keep_character(args.file, args.name, args.mapping)
    print(f"mien: {entry.name}: {character.summary()}; use it with --character {_quoted(entry.name)}")
    return 0


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name


def export_command(args: argparse.Namespace) -> int:
    from app.characters import open_character
    from app.outputs.sink import check_writable, writing_to
    from rig.characters import Character
    from rig.export_gltf import ExportError, export_glb

    if args.out.suffix.lower() != ".glb":
        raise UserError(f"{args.out}: --out writes a .glb file; choose such a name")
    check_writable(args.out)
    character = open_character(args.name)
    if not isinstance(character, Character):
        raise UserError(f"{args.name} is a file of yours already: only built-in characters are exported")

    identity = identity_of(character, args)
    person = None if identity is None else character.face.person(identity)
    try:
        with writing_to(args.out):
            done = export_glb(args.out, character.face, character.look, person, name=character.name, detail=args.detail)
    except ExportError as error:
        raise UserError(str(error)) from error
    print(
        f"mien: {args.out}: {done.n_bytes / 1e6:.1f} MB; {done.vertices} vertices, {done.joints} joints, "
        f"{len(done.clips)} clips, {len(done.shapes)} ARKit shapes; skin within {done.skin_error_mm:.1f} mm of Mien's",
        file=sys.stderr,
    )
    return 0
