"""``mien process``: many recordings into CSV and video. The window runs it beside itself, and reads its events."""

import argparse
import json
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.ending import INTERRUPTED, OK, USER_ERROR, exit_code, stopped_by_signals
from app.errors import UserError
from app.options import SETTINGS, add_tracking, characters_of, tracker_settings

if TYPE_CHECKING:
    from app.processing import Event, Processor, Tell
    from app.tracker_settings import TrackerSettings

ROOT: Final = Path(__file__).parents[1]
EPILOG: Final = """examples:
  mien process day1/*.mp4 --into tables            one CSV each, OpenFace's columns
  mien process day1 --into tables --calibrate whole    every video of a folder, each face's rest from its whole video
  mien process a.mp4 b.mp4 --into out --no-csv --video --character elder
"""


def add_process_command(commands: Any) -> None:
    process = commands.add_parser(
        "process",
        help="many files: each into a CSV, a video, or both",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = process.add_argument
    add("sources", nargs="+", metavar="SOURCE", help="video, folder of videos, folder of pictures, or 'demo'")
    add = process.add_argument_group("outputs").add_argument
    add("--into", type=Path, required=True, metavar="FOLDER", help="where the results go; made if it is missing")
    add("--csv-format", choices=("openface", "arkit"), default="openface", help="columns (as for mien track)")
    add("--no-csv", action="store_true", help="no CSV; goes with --video")
    add("--video", action="store_true", help="NAME_mien.mp4 as well: the input beside the rig")
    add("--overwrite", action="store_true", help="replace results of the same name (else: NAME_2)")
    add("--events", action="store_true", help="tell what happens on stdout, a JSON object a line; end with stdin")
    add_tracking(process)
    process.set_defaults(run=process_command)


def process_command(args: argparse.Namespace) -> int:
    from app.processing import Processor, ProcessRequest, sources_in

    if args.no_csv and not args.video:
        raise UserError("--no-csv leaves nothing to write: add --video")
    # A program has asked what is there before, and one file that has gone since does not stop the others.
    given = args.sources
    sources = given if args.events else [s for g in given for s in ([g] if g == "demo" else sources_in(Path(g)))]
    request = ProcessRequest(
        sources=tuple(sources),
        folder=args.into,
        csv_format=None if args.no_csv else args.csv_format,
        video=args.video,
        characters=tuple(characters_of(args) or ["base"]),
        overwrite=args.overwrite,
    )
    with _events() if args.events else _lines(sources) as tell:
        processor = Processor(request, tracker_settings(args), tell)

        if args.events:
            _stop_with_stdin(processor)
        with stopped_by_signals(processor.stop) as caught:
            processor.run()
    if not args.events and not processor.stopped:
        print(f"mien: {processor.done} of {len(sources)} files processed into {args.into}", file=sys.stderr)
    if processor.stopped:
        return exit_code(caught) or INTERRUPTED
    return USER_ERROR if processor.failed or processor.incomplete else OK


# ------------------------------------------------------------ told to a program


@contextmanager
def _events() -> Iterator["Tell"]:
    def tell(event: "Event") -> None:
        print(json.dumps(event), flush=True)

    yield tell


def _stop_with_stdin(processor: "Processor") -> None:
    """Whoever started this ends it by closing the pipe, or by dying: there are no signals to send on Windows."""

    def wait() -> None:
        while os.read(0, 1024):
            pass
        processor.stop()

    threading.Thread(target=wait, name="stdin", daemon=True).start()


# ------------------------------------------------------------ told to a person


@contextmanager
def _lines(sources: Sequence[str]) -> Iterator["Tell"]:
    """A line per file on stderr, and a bar while it is worked on where stderr is a terminal."""
    from tqdm import tqdm

    with tqdm(total=1.0, dynamic_ncols=True, leave=False, file=sys.stderr, disable=not sys.stderr.isatty()) as bar:
        bar.bar_format = "{desc}: {percentage:3.0f}%|{bar}| {postfix}"

        def tell(event: "Event") -> None:
            if event["event"] == "end":
                return
            name = Path(sources[event["file"]]).name
            if event["event"] == "progress":
                bar.n = event["share"] or 0.0
                bar.set_description_str(f"{event['file'] + 1}/{len(sources)} {name}", refresh=False)
                bar.set_postfix_str(f"{event['fps']:.0f} frames/s")
            elif event["event"] == "done":
                names = ", ".join(Path(path).name for path in event["outputs"])
                counts = f"{event['frames']} frames, {event['tracked']} with a face, {event['fps']:.1f} frames/s"
                tqdm.write(f"mien: {name} -> {names}: {counts}", file=sys.stderr)
            elif event["event"] == "failed":
                tqdm.write(f"mien: {name} failed: {event['error']}", file=sys.stderr)

        yield tell


# ------------------------------------------------------------ for who starts it


def process_arguments(
    sources: Sequence[str],
    folder: Path,
    settings: "TrackerSettings",
    *,
    csv_format: str | None,
    video: bool,
    overwrite: bool,
    characters: Sequence[str] = (),
    shaping_file: Path | None = None,
) -> list[str]:
    """The words after ``mien`` that process these with these settings, telling events.

    Args:
        sources: what ``--into`` is to get, as ``app.processing.sources_in`` gives them.
        settings: all but those that have no option; ``shaping`` counts by its file only.
        csv_format: a key of ``app.config.CSV_FORMATS``, or None for no CSV.
        shaping_file: where ``settings.shaping`` was saved; None where nothing is shaped.
    """
    words = ["process", "--events", "--into", str(folder)]
    words += ["--no-csv"] if csv_format is None else ["--csv-format", csv_format]
    words += [word for word, on in (("--video", video), ("--overwrite", overwrite)) if on]
    for character in characters:
        words += ["--character", character]
    for option, field in SETTINGS.items():
        if option in ("symmetric", "shaping"):
            continue
        value = getattr(settings, field)
        if value is not None:
            words += [f"--{option}", str(value)]
    words.append("--no-symmetric" if settings.asymmetry else "--symmetric")
    if shaping_file is not None:
        words += ["--shaping", str(shaping_file)]
    return [*words, "--", *sources]


def process_environment() -> tuple[list[str], dict[str, str]]:
    """How this Mien is started again: the words before those for ``mien``, and the environment.

    ``-P``: a folder named ``app`` where somebody happens to be is not taken for ours.
    """
    path = os.pathsep.join(p for p in (str(ROOT), os.environ.get("PYTHONPATH", "")) if p)
    return [sys.executable, "-P", "-m", "app"], {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
