"""A sheet of the strongest frames of all clips: the face beside the rig that copies it, for a person to judge.

    python -m models.strongest_frames ../shared/data --out DIR [--model auto] [--frames 40]

``mien track`` (filter off) reads every clip under ``DATA_DIR/clips``; the frames with the strongest actions are taken,
at most ``PER_CLIP`` of a clip and not close to each other, in turn by AU so that rare actions get their place. Each is
shown as the aligned face (which takes the roll out) and the rig in the same head rotation and gaze, wearing the
identity that the clip's median face gives, with its three strongest AUs. Writes ``strongest_1.png`` ... (``PER_SHEET``
frames each) and ``strongest.csv``.
"""

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from models.evaluation.tracked import Array, au_columns, channels_of, gaze_deg, head_rotation, track
from models.runtime.alignment import align, fit_head, quaternion_from_rotation
from models.runtime.crop import aligned_view, crop_matrix, five_points
from models.runtime.engines import make_landmark_engine
from models.runtime.landmarks import LandmarkEngine
from models.runtime.regressor import GeometricRegressor
from models.runtime.sessions import ModelError
from rig.parameters import IDENTITY_BASE, N_IDENTITY
from rig.scene import FaceScene

Picture = NDArray[np.uint8]
F = NDArray[np.float32]
SIDE: Final = 256
"""Pixels of a face, and of the rig beside it."""
VIEW_ANGLE_DEG: Final = 11.5
"""Of the rig's camera: its face about as large as the aligned one."""
CAPTION: Final = 34
COLUMNS: Final = 4
PER_SHEET: Final = 20
PER_CLIP: Final = 3
APART_S: Final = 0.6
"""Frames of a clip are at least so far apart."""
NAMED: Final = 3
"""Actions printed under a frame."""
IDENTITY_FRAMES: Final = 12
"""Frames of a clip from which its person's identity is read."""


@dataclass(frozen=True)
class Clip:
    """A tracked clip; arrays of (T, ...), NaN in frames without a face."""

    path: Path
    fps: float
    au: Array
    """(T, 40) channels 0..1."""
    rotation: Array
    """(T, 3, 3) head to camera, the identity facing it."""
    left_deg: Array
    right_deg: Array
    """(T, 2) gaze in the head."""


@dataclass(frozen=True)
class Strong:
    """A chosen frame: of which clip, and for which action it was taken."""

    clip: int
    frame: int
    au: str
    value: float
    """0..5"""


def read_clip(path: Path, model: str) -> Clip:
    """Raises ``SystemExit`` with the tracker's message where it fails."""
    table = track(path, "auto", model)
    rotation = head_rotation(table)
    left, right = gaze_deg(table, rotation)
    fps = 1 / max(float(np.median(np.diff(table["timestamp"]))), 1e-3) if len(table["timestamp"]) > 1 else 30.0
    return Clip(path, fps, channels_of(table), rotation, left, right)


def named(au: Array) -> dict[str, Array]:
    """(T, 40) -> the actions that are chosen by and printed, (T,) each 0..5: the stronger side of two, AU43 once."""
    return {name: values for name, values in au_columns(au).items() if not name.startswith("AU43_")}


def choose(clips: list[Clip], count: int, per_clip: int = PER_CLIP) -> list[Strong]:
    """The strongest frames, spread over actions and clips.

    Actions take turns: each takes its strongest frame that is still free (its clip not full, no chosen frame near it),
    until there are enough or none is left. Within a turn the action that is strongest anywhere goes first.
    """
    candidates = {}
    for name in named(clips[0].au) if clips else ():
        frames = [(k, n, v) for k, clip in enumerate(clips) for n, v in enumerate(named(clip.au)[name]) if v >= 1]
        candidates[name] = sorted(frames, key=lambda c: -c[2])
    chosen: list[Strong] = []

    def free(clip: int, frame: int) -> bool:
        own = [s.frame for s in chosen if s.clip == clip]
        return len(own) < per_clip and all(abs(f - frame) >= APART_S * clips[clip].fps for f in own)

    while len(chosen) < count:
        before = len(chosen)
        for name in sorted(candidates, key=lambda n: -candidates[n][0][2] if candidates[n] else 0):
            left = candidates[name] = [c for c in candidates[name] if free(c[0], c[1])]
            if left and len(chosen) < count:
                chosen.append(Strong(left[0][0], left[0][1], name, float(left[0][2])))
        if len(chosen) == before:
            break
    return chosen


def strongest(au: Array, count: int = NAMED) -> list[tuple[str, float]]:
    """(40,) channels of a frame -> its strongest actions and their intensity 0..5, strongest first."""
    values = {name: float(v[0]) for name, v in named(au[None]).items()}
    return sorted(values.items(), key=lambda item: -item[1])[:count]


def frames_of(path: Path, wanted: set[int]) -> dict[int, Picture]:
    """Frame number -> (H, W, 3) RGB, decoded in order as the tracker does (seeking is inexact in many files)."""
    capture, n = cv2.VideoCapture(str(path)), 0
    out: dict[int, Picture] = {}
    while len(out) < len(wanted):
        ok, bgr = capture.read()
        if not ok:
            break
        if n in wanted:
            out[n] = np.ascontiguousarray(bgr[..., ::-1], np.uint8)
        n += 1
    capture.release()
    return out


