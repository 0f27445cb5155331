"""One stream in the output panel: on or off, where to and what, how it goes; unfolded, everything can be changed."""

from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.config import PROTOCOLS
from app.errors import UserError
from app.ui.message_bar import ElidedLabel
from app.ui.output.stream_settings import MOST_FPS, StreamSettings
from app.ui.output.streams import Stream
from app.ui.style import theme as themes
from app.ui.style.choice_box import ChoiceBox
from app.ui.style.scale import px
from app.ui.style.theme import GAP, Theme, number_width, set_property, set_role, tabular

PROTOCOL_LINES: Final = {"mien": ("Mien (OSC)", "All of a face in one bundle a frame")}
"""Word and line of each protocol; one that is not here is called by its key."""
PART_LINES: Final = {
    "all": ("Everything", "Action units, ARKit shapes, head and gaze"),
    "au": ("Action units", "40 channels, 0 to 1"),
    "arkit": ("ARKit shapes", "52 blendshapes, 0 to 1"),
    "pose": ("Head and gaze", "Rotation, position, both eyes"),
}
EVERY_FRAME: Final = "Every frame"
RATES: Final = (0, 10, 12, 15, 20, 24, 25, 30, 50, 60, 90, 120, int(MOST_FPS))
"""Frames a second that arrows step through; 0 is every frame."""
INDENT: Final = 24
LABELS_PX: Final = 64


def summary(settings: StreamSettings) -> str:
    """``127.0.0.1:9000 · Action units · 30 fps``."""
    parts = [settings.target] if settings.name else []
    parts += [PROTOCOL_LINES.get(settings.protocol, (settings.protocol, ""))[0], PART_LINES[settings.part][0]]
    if settings.rate:
        parts.append(f"{settings.rate:g} fps")
    if settings.at_start:
        parts.append("at every start")
    return "  ·  ".join(parts)


class _NumberBox(QSpinBox):
    """Under the mouse it must not change while its panel is scrolled."""

    def __init__(self) -> None:
        super().__init__()
        self.lineEdit().setTextMargins(GAP, 0, 0, 0)  # as far in as in other fields

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class _RateBox(_NumberBox):
    """Any rate can be typed; arrows go through those of cameras, films and screens."""

    def stepBy(self, steps: int) -> None:
        """To the ``steps``-th usual rate above this one, or below it."""
        now = self.value()
        ahead = [rate for rate in RATES if rate > now] if steps > 0 else [rate for rate in RATES[::-1] if rate < now]
        self.setValue(ahead[min(abs(steps), len(ahead)) - 1] if ahead and steps else now)
        self.selectAll()


