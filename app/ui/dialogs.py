"""Windows beside the main one: asking for files, settings in one file, welcome, doctor, keys, about."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QStandardPaths, Qt
from PySide6.QtWidgets import QDialog, QFileDialog

from app.characters import SUFFIXES
from app.errors import UserError
from app.ui.about import AboutView, KeysView
from app.ui.character.character_panel import CharacterPanel
from app.ui.doctor_view import DoctorView
from app.ui.panel_keys import PANEL_KEYS
from app.ui.picture.film import FILM_FILES
from app.ui.processing.processing_dialog import ProcessingDialog
from app.ui.style.theme import Theme
from app.ui.welcome import Welcome

if TYPE_CHECKING:
    from app.ui.window import MainWindow

PLACE: Final = QStandardPaths.StandardLocation
FOLDER_KEYS: Final = {"videos": "source/folder", "settings": "window/settings_folder"}
SETTINGS_FILES: Final = "Settings of Mien (*.json)"


class Dialogs(QObject):
    """Opened by menus; what they find out is done by the window."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self.welcome: Welcome | None = None
        self.processing: ProcessingDialog | None = None
        """Each while it is open."""

    def folder(self, kind: str) -> str:
        """Where the last file of this kind was (a key of ``FOLDER_KEYS``), else a place that fits."""
        saved = self._window.preferences.value(FOLDER_KEYS[kind], "")
        if saved and Path(saved).is_dir():
            return saved
        place = QStandardPaths.writableLocation(PLACE.MoviesLocation if kind == "videos" else PLACE.DocumentsLocation)
        # A place that is not there would stand in the dialog as the name of a file.
        return place if place and Path(place).is_dir() else str(Path.home())

    def remember(self, kind: str, folder: Path) -> None:
        self._window.preferences.set_value(FOLDER_KEYS[kind], str(folder))

    # ------------------------------------------------------------ sources

    def ask_for_file(self) -> None:
        w = self._window
        path, _ = QFileDialog.getOpenFileName(w, "Open video or picture", self.folder("videos"), FILM_FILES)
        self._run(path)

    def ask_for_folder(self) -> None:
        self._run(QFileDialog.getExistingDirectory(self._window, "Open folder of pictures", self.folder("videos")))

    def _run(self, path: str) -> None:
        if path:
            self.remember("videos", Path(path).parent)
            self._window.start(path)

    def open_dropped(self, paths: Sequence[str]) -> None:
        """Files that were dropped on the window: a character comes to the stage, one film runs, several are a list."""
        w = self._window
        panel = w.panels["character"]
        if Path(paths[0]).suffix.lower() in SUFFIXES and isinstance(panel, CharacterPanel):
            panel.characters.import_file(paths[0])
        elif len(paths) > 1:
            self.show_processing(paths)
        else:
            w.start(paths[0])

    def show_processing(self, paths: Sequence[str] = ()) -> ProcessingDialog:
        """The list of files to process, with these added to it."""
        w = self._window
        if self.processing is None:
            ask, tell = partial(self.folder, "videos"), partial(self.remember, "videos")
            self.processing = ProcessingDialog(w.processing, w.theme, ask, tell, w)
            self.processing.finished.connect(self._forget_processing)
        self._open(self.processing)
        if paths:
            self.processing.add(paths)
        return self.processing

    def _forget_processing(self) -> None:
        """At once: Qt deletes what is closed a turn later, and it may be asked for again before."""
        self.processing = None

    # ------------------------------------------------------------ settings

    def export_settings(self) -> None:
        suggestion = str(Path(self.folder("settings")) / "mien_settings.json")
        path, _ = QFileDialog.getSaveFileName(self._window, "Export settings", suggestion, SETTINGS_FILES)
        if path:
            self.write_settings(Path(path))

    def write_settings(self, path: Path) -> None:
        """All settings as they are now, the layout among them; what fails is one line."""
        w = self._window
        w.keep_layout()
        try:
            w.preferences.export_file(path)
        except UserError as error:
            w.messages.show_error(error)
        else:
            self.remember("settings", path.parent)
            w.messages.show_message("info", f"settings exported to {path}")

    def import_settings(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self._window, "Import settings", self.folder("settings"), SETTINGS_FILES)
        if path:
            self.read_settings(Path(path))

    def read_settings(self, path: Path) -> None:
        """Take over the settings of a file, theme and layout at once; what fails is one line."""
        w = self._window
        try:
            w.preferences.import_file(path)
        except UserError as error:
            w.messages.show_error(error)
            return
        w.take_settings()
        w.messages.show_message("info", f"settings taken over from {path.name}")

    # ------------------------------------------------------------ help

    def show_welcome(self) -> None:
        """Camera, calibration, where to send."""
        w = self._window
        if self.welcome is None:
            self.welcome = Welcome(w, w.shell, w.theme)
            self.welcome.source_chosen.connect(w.start)
            self.welcome.open_asked.connect(self.ask_for_file)
            self.welcome.calibrate_asked.connect(w.start_countdown)
            self.welcome.send_chosen.connect(w.outputs.send_to)
            self.welcome.destroyed.connect(self._forget_welcome)
            if (newest := w.session.newest()) is not None:  # a film that stands sends no other
                self.welcome.show_face(*newest)
        self._open(self.welcome)

    def _forget_welcome(self) -> None:
        self.welcome = None

    def show_keys(self) -> QDialog:
        return self._open(KeysView(self._window, [*self._window.menus.keys(), *PANEL_KEYS]))

    def show_doctor(self) -> QDialog:
        return self._open(DoctorView(self._window, self._window.jobs, self._window.theme))

    def show_about(self) -> QDialog:
        return self._open(AboutView(self._window))

    def set_theme(self, theme: Theme) -> None:
        """For those that paint by hand."""
        for dialog in (self.welcome, self.processing):
            if dialog is not None:
                dialog.set_theme(theme)

    def _open(self, dialog: QDialog) -> QDialog:
        """Beside the window, not before it: tracking goes on, and so do its controls."""
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()
        return dialog
