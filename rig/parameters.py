"""The one ordered list of what a face can do: channels, AUs, identity parameters, brow styles, ARKit names.

Order is a contract: files, ONNX heads and OSC streams index by it, and ``tests/rig/test_parameters.py`` freezes it.
Left and right are always the subject's own.
"""

from typing import Final

# Lateral AUs carry a left and a right channel (FACS scores sides separately).
LATERAL_AUS: Final = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 16, 20, 43)
# One channel each. 27 (mouth stretch) is folded into 26; 29, 34 and 19 go beyond the paper's 23.
SINGLE_AUS: Final = (17, 18, 22, 24, 25, 26, 28)
EXTRA_AUS: Final = (29, 34, 19)
SIDES: Final = ("left", "right")

CHANNELS: Final[tuple[str, ...]] = (
    *(f"AU{au}-{side}" for au in LATERAL_AUS for side in SIDES),
    *(f"AU{au}" for au in SINGLE_AUS),
    "AU30-left",
    "AU30-right",
    *(f"AU{au}" for au in EXTRA_AUS),
)
"""The 40 animation channels, each 0..1 (FACS intensity 0..5 divided by 5)."""

CHANNEL_INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(CHANNELS)}

AUS: Final[tuple[str, ...]] = (
    *(f"AU{au}" for au in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 16, 17, 18, 20, 22, 24, 25, 26, 28)),
    "AU30-left",
    "AU30-right",
    "AU43",
)
"""The 23 AUs of Song et al. 2020: a view of the channels (mean of the sides)."""

AU_CHANNELS: Final[tuple[tuple[int, ...], ...]] = tuple(
    tuple(i for i, channel in enumerate(CHANNELS) if channel == au or channel in (f"{au}-left", f"{au}-right"))
    for au in AUS
)
"""For each of the 23 AUs the channel indices whose mean it is."""

MIRROR: Final[tuple[int, ...]] = tuple(
    CHANNEL_INDEX[c.replace("-left", "-right") if c.endswith("-left") else c.replace("-right", "-left")]
    for c in CHANNELS
)
"""Channel index after swapping the subject's left and right."""

N_CHANNELS: Final = 40
N_IDENTITY: Final = 208
N_BROW_STYLES: Final = 36
IDENTITY_BASE: Final = 0.5
AU_BASE: Final = 0.02
"""Song et al. 2020, section 2.5: the intensity called "at rest"."""

EXCLUSIVE_CHANNELS: Final = (
    ("AU30-left", "AU30-right"),
    ("AU12-left", "AU20-left"),
    ("AU12-right", "AU20-right"),
    ("AU18", "AU20-left"),
    ("AU18", "AU20-right"),
    ("AU28", "AU22"),
    ("AU24", "AU25"),
    ("AU5-left", "AU43-left"),
    ("AU5-right", "AU43-right"),
)
"""Pairs that no face performs at once; samplers and sparsity terms use them."""

ARKIT: Final[tuple[str, ...]] = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft", "eyeSquintLeft",
    "eyeWideLeft", "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight",
    "eyeSquintRight", "eyeWideRight", "jawForward", "jawLeft", "jawRight", "jawOpen", "mouthClose", "mouthFunnel",
    "mouthPucker", "mouthLeft", "mouthRight", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft",
    "mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft", "mouthPressRight",
    "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight", "browDownLeft",
    "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff", "cheekSquintLeft",
    "cheekSquintRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
"""The 52 ARKit blendshape names, in the order of a Live Link Face packet."""

BROW_STYLES: Final[tuple[str, ...]] = tuple(f"brow-{i:02d}" for i in range(N_BROW_STYLES))


def fold_sides(channels):  # type: ignore[no-untyped-def]
    """The paper's 23 AUs of the 40 channels: ``(..., 40)`` -> ``(..., 23)``, mean of the sides, same units.

    Works on numpy arrays and torch tensors alike (only indexing and arithmetic are used).
    """
    first = channels[..., [c[0] for c in AU_CHANNELS]]
    last = channels[..., [c[-1] for c in AU_CHANNELS]]
    return (first + last) / 2
