"""Random people out of MakeHuman's own targets: sex, age, three ancestries, weight, and every detail of the head."""

import numpy as np
from numpy.typing import NDArray

from rig.build.makehuman import ANCESTRIES, PARTS, MakeHumanHead

Array = NDArray[np.float64]
OPPOSITES = (
    ("decr", "incr"), ("down", "up"), ("in", "out"), ("backward", "forward"), ("concave", "convex"),
    ("compress", "uncompress"),
)  # fmt: skip


def face_mask(head: MakeHumanHead) -> NDArray[np.bool_]:
    """(V,) the skin above the jaw line and before the neck: what rigid alignment and error figures look at."""
    p = head.base
    return (head.part == PARTS.index("skin")) & (p[:, 1] > -0.115) & ((p[:, 2] > -0.075) | (p[:, 1] > -0.04))


def fit_mask(head: MakeHumanHead) -> NDArray[np.bool_]:
    """(V,) what identity parameters are fitted to: the face and its eyeballs."""
    return face_mask(head) | np.isin(head.part, [PARTS.index("eye-left"), PARTS.index("eye-right")])


def detail_axes(head: MakeHumanHead) -> list[tuple[str, Array, Array]]:
    """Signed axes (name, offset at -1, offset at +1), left and right detail targets joined into one axis."""
    axes: list[tuple[str, Array, Array]] = []
    done: set[str] = set()
    for name in head.details:
        room, _, target = name.partition("/")
        if name in done or target.startswith("r-"):
            continue
        stem, _, end = target.rpartition("-")
        pair = next(((a, b) for a, b in OPPOSITES if end in (a, b)), None)

        def offset(target_name: str, room: str = room) -> Array:
            found = head.details.get(f"{room}/{target_name}")
            if found is None:
                return np.zeros_like(head.base)
            other = head.details.get(f"{room}/r-{target_name[2:]}") if target_name.startswith("l-") else None
            return found if other is None else found + other

        if pair:
            low, high = f"{stem}-{pair[0]}", f"{stem}-{pair[1]}"
            done.update({f"{room}/{low}", f"{room}/{high}"})
            axes.append((f"{room}/{stem}", offset(low), offset(high)))
        elif room == "asym":
            done.update({f"{room}/{stem}-l", f"{room}/{stem}-r"})
            axes.append((f"{room}/{stem}", offset(f"{stem}-l"), offset(f"{stem}-r")))
        else:
            done.add(name)
            axes.append((name, np.zeros_like(head.base), offset(target)))
    return axes


class People:
    """Draws people; each is the base face plus a weighted sum of MakeHuman's targets, aligned rigidly to it."""

    def __init__(self, head: MakeHumanHead):
        self.head = head
        self.axes = detail_axes(head)
        self.low = np.array([a[1] for a in self.axes]).reshape(len(self.axes), -1)
        self.high = np.array([a[2] for a in self.axes]).reshape(len(self.axes), -1)
        self.mask = face_mask(head)

    def macro(self, rng: np.random.Generator) -> Array:
        """(V, 3) of one random mixture of sex, age, ancestry, muscle and weight."""
        h = self.head
        male = float(np.clip(rng.beta(0.5, 0.5), 0, 1))
        ancestry = rng.dirichlet([0.5] * len(ANCESTRIES))
        old = float(rng.beta(0.8, 1.4))
        child = float(rng.random() < 0.06) * float(rng.uniform(0.2, 0.6))
        ages = {"young": (1 - old) * (1 - child), "old": old * (1 - child), "child": child}
        muscle, weight = rng.normal(0, 0.35, 2)
        muscles = {
            "averagemuscle": 1 - min(abs(muscle), 1),
            ("max" if muscle > 0 else "min") + "muscle": min(abs(muscle), 1),
        }
        weights = {
            "averageweight": 1 - min(abs(weight), 1),
            ("max" if weight > 0 else "min") + "weight": min(abs(weight), 1),
        }
        points = h.raw.copy()
        for sex, ks in (("male", male), ("female", 1 - male)):
            for age, ka in ages.items():
                if ks * ka < 1e-3:
                    continue
                for name, kn in zip(ANCESTRIES, ancestry, strict=True):
                    points += ks * ka * kn * h.macros[f"{name}-{sex}-{age}"]
                for m, km in muscles.items():
                    for w, kw in weights.items():
                        points += ks * ka * km * kw * h.macros[f"universal-{sex}-{age}-{m}-{w}"]
        return points

    def draw(self, rng: np.random.Generator, detail: float = 0.35) -> Array:
        """(V, 3) metres: one random person. ``detail`` is the standard deviation of the detail sliders (-1..1)."""
        k = np.clip(rng.normal(0, detail, len(self.axes)), -1, 1)
        k *= rng.random(len(k)) < 0.6
        asym = np.array([name.startswith("asym/") for name, _, _ in self.axes])
        k[asym] *= 0.5
        points = self.macro(rng) + (np.maximum(-k, 0) @ self.low + np.maximum(k, 0) @ self.high).reshape(-1, 3)
        return self.align(points)

    def align(self, points: Array) -> Array:
        """Rigid Procrustes of the face region (no neck, no scaling) onto the base face."""
        a, b = points[self.mask], self.head.base[self.mask]
        ca, cb = a.mean(0), b.mean(0)
        u, _, vt = np.linalg.svd((a - ca).T @ (b - cb))
        r = (u @ np.diag([1, 1, np.sign(np.linalg.det(u @ vt))]) @ vt).T
        return (points - ca) @ r.T + cb
