"""``mien character ...`` from outside, and ``--character`` in a video."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from app import cli
from app.character_command import channels_of
from app.characters import character_folder, open_character
from app.errors import UserError
from rig.characters import BUILT_IN, Character
from rig.parameters import CHANNEL_INDEX

SMALL = ("--size", "96x96")


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Characters are kept in a folder of the test's own, on every platform."""
    for name in ("XDG_DATA_HOME", "APPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    return character_folder()


@pytest.fixture(scope="module")
def glb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("glb") / "base face.glb"
    assert cli.main(["character", "export", "base", "--out", str(path), "--detail", "game"]) == 0
    return path


def picture(path: Path) -> np.ndarray:
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert image is not None
    return image.astype(int)


def test_channels() -> None:
    au = channels_of(["AU12-left=1", "AU1=0.5", "AU26=0.25"])
    assert au[CHANNEL_INDEX["AU12-left"]] == 1
    assert au[CHANNEL_INDEX["AU12-right"]] == 0
    assert au[CHANNEL_INDEX["AU1-left"]] == au[CHANNEL_INDEX["AU1-right"]] == 0.5
    assert au[CHANNEL_INDEX["AU26"]] == 0.25
    assert au.sum() == pytest.approx(2.25)


@pytest.mark.parametrize("word", ["AU12", "AU12=", "AU12=2", "AU12=-1", "AU12=nan", "AU12-lef=1", "AU30=1", "=1", ""])
def test_channels_that_are_none(word: str) -> None:
    with pytest.raises(UserError):
        channels_of([word])


def test_a_misspelt_channel_is_shown_its_neighbours() -> None:
    with pytest.raises(UserError, match="AU12-left"):
        channels_of(["AU12-lef=1"])


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["character", "list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(BUILT_IN)


@pytest.mark.parametrize("name", BUILT_IN)
def test_show_draws_every_character_and_its_expression(name: str, tmp_path: Path) -> None:
    rest, smile = tmp_path / "rest.png", tmp_path / "smile.png"
    assert cli.main(["character", "show", name, *SMALL, "--out", str(rest)]) == 0
    assert cli.main(["character", "show", name, *SMALL, "--channel", "AU12=1", "--out", str(smile)]) == 0
    a, b = picture(rest), picture(smile)
    assert a.shape == b.shape == (96, 96, 3)
    changed = np.abs(a - b).max(2) > 20
    assert 20 < changed.sum() < 0.6 * changed.size


def test_show_one_side_only(tmp_path: Path) -> None:
    """The subject's left is on the picture's right."""
    rest, wink = tmp_path / "rest.png", tmp_path / "wink.png"
    assert cli.main(["character", "show", "base", *SMALL, "--out", str(rest)]) == 0
    assert cli.main(["character", "show", "base", *SMALL, "--channel", "AU43-left=1", "--out", str(wink)]) == 0
    changed = np.abs(picture(rest) - picture(wink)).max(2) > 20
    assert changed[:, 48:].sum() > 5
    assert changed[:, :48].sum() == 0


def test_show_takes_background_size_and_identity(tmp_path: Path) -> None:
    out = tmp_path / "x.png"
    arguments = ["character", "show", "base", "--size", "80x100", "--background", "transparent", "--out", str(out)]
    assert cli.main(arguments) == 0
    alpha = picture(out)
    assert alpha.shape == (100, 80, 4)
    assert alpha[0, 0, 3] == 0
    assert alpha[50, 40, 3] == 255
    one, other = tmp_path / "1.png", tmp_path / "2.png"
    assert cli.main(["character", "show", "base", *SMALL, "--random", "1", "--out", str(one)]) == 0
    assert cli.main(["character", "show", "base", *SMALL, "--random", "2", "--out", str(other)]) == 0
    assert (np.abs(picture(one) - picture(other)).max(2) > 20).sum() > 50


@pytest.mark.parametrize(
    "args",
    [
        ["show", "nobody", "--out", "{tmp}/a.png"],
        ["show", "base", "--out", "{tmp}/a.jpg"],
        ["show", "base", "--out", "{tmp}/none/a.png"],
        ["show", "base", "--out", "{tmp}/a.png", "--channel", "AU99=1"],
        ["show", "base", "--out", "{tmp}/a.png", "--control", "third eye=1"],
        ["show", "base", "--out", "{tmp}/a.png", "--size", "9x9"],
        ["show", "base", "--out", "{tmp}/a.png", "--background", "no such colour"],
        ["show", "{tmp}/none.glb", "--out", "{tmp}/a.png"],
        ["import", "{tmp}/none.glb"],
        ["import", "{tmp}/garbage.glb"],
        ["export", "base", "--out", "{tmp}/a.fbx"],
        ["export", "base", "--out", "{tmp}/none/a.glb"],
        ["export", "nobody", "--out", "{tmp}/a.glb"],
        ["sing"],
        [],
    ],
    ids=lambda args: " ".join(args)[:60],
)
def test_refused_in_one_line(
    args: list[str], tmp_path: Path, own_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "garbage.glb").write_bytes(b"glTF and then nothing of it")
    assert cli.main(["character", *(arg.replace("{tmp}", str(tmp_path)) for arg in args)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("mien: ")
    assert err.count("\n") == 1
    assert [p.name for p in tmp_path.iterdir() if p.name != "home"] == ["garbage.glb"]
    assert not own_folder.exists()


def test_export_and_import_again(
    glb: Path, tmp_path: Path, own_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["character", "import", str(glb), "--name", "my twin"]) == 0
    said = capsys.readouterr().out
    assert "my twin: 52 of 52 ARKit shapes" in said
    assert len(said) < 300
    assert [path.name for path in own_folder.iterdir()] == ["my twin.glb"]
    assert cli.main(["character", "list"]) == 0
    assert "my twin" in capsys.readouterr().out
    assert not isinstance(open_character("my twin"), Character)
    rest, jaw = tmp_path / "rest.png", tmp_path / "jaw.png"
    assert cli.main(["character", "show", "my twin", *SMALL, "--out", str(rest)]) == 0
    open_mouth = ["--channel", "AU25=1", "--channel", "AU26=1"]
    assert cli.main(["character", "show", "my twin", *SMALL, *open_mouth, "--out", str(jaw)]) == 0
    assert (np.abs(picture(rest) - picture(jaw)).max(2) > 20).sum() > 20
    # The same name again would take the place of the first: refused, unless it is the very file.
    assert cli.main(["character", "import", str(glb), "--name", "my twin"]) == 2
    assert cli.main(["character", "import", str(own_folder / "my twin.glb")]) == 0
    assert cli.main(["character", "import", str(glb), "--name", "base"]) == 2
    assert cli.main(["character", "import", str(glb), "--name", "../up"]) == 2
    assert [path.name for path in own_folder.iterdir()] == ["my twin.glb"]
    capsys.readouterr()
    assert cli.main(["character", "export", "my twin", "--out", str(tmp_path / "again.glb")]) == 2
    assert cli.main(["character", "show", "my twin", *SMALL, "--random", "1", "--out", str(rest)]) == 2


def test_several_characters_in_one_video(glb: Path, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    grey = np.full((240, 320, 3), 90, np.uint8)
    for i in range(2):
        cv2.imwrite(str(pictures / f"{i}.png"), grey)
    out = tmp_path / "x.avi"
    arguments = ["track", str(pictures), "--render", str(out), "--character", "goblin", "--character", str(glb)]
    assert cli.main(arguments) == 0
    video = cv2.VideoCapture(str(out))
    assert video.get(cv2.CAP_PROP_FRAME_WIDTH) == 320 + 2 * 240
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 2
    ok, frame = video.read()
    video.release()
    assert ok
    middle = [frame[60:180, x : x + 120].std() for x in (380, 620)]
    assert min(middle) > 10, "somebody is missing"


def test_an_unknown_character_is_refused_before_the_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["track", "demo", "--render", str(tmp_path / "x.mp4"), "--character", "nobody"]
    assert cli.main(arguments) == 2
    assert "goblin" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
