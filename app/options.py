"""Options that several commands share: how they are declared, and the settings made of them."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.errors import UserError

if TYPE_CHECKING:
    from app.tracker import TrackerSettings

SETTINGS: Final = {
    "landmarks": "landmarks",
    "task": "task_path",
    "model": "model",
    "device": "device",
    "filter": "filter",
    "calibrate": "calibrate",
    "symmetric": "asymmetry",
    "shaping": "shaping",
}
"""Options of tracking, and the fields of ``TrackerSettings`` that they set."""


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without repeating the usage."""

    def error(self, message: str) -> None:  # type: ignore[override]
        raise UserError(f"{message} (see {self.prog} --help)")


def add_networks(parser: Any) -> None:
    add = _adder(parser)
    add(
        "--model",
        choices=("auto", "full", "lite", "geometric"),
        help="which regressor (default: auto, full on CUDA, else lite; geometric: from landmarks alone)",
    )
    add("--device", choices=("auto", "cuda", "cpu"), help="where the networks run (default: auto)")


def add_tracking(parser: argparse.ArgumentParser) -> None:
    """The options that every tracking command shares."""
    group = parser.add_argument_group("tracking")
    add_networks(group)
    add = _adder(group)
    add("--landmarks", choices=("onnx", "mediapipe"), help="engine (default: onnx); mediapipe needs --task")
    add("--task", type=Path, metavar="PATH", help="MediaPipe's face_landmarker.task")
    add("--filter", choices=("off", "light", "strong"), help="smoothing against jitter (default: light)")
    add(
        "--calibrate",
        metavar="auto|off|first-second|whole|PROFILE",
        help="how this face at rest is found (default: auto; whole: files, in two passes)",
    )
    add("--symmetric", action=argparse.BooleanOptionalAction, help="both sides of the face move alike, or not")
    add("--shaping", type=Path, metavar="FILE", help="gain, dead zone and limit per channel (JSON, see README)")
    add(
        "--character",
        action="append",
        metavar="NAME|FILE",
        help="who makes the faces (see mien character list); may be repeated for --render",
    )


def _adder(group: Any) -> Callable[..., None]:
    """Adds options without defaults: what was not given is not there. So a command's own do not overwrite what was
    given before it (``mien --filter off track ...``), and the window knows what was asked for and what was not."""

    def add(name: str, **words: Any) -> None:
        group.add_argument(name, default=argparse.SUPPRESS, **words)

    return add


def characters_of(args: argparse.Namespace) -> list[str]:
    """Names or files of those that were asked for."""
    return list(getattr(args, "character", []))


def given_settings(args: argparse.Namespace) -> frozenset[str]:
    """Fields of ``TrackerSettings`` that were asked for, be it what they are without being asked for."""
    return frozenset(field for option, field in SETTINGS.items() if option in args)


def tracker_settings(args: argparse.Namespace) -> "TrackerSettings":
    """Settings as asked for, the rest at its default. Raises ``UserError`` for what does not go together."""
    from app.shaping import load_shaping
    from app.tracker import TrackerSettings

    values = {field: getattr(args, option) for option, field in SETTINGS.items() if option in args}
    if values.get("landmarks") == "mediapipe" and values.get("task_path") is None:
        raise UserError("--landmarks mediapipe needs --task PATH, MediaPipe's face_landmarker.task")
    if "asymmetry" in values:
        values["asymmetry"] = not args.symmetric
    if "shaping" in values:
        values["shaping"] = load_shaping(args.shaping)
    return TrackerSettings(**values)
