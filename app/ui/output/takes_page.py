"""The output panel's page of takes: what was recorded, and its play-back on the 3D face."""

from collections.abc import Callable
from typing import Final

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from app.errors import UserError
from app.outputs.take import Take, TakeInfo, read_take
from app.ui.jobs import Jobs, Progress
from app.ui.message_bar import MessageBar
from app.ui.meters.curve_history import Slice
from app.ui.meters.curves import values
from app.ui.output.recorder import Recorder
from app.ui.output.take_list import TakeList
from app.ui.output.take_player import TakePlayer
from app.ui.output.takes import Takes
from app.ui.picture.transport import SeekSlider
from app.ui.style import asking
from app.ui.style import theme as themes
from app.ui.style.figures import clock
from app.ui.style.icons import icon_size
from app.ui.style.menu import Menu
from app.ui.style.scale import px
from app.ui.style.theme import GAP, Theme, number_width, set_role, tabular

EMPTY: Final = "No takes here yet.\nPress R while a source runs to record one."
LIVE: Final = "Enter plays a take on the 3D face."
REPLAY: Final = "The take is shown, not the camera. Streams and recording go on with the camera."
NOTE_LINES: Final = 3
BUTTON_PX: Final = 28
STEP_S: Final = 1.0
STEPS_A_SECOND: Final = 100


