"""A head being modelled: MakeHuman's targets in large doses and smooth warps, always the same on both sides."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.spatial import cKDTree

from rig.build.expressions import skin_laplacian
from rig.build.makehuman import ANCESTRIES, MakeHumanHead
from rig.face import Face
from rig.skeleton import PARTS, Skeleton

Array = NDArray[np.float64]
FLIP = np.array([-1.0, 1.0, 1.0])
Point = Sequence[float] | NDArray[np.floating]


def fade(t: Array) -> Array:
    """Smooth step: 0 below 0, 1 above 1, without a kink."""
    t = np.clip(t, 0, 1)
    return t * t * t * (t * (6 * t - 15) + 10)


def bump(points: Array, centre: Point, radii: float | Point, core: float = 0.0) -> Array:
    """(V,) 1 within the share ``core`` of an ellipsoid about ``centre``, falling smoothly to 0 at its ``radii``."""
    d = np.linalg.norm((points - np.asarray(centre)) / np.asarray(radii), axis=1)
    return fade((1 - d) / (1 - core))


def _middle(points: Array) -> Array:
    """(3,) middle of the box about ``points``."""
    return (points.min(0) + points.max(0)) / 2


class Clay:
    """``points`` (V, 3) start as the base face and are moved by every tool; ``base`` stays for masks by anatomy."""

    def __init__(self, skeleton: Skeleton, head: MakeHumanHead):
        if len(skeleton.vertices) != len(head.base):
            raise ValueError("assets/rig/head.npz has another mesh than this copy of MakeHuman's head; rebuild it")
        self.skeleton, self.head = skeleton, head
        self.face = Face(skeleton)
        self.base = skeleton.vertices.astype(np.float64)
        self.points = self.base.copy()
        self.smoothing: sp.csr_matrix = skin_laplacian(head)

    def part(self, *names: str) -> NDArray[np.bool_]:
        """(V,) whether a vertex belongs to one of the PARTS named."""
        return np.isin(self.skeleton.part, [PARTS.index(n) for n in names])

    def mark(self, landmark: int) -> Array:
        """(3,) where one of the 478 landmarks lies now."""
        s = self.skeleton
        return s.landmark_weights[landmark] @ self.points[s.landmark_vertices[landmark]]

    def middle_of_eye(self) -> Array:
        """(3,) centre of the left eyeball as it is now."""
        return _middle(self.points[self.part("eye-left")])

    # --- MakeHuman's own shapes

    def mix(self, doses: Mapping[str, float]) -> None:
        """Adds detail targets (``"nose/nose-hump-incr": 0.8``); a left one brings its right twin along."""
        for name, dose in doses.items():
            self.points += dose * self.head.details[name]
            if "/l-" in name:
                self.points += dose * self.head.details[name.replace("/l-", "/r-")]

    def macro(self, sex: str, age: str, dose: float, muscle: str = "average", weight: str = "average") -> None:
        """Goes by ``dose`` from the base face's mean of young people to one sex, age, muscle and weight."""
        m = self.head.macros
        universal = "universal-{}-{}-{}muscle-{}weight"
        goal = np.mean([m[f"{a}-{sex}-{age}"] for a in ANCESTRIES], axis=0)
        goal = goal + m[universal.format(sex, age, muscle, weight)]
        start = np.mean(
            [m[f"{a}-{s}-young"] + m[universal.format(s, "young", "average", "average")]
             for a in ANCESTRIES for s in ("female", "male")],
            axis=0,
        )  # fmt: skip
        # Bodies of other sizes carry their heads higher: the eyes stay where they are.
        move = goal - start
        eyes = self.part("eye-left", "eye-right")
        self.points += dose * (move - move[eyes].mean(0))

    # --- warps

    def both(self, weight: Callable[[Array, Array], Array], centre: Point) -> tuple[Array, Array, Array, Array]:
        """Weights about ``centre`` and its mirror image, and both centres; on the middle the second counts for 0."""
        c = np.asarray(centre, float)
        left = weight(self.points, c)
        right = weight(self.points, c * FLIP) if abs(c[0]) > 1e-6 else np.zeros(len(self.points))
        return left, right, c, c * FLIP

    def push(
        self, centre: Point, radii: float | Point, offset: Point, core: float = 0.0, where: Array | None = None
    ) -> None:
        """Moves what lies about ``centre`` by ``offset`` metres (mirrored on the other side)."""
        left, right, _, _ = self.both(lambda p, c: bump(p, c, radii, core), centre)
        o = np.asarray(offset, float)
        move = left[:, None] * o + right[:, None] * o * FLIP
        self.points += move if where is None else move * where[:, None]

    def grow(
        self,
        centre: Point,
        radii: float | Point,
        factors: float | Point,
        core: float = 0.0,
        where: Array | None = None,
    ) -> None:
        """Scales what lies about ``centre`` by ``factors`` (one, or along x, y and z)."""
        left, right, c, cm = self.both(lambda p, q: bump(p, q, radii, core), centre)
        k = np.asarray(factors, float) - 1
        move = left[:, None] * (self.points - c) * k + right[:, None] * (self.points - cm) * k
        self.points += move if where is None else move * where[:, None]

    def widths(self, knots: Mapping[float, float], where: Array | None = None) -> None:
        """Widens by height: y in metres -> factor on x, a smooth curve through the knots."""
        y, k = np.array(sorted(knots.items())).T
        factor = PchipInterpolator(y, k)(np.clip(self.points[:, 1], y[0], y[-1])) - 1
        move = self.points[:, 0] * (factor if where is None else factor * where)
        self.points[:, 0] += self._round_about_eyes(move)

    def heights(self, knots: Mapping[float, float]) -> None:
        """Stretches up and down: y before -> y after, a monotone curve through the knots, straight on beyond."""
        y, to = np.array(sorted(knots.items())).T
        now = self.points[:, 1]
        inside = PchipInterpolator(y, to)(np.clip(now, y[0], y[-1]))
        self.points[:, 1] += self._round_about_eyes(inside - np.clip(now, y[0], y[-1]))

    def _round_about_eyes(self, move: Array) -> Array:
        """(V,) a movement along one axis, in which eyes and lids go as one: balls stay round, lids stay on them."""
        c = self.middle_of_eye()
        left, right = self.part("eye-left"), self.part("eye-right")
        radius = float(np.linalg.norm(self.points[left] - c, axis=1).max())
        out = move.copy()
        for ball, centre in ((left, c), (right, c * FLIP)):
            whole = bump(self.points, centre, 2.3 * radius, 0.5)
            whole[ball] = 1
            out += whole * (move[ball].mean() - move)
        return out

    def eyes(self, scale: float, move: Point, tilt_deg: float = 0.0, reach: float = 3.2, core: float = 0.40) -> None:
        """Scales, moves and tilts eyeball, lids and lashes as one piece; the socket follows out to ``reach`` radii.

        Lids keep their distance from the ball, since all within the core goes by one and the same similarity; what
        lies farther out slides along the skin that was there, so that no goggles stand out of the face.
        """
        before = self.points.copy()
        c = self.middle_of_eye()
        radius = float(np.linalg.norm(self.points[self.part("eye-left")] - c, axis=1).max())
        a = np.radians(tilt_deg)
        turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
        whole = {1: self.part("eye-left", "lashes-left"), -1: self.part("eye-right", "lashes-right")}
        free = np.zeros(len(before))
        for side, piece in whole.items():
            flip = np.array([side, 1.0, 1.0])
            p = before * flip
            w = bump(p, c, reach * radius, core)
            w[piece] = 1
            w[whole[-side]] = 0
            self.points += w[:, None] * (((p - c) @ turn.T) * scale + c + np.asarray(move) - p) * flip
            free = np.maximum(free, bump(p, c, 2.1 * radius, 0.62))
        slides = self.part("skin") * (1 - free)
        onto = self.on_surface(before, self.points)
        self.points += slides[:, None] * (onto - self.points)

    def clear_eyes(self, reach: float = 1.40) -> None:
        """Eyeballs become the base face's again, as large as they now are on the whole; lids that sank into them come
        out: none is nearer to its ball, in the ball's radii, than on the base face."""
        for side in ("left", "right"):
            ball = self.part(f"eye-{side}")
            c0, c = (_middle(p[ball]) for p in (self.base, self.points))
            was, now = np.linalg.norm(self.base - c0, axis=1), np.linalg.norm(self.points - c, axis=1)
            scale = float(np.median(now[ball] / was[ball]))
            self.points[ball] = c + scale * (self.base[ball] - c0)
            near = self.part("skin") & (was < reach * was[ball].max())
            grow = np.where(near, np.maximum(scale * was / np.maximum(now, 1e-9), 1), 1)
            self.points += (self.points - c) * (grow - 1)[:, None]

    def on_surface(self, surface: Array, points: Array) -> Array:
        """(V, 3) ``points`` dropped along the normals onto the skin at ``surface`` (V, 3), where that lies near."""
        s = self.skeleton
        quads = s.quads[self.part("skin")[s.quads[:, 0]]]
        normal = np.zeros_like(surface)
        across = np.cross(surface[quads[:, 2]] - surface[quads[:, 0]], surface[quads[:, 3]] - surface[quads[:, 1]])
        for k in range(4):
            np.add.at(normal, quads[:, k], across)
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
        skin = np.unique(quads)
        distance, near = cKDTree(surface[skin]).query(points, 6)
        k = 1 / (distance + 1e-4) ** 2
        k /= k.sum(1, keepdims=True)
        q = np.einsum("vk,vki->vi", k, surface[skin][near])
        n = np.einsum("vk,vki->vi", k, normal[skin][near])
        n /= np.maximum(np.linalg.norm(n, axis=1, keepdims=True), 1e-12)
        drop = np.einsum("vi,vi->v", points - q, n)
        return points - n * np.clip(drop, -0.012, 0.012)[:, None]

    def smooth(self, where: Array, steps: int = 4) -> None:
        """Relaxes the mesh where ``where`` (V,) is above 0."""
        for _ in range(steps):
            self.points += where[:, None] * 0.6 * (self.smoothing @ self.points - self.points)

    def symmetrise(self) -> None:
        """Both halves to their mean: targets and rounding leave micrometres between them."""
        self.points = (self.points + self.points[self.head.mirror] * FLIP) / 2

    def lump(self, centre: Point, radii: float | Point, offset: Point, core: float = 0.2) -> Array:
        """(V, 3) what :meth:`push` would add on the left side alone: a movement for a meaning."""
        w = bump(self.points, centre, radii, core) * self.part("skin")
        return w[:, None] * np.asarray(offset, float)

    def mirrored(self, moves: Mapping[str, Array]) -> dict[str, Array]:
        """Movements of left channels and middle ones -> those of the right as well, the middle ones symmetric."""
        out: dict[str, Array] = {}
        for name, move in moves.items():
            other = move[self.head.mirror] * FLIP
            if name.endswith("-left"):
                out |= {name: move, name.replace("-left", "-right"): other}
            else:
                out[name] = move + other
        return out

    def inside_mouth(self) -> Array:
        """(V,) 1 on what lies behind the lips and cheeks, teeth and tongue too; 0 on what is seen of a closed mouth."""
        p, skin = self.base, self.part("skin")
        low, high = self.mark_of_base(152)[1], self.mark_of_base(2)[1]
        room = skin & (np.abs(p[:, 0]) < 0.040) & (p[:, 1] > low) & (p[:, 1] < high)
        ids = np.flatnonzero(room)
        depth = np.zeros(len(p))
        near = cKDTree(p[ids, :2]).query_ball_point(p[ids, :2], 0.005)
        depth[ids] = [p[ids[n], 2].max() - p[i, 2] for i, n in zip(ids, near, strict=True)]
        # A cheek's own slope is no depth: only what something else covers counts.
        w = np.where(room, fade((depth - 0.009) / 0.006), 0.0)
        return np.maximum(w, self.part("upper-teeth", "lower-teeth", "tongue"))

    def mark_of_base(self, landmark: int) -> Array:
        """(3,) where one of the 478 landmarks lies on the base face."""
        s = self.skeleton
        return s.landmark_weights[landmark] @ self.base[s.landmark_vertices[landmark]]

    def ear(self) -> tuple[Array, Array]:
        """(V,) 1 on the ears, fading into the head; (V,) 0 at an ear's hinge to 1 at its rim (both ears)."""
        wing = np.linalg.norm(self.head.details["ears/l-ear-wing-incr"], axis=1)
        wing = wing + wing[self.head.mirror]
        rim = wing / wing.max()
        on = fade(rim / 0.34) * self.part("skin")
        return on, rim
