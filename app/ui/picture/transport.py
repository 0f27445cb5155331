"""The bar under a film: where it is, and what to do with it. It shows and tells; it decides nothing."""

from typing import Final

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeyEvent, QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.ui.picture.playback import SPEEDS, Position
from app.ui.style import theme as themes
from app.ui.style.icons import icon_size
from app.ui.style.menu import Menu
from app.ui.style.scale import px
from app.ui.style.theme import GAP, Theme

BUTTON: Final = QSize(32, 28)
NARROWEST_PX: Final = 208
NARROW_PX: Final = 300
"""Below this width the frame's number and the buttons for single frames make room; the slider has keys for them."""


class SeekSlider(QSlider):
    """A click goes where it is; dragging, the wheel, arrows (a frame), page keys (a second), Home and End tell each
    place. What is forward is so in all sliders: right, up, Page Up."""

    sought = Signal(int)
    held = Signal(bool)
    """The handle was taken, or let go."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setTracking(True)
        self.setAccessibleName("Position in the clip")
        self.setToolTip("Drag, or use ← → (a frame), Page Down and Page Up (a second back, forward), Home and End")
        self.sliderMoved.connect(self.sought)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        event.accept()
        self.setSliderDown(True)
        self.held.emit(True)
        self._go(event.position().toPoint())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self._go(event.position().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self.setSliderDown(False)
            self.held.emit(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        before = self.value()
        super().keyPressEvent(event)
        if self.value() != before:
            self.sought.emit(self.value())

    def wheelEvent(self, event: QWheelEvent) -> None:
        before = self.value()
        super().wheelEvent(event)
        if self.value() != before:
            self.sought.emit(self.value())

    def _go(self, at: QPoint) -> None:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        style, part = self.style(), QStyle.SubControl
        groove = style.subControlRect(QStyle.ComplexControl.CC_Slider, option, part.SC_SliderGroove, self)
        handle = style.subControlRect(QStyle.ComplexControl.CC_Slider, option, part.SC_SliderHandle, self).width()
        span = groove.width() - handle
        value = QStyle.sliderValueFromPosition(
            self.minimum(), self.maximum(), at.x() - groove.x() - handle // 2, max(span, 1)
        )
        if value != self.value():
            self.setValue(value)
            self.sliderMoved.emit(value)


class TransportBar(QWidget):
    """Play and pause, single frames, loop, speed, and the place in time and frames. Numbers have fixed widths."""

    play_clicked = Signal()
    sought = Signal(int)
    stepped = Signal(int)
    """Frames forward, or back where negative."""
    held = Signal(bool)
    loop_clicked = Signal(bool)
    speed_chosen = Signal(float)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme, self._playing = theme, False
        self._left: tuple[QWidget | None, QWidget | None] = None, None
        """What had the keyboard when it was hidden, and what Qt gave it to."""
        self.slider = SeekSlider()
        self.slider.sought.connect(self.sought)
        self.slider.held.connect(self.held)
        self.elapsed, self.total = _number("0:00.0", "Time"), _number("0:00.0", "Length")
        self.play = self._button("Play (P)", "Play")
        self.back = self._button("One frame back (,)", "One frame back")
        self.forward = self._button("One frame forward (.)", "One frame forward")
        self.loop = self._button("Begin again at the end (Shift+L)", "Loop")
        self.loop.setCheckable(True)
        self.speed = QToolButton()
        self.speed.setAccessibleName("Speed")
        self.speed.setToolTip("Speed ([ slower, ] faster)")
        self.speed.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.speed.setMenu(self._speeds())
        self.frame = QLabel()
        self.frame.setAccessibleName("Frame")
        self.play.clicked.connect(self.play_clicked)
        self.back.clicked.connect(lambda: self.stepped.emit(-1))
        self.forward.clicked.connect(lambda: self.stepped.emit(1))
        self.loop.clicked.connect(self.loop_clicked)
        self._lay_out()
        self.set_theme(theme)
        self.show_position(None, playing=False)

    def add_at_left(self, widget: QWidget) -> None:
        """Before the film's own buttons."""
        self._row.insertWidget(0, widget)

    def add_at_right(self, widget: QWidget) -> None:
        """At the end of the row of buttons."""
        self._row.addWidget(widget)

    def _lay_out(self) -> None:
        themes.set_role(self.frame, "muted")
        self.frame.setFont(themes.tabular(self.frame.font()))
        themes.set_role(self.speed, "quiet")
        self.speed.setFont(themes.tabular(self.speed.font()))
        self.speed.setFixedSize(themes.number_width(self.speed, "0.25×") + 16, BUTTON.height())
        self._places, self._buttons = QWidget(), QWidget()
        places, buttons = QHBoxLayout(self._places), QHBoxLayout(self._buttons)
        places.setSpacing(GAP)
        for label_or_slider in (self.elapsed, self.slider, self.total):
            places.addWidget(label_or_slider, 1 if label_or_slider is self.slider else 0)
        buttons.setSpacing(GAP // 2)
        for button in (self.play, self.back, self.forward, self.loop, self.speed):
            buttons.addWidget(button)
        buttons.addSpacing(GAP)
        buttons.addWidget(self.frame)
        self._row = QHBoxLayout()
        self._row.setSpacing(GAP // 2)
        self._row.addWidget(self._buttons)
        self._row.addStretch(1)
        column = QVBoxLayout(self)
        column.setSpacing(GAP // 2)
        column.addWidget(self._places)
        column.addLayout(self._row)
        for layout in (places, buttons, column):
            layout.setContentsMargins(0, 0, 0, 0)

    def _button(self, tip: str, name: str) -> QToolButton:
        button = QToolButton()
        button.setToolTip(tip)
        button.setAccessibleName(name)
        dress(button)
        return button

    def _speeds(self) -> QMenu:
        menu = Menu(self.speed)
        self._speed_group = QActionGroup(menu)
        for speed in SPEEDS:
            action = QAction(speed_text(speed), menu, checkable=True)
            action.setData(speed)
            self._speed_group.addAction(action)
            menu.addAction(action)
        self._speed_group.triggered.connect(self._choose_speed)
        return menu

    def _choose_speed(self, action: QAction) -> None:
        self.speed_chosen.emit(float(action.data()))

    # ------------------------------------------------------------ what is shown

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for button, name in ((self.back, "left"), (self.forward, "right"), (self.loop, "loop")):
            button.setIcon(themes.icon(name, theme.text))
        self._dress_play()

    def _dress_play(self) -> None:
        self.play.setIcon(themes.icon("pause" if self._playing else "play", self._theme.text))
        self.play.setToolTip("Pause (P)" if self._playing else "Play (P)")
        self.play.setAccessibleName("Pause" if self._playing else "Play")

    def show_position(self, position: Position | None, *, playing: bool) -> None:
        """None: nothing that could be played. ``playing``: frames come by themselves.

        A handle that is held stays where it is held.
        """
        if playing != self._playing:
            self._playing = playing
            self._dress_play()
        self._show_parts(position is not None)
        if position is None:
            return
        last = max((position.length or position.frame + 1) - 1, 0)
        if self.slider.maximum() != last:
            self.slider.setRange(0, last)
            self.slider.setPageStep(max(round(position.fps), 1))
            self._fit(last, position.fps)
        if not self.slider.isSliderDown():
            self.slider.setValue(position.frame)
        shown = self.slider.value()
        self.elapsed.setText(place_text(shown / position.fps))
        self.total.setText(place_text(last / position.fps))
        self.frame.setText(f"{shown + 1} / {last + 1}")
        self.loop.setChecked(position.loop)
        self.speed.setText(speed_text(position.speed))
        self.speed.setAccessibleName(f"Speed {speed_text(position.speed)}")
        for action in self._speed_group.actions():
            action.setChecked(action.data() == position.speed)

    def _show_parts(self, on: bool) -> None:
        """Another start takes them away for a moment: a keyboard that was there comes back, if it went nowhere else."""
        parts, focus = (self._places, self._buttons), QApplication.focusWidget()
        leaves = focus is not None and not on and any(part.isAncestorOf(focus) for part in parts)
        for part in parts:
            part.setVisible(on)
        if leaves:
            self._left = focus, QApplication.focusWidget()
        elif on:
            (before, went_to), self._left = self._left, (None, None)
            if before is not None and went_to is focus:
                before.setFocus(Qt.FocusReason.OtherFocusReason)

    def _fit(self, last: int, fps: float) -> None:
        """As wide as the clip's largest numbers, so that nothing moves while they change."""
        widest = "".join("0" if letter.isdigit() else letter for letter in place_text(last / fps))
        for label in (self.elapsed, self.total):
            label.setFixedWidth(themes.number_width(label, widest))
        digits = "0" * len(str(last + 1))
        self.frame.setMinimumWidth(themes.number_width(self.frame, f"{digits} / {digits}"))

    def minimumSizeHint(self) -> QSize:
        """Without what makes room."""
        return QSize(NARROWEST_PX, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for part in (self.frame, self.back, self.forward):
            part.setVisible(self.width() >= px(NARROW_PX))


def dress(button: QToolButton) -> None:
    """As the buttons of the bar are: an icon without a border."""
    themes.set_role(button, "quiet")
    button.setIconSize(icon_size())
    button.setFixedSize(BUTTON)


def _number(text: str, name: str) -> QLabel:
    label = QLabel(text)
    label.setAccessibleName(name)
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    label.setFont(themes.tabular(label.font()))
    label.setFixedWidth(themes.number_width(label, text))
    themes.set_role(label, "muted")
    return label


def place_text(seconds: float) -> str:
    """``0:03.2``, ``12:31.0``, ``1:02:03.4``."""
    tenths = int(seconds * 10 + 1e-6)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    clock = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{clock}:{rest // 10:02d}.{rest % 10}"


def speed_text(speed: float) -> str:
    """``0.25×``, ``1×``."""
    return f"{speed:g}×"
