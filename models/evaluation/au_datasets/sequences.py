"""What every reader gives: coded sequences, and who of them is trained or tested on."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.evaluation.tracked import SIDES_OF_AU, Array

SPLITS_FILE: Final = Path(__file__).with_name("splits.json")
PARTS: Final = ("test", "train", "all")
PICTURES: Final = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"})


class DatasetError(Exception):
    """A folder does not hold what its reader looks for; the message says what that is."""


@dataclass(frozen=True)
class Coded:
    """One video or folder of pictures, and what its coders say of some of its frames."""

    subject: str
    name: str
    source: Path
    """A video file, or a folder of pictures in natural order: what ``mien track`` takes."""
    rows: NDArray[np.intp]
    """(T,) which frames are coded, counted from 0 as the tracker decodes them."""
    intensity: dict[str, Array] = field(default_factory=dict)
    """AU (``AU04``) -> (T,) 0..5, NaN where not coded."""
    present: dict[str, Array] = field(default_factory=dict)
    """AU -> (T,) 0 or 1, NaN where not coded: for databases that say no more."""
    view: str = ""
    """Which camera or orientation, where there are several."""


def au_name(number: int) -> str | None:
    """The name under which Mien measures a FACS action, None where it does not.

    27 (mouth stretch) is our 26 at its end, 45 (blink) a short 43.
    """
    name = f"AU{ {27: 26, 45: 43}.get(number, number):02d}"
    return name if name in SIDES_OF_AU else None


def frames_in(folder: Path) -> dict[int, int]:
    """Number in a picture's file name -> its place in the order in which the tracker reads the folder, from 0.

    ``0187.jpg`` and ``S005_001_00000011.png`` have the numbers 187 and 11. Raises ``DatasetError`` where a picture has
    none, or two have the same: it would not be known which frame the coder meant.
    """
    names = [p.stem for p in folder.iterdir() if p.suffix.lower() in PICTURES and not p.name.startswith(".")]
    digits = [name.rpartition("_")[2] for name in names]
    numbers = sorted(int(text) for text in digits if text.isdigit())
    if len(set(numbers)) != len(names):
        raise DatasetError(f"{folder}: every picture's name must end in a frame number of its own")
    return {number: k for k, number in enumerate(numbers)}


def read_pairs(path: Path) -> NDArray[np.int64]:
    """Lines ``frame,intensity`` -> (T, 2), 9 (cannot be coded) kept. Raises ``DatasetError`` for anything else."""
    try:
        pairs = np.loadtxt(path, delimiter=",", ndmin=2, dtype=np.float64)
    except ValueError as error:
        raise DatasetError(f"{path}: expected lines 'frame,intensity' ({error})") from error
    if pairs.shape[1] < 2:
        raise DatasetError(f"{path}: expected lines 'frame,intensity'")
    return pairs[:, :2].astype(np.int64)


def intensities(codes: NDArray[np.int64]) -> Array:
    """Codes -> 0..5, NaN for 9, which says that the face could not be coded there."""
    values = codes.astype(np.float64)
    return np.where((values >= 0) & (values <= 5), values, np.nan)


def splits() -> dict[str, Any]:
    """``splits.json``: per database its parts, and what is and is not verified about them."""
    return json.loads(SPLITS_FILE.read_text(encoding="utf-8"))


def subjects_of(dataset: str, part: str, everyone: Iterable[str]) -> set[str]:
    """Who of a database belongs to ``test``, ``train`` or ``all``.

    Raises ``KeyError`` for an unknown database or part.
    """
    found = sorted(set(everyone))
    if part == "all":
        return set(found)
    split = splits()[dataset]
    if part not in PARTS:
        raise KeyError(part)
    if "train_first" in split:  # no published list: sorted ids, the first so many to train on
        first = split["train_first"]
        return set(found[:first] if part == "train" else found[first:])
    if f"{part}_prefix" in split:
        return {subject for subject in found if subject.startswith(split[f"{part}_prefix"])}
    return set(split[part]) & set(found)


def of_part(sequences: list[Coded], dataset: str, part: str) -> list[Coded]:
    """Those of a part's subjects."""
    chosen = subjects_of(dataset, part, (s.subject for s in sequences))
    return [s for s in sequences if s.subject in chosen]
