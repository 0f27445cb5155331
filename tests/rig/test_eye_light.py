"""Shadow of lids and lips."""

import numpy as np

from rig.eye_light import LOWER_LID, UPPER_LID, depth_below, lid_light, mouth_light

UP = np.array([0, 1, 0], np.float32)
FORWARD = np.array([0, 0, 1], np.float32)


def edge(y: float) -> np.ndarray:
    return np.array([[x, y, 0] for x in (-1.0, 0.0, 1.0)], np.float32)


def test_depth_is_the_distance_and_its_sign_the_side():
    points = np.array([[0, -0.5, 0], [0.2, 0.25, 0], [0, 0, 0]], np.float32)
    np.testing.assert_allclose(depth_below(points, edge(0.0), UP), [0.5, -0.25, 0], atol=0.06)


def test_light_grows_away_from_the_lids():
    points = np.array([[0, y, 0] for y in (0.3, 0.1, -0.1)], np.float32)
    light = lid_light(points, edge(0.3), edge(-0.3), UP, unit=1.0)
    assert light[0] < light[1] <= 1
    assert light[1] < light[2] + 0.3
    closed = lid_light(points, edge(-0.3), edge(-0.3), UP, unit=1.0)
    assert (closed < light).all()


def test_the_mouth_is_darker_behind_and_through_narrow_lips():
    points = np.array([[0, 0, z] for z in (-0.2, -1.5, -3.0)], np.float32)
    wide = mouth_light(points, edge(0.4), edge(-0.4), FORWARD, unit=1.0)
    assert wide[0] > wide[1] > wide[2] > 0
    narrow = mouth_light(points, edge(0.02), edge(-0.02), FORWARD, unit=1.0)
    assert (narrow < wide).all()


def test_shut_lips_let_hardly_any_light_in():
    """As far apart as the landmarks on the skin of shut lips, teeth behind them must not gleam."""
    teeth = np.array([[0, 0, -0.4]], np.float32)
    shut = mouth_light(teeth, edge(0.02), edge(-0.02), FORWARD, unit=1.0)
    crossed = mouth_light(teeth, edge(-0.1), edge(0.1), FORWARD, unit=1.0)
    parted = mouth_light(teeth, edge(0.1), edge(-0.1), FORWARD, unit=1.0)
    assert shut < 0.25
    assert 0 < crossed <= shut
    assert parted > 0.85


def test_lids_begin_and_end_at_the_same_corners():
    for upper, lower in zip(UPPER_LID, LOWER_LID, strict=True):
        assert upper[0] == lower[0]
        assert upper[-1] == lower[-1]
