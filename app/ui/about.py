"""Help that is read: about Mien with its licences, and the keys, which are taken from the menus themselves."""

import re
from collections.abc import Sequence
from importlib import metadata
from itertools import combinations_with_replacement, pairwise
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QPlainTextEdit,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.ui.style.scale import room_for
from app.ui.style.theme import GAP, MARGIN, set_role

COLUMNS: Final = 4
"""Of keys."""
ROOT: Final = Path(__file__).parents[2]
PARTS: Final = ("PySide6", "onnxruntime", "onnxruntime-gpu", "mediapipe", "opencv-python", "vtk", "pyvista", "numpy")
KeyGroups = Sequence[tuple[str, Sequence[tuple[str, str]]]]
"""(menu, its (what it does, keys)) in order."""


def licence_text(name: str) -> str:
    """``LICENSE`` or ``NOTICE``, from the checkout or from what is installed; empty where neither has it."""
    if (ROOT / name).is_file():
        return (ROOT / name).read_text(encoding="utf-8")
    try:
        for file in metadata.files("mien") or []:
            if file.name == name:
                return file.read_text(encoding="utf-8") or ""
    except (metadata.PackageNotFoundError, OSError):
        pass
    return ""


def unwrapped(text: str) -> str:
    """Entries of a list that go on in indented lines in one line each: here the window breaks them."""
    return re.sub(r"\n  (?=\S)", " ", text)


def version(name: str) -> str:
    """Of an installed package; empty where it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


class AboutView(QDialog):
    """What it is, what it is made of, and under which licences."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("About Mien")
        room_for(self, 640, 520)
        title = QLabel(f"Mien {version('mien')}".strip())
        set_role(title, "title")
        what = QLabel(
            "Webcam facial animation: action units, head pose and gaze, read from one camera on this machine. "
            "Nothing leaves it but what you send."
        )
        what.setWordWrap(True)
        parts = ", ".join(f"{name} {version(name)}" for name in PARTS if version(name))
        made = QLabel(f"Made with {parts}.")
        made.setWordWrap(True)
        set_role(made, "muted")
        tabs = QTabWidget()
        for name, file in (("Credits", "NOTICE"), ("Licence", "LICENSE")):
            text = licence_text(file) or f"{file} is not installed: see the project's page"
            page = QPlainTextEdit(unwrapped(text))
            page.setReadOnly(True)
            page.setAccessibleName(name)
            tabs.addTab(page, name)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        column.setSpacing(GAP)
        for part in (title, what, made):
            column.addWidget(part)
        column.addWidget(tabs, 1)
        column.addWidget(_close_row(self))


class KeysView(QDialog):
    """Every shortcut, by menu, and then by the place where it works."""

    def __init__(self, parent: QWidget, groups: KeyGroups) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard")
        room_for(self, 1200, 640)
        body = QWidget()
        body.setObjectName("panelBody")
        halves = QGridLayout(body)
        halves.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        halves.setHorizontalSpacing(2 * MARGIN)
        columns = [QVBoxLayout() for _ in range(COLUMNS)]
        rows = [len(keys) + 2 if keys else 0 for _, keys in groups]
        # In the menus' order, down and then across, so that the longest column is as short as can be.
        cuts = min(
            combinations_with_replacement(range(len(rows) + 1), COLUMNS - 1),
            key=lambda cuts: max(sum(rows[a:b]) for a, b in pairwise((0, *cuts, len(rows)))),
        )
        for i, (title, keys) in enumerate(groups):
            if keys:
                columns[sum(i >= cut for cut in cuts)].addLayout(_group(title, keys))
        for i, column in enumerate(columns):
            column.setSpacing(MARGIN)
            column.addStretch(1)
            halves.addLayout(column, 0, i)
            halves.setColumnStretch(i, 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(body)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, MARGIN)
        whole.addWidget(area, 1)
        foot = _close_row(self)
        foot.setContentsMargins(MARGIN, 0, MARGIN, 0)
        whole.addWidget(foot)


def _group(title: str, keys: Sequence[tuple[str, str]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(MARGIN)
    grid.setVerticalSpacing(GAP // 2)
    heading = QLabel(title)
    set_role(heading, "section")
    grid.addWidget(heading, 0, 0, 1, 2)
    for i, (what, key) in enumerate(keys, 1):
        grid.addWidget(QLabel(what), i, 0)
        label = QLabel(key)
        set_role(label, "key")
        grid.addWidget(label, i, 1, Qt.AlignmentFlag.AlignRight)
    grid.setColumnStretch(0, 1)
    return grid


def _close_row(dialog: QDialog) -> QDialogButtonBox:
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    box.button(QDialogButtonBox.StandardButton.Close).setIcon(QIcon())  # Fusion's is a grey cross
    box.rejected.connect(dialog.close)
    return box
