"""Training the generator: weights of parts, the budget's schedule, resuming, and measuring what came out."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the train extra")

from models import train_generator as script  # noqa: E402
from models.bisenet import BiSeNet  # noqa: E402
from models.generator import Generator, load_generator  # noqa: E402
from models.render_pairs import Pairs, draw_faces, render_pairs  # noqa: E402
from models.renderer.labels import LABEL  # noqa: E402
from models.renderer.render import Renderer  # noqa: E402
from models.train_generator import ELSEWHERE, WEIGHTS, Batches, Config, part_weights, train, watch  # noqa: E402

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def folder(pairs_renderer: Renderer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A held-out shard of six pairs (pairs0000) and two that are trained on."""
    out = tmp_path_factory.mktemp("pairs")
    for shard in (0, 2, 3):
        p = render_pairs(pairs_renderer, draw_faces(6, np.random.default_rng(shard)), 128)
        np.savez(out / f"pairs{shard:04d}.npz", vector=p.vector, picture=p.picture, labels=p.labels)
    return out


def weights_of(path: Path) -> dict:
    return torch.load(path, weights_only=True)


def test_small_parts_weigh_more_also_where_they_may_move_to() -> None:
    labels = torch.full((1, 128, 128), LABEL["hair"], dtype=torch.uint8)
    labels[:, 60:64, 60:70] = LABEL["mouth"]
    labels[:, 100:, :] = LABEL["skin"]
    weight = part_weights(labels)[0, 0]
    assert weight.mean() == pytest.approx(1, abs=1e-5)
    assert float(weight[61, 61] / weight[5, 5]) == pytest.approx(WEIGHTS["mouth"] / ELSEWHERE)
    assert weight[58, 65] == weight[61, 61], "two pixels beyond counts as well"
    assert weight[54, 65] == weight[5, 5]
    assert float(weight[120, 5] / weight[5, 5]) == pytest.approx(WEIGHTS["skin"] / ELSEWHERE)


def test_held_out_pairs_are_never_drawn_and_new_shards_are_taken_in(folder: Path, tmp_path: Path) -> None:
    for name in ("pairs0000.npz", "pairs0002.npz"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    batches = Batches(tmp_path, 4, seed=1)
    assert [p.name for p in batches.paths] == ["pairs0002.npz"]
    y, picture, weight = batches.draw(3, CPU)
    assert (y.shape, picture.shape, weight.shape) == ((4, 269), (4, 3, 128, 128), (4, 1, 128, 128))
    assert 0 <= picture.min() < picture.max() <= 1
    assert torch.equal(y, batches.draw(3, CPU)[0])
    assert not torch.equal(y, batches.draw(4, CPU)[0])
    (tmp_path / "pairs0003.npz").write_bytes((folder / "pairs0003.npz").read_bytes())
    batches.rescan()
    assert len(batches.pairs) == 12


def test_resuming_is_going_on(folder: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    parser = tmp_path / "parser.pt"
    torch.save(BiSeNet(width=0.125, side=64).checkpoint(), parser)
    config = Config(steps=6, batch=4, width=32, check_every=3, perceptual_from=0.3)
    train(config, folder, tmp_path / "whole", parser, CPU)
    train(config, folder, tmp_path / "parts", parser, CPU, until=4)
    assert weights_of(tmp_path / "parts" / "last.pt")["progress"]["step"] == 4
    train(config, folder, tmp_path / "parts", parser, CPU)
    whole, parts = (weights_of(tmp_path / name / "last.pt") for name in ("whole", "parts"))
    assert whole["progress"]["step"] == parts["progress"]["step"] == 6
    for key in ("raw", "state"):
        for name, value in whole[key].items():
            assert torch.equal(value, parts[key][name]), name
    moved = Generator(128, width=32)
    assert any(not torch.equal(v, whole["raw"][k]) for k, v in moved.state_dict().items())
    lines = (tmp_path / "whole" / "log.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["step", "3", "6"]
    assert np.isfinite(float(lines[-1].split(",")[-1])), "the perceptual term was in"
    assert (tmp_path / "whole" / "curve.png").stat().st_size > 1000
    assert load_generator(tmp_path / "whole" / "best.pt").architecture.width == 32


def test_training_comes_nearer_to_faces_never_seen(folder: Path, tmp_path: Path) -> None:
    unseen = Pairs(*(np.load(folder / "pairs0000.npz")[k] for k in ("vector", "picture", "labels")))
    torch.manual_seed(1)
    before, distance = watch(Generator(128, width=32), unseen, None, CPU)
    assert np.isnan(distance)
    train(Config(steps=40, batch=6, width=32, check_every=20), folder, tmp_path, None, CPU)
    after, _ = watch(load_generator(tmp_path / "best.pt"), unseen, None, CPU)
    assert after < before - 1.5


def test_errors_end_in_one_line(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def ends(*more: str) -> str:
        monkeypatch.setattr("sys.argv", ["train_generator", "--out", str(tmp_path / "out"), *more])
        with pytest.raises(SystemExit) as end:
            script.main()
        assert end.value.code == 1
        return capsys.readouterr().err

    assert "models.render_pairs" in ends("--pairs", str(tmp_path))
    (tmp_path / "bad.pth").write_text("x")
    assert "cannot be read" in ends("--pairs", str(folder), "--features", str(tmp_path / "bad.pth"))
