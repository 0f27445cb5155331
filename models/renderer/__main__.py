"""Looks at and times the training renderer: ``python -m models.renderer --out DIR [--time]``.

Writes sheets of pictures, of their masks with landmarks, and of the aligned views; with ``--time`` prints pictures a
second, without and with smoothing.
"""

import argparse
import resource
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from models.renderer.labels import LABEL_COLOURS
from models.renderer.render import Rendered, Renderer
from models.renderer.sample import sample

COLUMNS = 8


def tiled(pictures: NDArray[np.uint8], columns: int = COLUMNS) -> NDArray[np.uint8]:
    """(N, S, S, 3) -> one picture of rows of ``columns``; N must fill its rows."""
    n, h, w, c = pictures.shape
    return pictures.reshape(n // columns, columns, h, w, c).transpose(0, 2, 1, 3, 4).reshape(-1, columns * w, c)


def pictures_of(r: Rendered) -> NDArray[np.uint8]:
    """(N, S, S, 3) RGB."""
    return r.picture.permute(0, 2, 3, 1).cpu().numpy()


def overlays(r: Rendered) -> NDArray[np.uint8]:
    """(N, S, S, 3) RGB: label colours over the picture, landmarks green where seen, red where hidden."""
    out = (0.55 * pictures_of(r) + 0.45 * LABEL_COLOURS[r.labels.cpu().numpy()]).astype(np.uint8)
    size = out.shape[1]
    for image, points, seen in zip(out, r.landmarks.cpu().numpy(), r.visible.cpu().numpy(), strict=True):
        inside = ((points[:, :2] >= 0) & (points[:, :2] < size)).all(1)
        x, y = points[inside, :2].astype(int).T
        image[y, x] = np.where(seen[inside, None], (60, 255, 60), (255, 40, 40))
    return out


def save(path: Path, image: NDArray[np.uint8]) -> None:
    if not cv2.imwrite(str(path), image[..., ::-1]):
        raise OSError(f"{path}: cannot be written")
    print(path)


def measure(device: str, size: int, n: int) -> None:
    """Prints pictures a second by wall clock, and by this process's own CPU time where that is where it runs."""
    for samples in (1, 2):
        renderer = Renderer(size=size, samples=samples, device=device)
        parameters = sample(n, np.random.default_rng(0))
        renderer(parameters.rows(slice(0, 4)))
        if renderer.device.type == "cuda":
            torch.cuda.synchronize()
        wall, used = time.perf_counter(), time.process_time()
        renderer(parameters)
        if renderer.device.type == "cuda":
            torch.cuda.synchronize()
        wall, used = time.perf_counter() - wall, time.process_time() - used
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{renderer.device}, {torch.get_num_threads()} threads, {size} px, {samples}x{samples} samples: "
            f"{n / wall:.1f} pictures/s by the clock, {1000 * used / n:.0f} ms of CPU time each, peak {memory:.0f} MiB"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=48, help=f"pictures, a multiple of {COLUMNS}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--samples", type=int, default=2, choices=(1, 2))
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument(
        "--threads", type=int, default=1, help="of torch on a CPU; for speed run a process a core, as small steps wait"
    )
    parser.add_argument("--fera", action="store_true", help="the nine head poses of FERA 2017 in turn")
    parser.add_argument("--time", action="store_true")
    args = parser.parse_args()
    if args.count <= 0 or args.count % COLUMNS:
        parser.error(f"--count must be a multiple of {COLUMNS}")
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    renderer = Renderer(size=args.size, samples=args.samples, device=args.device)
    rendered = renderer(sample(args.count, np.random.default_rng(args.seed), fera=args.fera))
    save(args.out / "pictures.png", tiled(pictures_of(rendered)))
    save(args.out / "masks.png", tiled(overlays(rendered)))
    save(args.out / "aligned.png", tiled(overlays(rendered.aligned(args.size))))
    if args.time:
        measure(args.device, args.size, 64)


if __name__ == "__main__":
    main()
