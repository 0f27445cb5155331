"""How often training sees an action: rare ones less, shut lids as they are, and the rarest action of a face decides."""

import numpy as np

from models.training.base_rates import COMMON, LEAKING, OF_LANDMARKS, OF_PICTURES, SEALED_JAW, Rarity, sample_rates
from rig.parameters import CHANNEL_INDEX, N_CHANNELS


def face(**channels: float) -> np.ndarray:
    """(1, 40); ``AU12_left`` for ``AU12-left``."""
    au = np.zeros((1, N_CHANNELS), np.float32)
    for name, value in channels.items():
        au[0, CHANNEL_INDEX[name.replace("_", "-")]] = value
    return au


def rate(au: np.ndarray, rarities: tuple[Rarity, ...] = COMMON) -> float:
    return float(sample_rates(au, rarities)[0])


def test_a_half_shut_eye_is_rare_and_a_shut_one_is_not() -> None:
    half = rate(face(AU43_left=0.5, AU43_right=0.45))
    assert half < 0.5
    assert rate(face(AU43_left=0.3)) == half
    assert rate(face(AU43_left=1.0, AU43_right=0.9)) == 1
    assert rate(face(AU43_left=0.95, AU43_right=0.4)) == 1, "a wink"
    assert rate(face(AU43_left=0.05)) == 1
    assert rate(face(AU7_left=0.6, AU6_left=0.6)) == 1


def test_the_rarest_action_decides() -> None:
    rarities = (Rarity("AU19", 0.3), Rarity("AU20", 0.6))
    assert rate(face(AU19=0.5, AU20_right=0.5), rarities) == 0.3
    assert rate(face(AU20_right=0.5), rarities) == 0.6
    assert rate(face(AU2_left=0.5), rarities) == 1, "AU2 is not AU20"


def test_a_jaw_behind_sealed_lips_is_hardly_ever_seen() -> None:
    assert rate(face(AU26=0.5), ()) == SEALED_JAW
    assert rate(face(AU26=0.5, AU25=0.5), ()) == 1


def test_puffed_cheeks_behind_parted_lips_are_hardly_ever_seen() -> None:
    assert rate(face(AU34=0.5, AU25=0.5), ()) == LEAKING
    assert rate(face(AU34=0.5, AU18=0.5), ()) == 1
    assert rate(face(AU34=0.05, AU25=0.5), ()) == 1


def test_nothing_is_lost_and_every_rate_is_a_share() -> None:
    everything = np.random.default_rng(0).random((500, N_CHANNELS)).astype(np.float32)
    everything *= np.random.default_rng(1).random((500, N_CHANNELS)) < 0.1
    for table in (OF_LANDMARKS, OF_PICTURES):
        rates = sample_rates(everything, table)
        assert rates.min() > 0
        assert rates.max() == 1
        assert all(rarity.shown(everything).any() for rarity in table), "every entry names a channel"
