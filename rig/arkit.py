"""The 40 AU channels and gaze <-> the 52 ARKit blendshapes, by one table, inverse included."""

import numpy as np
from numpy.typing import NDArray

from rig.parameters import ARKIT, CHANNEL_INDEX, CHANNELS, N_CHANNELS
from rig.skeleton import GAZE_FULL_DEG

F = NDArray[np.float32]

# ARKit shape <- {channel: weight}. Left and right follow from each other; products are in the functions below.
_LEFT: dict[str, dict[str, float]] = {
    "eyeBlinkLeft": {"AU43-left": 1.0},
    "eyeSquintLeft": {"AU7-left": 1.0},
    "eyeWideLeft": {"AU5-left": 1.0},
    "jawLeft": {"AU30-left": 1.0},
    "mouthSmileLeft": {"AU12-left": 1.0},
    "mouthFrownLeft": {"AU15-left": 1.0},
    "mouthDimpleLeft": {"AU14-left": 1.0},
    "mouthStretchLeft": {"AU20-left": 1.0},
    "mouthLowerDownLeft": {"AU16-left": 1.0},
    "mouthUpperUpLeft": {"AU10-left": 1.0},
    "browDownLeft": {"AU4-left": 1.0},
    "browOuterUpLeft": {"AU2-left": 1.0},
    "cheekSquintLeft": {"AU6-left": 1.0},
    "noseSneerLeft": {"AU9-left": 1.0},
}
_MIDDLE: dict[str, dict[str, float]] = {
    "jawForward": {"AU29": 1.0},
    "jawOpen": {"AU26": 1.0},
    "mouthFunnel": {"AU22": 1.0},
    "mouthPucker": {"AU18": 1.0},
    "mouthRollLower": {"AU28": 1.0},
    "mouthRollUpper": {"AU28": 1.0},
    "mouthShrugLower": {"AU17": 1.0},
    "mouthShrugUpper": {"AU17": 0.5},
    "mouthPressLeft": {"AU24": 1.0},
    "mouthPressRight": {"AU24": 1.0},
    "browInnerUp": {"AU1-left": 0.5, "AU1-right": 0.5},
    "cheekPuff": {"AU34": 1.0},
    "tongueOut": {"AU19": 1.0},
}
LIPS_PART_LOWER = 0.8
LIPS_PART_UPPER = 0.35
"""AU25 alone parts the lips by this much of mouthLowerDown and mouthUpperUp."""


def _matrix() -> F:
    m = np.zeros((len(ARKIT), N_CHANNELS), np.float32)
    for name, recipe in {**_LEFT, **_MIDDLE}.items():
        for channel, k in recipe.items():
            m[ARKIT.index(name), CHANNEL_INDEX[channel]] = k
            if name in _LEFT:
                m[ARKIT.index(name.replace("Left", "Right")), CHANNEL_INDEX[channel.replace("-left", "-right")]] = k
    return m


MATRIX: F = _matrix()
"""(52, 40): the linear part of the table."""
_I = {name: i for i, name in enumerate(ARKIT)}
_C = CHANNEL_INDEX


