"""The identity controls: the table people read, what the controls do, seams that hold, random people, fitting."""

import json
from pathlib import Path

import numpy as np
import pytest

from rig.face import Face, Person
from rig.head_mesh import tooth_tips
from rig.identity import CONTROLS_FILE, Fitter, find_controls, groups, load_controls, random_identity
from rig.parameters import CHANNEL_INDEX, N_CHANNELS, N_IDENTITY
from rig.skeleton import PARTS, RigError
from rig.subdivision import Subdivided, catmull_clark

MM = 1e-3
FLIP = np.array([-1.0, 1.0, 1.0])
GROUPS = {
    "whole face", "eyes", "lids", "brows", "nose", "nose bridge", "nose tip", "nose wings", "lips & corners", "chin",
    "jaw", "cheekbones", "cheeks", "forehead", "temples", "ears", "skull", "neck",
}  # fmt: skip


@pytest.fixture(scope="module")
def face() -> Face:
    return Face()


def index(name: str) -> int:
    return next(k for k, c in enumerate(load_controls()) if c.name == name)


def moved(face: Face, name: str, value: float = 1.0) -> np.ndarray:
    """(478, 3) how far one control takes the landmarks."""
    identity = np.full(N_IDENTITY, 0.5, np.float32)
    identity[index(name)] = value
    move: np.ndarray = face.landmarks(face.person(identity).vertices) - face.landmarks(face.base.vertices)
    return move


def shut(face: Face, person: Person, by: float = 1.0) -> np.ndarray:
    au = np.zeros(N_CHANNELS, np.float32)
    au[[CHANNEL_INDEX["AU43-left"], CHANNEL_INDEX["AU43-right"]]] = by
    vertices: np.ndarray = face.pose(au, person=person)
    return vertices


# --- the table


def test_the_table_is_for_people(face: Face) -> None:
    controls = load_controls()
    names = [c.name for c in controls]
    assert len(names) == len(set(names)) == N_IDENTITY
    assert tuple(names) == face.skeleton.identity_names
    for c in controls:
        assert c.name == c.name.lower()
        assert not any(ch.isdigit() for ch in c.name), "a bone's name is no name for a control"
        assert c.range > 0
        assert c.unit in ("mm", "deg", "%")
        assert c.at_0
        assert c.at_1
        assert c.at_0 != c.at_1
        assert c.bones
        assert set(c.bones) <= set(face.skeleton.names)
    assert set(groups()) == GROUPS
    assert sorted(k for group in groups().values() for k in group) == list(range(N_IDENTITY))
    for unit in ("mm", "deg", "%"):
        assert sum(c.unit == unit for c in controls) > 15, "position, orientation and size"


def test_what_a_person_would_look_for_is_there() -> None:
    names = {c.name for c in load_controls()}
    assert {
        "nose tip up", "eyes apart", "eyes slant", "jaw width", "ears turned", "nose sideways", "chin sideways",
        "one mouth corner higher", "one eye higher", "one brow higher", "mouth width", "cheekbones out", "face width",
    } <= names  # fmt: skip


def test_search() -> None:
    controls = load_controls()
    found = find_controls("Nose TIP up")
    assert controls[found[0]].name == "nose tip up"
    assert any(controls[k].at_0 == "gaunt" for k in find_controls("gaunt"))
    assert find_controls("no such thing") == find_controls("  ") == []


def test_a_damaged_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RigError, match="missing; reinstall"):
        load_controls(tmp_path / "none.json")
    half = tmp_path / "half.json"
    half.write_text(CONTROLS_FILE.read_text()[:5000])
    with pytest.raises(RigError, match="damaged"):
        load_controls(half)
    old = json.loads(CONTROLS_FILE.read_text())
    old["version"] = 1
    half.with_name("old.json").write_text(json.dumps(old))
    with pytest.raises(RigError, match="version 1"):
        load_controls(half.with_name("old.json"))


# --- what the controls do


def test_controls_do_what_their_names_say(face: Face) -> None:
    left, right = 0, 0  # x of the left is positive
    assert moved(face, "nose tip up")[1, 1] > 1 * MM
    apart = moved(face, "eyes apart")
    assert apart[473, 0] > 1 * MM > -1 * MM > apart[468, 0]
    slant = moved(face, "eyes slant")
    assert (slant[[263, 33], 1] > slant[[362, 133], 1] + 0.5 * MM).all(), "outer corners above the inner ones"
    jaw = moved(face, "jaw width")
    assert jaw[397, left] > 1 * MM
    assert jaw[172, right] < -1 * MM
    assert moved(face, "mouth width")[291, 0] > 1 * MM
    assert (moved(face, "mouth corners up")[[291, 61], 1] > 1 * MM).all()
    assert moved(face, "chin forward")[152, 2] > 1 * MM
    assert (moved(face, "brows up")[[105, 334], 1] > 1 * MM).all()
    assert moved(face, "nose width", 0.0)[358, 0] < -0.5 * MM
    assert (moved(face, "cheekbones up")[[50, 280], 1] > 0.5 * MM).all()


