"""How near Mien's landmark engine comes to MediaPipe's FaceLandmarker, clip by clip.

    python -m models.compare_landmarks DATA_DIR --task face_landmarker.task

Prints a Markdown table. A point's distance between the two engines is given in percent of the distance between the eye
centres; a frame's number is the median over its 478 points, a clip's the median over its frames.

Two different networks stand behind the two columns (the bundle holds a newer one, 256 px without attention),
and FaceLandmarker smooths over time where it follows one face; the difference is not an error of either.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.runtime.landmarks import LandmarkEngine
from models.runtime.mediapipe_landmarks import MediaPipeLandmarks
from models.runtime.onnx_landmarks import OnnxLandmarks
from models.runtime.sessions import ModelError

EYES = ((33, 133), (362, 263))
"""Corners of the right and of the left eye."""
REGIONS = {"lips": (0, 13, 14, 17, 37, 39, 61, 78, 84, 181, 267, 269, 291, 308, 314, 405), "irises": range(468, 478)}


@dataclass
class Comparison:
    """Two engines over one clip. Distances in percent of the distance between the eyes, one number per frame."""

    name: str
    frames: int = 0
    only_first: int = 0
    only_second: int = 0
    all_points: list[float] = field(default_factory=list)
    regions: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in REGIONS})
    ms: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))
    """Time of each ``detect``, milliseconds, per engine."""

    @property
    def both(self) -> int:
        return len(self.all_points)


def eye_distance(points: NDArray[np.float32]) -> float:
    """Between the centres of the eyes, in the unit of the (478, 2 or 3) points; x and y only."""
    right, left = (points[list(corners), :2].mean(axis=0) for corners in EYES)
    return float(np.linalg.norm(left - right))


def read_clip(path: Path, stride: int = 1) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """(time in seconds, RGB picture) of every ``stride``-th frame. Raises FileNotFoundError for what cannot be read."""
    capture = cv2.VideoCapture(str(path))
    if not capture.isOpened():
        raise FileNotFoundError(f"{path}: not a clip that OpenCV can read")
    rate = capture.get(cv2.CAP_PROP_FPS) or 30.0
    index = 0
    while True:
        ok, picture = capture.read()
        if not ok:
            break
        if index % stride == 0:
            yield index / rate, cv2.cvtColor(picture, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
        index += 1
    capture.release()


def compare(first: LandmarkEngine, second: LandmarkEngine, path: Path, stride: int = 1) -> Comparison:
    """Runs both engines over a clip from a clean start; distances are measured against the second."""
    result = Comparison(path.stem)
    first.reset()
    second.reset()
    for time_s, picture in read_clip(path, stride):
        result.frames += 1
        found = []
        for engine, times in zip((first, second), result.ms, strict=True):
            start = time.perf_counter()
            found.append(engine.detect(picture, time_s))
            times.append(1000 * (time.perf_counter() - start))
        a, b = found
        if a is not None and b is not None:
            off = np.linalg.norm((a.points - b.points)[:, :2], axis=1) * 100 / eye_distance(b.points)
            result.all_points.append(float(np.median(off)))
            for name, points in REGIONS.items():
                result.regions[name].append(float(np.median(off[list(points)])))
        else:
            result.only_first += a is not None
            result.only_second += b is not None
    return result


def table(results: Sequence[Comparison]) -> str:
    """The comparisons as a Markdown table, with a line over all frames at the end."""
    head = ["clip", "frames", "both", "only Mien", "only MediaPipe", "median %", "95th %", "lips %", "irises %",
            "ms Mien", "ms MediaPipe"]  # fmt: skip
    total = Comparison("**all**")
    for r in results:
        total.frames += r.frames
        total.only_first += r.only_first
        total.only_second += r.only_second
        total.all_points += r.all_points
        for name in REGIONS:
            total.regions[name] += r.regions[name]
        total.ms[0].extend(r.ms[0])
        total.ms[1].extend(r.ms[1])
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    for r in [*results, total]:
        numbers = [_median(r.all_points), _percentile(r.all_points, 95), *(_median(r.regions[n]) for n in REGIONS)]
        cells = [r.name, *map(str, (r.frames, r.both, r.only_first, r.only_second))]
        cells += ["-" if np.isnan(n) else f"{n:.2f}" for n in (*numbers, *map(_median, r.ms))]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _median(values: Sequence[float]) -> float:
    return _percentile(values, 50)


def _percentile(values: Sequence[float], q: float) -> float:
    return float(np.percentile(values, q)) if values else float("nan")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Compare Mien's landmarks with MediaPipe's FaceLandmarker.")
    parser.add_argument("data", type=Path, help="folder with clips/*.mp4")
    parser.add_argument("--task", type=Path, required=True, help="face_landmarker.task")
    parser.add_argument("--stride", type=int, default=1, help="take every n-th frame (default: all)")
    args = parser.parse_args(argv)
    clips = sorted((args.data / "clips").glob("*.mp4"))
    if not clips:
        print(f"compare_landmarks: no clips/*.mp4 under {args.data}", file=sys.stderr)
        return 2
    try:
        first, second = OnnxLandmarks("cpu"), MediaPipeLandmarks(args.task)
        print(table([compare(first, second, clip, args.stride) for clip in clips]))
    except (ModelError, FileNotFoundError) as error:
        print(f"compare_landmarks: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
