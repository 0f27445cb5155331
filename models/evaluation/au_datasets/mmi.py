"""MMI (Pantic et al. 2005; Valstar & Pantic 2010): short clips, each AU's phases marked, no intensities.

Layout of a download, as public readers of it have it::

    Sessions/1/S001-001.avi
    Sessions/1/S001-001-oao_aucs.xml     <ActionUnit Number="12"> <Marker Frame="1" Type="0"/> ...

A marker begins a phase at its frame (from 1): 0 neutral, 1 onset, 2 apex, 3 offset. Frames of an apex count as present,
neutral ones as absent, those between are left out. That part of a clip's name before the dash is the subject, and that
numbers like ``12L`` name a side, is from memory. Clips of two views in one picture, or turned by 90 degrees, exist: the
tracker takes one face of the first and none of the second.
"""

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Final

import numpy as np

from models.evaluation.au_datasets.sequences import Coded, DatasetError, au_name
from models.evaluation.tracked import SIDES_OF_AU, Array

NEUTRAL, APEX = 0, 2
AUS: Final = tuple(SIDES_OF_AU)
_SUFFIX = "-oao_aucs.xml"


def read_mmi(root: Path) -> list[Coded]:
    """All clips with marked phases, by session.

    Raises:
        DatasetError: The folder holds none, or a file is damaged.
    """
    sessions = root / "Sessions"
    files = sorted(sessions.glob(f"*/*{_SUFFIX}"), key=lambda path: (len(path.parent.name), path.parent.name))
    out = []
    for path in files:
        video = path.with_name(path.name.removesuffix(_SUFFIX) + ".avi")
        if video.is_file():
            out.append(_session(path, video))
    if not out:
        raise DatasetError(f"{root} is not MMI: it needs Sessions/1/NAME.avi and Sessions/1/NAME{_SUFFIX}")
    return out


def _session(path: Path, video: Path) -> Coded:
    try:
        units = ET.parse(path).getroot().findall(".//ActionUnit")
        marks = [
            (unit.get("Number", ""), [(int(m.attrib["Frame"]), int(m.attrib["Type"])) for m in unit.findall("Marker")])
            for unit in units
        ]
    except (ET.ParseError, KeyError, ValueError) as error:
        raise DatasetError(f"{path}: expected ActionUnit elements with Markers (Frame, Type): {error}") from error
    length = max((frame for _, own in marks for frame, _ in own), default=0)
    present = {au: np.zeros(length) for au in AUS}
    for number, own in marks:
        digits = re.search(r"\d+", number)
        au = au_name(int(digits[0])) if digits else None
        if au is not None and own:
            present[au] = _stronger(present[au], _phases(own, length))
    return Coded(video.stem.partition("-")[0], video.stem, video, np.arange(length), present=present)


def _phases(marks: list[tuple[int, int]], length: int) -> Array:
    """(length,) 1 in the apex, 0 at rest, NaN between and after the last marker that is no neutral."""
    out = np.zeros(length)
    ordered = sorted(marks)
    for (frame, kind), (end, _) in zip(ordered, [*ordered[1:], (length + 1, NEUTRAL)], strict=True):
        out[frame - 1 : end - 1] = {NEUTRAL: 0.0, APEX: 1.0}.get(kind, np.nan)
    return out


def _stronger(a: Array, b: Array) -> Array:
    """Of two sides of one AU: present where either is, not known where the stronger is not."""
    return np.where((a == 1) | (b == 1), 1.0, np.where(np.isnan(a) | np.isnan(b), np.nan, 0.0))
