"""Pictures of the window and of every panel, in both themes and two sizes, on the built-in demo.

``python -m app.ui.screenshot --out DIR`` makes all of them, to be looked at; ``--readme`` the two of the README, in
``assets/``. There has to be a display (``xvfb-run -s "-screen 0 3840x2160x24"`` where there is none).
"""

import argparse
import json
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from PIL import Image
from PySide6.QtCore import QObject, QSettings, QTimer, Signal
from PySide6.QtWidgets import QApplication, QWidget

from app.capture import DEMO_CLIP
from app.ending import with_one_line
from app.errors import UserError
from app.tracker import TrackerSettings
from app.ui import qt_environment
from app.ui.jobs import Progress
from app.ui.session import Session
from app.ui.style.segments import Segments
from app.ui.window import MainWindow

ASSETS: Final = Path(__file__).parents[2] / "assets"
README: Final = (("screenshot.png", "dark", ()), ("screenshot-light.png", "light", ("charts", "character")))
"""File, theme, panels brought to the front."""
README_SIZE: Final = (1280, 800)
MAX_README_BYTES: Final = 400_000
SIZES: Final = ((1280, 800), (2560, 1440))
EXTREMES: Final = {"smallest": (900, 600), "largest": (3840, 2160)}
THEMES: Final = ("dark", "light")
MOMENT_S: Final = 6.1
"""Position in the demo clip: raised brows, open jaw."""
SHORTLY_S: Final = 0.2
"""Before that it is stopped: a step back would empty the trace of the filter."""
DEMO_FPS: Final = 30
PATIENCE_S: Final = 300.0
POLL_MS: Final = 50
SETTLE_MS: Final = 1500
"""From the last change to the picture: the 3D face is drawn once more at full quality when all is at rest."""
PAGES: Final = {"meters": "kind", "tracking": "pages", "character": "pages", "output": "pages"}
"""Panels with pages, and the attribute that chooses among them."""
COLOURS: Final = 256

Step = Callable[[], bool]
"""Asked again and again until it says that it is so."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture to be taken when all before it has settled."""

    name: str
    widget: QWidget


class Photographer(QObject):
    """Walks through a script of steps to wait for and pictures to take, on the GUI thread."""

    over = Signal()

    def __init__(self, script: Iterator[Step | Shot], take: Callable[[Shot], None]) -> None:
        super().__init__()
        self._script, self._take = script, take
        self._waits_for: Step | Shot | None = None
        self.left_ms = 1000 * PATIENCE_S
        self._rest_ms = 0
        self._timer = QTimer(self, interval=POLL_MS)
        self._timer.timeout.connect(self._go_on)
        self._timer.start()

    def _go_on(self) -> None:
        now = self._waits_for
        if isinstance(now, Shot):
            self._rest_ms += POLL_MS
            if self._rest_ms < SETTLE_MS:
                return
            self._take(now)
        elif now is not None and not now():
            self.left_ms -= POLL_MS
            if self.left_ms > 0:
                return
            self._end()
            return
        self._rest_ms = 0
        self._waits_for = next(self._script, None)
        if self._waits_for is None:
            self._end()

    def _end(self) -> None:
        self._timer.stop()
        self.over.emit()


def hold_the_moment(window: MainWindow) -> Iterator[Step]:
    """The demo runs to its lively moment and stays there."""
    yield lambda: window.rig.renders > 0 or bool(window.rig.problem)
    window.start("demo")

    film = window.session.film

    def near() -> bool:
        newest = window.session.newest()
        if newest is None or newest[1].media_time_s < MOMENT_S - SHORTLY_S:
            return False
        film.set_paused(True)
        film.seek(round(MOMENT_S * DEMO_FPS))
        return True

    def there() -> bool:
        newest = window.session.newest()
        return newest is not None and abs(newest[1].media_time_s - MOMENT_S) < 0.5 / DEMO_FPS

    yield near
    yield there


def whole_tour(window: MainWindow) -> Iterator[Step | Shot]:
    """Every panel, page and dialog, in each theme and size."""
    yield from hold_the_moment(window)
    for theme in THEMES:
        window.set_theme(theme)
        for size in SIZES:
            window.resize(*size)
            yield partial(_laid_out, window)
            window.docks.reset()
            yield from _panels(window, f"{theme}-{size[0]}")
        window.resize(*SIZES[0])
        yield from _dialogs(window, theme)
        yield from _processing(window, theme)
        yield from _moments(window, theme)


def _laid_out(window: MainWindow) -> bool:
    return abs(window.deck.width() - window.width()) < 2


def _panels(window: MainWindow, label: str) -> Iterator[Shot]:
    yield Shot(f"{label}-window", window)
    for name, panel in window.panels.items():
        window.docks.show(name)
        pages = getattr(panel, PAGES[name], None) if name in PAGES else None
        keys = pages.keys() if isinstance(pages, Segments) else [""]
        for key in keys:
            if isinstance(pages, Segments):
                pages.button(key).click()
            yield Shot(f"{label}-{name}{'-' + key if key else ''}", window)
            yield Shot(f"{label}-{name}{'-' + key if key else ''}-alone", panel)
        if isinstance(pages, Segments):
            pages.button(keys[0]).click()


