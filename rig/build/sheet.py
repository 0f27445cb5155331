"""Looks at the rig: ``python -m rig.build.sheet --out DIR`` renders it, ``--time`` measures it.

Written are ``neutral.png`` (three sides), ``channels.png`` (every channel at 1; lateral ones on both sides at once),
``combinations.png``, ``eyes.png``, ``aus.png`` (every channel at 0, 0.5 and 1 and every combination, from the front
and at 40 degrees) and ``sheet.jpg``: the neutral face, the channels and the combinations on one sheet.
"""

import argparse
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.face import Face
from rig.parameters import CHANNEL_INDEX, CHANNELS, N_CHANNELS
from rig.scene import FaceScene

F = NDArray[np.float32]
Picture = NDArray[np.uint8]
TILE = (220, 250)
COLUMNS = 9
DARK = (45, 38, 35)
MEANING = {
    "AU1": "inner brow raiser", "AU2": "outer brow raiser", "AU4": "brow lowerer", "AU5": "upper lid raiser",
    "AU6": "cheek raiser", "AU7": "lid tightener", "AU9": "nose wrinkler", "AU10": "upper lip raiser",
    "AU12": "lip corner puller", "AU14": "dimpler", "AU15": "lip corner depressor", "AU16": "lower lip depressor",
    "AU17": "chin raiser", "AU18": "lip puckerer", "AU19": "tongue show", "AU20": "lip stretcher",
    "AU22": "lip funneler", "AU24": "lip pressor", "AU25": "lips part", "AU26": "jaw drop", "AU28": "lip suck",
    "AU29": "jaw thrust", "AU30": "jaw sideways", "AU34": "cheek puff", "AU43": "eyes closed",
}  # fmt: skip
COMBINATIONS: dict[str, dict[str, float]] = {
    "6+12": {"6": 0.8, "12": 1},
    "6+12+25": {"6": 0.8, "12": 1, "25": 0.8},
    "12+25+26": {"12": 0.8, "25": 1, "26": 0.4},
    "6+7+12+25+26": {"6": 1, "7": 0.4, "12": 1, "25": 1, "26": 0.6},
    "1+2+5+26": {"1": 1, "2": 1, "5": 1, "26": 0.8},
    "1+2+5+25+26": {"1": 1, "2": 1, "5": 1, "25": 1, "26": 0.6},
    "4+7+9+10": {"4": 1, "7": 0.7, "9": 1, "10": 0.7},
    "4+7+24": {"4": 1, "7": 0.8, "24": 0.8},
    "1+4+15": {"1": 1, "4": 0.7, "15": 1},
    "1+4+15+17": {"1": 1, "4": 0.7, "15": 0.9, "17": 0.6},
    "1+2+4+5+20+25": {"1": 1, "2": 0.8, "4": 0.7, "5": 0.8, "20": 0.9, "25": 0.7},
    "14 left": {"14-left": 1},
    "12 left": {"12-left": 1},
    "10 left": {"10-left": 1},
    "43 left": {"43-left": 1},
    "43 half": {"43": 0.5},
    "43": {"43": 1},
    "7+43 half": {"7": 1, "43": 0.5},
    "25+26": {"25": 1, "26": 1},
    "25+26+22": {"25": 0.7, "26": 0.3, "22": 0.8},
    "10+25": {"10": 1, "25": 1},
    "16+25": {"16": 1, "25": 0.6},
    "18+25": {"18": 1, "25": 0.4},
    "20+25": {"20": 1, "25": 1},
    "15+17": {"15": 1, "17": 1},
    "17+24": {"17": 0.8, "24": 0.7},
    "19+25+26": {"19": 1, "25": 1, "26": 0.4},
    "34+24": {"34": 1, "24": 0.4},
    "28+26": {"28": 1, "26": 0.6},
}
"""FACS combinations by AU number (both sides where none is named)."""
LOOKS: dict[str, tuple[float, float]] = {"look left": (25, 0), "look right": (-25, 0), "up": (0, 20), "down": (0, -25)}


def channels(recipe: Mapping[str, float]) -> F:
    """``{"12": 1, "43-left": 0.5}`` -> (40,)."""
    au = np.zeros(N_CHANNELS, np.float32)
    for number, value in recipe.items():
        names = [f"AU{number}"] if f"AU{number}" in CHANNEL_INDEX else [f"AU{number}-left", f"AU{number}-right"]
        for name in names:
            au[CHANNEL_INDEX[name]] = value
    return au


