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

SQUINT: Final = [CHANNEL_INDEX["AU7-left"], CHANNEL_INDEX["AU7-right"]]
CHEEK: Final = [CHANNEL_INDEX["AU6-left"], CHANNEL_INDEX["AU6-right"]]
SHUT: Final = [CHANNEL_INDEX["AU43-left"], CHANNEL_INDEX["AU43-right"]]
WIDE: Final = [CHANNEL_INDEX["AU5-left"], CHANNEL_INDEX["AU5-right"]]
_PAIRS: Final = [(CHANNEL_INDEX[a], CHANNEL_INDEX[b]) for a, b in EXCLUSIVE_CHANNELS]
TONGUE: Final = CHANNEL_INDEX["AU19"]
PUFF: Final = CHANNEL_INDEX["AU34"]
PARTED: Final = CHANNEL_INDEX["AU25"]
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
    squint_narrows: float = 0.33
    """Share of the gap that AU7 takes at intensity 1 (measured on Mien's own head): no sign of AU43..."""
    cheek_narrows: float = 0.20
    """... and AU6. Eyes narrowed by a smile or a squint would else read as half shut."""
    shut_floor: float = 0.08
    """Below this AU43 and AU5 are noise of the lid points; what is above is stretched back to 0..1."""
    tongue_floor: float = 0.30
    """Likewise AU19: red lips, or a tongue that lies in an open mouth. Nobody in the 21 development clips shows one;
    ``lite`` says up to 0.22 of two of them."""
    air_leaves: float = 0.10
    """From this AU25 on puffed cheeks (AU34) fade, for parted lips hold no air..."""
    air_left: float = 0.40
    """... and here they are gone. Landmarks take rounded lips in speech for a puff (``st_speech2``)."""
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
    lids = zip(au[SHUT].tolist(), _gaps_left(au, openness, rules), gaze_deg[:, 1].tolist(), strict=True)
    left, right = (_shut(au43, is_open, pitch_deg, rules) for au43, is_open, pitch_deg in lids)
    middle, half = (left + right) / 2, (left - right) / 2
    half *= _smooth(_ramp(2 * abs(half), rules.couple_below, rules.couple_above))
    for channel, value in zip(SHUT, (middle + half, middle - half), strict=True):
        au[channel] = min(_above_floor(value, rules.shut_floor), 1.0)
    for channel in WIDE:
        au[channel] = _above_floor(float(au[channel]), rules.shut_floor)
    return au


def _gaps_left(au: Array, openness: Array, rules: Rules) -> list[float]:
    """Openness of both eyes as it would be without AU6 and AU7, which narrow eyes that nobody shuts; so at most 1."""
    gaps = []
    for is_open, squint, cheek in zip(openness.tolist(), au[SQUINT].tolist(), au[CHEEK].tolist(), strict=True):
        narrowed = (1 - rules.squint_narrows * squint) * (1 - rules.cheek_narrows * cheek)
        gaps.append(max(is_open, min(is_open / narrowed, 1.0)))
    return gaps


def _shut(au43: float, openness: float, pitch_deg: float, rules: Rules) -> float:
    """How far one eye is shut, from what the regressor says, the lids and the gaze. Plain numbers: arrays of one eye
    or two take many times as long."""
    lowered = max(0.0, -pitch_deg - rules.down_from_deg) * rules.down_per_deg
    # The less an eye is open the less does gaze explain: a shut eye is shut in any direction.
    ajar = _ramp(openness, rules.shut_full, rules.shut_begins)
    measured = 1 - _ramp(openness, rules.shut_full, 1.0)
    shut = au43 + rules.lid_share * (measured - au43) - lowered * ajar
    shut = min(shut, rules.shut_ceiling * max(0.0, 1 - openness))
    return max(shut, 1 - ajar)


def settle_mouth(au: Array, rules: Rules) -> Array:
    """The tongue shows where it is sure to; parted lips hold no air in the cheeks; and of two actions that no face does
    at once the weaker gives way, smoothly: (40,) -> (40,)."""
    au = au.copy()
    au[TONGUE] = _above_floor(float(au[TONGUE]), rules.tongue_floor)
    au[PUFF] *= 1 - _ramp(float(au[PARTED]), rules.air_leaves, rules.air_left)
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


def _above_floor(value: float, floor: float) -> float:
    return max(0.0, value - floor) / (1 - floor)


def _ramp(value: float, begin: float, end: float) -> float:
    """0 up to ``begin``, 1 from ``end`` on, straight in between."""
    return min(max((value - begin) / (end - begin), 0.0), 1.0)


def _smooth(part: float) -> float:
    """0..1 -> 0..1 with level ends."""
    return part * part * (3 - 2 * part)


class GazeKeeper:
    """Gaze over time: an eye that blinks or is shut follows the other; with both shut the last gaze is held."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.reset()

    def reset(self) -> None:
        self._held = np.zeros((2, 2), np.float32)
        self._openness: list[float] | None = None
        self._time_s = 0.0
        self._blink_since_s: list[float | None] = [None, None]
        self._before: list[float] = [1.0, 1.0]

    def __call__(self, angles: Array, openness: Array, time_s: float) -> Array:
        """Measured angles (2, 2: left, right; yaw, pitch), openness (2,), media time -> angles to show (2, 2)."""
        rules = self._rules
        is_open = openness.tolist()
        trust = [
            0.0 if self._blinks(eye, is_open[eye], time_s) else _ramp(is_open[eye], rules.trust_none, rules.trust_full)
            for eye in (0, 1)
        ]
        self._openness, self._time_s = is_open, time_s
        if sum(trust) > 0.05:
            self._held = eyes.couple(angles, np.array(trust, np.float32))
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
        before = self._openness[eye]
        if (before - openness) / step_s > self._rules.blink_speed_per_s:
            self._blink_since_s[eye], self._before[eye] = time_s, before
            return True
        return False
