"""A character's face comes to stand where ours does, whatever its size, place and way to face."""

from pathlib import Path

import numpy as np
import pytest
from gltf_files import Builder, arkit_character, bone_character, vrm0, vrm1

from rig.imported import load_imported
from rig.imported_drive import Drive
from rig.imported_fit import FACE_FRONT, FACE_HEIGHT_M, HEAD_FRONT, HEAD_HEIGHT_M, face_box, place_on_stage
from rig.parameters import ARKIT


def scaled(b: Builder, by: float, shift: tuple[float, float, float]) -> Builder:
    """The whole scene under a node that scales and shifts it."""
    children = list(b.gltf.scenes[0].nodes)
    b.gltf.scenes[0].nodes = []
    top = b.node("top", scale=[by] * 3, translation=list(shift))
    b.gltf.nodes[top].children = children
    return b


@pytest.mark.parametrize("make", [lambda: arkit_character(ARKIT), vrm0, vrm1], ids=["arkit", "vrm0", "vrm1"])
@pytest.mark.parametrize(
    ("by", "shift"), [(1.0, (0.0, 0.0, 0.0)), (100.0, (3.0, 170.0, -4.0)), (0.01, (0.0, 1.0, 0.0))]
)
def test_faces_of_any_size_come_to_the_same_place(tmp_path: Path, make, by: float, shift) -> None:  # type: ignore[no-untyped-def]
    character = load_imported(scaled(make(), by, shift).save(tmp_path / "a.glb"))
    drive = Drive(character, place_on_stage(character))
    box = face_box(drive)
    assert box is not None
    low, high = box
    assert high[1] - low[1] == pytest.approx(FACE_HEIGHT_M, rel=1e-3)
    assert np.allclose([*((low + high) / 2)[:2], high[2]], FACE_FRONT, atol=1e-3)


def test_a_face_that_only_opens_its_mouth_is_placed_by_its_head(tmp_path: Path) -> None:
    character = load_imported(bone_character({"jaw": (0.0, -0.03, -0.05)}).save(tmp_path / "a.glb"))
    drive = Drive(character, place_on_stage(character))
    assert face_box(drive) is None
    points = np.concatenate(drive.rest)
    assert np.ptp(points[:, 1]) == pytest.approx(HEAD_HEIGHT_M, rel=1e-3)
    assert points[:, 2].max() == pytest.approx(HEAD_FRONT[2], abs=1e-4)
