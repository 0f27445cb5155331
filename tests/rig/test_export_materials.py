"""Exported textures lie where they belong, and say what the screen's shaders do."""

from pathlib import Path

import numpy as np
import pytest
from exported_glb import Glb, picture, sample

from rig.export_gltf import export_glb
from rig.export_materials import linear, skin_colour, skin_normals
from rig.face import Face
from rig.looks import LOOKS, Look


@pytest.fixture(scope="module")
def face() -> Face:
    return Face()


@pytest.fixture(scope="module")
def glb(face: Face, tmp_path_factory: pytest.TempPathFactory) -> Glb:
    path: Path = tmp_path_factory.mktemp("materials") / "face.glb"
    return Glb(export_glb(path, face, LOOKS["light"], detail="game", clips=False, morphs=False).path)


def test_textures_lie_where_they_belong(face: Face, glb: Glb) -> None:
    at, colour = sample(glb, "eyes")
    pupil, white = at[:, 2].argmax(), np.abs(at[:, 0]).argmax()
    assert colour[pupil].mean() < 70
    assert colour[white].mean() > 130
    at, colour = sample(glb, "skin")
    points = face.landmarks(face.base.vertices)

    def near(landmark: int) -> np.ndarray:
        return colour[np.linalg.norm(at - points[landmark], axis=1).argmin()]

    lip, chin = near(17), near(199)
    assert lip[0] / lip[1] > 1.1 * chin[0] / chin[1]  # lips are redder
    for inside in ("teeth", "tongue"):
        at, colour = sample(glb, inside)
        assert colour[at[:, 2].argmax()].mean() > 3 * colour[at[:, 2].argmin()].mean()
    lashes = next(m for m in glb.doc.materials if m.name == "lashes")
    assert (lashes.alphaMode, lashes.doubleSided) == ("BLEND", True)


def test_skin_is_shaded_and_rough_as_on_the_screen(face: Face, glb: Glb) -> None:
    at, packed = sample(glb, "skin", "metallicRoughnessTexture")
    occlusion, rough, metal = packed.T
    points = face.landmarks(face.base.vertices)
    behind_the_lips = points[[13, 14]].mean(0) - [0, 0, 0.015]
    nose, mouth = (np.linalg.norm(at - p, axis=1).argsort()[:15] for p in (points[1], behind_the_lips))
    assert occlusion[nose].min() > 150
    assert occlusion[mouth].min() < 60
    assert 0.16 * 255 - 3 <= rough.min() < rough.max() <= 0.62 * 255 + 3
    assert metal.max() < 20


def test_tangents_follow_the_texture(glb: Glb) -> None:
    p = glb.primitives[0]
    tangent, normal = glb.read(p.attributes.TANGENT), glb.read(p.attributes.NORMAL)
    np.testing.assert_allclose(np.linalg.norm(tangent[:, :3], axis=1), 1, atol=1e-5)
    assert np.abs((tangent[:, :3] * normal).sum(1)).max() < 1e-4
    at, uv = glb.read(p.attributes.POSITION), glb.read(p.attributes.TEXCOORD_0)
    t = glb.read(p.indices).reshape(-1, 3)
    # Along any edge the picture's coordinates grow with the steps along tangent and bitangent (v counts down).
    step, change = at[t[:, 1]] - at[t[:, 0]], uv[t[:, 1]] - uv[t[:, 0]]
    first = t[:, 0]
    bitangent = np.cross(normal, tangent[:, :3]) * tangent[:, 3:]
    for axis, growth in ((tangent[:, :3], change[:, 0]), (bitangent, -change[:, 1])):
        along = (step * axis[first]).sum(1)
        assert np.average(along * growth > 0, weights=np.abs(growth)) > 0.95


def test_relief_points_outwards(glb: Glb) -> None:
    normal = picture(glb, glb.doc.materials[0].normalTexture.index) / 255 * 2 - 1
    np.testing.assert_allclose(np.linalg.norm(normal, axis=-1).mean(), 1, atol=0.02)
    assert normal[..., 2].min() > 0.3
    assert np.abs(normal[..., :2].mean((0, 1))).max() < 0.02
    assert normal[..., 0].std() > 0.005


def test_age_leaves_folds() -> None:
    young, old = (skin_normals(Look(age=age), 512).astype(float) for age in (0.0, 0.9))
    assert np.abs(old - young)[..., :2].max() > 20
    assert skin_colour(Look(age=0.9)).mean() < skin_colour(Look()).mean()


def test_colour_factors_are_linear() -> None:
    assert linear((255, 0, 188)) == pytest.approx([1, 0, 0.503], abs=2e-3)
