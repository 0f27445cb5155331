"""The painted sheets in every look."""

import numpy as np
import pytest

from rig import looks
from rig.looks import LOOKS, Look, eye_texture, lash_texture, read_sheet, skin_texture
from rig.skeleton import RigError


@pytest.mark.parametrize("name", LOOKS)
def test_sheets_have_their_sizes(name):
    look = LOOKS[name]
    assert skin_texture(look).shape == (2048, 2048, 3)
    assert eye_texture(look).shape == (512, 512, 3)
    assert lash_texture(look).shape == (512, 512, 4)


def test_skins_differ_in_brightness_as_named():
    means = {n: float(skin_texture(look).mean()) for n, look in LOOKS.items()}
    assert means["fair"] > means["light"] > means["tan"] > means["dark"]


def test_mouth_interior_keeps_its_colour_in_every_look():
    inside = np.asarray(read_sheet("skin_masks.png"))[..., 0] == 0
    light, dark = skin_texture(LOOKS["light"])[::2, ::2], skin_texture(LOOKS["dark"])[::2, ::2]
    hair = np.asarray(read_sheet("skin_masks.png"))[..., 1] > 0
    kept = inside & ~hair
    assert kept.sum() > 500
    assert np.abs(light[kept].astype(int) - dark[kept]).mean() < 3


def test_iris_takes_its_colour_and_the_white_stays():
    plain, blue = eye_texture(Look()), eye_texture(Look(iris=(0.5, 1.0, 1.5)))
    centre = (slice(190, 322), slice(190, 322))
    assert plain[centre][..., 2].mean() < blue[centre][..., 2].mean()
    np.testing.assert_array_equal(plain[:100], blue[:100])


def test_a_folder_of_ones_own_falls_back_to_the_base_face(tmp_path, monkeypatch):
    (tmp_path / "rig").symlink_to(looks.ASSETS / "rig")
    monkeypatch.setattr(looks, "ASSETS", tmp_path)
    read_sheet.cache_clear()
    np.testing.assert_array_equal(read_sheet("eye.png", "characters/none"), read_sheet("eye.png"))


def test_a_damaged_sheet_is_named(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "eye.png").write_bytes(b"no picture")
    monkeypatch.setattr(looks, "ASSETS", tmp_path)
    with pytest.raises(RigError, match=r"mine/eye\.png: this texture is missing or damaged"):
        read_sheet("eye.png", "mine")
