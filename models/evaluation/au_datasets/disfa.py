"""DISFA (Mavadati et al. 2013): 27 people watching films, 12 AUs coded 0..5 in each of 4845 frames.

Layout, as public readers of it have it (OpenFace's training scripts; readers for AU detection)::

    ActionUnit_Labels/SN001/SN001_au1.txt         lines "frame,intensity", frames from 1
    Videos_LeftCamera/LeftVideoSN001_comp.avi     (also seen as Video_LeftCamera)
    Video_RightCamera/RightVideoSN001_Comp.avi

Frame k of the labels is taken for frame k of the video, as OpenFace's scripts do; some labels are a frame shorter.
"""

import re
from pathlib import Path
from typing import Final

import numpy as np

from models.evaluation.au_datasets.sequences import Coded, DatasetError, au_name, intensities, read_pairs

AUS: Final = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)


def read_disfa(root: Path, camera: str = "left") -> list[Coded]:
    """All subjects whose labels and video are there, by name.

    Args:
        camera: ``left`` or ``right``: the same faces from two sides; the paper does not say which it took.

    Raises:
        DatasetError: The folder holds no such labels, a subject has no video, or a label file is damaged.
    """
    labels = root / "ActionUnit_Labels"
    folders = sorted(f for f in labels.glob("SN*") if f.is_dir()) if labels.is_dir() else []
    if not folders:
        raise DatasetError(f"{root} is not DISFA: it needs ActionUnit_Labels/SN001/SN001_au1.txt and the videos")
    videos = _videos(root, camera)
    out = []
    for folder in folders:
        subject = folder.name
        if subject not in videos:
            raise DatasetError(
                f"{root}: no {camera} video of {subject} (Video*_{camera.title()}Camera/*{subject}*.avi)"
            )
        out.append(_subject(folder, videos[subject]))
    return out


def _videos(root: Path, camera: str) -> dict[str, Path]:
    found = {}
    for path in sorted(root.glob(f"Video*_{camera.title()}Camera/*")):
        match = re.fullmatch(rf"{camera}Video(SN\d+)(_comp)?\.(avi|mp4)", path.name, re.IGNORECASE)
        if match:
            found[match[1].upper()] = path
    return found


def _subject(folder: Path, video: Path) -> Coded:
    coded = {}
    for au in AUS:
        path = folder / f"{folder.name}_au{au}.txt"
        if not path.is_file():
            raise DatasetError(f"{path} is missing")
        coded[au] = read_pairs(path)
    frames = np.unique(np.concatenate([pairs[:, 0] for pairs in coded.values()]))
    intensity = {}
    for au, pairs in coded.items():
        values = np.full(len(frames), np.nan)
        values[np.searchsorted(frames, pairs[:, 0])] = intensities(pairs[:, 1])
        intensity[str(au_name(au))] = values
    return Coded(folder.name, folder.name, video, frames.astype(np.intp) - 1, intensity)
