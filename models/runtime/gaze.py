"""Where the eyes look, in the head: a ball behind the eye's corners, and the lid that follows it. Batched, numpy only.

Sideways, the iris tells: its centre lies on a ball that turns behind the middle of the corners. Its depth as the
landmark model gives it is worthless, so the centre is found where the line of sight meets the ball.
Up and down, the landmark model's irises hardly move, and are pushed down by wide-open lids; the upper lid itself
follows the gaze at about a millimetre per five degrees (Becker & Fuchs 1988), so most of the pitch is read from it.
A lid that closes says nothing about gaze: callers hold the gaze of an eye whose :func:`openness` is low.

Everything is relative to the person at rest, who is taken to look ahead: eyes differ by five degrees and more between
their optical axis and where they look (angle kappa).

Order of the two eyes: the subject's left, then right, as in ``rig.parameters``.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.runtime.alignment import rest_face

Array = NDArray[np.float32]

# (left, right): outer and inner corner, the five iris points, three pairs of upper and lower lid rim.
_OUTER: Final = [263, 33]
_INNER: Final = [362, 133]
_IRIS: Final = [[473, 474, 475, 476, 477], [468, 469, 470, 471, 472]]
_UPPER: Final = [[386, 385, 387], [159, 158, 160]]
_LOWER: Final = [[374, 380, 373], [145, 153, 144]]
# The same side by side, (2, 13), so that a face is asked for them once.
_EYES: Final = np.column_stack([_OUTER, _INNER, _UPPER, _LOWER, _IRIS])
_OUT, _IN, _CORNERS, _UP, _LOW, _BALL = 0, 1, slice(2), slice(2, 5), slice(5, 8), slice(8, 13)

BALL_RADIUS_M: Final = 0.012
BALL_DEPTH_M: Final = 0.0085
"""How far the ball's centre lies behind the corners."""
PITCH_OF_IRIS: Final = 0.4
PITCH_OF_LID_DEG_PER_M: Final = 3000.0
"""Weights of the two cues: their ratio by least squares on the hand-coded vertical gaze of au_hand_dev.csv, rounded;
their size such that ten degrees read as ten when iris and lid go together."""
REST_YAW_DEG: Final = (4.6, -4.6)
"""Median over 21 clips of people who mostly look at the camera: outwards, as angle kappa has it."""
REST_SPREAD_DEG: Final = 10.0
"""A person's own resting yaw is believed this far from the median; beyond it they were looking elsewhere."""
MAX_YAW_DEG: Final = 50.0
MAX_PITCH_DEG: Final = 35.0
VERGENCE_DEG: Final = (-3.0, 15.0)
"""Eyes diverge hardly, and cross at most so far."""
AHEAD: Final = np.array([0, 0, -1], np.float32)
"""Line of sight of a camera straight before the face, head frame."""


def openness(aligned: Array) -> Array:
    """(..., 478, 3) head frame -> (..., 2) gap between the lids over the eye's width: about 0.3 open, 0.07 shut."""
    eyes = aligned.take(_EYES, axis=-2)
    gap = _mean(_length(eyes[..., _UP, :] - eyes[..., _LOW, :]), axis=-1)
    width = _length(eyes[..., _OUT, :] - eyes[..., _IN, :])
    ratio: Array = np.divide(gap, np.maximum(width, np.float32(1e-4)))
    return ratio


