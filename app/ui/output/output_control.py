"""What toolbar, menus and keys do about streams and recordings, and how the window shows that they are on."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMenu

from app.errors import UserError
from app.pipeline import Snapshot
from app.ui.meters.charts_panel import ChartsPanel
from app.ui.output.output_panel import OutputPanel
from app.ui.output.streams import Stream
from app.ui.style.figures import clock

if TYPE_CHECKING:
    from app.ui.window import MainWindow


class OutputControl(QObject):
    """Between the window's own controls and the streams and the recorder, which panels use directly."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self.streams, self.recorder = window.shell.streams, window.shell.recorder
        bar = window.toolbar
        bar.stream_toggled.connect(self.streams.set_all)
        bar.streams_asked.connect(self.list_streams)
        bar.record_clicked.connect(self.recorder.toggle)
        bar.record_as_asked.connect(self.record_as)
        bar.folder_asked.connect(self.ask_for_folder)
        bar.format_chosen.connect(self._choose_format)
        output, charts = window.panels["output"], window.panels["charts"]
        if isinstance(output, OutputPanel) and isinstance(charts, ChartsPanel):
            output.takes_page.charts_asked.connect(charts.hold)
        self.streams.changed.connect(self._show_streams)
        self.recorder.changed.connect(self._show_recording)
        self.recorder.saved.connect(self._say_saved)
        self.recorder.countdown.changed.connect(self._show_countdown)

    def show(self) -> None:
        """Once the window is made."""
        self._show_streams()
        self._show_recording()

    def tick(self, snapshot: Snapshot) -> None:
        """A few times a second."""
        self.streams.tick()
        self.recorder.tick(snapshot)
        self._show_streams()
        self._show_recording()

    # ------------------------------------------------------------ streams

    def list_streams(self, menu: QMenu) -> None:
        """Fill a menu with a switch for each stream."""
        for stream in self.streams.streams:
            action = menu.addAction(stream.settings.title)
            action.setCheckable(True)
            action.setChecked(stream.settings.on)
            action.triggered.connect(partial(self._switch, stream))
        menu.addSeparator()
        menu.addAction("Set up streams …", self._show_panel)

    def _switch(self, stream: Stream, on: bool) -> None:
        self.streams.change(stream, on=on)

    def _show_panel(self) -> None:
        self._window.docks.show("output")
        panel = self._window.panels["output"]
        assert isinstance(panel, OutputPanel)
        panel.show_page("streams")

    def toggle_streams(self) -> None:
        self.streams.set_all(not self.streams.on)

    def send_to(self, protocol: str, target: str) -> None:
        """What the welcome found out."""
        try:
            self.streams.send_to(target, protocol)
        except UserError as error:
            self._window.messages.show_error(error)

    def _show_streams(self) -> None:
        titles = [stream.settings.title for stream in self.streams.on]
        self._window.toolbar.show_streams(titles, sending=bool(self.streams.sending))

    # ------------------------------------------------------------ recording

    def start_recording(self, path: Path) -> None:
        """To this file, from now on; what fails is one line."""
        try:
            self.recorder.start(path)
        except UserError as error:
            self._window.messages.show_error(error)

    def record_as(self) -> None:
        try:
            suggestion = str(self.recorder.next_path())
        except UserError:
            suggestion = str(self.recorder.folder / "take.csv")
        path, _ = QFileDialog.getSaveFileName(self._window, "Record to", suggestion, "CSV (*.csv)")
        if path:
            self.start_recording(Path(path) if Path(path).suffix else Path(path).with_suffix(".csv"))

    def ask_for_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self._window, "Folder for recordings", str(self.recorder.folder))
        if path:
            self.recorder.folder = Path(path)

    def _choose_format(self, name: str) -> None:
        self.recorder.format = name

    def _show_recording(self) -> None:
        window, progress = self._window, self.recorder.progress()
        window.toolbar.show_format(self.recorder.format)
        window.toolbar.show_recording(
            progress.elapsed_s if progress is not None else None, self.recorder.countdown.left or None
        )
        text = ""
        if progress is not None:
            text = f"REC {clock(progress.elapsed_s)}  {progress.path.name}  {progress.rows} rows"
        window.video.recording = text
        window.video.update()
        window.setWindowTitle(f"● {progress.path.name} – Mien" if progress is not None else "Mien")

    def _show_countdown(self, left: int) -> None:
        self._window.video.big_note = f"{left}\nRecording" if left else ""
        self._window.video.update()
        self._show_recording()

    def _say_saved(self, path: str, rows: int) -> None:
        self._window.messages.show_message("info", f"saved {rows} rows to {path}")
