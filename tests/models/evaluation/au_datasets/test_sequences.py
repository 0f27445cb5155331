"""Splits, names of actions, and frames by their file names."""

from pathlib import Path

import numpy as np
import pytest

from models.evaluation.au_datasets import sequences
from models.evaluation.au_datasets.sequences import DatasetError
from models.evaluation.tracked import SIDES_OF_AU


def test_the_papers_split_sizes() -> None:
    disfa, bp4d = sequences.splits()["disfa"], sequences.splits()["bp4d"]
    assert (len(disfa["train"]), len(disfa["test"])) == (18, 9)
    assert (len(bp4d["train"]), len(bp4d["test"])) == (21, 20)
    for split in (disfa, bp4d):
        assert not set(split["train"]) & set(split["test"])
        assert len(set(split["train"] + split["test"])) == len(split["train"]) + len(split["test"])
    ckplus = [f"S{n:03d}" for n in range(1, 124)]
    assert len(sequences.subjects_of("ckplus", "train", ckplus)) == 100
    assert sequences.subjects_of("ckplus", "test", ckplus) == set(ckplus[100:])


def test_every_split_says_what_is_not_verified() -> None:
    for split in sequences.splits().values():
        assert split["verified"]
        assert split["source"]


def test_parts_are_those_of_the_people_that_are_there() -> None:
    assert sequences.subjects_of("disfa", "test", ["SN003", "SN001"]) == {"SN003"}
    assert sequences.subjects_of("disfa", "all", ["SN003", "SN001"]) == {"SN001", "SN003"}
    assert sequences.subjects_of("fera2017", "test", ["TR-F001", "VA-F001"]) == {"VA-F001"}
    assert sequences.subjects_of("mmi", "test", ["S001"]) == {"S001"}
    with pytest.raises(KeyError):
        sequences.subjects_of("disfa", "devel", ["SN003"])


def test_names_are_those_that_mien_measures() -> None:
    assert sequences.au_name(4) == "AU04"
    assert sequences.au_name(27) == "AU26"  # folded in
    assert sequences.au_name(45) == "AU43"
    assert sequences.au_name(11) is None
    assert all(sequences.au_name(au) in SIDES_OF_AU for au in (1, 2, 5, 6, 9, 10, 12, 14, 15, 17, 20, 25, 26))


def test_frames_are_placed_by_number_whatever_their_padding(tmp_path: Path) -> None:
    for name in ("0002.jpg", "10.jpg", "0001.jpg", "10.obj", ".DS_Store"):
        (tmp_path / name).touch()
    assert sequences.frames_in(tmp_path) == {1: 0, 2: 1, 10: 2}


@pytest.mark.parametrize("name", ["2.png", "cover.jpg"])
def test_a_picture_whose_frame_is_not_known_is_refused(tmp_path: Path, name: str) -> None:
    for each in ("0002.jpg", name):
        (tmp_path / each).touch()
    with pytest.raises(DatasetError, match="frame number"):
        sequences.frames_in(tmp_path)


def test_nine_is_not_an_intensity(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("1,0\n2,9\n3,5\n")
    np.testing.assert_array_equal(sequences.intensities(sequences.read_pairs(path)[:, 1]), [0, np.nan, 5])
    path.write_text("frame;code\n")
    with pytest.raises(DatasetError, match="frame,intensity"):
        sequences.read_pairs(path)
