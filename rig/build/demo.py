"""The demo clip and its ground truth: ``python -m rig.build.demo [--sheet OUT.png]`` (needs the ffmpeg program).

Two people made of the rig's own parameters act, talk, blink and look about in front of a webcam. Written are
``assets/demo.mp4`` and ``assets/demo_truth.npz``: what the rig was told in each frame, to compare tracking with.
Seeded; about four minutes on two cores.

How people move: rises are faster than falls and both follow the minimum-jerk course (Flash & Hogan 1985); the sides
differ a little in strength and time; sounds of speech overlap by dominance (Cohen & Massaro 1993); the eyes jump, keep
looking at the camera while the head turns, and often blink as they jump; nothing is ever quite still.
"""

import argparse
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyvista as pv
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from rig.face import Face
from rig.parameters import CHANNEL_INDEX, IDENTITY_BASE, MIRROR, N_CHANNELS, N_IDENTITY
from rig.scene import FaceScene
from rig.skeleton import ASSETS, PARTS

Array = NDArray[np.float64]
F = NDArray[np.float32]
CLIP_FILE = ASSETS / "demo.mp4"
TRUTH_FILE = ASSETS / "demo_truth.npz"
TRUTH_VERSION = 1
FPS = 30
SECONDS_EACH = 9.5
WIDTH, HEIGHT = 640, 480
SUPERSAMPLE = 2
FIELD_OF_VIEW_DEG = 60.0
"""Across the picture's width, as the tracker takes a webcam to have."""
CAMERA_M = np.array([0.0, -0.006, 0.36])
"""The camera in the rig's frame; it looks along -z."""
VERGENCE_DEG = 1.8
"""Each eye turns in by this much."""


@dataclass(frozen=True)
class Act:
    """Channels that rise from ``start_s``, stay, and fall. Keys are AU numbers, with L or R for one side only."""

    start_s: float
    rise_s: float
    hold_s: float
    fall_s: float
    channels: dict[str, float]


@dataclass(frozen=True)
class Script:
    """What one person does. Head keys are (time, yaw, pitch, roll); looks are (time, yaw, pitch) in the room."""

    skin: str
    shirt: str
    wall: str
    lamps: str
    acts: Sequence[Act]
    speech: Sequence[tuple[float, str]]
    head: Sequence[tuple[float, float, float, float]]
    looks: Sequence[tuple[float, float, float]]
    blinks_s: Sequence[float]


SOUNDS: dict[str, dict[str, float]] = {
    "": {},
    "a": {"25": 0.95, "26": 0.42},
    "e": {"25": 0.85, "26": 0.22, "20": 0.30},
    "i": {"25": 0.70, "26": 0.10, "20": 0.45, "12": 0.12},
    "o": {"25": 0.75, "26": 0.30, "18": 0.30, "22": 0.35},
    "u": {"25": 0.40, "26": 0.12, "18": 0.75},
    "m": {"24": 0.35, "26": 0.06},
    "f": {"25": 0.35, "26": 0.08, "10": 0.15, "17": 0.15},
    "l": {"25": 0.75, "26": 0.20},
    "s": {"25": 0.60, "26": 0.05, "20": 0.25},
    "sh": {"25": 0.60, "26": 0.08, "22": 0.60},
    "w": {"25": 0.25, "26": 0.08, "18": 0.85},
}
DOMINANCE = {"": 0.55, "m": 2.6, "f": 1.6, "w": 1.4, "sh": 1.3, "u": 1.3}
"""How much a sound imposes itself on its neighbours (1 where not named): lips must meet for m."""
SOUND_WIDTH_S = 0.068


def said(start_s: float, sounds: str, step_s: float = 0.105) -> list[tuple[float, str]]:
    """Sounds in a row, ``_`` for a short pause: [(time of the sound's middle, sound)]."""
    return [(start_s + step_s * k, "" if s == "_" else s) for k, s in enumerate(sounds.split())]


