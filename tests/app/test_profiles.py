"""Profiles on disk: kept and found again, with a picture network's code or of before there was one."""

from pathlib import Path

import numpy as np
import pytest

from app import profiles
from app.errors import UserError
from app.profiles import Profile, delete_profile, list_profiles, load_profile, save_profile
from models.runtime.alignment import rest_face


def person(seed: int = 0) -> np.ndarray:
    """Landmarks of somebody at rest."""
    return (rest_face() * (1 + np.random.default_rng(seed).uniform(-0.04, 0.04, 3))).astype(np.float32)


def test_profiles_go_to_the_users_folder_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "profile_folder", lambda: tmp_path / "profiles")
    assert profiles.list_profiles() == []
    path = save_profile("Ada L.", Profile(person(12)))
    assert path.parent == tmp_path / "profiles"
    assert profiles.list_profiles() == ["Ada L."]
    np.testing.assert_array_equal(load_profile("Ada L.").neutral, person(12))
    elsewhere = save_profile(tmp_path / "deep" / "me.npz", Profile(person(13)))
    np.testing.assert_array_equal(load_profile(str(elsewhere)).neutral, person(13))


def test_a_code_is_kept_with_the_network_that_made_it(tmp_path: Path) -> None:
    code = np.linspace(-2, 3, 128, dtype=np.float32)
    path = save_profile(tmp_path / "ada.npz", Profile(person(), code, "picture-regressor-lite 1 abc"))
    again = load_profile(path)
    assert again.code is not None
    np.testing.assert_array_equal(again.code, code)
    assert again.network == "picture-regressor-lite 1 abc"


def test_profiles_of_before_there_were_codes_are_read(tmp_path: Path) -> None:
    path = tmp_path / "old.npz"
    np.savez(path, version=np.int32(1), neutral_m=person(3))
    old = load_profile(path)
    np.testing.assert_array_equal(old.neutral, person(3))
    assert (old.code, old.network) == (None, "")


def test_a_missing_profile_is_named_with_those_that_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "profile_folder", lambda: tmp_path)
    save_profile("ada", Profile(person()))
    with pytest.raises(UserError, match=r"no profile bob .*saved profiles: ada"):
        load_profile("bob")
    with pytest.raises(UserError, match="no name for a profile"):
        profiles.profile_path("..")


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "pickle", "shape", "nan", "code", "version"])
def test_a_damaged_profile_is_refused_in_one_line(tmp_path: Path, damage: str) -> None:
    path = save_profile(tmp_path / "p.npz", Profile(person()))
    good = path.read_bytes()
    match damage:
        case "empty":
            path.write_bytes(b"")
        case "text":
            path.write_text("not a profile")
        case "cut":
            path.write_bytes(good[: len(good) // 2])
        case "pickle":
            np.savez(path, version=np.int32(1), neutral_m=np.array([{"a": 1}], dtype=object))
        case "shape":
            np.savez(path, version=np.int32(1), neutral_m=np.zeros((468, 3), np.float32))
        case "nan":
            np.savez(path, version=np.int32(1), neutral_m=np.full((478, 3), np.nan, np.float32))
        case "code":
            save_profile(path, Profile(person(), np.full(128, np.nan, np.float32), "somebody"))
        case "version":
            np.savez(path, version=np.int32(99), neutral_m=person())
    with pytest.raises(UserError, match="calibrate again") as caught:
        load_profile(path)
    assert "\n" not in str(caught.value)


def test_a_profile_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot be written"):
        save_profile(tmp_path / "file" / "p.npz", Profile(person()))


def test_a_profile_is_deleted_by_its_name_and_nothing_else_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "profile_folder", lambda: tmp_path / "profiles")
    save_profile("ada", Profile(person()))
    save_profile("bob", Profile(person(1)))
    outside = save_profile(tmp_path / "outside.npz", Profile(person(2)))
    delete_profile("ada")
    assert list_profiles() == ["bob"]
    with pytest.raises(UserError, match="no profile ada"):
        delete_profile("ada")
    for name in ("../outside", "auto", str(outside)):
        with pytest.raises(UserError, match=r"choose another name|no name for a profile"):
            delete_profile(name)
    assert outside.exists()
    (tmp_path / "profiles" / "folder.npz").mkdir()
    with pytest.raises(UserError, match="cannot be deleted"):
        delete_profile("folder")
