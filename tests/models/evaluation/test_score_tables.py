"""Systems are scored on the same rows, and tables say what was scored."""

import json

import numpy as np
import pytest

from models.evaluation import score_tables

TRUTH = {"AU01": np.array([0.0, 1, 2, 3, 0]), "AU12": np.zeros(5)}


def test_a_system_that_gives_up_on_hard_frames_gains_nothing() -> None:
    good = {"AU01": np.array([0.0, 1, 2, 3, 4]), "AU12": np.zeros(5)}
    shy = {au: np.where(np.arange(5) == 4, np.nan, values) for au, values in good.items()}
    scores = score_tables.score(TRUTH, {"good": good, "shy": shy})
    assert scores["good"]["AU01"] == scores["shy"]["AU01"]
    assert scores["good"]["AU01"].n == 4
    alone = score_tables.score(TRUTH, {"good": good})
    assert alone["good"]["AU01"].mae == pytest.approx(4 / 5)


def test_a_missing_value_of_one_au_does_not_hide_the_face() -> None:
    half = {"AU01": np.array([np.nan, 1, 2, 3, 0]), "AU12": np.zeros(5)}
    scores = score_tables.score(TRUTH, {"half": half})
    assert (scores["half"]["AU01"].n, scores["half"]["AU12"].n) == (4, 5)


def test_tables_hold_every_figure_and_a_dash_where_it_is_undefined() -> None:
    scores = score_tables.score(TRUTH, {"a": TRUTH, "b": {au: values + 1 for au, values in TRUTH.items()}})
    lines = score_tables.table(scores, ("icc", "mae"), present={"AU01": 3}).splitlines()
    assert lines[2] == "| AU01 | 3 | 1.00 | 0.00 | 1.00 | 1.00 |"
    assert lines[3] == "| AU12 | 0 | - | 0.00 | - | 1.00 |"  # never coded: no ICC
    assert lines[4] == "| **mean** | 2 AUs | 1.00 | 0.00 | 1.00 | 1.00 |"
    assert len({line.count("|") for line in lines}) == 1
    rows = score_tables.summary(scores, {"a": 1.0, "b": 0.5}).splitlines()
    assert rows[3] == "| b | 1.00 | 1.00 | 1.00 | 1.00 | 50% |"


def test_groups_stand_below_each_other_with_their_sizes() -> None:
    few = {au: values[:2] for au, values in TRUTH.items()}
    groups = {"front": score_tables.score(TRUTH, {"a": TRUTH}), "turned": score_tables.score(few, {"a": few})}
    lines = score_tables.means_table(groups).splitlines()
    assert lines[2] == "| front | 5 | 1.00 0.00 |"
    assert lines[3] == "| turned | 2 | 1.00 0.00 |"


def test_json_has_no_nan() -> None:
    written = score_tables.as_json(score_tables.score(TRUTH, {"a": TRUTH}))
    text = json.dumps(written, allow_nan=False)
    assert json.loads(text)["a"]["AU12"]["icc"] is None
    assert json.loads(text)["a"]["mean"]["mae"] == 0
