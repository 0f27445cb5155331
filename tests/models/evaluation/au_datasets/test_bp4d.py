"""BP4D's layouts, in trees of our own making."""

from pathlib import Path

import numpy as np
import pytest

from models.evaluation.au_datasets.bp4d import AUS, read_bp4d
from models.evaluation.au_datasets.sequences import DatasetError


def make(root: Path, labels: str, pictures: str) -> Path:
    """F001's first task: pictures 98..101, coded 99..102; AU06 is 9 (cannot be coded) in frame 100."""
    for au in AUS:
        folder = root / labels / f"AU{au:02d}"
        folder.mkdir(parents=True)
        codes = [au % 6, 9 if au == 6 else 2, 0, 1]
        lines = [f"{99 + k},{code}" for k, code in enumerate(codes)]
        (folder / f"F001_T1_AU{au:02d}.csv").write_text("\n".join(lines) + "\n")
    folder = root / pictures / "F001" / "T1"
    folder.mkdir(parents=True)
    for frame in (98, 99, 100, 101):
        (folder / f"{frame:04d}.jpg").touch()
        (folder / f"{frame:04d}.obj").touch()  # the 3D scans lie beside them
    return root


@pytest.mark.parametrize("labels", ["AU-Intensity-Codes3.0", "AU Intensity Codes3.0", "AUCoding/AU_INT"])
@pytest.mark.parametrize("pictures", ["BP4D-training", "Sequences(2D+3D)", "."])
def test_frames_are_found_by_number_under_every_layout(tmp_path: Path, labels: str, pictures: str) -> None:
    (task,) = read_bp4d(make(tmp_path, labels, pictures))
    assert (task.subject, task.name) == ("F001", "F001_T1")
    np.testing.assert_array_equal(task.rows, [1, 2, 3])  # 98 is not coded, 102 has no picture
    np.testing.assert_array_equal(task.intensity["AU06"], [0, np.nan, 0])
    np.testing.assert_array_equal(task.intensity["AU10"], [4, 2, 0])
    assert list(task.intensity) == ["AU06", "AU10", "AU12", "AU14", "AU17"]


def test_an_au_without_labels_for_a_task_is_left_out(tmp_path: Path) -> None:
    root = make(tmp_path, "AUCoding/AU_INT", ".")
    (root / "AUCoding/AU_INT/AU17/F001_T1_AU17.csv").unlink()
    assert "AU17" not in read_bp4d(root)[0].intensity


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is not BP4D"):
        read_bp4d(tmp_path)
    root = make(tmp_path, "AUCoding/AU_INT", "BP4D-training")
    (root / "BP4D-training" / "F001").rename(root / "elsewhere")
    with pytest.raises(DatasetError, match=r"F001.T1 is missing: labels without pictures"):
        read_bp4d(root)
