"""MMI's layout, in a tree of our own making."""

from pathlib import Path

import numpy as np
import pytest

from models.evaluation.au_datasets.mmi import read_mmi
from models.evaluation.au_datasets.sequences import DatasetError

N = np.nan


def unit(number: str, *marks: tuple[int, int]) -> str:
    inside = "".join(f'<Marker Frame="{frame}" Type="{kind}"/>' for frame, kind in marks)
    return f'<ActionUnit Number="{number}">{inside}</ActionUnit>'


def make(root: Path, *units: str) -> Path:
    folder = root / "Sessions" / "7"
    folder.mkdir(parents=True)
    (folder / "S003-012.avi").touch()
    (folder / "session.xml").write_text("<session/>")
    (folder / "S003-012-oao_aucs.xml").write_text(f"<ActionUnitCoding>{''.join(units)}</ActionUnitCoding>")
    return root


def test_phases_become_presence(tmp_path: Path) -> None:
    rise = ((1, 0), (3, 1), (5, 2), (8, 3), (10, 0))
    (s,) = read_mmi(make(tmp_path, unit("12", *rise), unit("11", *rise)))
    assert (s.subject, s.name, s.source.name) == ("S003", "S003-012", "S003-012.avi")
    np.testing.assert_array_equal(s.rows, np.arange(10))
    np.testing.assert_array_equal(s.present["AU12"], [0, 0, N, N, 1, 1, 1, N, N, 0])
    assert (s.present["AU06"] == 0).all()
    assert not s.intensity


def test_an_apex_that_never_ends_lasts_to_the_last_mark(tmp_path: Path) -> None:
    marks = unit("1", (1, 0), (2, 1), (3, 2)), unit("2", (1, 0), (5, 1))
    (s,) = read_mmi(make(tmp_path, *marks))
    np.testing.assert_array_equal(s.present["AU01"], [0, N, 1, 1, 1])


def test_one_of_two_sides_is_enough(tmp_path: Path) -> None:
    left, right = unit("12L", (1, 2), (3, 0), (4, 0)), unit("12R", (1, 0), (2, 2), (4, 1))
    (s,) = read_mmi(make(tmp_path, left, right))
    np.testing.assert_array_equal(s.present["AU12"], [1, 1, 1, N])


def test_what_is_missing_or_damaged_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is not MMI"):
        read_mmi(tmp_path)
    root = make(tmp_path, unit("12", (1, 0)))
    path = root / "Sessions/7/S003-012-oao_aucs.xml"
    path.write_text("<ActionUnit>")
    with pytest.raises(DatasetError, match="ActionUnit elements"):
        read_mmi(root)
