"""The table of controls and how places become bones (no MakeHuman data needed: the built skeleton is enough)."""

import numpy as np
import pytest

from rig.build.identity import with_controls
from rig.build.identity_table import PLACES
from rig.build.moves import MOVES
from rig.build.places import Followers, Places, controls
from rig.parameters import N_IDENTITY
from rig.skeleton import PARTS, Skeleton, load_skeleton

FLIP = np.array([-1.0, 1.0, 1.0])


@pytest.fixture(scope="module")
def skeleton() -> Skeleton:
    return load_skeleton()


@pytest.fixture(scope="module")
def places(skeleton: Skeleton) -> Places:
    return Places(skeleton)


def test_the_table_is_whole(skeleton: Skeleton) -> None:
    rows = controls()
    assert len(rows) == N_IDENTITY
    assert {c.move for c in rows} <= set(MOVES)
    assert {c.place for c in rows} == set(PLACES), "no place without a control"
    assert tuple(c.name for c in rows) == skeleton.identity_names


def test_each_single_bone_place_has_a_bone_of_its_own(places: Places, skeleton: Skeleton) -> None:
    """Named after it, one or a pair as the place is, and holding the skin that lies there."""
    single = [n for n, p in PLACES.items() if p[2] == 0]
    bones = [int(places.share(n).argmax()) for n in single]
    assert len(set(bones)) == len(bones)
    skin = np.flatnonzero(skeleton.part == PARTS.index("skin"))
    for name, bone in zip(single, bones, strict=True):
        centre = np.array(PLACES[name][1]) / 1000
        assert skeleton.names[bone].startswith(name.replace(" ", "-"))
        assert (skeleton.twins[bone] == bone) == (centre[0] == 0), "the middle's places are single, others a pair"
        near = skin[np.linalg.norm(skeleton.vertices[skin] - centre, axis=1).argsort()[:20]]
        assert places.weights[near, bone].max() > 0.25, name


def test_places_of_the_lips_hold_their_own_lip_only(places: Places) -> None:
    upper, lower = (np.flatnonzero(places.share(n)) for n in ("upper lip", "lower lip"))
    assert len(upper) > 2
    assert len(lower) > 2
    assert places.at[upper, 1].min() > places.at[lower, 1].max()


def test_moves_are_mirrored_or_opposite(places: Places, skeleton: Skeleton) -> None:
    for c in controls():
        t, r, g = places.offsets(c)
        sign = 1.0 if c.symmetric else -1.0
        np.testing.assert_allclose((t * FLIP)[skeleton.twins], sign * t, atol=1e-9, err_msg=c.name)
        np.testing.assert_allclose((r * -FLIP)[skeleton.twins], sign * r, atol=1e-9, err_msg=c.name)
        np.testing.assert_allclose(g[skeleton.twins], sign * g if not c.symmetric else g, atol=1e-9, err_msg=c.name)


def test_followers_keep_the_mouths_inside_with_the_lips(skeleton: Skeleton) -> None:
    """A face moved as a whole takes its teeth along; a moved brow does not."""
    follow = Followers(skeleton)
    n = len(skeleton.names)
    still = np.zeros((n, 3))
    t, _, _ = follow((np.full((n, 3), 0.002) * [0, 1, 1], still.copy(), still.copy()))
    np.testing.assert_allclose(t[follow.deep], np.tile([0, 0.002, 0.002], (len(follow.deep), 1)), atol=1e-4)
    brow = still.copy()
    brow[[i for i, name in enumerate(skeleton.names) if name.startswith(("inner-brow", "middle-brow"))], 1] = 0.002
    t, r, _ = follow((brow, still.copy(), still.copy()))
    assert np.abs(t[follow.deep]).max() < 1e-4
    assert np.abs(r[[skeleton.names.index("eye-left")]]).max() == 0


def test_amounts_scale_the_controls(skeleton: Skeleton) -> None:
    some = controls()
    one = with_controls(skeleton, some, np.ones(N_IDENTITY))
    two = with_controls(skeleton, some, np.full(N_IDENTITY, 2.0))
    np.testing.assert_allclose(two.identity_translation, 2 * one.identity_translation, atol=3e-7)
    np.testing.assert_allclose(two.identity_rotation, 2 * one.identity_rotation, atol=3e-7)
