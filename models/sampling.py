"""What faces do: random expressions, gaze and cameras for training data (numpy, seeded)."""

import numpy as np
from numpy.typing import NDArray

from rig.parameters import CHANNEL_INDEX, CHANNELS, EXCLUSIVE_CHANNELS, N_CHANNELS

F = NDArray[np.float32]

# Combinations that occur in life (Ekman & Friesen's prototypes and speech), stem -> typical intensity.
PROTOTYPES: tuple[dict[str, float], ...] = (
    {"AU12": 0.7, "AU6": 0.5},
    {"AU12": 0.7, "AU6": 0.5, "AU25": 0.7},
    {"AU12": 0.8, "AU6": 0.6, "AU25": 0.9, "AU26": 0.3, "AU7": 0.2},
    {"AU12": 0.4},
    {"AU1": 0.7, "AU2": 0.7, "AU5": 0.6, "AU25": 0.8, "AU26": 0.5},
    {"AU1": 0.6, "AU2": 0.6, "AU5": 0.3},
    {"AU1": 0.7, "AU4": 0.5, "AU15": 0.6, "AU17": 0.4},
    {"AU1": 0.5, "AU4": 0.3, "AU15": 0.4},
    {"AU4": 0.8, "AU7": 0.5, "AU24": 0.5, "AU5": 0.2},
    {"AU4": 0.7, "AU9": 0.7, "AU10": 0.5, "AU7": 0.3},
    {"AU9": 0.6, "AU10": 0.4, "AU17": 0.3, "AU25": 0.3},
    {"AU1": 0.5, "AU2": 0.3, "AU4": 0.4, "AU5": 0.6, "AU20": 0.5, "AU25": 0.5, "AU26": 0.3},
    {"AU18": 0.7},
    {"AU18": 0.5, "AU22": 0.5, "AU25": 0.3},
    {"AU22": 0.6, "AU25": 0.6, "AU26": 0.2},
    {"AU25": 0.5, "AU26": 0.25},
    {"AU25": 0.9, "AU26": 0.6},
    {"AU25": 0.6, "AU16": 0.4, "AU26": 0.2},
    {"AU25": 0.5, "AU20": 0.3, "AU26": 0.1},
    {"AU14": 0.6, "AU12": 0.2},
    {"AU17": 0.6, "AU24": 0.5},
    {"AU15": 0.6, "AU17": 0.6},
    {"AU24": 0.7},
    {"AU28": 0.7},
    {"AU34": 0.8, "AU24": 0.3},
    {"AU34": 0.8, "AU18": 0.4, "AU17": 0.4},
    {"AU34": 0.7, "AU18": 0.6},
    {"AU34": 0.6},
    {"AU19": 0.8, "AU25": 0.5},
    {"AU43": 1.0},
    {"AU43": 1.0, "AU12": 0.5, "AU6": 0.5},
    {"AU43": 0.5},
    {"AU7": 0.6, "AU4": 0.4},
    {"AU6": 0.6, "AU7": 0.5, "AU9": 0.3},
    {"AU30-left": 0.7},
    {"AU30-right": 0.7},
    {"AU29": 0.7},
    {"AU26": 0.5},
)
STEMS = tuple(
    dict.fromkeys(c.removesuffix("-left").removesuffix("-right") if not c.startswith("AU30") else c for c in CHANNELS)
)

SEALING = ("AU17", "AU18", "AU24")
PARTING = [CHANNEL_INDEX[c] for c in ("AU16-left", "AU16-right", "AU19", "AU22", "AU25", "AU28")]
"""Lips that do these, or lie behind the teeth, hold no air."""


def _set(au: F, rng: np.random.Generator, stem: str, value: float, lateral: float) -> None:
    """Puts a stem's channel or both its sides; ``lateral`` is the chance of one side only."""
    if stem in CHANNEL_INDEX:
        au[CHANNEL_INDEX[stem]] = max(au[CHANNEL_INDEX[stem]], value)
        return
    skew = np.clip(1 + rng.normal(0, 0.12, 2), 0.5, 1.3)
    if rng.random() < lateral:
        skew[rng.integers(2)] *= rng.uniform(0, 0.25)
    for side, k in zip(("left", "right"), skew, strict=True):
        i = CHANNEL_INDEX[f"{stem}-{side}"]
        au[i] = max(au[i], min(value * k, 1.0))


