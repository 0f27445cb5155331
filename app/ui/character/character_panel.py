"""The character panel: who is shown, the face of it, and how and where it is shown."""

from functools import partial
from typing import ClassVar, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from app.characters import Entry
from app.make_me import make_me, make_me_from_files
from app.pipeline import Snapshot
from app.ui.character.characters_page import CharactersPage
from app.ui.character.face_page import REDO_KEY, UNDO_KEY, FacePage
from app.ui.character.make_me_dialog import MakeMeDialog
from app.ui.character.thumbnails import Thumbnails
from app.ui.jobs import Progress
from app.ui.menus import Command
from app.ui.panel import Panel, Shell
from app.ui.stage.stage_page import StagePage
from app.ui.stage.stage_settings import StageSettings
from app.ui.stage.stage_view import StageView
from app.ui.stage.virtual_camera import SIZE, VirtualCamera
from app.ui.style.segments import Segments
from app.ui.style.theme import GAP, MARGIN, Theme
from models.runtime.person import Photo

PAGES: Final = {"who": "Characters", "face": "Face", "stage": "Stage"}
PAGE_TIPS: Final = {
    "who": "Who is shown",
    "face": "Its shape and colours",
    "stage": "Framing, light, background, and where else it is shown",
}


class CharacterPanel(Panel):
    """Owns the stage window, its settings and the virtual camera; all of them show the 3D view's picture."""

    title: ClassVar[str] = "Character"
    _camera_opened = Signal(str)
    _camera_failed = Signal(str)

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.thumbnails = Thumbnails()
        self.settings = StageSettings(shell.preferences, shell.rig)
        self.stage = StageView(shell.rig, self.settings, shell.preferences)
        self.camera = VirtualCamera(self._camera_failed.emit, self._camera_opened.emit)
        self._camera_name = ""
        self._dialog: MakeMeDialog | None = None
        self._theme = shell.theme
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.pages = Segments(PAGES, "Page", PAGE_TIPS)
        self.characters = CharactersPage(shell, self.thumbnails)
        self.face = FacePage(shell, self._saved)
        self.stage_page = StagePage(self.settings, self.stage, shell.theme)
        self._stack = QStackedWidget()
        for page in (self.characters, self.face, self.stage_page):
            self._stack.addWidget(page)
        head = QVBoxLayout()
        head.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        head.addWidget(self.pages)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._stack, 1)
        self.pages.chosen.connect(self.show_page)
        self.characters.make_me_asked.connect(self.open_make_me)
        self.stage_page.camera_toggled.connect(self.set_camera)
        self._camera_opened.connect(self._camera_on)
        self._camera_failed.connect(self._camera_off)
        shell.preferences.imported.connect(self._take_settings)
        shell.rig.character_shown.connect(self._character_shown)
        shell.rig.drawn.connect(self._feed_camera)
        self.pages.set_theme(shell.theme)

    def show_page(self, name: str) -> None:
        """``who``, ``face`` or ``stage``."""
        self.pages.choose(name)
        self._stack.setCurrentIndex(list(PAGES).index(name))

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.pages.set_theme(theme)
        for page in (self.characters, self.face, self.stage_page):
            page.set_theme(theme)  # type: ignore[attr-defined]

    def tick(self, snapshot: Snapshot) -> None:
        self.characters.show_waiting()
        if self.camera.on and self._camera_name:
            self.stage_page.show_camera(True, f"{self._camera_name}: {self.camera.sent} pictures sent")

    def commands(self) -> list[Command]:
        settings, face = self.settings, self.face
        return [
            Command("Character", "Make it me …", self.open_make_me, "Ctrl+M", "A character with your own face"),
            Command("Character", "Import a character …", self.characters.ask_for_import, "Ctrl+I"),
            Command("Character", "Export the character …", self.characters.ask_for_export, "Ctrl+E"),
            Command(
                "Character",
                "Undo",
                face.undo_edit,
                UNDO_KEY,
                "Take the last change of this face back: its shape, its colours",
                enabled=lambda: face.can_undo,
                group=1,
            ),
            Command(
                "Character",
                "Redo",
                face.redo_edit,
                REDO_KEY,
                "Make the change again that was taken back",
                enabled=lambda: face.can_redo,
                group=1,
            ),
            Command("Character", "Framing", fill=partial(settings.fill, "view"), group=2),
            Command("Character", "Light", fill=partial(settings.fill, "light"), group=2),
            Command("Character", "Background", fill=partial(settings.fill, "background"), group=2),
            Command(
                "Character",
                "Stage",
                self.toggle_stage,
                "F2",
                "A frameless window with only the character, for OBS to capture",
                checked=self.stage.isVisible,
                group=3,
            ),
            Command(
                "Character",
                "Virtual camera",
                lambda: self.set_camera(not self.camera.on),
                "F3",
                "Other programs see the character as a webcam",
                checked=lambda: self.camera.on,
                group=3,
            ),
        ]

    def close_down(self) -> None:
        self.face.keep_edits()
        self.camera.stop()
        self.thumbnails.close()
        if self._dialog is not None:
            self._dialog.reject()
        self.stage.close()
        self.stage.deleteLater()

    # ------------------------------------------------------------ who is shown

    def _character_shown(self, spec: str) -> None:
        self.characters.refresh()
        self.face.show_character()

    def _take_settings(self, keys: list[str]) -> None:
        """A settings file says who is shown, and how the user has changed whom."""
        if any(key.startswith("character/") for key in keys):
            self.face.take_settings()
            self.shell.rig.set_character(self.shell.preferences.value("character/name", self.shell.rig.shown))

    def _saved(self, name: str) -> None:
        self.shell.rig.set_character(name)
        self.characters.refresh()

    # ------------------------------------------------------------ make it me

    def open_make_me(self) -> None:
        """The dialog that collects pictures; one at a time."""
        if self._dialog is not None:
            self._dialog.raise_()
            self._dialog.activateWindow()
            return
        self._dialog = MakeMeDialog(self.shell.session, self._theme, _window_of(self))
        self._dialog.finished.connect(self._forget_dialog)
        self._dialog.photos_ready.connect(self.make_from_photos)
        self._dialog.files_ready.connect(self.make_from_files)
        self._dialog.show()

    def _forget_dialog(self) -> None:
        dialog, self._dialog = self._dialog, None
        if dialog is not None:
            dialog.deleteLater()

    def make_from_photos(self, photos: list[Photo], name: str) -> None:
        """Fit a character in the background, and show it."""

        def work(progress: Progress) -> tuple[Entry, list[str]]:
            return make_me(photos, name, progress)

        self.shell.jobs.start(f"Making {name}", work, self._made)

    def make_from_files(self, paths: list[str], name: str) -> None:
        """The same from pictures on the disk."""

        def work(progress: Progress) -> tuple[Entry, list[str]]:
            return make_me_from_files(paths, name, progress)

        self.shell.jobs.start(f"Making {name}", work, self._made)

    def _made(self, result: tuple[Entry, list[str]]) -> None:
        entry, remarks = result
        self._saved(entry.name)
        self.show_page("face")
        text = f"{entry.name} is among your characters: change its face here, or export it under Characters"
        self.shell.messages.show_message("warning" if remarks else "info", remarks[0] if remarks else text)

    # ------------------------------------------------------------ stage and camera

    def toggle_stage(self) -> None:
        """Open the stage window, or close it."""
        self.stage.set_open(not self.stage.isVisible())

    def set_camera(self, on: bool) -> None:
        """Show the character as a webcam to other programs, or stop."""
        self._camera_name = ""
        if on:
            self.stage_page.show_camera(True, "Starting …")
            self.shell.rig.set_outlet("camera", SIZE)
            self.camera.start()
        else:
            self.shell.rig.set_outlet("camera", None)
            self.camera.stop()
            self.stage_page.show_camera(False, "Off")

    def _camera_on(self, name: str) -> None:
        self._camera_name = name
        self._feed_camera()

    def _camera_off(self, why: str) -> None:
        self._camera_name = ""
        self.shell.rig.set_outlet("camera", None)
        self.camera.stop()
        self.stage_page.show_camera(False, why[:1].upper() + why[1:], bad=True)
        self.shell.messages.show_message("error", why)

    def _feed_camera(self) -> None:
        picture = self.shell.rig.picture()
        if picture is not None and self.camera.on:
            self.camera.show(picture)


def _window_of(panel: QWidget) -> QWidget:
    return panel.window()
