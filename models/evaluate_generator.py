"""Measures and shows a generator: ``python -m models.evaluate_generator CHECKPOINT --pairs DIR --out DIR``.

On the pairs held out: L1 (0..255), PSNR and SSIM, and L1 part by part. Action by action on a few people: whether the
generated picture changes as the rendered one does. Sheets to look at: held-out pairs (rendered, generated, difference),
every action at full strength, every brow style. All goes to OUT, the figures as report.md too.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from models.generator import Generator, GeneratorFileError, load_generator
from models.perceptual import psnr, ssim
from models.render_pairs import Pairs, draw_identity, faces_of, held_out, load_pairs, render_pairs, shard_paths
from models.renderer.__main__ import save, tiled
from models.renderer.labels import PARTS, part_mask
from models.renderer.render import Renderer
from rig.parameters import AU_BASE, AUS, IDENTITY_BASE, N_BROW_STYLES, N_IDENTITY

F = NDArray[np.float32]
U8 = NDArray[np.uint8]
PEOPLE = 4
DIFFERENCE_GAIN = 3
"""Sheets show differences this many times, about mid grey."""


@dataclass(frozen=True)
class Likeness:
    """Means over pictures."""

    l1: float
    """0..255"""
    psnr_db: float
    ssim: float
    parts_l1: dict[str, float]
    """L1 (0..255) over the pixels of each part."""


@dataclass(frozen=True)
class Response:
    """How one action's change of the picture, from rest to full strength, is imitated."""

    alike: float
    """Cosine between rendered and generated change, over all pixels: 1 the same."""
    strength: float
    """Generated change along the rendered one: 1 as much, below 1 too faint."""


@torch.no_grad()
def generate(model: Generator, vectors: F, batch: int = 50) -> torch.Tensor:
    """(N, 269) -> (N, 3, S, S) in 0..1, on the CPU."""
    device = next(model.parameters()).device
    parts = (torch.from_numpy(vectors[i : i + batch]).to(device) for i in range(0, len(vectors), batch))
    return torch.cat([model(y).cpu() for y in parts])


def likeness(model: Generator, pairs: Pairs) -> Likeness:
    """Measures a generator on pairs that it has not seen."""
    sums = np.zeros(3)
    parts = {name: np.zeros(2) for name in PARTS}
    for i in range(0, len(pairs), 50):
        true = torch.from_numpy(pairs.picture[i : i + 50]).permute(0, 3, 1, 2).float() / 255
        made = generate(model, pairs.vector[i : i + 50])
        each = (made - true).abs()
        figures = (255 * each.flatten(1).mean(1), psnr(made, true), ssim(made, true))
        sums += [float(x.sum()) for x in figures]
        labels = torch.from_numpy(pairs.labels[i : i + 50])
        for name, total in parts.items():
            mask = part_mask(labels, name)
            total += float(255 * each.mean(1)[mask].sum()), float(mask.sum())
    l1, decibels, structure = (float(x) for x in sums / len(pairs))
    return Likeness(l1, decibels, structure, {k: float(a / max(n, 1)) for k, (a, n) in parts.items()})


def at_rest(people: int, rng: np.random.Generator) -> F:
    """(people, 269) frontal faces at the paper's base AU: the base face, then random people."""
    y = np.full((people, 2 + len(AUS) + N_IDENTITY + N_BROW_STYLES), IDENTITY_BASE, np.float32)
    identity_at = 2 + len(AUS)
    y[:, 2:identity_at] = AU_BASE
    for k in range(1, people):
        y[k, identity_at : identity_at + N_IDENTITY] = draw_identity(rng)
    y[:, identity_at + N_IDENTITY :] = np.eye(N_BROW_STYLES)[rng.integers(N_BROW_STYLES, size=people)]
    return y


