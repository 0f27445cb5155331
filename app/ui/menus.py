"""The menu bar, made from data: every command with its words, its key, what it does, and when it can be had."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QAction, QActionGroup, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QMainWindow,
    QMenu,
    QTabBar,
    QWidget,
)

from app.ui.style.menu import Menu

MENUS: Final = ("File", "Source", "Tracking", "Character", "Output", "View", "Help")
"""In the order of the menu bar."""
KEYS_OF_WIDGETS: Final[tuple[tuple[type[QWidget], frozenset[Qt.Key]], ...]] = (
    (QAbstractButton, frozenset({Qt.Key.Key_Space})),
    (QAbstractSlider, frozenset({Qt.Key.Key_Home, Qt.Key.Key_End})),
    (QTabBar, frozenset({Qt.Key.Key_Home, Qt.Key.Key_End})),
    (QAbstractSpinBox, frozenset({Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Space})),
)
"""Keys that a widget with the focus needs for itself, though they are also shortcuts."""
TAKE_LETTERS: Final = (QAbstractItemView, QComboBox, QLineEdit)
"""These search or edit by what is typed: they get every key without Ctrl or Alt that means a character, and Home."""


@dataclass(frozen=True, slots=True)
class Command:
    """One entry of a menu. Panels add theirs by ``Panel.commands``."""

    menu: str
    """One of ``MENUS``."""
    text: str
    do: Callable[[], Any] | None = None
    key: str = ""
    """As ``QKeySequence`` reads it; works all over the window, except where a field or list needs it."""
    tip: str = ""
    checked: Callable[[], bool] | None = None
    """Makes it a switch: whether it is on now."""
    enabled: Callable[[], bool] | None = None
    """Whether it can be had now; by default always."""
    fill: Callable[[Menu], None] | None = None
    """Makes it a submenu, filled anew each time it opens."""
    group: int = 0
    """Commands of one group stand together, groups in this order, with lines between them."""
    by_key: Callable[[], Any] | None = None
    """What the key does, where that is not what the entry does."""


class Menus(QObject):
    """Menus and shortcuts of one window."""

    def __init__(self, window: QMainWindow, commands: Iterable[Command]) -> None:
        super().__init__(window)
        self._window = window
        self.commands = list(commands)
        self.actions: dict[str, QAction] = {}
        """By their text."""
        self._menus = {name: Menu(f"&{name}", window) for name in MENUS}
        for menu in self._menus.values():
            window.menuBar().addMenu(menu)
        for name, menu in self._menus.items():
            menu.setToolTipsVisible(True)
            self._fill(menu, sorted((c for c in self.commands if c.menu == name), key=lambda c: c.group))
            menu.aboutToShow.connect(self.refresh)
            menu.aboutToHide.connect(self._closed)
        self._changing = [(self.actions[c.text], c) for c in self.commands if c.checked or c.enabled]
        self.refresh()

    def _closed(self) -> None:
        QTimer.singleShot(0, self, self._leave_bar)

    def _leave_bar(self) -> None:
        """Esc in a menu leaves the bar, too: Qt keeps its name lit there until another Esc, whatever is clicked."""
        bar = self._window.menuBar()
        if QApplication.activePopupWidget() is None and bar.activeAction() is not None:
            leave = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
            QApplication.sendEvent(bar, leave)

    def _fill(self, menu: Menu, commands: list[Command]) -> None:
        group = commands[0].group if commands else 0
        words = dict(zip((c.text for c in commands), with_mnemonics([c.text for c in commands]), strict=True))
        for command in commands:
            if command.group != group:
                menu.addSeparator()
                group = command.group
            if command.fill is not None:
                inner = menu.add_menu(words[command.text])
                inner.aboutToShow.connect(partial(command.fill, inner))
                self.actions[command.text] = inner.menuAction()
                continue
            action = QAction(words[command.text], self._window, checkable=command.checked is not None)
            if command.by_key is not None:
                keyed = QAction(command.text, self._window, shortcut=QKeySequence(command.key))
                keyed.triggered.connect(partial(self._run, command.by_key))
                self._window.addAction(keyed)
                action.setText(f"{action.text()}\t{native(command.key)}")
            elif command.key:
                action.setShortcut(QKeySequence(command.key))
            if command.tip:
                action.setToolTip(command.tip)
            if command.do is not None:
                action.triggered.connect(partial(self._run, command.do))
            menu.addAction(action)
            self._window.addAction(action)  # keys work while the menu is closed
            self.actions[command.text] = action

    def menu(self, name: str) -> Menu:
        return self._menus[name]

    def _run(self, do: Callable[[], Any], _on: bool = False) -> None:
        do()
        self.refresh()

    def refresh(self) -> None:
        """Tick and grey as things stand now; call a few times a second too: greyed keys do nothing."""
        for action, command in self._changing:
            if command.checked is not None:
                action.setChecked(command.checked())
            if command.enabled is not None:
                action.setEnabled(command.enabled())

    def keys(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """For each menu its (command, key) pairs, as this platform writes keys."""
        return [
            (name, [(c.text.rstrip(" …"), native(c.key)) for c in self.commands if c.menu == name and c.key])
            for name in MENUS
        ]


def native(key: str) -> str:
    """As this platform writes it."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)


