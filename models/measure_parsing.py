"""How well a parsing network names the parts of faces it never saw.

    python -m models.measure_parsing CHECKPOINT --rendered DIR [--real DIR] [--sheet OUT.png]

Intersection over union per label, over all pixels of a set taken together, and the mean over the labels that occur in
it. Rendered people are measured on all pixels. Real ones are measured on those that their landmarks can name
(``training.landmark_labels``): that says nothing of hair, ears, neck and what is behind; a wrong "skin" out there is
not counted. The sheet shows both, network beside truth. Prints Markdown.
"""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from models.bisenet import BiSeNet, load_parser
from models.renderer.labels import LABEL_COLOURS, LABELS
from models.training.landmark_labels import IGNORE

Array = NDArray[np.float64]
Pictures = NDArray[np.uint8]
Codes = NDArray[np.uint8]
BATCH = 16


def confusion(truth: Codes, predicted: Codes, n: int = len(LABELS)) -> NDArray[np.int64]:
    """Codes of equal shape -> (n, n) counts of pixels, [true, predicted]; IGNORE in ``truth`` is left out."""
    known = truth != IGNORE
    both = truth[known].astype(np.int64) * n + predicted[known]
    return np.bincount(both, minlength=n * n).reshape(n, n)


def intersection_over_union(counts: NDArray[np.int64]) -> Array:
    """(n, n) counts -> (n,); NaN for a label that is neither there nor found."""
    hit = np.diag(counts).astype(np.float64)
    union = counts.sum(0) + counts.sum(1) - hit
    return np.divide(hit, union, out=np.full(len(hit), np.nan), where=union > 0)


def mean_iou(counts: NDArray[np.int64]) -> float:
    """Mean over the labels that occur in the truth."""
    occurs = counts.sum(1) > 0
    return float(intersection_over_union(counts)[occurs].mean())


@torch.no_grad()
def parse(model: BiSeNet, picture: Pictures, device: str = "cpu") -> Codes:
    """(N, S, S, 3) RGB -> (N, S, S) label codes; the model is put in evaluation mode."""
    model.eval()
    found = []
    for first in range(0, len(picture), BATCH):
        x = torch.from_numpy(picture[first : first + BATCH]).to(device).permute(0, 3, 1, 2) / 255
        found.append(model(x).argmax(1).to(torch.uint8).cpu().numpy())
    return np.concatenate(found)


def overlay(picture: Pictures, codes: Codes, side: int = 224) -> Pictures:
    """(S, S, 3) with the labels' colours half over it, enlarged to ``side``; IGNORE shows the picture."""
    large = cv2.resize(picture, (side, side), interpolation=cv2.INTER_CUBIC)
    over = cv2.resize(codes, (side, side), interpolation=cv2.INTER_NEAREST)
    colours = np.concatenate([LABEL_COLOURS, np.zeros((256 - len(LABELS), 3), np.uint8)])[over]
    mixed = (0.5 * large + 0.5 * colours).astype(np.uint8)
    return np.where((over == IGNORE)[..., None], large, mixed).astype(np.uint8)


def sheet(picture: Pictures, truth: Codes, predicted: Codes, across: int = 4) -> Pictures:
    """Triples of picture, truth and network, ``across`` a row."""
    nothing = np.full_like(truth[0], IGNORE)
    triples = [
        np.concatenate([overlay(p, c) for c in (nothing, t, f)], 1)
        for p, t, f in zip(picture, truth, predicted, strict=True)
    ]
    triples += [np.zeros_like(triples[0])] * (-len(triples) % across)
    return np.concatenate([np.concatenate(triples[k : k + across], 1) for k in range(0, len(triples), across)])


def read(folder: Path, only_held_out: bool) -> tuple[Pictures, Codes]:
    """Pictures and labels of all data files of a folder.

    Raises:
        FileNotFoundError: There are none.
    """
    pictures, labels = [], []
    for path in sorted(p for p in folder.glob("*.npz") if not p.name.endswith(".part.npz")):
        with np.load(path) as file:
            rows = np.flatnonzero(file["held_out"]) if only_held_out else slice(None)
            pictures.append(file["picture"][rows])
            labels.append(file["labels"][rows])
    if not pictures or not sum(len(p) for p in pictures):
        raise FileNotFoundError(f"{folder}: no faces there; make them with models.render_dataset or models.real_faces")
    return np.concatenate(pictures), np.concatenate(labels)


def table(counts: dict[str, NDArray[np.int64]]) -> str:
    """Markdown: a row per label, a column per set."""
    lines = ["| label | " + " | ".join(counts) + " |", "| --- |" + " --- |" * len(counts)]
    scores = {name: intersection_over_union(c) for name, c in counts.items()}
    for k, label in enumerate(LABELS):
        cells = [f"{scores[name][k]:.3f}" if c[k].sum() else "-" for name, c in counts.items()]
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    means = [f"**{mean_iou(c):.3f}**" for c in counts.values()]
    return "\n".join([*lines, "| **mean of those that occur** | " + " | ".join(means) + " |"])


def milliseconds(model: BiSeNet, size: int = 128, repeats: int = 30) -> float:
    """Median time of one picture at batch 1 on this machine, in torch."""
    x = torch.rand(1, 3, size, size)
    took = []
    with torch.no_grad():
        for _ in range(repeats):
            started = time.perf_counter()
            model(x)
            took.append(time.perf_counter() - started)
    return float(1e3 * np.median(took))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--rendered", type=Path, required=True, help="of models.render_dataset, people never seen")
    parser.add_argument("--real", type=Path, help="of models.real_faces; those held aside are measured")
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    try:
        model = load_parser(args.checkpoint)
        sets = {"rendered people": read(args.rendered, False)}
        if args.real:
            sets["real people, by landmarks"] = read(args.real, True)
    except (FileNotFoundError, ValueError) as error:
        raise SystemExit(str(error)) from error
    counts, rows = {}, []
    for name, (picture, truth) in sets.items():
        predicted = parse(model, picture)
        counts[name] = confusion(truth, predicted)
        shown = np.linspace(0, len(picture) - 1, 24).astype(int)
        rows.append(sheet(picture[shown], truth[shown], predicted[shown]))
    print(table(counts))
    print(f"\n{', '.join(f'{len(p)} {n}' for n, (p, _) in sets.items())}; {milliseconds(model):.1f} ms a picture")
    if args.sheet:
        cv2.imwrite(str(args.sheet), np.concatenate(rows)[..., ::-1])


if __name__ == "__main__":
    main()
