"""Many recordings, one after the other, each into files of its own: CSV, and a video beside the rig where wanted.

A file that cannot be read or written is told and does not stop the others. While a file is worked on its outputs have
hidden names; they get their own once all of them is there, so nothing half done looks like a whole.
"""

import itertools
import logging
import re
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from app.capture import DEMO_CLIP, Frame, Source, camera_number, frames_of, open_source
from app.config import OutputSettings, make_sinks
from app.errors import UserError
from app.pipeline import Pipeline, Snapshot
from app.recorded import PICTURE_SUFFIXES, VIDEO_SUFFIXES
from app.tracker import Tracker, make_tracker
from app.tracker_settings import TrackerSettings

TELL_S: Final = 0.2
"""So often, at most, is progress told."""
FIRST_PASS, FIRST_PASS_OF_VIDEO = 0.25, 0.1
"""Share of the work that the first of two passes is, which regresses few frames and writes nothing: as measured."""
INCOMPLETE: Final = "_incomplete"
"""Stands behind the name of what an output that failed has left."""
Event = dict[str, Any]
Tell = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class ProcessRequest:
    """What is to be made of which recordings."""

    sources: tuple[str, ...]
    """Video files, pictures, folders of pictures, or ``demo``."""
    folder: Path
    """Where the results go; made if it is missing."""
    csv_format: str | None = "openface"
    """A key of ``app.config.CSV_FORMATS``; None: no CSV."""
    video: bool = False
    """The input beside the rig, as ``NAME_mien.mp4``."""
    characters: tuple[str, ...] = ("base",)
    """Whom the video shows."""
    overwrite: bool = False
    """Else a result whose name is taken gets the next free one."""

    def check(self) -> None:
        """Raises ``UserError`` for what can never work."""
        if self.csv_format is None and not self.video:
            raise UserError("nothing is to be written: ask for a CSV, a video or both")
        for source in self.sources:
            if camera_number(source) is not None:
                raise UserError(f"{source} is a camera, which has no end: record it with mien track {source} --csv")
        if self.characters != ("base",):
            from app.characters import find_character  # brings the rig

            for spec in self.characters:
                find_character(spec)


@dataclass(frozen=True, slots=True)
class _Results:
    """The files that one recording is to become."""

    csv: Path | None
    video: Path | None

    @property
    def files(self) -> list[Path]:
        return [path for path in (self.csv, self.video) if path is not None]


def sources_in(path: Path) -> list[str]:
    """What a path that somebody points at stands for, as sources.

    A file is itself; a folder with videos stands for each of them, in order of name; one with pictures for itself.

    Raises:
        UserError: it is not there, cannot be read, or has neither in it.
    """
    try:
        if not path.exists():
            raise UserError(f"there is no file or folder named {str(path)!r}")
        if not path.is_dir():
            return [str(path)]
        inside = sorted((p for p in path.iterdir() if not p.name.startswith(".")), key=_natural)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from error
    videos = [str(p) for p in inside if p.suffix.lower() in VIDEO_SUFFIXES and p.is_file()]
    if videos:
        return videos
    if any(p.suffix.lower() in PICTURE_SUFFIXES for p in inside):
        return [str(path)]
    raise UserError(f"{path} has neither videos nor pictures in it: choose another folder")


def _natural(path: Path) -> list[tuple[int, str]]:
    """take_2 before take_10."""
    return [(int(p), "") if p.isdigit() else (0, p) for p in re.split(r"(\d+)", path.name.lower())]


def result_names(request: ProcessRequest) -> list[_Results]:
    """For each source the files that it becomes: never a source itself, nor two into one."""
    sources = {_resolved(DEMO_CLIP if source == "demo" else Path(source)) for source in request.sources}
    used: set[str] = set()
    found = []
    for source in request.sources:
        stem = Path(source).stem or Path(source).resolve().name or "source"
        for n in itertools.count(1):
            name = stem if n == 1 else f"{stem}_{n}"
            results = _Results(
                request.folder / f"{name}.csv" if request.csv_format is not None else None,
                request.folder / f"{name}_mien.mp4" if request.video else None,
            )
            taken = any(
                str(_resolved(path)).lower() in used  # letters' case is no difference on Windows and macOS
                or _resolved(path) in sources
                or (path.exists() and not (request.overwrite and path.is_file()))
                for path in results.files
            )
            if not taken:
                break
        used |= {str(_resolved(path)).lower() for path in results.files}
        found.append(results)
    return found


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except OSError:
        return path.absolute()


