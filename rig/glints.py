"""The lamp's reflection in the eyes, where no shader draws it: a small bright disc on each eyeball."""

import numpy as np
import pyvista as pv
from numpy.typing import NDArray

F = NDArray[np.float32]
CORNERS = 10
SHARE = 0.062
"""The disc's radius as a share of the eyeball's."""
CORNEA = 0.6
"""Radius of the cornea over the eyeball's."""
ABOVE = 1.006
"""How far from the eye's centre it lies, over how far the eyeball's points reach that way: the cornea bulges."""


class Glints:
    """``mesh``: two discs that face half-way between the lamp and a camera in front; lids hide them as they would."""

    def __init__(self) -> None:
        faces = np.concatenate([[CORNERS, *range(k * CORNERS, (k + 1) * CORNERS)] for k in (0, 1)])
        self.mesh = pv.PolyData(np.zeros((2 * CORNERS, 3), np.float32), faces)
        self._points = np.asarray(self.mesh.points)
        turn = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
        self._disc = np.stack([np.cos(turn), np.sin(turn)], axis=1).astype(np.float32)

    def place(self, eye: int, ball: F, lamp: F) -> None:
        """``eye`` 0 or 1; ``ball`` (n, 3) points of its front half; ``lamp`` (3,) unit vector towards the light."""
        centre, radius = sphere(ball)
        front = np.array([0, 0, 1], np.float32)
        half = (lamp + front) / np.linalg.norm(lamp + front)
        # The cornea is rounder than the ball: it shows the lamp nearer to its middle.
        half = CORNEA * half + (1 - CORNEA) * front
        half /= np.linalg.norm(half)
        reach = float(((ball - centre) @ half).max())
        side = np.cross(np.array([0, 1, 0], np.float32), half)
        side /= np.linalg.norm(side)
        axes = np.stack([side, np.cross(half, side)])
        own = slice(eye * CORNERS, (eye + 1) * CORNERS)
        self._points[own] = centre + ABOVE * reach * half + radius * SHARE * self._disc @ axes
        self.mesh.GetPoints().Modified()
        self.mesh.Modified()


def sphere(points: F) -> tuple[F, float]:
    """Centre (3,) and radius of the sphere nearest to points (n, 3), by linear least squares."""
    middle = points.mean(0)
    p = points - middle
    # |p|^2 = 2 c.p + (r^2 - |c|^2)
    a = np.c_[2 * p, np.ones(len(p))]
    x = np.linalg.solve(a.T @ a, a.T @ (p * p).sum(1))
    return (middle + x[:3]).astype(np.float32), float(np.sqrt(x[3] + x[:3] @ x[:3]))
