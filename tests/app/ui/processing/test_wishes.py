"""The video shows who is on the stage as they are there, edits that nobody saved included."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from app.characters import open_character
from app.own_characters import OwnCharacter, Shape, own_character, shape_of
from app.tracker_settings import TrackerSettings
from app.ui.processing.wishes import wishes
from rig.characters import Character, load_character
from rig.parameters import N_IDENTITY


def words(character: Any, shape: Shape | None, folder: Path, *, follows: bool = False, shown: str = "shown") -> Any:
    """What follows ``--character``."""
    rig = SimpleNamespace(loaded=SimpleNamespace(character=character), shape=shape, follows=follows, shown=shown)
    shell: Any = SimpleNamespace(rig=rig, session=SimpleNamespace(settings=TrackerSettings()))
    choices: Any = SimpleNamespace(folder=folder, format="none", video=True, replace=False, neutral="off")
    said = wishes(choices, shell).words(["a.mp4"], folder)
    return said[said.index("--character") + 1]


@pytest.fixture(scope="module")
def elder() -> Character:
    return load_character("elder")


def test_who_is_not_edited_goes_by_name(elder: Character, tmp_path: Path) -> None:
    assert words(elder, shape_of(elder), tmp_path, shown="elder") == "elder"
    assert words(object(), None, tmp_path, shown="/somewhere/avatar.vrm") == "/somewhere/avatar.vrm"
    assert list(tmp_path.iterdir()) == []


def test_who_is_edited_goes_as_a_file(elder: Character, tmp_path: Path) -> None:
    identity = np.full(N_IDENTITY, 0.5, np.float32)
    identity[7] = 0.9
    edited = Shape(identity, replace(elder.look, skin=(0.5, 0.6, 0.7)))
    read = open_character(words(elder, edited, tmp_path, shown="elder"))
    assert isinstance(read, OwnCharacter)
    assert read.head == "elder"
    assert read.identity[7] == pytest.approx(0.9, abs=1e-3)
    assert read.look.skin == pytest.approx((0.5, 0.6, 0.7))


def test_ones_own_character_that_is_edited_keeps_its_head(elder: Character, tmp_path: Path) -> None:
    own = own_character("grandpa", "elder", Shape(np.full(N_IDENTITY, 0.4, np.float32), elder.look))
    assert words(own, shape_of(own), tmp_path, shown="grandpa") == "grandpa"
    read = open_character(words(own, Shape(np.full(N_IDENTITY, 0.6, np.float32), elder.look), tmp_path))
    assert isinstance(read, OwnCharacter)
    assert read.head == "elder"


def test_the_base_face_follows_the_film_where_it_follows_on_the_stage(tmp_path: Path) -> None:
    base = load_character("base")
    assert words(base, shape_of(base), tmp_path, follows=True, shown="base") == "base"
    read = open_character(words(base, shape_of(base), tmp_path, follows=False, shown="base"))
    assert isinstance(read, OwnCharacter)
