"""The 40 channels -> VRM's preset expressions, for avatars that have nothing finer.

Notation: a value per side is averaged; * is a product of intensities 0..1, all results are clipped to 0..1.

| expression | weight | why |
| --- | --- | --- |
| blinkLeft, blinkRight | AU43 of the side | |
| blink | the lesser side, where the avatar has no sided blinks | one closed eye is a wink, not two half-closed eyes |
| aa | open (1 - round)(1 - 0.6 wide) + 0.45 parted (1 - round)(1 - wide) | open = AU26 * AU25: jaw down, lips apart |
| oh | open * round | round = the greater of AU18 and AU22 |
| ou | round (1 - open) | |
| ee | open * wide | wide = the greater of AU20 and 0.5 AU12 |
| ih | parted * wide | parted = AU25 (1 - AU26) |
| happy | AU12 (0.7 + 0.3 AU6) | |
| angry | AU4 (0.7 + 0.3 AU7)(1 - AU1) | raised inner brows make it sadness |
| sad | the greater of AU15 and 0.8 sqrt(AU1 * AU4), (1 - AU12) | |
| surprised | the lesser of AU1 and AU2, times (0.6 + 0.4 AU5) | |
| relaxed | as happy, where the avatar has no happy | |
| lookUp, lookDown, lookLeft, lookRight | gaze / 30 degrees, mean of the eyes | where expressions move its eyes |

Emotions start at EMOTION_FLOOR, so that a face at rest has none: in VRM 1.0 even a trace of one may block all blinks.
They share the face: where they add to more than 1, each is scaled down.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rig.gltf.vrm import BLINK, EMOTIONS, LOOK, MOUTH, Expression
from rig.parameters import CHANNEL_INDEX
from rig.skeleton import GAZE_FULL_DEG

F = NDArray[np.float32]
EMOTION_FLOOR: Final = 0.06
"""What the table gives up to here is 0; the rest is stretched to 0..1."""


def preset_weights(au: F, gaze_left_deg: F, gaze_right_deg: F, available: frozenset[str]) -> dict[str, float]:
    """Channels (40,) in 0..1 and gaze (2,) degrees -> weights 0..1 of the presets in ``available`` (table above)."""

    def ch(name: str) -> float:
        return float(au[CHANNEL_INDEX[name]])

    def both(name: str) -> float:
        return (ch(f"{name}-left") + ch(f"{name}-right")) / 2

    jaw, apart = ch("AU26"), ch("AU25")
    opened, parted = jaw * apart, apart * (1 - jaw)
    pursed = max(ch("AU18"), ch("AU22"))
    wide = max(both("AU20"), 0.5 * both("AU12"))
    smile = both("AU12") * (0.7 + 0.3 * both("AU6"))
    yaw, pitch = (np.asarray(gaze_left_deg) + np.asarray(gaze_right_deg)) / (2 * GAZE_FULL_DEG)
    weights = {
        "aa": opened * (1 - pursed) * (1 - 0.6 * wide) + 0.45 * parted * (1 - pursed) * (1 - wide),
        "oh": opened * pursed,
        "ou": pursed * (1 - opened),
        "ee": opened * wide,
        "ih": parted * wide,
        "happy": smile,
        "angry": both("AU4") * (0.7 + 0.3 * both("AU7")) * (1 - both("AU1")),
        "sad": max(both("AU15"), 0.8 * float(np.sqrt(both("AU1") * both("AU4")))) * (1 - both("AU12")),
        "surprised": min(both("AU1"), both("AU2")) * (0.6 + 0.4 * both("AU5")),
        "relaxed": 0.0 if "happy" in available else smile,
        "blinkLeft": ch("AU43-left"),
        "blinkRight": ch("AU43-right"),
        "blink": 0.0 if "blinkLeft" in available else min(ch("AU43-left"), ch("AU43-right")),
        "lookUp": pitch,
        "lookDown": -pitch,
        "lookLeft": yaw,
        "lookRight": -yaw,
    }
    weights = {name: float(np.clip(w, 0, 1)) for name, w in weights.items() if name in available}
    for name in set(EMOTIONS) & set(weights):
        weights[name] = max(weights[name] - EMOTION_FLOOR, 0.0) / (1 - EMOTION_FLOOR)
    total = sum(weights.get(name, 0.0) for name in EMOTIONS)
    if total > 1:
        weights |= {name: weights[name] / total for name in EMOTIONS if name in weights}
    return weights


def apply_overrides(weights: dict[str, float], expressions: dict[str, Expression]) -> dict[str, float]:
    """What emotions do to mouth, blinks and gaze while they are on, and switches instead of sliders.

    VRMC_vrm-1.0, expressions.md: ``block`` silences the group, ``blend`` fades it; a binary expression is on above
    0.5, counts so for what it overrides, and is silenced by any override at all.
    """
    out = {n: (1.0 if w > 0.5 else 0.0) if expressions[n].binary else w for n, w in weights.items()}
    for field, group in (("override_mouth", MOUTH), ("override_blink", BLINK), ("override_look", LOOK)):
        keep = 1.0
        for name in EMOTIONS:
            how = getattr(expressions[name], field) if out.get(name, 0.0) > 0 else "none"
            keep -= 1.0 if how == "block" else out[name] if how == "blend" else 0.0
        for name in set(group) & set(out):
            out[name] = 0.0 if expressions[name].binary and keep < 1 else out[name] * max(keep, 0.0)
    return out
