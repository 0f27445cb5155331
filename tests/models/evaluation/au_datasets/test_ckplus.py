"""CK+'s layout, in a tree of our own making."""

from pathlib import Path

import numpy as np
import pytest

from models.evaluation.au_datasets.ckplus import read_ckplus
from models.evaluation.au_datasets.sequences import DatasetError


@pytest.fixture(params=["FACS_labels", "FACS"])
def tree(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """S005's first sequence, eleven pictures; AU9 at 4, AU17 present, AU27 at 5 over AU26 at 2, AU23 is not ours."""
    images = tmp_path / "cohn-kanade-images" / "S005" / "001"
    facs = tmp_path / request.param / "S005" / "001"
    for folder in (images, facs):
        folder.mkdir(parents=True)
    for k in range(1, 12):
        (images / f"S005_001_{k:08d}.png").touch()
    (images / ".DS_Store").touch()
    codes = ((9, 4), (17, 0), (26, 2), (27, 5), (23, 3))
    lines = [f"   {au:.7e}   {value:.7e}" for au, value in codes]
    (facs / "S005_001_00000011_facs.txt").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_neutral_and_peak_are_coded(tree: Path) -> None:
    (s,) = read_ckplus(tree)
    assert (s.subject, s.name, s.source.name) == ("S005", "S005_001", "001")
    np.testing.assert_array_equal(s.rows, [0, 10])
    np.testing.assert_array_equal(s.intensity["AU09"], [0, 4])
    np.testing.assert_array_equal(s.intensity["AU26"], [0, 5])  # 27 is the end of 26
    np.testing.assert_array_equal(s.intensity["AU12"], [0, 0])  # not listed: absent
    assert "AU23" not in s.intensity


def test_an_action_without_a_strength_is_there_and_not_zero(tree: Path) -> None:
    (s,) = read_ckplus(tree)
    np.testing.assert_array_equal(s.intensity["AU17"], [0, np.nan])
    np.testing.assert_array_equal(s.present["AU17"], [0, 1])
    np.testing.assert_array_equal(s.present["AU12"], [0, 0])


def test_what_is_missing_is_named(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(DatasetError, match=r"is not CK\+"):
        read_ckplus(tmp_path_factory.mktemp("other"))
    (tree / "cohn-kanade-images/S005/001/S005_001_00000011.png").unlink()
    with pytest.raises(DatasetError, match=r"S005_001_00000011\.png is missing"):
        read_ckplus(tree)
    next(tree.glob("FACS*/*/*/*.txt")).write_text("nine four\n")
    with pytest.raises(DatasetError):
        read_ckplus(tree)
