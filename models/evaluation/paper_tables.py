"""Tables 1 to 3 of Song et al. 2020 as data, and printed with rows of ours beside theirs.

Source: "Unsupervised Learning Facial Parameter Regressor for Action Unit Intensity Estimation via Differentiable
Renderer", ACM Multimedia 2020, sections 3.3 and 3.4. Figures marked * there are taken by its authors from the methods'
own papers; theirs is "Song et al.". They trained on these databases' other subjects (without labels), we on none.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from models.evaluation.score_tables import Scores, number
from models.metrics import Agreement, mean_agreement

BP4D_AUS: Final = ("AU06", "AU10", "AU12", "AU14", "AU17")
DISFA_AUS: Final = (
    "AU01", "AU02", "AU04", "AU05", "AU06", "AU09", "AU12", "AU15", "AU17", "AU20", "AU25", "AU26",
)  # fmt: skip
AUS: Final = {"BP4D": BP4D_AUS, "DISFA": DISFA_AUS}
FIGURES: Final = {"icc": "ICC(3,1)", "mae": "MAE"}
THEIRS: Final = "Song et al."

# Per method: BP4D's five AUs and their average, then DISFA's twelve and theirs, as printed.
_TABLE_1: Final = {
    "icc": {
        "KBSS*": ".76 .73 .84 .45 .45 .65  .23 .11 .48 .25 .50 .25 .71 .22 .25 .06 .83 .41 .36",
        "KJRE*": ".71 .61 .87 .39 .42 .60  .27 .35 .25 .33 .51 .31 .67 .14 .17 .20 .74 .25 .35",
        "LBA*": ".71 .64 .81 .23 .50 .58  .04 .06 .39 .01 .41 .12 .73 .13 .27 .10 .82 .43 .29",
        "2DC*": ".76 .71 .85 .45 .53 .66  .70 .55 .69 .05 .59 .57 .88 .32 .10 .08 .90 .50 .50",
        "CFLF*": ".77 .70 .83 .41 .60 .66  .26 .19 .46 .35 .52 .36 .71 .18 .34 .21 .81 .51 .41",
        "GENet*": ".69 .85 .73 .63 .53 .68  .66 .67 .73 .71 .60 .59 .60 .66 .58 .45 .80 .70 .64",
        THEIRS: ".67 .62 .67 .62 .53 .62  .64 .74 .59 .67 .63 .58 .55 .61 .49 .50 .71 .66 .61",
    },
    "mae": {
        "KBSS*": ".74 .77 .69 .99 .90 .82  .48 .49 .57 .08 .26 .22 .33 .15 .44 .22 .43 .36 .34",
        "KJRE*": ".82 .95 .64 1.08 .85 .87  1.0 .92 1.9 .70 .79 .87 .77 .60 .80 .72 .96 .94 .91",
        "LBA*": ".64 .80 .56 1.10 .62 .74  .43 .29 .51 .10 .30 .19 .30 .11 .31 .14 .40 .38 .29",
        "2DC*": ".87 .84 .92 .67 .73 .81  .57 .62 .73 .51 .66 .55 .50 .52 .78 .42 .61 .74 .61",
        "CFLF*": ".62 .83 .62 1.00 .63 .74  .33 .28 .61 .13 .35 .28 .43 .18 .29 .16 .53 .40 .33",
        "GENet*": ".45 .60 .37 .40 .27 .42  .36 .33 .38 .14 .34 .36 .57 .18 .42 .26 .27 .32 .33",
        THEIRS: ".44 .31 .45 .48 .36 .41  .40 .21 .39 .16 .28 .30 .51 .15 .32 .19 .25 .26 .29",
    },
}
TABLE_2: Final = {
    "CNN*": (0.33, 0.42),
    "ResNet18*": (0.27, 0.48),
    "CNN-IT*": (0.38, 0.66),
    THEIRS: (0.61, 0.29),
}
"""Supervised methods on DISFA: ICC, MAE."""
TABLE_3: Final = {
    "no identity loss": ((0.53, 0.65), (0.55, 0.35)),
    "no loopback loss": ((0.60, 0.64), (0.52, 0.37)),
    "no parameter loss": ((0.60, 0.62), (0.55, 0.33)),
    "no adversarial loss": ((0.58, 0.63), (0.55, 0.34)),
}
"""Song et al. with one loss off: (ICC, MAE) on BP4D, on DISFA. The full framework is Table 1's."""


