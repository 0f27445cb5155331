"""MediaPipe's shapes read as AUs."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from models.evaluation import blendshape_baseline as baseline
from rig.parameters import CHANNELS


def test_the_baseline_takes_the_stronger_side_and_the_subjects_left() -> None:
    names = ["mouthSmileLeft", "mouthSmileRight", "eyeBlinkLeft", "jawOpen", "eyeLookOutLeft", "eyeLookInRight"]
    every = sorted({s for shapes in baseline.SHAPES_OF_AU.values() for s in shapes} | {
        f"eyeLook{d}{s}" for d in ("In", "Out", "Up", "Down") for s in ("Left", "Right")
    })  # fmt: skip
    weights = np.zeros((1, len(every)))
    for name, value in zip(names, (0.9, 0.3, 1.0, 0.5, 0.6, 0.6), strict=True):
        weights[0, every.index(name)] = value
    got = baseline.columns(weights, every)
    assert got["AU12"][0] == pytest.approx(4.5)
    assert got["AU12_asym"][0] == pytest.approx(3.0)
    assert (got["AU43_L"][0], got["AU43_R"][0]) == (5.0, 0.0)
    assert got["AU26"][0] == pytest.approx(2.5)
    assert got["gaze_h"][0] == pytest.approx(3.0)  # left eye out, right eye in: to the subject's left
    assert got["AU04"][0] == 0


def test_each_channel_is_read_from_its_own_side() -> None:
    names = ["mouthSmileLeft", "mouthSmileRight", "browInnerUp", "cheekPuff", "jawOpen", "mouthUpperUpLeft"]
    names += ["mouthUpperUpRight", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft"]
    weights = np.array([[0.9, 0.3, 0.5, 0.2, 0.1, 0.0, 0.0, 0.4, 0.2, 0.7]])
    got = dict(zip(CHANNELS, baseline.channels(weights, names)[0].tolist(), strict=True))
    for channel, value in {
        "AU12-left": 0.9, "AU12-right": 0.3, "AU1-left": 0.5, "AU1-right": 0.5, "AU34": 0.2, "AU25": 0.4, "AU26": 0.1,
        "AU10-left": 0.0,
    }.items():  # fmt: skip
        assert got[channel] == pytest.approx(value), channel
    for channel in ("AU16-left", "AU24", "AU43-left"):
        assert np.isnan(got[channel]), f"{channel}: not all of its shapes are there"


def test_the_fairer_baseline_is_nothing_at_its_neutral_frame_and_never_negative() -> None:
    weights = np.random.default_rng(0).uniform(0, 1, (5, 52))
    shifted = baseline.minus_neutral(weights, 2)
    assert (shifted >= 0).all()
    np.testing.assert_array_equal(shifted[2], 0)
    np.testing.assert_allclose(shifted[0], np.maximum(weights[0] - weights[2], 0))
    own = baseline.minus_neutral(weights, np.array([0, 0, 2, 2, 2]))
    np.testing.assert_array_equal(own[0], 0)
    np.testing.assert_allclose(own[3:], shifted[3:])


def test_a_picture_without_a_face_has_no_weights(data_dir: Path) -> None:
    task = data_dir / "models" / "face_landmarker.task"
    still = next((data_dir / "stills").glob("flux_woman_0033*.jpg"), None)
    if still is None or not task.is_file():
        pytest.skip("needs a still and face_landmarker.task of the real data")
    face = np.ascontiguousarray(cv2.imread(str(still))[..., ::-1])
    weights, names = baseline.blendshapes_of_pictures([np.full_like(face, 120), face], task)
    assert weights.shape == (2, len(names)) == (2, 52)
    assert np.isnan(weights[0]).all()
    assert np.isfinite(weights[1]).all()
