"""Hair as geometry: it is appended, it stands on the scalp and not on the face, and it goes where its skin goes."""

from dataclasses import fields

import numpy as np
import pytest

from rig.build.hair import ROOM, STYLES, Skull, attach_hair, strands
from rig.face import Face
from rig.parameters import CHANNEL_INDEX, N_CHANNELS
from rig.skeleton import PARTS, Skeleton, load_skeleton

HAIR = PARTS.index("hair")
FOREHEAD, EARS = 151, (454, 234)


@pytest.fixture(scope="module")
def bald() -> Skeleton:
    return load_skeleton()


@pytest.fixture(scope="module", params=sorted(STYLES))
def haired(request: pytest.FixtureRequest, bald: Skeleton) -> Skeleton:
    return attach_hair(bald, request.param)


def test_appended(bald: Skeleton, haired: Skeleton) -> None:
    n = len(bald.vertices)
    assert len(haired.vertices) > n + 1000
    assert (haired.part[n:] == HAIR).all()
    for f in fields(Skeleton):
        old, new = getattr(bald, f.name), getattr(haired, f.name)
        if f.name in ("names", "identity_names"):
            assert old == new
        else:
            assert np.array_equal(new[: len(old)], old), f.name
    own = haired.quads[len(bald.quads) :]
    assert own.min() >= n
    assert set(np.unique(own)) == set(range(n, len(haired.vertices)))
    assert np.allclose(haired.bone_weight.sum(1), 1, atol=1e-4)


def test_texture_places_lie_in_the_room(bald: Skeleton, haired: Skeleton) -> None:
    uv = haired.uvs[len(bald.uvs) :]
    assert (uv >= np.array(ROOM[0]) - 1e-6).all()
    assert (uv <= np.array(ROOM[1]) + 1e-6).all()


def test_on_the_scalp_and_off_the_face(bald: Skeleton, haired: Skeleton) -> None:
    skull = Skull(bald)
    hair = haired.vertices[len(bald.vertices) :].astype(float)
    d = skull.ways(hair)
    off = np.linalg.norm(hair - skull.middle, axis=1) - np.linalg.norm(skull.place(d) - skull.middle, axis=1)
    assert off.min() > -0.012
    assert off.max() < 0.045
    assert np.median(off) > 0.003
    marks = np.einsum("nk,nkd->nd", bald.landmark_weights, bald.vertices[bald.landmark_vertices])
    before_ears = hair[:, 2] > marks[list(EARS), 2].mean() + 0.02
    assert (hair[before_ears, 1] > marks[FOREHEAD, 1] - 0.045).all()
    front = hair[:, 2] > 0
    assert (hair[front, 1] > marks[FOREHEAD, 1] + 0.005).all()


def test_skull_ignores_face_and_ears(bald: Skeleton) -> None:
    """The smooth shape lies on the crown to a few tenths of a millimetre, and runs on beneath the ears."""
    skull = Skull(bald)
    p = bald.vertices[(bald.part == 0) & (bald.vertices[:, 1] > 0.07)].astype(float)
    r = np.linalg.norm(p - skull.middle, axis=1)
    assert np.abs(r - np.linalg.norm(skull.place(skull.ways(p)) - skull.middle, axis=1)).mean() < 0.001
    outermost = bald.vertices[(bald.part == 0) & (np.abs(bald.vertices[:, 1]) < 0.02)]
    ear = outermost[np.argmax(outermost[:, 0])].astype(float)
    assert skull.place(skull.ways(ear))[0] < ear[0] - 0.008
    assert not skull.is_scalp[np.flatnonzero((bald.vertices == ear.astype(np.float32)).all(1))].any()


def test_goes_along_with_the_head_and_keeps_still_for_the_mouth(bald: Skeleton, haired: Skeleton) -> None:
    face = Face(haired)
    n = len(bald.vertices)
    rest = face.pose(np.zeros(N_CHANNELS, np.float32))
    turn = np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]], np.float32)
    turned = face.pose(np.zeros(N_CHANNELS, np.float32), head_rotation=turn)
    pivot = haired.pivots[haired.names.index("head")]
    nape = haired.vertices[n:, 1] < 0
    assert np.abs(turned[n:][~nape] - ((rest[n:][~nape] - pivot) @ turn.T + pivot)).max() < 0.004
    au = np.zeros(N_CHANNELS, np.float32)
    au[CHANNEL_INDEX["AU26"]] = 1
    assert np.abs(face.pose(au)[n:] - rest[n:]).max() < 0.003


def test_same_again(bald: Skeleton) -> None:
    once, twice = (attach_hair(bald, "wreath").vertices for _ in range(2))
    assert np.array_equal(once, twice)


def test_unknown_style_names_those_there_are(bald: Skeleton) -> None:
    with pytest.raises(ValueError, match="no hair style 'mohawk'; there are swept-back, wreath"):
        attach_hair(bald, "mohawk")


def test_strands_darken_to_the_root() -> None:
    dark, light = np.array([20.0, 12, 8]), np.array([120.0, 80, 50])
    picture = strands(dark, light, 128, 256).astype(float)
    assert picture.shape == (128, 256, 3)
    assert picture[:, :10].mean() < 0.6 * picture[:, -60:].mean()
    assert (picture >= dark - 1).all()
    assert (picture <= light + 1).all()
    # Strands run along: neighbours along a strand are closer in tone than neighbours across.
    middle = picture[:, 100:200, 0]
    assert np.abs(np.diff(middle, axis=1)).mean() < 0.3 * np.abs(np.diff(middle, axis=0)).mean()
