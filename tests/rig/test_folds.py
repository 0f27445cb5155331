"""Which channels fold which skin."""

import numpy as np

from rig.folds import REGIONS, eye_reach, landmarks, region_weights, strengths
from rig.parameters import CHANNEL_INDEX, N_CHANNELS
from rig.skeleton import PARTS, load_skeleton

NAMES = list(REGIONS)


def test_at_rest_nothing_folds():
    assert (strengths(np.zeros(N_CHANNELS, np.float32)) == 0).all()


def test_a_lateral_channel_folds_its_own_side():
    au = np.zeros(N_CHANNELS, np.float32)
    au[CHANNEL_INDEX["AU6-left"]] = 1
    s = dict(zip(NAMES, strengths(au), strict=True))
    assert s["crow-left"] > 0.5
    assert s["crow-right"] == 0
    weights = region_weights(load_skeleton())[:, NAMES.index("crow-left")]
    vertices = load_skeleton().vertices
    assert vertices[weights > 0.2, 0].min() > 0


def test_strength_stays_in_range():
    assert (strengths(np.full(N_CHANNELS, 3, np.float32)) <= 1).all()


def test_regions_mirror_and_lie_on_skin():
    s = load_skeleton()
    w = region_weights(s)
    assert w.min() >= 0
    assert w.max() <= 1
    assert (w.max(0) > 0.3).all()
    skin = s.part == PARTS.index("skin")
    left, right = NAMES.index("cheek-left"), NAMES.index("cheek-right")
    # Landmarks are mirrored to about a millimetre.
    assert np.abs(w[skin, left] - w[s.mirror, right][skin]).max() < 0.25


def test_measures_of_the_base_face():
    s = load_skeleton()
    assert 0.025 < eye_reach(s) < 0.034
    assert landmarks(s).shape == (478, 3)
