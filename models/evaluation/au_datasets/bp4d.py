"""BP4D-Spontaneous (Zhang et al. 2014): 41 people in 8 tasks, five AUs with intensities 0..5 in part of the frames.

Layout, as public readers of it have it (OpenFace's training scripts for FERA 2015; loaders of BP4D and BP4D+)::

    BP4D-training/F001/T1/2440.jpg                       (also seen as Sequences(2D+3D)/F001/T1, and directly F001/T1)
    AU-Intensity-Codes3.0/AU06/F001_T1_AU06.csv          (also "AU Intensity Codes3.0" and AUCoding/AU_INT)

Lines of a label file are "frame,intensity" without a header; 9 says that the face could not be coded. The frame is the
number in the picture's file name, which is padded with zeros in some folders and not in others.
"""

import re
from pathlib import Path
from typing import Final

import numpy as np

from models.evaluation.au_datasets.sequences import Coded, DatasetError, au_name, frames_in, intensities, read_pairs

AUS: Final = (6, 10, 12, 14, 17)
LABELS: Final = ("AU-Intensity-Codes3.0", "AU Intensity Codes3.0", "AUCoding/AU_INT", "AU_INT")
PICTURE_FOLDERS: Final = ("BP4D-training", "Sequences(2D+3D)", "2D+3D", ".")


def read_bp4d(root: Path) -> list[Coded]:
    """All tasks that have labels and pictures, by name; frames that lie outside a task's pictures are left out.

    Raises:
        DatasetError: The folder holds no such labels, or not the pictures to them.
    """
    labels = next((root / name for name in LABELS if (root / name / "AU06").is_dir()), None)
    if labels is None:
        raise DatasetError(f"{root} is not BP4D: it needs {LABELS[0]}/AU06/F001_T1_AU06.csv and {PICTURE_FOLDERS[0]}/")
    tasks: dict[tuple[str, str], dict[int, Path]] = {}
    for au in AUS:
        for path in sorted((labels / f"AU{au:02d}").glob("*.csv")):
            match = re.match(r"([FM]\d{3})_(T\d+)", path.name)
            if match:
                tasks.setdefault((match[1], match[2]), {})[au] = path
    if not tasks:
        raise DatasetError(f"{labels} holds no files like AU06/F001_T1_AU06.csv")
    return [_task(root, subject, task, files) for (subject, task), files in sorted(tasks.items())]


def _task(root: Path, subject: str, task: str, files: dict[int, Path]) -> Coded:
    folders = [root / name / subject / task for name in PICTURE_FOLDERS]
    folder = next((f for f in folders if f.is_dir()), None)
    if folder is None:
        raise DatasetError(f"{folders[0]} is missing: labels without pictures (unzip the sequences there)")
    place = frames_in(folder)
    coded = {au: read_pairs(path) for au, path in files.items()}
    frames = np.unique(np.concatenate([pairs[:, 0] for pairs in coded.values()]))
    frames = frames[np.isin(frames, list(place))]
    intensity = {}
    for au, pairs in coded.items():
        known = dict(zip(pairs[:, 0].tolist(), intensities(pairs[:, 1]).tolist(), strict=True))
        intensity[str(au_name(au))] = np.array([known.get(int(frame), np.nan) for frame in frames])
    rows = np.array([place[int(frame)] for frame in frames], np.intp)
    return Coded(subject, f"{subject}_{task}", folder, rows, intensity)
