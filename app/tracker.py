"""Frame -> FaceFrame: landmarks, head, view, neutral, regressor, gaze, rules, filter, shaping. No Qt, no threads.

::

    searching --face--> tracking --none--> lost --face--> tracking
                          |  ^               |
            calibrate_now v  | a second      +-- values hold for a moment, then ease to rest; they never freeze
                       calibrating

All that depends on time uses the frames' ``media_time_s``: a file gives the same numbers however fast it is read.
"""

import math
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from app.at_rest import AtRest, Seen
from app.calibration import LEARN_EVERY_S
from app.errors import UserError
from app.face_frame import FaceFrame
from app.face_values import FaceValues, eased, nobody
from app.filters import FaceFilter
from app.likeness import Likeness
from app.profiles import Profile
from app.regressor import Regressor, SeeingRegressor
from app.rules import GazeKeeper, settle_lids, settle_mouth, symmetric
from app.tracker_settings import FIXED, TrackerSettings
from app.webcam import WebcamGuess
from models.runtime import gaze
from models.runtime.alignment import (
    FACING,
    HeadFit,
    align,
    euler_from_rotation,
    fit_head,
    head_pose,
    rotation_from_quaternion,
)
from models.runtime.crop import aligned_view, crop_matrix, five_points
from models.runtime.engines import make_landmark_engine
from models.runtime.landmarks import N_LANDMARKS, LandmarkEngine
from models.runtime.regressor_choice import make_regressor
from models.runtime.sessions import ModelError
from rig.arkit import channels_to_arkit

Array = NDArray[np.float32]


class Picture(Protocol):
    """What the tracker needs of a frame (``app.capture.Frame``)."""

    @property
    def index(self) -> int: ...
    @property
    def image(self) -> NDArray[np.uint8]: ...
    @property
    def time_s(self) -> float: ...
    @property
    def wall_time_s(self) -> float: ...
    @property
    def media_time_s(self) -> float: ...