def test_one_sided_controls_favour_the_left_at_one(face: Face) -> None:
    assert moved(face, "chin sideways")[152, 0] > 0.8 * MM
    assert moved(face, "nose tip sideways")[1, 0] > 0.5 * MM
    for name, left, right in (("one mouth corner higher", 291, 61), ("one brow higher", 334, 105)):
        move = moved(face, name)[:, 1]
        assert move[left] > 0.3 * MM, name
        assert move[right] < -0.3 * MM, name


def test_every_control_shows_and_says_whether_it_is_symmetric(face: Face) -> None:
    s = face.skeleton
    identities = np.full((N_IDENTITY, N_IDENTITY), 0.5, np.float32)
    np.fill_diagonal(identities, 1.0)
    for c, identity in zip(load_controls(), identities, strict=True):
        v = face.person(identity).vertices
        mirrored = v[s.mirror] * FLIP
        assert np.linalg.norm(v - s.vertices, axis=1).max() > 0.3 * MM, c.name
        lopsided = np.linalg.norm(v - mirrored, axis=1).max()
        assert (lopsided < 0.05 * MM) == c.symmetric, c.name


def test_a_turned_ear_turns_and_keeps_its_size(face: Face) -> None:
    """Angles are rotations: an ear turned as far as it goes is as large as before."""
    s = face.skeleton
    ear = np.flatnonzero((s.part == 0) & (s.vertices[:, 0] > 0.074))
    identity = np.full(N_IDENTITY, 0.5, np.float32)
    identity[index("ears turned")] = 1
    v = face.person(identity).vertices[ear]
    before, after = s.vertices[ear], v
    size = [np.sqrt(((p - p.mean(0)) ** 2).sum(1).mean()) for p in (before, after)]
    assert size[1] == pytest.approx(size[0], rel=0.06)
    assert np.linalg.norm(after - before, axis=1).max() > 2 * MM


# --- seams: lips, lids, eyeballs, teeth


@pytest.fixture(scope="module")
def everyone(face: Face) -> list[Person]:
    """200 of independent uniform parameters, monsters among them, and 50 believable people."""
    rng = np.random.default_rng(12)
    identities = [rng.random(N_IDENTITY).astype(np.float32) for _ in range(200)]
    identities += [random_identity(rng) for _ in range(50)]
    return [face.person(k) for k in identities]


def test_lips_meet_at_rest_all_along_as_on_the_base_face(face: Face, everyone: list[Person]) -> None:
    pairs = face.skeleton.lip_seam
    assert len(pairs) > 20
    assert np.ptp(face.skeleton.vertices[pairs[:, 0], 0]) > 30 * MM, "from corner to corner"
    base = face.base.vertices[pairs[:, 0]] - face.base.vertices[pairs[:, 1]]
    for person in everyone:
        apart = person.vertices[pairs[:, 0]] - person.vertices[pairs[:, 1]] - base
        assert np.linalg.norm(apart, axis=1).max() < 1 * MM


def test_lids_meet_when_shut_all_along(face: Face, everyone: list[Person]) -> None:
    for person in everyone:
        v = shut(face, person)
        for pairs in face.skeleton.lid_seam:
            upper, lower = v[pairs[:, 0]], v[pairs[:, 1]]
            assert (upper - lower)[:, 1].max() < 1 * MM


def test_lids_do_not_sink_into_the_eyeballs_nor_cross(face: Face, everyone: list[Person]) -> None:
    s = face.skeleton
    for side, name in enumerate(("eye-left", "eye-right")):
        eye = s.names.index(name)
        ball = s.part == PARTS.index(name)

        def height(p: Person, eye: int = eye, ball: np.ndarray = ball) -> np.ndarray:
            d = np.linalg.norm(p.vertices - p.pivots[eye], axis=1)
            out: np.ndarray = d - np.median(d[ball])
            return out

        at_base = height(face.base)
        outside = (s.part == 0) & (at_base > 0) & (at_base < 15 * MM)
        pairs = s.lid_seam[side]
        for person in everyone:
            assert height(person)[outside].min() > -1 * MM
            opening = person.vertices[pairs[:, 0], 1] - person.vertices[pairs[:, 1], 1]
            assert opening.min() > -0.5 * MM, "an upper lid below the lower one"


