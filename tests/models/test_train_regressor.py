"""Training, scores and ablation of R from start to end on made-up people."""

import csv
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the train extra")

from made_up_people import make_world, parser_of, rendered  # noqa: E402

from models import ablate, regressor_scores, train_regressor  # noqa: E402
from models.evaluation.coded_frames import CodedFrames  # noqa: E402
from models.evaluation.hand_coding import AU_COLUMNS, Coding  # noqa: E402
from models.evaluation.regressors import Views  # noqa: E402
from models.landmark_regressor import LandmarkRegressor  # noqa: E402
from models.losses import supervised_loss  # noqa: E402
from models.regressor import FullRegressor, Regressor, fitting  # noqa: E402
from models.regressor_scores import scored, summary  # noqa: E402
from models.training.person_batches import CLEAN, STRANGER  # noqa: E402
from models.training.regressor_steps import alone_loss, looked, read  # noqa: E402


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"))


def test_what_a_batch_teaches_is_learned(world: Path) -> None:
    source = rendered(world)
    torch.manual_seed(0)
    regressor = Regressor(fitting(parser_of(world), width=8, hidden=16)).train()
    batch = source.draw(np.concatenate(source.people[:2]), np.random.default_rng(0), CLEAN)
    optimiser = torch.optim.AdamW(regressor.parameters(), lr=3e-3)
    losses = []
    for _ in range(25):
        loss = torch.stack(list(supervised_loss(read(regressor, batch), batch).values())).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.6 * losses[0]
    alone = source.draw(batch.rows, np.random.default_rng(0), STRANGER)
    regressor.eval()
    with torch.no_grad():
        assert (read(regressor, alone).au - read(regressor, batch).au).abs().max() > 0.01, "it reads the person too"


def run(monkeypatch: pytest.MonkeyPatch, module, world: Path, out: Path, *more: str) -> None:  # type: ignore[no-untyped-def]
    folders = {name: str(world / name) for name in ("rendered", "real", "cache")}
    small = {"width": "8", "hidden": "16", "mirrored": "1", "people": "2", "clips": "1", "judges": "2"}
    given = folders | small | {"parser": str(world / "parser.pt"), "out": str(out), "device": "cpu"}
    options = [word for name, value in given.items() for word in (f"--{name}", value)]
    monkeypatch.setattr(sys, "argv", ["x", *options, *more])
    module.main()