def draw_expression(rng: np.random.Generator) -> F:
    """(40,) channels: neutral, a few AUs, a prototype with deviations, or a mixture; exclusive pairs are respected."""
    au = np.zeros(N_CHANNELS, np.float32)
    kind = rng.random()
    if kind < 0.06:
        pass
    elif kind < 0.36:
        for stem in rng.choice(STEMS, rng.integers(1, 4), replace=False):
            _set(au, rng, str(stem), float(rng.uniform(0.1, 1.0)), lateral=0.2)
    elif kind < 0.82:
        prototype = PROTOTYPES[rng.integers(len(PROTOTYPES))]
        strength = rng.uniform(0.25, 1.4)
        lateral = 0.12 * (rng.random() < 0.5)
        for stem, value in prototype.items():
            _set(au, rng, stem, float(np.clip(value * strength * rng.uniform(0.6, 1.4), 0, 1)), lateral)
        for stem in rng.choice(STEMS, rng.integers(0, 3), replace=False):
            _set(au, rng, str(stem), float(rng.uniform(0.05, 0.6)), lateral=0.1)
    else:
        for stem in rng.choice(STEMS, rng.integers(3, 9), replace=False):
            _set(au, rng, str(stem), float(rng.beta(1.2, 2.0)), lateral=0.15)
    if rng.random() < 0.12:
        _set(au, rng, "AU43", float(rng.uniform(0.2, 1.0)), lateral=0.25)
    if rng.random() < 0.95:
        _hold_air(au, rng)
    for a, b in EXCLUSIVE_CHANNELS:
        i, j = CHANNEL_INDEX[a], CHANNEL_INDEX[b]
        if au[i] > 0 and au[j] > 0:
            au[i if rng.random() < 0.5 else j] = 0
    # A dropped jaw mostly parts the lips; a part of the samples keeps them together.
    i, j = CHANNEL_INDEX["AU26"], CHANNEL_INDEX["AU25"]
    if au[i] > 0.1 and au[j] == 0 and rng.random() < 0.8:
        au[j] = rng.uniform(0.3, 1.0)
        au[CHANNEL_INDEX["AU24"]] = 0
    if au[j] < 0.2:
        au[i] = min(au[i], rng.uniform(0.2, 0.5))  # sealed lips hold the jaw
    return np.clip(au, 0, 1)


def _hold_air(au: F, rng: np.random.Generator) -> None:
    """Puffed cheeks are full of air, which only sealed lips hold: mostly pressed, pursed or pushed up by the chin."""
    if au[CHANNEL_INDEX["AU34"]] < 0.15:
        return
    au[PARTING] = 0
    au[CHANNEL_INDEX["AU26"]] = min(au[CHANNEL_INDEX["AU26"]], 0.1)
    if rng.random() < 0.7:
        for stem in rng.choice(SEALING, rng.integers(1, 3), replace=False):
            au[CHANNEL_INDEX[stem]] = max(au[CHANNEL_INDEX[stem]], rng.uniform(0.1, 0.8))


def draw_gaze(rng: np.random.Generator) -> tuple[F, F]:
    """Left and right eye (yaw, pitch) degrees: mostly near the front, sometimes far, converging a little."""
    spread = np.array([7.0, 5.0]) if rng.random() < 0.6 else np.array([18.0, 14.0])
    both = np.clip(rng.normal(0, spread), [-35, -28], [35, 22])
    squint = abs(rng.normal(0, 1.5))
    return (both - np.array([squint, 0])).astype(np.float32), (both + np.array([squint, 0])).astype(np.float32)


def draw_head(rng: np.random.Generator, wide: bool = True) -> F:
    """(3,) yaw, pitch, roll in degrees: mostly small, up to 40 / 25 / 25."""
    spread = np.array([16.0, 10.0, 8.0]) if wide and rng.random() < 0.5 else np.array([6.0, 5.0, 4.0])
    return np.clip(rng.normal(0, spread), [-42, -27, -27], [42, 27, 27]).astype(np.float32)
