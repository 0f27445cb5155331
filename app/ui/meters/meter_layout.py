"""Where each meter goes: as many columns as fit, regions kept whole, bars below the name or beside it."""

import math
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Final

from PySide6.QtCore import QRectF

SIDE_PX, TOP_PX, GAP_PX = 12, 4, 20
"""Margins, and what is between columns."""
COLUMNS_MAX: Final = 4
CELL_MIN_PX: Final = 168
INLINE_MIN_PX: Final = 400
"""From this width of a column on, name and bars stand in one line."""
INLINE_ROW_PX: Final = (22, 32)
STACKED_ROW_PX: Final = (18, 34)
"""Height of a row, at least and at most."""
SCROLLED_ROW_PX: Final = 22
"""Where they have to be scrolled anyway, rows need not be squeezed."""
BAR_GAP_PX: Final = 6
"""Between the bars of both sides."""
NAME_SHARE: Final = 0.38
"""Of an inline row; the rest is bars and numbers."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One row: its whole place, that of the words, and of each channel the bar and the number."""

    row: int
    box: QRectF
    words: QRectF
    bars: tuple[QRectF, ...]
    numbers: tuple[QRectF, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """Of a region, or of a column. ``numbers`` is where the letters L and R go."""

    title: str
    box: QRectF
    numbers: tuple[QRectF, QRectF]


@dataclass(frozen=True, slots=True)
class Layout:
    cells: tuple[Cell, ...]
    headings: tuple[Heading, ...]
    height: float
    """Of everything; more than was given where it has to be scrolled."""
    row_px: float
    inline: bool


Group = tuple[str, list[tuple[int, int]]]
"""Title, and of each of its rows the index and the number of channels."""


def lay_out(
    groups: list[Group], width: float, height: float, number_px: float, keep_whole: bool = True, scale: float = 1.0
) -> Layout:
    """
    Args:
        groups: what is to be placed, in order.
        width, height: of the place, pixels.
        number_px: how wide a number is.
        keep_whole: a group stays in one column; else rows run on from column to column, each with a heading.
        scale: how much larger than usual the text is.

    Returns:
        The layout with the fewest columns that fits; where none does, the lowest one, which has to be scrolled.
    """
    best: tuple[float, list[list[Group]], float, bool, float] | None = None
    for n in range(1, COLUMNS_MAX + 1):
        cell = (width - 2 * SIDE_PX - (n - 1) * GAP_PX) / n
        if n > 1 and cell < scale * CELL_MIN_PX:
            break
        columns = _split_whole(groups, n) if keep_whole else _split_rows(groups, n)
        lines = max(_lines(column) for column in columns)
        inline = cell >= scale * INLINE_MIN_PX
        least, most = INLINE_ROW_PX if inline else STACKED_ROW_PX
        row_px = min(max((height - 2 * TOP_PX) / lines, scale * least), scale * most)
        total = lines * row_px + 2 * TOP_PX
        if best is None or total < best[0]:
            best = total, columns, row_px, inline, cell
        if total <= height:
            break
    assert best is not None
    total, columns, row_px, inline, cell = best
    if total > height:
        row_px = max(row_px, scale * SCROLLED_ROW_PX)
        total = max(_lines(column) for column in columns) * row_px + 2 * TOP_PX
    cells: list[Cell] = []
    headings: list[Heading] = []
    for i, column in enumerate(columns):
        x, y = SIDE_PX + i * (cell + GAP_PX), float(TOP_PX)
        for title, rows in column:
            left, right = _numbers(QRectF(x, y, cell, row_px), 2, number_px, inline)
            headings.append(Heading(title, QRectF(x, y, cell, row_px), (left, right)))
            y += row_px
            for row, count in rows:
                cells.append(_cell(row, count, QRectF(x, y, cell, row_px), number_px, inline))
                y += row_px
    return Layout(tuple(cells), tuple(headings), total, row_px, inline)


def _lines(column: list[Group]) -> int:
    return sum(1 + len(rows) for _, rows in column)


def _split_whole(groups: list[Group], n: int) -> list[list[Group]]:
    """Into ``n`` runs of groups, the longest as short as can be."""
    n = min(n, len(groups))
    splits = [(0, *cuts, len(groups)) for cuts in combinations(range(1, len(groups)), n - 1)]
    runs = [[groups[a:b] for a, b in pairwise(cuts)] for cuts in splits]
    return min(runs, key=lambda run: max(_lines(column) for column in run))


def _split_rows(groups: list[Group], n: int) -> list[list[Group]]:
    rows = [row for _, group in groups for row in group]
    each = -(-len(rows) // n)
    return [[(groups[0][0] if i == 0 else "", rows[i : i + each])] for i in range(0, len(rows), each)]


def _cell(row: int, count: int, box: QRectF, number_px: float, inline: bool) -> Cell:
    numbers = _numbers(box, count, number_px, inline)
    if inline:
        words = QRectF(box.left(), box.top(), box.width() * NAME_SHARE - GAP_PX, box.height())
        places = _numbers(box, 2, number_px, True)
        height = max(4.0, round(box.height() * 0.24))
        first = box.left() + box.width() * NAME_SHARE
        starts = (first, places[0].right() + GAP_PX) if count == 2 else (first,)
        bars = tuple(
            QRectF(start, round(box.center().y() - height / 2), number.left() - BAR_GAP_PX - start, height)
            for start, number in zip(starts, numbers, strict=True)
        )
        return Cell(row, box, words, bars, numbers)
    words = QRectF(box.left(), box.top(), numbers[0].left() - 8 - box.left(), numbers[0].height())
    height = max(4.0, round(box.height() * 0.18))
    share = (box.width() - (count - 1) * BAR_GAP_PX) / count
    top = math.ceil(numbers[0].bottom())
    bars = tuple(QRectF(box.left() + i * (share + BAR_GAP_PX), top, share, height) for i in range(count))
    return Cell(row, box, words, bars, numbers)


def _numbers(box: QRectF, count: int, number_px: float, inline: bool) -> tuple[QRectF, ...]:
    """Inline each number stands behind its bar, else all of them at the end of the line of words."""
    right = QRectF(box.right() - number_px, box.top(), number_px, box.height())
    if inline:
        if count == 1:
            return (right,)
        first = box.left() + box.width() * NAME_SHARE
        half = (box.right() - first - GAP_PX) / 2
        return QRectF(first + half - number_px, box.top(), number_px, box.height()), right
    text = box.height() - max(4.0, round(box.height() * 0.18)) - 2
    right.setHeight(text)
    return (QRectF(right).translated(-number_px - 10, 0), right)[2 - count :]
