"""The paper's figures agree with themselves, and ours stand beside them."""

import numpy as np
import pytest

from models.evaluation import paper_tables
from models.evaluation.score_tables import score


@pytest.mark.parametrize("figure", ["icc", "mae"])
def test_every_row_is_whole_and_averages_to_what_is_printed(figure: str) -> None:
    for method, row in paper_tables.table_1(figure).items():
        for name, (values, mean) in row.items():
            assert len(values) == len(paper_tables.AUS[name])
            assert np.mean(values) == pytest.approx(mean, abs=0.016), (method, figure, name)


def test_their_means_are_the_same_in_all_three_tables() -> None:
    theirs = [paper_tables.table_1(figure)[paper_tables.THEIRS]["DISFA"][1] for figure in ("icc", "mae")]
    assert tuple(theirs) == paper_tables.TABLE_2[paper_tables.THEIRS]


def test_ours_is_a_row_of_dashes_until_there_is_data() -> None:
    lines = paper_tables.print_table_1({}).splitlines()
    ours = [line for line in lines if "| Mien |" in line]
    assert len(ours) == 2
    assert all(line.count("| -") == 19 for line in ours)
    assert "| Mien | - | - |" in paper_tables.print_table_2({})
    assert "| Mien | - | - | - | - |" in paper_tables.print_table_3({})
    assert len({line.count("|") for line in lines}) == 1


def test_ours_fill_their_columns_and_only_those() -> None:
    truth = {au: np.array([0.0, 1, 2, 3]) for au in paper_tables.DISFA_AUS}
    ours = {"DISFA": score(truth, {"Mien lite": {au: values + 0.25 for au, values in truth.items()}})}
    icc, mae = [line for line in paper_tables.print_table_1(ours).splitlines() if "Mien lite" in line]
    assert icc == "| | Mien lite |" + " - |" * 6 + " 1.00 |" * 13
    assert mae == "| | Mien lite |" + " - |" * 6 + " 0.25 |" * 13
    assert "| Mien lite | 1.00 | 0.25 |" in paper_tables.print_table_2(ours)
    assert "| Mien lite | - | - | 1.00 | 0.25 |" in paper_tables.print_table_3(ours)
