"""The command line: words in, settings out, one line for whatever went wrong. Wiring only."""

import argparse
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from app.ending import INTERRUPTED, OK, USER_ERROR, exit_code, stopped_by_signals
from app.errors import UserError
from app.options import Parser, add_networks, add_tracking, characters_of, given_settings, tracker_settings

if TYPE_CHECKING:
    from app.capture import Source
    from app.config import OutputSettings
    from app.pipeline import Pipeline, Snapshot
    from app.tracker import Tracker

EPILOG = """examples:
  mien track 0 --osc 127.0.0.1:9000            stream camera 0
  mien track take.mp4 --csv take.csv           measure a file: one row per frame, OpenFace's columns
  mien track take.mp4 --render beside.mp4      a video of the face beside the rig
  mien track demo --realtime --osc host:9000   stream the built-in clip at its own pace
  mien track 0 --osc host:9000,rate=30,part=arkit   blendshapes only, 30 times a second at most
  mien track take.mp4 --character elder --character my.vrm --render both.mp4
  mien process day1/*.mp4 --into tables        many files, a CSV each
"""
OSC_HELP = (
    "stream over UDP; may be repeated. HOST:PORT,rate=30 sends at most 30 frames a second there, HOST:PORT,part=au "
    "only a part: all, au, arkit or pose; both go together"
)


def build_parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="mien",
        description="Webcam facial animation: action units on a bone-driven 3D face. Without a command: the window.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=window_command)
    parser.add_argument("--source", metavar="SOURCE", help="what the window opens: camera, file, folder, 'demo'")
    add_tracking(parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)

    track = commands.add_parser("track", help="headless: track a camera or file, stream and record")
    add = track.add_argument
    add("source", metavar="SOURCE", help="camera number, video file, picture folder, or 'demo'")
    add("--realtime", action="store_true", help="pace a file as a camera would (late frames are dropped)")
    add("--progress", action="store_true", help="a progress bar even where stderr is no terminal")
    add = track.add_argument_group("outputs").add_argument
    add("--csv", type=Path, metavar="PATH", help="record one row per frame")
    add(
        "--csv-format",
        choices=("openface", "arkit"),
        default="openface",
        help="columns of OpenFace (default), or of a Live Link Face take",
    )
    add("--osc", action="append", default=[], metavar="HOST:PORT", help=OSC_HELP)
    add("--protocol", choices=("mien",), default="mien", help="what is streamed (default: mien)")
    add("--render", type=Path, metavar="PATH.mp4", help="a video of the input beside the rig")
    add("--save-profile", metavar="NAME", help="keep this face's neutral in the end, for --calibrate NAME next time")
    add_tracking(track)
    track.set_defaults(run=track_command)

    from app.process_command import add_process_command

    add_process_command(commands)

    demo = commands.add_parser("demo", help="the window on the built-in clip")
    add_tracking(demo)
    demo.set_defaults(run=window_command, source="demo")

    from app.character_command import add_character_commands

    add_character_commands(commands)

    from app.fit_command import add_fit_command

    add_fit_command(commands)

    bench = commands.add_parser("bench", help="measure every stage's speed, beside MediaPipe's where --task is given")
    add = bench.add_argument
    add("source", metavar="SOURCE", nargs="?", default="demo", help="video file or picture folder (default: demo)")
    add("--task", type=Path, metavar="PATH", help="MediaPipe's face_landmarker.task, to compare with")
    add("--json", type=Path, metavar="PATH", help="write the numbers to a file as well")
    add("--frames", type=_positive, default=600, metavar="N", help="frames to measure (default: 600)")
    add_networks(bench)
    bench.set_defaults(run=bench_command)

    doctor = commands.add_parser("doctor", help="what was found: cameras, providers, models, graphics, ports")
    doctor.set_defaults(run=doctor_command)
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


# ---------------------------------------------------------------- commands


