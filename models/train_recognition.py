"""Trains our substitute for the recognition network: ``python -m models.train_recognition FACES --out DIR``.

Who is who among rendered people (``models.render_dataset``): some twenty pictures each, over poses, expressions and two
lights. Two losses on the embedding: a large-margin softmax over the people (CosFace, Wang et al. 2018, eq. 4), and, as
a short training sees each person seldom, a linear reading of the shape of the person's face at rest. Half of the time
the world around the face is painted over, so that hair and rooms are no way to know someone. One person in twelve is
held out; best.pt is the best on pairs of them from different sessions. Seeded; resumes from OUT/last.pt.
"""

import argparse
import csv
import math
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrize

from models.check_recognition import Gallery, cross_session_auc, embed_all, read_gallery
from models.lightcnn import EMBEDDING, LightCNN29v2
from models.training.curves import draw_curves
from models.training.rate import rate_at

G = NDArray[np.uint8]
SCALE, MARGIN = 16.0, 0.2
"""Of the softmax over cosines. The margin comes in over the first third."""
SHAPE_WEIGHT = 1.0
N_SHAPE = 24
PICTURES_EACH = 4
"""Pictures of one person in a batch."""
FIELDS = ("step", "minutes", "loss", "people", "shape", "auc")


def photograph_again(grey: G, face: NDArray[np.bool_], rng: np.random.Generator) -> G:
    """(128, 128) grey view in another room, light or camera, or behind a hand; ``face``: which pixels are it."""
    size = grey.shape[0]
    if rng.random() < 0.5:
        rough = cv2.resize(rng.standard_normal((6, 6)), (size, size), interpolation=cv2.INTER_CUBIC)
        world = rng.uniform(0, 255) + rng.uniform(0, 60) * rough
        grey = np.where(face, grey, world.clip(0, 255)).astype(np.uint8)
    scale, turn = rng.normal(1, 0.04), rng.normal(0, 0.06)
    a, b, c = scale * np.cos(turn), scale * np.sin(turn), size / 2
    x, y = rng.normal(c, 0.02 * size, 2)
    move = np.array([[a, -b, x - a * c + b * c], [b, a, y - b * c - a * c]])
    grey = np.asarray(cv2.warpAffine(grey, move, (size, size), borderMode=cv2.BORDER_REPLICATE), np.uint8)
    if rng.random() < 0.3:
        grey = np.asarray(cv2.GaussianBlur(grey, (0, 0), rng.uniform(0.4, 1.8)), np.uint8)
    slope = np.linspace(-1, 1, size, dtype=np.float32)
    light = 1 + rng.normal(0, 0.15) * slope[None] + rng.normal(0, 0.15) * slope[:, None]
    tone = (np.arange(256) / 255) ** np.exp(rng.normal(0, 0.22))
    tone = 255 * (0.5 + np.exp(rng.normal(0, 0.2)) * (tone - 0.5) + rng.normal(0, 0.06))
    bright = tone.astype(np.float32)[grey] * light
    if rng.random() < 0.3:
        bright += rng.uniform(2, 9) * rng.standard_normal(grey.shape, np.float32)
    grey = bright.clip(0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        _, code = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 80))])
        grey = np.asarray(cv2.imdecode(code, cv2.IMREAD_GRAYSCALE), np.uint8)
    if rng.random() < 0.2:  # a hand, a microphone
        top, left = rng.integers(0, size, 2)
        high, wide = rng.integers(size // 10, size // 3, 2)
        grey[top : top + high, left : left + wide] = rng.integers(0, 256)
    return grey[:, ::-1] if rng.random() < 0.5 else grey


def draw_batch(
    data: Gallery, by_person: list[NDArray[np.intp]], n: int, rng: np.random.Generator
) -> tuple[Tensor, NDArray[np.intp]]:
    """Pictures (n, 1, 128, 128) 0..1, PICTURES_EACH of each of n / PICTURES_EACH people, and their rows (n,)."""
    people = rng.choice(len(by_person), n // PICTURES_EACH, replace=len(by_person) < n // PICTURES_EACH)
    rows = np.concatenate([rng.choice(by_person[p], PICTURES_EACH) for p in people])
    grey = np.stack([photograph_again(data.grey[r], data.face(r), rng) for r in rows])
    return torch.from_numpy(grey)[:, None] / 255, rows


def shape_codes(data: Gallery, people: NDArray[np.intp]) -> NDArray[np.float32]:
    """(people, N_SHAPE) principal components, each of variance 1, of the faces at rest; symmetric, as views are
    mirrored at random. Of few people there are fewer; the others are 0."""
    rest = data.rest[people].reshape(len(people), -1)
    centred = rest - rest.mean(0)
    u, _, _ = np.linalg.svd(centred, full_matrices=False)
    codes = np.zeros((len(people), N_SHAPE), np.float32)
    n = min(N_SHAPE, len(people) - 1)
    codes[:, :n] = u[:, :n] * np.sqrt(len(people))
    return codes


class Standard(nn.Module):
    """Filters of mean 0 and a length of their own (scaled weight standardisation, Brock et al. 2021). The published
    network has no normalisation in it and neither has ours, but with its bare weights and a loss that does not mind the
    embedding's length, the signal grows without end. Folded into plain weights when saved."""

    def __init__(self, weight: Tensor):
        super().__init__()
        self.gain = nn.Parameter(weight.flatten(1).norm(dim=1))

    def forward(self, weight: Tensor) -> Tensor:
        flat = weight.flatten(1)
        flat = flat - flat.mean(1, keepdim=True)
        return (flat * (self.gain / (flat.norm(dim=1) + 1e-6))[:, None]).reshape(weight.shape)


class Trainee(nn.Module):
    """The network in training clothes: standardised filters, and embeddings normalised over the batch."""

    def __init__(self, model: LightCNN29v2):
        super().__init__()
        self.model = model
        for layer in list(model.modules()):
            if isinstance(layer, nn.Conv2d):
                parametrize.register_parametrization(layer, "weight", Standard(layer.weight))
        self.neck = nn.BatchNorm1d(EMBEDDING, affine=False)

    def forward(self, grey: Tensor) -> Tensor:
        """(N, 1, 128, 128) -> (N, 256)"""
        return self.neck(self.model(grey).float())

    def plain(self) -> LightCNN29v2:
        """The network as it is used: its weights alone do what they and the neck do in evaluation mode."""
        a = self.model.architecture
        model = LightCNN29v2(a.width, frame=a.frame).to(self.model.fc.weight.device)
        for name, layer in model.named_modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                own = self.model.get_submodule(name)
                layer.load_state_dict({"weight": own.weight, "bias": own.bias})
        mean, var = self.neck.running_mean, self.neck.running_var
        assert mean is not None
        assert var is not None
        with torch.no_grad():
            scale = (var + self.neck.eps).rsqrt()
            model.fc.weight *= scale[:, None]
            model.fc.bias.copy_((model.fc.bias - mean) * scale)
        return model


class Heads(nn.Module):
    """What is thrown away after training: the people (classifier rows), and the linear reading of shape."""

    def __init__(self, n_people: int):
        super().__init__()
        self.people = nn.Parameter(torch.randn(n_people, EMBEDDING) / math.sqrt(EMBEDDING))
        self.shape = nn.Linear(EMBEDDING, N_SHAPE)

    def forward(self, embedding: Tensor, person: Tensor, code: Tensor, margin: float) -> tuple[Tensor, Tensor]:
        """Embeddings (N, 256), who (N,), shapes (N, N_SHAPE) -> the two losses."""
        unit = functional.normalize(embedding, dim=1)
        cosine = unit @ functional.normalize(self.people, dim=1).T
        off = functional.one_hot(person, len(self.people)) * margin
        people = functional.cross_entropy(SCALE * (cosine - off), person)
        shape = (self.shape(unit * math.sqrt(EMBEDDING)) - code).square().mean()
        return people, shape


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("faces", type=Path, help="folder of models.render_dataset")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--width", type=float, default=0.125, help="1 = the published network")
    parser.add_argument("--minutes", type=float, default=20.0, help="wall clock, after which it saves and ends")
    parser.add_argument("--steps", type=int, help="end after so many steps instead")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--every", type=int, default=150, help="steps between checks on held-out people")
    parser.add_argument("--shards", type=int, help="read only so many files")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--seed", type=int, default=5)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    device = torch.device(args.device)

    try:
        data = read_gallery(args.faces, args.shards)
    except FileNotFoundError as error:
        raise SystemExit(str(error)) from error
    known = ~np.isnan(data.rest[:, 0, 0])  # seen at rest at least once
    used = np.flatnonzero(~data.held_out & known[data.rest_index(data.person)])
    people, who = np.unique(data.person[used], return_inverse=True)
    class_of = np.full(len(data.person), -1)
    class_of[used] = who
    by_person = [used[who == k] for k in range(len(people))]
    codes = shape_codes(data, data.rest_index(people))
    check = data.rows(np.flatnonzero(data.held_out)[:1500])
    print(f"{len(used)} pictures of {len(people)} people; {len(check.person)} of {len(set(check.person))} held out")

    trainee = Trainee(LightCNN29v2(args.width)).to(device)
    trainee.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    heads = Heads(len(people)).to(device)
    optimiser = torch.optim.AdamW(
        [
            {"params": list(trainee.parameters()), "share": 1.0, "weight_decay": 1e-3},
            {"params": list(heads.parameters()), "share": 4.0, "weight_decay": 0.0},
        ]
    )
    config = {**{k: str(v) if isinstance(v, Path) else v for k, v in vars(args).items()}, "people": people.tolist()}
    step, spent, best = 0, 0.0, 0.0
    if (args.out / "last.pt").is_file():
        saved = torch.load(args.out / "last.pt", map_location=device, weights_only=True)
        if saved["config"]["people"] != config["people"] or saved["config"]["width"] != args.width:
            raise SystemExit(f"{args.out / 'last.pt'}: of other people or another width; choose another --out")
        trainee.load_state_dict(saved["trainee"])
        heads.load_state_dict(saved["heads"])
        optimiser.load_state_dict(saved["optimiser"])
        step, spent, best = saved["step"], saved["minutes"], saved["best"]
        rng = np.random.default_rng([args.seed, step])
        print(f"resumed at step {step}, {spent:.1f} min")

    def save(name: str) -> None:
        more = {"step": step, "minutes": spent, "best": best, "config": config}
        if name == "last.pt":
            more |= {"trainee": trainee.state_dict(), "heads": heads.state_dict(), "optimiser": optimiser.state_dict()}
        torch.save(trainee.plain().checkpoint(**more), args.out / name)

    log = args.out / "log.csv"
    if step == 0:
        log.write_text(",".join(FIELDS) + "\n")
    began, before = time.monotonic(), spent
    sums, counted = np.zeros(3), 0
    while (done := step / args.steps if args.steps else spent / args.minutes) < 1:
        rate = rate_at(done, args.rate)
        for group in optimiser.param_groups:
            group["lr"] = rate * group["share"]
        grey, rows = draw_batch(data, by_person, args.batch, rng)
        grey = grey.to(device)
        person = torch.from_numpy(class_of[rows]).to(device)
        code = torch.from_numpy(codes[class_of[rows]]).to(device)
        with torch.autocast(device.type, torch.bfloat16):
            embedding = trainee(grey.contiguous(memory_format=torch.channels_last))
        of_people, of_shape = heads(embedding, person, code, MARGIN * min(1.0, 3 * done))
        loss = of_people + SHAPE_WEIGHT * of_shape
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(trainee.parameters(), 5.0)
        optimiser.step()
        step += 1
        sums += (loss.item(), of_people.item(), of_shape.item())
        counted += 1
        spent = before + (time.monotonic() - began) / 60
        ended = step >= args.steps if args.steps else spent >= args.minutes
        if step % args.every and not ended:
            continue
        auc = cross_session_auc(embed_all(trainee.plain(), check.grey, device), check.person, check.session)
        row = [step, round(spent, 2), *(round(float(v), 4) for v in sums / counted), round(auc, 4)]
        sums, counted = np.zeros(3), 0
        with log.open("a", newline="") as file:
            csv.writer(file).writerow(row)
        print(" ".join(f"{name} {value}" for name, value in zip(FIELDS, row, strict=True)), flush=True)
        if auc > best:
            best = auc
            save("best.pt")
        save("last.pt")
    draw_curves(log, args.out / "curve.png")


if __name__ == "__main__":
    main()
