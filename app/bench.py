"""``mien bench``: how long every stage takes, and the whole way from a decoded frame to its OSC packet.

With ``--task`` MediaPipe's FaceLandmarker (blendshapes on) runs in the same process on the same frames, in blocks that
take turns in going first, so that whatever else the machine does hits both alike. Each runs as its users run it: one
caller, one frame at a time; our networks with one thread, MediaPipe with its own default.
"""

import json
import os
import platform
import socket
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from app.capture import Frame, camera_number, frames_of, open_source
from app.errors import UserError
from app.outputs.osc_mien import MienOsc
from app.outputs.sink import check_writable
from app.tracker import TrackerSettings, make_tracker
from models.runtime.sessions import Device

BLOCK_FRAMES = 10
WARMUP_FRAMES = 30

Times = dict[str, list[float]]
"""Milliseconds per stage, one value a frame."""


def endless(spec: str) -> Iterator[Frame]:
    """The frames of a recorded source, from the start again when it ends; index and times keep growing."""
    if camera_number(spec) is not None:
        raise UserError(f"camera {spec}: bench needs a file, so that both engines see the same frames")
    index = 0
    while True:
        source = open_source(spec)
        for frame in frames_of(source):
            yield replace(frame, index=index, media_time_s=index / source.info.fps)
            index += 1


def run_bench(
    spec: str,
    *,
    task: Path | None,
    json_path: Path | None,
    frames: int,
    model: str = "auto",
    device: Device = "auto",
) -> int:
    """Measure, print, and write ``json_path`` if given. Raises ``UserError`` for a source, model or path not usable."""
    if json_path is not None:
        check_writable(json_path)
    if task is not None and not task.is_file():
        raise UserError(f"{task}: no such file; --task is MediaPipe's face_landmarker.task")
    report = measure(spec, task, frames, model, device)
    print(as_text(report))
    if json_path is not None:
        json_path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


def measure(spec: str, task: Path | None, frames: int, model: str = "auto", device: Device = "auto") -> dict[str, Any]:
    """The whole measurement as plain data; times in milliseconds, ``ratio_to_mediapipe`` None without ``task``."""
    stream = endless(spec)
    warmup = list(islice(stream, WARMUP_FRAMES))
    with ExitStack() as stack:
        ours = stack.enter_context(closing(_Ours(model, device)))
        ours.run(warmup)
        rss_mib = peak_rss_mib()  # before MediaPipe is loaded
        theirs = None
        if task is not None:
            with _quiet_stderr():
                theirs = stack.enter_context(closing(_MediaPipe(task)))
                theirs.run(warmup)
            theirs.forget()
        ours.forget()
        ratios: list[float] = []
        turns = [ours.run] if theirs is None else [ours.run, theirs.run]
        for done in range(0, frames, BLOCK_FRAMES):
            block = list(islice(stream, min(BLOCK_FRAMES, frames - done)))
            for run in turns:
                run(block)
            turns.reverse()
            if theirs is not None:
                both = ours.times_ms["total"][done:], theirs.times_ms[done:]
                ratios.append(float(np.median(both[0]) / np.median(both[1])))
    stages = {name: _summary(values) for name, values in ours.times_ms.items()}
    peer = _summary(theirs.times_ms) if theirs is not None else None
    return {
        "source": spec,
        "image_size": list(warmup[0].image.shape[1::-1]),
        "frames": frames,
        "tracked": ours.tracked,
        "model": ours.model,
        "device": ours.device,
        "cpu_ms": {"mien": ours.cpu_ms, "mediapipe": theirs.cpu_ms if theirs is not None else None},
        "cpu_ratio_to_mediapipe": ours.cpu_ms / theirs.cpu_ms if theirs is not None else None,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "load_average": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "stages_ms": stages,
        "frames_per_s": 1e3 / stages["total"]["median"],
        "peak_rss_mib": rss_mib,
        "mediapipe_ms": peer,
        "ratio_to_mediapipe": stages["total"]["median"] / peer["median"] if peer is not None else None,
        "ratio_of_blocks": dict(zip(("p25", "p75"), np.percentile(ratios, (25, 75)).tolist(), strict=True))
        if ratios
        else None,
    }


class _Runner:
    """Takes blocks of frames, and knows how much of the processor they took."""

    def __init__(self) -> None:
        self._busy_s, self._frames = 0.0, 0

    @property
    def cpu_ms(self) -> float:
        """Processor time a frame since ``forget``, over all threads: what others do on the machine is not in it."""
        return 1e3 * self._busy_s / max(self._frames, 1)

    def forget(self) -> None:
        """What was measured so far was warming up."""
        self._busy_s, self._frames = 0.0, 0

    def run(self, block: list[Frame]) -> None:
        started_s = time.process_time()
        self._run(block)
        self._busy_s += time.process_time() - started_s
        self._frames += len(block)

    def _run(self, block: list[Frame]) -> None:
        raise NotImplementedError


