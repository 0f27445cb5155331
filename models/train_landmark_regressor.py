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

from models.faces import load_faces
from models.landmark_regressor import GAZE_UNIT_DEG, Architecture, LandmarkRegressor
from models.metrics import Agreement, mean_agreement
from models.runtime.alignment import canonical_face
from models.training.base_rates import OF_LANDMARKS, sample_rates
from models.training.channel_scores import channel_scores, channel_table
from models.training.curves import draw_curves, write_log
from models.training.detector_response import DetectorResponse, fit_response
from models.training.mirror import CHANNEL_TWIN, mirrored_gaze, mirrored_landmarks
from rig.parameters import CHANNEL_INDEX

F = NDArray[np.float32]
HELD_OUT = 0.08
"""Share of the people that training never sees."""
RESIDUAL_SCALE = (0.3, 1.1)
STRENGTH_SPREAD = 0.15
LENT_SHARE = 0.5
"""Of the real faces whose expression is put onto somebody else's face at rest."""


@dataclass
class Samples:
    """Rows of one source; tensors on the CPU."""

    landmarks: Tensor  # (N, 478, 3) metres
    neutral: Tensor  # (N, 478, 3) metres
    au: Tensor  # (N, 40)
    gaze: Tensor  # (N, 4) degrees, NaN: not known
    identity: Tensor | None  # (N, 208)
    held_out: NDArray[np.bool_]  # (N,)


def load_geometry(path: Path) -> Samples:
    with np.load(path) as z:
        person = z["person"]
        people = len(z["identity"])
        return Samples(
            torch.from_numpy(z["expressive"]),
            torch.from_numpy(z["neutral"]),
            torch.from_numpy(z["au"]),
            torch.from_numpy(z["gaze_deg"]),
            torch.from_numpy(z["identity"][person]),
            person >= people * (1 - HELD_OUT),
        )


def load_rendered(folder: Path) -> tuple[Samples, DetectorResponse]:
    """Rendered people as the detector saw them, neutral = mean of one to all of the same person's other resting
    pictures; and the detector's response to motion, fitted on the people that are trained on."""
    parts: dict[str, list[NDArray]] = {
        k: [] for k in ("landmarks", "neutral", "au", "gaze", "person", "true", "true_rest")
    }
    for path in sorted(folder.glob("shard*.npz")):
        if path.name.endswith(".part.npz"):  # being written
            continue
        with np.load(path) as z:
            data = {k: z[k] for k in ("found", "true", "au", "gaze_deg", "person", "resting")}
        for person in np.unique(data["person"]):
            own = data["person"] == person
            resting = np.flatnonzero(own & data["resting"])
            for row in np.flatnonzero(own):
                others = resting[resting != row]
                if len(others) == 0:
                    continue
                others = others[: 1 + row % len(others)]
                parts["landmarks"].append(data["found"][row])
                parts["neutral"].append(data["found"][others].mean(0))
                parts["true"].append(data["true"][row])
                parts["true_rest"].append(data["true"][others].mean(0))
                parts["au"].append(data["au"][row])
                parts["gaze"].append(data["gaze_deg"][row])
                parts["person"].append(person)
    stacked = {k: torch.from_numpy(np.array(v, np.float32)) for k, v in parts.items()}
    samples = Samples(
        stacked["landmarks"],
        stacked["neutral"],
        stacked["au"],
        stacked["gaze"],
        None,
        stacked["person"].numpy().astype(int) % 12 == 0,
    )
    used = torch.from_numpy(~samples.held_out)
    rows = [stacked[k][used] for k in ("true_rest", "true", "neutral", "landmarks")]
    # Either side teaches both.
    both = [torch.cat([r, mirrored_landmarks(r)]) for r in rows]
    return samples, fit_response(*both)


def load_real(folder: Path) -> Samples:
    """Labelled real faces, neutral = mean of one to all of the clip's other frames at rest."""
    faces = load_faces(folder, without=("picture", "labels", "points", "true"))
    rng = np.random.default_rng(0)
    rows, neutral = [], []
    for session in np.unique(faces.session):
        own = faces.session == session
        resting = np.flatnonzero(own & faces.resting)
        for row in np.flatnonzero(own & np.isfinite(faces.au[:, 0])):
            others = resting[resting != row]
            if len(others) == 0:
                continue
            rows.append(row)
            neutral.append(faces.found[rng.choice(others, rng.integers(1, len(others) + 1), replace=False)].mean(0))
    return Samples(
        torch.from_numpy(faces.found[rows]),
        torch.from_numpy(np.array(neutral, np.float32)),
        torch.from_numpy(faces.au[rows]),
        torch.from_numpy(faces.gaze_deg[rows]),
        None,
        faces.held_out[rows],
    )


MEAN_FACE = torch.from_numpy(np.array(canonical_face()))


