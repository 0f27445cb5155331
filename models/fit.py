"""Fitting by optimisation, the baseline that the regressor is compared with: ``python -m models.fit --faces DIR``.

Every picture has its parameters found by an optimisation of its own, in one of three ways:

- ``generator``: GENet (Song et al. 2020, "Unsupervised facial action unit intensity estimation via differentiable
  optimization"): gradient descent of the 269-vector through G, on the distance of F_seg's features (eq. 8) with the
  parameter loss (eq. 10);
- ``rig``: gradient descent through the rig itself (``rig.torch_twin``), on the landmarks that the detector found;
- ``gauss-newton``: the same landmarks, without gradients (``models.runtime.person_fit``, what ``mien fit`` uses).

Beside them stand the regressors in onnxruntime, who are told no more than the fits: the picture and its landmarks, and
nothing of the person. The paper claims two orders of magnitude between the two (section 3.3).

Prints Markdown on rendered people that nothing was trained on: agreement with the true AUs, and time a picture.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.bisenet import FeatureExtractor, load_parser
from models.evaluation import regressors
from models.faces import Faces, load_faces
from models.fit_identity import similarity
from models.generator import Generator, GeneratorFileError, load_generator
from models.losses import Parameters, base_vector, content_loss, parameter_loss
from models.metrics import agreement, mean_agreement
from models.runtime.person_fit import AXES, FIT_POINTS, INDEPENDENT, NOISE_M, OWN_SIGMA, PersonFit, channel_sigmas
from models.runtime.sessions import ModelError
from models.training.rig_landmarks import RigLandmarks
from rig.identity import people_factor
from rig.parameters import AUS, IDENTITY_BASE, N_CHANNELS, N_IDENTITY, fold_sides

F = NDArray[np.float32]
POSE, AU, IDENTITY = slice(0, 2), slice(2, 25), slice(25, 233)
"""Where the parts of y (269) lie; the brow styles follow."""
BROW_LOGIT_SCALE = 10.0
"""A step on a brow's logit is so many times one on a parameter in 0..1."""
BATCH = 20
TIMED_S = 1.0
"""Calls are timed until they took so long."""


def fit_through_generator(
    generator: Generator, extractor: FeatureExtractor, picture: Tensor, steps: int = 60, rate: float = 0.03,
    sparsity: float = 0.02,
) -> Tensor:  # fmt: skip
    """
    Args:
        picture: (N, 3, S, S) RGB 0..1, aligned views.
        steps: Gradient steps (Adam; the rate falls to 0 along a cosine).
        sparsity: Weight of eq. 10 against eq. 8.

    Returns:
        (N, 269) the paper's y.
    """
    with torch.no_grad():
        real = extractor(picture)
    start = base_vector(len(picture)).to(picture)
    bounded = start[:, : IDENTITY.stop].clone().requires_grad_(True)
    brows = torch.zeros_like(start[:, IDENTITY.stop :], requires_grad=True)
    optimiser = torch.optim.Adam([bounded, brows], lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)

    def parameters() -> Parameters:
        styles = (BROW_LOGIT_SCALE * brows).softmax(1)
        return Parameters(bounded[:, POSE], bounded[:, AU], bounded[:, IDENTITY], styles)

    for _ in range(steps):
        y = parameters()
        # Means over pictures, times their number: each picture's own steps, whatever it is fitted beside.
        loss = len(picture) * (content_loss(extractor(generator(y.vector())), real) + sparsity * parameter_loss(y))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            bounded.clamp_(0, 1)
    return parameters().vector().detach()


def fit_through_rig(rig: RigLandmarks, aligned: Tensor, steps: int = 120, rate: float = 0.08) -> tuple[Tensor, Tensor]:
    """``aligned`` (N, 478, 3) landmarks, head frame, metres -> channels (N, 40) and identity (N, 208), both 0..1.

    Maximum a posteriori as in :class:`models.runtime.person_fit.PersonFit`: the spread of people is the prior of
    identity, expressions are near 0; where the head is is solved for in every step.
    """
    n, goal = len(aligned), aligned[:, :FIT_POINTS]
    factor = torch.from_numpy(people_factor()).to(aligned)
    common = torch.zeros(n, len(factor), device=aligned.device, requires_grad=True)
    own = torch.zeros(n, N_IDENTITY, device=aligned.device, requires_grad=True)
    au = torch.full((n, N_CHANNELS), 0.05, device=aligned.device, requires_grad=True)
    still = torch.zeros(n, 4, device=aligned.device)
    sigma = torch.tensor(channel_sigmas()).to(aligned)
    weight, axes = torch.ones(FIT_POINTS).to(aligned), torch.tensor(AXES).to(aligned)
    groups: list[dict[str, Any]] = [{"params": [common, own]}, {"params": [au], "lr": rate / 2}]
    optimiser = torch.optim.Adam(groups, lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)

    def identity() -> Tensor:
        return (IDENTITY_BASE + common @ factor + OWN_SIGMA * own).clamp(0, 1)

    for _ in range(steps):
        points = rig.points(au, identity(), still)[0][:, :FIT_POINTS]
        off = (similarity(points, goal, weight) - goal) * axes / NOISE_M
        prior = common.square().sum() + own.square().sum() + (au / sigma).square().sum()
        loss = INDEPENDENT * off.square().sum() + prior
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            au.clamp_(0, 1)
    return au.detach(), identity().detach()


