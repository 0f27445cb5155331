"""The demo clip: readable everywhere, a face in every frame, and a truth that people could have performed."""

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from models.runtime.alignment import Camera, head_pose, rotation_from_euler, rotation_from_quaternion
from models.runtime.engines import make_landmark_engine
from rig.build import demo
from rig.face import Face
from rig.parameters import CHANNEL_INDEX, CHANNELS, EXCLUSIVE_CHANNELS, N_CHANNELS
from rig.skeleton import PARTS

EVERY = 3
"""Frames that are tracked: each third (ten a second) keeps the test short; the region of interest still follows."""


@pytest.fixture(scope="module")
def truth() -> dict[str, np.ndarray]:
    with np.load(demo.TRUTH_FILE) as z:
        return {k: z[k] for k in z.files}


def frames() -> Iterator[np.ndarray]:
    """(H, W, 3) RGB, read as any user's OpenCV reads it."""
    video = cv2.VideoCapture(str(demo.CLIP_FILE))
    assert video.isOpened()
    while True:
        ok, frame = video.read()
        if not ok:
            break
        yield frame[..., ::-1].copy()
    video.release()


@pytest.fixture(scope="module")
def tracked() -> list[tuple[int, np.ndarray | None]]:
    engine = make_landmark_engine("onnx", "cpu")
    out = []
    for k, frame in enumerate(frames()):
        if k % EVERY == 0:
            found = engine.detect(frame, k / demo.FPS)
            out.append((k, None if found is None else found.points))
    engine.close()
    return out


def test_the_clip_is_small_and_as_long_as_its_truth(truth: dict[str, np.ndarray]) -> None:
    assert demo.CLIP_FILE.stat().st_size < 2.5e6
    assert demo.TRUTH_FILE.stat().st_size < 1e5
    video = cv2.VideoCapture(str(demo.CLIP_FILE))
    assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(demo.FPS)
    video.release()
    shapes = {f.shape for f in frames()}
    assert shapes == {(demo.HEIGHT, demo.WIDTH, 3)}
    n = sum(1 for _ in frames())
    assert 16 * demo.FPS <= n == len(truth["au"]) == len(truth["person"])


def test_a_face_is_found_in_nearly_every_frame(tracked: list[tuple[int, np.ndarray | None]]) -> None:
    assert np.mean([p is not None for _, p in tracked]) >= 0.99


def test_head_turns_are_read_from_the_clip(
    tracked: list[tuple[int, np.ndarray | None]], truth: dict[str, np.ndarray]
) -> None:
    camera = Camera.of_image(demo.WIDTH, demo.HEIGHT, demo.FIELD_OF_VIEW_DEG)
    got = [(k, p) for k, p in tracked if p is not None]
    read = np.array([head_pose(p, camera).euler_deg for _, p in got])
    told = truth["head_euler_deg"][[k for k, _ in got]].astype(float)
    for axis in (0, 2):  # yaw and roll; pitch carries each face's own offset
        assert np.corrcoef(read[:, axis], told[:, axis])[0, 1] > 0.95
        assert np.abs(read[:, axis] - told[:, axis]).mean() < 2.0


def test_blinks_and_mouth_are_seen_where_the_truth_has_them(
    tracked: list[tuple[int, np.ndarray | None]], truth: dict[str, np.ndarray]
) -> None:
    got = [(k, p) for k, p in tracked if p is not None]
    k = [i for i, _ in got]
    points = np.array([p for _, p in got])
    size = np.linalg.norm(points[:, 33] - points[:, 263], axis=1)
    mouth = np.linalg.norm(points[:, 13] - points[:, 14], axis=1) / size
    lid = np.linalg.norm(points[:, 386] - points[:, 374], axis=1) / size
    au = truth["au"].astype(float)[k]
    person = truth["person"][k]
    for who in (0, 1):
        mine = person == who
        opened = au[mine, CHANNEL_INDEX["AU25"]] * (0.3 + au[mine, CHANNEL_INDEX["AU26"]])
        assert np.corrcoef(mouth[mine], opened)[0, 1] > 0.6
        assert np.corrcoef(lid[mine], au[mine, CHANNEL_INDEX["AU43-left"]])[0, 1] < -0.5


def test_truth_is_what_the_script_says(truth: dict[str, np.ndarray]) -> None:
    assert int(truth["version"]) == demo.TRUTH_VERSION
    performances = demo.direct()
    np.testing.assert_allclose(truth["au"], np.concatenate([p.au for p in performances]), atol=1e-3)
    np.testing.assert_allclose(truth["gaze_deg"], np.concatenate([p.gaze_deg for p in performances]), atol=0.02)
    assert truth["identity"].shape == (2, 208)


