"""The output panel: whether anything is sent or recorded at one glance, and pages for streams, recording and takes."""

from collections.abc import Sequence
from typing import ClassVar, Final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout

from app.pipeline import Snapshot
from app.ui.menus import Command
from app.ui.output.recording_page import RecordingPage
from app.ui.output.streams_page import StreamsPage
from app.ui.output.takes_page import TakesPage
from app.ui.panel import Panel, Shell
from app.ui.style.figures import clock
from app.ui.style.scale import least_width, px
from app.ui.style.segments import Segments
from app.ui.style.theme import GAP, Theme, tabular

PAGES: Final = {"streams": "Streams", "recording": "Recording", "takes": "Takes"}
PAGE_TIPS: Final = {
    "streams": "Where the face is sent, frame by frame",
    "recording": "Write a take",
    "takes": "What was recorded, and its play-back",
}
PAGE_KEY: Final = "output/page"
LAMP_HEIGHT: Final = 48


class Lamp(QAbstractButton):
    """Says in two lines whether something is on, in a colour that is seen from afar; a click goes to its page."""

    def __init__(self, name: str, theme: Theme) -> None:
        super().__init__()
        self._name, self._theme = name, theme
        self._word, self._detail, self._colour = "", "", ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        return QSize(120, px(LAMP_HEIGHT))

    def show_state(self, word: str, detail: str, colour: str = "") -> None:
        """``colour``: ``#rrggbb`` while it is on; empty while it is off."""
        if (word, detail, colour) != (self._word, self._detail, self._colour):
            self._word, self._detail, self._colour = word, detail, colour
            self.setAccessibleName(f"{self._name}: {word}, {detail}")
            self.setToolTip(f"{detail}; a click shows more")
            self.update()

    @property
    def text_shown(self) -> str:
        """Both lines as one."""
        return f"{self._word}: {self._detail}"

    @property
    def lit(self) -> bool:
        return bool(self._colour)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QColor(theme.accent if self.hasFocus() else self._colour or theme.line))
        painter.setBrush(QColor(self._colour or theme.raised))
        painter.drawRoundedRect(box, 8, 8)
        inner = self.rect().adjusted(12, 6, -8, -6)
        half = inner.height() // 2
        bold = QFont(self.font())
        bold.setWeight(QFont.Weight.DemiBold)
        elide = Qt.TextElideMode.ElideRight
        on_it = "#ffffff" if self._colour == theme.record else theme.on_accent
        for font, colour, text, box_of in (
            (bold, theme.text, self._word, inner.adjusted(0, 0, 0, -half)),
            (self.font(), theme.muted, self._detail, inner.adjusted(0, half, 0, 0)),
        ):
            painter.setFont(tabular(font))
            painter.setPen(QColor(on_it if self._colour else colour))
            shown = painter.fontMetrics().elidedText(text, elide, box_of.width())
            painter.drawText(box_of, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


class OutputPanel(Panel):
    """What leaves the program."""

    title: ClassVar[str] = "Output"

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self._theme = shell.theme
        self.sending = Lamp("Sending", shell.theme)
        self.recording = Lamp("Recording", shell.theme)
        self.pages = Segments(PAGES, "Page of the output panel", PAGE_TIPS)
        self.streams_page = StreamsPage(shell.streams, shell.messages, shell.theme)
        self.recording_page = RecordingPage(shell.recorder, shell.messages, shell.theme)
        self.takes_page = TakesPage(shell.recorder, shell.player, shell.jobs, shell.messages, shell.theme)
        self._stack = QStackedWidget()
        for page in (self.streams_page, self.recording_page, self.takes_page):
            self._stack.addWidget(page)
        self._lay_out()
        self.pages.chosen.connect(self.show_page)
        self.sending.clicked.connect(lambda: self.show_page("streams"))
        self.recording.clicked.connect(lambda: self.show_page("recording"))
        self.takes_page.folder_asked.connect(self.recording_page.open_folder)
        self.takes_page.charts_asked.connect(lambda _: self.wanted.emit("charts"))
        shell.recorder.changed.connect(self._show_lamps)
        shell.recorder.countdown.changed.connect(lambda _: self._show_lamps())
        shell.streams.changed.connect(self._show_lamps)
        shell.preferences.changed.connect(self._hear)
        self.set_theme(shell.theme)
        self.show_page(shell.preferences.choice(PAGE_KEY, tuple(PAGES)))

    def _lay_out(self) -> None:
        lamps = QHBoxLayout()
        lamps.setSpacing(GAP)
        lamps.addWidget(self.sending)
        lamps.addWidget(self.recording)
        top = QVBoxLayout()
        top.setContentsMargins(12, GAP, 12, 0)
        top.setSpacing(GAP)
        top.addLayout(lamps)
        top.addWidget(self.pages)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(top)
        whole.addWidget(self._stack, 1)

    def minimumSizeHint(self) -> QSize:
        return least_width(super().minimumSizeHint())

    def show_page(self, name: str) -> None:
        """``streams``, ``recording`` or ``takes``."""
        self.pages.choose(name)
        self._stack.setCurrentIndex(list(PAGES).index(name))
        self.shell.preferences.set_value(PAGE_KEY, name)

    def _hear(self, key: str) -> None:
        if key == PAGE_KEY:
            self.show_page(self.shell.preferences.choice(PAGE_KEY, tuple(PAGES)))

    def tick(self, snapshot: Snapshot) -> None:
        self.streams_page.tick(snapshot)
        self.recording_page.tick(snapshot)
        self._show_lamps()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for part in (self.sending, self.recording, self.pages):
            part.set_theme(theme)
        for page in (self.streams_page, self.recording_page, self.takes_page):
            page.set_theme(theme)
        self._show_lamps()

    def _show_lamps(self) -> None:
        streams, recorder, theme = self.shell.streams, self.shell.recorder, self._theme
        on, sending = streams.on, streams.sending
        troubled = [stream for stream in on if stream.trouble]
        if troubled:
            word = f"Sending {len(on) - len(troubled)} of {len(on)}" if len(on) > 1 else "Not sent"
            why = troubled[0].trouble
            self.sending.show_state(word, why[:1].upper() + why[1:], theme.warn)
        elif sending:
            count = f"{len(sending)} streams" if len(sending) > 1 else sending[0].settings.title
            self.sending.show_state("Sending", count, theme.good)
        elif on:
            self.sending.show_state("Ready to send", "No source runs" if not self.shell.session.running else "Waiting")
        else:
            self.sending.show_state("Not sending", "Streams are off")
        progress = recorder.progress()
        if progress is not None:
            self.recording.show_state(
                "Recording", f"{clock(progress.elapsed_s)}  ·  {progress.rows:,} rows", theme.record
            )
        elif recorder.countdown.running:
            self.recording.show_state(f"In {recorder.countdown.left} …", "Get ready", theme.warn)
        else:
            self.recording.show_state("Not recording", "Press R to begin" if recorder.ready else "No source runs")

    def commands(self) -> Sequence[Command]:
        player = self.shell.player
        return [
            Command("Output", "Add stream", self._add_stream, tip="One more receiver", group=1),
            Command("Output", "Takes", self._show_takes, "Ctrl+T", "What was recorded, and its play-back", group=2),
            Command(
                "Output",
                "Play or pause a take",
                self._play_take,
                "Ctrl+P",
                "The one on the 3D face, else the one that is selected under Takes",
                group=2,
            ),
            Command(
                "Output",
                "Back to live",
                player.stop,
                "Ctrl+L",
                "Show what the camera sees, not the take",
                enabled=lambda: player.active,
                group=2,
            ),
            Command(
                "Output", "Show a take in the charts", self._chart_take, tip="The selected one, all of it", group=2
            ),
            Command("Output", "Open the folder of takes", self.recording_page.open_folder, group=2),
        ]

    def _add_stream(self) -> None:
        self.wanted.emit("output")
        self.show_page("streams")
        self.streams_page.add.click()

    def _play_take(self) -> None:
        if self.shell.player.active:
            self.shell.player.toggle()
            return
        self._show_takes()
        self.takes_page.with_chosen(self.takes_page.play_take)

    def _chart_take(self) -> None:
        self._show_takes()
        self.takes_page.with_chosen(self.takes_page.show_in_charts)

    def _show_takes(self) -> None:
        self.wanted.emit("output")
        self.show_page("takes")
        takes = self.takes_page.list
        place = takes if takes.count() else self.pages.button("takes")  # an empty list is not there
        place.setFocus(Qt.FocusReason.ShortcutFocusReason)
