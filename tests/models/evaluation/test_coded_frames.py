"""Hand-coded frames as a network takes them: the frames that were coded, beside the right frame at rest."""

from pathlib import Path

import numpy as np
import pytest

from models.evaluation import coded_frames
from models.evaluation.hand_coding import AU_COLUMNS, GAZE_COLUMNS, POSE_COLUMNS
from models.evaluation.regressors import load
from models.evaluation.score_tables import mean_scores

HEADER = ("clip", "frame", *AU_COLUMNS, "AU12_asym", *GAZE_COLUMNS, *POSE_COLUMNS)


def write_coding(folder: Path, frames: list[tuple[str, int, float]]) -> None:
    """(clip, frame, AU12): everything else is 0."""
    rows = [[clip, str(k), *(str(au12 if name == "AU12" else 0) for name in HEADER[2:])] for clip, k, au12 in frames]
    text = "\n".join(",".join(row) for row in [list(HEADER), *rows])
    (folder / "au_hand_dev.csv").write_text(text + "\n")


def test_frames_of_a_clip_are_read_by_number(make_video) -> None:  # type: ignore[no-untyped-def]
    path = make_video(frames=6)
    found = coded_frames.read_frames(path, {1, 4})
    assert sorted(found) == [1, 4]
    for k, picture in found.items():
        assert abs(float(picture.mean()) - (10 + 8 * k)) < 3
    with pytest.raises(SystemExit, match="frame 6 cannot be read"):
        coded_frames.read_frames(path, {2, 9})


def test_each_frame_stands_beside_its_clip_at_rest(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clips").symlink_to(data_dir / "clips")
    write_coding(tmp_path, [("pf_single_face", 24, 4.0), ("pf_single_face", 0, 0.0), ("lp_d0", 3, 0.0)])
    frames = coded_frames.read_coded_frames(tmp_path)
    assert len(frames) == len(frames.rest) == 3
    assert frames.coding.clips == ["pf_single_face", "pf_single_face", "lp_d0"]
    np.testing.assert_array_equal(frames.views.picture[1], frames.rest.picture[0], "the coder compared with frame 0")
    np.testing.assert_array_equal(frames.rest.landmarks[0], frames.rest.landmarks[1])
    assert np.abs(frames.rest.landmarks[2] - frames.rest.landmarks[0]).max() > 0.002, "another person"
    regress = load("geometric")
    scores = frames.scores({"g": regress(frames.views, frames.rest), "nothing": np.zeros((3, 40), np.float32)})
    assert scores["nothing"]["AU12"].mae == pytest.approx(4 / 3)
    assert scores["g"]["AU12"].mae < 1
    assert set(mean_scores(scores)) == {"g", "nothing"}


def test_a_clip_without_a_face_at_rest_is_one_line(
    make_video,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,  # type: ignore[no-untyped-def]
) -> None:
    (tmp_path / "clips").mkdir()
    make_video("clips/lp_d0.mp4", frames=4, size=(192, 192))
    write_coding(tmp_path, [("lp_d0", 2, 1.0)])
    with pytest.raises(SystemExit, match="lp_d0: no face in frame 0"):
        coded_frames.read_coded_frames(tmp_path)
    with pytest.raises(SystemExit, match=r"au_hand_dev\.csv is missing"):
        coded_frames.read_coded_frames(tmp_path / "clips")
