"""Batches of people, the cache of features, and a training from start to end on made-up people."""

import csv
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the train extra")

from models import ablate, regressor_scores, train_regressor  # noqa: E402
from models.bisenet import BiSeNet, FeatureExtractor  # noqa: E402
from models.evaluation.coded_frames import CodedFrames  # noqa: E402
from models.evaluation.hand_coding import AU_COLUMNS, Coding  # noqa: E402
from models.evaluation.regressors import Views  # noqa: E402
from models.fused_features import Window  # noqa: E402
from models.generator import Generator  # noqa: E402
from models.landmark_regressor import LandmarkRegressor  # noqa: E402
from models.lightcnn import LightCNN29v2  # noqa: E402
from models.losses import supervised_loss  # noqa: E402
from models.regressor import FullRegressor, Regressor, fitting  # noqa: E402
from models.regressor_scores import scored, summary  # noqa: E402
from models.runtime.alignment import canonical_face  # noqa: E402
from models.training import feature_cache  # noqa: E402
from models.training.feature_cache import CacheError, FeatureCache, cache_features, features_of  # noqa: E402
from models.training.person_batches import CLEAN, REST, STRANGER, Life, Source  # noqa: E402
from models.training.regressor_data import Pictures, load_clips, open_source  # noqa: E402
from models.training.regressor_steps import alone_loss, joined, looked, read  # noqa: E402
from rig.parameters import CHANNEL_INDEX, MIRROR  # noqa: E402

PER_SESSION = 4
"""Two at rest, two expressions; two sessions a person."""


def write_people(path: Path, people: list[int], real: bool = False) -> None:
    """A data file as models.render_dataset (or, ``real``, models.real_faces) would write."""
    rng = np.random.default_rng(people[0])
    n = 2 * PER_SESSION * len(people)
    k = np.arange(n)
    resting = k % PER_SESSION < 2
    person = np.repeat(people, 2 * PER_SESSION)
    found = canonical_face() + 0.002 * rng.standard_normal((n, 478, 3))
    au = (~resting[:, None] * rng.random((n, 40)) * (rng.random((n, 40)) < 0.3)).astype(np.float32)
    data = {
        "picture": rng.integers(0, 256, (n, 128, 128, 3), np.uint8),
        "labels": np.zeros((n, 2, 2), np.uint8),
        "points": np.zeros((n, 478, 2), np.float16),
        "found": found.astype(np.float32),
        "true": (found + 0.001 * rng.standard_normal(found.shape)).astype(np.float32),
        "au": au * np.nan if real else au,
        "gaze_deg": np.full((n, 4), np.nan) if real else rng.normal(0, 5, (n, 4)),
        "euler_deg": rng.normal(0, 8, (n, 3)),
        "identity": np.full((n, 208), np.nan) if real else rng.random((len(people), 208)).repeat(2 * PER_SESSION, 0),
        "brow_style": np.full(n, -1) if real else person % 36,
        "person": person,
        "session": person * 10 if real else k // PER_SESSION % 2,
        "resting": resting,
    }
    data |= {name: data[name].astype(np.float32) for name in ("au", "gaze_deg", "euler_deg", "identity")}
    if real:
        data["frame"] = k * 3
    np.savez(path, **data)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("world")
    for name in ("rendered", "real"):
        (root / name).mkdir()
    write_people(root / "rendered" / "shard0000.npz", [0, 1, 2, 3])
    write_people(root / "rendered" / "shard0001.npz", [4, 5, 12])
    write_people(root / "real" / "clip_a.npz", [25], real=True)
    write_people(root / "real" / "clip_b.npz", [36], real=True)  # held aside
    torch.manual_seed(0)
    torch.save(BiSeNet(width=0.0625, side=128).eval().checkpoint(), root / "parser.pt")
    torch.save(Generator(128, width=16, code=16).checkpoint(), root / "generator.pt")
    torch.save(LightCNN29v2(width=0.1).checkpoint(), root / "recognition.pt")
    extractor = parser_of(root)
    cache_features(extractor, root / "rendered", root / "cache" / "rendered", mirrored=1)
    cache_features(extractor, root / "real", root / "cache" / "real", mirrored=9)
    return root


def parser_of(root: Path) -> FeatureExtractor:
    return FeatureExtractor(BiSeNet.from_checkpoint(torch.load(root / "parser.pt", weights_only=True)).eval())


def rendered(world: Path):  # type: ignore[no-untyped-def]
    return open_source(world / "rendered", world / "cache" / "rendered")