def mirrored(x: Tensor, n: Tensor, au: Tensor, gaze: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The same faces in the mirror."""
    return mirrored_landmarks(x), mirrored_landmarks(n), au[:, CHANNEL_TWIN], mirrored_gaze(gaze)


def drawn(s: Samples) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Rows to train on, and the chance of each; of rare actions less (``models.training.base_rates``)."""
    rows = np.flatnonzero(~s.held_out)
    rates = sample_rates(s.au[torch.from_numpy(rows)].numpy(), OF_LANDMARKS)
    return rows, rates / rates.sum()


class Batches:
    """Draws training batches from both sources with everything that goes wrong in life."""

    def __init__(
        self, geometry: Samples, rendered: Samples | None, response: DetectorResponse | None, batch: int, share: float,
        real: Samples | None = None, real_share: float = 0.0,
    ):  # fmt: skip
        self.geometry, self.rendered, self.response, self.real = geometry, rendered, response, real
        self.real_rows = np.flatnonzero(~real.held_out) if real is not None else np.zeros(0, np.intp)
        self.n_real = int(batch * real_share) if len(self.real_rows) else 0
        self.rows, self.chances = drawn(geometry)
        self.rendered_rows, self.rendered_chances = (
            drawn(rendered) if rendered is not None else (np.zeros(0, np.intp), np.zeros(0))
        )
        self.n_rendered = int(batch * share) if len(self.rendered_rows) else 0
        self.n_geometry = batch - self.n_rendered - self.n_real

    def draw(self, rng: np.random.Generator, g: torch.Generator):  # type: ignore[no-untyped-def]
        i = torch.from_numpy(rng.choice(self.rows, self.n_geometry, p=self.chances))
        x, n = self.geometry.landmarks[i].float() / 10, self.geometry.neutral[i].float() / 10
        au, gaze = self.geometry.au[i], self.geometry.gaze[i]
        identity = self.geometry.identity[i]  # type: ignore[index]
        if self.response is not None:
            r = self.response
            k = torch.from_numpy(rng.integers(0, len(r.residuals), (2, self.n_geometry)))
            size = torch.empty(self.n_geometry, 1, 1).uniform_(*RESIDUAL_SCALE, generator=g)
            # People do the same action more or less strongly than the rig: so does every sample.
            strength = torch.exp(STRENGTH_SPREAD * torch.randn(self.n_geometry, 1, 1, generator=g))
            seen = strength * r.apply(x - n) + size * r.residuals[k[0]].reshape(x.shape)
            n = n + r.rest_bias[k[1]].reshape(n.shape)
            x = n + seen
        x = x + 0.0004 * torch.randn(x.shape, generator=g)
        n = n + 0.0002 * torch.randn(n.shape, generator=g)
        if self.n_rendered and self.rendered is not None:
            j = torch.from_numpy(rng.choice(self.rendered_rows, self.n_rendered, p=self.rendered_chances))
            seen_by = self.rendered
            x = torch.cat([x, seen_by.landmarks[j]])
            n = torch.cat([n, seen_by.neutral[j]])
            au, gaze = torch.cat([au, seen_by.au[j]]), torch.cat([gaze, seen_by.gaze[j]])
        if self.n_real and self.real is not None:
            k = torch.from_numpy(rng.choice(self.real_rows, self.n_real))
            theirs, at_rest = self.real.landmarks[k], self.real.neutral[k]
            lent = torch.from_numpy(rng.random(self.n_real) < LENT_SHARE)[:, None, None]
            somebody = n[torch.from_numpy(rng.integers(0, len(n), self.n_real))]
            x = torch.cat([x, torch.where(lent, somebody + theirs - at_rest, theirs)])
            n = torch.cat([n, torch.where(lent, somebody, at_rest)])
            au, gaze = torch.cat([au, self.real.au[k]]), torch.cat([gaze, self.real.gaze[k]])
        m = len(x)
        # Tainted neutrals: a little of somebody's present expression stayed in the estimate.
        taint = torch.from_numpy((rng.random(m) < 0.25) * rng.uniform(0, 0.25, m)).float()[:, None, None]
        n = n + taint * (x - n)
        missing = torch.from_numpy(rng.random(m) < 0.04)
        n[missing] = 0.7 * MEAN_FACE + 0.3 * n[missing]
        flip = torch.from_numpy(rng.random(m) < 0.5)
        fx, fn, fa, fg = mirrored(x[flip], n[flip], au[flip], gaze[flip])
        x[flip], n[flip] = fx, fn
        au, gaze = au.clone(), gaze.clone()
        au[flip], gaze[flip] = fa, fg
        known = (~flip)[: self.n_geometry]  # identity has a few lateral parameters: taught on unmirrored people
        return x, n, au, gaze, identity, known


def evaluate(model: LandmarkRegressor, s: Samples, limit: int = 6000) -> tuple[list[Agreement], F]:
    rows = torch.from_numpy(np.flatnonzero(s.held_out)[:limit])
    scale = 0.1 if s.landmarks.dtype == torch.float16 else 1.0
    with torch.no_grad():
        au, gaze, _ = model(s.landmarks[rows].float() * scale, s.neutral[rows].float() * scale)
    scores = channel_scores(s.au[rows].numpy(), au.clamp(0, 1).numpy())
    open_eyes = (s.au[rows][:, [CHANNEL_INDEX["AU43-left"], CHANNEL_INDEX["AU43-right"]]] < 0.4).all(1).numpy()
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


def main() -> None:
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
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=Path, help="begin with this checkpoint's weights")
    parser.add_argument("--identity-only", action="store_true", help="leave AUs and gaze as --start has them")
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    rng, g = np.random.default_rng(args.seed), torch.Generator().manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)

    geometry = load_geometry(args.geometry)
    rendered, response = None, None
    if args.rendered:
        rendered, response = load_rendered(args.rendered)
        print(f"{len(rendered.au)} rendered pictures; response explains {100 * response.explained:.0f} %", flush=True)
    real = load_real(args.real) if args.real else None
    batches = Batches(geometry, rendered, response, args.batch, args.share, real, args.real_share)

    model = LandmarkRegressor(Architecture())
    if args.start:
        model = LandmarkRegressor.from_checkpoint(torch.load(args.start, weights_only=False))
    if args.identity_only:
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name.startswith("identity."))
    optimiser = torch.optim.AdamW(model.parameters(), lr=args.rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, args.rate, total_steps=args.steps, pct_start=0.08)
    first, best, curve = 0, -9.0, []
    last = args.out / "last.pt"
    if last.exists():
        state = torch.load(last, weights_only=False)
        model.load_state_dict(state["state"])
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
        first, best, curve = state["step"], state["best"], state["curve"]
        rng, g = np.random.default_rng([args.seed, first]), torch.Generator().manual_seed(args.seed + first)
    huber = nn.SmoothL1Loss(reduction="none", beta=0.1)
    started = time.perf_counter()
    average = 0.0
    for step in range(first, args.steps):
        x, n, au, gaze, identity, known = batches.draw(rng, g)
        p_au, p_gaze, p_identity = model(x, n)
        # A present action counts more than one of the many zeros.
        weight = 0.8 + 1.1 * (au > 0.02)
        # Below zero is as good as zero: the output is clipped.
        off = torch.where((au <= 0) & (p_au < 0), torch.zeros_like(p_au), p_au)
        loss_au = (weight * huber(off, au)).mean()
        seen = (au[:, [CHANNEL_INDEX["AU43-left"], CHANNEL_INDEX["AU43-right"]]] < 0.5).float().repeat_interleave(2, 1)
        seen = seen * gaze.isfinite()
        loss_gaze = (seen * huber(p_gaze / GAZE_UNIT_DEG, gaze.nan_to_num() / GAZE_UNIT_DEG)).mean()
        loss_id = ((p_identity[: len(identity)] - identity)[known] ** 2).mean()
        loss = loss_id if args.identity_only else loss_au + 0.5 * loss_gaze + 0.5 * loss_id
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        average = 0.99 * average + 0.01 * float(loss.detach())
        if (step + 1) % 500 == 0 or step + 1 == args.steps:
            model.eval()
            scores = mean_agreement(evaluate(model, geometry, 3000)[0])
            line = {
                "step": step + 1,
                "loss": average,
                "icc": scores.icc,
                "mae": scores.mae,
            }
            if rendered is not None:
                channels, seen_gaze = evaluate(model, rendered)
                on_pictures = mean_agreement(channels)
                line |= {
                    "icc_rendered": on_pictures.icc,
                    "mae_rendered": on_pictures.mae,
                }
                line["gaze_deg"] = float(seen_gaze.mean())
            if real is not None:
                aside = mean_agreement(evaluate(model, real)[0])
                line |= {"icc_real": aside.icc, "mae_real": aside.mae}
            line["identity"], line["identity_of_mean"] = identity_error(model, geometry, response, 3000)
            model.train()
            line["seconds"] = round(time.perf_counter() - started)
            curve.append(line)
            write_log(args.out / "log.csv", curve)
            draw_curves(args.out / "log.csv", args.out / "curve.png")
            print(json.dumps(line), flush=True)
            now = line.get("icc_rendered", line["icc"]) - line.get("mae_rendered", line["mae"])
            now += line.get("icc_real", 0) - line.get("mae_real", 0)
            now = -line["identity"] if args.identity_only else now
            common = model.checkpoint(step=step + 1, best=max(best, now), curve=curve, arguments=vars(args))
            if now > best:
                best = now
                torch.save(common, args.out / "best.pt")
            torch.save({**common, "optimiser": optimiser.state_dict(), "schedule": schedule.state_dict()}, last)
    model = LandmarkRegressor.from_checkpoint(torch.load(args.out / "best.pt", weights_only=False)).eval()
    report = ["## Geometry, people never seen\n", channel_table(evaluate(model, geometry)[0])]
    if real is not None:
        report += [
            "\n## Real people never seen, against what the readers say\n",
            channel_table(evaluate(model, real)[0]),
        ]
    if rendered is not None:
        channels, gaze_error = evaluate(model, rendered)
        report += ["\n## Rendered pictures read by the detector, people never seen\n", channel_table(channels)]
        report += [f"\nGaze: mean error {gaze_error.round(1).tolist()} degrees (left yaw, pitch, right yaw, pitch)."]
    (args.out / "report.md").write_text("\n".join(report) + "\n")


if __name__ == "__main__":
    main()