def make_tracker(settings: TrackerSettings) -> "Tracker":
    """A tracker with its networks loaded. Raises ``UserError`` for what cannot be had."""
    try:
        engine = make_landmark_engine(settings.landmarks, settings.device, settings.task_path)
        return Tracker(settings, engine, make_regressor(settings.model, settings.device))
    except ModelError as error:
        raise UserError(str(error)) from error


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the regressor made of a frame; the last two are None where it does not look at the picture."""

    au: Array
    identity: Array
    brow_style: Array | None = None
    code: Array | None = None


class Tracker:
    """Follows one face. Not thread-safe: whoever runs it also calls its methods."""

    def __init__(
        self, settings: TrackerSettings, engine: LandmarkEngine, regressor: Regressor | SeeingRegressor
    ) -> None:
        """Raises ``UserError`` for an unknown filter, or a profile that cannot be read."""
        settings.check()
        self._engine = engine
        # isinstance of a protocol is too slow to be asked for every frame.
        self._seeing = seeing = regressor if isinstance(regressor, SeeingRegressor) else None
        self._reading = regressor if not isinstance(regressor, SeeingRegressor) else None
        self.settings = settings
        self._rest = AtRest(settings.calibrate, *((seeing.network, seeing.code_size) if seeing is not None else ()))
        self._neutral_from = settings.calibrate
        self._likeness, self._webcam = Likeness(), WebcamGuess()
        self._filter, self._gaze = FaceFilter(settings.filter), GazeKeeper(settings.rules)
        self.reset()

    # ------------------------------------------------------------ settings and state

    @property
    def device(self) -> str:
        """What really runs the networks: ``cpu`` or ``cuda``."""
        return self._engine.device

    @property
    def model(self) -> str:
        """Which regressor runs: ``full``, ``lite`` or ``geometric``."""
        return "geometric" if self._seeing is None else self._seeing.size

    @property
    def neutral(self) -> Array:
        """(478, 3) this person's landmarks at rest as now believed, head frame, metres (see ``calibration``)."""
        return self._rest.neutral

    @property
    def profile(self) -> Profile:
        """All that is now believed of this person at rest."""
        return self._rest.profile

    @property
    def neutral_from(self) -> str:
        """Where the neutral comes from: what ``settings.calibrate`` says, or empty since a calibration."""
        return self._neutral_from

    @property
    def calibrating(self) -> bool:
        """Whether the frames that come are, or will be once there is a face, taken for the neutral."""
        return self._rest.calibrating

    @property
    def needs_first_pass(self) -> bool:
        """``--calibrate whole``: call ``first_pass`` with all frames before ``track``."""
        return self._rest.needs_recording

    def configure(self, **changes: Any) -> None:
        """Change settings between frames. Raises ``UserError`` (nothing is changed then) or ``ValueError`` for those
        that need a new tracker."""
        if fixed := [name for name in changes if name in FIXED]:
            raise ValueError(f"{', '.join(fixed)} cannot change: make a new tracker")
        settings = replace(self.settings, **changes)
        settings.check()
        if settings.calibrate != self.settings.calibrate:
            self._rest.begin(settings.calibrate)
            self._neutral_from = settings.calibrate
            self._likeness.reset()
        if settings.filter != self.settings.filter:
            self._filter = FaceFilter(settings.filter)
        if settings.rules != self.settings.rules:
            self._gaze = GazeKeeper(settings.rules)
        self.settings = settings

    def reset(self) -> None:
        """Forget the face (a new source); a calibration or profile stays."""
        self._engine.reset()
        self._rest.forget()
        self._likeness.reset()
        self._filter.reset()
        self._gaze.reset()
        self._last_seen_s: float | None = None
        self._webcam.reset()
        self._shown = nobody()

    def start_over(self) -> None:
        """Another recording: all that was learnt is forgotten, and a neutral is found as ``settings.calibrate`` says.

        Raises ``UserError`` for a profile that cannot be read any more.
        """
        self._rest.begin(self.settings.calibrate)
        self._neutral_from = self.settings.calibrate
        self.reset()

    def jump(self) -> None:
        """What comes next does not follow what came before (a seek, a camera that was gone): look for the face anew.

        Whose face it is stays believed until it turns out to be another's.
        """
        self._engine.reset()
        self._filter.reset()
        self._gaze.reset()
        if self._last_seen_s is not None:
            self._last_seen_s = -math.inf  # long enough ago to ask who this is

    def continue_from(self, other: "Tracker") -> None:
        """Know of this person at rest what another tracker knew, if both were to learn it in the same way.

        What only the other's network understands is left behind.
        """
        if other.settings.calibrate != self.settings.calibrate:
            return
        if self._rest.take_over(other._rest):
            self._likeness = other._likeness
        self._neutral_from = other._neutral_from

    def calibrate_now(self) -> None:
        """Take the neutral from the next second of frames ("relax your face"); ``state`` is ``calibrating`` meanwhile.

        Should the face not be seen, the old neutral stays and a warning is logged.
        """
        self._rest.calibrate_now()

    def use_neutral(self, profile: Profile | None) -> None:
        """Take this person's rest, or None: go back to what ``settings.calibrate`` says, learning anew."""
        self._rest.use(profile)
        self._neutral_from = self.settings.calibrate
        self._likeness.reset()

    def first_pass(self, frames: Iterable[Picture]) -> None:
        """Look through all frames of a file and take the neutral from them; then ``track`` them from the start."""
        self._engine.reset()
        faces: list[Seen] = []
        coded_s: float | None = None
        for frame in frames:
            now_s = frame.media_time_s
            found = None if getattr(frame, "broken", False) else self._engine.detect(frame.image, now_s)
            if found is None or not np.isfinite(found.points).all():
                continue
            fit = fit_head(found.points)
            seen = Seen(align(found.points, fit), euler_from_rotation(fit.rotation @ FACING), now_s)
            if coded_s is None or not 0 <= now_s - coded_s < LEARN_EVERY_S:
                coded_s = now_s
                seen = replace(seen, code=self._regress(frame.image, fit, seen.aligned, {}).code)
            faces.append(seen)
        self._rest.take_recording(faces)
        self.reset()

    def close(self) -> None:
        self._engine.close()

    # ------------------------------------------------------------ one frame

    def track(self, frame: Picture) -> FaceFrame:
        """(H, W, 3) RGB picture -> all that is known of its face."""
        stages: dict[str, float] = {}
        now_s = frame.media_time_s
        if getattr(frame, "jump", False):
            self.jump()
        with _timed(stages, "landmarks"):
            found = None if getattr(frame, "broken", False) else self._engine.detect(frame.image, now_s)
        if found is not None and not np.isfinite(found.points).all():
            found = None
        if found is None:
            values, state, confidence = self._without_face(now_s)
            landmarks = np.full((N_LANDMARKS, 3), np.nan, np.float32)
        else:
            landmarks, confidence = found.points, found.confidence
            values = self._with_face(landmarks, frame.image, now_s, stages)
            state = "calibrating" if self.calibrating else "tracking"
        with _timed(stages, "filter"):
            filtered = self._filter(values.au, values.rotation, values.position_m, values.gaze_deg, now_s)
            measured, rotation, position_m, gaze_deg = filtered
            measured = np.clip(measured, 0, 1)
        with _timed(stages, "shape"):
            au = self.settings.shaping.apply(measured)
            if not self.settings.asymmetry:
                au = symmetric(au)  # whatever the two sides' settings are
        if found is not None:
            self._shown = FaceValues(measured, rotation, position_m, gaze_deg, values.identity, values.brow_style)
        height, width = frame.image.shape[:2]
        return FaceFrame(
            index=frame.index,
            time_s=frame.time_s,
            wall_time_s=frame.wall_time_s,
            media_time_s=now_s,
            image_size=(width, height),
            tracked=state in ("tracking", "calibrating"),
            confidence=confidence,
            landmarks=landmarks,
            head_rotation=rotation,
            head_euler_deg=euler_from_rotation(rotation_from_quaternion(rotation)),
            head_position_m=position_m,
            gaze_left_deg=gaze_deg[0],
            gaze_right_deg=gaze_deg[1],
            au=au,
            au_measured=measured,
            au_unfiltered=values.au,
            arkit=channels_to_arkit(au, gaze_deg[0], gaze_deg[1]),
            identity=values.identity,
            brow_style=values.brow_style,
            state=state,
            latency_ms=stages,
        )

    def _with_face(self, points: Array, image: NDArray[np.uint8], now_s: float, stages: dict[str, float]) -> FaceValues:
        settings, rest = self.settings, self._rest
        with _timed(stages, "align"):
            fit = fit_head(points)
            aligned = align(points, fit)
            pose = head_pose(points, self._webcam.camera(image.shape, float(fit.scale), settings.field_of_view_deg))
            seen = Seen(aligned, euler_from_rotation(fit.rotation @ FACING), now_s)
        with _timed(stages, "calibrate"):
            if rest.meet(seen, self._last_seen_s):
                self._gaze.reset()
                self._likeness.reset()
            neutral = rest.neutral
        answer = self._regress(image, fit, aligned, stages)
        with _timed(stages, "rules"):
            now_open, rest_open = gaze.openness(np.stack([aligned, neutral]))
            openness = np.divide(now_open, np.maximum(rest_open, 0.05), dtype=np.float32)
            measured = gaze.eye_angles(aligned, neutral, fit.rotation[2])
            gaze_deg = self._gaze(measured, openness, now_s)
            au = settle_lids(answer.au, openness, gaze_deg, settings.rules)
            au = settle_mouth(au, settings.rules)
            if not settings.asymmetry:
                au = symmetric(au)
                gaze_deg = np.broadcast_to(gaze_deg.mean(axis=0), (2, 2)).astype(np.float32)
        with _timed(stages, "remember"):
            identity, style = self._remember(replace(seen, code=answer.code), answer)
        self._last_seen_s = now_s
        return FaceValues(au, pose.quaternion, pose.position_m, gaze_deg, identity, style)

    def _regress(self, image: NDArray[np.uint8], fit: HeadFit, aligned: Array, stages: dict[str, float]) -> _Answer:
        """The regressor on a face: ``fit`` says where it is in the picture, ``aligned`` are its (478, 3) landmarks."""
        rest = self._rest
        if self._reading is not None:
            with _timed(stages, "regress"):
                read = self._reading.predict(aligned, rest.neutral)
            return _Answer(np.asarray(read.au, np.float32), np.asarray(read.identity, np.float32))
        assert self._seeing is not None
        with _timed(stages, "crop"):
            view = aligned_view(image, crop_matrix(five_points(fit)))
        with _timed(stages, "regress"):
            seen = self._seeing.predict(view, aligned, rest.neutral, rest.code)
        return _Answer(seen.au, seen.identity, seen.brow_style, seen.code)

    def _remember(self, seen: Seen, answer: _Answer) -> tuple[Array, int]:
        """Learn from a frame who this is: identity (208,) and brow style to show, held steady where they are seen."""
        identity, style = answer.identity, 0
        if answer.brow_style is not None:
            identity = self._likeness.update(identity, answer.brow_style, seen.euler_deg, seen.time_s)
            style = self._likeness.brow_style
        if self._rest.learn(seen):
            self._neutral_from = ""
            self._likeness.reset()
        return identity, style

    def _without_face(self, now_s: float) -> tuple[FaceValues, str, float]:
        """Values that hold for a moment and ease to rest; the state; confidence 0."""
        if self._last_seen_s is None:
            return self._shown, "searching", 0.0
        self._last_seen_s = min(self._last_seen_s, now_s)  # after a seek back
        gone_s = now_s - self._last_seen_s - self.settings.lost_hold_s
        part = float(np.clip(gone_s / max(self.settings.ease_s, 1e-3), 0, 1))
        return eased(self._shown, part), "lost", 0.0


@contextmanager
def _timed(stages: dict[str, float], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    stages[name] = 1000 * (time.perf_counter() - start)
