"""The geometric regressor: what it is trained on, and the shipped file on real faces."""

import sys
from pathlib import Path

import numpy as np
import pytest

from app.capture import frames_of, open_source
from app.tracker import TrackerSettings, make_tracker
from models.runtime.alignment import align, canonical_face, fit_head, mirror_landmarks
from models.runtime.regressor import GEOMETRIC_FILE, GeometricRegressor
from models.runtime.sessions import ModelError
from rig.face import Face
from rig.parameters import CHANNEL_INDEX, CHANNELS, EXCLUSIVE_CHANNELS, MIRROR, N_CHANNELS

torch = pytest.importorskip("torch", reason="torch comes with the train extra")

from models import train_landmark_regressor  # noqa: E402
from models.landmark_regressor import Architecture, LandmarkRegressor  # noqa: E402
from models.projection import View, draw_view  # noqa: E402
from models.sampling import draw_expression, draw_gaze, draw_head  # noqa: E402
from models.training.detector_response import fit_response  # noqa: E402
from models.training.landmark_batches import mirrored  # noqa: E402

SIDES = ("left", "right")


def both(stem: str) -> list[int]:
    return [CHANNEL_INDEX[f"{stem}-{side}"] for side in SIDES]


# ------------------------------------------------------------ what training sees


def test_expressions_are_in_range_varied_and_possible() -> None:
    rng = np.random.default_rng(0)
    drawn = np.array([draw_expression(rng) for _ in range(3000)])
    assert drawn.shape == (3000, N_CHANNELS)
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    active = (drawn > 0.05).mean(0)
    assert active.min() > 0.01, f"{CHANNELS[int(active.argmin())]} is hardly ever seen"
    assert 0.02 < (drawn.max(1) == 0).mean() < 0.2, "some faces are at rest"
    for a, b in EXCLUSIVE_CHANNELS:
        together = (drawn[:, CHANNEL_INDEX[a]] > 0.3) & (drawn[:, CHANNEL_INDEX[b]] > 0.3)
        assert together.mean() < 0.01, f"{a} with {b}"
    assert (np.abs(drawn[:, both("AU12")[0]] - drawn[:, both("AU12")[1]]) > 0.3).mean() > 0.005
    puffed = drawn[drawn[:, CHANNEL_INDEX["AU34"]] > 0.3]
    assert (puffed[:, CHANNEL_INDEX["AU25"]] > 0.1).mean() < 0.1, "lips that part hold no air"
    assert 0.2 < (puffed[:, CHANNEL_INDEX["AU18"]] > 0.1).mean() < 0.7


def test_gaze_and_head_stay_within_what_people_do() -> None:
    rng = np.random.default_rng(0)
    gaze = np.array([draw_gaze(rng) for _ in range(500)])
    head = np.array([draw_head(rng) for _ in range(500)])
    assert np.abs(gaze).max() < 45
    assert np.abs(head).max() <= 42
    assert (gaze[:, 1, 0] >= gaze[:, 0, 0]).all(), "the eyes never diverge: the right one turns to the left"


def test_a_view_puts_points_where_its_camera_sees_them() -> None:
    view = View(np.array([20.0, 0, 0], np.float32), 0.6, 500.0, 256)
    centre, left, up = view.project(np.array([[0, -0.03, -0.01], [0.03, -0.03, -0.01], [0, 0.0, -0.01]], np.float32))
    np.testing.assert_allclose(centre, [128, 128, 0], atol=1e-3)
    assert left[0] > centre[0], "the subject's left is the picture's right"
    assert up[1] < centre[1], "pixels count downwards"
    nose = view.project(np.array([0, -0.03, 0.09], np.float32))
    assert nose[0] > centre[0], "turned to the subject's left the nose goes to the picture's right"
    assert nose[2] < 0, "nearer is smaller"


def test_alignment_undoes_the_view() -> None:
    rng = np.random.default_rng(5)
    face = Face()
    points = face.landmarks(face.skeleton.vertices)
    seen = np.stack([draw_view(rng, draw_head(rng, wide=False), 256).project(points) for _ in range(6)])
    aligned = align(seen, fit_head(seen))
    assert 1000 * np.abs(aligned - aligned.mean(0)).mean() < 1.5


def test_the_detectors_response_is_found_again() -> None:
    g = torch.Generator().manual_seed(0)
    modes = torch.randn(6, 478 * 3, generator=g)
    true = (torch.randn(400, 6, generator=g) @ modes).reshape(-1, 478, 3) * 1e-3
    noise = 1e-5 * torch.randn(400, 478, 3, generator=g)
    response = fit_response(torch.zeros_like(true), true, torch.zeros_like(true), 0.5 * true + noise)
    assert response.explained > 0.98
    torch.testing.assert_close(response.apply(true), 0.5 * true, atol=5e-5, rtol=0.03)
    assert response.residuals.std() < 5e-5


# ------------------------------------------------------------ the network