def track_command(args: argparse.Namespace) -> int:
    from app.capture import camera_number, frames_of, open_source
    from app.config import OutputSettings, make_sinks, parse_osc
    from app.pipeline import Pipeline
    from app.processing import first_look
    from app.profiles import profile_path, save_profile
    from app.tracker import make_tracker

    settings = tracker_settings(args)
    outputs = OutputSettings(
        args.csv,
        args.csv_format,
        tuple(parse_osc(text) for text in args.osc),
        args.protocol,
        args.render,
        tuple(characters_of(args) or ["base"]),
    )
    sinks = make_sinks(outputs, args.source)
    if settings.calibrate == "whole" and camera_number(args.source) is not None:
        raise UserError("--calibrate whole looks through a file twice; a camera has no second time: use auto")

    if args.save_profile is not None:
        profile_path(args.save_profile)  # an unusable name is refused before the work, not after it
    trackers: list[Tracker] = []

    def prepared_tracker() -> "Tracker":
        tracker = make_tracker(settings)
        trackers.append(tracker)
        if tracker.needs_first_pass:
            first_look(tracker, frames_of(open_source(args.source)), lambda: pipeline.stopping)
        return tracker

    sources: list[Source] = []

    def opened() -> "Source":
        sources.append(open_source(args.source, realtime=args.realtime))
        return sources[-1]

    pipeline = Pipeline(
        open_source=opened,
        make_tracker=prepared_tracker,
        sinks=sinks,
    )
    with stopped_by_signals(pipeline.stop) as caught, _progress(pipeline, args.progress or sys.stderr.isatty()):
        result = pipeline.run()
    print(summary(result, outputs), file=sys.stderr)
    if args.save_profile is not None:
        if not result.tracked:
            raise UserError(f"no face was seen, so profile {args.save_profile} is not saved")
        print(f"mien: profile {save_profile(args.save_profile, trackers[-1].profile)} saved", file=sys.stderr)
    if any(sink.error for sink in result.sinks):
        return USER_ERROR  # each was already reported when it happened
    if result.broken or any(getattr(source, "missing", 0) for source in sources):
        return USER_ERROR  # what could be read is written; a script must know that it was not all
    return exit_code(caught)


def summary(result: "Snapshot", outputs: "OutputSettings") -> str:
    """One line on what was done."""
    parts = [f"{result.frames} frames", f"{result.tracked} with a face", f"{result.mean_fps:.1f} frames/s"]
    if result.source is not None and result.source.live:
        parts.append(f"{result.dropped} dropped")
    if result.broken:
        parts.append(f"{result.broken} unreadable")
    for sink in result.sinks:
        lost = f", {sink.failed} not sent" if sink.failed else ""
        parts.append(f"{sink.name}: {sink.written} written{lost}{' (stopped early)' if sink.error else ''}")
    return "mien: " + "; ".join(parts)


def window_command(args: argparse.Namespace) -> int:
    from app.ui.main import run_window

    characters = characters_of(args)
    if len(characters) > 1:
        raise UserError("the window shows one character: give --character once")
    character = characters[0] if characters else None
    return run_window(tracker_settings(args), args.source, character, given_settings(args))


def bench_command(args: argparse.Namespace) -> int:
    from app.bench import run_bench

    chosen = tracker_settings(args)
    return run_bench(
        args.source, task=args.task, json_path=args.json, frames=args.frames, model=chosen.model, device=chosen.device
    )


def doctor_command(args: argparse.Namespace) -> int:
    from app.doctor import run_doctor

    return run_doctor()


# ---------------------------------------------------------------- the terminal


@contextmanager
def _progress(pipeline: "Pipeline", shown: bool) -> Iterator[None]:
    """A progress bar on stderr, fed as a viewer of the run."""
    if not shown:
        yield
        return
    from tqdm import tqdm

    with tqdm(unit=" frames", dynamic_ncols=True, leave=False, file=sys.stderr) as bar:

        def advance(*_: object) -> None:
            if bar.n == 0:
                source = pipeline.snapshot().source
                bar.total = source.frame_count if source is not None else None
            bar.update()

        pipeline.add_listener(advance)
        yield


class _OneLine(logging.Handler):
    """Log records as ``mien: ...`` on stderr, without breaking a progress bar."""

    def emit(self, record: logging.LogRecord) -> None:
        level = "" if record.levelno >= logging.ERROR else f"{record.levelname.lower()}: "
        text = f"mien: {level}{record.getMessage()}"
        if record.exc_info and os.environ.get("MIEN_DEBUG"):
            text += "\n" + logging.Formatter().formatException(record.exc_info)
        tqdm = sys.modules.get("tqdm")
        if tqdm is not None:
            tqdm.tqdm.write(text, file=sys.stderr)
        else:
            print(text, file=sys.stderr, flush=True)


def asset_errors() -> tuple[type[Exception], ...]:
    """What a missing or damaged asset raises. Imported when something went wrong only: they bring numpy and scipy."""
    from models.runtime.alignment import FaceFileError
    from models.runtime.sessions import ModelError
    from rig.skeleton import RigError

    return FaceFileError, ModelError, RigError


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``mien``; returns the exit code: 0, 2 for what the user can mend, 130 after Ctrl-C, 143 after SIGTERM."""
    logger = logging.getLogger("app")
    handler = _OneLine(logging.WARNING)
    logger.addHandler(handler)
    try:
        args = build_parser().parse_args(argv)
        return args.run(args)
    except UserError as error:
        print(f"mien: {' '.join(str(error).split())}", file=sys.stderr)
        return USER_ERROR
    except KeyboardInterrupt:
        return INTERRUPTED
    except asset_errors() as error:
        print(f"mien: {' '.join(str(error).split())}", file=sys.stderr)
        return USER_ERROR
    except BrokenPipeError:  # the reader of our output has gone, as in "mien doctor | head"
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    finally:
        logger.removeHandler(handler)
