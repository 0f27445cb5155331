"""The identity controls for people: their table, groups and search, random people, fitting a face to points."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rig.face import Face
from rig.parameters import IDENTITY_BASE, N_IDENTITY
from rig.skeleton import ASSETS, RIG_VERSION, RigError

F = NDArray[np.float32]
CONTROLS_FILE = ASSETS / "rig" / "identity.json"
PEOPLE_FILE = ASSETS / "rig" / "people.npz"


@dataclass(frozen=True)
class Control:
    """One identity parameter, as a person sees it."""

    name: str
    group: str
    """Where on the face: "eyes", "nose tip", ..."""
    place: str
    move: str
    """The degree of freedom: out, up, forward, wide, tall, deep, size, pitch, yaw, roll, ..."""
    range: float
    """From 0.5 to 1, in ``unit``; as far the other way from 0.5 to 0."""
    unit: str
    """"mm", "deg" or "%"."""
    at_0: str
    at_1: str
    """What it looks like at either end."""
    symmetric: bool
    bones: tuple[str, ...]
    """The bones of its place. Bones that only go along, so that seams hold, are counted in ``followers``."""
    followers: int


@cache
def load_controls(path: Path = CONTROLS_FILE) -> tuple[Control, ...]:
    """The 208 controls in the order of the parameters. Raises RigError saying what is wrong and what to do."""
    try:
        data = json.loads(path.read_text())
        rows = tuple(Control(**{**row, "bones": tuple(row["bones"])}) for row in data["controls"])
    except FileNotFoundError:
        raise RigError(f"{path}: the table of identity controls is missing; reinstall Mien") from None
    except (ValueError, TypeError, KeyError) as e:
        raise RigError(f"{path}: the table of identity controls is damaged ({e}); reinstall Mien") from e
    if data["version"] != RIG_VERSION or len(rows) != N_IDENTITY:
        raise RigError(
            f"{path}: {len(rows)} controls of rig version {data['version']}, this Mien reads {N_IDENTITY} of "
            f"{RIG_VERSION}; reinstall Mien or rebuild the head"
        )
    return rows


def groups(controls: tuple[Control, ...] | None = None) -> dict[str, list[int]]:
    """Group -> the parameters (indices) in it, both in the table's order."""
    out: dict[str, list[int]] = {}
    for k, c in enumerate(controls or load_controls()):
        out.setdefault(c.group, []).append(k)
    return out


def find_controls(text: str, controls: tuple[Control, ...] | None = None) -> list[int]:
    """Parameters (indices) in which every word of ``text`` occurs: in the name first, then in group and ends."""
    words = text.lower().split()
    rows = controls or load_controls()

    def holds(where: str) -> bool:
        return all(w in where for w in words)

    named = [k for k, c in enumerate(rows) if holds(c.name)]
    wide = [k for k, c in enumerate(rows) if holds(f"{c.name} {c.group} {c.at_0} {c.at_1}") and k not in named]
    return named + wide if words else []


@cache
def people_factor(path: Path = PEOPLE_FILE) -> F:
    """``(R, 208)``: believable people are 0.5 + z @ factor with z normal. Raises RigError."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as z:
            version, factor = int(z["version"]), np.array(z["factor"], np.float32)
    except FileNotFoundError:
        raise RigError(f"{path}: the spread of people is missing; reinstall Mien") from None
    except Exception as e:
        raise RigError(f"{path}: the spread of people is damaged ({type(e).__name__}); reinstall Mien") from e
    if version != RIG_VERSION or factor.ndim != 2 or factor.shape[1] != N_IDENTITY:
        raise RigError(f"{path}: made for rig version {version}, this Mien reads {RIG_VERSION}; rebuild the head")
    return factor


def random_identity(rng: np.random.Generator, strength: float = 1.0, path: Path = PEOPLE_FILE) -> F:
    """``(208,)`` in 0..1 of a believable person: the controls vary together as they do over fitted people.

    ``strength`` 1 is people's own variety, 0 the base face. Clipped to the range.
    """
    factor = people_factor(path)
    # Tails cut at two and a half: nobody is extreme in everything.
    z = np.clip(rng.standard_normal(len(factor)), -2.5, 2.5)
    out: F = np.clip(IDENTITY_BASE + strength * (z @ factor), 0, 1).astype(np.float32)
    return out


def jacobian(
    face: Face, rows: NDArray, step: float = 0.1, check: Callable[[], None] = lambda: None
) -> NDArray[np.float64]:
    """``(208, N, 3)`` metres: how vertices ``rows`` (indices or mask) of the base face move per unit of parameter.

    ``check`` is called for each parameter; what it raises ends the work.
    """
    out = []
    for k in range(N_IDENTITY):
        check()
        up, down = np.full((2, N_IDENTITY), IDENTITY_BASE, np.float32)
        up[k] += step
        down[k] -= step
        apart = face.person(up).vertices[rows].astype(float) - face.person(down).vertices[rows]
        out.append(apart / (2 * step))
    return np.array(out)


class Fitter:
    """Identity parameters that bring chosen vertices of the base face nearest to given positions.

    Least squares on the linearised face with a ridge, bounded to 0..1 by projected gradients, and linearised about
    the base face but corrected once for what the true face does (bones turn, lids ride).
    """

    def __init__(self, face: Face, rows: NDArray, ridge: float = 2e-4):
        self.face, self.rows = face, rows
        self.jacobian = jacobian(face, rows).reshape(N_IDENTITY, -1)
        gram = self.jacobian @ self.jacobian.T
        self.gram = gram + ridge * np.trace(gram) / N_IDENTITY * np.eye(N_IDENTITY)
        self.step = 1 / np.linalg.eigvalsh(self.gram)[-1]

    def _solve(self, y: NDArray, start: NDArray) -> NDArray:
        rhs = self.jacobian @ y
        k = z = np.clip(start, -0.5, 0.5)
        momentum = 1.0
        for _ in range(400):
            new = np.clip(z - self.step * (self.gram @ z - rhs), -0.5, 0.5)
            following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
            z = new + (momentum - 1) / following * (new - k)
            k, momentum = new, following
        return k

    def __call__(self, vertices: NDArray) -> F:
        """All the head's vertices (V, 3), metres, rigidly aligned to the base face -> ``(208,)`` in 0..1."""
        target = vertices[self.rows].astype(float)
        y = (target - self.face.skeleton.vertices[self.rows]).ravel()
        k = self._solve(y, np.zeros(N_IDENTITY))
        for _ in range(2):
            now = self.face.person((IDENTITY_BASE + k).astype(np.float32)).vertices[self.rows]
            k = self._solve((target - now).ravel() + k @ self.jacobian, k)
        return np.clip(IDENTITY_BASE + k, 0, 1).astype(np.float32)