def responses(model: Generator, renderer: Renderer, rest: F) -> tuple[dict[str, Response], U8, U8]:
    """Every action at full strength on each face of ``rest`` (P, 269).

    Returns:
        The means over faces; and of the first face, at rest and then with each action, the rendered and the generated
        pictures (1 + 23, S, S, 3).
    """
    y = np.repeat(rest[:, None], 1 + len(AUS), 1)
    for k in range(len(AUS)):
        y[:, 1 + k, 2 + k] = 1
    flat = y.reshape(-1, y.shape[-1])
    size = model.architecture.size
    true = render_pairs(renderer, faces_of(flat), size).picture
    made = _bytes(generate(model, flat))
    shape = (len(rest), 1 + len(AUS), -1)
    a, b = (x.astype(np.float32).reshape(shape) for x in (true, made))
    a, b = a[:, 1:] - a[:, :1], b[:, 1:] - b[:, :1]
    dot, aa, bb = (a * b).sum(-1), (a * a).sum(-1), (b * b).sum(-1)
    alike, strength = (dot / np.sqrt(aa * bb + 1e-9)).mean(0), (dot / (aa + 1e-9)).mean(0)
    table = {name: Response(float(c), float(s)) for name, c, s in zip(AUS, alike, strength, strict=True)}
    return table, true[: 1 + len(AUS)], made[: 1 + len(AUS)]


def triples(true: U8, made: U8, columns: int = 8) -> U8:
    """Rows of rendered, generated and difference, ``columns`` pictures wide; a last incomplete row is left out."""
    difference = np.clip(128 + DIFFERENCE_GAIN * (made.astype(int) - true), 0, 255).astype(np.uint8)
    rows = [
        tiled(x[i : i + columns], columns)
        for i in range(0, len(true) - columns + 1, columns)
        for x in (true, made, difference)
    ]
    return np.concatenate(rows)


def strongest(pairs: Pairs, n: int) -> Pairs:
    """The n pairs with the most happening in the face."""
    rows = np.argsort(-np.sort(pairs.vector[:, 2 : 2 + len(AUS)], axis=1)[:, -3:].sum(1))[:n]
    return Pairs(pairs.vector[rows], pairs.picture[rows], pairs.labels[rows])


def report(found: Likeness, table: dict[str, Response], n: int) -> str:
    lines = [
        f"On {n} pairs never seen: L1 {found.l1:.2f} of 255, PSNR {found.psnr_db:.1f} dB, SSIM {found.ssim:.3f}.\n"
    ]
    lines += ["| part | L1 |", "| --- | --- |"]
    lines += [f"| {name} | {value:.1f} |" for name, value in found.parts_l1.items()]
    lines += [f"\nChange of the picture from rest to full strength, mean of {PEOPLE} people:\n"]
    lines += ["| action | cosine with the rendered change | strength |", "| --- | --- | --- |"]
    lines += [f"| {name} | {r.alike:.2f} | {r.strength:.2f} |" for name, r in table.items()]
    mean = [float(np.mean([getattr(r, k) for r in table.values()])) for k in ("alike", "strength")]
    return "\n".join([*lines, f"| **mean** | **{mean[0]:.2f}** | **{mean[1]:.2f}** |"]) + "\n"


def _bytes(pictures: torch.Tensor) -> U8:
    return (pictures * 255).round().byte().permute(0, 2, 3, 1).contiguous().numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    try:
        model = load_generator(args.checkpoint, args.device)
        pairs = load_pairs([p for p in shard_paths(args.pairs) if held_out(p)])
    except (GeneratorFileError, FileNotFoundError, ValueError) as e:
        parser.exit(1, f"{e}\n")
    size = model.architecture.size
    renderer = Renderer(size=2 * size, device=args.device)
    table, true, made = responses(model, renderer, at_rest(PEOPLE, np.random.default_rng(5)))
    text = report(likeness(model, pairs), table, len(pairs))
    (args.out / "report.md").write_text(text)
    print(text)
    some = pairs.first(16)
    save(args.out / "pairs.png", triples(some.picture, _bytes(generate(model, some.vector))))
    some = strongest(pairs, 24)
    save(args.out / "strong.png", triples(some.picture, _bytes(generate(model, some.vector))))
    save(args.out / "actions.png", triples(true, made))
    brows = np.repeat(at_rest(1, np.random.default_rng(5)), N_BROW_STYLES, 0)
    brows[:, -N_BROW_STYLES:] = np.eye(N_BROW_STYLES)
    true = render_pairs(renderer, faces_of(brows), size).picture
    save(args.out / "brows.png", triples(true, _bytes(generate(model, brows)), columns=12))


if __name__ == "__main__":
    main()
