"""Sliders of the 208 identity parameters, in groups that are filled when they are opened, with a search over all."""

from collections.abc import Callable, Iterable
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.character_edit import CharacterEdit
from app.ui.character.slider import RESETS, Slider
from app.ui.message_bar import ElidedLabel
from app.ui.style.icons import icon_size
from app.ui.style.tab_order import tab_after
from app.ui.style.theme import GAP, Theme, icon, number_width, set_role, tabular
from rig.identity import Control, find_controls, groups, load_controls

STEPS: Final = 100
"""Of a slider from its middle to either end."""
FOUND_AT_MOST: Final = 24
SEARCH_HINT: Final = "Search, e.g. “nose tip” or “wide”"


class _Row(QWidget):
    """One parameter: its name, how far it is from the base face, its slider, and its lock."""

    def __init__(self, k: int, control: Control, edit: Callable[[], CharacterEdit | None], theme: Theme) -> None:
        super().__init__()
        self.k, self._control, self._edit = k, control, edit
        title = control.name[:1].upper() + control.name[1:]
        self.name = ElidedLabel()
        self.name.set_whole(title)
        self.amount = QLabel()
        self.amount.setFont(tabular(self.amount.font()))
        self.amount.setMinimumWidth(number_width(self.amount, "+00.0 mm"))
        self.amount.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        set_role(self.amount, "muted")
        self.slider = Slider()
        self.slider.setRange(-STEPS, STEPS)
        self.slider.setAccessibleName(title)
        self.slider.setToolTip(f"{control.at_0} … {control.at_1}; {RESETS}")
        self.name.setBuddy(self.slider)
        self.lock = QToolButton()
        self.lock.setCheckable(True)
        set_role(self.lock, "quiet")
        self.lock.setAccessibleName(f"Lock {control.name}")
        self.lock.setToolTip("Keep it as it is when others change at random")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 4)
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(0)
        grid.addWidget(self.name, 0, 0)
        grid.addWidget(self.amount, 0, 1)
        grid.addWidget(self.slider, 1, 0, 1, 2)
        grid.addWidget(self.lock, 1, 2)
        grid.setColumnStretch(0, 1)
        self.slider.valueChanged.connect(self._moved)
        self.slider.let_go.connect(self._let_go)
        self.slider.reset_asked.connect(self._reset)
        self.lock.toggled.connect(self._lock)
        self.set_theme(theme)
        self.show_now()

    def _moved(self, value: int) -> None:
        edit = self._edit()
        if edit is not None:
            edit.set_value(self.k, (value + STEPS) / (2 * STEPS), drag=True)

    def _let_go(self) -> None:
        edit = self._edit()
        if edit is not None:
            edit.let_go()

    def _reset(self) -> None:
        edit = self._edit()
        if edit is not None:
            edit.reset([self.k])

    def _lock(self, on: bool) -> None:
        edit = self._edit()
        if edit is not None:
            edit.lock([self.k], on)
            self.show_now()

    def show_now(self) -> None:
        """As the face is now; tells nobody."""
        edit = self._edit()
        if edit is None:
            return
        value = float(edit.shape.identity[self.k])
        locked = self.k in edit.locked
        for widget in (self.slider, self.lock):
            widget.blockSignals(True)
        self.slider.setValue(round((2 * value - 1) * STEPS))
        self.lock.setChecked(locked)
        for widget in (self.slider, self.lock):
            widget.blockSignals(False)
        self.slider.setEnabled(not locked)
        unit = {"deg": "°", "%": " %", "mm": " mm"}.get(self._control.unit, f" {self._control.unit}")
        away = (2 * value - 1) * self._control.range
        self.amount.setText(f"{away:+.1f}{unit}" if abs(away) >= 0.05 else f"0.0{unit}")

    def set_theme(self, theme: Theme) -> None:
        self.lock.setIcon(icon("lock", theme.muted))
        self.lock.setIconSize(icon_size(14))


