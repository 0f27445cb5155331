"""What is done to the regressor's channels before anyone sees them. Every threshold of it is in :class:`Rules`.

Lids get the most care: that looking down reads as a blink, that a wink moves the gaze, that glasses close the eyes are
the three things that users of such software complain of first.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.runtime import gaze as eyes
from rig.parameters import CHANNEL_INDEX, EXCLUSIVE_CHANNELS, MIRROR

Array = NDArray[np.float32]

SHUT: Final = [CHANNEL_INDEX["AU43-left"], CHANNEL_INDEX["AU43-right"]]
WIDE: Final = [CHANNEL_INDEX["AU5-left"], CHANNEL_INDEX["AU5-right"]]
_PAIRS: Final = [(CHANNEL_INDEX[a], CHANNEL_INDEX[b]) for a, b in EXCLUSIVE_CHANNELS]
_SIDES: Final = [i for i, j in enumerate(MIRROR) if i != j]
_JAW_SIDES: Final = [CHANNEL_INDEX["AU30-left"], CHANNEL_INDEX["AU30-right"]]


@dataclass(frozen=True, slots=True)
class Rules:
    """Thresholds. *Openness* is the gap between the lids as a share of the same eye's gap at rest."""

    lid_share: float = 0.7
    """How much of AU43 is measured at the lids themselves; the rest is the regressor's."""
    shut_full: float = 0.28
    """At this openness an eye is shut, whatever the regressor says: landmarks of shut lids never quite meet."""
    shut_begins: float = 0.50
    """From here on the lids' own evidence sets in, growing to 1 at ``shut_full``."""
    shut_ceiling: float = 1.5
    """AU43 is at most this times (1 - openness): glasses and shadows close no eye whose lids are apart."""
    shut_floor: float = 0.08
    """Below this AU43 and AU5 are noise of the lid points; what is above is stretched back to 0..1."""
    down_from_deg: float = 4.0
    down_per_deg: float = 0.018
    """Each degree of gaze below ``down_from_deg`` explains this much of AU43: the lid follows the eye."""
    couple_below: float = 0.10
    couple_above: float = 0.30
    """Lids that differ by less close together, by more wink; in between the difference grows smoothly."""
    trust_none: float = 0.35
    trust_full: float = 0.60
    """An eye's gaze counts from the first openness on, and in full from the second."""
    blink_speed_per_s: float = 4.0
    """An eye that closes faster than this (openness per second) blinks, and its gaze is held."""
    blink_most_s: float = 0.35
    """A lowered lid that stays down for longer is no blink: the eye looks down."""


def settle_lids(au: Array, openness: Array, gaze_deg: Array, rules: Rules) -> Array:
    """AU43 and AU5 of both eyes put right.

    Args:
        au: (40,) channels 0..1.
        openness: (2,) left, right; 1 at rest.
        gaze_deg: (2, 2) left, right; yaw, pitch.

    Returns:
        (40,) a new array.
    """
    au = au.copy()
    lowered = np.maximum(0, -gaze_deg[:, 1] - rules.down_from_deg) * rules.down_per_deg
    # The less an eye is open the less does gaze explain: a shut eye is shut in any direction.
    ajar = np.clip((openness - rules.shut_full) / (rules.shut_begins - rules.shut_full), 0, 1)
    measured = np.clip((1 - openness) / (1 - rules.shut_full), 0, 1)
    shut = au[SHUT] + rules.lid_share * (measured - au[SHUT]) - lowered * ajar
    shut = np.minimum(shut, rules.shut_ceiling * np.maximum(0, 1 - openness))
    shut = np.maximum(shut, 1 - ajar)
    middle, half = shut.mean(), (shut[0] - shut[1]) / 2
    part = np.clip((2 * abs(half) - rules.couple_below) / (rules.couple_above - rules.couple_below), 0, 1)
    half *= part * part * (3 - 2 * part)
    au[SHUT] = np.clip(_above_floor(np.array([middle + half, middle - half]), rules.shut_floor), 0, 1)
    au[WIDE] = _above_floor(au[WIDE], rules.shut_floor)
    return au


def settle_pairs(au: Array) -> Array:
    """Of two actions that no face does at once the weaker gives way, smoothly: (40,) -> (40,)."""
    au = au.copy()
    for a, b in _PAIRS:
        weak, strong = (a, b) if au[a] < au[b] else (b, a)
        if au[strong] > 0:
            au[weak] *= au[weak] / au[strong]
    return au


def symmetric(au: Array) -> Array:
    """Both sides of every lateral channel at their mean, the jaw in the middle: (40,) -> (40,)."""
    au = au.copy()
    au[_SIDES] = (au[_SIDES] + au[[MIRROR[i] for i in _SIDES]]) / 2
    au[_JAW_SIDES] = 0
    return au


def _above_floor(values: NDArray[np.floating], floor: float) -> NDArray[np.floating]:
    return np.maximum(0, values - floor) / (1 - floor)


class GazeKeeper:
    """Gaze over time: an eye that blinks or is shut follows the other; with both shut the last gaze is held."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.reset()

    def reset(self) -> None:
        self._held = np.zeros((2, 2), np.float32)
        self._openness: Array | None = None
        self._time_s = 0.0
        self._blink_since_s: list[float | None] = [None, None]
        self._before: list[float] = [1.0, 1.0]

    def __call__(self, angles: Array, openness: Array, time_s: float) -> Array:
        """Measured angles (2, 2: left, right; yaw, pitch), openness (2,), media time -> angles to show (2, 2)."""
        rules = self._rules
        trust = np.clip((openness - rules.trust_none) / (rules.trust_full - rules.trust_none), 0, 1)
        for eye in (0, 1):
            if self._blinks(eye, float(openness[eye]), time_s):
                trust[eye] = 0
        self._openness, self._time_s = openness.copy(), time_s
        if trust.sum() > 0.05:
            self._held = eyes.couple(angles, trust.astype(np.float32)).astype(np.float32)
        return self._held

    def _blinks(self, eye: int, openness: float, time_s: float) -> bool:
        since = self._blink_since_s[eye]
        if since is not None:
            reopened = openness > 0.85 * self._before[eye]
            if reopened or not 0 <= time_s - since <= self._rules.blink_most_s:
                self._blink_since_s[eye] = None
            return not reopened and self._blink_since_s[eye] is not None
        step_s = time_s - self._time_s
        if self._openness is None or step_s <= 0:
            return False
        before = float(self._openness[eye])
        if (before - openness) / step_s > self._rules.blink_speed_per_s:
            self._blink_since_s[eye], self._before[eye] = time_s, before
            return True
        return False
