"""What the tracker knows of this person at rest: landmarks and code, learned, calibrated, or from a profile.

``--calibrate`` says where they come from. Fixed ones (a calibration, a profile, ``off``) stay until another is asked
for; else :class:`app.calibration.RunningNeutral` and :class:`app.resting_code.RestingCode` learn from every frame. A
profile of another network has no code for this one: then the code alone is learned, around the profile's landmarks.
"""

import logging
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.calibration import CALIBRATION_S, MODES, RunningNeutral, estimate_neutral, neutral_of_moment
from app.errors import UserError
from app.profiles import Profile, load_profile
from app.resting_code import RestingCode, code_at_rest
from models.runtime.alignment import rest_face
from models.runtime.landmarks import N_LANDMARKS

Array = NDArray[np.float32]
log = logging.getLogger(__name__)

STRANGER_AFTER_S: Final = 1.0
"""Whoever comes back after a longer absence is compared with the neutral that is known."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One frame's face."""

    aligned: Array
    """(478, 3) landmarks, head frame, metres."""
    euler_deg: Array
    """(3,) yaw, pitch, roll."""
    time_s: float
    """Media time."""
    code: Array | None = None
    """(C,) of its picture; None where nobody made one."""


@dataclass(slots=True)
class _Faces:
    """Frames gathered for a neutral."""

    seen: list[Seen] = field(default_factory=list)

    def arrays(self) -> tuple[Array, Array, NDArray[np.float64]]:
        """(T, 478, 3), (T, 3), (T,)"""
        aligned = np.reshape([s.aligned for s in self.seen], (-1, N_LANDMARKS, 3)).astype(np.float32)
        turns = np.reshape([s.euler_deg for s in self.seen], (-1, 3)).astype(np.float32)
        return aligned, turns, np.array([s.time_s for s in self.seen])

    def code(self, neutral: Array) -> Array | None:
        """(C,) of the frames near this neutral that have a code; None without."""
        coded = _Faces([s for s in self.seen if s.code is not None and len(s.code)])
        aligned, turns, _ = coded.arrays()
        return code_at_rest(np.array([s.code for s in coded.seen]), aligned, turns, neutral)


class AtRest:
    """Per frame first ``meet``, then read ``neutral`` and ``code``, and in the end ``learn`` what the network made."""

    def __init__(self, mode: str, network: str = "", code_size: int = 0) -> None:
        """
        Args:
            mode: one of ``app.calibration.MODES``, or the name or path of a profile.
            network: whose codes are learned; those of a profile of another are ignored.
            code_size: C; 0 for a regressor that makes none.

        Raises:
            UserError: a profile that cannot be read.
        """
        self._network, self._code_size = network, code_size
        self._running, self._code = RunningNeutral(), RestingCode(code_size)
        self.begin(mode)

    def begin(self, mode: str) -> None:
        """Start anew with a mode or profile. Raises ``UserError`` before anything is changed."""
        fixed = None
        if mode == "off":
            fixed = Profile(rest_face(), np.zeros(self._code_size, np.float32), self._network)
        elif mode not in MODES:
            fixed = load_profile(mode)
        self.mode = mode
        self._fixed = self._of_this_network(fixed)
        self._moment = _Faces() if mode == "first-second" else None
        self._moment_ends_s: float | None = None
        self.forget()

    def forget(self) -> None:
        """Another person, source or place in it; what is fixed stays."""
        self._running.reset()
        self._code.reset()

    @property
    def neutral(self) -> Array:
        """(478, 3) landmarks at rest as now believed, head frame, metres; the mean face before the first frame."""
        return self._running.face if self._fixed is None else self._fixed.neutral

    @property
    def code(self) -> Array:
        """(C,) code at rest as now believed; zeros where not known."""
        fixed = self._fixed.code if self._fixed is not None else None
        return self._code.code if fixed is None else fixed

    @property
    def profile(self) -> Profile:
        """Both, to be kept."""
        known = self._code.known or (self._fixed is not None and self._fixed.code is not None)
        return Profile(self.neutral, self.code if known else None, self._network if known else "")

    @property
    def calibrating(self) -> bool:
        return self._moment is not None

    @property
    def needs_recording(self) -> bool:
        """``whole``, and ``take_recording`` was not called yet."""
        return self.mode == "whole" and self._fixed is None

    def calibrate_now(self) -> None:
        """Take the next second of frames; should the face not be seen, all stays, and a warning is logged."""
        self._moment, self._moment_ends_s = _Faces(), None

    def use(self, profile: Profile | None) -> None:
        """Take this one, or None: learn anew."""
        self._fixed, self._moment = self._of_this_network(profile), None
        self.forget()

    def take_over(self, other: "AtRest") -> bool:
        """Go on with what another one has learnt; True where its codes are of the same network, and came along.

        ``other`` is not to be used any more.
        """
        self._running, self._fixed = other._running, self._of_this_network(other._fixed)
        if self._fixed is not None:
            self._moment = None
        same = (other._network, other._code_size) == (self._network, self._code_size)
        if same:
            self._code = other._code
        return same

    def take_recording(self, seen: list[Seen]) -> None:
        """Fix both from all frames of a recording that have a face."""
        faces = _Faces(seen)
        neutral = estimate_neutral(*faces.arrays())
        self._fixed = Profile(neutral, faces.code(neutral), self._network)
        self.forget()

    def meet(self, seen: Seen, last_seen_s: float | None) -> bool:
        """A frame before the network has looked at it; True where somebody else sits there than before."""
        if self._fixed is not None:
            return False
        away_s = 0.0 if last_seen_s is None else seen.time_s - last_seen_s
        stranger = away_s > STRANGER_AFTER_S and self._running.is_stranger(seen.aligned)
        if stranger:
            self.forget()
        self._running.update(seen.aligned, seen.euler_deg, seen.time_s)
        if self.mode == "whole" and last_seen_s is None:
            log.warning("--calibrate whole needs a file that can be read twice; the running estimate is used")
        return stranger

    def learn(self, seen: Seen) -> bool:
        """The same frame with its code; True where it ended a calibration, so that all is new from the next on."""
        if self._code_size and seen.code is not None and (self._fixed is None or self._fixed.code is None):
            self._code.update(seen.code, seen.aligned, self.neutral, seen.euler_deg, seen.time_s)
        if self._moment is None:
            return False
        if self._moment_ends_s is None or self._moment_ends_s - seen.time_s > CALIBRATION_S:  # begins, or a seek back
            self._moment, self._moment_ends_s = _Faces(), seen.time_s + CALIBRATION_S
        self._moment.seen.append(seen)
        if seen.time_s < self._moment_ends_s - 1e-6:
            return False
        moment, self._moment, self._moment_ends_s = self._moment, None, None
        try:
            neutral = neutral_of_moment(moment.arrays()[0])
        except UserError as error:
            log.warning("%s", error)
            return False
        self._fixed = Profile(neutral, moment.code(neutral), self._network)
        return True

    def _of_this_network(self, profile: Profile | None) -> Profile | None:
        if profile is None or profile.code is None:
            return profile
        ours = profile.network == self._network and profile.code.shape == (self._code_size,)
        return profile if ours else replace(profile, code=None, network="")
