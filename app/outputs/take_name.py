"""What a recording is called: a pattern with fields, and the next take's number, so that nothing is overwritten."""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from app.errors import UserError

DEFAULT: Final = "{source}_{date}_{take}"
FIELDS: Final = {
    "date": "the day, as 2026-01-31",
    "time": "the time of day, as 23-59-59",
    "source": "the camera's number or the clip's name",
    "take": "counts up: 001, 002 …",
}
"""Each field and what it stands for."""
SUFFIX: Final = ".csv"
LONGEST: Final = 120
"""Characters of a name; file systems allow 255 bytes."""
_FIELD: Final = re.compile(r"\{([^{}]*)\}")
_ANY_TIME: Final = r"\d\d-\d\d-\d\d"
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def check_pattern(pattern: str) -> None:
    """Raise ``UserError`` in one line for a pattern that makes no file's name."""
    for name in _FIELD.findall(pattern):
        if name not in FIELDS:
            known = ", ".join(f"{{{field}}}" for field in FIELDS)
            raise UserError(f"{{{name}}} is no field of a name: there are {known}")
    words = _FIELD.sub("x", pattern)
    if "{" in words or "}" in words:
        raise UserError("a brace is left open in the name: write fields as {date}")
    if not _clean(words):
        raise UserError("the name is empty: for example {source}_{date}_{take}")


def next_path(folder: Path, pattern: str, source: str, now: datetime) -> Path:
    """A path in ``folder`` that is free now: one more than the highest take of this name that is there.

    Times of day are all alike to the count, so takes with ``{time}`` are numbered, too. ``source`` is what runs: a
    camera's number, a file, a folder or ``demo``. Raises ``UserError`` for a bad pattern.
    """
    check_pattern(pattern)
    values = {
        "date": now.strftime("%Y-%m-%d"),
        "time": now.strftime("%H-%M-%S"),
        "source": f"camera-{source}" if source.isdigit() else Path(source).stem or "source",
    }
    stem = pattern.removesuffix(SUFFIX)
    there = _names(folder)
    take = 1
    if "{take}" in stem:
        same = re.compile(_expression(stem, values), re.IGNORECASE)
        numbers = [int(match["take"]) for name in there if (match := same.fullmatch(Path(name).stem))]
        take = max(numbers, default=0) + 1
    name = _clean(_filled(stem, {**values, "take": f"{take:03d}"}))
    taken = {name.lower() for name in there}
    free, more = name + SUFFIX, 2
    while free.lower() in taken:  # letters' case is no difference on Windows and macOS
        free, more = f"{name}_{more}{SUFFIX}", more + 1
    return folder / free


def _names(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in folder.iterdir()]
    except OSError:
        return []  # made when it is needed; if it cannot be, that is said then


def _filled(stem: str, values: Mapping[str, str]) -> str:
    return _FIELD.sub(lambda match: values[match[1]], stem)


def _expression(stem: str, values: Mapping[str, str]) -> str:
    """A regular expression for the names of all takes that this pattern counts as one row."""
    parts, seen = [], False
    for i, piece in enumerate(_FIELD.split(stem)):
        if i % 2 and piece == "take":
            parts.append(r"\d+" if seen else r"(?P<take>\d+)")
            seen = True
        elif i % 2 and piece == "time":
            parts.append(_ANY_TIME)
        else:
            parts.append(re.escape(_safe(values[piece] if i % 2 else piece)))
    return "".join(parts)


def _safe(text: str) -> str:
    """Without what some file system or script does not take in a name."""
    return re.sub(r'[\x00-\x1f<>:"/\\|?*]', "-", text)


def _clean(text: str) -> str:
    name = _safe(text)[:LONGEST].strip(" .")
    return f"_{name}" if _RESERVED.fullmatch(name) else name