def with_mnemonics(texts: Sequence[str]) -> list[str]:
    """With "&" before a letter that is no other's, initials of words where they are free: a bipartite matching."""
    owner: dict[str, tuple[int, int]] = {}  # letter -> (text, place in it)

    def give(n: int, places: Sequence[int], asked: set[str]) -> bool:
        for at in places:
            letter = texts[n][at].lower()
            if letter in asked:
                continue
            asked.add(letter)
            if letter not in owner or give(owner[letter][0], letters[owner[letter][0]], asked):
                owner[letter] = (n, at)
                return True
        return False

    letters = [[i for i, c in enumerate(text) if c.isalnum()] for text in texts]
    for n, text in enumerate(texts):
        initials = [i for i in letters[n] if i == 0 or text[i - 1] == " "]
        at = next((i for i in initials if text[i].lower() not in owner), None)
        if at is not None:
            owner[text[at].lower()] = (n, at)
    for n in range(len(texts)):
        if n not in dict(owner.values()):
            give(n, letters[n], set())
    marks = dict(owner.values())
    return [f"{t[: marks[n]]}&{t[marks[n] :]}" if n in marks else t for n, t in enumerate(texts)]


def offer(menu: QMenu, words: Mapping[str, str], chosen: str, take: Callable[[str], Any]) -> None:
    """Fill a menu anew with what excludes each other: name -> text."""
    menu.clear()
    group = QActionGroup(menu)
    for name, text in words.items():
        action = QAction(text.replace("&", "&&"), menu, checkable=True, checked=name == chosen)
        action.triggered.connect(partial(_take, take, name))
        group.addAction(action)
        menu.addAction(action)


def _take(take: Callable[[str], Any], name: str, _on: bool = False) -> None:
    take(name)


def belongs_to_widget(event: QEvent) -> bool:
    """Whether the widget with the focus needs this key more than a shortcut does: answer to a ``ShortcutOverride``."""
    if not isinstance(event, QKeyEvent):
        return False
    focus = QApplication.focusWidget()
    plain = not event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
    if focus is None or not plain:
        return False
    if isinstance(focus, TAKE_LETTERS) and (
        (event.text().isprintable() and event.text()) or event.key() == Qt.Key.Key_Home
    ):
        return True
    if event.key() == Qt.Key.Key_F2 and isinstance(focus, QAbstractItemView) and _edits(focus):
        return True
    return any(isinstance(focus, kind) and Qt.Key(event.key()) in keys for kind, keys in KEYS_OF_WIDGETS)


def _edits(view: QAbstractItemView) -> bool:
    """Whether F2 would let what is chosen in it be written over."""
    editable = view.currentIndex().flags() & Qt.ItemFlag.ItemIsEditable
    return bool(editable and view.editTriggers() & QAbstractItemView.EditTrigger.EditKeyPressed)
