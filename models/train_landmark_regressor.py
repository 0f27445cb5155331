"""Trains the geometric regressor.

``python -m models.train_landmark_regressor --geometry FILE --rendered DIR --out DIR [--real DIR]``

Two kinds of samples flow together: geometry sampled from the rig (``models.landmark_dataset``), to which residuals of
the real detector are added, and rendered people as the detector read them (``models.render_dataset``). A third, once
there are readers to label them, is real faces (``models.label_real_faces``); half of these lend what they do to
somebody else, for real people are few. Neutrals come right, noisy, tainted by an expression, or missing, because that
is how the tracker's estimate is. Seeded; resumes from OUT/last.pt; the best on held-out people is OUT/best.pt.
"""

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.landmark_regressor import GAZE_UNIT_DEG, Architecture, LandmarkRegressor
from models.metrics import Agreement, mean_agreement
from models.training.channel_scores import channel_scores, channel_table
from models.training.curves import draw_curves, write_log
from models.training.detector_response import DetectorResponse
from models.training.landmark_batches import Batch, Batches, Samples, load_geometry, load_real, load_rendered
from models.training.rate import rate_at
from rig.parameters import CHANNEL_INDEX

F = NDArray[np.float32]
SHUT = [CHANNEL_INDEX["AU43-left"], CHANNEL_INDEX["AU43-right"]]


def evaluate(model: LandmarkRegressor, s: Samples, limit: int = 6000) -> tuple[list[Agreement], F]:
    rows = torch.from_numpy(np.flatnonzero(s.held_out)[:limit])
    scale = 0.1 if s.landmarks.dtype == torch.float16 else 1.0
    with torch.no_grad():
        au, gaze, _ = model(s.landmarks[rows].float() * scale, s.neutral[rows].float() * scale)
    scores = channel_scores(s.au[rows].numpy(), au.clamp(0, 1).numpy())
    open_eyes = (s.au[rows][:, SHUT] < 0.4).all(1).numpy()
    error = np.abs(gaze.numpy() - s.gaze[rows].numpy())[open_eyes]
    return scores, error.mean(0)


def identity_error(
    model: LandmarkRegressor, s: Samples, response: DetectorResponse | None, limit: int = 6000
) -> tuple[float, float]:
    """RMS difference of the identity parameters (0..1) of people never seen, read from their neutral face as the
    detector sees faces at rest; and the same for the mean person."""
    assert s.identity is not None
    rows = torch.from_numpy(np.flatnonzero(s.held_out)[:limit])
    scale = 0.1 if s.landmarks.dtype == torch.float16 else 1.0
    with torch.no_grad():
        neutral = s.neutral[rows].float() * scale
        if response is not None:
            picks = torch.arange(len(neutral)) % len(response.rest_bias)
            neutral = neutral + response.rest_bias[picks].reshape(neutral.shape)
        found = model(neutral, neutral)[2].clamp(0, 1)
    truth = s.identity[rows]
    return float((found - truth).square().mean().sqrt()), float((truth - truth.mean(0)).square().mean().sqrt())


def loss_terms(model: LandmarkRegressor, batch: Batch, identity_only: bool) -> list[Tensor]:
    huber = nn.SmoothL1Loss(reduction="none", beta=0.1)
    p_au, p_gaze, p_identity = model(batch.landmarks, batch.neutral)
    of_identity = ((p_identity[: len(batch.identity)] - batch.identity)[batch.identity_known] ** 2).mean()
    if identity_only:
        return [of_identity]
    known, au = batch.au.isfinite(), batch.au.nan_to_num()
    # A present action counts more than one of the many zeros.
    weight = known * (0.8 + 1.1 * (au > 0.02))
    # Below zero is as good as zero: the output is clipped.
    off = torch.where((au <= 0) & (p_au < 0), torch.zeros_like(p_au), p_au)
    seen = (au[:, SHUT] < 0.5).float().repeat_interleave(2, 1) * batch.gaze.isfinite()
    of_gaze = (seen * huber(p_gaze / GAZE_UNIT_DEG, batch.gaze.nan_to_num() / GAZE_UNIT_DEG)).mean()
    return [(weight * huber(off, au)).sum() / known.sum(), 0.5 * of_gaze, 0.5 * of_identity]


