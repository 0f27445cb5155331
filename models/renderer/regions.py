"""Where things are on the base face: hairline, beard, nose, ears, neck, garment, as smooth fields over rest positions.

All functions take rest positions ``(..., 3)`` in metres (x to the subject's left, y up, z out of the face).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

F = NDArray[np.floating]
SKULL_AXIS_Z = -0.075
EAR_CENTRE, EAR_AXES = np.array([-0.075, -0.018]), np.array([0.0215, 0.0355])
"""In (z, y), metres."""
# Azimuth about the skull's axis (0 the face, 180 the nape) -> height of a full head of hair's edge.
HAIRLINE_DEG = (0, 24, 40, 50, 60, 68, 78, 95, 106, 125, 180)
HAIRLINE_M = (0.066, 0.066, 0.058, 0.042, 0.006, -0.012, 0.016, 0.020, -0.012, -0.055, -0.066)
# Along z, the lower edge of the jaw.
JAW_Z = (-0.050, -0.044, -0.035, -0.022, -0.010, 0.0, 0.020, 0.040)
JAW_Y = (-0.022, -0.040, -0.063, -0.076, -0.085, -0.092, -0.103, -0.104)
NOSE_OUTLINE = (
    168, 193, 245, 188, 174, 236, 198, 209, 49, 129, 64, 98, 97, 2, 326, 327, 294, 358, 279, 429, 420, 456, 399, 412,
    465, 417,
)  # fmt: skip
"""MediaPipe landmarks round the nose, from between the eyes down the subject's right side and up the left."""


def smoothstep(low: float, high: float, x: F) -> F:
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def azimuth_deg(p: F) -> F:
    """(...) 0 towards the face, 180 towards the nape."""
    return np.degrees(np.arctan2(np.abs(p[..., 0]), p[..., 2] - SKULL_AXIS_Z))


def ear(p: F) -> F:
    """(...) about 1 in the middle of an ear, 0 at its edge, negative outside."""
    d = (np.stack([p[..., 2], p[..., 1]], -1) - EAR_CENTRE) / EAR_AXES
    return np.where(np.abs(p[..., 0]) > 0.055, 1 - (d**2).sum(-1), -1.0)


def hair(p: F) -> F:
    """(..., 6): metres above the hairline; how much the edge moves at front, temples, sides, nape, and to one side."""
    a = azimuth_deg(p)
    above = p[..., 1] - np.interp(a, HAIRLINE_DEG, HAIRLINE_M)
    # The crown is above every line whatever its azimuth.
    above = np.where(p[..., 1] > 0.075, np.maximum(above, 0.2 * (p[..., 1] - 0.075) + (0.066 - p[..., 2]) * 0.3), above)
    front = 1 - smoothstep(12, 34, a)
    temple = smoothstep(14, 34, a) * (1 - smoothstep(44, 56, a))
    side = smoothstep(46, 56, a) * (1 - smoothstep(74, 84, a))
    nape = smoothstep(100, 120, a)
    part = (front + temple) * np.clip(p[..., 0] / 0.03, -1, 1)
    return np.stack([above - 0.03 * np.clip(ear(p) + 0.15, 0, 1), front, temple, side, nape, part], -1)


def beard(p: F) -> F:
    """(..., 3) 0..1: where a moustache, a chin beard and a jaw beard with sideburns grow."""
    x, y, z = np.abs(p[..., 0]), p[..., 1], p[..., 2]
    jaw_y = np.interp(z, JAW_Z, JAW_Y)
    front = smoothstep(-0.058, -0.048, z)
    moustache = (
        smoothstep(-0.0625, -0.0585, y) * (1 - smoothstep(-0.0535, -0.0495, y)) * (1 - smoothstep(0.020, 0.028, x))
    )
    moustache = np.maximum(
        moustache, smoothstep(0.021, 0.025, x) * (1 - smoothstep(0.031, 0.037, x)) * _between(y, -0.085, -0.058, 0.006)
    ) * (z > 0.0)
    chin = (1 - smoothstep(0.018, 0.032, x)) * _between(y, -0.115, -0.0785, 0.004) * (z > -0.012)
    cheek_line = np.interp(z, (-0.055, -0.04, -0.01, 0.01, 0.03), (0.005, -0.035, -0.062, -0.072, -0.080))
    jaw = front * smoothstep(-0.012, 0.004, cheek_line - y) * (1 - smoothstep(0.004, 0.020, jaw_y - 0.008 - y))
    jaw = jaw * smoothstep(0.022, 0.030, x + 0.5 * np.clip(-0.078 - y, 0, 1)) * (ear(p) < -0.05)
    return np.stack([moustache, chin, jaw], -1)


def _between(y: F, low: float, high: float, soft: float) -> F:
    return smoothstep(low - soft, low + soft, y) * (1 - smoothstep(high - soft, high + soft, y))


def neck(p: F) -> F:
    """(...) positive on the neck (metres below the jaw's edge), negative on the face."""
    y, z = p[..., 1], p[..., 2]
    under = np.interp(z, JAW_Z, JAW_Y) - 0.010 - y
    behind = np.minimum(-0.052 - z, -0.030 - y)
    return np.maximum(under, behind)


def collar(p: F) -> F:
    """(...) metres below the neckline of a crew-neck shirt."""
    line = np.interp(p[..., 2], (-0.16, -0.10, -0.04, 0.02), (-0.128, -0.140, -0.165, -0.185))
    return line - p[..., 1]


def nose_mask(p: F, landmarks: F) -> NDArray[np.bool_]:
    """(H, W) bool: texels (H, W, 3) in front whose front view lies inside the landmarks' (478, 3) outline."""
    scale, size = 8000.0, 1024
    outline = (landmarks[list(NOSE_OUTLINE), :2] * [scale, -scale] + size / 2).round().astype(np.int32)
    canvas = np.zeros((size, size), np.uint8)
    cv2.fillPoly(canvas, [outline], 1)
    x = np.clip((p[..., 0] * scale + size / 2).round(), 0, size - 1).astype(int)
    y = np.clip((-p[..., 1] * scale + size / 2).round(), 0, size - 1).astype(int)
    return (canvas[y, x] > 0) & (p[..., 2] > 0.004)
