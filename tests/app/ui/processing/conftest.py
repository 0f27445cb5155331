"""A window whose second Mien is a script that says what it is told to."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.ui.processing.rows import Row
from app.ui.window import MainWindow

FAKE = Path(__file__).with_name("fake_mien.py")


def run_fake() -> tuple[list[str], dict[str, str]]:
    return [sys.executable, "-I", "-S", str(FAKE)], dict(os.environ)


@pytest.fixture
def make_files(tmp_path: Path) -> Callable[..., list[Path]]:
    """Files of these names; the script looks at nothing else."""
    (tmp_path / "films").mkdir()

    def make(*names: str) -> list[Path]:
        paths = [tmp_path / "films" / f"{name}.mp4" for name in names]
        for path in paths:
            path.write_bytes(b"film")
        return paths

    return make


@pytest.fixture
def go(tmp_path: Path) -> Callable[[], None]:
    """Lets the script end what it holds."""
    return (tmp_path / "films" / "GO").touch


@pytest.fixture
def window(make_window: Callable[..., MainWindow], tmp_path: Path) -> MainWindow:
    made = make_window()
    made.processing.environment = run_fake
    made.processing.choices.folder = tmp_path / "out"
    return made


@pytest.fixture
def row_of(window: MainWindow) -> Callable[[str], Row]:
    """The row of a file, by a part of its name."""
    return lambda word: next(row for row in window.processing.files.rows if word in row.name)