class _Group(QWidget):
    """A heading that opens; its sliders are made when it first does."""

    def __init__(self, title: str, members: list[int], make: Callable[[int], _Row], theme: Theme) -> None:
        super().__init__()
        self.title, self.members = title, members
        self._make = make
        self.rows: list[_Row] = []
        self.opened = False
        self.head = QToolButton()
        self.head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.head.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        set_role(self.head, "quiet")
        self.reset = QToolButton()
        set_role(self.reset, "quiet")
        self.reset.setToolTip(f"Reset {title}")
        self.reset.setAccessibleName(f"Reset {title}")
        policy = self.reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(policy)
        self.count = QLabel()
        self.count.setFont(tabular(self.count.font()))
        set_role(self.count, "muted")
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 0, 0)
        top.setSpacing(4)
        top.addWidget(self.head, 1)
        top.addWidget(self.count)
        top.addWidget(self.reset)
        self._body = QVBoxLayout()
        self._body.setContentsMargins(20, 4, 0, 4)
        self._body.setSpacing(4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addLayout(self._body)
        self.head.clicked.connect(lambda: self.set_open(not self.opened))
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.head.setIcon(icon("down" if self.opened else "right", theme.muted))
        title = self.title[:1].upper() + self.title[1:]
        self.head.setText(title.replace("&", "&&"))  # one alone would be a mnemonic
        self.reset.setIcon(icon("reset", theme.muted))
        for row in self.rows:
            row.set_theme(theme)

    def set_open(self, on: bool) -> None:
        """Show the sliders, or only the heading."""
        self.opened = on
        if on and not self.rows:
            self.rows = [self._make(k) for k in self.members]
            for row in self.rows:
                self._body.addWidget(row)
            tab_after(self.reset, _parts(self.rows))
        for row in self.rows:
            row.setVisible(on)
            if on:
                row.show_now()
        self._body.setContentsMargins(20, 4 if on else 0, 0, 4 if on else 0)
        self.set_theme(self._theme)

    def show_now(self, changed: set[int]) -> None:
        here = len(changed.intersection(self.members))
        self.count.setText(f"{here} changed" if here else str(len(self.members)))
        self.reset.setVisible(bool(here))
        self.head.setAccessibleName(f"{self.title}: {len(self.members)} controls, {here} changed")
        if self.opened:
            for row in self.rows:
                row.show_now()


class IdentityEditor(QWidget):
    """Groups of sliders over a :class:`CharacterEdit`; tells nobody: the edit does."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._edit: CharacterEdit | None = None
        self._controls = load_controls()
        self.search = QLineEdit(placeholderText=SEARCH_HINT, clearButtonEnabled=True)
        self.search.setAccessibleName("Search controls of the face")
        self.search.textChanged.connect(self._find)
        self.found = QWidget()
        self._found_column = QVBoxLayout(self.found)
        self._found_column.setContentsMargins(0, 0, 0, 0)
        self._found_column.setSpacing(4)
        self.nothing = QLabel("No control of that name")
        set_role(self.nothing, "muted")
        self.nothing.hide()
        self.found_rows: list[_Row] = []
        self.groups = [_Group(title, members, self._row, theme) for title, members in groups().items()]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self.search)
        column.addWidget(self.nothing)
        column.addWidget(self.found)
        together = QVBoxLayout()
        together.setSpacing(0)
        for group in self.groups:
            group.reset.clicked.connect(lambda _=False, group=group: self._reset(group))
            together.addWidget(group)
        column.addLayout(together)
        self.found.hide()

    def set_edit(self, edit: CharacterEdit | None) -> None:
        """Whose face the sliders move; None: nobody's."""
        self._edit = edit
        self.setEnabled(edit is not None)
        self.show_now()

    def show_now(self) -> None:
        """The edit's shape changed, by whatever."""
        if self._edit is None:
            return
        changed = self._edit.changed_parameters()
        for group in self.groups:
            group.show_now(changed)
        for row in self.found_rows:
            row.show_now()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for group in self.groups:
            group.set_theme(theme)
        for row in self.found_rows:
            row.set_theme(theme)

    def _row(self, k: int) -> _Row:
        return _Row(k, self._controls[k], lambda: self._edit, self._theme)

    def _reset(self, group: _Group) -> None:
        if self._edit is not None:
            self._edit.reset(group.members)

    def _find(self, text: str) -> None:
        self._show_found(find_controls(text, self._controls)[:FOUND_AT_MOST] if text.strip() else [])
        searching = bool(text.strip())
        self.found.setVisible(bool(self.found_rows))
        self.nothing.setVisible(searching and not self.found_rows)
        for group in self.groups:
            group.setVisible(not searching)

    def _show_found(self, parameters: Iterable[int]) -> None:
        for row in self.found_rows:
            self._found_column.removeWidget(row)
            row.deleteLater()
        self.found_rows = [self._row(k) for k in parameters]
        for row in self.found_rows:
            self._found_column.addWidget(row)
        tab_after(self.search, _parts(self.found_rows))


def _parts(rows: Iterable[_Row]) -> list[QWidget]:
    """What Tab comes to."""
    return [part for row in rows for part in (row.slider, row.lock)]
