"""A head as lines, turned as the face is: what the gauge of the head's pose paints. No Qt.

Frame: the camera's (x right in the picture, y down, z away), seen along z; unit: the head's half width.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.runtime.alignment import rotation_from_quaternion

F = NDArray[np.float64]

SIZE: Final = np.array([0.78, 1.0, 0.86])
"""Half axes of the ellipsoid."""
NET_DEG: Final = 30.0
EYE_LEVEL, EYE_APART, EYE_SIZE = -0.16, 0.32, 0.13
NOSE: Final = np.array([[0.0, -0.1, -0.86], [0.0, 0.2, -1.22], [0.0, 0.24, -0.82]])
MOUTH: Final = (0.46, 0.26)
"""Height of its middle, half width."""
STEPS: Final = 48
_AROUND: Final = np.linspace(0, 2 * np.pi, STEPS + 1)


@dataclass(frozen=True, slots=True)
class HeadLine:
    """A line over the head. ``points`` (n, 2) x, y; ``near`` (n,) whether a point lies on the side of the viewer."""

    kind: str
    """``outline``, ``net``, ``middle``, ``eye-left``, ``eye-right``, ``nose`` or ``mouth``."""
    points: F
    near: NDArray[np.bool_]


def _surface(x: F, y: F) -> F:
    """Points (n, 3) of the front of the ellipsoid at these x and y."""
    rest = 1 - (x / SIZE[0]) ** 2 - (y / SIZE[1]) ** 2
    return np.stack([x, y, -SIZE[2] * np.sqrt(np.clip(rest, 0, None))], axis=1)


def _make() -> list[tuple[str, F]]:
    lines: list[tuple[str, F]] = []
    for angle in np.radians(np.arange(0, 180, NET_DEG)):
        ring = np.stack([np.sin(_AROUND) * np.sin(angle), np.cos(_AROUND), -np.sin(_AROUND) * np.cos(angle)], axis=1)
        lines.append(("net", ring * SIZE))
    for angle in np.radians((-60.0, -30.0, 0.0, 30.0, 60.0)):
        ring = np.stack(
            [np.cos(angle) * np.sin(_AROUND), np.full_like(_AROUND, np.sin(angle)), np.cos(_AROUND)], axis=1
        )
        ring[:, 2] *= np.cos(angle)
        lines.append(("net", ring * SIZE))
    down = np.linspace(-0.98, 0.98, STEPS)
    lines.append(("middle", _surface(np.zeros_like(down), down)))
    for kind, side in (("eye-left", 1), ("eye-right", -1)):
        x = side * EYE_APART + EYE_SIZE * np.cos(_AROUND)
        lines.append((kind, _surface(x, EYE_LEVEL + 0.55 * EYE_SIZE * np.sin(_AROUND))))
    lines.append(("nose", NOSE))
    across = np.linspace(-MOUTH[1], MOUTH[1], 12)
    lines.append(("mouth", _surface(across, np.full_like(across, MOUTH[0]))))
    return lines


_LINES: Final = _make()


def head_lines(rotation: NDArray[np.float32]) -> list[HeadLine]:
    """The head turned by ``FaceFrame.head_rotation``, (4,) quaternion x y z w, head to camera."""
    turn = rotation_from_quaternion(np.asarray(rotation, np.float32)).astype(np.float64)
    # What is seen of an ellipsoid from afar is an ellipse: the upper left of its turned shape matrix.
    shape = np.linalg.cholesky(((turn * SIZE**2) @ turn.T)[:2, :2])
    outline = np.stack([np.cos(_AROUND), np.sin(_AROUND)], axis=1) @ shape.T
    made = [HeadLine("outline", outline, np.ones(len(outline), bool))]
    for kind, points in _LINES:
        normals = (points / SIZE**2) @ turn.T
        made.append(HeadLine(kind, (points @ turn.T)[:, :2], normals[:, 2] < 0))
    return made
