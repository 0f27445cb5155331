"""The screen's mesh: teeth keep their height and are lit to their tips."""

import numpy as np
import pytest
from numpy.typing import NDArray

from rig.characters import BUILT_IN, load_character
from rig.head_mesh import HeadMesh, tooth_tips
from rig.skeleton import PARTS, Skeleton


@pytest.fixture(scope="module", params=BUILT_IN)
def skeleton(request: pytest.FixtureRequest) -> Skeleton:
    return load_character(request.param).face.skeleton


def incisors(s: Skeleton, points: NDArray, part: NDArray, name: str) -> NDArray:
    """(n, 3) those of a row of teeth within 8 mm of the middle line, the outside only."""
    own = points[part == PARTS.index(name)]
    near = own[np.abs(own[:, 0]) < 0.008]
    return near[near[:, 2] > near[:, 2].max() - 0.004]


def test_tips_run_once_along_both_rows(skeleton: Skeleton) -> None:
    tips = tooth_tips(skeleton)
    for name in ("upper-teeth", "lower-teeth"):
        own = tips[skeleton.part[tips[:, 0]] == PARTS.index(name)]
        used, count = np.unique(own, return_counts=True)
        assert len(used) == len(own) + 1, "an open line"
        assert sorted(count)[:3] == [1, 1, 2]
        assert count.max() == 2
        x = skeleton.vertices[used, 0]
        row = skeleton.vertices[skeleton.part == PARTS.index(name), 0]
        assert x.min() < 0.9 * row.min()
        assert x.max() > 0.9 * row.max()


def test_smoothing_takes_nothing_off_the_incisors(skeleton: Skeleton) -> None:
    head = HeadMesh(skeleton)
    rows = head.parts["teeth"].rows
    mine = [head.matrix[rows] @ (skeleton.part == k).astype(np.float32) > 0.5 for k in range(len(PARTS))]
    part = np.argmax(mine, axis=0)
    for name, tip in (("upper-teeth", np.min), ("lower-teeth", np.max)):
        coarse = tip(incisors(skeleton, skeleton.vertices, skeleton.part, name)[:, 1])
        fine = tip(incisors(skeleton, head.rest[rows], part, name)[:, 1])
        assert abs(fine - coarse) < 0.0004, name


def test_tips_face_the_front(skeleton: Skeleton) -> None:
    """With the backs of the teeth in their normals they would face down and be dark."""
    head = HeadMesh(skeleton)
    _, normal = head.place(skeleton.vertices)
    tips = np.unique(tooth_tips(skeleton))
    front = tips[np.abs(skeleton.vertices[tips, 0]) < 0.008]
    assert len(front) >= 2
    assert (normal[front, 2] > 0.7).all()
