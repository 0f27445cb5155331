"""40 channels and gaze <-> 52 ARKit shapes: one table, read both ways."""

import numpy as np
import pytest

from rig.arkit import MATRIX, arkit_to_channels, channels_to_arkit
from rig.parameters import ARKIT, CHANNEL_INDEX, CHANNELS, N_CHANNELS
from rig.skeleton import GAZE_FULL_DEG

AHEAD = np.zeros(2, np.float32)
NO_CHANNEL = {"mouthLeft", "mouthRight"}
"""Shapes that no AU stands for: documented as staying 0."""


def one(**values: float) -> np.ndarray:
    """Channels by name, ``AU12_left=1``."""
    au = np.zeros(N_CHANNELS, np.float32)
    for name, value in values.items():
        au[CHANNEL_INDEX[name.replace("_", "-")]] = value
    return au


def shapes(au: np.ndarray, left: np.ndarray = AHEAD, right: np.ndarray = AHEAD) -> dict[str, float]:
    return dict(zip(ARKIT, channels_to_arkit(au, left, right).tolist(), strict=True))


def test_rest_is_zero() -> None:
    assert set(shapes(one()).values()) == {0.0}


def test_every_shape_is_driven_or_documented_as_zero() -> None:
    driven: set[str] = set()
    for channel in CHANNELS:
        driven |= {k for k, v in shapes(one(**{channel: 1.0})).items() if v > 0}
    for yaw, pitch in ((30, 0), (-30, 0), (0, 30), (0, -30)):
        look = np.array([yaw, pitch], np.float32)
        driven |= {k for k, v in shapes(one(), look, look).items() if v > 0}
    assert set(ARKIT) - driven == NO_CHANNEL
    assert all(name in (channels_to_arkit.__doc__ or "") for name in NO_CHANNEL)


def test_every_channel_drives_a_shape() -> None:
    for channel in CHANNELS:
        assert max(shapes(one(**{channel: 1.0})).values()) >= 0.5, channel


@pytest.mark.parametrize(
    ("channel", "shape"),
    [
        ("AU12-left", "mouthSmileLeft"),
        ("AU12-right", "mouthSmileRight"),
        ("AU43-left", "eyeBlinkLeft"),
        ("AU2-right", "browOuterUpRight"),
        ("AU9-left", "noseSneerLeft"),
        ("AU26", "jawOpen"),
        ("AU34", "cheekPuff"),
        ("AU19", "tongueOut"),
        ("AU30-left", "jawLeft"),
    ],
)
def test_sides_and_strength(channel: str, shape: str) -> None:
    out = shapes(one(**{channel: 0.6}))
    assert out[shape] == pytest.approx(0.6)
    if shape.endswith(("Left", "Right")):
        other = shape.replace("Left", "#").replace("Right", "Left").replace("#", "Right")
        assert out[other] == 0


def test_lips_stay_closed_over_a_dropped_jaw_until_they_part() -> None:
    assert shapes(one(AU26=0.8))["mouthClose"] == pytest.approx(0.8)
    assert shapes(one(AU26=0.8, AU25=1.0))["mouthClose"] == 0


@pytest.mark.parametrize(
    ("yaw", "pitch", "left", "right"),
    [
        (15, 0, "eyeLookOutLeft", "eyeLookInRight"),
        (-15, 0, "eyeLookInLeft", "eyeLookOutRight"),
        (0, 15, "eyeLookUpLeft", "eyeLookUpRight"),
        (0, -15, "eyeLookDownLeft", "eyeLookDownRight"),
    ],
)
def test_gaze(yaw: float, pitch: float, left: str, right: str) -> None:
    look = np.array([yaw, pitch], np.float32)
    out = shapes(one(), look, look)
    assert {k for k, v in out.items() if v > 0} == {left, right}
    assert out[left] == out[right] == pytest.approx(15 / GAZE_FULL_DEG)


def test_gaze_comes_back_per_eye() -> None:
    rng = np.random.default_rng(3)
    left, right = rng.uniform(-29, 29, (2, 50, 2)).astype(np.float32)
    _, back_left, back_right = arkit_to_channels(channels_to_arkit(np.zeros((50, N_CHANNELS), np.float32), left, right))
    np.testing.assert_allclose(back_left, left, atol=1e-4)
    np.testing.assert_allclose(back_right, right, atol=1e-4)


@pytest.mark.parametrize("jaw", [0.0, 0.4])
def test_round_trip(jaw: float) -> None:
    """Exact save for what is documented: AU1's sides come back equal; with an open jaw AU25 is read from mouthClose."""
    rng = np.random.default_rng(4)
    au = rng.uniform(0, 0.5, (200, N_CHANNELS)).astype(np.float32)
    au[:, CHANNEL_INDEX["AU1-right"]] = au[:, CHANNEL_INDEX["AU1-left"]]
    au[:, CHANNEL_INDEX["AU26"]] = jaw
    if jaw == 0:  # AU10 and AU16 then cannot be told from the lips' parting
        for name in ("AU10", "AU16"):
            au[:, [CHANNEL_INDEX[f"{name}-left"], CHANNEL_INDEX[f"{name}-right"]]] = 0
    still = np.zeros((200, 2), np.float32)
    back, _, _ = arkit_to_channels(channels_to_arkit(au, still, still))
    np.testing.assert_allclose(back, au, atol=1e-5)


def test_values_are_clipped_and_batches_keep_their_shape() -> None:
    au = np.ones((2, 3, N_CHANNELS), np.float32)
    far = np.full((2, 3, 2), 80, np.float32)
    out = channels_to_arkit(au, far, far)
    assert out.shape == (2, 3, 52)
    assert out.min() >= 0
    assert out.max() <= 1
    back, left, _ = arkit_to_channels(out)
    assert back.shape == (2, 3, N_CHANNELS)
    assert left.shape == (2, 3, 2)


def test_the_matrix_is_mirror_symmetric() -> None:
    def flipped(name: str) -> str:
        if name.endswith("Left"):
            return name[:-4] + "Right"
        return name[:-5] + "Left" if name.endswith("Right") else name

    twin_shape = [ARKIT.index(flipped(n)) for n in ARKIT]
    twin_channel = [
        CHANNEL_INDEX[c.replace("-left", "-right") if c.endswith("-left") else c.replace("-right", "-left")]
        for c in CHANNELS
    ]
    np.testing.assert_array_equal(MATRIX, MATRIX[twin_shape][:, twin_channel])