def first_look(tracker: Tracker, frames: Iterable[Frame], stopping: Callable[[], bool]) -> None:
    """The first of two passes, for ``--calibrate whole``; ended early it takes what it has seen."""
    tracker.first_pass(itertools.takewhile(lambda _: not stopping(), frames))


class Processor:
    """Works through a request. ``run`` in one thread; ``stop`` from any, or from a signal handler."""

    def __init__(self, request: ProcessRequest, settings: TrackerSettings, tell: Tell) -> None:
        """``tell`` gets what happens, as it happens, each a dict with its name at ``event`` (see the README)."""
        self._request, self._settings, self._tell = request, settings, tell
        self._stop = threading.Event()
        self._pipeline: Pipeline | None = None
        self._told_s = 0.0
        self._first_pass = FIRST_PASS_OF_VIDEO if request.video else FIRST_PASS
        self.failed = self.done = self.incomplete = 0

    def stop(self) -> None:
        """End soon: the recording that is worked on leaves nothing behind, those before it stay."""
        self._stop.set()
        if self._pipeline is not None:
            self._pipeline.stop()

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    def run(self) -> None:
        """Everything, in order. Raises ``UserError`` where nothing at all can be done."""
        request = self._request
        request.check()
        try:
            request.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{request.folder} cannot be made: {error.strerror or error}") from error
        self._tell({"event": "progress", "file": 0, "stage": "load", "share": None, "frames": 0, "fps": 0.0})
        tracker = make_tracker(self._settings)
        try:
            for i, (source, results) in enumerate(zip(request.sources, result_names(request), strict=True)):
                if self.stopped:
                    break
                if i:
                    tracker.start_over()
                self._one(i, source, results, tracker)
        finally:
            tracker.close()
        if not self.stopped:
            self._tell({"event": "end", "done": self.done, "failed": self.failed})

    # ------------------------------------------------------------ one recording

    def _one(self, i: int, source: str, results: _Results, tracker: Tracker) -> None:
        hidden = {path: path.with_name(f".{path.stem}.part{path.suffix}") for path in results.files}
        opened: list[Source] = []
        with _warnings() as warnings:
            try:
                result = self._track(i, source, results, hidden, tracker, opened)
            except UserError as error:
                self._give_up(hidden)
                self._fail(i, _with_names(str(error), hidden), [])
                return
            except BaseException:
                self._give_up(hidden)
                raise
        if self.stopped:
            self._give_up(hidden)
            return
        errors = [sink.error for sink in result.sinks if sink.error]
        if errors:
            self._fail(i, _with_names(errors[0], hidden, INCOMPLETE), self._keep(hidden, INCOMPLETE))
            return
        missing = result.broken or any(getattr(s, "missing", 0) for s in opened)
        if result.broken:
            warnings.append(f"{result.broken} frames could not be read")
        if not result.tracked:
            warnings.append("no face was seen")
        try:
            kept = self._keep(hidden)
        except OSError as error:
            self._fail(i, f"{error.filename2 or error.filename} cannot be written: {error.strerror or error}", [])
            return
        self.done += 1
        self.incomplete += bool(missing)
        counts = {"frames": result.frames, "tracked": result.tracked, "fps": round(result.mean_fps, 1)}
        self._tell({"event": "done", "file": i, "outputs": [str(p) for p in kept], **counts, "warnings": warnings})

    def _track(
        self,
        i: int,
        source: str,
        results: _Results,
        hidden: dict[Path, Path],
        tracker: Tracker,
        opened: list[Source],
    ) -> Snapshot:
        """The recording into hidden files. Raises ``UserError`` where it cannot be read, or they cannot be begun."""
        request = self._request
        passes = 1 + tracker.needs_first_pass
        outputs = OutputSettings(
            csv=hidden.get(results.csv) if results.csv is not None else None,
            csv_format=request.csv_format or "openface",
            render=hidden.get(results.video) if results.video is not None else None,
            characters=request.characters,
        )

        def open_it() -> Source:
            opened.append(open_source(source))
            frames, writing = opened[-1].info.frame_count, [str(path) for path in hidden.values()]
            self._tell({"event": "begin", "file": i, "source": source, "frames": frames, "writing": writing})
            return opened[-1]

        def prepared() -> Tracker:
            if passes > 1:
                frames = self._counted(i, frames_of(open_source(source)), opened[-1].info.frame_count)
                first_look(tracker, frames, lambda: self.stopped)
            return tracker

        pipeline = Pipeline(open_it, prepared, make_sinks(outputs, source), close_tracker=False)

        def look(*_: object) -> None:
            if not self._is_time():
                return
            snapshot = pipeline.snapshot()
            if any(sink.error for sink in snapshot.sinks):
                pipeline.stop()  # the others would not make it whole
            total = snapshot.source.frame_count if snapshot.source is not None else None
            share = None if not total else min(1.0, snapshot.frames / total)
            if share is not None and passes > 1:
                share = self._first_pass + (1 - self._first_pass) * share
            self._progress(i, "track", share, snapshot.frames, snapshot.fps, snapshot.tracked)

        pipeline.add_listener(look)
        self._pipeline = pipeline
        if self.stopped:  # asked for before the pipeline could be told
            pipeline.stop()
        return pipeline.run()

    def _counted(self, i: int, frames: Iterable[Frame], total: int | None) -> Iterable[Frame]:
        """Frames of the first pass, told as they go by."""
        began_s = time.monotonic()
        for n, frame in enumerate(frames, 1):
            yield frame
            if self._is_time():
                share = None if not total else self._first_pass * min(1.0, n / total)
                self._progress(i, "calibrate", share, n, n / max(time.monotonic() - began_s, 1e-6), 0)

    def _is_time(self) -> bool:
        now_s = time.monotonic()
        if now_s - self._told_s < TELL_S:
            return False
        self._told_s = now_s
        return True

    def _progress(self, i: int, stage: str, share: float | None, frames: int, fps: float, tracked: int) -> None:
        rounded = None if share is None else round(share, 4)
        counts = {"frames": frames, "fps": round(fps, 1), "tracked": tracked}
        self._tell({"event": "progress", "file": i, "stage": stage, "share": rounded, **counts})

    # ------------------------------------------------------------ its files

    def _fail(self, i: int, why: str, kept: Sequence[Path]) -> None:
        self.failed += 1
        line = " ".join(why.split())
        self._tell({"event": "failed", "file": i, "error": line, "outputs": [str(path) for path in kept]})

    @staticmethod
    def _keep(hidden: dict[Path, Path], mark: str = "") -> list[Path]:
        """Give what was written its name; what there is of it. Raises ``OSError``."""
        kept = []
        for path, part in hidden.items():
            if part.exists():
                named = path.with_stem(path.stem + mark)
                part.replace(named)
                kept.append(named)
        return kept

    @staticmethod
    def _give_up(hidden: dict[Path, Path]) -> None:
        for part in hidden.values():
            with suppress(OSError):
                part.unlink(missing_ok=True)


def _with_names(line: str, hidden: dict[Path, Path], mark: str = "") -> str:
    """An error about a hidden file, told of the one that it becomes or would have become."""
    for path, part in hidden.items():
        line = line.replace(str(part), str(path.with_stem(path.stem + mark)))
    return line


@contextmanager
def _warnings() -> Any:
    """The warnings that are logged meanwhile, in a list. What is said of outputs is left to who reports of the file."""

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno == logging.WARNING and (line := record.getMessage()) not in lines:
                lines.append(line)

    def not_of_outputs(record: logging.LogRecord) -> bool:
        return record.levelno != logging.ERROR

    lines: list[str] = []
    keep, logger, runner = Keep(logging.WARNING), logging.getLogger("app"), logging.getLogger("app.pipeline")
    logger.addHandler(keep)
    runner.addFilter(not_of_outputs)
    try:
        yield lines
    finally:
        logger.removeHandler(keep)
        runner.removeFilter(not_of_outputs)