class StreamCard(QFrame):
    """Shows a stream and tells what is wanted of it; it changes nothing itself."""

    edited = Signal(object, dict)
    """The stream, and those settings that are to be others."""
    removed = Signal(object)
    unfolded = Signal(bool)

    def __init__(self, stream: Stream, theme: Theme) -> None:
        super().__init__()
        self.stream = stream
        self._theme = theme
        set_role(self, "card")
        self.on = QCheckBox()
        self.on.setToolTip("Send, or stop sending")
        self.on.setFixedWidth(px(INDENT) - GAP)  # no room for a text that is not there
        self.title = ElidedLabel(Qt.TextElideMode.ElideMiddle)
        self.line = ElidedLabel()
        self.count = ElidedLabel()
        self.rate = QLabel()
        self.fold = QToolButton()
        self.form = QWidget()
        self._fields: dict[str, QWidget] = {}
        self._lay_out()
        self.on.clicked.connect(lambda on: self._edit(on=on))
        self.fold.toggled.connect(self._unfold)
        self.set_theme(theme)
        self.show_settings()
        self._unfold(False)

    def parts(self) -> list[QWidget]:
        """What Tab comes to, in order."""
        fields = (self.name, self.protocol, self.host, self.port, self.part, self.limit)
        return [self.on, self.fold, *fields, self.at_start, self.remove]

    # ------------------------------------------------------------ making it

    def _lay_out(self) -> None:
        set_role(self.title, "section")
        set_role(self.line, "muted")
        set_role(self.fold, "quiet")
        self.fold.setCheckable(True)
        self.fold.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for number in (self.count, self.rate):
            number.setFont(tabular(number.font()))
            set_role(number, "muted")
        self.count.setToolTip("Packets that left this computer; whether they arrive, UDP does not tell")
        self.rate.setFixedWidth(number_width(self.rate, "000.0 / s"))
        self.rate.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.rate.setToolTip("Packets a second, over the last two seconds")
        self.rate.setAccessibleName("Packets a second")
        top = QHBoxLayout()
        top.setSpacing(GAP)
        top.addWidget(self.on)
        top.addWidget(self.title, 1)
        top.addWidget(self.fold)
        numbers = QHBoxLayout()
        numbers.setSpacing(GAP)
        numbers.setContentsMargins(px(INDENT), 0, 4, 0)
        numbers.addWidget(self.count, 1)
        numbers.addWidget(self.rate)
        about = QHBoxLayout()
        about.setContentsMargins(px(INDENT), 0, 4, 0)
        about.addWidget(self.line)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP, 4, 4, GAP)
        column.setSpacing(2)
        column.addLayout(top)
        column.addLayout(about)
        column.addLayout(numbers)
        column.addWidget(self.form)
        self._make_form()

    def _make_form(self) -> None:
        self.name = QLineEdit()
        self.name.setPlaceholderText("By its address")
        self.name.setMaxLength(60)
        self.protocol = ChoiceBox(self._theme, "Protocol of the stream")
        known = [(key, *PROTOCOL_LINES.get(key, (key, "")), True) for key in PROTOCOLS]
        self.protocol.offer(known)
        self.host = QLineEdit()
        self.host.setPlaceholderText("127.0.0.1")
        self.port = _NumberBox()
        self.port.setRange(1, 65535)
        self.part = ChoiceBox(self._theme, "What is sent")
        self.part.offer([(key, word, line, True) for key, (word, line) in PART_LINES.items()])
        self.limit = _RateBox()
        self.limit.setRange(0, int(MOST_FPS))
        self.limit.setSuffix(" fps")
        self.limit.setSpecialValueText(EVERY_FRAME)
        self.at_start = QCheckBox("Send at every start")
        self.at_start.setToolTip("Else this stream is off when Mien starts, whatever it was before")
        self.remove = QPushButton("Remove")
        self.remove.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.remove.setToolTip("Remove this stream")
        rows: tuple[tuple[str, QWidget, str, str], ...] = (
            ("&Name", self.name, "Name of the stream", "What you call it; by default its address"),
            ("&Kind", self.protocol, "Protocol of the stream", "What the receiver understands"),
            ("Host", self.host, "Host", "Name or address of the receiver's computer; 127.0.0.1 is this one"),
            ("&Port", self.port, "Port", "UDP port that the receiver listens on"),
            ("S&end", self.part, "What is sent", "Leave out what the receiver does not use"),
            ("&Limit", self.limit, "Frames a second at most", "For receivers and networks that want no more"),
        )
        grid = QGridLayout(self.form)
        grid.setContentsMargins(px(INDENT), GAP, 4, 0)
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(GAP)
        grid.setColumnMinimumWidth(0, LABELS_PX - INDENT)
        grid.setColumnStretch(1, 1)
        for i, (text, field, name, tip) in enumerate(rows):
            label = QLabel(text)
            label.setBuddy(field)
            field.setAccessibleName(name)
            field.setToolTip(tip)
            grid.addWidget(label, i, 0)
            grid.addWidget(field, i, 1)
        grid.addWidget(self.at_start, len(rows), 1)
        grid.addWidget(self.remove, len(rows) + 1, 1, Qt.AlignmentFlag.AlignRight)
        self.name.editingFinished.connect(lambda: self._edit(name=self.name.text().strip()))
        self.protocol.chosen.connect(lambda key: self._edit(protocol=key))
        self.host.editingFinished.connect(lambda: self._edit(host=self.host.text().strip()))
        self.host.textEdited.connect(lambda _: set_property(self.host, "bad", "false"))
        self.port.editingFinished.connect(lambda: self._edit(port=self.port.value()))
        self.part.chosen.connect(lambda key: self._edit(part=key))
        self.limit.editingFinished.connect(lambda: self._edit(rate=float(self.limit.value())))
        self.at_start.clicked.connect(lambda on: self._edit(at_start=on))
        self.remove.clicked.connect(lambda: self.removed.emit(self.stream))

    def _edit(self, **changes: Any) -> None:
        """Tell what is another one than before."""
        if any(getattr(self.stream.settings, name) != value for name, value in changes.items()):
            self.edited.emit(self.stream, changes)

    def _unfold(self, on: bool) -> None:
        self.form.setVisible(on)
        self.fold.setToolTip("Fold up" if on else "Change this stream")
        self.fold.setAccessibleName(self.fold.toolTip())
        self._dress_fold()
        self.unfolded.emit(on)

    def _dress_fold(self) -> None:
        self.fold.setIcon(themes.icon("up" if self.fold.isChecked() else "down", self._theme.muted))

    # ------------------------------------------------------------ what is shown

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.protocol.set_theme(theme)
        self.part.set_theme(theme)
        self._dress_fold()

    def show_settings(self) -> None:
        """What the stream is asked to do."""
        settings = self.stream.settings
        self.on.setChecked(settings.on)
        self.on.setAccessibleName(f"Send to {settings.title}")
        self.at_start.setChecked(settings.at_start)
        self.title.set_whole(settings.title)
        self.line.set_whole(summary(settings))
        self.setAccessibleName(f"Stream {settings.title}")
        self.protocol.choose(settings.protocol)
        self.part.choose(settings.part)
        for field, text in ((self.name, settings.name), (self.host, settings.host)):
            if not field.hasFocus():
                field.setText(text)
        self.port.setValue(settings.port)
        self.limit.setValue(round(settings.rate))
        self.show_state(running=False)

    def show_state(self, *, running: bool) -> None:
        """How it goes; call a few times a second."""
        stream = self.stream
        trouble = stream.trouble if stream.settings.on else ""
        words = f"{stream.sent:,} sent" if stream.sent or stream.settings.on else "Off"
        if stream.settings.on and not running and not stream.sent:
            words = "Waits for a source"
        if stream.lost:
            words += f", {stream.lost:,} not sent"
        self.count.set_whole(trouble[:1].upper() + trouble[1:] if trouble else words)
        if trouble:
            self.count.setToolTip(trouble)
        set_role(self.count, "bad" if trouble else "muted")
        set_role(self.rate, "good" if stream.sending and not trouble else "muted")
        self.rate.setText(f"{stream.rate:.1f} / s" if stream.settings.on and running else "")
        set_property(self, "alert", "true" if trouble else "false")

    def refuse(self, error: UserError) -> None:
        """A setting that no stream can have: marked, and told where it stands."""
        set_property(self.host, "bad", "true")
        self.host.setToolTip(str(error))
