"""Folds of the skin as slopes: what smiling, frowning and wondering draw on a face, and a tile of pores."""

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.build.painting import Array, Canvas, noise, spline

SLOPE_FULL = 1.6
"""Slope (rise over run) at which a byte is full."""


def _curves(canvas: Canvas) -> list[tuple[Array, float, float]]:
    """Polylines (n, 3), depth and half width (units) of every fold; the left side's are mirrored."""
    m, u = canvas.marks, canvas.unit
    out: list[tuple[Array, float, float]] = []
    brow, top = m[[107, 336]].mean(0), m[10]
    for k, (share, wave) in enumerate(((0.22, 0.05), (0.42, -0.03), (0.62, 0.04), (0.80, -0.02))):
        x = np.linspace(-1.45, 1.45, 25) * u
        y = (
            brow[1]
            + share * (top[1] - brow[1])
            + u * (0.10 * np.cos(x / u * 1.3) + wave * np.sin(x / u * 4 + 2 * k) - 0.10)
        )
        z = np.full_like(x, np.nan)
        out.append((np.stack([x, y, z], axis=1), 0.020, 0.045))
    for side in (-1.0, 1.0):
        x0 = side * 0.24 * u
        low, high = m[8], m[9]
        line = np.array([[x0 * 0.85, low[1] - 0.05 * u], [x0, (low[1] + high[1]) / 2], [x0 * 1.25, high[1] + 0.30 * u]])
        out.append((spline(np.c_[line, np.full(3, np.nan)]), 0.030, 0.050))
    for y in (0.10, 0.28, 0.44):
        x = np.linspace(-0.30, 0.30, 9) * u
        level = m[6, 1] + y * u - 0.5 * (x / u) ** 2 * u
        out.append((np.stack([x, level, np.full_like(x, np.nan)], axis=1), 0.018, 0.040))
    for inner, outer in ((362, 263), (133, 33)):
        corner = m[outer]
        way = np.sign(corner[0])
        for angle in (38.0, 14.0, -10.0, -34.0):
            a = np.radians(angle)
            t = np.linspace(0.20, 0.78 - 0.004 * abs(angle), 8) * u
            bend = 0.10 * (t / u) ** 2 * u * np.sign(angle)
            line = np.stack([way * t * np.cos(a) * 0.72, t * np.sin(a) + bend], axis=1) + corner[:2]
            out.append((np.c_[line, np.full(8, np.nan)], 0.016, 0.034))
        under = corner[:2] + np.linspace(0.05, 0.95, 9)[:, None] * (m[inner] - corner)[:2]
        sag = np.sin(np.pi * np.linspace(0.1, 0.95, 9)) * 0.42 * u
        out.append((np.c_[under - np.c_[np.zeros(9), sag + 0.08 * u], np.full(9, np.nan)], 0.012, 0.045))
    for ids in ((358, 423, 426, 436, 432), (129, 203, 206, 216, 212)):
        line = m[list(ids)].copy()
        line[0] += [np.sign(line[0, 0]) * 0.05 * u, 0.10 * u, 0]
        out.append((np.c_[spline(line)[:, :2], np.full(25, np.nan)], 0.034, 0.075))
    chin = m[18] + [0, -0.10 * u, 0]
    x = np.linspace(-0.42, 0.42, 11) * u
    out.append((np.stack([x, chin[1] - 0.35 * x**2 / u, np.full_like(x, np.nan)], axis=1), 0.022, 0.07))
    return out