class _MediaPipe(_Runner):
    """FaceLandmarker in video mode with blendshapes, one face: what its users call, nothing of ours around it."""

    def __init__(self, task: Path) -> None:
        from mediapipe.tasks.python import BaseOptions, vision

        super().__init__()
        self.times_ms: list[float] = []
        try:
            self._landmarker = vision.FaceLandmarker.create_from_options(
                vision.FaceLandmarkerOptions(
                    base_options=BaseOptions(model_asset_buffer=task.read_bytes()),
                    running_mode=vision.RunningMode.VIDEO,
                    output_face_blendshapes=True,
                )
            )
        except (RuntimeError, ValueError) as error:
            raise UserError(f"{task}: MediaPipe cannot read it as a face_landmarker.task bundle") from error

    def forget(self) -> None:
        super().forget()
        self.times_ms.clear()

    def _run(self, block: list[Frame]) -> None:
        from mediapipe import Image, ImageFormat

        for frame in block:
            start = time.perf_counter()
            picture = Image(image_format=ImageFormat.SRGB, data=frame.image)
            self._landmarker.detect_for_video(picture, round(1000 * frame.media_time_s))
            self.times_ms.append(1e3 * (time.perf_counter() - start))

    def close(self) -> None:
        self._landmarker.close()


class _Ours(_Runner):
    """The whole headless way: tracker, then the OSC packet on its way to a socket on this machine."""

    def __init__(self, model: str, device: Device) -> None:
        super().__init__()
        self.times_ms: Times = defaultdict(list)
        self.tracked = 0
        self._tracker = make_tracker(TrackerSettings(model=model, device=device))
        self.model, self.device = self._tracker.model, self._tracker.device
        self._ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._ear.bind(("127.0.0.1", 0))
        self._osc = MienOsc([f"127.0.0.1:{self._ear.getsockname()[1]}"])

    def forget(self) -> None:
        super().forget()
        self.times_ms.clear()
        self.tracked = 0

    def _run(self, block: list[Frame]) -> None:
        for frame in block:
            start = time.perf_counter()
            face = self._tracker.track(frame)
            sending = time.perf_counter()
            self._osc.write(face)
            end = time.perf_counter()
            self.tracked += face.tracked
            stages = {**face.latency_ms, "osc": 1e3 * (end - sending), "total": 1e3 * (end - start)}
            for name, value in stages.items():
                self.times_ms[name].append(value)

    def close(self) -> None:
        self._osc.close()
        self._ear.close()
        self._tracker.close()


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Whatever C++ writes to stderr meanwhile is lost: MediaPipe's start-up notes obey no setting."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _summary(values: list[float]) -> dict[str, float]:
    median, p95 = np.percentile(values, (50, 95))
    return {"median": float(median), "p95": float(p95)}


def peak_rss_mib() -> float | None:
    """The most memory this process has held so far, MiB; None where the system does not say."""
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024
    except OSError:
        try:
            import resource
        except ImportError:  # Windows
            return None
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # bytes on macOS


def as_text(report: dict[str, Any]) -> str:
    """The report for a person."""
    width, height = report["image_size"]
    lines = [
        f"{report['source']}: {report['frames']} frames of {width}x{height}, {report['tracked']} with a face",
        f"{report['model']} regressor on {report['device']}; {report['machine']}",
        f"{'stage':<22}{'median ms':>10}{'p95 ms':>10}",
    ]
    rows = {**report["stages_ms"]}
    total = rows.pop("total")
    lines += [f"{name:<22}{v['median']:>10.2f}{v['p95']:>10.2f}" for name, v in rows.items()]
    lines.append(f"{'frame to OSC packet':<22}{total['median']:>10.2f}{total['p95']:>10.2f}")
    if report["mediapipe_ms"] is None:
        lines.append("MediaPipe not measured: give its face_landmarker.task with --task PATH")
    else:
        peer, blocks = report["mediapipe_ms"], report["ratio_of_blocks"]
        lines.append(f"{'MediaPipe, same frames':<22}{peer['median']:>10.2f}{peer['p95']:>10.2f}")
        lines.append(
            f"ratio_to_mediapipe {report['ratio_to_mediapipe']:.2f}"
            f" (half of all blocks {blocks['p25']:.2f} to {blocks['p75']:.2f}; below 1 is faster than MediaPipe)"
        )
        cpu = report["cpu_ms"]
        lines.append(
            f"processor time a frame, all threads: {cpu['mien']:.2f} ms, MediaPipe {cpu['mediapipe']:.2f} ms,"
            f" ratio {report['cpu_ratio_to_mediapipe']:.2f}"
        )
    if report["load_average"] is not None and report["load_average"] > (os.cpu_count() or 1):
        lines.append(f"the machine is busy (load {report['load_average']:.1f}): trust the ratio more than the times")
    if report["peak_rss_mib"] is not None:
        lines.append(f"peak memory {report['peak_rss_mib']:.0f} MiB (before MediaPipe is loaded)")
    return "\n".join(lines)
