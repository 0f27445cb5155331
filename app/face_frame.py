"""FaceFrame: the one thing that flows between stages. A sink (stream, recorder, view) takes it and nothing else."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

_AS_SHOWN: Array = np.zeros(0, np.float32)
"""Stands for "the same as ``au``" until a frame is made."""


@dataclass(frozen=True, slots=True)
class FaceFrame:
    """What Mien knows of one camera frame.

    Frames of reference: *camera* is OpenCV's (x right in the picture, y down, z away from the camera, metres);
    *head* is the subject's own. Left and right are the subject's own, and pictures are taken as unmirrored.
    """

    index: int
    """Counts frames from 0 and always grows; a gap is a dropped frame."""
    time_s: float
    """Capture time, monotonic clock (``time.perf_counter``)."""
    wall_time_s: float
    """Capture time, seconds since the epoch."""
    media_time_s: float
    """Position in the source: a file's frame number / frame rate (it goes back with a seek or a loop, ``index`` does
    not), seconds since the start for cameras."""
    image_size: tuple[int, int]
    """(width, height) in pixels."""
    tracked: bool
    """False where no face was found: values then ease towards neutral, they do not freeze."""
    confidence: float
    """0..1, face presence as the landmark model sees it; 0 where not tracked."""
    landmarks: Array
    """(478, 3): x, y in pixels, z in the same scale, smaller is nearer; NaN where not tracked."""
    head_rotation: Array
    """(4,) unit quaternion x y z w, head to camera; identity = facing the camera upright."""
    head_euler_deg: Array
    """(3,) yaw, pitch, roll in degrees: + to the subject's left, + up, + tilted to the subject's left shoulder."""
    head_position_m: Array
    """(3,) metres in the camera frame, the point midway between the eyes."""
    gaze_left_deg: Array
    """(2,) yaw, pitch of the left eye in the head: + to the subject's left, + up."""
    gaze_right_deg: Array
    """(2,) the same of the right eye."""
    au: Array
    """(40,) animation channels 0..1 in the order of ``rig.parameters.CHANNELS``, as shown, streamed and recorded."""
    arkit: Array
    """(52,) ARKit blendshapes 0..1 in the order of ``rig.parameters.ARKIT``."""
    identity: Array
    """(208,) identity parameters 0..1, 0.5 = base face."""
    brow_style: int = 0
    """Index into ``rig.parameters.BROW_STYLES``."""
    state: str = "searching"
    """One of ``searching``, ``calibrating``, ``tracking``, ``lost``."""
    latency_ms: dict[str, float] = field(default_factory=dict)
    """Milliseconds per stage: ``capture``, ``landmarks``, ``regress``, ``total`` ..."""
    au_measured: Array = field(default_factory=lambda: _AS_SHOWN)
    """(40,) ``au`` before gain, dead zone and limit (``app.shaping``); ``au`` itself where not given."""
    au_unfiltered: Array = field(default_factory=lambda: _AS_SHOWN)
    """(40,) ``au_measured`` before the filter; ``au_measured`` itself where not given."""

    def __post_init__(self) -> None:
        if self.au_measured is _AS_SHOWN:
            object.__setattr__(self, "au_measured", self.au)
        if self.au_unfiltered is _AS_SHOWN:
            object.__setattr__(self, "au_unfiltered", self.au_measured)
