"""Pairs for the generator: one look for everybody, vectors that name their pictures, shards that resume."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from rig.parameters import AU_BASE, AU_CHANNELS, AUS, CHANNEL_INDEX, N_BROW_STYLES, N_CHANNELS, fold_sides

torch = pytest.importorskip("torch", reason="torch comes with the train extra")

from models import render_pairs as script  # noqa: E402
from models.render_pairs import (  # noqa: E402
    Pairs,
    channels_of,
    draw_aus,
    draw_faces,
    draw_identity,
    draw_pose,
    faces_of,
    held_out,
    in_fixed_look,
    load_pairs,
    render_pairs,
    shard_paths,
)
from models.renderer.labels import LABEL  # noqa: E402
from models.renderer.render import Renderer  # noqa: E402
from models.renderer.sample import Parameters, sample  # noqa: E402

VARIES = {"au", "identity", "brow_style", "euler_deg"}


@pytest.fixture(scope="module")
def faces() -> Parameters:
    return draw_faces(6, np.random.default_rng(3))


@pytest.fixture(scope="module")
def pairs(pairs_renderer: Renderer, faces: Parameters) -> Pairs:
    return render_pairs(pairs_renderer, faces, 64)


def test_vectors_are_varied_and_in_range() -> None:
    rng = np.random.default_rng(0)
    aus = np.stack([draw_aus(rng) for _ in range(1500)])
    assert aus.shape == (1500, 23)
    assert aus.min() >= 0
    assert aus.max() <= 1
    assert (aus > 0.5).mean(0).min() > 0.01, "an AU is hardly ever strong"
    assert 0.1 < (aus.min(1) > 0).mean() < 0.5, "a part of the faces does a little of everything"
    assert ((aus <= AU_BASE).all(1)).mean() > 0.02, "some faces are at rest"
    people = np.stack([draw_identity(rng) for _ in range(400)])
    assert people.min() >= 0
    assert people.max() <= 1
    assert np.abs(people.mean() - 0.5) < 0.02
    spread = people.std(1)
    assert spread.min() < 0.06 < 0.14 < spread.max(), "plain and striking people"
    pose = np.stack([draw_pose(rng) for _ in range(400)])
    assert np.abs(pose).max(0).tolist() <= [40, 25, 0]
    assert np.abs(pose[:, 0]).max() > 30


def test_sides_are_alike_and_fold_back() -> None:
    aus = np.random.default_rng(1).uniform(0, 1, (5, 23)).astype(np.float32)
    channels = channels_of(aus)
    assert channels.shape == (5, N_CHANNELS)
    assert np.abs(fold_sides(channels) - aus).max() < 1e-6
    for left, right in (c for c in AU_CHANNELS if len(c) == 2):
        assert (channels[:, left] == channels[:, right]).all()
    beyond = [CHANNEL_INDEX[c] for c in ("AU29", "AU34", "AU19")]
    assert (channels[:, beyond] == 0).all()


def test_one_look_for_all() -> None:
    """Whatever was drawn, only expression, person, brows and pose are left of it."""
    p = in_fixed_look(sample(5, np.random.default_rng(2)))
    q = in_fixed_look(sample(5, np.random.default_rng(7)))
    for f in fields(Parameters):
        a, b = getattr(p, f.name), getattr(q, f.name)
        assert a.dtype == getattr(sample(1, np.random.default_rng(0)), f.name).dtype, f.name
        assert (f.name in VARIES) != torch.equal(a, b), f.name
        if f.name not in VARIES:
            assert torch.equal(a[:1].expand_as(a), a), f"{f.name} differs from face to face"


def test_a_vector_names_its_picture(pairs_renderer: Renderer, faces: Parameters, pairs: Pairs) -> None:
    """What the vector says is enough to render the same picture again."""
    assert pairs.vector.shape == (6, 269)
    assert pairs.picture.shape == (6, 64, 64, 3)
    assert np.abs(pairs.vector[:, :2] - (0.5 + faces.euler_deg[:, :2].numpy() / 180)).max() < 1e-6
    assert (pairs.vector[:, -N_BROW_STYLES:].argmax(1) == faces.brow_style.numpy()).all()
    again = render_pairs(pairs_renderer, faces_of(pairs.vector), 64)
    assert np.abs(again.vector - pairs.vector).max() < 1e-5
    assert np.abs(again.picture.astype(float) - pairs.picture).mean() < 0.2


def test_faces_lie_in_the_aligned_view(pairs: Pairs) -> None:
    """Eyes above the middle, mouth below, whatever the pose: the same places in all pictures."""
    rows = np.arange(64)[:, None]
    for labels in pairs.labels:
        mouth = np.isin(labels, [LABEL["mouth"], LABEL["upper-lip"], LABEL["lower-lip"]])
        brows = np.isin(labels, [LABEL["brow-left"], LABEL["brow-right"]])
        assert 0.62 < (rows * mouth).sum() / mouth.sum() / 64 < 0.88
        assert 0.2 < (rows * brows).sum() / brows.sum() / 64 < 0.45
    assert (pairs.labels == LABEL["glasses"]).sum() == 0


def test_an_au_changes_its_own_part_of_the_picture(pairs_renderer: Renderer) -> None:
    y = np.full((3, 269), 0.5, np.float32)
    y[:, 2:25] = 0
    y[:, -N_BROW_STYLES:] = np.eye(N_BROW_STYLES)[4]
    y[1, 2 + AUS.index("AU43")] = 1
    y[2, 2 + AUS.index("AU26")] = y[2, 2 + AUS.index("AU25")] = 1
    rest, shut, agape = render_pairs(pairs_renderer, faces_of(y), 64).picture.astype(float)
    eyes, mouth = slice(20, 34), slice(42, 60)
    for moved, inside, outside in ((shut, eyes, mouth), (agape, mouth, eyes)):
        change = np.abs(moved - rest)[:, 16:48]
        assert change[inside].mean() > 4 * change[outside].mean()


def test_shards_resume_and_are_held_out(
    pairs_renderer: Renderer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "PER_SHARD", 2)
    monkeypatch.setattr(script, "Renderer", lambda **_: pairs_renderer)
    monkeypatch.setattr("sys.argv", ["render_pairs", "--out", str(tmp_path), "--pairs", "6", "--device", "cpu"])
    script.main()
    paths = shard_paths(tmp_path)
    assert [p.name for p in paths] == ["pairs0000.npz", "pairs0001.npz", "pairs0002.npz"]
    assert [held_out(p) for p in paths] == [True, True, False]
    first = load_pairs(paths)
    assert len(first) == 6
    kept = paths[0].stat().st_mtime_ns
    paths[1].unlink()
    script.main()
    assert paths[0].stat().st_mtime_ns == kept, "a finished shard is left alone"
    again = load_pairs(shard_paths(tmp_path))
    assert np.array_equal(again.vector, first.vector)
    assert np.array_equal(again.picture, first.picture)
    both = replace(first, picture=first.picture[:, ::2, ::2])
    np.savez(tmp_path / "pairs0009.npz", vector=both.vector, picture=both.picture, labels=both.labels)
    with pytest.raises(ValueError, match="different sizes"):
        load_pairs(shard_paths(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"models\.render_pairs"):
        load_pairs([])