def test_training_learns_resumes_and_rebuilds(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "run"
    drawing = ("--generator", str(world / "generator.pt"), "--recognition", str(world / "recognition.pt"))
    common = ("--validate", "2", "--every", "2", "--drawn", "4", *drawing)
    run(monkeypatch, train_regressor, world, out, "--steps", "2", *common)
    run(monkeypatch, train_regressor, world, out, "--steps", "4", *common)
    with (out / "log.csv").open() as f:
        log = list(csv.DictReader(f))
    assert [row["step"] for row in log] == ["2", "4"]
    for name in ("au", "pose", "gaze", "id", "brow", "landmarks", "smooth", "flip", "content", "loopback", "icc"):
        assert np.isfinite(float(log[-1][name])), name
    assert (out / "curve.png").stat().st_size > 1000
    best = torch.load(out / "best.pt", weights_only=False)
    assert best["config"]["seed"] == 1
    assert best["losses"]["identity"] == 0.1
    again = FullRegressor.from_checkpoint(best).eval()
    assert again.architecture.width == 8
    before = parser_of(world).state_dict()
    for name, value in again.extractor.state_dict().items():
        torch.testing.assert_close(value, before[name], msg=f"{name} is frozen")
    figures = summary(again.regressor, rendered(world))
    assert 0 <= figures["mae"] <= 5


def test_a_run_of_another_r_is_not_gone_on_with(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, train_regressor, world, tmp_path, "--steps", "1", "--validate", "1")
    with pytest.raises(SystemExit, match=r"last\.pt is of another R"):
        run(monkeypatch, train_regressor, world, tmp_path, "--steps", "2", "--width", "6")
    state = torch.load(tmp_path / "last.pt", weights_only=False)
    state["architecture"]["regressor"]["windows"]["eyes"] = (32, 0, 8, 0, 8)
    torch.save(state, tmp_path / "last.pt")
    for more in ((), ("--start", str(tmp_path / "last.pt"))):
        with pytest.raises(SystemExit, match="other feature windows"):
            run(monkeypatch, train_regressor, world, tmp_path, "--steps", "2", *more)


def test_pictures_alone_teach_what_looks_and_not_the_landmarks(world: Path) -> None:
    source = rendered(world)
    torch.manual_seed(0)
    regressor = Regressor(fitting(parser_of(world), width=8, hidden=16)).train()
    batch = source.draw(source.people[0], np.random.default_rng(0), CLEAN)
    seen, code = looked(regressor, batch)
    loss = alone_loss(regressor, seen, code, batch.au)
    loss.backward()
    assert float(loss.detach()) > 0
    taught = [name for name, p in regressor.named_parameters() if p.grad is not None and p.grad.any()]
    assert any(name.startswith("au.enter") for name in taught)
    assert any(name.startswith("to_code") for name in taught), "also by way of the resting pictures"
    assert not any(name.startswith("geometry") for name in taught)


def test_scores_tell_the_known_from_strangers(world: Path) -> None:
    torch.manual_seed(0)
    model = FullRegressor(parser_of(world)).eval()
    known, stranger = (scored(model.regressor, rendered(world), life) for life in (CLEAN, STRANGER))
    assert known.pictures == stranger.pictures == 56
    assert len(known.channels) == 40
    assert len(known.aus) == 23
    assert known.mean.mae != stranger.mean.mae
    assert known.pose_deg == pytest.approx(stranger.pose_deg), "the head is read from the picture alone"


def test_the_report_sets_the_landmarks_alone_beside(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    model = FullRegressor(parser_of(world))
    torch.save(model.checkpoint(), tmp_path / "best.pt")
    geometric = LandmarkRegressor()
    torch.save(geometric.checkpoint(), tmp_path / "geometric.pt")
    alone = scored(geometric.eval(), rendered(world), CLEAN)
    assert np.isnan([alone.pose_deg, alone.brow_style]).all(), "it reads neither"
    out = tmp_path / "report.md"
    given = {"checkpoint": tmp_path / "best.pt", "rendered": world / "rendered", "out": out}
    given["landmarks"] = tmp_path / "geometric.pt"
    monkeypatch.setattr(sys, "argv", ["x", *(str(w) for k, v in given.items() for w in (f"--{k}", v))])
    regressor_scores.main()
    text = out.read_text()
    assert f"| landmarks alone, person known | {alone.mean.icc:.3f} | {alone.mean.mae:.3f} |" in text
    assert text.count("\n| AU") == 40
    assert "hand-coded" not in text
    monkeypatch.setattr(regressor_scores, "read_coded_frames", lambda _: made_up_frames(world))
    monkeypatch.setattr(sys, "argv", [*sys.argv, "--coded", str(tmp_path)])
    regressor_scores.main()
    coded = out.read_text().partition("8 hand-coded frames, the neutral known:")[2]
    assert coded.count("\n| R |") == coded.count("\n| geometric |") == 1
    assert "R: ICC(3,1)" in coded
    given["checkpoint"] = tmp_path / "gone.pt"
    monkeypatch.setattr(sys, "argv", ["x", *(str(w) for k, v in given.items() for w in (f"--{k}", v))])
    with pytest.raises(SystemExit, match=r"gone\.pt"):
        regressor_scores.main()


def test_mistakes_end_in_one_line(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="the losses are content, identity"):
        run(monkeypatch, train_regressor, world, tmp_path / "a", "--off", "contend")
    with pytest.raises(SystemExit, match=r"gone\.pt"):
        run(monkeypatch, train_regressor, world, tmp_path / "b", "--parser", str(tmp_path / "gone.pt"))
    with pytest.raises(SystemExit, match=r"parser\.pt"):
        run(monkeypatch, train_regressor, world, tmp_path / "c", "--generator", str(world / "parser.pt"),
            "--recognition", str(world / "recognition.pt"))  # fmt: skip


def test_what_readers_said_of_real_clips_teaches(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labelled = tmp_path / "labelled"
    labelled.mkdir()
    for path in (world / "real").glob("*.npz"):
        with np.load(path) as z:
            np.savez(labelled / path.name, **{**z, "au": np.full_like(z["au"], 0.5)})  # type: ignore[arg-type]
    run(
        monkeypatch, train_regressor, world, tmp_path / "out", "--real", str(labelled), "--steps", "1", "--cameras", "1"
    )
    with (tmp_path / "out" / "log.csv").open() as f:
        assert float(next(csv.DictReader(f))["real"]) > 0.1
    assert (world / "cache" / "real" / "clip_a.camera0.npy").exists()


def test_ablation_tells_each_loss_apart(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start = tmp_path / "start.pt"
    monkeypatch.setattr(ablate, "read_coded_frames", lambda _: made_up_frames(world))
    torch.manual_seed(0)
    torch.save(FullRegressor(parser_of(world)).checkpoint(step=0), start)
    run(
        monkeypatch, ablate, world, tmp_path / "out", "--start", str(start), "--steps", "3", "--every", "1",
        "--drawn", "4", "--test", str(world / "rendered"), "--losses", "paper,flip", "--coded", str(tmp_path),
        "--generator", str(world / "generator.pt"), "--recognition", str(world / "recognition.pt"),
    )  # fmt: skip
    with (tmp_path / "out" / "ablation.csv").open() as f:
        rows = {(row["off"], int(row["seed"])): row for row in csv.DictReader(f)}
    assert list(rows) == [("start", 1), ("none", 1), ("none", 2), ("paper", 1), ("flip", 1)]
    for figure in ("mae", "mae_coded"):
        assert len({row[figure] for row in rows.values()}) > 3, f"{figure}: losses and seeds show"
    assert 0 < float(rows["none", 1]["mae_coded"]) <= 5


def made_up_frames(world: Path) -> CodedFrames:
    """Pictures of one person, coded at random."""
    faces = rendered(world).faces
    with np.load(world / "rendered" / "shard0000.npz") as file:
        picture = file["picture"][:8]
    views = Views(picture, faces.found[:8])
    rng = np.random.default_rng(0)
    columns = {au: rng.integers(0, 6, 8).astype(np.float64) for au in AU_COLUMNS}
    coding = Coding(["a"] * 8, np.arange(8), columns)
    return CodedFrames(coding, views, views.rows(np.zeros(8, np.intp)))


def test_views_are_read_beside_their_own_rest(world: Path) -> None:
    torch.manual_seed(0)
    model = FullRegressor(parser_of(world)).eval()
    torch.nn.init.normal_(model.regressor.au.fc2.weight, std=0.1)
    views = made_up_frames(world).views
    rest = views.rows(np.arange(8) // 4 * 4)
    read_once = regressor_scores.read_views(model, views, rest)
    with torch.no_grad():
        code = model.encode(torch.from_numpy(rest.picture))
        own = model(*(torch.from_numpy(x) for x in (views.picture, views.landmarks, rest.landmarks)), code)[0]
    np.testing.assert_allclose(read_once, own.numpy(), atol=1e-5)
    assert np.abs(read_once - regressor_scores.read_views(model, views, views)).max() > 1e-3
