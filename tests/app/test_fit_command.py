"""``mien fit`` from outside."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from app import cli
from app.characters import character_folder, open_character
from rig.brows import brow_titles
from rig.characters import Character
from rig.parameters import N_IDENTITY

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_DATA_HOME", "APPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    return character_folder()


@pytest.fixture
def blank(tmp_path: Path) -> Path:
    path = tmp_path / "wall.png"
    cv2.imwrite(str(path), np.full((200, 200, 3), 130, np.uint8))
    return path


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    text = capsys.readouterr().err.strip()
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["{none}", "--out", "{tmp}/a.glb"], "nobody.jpg"),
        (["{blank}", "--out", "{tmp}/a.glb"], "no face"),
        (["{blank}", "--out", "{tmp}/a.obj"], r".glb"),
        (["{blank}", "--out", "{tmp}/nowhere/a.glb"], "does not exist"),
        (["{blank}", "--out", "{tmp}/a.glb", "--picture", "{tmp}/b.jpg"], ".png"),
        (["{blank}", "--out", "{tmp}/a.glb", "--json", "{tmp}"], "is a folder"),
        (["{blank}", "--out", "{tmp}/a.glb", "--name", "../x"], "cannot be the name"),
        (["{blank}", "--out", "{tmp}/a.glb", "--name", "goblin"], "already"),
        (["0", "--out", "{tmp}/a.glb"], "not cameras"),
        (["{blank}"], "--out"),
        (["{blank}", "--out", "{tmp}/a.glb", "--distance", "0"], "0.2 to 10"),
    ],
)
def test_what_is_wrong_is_one_line(
    tmp_path: Path, blank: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    places = {"{none}": str(tmp_path / "nobody.jpg"), "{blank}": str(blank), "{tmp}": str(tmp_path)}
    for key, value in places.items():
        words = [word.replace(key, value) for word in words]
    assert cli.main(["fit", *words]) == 2
    assert said in one_line(capsys)
    assert not (tmp_path / "a.glb").exists()


def test_a_photo_becomes_a_character(data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, record = tmp_path / "me.glb", tmp_path / "me.json"
    photo = data_dir / "stills" / "fr_test_images_obama_0.jpg"
    words = [str(photo), "--out", str(out), "--name", "Me too", "--json", str(record), "--detail", "game"]
    assert cli.main(["fit", *words]) == 0
    assert '--character "Me too"' in one_line(capsys)
    assert not isinstance(open_character("Me too"), Character)
    told = json.loads(record.read_text())
    assert len(told["identity"]) == N_IDENTITY
    assert max(abs(v - 0.5) for v in told["identity"].values()) > 0.1
    assert told["pictures"][0]["landmark_error_mm"] < 2
    assert told["pictures"][0]["au"]["AU12-left"] > 0.3, "he smiles"
    assert 0 <= told["look"]["brow_style"] < len(brow_titles())
    assert cli.main(["fit", *words]) == 2
    assert "already" in one_line(capsys)


def test_of_several_faces_the_largest_is_taken(
    data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = data_dir / "stills" / "pf_multi_face_whole.jpg"
    words = [str(photo), "--out", str(tmp_path / "a.glb"), "--detail", "game", "--plain"]
    assert cli.main(["fit", *words]) == 0
    said = capsys.readouterr().err
    assert "faces; taking the largest" in said
    assert (tmp_path / "a.glb").stat().st_size > 100_000


def test_no_torch_is_needed(blank: Path, tmp_path: Path) -> None:
    code = f"""
import sys
sys.modules["torch"] = None
from app import cli
import models.runtime.person
sys.exit(cli.main(["fit", {str(blank)!r}, "--out", {str(tmp_path / "a.glb")!r}]))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "no face" in done.stderr
