"""Pairs of facial vector and picture, which the generator learns from: ``python -m models.render_pairs --out DIR``.

Song et al. 2020, section 2.2: the vector is drawn, the face is rendered from it, and the generator imitates the
renderer. One look for all (light skin, short hair, soft light from the front, plain backdrop, perfect sensor, eyes
ahead), so that the vector alone decides the picture. Pictures are the aligned view of ``models.runtime.crop`` by the
true landmarks, rendered at twice its side. Beside the paper's uniform vectors come believable people and expressions,
because that is where the regressor will ask. Seeded by shard; an existing shard is skipped, so the script resumes.
"""

import argparse
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from models.renderer.labels import POSE_SPAN_DEG
from models.renderer.render import Renderer
from models.renderer.sample import PAINTED_SKIN, TONES, Parameters, sample
from models.runtime.crop import SIZE
from models.sampling import draw_expression
from rig.identity import random_identity
from rig.parameters import (
    AU_BASE,
    AU_CHANNELS,
    AUS,
    IDENTITY_BASE,
    N_BROW_STYLES,
    N_CHANNELS,
    N_IDENTITY,
    fold_sides,
)

F = NDArray[np.float32]
U8 = NDArray[np.uint8]
PER_SHARD = 500
HELD_OUT_SHARDS = 2
"""The first so many shards (1,000 pairs) are never trained on."""
YAW_DEG, PITCH_DEG = 40.0, 25.0
SKIN_TONE = 2


@dataclass(frozen=True)
class Pairs:
    """N pairs."""

    vector: F
    """(N, 269) the paper's y, 0..1: pose 2, AU 23, identity 208, brow style 36 one-hot."""
    picture: U8
    """(N, S, S, 3) RGB."""
    labels: U8
    """(N, S, S) codes of ``models.renderer.labels.LABELS``."""

    def __len__(self) -> int:
        return len(self.vector)

    def first(self, n: int) -> "Pairs":
        return Pairs(self.vector[:n], self.picture[:n], self.labels[:n])


def channels_of(aus: F) -> F:
    """The 23 AUs of the vector (..., 23) -> the 40 channels (..., 40): both sides alike, the three that the vector
    does not know (AU29, AU34, AU19) at 0. ``fold_sides`` is its inverse."""
    out = np.zeros((*aus.shape[:-1], N_CHANNELS), np.float32)
    for k, channels in enumerate(AU_CHANNELS):
        for c in channels:
            out[..., c] = aus[..., k]
    return out


def draw_aus(rng: np.random.Generator) -> F:
    """(23,): half believable expressions, half a few AUs uniformly; a part of both with a little of everything, as
    regressors answer."""
    if rng.random() < 0.5:
        aus = np.asarray(fold_sides(draw_expression(rng)), np.float32)
    else:
        aus = np.zeros(len(AUS), np.float32)
        some = rng.choice(len(AUS), rng.integers(0, 6), replace=False)
        aus[some] = rng.uniform(0, 1, len(some))
    if rng.random() < 0.3:
        aus = np.maximum(aus, rng.uniform(0, 3 * AU_BASE, len(AUS)).astype(np.float32))
    return aus


def draw_identity(rng: np.random.Generator) -> F:
    """(208,): mostly believable people from plain to striking; one in four uniform about the base face."""
    if rng.random() < 0.25:
        width = rng.uniform(0, 0.3)
        return (IDENTITY_BASE + rng.uniform(-width, width, N_IDENTITY)).astype(np.float32)
    return random_identity(rng, strength=rng.uniform(0.2, 1.15))


def draw_pose(rng: np.random.Generator) -> F:
    """(3,) yaw, pitch, roll in degrees: half near the front, half anywhere in reach; no roll (the vector has none)."""
    reach = np.array([YAW_DEG, PITCH_DEG])
    pose = rng.normal(0, reach / 5) if rng.random() < 0.5 else rng.uniform(-reach, reach)
    return np.array([*np.clip(pose, -reach, reach), 0.0], np.float32)


def in_fixed_look(p: Parameters) -> Parameters:
    """The same faces as the generator shows everybody: only expression, person, brows and pose are kept."""
    n = len(p)

    def rows(*values: float) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.float32).expand(n, len(values)).contiguous()

    def same(value: float) -> torch.Tensor:
        return torch.full((n,), value)

    one, no = same(1.0), same(0.0)
    ambient = torch.zeros(n, 9, 3)
    ambient[:, 0], ambient[:, 1] = 0.42, 0.06
    light = torch.nn.functional.normalize(torch.tensor([[0.25, 0.45, 1.0], [-0.8, 0.2, 0.6], [0.0, 1.0, 0.2]]), dim=-1)
    power = torch.tensor([0.65, 0.18, 0.0])[:, None].expand(3, 3)
    return replace(
        p,
        gaze_deg=torch.zeros(n, 4), torso_share=same(0.3), distance_m=same(0.6), focal=same(2.4),
        shift=torch.zeros(n, 2), skin=rows(*(TONES[SKIN_TONE] / PAINTED_SKIN)), lip=rows(1.0, 0.85, 0.88),
        age=no, freckles=no, blotches=no, oil=same(0.7), brow_colour=rows(0.030, 0.019, 0.013),
        brow_strength=one, iris=rows(0.8, 0.75, 0.7), lashes=same(0.7), has_hair=one,
        hair_colour=rows(0.028, 0.018, 0.012), hairline=torch.zeros(n, 5), hair_thickness=rows(0.008, 0.004),
        hair_contrast=same(0.7), beard=torch.zeros(n, 3), beard_length=no,
        glasses=rows(0, 0.025, 0.018, 3, 0.001, 0, 0, 0), glasses_colour=torch.zeros(n, 3),
        collar=no, cloth=torch.full((n, 2, 3), 0.10), cloth_stripes=torch.zeros(n, 2),
        light_direction=light.expand(n, 3, 3).contiguous(), light_colour=power.expand(n, 3, 3).contiguous(),
        shadow=same(0.4), ambient=ambient, backdrop=torch.full((n, 6, 3), 0.30),
        backdrop_kind=torch.zeros(n, 5), backdrop_dice=torch.zeros(n, 160), exposure=same(1.25),
        white_balance=rows(1.0, 1.0, 1.0), contrast=same(0.3), vignette=no, blur=torch.zeros(n, 2),
        noise=torch.zeros(n, 2), resample=one, jpeg=no,
    )  # fmt: skip


