"""Aligned views of the real faces of a folder: ``python -m models.real_faces ../shared/data --out DIR``.

Writes one npz a clip and one for all stills, with the keys of ``models.faces.Faces`` (NaN, or -1, where nothing is
known of a real face) and ``frame``, ``clip`` and ``held_out`` beside them. What people share a number, who wears
glasses and who is held aside from every training is listed below, as looked at; a folder with other files works too,
each file then being a person of its own.

``resting`` is found without any trained regressor: a clip's reference face is the frame that a person named as neutral
(NEUTRAL) or else the median over the frames with the lips nearest together and the eyes open; resting are the frames
nearest to it that neither blink nor part the lips, at most RESTING_SHARE of the clip. Stills never rest.
"""

import argparse
import zlib
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from models.evaluate import NEUTRAL_FRAMES
from models.faces import HELD_OUT_EVERY
from models.render_dataset import read_landmarks
from models.runtime.alignment import Camera, align, fit_head, head_pose
from models.runtime.crop import aligned_view, crop_matrix, five_points, transform_points
from models.runtime.engines import make_landmark_engine
from models.runtime.landmarks import LandmarkEngine
from models.training.landmark_labels import landmark_labels
from rig.parameters import CHANNELS, N_IDENTITY

Rows = dict[str, NDArray]

HELD_ASIDE: Final = frozenset({
    "em_a", "lp_d3", "lp_d12", "ls_demo2", "st_speech2",
    "flux_man_0010_0", "flux_man_0055_0", "flux_man_0119_0", "flux_man_0211_0", "flux_woman_0035_0",
    "flux_woman_0101_0", "flux_woman_0175_0", "flux_woman_0253_0", "fr_test_images_biden_0", "lp_d8_0",
    "pf_0-f15-hao-ph_0", "pf_single_face_0", "st_source_image_happy1_0",
})  # fmt: skip
"""A fifth of the people, by a file of theirs; whoever shares their number is held aside with them."""
SAME_PERSON: Final = {
    "pf_face_noface": "pf_single_face", "pf_noface_face": "pf_single_face",
    "fr_test_images_obama2_0": "fr_test_images_obama_0", "fr_test_images_obama3_0": "fr_test_images_obama_0",
    "fr_test_obama_and_biden_0": "fr_test_images_obama_0",
    "st_source_image_sad1_0": "st_source_image_happy1_0", "st_source_image_sad_0": "st_source_image_happy_0",
}  # fmt: skip
"""Files that plainly show the person of another file."""
WITH_GLASSES: Final = frozenset({"lp_d9", "lp_d12", "lp_d19", "lp_d8_0"})
SKIPPED: Final = frozenset({"pf_multi_face_whole", "pf_no_face"})
"""A group of the very people that ``pf_multi_face_*`` show one by one, and a cartoon's title."""

FIRST_PERSON: Final = 1_200_000
"""Beyond every rendered person; a multiple of HELD_OUT_EVERY."""
EVERY, AT_MOST = 3, 110
"""Every third frame, and more seldom in a long clip."""
NEUTRAL: Final = {**NEUTRAL_FRAMES, "pf_two_moods": 245}
"""Frames that show a clip's person at rest, chosen by eye."""
RESTING_SHARE, RESTING_M = 0.2, 0.002
"""Largest share of a clip, and largest mean distance of the aligned landmarks to the reference's, metres."""
PARTED_M, AWAKE = 0.0012, 0.75
"""Lips may be further apart than the reference's by so much, and eyes open to this share of its eyes."""


def person_number(name: str) -> int:
    """The number of the person that a file (its stem) shows; a multiple of HELD_OUT_EVERY for people held aside, so
    that ``Faces.held_out`` holds for rendered and real people alike."""
    name = SAME_PERSON.get(name, name)
    own = zlib.crc32(name.encode()) % 1_000_000  # stays when files come and go
    aside = name in HELD_ASIDE
    return FIRST_PERSON + own * HELD_OUT_EVERY + (0 if aside else 1 + own % (HELD_OUT_EVERY - 1))


