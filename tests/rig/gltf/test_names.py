"""Spellings of the 52 ARKit names as exporters write them."""

import pytest

from rig.gltf.names import arkit_shapes
from rig.parameters import ARKIT


def snake(name: str) -> str:
    return "".join("_" + c.lower() if c.isupper() else c for c in name)


@pytest.mark.parametrize(
    "spell",
    [
        lambda n: n,
        lambda n: n[0].upper() + n[1:],
        snake,
        lambda n: n.replace("Left", "_L").replace("Right", "_R"),
        lambda n: n.replace("Left", ".L").replace("Right", ".R"),
        lambda n: f"blendShape1.{n}",
        lambda n: f"Face.M_F00_000_00_{n}",
        lambda n: n.lower(),
    ],
    ids=["plain", "Pascal", "snake", "_L", ".L", "Maya", "VRoid", "lower"],
)
def test_all_52_are_known_in_every_spelling(spell) -> None:  # type: ignore[no-untyped-def]
    assert [arkit_shapes(spell(name)) for name in ARKIT] == [((name,), True) for name in ARKIT]


def test_the_side_may_stand_in_front() -> None:
    assert arkit_shapes("L_eyeBlink") == (("eyeBlinkLeft",), True)
    assert arkit_shapes("CC_right_mouth_smile") == (("mouthSmileRight",), True)


def test_a_split_middle_shape_is_that_shape() -> None:
    assert arkit_shapes("browInnerUp_L") == (("browInnerUp",), True)


def test_shapes_for_both_sides_are_known_but_not_exact() -> None:
    assert arkit_shapes("mouthSmile") == (("mouthSmileLeft", "mouthSmileRight"), False)
    assert arkit_shapes("mouthOpen") == (("jawOpen",), False)
    assert arkit_shapes("eyesClosed") == (("eyeBlinkLeft", "eyeBlinkRight"), False)


@pytest.mark.parametrize("name", ["", "Fcl_ALL_Joy", "mouth", "jaw", "breastSize", "viseme_aa", "target 3", "._-", "L"])
def test_other_names_say_nothing(name: str) -> None:
    assert arkit_shapes(name) == ((), False)
