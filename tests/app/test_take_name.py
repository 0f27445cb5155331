"""Names of recordings: fields, counting, and that no name is given twice."""

from datetime import datetime
from pathlib import Path

import pytest

from app.errors import UserError
from app.outputs.take_name import FIELDS, check_pattern, next_path

NOW = datetime(2026, 1, 31, 9, 5, 7)


def test_every_field_is_filled(tmp_path: Path) -> None:
    path = next_path(tmp_path, "{source} {date} {time} {take}", "/films/lp d10.mp4", NOW)
    assert path == tmp_path / "lp d10 2026-01-31 09-05-07 001.csv"
    for field in FIELDS:
        check_pattern("{" + field + "}")


@pytest.mark.parametrize(("source", "name"), [("0", "camera-0"), ("demo", "demo"), ("a/b.c.mp4", "b.c")])
def test_sources_have_short_names(tmp_path: Path, source: str, name: str) -> None:
    assert next_path(tmp_path, "{source}", source, NOW).name == f"{name}.csv"


def test_takes_count_on_from_the_highest_whatever_the_time(tmp_path: Path) -> None:
    for name in ("demo_08-00-00_001.csv", "demo_08-30-00_007.csv", "camera-0_08-00-00_011.csv", "demo_x_012.csv"):
        (tmp_path / name).touch()
    assert next_path(tmp_path, "{source}_{time}_{take}", "demo", NOW).name == "demo_09-05-07_008.csv"
    assert next_path(tmp_path, "{source}_{time}_{take}", "0", NOW).name == "camera-0_09-05-07_012.csv"


def test_a_name_without_a_number_gets_one_where_it_is_taken(tmp_path: Path) -> None:
    names = []
    for _ in range(3):
        path = next_path(tmp_path, "Smile", "demo", NOW)
        path.touch()
        names.append(path.name)
    assert names == ["Smile.csv", "Smile_2.csv", "Smile_3.csv"]
    assert next_path(tmp_path, "smile", "demo", NOW).name == "smile_4.csv", "for Windows this is the same name"


@pytest.mark.parametrize(
    ("pattern", "name"),
    [("a/b:c", "a-b-c.csv"), ("con", "_con.csv"), (" .take. ", "take.csv"), ("take.csv", "take.csv")],
)
def test_names_are_such_that_any_file_system_takes_them(tmp_path: Path, pattern: str, name: str) -> None:
    assert next_path(tmp_path, pattern, "demo", NOW).name == name


def test_a_long_name_is_cut_and_still_free(tmp_path: Path) -> None:
    first = next_path(tmp_path, "a" * 300, "demo", NOW)
    first.touch()
    second = next_path(tmp_path, "a" * 300, "demo", NOW)
    second.touch()
    assert first != second


@pytest.mark.parametrize(("pattern", "why"), [("{tkae}", "tkae"), ("a{date", "brace"), ("", "empty"), (" . ", "empty")])
def test_a_bad_pattern_is_one_line(tmp_path: Path, pattern: str, why: str) -> None:
    with pytest.raises(UserError, match=why) as error:
        next_path(tmp_path, pattern, "demo", NOW)
    assert "\n" not in str(error.value)


def test_a_folder_that_is_not_there_yet_has_no_takes(tmp_path: Path) -> None:
    assert next_path(tmp_path / "new", "{take}", "demo", NOW) == tmp_path / "new" / "001.csv"
