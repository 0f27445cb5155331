"""A person out of landmarks and pictures: who, what the face does, colours. Made-up people: the truth is known."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from models.runtime.person import AT_MOST, Photo, choose, make_person
from models.runtime.person_fit import DISTANCE_M, PersonFit
from models.runtime.person_look import EYES, SCLERA, PersonLook, Portrait
from rig.face import Face
from rig.identity import random_identity
from rig.looks import read_sheet
from rig.parameters import CHANNEL_INDEX, N_CHANNELS, N_IDENTITY
from rig.skeleton import PARTS
from rig.texture_map import warp_uv
from rig.unwrap import Unwrap


@pytest.fixture(scope="module")
def face() -> Face:
    return Face()


@pytest.fixture(scope="module")
def fit(face: Face) -> PersonFit:
    return PersonFit(face)


def channels(**values: float) -> np.ndarray:
    au = np.zeros(N_CHANNELS, np.float32)
    for name, value in values.items():
        for side in ("", "-left", "-right"):
            if name + side in CHANNEL_INDEX:
                au[CHANNEL_INDEX[name + side]] = value
    return au


def shape_error_mm(face: Face, a: np.ndarray, b: np.ndarray) -> float:
    """Between two people's landmarks at rest, rigidly aligned by their mean."""
    p, q = (face.landmarks(face.person(k).vertices) for k in (a, b))
    return float(1000 * np.linalg.norm((p - p.mean(0)) - (q - q.mean(0)), axis=1).mean())


def turned(points: np.ndarray) -> np.ndarray:
    """A similarity of its own for each call would hide nothing: one is enough."""
    c, s = np.cos(0.1), np.sin(0.1)
    return 1.1 * points @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]).T + [0.01, -0.02, 0.03]


@pytest.mark.parametrize(
    "au",
    [channels(), channels(AU12=0.8, AU6=0.6, AU25=0.7), channels(AU26=0.9, AU25=0.9)],
    ids=["rest", "smile", "jaw"],
)
def test_an_expression_does_not_enter_the_identity(face: Face, fit: PersonFit, au: np.ndarray) -> None:
    identity = random_identity(np.random.default_rng(4))
    points = face.landmarks(face.pose(au, person=face.person(identity)))
    found = fit(turned(points)[None], distance_m=np.inf)
    base = np.full(N_IDENTITY, 0.5, np.float32)
    assert shape_error_mm(face, found.identity, identity) < 0.45 * shape_error_mm(face, base, identity)
    active = au > 0.5
    assert np.abs(found.au[0] - au)[active].max(initial=0) < 0.25
    assert found.au[0][~active].max() < 0.35
    assert found.error_mm[0] < 0.5
    again = found.places[0](face.landmarks(face.pose(found.au[0], person=face.person(found.identity))))
    assert 1000 * np.linalg.norm(again - turned(points), axis=1).mean() < 1.0


def test_several_pictures_are_one_person(face: Face, fit: PersonFit) -> None:
    """Each with errors of its own: together they say more than one."""
    rng = np.random.default_rng(5)
    identity = random_identity(rng)
    smile = channels(AU12=0.7, AU25=0.5)
    person = face.person(identity)
    clean = [face.landmarks(face.pose(au, person=person)) for au in (channels(), smile, channels(AU1=0.6, AU2=0.6))]
    noisy = np.array([p + rng.normal(0, 0.003, p.shape) for p in clean])
    together = fit(noisy, distance_m=np.inf)
    assert together.au.shape == (3, N_CHANNELS)
    alone = np.mean([shape_error_mm(face, fit(p[None], distance_m=np.inf).identity, identity) for p in noisy])
    assert shape_error_mm(face, together.identity, identity) < alone
    assert together.au[1, CHANNEL_INDEX["AU12-left"]] > 0.4 > together.au[0, CHANNEL_INDEX["AU12-left"]]


def test_a_near_camera_does_not_make_the_face_narrow(face: Face, fit: PersonFit) -> None:
    points = face.landmarks(face.base.vertices)
    depth = (points[:, 2].mean() - points[:, 2:]) / 0.6
    found = np.concatenate([(points[:, :2] - points[:, :2].mean(0)) / (1 + depth), points[:, 2:]], axis=1)
    base = np.full(N_IDENTITY, 0.5, np.float32)
    aware, unaware = (shape_error_mm(face, fit(found[None], distance_m=d).identity, base) for d in (0.6, np.inf))
    assert aware < 0.4 * unaware


def test_odd_landmarks_are_refused(fit: PersonFit) -> None:
    with pytest.raises(ValueError, match="478"):
        fit(np.zeros((1, 468, 3)))
    with pytest.raises(ValueError, match="finite"):
        fit(np.full((1, 478, 3), np.nan))


def seen(vertices: np.ndarray) -> np.ndarray:
    """(N, 3) pixels of a camera in front of the face."""
    near = np.concatenate([vertices[:, :2] / (1 - vertices[:, 2:] / DISTANCE_M), vertices[:, 2:]], axis=1)
    return (np.array([256, 220, 300]) + 1700 * near * [1, -1, -1]).astype(np.float32)


