"""How good the regressors are, on all that there is to measure them on; prints Markdown.

    python -m models.evaluate [DATA_DIR] [--rendered N] [--views DIR] [--disfa DIR] [--bp4d DIR] ... [--json FILE]

(a) ``--rendered N``: about N pictures of rendered people that no training saw, and as many in FERA 2017's nine views
    (``models.evaluation``); ``--views DIR``: a folder of held-out people by ``models.render_dataset``.
(b) ``DATA_DIR``: the hand-coded frames of ``au_hand_dev.csv`` and the behaviour on all ``clips/``. Ours is what a user
    gets: ``mien track CLIP --csv`` with the filter off, read back, under each model and calibration asked for.
(c) ``--disfa``, ``--bp4d``, ``--fera2017``, ``--ckplus``, ``--mmi``: published databases, and the paper's tables
    with our rows (``models.evaluation.databases``, ``models.evaluation.paper_tables``).

The baseline is MediaPipe's FaceLandmarker (``--task``, default ``DATA_DIR/models/face_landmarker.task``), as it is and
less the same person's neutral picture, which is more help than ours gets on clips. ICC(3,1) is consistency: read it
beside the MAE, and the MAE beside that of saying 0 everywhere.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from models.evaluation import blendshape_baseline as baseline
from models.evaluation import paper_tables, regressors
from models.evaluation.au_datasets.sequences import PARTS, DatasetError
from models.evaluation.databases import READERS, dataset_json, evaluate_dataset, presence_table
from models.evaluation.hand_coding import (
    AU_COLUMNS,
    NEUTRAL_FRAMES,
    Coding,
    at_coded_frames,
    clip_table,
    direction_table,
    read_coding,
)
from models.evaluation.score_tables import Scores, as_json, means_table, number, score, summary, table
from models.evaluation.tracked import Columns, from_openface, track
from models.metrics import agreement
from models.runtime.regressor_choice import best_model
from models.runtime.sessions import ModelError

CALIBRATIONS: Final = ("auto", "whole")
MODELS: Final = (*regressors.FILES, "auto")


def say(text: str) -> None:
    """A paragraph or table of the report."""
    print(f"{text}\n")


def rendered_part(args: argparse.Namespace, task: Path | None) -> dict[str, Any]:
    """(a)"""
    from models.evaluation.rendered import RenderedScores, evaluate, evaluate_views, rendered_json
    from models.evaluation.rendered_people import kept_people, render_people

    # "auto" is one of the others: measured once.
    names = dict.fromkeys(best_model("cpu") if name == "auto" else name for name in args.models)
    asked = {name: regressors.load(name) for name in names}
    found: dict[str, RenderedScores] = {}
    for fera in (False, True) if args.rendered else ():
        people = kept_people(args.cache, args.rendered, fera) if args.cache else render_people(args.rendered, fera)
        title = "FERA 2017's nine views" if fera else "free head poses"
        found[f"Rendered people, {title}"] = evaluate(people, asked, task)
    for folder in args.views:
        found[f"Rendered people of {folder.name}"] = evaluate_views(folder, asked)
    for title, scores in found.items():
        say(f"## {title}: {scores.pictures} pictures of expressions")
        say(summary(scores.shared, scores.found))
        say(f"Saying 0 everywhere: MAE {number(scores.zero_mae)}.")
        say(table(scores.shared))
        say(table(scores.shared, ("rmse", "pcc")))
        say("By head pose, mean over the same AUs:")
        say(means_table(scores.groups))
        say("All of our AUs:")
        say(table(scores.ours, ("icc", "mae", "rmse", "pcc")))
    return {title: rendered_json(scores) for title, scores in found.items()}


def hand_part(args: argparse.Namespace, task: Path | None) -> dict[str, Any]:
    """(b), the coded frames."""
    coding = read_coding(args.data / "au_hand_dev.csv")
    systems = dict(hand_systems(args, coding, task))
    scores = score({au: coding.columns[au] for au in AU_COLUMNS}, systems)
    coded = {au: int((coding.columns[au] >= 1).sum()) for au in AU_COLUMNS}
    zero = np.mean([agreement(coding.columns[au], np.zeros(len(coding.frames))).mae for au in AU_COLUMNS])
    say(f"## {len(coding.clips)} hand-coded frames of {len(set(coding.clips))} clips")
    say(summary(scores, {name: float(np.isfinite(c["AU12"]).mean()) for name, c in systems.items()}))
    say(f"Saying 0 everywhere: MAE {number(float(zero))}.")
    say(table(scores, present=coded))
    say(table(scores, ("rmse", "pcc")))
    say("## Gaze, asymmetry, head pose")
    say(direction_table(coding, systems))
    return as_json(scores)


def hand_systems(args: argparse.Namespace, coding: Coding, task: Path | None) -> Iterator[tuple[str, Columns]]:
    """Name, and its columns at the coded frames."""
    folder = args.data / "clips"
    for model in args.models:
        for calibration in args.calibrations:

            def ours(clip: str, model: str = model, calibration: str = calibration) -> Columns:
                return from_openface(track(folder / f"{clip}.mp4", calibration, model))

            yield f"Mien {model}, {calibration}", at_coded_frames(coding, ours)
    if task is not None:
        runs = {clip: baseline.run_blendshapes(folder / f"{clip}.mp4", task) for clip in dict.fromkeys(coding.clips)}
        yield "MediaPipe", at_coded_frames(coding, lambda clip: baseline.columns(*runs[clip]))

        def less(clip: str) -> Columns:
            weights, names = runs[clip]
            return baseline.columns(baseline.minus_neutral(weights, NEUTRAL_FRAMES[clip]), names)

        yield "MediaPipe - neutral", at_coded_frames(coding, less)


def clips_part(args: argparse.Namespace) -> None:
    """(b), behaviour on every clip."""
    for model in args.models:
        say(f"## All clips, unfiltered, {model}")
        clips = sorted((args.data / "clips").glob("*.mp4"))
        say(clip_table({clip.stem: from_openface(track(clip, "auto", model)) for clip in clips}))


def datasets_part(args: argparse.Namespace) -> dict[str, Any]:
    """(c)"""
    ours: dict[str, Scores] = {}
    written: dict[str, Any] = {}
    for option in READERS:
        root = getattr(args, option)
        if root is None:
            continue
        scores = evaluate_dataset(option, root, args.models, args.subjects)
        ours[scores.title], written[scores.title] = scores.scores, dataset_json(scores)
        say(f"## {scores.title}: {scores.subjects} subjects ({args.subjects}), {scores.frames} coded frames")
        if scores.scores:
            say(summary(scores.scores, scores.found))
            say(table(scores.scores, ("icc", "mae", "rmse", "pcc")))
        if scores.views:
            say(means_table(scores.views))
        if scores.presence:
            said = ", ".join(f"{name} in {100 * share:.0f}%" for name, share in scores.found.items())
            say(f"Presence; faces found by {said} of the frames:")
            say(presence_table(scores.presence))
    say("## Table 1 of Song et al. 2020, with our rows")
    say(paper_tables.print_table_1(ours))
    say("## Table 2 (DISFA)")
    say(paper_tables.print_table_2(ours))
    say("## Table 3")
    say(paper_tables.print_table_3(ours))
    return written


def names_of(known: tuple[str, ...]) -> Any:
    """A type for argparse: a list with commas, of names that exist."""

    def parse(text: str) -> list[str]:
        names = [name.strip() for name in text.split(",") if name.strip()]
        if not names or set(names) - set(known):
            raise argparse.ArgumentTypeError(f"{text!r}: use names of {', '.join(known)}, with commas between")
        return names

    return parse


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m models.evaluate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("data", type=Path, nargs="?", metavar="DATA_DIR", help="holds au_hand_dev.csv and clips/")
    add("--models", type=names_of(MODELS), default=None, metavar="A,B", help="default: all whose files are here")
    add("--calibrations", type=names_of(CALIBRATIONS), default=list(CALIBRATIONS), metavar="A,B", help="of (b)")
    add("--task", type=Path, help="MediaPipe's face_landmarker.task, for the baseline")
    add("--clips-only", action="store_true", help="of (b) only the table of behaviour on all clips")
    add("--rendered", type=int, default=0, metavar="N", help="(a) render about N pictures, twice")
    add("--cache", type=Path, metavar="DIR", help="keep the rendered pictures there for the next time")
    add("--views", type=Path, action="append", default=[], metavar="DIR", help="(a) a folder of models.render_dataset")
    for option, (title, _) in READERS.items():
        add(f"--{option}", type=Path, metavar="DIR", help=f"(c) {title}")
    add("--paper", action="store_true", help="(c) the paper's tables, also without a database")
    add("--subjects", choices=PARTS, default="test", help="(c) whose clips (default: test)")
    add("--json", type=Path, metavar="FILE", help="write all figures there as well")
    return parser


def task_of(args: argparse.Namespace) -> Path | None:
    """The baseline's model; None, said once, where it is not at hand."""
    path = args.task or (args.data / "models" / "face_landmarker.task" if args.data else None)
    if path is not None and path.is_file():
        return path
    if args.task:
        raise SystemExit(f"--task {args.task}: there is no such file")
    say("(no baseline: give MediaPipe's face_landmarker.task with --task)")
    return None


def run(args: argparse.Namespace) -> dict[str, Any]:
    args.models = args.models or regressors.available()
    out: dict[str, Any] = {"models": args.models}
    task = task_of(args) if args.rendered or args.data else None
    if args.rendered or args.views:
        out["rendered"] = rendered_part(args, task)
    if args.data and not args.clips_only:
        out["hand_coded"] = hand_part(args, task)
    if args.data:
        clips_part(args)
    if args.paper or any(getattr(args, option) for option in READERS):
        out["datasets"] = datasets_part(args)
    return out


def main() -> None:
    parser = build_parser()
    args = parser.parse_args()
    wanted = (args.data, args.rendered, args.views, args.paper, *(getattr(args, option) for option in READERS))
    if not any(wanted):
        parser.error("nothing to measure: give DATA_DIR, --rendered N, --views DIR or a database")
    try:
        out = run(args)
    except (ModelError, DatasetError, FileNotFoundError) as error:
        raise SystemExit(str(error)) from error
    if args.json:
        args.json.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")
        print(f"{args.json} written", file=sys.stderr)


if __name__ == "__main__":
    main()
