"""The baseline that ours is measured against: MediaPipe's ARKit blendshapes read as FACS intensities.

The table follows the common reading of ARKit's shapes as action units (Apple's ARFaceAnchor descriptions beside FACS;
the same pairs as in Ozel's "ARKit to FACS" cheat sheet). A coder gives a two-sided action its stronger side's
intensity, so does this. Weights are 0..1 and count as intensity / 5.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rig.parameters import CHANNELS

Array = NDArray[np.float64]

# AU column of the coding -> the shapes whose strongest is taken.
SHAPES_OF_AU: Final[dict[str, tuple[str, ...]]] = {
    "AU01": ("browInnerUp",),
    "AU02": ("browOuterUpLeft", "browOuterUpRight"),
    "AU04": ("browDownLeft", "browDownRight"),
    "AU05": ("eyeWideLeft", "eyeWideRight"),
    "AU06": ("cheekSquintLeft", "cheekSquintRight"),
    "AU07": ("eyeSquintLeft", "eyeSquintRight"),
    "AU09": ("noseSneerLeft", "noseSneerRight"),
    "AU10": ("mouthUpperUpLeft", "mouthUpperUpRight"),
    "AU12": ("mouthSmileLeft", "mouthSmileRight"),
    "AU14": ("mouthDimpleLeft", "mouthDimpleRight"),
    "AU15": ("mouthFrownLeft", "mouthFrownRight"),
    "AU17": ("mouthShrugLower",),
    "AU18": ("mouthPucker",),
    "AU20": ("mouthStretchLeft", "mouthStretchRight"),
    "AU22": ("mouthFunnel",),
    "AU25": ("mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight", "jawOpen"),
    "AU26": ("jawOpen",),
    "AU43_L": ("eyeBlinkLeft",),
    "AU43_R": ("eyeBlinkRight",),
}
SHAPES_OF_CHANNEL: Final[dict[str, tuple[str, ...]]] = {
    "AU19": ("tongueOut",),
    "AU24": ("mouthPressLeft", "mouthPressRight"),
    "AU28": ("mouthRollLower", "mouthRollUpper"),
    "AU29": ("jawForward",),
    "AU30-left": ("jawLeft",),
    "AU30-right": ("jawRight",),
    "AU34": ("cheekPuff",),
    "AU43-left": ("eyeBlinkLeft",),
    "AU43-right": ("eyeBlinkRight",),
}
"""Channels that the coding has not, or has otherwise."""
GAZE_FULL: Final = 5.0
"""A full eyeLook shape on the coder's -5..5 scale."""


def run_blendshapes(clip: Path, task: Path) -> tuple[Array, list[str]]:
    """MediaPipe's FaceLandmarker over a clip, video mode -> (frames, 52) weights 0..1 and their names.

    Frames without a face are NaN. Raises ``ValueError`` where the clip has no frame that can be decoded.
    """
    import cv2
    import mediapipe as mp
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(task)),
        running_mode=vision.RunningMode.VIDEO,
        output_face_blendshapes=True,
    )
    capture = cv2.VideoCapture(str(clip))
    fps = capture.get(cv2.CAP_PROP_FPS) or 30.0
    rows: list[list[float] | None] = []
    names: list[str] = []
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        while True:
            ok, bgr = capture.read()
            if not ok:
                break
            image = mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(bgr[..., ::-1]))
            shapes = landmarker.detect_for_video(image, int(len(rows) * 1000 / fps)).face_blendshapes
            names = names or [c.category_name for c in shapes[0]] if shapes else names
            rows.append([c.score for c in shapes[0]] if shapes else None)
    capture.release()
    if not rows:
        raise ValueError(f"{clip} has no frame that can be decoded")
    width = len(names) or 52
    return np.array([row or [np.nan] * width for row in rows]), names


def blendshapes_of_pictures(pictures: Iterable[NDArray[np.uint8]], task: Path) -> tuple[Array, list[str]]:
    """FaceLandmarker in its image mode, each picture by itself: (H, W, 3) RGB each -> (N, 52) weights, and their names.

    Pictures without a face are NaN; names are empty where there was none at all.
    """
    import mediapipe as mp
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(task)),
        running_mode=vision.RunningMode.IMAGE,
        output_face_blendshapes=True,
    )
    rows: list[list[float] | None] = []
    names: list[str] = []
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        for picture in pictures:
            image = mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(picture))
            shapes = landmarker.detect(image).face_blendshapes
            names = names or [c.category_name for c in shapes[0]] if shapes else names
            rows.append([c.score for c in shapes[0]] if shapes else None)
    width = len(names) or 52
    return np.array([row or [np.nan] * width for row in rows]), names


def columns(weights: Array, names: list[str]) -> dict[str, Array]:
    """(frames, 52) weights -> the coding's columns: AUs 0..5, ``AU12_asym`` and gaze -5..5; (frames,) each."""
    shape = {name: weights[:, i] for i, name in enumerate(names)}
    out = {au: 5 * np.max([shape[s] for s in shapes], axis=0) for au, shapes in SHAPES_OF_AU.items()}
    out["AU12_asym"] = 5 * (shape["mouthSmileLeft"] - shape["mouthSmileRight"])
    out["gaze_h"] = (
        GAZE_FULL
        / 2
        * (shape["eyeLookOutLeft"] - shape["eyeLookInLeft"] + shape["eyeLookInRight"] - shape["eyeLookOutRight"])
    )
    out["gaze_v"] = (
        GAZE_FULL
        / 2
        * (shape["eyeLookUpLeft"] + shape["eyeLookUpRight"] - shape["eyeLookDownLeft"] - shape["eyeLookDownRight"])
    )
    return out


def channels(weights: Array, names: list[str]) -> NDArray[np.float32]:
    """(frames, 52) weights 0..1 -> our 40 channels by the same reading, each side by itself; NaN where no shape says
    anything of a channel (AU16: ARKit's lower lip goes down with every parting of the lips)."""
    shape = {name: weights[:, i] for i, name in enumerate(names)}
    out = np.full((len(weights), len(CHANNELS)), np.nan, np.float32)
    for k, channel in enumerate(CHANNELS):
        stem, _, side = channel.partition("-")
        shapes = SHAPES_OF_CHANNEL.get(channel) or SHAPES_OF_AU.get(f"AU{int(stem[2:]):02d}", ())
        own = [s for s in shapes if not side or not s.endswith(("Left", "Right")) or s.endswith(side.capitalize())]
        if own and all(s in shape for s in own):
            out[:, k] = np.max([shape[s] for s in own], axis=0)
    return out


def minus_neutral(weights: Array, frame: int | NDArray[np.intp]) -> Array:
    """The fairer baseline: weights less those of the person's neutral frame, not below 0.

    ``frame``: the row at rest, or for each row its own (N,).
    """
    return np.clip(weights - weights[frame], 0, None)