def painted_photo(face: Face, tint: tuple[float, float, float], brow: bool) -> Portrait:
    """A face seen from the front, each skin triangle in its painted colour times ``tint``, dark hair above.

    Its eyes are as white on any skin: the reader judges the light by them."""
    s = face.skeleton
    at, points = seen(s.vertices), seen(face.landmarks(s.vertices))
    image = np.full((512, 512, 3), (20, 16, 14), np.uint8)
    skin = np.flatnonzero(s.part[s.quads[:, 0]] == PARTS.index("skin"))
    sheet = read_sheet("skin.jpg")
    uv = warp_uv(s.uvs)[s.quad_uvs[skin]].mean(1)
    texel = np.clip(np.stack([(1 - uv[:, 1]) * 2048, uv[:, 0] * 2048], 1), 0, 2047).astype(int)
    low = points[10, 1]
    for k in np.argsort(-at[s.quads[skin], 2].mean(1)):
        corner = at[s.quads[skin[k]], :2]
        if corner[:, 1].mean() > low - 6:
            colour = np.clip(sheet[texel[k, 0], texel[k, 1]] * np.array(tint), 0, 255)
            cv2.fillConvexPoly(image, corner.round().astype(np.int32), colour.astype(int).tolist())
    for lids in EYES:
        cv2.fillConvexPoly(image, cv2.convexHull(points[list(lids), :2].round().astype(np.int32)), SCLERA)
    if brow:
        for side in ((70, 63, 105, 66, 107, 55, 65, 52, 53, 46), (300, 293, 334, 296, 336, 285, 295, 282, 283, 276)):
            cv2.fillConvexPoly(image, cv2.convexHull(points[list(side), :2].round().astype(np.int32)), (40, 30, 25))
    return Portrait(image, at, points)


@pytest.fixture(scope="module")
def reader(face: Face) -> PersonLook:
    return PersonLook(Unwrap(face.skeleton))


def test_complexion_and_hair_are_read(face: Face, reader: PersonLook) -> None:
    fair, dark = (reader(painted_photo(face, t, brow=True)) for t in ((1.0, 1.0, 1.0), (0.5, 0.42, 0.36)))
    assert np.array(dark.skin).max() < 0.75 * np.array(fair.skin).min()
    assert dark.skin[0] > dark.skin[1] > dark.skin[2]
    np.testing.assert_allclose(np.array(dark.skin) / fair.skin, (0.5, 0.42, 0.36), atol=0.08)
    assert max(fair.hair_colour) < 60
    assert fair.hair == "crop"
    assert max(fair.brow_colour) < 90


def test_brows_choose_their_style(face: Face, reader: PersonLook) -> None:
    style = reader(painted_photo(face, (1, 1, 1), brow=True)).brow_style
    assert 0 <= style < 36
    assert not reader._joined[style], "nothing joins them on the picture"


def test_detail_of_the_skin_goes_into_a_sheet(face: Face, reader: PersonLook, tmp_path: Path) -> None:
    portrait = painted_photo(face, (0.9, 0.9, 0.9), brow=False)
    cheek = portrait.points[50, :2].round().astype(int)
    cv2.circle(portrait.image, (int(cheek[0]), int(cheek[1])), 4, (70, 45, 35), -1)
    look = reader(portrait, tmp_path)
    assert look.folder == str(tmp_path)
    ours, painted = read_sheet("skin.jpg", look.folder).astype(float), read_sheet("skin.jpg").astype(float)
    assert ours.shape == painted.shape
    place = reader.unwrap.values(portrait.vertices[:, :2])
    spot = (np.linalg.norm(place - cheek, axis=2) < 3) & reader.unwrap.covered
    ratio = cv2.resize((ours / np.maximum(painted, 8)).mean(2), (1024, 1024), interpolation=cv2.INTER_AREA)
    assert ratio[spot].mean() < 0.85, "a mole"
    assert np.median(ratio[reader.unwrap.covered]) == pytest.approx(1, abs=0.04)


def test_photos_are_chosen_and_made_into_one(face: Face, tmp_path: Path) -> None:
    portrait = painted_photo(face, (0.8, 0.7, 0.65), brow=True)
    photos = [Photo(f"{k}.png", portrait.image, portrait.points) for k in range(AT_MOST + 2)]
    away = portrait.points.copy()
    away[:, 0] = 256 + 0.6 * (away[:, 0] - 256) + 0.5 * away[:, 2]
    photos.append(Photo("turned.png", portrait.image, away))
    assert len(choose(photos)) == AT_MOST
    assert "turned.png" not in [p.name for p in choose(photos)]
    made = make_person(photos[:1], face, tmp_path)
    assert np.abs(made.fitted.identity - 0.5).mean() < 0.05, "it is the base face"
    assert (tmp_path / "skin.jpg").is_file()
    with pytest.raises(ValueError, match="no photo"):
        make_person([], face)
