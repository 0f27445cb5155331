"""CK+ (Lucey et al. 2010): 593 posed sequences of 123 people from neutral to a peak, whose last frame is FACS coded.

Layout, from the database's own ReadMe and public readers::

    cohn-kanade-images/S005/001/S005_001_00000011.png
    FACS_labels/S005/001/S005_001_00000011_facs.txt      (also unzipped as FACS), a line an AU: number, intensity

The first frame is neutral, so every AU is 0 there. An intensity of 0 in a line says that the AU is there and its
strength was not coded (from memory of the ReadMe, not verified): it counts as present, not as 0.
"""

from pathlib import Path
from typing import Final

import numpy as np

from models.evaluation.au_datasets.sequences import Coded, DatasetError, au_name, frames_in
from models.evaluation.tracked import SIDES_OF_AU

FACS_FOLDERS: Final = ("FACS_labels", "FACS")
AUS: Final = tuple(SIDES_OF_AU)


def read_ckplus(root: Path) -> list[Coded]:
    """All sequences with a FACS file, two coded frames each: the first (neutral) and the peak.

    Raises:
        DatasetError: The folder holds no such files, or a peak has no picture.
    """
    images = root / "cohn-kanade-images"
    facs = next((root / name for name in FACS_FOLDERS if (root / name).is_dir()), None)
    files = sorted(facs.glob("S*/*/*_facs.txt")) if facs else []
    if not images.is_dir() or not files:
        raise DatasetError(
            f"{root} is not CK+: it needs cohn-kanade-images/S005/001/*.png and FACS_labels/S005/001/*_facs.txt"
        )
    return [_sequence(images, path) for path in files]


def _sequence(images: Path, path: Path) -> Coded:
    subject, sequence, peak = path.name.removesuffix("_facs.txt").split("_")
    folder = images / subject / sequence
    place = frames_in(folder) if folder.is_dir() else {}
    if int(peak) not in place:
        raise DatasetError(f"{folder / path.name.replace('_facs.txt', '.png')} is missing, though {path.name} codes it")
    strength = {au: 0.0 for au in AUS}
    there = {au: 0.0 for au in AUS}
    for number, value in _lines(path):
        au = au_name(number)
        if au is None:
            continue
        there[au] = 1.0
        known = value if value > 0 else np.nan
        strength[au] = known if np.isnan(known) else float(np.fmax(strength[au], known))
    return Coded(
        subject,
        f"{subject}_{sequence}",
        folder,
        np.array([0, place[int(peak)]], np.intp),
        {au: np.array([0.0, strength[au]]) for au in AUS},
        {au: np.array([0.0, there[au]]) for au in AUS},
    )


def _lines(path: Path) -> list[tuple[int, float]]:
    try:
        return [
            (int(float(line.split()[0])), float(line.split()[1]))
            for line in path.read_text().splitlines()
            if line.strip()
        ]
    except (ValueError, IndexError) as error:
        raise DatasetError(f"{path}: expected a line per AU, its number and its intensity") from error
