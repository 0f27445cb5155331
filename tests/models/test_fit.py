"""Fitting by optimisation, on faces whose truth is known."""

import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the train extra")

from models import fit  # noqa: E402
from models.bisenet import BiSeNet, FeatureExtractor  # noqa: E402
from models.generator import Generator  # noqa: E402
from models.losses import base_vector, content_loss  # noqa: E402
from models.training.rig_landmarks import RigLandmarks  # noqa: E402
from rig.identity import random_identity  # noqa: E402
from rig.parameters import CHANNEL_INDEX  # noqa: E402


@pytest.fixture(scope="module")
def networks() -> tuple[Generator, FeatureExtractor]:
    """Random ones, small: what they draw is no face, but the way from parameters to features is there."""
    torch.manual_seed(0)
    generator = Generator(size=128, width=16, code=32).eval().requires_grad_(False)
    extractor = FeatureExtractor(BiSeNet(width=0.125)).eval().requires_grad_(False)
    return generator, extractor


def test_a_generated_picture_is_fitted_by_what_made_it(networks: tuple[Generator, FeatureExtractor]) -> None:
    generator, extractor = networks
    torch.manual_seed(1)
    y = base_vector(2)
    y[:, 2:25] = torch.rand(2, 23)
    y[:, 25:233] += 0.2 * torch.randn(2, 208)
    picture = generator(y.clamp(0, 1))
    found = fit.fit_through_generator(generator, extractor, picture, steps=15, sparsity=1e-4)
    assert found.shape == (2, 269)
    assert 0 <= found.min() <= found.max() <= 1
    torch.testing.assert_close(found[:, 233:].sum(1), torch.ones(2))
    real = extractor(picture)
    before = content_loss(extractor(generator(base_vector(2))), real)
    assert content_loss(extractor(generator(found)), real) < 0.8 * before


def test_sparsity_holds_the_base(networks: tuple[Generator, FeatureExtractor]) -> None:
    generator, extractor = networks
    picture = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(2))
    loose, held = (fit.fit_through_generator(generator, extractor, picture, 10, sparsity=s) for s in (0.0, 100.0))
    base = base_vector(1)[:, :233]
    assert (held[:, :233] - base).norm() < 0.5 * (loose[:, :233] - base).norm()


def test_landmarks_are_fitted_through_the_rig() -> None:
    rig = RigLandmarks()
    rng = np.random.default_rng(3)
    au = torch.zeros(2, 40)
    au[0, [CHANNEL_INDEX["AU12-left"], CHANNEL_INDEX["AU12-right"]]] = 0.8
    au[1, [CHANNEL_INDEX["AU25"], CHANNEL_INDEX["AU26"]]] = 0.8
    identity = torch.from_numpy(np.stack([random_identity(rng) for _ in range(2)]))
    with torch.no_grad():
        points = rig.points(au, identity, torch.zeros(2, 4))[0]
    found, who = fit.fit_through_rig(rig, points, steps=40, rate=0.12)
    assert found.shape == (2, 40)
    assert who.shape == (2, 208)
    assert found[0, CHANNEL_INDEX["AU12-left"]] > 0.4 > found[1, CHANNEL_INDEX["AU12-left"]]
    assert found[1, CHANNEL_INDEX["AU26"]] > 0.4 > found[0, CHANNEL_INDEX["AU26"]]
    with torch.no_grad():
        people = (identity, who, torch.full_like(who, 0.5))
        rest = [rig.points(torch.zeros(2, 40), k, torch.zeros(2, 4))[0] for k in people]
    right, ours, base = (r - r.mean(1, keepdim=True) for r in rest)
    assert (ours - right).norm() < 0.7 * (base - right).norm()


def test_a_way_is_timed_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quick ones over many calls, the first of which warms up; slow ones once."""
    now = [0.0]
    monkeypatch.setattr(fit.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(fit.time, "process_time", lambda: now[0] / 2)
    calls = []

    def way(seconds: list[float]):  # type: ignore[no-untyped-def]
        def run(_: object) -> None:
            now[0] += seconds[min(len(calls), len(seconds) - 1)]
            calls.append(1)

        return run

    wall, busy = fit.seconds_of(way([0.6, 0.01]), None)  # type: ignore[arg-type]
    assert (wall, busy) == (pytest.approx(0.01), pytest.approx(0.005))
    assert len(calls) > 30
    calls.clear()
    assert fit.seconds_of(way([30.0]), None)[0] == pytest.approx(30)  # type: ignore[arg-type]
    assert len(calls) == 1


def test_missing_data_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["fit", "--faces", str(tmp_path)])
    with pytest.raises(SystemExit, match="render_dataset"):
        fit.main()
