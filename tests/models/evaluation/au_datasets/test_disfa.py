"""DISFA's layout, in a tree of our own making."""

from pathlib import Path

import numpy as np
import pytest

from models.evaluation.au_datasets.disfa import AUS, read_disfa
from models.evaluation.au_datasets.sequences import DatasetError


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Two subjects with three coded frames; AU12 of frame k is k, SN003's labels are a frame shorter."""
    for subject, frames in (("SN001", 3), ("SN003", 2)):
        folder = tmp_path / "ActionUnit_Labels" / subject
        folder.mkdir(parents=True)
        for au in AUS:
            lines = [f"{k + 1},{k + 1 if au == 12 else 0}" for k in range(frames)]
            (folder / f"{subject}_au{au}.txt").write_text("\n".join(lines) + "\n")
    for camera, name in (("Videos_LeftCamera", "LeftVideo{}_comp.avi"), ("Video_RightCamera", "RightVideo{}_Comp.avi")):
        (tmp_path / camera).mkdir()
        for subject in ("SN001", "SN003"):
            (tmp_path / camera / name.format(subject)).touch()
    return tmp_path


def test_frames_and_intensities_of_all_twelve_aus(tree: Path) -> None:
    one, three = read_disfa(tree)
    assert (one.subject, one.source.name) == ("SN001", "LeftVideoSN001_comp.avi")
    np.testing.assert_array_equal(one.rows, [0, 1, 2])  # labels count from 1, the tracker from 0
    assert len(one.intensity) == 12
    np.testing.assert_array_equal(one.intensity["AU12"], [1, 2, 3])
    np.testing.assert_array_equal(one.intensity["AU01"], [0, 0, 0])
    assert len(three.rows) == 2


def test_the_other_camera_has_its_own_spelling(tree: Path) -> None:
    assert [s.source.name for s in read_disfa(tree, "right")] == [
        "RightVideoSN001_Comp.avi",
        "RightVideoSN003_Comp.avi",
    ]


def test_an_au_whose_labels_end_early_is_unknown_there(tree: Path) -> None:
    (tree / "ActionUnit_Labels/SN001/SN001_au1.txt").write_text("1,2\n2,0\n")
    np.testing.assert_array_equal(read_disfa(tree)[0].intensity["AU01"], [2, 0, np.nan])


def test_what_is_missing_is_named(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(DatasetError, match="is not DISFA"):
        read_disfa(tmp_path_factory.mktemp("other"))
    (tree / "ActionUnit_Labels/SN001/SN001_au26.txt").unlink()
    with pytest.raises(DatasetError, match=r"SN001_au26\.txt is missing"):
        read_disfa(tree)
    (tree / "Videos_LeftCamera/LeftVideoSN001_comp.avi").unlink()
    with pytest.raises(DatasetError, match="no left video of SN001"):
        read_disfa(tree)