class TakesPage(QWidget):
    """List above, transport below."""

    charts_asked = Signal(object)
    """A ``Slice`` of all curves of a take, to be shown in the charts."""
    folder_asked = Signal()

    def __init__(self, recorder: Recorder, player: TakePlayer, jobs: Jobs, messages: MessageBar, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("panelBody")
        self._recorder, self.player, self._jobs, self._messages = recorder, player, jobs, messages
        self._theme = theme
        self._wish: Callable[[TakeInfo], None] | None = None
        self.takes = Takes()
        self.list = TakeList(theme)
        self.empty = QLabel(EMPTY)
        self.play = QToolButton()
        self.place = SeekSlider()
        self.time = QLabel()
        self.live = QToolButton()
        self.more = QToolButton()
        self.note = QLabel()
        self._lay_out()
        self._connect()
        self.set_theme(theme)
        self._show_takes()
        self._show_player()

    # ------------------------------------------------------------ making it

    def _lay_out(self) -> None:
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        set_role(self.empty, "muted")
        set_role(self.note, "muted")
        self.note.setWordWrap(True)
        self.note.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.note.setFixedHeight(NOTE_LINES * self.note.fontMetrics().lineSpacing())
        for button, name, tip in (
            (self.play, "Play", ""),
            (self.live, "Live", "Back to live: show what the camera sees again"),
            (self.more, "More", "Charts, rename, delete, open the folder"),
        ):
            button.setText(name)
            button.setAccessibleName(name)
            button.setToolTip(tip)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.play.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.play.setIconSize(icon_size(14))
        for button in (self.play, self.live, self.more):
            button.setFixedSize(px(88 if button is self.play else 64), px(BUTTON_PX))
        self.live.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        menu = Menu(self)
        menu.setToolTipsVisible(True)
        self.charts = menu.addAction("&Show in charts")
        self.rename = menu.addAction("&Rename\tF2")
        self.delete = menu.addAction("&Delete …\tDel")
        menu.addSeparator()
        self.open = menu.addAction("&Open folder")
        self.more.setMenu(menu)
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(lambda at: menu.popup(self.list.viewport().mapToGlobal(at)))
        self.place.setAccessibleName("Place in the take, in hundredths of a second")
        self.place.setToolTip("Place in the take")
        self.place.setSingleStep(round(STEP_S * STEPS_A_SECOND))
        self.place.setPageStep(5 * STEPS_A_SECOND)
        self.time.setFont(tabular(self.time.font()))
        self.time.setFixedWidth(number_width(self.time, "00:00 / 00:00"))
        self.time.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.time.setAccessibleName("Place and length of the take")
        buttons, along = QHBoxLayout(), QHBoxLayout()
        for row, parts in ((along, (self.place, self.time)), (buttons, (self.play, self.live, self.more))):
            row.setSpacing(GAP)
            for part in parts:
                row.addWidget(part, 1 if part is self.place else 0)
        buttons.insertStretch(2, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(GAP)
        column.addWidget(self.empty, 1)
        column.addWidget(self.list, 1)
        self.transport = QWidget()
        foot = QVBoxLayout(self.transport)
        foot.setContentsMargins(0, 0, 0, 0)
        foot.setSpacing(GAP)
        foot.addLayout(along)
        foot.addLayout(buttons)
        foot.addWidget(self.note)
        column.addWidget(self.transport)

    def _connect(self) -> None:
        player, takes = self.player, self.takes
        self.list.play_asked.connect(self.play_take)
        self.list.rename_asked.connect(self._rename)
        self.list.delete_asked.connect(self._delete)
        self.list.currentItemChanged.connect(lambda *_: self._show_player())
        self.play.clicked.connect(self._play_or_pause)
        self.live.clicked.connect(player.stop)
        self.charts.triggered.connect(lambda: self.with_chosen(self.show_in_charts))
        self.rename.triggered.connect(self.list.rename)
        self.delete.triggered.connect(lambda: self._delete(self.list.chosen))
        self.open.triggered.connect(self.folder_asked)
        self.place.valueChanged.connect(self._seek)
        player.changed.connect(self._show_player)
        player.moved.connect(self._show_place)
        takes.changed.connect(self._show_takes)
        takes.looked.connect(self._grant)
        self._recorder.saved.connect(lambda *_: self.look())
        self._recorder.changed.connect(self.look)

    # ------------------------------------------------------------ the list

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.look()

    def look(self) -> None:
        """See what is in the folder now; while hidden this waits until the page is seen."""
        if self.isVisible():
            recording = self._recorder.recording
            self.takes.look(self._recorder.folder, recording.path if recording is not None else None)

    def _show_takes(self) -> None:
        self.list.show_takes(self.takes.takes)
        there = bool(self.takes.takes)
        self.list.setVisible(there)
        self.empty.setVisible(not there)
        self.transport.setVisible(there or self.player.take is not None)
        self._show_player()

    def with_chosen(self, do: Callable[[TakeInfo], None]) -> None:
        """``do`` it with the take that is selected; where none is listed yet, once the folder was looked through."""
        self._wish = do
        if self.list.chosen is not None:
            self._grant()
        else:
            self.look()

    def _grant(self) -> None:
        wish, self._wish = self._wish, None
        if wish is not None and self.list.chosen is not None:
            wish(self.list.chosen)

    def _rename(self, info: TakeInfo, name: str) -> None:
        try:
            self.player.rename(info.path, self.takes.rename(info, name))
        except UserError as error:
            self._messages.show_error(error)
        self.look()

    def _delete(self, info: TakeInfo | None) -> None:
        if info is None:
            return
        question = f"Move the take “{info.path.stem}” to the trash?"
        if not asking.sure(self, "Delete take", question, "Move to trash"):
            return
        if self.player.take is not None and self.player.take.path == info.path:
            self.player.stop()
        try:
            self.takes.throw_away(info)
        except UserError as error:
            self._messages.show_error(error)
        self.look()

    # ------------------------------------------------------------ play-back

    def play_take(self, info: TakeInfo) -> None:
        self.player.open(info.path)

    def _play_or_pause(self) -> None:
        """The take on the screen goes on or pauses; where another one is selected, that one begins."""
        info, take = self.list.chosen, self.player.take
        if take is not None and (info is None or info.path == take.path):
            self.player.toggle()
        elif info is not None:
            self.play_take(info)

    def _show_player(self) -> None:
        player, info = self.player, self.list.chosen
        take = player.take
        self.list.mark_played(take.path.name if take is not None else "")
        pauses = player.playing and take is not None and (info is None or info.path == take.path)
        self.play.setText("Pause" if pauses else "Play")
        self.play.setToolTip("Pause the take" if pauses else "Play the take on the 3D face (Enter)")
        self.play.setAccessibleName(self.play.toolTip())
        self.play.setIcon(themes.icon("pause" if pauses else "play", self._theme.text))
        self.play.setEnabled(take is not None or info is not None)
        self.live.setEnabled(take is not None)
        for part in (self.charts, self.rename, self.delete):
            part.setEnabled(info is not None)
        self.place.setEnabled(take is not None)
        with QSignalBlocker(self.place):
            self.place.setRange(0, round(take.length_s * STEPS_A_SECOND) if take is not None else 0)
        self.note.setText(REPLAY if take is not None else LIVE)
        set_role(self.note, "warn" if take is not None else "muted")
        self._show_place(player.position_s)

    def _show_place(self, seconds: float) -> None:
        take = self.player.take
        with QSignalBlocker(self.place):
            self.place.setValue(round(seconds * STEPS_A_SECOND))
        self.time.setText(f"{clock(seconds)} / {clock(take.length_s)}" if take is not None else "")

    def _seek(self, hundredths: int) -> None:
        self.player.seek(hundredths / STEPS_A_SECOND)

    def show_in_charts(self, info: TakeInfo) -> None:
        """All of it, read on a thread: ``charts_asked`` tells."""

        def curves(progress: Progress) -> Slice:
            return slice_of(read_take(info.path, lambda share: progress(share / 2)), progress)

        self._jobs.start(f"Reading {info.path.name}", curves, self.charts_asked.emit)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.list.set_theme(theme)
        self._show_player()


def slice_of(take: Take, progress: Progress) -> Slice:
    """All curves of a take, as the charts hold them; the end of the take is their zero."""
    rows = []
    for row in range(len(take)):
        if row % 100 == 0:
            progress(0.5 + 0.5 * row / len(take))
        rows.append(values(take.face(row)))
    times_s = take.times_s - take.length_s
    return Slice(0, times_s, take.media_s, take.frame, np.array(rows, np.float32), take_s=take.length_s)