def _smile(start_s: float, hold_s: float, part: float) -> list[Act]:
    """A Duchenne smile: the cheeks follow the corners and leave last; the lips part in the middle of it."""
    return [
        Act(start_s, 0.45, hold_s, 0.85, {"12": 0.85}),
        Act(start_s + 0.10, 0.45, hold_s - 0.05, 0.95, {"6": 0.75, "7": 0.15}),
        Act(start_s + 0.16, 0.35, hold_s - 0.25, 0.50, {"25": part}),
    ]


SCRIPTS = (
    Script(
        skin="light",
        shirt="#4f6f84",
        wall="#8f8a80",
        lamps="#ffd9a0",
        acts=[
            Act(1.10, 0.16, 0.14, 0.30, {"1": 0.75, "2": 0.85, "5": 0.25}),
            *_smile(1.35, 0.95, 0.75),
            Act(3.10, 0.20, 0.25, 0.40, {"1": 0.40, "2": 0.50}),
            Act(4.25, 0.20, 0.20, 0.40, {"4": 0.35}),
            Act(5.45, 0.22, 0.50, 0.50, {"1": 0.95, "2": 0.95, "5": 0.85}),
            Act(5.50, 0.25, 0.42, 0.45, {"25": 1.0, "26": 0.55}),
            Act(6.80, 0.13, 0.16, 0.24, {"43L": 1.0, "6L": 0.55, "7L": 0.30}),
            Act(6.74, 0.25, 0.30, 0.50, {"12L": 0.60, "12R": 0.18, "2R": 0.20}),
            Act(7.65, 0.22, 0.28, 0.28, {"18": 0.95}),
            Act(8.40, 0.25, 0.35, 0.30, {"34": 0.90, "24": 0.25}),
        ],
        # "Hello, this is me on my webcam, fun to watch"
        speech=said(2.95, "_ e l o _ i s i s m i o m a w e m e m _ f a u w a sh _"),
        head=[
            (0.0, 0, 0, 0), (1.0, 0, 0, 0), (1.8, -5, 2, 4), (2.9, 0, 0, 0), (3.7, 24, -2, -3), (4.2, 20, 2, -4),
            (4.9, -6, -2, 2), (5.4, 0, -1, 0), (5.75, 0, 5, 0), (6.5, 0, 0, 0), (6.95, 7, -2, -9), (7.5, 0, 0, 0),
            (8.1, -4, 3, 2), (8.6, 0, 0, 0), (9.5, 0, 0, 0),
        ],
        looks=[
            (0.0, 0, 0), (2.85, 0, 0), (3.35, 26, -3), (3.80, 0, 0), (4.35, -13, 4), (4.85, 0, 0), (7.55, -12, 9),
            (8.30, 0, 0),
        ],
        blinks_s=[1.05, 2.87, 4.34, 6.42, 8.30, 9.27],
    ),
    Script(
        skin="dark",
        shirt="#c9a45e",
        wall="#6f8791",
        lamps="#d8ecff",
        acts=[
            Act(1.15, 0.18, 0.25, 0.40, {"1": 0.50, "2": 0.55}),
            Act(2.05, 0.20, 0.20, 0.35, {"4": 0.40, "7": 0.20}),
            Act(3.25, 0.45, 0.75, 0.60, {"1": 0.85, "4": 0.60, "15": 0.80, "17": 0.50}),
            Act(5.05, 0.30, 0.65, 0.45, {"4": 0.90, "7": 0.55, "9": 0.60, "10": 0.35, "24": 0.45}),
            Act(6.35, 0.15, 0.15, 0.30, {"1": 0.85, "2": 0.95, "5": 0.20}),
            *_smile(7.15, 0.90, 0.95),
            Act(7.40, 0.30, 0.60, 0.45, {"26": 0.16}),
        ],
        # "Oh well, look at me: we move as you like"
        speech=said(1.05, "_ o _ w e l _ l u e m i _ w i m u f e s i u _"),
        head=[
            (0.0, 0, 0, 0), (0.9, 0, 0, 0), (1.3, -8, 3, 2), (1.7, -22, -3, 3), (2.3, -18, 3, 2), (2.9, 4, 0, -2),
            (3.3, 0, 0, 0), (3.8, 3, -10, -6), (4.6, 2, -8, -5), (5.15, 0, 2, 0), (5.6, -4, -5, 2), (6.2, 0, 0, 0),
            (6.55, 2, 5, 0), (6.95, 18, 2, 8), (7.5, 5, 0, 5), (8.1, -3, 3, -4), (9.0, 0, 0, 0), (9.5, 0, 0, 0),
        ],
        looks=[
            (0.0, 0, 0), (1.50, -18, 2), (2.00, 0, 0), (2.55, 14, 3), (2.95, 0, 0), (3.75, 5, -20), (4.75, 0, 0),
            (6.70, 25, 4), (7.15, 0, 0),
        ],
        blinks_s=[0.95, 2.95, 4.72, 6.25, 7.12, 9.15],
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Performance:
    """What the rig is told in each of N frames."""

    au: Array
    """(N, 40) channels 0..1."""
    gaze_deg: Array
    """(N, 2, 2) left and right eye in the head: yaw to the subject's left, pitch up."""
    euler_deg: Array
    """(N, 3) yaw, pitch, roll of the head; signs as in FaceFrame."""
    sway_m: Array
    """(N, 3) how far the body has moved, the rig's axes."""


def ease(x: Array) -> Array:
    """Minimum-jerk course from 0 to 1 over x in 0..1."""
    x = np.clip(x, 0, 1)
    return x**3 * (10 - 15 * x + 6 * x * x)


def channel_gains(channels: dict[str, float]) -> Array:
    """``{"12": 0.8, "6L": 0.5}`` -> (40,)."""
    gains = np.zeros(N_CHANNELS)
    for key, value in channels.items():
        name = f"AU{key.rstrip('LR')}"
        sides = {"L": ("-left",), "R": ("-right",)}.get(key[-1], ("-left", "-right"))
        for full in [name] if name in CHANNEL_INDEX else [name + side for side in sides]:
            gains[CHANNEL_INDEX[full]] = value
    return gains


def acted(acts: Sequence[Act], t: Array) -> Array:
    """(N, 40): each act's rise, hold and fall; where acts overlap in a channel the stronger shows.

    ``t`` (N, 40): every channel has a clock of its own, so that the sides can be a little apart.
    """
    out = np.zeros((len(t), N_CHANNELS))
    for a in acts:
        falls = a.start_s + a.rise_s + a.hold_s
        # A held expression gives way a little before it falls.
        sag = 1 - 0.10 * np.clip((t - a.start_s - a.rise_s) / max(a.hold_s, 0.1), 0, 1)
        course = ease((t - a.start_s) / a.rise_s) * (1 - ease((t - falls) / a.fall_s)) * sag
        out = np.maximum(out, course * channel_gains(a.channels))
    return out


def spoken(speech: Sequence[tuple[float, str]], t: Array) -> Array:
    """(N, 40) for times (N,): sounds mixed by their dominance at each moment."""
    middles = np.array([s for s, _ in speech])
    targets = np.array([channel_gains(SOUNDS[s]) for _, s in speech])
    strength = np.array([DOMINANCE.get(s, 1.0) for _, s in speech])
    # Lips prepare for a sound before it comes, and leave it more slowly.
    apart = t[:, None] - middles
    d = strength * np.exp(-((np.abs(apart) / np.where(apart < 0, SOUND_WIDTH_S, 1.15 * SOUND_WIDTH_S)) ** 1.6))
    silence = 0.02 + (t < middles[0]) + (t > middles[-1])
    return d @ targets / (d.sum(1) + silence)[:, None]


def between(keys: Array, t: Array) -> Array:
    """Keys (K, 1 + D) of time and values -> (N, D), each step by minimum jerk."""
    k = np.clip(np.searchsorted(keys[:, 0], t, side="right") - 1, 0, len(keys) - 2)
    x = ease((t - keys[k, 0]) / (keys[k + 1, 0] - keys[k, 0]))[:, None]
    return keys[k, 1:] * (1 - x) + keys[k + 1, 1:] * x


def drift(t: Array, dims: int, rng: np.random.Generator) -> Array:
    """(N, dims) slow aimless movement of about unit size: six sines of 0.1 to 1.2 Hz, slower ones larger."""
    hz = np.geomspace(0.1, 1.2, 6)[:, None] * rng.uniform(0.85, 1.15, (6, dims))
    size = (0.1 / hz) ** 0.6
    waves = size * np.sin(2 * np.pi * (hz * t[:, None, None] + rng.random((6, dims))))
    return waves.sum(1)


def perform(script: Script, n: int, rng: np.random.Generator) -> Performance:
    """One person's ``n`` frames."""
    t = np.arange(n) / FPS
    # The sides: up to a tenth in strength, some 15 ms in time.
    gain = 1 + np.clip(rng.normal(0, 0.05, N_CHANNELS), -0.1, 0.1)
    lag = np.clip(rng.normal(0, 0.008, N_CHANNELS), -0.015, 0.015)
    single = np.array(MIRROR) == np.arange(N_CHANNELS)
    gain[single], lag[single] = 1, 0
    au = np.maximum(acted(script.acts, t[:, None] - lag), spoken(script.speech, t)) * gain
    au *= 1 + 0.03 * drift(t, N_CHANNELS, rng)

    blink = np.zeros((n, 2))
    for middle in script.blinks_s:
        whole = rng.uniform(0.13, 0.18)
        peak = round(middle * FPS) / FPS  # a frame shows the shut eye
        close, reopen = 0.4 * whole, 0.6 * whole
        down = ease((t - peak + close) / close)
        blink = np.maximum(blink, (down * (1 - ease((t - peak) / reopen)))[:, None] * [1.0, rng.uniform(0.97, 1.0)])
    lids = [CHANNEL_INDEX["AU43-left"], CHANNEL_INDEX["AU43-right"]]
    au[:, lids] = np.maximum(au[:, lids], blink)
    wide = [CHANNEL_INDEX["AU5-left"], CHANNEL_INDEX["AU5-right"]]
    au[:, wide] *= 1 - au[:, lids]

    euler = between(np.array(script.head, float), t) + drift(t, 3, rng) * [0.7, 0.5, 0.35]
    talk = au[:, CHANNEL_INDEX["AU26"]]
    euler[:, 1] -= 2.0 * np.convolve(talk, np.hanning(9) / np.hanning(9).sum(), mode="same")  # the head speaks too

    look = np.zeros((n, 2))
    for when, *where in script.looks:
        jump = 0.025 + 0.0022 * np.hypot(*(np.array(where) - look[min(round(when * FPS), n - 1)]))
        x = ease((t - when) / jump)[:, None]
        look = look * (1 - x) + np.array(where) * x
    small = np.zeros((n, 2))
    for at in np.cumsum(rng.uniform(0.25, 0.7, 40)):
        small[t >= at] = rng.normal(0, 0.6, 2)
    ahead = np.clip(look + small - euler[:, :2], -28, 28)
    inwards = np.array([[-VERGENCE_DEG, 0], [VERGENCE_DEG, 0]])
    gaze = ahead[:, None] + inwards
    return Performance(np.clip(au, 0, 1), gaze, euler, drift(t, 3, rng) * [0.003, 0.002, 0.004])


def quaternions(euler_deg: Array) -> Array:
    """(N, 3) yaw, pitch, roll -> (N, 4) x y z w, head to OpenCV camera, identity = facing it (FaceFrame's)."""
    return Rotation.from_euler("YXZ", euler_deg * [-1, -1, 1], degrees=True).as_quat(canonical=True)


def other_person(face: Face) -> F:
    """(208,) a broader face: parameters fitted (ridge) to smooth moves of nose, lips, jaw, cheeks and forehead.

    Smooth over the face, as a person's form is: independent random parameters would pull the lips apart at rest.
    """
    v = face.skeleton.vertices.astype(float)
    skin = face.skeleton.part == PARTS.index("skin")
    want = np.zeros_like(v)
    for centre, radius, move in (
        ((0.016, -0.050, 0.030), 0.016, (0.0040, 0.0, -0.0005)),  # nostrils out
        ((0.000, -0.042, 0.042), 0.020, (0.0, 0.0012, -0.0025)),  # tip shorter
        ((0.000, -0.010, 0.025), 0.016, (0.0, 0.0, -0.0012)),  # bridge lower
        ((0.000, -0.074, 0.026), 0.020, (0.0, 0.0, 0.0022)),  # lips fuller; together, so that they stay shut
        ((0.058, -0.085, -0.020), 0.035, (0.0060, -0.002, 0.002)),  # jaw broader
        ((0.000, -0.112, 0.010), 0.028, (0.0, -0.0040, 0.002)),  # chin longer
        ((0.052, -0.030, 0.000), 0.028, (0.0030, 0.001, 0.002)),  # cheekbones
        ((0.035, 0.022, 0.012), 0.022, (0.0010, -0.001, 0.003)),  # brow ridge
    ):
        for side in (1, -1) if centre[0] else (1,):
            near = np.exp(-((np.linalg.norm(v - np.array(centre) * [side, 1, 1], axis=1) / radius) ** 2))
            want += near[:, None] * np.array(move) * [side, 1, 1]
    rest = np.full(N_IDENTITY, IDENTITY_BASE, np.float32)
    basis = np.array(
        [face.person(rest + 0.5 * np.eye(N_IDENTITY, dtype=np.float32)[k]).vertices - v for k in range(N_IDENTITY)]
    )[:, skin].reshape(N_IDENTITY, -1)
    gram = basis @ basis.T
    k = np.linalg.solve(gram + 2e-3 * np.trace(gram) / len(gram) * np.eye(len(gram)), basis @ want[skin].ravel())
    return (IDENTITY_BASE + 0.5 * np.clip(k, -1, 1)).astype(np.float32)


def room(rng: np.random.Generator, wall: str, glow: str) -> NDArray[np.uint8]:
    """(H, W, 3) RGB: a wall out of focus with light from one side and a few blurred lamps and frames."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    light = 1.15 - 0.55 * np.hypot(x / WIDTH - 0.25, 0.7 * (y / HEIGHT - 0.15))
    picture = light[..., None] * np.array(pv.Color(wall).int_rgb, float)
    for _ in range(9):
        cx, cy, r = rng.random() * WIDTH, rng.random() * HEIGHT * 0.6, rng.uniform(14, 34)
        disc = cv2.GaussianBlur((np.hypot(x - cx, y - cy) < r).astype(float), (0, 0), 5)
        picture += rng.uniform(0.12, 0.35) * disc[..., None] * np.array(pv.Color(glow).int_rgb, float)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 3), 0, 255).astype(np.uint8)


def shirt(scene: FaceScene, colour: str) -> pv.Actor:
    """Dresses the bust: the skin below the neckline, puffed out, its cut edge drawn down out of the picture."""
    s = scene.face.skeleton
    v, q = scene.person.vertices, s.quads[s.part[s.quads[:, 0]] == PARTS.index("skin")]
    skin = pv.PolyData(v, np.c_[np.full(len(q), 4), q].ravel()).triangulate()
    # Round the neck the line is higher at the back than in front.
    skin["above"] = (
        v[:, 1] + 0.148 + 0.35 * np.clip(v[:, 2] + 0.07, -0.08, 0.10) + 0.15 * np.maximum(np.abs(v[:, 0]) - 0.08, 0)
    )
    cloth = skin.subdivide(1, "butterfly").clip_scalar(scalars="above", value=0.0, invert=True)
    cloth = cloth.extract_surface(algorithm=None).compute_normals(auto_orient_normals=False, split_vertices=False)
    thick = 0.0015 + np.clip(-0.15 * cloth["above"], 0, 0.006)
    cloth.points += thick[:, None] * cloth.point_data["Normals"]
    rim = cloth.extract_feature_edges(boundary_edges=True, feature_edges=False, manifold_edges=False)
    low = (rim["above"][rim.lines.reshape(-1, 3)[:, 1:]] < -0.008).all(1)
    hem = pv.PolyData(rim.points, lines=rim.lines.reshape(-1, 3)[low].ravel()).extrude((0, -0.3, 0), capping=False)
    look: dict[str, Any] = {
        "color": colour,
        "smooth_shading": True,
        "specular": 0.05,
        "show_scalar_bar": False,
        "scalars": None,
    }
    scene.plotter.add_mesh(hem, name="shirt-hem", **look)
    return scene.plotter.add_mesh(cloth, name="shirt", **look)


def head_positions(face: Face, turns: Array, sway_m: Array) -> Array:
    """(N, 3) the point midway between the eyes in the OpenCV camera frame, metres; ``turns`` (N, 3, 3) scene axes."""
    pivot = face.base.pivots[face.skeleton.names.index("head")]
    return (pivot - turns @ pivot + sway_m - CAMERA_M) * [1, -1, -1]


def in_scene_axes(quaternion: Array) -> Array:
    """(N, 4) FaceFrame's head rotation -> (N, 3, 3): y and z turn over between OpenCV's camera and the scene."""
    flip = np.diag([1.0, -1.0, -1.0])
    return flip @ Rotation.from_quat(quaternion).as_matrix() @ flip


class Encoder:
    """RGB frames into an H.264 file by the ffmpeg program (opencv's own encoders need three times the bytes)."""

    def __init__(self, path: Path, crf: int = 18):
        if shutil.which("ffmpeg") is None:
            raise SystemExit("no ffmpeg program found: install it (apt install ffmpeg), it encodes the clip")
        self._process = subprocess.Popen(
            ["ffmpeg", "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}",
             "-r", str(FPS), "-i", "-", "-c:v", "libx264", "-preset", "veryslow", "-crf", str(crf),
             "-pix_fmt", "yuv420p", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-vf",
             "scale=out_color_matrix=bt709", "-movflags", "+faststart", "-fflags", "+bitexact", str(path)],
            stdin=subprocess.PIPE,
        )  # fmt: skip

    def write(self, frame: NDArray[np.uint8]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(frame.tobytes())

    def close(self) -> None:
        """Raises SystemExit where ffmpeg failed (it has said why)."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        if self._process.wait():
            raise SystemExit("ffmpeg could not encode the clip")


def film(scene: FaceScene, backdrop: NDArray[np.uint8], p: Performance, identity: F | None):  # type: ignore[no-untyped-def]
    """Yields the frames (H, W, 3) RGB of one performance."""
    camera = scene.plotter.camera
    for k, q in enumerate(quaternions(p.euler_deg).astype(np.float32)):
        gaze = p.gaze_deg[k].astype(np.float32)
        scene.set_face(p.au[k].astype(np.float32), gaze[0], gaze[1], q, identity)
        # The body sways: the camera goes the other way, the backdrop stays.
        at = CAMERA_M - p.sway_m[k]
        camera.position, camera.focal_point = tuple(at), (at[0], at[1], at[2] - 1)
        scene.plotter.render()
        rgba = np.asarray(scene.plotter.screenshot(transparent_background=True, return_img=True), np.float32)
        small = cv2.resize(rgba, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        alpha = small[..., 3:] / 255
        # Colours at the rim are mixed with the scene's own background by their alpha.
        yield np.clip(small[..., :3] + (1 - alpha) * backdrop, 0, 255).astype(np.uint8)


def direct(seed: int = 5) -> list[Performance]:
    """Both performances, without rendering."""
    rng = np.random.default_rng(seed)
    return [perform(script, round(SECONDS_EACH * FPS), rng) for script in SCRIPTS]


def save_truth(path: Path, face: Face, performances: Sequence[Performance], identity: Array) -> None:
    """What the rig was told.

    Per frame, as in FaceFrame: ``au`` (N, 40), ``gaze_deg`` (N, 2, 2) of the left and right eye, ``head_rotation``
    (N, 4), ``head_euler_deg`` (N, 3), ``head_position_m`` (N, 3); ``person`` (N,) indexes ``identity`` (2, 208).
    """
    euler = np.concatenate([p.euler_deg for p in performances])
    q = quaternions(euler)
    half = np.float16
    np.savez_compressed(
        path,
        version=TRUTH_VERSION,
        fps=FPS,
        au=np.concatenate([p.au for p in performances]).astype(half),
        gaze_deg=np.concatenate([p.gaze_deg for p in performances]).astype(half),
        head_rotation=q.astype(half),
        head_euler_deg=euler.astype(half),
        head_position_m=head_positions(face, in_scene_axes(q), np.concatenate([p.sway_m for p in performances])).astype(
            half
        ),
        person=np.repeat(np.arange(len(performances)), [len(p.au) for p in performances]).astype(np.uint8),
        identity=identity.astype(half),
    )


def contact_sheet(path: Path, clip: Path, columns: int = 6, every_s: float = 0.4) -> None:
    """Writes every ``every_s``-th frame of the clip with its number."""
    video = cv2.VideoCapture(str(clip))
    tiles = []
    for k in range(int(video.get(cv2.CAP_PROP_FRAME_COUNT))):
        ok, frame = video.read()
        if ok and k % round(every_s * FPS) == 0:
            tile = np.ascontiguousarray(frame[80:480, 120:520])
            tiles.append(cv2.putText(tile, str(k), (6, 20), 0, 0.6, (255, 255, 255), 1, cv2.LINE_AA))
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
    rows = [np.hstack(tiles[i : i + columns]) for i in range(0, len(tiles), columns)]
    cv2.imwrite(str(path), np.vstack(rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sheet", type=Path, help="also write a contact sheet of the clip, PNG or JPEG")
    parser.add_argument("--out", type=Path, default=CLIP_FILE, help="the clip; its truth is written beside it")
    args = parser.parse_args()
    encoder = Encoder(args.out)
    scene = FaceScene(WIDTH * SUPERSAMPLE, HEIGHT * SUPERSAMPLE, samples=0)
    up = np.tan(np.radians(FIELD_OF_VIEW_DEG) / 2) * HEIGHT / WIDTH
    scene.plotter.camera.view_angle = float(np.degrees(2 * np.arctan(up)))
    scene.plotter.renderer.set_background("black")
    identities = [None, other_person(scene.face)]
    rng = np.random.default_rng(3)
    performances = direct()
    for script, performance, identity in zip(SCRIPTS, performances, identities, strict=True):
        scene.set_skin(script.skin)
        scene.set_person(identity)
        shirt(scene, script.shirt)
        for frame in film(scene, room(rng, script.wall, script.lamps), performance, identity):
            encoder.write(frame)
    encoder.close()
    rest = np.full(N_IDENTITY, IDENTITY_BASE, np.float32)
    truth = args.out.with_name(f"{args.out.stem}_truth.npz")
    save_truth(truth, scene.face, performances, np.array([rest if i is None else i for i in identities]))
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.2f} MB; {truth}: {truth.stat().st_size / 1e3:.0f} kB")
    if args.sheet:
        contact_sheet(args.sheet, args.out)


if __name__ == "__main__":
    main()
