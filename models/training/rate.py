"""The learning rate of every training here: up in a straight line, then down along half a cosine."""

import math

WARM: float = 0.05
"""Share of the training in which the rate rises."""
FLOOR: float = 0.01
"""Of the highest rate, at both ends."""


def rate_at(share: float, peak: float, warm: float = WARM, floor: float = FLOOR) -> float:
    """The rate when ``share`` 0..1 (by steps or by the clock) of the training is over; beyond 1 as at 1."""
    if share < warm:
        return peak * max(share / warm, floor)
    falling = min((share - warm) / (1 - warm), 1.0)
    return peak * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * falling)))