@dataclass(frozen=True)
class Sources:
    """What there is to learn from, and to be judged by."""

    geometry: Samples
    rendered: Samples | None
    response: DetectorResponse | None
    real: Samples | None

    @classmethod
    def load(cls, args: argparse.Namespace) -> "Sources":
        rendered, response = load_rendered(args.rendered) if args.rendered else (None, None)
        if rendered is not None and response is not None:
            explained = 100 * response.explained
            print(f"{len(rendered.au)} rendered pictures; response explains {explained:.0f} %", flush=True)
        real = load_real(args.real) if args.real else None
        return cls(load_geometry(args.geometry), rendered, response, real)

    def judge(self, model: LandmarkRegressor) -> dict[str, float]:
        """On the people held out."""
        scores = mean_agreement(evaluate(model, self.geometry, 3000)[0])
        line = {"icc": scores.icc, "mae": scores.mae}
        if self.rendered is not None:
            channels, seen_gaze = evaluate(model, self.rendered)
            on_pictures = mean_agreement(channels)
            line |= {"icc_rendered": on_pictures.icc, "mae_rendered": on_pictures.mae}
            line["gaze_deg"] = float(seen_gaze.mean())
        if self.real is not None:
            aside = mean_agreement(evaluate(model, self.real)[0])
            line |= {"icc_real": aside.icc, "mae_real": aside.mae}
        line["identity"], line["identity_of_mean"] = identity_error(model, self.geometry, self.response, 3000)
        return line

    def report(self, model: LandmarkRegressor) -> str:
        parts = ["## Geometry, people never seen\n", channel_table(evaluate(model, self.geometry)[0])]
        if self.real is not None:
            table = channel_table(evaluate(model, self.real)[0])
            parts += ["\n## Real people never seen, against what the readers say\n", table]
        if self.rendered is not None:
            channels, gaze_error = evaluate(model, self.rendered)
            parts += ["\n## Rendered pictures read by the detector, people never seen\n", channel_table(channels)]
            off = gaze_error.round(1).tolist()
            parts += [f"\nGaze: mean error {off} degrees (left yaw, pitch, right yaw, pitch)."]
        return "\n".join(parts) + "\n"


def gain(line: dict[str, float], identity_only: bool) -> float:
    """What the best checkpoint is chosen by."""
    if identity_only:
        return -line["identity"]
    on_pictures = line.get("icc_rendered", line["icc"]) - line.get("mae_rendered", line["mae"])
    return on_pictures + line.get("icc_real", 0) - line.get("mae_real", 0)


class Run:
    """A training: network, optimiser, curve; kept in OUT/last.pt, the best in OUT/best.pt."""

    def __init__(self, args: argparse.Namespace):
        self.args = args
        self.model = LandmarkRegressor(Architecture())
        if args.start:
            self.model = LandmarkRegressor.from_checkpoint(torch.load(args.start, weights_only=False))
        if args.identity_only:
            for name, parameter in self.model.named_parameters():
                parameter.requires_grad_(name.startswith("identity."))
        self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=args.rate, weight_decay=0.02)
        self.step, self.best, self.curve = 0, -9.0, list[dict[str, float]]()
        self._resume()

    def _resume(self) -> None:
        last = self.args.out / "last.pt"
        if not last.exists():
            return
        state = torch.load(last, weights_only=False)
        self.model.load_state_dict(state["state"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.best, self.curve = state["step"], state["best"], state["curve"]

    def learn(self, terms: list[Tensor]) -> float:
        """One step down these terms; their sum."""
        loss = torch.stack(terms).sum()
        for group in self.optimiser.param_groups:
            group["lr"] = rate_at(self.step / self.args.steps, self.args.rate)
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        return float(loss.detach())

    def note(self, line: dict[str, float]) -> None:
        """A point of the curve, and files."""
        out = self.args.out
        self.curve.append(line)
        write_log(out / "log.csv", self.curve)
        draw_curves(out / "log.csv", out / "curve.png")
        print(json.dumps(line), flush=True)
        now = gain(line, self.args.identity_only)
        better, self.best = now > self.best, max(now, self.best)
        common = self.model.checkpoint(step=self.step, best=self.best, curve=self.curve, arguments=vars(self.args))
        if better:
            torch.save(common, out / "best.pt")
        torch.save({**common, "optimiser": self.optimiser.state_dict()}, out / "last.pt")


def command_line() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--geometry", type=Path, required=True)
    parser.add_argument("--rendered", type=Path)
    parser.add_argument("--real", type=Path, help="labelled real faces (models.label_real_faces)")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=12_000)
    parser.add_argument("--batch", type=int, default=384)
    parser.add_argument("--share", type=float, default=0.4, help="of each batch that is rendered")
    parser.add_argument("--real-share", type=float, default=0.2, help="of each batch that is real")
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--every", type=int, default=500, help="steps between validations")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=Path, help="begin with this checkpoint's weights")
    parser.add_argument("--identity-only", action="store_true", help="leave AUs and gaze as --start has them")
    return parser.parse_args()


def main() -> None:
    args = command_line()
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    sources = Sources.load(args)
    batches = Batches(
        sources.geometry, sources.rendered, sources.response, args.batch, args.share, sources.real, args.real_share
    )
    run = Run(args)
    seed = [args.seed, run.step] if run.step else args.seed
    rng, g = np.random.default_rng(seed), torch.Generator().manual_seed(args.seed + run.step)
    started, average = time.perf_counter(), 0.0
    while run.step < args.steps:
        loss = run.learn(loss_terms(run.model, batches.draw(rng, g), args.identity_only))
        average = 0.99 * average + 0.01 * loss
        if run.step % args.every == 0 or run.step == args.steps:
            run.model.eval()
            line = {"step": run.step, "loss": average, **sources.judge(run.model)}
            run.model.train()
            run.note({**line, "seconds": round(time.perf_counter() - started)})
    best = LandmarkRegressor.from_checkpoint(torch.load(args.out / "best.pt", weights_only=False)).eval()
    (args.out / "report.md").write_text(sources.report(best))


if __name__ == "__main__":
    main()