def label(picture: Picture, size: tuple[int, int], title: str, below: str = "") -> Picture:
    """The picture at ``size`` (width, height), BGR for OpenCV, under a strip with its name."""
    small = cv2.resize(picture[..., ::-1], size, interpolation=cv2.INTER_AREA)
    out = cv2.copyMakeBorder(small, 24, 0, 0, 0, cv2.BORDER_CONSTANT, value=DARK).astype(np.uint8)
    cv2.putText(out, title, (6, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
    (width, _), _ = cv2.getTextSize(title, cv2.FONT_HERSHEY_SIMPLEX, 0.5, 1)
    cv2.putText(out, below, (16 + width, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (200, 200, 200), 1, cv2.LINE_AA)
    return out


def grid(tiles: Iterable[Picture], columns: int = COLUMNS) -> Picture:
    """Tiles of one size in rows, the last row filled up with dark."""
    tiles = list(tiles)
    tiles += [np.full_like(tiles[0], DARK)] * (-len(tiles) % columns)
    return np.vstack([np.hstack(tiles[i : i + columns]) for i in range(0, len(tiles), columns)])


def shots(skin: str = "light", identity: F | None = None) -> dict[str, list[Picture]]:
    """The labelled pictures of each room of the sheet: ``neutral``, ``channels``, ``combinations``, ``eyes``."""
    scene = FaceScene(2 * TILE[0], 2 * TILE[1], skin, samples=0)

    def shot(title: str, au: F, gaze: tuple[float, float] | None = None, below: str = "") -> Picture:
        look = None if gaze is None else np.array(gaze, np.float32)
        scene.set_face(au, look, look, identity=identity)
        return label(scene.render(), TILE, title, below)

    rest = channels({})
    out: dict[str, list[Picture]] = {"neutral": [], "channels": [], "combinations": [], "eyes": []}
    for title, yaw in (("front", 0.0), ("left", 45.0), ("side", 90.0)):
        scene.frame(yaw, 0.95, 15.5)
        out["neutral"].append(shot(f"neutral, {title}", rest))
    scene.frame(14, 0.95, 14.0)
    for name, number in pictured_channels():
        out["channels"].append(shot(name, channels({number: 1.0}), below=MEANING[name.partition("-")[0]]))
    for title, recipe in COMBINATIONS.items():
        out["combinations"].append(shot(title, channels(recipe)))
    for title, look in LOOKS.items():
        out["combinations"].append(shot(title, rest, look))
    out["eyes"] = eye_shots(identity, skin)
    return out


def pictured_channels() -> list[tuple[str, str]]:
    """(name, AU number as :func:`channels` takes it) of what the sheets show: lateral AUs on both sides at once."""
    out = []
    for name in CHANNELS:
        au, _, side = name.partition("-")
        if side != "right":
            both = au != "AU30" and bool(side)
            out.append((au if both else name, (au if both else name).removeprefix("AU")))
    return out


def au_shots(skin: str = "light", identity: F | None = None) -> list[Picture]:
    """Every channel at 0, 0.5 and 1, and the combinations, from the front and at 40 degrees: a pair a picture."""
    scene = FaceScene(2 * TILE[0], 2 * TILE[1], skin, samples=0)
    looks = [(name, channels({number: k}), f"{k:g}") for name, number in pictured_channels() for k in (0.0, 0.5, 1.0)]
    looks += [(name, channels(recipe), "") for name, recipe in COMBINATIONS.items()]
    rows: list[list[Picture]] = []
    for yaw in (0.0, 40.0):
        scene.frame(yaw, 0.95, 11.5)
        row = []
        for title, au, below in looks:
            scene.set_face(au, identity=identity)
            row.append(label(scene.render(), TILE, title, below))
        rows.append(row)
    scene.close()
    return [np.hstack(pair).astype(np.uint8) for pair in zip(*rows, strict=True)]


def eye_shots(identity: F | None, skin: str) -> list[Picture]:
    """Both eyes from near: blinks by quarters, gaze, lids."""
    scene = FaceScene(840, 400, skin, samples=0)
    camera = scene.plotter.camera
    camera.position, camera.focal_point, camera.view_angle = (0.0, 0.0, 0.9), (0.0, 0.0, 0.0), 5.0
    tiles = []
    plan: list[tuple[str, dict[str, float], tuple[float, float]]] = [
        (f"43 at {k / 4:g}", {"43": k / 4}, (0.0, 0.0)) for k in range(5)
    ]
    plan += [(t, {}, look) for t, look in LOOKS.items()]
    plan += [(f"AU{n}", {n: 1.0}, (0.0, 0.0)) for n in ("5", "6", "7")]
    for title, recipe, look in plan:
        g = np.array(look, np.float32)
        scene.set_face(channels(recipe), g, g, identity=identity)
        tiles.append(label(scene.render(), (420, 200), title))
    return tiles


def milliseconds(frames: int = 400) -> dict[str, float]:
    """Median milliseconds a frame of random faces: bones and skin (``pose``); with the screen's mesh (``scene``)."""
    rng = np.random.default_rng(0)
    face = Face()
    scene = FaceScene(64, 64, face=face)
    identity = np.clip(rng.normal(0.5, 0.1, 208), 0, 1).astype(np.float32)
    person = face.person(identity)
    out = {}
    for name in ("pose", "scene"):
        took = []
        for _ in range(frames):
            au = rng.random(N_CHANNELS).astype(np.float32)
            gaze = rng.uniform(-20, 20, 2).astype(np.float32)
            start = time.perf_counter()
            if name == "pose":
                face.pose(au, gaze, gaze, person)
            else:
                scene.set_face(au, gaze, gaze, identity=identity)
            took.append(time.perf_counter() - start)
        out[name] = 1000 * float(np.median(took))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, help="folder to write the pictures to")
    parser.add_argument("--skin", default="light")
    parser.add_argument("--time", action="store_true", help="print milliseconds a frame")
    args = parser.parse_args()
    if args.time:
        took = milliseconds()
        print(f"Face.pose {took['pose']:.2f} ms a frame; with the screen's mesh and normals {took['scene']:.2f} ms")
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        rooms = shots(args.skin)
        for name, tiles in rooms.items():
            cv2.imwrite(str(args.out / f"{name}.png"), grid(tiles, 3 if name in ("neutral", "eyes") else COLUMNS))
        cv2.imwrite(str(args.out / "aus.png"), grid(au_shots(args.skin), 6))
        whole = grid(rooms["neutral"] + rooms["channels"] + rooms["combinations"])
        small = cv2.resize(whole, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(args.out / "sheet.jpg"), small, [cv2.IMWRITE_JPEG_QUALITY, 84])
    if not (args.time or args.out):
        parser.error("nothing to do: give --out DIR or --time")


if __name__ == "__main__":
    main()
