"""Trains our substitute for the published face-parsing weights.

``python -m models.train_parsing --rendered DIR [--real DIR] --out DIR --minutes 25``

Rendered people with their true masks (``models.render_dataset``) and real ones with what their landmarks can name
(``models.real_faces``) flow together; people held aside are left out of both. Cross entropy with class weights on the
output and, less, on the two auxiliary heads, as the network's authors train it. The best on held-aside renders is
OUT/best.pt; OUT/last.pt resumes. ``--width 1 --side 512 --batch 64 --device cuda`` is the published size.
"""

import argparse
import csv
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as nnf

from models.bisenet import BiSeNet
from models.faces import HELD_OUT_EVERY
from models.measure_parsing import confusion, mean_iou, parse
from models.renderer.labels import LABELS
from models.training.curves import draw_curves
from models.training.landmark_labels import IGNORE
from models.training.parsing_augment import augmented
from models.training.rate import rate_at

AUXILIARY = 0.5
"""Weight of each auxiliary head's loss."""
LOG = ("step", "seconds", "rate", "loss", "miou_rendered")


def read_faces(folder: Path, most: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.bool_]]:
    """Pictures (N, S, S, 3), labels (N, S, S) and whether a person is held aside (N,): about ``most`` pictures in all,
    as many from each file.

    Raises:
        FileNotFoundError: The folder holds no data.
    """
    paths = sorted(p for p in folder.glob("*.npz") if not p.name.endswith(".part.npz"))
    if not paths:
        raise FileNotFoundError(f"{folder}: no *.npz there; make them with models.render_dataset or models.real_faces")
    rng = np.random.default_rng(seed)
    parts: list[tuple[NDArray, NDArray, NDArray]] = []
    for path in paths:
        with np.load(path) as file:
            person = file["person"]
            rows = np.sort(rng.permutation(len(person))[: max(1, most // len(paths))])
            parts.append((file["picture"][rows], file["labels"][rows], person[rows] % HELD_OUT_EVERY == 0))
    picture, labels, aside = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return picture, labels, aside


def class_weights(labels: NDArray[np.uint8]) -> Tensor:
    """(N, S, S) -> (19,) rarer labels weigh more, gently, so that outlines stay where they are; 1 on average."""
    share = np.bincount(labels[labels != IGNORE].ravel(), minlength=len(LABELS)) / max((labels != IGNORE).sum(), 1)
    weight = np.where(share > 0, np.clip(share, 1e-4, None) ** -0.35, 0)
    return torch.tensor(weight / (weight * share).sum(), dtype=torch.float32)


def loss_of(model: BiSeNet, picture: Tensor, codes: Tensor, weights: Tensor) -> Tensor:
    """Weighted cross entropy of the output at full size and of the auxiliary heads at half of it."""
    s = model.stages(picture)
    half = codes[:, ::2, ::2]
    total = picture.new_zeros(())
    for head, features, target, share in (
        (model.conv_out, s.fused, codes, 1.0),
        (model.conv_out16, s.context8, half, AUXILIARY),
        (model.conv_out32, s.context16, half, AUXILIARY),
    ):
        logits = nnf.interpolate(head(features), target.shape[-2:], mode="bilinear", align_corners=True)
        total = total + share * nnf.cross_entropy(logits.float(), target, weights, ignore_index=IGNORE)
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rendered", type=Path, required=True)
    parser.add_argument("--real", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--width", type=float, default=0.25)
    parser.add_argument("--side", type=int, default=256, help="pixels at which the network looks")
    parser.add_argument("--pictures", type=int, default=20_000, help="rendered ones to keep in memory")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--share", type=float, default=0.2, help="of each batch that is real")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="end before --steps after so long")
    parser.add_argument("--every", type=int, default=150, help="steps between two looks at the held-aside people")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)

    # ------------------------------------------------------------ data
    try:
        picture, labels, aside = read_faces(args.rendered, args.pictures, args.seed)
        real = read_faces(args.real, args.pictures, args.seed) if args.real else None
    except FileNotFoundError as error:
        raise SystemExit(str(error)) from error
    check = np.flatnonzero(aside)[:192]
    pools = [np.flatnonzero(~aside)]
    if not len(check) or not len(pools[0]):
        raise SystemExit(f"{args.rendered}: too few people to train on some and check on others; render more shards")
    if real is not None:
        pools.append(len(picture) + np.flatnonzero(~real[2]))
        picture, labels = np.concatenate([picture, real[0]]), np.concatenate([labels, real[1]])
    n_real = round(args.share * args.batch) if real is not None else 0
    counts = (args.batch - n_real, n_real)
    print(f"{len(pools[0])} rendered and {sum(len(p) for p in pools[1:])} real pictures, {len(check)} to check on")

    # ------------------------------------------------------------ model
    model = BiSeNet(width=args.width, side=args.side).to(args.device)
    model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # half the time on a CPU
    optimiser = torch.optim.AdamW(model.parameters(), lr=args.rate, weight_decay=0.01)
    weights = class_weights(labels[pools[0][:: max(1, len(pools[0]) // 2000)]]).to(args.device)
    first, best, spent = 0, -1.0, 0.0
    last, log = args.out / "last.pt", args.out / "log.csv"
    if last.exists():
        state = torch.load(last, map_location=args.device, weights_only=True)
        if state["architecture"] != model.checkpoint()["architecture"]:
            raise SystemExit(f"{last} is of another architecture ({state['architecture']}): use another --out")
        model.load_state_dict(state["state"])
        optimiser.load_state_dict(state["optimiser"])
        first, best, spent = state["step"], state["best"], state["seconds"]
    else:
        log.write_text(",".join(LOG) + "\n", encoding="utf-8")
    rng = np.random.default_rng([args.seed, first])

    # ------------------------------------------------------------ training
    started = time.perf_counter() - spent
    average, step = 0.0, first
    done = False
    while step < args.steps and not done:
        progress = max(step / args.steps, (time.perf_counter() - started) / (60 * args.minutes))
        for group in optimiser.param_groups:
            group["lr"] = rate_at(progress, args.rate)
        chosen = np.concatenate([rng.choice(p, n) for p, n in zip(pools, counts, strict=False)])
        others = rng.integers(0, len(picture), len(chosen))
        pairs = [augmented(picture[k], labels[k], picture[o], rng) for k, o in zip(chosen, others, strict=True)]
        x = torch.from_numpy(np.stack([p for p, _ in pairs])).to(args.device).permute(0, 3, 1, 2) / 255
        y = torch.from_numpy(np.stack([c for _, c in pairs])).to(args.device).long()
        model.train()
        with torch.autocast(args.device.split(":")[0], torch.bfloat16):
            loss = loss_of(model, x, y, weights)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        step += 1
        average = float(loss.detach()) if step == first + 1 else 0.98 * average + 0.02 * float(loss.detach())
        done = time.perf_counter() - started >= 60 * args.minutes
        if step % args.every == 0 or step == args.steps or done:
            score = mean_iou(confusion(labels[check], parse(model, picture[check], args.device)))
            seconds = time.perf_counter() - started
            row = (step, f"{seconds:.0f}", f"{rate_at(progress, args.rate):.2e}", f"{average:.4f}", f"{score:.4f}")
            with log.open("a", newline="", encoding="utf-8") as file:
                csv.writer(file).writerow(row)
            print(*(f"{name} {value}" for name, value in zip(LOG, row, strict=True)), flush=True)
            draw_curves(log, args.out / "curve.png")
            config = {name: str(value) if isinstance(value, Path) else value for name, value in vars(args).items()}
            common = model.checkpoint(step=step, best=max(best, score), seconds=seconds, config=config)
            if score > best:
                best = score
                torch.save(common, args.out / "best.pt")
            torch.save({**common, "optimiser": optimiser.state_dict()}, last)


if __name__ == "__main__":
    main()
