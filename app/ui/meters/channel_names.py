"""What the action units are called, where they lie in the face, which muscles make them and what they look like.

Names and muscles after Ekman, Friesen & Hager, *Facial Action Coding System* (2002).
"""

from dataclasses import dataclass
from typing import Final

from rig.parameters import CHANNEL_INDEX

FACS_MAX: Final = 5.0
"""FACS intensity of a channel at 1."""


@dataclass(frozen=True, slots=True)
class ActionUnit:
    """Words about one AU."""

    name: str
    """As FACS calls it."""
    muscle: str
    looks: str
    """What can be seen."""
    brief: str = ""
    """Words of the name, for narrow places that it is too long for."""

    @property
    def short(self) -> str:
        return self.brief or self.name


# fmt: off
ACTION_UNITS: Final[dict[int, ActionUnit]] = {
    1: ActionUnit("Inner brow raiser", "frontalis, inner part",
                  "Inner ends of the brows go up, wrinkles in the middle of the forehead", "Inner brow"),
    2: ActionUnit("Outer brow raiser", "frontalis, outer part",
                  "Outer ends of the brows go up, the brow is arched", "Outer brow"),
    4: ActionUnit("Brow lowerer", "corrugator and depressor supercilii, procerus",
                  "Brows come down and together, upright lines between them"),
    5: ActionUnit("Upper lid raiser", "levator palpebrae superioris",
                  "Eyes wide open, more white above the iris", "Upper lid"),
    6: ActionUnit("Cheek raiser", "orbicularis oculi, outer ring",
                  "Cheeks go up, crow's feet, the smile reaches the eyes"),
    7: ActionUnit("Lid tightener", "orbicularis oculi, inner ring",
                  "Lids narrow to a squint, the lower one is straight"),
    9: ActionUnit("Nose wrinkler", "levator labii superioris alaeque nasi",
                  "Wrinkles along the nose, nostrils go up: disgust"),
    10: ActionUnit("Upper lip raiser", "levator labii superioris",
                   "Upper lip goes up, the fold beside the nose deepens", "Upper lip"),
    12: ActionUnit("Lip corner puller", "zygomaticus major",
                   "Corners of the mouth go up and back: a smile", "Corner puller"),
    14: ActionUnit("Dimpler", "buccinator",
                   "Corners are drawn in tight, dimples"),
    15: ActionUnit("Lip corner depressor", "depressor anguli oris",
                   "Corners of the mouth go down: sadness", "Corner depr."),
    16: ActionUnit("Lower lip depressor", "depressor labii inferioris",
                   "Lower lip goes down, lower teeth show", "Lower lip"),
    17: ActionUnit("Chin raiser", "mentalis",
                   "Chin pushes the lower lip up, dimpled skin: a pout"),
    18: ActionUnit("Lip pucker", "incisivii labii",
                   "Lips small and round, pushed forward: a kiss"),
    19: ActionUnit("Tongue show", "tongue (no muscle of the face)",
                   "The tongue is seen"),
    20: ActionUnit("Lip stretcher", "risorius, platysma",
                   "Mouth is drawn wide, corners straight back: fear"),
    22: ActionUnit("Lip funneler", "orbicularis oris",
                   "Lips turned outward like a funnel, as in 'oh'"),
    24: ActionUnit("Lip presser", "orbicularis oris",
                   "Lips pressed together and narrow"),
    25: ActionUnit("Lips part", "depressor labii inferioris, or relaxed lips",
                   "Lips come apart, the jaw need not move"),
    26: ActionUnit("Jaw drop", "masseter relaxes; wide open also digastric (AU27)",
                   "Jaw goes down; a mouth stretched wide (AU27) counts here too"),
    28: ActionUnit("Lip suck", "orbicularis oris",
                   "Lips rolled in over the teeth"),
    29: ActionUnit("Jaw thrust", "lateral pterygoids",
                   "Lower jaw pushed forward"),
    30: ActionUnit("Jaw sideways", "pterygoid of the other side",
                   "Lower jaw moved to one side; left and right say to which"),
    34: ActionUnit("Cheek puff", "cheeks filled with air, lips shut",
                   "Both cheeks blown up"),
    43: ActionUnit("Eyes closed", "levator palpebrae relaxes, orbicularis oculi",
                   "Lid comes down: 5 is shut, short is a blink"),
}
# fmt: on
"""All 25 AUs that have a channel."""

NAMES: Final[dict[int, str]] = {au: words.name for au, words in ACTION_UNITS.items()}

REGIONS: Final[tuple[tuple[str, tuple[int, ...]], ...]] = (
    ("Brows", (1, 2, 4)),
    ("Eyes", (5, 7, 43)),
    ("Cheeks and nose", (6, 9, 34)),
    ("Mouth corners", (12, 14, 15)),
    ("Lips", (10, 16, 20, 18, 22, 24, 25, 28)),
    ("Jaw, chin and tongue", (26, 29, 30, 17, 19)),
)
"""From top to bottom of the face, each with its AUs."""


def channels_of(au: int) -> tuple[int, ...]:
    """Channel indices of an AU: (left, right), or one."""
    if f"AU{au}" in CHANNEL_INDEX:
        return (CHANNEL_INDEX[f"AU{au}"],)
    return CHANNEL_INDEX[f"AU{au}-left"], CHANNEL_INDEX[f"AU{au}-right"]
