"""The lite regressor: its contract, what it starts from, that it learns what landmarks do not show, and resumes."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models import train_lite
from models.average_lite import average
from models.faces import load_faces
from models.landmark_regressor import LandmarkRegressor
from models.lite import CODE, Architecture, LiteRegressor, puffed
from models.runtime.alignment import canonical_face
from models.training.channel_scores import channel_scores
from models.training.rest_batches import PRESENT, People
from rig.parameters import CHANNEL_INDEX, N_CHANNELS


def inputs(n: int = 3) -> tuple[torch.Tensor, ...]:
    g = torch.Generator().manual_seed(0)
    face = torch.from_numpy(np.array(canonical_face())) + 0.002 * torch.randn(n, 478, 3, generator=g)
    picture = torch.randint(0, 256, (n, 128, 128, 3), dtype=torch.uint8, generator=g)
    return picture, face, face + 0.001 * torch.randn(n, 478, 3, generator=g), torch.zeros(n, CODE)


def test_outputs_are_the_contracts() -> None:
    model = LiteRegressor().eval()
    with torch.no_grad():
        au, pose, gaze, identity, brow_style, code = model(*inputs())
    assert [tuple(x.shape) for x in (au, pose, gaze, identity, brow_style, code)] == [
        (3, 40), (3, 2), (3, 4), (3, 208), (3, 36), (3, CODE),
    ]  # fmt: skip
    for x in (au, pose, identity, brow_style):
        assert x.min() >= 0
        assert x.max() <= 1
    assert torch.allclose(brow_style.sum(1), torch.ones(3), atol=1e-5)


def test_untrained_it_answers_as_the_landmarks_do() -> None:
    model = LiteRegressor().eval()
    picture, landmarks, neutral, code = inputs()
    with torch.no_grad():
        assert torch.allclose(
            model(picture, landmarks, neutral, code)[0], model.geometry(landmarks, neutral)[0].clamp(0, 1), atol=1e-6
        )


def test_the_neutral_code_counts_only_where_it_is_known() -> None:
    torch.manual_seed(0)
    model = LiteRegressor().eval()
    torch.nn.init.normal_(model.au.weight, std=0.1)
    picture, landmarks, neutral, unknown = inputs(2)
    with torch.no_grad():
        own = model.encode(picture)
        plain = model.decode(own, landmarks, neutral, unknown)[0]
        known = model.decode(own, landmarks, neutral, own.flip(0))[0]
    assert not torch.allclose(plain, known, atol=1e-4)


def test_puffed_cheeks_are_read_by_both_where_landmarks_are_sure() -> None:
    cheeks = CHANNEL_INDEX["AU34"]

    def together(seen: float, felt: float) -> float:
        au, by_landmarks = torch.full((1, N_CHANNELS), 0.3), torch.full((1, N_CHANNELS), 0.9)
        au[:, cheeks], by_landmarks[:, cheeks] = seen, felt
        out = puffed(au, by_landmarks)
        assert (out[0, [k for k in range(N_CHANNELS) if k != cheeks]] == 0.3).all()
        return float(out[0, cheeks])

    assert together(0.2, 0.8) == pytest.approx(0.5)
    assert together(0.2, 0.3) == pytest.approx(0.2), "landmarks alone often see a little puff in a pout"
    assert together(0.9, 0.7) == pytest.approx(0.9), "what pictures see stays"
    assert 0.2 < together(0.2, 0.5) < 0.35


def test_a_checkpoint_rebuilds_itself(tmp_path: Path) -> None:
    model = LiteRegressor().eval()
    torch.save(model.checkpoint(step=5), tmp_path / "m.pt")
    again = LiteRegressor.from_checkpoint(torch.load(tmp_path / "m.pt", weights_only=False)).eval()
    with torch.no_grad():
        for a, b in zip(model(*inputs()), again(*inputs()), strict=True):
            assert torch.equal(a, b)


def test_the_mean_of_two_has_the_mean_of_their_weights_and_the_second_s_landmarks() -> None:
    torch.manual_seed(0)
    first, second = LiteRegressor(), LiteRegressor()
    second.encoder.join.bias.data += 1.0
    mean = average(first, second)
    torch.testing.assert_close(mean.encoder.join.bias, (first.encoder.join.bias + second.encoder.join.bias) / 2)
    torch.testing.assert_close(mean.geometry.enter.weight, second.geometry.enter.weight)
    with pytest.raises(ValueError, match="no mean"):
        average(LiteRegressor(Architecture(hidden=128)), second)


def cheeks(folder: Path) -> None:
    """People whose landmarks never move; AU34 shows in the picture only, as red cheeks."""
    rng = np.random.default_rng(0)
    people, each = 26, 6
    n = people * each
    au = np.zeros((n, 40), np.float32)
    au[:, CHANNEL_INDEX["AU34"]] = np.arange(n) % each / each
    picture = rng.integers(90, 130, (n, 128, 128, 3)).astype(np.uint8)
    picture[:, 64:, :, 0] = (20 + 220 * au[:, CHANNEL_INDEX["AU34"]])[:, None, None]
    face = np.array(canonical_face())[None].repeat(n, 0)
    np.savez(
        folder / "shard0000.npz", picture=picture, labels=np.zeros((n, 1, 1), np.uint8), points=np.zeros((n, 478, 2)),
        found=face, true=face, au=au, gaze_deg=np.zeros((n, 4), np.float32), euler_deg=np.zeros((n, 3), np.float32),
        identity=np.full((n, 208), 0.5, np.float32), brow_style=np.zeros(n, np.int64),
        person=np.arange(n) // each, session=np.zeros(n, np.int64), resting=np.arange(n) % each < 2,
    )  # fmt: skip


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["train_lite", *map(str, arguments)])
    train_lite.main()


def test_training_learns_from_the_picture_and_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "faces").mkdir()
    cheeks(tmp_path / "faces")
    geometric = tmp_path / "geometric.pt"
    silent = LandmarkRegressor()
    for weights in (silent.direct.weight, silent.au[-1].weight, silent.au[-1].bias):  # type: ignore[union-attr]
        torch.nn.init.zeros_(weights)  # type: ignore[arg-type]
    torch.save(silent.checkpoint(), geometric)
    (tmp_path / "real").mkdir()
    with np.load(tmp_path / "faces" / "shard0000.npz") as z:
        np.savez(tmp_path / "real" / "clip.npz", **{**z, "au": np.nan * z["au"]})  # type: ignore[arg-type]
    given = ("--faces", tmp_path / "faces", "--real", tmp_path / "real", "--geometric", geometric)
    out = tmp_path / "out"
    run(monkeypatch, *given, "--out", out, "--steps", 12, "--people", 6, "--real-people", 2, "--every", 4)
    first = torch.load(out / "last.pt", weights_only=False)
    assert first["step"] == 12
    assert len(first["curve"]) == 3
    run(monkeypatch, *given, "--out", out, "--steps", 60, "--people", 6, "--real-people", 2, "--every", 24)
    again = torch.load(out / "last.pt", weights_only=False)
    assert again["step"] == 60
    assert again["curve"][:3] == first["curve"]
    faces = load_faces(tmp_path / "faces")
    model = LiteRegressor.from_checkpoint(again).eval()
    everyone = np.arange(len(faces))
    said = train_lite.answers(model, faces, everyone, faces.neutral_rows(np.random.default_rng(0)))
    assert channel_scores(faces.au, said)[CHANNEL_INDEX["AU34"]].pcc > 0.4
    assert "neutral landmarks known" in (out / "report.md").read_text()
    assert [row.split(",")[0] for row in (out / "log.csv").read_text().splitlines()] == [
        "step", *(str(row["step"]) for row in again["curve"]),
    ]  # fmt: skip
    assert (out / "curve.png").exists()


def test_labelled_real_faces_teach_and_judge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("faces", "real"):
        (tmp_path / name).mkdir()
        cheeks(tmp_path / name)
    torch.save(LandmarkRegressor().checkpoint(), tmp_path / "geometric.pt")
    given = ("--faces", tmp_path / "faces", "--real", tmp_path / "real", "--geometric", tmp_path / "geometric.pt")
    run(monkeypatch, *given, "--out", tmp_path / "out", "--steps", 4, "--people", 3, "--real-people", 2, "--every", 2)
    log = (tmp_path / "out" / "log.csv").read_text().splitlines()
    names, last = (line.split(",") for line in (log[0], log[-1]))
    assert {"real", "real_alone", "icc_real", "mae_real"} <= set(names)
    assert "rest" not in names
    assert all(float(last[names.index(name)]) > 0 for name in ("real", "real_alone", "mae_real"))


def test_labels_teach_where_nobody_is_held_aside_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("faces", "real"):
        (tmp_path / name).mkdir()
        cheeks(tmp_path / name)
    with np.load(tmp_path / "real" / "shard0000.npz") as z:
        rows = dict(z)
    rows["person"] = 1 + 12 * rows["person"]
    np.savez(tmp_path / "real" / "shard0000.npz", **rows)  # type: ignore[arg-type]
    torch.save(LandmarkRegressor().checkpoint(), tmp_path / "geometric.pt")
    given = ("--faces", tmp_path / "faces", "--real", tmp_path / "real", "--geometric", tmp_path / "geometric.pt")
    run(monkeypatch, *given, "--out", tmp_path / "out", "--steps", 2, "--people", 3, "--real-people", 2, "--every", 2)
    names = (tmp_path / "out" / "log.csv").read_text().splitlines()[0].split(",")
    assert "real" in names
    assert "icc_real" not in names


def test_batches_hold_people_beside_their_rest_and_show_half_shut_lids_seldom(tmp_path: Path) -> None:
    cheeks(tmp_path)
    faces = load_faces(tmp_path)
    au = faces.au.copy()
    au[3::6, CHANNEL_INDEX["AU43-left"]] = 0.5
    people = People(replace(faces, au=au), np.ones(len(faces), bool))
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(40):
        batch = people.draw(4, rng)
        assert batch.pictures.shape[0] == 4 + len(batch.rows) == 4 * (1 + PRESENT)
        assert batch.landmarks.shape == batch.neutral.shape == (len(batch.rows), 478, 3)
        drawn += batch.rows.tolist()
    lids = np.isin(drawn, np.arange(len(faces))[3::6]).mean()
    assert 0 < lids < 0.6 * np.isin(drawn, np.arange(len(faces))[4::6]).mean()
