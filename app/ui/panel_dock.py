"""The dock of one panel: its title bar, and what it does while it is a window of its own."""

from typing import Final

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QMainWindow, QToolButton, QWidget

from app.ui.keyboard import open_context_menu, press_with_enter
from app.ui.menus import belongs_to_widget
from app.ui.panel import Panel
from app.ui.style import theme as themes
from app.ui.style.icons import icon_size
from app.ui.style.scale import px
from app.ui.style.theme import Theme

UNDOCKED_BY: Final = 32
"""Pixels towards the window's middle, both ways: at its old place it would look as if it were docked still."""


class TitleBar(QWidget):
    """Title, float and close. Gone while the dock is in a row of tabs, which have its name already."""

    def __init__(self, dock: QDockWidget, title: str, theme: Theme) -> None:
        super().__init__(dock)
        self.setObjectName("dockTitle")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._tabbed = False
        self._title = QLabel(title)
        self._title.setProperty("role", "dock")
        self.float_button = self._button(f"Undock {title}")
        self.close_button = self._button(f"Close {title}")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 4, 0)
        row.setSpacing(0)
        row.addWidget(self._title, 1)
        row.addWidget(self.float_button)
        row.addWidget(self.close_button)
        self.set_theme(theme)

    def _button(self, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setProperty("role", "quiet")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setIconSize(icon_size(12))
        button.setFixedSize(px(24), px(24))
        _explain(button, tip)
        return button

    def set_theme(self, theme: Theme) -> None:
        self.float_button.setIcon(themes.icon("float", theme.muted))
        self.close_button.setIcon(themes.icon("close", theme.muted))

    def set_tabbed(self, on: bool) -> None:
        if on != self._tabbed:
            self._tabbed = on
            for part in (self._title, self.float_button, self.close_button):
                part.setVisible(not on)
            self.updateGeometry()

    def set_floating(self, on: bool) -> None:
        """What its button does from now on."""
        _explain(self.float_button, f"{'Dock' if on else 'Undock'} {self._title.text()}")

    def sizeHint(self) -> QSize:
        return QSize(120, 0 if self._tabbed else px(32))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


class PanelDock(QDockWidget):
    """Undocked it is seen to be so, stays where it was put, and its keys are those of the window."""

    def __init__(self, name: str, panel: Panel, deck: QMainWindow, theme: Theme) -> None:
        super().__init__(panel.title, deck)
        self.setObjectName(f"dock-{name}")
        self.setAccessibleName(panel.title)
        self.setWidget(panel)
        self._frame = theme.faint
        self._was_active = False
        """When a dialog was opened that nothing else can be used beside."""
        self.bar = TitleBar(self, panel.title, theme)
        self.setTitleBarWidget(self.bar)
        self.topLevelChanged.connect(self.bar.set_floating)

    def set_theme(self, theme: Theme) -> None:
        self._frame = theme.faint
        self.bar.set_theme(theme)
        self.update()

    def undock(self, deck: QRect) -> None:
        """A window of its own, beside where it was; ``deck``: what it was in, on the screen."""
        here = QRect(self.mapToGlobal(QPoint()), self.size())
        if not deck.intersects(here):  # behind another tab, Qt keeps it aside, and small
            here.setSize(self._front().size().boundedTo(deck.size()))
            here.moveCenter(deck.center())
        way = deck.center() - here.center()
        self.setFloating(True)
        step = QPoint(*(UNDOCKED_BY if part >= 0 else -UNDOCKED_BY for part in way.toTuple()))
        self.setGeometry(here.translated(step))

    def _front(self) -> QWidget:
        """The dock that is seen where this one is behind its tab."""
        window = self.parentWidget()
        beside = window.tabifiedDockWidgets(self) if isinstance(window, QMainWindow) else []
        return next((dock for dock in beside if not dock.visibleRegion().isEmpty()), self)

    def appear(self) -> None:
        """Shown, and in front. One that floats is where it was, wherever the desktop would put a new window."""
        place = self.geometry()
        was_hidden = self.isHidden()
        self.show()
        if self.isFloating() and was_hidden:
            self.setGeometry(place)
        self.raise_()
        if self.isFloating():
            self.activateWindow()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The desktop puts no frame around it while it floats: a line tells it from what it lies on."""
        super().paintEvent(event)
        if self.isFloating():
            painter = QPainter(self)
            painter.setPen(QColor(self._frame))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride and belongs_to_widget(event):
            event.accept()  # the window below is asked for what is docked only
            return True
        if event.type() is QEvent.Type.WindowBlocked:
            self._was_active = self.isActiveWindow()
        elif event.type() is QEvent.Type.WindowUnblocked and self._was_active:
            QTimer.singleShot(0, self, self._take_back)  # once the dialog is gone: desktops go on to the main window
        return super().event(event)

    def _take_back(self) -> None:
        if self.isFloating() and self.isVisible():
            self.activateWindow()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not press_with_enter(event) and not open_context_menu(event):
            super().keyPressEvent(event)


def _explain(button: QToolButton, tip: str) -> None:
    button.setToolTip(tip)
    button.setAccessibleName(tip)