def _dialogs(window: MainWindow, label: str) -> Iterator[Step | Shot]:
    dialogs = window.dialogs
    dialogs.show_welcome()
    welcome = dialogs.welcome
    assert welcome is not None
    for step in range(3):
        window.show_newest()
        yield Shot(f"{label}-welcome-{step + 1}", welcome)
        welcome.next.click()
    for name, show in (("keys", dialogs.show_keys), ("about", dialogs.show_about), ("doctor", dialogs.show_doctor)):
        view = show()
        yield lambda: not window.jobs.running
        yield Shot(f"{label}-{name}", view)
        view.close()


def _processing(window: MainWindow, label: str) -> Iterator[Step | Shot]:
    """Before, meanwhile and after, on the demo clip; the results go where the takes of these pictures go."""
    processing, view = window.processing, window.dialogs.show_processing()
    yield Shot(f"{label}-process-empty", view)
    view.add([DEMO_CLIP])
    view.start.click()
    row = processing.files.rows[0]
    yield lambda: row.stage == "track" or not processing.working
    yield Shot(f"{label}-process-working", view)
    yield lambda: not processing.working
    yield Shot(f"{label}-process-done", view)
    view.close()
    processing.remove([row])
    window.messages.clear()


def _moments(window: MainWindow, label: str) -> Iterator[Step | Shot]:
    """What is seldom seen: messages, work in progress, the smallest window and the largest."""
    window.docks.reset()
    window.messages.show_message("info", "saved 300 rows to takes/demo.csv")
    window.messages.show_message("error", "camera 0 is in use: close the program that has it", "VIDIOC_STREAMON: busy")
    window.messages.show_message("error", "camera 0 is in use: close the program that has it", "VIDIOC_STREAMON: busy")
    job = window.jobs.start("Exporting", _wait, print)
    yield Shot(f"{label}-messages", window)
    job.cancel()
    window.messages.clear()
    for name, size in EXTREMES.items():
        window.resize(*size)
        yield partial(_laid_out, window)
        yield Shot(f"{label}-{name}", window)
    window.resize(*SIZES[0])


def _wait(progress: Progress) -> None:
    """Work for the picture's sake: until it is cancelled."""
    pause = threading.Event()
    while True:
        progress(0.42, "texture 2 of 5")
        pause.wait(0.02)


def readme_tour(window: MainWindow) -> Iterator[Step | Shot]:
    """The two pictures of the README."""
    window.resize(*README_SIZE)
    yield from hold_the_moment(window)
    for file, theme, fronts in README:
        window.set_theme(theme)
        for name in fronts:
            window.docks.show(name)
        yield Shot(file, window)


def save_small(widget: QWidget, path: Path) -> None:
    """As a PNG, of few colours where all of them take too much. Raises ``UserError`` where those do, too."""
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.png"
        widget.grab().save(str(whole))
        with Image.open(whole) as picture:
            picture.convert("RGB").save(path, optimize=True)
            if path.stat().st_size > MAX_README_BYTES:
                # The octree keeps rare colours, such as the red of a small button.
                picture.convert("RGB").quantize(COLOURS, Image.Quantize.FASTOCTREE).save(path, optimize=True)
    if path.stat().st_size > MAX_README_BYTES:
        raise UserError(f"{path.name} takes {path.stat().st_size} bytes: {MAX_README_BYTES} at most")


def main(arguments: list[str] | None = None) -> int:
    """Returns 0. Raises ``UserError`` where the demo did not come to its moment."""
    parser = argparse.ArgumentParser(prog="python -m app.ui.screenshot", description=__doc__)
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: a new folder for temporary files")
    parser.add_argument("--readme", action="store_true", help="only the README's pictures, into assets/")
    chosen = parser.parse_args(arguments)
    qt_environment.prepare()
    app = QApplication.instance() or QApplication(sys.argv[:1])
    out = ASSETS if chosen.readme else chosen.out or Path(tempfile.mkdtemp(prefix="mien-pictures-"))
    out.mkdir(parents=True, exist_ok=True)

    def take(shot: Shot) -> None:
        if chosen.readme:
            save_small(shot.widget, out / shot.name)
        else:
            shot.widget.grab().save(str(out / f"{shot.name}.png"))
        print(shot.name, flush=True)

    with tempfile.TemporaryDirectory() as folder:
        settings = QSettings(f"{folder}/settings.ini", QSettings.Format.IniFormat)
        settings.setValue("output/folder", json.dumps(f"{folder}/Mien"))  # nobody's own takes in the pictures
        window = MainWindow(Session(TrackerSettings()), settings)
        window.resize(*SIZES[0])
        window.show()
        tour = Photographer(readme_tour(window) if chosen.readme else whole_tour(window), take)
        tour.over.connect(app.quit)
        app.exec()
        window.close()
    if tour.left_ms <= 0:
        raise UserError(f"what the pictures show did not come within {PATIENCE_S:g} s")
    print(out)
    return 0


if __name__ == "__main__":
    sys.exit(with_one_line(main))
