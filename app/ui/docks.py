"""The panels in docks around the 3D face: made from a table, moved, closed, restored, put back."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from PySide6.QtCore import QByteArray, QObject, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QTabWidget, QWidget
from shiboken6 import isValid

from app.ui.face_room import LEFT, RIGHT, SEPARATOR, FaceRoom
from app.ui.keyboard import is_behind
from app.ui.panel import Panel
from app.ui.panel_dock import PanelDock
from app.ui.style.theme import Theme

LAYOUT_VERSION: Final = 1
"""Raise it when docks are added or renamed in a way that makes old layouts wrong."""
BOTTOM: Final = Qt.DockWidgetArea.BottomDockWidgetArea
BOTTOM_HEIGHT: Final = (240, 0.25)
FIRST_SIZE: Final = QSize(1280, 700)
"""Of the deck, until the window is shown."""


@dataclass(frozen=True, slots=True)
class PanelSpec:
    """One row of the table of panels."""

    name: str
    """For saved layouts and for ``Docks.panel``; never changes."""
    kind: type[Panel]
    area: Qt.DockWidgetArea
    shown: bool
    """At first, and after "Reset layout"."""
    key: str
    """Shortcut that goes to it, and hides it while the keyboard is there."""


class Docks(QObject):
    """The docks of one window."""

    visibility_changed = Signal(str, bool)
    """A panel can be seen now, or no longer (closed, or behind another tab)."""

    def __init__(self, deck: QMainWindow, specs: tuple[PanelSpec, ...], panels: dict[str, Panel], theme: Theme) -> None:
        super().__init__(deck)
        self._deck, self._specs = deck, specs
        deck.resize(FIRST_SIZE)  # sizes of docks are shares of a size that it only gets when it is shown
        self.panels = panels
        self._visible: set[str] = set()
        self._put_away: list[str] = []
        self._held: dict[str, QWidget] = {}
        """What last had the keyboard in each panel. Qt's own memory has what Tab passed over unseen, too."""
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._note_focus)
        self.docks: dict[str, PanelDock] = {}
        options = QMainWindow.DockOption
        deck.setDockOptions(
            options.AnimatedDocks | options.AllowNestedDocks | options.AllowTabbedDocks | options.GroupedDragging
        )
        deck.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        deck.setCorner(Qt.Corner.BottomLeftCorner, LEFT)
        deck.setCorner(Qt.Corner.BottomRightCorner, RIGHT)
        for spec in specs:
            self._make(spec, theme)
        self.room = FaceRoom(deck, self.docks)
        self._settle_later = QTimer(self, singleShot=True, interval=0)
        self._settle_later.timeout.connect(self._settle)
        self.reset()

    def _make(self, spec: PanelSpec, theme: Theme) -> None:
        panel = self.panels[spec.name]
        dock = PanelDock(spec.name, panel, self._deck, theme)
        panel.set_in_sight(False)
        dock.bar.float_button.clicked.connect(partial(self._toggle_floating, spec.name))
        dock.bar.close_button.clicked.connect(partial(self._close, spec.name))
        dock.visibilityChanged.connect(lambda on, name=spec.name: self._note(name, on))
        dock.dockLocationChanged.connect(lambda _: self._settle_later.start())
        dock.topLevelChanged.connect(lambda _: self._settle_later.start())
        self.docks[spec.name] = dock

    # ------------------------------------------------------------ what is where

    def reset(self) -> None:
        """The layout of the first start: docks of one side tabbed together, those on the left one above the other."""
        last: dict[Qt.DockWidgetArea, QDockWidget] = {}
        for spec in self._specs:
            dock = self.docks[spec.name]
            dock.setFloating(False)
            self._deck.removeDockWidget(dock)
        for spec in self._specs:
            dock = self.docks[spec.name]
            self._deck.addDockWidget(spec.area, dock)
            if spec.area in last and spec.area is not LEFT:
                self._deck.tabifyDockWidget(last[spec.area], dock)
            last[spec.area] = dock
            dock.setVisible(spec.shown)
        for area in (RIGHT, BOTTOM):
            first = next((s for s in self._specs if s.area is area and s.shown), None)
            if first is not None:
                self.docks[first.name].raise_()
        self.share_out()
        self._settle_later.start()

    def move(self, name: str, area: Qt.DockWidgetArea | None) -> None:
        """To a side of the window, beside what is there (in tabs, on the left below it); None: a window of its own."""
        dock = self.docks[name]
        if area is None:
            self._undock(dock)
        else:
            there = [d for d in self.docks.values() if d is not dock and self._area(d) is area and not d.isHidden()]
            dock.setFloating(False)
            self._deck.addDockWidget(area, dock)
            if there and area is not LEFT:
                self._deck.tabifyDockWidget(there[-1], dock)
        self.show(name)
        self._focus(name)
        self._settle_later.start()

    def _undock(self, dock: PanelDock) -> None:
        if not dock.isFloating():
            dock.undock(QRect(self._deck.mapToGlobal(QPoint()), self._deck.size()))

    def _toggle_floating(self, name: str, _checked: bool = False) -> None:
        """Pressed by key, its button keeps the keyboard, to undo it; where that is gone, the panel has it."""
        dock = self.docks[name]
        by_key = dock.bar.float_button.hasFocus()
        if dock.isFloating():
            dock.setFloating(False)
        else:
            self._undock(dock)
        self.show(name)
        self._settle()
        if by_key:
            self._focus(name)
            if dock.bar.float_button.isVisible():
                dock.bar.float_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def area(self, name: str) -> Qt.DockWidgetArea | None:
        """The side of the window where it is; None while it is a window of its own."""
        return self._area(self.docks[name])

    def _area(self, dock: QDockWidget) -> Qt.DockWidgetArea | None:
        return None if dock.isFloating() else self._deck.dockWidgetArea(dock)

    def share_out(self) -> None:
        """Give the docks of the first layout their sizes, by that of the window."""
        room = self._deck.size()
        self.room.reset()
        least_px, share = BOTTOM_HEIGHT
        bottom = [self.docks[s.name] for s in self._specs if s.area is BOTTOM]
        height = max(least_px, round(share * room.height()))
        self._deck.resizeDocks(bottom[:1], [height], Qt.Orientation.Vertical)

    def save(self) -> str:
        """The layout as text."""
        state = bytes(self._deck.saveState(LAYOUT_VERSION).toBase64().data()).decode("ascii")
        return f"{state}{SEPARATOR}{self.room.save()}"

    def restore(self, text: str) -> bool:
        """Take a saved layout; False, and nothing changes, where it does not fit this version."""
        layout, _, widths = text.partition(SEPARATOR)
        state = QByteArray.fromBase64(layout.encode("ascii", "ignore"))
        if not self._deck.restoreState(state, LAYOUT_VERSION):
            return False
        self.room.restore(widths)
        self._settle_later.start()
        return True

    # ------------------------------------------------------------ showing

    def is_visible(self, name: str) -> bool:
        """Whether the panel can be seen: shown, and in front of its tabs."""
        return name in self._visible

    def show(self, name: str) -> None:
        self.docks[name].appear()

    def toggle(self, name: str) -> None:
        """Close what is in front; bring what is closed or behind to the front."""
        if self.is_visible(name):
            self._close(name)
        else:
            self.show(name)
            self._focus(name)

    def go_to(self, name: str) -> None:
        """The keyboard goes to it, wherever it is; where it is already, the panel is closed."""
        focus = QApplication.focusWidget()
        if self.is_visible(name) and focus is not None and self.docks[name].isAncestorOf(focus):
            self._close(name)
        else:
            self.show(name)
            self._focus(name)

    def _close(self, name: str, _checked: bool = False) -> None:
        """If the keyboard was there, it goes to the 3D face, not to whatever comes next."""
        focus, face = QApplication.focusWidget(), self._deck.centralWidget()
        if face is not None and focus is not None and self.docks[name].isAncestorOf(focus):
            face.activateWindow()
            face.setFocus(Qt.FocusReason.OtherFocusReason)
        self.docks[name].close()

    def _focus(self, name: str) -> None:
        """What had the focus there, else the first that can have it."""
        panel = self.panels[name]
        before = self._held.get(name)
        panel.activateWindow()
        if before is not None and isValid(before) and before.isEnabled() and before.isVisibleTo(panel):
            before.setFocus(Qt.FocusReason.ShortcutFocusReason)
            return
        panel.setFocus(Qt.FocusReason.ShortcutFocusReason)
        panel.focusNextChild()
        focus = panel.window().focusWidget()
        if focus is None or not panel.isAncestorOf(focus):  # there is nothing in it that takes keys
            panel.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _note_focus(self, _old: QWidget | None, new: QWidget | None) -> None:
        if new is None or is_behind(new):
            return
        for name, panel in self.panels.items():
            if panel.isAncestorOf(new):
                self._held[name] = new

    def focus_next(self, by: int = 1) -> None:
        """The keyboard goes to the next panel in sight, and from the last to the first; -1: to the one before."""
        names = [spec.name for spec in self._specs if self.is_visible(spec.name)]
        focus = QApplication.focusWidget()
        inside = [i for i, name in enumerate(names) if focus is not None and self.docks[name].isAncestorOf(focus)]
        if names:
            at = inside[0] + by if inside else min(by, 0)
            self._focus(names[at % len(names)])

    def toggle_all(self) -> None:
        """Hide every dock, and bring back those that were hidden this way."""
        shown = [name for name, dock in self.docks.items() if not dock.isHidden()]
        front = [name for name in shown if self.is_visible(name)]
        if shown:
            self._put_away = [name for name in shown if name not in front] + front
        for name in self._put_away:
            if shown:
                self.docks[name].hide()
            else:
                self.show(name)

    def set_theme(self, theme: Theme) -> None:
        for dock in self.docks.values():
            dock.set_theme(theme)

    def _note(self, name: str, on: bool) -> None:
        if on == (name in self._visible):
            return
        (self._visible.add if on else self._visible.discard)(name)
        self.panels[name].set_in_sight(on)
        self._settle_later.start()
        self.visibility_changed.emit(name, on)

    def _settle(self) -> None:
        """A dock has its title where it stands alone or floats."""
        for dock in self.docks.values():
            beside = [other for other in self._deck.tabifiedDockWidgets(dock) if not other.isHidden()]
            dock.bar.set_tabbed(bool(beside) and not dock.isFloating())