def test_truth_has_faceframes_conventions(truth: dict[str, np.ndarray]) -> None:
    q = truth["head_rotation"].astype(float)
    q /= np.linalg.norm(q, axis=1, keepdims=True)
    np.testing.assert_allclose(
        rotation_from_quaternion(q), rotation_from_euler(truth["head_euler_deg"].astype(float)), atol=4e-3
    )
    position = truth["head_position_m"].astype(float)
    facing = np.abs(truth["head_euler_deg"].astype(float)).max(1) < 3
    expected = -demo.CAMERA_M * [1, -1, -1]
    np.testing.assert_allclose(position[facing] - expected, 0, atol=0.025)
    assert (position[facing, 1] < 0).all(), "the eyes are above the camera; y is down"


def test_performances_are_human() -> None:
    for p in demo.direct():
        assert p.au.shape[1] == N_CHANNELS
        assert p.au.min() >= 0
        assert p.au.max() <= 1
        rest = p.au[: round(0.8 * demo.FPS)]
        assert rest.max() < 0.05, "the first moments are neutral: calibration may start there"
        assert np.abs(p.gaze_deg).max() <= 30
        assert np.abs(np.diff(p.euler_deg, axis=0)).max() * demo.FPS < 150, (
            "heads turn at less than 150 degrees a second"
        )
        assert np.abs(np.diff(p.euler_deg, n=2, axis=0)).max() * demo.FPS**2 < 3000, "no jerks"
        for a, b in EXCLUSIVE_CHANNELS:
            together = np.minimum(p.au[:, CHANNEL_INDEX[a]], p.au[:, CHANNEL_INDEX[b]])
            assert together.max() < 0.4, (a, b)
        shut = p.au[:, CHANNEL_INDEX["AU43-right"]] > 0.5
        starts = np.flatnonzero(np.diff(shut.astype(int)) == 1) / demo.FPS
        assert len(starts) >= 4
        assert np.diff(starts).max() < 4.5, "a blink every few seconds"
        lengths = np.flatnonzero(np.diff(shut.astype(int)) == -1) / demo.FPS - starts
        assert (lengths <= 0.18).all()


def test_both_together_show_most_channels_and_differ_between_the_sides() -> None:
    au = np.concatenate([p.au for p in demo.direct()])
    shown = {c.split("-")[0] for c, m in zip(CHANNELS, au.max(0), strict=True) if m > 0.25}
    assert {f"AU{n}" for n in (1, 2, 4, 5, 6, 7, 9, 10, 12, 15, 17, 18, 20, 22, 24, 25, 26, 34, 43)} <= shown
    smile = au[:, [CHANNEL_INDEX["AU12-left"], CHANNEL_INDEX["AU12-right"]]]
    assert np.abs(np.diff(smile, axis=1)).max() > 0.01


def test_minimum_jerk_course() -> None:
    x = np.linspace(-0.5, 1.5, 201)
    y = demo.ease(x)
    assert y[0] == 0
    assert y[-1] == 1
    assert (np.diff(y) >= 0).all()
    assert demo.ease(np.array(0.5)) == pytest.approx(0.5)
    assert demo.ease(np.array(0.05)) < 0.002, "starts from rest"


def test_lips_meet_for_m() -> None:
    t = np.arange(0, 1.2, 1 / 120)
    au = demo.spoken(demo.said(0.3, "a a m a a"), t)[:, CHANNEL_INDEX["AU25"]]
    at_m = au[np.abs(t - 0.51).argmin()]
    at_a = au[np.abs(t - 0.35).argmin()]
    assert at_m < 0.3 * at_a
    assert au[0] < 0.02
    assert au[-1] < 0.02


def test_the_other_person_keeps_the_lips_shut_and_differs() -> None:
    face = Face()
    identity = demo.other_person(face)
    assert 0 <= identity.min() < identity.max() <= 1
    s = face.skeleton
    v = face.person(identity).vertices
    skin = s.part == PARTS.index("skin")
    assert np.linalg.norm((v - s.vertices)[skin], axis=1).max() > 0.003
    np.testing.assert_allclose(v, v[s.mirror] * [-1, 1, 1], atol=2e-5)
    base, other = face.landmarks(s.vertices), face.landmarks(v)
    assert abs((other[13, 1] - other[14, 1]) - (base[13, 1] - base[14, 1])) < 1.5e-3