def as_pictures(faces: Faces, device: torch.device) -> Tensor:
    """(N, 3, 128, 128) 0..1"""
    return torch.from_numpy(faces.picture).to(device).permute(0, 3, 1, 2).float() / 255


def networks(args: argparse.Namespace) -> dict[str, Callable[[Faces], F]]:
    """The regressors whose files are here, and --full's: name -> pictures to the 23 AUs (N, 23), 0..1."""
    loaded = {name: regressors.load(name) for name in regressors.available()}
    if args.full:
        loaded["full"] = regressors.load("full", args.full)

    def reading(regress: regressors.Regress) -> Callable[[Faces], F]:
        return lambda faces: fold_sides(regress(regressors.Views(faces.picture, faces.found), None))

    return {f"{name}, a stranger": reading(regress) for name, regress in loaded.items()}


def seconds_of(way: Callable[[Faces], F], one: Faces) -> tuple[float, float]:
    """Median wall and processor seconds for one picture: of many calls where they are quick, of a single one where they
    are slow. The first call, which warms up, does not count unless it takes longer than TIMED_S."""
    taken: list[tuple[float, float]] = []
    while not taken or sum(wall for wall, _ in taken) < TIMED_S:
        began, busy = time.perf_counter(), time.process_time()
        way(one)
        taken.append((time.perf_counter() - began, time.process_time() - busy))
    wall, busy = np.median(taken[1:] or taken, axis=0)
    return float(wall), float(busy)


def methods(args: argparse.Namespace, device: torch.device) -> dict[str, Callable[[Faces], F]]:
    """Name -> pictures to the 23 AUs (N, 23), 0..1."""
    rig, newton = RigLandmarks().to(device), PersonFit()

    def by_rig(faces: Faces) -> F:
        aligned = torch.from_numpy(faces.found).to(device)
        return fold_sides(fit_through_rig(rig, aligned, args.rig_steps)[0]).cpu().numpy()

    def by_newton(faces: Faces) -> F:
        return fold_sides(np.concatenate([newton(f[None]).au for f in faces.found]))

    found: dict[str, Callable[[Faces], F]] = {
        **networks(args),
        f"rig, {args.rig_steps} gradient steps": by_rig,
        "rig, Gauss-Newton": by_newton,
    }
    if args.generator and args.parser:
        generator = load_generator(args.generator, device).eval().requires_grad_(False)
        extractor = FeatureExtractor(load_parser(args.parser)).to(device).eval().requires_grad_(False)

        def by_generator(faces: Faces) -> F:
            y = fit_through_generator(generator, extractor, as_pictures(faces, device), args.steps)
            return y[:, AU].cpu().numpy()

        found[f"generator, {args.steps} gradient steps"] = by_generator
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--faces", type=Path, required=True, help="folder of models.render_dataset, people never seen")
    parser.add_argument("--generator", type=Path, help="checkpoint of models.train_generator; needs --parser too")
    parser.add_argument("--parser", type=Path, help="checkpoint of the parsing network, ours or the published one")
    parser.add_argument("--full", type=Path, help="an exported full.onnx, where none is in assets/models")
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--steps", type=int, default=60, help="through the generator")
    parser.add_argument("--rig-steps", type=int, default=120, help="through the rig")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--seed", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    try:
        faces = load_faces(args.faces)
        ways = methods(args, torch.device(args.device))
    except (FileNotFoundError, ValueError, GeneratorFileError, ModelError) as error:
        raise SystemExit(str(error)) from error
    rows = np.random.default_rng(args.seed).permutation(np.flatnonzero(~faces.resting))[: args.pictures]
    faces = faces.rows(rows)
    truth = fold_sides(faces.au)
    print("| way | pictures | ICC(3,1) | MAE (0..5) | PCC | wall ms a picture, one by one | cpu ms |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, way in ways.items():
        wall, busy = seconds_of(way, faces.rows(slice(0, 1)))
        read = np.concatenate([way(faces.rows(slice(k, k + BATCH))) for k in range(0, len(faces), BATCH)])
        mean = mean_agreement([agreement(5 * truth[:, k], 5 * read[:, k]) for k in range(len(AUS))])
        numbers = f"{mean.icc:.3f} | {mean.mae:.3f} | {mean.pcc:.3f} | {1e3 * wall:.4g} | {1e3 * busy:.4g}"
        print(f"| {name} | {len(faces)} | {numbers} |", flush=True)


if __name__ == "__main__":
    main()