@dataclass(frozen=True)
class Face:
    """A face cut out of a picture."""

    view: Picture
    """(SIDE, SIDE, 3) aligned."""
    landmarks: F
    """(478, 3) aligned, head frame, metres."""
    turned: F
    """(3, 3) by how much the view turns the picture, about the camera's axis."""


def face_of(picture: Picture, engine: LandmarkEngine) -> Face | None:
    engine.reset()
    found = engine.detect(picture, 0.0)
    if found is None:
        return None
    fit = fit_head(found.points)
    matrix = crop_matrix(five_points(fit), SIDE)
    cos, sin = matrix[:, 0] / np.hypot(*matrix[:, 0])
    turned = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]], np.float32)
    return Face(aligned_view(picture, matrix, SIDE), align(found.points, fit), turned)


def identity_of(clip: Clip, engine: LandmarkEngine, regressor: GeometricRegressor) -> F:
    """(208,) who is seen in a clip: the identity of its median face; the base face where none is found."""
    tracked = np.flatnonzero(np.isfinite(clip.au[:, 0]))
    some = (
        {int(n) for n in tracked[np.linspace(0, len(tracked) - 1, IDENTITY_FRAMES).astype(int)]}
        if len(tracked)
        else set()
    )
    seen = [face_of(picture, engine) for picture in frames_of(clip.path, some).values()]
    faces = [face.landmarks for face in seen if face is not None]
    if not faces:
        return np.full(N_IDENTITY, IDENTITY_BASE, np.float32)
    median = np.median(faces, axis=0).astype(np.float32)
    return regressor.predict(median, median).identity


def tile(face: Picture, rig: Picture, caption: tuple[str, str]) -> Picture:
    """(SIDE + CAPTION, 2 * SIDE, 3) face and rig with two lines of text under them."""
    text = np.full((CAPTION, 2 * SIDE, 3), 24, np.uint8)
    for k, line in enumerate(caption):
        at = (4, 13 + 15 * k)
        cv2.putText(text, line, at, cv2.FONT_HERSHEY_SIMPLEX, 0.42, (235, 235, 235), 1, cv2.LINE_AA)
    return np.vstack([np.hstack([face, rig]), text])


def sheet(tiles: list[Picture], columns: int = COLUMNS) -> Picture:
    """Tiles of one size, row by row, the last row filled up with black."""
    blank = np.zeros_like(tiles[0])
    filled = tiles + [blank] * (-len(tiles) % columns)
    return np.vstack([np.hstack(filled[k : k + columns]) for k in range(0, len(filled), columns)])


def draw(clips: list[Clip], chosen: list[Strong]) -> list[tuple[Strong, Picture]]:
    """A tile for each chosen frame in which the face is found again, by clip and frame."""
    engine, regressor = make_landmark_engine("onnx", "cpu"), GeometricRegressor.load("cpu")
    scene = FaceScene(SIDE, SIDE)
    scene.set_framing("face", view_angle_deg=VIEW_ANGLE_DEG)
    out = []
    for k, clip in enumerate(clips):
        mine = sorted((s for s in chosen if s.clip == k), key=lambda s: s.frame)
        if not mine:
            continue
        identity = identity_of(clip, engine, regressor)
        pictures = frames_of(clip.path, {s.frame for s in mine})
        for s in mine:
            seen = face_of(pictures[s.frame], engine) if s.frame in pictures else None
            if seen is None:
                continue
            n, au = s.frame, clip.au[s.frame].astype(np.float32)
            left, right = clip.left_deg[n].astype(np.float32), clip.right_deg[n].astype(np.float32)
            turn = quaternion_from_rotation(seen.turned @ clip.rotation[n].astype(np.float32))
            scene.set_face(au, left, right, turn, identity)
            actions = "  ".join(f"{name} {value:.1f}" for name, value in strongest(clip.au[n]))
            out.append((s, tile(seen.view, scene.render(), (f"{clip.path.stem} {n}  for {s.au}", actions))))
    scene.close()
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DATA_DIR", help="holds clips/*.mp4")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--model", default="auto", help="as for mien track")
    parser.add_argument("--frames", type=int, default=40)
    args = parser.parse_args()
    paths = sorted((args.data / "clips").glob("*.mp4"))
    if not paths:
        raise SystemExit(f"{args.data / 'clips'} holds no *.mp4")
    clips = [read_clip(path, args.model) for path in paths]
    try:
        drawn = draw(clips, choose(clips, args.frames))
    except ModelError as error:
        raise SystemExit(str(error)) from error
    if not drawn:
        raise SystemExit("no frame of these clips shows any action")
    args.out.mkdir(parents=True, exist_ok=True)
    for k in range(0, len(drawn), PER_SHEET):
        path = args.out / f"strongest_{k // PER_SHEET + 1}.png"
        cv2.imwrite(str(path), sheet([picture for _, picture in drawn[k : k + PER_SHEET]])[..., ::-1])
        print(path)
    with (args.out / "strongest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["clip", "frame", "taken_for", "intensity", *(f"strongest_{k + 1}" for k in range(NAMED))])
        for s, _ in drawn:
            actions = [f"{name} {value:.2f}" for name, value in strongest(clips[s.clip].au[s.frame])]
            writer.writerow([clips[s.clip].path.stem, s.frame, s.au, f"{s.value:.2f}", *actions])


if __name__ == "__main__":
    main()
