"""Narrowed eyes and shut ones: what AU6 and AU7 explain is no AU43. Tongues. (The other rules: test_tracker.)"""

import numpy as np
import pytest

from app.rules import CHEEK, SHUT, SQUINT, TONGUE, Rules, settle_lids, settle_mouth
from models.runtime import gaze
from rig.face import Face
from rig.parameters import CHANNEL_INDEX, N_CHANNELS

AHEAD = np.zeros((2, 2), np.float32)
RULES = Rules()


def lids(openness: float, au43: float = 0.0, squint: float = 0.0, cheek: float = 0.0) -> np.ndarray:
    """(2,) AU43 of both eyes after the rules."""
    au = np.zeros(N_CHANNELS, np.float32)
    au[SHUT], au[SQUINT], au[CHEEK] = au43, squint, cheek
    return settle_lids(au, np.full(2, openness, np.float32), AHEAD, RULES)[SHUT]


def test_an_eye_narrowed_by_a_smile_or_a_squint_is_not_half_shut() -> None:
    assert lids(0.72).min() > 0.1, "nothing explains the narrow gap"
    assert lids(0.72, squint=0.8).max() == 0
    assert lids(0.80, cheek=0.9).max() == 0
    assert lids(0.62, squint=0.7, cheek=0.9).max() == 0
    assert 0 < lids(0.5, squint=0.5).max() < lids(0.5).max(), "explained in part"


def test_a_blink_in_a_smile_is_a_whole_one() -> None:
    assert lids(0.15, au43=0.9, squint=1.0, cheek=1.0).min() == 1
    assert lids(0.15, au43=0.0, cheek=1.0).min() == 1, "by the lids alone"


def test_wide_eyes_stay_as_they_are() -> None:
    assert lids(1.2, squint=0.5).max() == 0
    np.testing.assert_array_equal(lids(0.6), settle_lids_without_squint(0.6))


def settle_lids_without_squint(openness: float) -> np.ndarray:
    rules = Rules(squint_narrows=0.0, cheek_narrows=0.0)
    return settle_lids(np.zeros(N_CHANNELS, np.float32), np.full(2, openness, np.float32), AHEAD, rules)[SHUT]


@pytest.mark.parametrize(("channels", "share"), [(SQUINT, RULES.squint_narrows), (CHEEK, RULES.cheek_narrows)])
def test_our_own_head_narrows_its_eyes_as_the_rules_say(channels: list[int], share: float) -> None:
    face, ahead = Face(), np.zeros(2, np.float32)

    def openness(strength: float) -> np.ndarray:
        au = np.zeros(N_CHANNELS, np.float32)
        au[channels] = strength
        return gaze.openness(face.landmarks(face.pose(au, ahead, ahead)))

    for strength in (0.5, 1.0):
        np.testing.assert_allclose(openness(strength) / openness(0), 1 - share * strength, atol=0.03)


def test_a_tongue_shows_when_it_is_sure_to() -> None:
    def shown(said: float) -> float:
        au = np.full(N_CHANNELS, 0.3, np.float32)
        au[TONGUE] = said
        before = au.copy()
        after = settle_mouth(au, RULES)
        np.testing.assert_array_equal(au, before)
        assert np.delete(after, TONGUE).max() <= np.float32(0.3)
        return float(after[TONGUE])

    assert shown(0.25) == 0
    assert shown(1.0) == pytest.approx(1)
    assert 0 < shown(0.5) < shown(0.7) < 0.7


def test_parted_lips_hold_no_air_in_the_cheeks() -> None:
    def left(parted: float) -> float:
        au = np.zeros(N_CHANNELS, np.float32)
        au[CHANNEL_INDEX["AU34"]], au[CHANNEL_INDEX["AU25"]] = 0.8, parted
        after = settle_mouth(au, RULES)
        assert after[CHANNEL_INDEX["AU25"]] == np.float32(parted)
        return float(after[CHANNEL_INDEX["AU34"]])

    assert left(0.0) == left(0.1) == pytest.approx(0.8)
    assert 0.3 < left(0.25) < 0.5
    assert left(0.4) == left(1.0) == 0
