"""FERA 2017 (Valstar et al. 2017): BP4D and part of BP4D+ rendered from nine sides, seven AUs with intensities 0..5.

Names, as a public reader of it has them; the folders around them differ, so files are found by name::

    FERA17_TR_F001_T1_6.mp4            training: subject, task, view 1..9
    FERA17_VA_F007_T1_6.mp4            validation (20 people of BP4D+, whose ids mean somebody else than BP4D's)
    FERA17_TR_F001_T1_AU06_Int.csv     lines "frame,intensity", a line a frame, 9 where not coded

How the test partition's labels are named is not known here. Line k of the labels is taken for frame k of each of the
nine videos.
Views 1-3 look up, 4-6 ahead and 7-9 down, and all show the left half of the face (Zhou et al. 2017, sections III and
IV); view 6 is what public code takes for the frontal one. The angles themselves are not verified.
"""

import re
from pathlib import Path
from typing import Final

import numpy as np

from models.evaluation.au_datasets.sequences import Coded, DatasetError, au_name, intensities, read_pairs

AUS: Final = (1, 4, 6, 10, 12, 14, 17)
VIEWS: Final = tuple(str(view) for view in range(1, 10))
_LABEL = re.compile(r"FERA17_(TR|VA)_([FM]\d{3})_(T\d+)_AU(\d+)_Int\.csv")
_VIDEO = re.compile(r"FERA17_(TR|VA)_([FM]\d{3})_(T\d+)_([1-9])\.(?:mp4|avi)")


def read_fera2017(root: Path) -> list[Coded]:
    """All videos that have labels, by name; ``subject`` is ``TR-F001`` or ``VA-F007``, as the two count anew.

    Raises:
        DatasetError: The folder holds no such labels or videos.
    """
    labels: dict[tuple[str, str, str], dict[int, Path]] = {}
    videos: list[tuple[Path, re.Match[str]]] = []
    for path in sorted(root.rglob("FERA17_*")):
        if match := _LABEL.fullmatch(path.name):
            labels.setdefault((match[1], match[2], match[3]), {})[int(match[4])] = path
        elif match := _VIDEO.fullmatch(path.name):
            videos.append((path, match))
    if not labels or not videos:
        raise DatasetError(f"{root} is not FERA 2017: it needs FERA17_VA_*_6.mp4 and FERA17_VA_*_AU06_Int.csv")
    coded = {key: _read(files) for key, files in labels.items()}
    out = []
    for path, match in videos:
        intensity = coded.get((match[1], match[2], match[3]))
        if intensity:
            rows = np.arange(len(next(iter(intensity.values()))))
            out.append(Coded(f"{match[1]}-{match[2]}", path.stem, path, rows, intensity, view=match[4]))
    if not out:
        raise DatasetError(f"{root}: no video has labels of the same name")
    return out


def _read(files: dict[int, Path]) -> dict[str, np.ndarray]:
    """AU -> (T,); tracks of unequal length are cut to the shortest."""
    tracks = {str(au_name(au)): intensities(read_pairs(path)[:, 1]) for au, path in files.items() if au in AUS}
    shortest = min((len(values) for values in tracks.values()), default=0)
    return {au: values[:shortest] for au, values in sorted(tracks.items())}
