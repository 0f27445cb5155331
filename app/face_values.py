"""The numbers of one frame's face on their way through filter and shaping."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.filters import slerp
from rig.parameters import IDENTITY_BASE, N_CHANNELS, N_IDENTITY

Array = NDArray[np.float32]

STARTING_POSITION_M: Final = (0.0, 0.0, 0.6)
"""Where a head is said to be before any was seen."""


@dataclass(frozen=True, slots=True)
class FaceValues:
    """What eases, filters and goes into a FaceFrame."""

    au: Array
    rotation: Array
    position_m: Array
    gaze_deg: Array
    identity: Array
    brow_style: int = 0


def nobody() -> FaceValues:
    """Before there was a face."""
    return FaceValues(
        au=np.zeros(N_CHANNELS, np.float32),
        rotation=np.array([0, 0, 0, 1], np.float32),
        position_m=np.array(STARTING_POSITION_M, np.float32),
        gaze_deg=np.zeros((2, 2), np.float32),
        identity=np.full(N_IDENTITY, IDENTITY_BASE, np.float32),
    )


def eased(values: FaceValues, part: float) -> FaceValues:
    """On the way to rest: ``part`` 0 leaves everything, 1 is a face at rest that looks straight ahead; level ends.

    Where the head is and whose it is stays.
    """
    part = part * part * (3 - 2 * part)
    facing = np.array([0, 0, 0, 1], np.float64)
    return replace(
        values,
        au=((1 - part) * values.au).astype(np.float32),
        rotation=slerp(values.rotation.astype(np.float64), facing, part).astype(np.float32),
        gaze_deg=((1 - part) * values.gaze_deg).astype(np.float32),
    )
