"""FERA 2017's names, in a tree of our own making."""

from pathlib import Path

import numpy as np
import pytest

from models.evaluation.au_datasets.fera2017 import AUS, read_fera2017
from models.evaluation.au_datasets.sequences import DatasetError, of_part


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """One training and one validation video in views 1 and 6, three coded frames; AU04 is 9 in the second."""
    for part, folders in (("TR", ("FERA17_Train_MV", "Train_Int")), ("VA", ("FERA17_Valid_MV", "Valid_Int"))):
        videos, labels = (tmp_path / folder for folder in folders)
        videos.mkdir()
        labels.mkdir()
        for view in (1, 6):
            (videos / f"FERA17_{part}_F007_T1_{view}.mp4").touch()
        for au in AUS:
            (labels / f"FERA17_{part}_F007_T1_AU{au:02d}_Int.csv").write_text(
                f"1,{au % 5}\n2,{9 if au == 4 else 0}\n3,5\n"
            )
    return tmp_path


def test_each_view_is_a_video_of_the_same_labels(tree: Path) -> None:
    coded = read_fera2017(tree)
    assert [(s.subject, s.view) for s in coded] == [
        ("TR-F007", "1"), ("TR-F007", "6"), ("VA-F007", "1"), ("VA-F007", "6"),
    ]  # fmt: skip
    for s in coded:
        np.testing.assert_array_equal(s.rows, [0, 1, 2])
        np.testing.assert_array_equal(s.intensity["AU04"], [4, np.nan, 5])
        assert list(s.intensity) == ["AU01", "AU04", "AU06", "AU10", "AU12", "AU14", "AU17"]


def test_the_same_id_is_somebody_else_in_the_other_partition(tree: Path) -> None:
    assert {s.subject for s in of_part(read_fera2017(tree), "fera2017", "test")} == {"VA-F007"}
    assert {s.subject for s in of_part(read_fera2017(tree), "fera2017", "train")} == {"TR-F007"}


def test_tracks_of_unequal_length_are_cut_to_the_shortest(tree: Path) -> None:
    (tree / "Valid_Int/FERA17_VA_F007_T1_AU12_Int.csv").write_text("1,1\n2,2\n")
    assert [len(s.rows) for s in read_fera2017(tree)] == [3, 3, 2, 2]


def test_videos_without_labels_are_no_fera(tmp_path: Path) -> None:
    (tmp_path / "FERA17_VA_F007_T1_6.mp4").touch()
    with pytest.raises(DatasetError, match="is not FERA 2017"):
        read_fera2017(tmp_path)
    (tmp_path / "FERA17_VA_F009_T1_AU06_Int.csv").write_text("1,0\n")
    with pytest.raises(DatasetError, match="labels of the same name"):
        read_fera2017(tmp_path)