def draw_faces(n: int, rng: np.random.Generator) -> Parameters:
    """n faces drawn from u(y) of eq. 1, in the fixed look."""
    drawn = sample(n, rng)
    return in_fixed_look(
        replace(
            drawn,
            au=torch.from_numpy(channels_of(np.stack([draw_aus(rng) for _ in range(n)]))),
            identity=torch.from_numpy(np.stack([draw_identity(rng) for _ in range(n)])),
            brow_style=torch.from_numpy(rng.integers(N_BROW_STYLES, size=n)),
            euler_deg=torch.from_numpy(np.stack([draw_pose(rng) for _ in range(n)])),
        )
    )


def faces_of(vectors: F) -> Parameters:
    """(N, 269) -> the faces that they name, in the fixed look: what the generator should draw for them."""
    n, n_au = len(vectors), len(AUS)
    y = torch.from_numpy(np.asarray(vectors, np.float32))
    pose = (y[:, :2] - 0.5) * 2 * POSE_SPAN_DEG
    identity_at = 2 + n_au
    return in_fixed_look(
        replace(
            sample(n, np.random.default_rng(0)),
            au=torch.from_numpy(channels_of(y[:, 2:identity_at].numpy())),
            identity=y[:, identity_at : identity_at + N_IDENTITY],
            brow_style=y[:, identity_at + N_IDENTITY :].argmax(1),
            euler_deg=torch.nn.functional.pad(pose, (0, 1)),
        )
    )


def render_pairs(renderer: Renderer, faces: Parameters, size: int = SIZE) -> Pairs:
    """Renders faces (already in the fixed look) as aligned views of ``size``."""
    view = renderer(faces).aligned(size)
    return Pairs(
        vector=view.vector.cpu().numpy(),
        picture=view.picture.permute(0, 2, 3, 1).contiguous().cpu().numpy(),
        labels=view.labels.cpu().numpy(),
    )


def shard_paths(folder: Path) -> list[Path]:
    """The finished shards of a folder, in order; those of index < HELD_OUT_SHARDS are for measuring alone."""
    return sorted(p for p in folder.glob("pairs*.npz") if not p.name.endswith(".part.npz"))


def load_pairs(paths: list[Path]) -> Pairs:
    """Shards as one. Raises FileNotFoundError where there is none, ValueError where their sizes differ."""
    if not paths:
        raise FileNotFoundError("no pairs*.npz there; make them with python -m models.render_pairs")
    parts: list[Pairs] = []
    for path in paths:
        with np.load(path) as file:
            parts.append(Pairs(file["vector"], file["picture"], file["labels"]))
    sides = {p.picture.shape[1] for p in parts}
    if len(sides) > 1:
        raise ValueError(f"pairs of different sizes {sorted(sides)}; keep each size in a folder of its own")
    return Pairs(
        np.concatenate([p.vector for p in parts]),
        np.concatenate([p.picture for p in parts]),
        np.concatenate([p.labels for p in parts]),
    )


def held_out(path: Path) -> bool:
    """Whether a shard is one of the first, which training must not see."""
    return int(path.stem.removeprefix("pairs")) < HELD_OUT_SHARDS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--pairs", type=int, default=20_000, help="the paper: 80000")
    parser.add_argument("--first", type=int, default=0, help="shard to begin with")
    parser.add_argument("--size", type=int, default=SIZE, choices=(128, 256))
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)  # a process a core is quicker
    renderer = Renderer(size=2 * args.size, device=args.device)
    for shard in range(args.first, args.first + -(-args.pairs // PER_SHARD)):
        path = args.out / f"pairs{shard:04d}.npz"
        if path.exists():
            continue
        started = time.perf_counter()
        pairs = render_pairs(renderer, draw_faces(PER_SHARD, np.random.default_rng([23, shard])), args.size)
        part = path.with_suffix(".part.npz")
        np.savez(part, vector=pairs.vector, picture=pairs.picture, labels=pairs.labels)
        part.replace(path)
        print(f"{path.name}: {len(pairs)} pairs, {time.perf_counter() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
