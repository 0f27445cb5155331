"""The person at rest: taken from one second on a button, learnt meanwhile, kept under names."""

from typing import Final

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.calibration import MODES
from app.profiles import list_profiles
from app.ui.message_bar import ElidedLabel
from app.ui.style.choice_box import ChoiceBox
from app.ui.style.scale import px
from app.ui.style.theme import Theme

LABELS_PX: Final = 56
"""Labels left of boxes have one width in the whole panel."""
AUTO: Final = "auto"
AUTO_TEXT: Final = "Learn while I move"
RELAX_TEXT: Final = "Relax your face"
MODE_TEXT: Final = {
    AUTO: "Learning from what it sees",
    "off": "An average face",
    "first-second": "From the first second",
    "whole": "From the whole file",
    "": "Calibrated",
}


class _Dot(QWidget):
    """A coloured point before a line of text."""

    def __init__(self) -> None:
        super().__init__()
        self.colour = ""
        self.setFixedSize(QSize(12, 16))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.colour))
        painter.drawEllipse(QPointF(5, 8), 4, 4)


class NeutralBox(QWidget):
    """Shows what the neutral is and tells what is asked; it decides nothing."""

    calibrate_asked = Signal()
    chosen = Signal(str)
    """``auto`` or the name of a profile."""
    save_asked = Signal()
    delete_asked = Signal(str)
    default_asked = Signal(str)
    """What a start begins with: ``auto`` or the name of a profile."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._default = AUTO
        self._known = False
        self._profiles: list[str] | None = None
        self._dot, self._says = _Dot(), ElidedLabel()
        self._says.setAccessibleName("What the neutral is now")
        self.relax = QPushButton(RELAX_TEXT)
        self.relax.setProperty("role", "primary")
        self.relax.setStyleSheet(f"min-height: {px(34)}px")  # the sheet's own would win over setMinimumHeight
        self.relax.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.relax.setToolTip(
            "Counts down from 3, then takes one second of your face at rest (C); again, or Esc, cancels"
        )
        self.profile = ChoiceBox(theme, "Neutral profile")
        self.profile.setPlaceholderText("This calibration")
        self.profile.setToolTip("Whose face at rest expressions are compared with")
        self.save = _button("Save as …", "Keep the present neutral under a name")
        self.delete = _button("Delete", "Delete the chosen profile")
        self.default = QCheckBox("Use at every start")
        self.default.setToolTip("Begin with this choice the next time, too")
        self._lay_out()
        self.relax.clicked.connect(self.calibrate_asked)
        self.profile.chosen.connect(self.chosen)
        self.save.clicked.connect(self.save_asked)
        self.delete.clicked.connect(lambda: self.delete_asked.emit(self.profile.value))
        self.default.clicked.connect(lambda on: self.default_asked.emit(self.profile.value if on else AUTO))
        self.set_theme(theme)
        self.show_neutral(AUTO, AUTO, AUTO)
        self.show_ready(ready=False, seen=False)

    def _lay_out(self) -> None:
        says = QHBoxLayout()
        says.setSpacing(4)
        says.addWidget(self._dot)
        says.addWidget(self._says, 1)
        word = QLabel("&Profile")
        word.setBuddy(self.profile)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(8)
        grid.setColumnMinimumWidth(0, LABELS_PX)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        grid.addWidget(word, 0, 0)
        grid.addWidget(self.profile, 0, 1, 1, 2)
        grid.addWidget(self.save, 1, 1)
        grid.addWidget(self.delete, 1, 2)
        grid.addWidget(self.default, 2, 1, 1, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(says)
        column.addWidget(self.relax)
        column.addLayout(grid)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.profile.set_theme(theme)
        self._show_known(self._known)

    def _show_known(self, known: bool) -> None:
        """Whether the neutral is this person's. Asked for a few times a second, painted where it changes."""
        self._known = known
        colour = self._theme.good if known else self._theme.warn
        if colour != self._dot.colour:
            self._dot.colour = colour
            self._dot.update()

    # ------------------------------------------------------------ what is shown

    def show_neutral(self, now: str, chosen: str, default: str) -> None:
        """
        Args:
            now: where the tracker's neutral comes from: a mode of ``app.calibration``, a profile, or empty once
                calibrated.
            chosen: what is asked for: a mode or a profile.
            default: what a start begins with.
        """
        self._show_known(now not in (AUTO, "off"))
        text = MODE_TEXT.get(now, f"Profile {now}")
        if text != self._says.whole():
            self._says.set_whole(text)
        self._default = default
        self._list_profiles(chosen)
        # Once calibrated, neither the running estimate nor a profile is in force: choosing one of them takes it back.
        self.profile.choose(chosen if now else "")
        self.delete.setEnabled(now != "" and chosen not in MODES)
        self.default.setChecked(now != "" and chosen == default)
        self.default.setEnabled(now != "" and (chosen != default or chosen != AUTO))

    def _list_profiles(self, chosen: str) -> None:
        """Read the folder anew, unless somebody is choosing."""
        names = list_profiles()
        if chosen != AUTO and chosen not in names:
            names.append(chosen)
        if names == self._profiles or self.profile.view().isVisible():
            return
        self._profiles = names
        choices = [(AUTO, AUTO_TEXT, "A running estimate that smiles do not creep into", True)]
        choices += [(name, MODE_TEXT.get(name, name), "", True) for name in names]
        self.profile.offer(choices)

    def show_ready(self, *, ready: bool, seen: bool) -> None:
        """``ready``: frames are coming; ``seen``: there was a face among them, so that there is something to keep."""
        self.relax.setEnabled(ready)
        self.save.setEnabled(ready and seen)

    def show_progress(self, left: int, calibrating: bool) -> None:
        """Seconds until the one that counts (0: nothing is counted), and whether that one is now."""
        self.relax.setText(f"Relax …  {left}" if left else "Hold still …" if calibrating else RELAX_TEXT)


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
