"""Editing a face: undo and redo, locks, random people, mirroring, resets."""

import numpy as np
import pytest

from app.character_edit import ONE_SIDED, STEPS, CharacterEdit
from app.own_characters import Shape, base_identity
from rig.identity import load_controls
from rig.looks import Look


@pytest.fixture
def edit() -> CharacterEdit:
    return CharacterEdit(Shape(base_identity(), Look()))


def test_steps_go_back_and_forth(edit: CharacterEdit) -> None:
    edit.set_value(3, 0.8)
    edit.set_value(3, 0.9)
    edit.set_look(brow_style=4)
    edit.undo()
    assert edit.shape.look.brow_style == 0
    edit.undo()
    assert edit.shape.identity[3] == pytest.approx(0.8)
    edit.redo()
    edit.redo()
    assert edit.shape.look.brow_style == 4
    assert not edit.can_redo
    edit.undo()
    edit.set_value(5, 0.1)
    assert not edit.can_redo, "another way was taken"


def test_a_drag_is_one_step(edit: CharacterEdit) -> None:
    for value in (0.6, 0.7, 0.8):
        edit.set_value(3, value, drag=True)
    edit.let_go()
    edit.set_value(3, 0.9, drag=True)
    edit.undo()
    assert edit.shape.identity[3] == pytest.approx(0.8)
    edit.undo()
    assert edit.shape.identity[3] == 0.5
    assert not edit.can_undo


def test_a_drag_of_the_look_is_one_step_too(edit: CharacterEdit) -> None:
    for age in (0.2, 0.5, 0.7):
        edit.set_look(drag=True, age=age)
    edit.set_value(3, 0.8, drag=True)
    edit.set_look(drag=True, age=0.9)
    edit.let_go()
    edit.set_look(drag=True, age=1.0)
    ages = [edit.shape.look.age]
    while edit.can_undo:
        edit.undo()
        ages.append(edit.shape.look.age)
    assert ages == [1.0, 0.9, 0.7, 0.7, 0.0], "another control's movement lies between"


def test_nothing_changed_is_no_step(edit: CharacterEdit) -> None:
    told = []
    edit._changed = lambda: told.append(1)
    edit.set_value(3, 0.5)
    edit.even_out()
    edit.reset()
    assert not edit.can_undo
    assert not told


def test_locked_parameters_stay(edit: CharacterEdit) -> None:
    edit.set_value(7, 0.9)
    sided = int(ONE_SIDED[0])
    edit.set_value(sided, 0.8)
    edit.lock([7, sided], True)
    edit.randomise(np.random.default_rng(3))
    edit.mirror()
    edit.even_out()
    edit.reset()
    assert edit.shape.identity[7] == pytest.approx(0.9)
    assert edit.shape.identity[sided] == pytest.approx(0.8)
    edit.lock([7], False)
    edit.reset([7])
    assert edit.shape.identity[7] == 0.5


def test_random_people_differ_by_their_strength(edit: CharacterEdit) -> None:
    spread = []
    for strength in (0.2, 1.0):
        edit.randomise(np.random.default_rng(5), strength)
        spread.append(float(np.abs(edit.shape.identity - 0.5).mean()))
    assert spread[1] > 3 * spread[0] > 0


def test_mirroring_turns_only_what_has_sides(edit: CharacterEdit) -> None:
    edit.randomise(np.random.default_rng(1))
    before = edit.shape.identity
    edit.mirror()
    both = np.setdiff1d(np.arange(208), ONE_SIDED)
    np.testing.assert_array_equal(edit.shape.identity[both], before[both])
    np.testing.assert_allclose(edit.shape.identity[ONE_SIDED], 1 - before[ONE_SIDED])
    assert {"nose sideways", "jaw sideways"} <= {load_controls()[k].name for k in ONE_SIDED}
    edit.even_out()
    assert np.all(edit.shape.identity[ONE_SIDED] == 0.5)


def test_reset_goes_to_how_the_character_was_made() -> None:
    own = base_identity()
    own[2] = 0.9
    edit = CharacterEdit(Shape(own, Look(brow_style=3)))
    edit.set_value(2, 0.1)
    edit.set_value(4, 0.2)
    edit.set_look(brow_style=9)
    assert edit.changed_parameters() == {2, 4}
    edit.reset([2])
    assert edit.shape.identity[2] == pytest.approx(0.9)
    assert edit.shape.look.brow_style == 9
    edit.reset()
    assert not edit.differs


def test_memory_of_steps_has_an_end(edit: CharacterEdit) -> None:
    for k in range(STEPS + 20):
        edit.set_value(0, (k % 90 + 5) / 100)
    for _ in range(STEPS):
        assert edit.can_undo
        edit.undo()
    assert not edit.can_undo
