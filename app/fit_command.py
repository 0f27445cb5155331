"""``mien fit PHOTO --out CHARACTER.glb``: the user's own face as a character, from photos or a clip."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from app.errors import UserError
from rig.parameters import CHANNELS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from models.runtime.person import Made, Photo
    from rig.face import Face

    Picture = NDArray[np.uint8]

# Networks, heads and glTF are imported where they are needed: every start of ``mien`` builds this parser.
FRAMES = 24
"""Pictures of a clip that are looked at."""
SMALL_FACE = 90
"""A face of fewer pixels across gives a poor likeness."""
TURNED_DEG = 25
SIDE = 640
SHOWN = 0.05
"""Channels above this are named in the JSON file."""


def add_fit_command(commands: Any) -> None:
    """Adds ``fit`` to the parser's commands."""
    fit = commands.add_parser("fit", help="your own face as a character, from a photo")
    add = fit.add_argument
    add("photos", nargs="+", metavar="PHOTO", help="a picture, several of one person, a folder of them, or a video")
    add("--out", type=Path, required=True, metavar="CHARACTER.glb", help="the character to write")
    add("--name", help="also keep it among your characters, for --character NAME")
    add("--json", type=Path, metavar="FILE", help="write the 208 identity parameters, colours and brow style as well")
    add("--picture", type=Path, metavar="BESIDE.png", help="the photo beside the character, to compare")
    add("--detail", choices=("screen", "game"), default="screen", help="smooth (default) or light")
    add(
        "--distance",
        type=_distance,
        default=0.9,
        metavar="METRES",
        help="from camera to face (0.2 to 10; default: 0.9)",
    )
    add("--plain", action="store_true", help="the painted skin in the person's colours, without the photo's detail")
    fit.set_defaults(run=fit_command)


def _distance(text: str) -> float:
    value = float(text)
    if not 0.2 <= value <= 10:
        raise argparse.ArgumentTypeError("a distance from 0.2 to 10 metres")
    return value


def fit_command(args: argparse.Namespace) -> int:
    _check(args)
    from models.runtime.person import make_person
    from rig.face import Face

    photos = find_faces(args.photos)
    face = Face()
    with TemporaryDirectory(prefix="mien-fit-") as folder:
        made = make_person(photos, face, None if args.plain else Path(folder), args.distance)
        _export(args, made, face)
        if args.json is not None:
            _write_json(args.json, made, face)
        if args.picture is not None:
            _write_picture(args.picture, made, face)
    for line in remarks(made):
        print(f"mien: {line}", file=sys.stderr)
    return 0


def _check(args: argparse.Namespace) -> None:
    """Whatever cannot be written is said before the work, not after it."""
    from app.characters import list_characters
    from app.outputs.sink import check_writable

    if args.out.suffix.lower() != ".glb":
        raise UserError(f"{args.out}: --out writes a .glb file; choose such a name")
    if args.picture is not None and args.picture.suffix.lower() != ".png":
        raise UserError(f"{args.picture}: --picture writes a .png file; choose such a name")
    for path in (args.out, args.json, args.picture):
        if path is not None:
            check_writable(path)
    if args.name is not None:
        if not re.fullmatch(r"[\w][\w .-]*", args.name):
            raise UserError(f"{args.name!r} cannot be the name of a character: choose another with --name")
        if any(entry.name == args.name for entry in list_characters()):
            raise UserError(f"there is a character {args.name!r} already: choose another --name")


