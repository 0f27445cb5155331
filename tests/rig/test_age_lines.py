"""Lines of age painted into the skin, for pictures without the full look's shaders."""

from dataclasses import replace

import numpy as np
import pytest

from rig.age_lines import lined_skin_texture
from rig.brows import brow_coverage
from rig.characters import CHARACTER_LOOKS
from rig.looks import LOOKS, Look, fold_texture, skin_texture


def change(look: Look, **changes: object) -> np.ndarray:
    """(2048, 2048) how much darker the lines make the skin, bytes; below 0 lighter."""
    aged = replace(look, **changes)
    return (skin_texture(look).astype(int) - lined_skin_texture(aged)).mean(-1)


def test_without_age_it_is_the_plain_skin() -> None:
    np.testing.assert_array_equal(lined_skin_texture(LOOKS["light"]), skin_texture(LOOKS["light"]))


@pytest.mark.parametrize("look", [*LOOKS.values(), CHARACTER_LOOKS["elder"]], ids=[*LOOKS, "elder"])
def test_lines_are_darker_on_every_skin(look: Look) -> None:
    plain = skin_texture(look).mean()
    shade = change(look, age=1.0)
    deep = np.repeat(np.repeat(fold_texture(look)[..., 2] < 140, 2, 0), 2, 1)
    deep[:, :128] = deep[1920:] = False  # the throat
    assert deep.sum() > 5000
    assert shade[deep].mean() > 0.08 * plain
    assert shade.min() > -0.25 * plain, "the light on a fold's edge is no streak of white"


def test_age_draws_them_deeper_and_leaves_all_else() -> None:
    some, much = (change(LOOKS["light"], age=age) for age in (0.3, 1.0))
    assert 0 < some[some > 0].sum() < 0.6 * much[much > 0].sum()
    assert (much != 0).mean() < 0.15
    edge = np.ones(much.shape, bool)
    edge[128:-128, 128:-128] = False
    assert not much[edge].any(), "mouth and throat have no lines"


def test_light_comes_from_above() -> None:
    """On the sheet the face lies on its side: u runs down it."""
    forehead = change(LOOKS["light"], age=1.0)[700:1300, 760:900]
    down = fold_texture(LOOKS["light"])[350:650, 380:450, 0].astype(int).repeat(2, 0).repeat(2, 1) - 127
    assert forehead[down < -12].mean() > forehead[down > 12].mean() + 10


def test_hair_of_the_brows_lies_over_them() -> None:
    look = Look(brow_style=7)
    brows = brow_coverage(7) > 0.98
    assert np.abs(change(look, age=1.0))[brows].max() < 4
