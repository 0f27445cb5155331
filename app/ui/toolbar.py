"""The row of controls at the top. It knows what can be chosen, and tells what was; it decides nothing."""

from functools import partial
from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QColor, QFont, QFontMetrics, QKeyEvent, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QToolButton,
)

from app.config import CSV_FORMATS
from app.ui.picture.cameras import list_cameras, source_title
from app.ui.style import theme as themes
from app.ui.style.figures import clock
from app.ui.style.icons import SPACED, icon_size, spaced_icon
from app.ui.style.menu import Menu
from app.ui.style.scale import px
from app.ui.style.theme import Theme, set_property

STREAM_TIP: Final = "Send to other programs, or stop all streams (O; Down: which)"
RUN_WIDE, WIDE = 100, 136
"""Pixels, so that words and times that change move nothing; more where the text is large."""
PADDING, ARROW = 26, 16
"""What the style keeps free beside icon and text, and more for an arrow."""
CSV_TEXT: Final = {"openface": "OpenFace columns", "arkit": "Live Link Face take (ARKit)"}


class ChoiceButton(QPushButton):
    """Shows what is chosen, elided where it must be, and a chevron; the menu has the rest."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Down:
            self.showMenu()
        else:
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 42, super().sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.features &= ~QStyleOptionButton.ButtonFeature.HasMenu
        text, option.text = option.text, ""
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        room = self.rect().adjusted(12, 0, -28, 0)
        painter.setPen(QColor(self.theme.text))
        shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        themes.icon("down", self.theme.muted).paint(painter, self.rect().adjusted(self.width() - 26, 0, -8, 0))


class BarButton(QToolButton):
    """The arrow beside it has no focus of its own: the key Down opens its menu, as in a box to choose from."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Down and self.menu() is not None:
            self.showMenu()
        else:
            super().keyPressEvent(event)


