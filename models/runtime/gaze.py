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

# (left, right): outer and inner corner, first of the five iris points, three pairs of upper and lower lid rim.
_OUTER: Final = [263, 33]
_INNER: Final = [362, 133]
_IRIS: Final = [[473, 474, 475, 476, 477], [468, 469, 470, 471, 472]]
_UPPER: Final = [[386, 385, 387], [159, 158, 160]]
_LOWER: Final = [[374, 380, 373], [145, 153, 144]]

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
    gap = np.linalg.norm(aligned[..., _UPPER, :] - aligned[..., _LOWER, :], axis=-1).mean(axis=-1)
    width = np.linalg.norm(aligned[..., _OUTER, :] - aligned[..., _INNER, :], axis=-1)
    ratio: Array = gap / np.maximum(width, 1e-4)
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
    rest = rest_face() if neutral is None else neutral
    middle = np.array(REST_YAW_DEG, np.float32)
    ahead, ahead_pitch, ahead_lid = _cues(rest, AHEAD)
    ahead = middle + np.clip(ahead - middle, -REST_SPREAD_DEG, REST_SPREAD_DEG)
    yaw, pitch, lid = _cues(aligned, sight)
    pitch = PITCH_OF_IRIS * (pitch - ahead_pitch) + PITCH_OF_LID_DEG_PER_M * (lid - ahead_lid)
    angles = [np.clip(yaw - ahead, -MAX_YAW_DEG, MAX_YAW_DEG), np.clip(pitch, -MAX_PITCH_DEG, MAX_PITCH_DEG)]
    return np.stack(angles, axis=-1).astype(np.float32)


def couple(angles: Array, trust: Array) -> Array:
    """Eyes move together: one pitch, one common yaw, and a vergence within what eyes can do.

    Args:
        angles: (..., 2, 2) left and right; yaw, pitch, degrees.
        trust: (..., 2) weights >= 0; where one is 0 that eye follows the other.

    Returns:
        (..., 2, 2); NaN where no eye is trusted.
    """
    total = trust.sum(axis=-1, keepdims=True)
    share = np.divide(trust, total, out=np.full_like(trust, np.nan), where=total > 0)
    common = (angles * share[..., None]).sum(axis=-2)
    vergence = np.clip(angles[..., 1, 0] - angles[..., 0, 0], *VERGENCE_DEG) * (2 * share.min(axis=-1))
    half = vergence[..., None] * np.array([-0.5, 0.5], np.float32)
    return np.stack([common[..., None, 0] + half, np.broadcast_to(common[..., None, 1], half.shape)], axis=-1)


def _cues(aligned: Array, sight: Array) -> tuple[Array, Array, Array]:
    """(..., 2) each: yaw and pitch of the iris on its ball in degrees; height of the upper lid, metres."""
    corners = (aligned[..., _OUTER, :] + aligned[..., _INNER, :]) / 2
    centre = corners - np.array([0, 0, BALL_DEPTH_M], np.float32)
    toward = -np.asarray(sight, np.float32)[..., None, :]
    out = aligned[..., _IRIS, :].mean(axis=-2) - centre
    across = out - (out * toward).sum(-1, keepdims=True) * toward
    depth = np.sqrt(np.maximum(BALL_RADIUS_M**2 - (across**2).sum(-1, keepdims=True), 1e-7))
    gaze = across + depth * toward
    yaw = np.degrees(np.arctan2(gaze[..., 0], gaze[..., 2]))
    pitch = np.degrees(np.arctan2(gaze[..., 1], np.hypot(gaze[..., 0], gaze[..., 2])))
    lid = aligned[..., _UPPER, 1].mean(axis=-1) - corners[..., 1]
    return yaw, pitch, lid
