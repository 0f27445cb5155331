"""Channels: the table with what finds a row, takes numbers back, and keeps them in a file."""

from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.errors import UserError
from app.face_frame import FaceFrame
from app.shaping import Shaping, load_shaping, save_shaping
from app.ui.message_bar import MessageBar
from app.ui.style import asking
from app.ui.style.menu import Menu
from app.ui.style.theme import Theme
from app.ui.tracking.channel_model import Column
from app.ui.tracking.channel_table import ChannelTable

FILES: Final = "Channel settings (*.json);;All files (*)"


class ChannelPage(QWidget):
    """``edited`` tells a shaping made by hand; ``show_shaping`` shows one without telling."""

    edited = Signal(object)
    """An ``app.shaping.Shaping``."""
    links_changed = Signal()
    """Other sides have numbers of their own: ``apart``."""

    def __init__(self, theme: Theme, messages: MessageBar) -> None:
        super().__init__()
        self._messages = messages
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search: AU12, smile, brows …")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Search channels")
        self.search.setToolTip("Number, name, region, side or ARKit shape of a channel (Ctrl+F)")
        self.table = ChannelTable(theme)
        self.nothing = QLabel("No channel has these words")
        self.nothing.setProperty("role", "muted")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing.hide()
        self.reset_row = _button("Reset", "Leave the chosen channel as it is measured")
        self.reset_all = _button("Reset all", "Leave every channel as it is measured")
        self.file = _button("File", "Load these settings from a file, or save them, as mien --shaping reads them")
        menu = Menu(self.file)
        menu.addAction("Load …", self._load)
        menu.addAction("Save as …", self._save)
        self.file.setMenu(menu)
        head, foot, middle = QHBoxLayout(), QHBoxLayout(), QVBoxLayout()
        head.setContentsMargins(12, 12, 12, 0)
        head.addWidget(self.search)
        # Its cells have a margin of their own: their words begin where the search box does.
        middle.setContentsMargins(4, 0, 0, 0)
        middle.addWidget(self.table)
        middle.addWidget(self.nothing)
        foot.setContentsMargins(12, 0, 12, 12)
        foot.setSpacing(8)
        for button in (self.reset_row, self.reset_all, self.file):
            foot.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addLayout(middle, 1)
        column.addLayout(foot)
        self.search.textChanged.connect(self._search)
        self.search.returnPressed.connect(self._go_to_first)
        self.table.channels.edited.connect(self._edited)
        self.table.channels.linked.connect(self.links_changed)
        self.reset_row.clicked.connect(self._reset_row)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        for text, do in (("Reset channel", self._reset_row), ("Link or unlink its sides", self._toggle_link)):
            action = QAction(text, self.table)
            action.triggered.connect(do)
            self.table.addAction(action)
        self.reset_all.clicked.connect(self._reset_all)
        find = QShortcut(QKeySequence.StandardKey.Find, self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(self.search.setFocus)
        self._enable()

    @property
    def apart(self) -> list[int]:
        """AUs whose sides have numbers of their own, sorted."""
        return sorted(self.table.channels.apart)

    def show_shaping(self, shaping: Shaping) -> None:
        if shaping != self.table.channels.shaping:
            self.table.channels.show_shaping(shaping)
        self._enable()

    def show_apart(self, aus: list[int]) -> None:
        self.table.channels.set_apart(aus)

    def show_face(self, face: FaceFrame) -> None:
        self.table.show_values(face.au_measured, face.au)

    def set_theme(self, theme: Theme) -> None:
        self.table.set_theme(theme)

    # ------------------------------------------------------------ by hand

    def _search(self, text: str) -> None:
        found = self.table.search(text) > 0
        self.table.setVisible(found)
        self.nothing.setVisible(not found)

    def _go_to_first(self) -> None:
        """From the words to the first channel that has them."""
        model = self.table.channels
        rows = (row for row in range(model.rowCount()) if model.channels(row) and not self.table.isRowHidden(row))
        if (first := next(rows, None)) is not None:
            self.table.setCurrentIndex(model.index(first, Column.GAIN))
            self.table.setFocus()

    def _edited(self, shaping: Shaping) -> None:
        self._enable()
        self.edited.emit(shaping)

    def _enable(self) -> None:
        self.reset_all.setEnabled(not self.table.channels.shaping.is_default)

    def _reset_row(self) -> None:
        self.table.channels.reset_rows([self.table.currentIndex().row()])

    def _toggle_link(self) -> None:
        self.table.channels.toggle_link(self.table.currentIndex().row())

    def _reset_all(self) -> None:
        question = "Leave every channel as it is measured? Gain, dead zone and limit of all of them go."
        if asking.sure(self, "Reset all channels", question, "Reset all"):
            self.table.channels.set_apart([])
            self.table.channels.reset_rows(range(self.table.channels.rowCount()))

    def _load(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Load channel settings", "", FILES)
        if not path:
            return
        try:
            shaping = load_shaping(Path(path))
        except UserError as error:
            self._messages.show_error(error)
            return
        self.table.channels.set_apart([])
        self.show_shaping(shaping)
        self.edited.emit(shaping)

    def _save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save channel settings", "channels.json", FILES)
        if not path:
            return
        chosen = Path(path) if Path(path).suffix else Path(path).with_suffix(".json")
        try:
            save_shaping(chosen, self.table.channels.shaping)
        except UserError as error:
            self._messages.show_error(error)
        else:
            self._messages.show_message("info", f"channel settings saved to {chosen}")


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