class Toolbar(QFrame):
    """Source, start/stop, calibration, streams, recording, view."""

    source_chosen = Signal(str)
    open_asked = Signal()
    pictures_asked = Signal()
    run_clicked = Signal()
    calibrate_clicked = Signal()
    stream_toggled = Signal(bool)
    streams_asked = Signal(object)
    """To fill this menu with the streams."""
    record_clicked = Signal()
    record_as_asked = Signal()
    folder_asked = Signal()
    format_chosen = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("bar")
        self._theme = theme
        self._running = self._recording = self._sending = False
        self._spec: str | None = None
        self._worn: dict[QToolButton, tuple[str, str]] = {}

        self.source = ChoiceButton(theme)
        self.source.setToolTip("Where the picture comes from")
        self.source.setAccessibleName("Source")
        self.source.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.source.setMinimumWidth(110)
        self.source.setMaximumWidth(300)
        menu = Menu(self.source)
        menu.aboutToShow.connect(self._list_sources)
        self.source.setMenu(menu)

        self.run = self._button("run", "Start or stop (Space)")
        self.run.setFixedWidth(_wide_enough(self.run, RUN_WIDE, ("Start", "Stop")))
        self.run.clicked.connect(self.run_clicked)
        self.calibrate = self._button("calibrate", "Learn your face at rest: relax, look at the camera (C)")
        self.calibrate.setText("Relax your face")
        self.calibrate.clicked.connect(self.calibrate_clicked)

        self.stream = self._button("stream", STREAM_TIP)
        self.stream.setCheckable(True)
        self.stream.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self.stream.setFixedWidth(_wide_enough(self.stream, WIDE, ("Stream",), ARROW))
        self.stream.clicked.connect(self.stream_toggled)
        self.stream.setMenu(Menu(self.stream))
        self.stream.menu().aboutToShow.connect(self._list_streams)

        self.record = self._button("record", "Record a CSV, one row per frame (R; Down: where, and which columns)")
        self.record.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self.record.setFixedWidth(_wide_enough(self.record, WIDE, ("Record",), ARROW))
        self.record.clicked.connect(self.record_clicked)
        menu = Menu(self.record)
        menu.addAction("Record to file …", self.record_as_asked.emit)
        menu.addAction("Choose folder …", self.folder_asked.emit)
        menu.addSeparator()
        self._formats = QActionGroup(self)
        for name in CSV_FORMATS:
            action = QAction(CSV_TEXT[name], self, checkable=True, checked=name == "openface")
            action.setData(name)
            self._formats.addAction(action)
            menu.addAction(action)
        self._formats.triggered.connect(lambda action: self.format_chosen.emit(action.data()))
        self.record.setMenu(menu)

        self.view = self._button("view", "Panels and view")
        self.view.setIconSize(icon_size())
        self.view.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.view.setAccessibleName("View menu")
        self.view.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(8)
        row.addWidget(self.source, 12)
        row.addWidget(self.run)
        row.addSpacing(8)
        row.addWidget(self.calibrate)
        row.addStretch(1)
        row.addWidget(self.stream)
        row.addWidget(self.record)
        row.addWidget(self.view)
        self.set_theme(theme)
        self.show_source(None)
        self.show_state(running=False, stopping=False, ready=False)

    def _button(self, name: str, tip: str) -> QToolButton:
        button = BarButton()
        button.setObjectName(name)
        button.setToolTip(tip)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setIconSize(icon_size(width=SPACED))
        return button

    def _list_streams(self) -> None:
        self.stream.menu().clear()
        self.streams_asked.emit(self.stream.menu())

    def _list_sources(self) -> None:
        menu = self.source.menu()
        menu.clear()
        cameras = list_cameras()
        if not cameras:
            menu.addAction("No camera found").setEnabled(False)
        for spec, name in [*cameras, ("demo", "Demo\tCtrl+D")]:
            if spec == "demo":
                menu.addSeparator()
            action = menu.addAction(name.replace("&", "&&"), partial(self.source_chosen.emit, spec))
            action.setCheckable(True)
            action.setChecked(spec == self._spec)
        menu.addAction("Open video or picture …\tCtrl+O", self.open_asked.emit)
        menu.addAction("Open folder of pictures …\tCtrl+Shift+O", self.pictures_asked.emit)

    # ------------------------------------------------------------ what is shown

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.source.theme = theme
        self.calibrate.setIcon(spaced_icon("face", theme.text))
        self.view.setIcon(themes.icon("panels", theme.text))
        self._dress()

    def _dress(self) -> None:
        t = self._theme
        run_colour = t.text if self._running else t.on_accent if self.run.isEnabled() else t.muted
        self._wear(self.run, "stop" if self._running else "play", run_colour)
        self._wear(self.stream, "stream", t.on_accent if self._sending else t.text)
        red = "#ffffff" if self._recording else t.record if self.record.isEnabled() else t.muted
        self._wear(self.record, "stop" if self._recording else "record", red)

    def _wear(self, button: QToolButton, icon: str, colour: str) -> None:
        """Painting an icon takes milliseconds, and several times a second it is asked for one that is there."""
        if self._worn.get(button) != (icon, colour):
            self._worn[button] = (icon, colour)
            button.setIcon(spaced_icon(icon, colour))

    def show_source(self, spec: str | None) -> None:
        self._spec = spec
        title = source_title(spec)
        self.source.setText(title)
        self.source.setToolTip(title if spec is None else f"Source: {spec if spec != 'demo' else title}")

    def show_state(self, *, running: bool, stopping: bool, ready: bool) -> None:
        """``ready``: frames are coming, so that there is something to calibrate and record."""
        self._running = running
        self.run.setText("Stopping …" if stopping else "Stop" if running else "Start")
        self.run.setEnabled(not stopping)
        set_property(self.run, "role", "" if running else "primary")
        self.calibrate.setEnabled(ready)
        self.record.setEnabled(not stopping)  # its menu has choices for later, too
        self._dress()

    def show_recording(self, elapsed_s: float | None, counting: int | None = None) -> None:
        """None: not recording. ``counting``: whole seconds until it begins."""
        self._recording = elapsed_s is not None
        word = f"In {counting} …" if counting else "Record"
        self.record.setText(word if elapsed_s is None else clock(elapsed_s))
        set_property(self.record, "recording", "true" if self._recording else "false")
        self._dress()

    def show_streams(self, titles: list[str], *, sending: bool = False) -> None:
        """``titles``: what is switched on. ``sending``: packets go out now."""
        self._sending = sending
        count = f" {len(titles)}" if len(titles) > 1 else ""
        self.stream.setText(f"Stream{count}")
        self.stream.setChecked(bool(titles))
        self.stream.setToolTip(f"{STREAM_TIP}: {', '.join(titles)}" if titles else STREAM_TIP)
        set_property(self.stream, "live", "true" if sending else "false")
        self._dress()

    def show_format(self, name: str) -> None:
        """A key of ``app.config.CSV_FORMATS``."""
        for action in self._formats.actions():
            action.setChecked(action.data() == name)


def _wide_enough(button: QToolButton, least: int, words: tuple[str, ...], more: int = 0) -> int:
    """For its icon and any of these words, in the strong letters that a button may have."""
    strong = QFont(button.font())
    strong.setWeight(QFont.Weight.DemiBold)
    text = max(QFontMetrics(strong).horizontalAdvance(word) for word in words)
    return max(least, text + px(SPACED) + PADDING + more)
