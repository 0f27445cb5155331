"""Characters of the user's own: saved and opened again whole, with their skin; damaged ones in one clear line."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.characters import (
    character_folder,
    find_character,
    free_name,
    keep_character,
    list_characters,
    open_character,
    remove_character,
    save_character,
)
from app.errors import UserError
from app.own_characters import FILE_NAME, OwnCharacter, Shape, base_identity, load_own, save_own
from rig.characters import load_character
from rig.looks import skin_texture


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_DATA_HOME", "APPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))


def shape(head: str = "base") -> Shape:
    identity = base_identity()
    identity[:4] = (0.9, 0.25, 0.123456, 0.5)
    look = replace(load_character(head).look, skin=(0.8, 0.7, 0.6), brow_style=7, iris=(0.5, 1.0, 1.5), hair="none")
    return Shape(identity, look)


def test_what_is_saved_is_opened_by_its_name() -> None:
    entry = save_character("Zoë the 2nd", "hero", shape("hero"))
    assert [e.kind for e in list_characters()] == ["built-in"] * 4 + ["own"]
    assert find_character("Zoë the 2nd") == entry.path
    opened = open_character("Zoë the 2nd")
    assert isinstance(opened, OwnCharacter)
    assert (opened.name, opened.head) == ("Zoë the 2nd", "hero")
    assert opened.look == shape("hero").look
    np.testing.assert_allclose(opened.identity, shape().identity, atol=1e-4)


def test_driven_without_an_identity_it_has_its_own_face() -> None:
    save_character("me", "base", shape())
    own, base = open_character("me"), load_character("base")
    assert isinstance(own, OwnCharacter)
    rest = np.zeros(40, np.float32)
    expected = base.face.pose(rest, person=base.face.person(own.identity))
    np.testing.assert_allclose(own.face.pose(rest), expected, atol=1e-6)
    assert np.abs(own.face.pose(rest) - base.face.pose(rest)).max() > 1e-3


def test_a_skin_of_its_own_is_kept_with_it_and_replaced_with_it(tmp_path: Path) -> None:
    import cv2

    def painted(level: int) -> Shape:
        folder = tmp_path / f"made-{level}"
        folder.mkdir()
        cv2.imwrite(str(folder / "skin.jpg"), np.full((64, 64, 3), level, np.uint8))
        return replace(shape(), look=replace(shape().look, folder=str(folder)))

    path = save_own(tmp_path, "me", "base", painted(40))
    first = load_own(path)
    (tmp_path / "made-40" / "skin.jpg").unlink()
    dark = skin_texture(replace(first.look, skin=(1.0, 1.0, 1.0))).mean()
    save_own(tmp_path, "me", "base", painted(200))
    second = load_own(path)
    assert second.look.folder != first.look.folder, "else the sheet in memory would be shown"
    assert skin_texture(replace(second.look, skin=(1.0, 1.0, 1.0))).mean() > dark + 50
    assert len(list((tmp_path / "me").glob("sheets-*"))) == 1
    save_own(tmp_path, "me", "base", second and Shape(second.identity, second.look))
    assert load_own(path).look.folder == second.look.folder, "saved over itself it keeps its skin"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("not at all", "damaged"),
        ("[]", "no character of Mien's"),
        ('{"mien_character": 99}', "newer Mien"),
        ('{"mien_character": 1, "head": "../x"}', "is not one of base, hero"),
        ('{"mien_character": 1, "head": "base", "identity": {"face width": 7}}', "'face width' is not a number"),
        ('{"mien_character": 1, "head": "base", "identity": [1]}', "not a table of controls"),
        ('{"mien_character": 1, "head": "base", "look": {"skin": [1, 2]}}', "'skin' is not three numbers"),
        ('{"mien_character": 1, "head": "base", "look": {"brow_style": 36}}', "'brow_style'"),
        ('{"mien_character": 1, "head": "base", "look": {"hair": "wig"}}', "'hair' is not one of"),
        ('{"mien_character": 1, "head": "base", "sheets": "../../rig"}', "skin is missing"),
    ],
)
def test_damage_is_told_in_one_line(tmp_path: Path, content: str, why: str) -> None:
    path = tmp_path / "me" / FILE_NAME
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(UserError, match=why) as told:
        load_own(path)
    assert "\n" not in str(told.value)


def test_controls_of_another_version_are_left_out(tmp_path: Path) -> None:
    path = save_own(tmp_path, "me", "base", shape())
    data = json.loads(path.read_text())
    data["identity"]["antenna length"] = 0.7
    path.write_text(json.dumps(data))
    np.testing.assert_allclose(load_own(path).identity, shape().identity, atol=1e-4)


@pytest.mark.parametrize("name", ["", "base", "../me", ".hidden", "a/b"])
def test_bad_names_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="cannot be the name"):
        save_own(tmp_path, name, "base", shape())
    assert not list(tmp_path.iterdir())


def test_names_are_not_given_twice(tmp_path: Path) -> None:
    save_character("me", "base", shape())
    file = tmp_path / "me.glb"
    file.write_bytes(b"any")
    with pytest.raises(UserError, match="of your own already"):
        keep_character(file, "me", None)
    keep_character(file, "you", None)
    with pytest.raises(UserError, match="imported character 'you'"):
        save_character("you", "base", shape())


def test_names_are_sorted_as_people_do() -> None:
    for name in ("me 10", "Me 2", "me"):
        save_character(name, "base", shape())
    assert [entry.name for entry in list_characters()][4:] == ["me", "Me 2", "me 10"]
    assert free_name("me") == "me 3"
    assert free_name(" .odd/name?") == "odd name"


def test_removing_goes_to_the_bin_where_there_is_one(tmp_path: Path) -> None:
    own = save_character("me", "base", shape())
    (tmp_path / "you.glb").write_bytes(b"any")
    imported = keep_character(tmp_path / "you.glb", None, None)
    binned: list[Path] = []
    remove_character(own, lambda path: binned.append(path) or True)
    assert own.path is not None
    assert binned == [own.path.parent]
    assert own.path.exists(), "the bin was asked, and nothing else"
    remove_character(own, lambda path: False)
    remove_character(imported)
    assert not own.path.parent.exists()
    assert not list(character_folder().iterdir())
    with pytest.raises(UserError, match="stays"):
        remove_character(list_characters()[0])
