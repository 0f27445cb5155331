"""What the channels, gaze, head and identity do to the face: measured at landmarks and by rays, not at bones."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from models.embed_landmarks import cast
from rig.face import Face
from rig.parameters import CHANNEL_INDEX, CHANNELS, MIRROR, N_CHANNELS, N_IDENTITY
from rig.skeleton import PARTS
from rig.subdivision import Subdivided, catmull_clark

FLIP = np.array([-1.0, 1.0, 1.0])
MM = 1e-3
CORNER = {"left": 291, "right": 61}
LIDS = {"left": (386, 374), "right": (159, 145)}
IRIS = {"left": 473, "right": 468}
BROW_INNER = {"left": 285, "right": 55}
BROW_OUTER = {"left": 300, "right": 70}
UPPER_LIP, LOWER_LIP, CHIN, NOSE_TIP = 13, 14, 152, 1
OTHER = {"left": "right", "right": "left"}


@pytest.fixture(scope="module")
def face() -> Face:
    return Face()


def au(**values: float) -> np.ndarray:
    """``au(AU12_left=1, AU43=1)``: both sides where none is named."""
    out = np.zeros(N_CHANNELS, np.float32)
    for name, value in values.items():
        name = name.replace("_", "-")
        for full in [name] if name in CHANNEL_INDEX else [f"{name}-left", f"{name}-right"]:
            out[CHANNEL_INDEX[full]] = value
    return out


def points(face: Face, *args: object, **kwargs: object) -> np.ndarray:
    return face.landmarks(face.pose(*args, **kwargs))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def rest(face: Face) -> np.ndarray:
    return points(face, au())


def test_rest_pose_is_the_base_face(face: Face) -> None:
    np.testing.assert_allclose(face.pose(au()), face.skeleton.vertices, atol=1e-7)


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_channel_moves_the_face_and_its_twin_is_the_mirror_image(face: Face, channel: str) -> None:
    one, two = np.zeros((2, N_CHANNELS), np.float32)
    one[CHANNEL_INDEX[channel]] = 1
    two[MIRROR[CHANNEL_INDEX[channel]]] = 1
    posed = face.pose(one)
    moved = np.linalg.norm(posed - face.skeleton.vertices, axis=1)
    assert moved.max() > 2.0 * MM
    assert moved.max() < 70 * MM
    np.testing.assert_allclose(posed, face.pose(two)[face.skeleton.mirror] * FLIP, atol=1e-5)


@pytest.mark.parametrize("channel", [c for c in CHANNELS if c.endswith("-left") and c != "AU30-left"])
def test_one_sided_channels_leave_the_other_half_alone(face: Face, channel: str) -> None:
    one = np.zeros(N_CHANNELS, np.float32)
    one[CHANNEL_INDEX[channel]] = 1
    v = face.skeleton.vertices
    moved = ((face.pose(one) - v) ** 2).sum(1)
    assert moved[v[:, 0] < -0.008].sum() < 0.03 * moved[v[:, 0] > 0.008].sum()


@pytest.mark.parametrize("side", ["left", "right"])
def test_au12_raises_its_own_lip_corner(face: Face, rest: np.ndarray, side: str) -> None:
    move = points(face, au(**{f"AU12_{side}": 1.0})) - rest
    assert move[CORNER[side], 1] > 4 * MM
    assert move[CORNER[side], 0] * rest[CORNER[side], 0] > 0, "outwards"
    assert np.linalg.norm(move[CORNER[OTHER[side]]]) < 0.5 * MM


def test_aus_move_what_they_should(face: Face, rest: np.ndarray) -> None:
    def move(**values: float) -> np.ndarray:
        return points(face, au(**values)) - rest

    inner, outer = list(BROW_INNER.values()), list(BROW_OUTER.values())
    corners, upper_lids = list(CORNER.values()), [386, 159]
    assert (move(AU1=1)[inner, 1] > 2 * MM).all()
    assert (move(AU1=1)[inner, 1] > 2 * np.abs(move(AU1=1)[outer, 1])).all()
    assert (move(AU2=1)[outer, 1] > 2 * MM).all()
    assert (move(AU4=1)[inner, 1] < -2 * MM).all()
    assert (move(AU4=1)[inner, 0] * rest[inner, 0] < 0).all(), "together"
    assert (move(AU5=1)[upper_lids, 1] > 1 * MM).all()
    assert (move(AU6=1)[[280, 50], 1] > 2 * MM).all()
    assert (move(AU9=1)[[358, 129], 1] > 1 * MM).all()
    assert move(AU10=1)[UPPER_LIP, 1] > 2 * MM
    assert (move(AU15=1)[corners, 1] < -2 * MM).all()
    assert move(AU16=1)[LOWER_LIP, 1] < -1.5 * MM
    assert move(AU17=1)[17, 1] > 2 * MM
    assert (move(AU20=1)[corners, 0] * np.sign(rest[corners, 0]) > 2 * MM).all()
    for au_narrow in ("AU18", "AU22"):
        assert (move(**{au_narrow: 1})[corners, 0] * np.sign(rest[corners, 0]) < -1 * MM).all()
        assert move(**{au_narrow: 1})[[0, 17], 2].min() > 0.5 * MM
    assert move(AU29=1)[CHIN, 2] > 3 * MM
    assert move(AU30_left=1)[CHIN, 0] > 2 * MM
    assert (move(AU34=1)[[434, 214], 0] * np.sign(rest[[434, 214], 0]) > 2 * MM).all()
    assert (move(AU7=1)[upper_lids, 1] - move(AU7=1)[[374, 145], 1] < -1 * MM).all()


def test_jaw_and_lips(face: Face, rest: np.ndarray) -> None:
    def parted(p: np.ndarray) -> float:
        return float(p[UPPER_LIP, 1] - p[LOWER_LIP, 1] - (rest[UPPER_LIP, 1] - rest[LOWER_LIP, 1]))

    dropped = points(face, au(AU26=1))
    assert parted(dropped) < 1 * MM, "AU26 alone keeps the lips together"
    assert dropped[CHIN, 1] - rest[CHIN, 1] < -10 * MM
    assert 2 * MM < parted(points(face, au(AU25=1))) < 20 * MM
    opened = points(face, au(AU25=1, AU26=1))
    assert parted(opened) > 20 * MM
    half = points(face, au(AU25=1, AU26=0.5))
    assert 0.3 < parted(half) / parted(opened) < 0.8
    # Nothing above the mouth goes along.
    np.testing.assert_allclose(opened[[NOSE_TIP, 10, 33, 263]], rest[[NOSE_TIP, 10, 33, 263]], atol=2 * MM)


# --- lids, by rays from the front: landmarks lie beside the lids' edges, rays see what a camera sees


@pytest.fixture(scope="module")
def fine(face: Face) -> Subdivided:
    s = face.skeleton
    return catmull_clark(s.quads, s.quad_uvs, len(s.vertices), len(s.uvs))


STEP_M = 0.25 * MM


def eye_seen(face: Face, fine: Subdivided, closed: float, side: str = "left") -> np.ndarray:
    """(rows, columns) where the eyeball, not the lid, is what a ray from the front meets; rows STEP_M apart."""
    s = face.skeleton
    v = (fine.matrix @ face.pose(au(**{f"AU43_{side}": closed}))).astype(float)
    part = s.part[s.quads[:, 0]][fine.parent_quad]
    eye, pivot = PARTS.index(f"eye-{side}"), s.pivots[s.names.index(f"eye-{side}")].astype(float)
    near = (np.linalg.norm(v[fine.quads].mean(1) - pivot, axis=1) < 0.028) & np.isin(part, [0, eye])
    q, part = fine.quads[near], part[near]
    tris, part = np.concatenate([q[:, [0, 1, 2]], q[:, [0, 2, 3]]]), np.concatenate([part, part])
    y, x = np.mgrid[-0.009:0.009:STEP_M, -0.014:0.0141:0.002]
    origin = pivot + np.array([0, 0, 0.5])
    rays = pivot + np.stack([x, y, np.full_like(x, 0.012)], axis=-1).reshape(-1, 3) - origin
    hit, _ = cast(origin, rays / np.linalg.norm(rays, axis=1, keepdims=True), v, tris)
    seen: np.ndarray = ((hit >= 0) & (part[np.maximum(hit, 0)] == eye)).reshape(x.shape)
    return seen


def test_lids_close_half_is_half_and_the_ball_never_comes_through(face: Face, fine: Subdivided) -> None:
    opening = {}
    for closed in (0.0, 0.5, 1.0):
        seen = eye_seen(face, fine, closed)
        opening[closed] = seen.sum(0).max() * STEP_M
        # Within a column the eyeball shows in one piece: a ball that cut through a lid would show beside the opening.
        pieces = (np.diff(np.pad(seen.astype(int), ((1, 0), (0, 0))), axis=0) == 1).sum(0)
        assert pieces.max() <= 1, closed
    assert opening[0.0] > 6 * MM
    assert 0.35 < opening[0.5] / opening[0.0] < 0.65
    assert opening[1.0] == 0


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_wink_leaves_the_other_eye_open(face: Face, rest: np.ndarray, side: str) -> None:
    def gap(p: np.ndarray, s: str) -> float:
        return float(np.linalg.norm(p[LIDS[s][0]] - p[LIDS[s][1]]))

    wink = points(face, au(**{f"AU43_{side}": 1.0}))
    assert gap(wink, side) < 0.3 * gap(rest, side)
    assert gap(wink, OTHER[side]) == pytest.approx(gap(rest, OTHER[side]), abs=0.1 * MM)


# --- gaze, head


@pytest.mark.parametrize(("yaw", "pitch"), [(20, 0), (-20, 0), (0, 15), (0, -15)])
def test_gaze_turns_the_irises(face: Face, rest: np.ndarray, yaw: float, pitch: float) -> None:
    look = np.array([yaw, pitch], np.float32)
    move = points(face, au(), look, look) - rest
    for side, iris in IRIS.items():
        pivot = face.base.pivots[face.skeleton.names.index(f"eye-{side}")]
        a = rest[iris] - pivot
        b = a + move[iris]
        turn = np.degrees(np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b)))
        assert turn == pytest.approx(abs(yaw + pitch), abs=0.5)
        assert np.sign(move[iris, 0] if yaw else move[iris, 1]) == np.sign(yaw + pitch)
    lids = [386, 159]
    if pitch:
        assert (np.sign(move[lids, 1]) == np.sign(pitch)).all(), "upper lids follow"


@pytest.mark.parametrize("pitch", [-30.0, 20.0])
def test_shut_lids_stay_shut_wherever_the_eye_behind_them_looks(face: Face, pitch: float) -> None:
    look = np.array([0.0, pitch], np.float32)
    gaps = []
    for shut in (0.0, 0.5, 1.0):
        both = au(**{"AU43_left": shut, "AU43_right": shut})
        rims = face.pose(both, look, look)[face.skeleton.lid_seam]
        gaps.append((rims[:, :, 0, 1] - rims[:, :, 1, 1]).mean(1))
    np.testing.assert_allclose(gaps[1], (gaps[0] + gaps[2]) / 2, atol=0.5 * MM)
    met = face.pose(au(AU43_left=1.0, AU43_right=1.0))[face.skeleton.lid_seam]
    np.testing.assert_allclose(gaps[2], (met[:, :, 0, 1] - met[:, :, 1, 1]).mean(1), atol=0.05 * MM)


def test_each_eye_turns_alone(face: Face, rest: np.ndarray) -> None:
    move = points(face, au(), np.array([15.0, 0.0]), None) - rest
    assert move[IRIS["left"], 0] > 2 * MM
    assert np.abs(move[IRIS["right"]]).max() < 1e-6


def test_head_rotation_turns_the_face_rigidly_and_leaves_the_shoulders(face: Face, rest: np.ndarray) -> None:
    r = Rotation.from_euler("y", 25, degrees=True).as_matrix().astype(np.float32)
    posed = face.pose(au(), head_rotation=r)
    pivot = face.base.pivots[face.skeleton.names.index("head")]
    turned = face.landmarks(posed)
    upper = rest[:, 1] > -0.06
    np.testing.assert_allclose(turned[upper], ((rest - pivot) @ r.T + pivot)[upper], atol=1e-5)
    assert turned[NOSE_TIP, 0] > 0.03, "to the subject's left"
    v = face.skeleton.vertices
    low = v[:, 1] < np.quantile(v[face.skeleton.part == 0, 1], 0.02)
    assert np.abs((posed - v)[low]).max() < 1 * MM


def test_head_rotation_and_expression_do_not_disturb_each_other(face: Face) -> None:
    r = Rotation.from_euler("yx", [15, -10], degrees=True).as_matrix().astype(np.float32)
    smile = au(AU12=1, AU25=1)
    pivot = face.base.pivots[face.skeleton.names.index("head")]
    still, turned = points(face, smile), points(face, smile, head_rotation=r)
    upper = still[:, 1] > -0.06
    np.testing.assert_allclose(turned[upper], ((still - pivot) @ r.T + pivot)[upper], atol=1e-5)


# --- identity


def random_identity(seed: int) -> np.ndarray:
    return np.clip(np.random.default_rng(seed).normal(0.5, 0.12, N_IDENTITY), 0, 1).astype(np.float32)


def test_identity_half_is_the_base_face(face: Face) -> None:
    person = face.person(np.full(N_IDENTITY, 0.5, np.float32))
    np.testing.assert_allclose(person.vertices, face.base.vertices, atol=1e-7)
    np.testing.assert_allclose(person.pivots, face.base.pivots, atol=1e-7)


def test_identity_moves_pivots_with_their_bones(face: Face) -> None:
    """Eyes of another person turn about that person's own eyeballs."""
    s = face.skeleton
    identity = np.full(N_IDENTITY, 0.5, np.float32)
    identity[s.identity_names.index("eyes apart")] = 1
    person = face.person(identity)
    b = s.names.index("eye-left")
    assert person.pivots[b, 0] - s.pivots[b, 0] > 0.5 * MM
    ball = s.part == PARTS.index("eye-left")
    look = np.array([25.0, 10.0])
    for p in (person, face.person(random_identity(1))):
        distance = np.linalg.norm(p.vertices[ball] - p.pivots[b], axis=1)
        assert np.ptp(distance) < 1.0 * MM, "the pivot is the ball's centre"
        posed = face.pose(au(), look, look, person=p)
        np.testing.assert_allclose(np.linalg.norm(posed[ball] - p.pivots[b], axis=1), distance, atol=1e-6)
    lids = np.flatnonzero(s.pivot_bone == b)
    assert len(lids) > 1
    np.testing.assert_allclose(person.pivots[lids], np.tile(person.pivots[b], (len(lids), 1)), atol=1e-6)


def test_expressions_ride_on_the_identity(face: Face) -> None:
    person = face.person(random_identity(2))
    own_rest = points(face, au(), person=person)
    np.testing.assert_allclose(own_rest, face.landmarks(person.vertices), atol=1e-7)
    move = points(face, au(AU12=1), person=person) - own_rest
    assert (move[list(CORNER.values()), 1] > 3 * MM).all()


# --- inputs


def test_wrong_shapes_are_named(face: Face) -> None:
    with pytest.raises(ValueError, match=r"\(39,\).*\(40,\)"):
        face.pose(np.zeros(39, np.float32))
    with pytest.raises(ValueError, match=r"\(207,\).*\(208,\)"):
        face.person(np.full(207, 0.5, np.float32))


def test_values_out_of_range_are_clipped(face: Face) -> None:
    np.testing.assert_array_equal(face.pose(au(AU12=7)), face.pose(au(AU12=1)))
    np.testing.assert_array_equal(face.pose(au(AU12=-7)), face.pose(au()))
