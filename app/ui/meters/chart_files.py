"""The charts as files: a table of what is seen."""

import csv
from pathlib import Path

import numpy as np

from app.errors import UserError
from app.ui.meters.curve_history import Slice
from app.ui.meters.curves import CENTIMETRES, CURVE_INDEX, CURVES, DEGREES, FACS, SHAPE

COLUMN_UNITS = {FACS: "0-5", SHAPE: "0-1", DEGREES: "deg", CENTIMETRES: "cm"}
DIGITS = 4


def write_table(path: Path, piece: Slice, keys: list[str], seen_s: tuple[float, float]) -> int:
    """One row per frame within ``seen_s``: its number, its position in the source, whether there is a face, values.

    Args:
        piece: columns are the curves ``keys``.
        seen_s: from when to when, seconds before the newest frame.

    Returns:
        How many rows were written. A value of a frame without a face is empty.

    Raises:
        UserError: the file cannot be written.
    """
    names = [f"{key} [{COLUMN_UNITS[CURVES[CURVE_INDEX[key]].unit]}]" for key in keys]
    inside = (piece.time_s >= seen_s[0]) & (piece.time_s <= seen_s[1]) & (piece.frame >= 0)
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["frame", "timestamp", "success", *names])
            for i in np.flatnonzero(inside).tolist():
                row = piece.values[i].tolist()
                found = bool(np.isfinite(row).all())
                numbers = [f"{value:.{DIGITS}f}" if found else "" for value in row]
                writer.writerow([int(piece.frame[i]), f"{piece.media_s[i]:.3f}", int(found), *numbers])
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}") from error
    return int(inside.sum())
