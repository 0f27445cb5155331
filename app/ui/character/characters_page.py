"""Who is shown: the grid of characters, and what can be done with them as a whole."""

from pathlib import Path
from typing import Final

from PySide6.QtCore import QFile, QPoint, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.characters import SUFFIXES, Entry, free_name, keep_character, open_character, remove_character
from app.errors import UserError
from app.outputs.sink import check_writable
from app.ui.character.character_grid import GAP_PX, CharacterGrid
from app.ui.character.thumbnails import Thumbnails
from app.ui.jobs import Progress
from app.ui.panel import Shell
from app.ui.style import asking
from app.ui.style.menu import Menu
from app.ui.style.theme import GAP, MARGIN, Theme, icon, set_role
from rig.characters import Character

CHARACTER_FILES: Final = f"Characters ({' '.join('*' + suffix for suffix in SUFFIXES)})"
HINT: Final = "Drop a .vrm or .glb file here to take it in"
GLB_FILES: Final = "glTF binary (*.glb)"


class CharactersPage(QWidget):
    """Talks to the 3D view and to jobs through the shell."""

    make_me_asked = Signal()

    def __init__(self, shell: Shell, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._shell = shell
        self.grid = CharacterGrid(shell.theme, thumbnails)
        self.make_me = QPushButton("  Make it me …")
        self.make_me.setToolTip("A character with your own face, from the camera or from photos")
        set_role(self.make_me, "primary")
        self.import_button = QPushButton("Import …")
        self.import_button.setToolTip("Take in a .glb or .vrm character; or drop the file on the grid")
        self.export_button = QPushButton("Export …")
        self.export_button.setToolTip("The character as it is now, as .glb for Blender, Unity, Unreal, three.js")
        self.remove_button = QPushButton("Remove")
        self.hint = QLabel(HINT)
        self.hint.setWordWrap(True)
        set_role(self.hint, "muted")
        row = QHBoxLayout()
        row.setSpacing(GAP)
        for button in (self.import_button, self.export_button, self.remove_button):
            row.addWidget(button, 1)
        column = QVBoxLayout()
        column.setContentsMargins(MARGIN, GAP, MARGIN, MARGIN)
        column.setSpacing(GAP)
        tiles = QVBoxLayout()
        tiles.setContentsMargins(MARGIN - 1, 0, MARGIN - GAP_PX, 0)  # the last tile's gap is in the margin
        tiles.addWidget(self.grid)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(tiles, 1)
        whole.addLayout(column)
        column.addWidget(self.hint)
        column.addWidget(self.make_me)
        column.addLayout(row)
        self.grid.chosen.connect(self._choose)
        self.grid.dropped.connect(self.import_file)
        self.grid.menu_asked.connect(self._open_menu)
        self.grid.remove_asked.connect(self._ask_to_remove)
        self.grid.currentItemChanged.connect(lambda *_: self._show_buttons())
        self.make_me.clicked.connect(self.make_me_asked)
        self.import_button.clicked.connect(self.ask_for_import)
        self.export_button.clicked.connect(self.ask_for_export)
        self.remove_button.clicked.connect(lambda: self._ask_to_remove(self.grid.entry()))
        self.refresh()
        self.set_theme(shell.theme)

    def set_theme(self, theme: Theme) -> None:
        self.grid.set_theme(theme)
        self.make_me.setIcon(icon("face", theme.on_accent))

    def refresh(self) -> None:
        """Read anew who there is, and who is on the stage."""
        rig = self._shell.rig
        self.grid.fill(rig.shown or rig.character)
        self._show_buttons()

    def show_waiting(self) -> None:
        """Who is on the way to the stage: on a busy machine that takes seconds. To be called a few times a second."""
        rig = self._shell.rig
        coming = rig.character if rig.character != rig.shown and not rig.problem else ""
        text = HINT
        if coming:
            titles = {entry.name: entry.label for entry in self.grid.entries()}
            text = f"Loading {titles.get(coming, Path(coming).stem)} …"
        if text != self.hint.text():
            self.hint.setText(text)

    def _show_buttons(self) -> None:
        entry, rig = self.grid.entry(), self._shell.rig
        removable = entry is not None and entry.path is not None
        self.remove_button.setEnabled(removable)
        self.remove_button.setToolTip(
            "Take it out of the list; its file goes to the bin (Del)"
            if removable
            else "Only your own characters can be removed"
        )
        self.export_button.setEnabled(rig.takes_shape)

    def _choose(self, entry: Entry) -> None:
        if entry.name != self._shell.rig.shown or entry.name != self._shell.rig.character:
            self._shell.rig.set_character(entry.name)

    def _open_menu(self, entry: Entry, at: QPoint) -> None:
        menu = Menu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Show").triggered.connect(lambda: self._choose(entry))
        if entry.path is not None:
            menu.addAction("Remove").triggered.connect(lambda: self._ask_to_remove(entry))
        menu.popup(at)

    # ------------------------------------------------------------ in

    def ask_for_import(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Import a character", self._folder(), CHARACTER_FILES)
        if path:
            self._shell.preferences.set_value("character/folder", str(Path(path).parent))
            self.import_file(path)

    def import_file(self, path: str) -> None:
        """Check a file, keep a copy, and show it."""
        file = Path(path)
        if file.suffix.lower() == ".gltf":  # spread over several files: it can only be used where it is
            self._shell.rig.set_character(path)
            return

        def work(progress: Progress) -> Entry:
            progress(None, "reading")
            try:
                open_character(path)
            except UserError as error:
                raise UserError(f"this character cannot be imported: {error}") from error
            progress(None, "copying")
            return keep_character(file, free_name(file.stem), None)

        def done(entry: Entry) -> None:
            self._shell.rig.set_character(entry.name)
            self.refresh()
            self._shell.messages.show_message("info", f"among your characters now: {entry.name}")

        self._shell.jobs.start(f"Importing {file.name}", work, done)

    # ------------------------------------------------------------ out

    def ask_for_export(self) -> None:
        rig = self._shell.rig
        if not rig.takes_shape:
            self._shell.messages.show_message("warning", "an imported character is a file of yours already")
            return
        suggestion = str(Path(self._folder()) / f"{Path(rig.shown).stem}.glb")
        path, _ = QFileDialog.getSaveFileName(self, "Export the character", suggestion, GLB_FILES)
        if path:
            file = Path(path) if Path(path).suffix.lower() == ".glb" else Path(path + ".glb")
            self._shell.preferences.set_value("character/folder", str(file.parent))
            self.export_file(file)

    def export_file(self, path: Path) -> None:
        """The character as it is now: with the face that is followed, and what was edited."""
        rig = self._shell.rig
        loaded, shape, identity = rig.loaded, rig.shape, rig.identity
        if loaded is None or shape is None or identity is None or not isinstance(loaded.character, Character):
            return
        character = loaded.character

        def work(progress: Progress) -> float:
            from rig.export_gltf import ExportError, export_glb

            check_writable(path)
            progress(None, "about ten seconds")
            partial = path.with_name(f".{path.stem}.part.glb")  # cancelled, nothing is left
            try:
                person = character.face.person(identity)
                done = export_glb(partial, character.face, shape.look, person, name=path.stem)
                progress(None)
                partial.replace(path)
            except ExportError as error:
                raise UserError(str(error)) from error
            except OSError as error:
                raise UserError(f"{path} cannot be written: {error.strerror or error}") from error
            finally:
                partial.unlink(missing_ok=True)
            return done.n_bytes / 1e6

        def done(megabytes: float) -> None:
            self._shell.messages.show_message("info", f"exported {path} ({megabytes:.1f} MB)")

        self._shell.jobs.start(f"Exporting {path.name}", work, done)

    # ------------------------------------------------------------ away

    def _ask_to_remove(self, entry: Entry | None) -> None:
        if entry is None or entry.path is None:
            return
        question = f"Remove “{entry.name}” from your characters?"
        if asking.sure(self, "Remove a character", question, "Remove"):
            self.remove(entry)

    def remove(self, entry: Entry) -> None:
        """Its files go to the bin where there is one; if it is on the stage the base face takes its place."""
        try:
            remove_character(entry, lambda path: bool(QFile.moveToTrash(str(path))))
        except UserError as error:
            self._shell.messages.show_error(error)
        if self._shell.rig.character == entry.name:
            self._shell.rig.set_character("base")
        self.refresh()

    def _folder(self) -> str:
        kept = self._shell.preferences.value("character/folder", "")
        return kept if kept and Path(kept).is_dir() else str(Path.home())
