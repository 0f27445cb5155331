"""Looks at the looks: ``python -m rig.build.look_sheet --out PNG`` draws them, ``--time`` measures them.

Rows: every complexion; every light; surprise, a blink, a glance and anger from near; a smile, a half smile, sorrow and
the back of the head.
"""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.build.sheet import channels
from rig.lights import LIGHTS
from rig.looks import LOOKS
from rig.scene import FaceScene

Picture = NDArray[np.uint8]
TILE = 480
SIZES = ((480, 480, 4), (480, 480, 0), (1280, 720, 0))
"""Width, height, samples a pixel."""
NEAR: tuple[tuple[dict[str, float], tuple[float, float]], ...] = (
    ({"1": 1.0, "2": 1.0, "5": 1.0, "25": 1.0, "26": 0.6}, (0.0, 0.0)),
    ({"43": 1.0}, (0.0, 0.0)),
    ({}, (25.0, 0.0)),
    ({"4": 1.0, "7": 0.7, "9": 1.0, "10": 0.7}, (0.0, 0.0)),
)
FAR: tuple[tuple[dict[str, float], float], ...] = (
    ({"6": 1.0, "12": 1.0, "25": 0.8, "26": 0.2}, 20.0),
    ({"12": 0.6}, 0.0),
    ({"1": 0.8, "4": 0.8, "15": 0.8}, -20.0),
    ({}, 150.0),
)


def sheet(quality: str) -> Picture:
    """(4 TILE, 4 TILE, 3) RGB; drawn twice as large, so that edges are smooth."""
    scene = FaceScene(2 * TILE, 2 * TILE, samples=0, quality=quality)

    def shot() -> Picture:
        return np.asarray(cv2.resize(scene.render(), (TILE, TILE), interpolation=cv2.INTER_AREA), np.uint8)

    rows: list[list[Picture]] = [[], [], [], []]
    for look in LOOKS:
        scene.set_look(look)
        scene.frame(18)
        rows[0].append(shot())
    scene.set_look("light")
    for light in LIGHTS:
        scene.set_light(light)
        scene.frame(-25)
        rows[1].append(shot())
    scene.set_light("portrait")
    scene.set_framing("face", 10)
    for recipe, gaze in NEAR:
        g = np.array(gaze, np.float32)
        scene.set_face(channels(recipe), g, g)
        rows[2].append(shot())
    for recipe, yaw in FAR:
        scene.frame(yaw)
        scene.set_face(channels(recipe))
        rows[3].append(shot())
    scene.close()
    return np.vstack([np.hstack(row) for row in rows])


def milliseconds(quality: str, width: int, height: int, samples: int, frames: int = 20) -> tuple[float, float]:
    """Median milliseconds a frame: posing the face and its mesh; drawing it and reading the picture back."""
    scene = FaceScene(width, height, samples=samples, quality=quality)
    rng = np.random.default_rng(0)
    posing, drawing = [], []
    for k in range(frames + 3):
        au = (0.5 * rng.random(40)).astype(np.float32)
        gaze = rng.uniform(-20, 20, 2).astype(np.float32)
        turn = np.array([0, 0.05 * np.sin(k), 0, 1], np.float32)
        began = time.perf_counter()
        scene.set_face(au, gaze, gaze, turn / np.linalg.norm(turn))
        posed = time.perf_counter()
        scene.render()
        posing.append(posed - began)
        drawing.append(time.perf_counter() - posed)
    scene.close()
    return 1000 * float(np.median(posing[3:])), 1000 * float(np.median(drawing[3:]))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, help="picture to write")
    parser.add_argument("--quality", choices=("light", "full"), default="full")
    parser.add_argument("--time", action="store_true", help="print milliseconds a frame of both qualities")
    args = parser.parse_args()
    if args.time:
        for quality in ("light", "full"):
            for size in SIZES:
                pose, draw = milliseconds(quality, *size)
                print(f"{quality} {size[0]}x{size[1]}, {size[2]} samples: pose {pose:.1f} ms, draw {draw:.1f} ms")
    if args.out:
        cv2.imwrite(str(args.out), sheet(args.quality)[..., ::-1])
    if not (args.time or args.out):
        parser.error("nothing to do: give --out PNG or --time")


if __name__ == "__main__":
    main()
