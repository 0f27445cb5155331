"""The hand-coded real frames for networks that answer for themselves: views and landmarks, each beside the frame of
its clip that the coder took for rest. No tracker, so no filter, rules or running neutral come between.

What a user gets is ``models.evaluate DATA_DIR``; this is what tells two sets of weights apart in seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.evaluation.hand_coding import AU_COLUMNS, NEUTRAL_FRAMES, Coding, read_coding
from models.evaluation.regressors import Views
from models.evaluation.score_tables import Scores, score
from models.evaluation.tracked import au_columns
from models.real_faces import face_row
from models.runtime.engines import make_landmark_engine

F = NDArray[np.float32]


@dataclass(frozen=True)
class CodedFrames:
    """N coded frames in which a face was found."""

    coding: Coding
    """Of these frames only, in their order."""
    views: Views
    rest: Views
    """Of the same clip at rest, frame by frame."""

    def __len__(self) -> int:
        return len(self.views)

    def scores(self, channels: Mapping[str, F]) -> Scores:
        """Per system (N, 40) channels 0..1 -> agreement with the coder, AU by AU (``au_columns``)."""
        coded = {au: self.coding.columns[au] for au in AU_COLUMNS}
        return score(coded, {name: au_columns(au.astype(np.float64)) for name, au in channels.items()})


def read_coded_frames(data: Path) -> CodedFrames:
    """Of ``data``/au_hand_dev.csv and the clips beside it.

    Raises SystemExit with one line where the file or a clip is missing, or a clip's frame at rest shows no face.
    """
    coding = read_coding(data / "au_hand_dev.csv")
    engine = make_landmark_engine("onnx", "cpu")
    seen = {}
    for clip in dict.fromkeys(coding.clips):
        own = {int(f) for name, f in zip(coding.clips, coding.frames, strict=True) if name == clip}
        rows = read_frames(data / "clips" / f"{clip}.mp4", own | {NEUTRAL_FRAMES[clip]})
        for frame, picture in rows.items():
            seen[clip, frame] = face_row(picture, engine, clip, frame)
        if seen.get((clip, NEUTRAL_FRAMES[clip])) is None:
            raise SystemExit(f"{clip}: no face in frame {NEUTRAL_FRAMES[clip]}, which the coder compared with")
    frames = list(zip(coding.clips, coding.frames.tolist(), strict=True))
    kept = [k for k, frame in enumerate(frames) if seen.get(frame) is not None]

    def views(wanted: list[tuple[str, int]]) -> Views:
        rows = [row for row in (seen[frame] for frame in wanted) if row is not None]
        return Views(np.stack([row["picture"] for row in rows]), np.stack([row["found"] for row in rows]))

    return CodedFrames(
        Coding([coding.clips[k] for k in kept], coding.frames[kept], {n: c[kept] for n, c in coding.columns.items()}),
        views([frames[k] for k in kept]),
        views([(frames[k][0], NEUTRAL_FRAMES[frames[k][0]]) for k in kept]),
    )


def read_frames(path: Path, wanted: set[int]) -> dict[int, NDArray[np.uint8]]:
    """Frame number -> picture (H, W, 3) RGB. Raises SystemExit where the clip is missing or too short."""
    clip = cv2.VideoCapture(str(path))
    found = {}
    for frame in range(max(wanted) + 1):
        if not clip.grab():
            raise SystemExit(f"{path}: frame {frame} cannot be read, but frame {max(wanted)} is coded")
        if frame in wanted:
            found[frame] = np.asarray(cv2.cvtColor(np.asarray(clip.retrieve()[1]), cv2.COLOR_BGR2RGB), np.uint8)
    clip.release()
    return found