def seen_from_the_front(face: Face, fine: Subdivided, v: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(len(y), len(x)) index into PARTS of what parallel rays along -z meet first, -1 for nothing."""
    part = face.skeleton.part[face.skeleton.quads[:, 0]][fine.parent_quad]
    quads = fine.quads
    p = (fine.matrix @ v)[quads]
    reach = (p[:, :, 0].max(1) >= x[0]) & (p[:, :, 0].min(1) <= x[-1]) & (p[:, :, 2].max(1) > -0.03)
    reach &= (p[:, :, 1].max(1) >= y[0]) & (p[:, :, 1].min(1) <= y[-1]) & (part < PARTS.index("lashes-left"))
    p, part = p[reach], np.concatenate([part[reach]] * 2)
    a, b, c = np.concatenate([p[:, [0, 1, 2]], p[:, [0, 2, 3]]]).transpose(1, 0, 2)
    at = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 1, 2)
    ab, ac, to = b - a, c - a, at - a[:, :2]
    area = ab[:, 0] * ac[:, 1] - ac[:, 0] * ab[:, 1]
    area = np.where(np.abs(area) < 1e-14, np.nan, area)
    u = (to[..., 0] * ac[:, 1] - ac[:, 0] * to[..., 1]) / area
    w = (ab[:, 0] * to[..., 1] - to[..., 0] * ab[:, 1]) / area
    depth = np.where((u >= 0) & (w >= 0) & (u + w <= 1), a[:, 2] + u * ab[:, 2] + w * ac[:, 2], -np.inf)
    first = depth.argmax(1)
    hit = np.isfinite(depth[np.arange(len(first)), first])
    return np.where(hit, part[first], -1).reshape(len(y), len(x))


def test_no_ball_through_a_lid_and_no_tooth_through_a_lip(face: Face, everyone: list[Person]) -> None:
    """As a camera sees it, between the vertices too, on a few of them."""
    s = face.skeleton
    fine = catmull_clark(s.quads, s.quad_uvs, len(s.vertices), len(s.uvs), tooth_tips(s))
    eye, x, y = s.names.index("eye-left"), np.arange(-0.014, 0.0141, 0.002), np.arange(-0.010, 0.010, 0.0005)
    for person in (everyone[0], everyone[6], everyone[-1]):
        at = person.pivots[eye]
        for by, pieces in ((0.0, 1), (0.5, 1), (1.0, 0)):
            seen = seen_from_the_front(face, fine, shut(face, person, by), at[0] + x, at[1] + y) == 1
            assert (np.diff(np.pad(seen.astype(int), ((1, 0), (0, 0))), axis=0) == 1).sum(0).max() == pieces
        at = person.vertices[s.lip_seam].mean((0, 1))
        across, up = np.arange(-0.028, 0.0281, 0.002), np.arange(-0.014, 0.014, 0.0005)
        seen = seen_from_the_front(face, fine, person.vertices, at[0] + across, at[1] + up)
        assert (seen >= PARTS.index("upper-teeth")).sum(0).max() <= 3, (
            "no more than the base face's slit between the lips"
        )


# --- expressions in the size of the face


def test_a_wide_mouth_smiles_wide(face: Face) -> None:
    smile = np.zeros(N_CHANNELS, np.float32)
    smile[[CHANNEL_INDEX["AU12-left"], CHANNEL_INDEX["AU12-right"]]] = 1
    reach = []
    for width in (0.0, 0.5, 1.0):
        identity = np.full(N_IDENTITY, 0.5, np.float32)
        identity[[index("mouth width"), index("lower face up"), index("face width")]] = width, 0.5, width
        person = face.person(identity)
        move = face.landmarks(face.pose(smile, person=person)) - face.landmarks(person.vertices)
        reach.append(np.linalg.norm(move[[291, 61]], axis=1).mean())
    assert reach[0] < reach[1] < reach[2]


def test_the_base_face_is_of_its_own_size(face: Face) -> None:
    person = face.person(np.full(N_IDENTITY, 0.5, np.float32))
    np.testing.assert_allclose(person.size, 1, atol=1e-4)
    np.testing.assert_allclose(person.close, 0, atol=1e-6)


# --- random people


def test_random_people_are_believable_and_each_their_own(face: Face) -> None:
    first, second, again = (random_identity(np.random.default_rng(seed)) for seed in (3, 4, 3))
    np.testing.assert_array_equal(first, again)
    assert first.shape == (N_IDENTITY,)
    assert 0 <= first.min() < first.max() <= 1
    skin = face.skeleton.part == 0
    apart = np.linalg.norm(face.person(first).vertices - face.person(second).vertices, axis=1)[skin].mean()
    assert apart > 2 * MM
    np.testing.assert_array_equal(random_identity(np.random.default_rng(3), strength=0.0), 0.5)
    # Controls that belong together vary together: the eyes' corners do not wander off by themselves.
    people = np.array([random_identity(np.random.default_rng(seed)) for seed in range(200)])
    assert np.abs(np.corrcoef(people.T) - np.eye(N_IDENTITY)).max() > 0.5


def test_a_missing_spread_of_people_is_named(tmp_path: Path) -> None:
    with pytest.raises(RigError, match=r"none\.npz.*missing"):
        random_identity(np.random.default_rng(0), path=tmp_path / "none.npz")


# --- fitting


def test_a_face_of_the_rig_is_found_again(face: Face) -> None:
    skin = (face.skeleton.part == 0) & (face.skeleton.vertices[:, 1] > -0.11)
    fitter = Fitter(face, skin)
    for seed in (0, 1):
        truth = face.person(random_identity(np.random.default_rng(seed))).vertices
        found = fitter(truth)
        assert 0 <= found.min() <= found.max() <= 1
        left = np.linalg.norm(face.person(found).vertices - truth, axis=1)[skin].mean()
        before = np.linalg.norm(face.base.vertices - truth, axis=1)[skin].mean()
        assert left < 0.1 * before
