"""The output panel's page of recording: begin and end, how it goes, and where and how the next take is written."""

import time
from pathlib import Path
from typing import Final

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.errors import UserError
from app.outputs.take_name import FIELDS
from app.pipeline import Snapshot
from app.ui.message_bar import ElidedLabel, MessageBar
from app.ui.output.recorder import COUNTDOWNS, SCARCE_BYTES, Recorder
from app.ui.style import theme as themes
from app.ui.style.figures import clock, size_text
from app.ui.style.icons import icon_size
from app.ui.style.panel_scroll import PanelScroll
from app.ui.style.segments import Segments
from app.ui.style.theme import GAP, Theme, set_property, set_role, tabular

FORMATS: Final = {"openface": "OpenFace", "arkit": "Live Link Face"}
FORMAT_TIPS: Final = {
    "openface": "OpenFace's columns, then every channel per side: for research and scripts",
    "arkit": "Timecode and 52 ARKit shapes, as Epic's Live Link Face app writes a take",
}
NUMBERS: Final = {
    "frames": ("Frames", "Rows written, one for each frame"),
    "size": ("Size", "Of the file so far"),
    "dropped": ("Dropped", "Frames of the camera that came too fast and have no row"),
    "left": ("Disk left", "Room where takes go"),
}
NONE: Final = "–"
LARGE_PX: Final = 40
NOT_READY: Final = "Start a source first: then it can be recorded"
NEXT_NAME_S: Final = 1.0
"""So often the folder is looked at for the next take's name."""


class _LargeButton(QPushButton):
    """Found without looking for it."""

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), LARGE_PX)


