"""What we export comes back: same shapes, same bones, and the face that it makes is the face that we make."""

from pathlib import Path

import numpy as np

from rig.export_gltf import export_glb
from rig.face import Face
from rig.imported import load_imported
from rig.imported_drive import Drive
from rig.imported_fit import place_on_stage
from rig.looks import LOOKS
from rig.parameters import CHANNEL_INDEX, N_CHANNELS


def test_our_own_export_comes_back_and_smiles_as_we_do(tmp_path: Path) -> None:
    face = Face()
    export_glb(tmp_path / "ours.glb", face, LOOKS["light"], clips=False, detail="game")
    character = load_imported(tmp_path / "ours.glb")
    assert character.how == "arkit"
    assert character.missing == ()
    assert character.notes == ()
    assert sorted(character.roles) == ["eye-left", "eye-right", "head", "neck"]
    assert sum(p.material.texture is not None for p in character.primitives) >= 3  # skin, eyes

    fit = place_on_stage(character)
    assert np.allclose(fit, np.eye(4), atol=0.02)  # it stands where it stood

    au = np.zeros(N_CHANNELS, np.float32)
    au[[CHANNEL_INDEX[c] for c in ("AU12-left", "AU12-right", "AU43-left")]] = 1
    drive = Drive(character)
    skin = max(range(len(drive.rest)), key=lambda i: len(drive.rest[i]))
    moved = drive.pose(au)[skin] - drive.rest[skin]
    rest = face.base.vertices
    nearest = np.linalg.norm(drive.rest[skin][::20, None] - rest[None], axis=-1).argmin(1)
    expected = (face.pose(au) - rest)[nearest]
    same = np.linalg.norm(drive.rest[skin][::20] - rest[nearest], axis=1) < 1e-5
    assert same.mean() > 0.9
    assert np.abs(moved[::20][same] - expected[same]).max() < 1.5e-3