def test_shapes_and_a_checkpoint_that_rebuilds_itself() -> None:
    model = LandmarkRegressor(Architecture(hidden=32, shape_code=8, identity_hidden=16)).eval()
    faces = torch.from_numpy(np.array(canonical_face())).expand(3, -1, -1)
    au, gaze, identity = model(faces, faces)
    assert (au.shape, gaze.shape, identity.shape) == ((3, 40), (3, 4), (3, 208))
    again = LandmarkRegressor.from_checkpoint(model.checkpoint()).eval()
    torch.testing.assert_close(again(faces, faces)[0], au)


def test_identity_does_not_depend_on_the_expression() -> None:
    model = LandmarkRegressor(Architecture(hidden=32, shape_code=8, identity_hidden=16)).eval()
    rest = torch.from_numpy(np.array(canonical_face()))[None]
    other = rest + 0.004 * torch.randn(1, 478, 3, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(model(rest, rest)[2], model(other, rest)[2])


def test_the_mirror_swaps_points_channels_and_gaze() -> None:
    face = Face()
    au = np.zeros(N_CHANNELS, np.float32)
    au[CHANNEL_INDEX["AU12-left"]], au[CHANNEL_INDEX["AU43-right"]], au[CHANNEL_INDEX["AU30-left"]] = 0.8, 1, 0.5
    gaze = np.array([10, -5, 12, -4], np.float32)
    mirror_gaze = np.array([-12, -4, -10, -5], np.float32)
    x = face.landmarks(face.pose(au, gaze[:2], gaze[2:]))
    expected = face.landmarks(face.pose(au[list(MIRROR)], mirror_gaze[:2], mirror_gaze[2:]))
    rows = [torch.from_numpy(v)[None] for v in (x, x, au, gaze)]
    found, _, swapped, turned = mirrored(*rows)
    aside = mirror_landmarks() != np.arange(478)
    aside[468:] = False  # the four points about an iris keep their order, not their place, in a mirror
    np.testing.assert_allclose(found[0].numpy()[aside], expected[aside], atol=1e-5)
    np.testing.assert_array_equal(swapped[0].numpy(), au[list(MIRROR)])
    np.testing.assert_array_equal(turned[0].numpy(), mirror_gaze)


# ------------------------------------------------------------ the shipped file


def test_another_network_is_refused_by_name() -> None:
    other = GEOMETRIC_FILE.with_name("face_mesh.onnx")
    with pytest.raises(ModelError, match=r"face_mesh\.onnx holds"):
        GeometricRegressor.load("cpu", other)


def _track(clip: Path) -> np.ndarray:
    tracker = make_tracker(TrackerSettings(device="cpu"))
    try:
        return np.array([tracker.track(frame).au for frame in frames_of(open_source(str(clip)))])
    finally:
        tracker.close()


def test_a_real_smile_rises_on_both_sides(data_dir: Path) -> None:
    au12 = _track(data_dir / "clips" / "pf_single_face.mp4")[:, both("AU12")]
    assert len(au12) == 72
    assert (au12[-24:].mean(0) > au12[:24].mean(0) + 0.25).all()


def test_a_real_surprise_opens_the_mouth_and_raises_the_brows(data_dir: Path) -> None:
    au = _track(data_dir / "clips" / "lp_d10.mp4")
    mouth = au[:, CHANNEL_INDEX["AU26"]]
    widest = int(mouth.argmax())
    assert mouth[widest] > 0.5
    assert au[widest, both("AU1")].mean() > 0.3
    assert np.median(mouth) < 0.35, "and it closes again"


def test_training_learns_resumes_and_rebuilds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    n = 240
    au = np.zeros((n, N_CHANNELS), np.float32)
    au[:, CHANNEL_INDEX["AU26"]] = rng.random(n)
    neutral = np.repeat(np.array(canonical_face())[None], n, 0)
    moved = neutral.copy()
    moved[:, 152, 1] -= 0.03 * au[:, CHANNEL_INDEX["AU26"]]
    np.savez(
        tmp_path / "geometry.npz",
        expressive=(10 * moved).astype(np.float16), neutral=(10 * neutral).astype(np.float16),
        au=au, gaze_deg=np.zeros((n, 4), np.float32), person=np.arange(n) // 4,
        identity=np.full((60, 208), 0.5, np.float32),
    )  # fmt: skip
    given = ["--geometry", str(tmp_path / "geometry.npz"), "--out", str(tmp_path), "--batch", "64", "--every", "20"]
    for steps in ("40", "80"):
        monkeypatch.setattr(sys, "argv", ["x", *given, "--steps", steps])
        train_landmark_regressor.main()
    last = torch.load(tmp_path / "last.pt", weights_only=False)
    assert [line["step"] for line in last["curve"]] == [20, 40, 60, 80]
    best = LandmarkRegressor.from_checkpoint(torch.load(tmp_path / "best.pt", weights_only=False)).eval()
    with torch.no_grad():
        jaw = best(torch.from_numpy(moved), torch.from_numpy(neutral))[0][:, CHANNEL_INDEX["AU26"]].numpy()
    assert np.corrcoef(jaw, au[:, CHANNEL_INDEX["AU26"]])[0, 1] > 0.8
    assert "AU26" in (tmp_path / "report.md").read_text()
