"""Saving the charts: asking for a file, and writing it in the background."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from PySide6.QtGui import QColor, QImage, QPixmap
from PySide6.QtWidgets import QFileDialog, QWidget

from app.errors import UserError
from app.ui.jobs import Progress
from app.ui.meters.chart_files import write_table
from app.ui.meters.curve_history import Slice
from app.ui.panel import Shell

FOLDER_KEY: Final = "charts/folder"
KINDS: Final = {"png": "Picture (*.png)", "csv": "Table (*.csv)"}
TITLE: Final = "Saving the charts"


class ChartSaving:
    """Errors and success become messages."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def ask(self, parent: QWidget, suffix: str, save: Callable[[Path], None]) -> None:
        """Have the user name a file of one of ``KINDS`` for ``save``."""
        stamp = datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
        folder = self._shell.preferences.value(FOLDER_KEY, str(Path.home()))
        suggestion = str(Path(folder) / f"mien_charts_{stamp}.{suffix}")
        path, _ = QFileDialog.getSaveFileName(parent, "Save the charts", suggestion, KINDS[suffix])
        if path:
            chosen = Path(path) if Path(path).suffix else Path(path).with_suffix(f".{suffix}")
            self._shell.preferences.set_value(FOLDER_KEY, str(chosen.parent))
            save(chosen)

    def picture(self, image: QImage, path: Path) -> None:
        """As a PNG."""

        def write(progress: Progress) -> Path:
            if not image.save(str(path), "PNG"):  # type: ignore[call-overload]
                raise UserError(f"{path} cannot be written: choose another folder")
            return path

        self._shell.jobs.start(TITLE, write, self._say_saved)

    def table(self, piece: Slice, keys: list[str], seen_s: tuple[float, float], path: Path) -> None:
        """As ``app.ui.meters.chart_files.write_table`` writes it."""

        def write(progress: Progress) -> Path:
            write_table(path, piece, keys, seen_s)
            return path

        self._shell.jobs.start(TITLE, write, self._say_saved)

    def _say_saved(self, path: Path) -> None:
        self._shell.messages.show_message("info", f"charts saved as {path}")


def picture_of(widget: QWidget, background: str) -> QImage:
    """What is seen of it, at twice the screen's size."""
    pixmap = QPixmap(widget.size() * 2)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(QColor(background))
    widget.render(pixmap)
    return pixmap.toImage()