def eye_angles(aligned: Array, neutral: Array | None = None, sight: Array = AHEAD) -> Array:
    """Yaw and pitch of each eye against the same person looking ahead.

    Args:
        aligned: (..., 478, 3) head frame, metres.
        neutral: (..., 478, 3) the person at rest, same frame; None = the mean face.
        sight: (..., 3) unit direction from the camera to the face, head frame (the third row of a head fit's rotation).

    Returns:
        (..., 2, 2) left and right eye; yaw + to the subject's left, pitch + up, degrees.
    """
    eyes = aligned.take(_EYES, axis=-2)
    both = np.empty((2, *eyes.shape), np.float32)
    both[0], both[1] = eyes, (rest_face() if neutral is None else neutral).take(_EYES, axis=-2)
    sights = np.empty((2, *eyes.shape[:-3], 3), np.float32)
    sights[0], sights[1] = sight, AHEAD
    (yaw, yaw_ahead), (pitch, pitch_ahead), (lid, lid_ahead) = _cues(both, sights)
    middle = np.array(REST_YAW_DEG, np.float32)
    yaw_ahead = middle + _clip(yaw_ahead - middle, -REST_SPREAD_DEG, REST_SPREAD_DEG)
    pitch = PITCH_OF_IRIS * (pitch - pitch_ahead) + PITCH_OF_LID_DEG_PER_M * (lid - lid_ahead)
    angles = np.empty((*yaw.shape, 2), np.float32)
    angles[..., 0] = _clip(yaw - yaw_ahead, -MAX_YAW_DEG, MAX_YAW_DEG)
    angles[..., 1] = _clip(pitch, -MAX_PITCH_DEG, MAX_PITCH_DEG)
    return angles


def couple(angles: Array, trust: Array) -> Array:
    """Eyes move together: one pitch, one common yaw, and a vergence within what eyes can do.

    Args:
        angles: (..., 2, 2) left and right; yaw, pitch, degrees.
        trust: (..., 2) weights >= 0; where one is 0 that eye follows the other.

    Returns:
        (..., 2, 2); NaN where no eye is trusted.
    """
    total = np.add.reduce(trust, axis=-1, keepdims=True)
    share = np.divide(trust, total, out=np.full_like(trust, np.nan), where=total > 0)
    common = np.add.reduce(angles * share[..., None], axis=-2)
    vergence = _clip(angles[..., 1, 0] - angles[..., 0, 0], *VERGENCE_DEG) * (2 * np.minimum.reduce(share, axis=-1))
    coupled = np.empty((*common.shape[:-1], 2, 2), common.dtype)
    coupled[...] = common[..., None, :]
    coupled[..., 0, 0] -= vergence / 2
    coupled[..., 1, 0] += vergence / 2
    return coupled


def _cues(eyes: Array, sight: Array) -> tuple[Array, Array, Array]:
    """Yaw and pitch of the iris on its ball in degrees; height of the upper lid, metres.

    Args:
        eyes: (..., 2, 13, 3) the points :data:`_EYES`.
        sight: (..., 3)

    Returns:
        (..., 2) each.
    """
    corners = _mean(eyes[..., _CORNERS, :], axis=-2)
    centre = corners - np.array([0, 0, BALL_DEPTH_M], np.float32)
    toward = -sight[..., None, :]
    out = _mean(eyes[..., _BALL, :], axis=-2) - centre
    across = out - np.add.reduce(out * toward, axis=-1, keepdims=True) * toward
    off = np.add.reduce(across * across, axis=-1, keepdims=True)
    gaze = across + np.sqrt(np.maximum(BALL_RADIUS_M**2 - off, 1e-7)) * toward
    x, y, z = gaze[..., 0], gaze[..., 1], gaze[..., 2]
    lid: Array = np.subtract(_mean(eyes[..., _UP, 1], axis=-1), corners[..., 1])
    return np.degrees(np.arctan2(x, z)), np.degrees(np.arctan2(y, np.hypot(x, z))), lid


# numpy's own mean, norm and clip take several times as long as these on a handful of numbers.


def _mean(values: Array, axis: int) -> Array:
    return np.add.reduce(values, axis=axis) / np.float32(values.shape[axis])


def _length(vectors: Array) -> Array:
    """(..., C) -> (...)"""
    return np.sqrt(np.add.reduce(vectors * vectors, axis=-1))


def _clip(values: Array, low: float, high: float) -> Array:
    return np.minimum(np.maximum(values, np.float32(low)), np.float32(high))