def fold_depth(canvas: Canvas, rng: np.random.Generator) -> Array:
    """(size, size) depth of the folds in units, 0 where there is none. Lines are drawn in the front view."""
    u, p = canvas.unit, canvas.p
    front = (p[..., 2] > canvas.marks[454, 2]) & ~canvas.hole
    flat = np.where(front[..., None], p, 9.0).copy()
    flat[..., 2] = 0
    waver = u * 0.012 * np.stack([noise(rng, canvas.size, canvas.size / 60) for _ in range(2)], axis=-1)
    flat[..., :2] += waver
    sheet = Canvas(flat, canvas.raw, canvas.ambient, canvas.hole, canvas.marks, u, canvas.eyes, canvas.eye_radius)
    depth = np.zeros(p.shape[:2])
    for curve, deep, wide in _curves(canvas):
        line = np.c_[curve[:, :2], np.zeros(len(curve))]
        d = sheet.to_curve(line)
        # Folds run out towards their ends.
        middle = np.linalg.norm(flat - line.mean(0), axis=-1) / (0.55 * np.linalg.norm(line[-1] - line[0]) + 1e-9)
        depth += deep * np.exp(-((d / (wide * u)) ** 2)) * np.clip(1.25 - middle**2, 0, 1)
    pebbles = np.clip(noise(rng, canvas.size, canvas.size / 110), -1.5, 1.5) * canvas.blob((199, 175), 0.35)
    return (depth + 0.008 * pebbles) * front


def slopes(canvas: Canvas, depth: Array) -> Array:
    """(size, size, 2) along u and v: the depth's gradient over the finer of the sheet's two scales."""
    step_x = np.linalg.norm(np.diff(canvas.p, axis=1, append=canvas.p[:, -1:]), axis=-1)
    step_y = np.linalg.norm(np.diff(canvas.p, axis=0, append=canvas.p[-1:]), axis=-1)
    finest = np.minimum(step_x, step_y)
    finest = np.clip(np.asarray(cv2.medianBlur(finest.astype(np.float32), 5), np.float64), 5e-5, 2e-3)
    height = -depth * canvas.unit
    du = np.gradient(height, axis=1) / finest
    dv = -np.gradient(height, axis=0) / finest
    out = np.stack([du, dv], axis=-1)
    out[cv2.dilate(canvas.hole.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0] = 0
    return out


def paint_folds(canvas: Canvas, depth: Array) -> NDArray[np.uint8]:
    """(size, size, 3): slopes about 128, and the light left in the grooves."""
    s = np.clip(slopes(canvas, depth) / SLOPE_FULL, -1, 1)
    light = 1 - np.clip(depth / 0.045, 0, 1)
    return np.clip(np.dstack([127.5 + 127.5 * s, 255 * light]), 0, 255).astype(np.uint8)


def paint_pores(size: int = 512, seed: int = 3) -> NDArray[np.uint8]:
    """(size, size, 3) tile without seams: pores, the lines between them, and the light left in them."""
    rng = np.random.default_rng(seed)
    spectrum = np.hypot(*np.meshgrid(np.fft.fftfreq(size) * size, np.fft.fftfreq(size) * size))

    def band(low: float, high: float) -> Array:
        keep = np.exp(-(((spectrum - (low + high) / 2) / ((high - low) / 2 + 1e-9)) ** 2))
        out = np.fft.ifft2(np.fft.fft2(rng.normal(size=(size, size))) * keep).real
        return out / out.std()

    height = 0.55 * band(6, 14) + 0.45 * band(20, 44)
    pits = np.zeros((size, size))
    y, x = np.mgrid[0:size, 0:size]
    for _ in range(420):
        cx, cy, r = rng.uniform(0, size), rng.uniform(0, size), rng.uniform(3.0, 6.0)
        dx, dy = np.abs(x[0] - cx), np.abs(y[:, 0] - cy)
        d2 = np.minimum(dx, size - dx)[None] ** 2 + np.minimum(dy, size - dy)[:, None] ** 2
        pits = np.maximum(pits, np.exp(-d2 / r**2) * rng.uniform(0.5, 1))
    # Skin is a mesh of fine lines: the ridges of two noises.
    lines = np.exp(-np.abs(band(14, 30)) * 5) + np.exp(-np.abs(band(14, 30)) * 5)
    height = height - 1.7 * pits - 0.55 * lines
    wrap = np.pad(height, 1, mode="wrap")
    du, dv = (wrap[1:-1, 2:] - wrap[1:-1, :-2]) / 2, -(wrap[2:, 1:-1] - wrap[:-2, 1:-1]) / 2
    s = np.clip(np.dstack([du, dv]) / 1.1, -1, 1)
    light = 1 - np.clip(0.8 * pits + 0.25 * lines, 0, 1)
    return np.clip(np.dstack([127.5 + 127.5 * s, 255 * light]), 0, 255).astype(np.uint8)