class RecordingPage(PanelScroll):
    """Nothing on it changes its place when a recording begins."""

    def __init__(self, recorder: Recorder, messages: MessageBar, theme: Theme) -> None:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(GAP)
        super().__init__(body)
        self.recorder, self._messages, self._theme = recorder, messages, theme
        self.record = _LargeButton()
        self.record.setIconSize(icon_size())
        self.record.setFont(tabular(self.record.font()))
        self.record.clicked.connect(recorder.toggle)
        self.state = QFrame()
        self.file = ElidedLabel(Qt.TextElideMode.ElideMiddle)
        self.numbers = {name: QLabel(NONE) for name in NUMBERS}
        self.countdown = Segments(
            {str(s): f"{s} s" if s else "Off" for s in COUNTDOWNS}, "Countdown before a recording"
        )
        self.format = Segments(FORMATS, "Format of the recording", FORMAT_TIPS)
        self.name = QLineEdit()
        self.folder = ElidedLabel(Qt.TextElideMode.ElideMiddle)
        self.choose = QPushButton("Choose …")
        self.open = QToolButton()
        self._looked_s = -NEXT_NAME_S
        self._lay_out(column)
        self.countdown.chosen.connect(self._choose_countdown)
        self.format.chosen.connect(self._choose_format)
        self.name.textEdited.connect(self._try_name)
        self.name.editingFinished.connect(self._take_name)
        self.choose.clicked.connect(self._choose_folder)
        self.open.clicked.connect(self.open_folder)
        recorder.changed.connect(self.show_settings)
        recorder.countdown.changed.connect(lambda _: self.show_state())
        self.set_theme(theme)
        self.show_settings()

    # ------------------------------------------------------------ making it

    def _lay_out(self, column: QVBoxLayout) -> None:
        column.addWidget(self.record)
        column.addWidget(self._state_card())
        column.addSpacing(GAP)
        self.name.setAccessibleName("Name of takes")
        fields = ", ".join(f"{{{field}}}: {what}" for field, what in FIELDS.items())
        self.name.setToolTip(f"What takes are called. {fields}")
        self.open.setToolTip("Open the folder of takes")
        self.open.setAccessibleName("Open the folder of takes")
        set_role(self.open, "quiet")
        self.open.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.choose.setToolTip("Choose the folder that takes go to")
        self.choose.setAccessibleName("Choose the folder of takes")
        folder = QWidget()
        row = QHBoxLayout(folder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addWidget(self.folder, 1)
        row.addWidget(self.open)
        row.addWidget(self.choose)
        grid = QGridLayout()
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(GAP)
        grid.setColumnStretch(1, 1)
        rows: tuple[tuple[str, QWidget, QWidget], ...] = (
            ("For&mat", self.format, self.format),
            ("&Name", self.name, self.name),
            ("Fol&der", folder, self.choose),
            ("Co&untdown", self.countdown, self.countdown),
        )
        for i, (text, part, buddy) in enumerate(rows):
            label = QLabel(text)
            label.setBuddy(buddy)
            grid.addWidget(label, i, 0)
            grid.addWidget(part, i, 1)
        column.addLayout(grid)
        column.addStretch(1)
        for one, then in ((self.record, self.format), (self.name, self.open), (self.open, self.choose)):
            self.setTabOrder(one, then)

    def _state_card(self) -> QFrame:
        set_role(self.state, "card")
        grid = QGridLayout()
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(2)
        for i, (name, (word, tip)) in enumerate(NUMBERS.items()):
            caption, number = QLabel(word), self.numbers[name]
            set_role(caption, "muted")
            number.setFont(tabular(number.font()))
            number.setAccessibleName(word)
            for label in (caption, number):
                label.setToolTip(tip)
            at = 3 * (i // 2), i % 2
            grid.addWidget(caption, *at)
            grid.addWidget(number, at[0] + 1, at[1])
            grid.setColumnStretch(at[1], 1)
        grid.setRowMinimumHeight(2, GAP // 2)
        column = QVBoxLayout(self.state)
        column.setContentsMargins(12, GAP, 12, GAP)
        column.setSpacing(GAP)
        column.addWidget(self.file)
        column.addLayout(grid)
        return self.state

    # ------------------------------------------------------------ what is shown

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.countdown.set_theme(theme)
        self.format.set_theme(theme)
        self.open.setIcon(themes.icon("folder", theme.muted))
        self.show_state()

    def show_settings(self) -> None:
        self.countdown.choose(str(self.recorder.countdown_s))
        self.format.choose(self.recorder.format)
        self.folder.set_whole(str(self.recorder.folder))
        self.open.setEnabled(self.recorder.folder.is_dir())
        if not self.name.hasFocus():
            self.name.setText(self.recorder.pattern)
        self._looked_s = -NEXT_NAME_S
        self.show_state()

    def tick(self, snapshot: Snapshot) -> None:
        if self.isVisible():
            self.show_state()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.show_state()

    def show_state(self) -> None:
        """How it goes."""
        recorder, progress = self.recorder, self.recorder.progress()
        counting = recorder.countdown.left
        on = progress is not None
        if progress is not None:
            text, tip = f"Stop   {clock(progress.elapsed_s)}", "End the recording (R)"
        elif counting:
            text, tip = f"Recording in {counting} …", "Call it off (R)"
        else:
            text, tip = (
                "Record",
                "One row a frame (R)" if recorder.ready else "Start a source first: then it can be recorded",
            )
        self.record.setText(text)
        self.record.setToolTip(tip)
        self.record.setEnabled(recorder.ready or on)
        red = "#ffffff" if on else self._theme.record if recorder.ready else self._theme.muted
        self.record.setIcon(themes.icon("stop" if on else "record", red))
        set_property(self.record, "recording", "true" if on else "false")
        set_property(self.state, "alert", "true" if on else "false")
        free = recorder.free_bytes()
        self.numbers["left"].setText(size_text(free) if free is not None else NONE)
        set_role(self.numbers["left"], "bad" if free is not None and free < SCARCE_BYTES else "")
        if progress is None:
            self._show_next()
            for name in ("frames", "size", "dropped"):
                self.numbers[name].setText(NONE)
                set_role(self.numbers[name], "muted")
            return
        self.file.set_whole(progress.path.name)
        set_role(self.file, "section")
        self.numbers["frames"].setText(f"{progress.rows:,}")
        self.numbers["size"].setText(size_text(progress.size))
        self.numbers["dropped"].setText(f"{progress.dropped:,}")
        for name in ("frames", "size"):
            set_role(self.numbers[name], "")
        set_role(self.numbers["dropped"], "warn" if progress.dropped else "")

    def _show_next(self) -> None:
        now_s = time.monotonic()
        if now_s - self._looked_s < NEXT_NAME_S:
            return
        self._looked_s = now_s
        try:
            self.file.set_whole(f"Next: {self.recorder.next_path().name}")
        except UserError as error:
            self.file.set_whole(str(error))
        set_role(self.file, "muted")

    # ------------------------------------------------------------ what is chosen

    def _choose_countdown(self, key: str) -> None:
        self.recorder.countdown_s = int(key)

    def _choose_format(self, key: str) -> None:
        self.recorder.format = key

    def _try_name(self, text: str) -> None:
        """While it is typed: kept as soon as it makes a name, marked while it does not."""
        try:
            self.recorder.pattern = text
        except UserError as error:
            set_property(self.name, "bad", "true")
            self.file.set_whole(str(error))
        else:
            set_property(self.name, "bad", "false")

    def _take_name(self) -> None:
        """What makes no name goes back to what did."""
        if self.name.property("bad") == "true":
            set_property(self.name, "bad", "false")
            self.name.setText(self.recorder.pattern)

    def _choose_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Folder for recordings", str(self.recorder.folder))
        if path:
            self.recorder.folder = Path(path)

    def open_folder(self) -> None:
        """In the desktop's own file manager."""
        folder = self.recorder.folder
        if not folder.is_dir():
            self._messages.show_message("info", f"there are no takes yet: the first one makes the folder {folder}")
        elif not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self._messages.show_message("warning", f"this desktop opens no folders: takes are in {folder}")