def table_1(figure: str) -> dict[str, dict[str, tuple[list[float], float]]]:
    """``icc`` or ``mae``: method -> database -> figures per AU in the order of ``AUS``, and the printed average."""
    out = {}
    for method, printed in _TABLE_1[figure].items():
        values = [float(text) for text in printed.split()]
        cut = len(BP4D_AUS) + 1
        both = {"BP4D": values[:cut], "DISFA": values[cut:]}
        out[method] = {name: (row[:-1], row[-1]) for name, row in both.items()}
    return out


def print_table_1(ours: Mapping[str, Scores]) -> str:
    """Published rows and ours, '-' where a database is not at hand. ``ours``: BP4D and/or DISFA -> scores."""
    heads = [*(f"{name} {au[2:]}" for name, aus in AUS.items() for au in (*aus, "  avg")), ""]
    lines = ["| | method | " + " | ".join(h.strip() for h in heads[:-1]) + " |"]
    lines.append("| --- | --- |" + " --- |" * (len(heads) - 1))
    for figure, title in FIGURES.items():
        for k, (method, row) in enumerate(table_1(figure).items()):
            cells = [number(v) for values, mean in row.values() for v in (*values, mean)]
            lines.append(f"| {title if k == 0 else ''} | {method} | {' | '.join(cells)} |")
        for system in _systems(ours):
            cells = [cell for name, aus in AUS.items() for cell in _cells(ours, name, system, aus, figure)]
            lines.append(f"| | {system} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _systems(ours: Mapping[str, Scores]) -> list[str]:
    """Names of our rows; one row of dashes where no database is at hand."""
    return list(dict.fromkeys(system for scores in ours.values() for system in scores)) or ["Mien"]


def _of(ours: Mapping[str, Scores], name: str, system: str, aus: tuple[str, ...]) -> dict[str, Agreement]:
    found = ours.get(name, {}).get(system, {})
    return {au: found[au] for au in aus if au in found}


def _cells(ours: Mapping[str, Scores], name: str, system: str, aus: tuple[str, ...], figure: str) -> list[str]:
    found = _of(ours, name, system, aus)
    values = [getattr(found[au], figure) if au in found else np.nan for au in aus]
    return [number(v) for v in (*values, getattr(mean_agreement(list(found.values())), figure))]


def _mean_cells(ours: Mapping[str, Scores], name: str, system: str) -> list[str]:
    mean = mean_agreement(list(_of(ours, name, system, AUS[name]).values()))
    return [number(mean.icc), number(mean.mae)]


def print_table_2(ours: Mapping[str, Scores]) -> str:
    """Methods trained on DISFA's labels, theirs and ours on DISFA."""
    lines = ["| method | ICC(3,1) | MAE |", "| --- | --- | --- |"]
    lines += [f"| {method} | {number(icc)} | {number(mae)} |" for method, (icc, mae) in TABLE_2.items()]
    lines += [f"| {system} | {' | '.join(_mean_cells(ours, 'DISFA', system))} |" for system in _systems(ours)]
    return "\n".join(lines)


def print_table_3(ours: Mapping[str, Scores]) -> str:
    """Song et al.'s ablations; our own, measured where our truth is, belong to the training's report."""
    lines = ["| losses | BP4D ICC | BP4D MAE | DISFA ICC | DISFA MAE |", "| --- | --- | --- | --- | --- |"]
    for name, rows in TABLE_3.items():
        cells = [number(value) for row in rows for value in row]
        lines.append(f"| {THEIRS}, {name} | {' | '.join(cells)} |")
    full = [table_1(figure)[THEIRS][name][1] for name in AUS for figure in FIGURES]
    lines.append(f"| {THEIRS}, all (Table 1) | {' | '.join(number(v) for v in full)} |")
    for system in _systems(ours):
        cells = [cell for name in AUS for cell in _mean_cells(ours, name, system)]
        lines.append(f"| {system} | {' | '.join(cells)} |")
    return "\n".join(lines)