def face_row(picture: NDArray[np.uint8], engine: LandmarkEngine, name: str, frame: int) -> Rows | None:
    """What is known of the face in a picture (H, W, 3) RGB of the file ``name``; None where there is none."""
    found = read_landmarks(engine, picture)
    if found is None:
        return None
    fit = fit_head(found)
    matrix = crop_matrix(five_points(fit))
    points = transform_points(matrix, found[:, :2])
    pose = head_pose(found, Camera.of_image(picture.shape[1], picture.shape[0]))
    number = person_number(name)
    return {
        "picture": aligned_view(picture, matrix),
        "labels": landmark_labels(points, glasses=name in WITH_GLASSES),
        "points": points.astype(np.float16),
        "found": align(found, fit),
        "true": np.full((478, 3), np.nan, np.float32),
        "au": np.full(len(CHANNELS), np.nan, np.float32),
        "gaze_deg": np.full(4, np.nan, np.float32),
        "euler_deg": pose.euler_deg.astype(np.float32),
        "identity": np.full(N_IDENTITY, np.nan, np.float32),
        "brow_style": np.array(-1, np.int64),
        "person": np.array(number, np.int64),
        "session": np.array(zlib.crc32(name.encode()), np.int64),
        "resting": np.array(False),
        "frame": np.array(frame, np.int64),
        "clip": np.array(name),
        "held_out": np.array(number % HELD_OUT_EVERY == 0),
    }


def find_resting(found: NDArray[np.float32], neutral: int | None) -> NDArray[np.bool_]:
    """Which frames of one clip are near the person's neutral face.

    Args:
        found: (T, 478, 3) aligned landmarks, metres.
        neutral: The row nearest to the frame that was named as neutral, if one was.

    Returns:
        (T,) at least one frame.
    """
    gap = np.linalg.norm(found[:, 13] - found[:, 14], axis=-1)
    opening = np.linalg.norm(found[:, [159, 386]] - found[:, [145, 374]], axis=-1).mean(-1)
    if neutral is not None:
        reference = found[neutral]
    else:
        calm = (gap <= np.quantile(gap, 0.3)) & (opening >= np.quantile(opening, 0.3))
        reference = np.median(found[calm] if calm.any() else found, axis=0)
        neutral = int(np.linalg.norm(found - reference, axis=-1).mean(-1).argmin())
    distance = np.linalg.norm(found - reference, axis=-1).mean(-1)
    # The mean over the face is blind to what is small: a blink, lips that part.
    shut = (gap <= gap[neutral] + PARTED_M) & (opening >= AWAKE * opening[neutral])
    near = shut & (distance <= RESTING_M)
    order = np.argsort(np.where(near, distance, np.inf))
    near[order[max(1, int(RESTING_SHARE * len(found))) :]] = False
    near[neutral] = True
    return near


def read_clip(path: Path, engine: LandmarkEngine) -> list[Rows]:
    """Rows of a clip's sampled frames with a face."""
    clip = cv2.VideoCapture(str(path))
    step = max(EVERY, -(-int(clip.get(cv2.CAP_PROP_FRAME_COUNT)) // AT_MOST))
    rows: list[Rows] = []
    frame = 0
    while clip.grab():
        if frame % step == 0:
            picture = cv2.cvtColor(np.asarray(clip.retrieve()[1], np.uint8), cv2.COLOR_BGR2RGB)
            row = face_row(np.asarray(picture, np.uint8), engine, path.stem, frame)
            rows += [] if row is None else [row]
        frame += 1
    clip.release()
    if rows:
        named = NEUTRAL.get(path.stem)
        near = None if named is None else int(np.argmin([abs(int(row["frame"]) - named) for row in rows]))
        for row, rests in zip(rows, find_resting(np.array([row["found"] for row in rows]), near), strict=True):
            row["resting"] = np.array(rests)
    return rows


def read_still(path: Path, engine: LandmarkEngine) -> list[Rows]:
    """The row of a picture, if it is one and shows a face."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        return []
    row = face_row(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8), engine, path.stem, 0)
    return [] if row is None else [row]


def write(path: Path, rows: list[Rows]) -> None:
    part = path.with_suffix(".part.npz")
    np.savez(part, **{name: np.array([row[name] for row in rows]) for name in rows[0]})  # type: ignore[arg-type]
    part.replace(path)
    resting, aside = (sum(int(row[name]) for row in rows) for name in ("resting", "held_out"))
    print(f"{path.name}: {len(rows)} faces, {resting} at rest, {aside} held aside", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder that holds clips/ and stills/")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    clips, stills = (sorted((args.data / name).glob("*")) for name in ("clips", "stills"))
    if not clips and not stills:
        raise SystemExit(f"{args.data} holds neither clips/ nor stills/: give the folder with the real faces")
    args.out.mkdir(parents=True, exist_ok=True)
    engine = make_landmark_engine("onnx", "cpu")
    for path in clips:
        if path.stem not in SKIPPED and (rows := read_clip(path, engine)):
            write(args.out / f"{path.stem}.npz", rows)
    pictures = [row for path in stills if path.stem not in SKIPPED for row in read_still(path, engine)]
    if pictures:
        write(args.out / "stills.npz", pictures)


if __name__ == "__main__":
    main()