def channels_to_arkit(au: F, gaze_left_deg: F, gaze_right_deg: F) -> F:
    """``au`` (..., 40) in 0..1 and gaze (..., 2) degrees (yaw to the subject's left, pitch up) -> (..., 52) in 0..1.

    Beyond the linear table: ``mouthClose`` = AU26 (1 - AU25), because our AU26 drops the jaw with the lips together
    and ARKit's jawOpen parts them; AU25 adds to mouthLowerDown and mouthUpperUp as far as the jaw does not open the
    mouth already; ``eyeLook*`` are gaze / 30 degrees. ``mouthLeft`` and ``mouthRight`` have no AU and stay 0.
    """
    au = np.asarray(au, np.float32)
    out = au @ MATRIX.T
    jaw, part = au[..., _C["AU26"]], au[..., _C["AU25"]]
    out[..., _I["mouthClose"]] = jaw * (1 - part)
    for side in ("Left", "Right"):
        out[..., _I[f"mouthLowerDown{side}"]] += LIPS_PART_LOWER * part * (1 - jaw)
        out[..., _I[f"mouthUpperUp{side}"]] += LIPS_PART_UPPER * part * (1 - jaw)
    for side, gaze, sign in (("Left", gaze_left_deg, 1), ("Right", gaze_right_deg, -1)):
        g = np.asarray(gaze, np.float32) / GAZE_FULL_DEG
        out[..., _I[f"eyeLookOut{side}"]] = sign * g[..., 0]
        out[..., _I[f"eyeLookIn{side}"]] = -sign * g[..., 0]
        out[..., _I[f"eyeLookUp{side}"]] = g[..., 1]
        out[..., _I[f"eyeLookDown{side}"]] = -g[..., 1]
    return np.clip(out, 0, 1)


def arkit_to_channels(arkit: F) -> tuple[F, F, F]:
    """(..., 52) -> channels (..., 40) in 0..1, gaze left and right (..., 2) degrees: the inverse of the table.

    Exact on what :func:`channels_to_arkit` makes where no value clips, save that AU1's sides come back equal
    (ARKit has one browInnerUp) and that AU16 and AU10 are what is left after AU25.
    """
    arkit = np.asarray(arkit, np.float32)
    au = np.zeros((*arkit.shape[:-1], N_CHANNELS), np.float32)
    for name, recipe in {**_LEFT, **_MIDDLE}.items():
        for channel in recipe:
            if name in _LEFT:
                right = channel.replace("-left", "-right")
                au[..., _C[right]] = arkit[..., _I[name.replace("Left", "Right")]]
            au[..., _C[channel]] = arkit[..., _I[name]]
    # The strongest of the shapes that one channel drives.
    au[..., _C["AU17"]] = arkit[..., _I["mouthShrugLower"]]
    au[..., _C["AU28"]] = (arkit[..., _I["mouthRollLower"]] + arkit[..., _I["mouthRollUpper"]]) / 2
    au[..., _C["AU24"]] = (arkit[..., _I["mouthPressLeft"]] + arkit[..., _I["mouthPressRight"]]) / 2
    jaw = arkit[..., _I["jawOpen"]]
    lower = np.minimum(arkit[..., _I["mouthLowerDownLeft"]], arkit[..., _I["mouthLowerDownRight"]])
    upper = np.minimum(arkit[..., _I["mouthUpperUpLeft"]], arkit[..., _I["mouthUpperUpRight"]])
    closed = np.clip(1 - arkit[..., _I["mouthClose"]] / np.maximum(jaw, 1e-3), 0, 1)
    by_lips = np.clip(np.minimum(lower / LIPS_PART_LOWER, upper / LIPS_PART_UPPER), 0, 1)
    # With the jaw dropped, mouthClose says how far the lips part; without, the lips themselves do.
    part = np.where(jaw > 0.02, closed, by_lips)
    au[..., _C["AU25"]] = part
    for side in ("left", "right"):
        au[..., _C[f"AU16-{side}"]] -= LIPS_PART_LOWER * part * (1 - jaw)
        au[..., _C[f"AU10-{side}"]] -= LIPS_PART_UPPER * part * (1 - jaw)
    gaze = []
    for side, sign in (("Left", 1), ("Right", -1)):
        yaw = sign * (arkit[..., _I[f"eyeLookOut{side}"]] - arkit[..., _I[f"eyeLookIn{side}"]])
        pitch = arkit[..., _I[f"eyeLookUp{side}"]] - arkit[..., _I[f"eyeLookDown{side}"]]
        gaze.append((np.stack([yaw, pitch], axis=-1) * GAZE_FULL_DEG).astype(np.float32))
    assert len(CHANNELS) == au.shape[-1]
    return np.clip(au, 0, 1), gaze[0], gaze[1]
