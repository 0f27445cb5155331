"""Training and checking the recognition network, on a handful of made-up people."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the train extra")

from models import train_recognition  # noqa: E402
from models.check_recognition import (  # noqa: E402
    PAINT,
    cross_session_auc,
    embed_all,
    pair_auc,
    read_gallery,
)
from models.lightcnn import LightCNN29v2, load_recognition  # noqa: E402
from models.train_recognition import Trainee, photograph_again  # noqa: E402

PEOPLE, EACH = 13, 4


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """Shards of people, each a pattern of their own, in two sessions of different brightness."""
    rng = np.random.default_rng(0)
    pattern = np.kron(rng.uniform(40, 160, (PEOPLE, 8, 8)), np.ones((16, 16)))
    person, session = np.repeat(np.arange(PEOPLE), EACH), np.tile([0, 0, 1, 1], PEOPLE)
    picture = (pattern[person] + 30 * session[:, None, None] + rng.normal(0, 3, (len(person), 128, 128))).clip(0, 255)
    labels = np.zeros((len(person), 128, 128), np.uint8)
    labels[:, 32:96, 32:96] = 1
    shape = rng.normal(0, 0.01, (PEOPLE, 478, 3)).astype(np.float32)
    folder = tmp_path / "faces"
    folder.mkdir()
    np.savez(
        folder / "shard0000.npz",
        picture=np.repeat(picture[..., None], 3, -1).astype(np.uint8),
        labels=labels,
        true=shape[person],
        resting=np.tile([True, False, True, False], PEOPLE),
        person=person,
        session=session,
    )
    return folder


def test_a_gallery_keeps_face_and_rest(faces: Path) -> None:
    data = read_gallery(faces)
    assert data.grey.shape == (PEOPLE * EACH, 128, 128)
    assert data.face(3)[32:96, 32:96].all()
    assert data.face(3).sum() == 64 * 64
    assert (data.painted()[5][:32] == PAINT).all()
    assert (data.painted()[5][32:96, 32:96] == data.grey[5][32:96, 32:96]).all()
    assert data.rest.shape == (PEOPLE, 478, 3)
    assert data.person[data.held_out].tolist() == [0] * EACH + [12] * EACH
    assert (data.frame == -1).all()


def test_no_data_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="render_dataset"):
        read_gallery(tmp_path)


def test_pairs_across_sessions_only() -> None:
    """Within a session the embeddings agree, across they do not: only the second is asked for."""
    embedding = np.array([[1, 0], [1, 0], [-1, 0], [0, 1], [0, 1], [0, -1]], np.float32)
    person, session = np.array([1, 1, 1, 2, 2, 2]), np.array([0, 0, 1, 0, 0, 1])
    every = np.ones((6, 6), bool)
    assert cross_session_auc(embedding, person, session) == 0.0
    assert pair_auc(embedding, person, every) > 0.3


def test_augmentation_keeps_the_face() -> None:
    rng = np.random.default_rng(1)
    grey = np.full((128, 128), 20, np.uint8)
    face = np.zeros((128, 128), bool)
    face[32:96, 32:96] = True
    grey[face] = 200
    seen = [photograph_again(grey, face, rng) for _ in range(40)]
    assert all(s.shape == (128, 128) and s.dtype == np.uint8 for s in seen)
    inside, outside = (np.array([s[m].mean() for s in seen]) for m in (face, ~face))
    assert np.corrcoef(inside, outside)[0, 1] < 0.9, "the world around the face changes by itself"
    assert inside.mean() > outside.mean() + 40


def test_training_clothes_come_off_without_a_trace() -> None:
    torch.manual_seed(0)
    trainee = Trainee(LightCNN29v2(width=0.1))
    for _ in range(30):
        trainee(torch.rand(6, 1, 128, 128))
    trainee.eval()
    plain = trainee.plain().eval()
    grey = torch.rand(3, 1, 128, 128)
    with torch.no_grad():
        torch.testing.assert_close(plain(grey), trainee(grey), atol=1e-3, rtol=1e-3)
    assert set(plain.state_dict()) == set(LightCNN29v2(width=0.1).state_dict())


def test_a_short_training_tells_people_apart_and_resumes(
    faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    drawn: list[Path] = []
    monkeypatch.setattr(train_recognition, "draw_curves", lambda log, png: drawn.append(png))
    words = ["train_recognition", str(faces), "--out", str(out), "--width", "0.08", "--batch", "16", "--every", "6"]
    monkeypatch.setattr("sys.argv", [*words, "--steps", "12"])
    train_recognition.main()
    assert drawn == [out / "curve.png"]
    first = (out / "log.csv").read_text().splitlines()
    assert len(first) == 3
    shape = [float(line.split(",")[4]) for line in first[1:]]
    assert shape[1] < shape[0]
    model = load_recognition(out / "best.pt")
    data = read_gallery(faces)
    auc = cross_session_auc(embed_all(model, data.grey, torch.device("cpu")), data.person, data.session)
    assert auc > 0.8

    monkeypatch.setattr("sys.argv", [*words, "--steps", "18"])
    train_recognition.main()
    again = (out / "log.csv").read_text().splitlines()
    assert again[: len(first)] == first
    assert [line.split(",")[0] for line in again[1:]] == ["6", "12", "18"]

    monkeypatch.setattr("sys.argv", [*words, "--width", "0.12", "--steps", "24"])
    with pytest.raises(SystemExit, match="another width"):
        train_recognition.main()
