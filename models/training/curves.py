"""Curves of a training as one picture: a panel for each column of its log."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

PANEL: Final = (220, 420)
"""Height and width in pixels."""
MARGIN: Final = (34, 14, 26, 58)
"""Top, right, bottom, left of a panel."""
ACROSS: Final = 2
INK, AXIS, LINE = (40, 40, 40), (190, 190, 190), (190, 90, 20)
FONT: Final = cv2.FONT_HERSHEY_SIMPLEX
NO_CURVE: Final = ("step", "seconds")


def write_log(log_csv: Path, rows: Sequence[Mapping[str, float]]) -> None:
    """Write a training's log anew: a row each, a column for every name that a row has, empty where one has it not."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    with log_csv.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(rows)


def draw_curves(log_csv: Path, out_png: Path) -> None:
    """Draw every numeric column of a log over its ``step``.

    A column that is positive and spans more than a factor of 20 gets a logarithmic axis. Empty cells and NaN are left
    out, so that losses and scores of different rhythm share a log.

    Args:
        log_csv: With a header that names ``step``; rows in the order of training.
        out_png: Written; two panels a row.

    Raises:
        ValueError: The log has no column ``step`` or no row.
    """
    with log_csv.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if not rows or "step" not in rows[0]:
        raise ValueError(f"{log_csv} is no log of a training: it needs a column step and a row")
    steps = np.array([_number(row["step"]) for row in rows])
    columns = {name: np.array([_number(row[name]) for row in rows]) for name in rows[0] if name not in NO_CURVE}
    panels = [_panel(name, steps, values) for name, values in columns.items() if np.isfinite(values).any()]
    panels += [np.full((*PANEL, 3), 255, np.uint8)] * (-len(panels) % ACROSS)
    lines = [np.concatenate(panels[k : k + ACROSS], 1) for k in range(0, len(panels), ACROSS)]
    cv2.imwrite(str(out_png), np.concatenate(lines), [cv2.IMWRITE_PNG_COMPRESSION, 9])  # cards keep such pictures


def _panel(name: str, steps: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.uint8]:
    picture = np.full((*PANEL, 3), 255, np.uint8)
    known = np.isfinite(values) & np.isfinite(steps)
    x, y = steps[known], values[known]
    logarithmic = y.min() > 0 and y.max() > 20 * y.min()
    shown = np.log(y) if logarithmic else y
    top, right, bottom, left = MARGIN
    box = np.array([left, PANEL[0] - bottom]), np.array([PANEL[1] - left - right, PANEL[0] - top - bottom])
    across = (x - x.min()) / max(np.ptp(x), 1e-12)
    up = (shown - shown.min()) / max(np.ptp(shown), 1e-12)
    points = (box[0] + np.stack([across, -up], 1) * box[1]).round().astype(np.int32)
    corner = tuple(int(v) for v in box[0])
    cv2.line(picture, corner, (PANEL[1] - right, corner[1]), AXIS)
    cv2.line(picture, corner, (corner[0], top), AXIS)
    if len(points) > 1:
        cv2.polylines(picture, [points], False, LINE, 1, cv2.LINE_AA)
    cv2.circle(picture, tuple(int(v) for v in points[-1]), 3, LINE, -1, cv2.LINE_AA)
    title = f"{name} (log)" if logarithmic else name
    for text, at in (
        (f"{title}: {y[-1]:.4g}", (left, 20)),
        (f"{y.max():.3g}", (4, top + 6)),
        (f"{y.min():.3g}", (4, corner[1])),
        (f"{x.min():.0f}", (left, PANEL[0] - 8)),
        (f"{x.max():.0f}", (PANEL[1] - 70, PANEL[0] - 8)),
    ):
        cv2.putText(picture, text, at, FONT, 0.42, INK, 1, cv2.LINE_AA)
    return picture


def _number(text: str | None) -> float:
    """NaN for an empty cell, or one that holds no number."""
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")
