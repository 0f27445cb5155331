"""How often training sees an action, brought nearer to how often life shows it.

``models.sampling`` draws every action about as often as every other, so that rare ones are learnt at all. But a
regressor answers with the mean of what looks alike: were tongues as frequent as dropped jaws, every open mouth would
show half a tongue. Samples of rare actions are therefore drawn less often (none is thrown away).

Rates of life are rough, from what FACS coders found in conversations and spontaneous expressions (BP4D: AU6 in 46 % of
the frames, AU7 55 %, AU12 56 %, against 2 to 5 % of AU16 and AU20; DISFA likewise has ten smiles for one AU20).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rig.parameters import CHANNEL_INDEX, CHANNELS


@dataclass(frozen=True, slots=True)
class Rarity:
    """An action of which training sees a share only."""

    action: str
    """A channel, or the stem of two."""
    share: float
    above: float = 0.08
    """From this intensity 0..1 on..."""
    below: float = np.inf
    """... up to this one; of two sides the stronger decides."""

    def shown(self, au: NDArray[np.floating]) -> NDArray[np.bool_]:
        """(N, 40) channels -> (N,) whether the sample shows it."""
        sides = [CHANNEL_INDEX[c] for c in CHANNELS if c == self.action or c.rpartition("-")[0] == self.action]
        strongest = au[:, sides].max(1)
        return (strongest > self.above) & (strongest < self.below)


COMMON: Final = (
    # Samples have as many half-shut lids (15 %) as raised cheeks (13 %) or tightened lids (13 %). In life blinks take
    # some 3 % of the time, half of it on their way, drooping lids are rare, and eyes narrowed by AU6 and AU7 are
    # in every smile and frown. Lids that are shut, or nearly, stay as frequent as they are.
    Rarity("AU43", 0.2, above=0.1, below=0.8),
    # As frequent as half of all smiles here, ten times as rare in life.
    Rarity("AU16", 0.5),
    Rarity("AU20", 0.5),
)
OF_LANDMARKS: Final = (
    *COMMON,
    Rarity("AU19", 0.12),
    Rarity("AU29", 0.25),
    Rarity("AU30-left", 0.5),
    Rarity("AU30-right", 0.5),
    Rarity("AU28", 0.6),
)
"""Landmarks hardly show tongues, jaws thrust or moved aside, and sucked lips: mostly they see something else."""
OF_PICTURES: Final = (*COMMON, Rarity("AU19", 0.35), Rarity("AU29", 0.5))
SEALED_JAW: Final = 0.1
"""Share of jaws dropped far behind sealed lips: possible, and hardly ever seen."""
LEAKING: Final = 0.05
"""Share of cheeks puffed behind parted lips, which hold no air."""


def sample_rates(au: NDArray[np.floating], rarities: Sequence[Rarity]) -> NDArray[np.float64]:
    """(N, 40) channels 0..1 -> (N,) above 0 up to 1: how often each sample is drawn, its rarest action deciding."""
    rates = np.ones(len(au))
    for rarity in rarities:
        rates = np.where(rarity.shown(au), np.minimum(rates, rarity.share), rates)
    jaw, lips, cheeks = (au[:, CHANNEL_INDEX[c]] for c in ("AU26", "AU25", "AU34"))
    rates = np.where((jaw > 0.4) & (lips < 0.2), np.minimum(rates, SEALED_JAW), rates)
    return np.where((cheeks > 0.15) & (lips > 0.1), np.minimum(rates, LEAKING), rates)
