"""A training's log drawn: a panel a column, gaps left out."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from models.training.curves import ACROSS, PANEL, draw_curves, write_log


def curve(picture: np.ndarray) -> np.ndarray:
    """(N, 2) y, x of the curve: all that is no grey."""
    return np.argwhere(np.ptp(picture.astype(int), axis=-1) > 40)


def test_a_falling_loss_falls(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("step,seconds,loss\n0,1,3\n10,2,2\n20,3,1\n")
    draw_curves(log, tmp_path / "curve.png")
    picture = cv2.imread(str(tmp_path / "curve.png"))
    assert picture is not None
    assert picture.shape == (PANEL[0], ACROSS * PANEL[1], 3)  # seconds are no curve
    drawn = curve(picture)
    left, right = drawn[drawn[:, 1] < 130], drawn[drawn[:, 1] > 330]
    assert left[:, 0].mean() + 60 < right[:, 0].mean()


def test_empty_cells_are_left_out(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("step,loss,score,never\n0,9,,\n10,8,0.5,\n20,7,nan,\n30,6,0.7,\n")
    draw_curves(log, tmp_path / "curve.png")
    picture = cv2.imread(str(tmp_path / "curve.png"))
    assert picture is not None
    assert picture.shape[0] == PANEL[0]  # two panels: the column that is never filled has none
    assert len(curve(picture[:, PANEL[1] :])) > 10


def test_a_constant_and_a_single_row_are_drawn(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("step,loss\n5,2\n")
    draw_curves(log, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").stat().st_size > 500


def test_what_is_no_log_is_refused(tmp_path: Path) -> None:
    for text in ("a,b\n1,2\n", "step,loss\n"):
        (tmp_path / "log.csv").write_text(text)
        with pytest.raises(ValueError, match=r"log\.csv"):
            draw_curves(tmp_path / "log.csv", tmp_path / "curve.png")


def test_a_log_has_a_column_for_every_name(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    write_log(log, [{"step": 1, "loss": 0.5}, {"step": 2, "loss": 0.25, "rest": 0.1}])
    assert log.read_text().splitlines() == ["step,loss,rest", "1,0.5,", "2,0.25,0.1"]
    draw_curves(log, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").stat().st_size > 0
