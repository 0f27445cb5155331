"""Which of the 52 ARKit shapes a morph target or a clip stands for, by its name in any of the usual spellings."""

import re
from functools import lru_cache

from rig.parameters import ARKIT

_SIDE = {"l": "left", "left": "left", "lft": "left", "r": "right", "right": "right", "rgt": "right"}
_BY_KEY = {name.lower(): name for name in ARKIT}
_BOTH_SIDES = {name[:-4].lower(): (name, name[:-4] + "Right") for name in ARKIT if name.endswith("Left")}
"""``mouthsmile`` -> both sides. ``mouth`` and ``jaw`` (of jawLeft) say nothing and are left out."""
for _key in ("mouth", "jaw"):
    _BOTH_SIDES.pop(_key)
FALLBACKS: dict[str, tuple[str, ...]] = {
    **_BOTH_SIDES,
    "mouthopen": ("jawOpen",),
    "eyesclosed": ("eyeBlinkLeft", "eyeBlinkRight"),
    "eyeslookup": ("eyeLookUpLeft", "eyeLookUpRight"),
    "eyeslookdown": ("eyeLookDownLeft", "eyeLookDownRight"),
}
"""Simpler shapes (Ready Player Me's mouthOpen and mouthSmile among them): used where the ARKit shapes are not there."""


MAX_WORDS = 6
"""The longest names have four; a side in front makes five."""


def words(name: str) -> list[str]:
    """``"Face.M_eyeBlink_L"`` -> ``["face", "m", "eye", "blink", "l"]``: lower case, cut at case and signs."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return [w.lower() for w in re.split(r"[^A-Za-z0-9]+", name) if w]


@lru_cache(4096)
def arkit_shapes(name: str) -> tuple[tuple[str, ...], bool]:
    """The ARKit shapes that ``name`` stands for, and whether it is exactly one of the 52.

    ``jawOpen``, ``JawOpen``, ``jaw_open``, ``eyeBlink_L``, ``blendShape1.jawOpen``, ``L_eyeBlink`` are exact;
    ``mouthSmile`` is not, and gives both sides. A name that says nothing gives ``((), False)``.
    """
    cut = words(name)[-MAX_WORDS:]
    spelled = [cut]
    for i, word in enumerate(cut[:-1]):
        if word in _SIDE and cut[-1] not in _SIDE:
            spelled.append([*cut[i + 1 :], word])  # the side stands in front
    for parts in spelled:
        # Whatever stands before (mesh, exporter) is dropped word by word.
        for start in range(len(parts)):
            tail = parts[start:]
            tail = [*tail[:-1], _SIDE.get(tail[-1], tail[-1])]
            key = "".join(tail)
            if key in _BY_KEY:
                return (_BY_KEY[key],), True
            if key in ("browinnerupleft", "browinnerupright", "cheekpuffleft", "cheekpuffright"):
                return (_BY_KEY[re.sub("left$|right$", "", key)],), True
    for start in range(len(cut)):
        shapes = FALLBACKS.get("".join(cut[start:]))
        if shapes:
            return shapes, False
    return (), False
