"""The parsing network's training and measurement: augmentation, scores, and a short run that resumes."""

import csv
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the train extra")

from models import measure_parsing, train_parsing  # noqa: E402
from models.bisenet import load_parser  # noqa: E402
from models.measure_parsing import confusion, intersection_over_union, mean_iou, parse, sheet  # noqa: E402
from models.renderer.labels import LABEL  # noqa: E402
from models.train_parsing import class_weights  # noqa: E402
from models.training.landmark_labels import IGNORE  # noqa: E402
from models.training.parsing_augment import augmented, covered, mirrored, moved, recoloured, through_camera  # noqa: E402


def face(rng: np.random.Generator, size: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """A disc of skin with two differently coloured eyes on a background: what a tiny network can learn."""
    y, x = np.mgrid[:size, :size] - (size / 2 + rng.uniform(-4, 4, 2))[:, None, None]
    codes = np.where(np.hypot(x, y) < 0.38 * size, LABEL["skin"], 0).astype(np.uint8)
    for name, side in (("eye-left", 10), ("eye-right", -10)):
        codes[np.hypot(x - side, y + 6) < 5] = LABEL[name]
    colours = np.zeros((19, 3), np.uint8)
    colours[LABEL["skin"]], colours[0] = (220, 160, 130), (30, 60, 90)
    return colours[codes], codes


def write_people(folder: Path, people: range, rng: np.random.Generator) -> None:
    folder.mkdir()
    pairs = [(*face(rng), person) for person in people for _ in range(2)]
    picture, labels, person = (np.array(v) for v in zip(*pairs, strict=True))
    np.savez(folder / "a.npz", picture=picture, labels=labels, person=person, held_out=person % 12 == 0)


# ------------------------------------------------------------ augmentation


def test_the_mirror_swaps_left_and_right() -> None:
    picture, codes = face(np.random.default_rng(0))
    codes[0, 0] = IGNORE
    other, swapped = mirrored(picture, codes)
    assert np.array_equal(other, picture[:, ::-1])
    assert np.array_equal(swapped == LABEL["eye-left"], (codes == LABEL["eye-right"])[:, ::-1])
    assert swapped[0, -1] == IGNORE
    assert np.array_equal(mirrored(other, swapped)[1], codes)


def test_picture_and_mask_move_together() -> None:
    rng = np.random.default_rng(1)
    picture, codes = face(rng)
    for _ in range(20):
        seen, known = moved(picture, codes, rng)
        skin = (known == LABEL["skin"]) | np.isin(known, [LABEL["eye-left"], LABEL["eye-right"]])
        bright = seen[..., 0] > 120
        background = known == LABEL["background"]
        assert (bright & background).sum() < 0.02 * background.sum() + 40
        assert (bright & skin).sum() > 0.75 * skin.sum()
        assert set(np.unique(known)) <= {*np.unique(codes), IGNORE}


def test_covered_pixels_have_no_label_and_others_stay() -> None:
    rng = np.random.default_rng(2)
    picture, codes = face(rng)
    for _ in range(20):
        seen, known = covered(picture, codes, np.full_like(picture, 255), rng)
        hidden = known == IGNORE
        assert np.array_equal(seen[~hidden], picture[~hidden])
        assert np.array_equal(known[~hidden], codes[~hidden])


def test_light_and_camera_change_pictures_but_not_their_form() -> None:
    rng = np.random.default_rng(3)
    picture, codes = face(rng)
    changes = []
    for _ in range(40):
        out = through_camera(recoloured(picture, rng), rng)
        assert out.shape == picture.shape
        assert out.dtype == np.uint8
        changes.append(np.abs(out.astype(float) - picture).mean())
    assert np.median(changes) > 5
    again = [augmented(picture, codes, picture, np.random.default_rng(9)) for _ in range(2)]
    assert np.array_equal(again[0][0], again[1][0])
    assert np.array_equal(again[0][1], again[1][1])


# ------------------------------------------------------------ scores


def test_scores_of_a_case_done_by_hand() -> None:
    truth = np.array([0, 0, 0, 1, 1, IGNORE, IGNORE], np.uint8)
    predicted = np.array([0, 0, 1, 1, 2, 0, 5], np.uint8)
    counts = confusion(truth, predicted)
    assert counts.sum() == 5
    scores = intersection_over_union(counts)
    np.testing.assert_allclose(scores[:3], [2 / 3, 1 / 3, 0])
    assert np.isnan(scores[3:]).all()
    assert mean_iou(counts) == pytest.approx(0.5)  # label 2 was found, and does not occur


def test_rare_labels_weigh_more_and_absent_ones_nothing() -> None:
    labels = np.array([[[0] * 90 + [1] * 9 + [2] + [IGNORE] * 28]], np.uint8)
    weights = class_weights(labels)
    assert weights[2] > weights[1] > weights[0] > 0
    assert weights[5] == 0
    assert float((weights * torch.tensor([0.9, 0.09, 0.01] + [0] * 16)).sum()) == pytest.approx(1)


def test_a_sheet_shows_triples() -> None:
    picture, codes = face(np.random.default_rng(0))
    stack = np.stack([picture] * 3), np.stack([codes] * 3), np.stack([codes] * 3)
    assert sheet(*stack, across=2).shape == (2 * 224, 2 * 3 * 224, 3)


# ------------------------------------------------------------ training


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(5)
    write_people(tmp_path / "rendered", range(24), rng)
    write_people(tmp_path / "real", range(40, 50), rng)

    def train(*more: str) -> Path:
        common = ["--rendered", str(tmp_path / "rendered"), "--real", str(tmp_path / "real"), "--out"]
        sizes = ["--width", "0.125", "--side", "64", "--batch", "8", "--device", "cpu", "--rate", "4e-3"]
        monkeypatch.setattr(sys, "argv", ["train", *common, str(tmp_path / "out"), *sizes, *more])
        train_parsing.main()
        return tmp_path / "out"

    return train


def test_training_learns_resumes_and_can_be_measured(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # type: ignore[no-untyped-def]
    run("--steps", "10", "--every", "10")
    out = run("--steps", "60", "--every", "25")
    with (out / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [10, 25, 50, 60]
    assert float(rows[-1]["loss"]) < 0.6 * float(rows[0]["loss"])
    assert {p.name for p in out.iterdir()} == {"last.pt", "best.pt", "log.csv", "curve.png"}
    best = load_parser(out / "best.pt")
    picture, codes = face(np.random.default_rng(77))
    assert (parse(best, picture[None])[0] == codes).mean() > 0.85
    sources = ["--rendered", str(tmp_path / "rendered"), "--sheet", str(tmp_path / "sheet.png")]
    monkeypatch.setattr(sys, "argv", ["measure", str(out / "best.pt"), *sources])
    measure_parsing.main()
    printed = capsys.readouterr().out
    assert "| skin | 0." in printed
    assert "| hat | - |" in printed
    assert (tmp_path / "sheet.png").exists()


def test_the_budget_ends_training_with_a_checkpoint(run) -> None:  # type: ignore[no-untyped-def]
    out = run("--steps", "100000", "--minutes", "0.01")
    assert 1 <= torch.load(out / "last.pt", weights_only=True)["step"] < 1000


def test_mistakes_end_in_one_line(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    run("--steps", "1")
    with pytest.raises(SystemExit, match="another architecture"):
        run("--steps", "2", "--width", "0.25")
    with pytest.raises(SystemExit, match="render_dataset"):
        run("--rendered", str(tmp_path / "nowhere"))
