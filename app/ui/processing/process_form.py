"""What is to be made of the files, where it goes, and what their faces are compared with."""

from pathlib import Path
from typing import Final

from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)

from app.ui.message_bar import ElidedLabel
from app.ui.processing.choices import settings_line
from app.ui.processing.processing import Processing
from app.ui.style.choice_box import ChoiceBox
from app.ui.style.segments import Segments
from app.ui.style.theme import GAP, Theme, set_role

MARGIN: Final = 2 * GAP
FORMATS: Final = {"openface": "OpenFace", "arkit": "Live Link Face", "none": "None"}
FORMAT_TIPS: Final = {
    "openface": "OpenFace's columns, then every channel per side: for research and scripts",
    "arkit": "Timecode and 52 ARKit shapes, as Epic's Live Link Face app writes a take",
    "none": "No table",
}


class ProcessForm(QWidget):
    """Shows the ``choices`` of a ``Processing``, and changes them."""

    def __init__(self, processing: Processing, theme: Theme) -> None:
        super().__init__()
        self.processing, choices = processing, processing.choices
        self.format = Segments(FORMATS, "Format of the CSV", FORMAT_TIPS)
        self.video = QCheckBox("Video &beside the character")
        self.video.setToolTip("NAME_mien.mp4: each picture, and beside it the character of the stage making that face")
        self.folder = QLineEdit()
        self.folder.setToolTip("The folder that results go to; made if it is missing")
        self.folder.setAcceptDrops(False)
        self.browse = button("Bro&wse …", "Choose the folder that results go to")
        self.replace = QCheckBox("Re&place files that are there")
        self.replace.setToolTip("Otherwise a result whose name is taken is called NAME_2")
        self.neutral = ChoiceBox(theme, "Neutral")
        self.settings = ElidedLabel()
        set_role(self.settings, "muted")
        self._lay_out()
        self.format.chosen.connect(lambda key: setattr(choices, "format", key))
        self.video.toggled.connect(lambda on: setattr(choices, "video", on))
        self.replace.toggled.connect(lambda on: setattr(choices, "replace", on))
        self.neutral.chosen.connect(lambda key: setattr(choices, "neutral", key))
        self.folder.editingFinished.connect(self.take_folder)
        self.browse.clicked.connect(self._ask_where_to)

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(MARGIN)
        grid.setVerticalSpacing(GAP)
        grid.setColumnStretch(1, 1)
        rows: tuple[tuple[str, QWidget | None, QWidget | QHBoxLayout], ...] = (
            ("CS&V", self.format, row_of(self.format, None)),
            ("", None, self.video),
            ("&Into", self.folder, row_of(self.folder, self.browse)),
            ("", None, self.replace),
            ("&Neutral", self.neutral, self.neutral),
            ("", None, self.settings),
        )
        for i, (text, buddy, part) in enumerate(rows):
            label = QLabel(text)
            if buddy is not None:
                label.setBuddy(buddy)
            grid.addWidget(label, i, 0)
            if isinstance(part, QHBoxLayout):
                grid.addLayout(part, i, 1)
            else:
                grid.addWidget(part, i, 1)

    @property
    def reached_by_tab(self) -> list[QWidget]:
        """In order."""
        return [self.format, self.video, self.folder, self.browse, self.replace, self.neutral]

    def set_able(self, on: bool) -> None:
        """Whether anything can be chosen now."""
        for part in self.reached_by_tab:
            part.setEnabled(on)

    def set_theme(self, theme: Theme) -> None:
        self.format.set_theme(theme)
        self.neutral.set_theme(theme)

    def show_choices(self) -> None:
        choices = self.processing.choices
        self.format.choose(choices.format)
        self.video.setChecked(choices.video)
        self.replace.setChecked(choices.replace)
        if not self.folder.hasFocus():
            self.folder.setText(str(choices.folder))
        if not self.neutral.view().isVisible():
            self.neutral.offer(choices.neutrals())
            self.neutral.choose(choices.neutral)
        self.neutral.setToolTip(f"Whose face at rest expressions are compared with. {self.neutral.line}")
        self.settings.set_whole(settings_line(self.processing.settings))

    def take_folder(self) -> None:
        """What was typed; nothing typed is what it was before."""
        text = self.folder.text().strip()
        if text and text != str(self.processing.choices.folder):
            self.processing.choices.folder = Path(text).expanduser()
        self.folder.setText(str(self.processing.choices.folder))

    def _ask_where_to(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Folder for results", str(self.processing.choices.folder))
        if path:
            self.processing.choices.folder = path
            self.folder.setText(path)


def button(text: str, tip: str) -> QPushButton:
    made = QPushButton(text)
    made.setToolTip(tip)
    return made


def row_of(*parts: QWidget | None) -> QHBoxLayout:
    """Side by side; None is what stretches."""
    row = QHBoxLayout()
    row.setSpacing(GAP)
    for part in parts:
        if part is None:
            row.addStretch(1)
        else:
            row.addWidget(part, 1 if isinstance(part, (QLineEdit, ElidedLabel)) else 0)
    return row