# ------------------------------------------------------------ cache


def test_cached_rows_are_the_features_of_their_pictures(world: Path) -> None:
    cache = FeatureCache(world / "rendered", world / "cache" / "rendered")
    rows = np.array([33, 2])
    pictures = Pictures(world / "rendered").rows(rows)
    assert pictures.shape == (2, 3, 128, 128)
    as_bytes = (pictures.permute(0, 2, 3, 1) * 255).round().byte().numpy()
    extractor = parser_of(world)
    np.testing.assert_allclose(cache.rows(rows).numpy(), features_of(extractor, as_bytes), rtol=1e-2, atol=1e-2)
    mirrored = features_of(extractor, np.ascontiguousarray(as_bytes[1:, :, ::-1]))
    found = cache.rows(rows, np.array([False, True]))
    np.testing.assert_allclose(found[1:].numpy(), mirrored, rtol=1e-2, atol=1e-2)
    assert cache.has_mirror.tolist() == [True] * 32 + [False] * 24
    with pytest.raises(CacheError, match="mirrored features of row 33"):
        cache.rows(rows, np.array([True, False]))


def test_a_cache_of_another_network_or_other_windows_is_refused(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(9)
    other = FeatureExtractor(BiSeNet(width=0.0625, side=128).eval())
    with pytest.raises(CacheError, match="another parsing network"):
        cache_features(other, world / "rendered", world / "cache" / "rendered")
    monkeypatch.setitem(feature_cache.WINDOWS, "eyes", Window(32, 0, 8, 0, 8))
    with pytest.raises(CacheError, match="of other windows"):
        cache_features(parser_of(world), world / "rendered", world / "cache" / "rendered")
    with pytest.raises(CacheError, match=r"shard0000\.npy is missing"):
        FeatureCache(world / "rendered", world / "nowhere")


def test_quick_features_are_nearly_the_same(world: Path) -> None:
    extractor = parser_of(world)
    with np.load(world / "rendered" / "shard0000.npz") as file:
        picture = file["picture"][:4]
    exact, quick = (features_of(extractor, picture, quick=q).astype(np.float32) for q in (False, True))
    assert 0 < np.abs(exact - quick).mean() < 0.05 * np.abs(exact).mean()


# ------------------------------------------------------------ batches


def test_a_clean_batch_tells_of_the_same_person_and_session_at_rest(world: Path) -> None:
    source = rendered(world)
    rows = np.concatenate(source.people[:2])
    batch = source.draw(rows, np.random.default_rng(0), CLEAN)
    f = source.faces
    for k, row in enumerate(rows):
        told = rows[batch.at_rest[k].numpy() > 0]
        assert len(told) == (1 if f.resting[row] else 2), "never the picture itself"
        assert f.resting[told].all()
        assert (f.person[told] == f.person[row]).all()
        assert (f.session[told] == f.session[row]).all()
        np.testing.assert_allclose(batch.neutral[k].numpy(), f.found[told].mean(0), atol=1e-6)
        np.testing.assert_allclose(batch.motion[k].numpy(), f.found[row] - f.found[told].mean(0), atol=1e-6)
    torch.testing.assert_close(batch.at_rest.sum(1), torch.ones(len(rows)))
    code = torch.randn(len(rows), 5)
    torch.testing.assert_close(batch.neutral_code(code), batch.at_rest @ code)


def test_of_a_stranger_only_the_picture_is_known(world: Path) -> None:
    source = rendered(world)
    rows = source.people[0]
    batch = source.draw(rows, np.random.default_rng(0), STRANGER)
    assert not batch.at_rest.any()
    assert not batch.neutral_code(torch.ones(len(rows), 3)).any()
    torch.testing.assert_close(batch.neutral, REST.expand_as(batch.neutral))
    torch.testing.assert_close(batch.landmarks, torch.from_numpy(source.faces.found[rows]))


def test_life_goes_wrong_as_often_as_told(world: Path) -> None:
    source = rendered(world)
    rows = np.concatenate(source.people)
    rng = np.random.default_rng(0)
    life = Life(stranger=0.2, no_code=0.1, no_landmarks=0.1, no_picture=0.1)
    batches = [source.draw(rows, rng, life) for _ in range(12)]
    n = 12 * len(rows)
    share = {
        "no code": sum(int((b.at_rest.sum(1) == 0).sum()) for b in batches) / n,
        "no landmarks": sum(int((b.landmarks == 0).all(2).all(1).sum()) for b in batches) / n,
        "no picture": sum(int((b.picture_known == 0).sum()) for b in batches) / n,
        "tainted": sum(int((b.at_rest.diagonal() > 0).sum()) for b in batches) / n,
    }
    assert share["no code"] == pytest.approx(0.28, abs=0.06)
    assert share["no landmarks"] == pytest.approx(0.1, abs=0.04)
    assert share["no picture"] == pytest.approx(0.09, abs=0.04)
    assert share["tainted"] == pytest.approx(0.25 * 0.72, abs=0.06)
    for b in batches:
        gone = (b.landmarks == 0).all(2).all(1)
        assert (b.picture_known[gone] == 1).all(), "something is always known"
        assert (b.neutral[gone] == 0).all()


def test_the_mirror_swaps_everything_and_keeps_to_itself(world: Path) -> None:
    source = rendered(world)
    rows = np.concatenate([source.people[0], source.people[0]])
    n = len(source.people[0])
    flip = np.arange(len(rows)) >= n
    batch = source.draw(rows, np.random.default_rng(0), CLEAN, flip)
    assert not batch.at_rest[:n, n:].any(), "a mirrored picture is not at rest for the other"
    torch.testing.assert_close(batch.au[n:], batch.au[:n][:, list(MIRROR)])
    torch.testing.assert_close(batch.pose[n:, 0], 1 - batch.pose[:n, 0])
    torch.testing.assert_close(batch.pose[n:, 1], batch.pose[:n, 1])
    torch.testing.assert_close(batch.gaze_deg[n:, 0], -batch.gaze_deg[:n, 2])
    torch.testing.assert_close(batch.gaze_deg[n:, 1], batch.gaze_deg[:n, 3])
    assert batch.identity[n:].isnan().all()
    torch.testing.assert_close(batch.landmarks[n:, 4], batch.landmarks[:n, 4] * torch.tensor([-1.0, 1, 1]))
    assert (batch.features[n:] - batch.features[:n]).abs().max() > 0


def test_some_of_a_person_are_a_third_at_rest_and_the_common_more_often(world: Path) -> None:
    source = rendered(world)
    rows = source.people[0]
    f = source.faces
    rng = np.random.default_rng(0)
    chosen = source.some_of(rows, 6, rng)
    assert len(set(chosen.tolist())) == 6
    assert f.resting[chosen].sum() == 2
    assert sorted(source.some_of(rows, 20, rng)) == sorted(rows), "all where there are no more"
    moving = rows[~f.resting[rows]]
    au = np.zeros_like(f.au)
    au[moving[0], CHANNEL_INDEX["AU19"]] = 1
    tongue = Source(replace(f, au=au), source.features, np.ones(len(f), bool))
    drawn = np.concatenate([tongue.some_of(rows, 4, rng) for _ in range(200)])
    often = np.array([(drawn == row).sum() for row in moving])
    assert 0 < often[0] < 0.7 * often[1:].min()


def test_joined_batches_do_not_know_each_other(world: Path) -> None:
    source = rendered(world)
    a, b = (source.draw(rows, np.random.default_rng(0), CLEAN) for rows in source.people[:2])
    both = joined(a, b)
    n = len(a.rows)
    torch.testing.assert_close(both.at_rest[:n, :n], a.at_rest)
    torch.testing.assert_close(both.at_rest[n:, n:], b.at_rest)
    assert not both.at_rest[:n, n:].any()
    assert len(both.features) == len(both.rows) == len(both.au) == n + len(b.rows)


def test_clips_are_cut_into_neighbours_without_people_held_aside(world: Path) -> None:
    clips = load_clips(world / "real", world / "cache" / "real")
    assert list(clips.triples) == [250]
    np.testing.assert_array_equal(np.diff(clips.triples[250], axis=1), 1)
    assert clips.triples[250].shape == (6, 3)
    assert clips.source.faces.resting[clips.resting[250]].all()
    assert len(clips.stills) == 0


# ------------------------------------------------------------ training and scoring


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


def test_ablation_tells_each_loss_apart(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start = tmp_path / "start.pt"
    monkeypatch.setattr(ablate, "read_coded_frames", lambda _: made_up_frames(world))
    torch.manual_seed(0)
    torch.save(FullRegressor(parser_of(world)).checkpoint(step=0), start)
    run(
        monkeypatch, ablate, world, tmp_path / "out", "--start", str(start), "--steps", "1", "--every", "1",
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