def find_faces(sources: list[str], progress: Callable[[float, str], None] = lambda share, text: None) -> list[Photo]:
    """The most prominent face of each picture; of a clip FRAMES pictures are looked at. Says so on stderr where there
    are several faces. Raises ``UserError`` where nothing can be read or no face is seen in any of it.

    ``progress`` is told a share 0..1 and the picture's name before each picture; what it raises ends the work.
    """
    from app.capture import camera_number, frames_of, open_source
    from models.runtime.detector import FaceDetector
    from models.runtime.engines import make_landmark_engine

    engine, detector = make_landmark_engine(), FaceDetector()
    found: list[Photo] = []
    try:
        for nth, spec in enumerate(sources):
            if camera_number(spec) is not None:
                raise UserError(f"{spec}: mien fit reads pictures and videos, not cameras; take a picture first")
            source = open_source(spec)
            count = source.info.frame_count or FRAMES
            step = max(1, count // FRAMES)
            name = Path(spec).name
            crowd = 0
            for k, frame in enumerate(frames_of(source)):
                if k % step:
                    continue
                progress((nth + min(1.0, k / count)) / len(sources), name)
                engine.reset()
                for _ in range(3):  # as on video, until the square around the face has settled
                    result = engine.detect(frame.image, 0.0)
                    if result is None:
                        break
                if result is None:
                    continue
                crowd = max(crowd, len(detector.detect(frame.image)))
                found.append(_photo(name, frame.image, result.points))
            if crowd > 1:
                print(f"mien: {name}: {crowd} faces; taking the largest", file=sys.stderr)
    finally:
        engine.close()
    if not found:
        raise UserError(f"no face was found in {', '.join(sources)}: give a picture with a face seen from the front")
    return found


def _photo(name: str, image: Picture, points: NDArray) -> Photo:
    from models.runtime.person import Photo

    return Photo(name, image, points)


def remarks(made: Made) -> list[str]:
    """What a user should know about this likeness."""
    best = made.photos[0]
    across = float(best.points[:, 0].max() - best.points[:, 0].min())
    yaw = abs(float(best.euler_deg[0]))
    out = []
    if across < SMALL_FACE:
        out.append(f"the face is only {across:.0f} pixels wide: a larger picture gives a better likeness")
    if yaw > TURNED_DEG:
        out.append(f"the head is turned by {yaw:.0f} degrees: a picture from the front gives a better likeness")
    return out


def _export(args: argparse.Namespace, made: Made, face: Face) -> None:
    from app.characters import keep_character
    from app.outputs.sink import writing_to
    from rig.export_gltf import ExportError, export_glb

    person = face.person(made.fitted.identity)
    name = args.name or args.out.stem
    try:
        with writing_to(args.out):
            done = export_glb(args.out, face, made.look, person, name=name, detail=args.detail)
    except ExportError as error:
        raise UserError(str(error)) from error
    use = str(args.out)
    if args.name is not None:
        use = keep_character(args.out, args.name, None).name
    print(
        f"mien: {args.out}: {done.n_bytes / 1e6:.1f} MB from {len(made.photos)} picture"
        f"{'s' if len(made.photos) > 1 else ''}; landmarks within {made.fitted.error_mm.mean():.1f} mm; "
        f"use it with --character {json.dumps(use) if ' ' in use else use}",
        file=sys.stderr,
    )


def _write_json(path: Path, made: Made, face: Face) -> None:
    from app.outputs.sink import writing_to

    look = {k: v for k, v in asdict(made.look).items() if k not in ("folder", "age")}
    identity = zip(face.skeleton.identity_names, made.fitted.identity, strict=True)
    record = {
        "identity": {name: round(float(value), 4) for name, value in identity},
        "look": look,
        "pictures": [
            {
                "name": photo.name,
                "landmark_error_mm": round(float(error), 2),
                "au": {c: round(float(v), 3) for c, v in zip(CHANNELS, au, strict=True) if v > SHOWN},
            }
            for photo, error, au in zip(made.photos, made.fitted.error_mm, made.fitted.au, strict=True)
        ],
    }
    with writing_to(path):
        path.write_text(json.dumps(record, indent=1) + "\n")


def _write_picture(path: Path, made: Made, face: Face) -> None:
    """The photo, the character doing what it shows, and the character at rest, side by side."""
    import cv2
    import numpy as np

    from app.outputs.sink import writing_to
    from models.runtime.alignment import FACING, fit_head, quaternion_from_rotation
    from rig.scene import FaceScene

    best = made.photos[0]
    low, high = best.points[:, :2].min(0), best.points[:, :2].max(0)
    half, centre = 0.72 * float((high - low).max()), (low + high) / 2
    move = np.array([[1, 0, half - centre[0]], [0, 1, 1.1 * half - centre[1]]]) * (SIDE / (2 * half))
    photo = cv2.warpAffine(best.image, move, (SIDE, SIDE), flags=cv2.INTER_AREA)
    turn = quaternion_from_rotation((fit_head(best.points).rotation @ FACING).astype(np.float32))
    scene = FaceScene(SIDE, SIDE, made.look, face, quality="full")
    try:
        scene.set_framing("head")
        tiles = [photo]
        for au, rotation in ((made.fitted.au[0], turn), (np.zeros(len(CHANNELS), np.float32), None)):
            scene.set_face(au, head_rotation=rotation, identity=made.fitted.identity)
            tiles.append(scene.render()[..., :3])
    finally:
        scene.close()
    with writing_to(path):
        path.write_bytes(cv2.imencode(".png", cv2.cvtColor(np.hstack(tiles), cv2.COLOR_RGB2BGR))[1].tobytes())
