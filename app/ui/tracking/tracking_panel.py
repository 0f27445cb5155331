"""The tracking panel: neutral, smoothing and networks on one page, gain, dead zone and limit of channels on another."""

from pathlib import Path
from typing import ClassVar, Final

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.capture import Frame
from app.errors import UserError
from app.face_frame import FaceFrame
from app.pipeline import Pipeline, Snapshot, State
from app.profiles import Profile, delete_profile, named_profile, save_profile
from app.ui.menus import Command
from app.ui.meters.channel_names import ACTION_UNITS, channels_of
from app.ui.panel import Panel, Shell
from app.ui.style import asking
from app.ui.style.choice_box import ChoiceBox
from app.ui.style.panel_scroll import PanelScroll
from app.ui.style.scale import least_width
from app.ui.style.segments import Segments
from app.ui.style.theme import Theme
from app.ui.tracking.channel_page import ChannelPage
from app.ui.tracking.countdown import count_down_to_rest
from app.ui.tracking.filter_trace import FilterTrace, title_of
from app.ui.tracking.network_box import NetworkBox
from app.ui.tracking.neutral_box import AUTO, NeutralBox
from app.ui.tracking.tracking_choices import GROUP, TrackingChoices
from rig.parameters import CHANNELS

APART_KEY: Final = GROUP + "apart"
TASK_CAUSE: Final = "MediaPipe's task file"
LIVELIEST: Final = "liveliest"
SMOOTHING: Final = {"off": "Off", "light": "Light", "strong": "Strong"}
SMOOTHING_TIPS: Final = {
    "off": "As measured: every jitter is there, and nothing comes late",
    "light": "Calm at rest, quick in motion; blinks keep their depth",
    "strong": "Calmer still, a little later",
}


class TrackingPanel(Panel):
    """Wires what is chosen to :class:`TrackingChoices`, and shows what really happens."""

    title: ClassVar[str] = "Tracking"
    _told = Signal(str, str, str, bool)
    """From the tracker, on the run's thread: its model, device, where its neutral comes from, whether it calibrates."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.choices = TrackingChoices(shell.session, shell.preferences, shell.messages)
        self._pipeline: Pipeline | None = None
        self._neutral_from = self.choices.settings.calibrate
        self._calibrating = False
        self._face: FaceFrame | None = None
        """The newest of this source."""
        self.pages = Segments({"setup": "Setup", "channels": "Channels"}, "Page of the tracking panel")
        self.neutral = NeutralBox(shell.theme)
        self.smoothing = Segments(SMOOTHING, "Smoothing", SMOOTHING_TIPS)
        self.trace = FilterTrace(shell.theme)
        self.traced = ChoiceBox(shell.theme, "Channel of the trace")
        self.traced.setToolTip("Which channel the trace shows: thin as measured, thick as smoothed")
        self.jitter = QLabel()
        self.alike = QCheckBox("Both sides of the face move alike")
        self.alike.setToolTip("Every channel that has sides gets the mean of both, and the jaw stays in the middle")
        self.networks = NetworkBox(shell.theme)
        self.channels = ChannelPage(shell.theme, shell.messages)
        self._lay_out()
        self._connect()
        self._hear(APART_KEY)
        shell.preferences.changed.connect(self._hear)
        self.set_theme(shell.theme)
        self._show_settings()

    # ------------------------------------------------------------ making it

    def _lay_out(self) -> None:
        names = {i: ACTION_UNITS[au].name for au in ACTION_UNITS for i in channels_of(au)}
        every = [(name, f"{title_of(i)}  {names[i]}", "", True) for i, name in enumerate(CHANNELS)]
        self.traced.offer([(LIVELIEST, "Liveliest", "", True), *every])
        self.traced.choose(LIVELIEST)
        self.jitter.setProperty("role", "muted")
        self.jitter.setToolTip("How much of the jitter is left: mean second difference after smoothing over before")
        self.jitter.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.jitter.setMinimumWidth(self.jitter.fontMetrics().horizontalAdvance("Jitter left: 100 %"))
        below = QHBoxLayout()
        below.setSpacing(8)
        below.addWidget(self.traced, 1)
        below.addWidget(self.jitter)
        setup = QWidget()
        column = QVBoxLayout(setup)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        for title, parts in (
            ("Neutral", (self.neutral,)),
            ("Smoothing", (self.smoothing, self.trace, below, self.alike)),
            ("Networks", (self.networks,)),
        ):
            label = QLabel(title)
            label.setProperty("role", "section")
            column.addWidget(label)
            for part in parts:
                if isinstance(part, QWidget):
                    column.addWidget(part)
                else:
                    column.addLayout(part)
            column.addSpacing(4)
        column.addStretch(1)
        self._scroll = PanelScroll(setup)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._scroll)
        self._stack.addWidget(self.channels)
        top = QHBoxLayout()
        top.setContentsMargins(12, 8, 12, 0)
        top.addWidget(self.pages)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(top)
        whole.addWidget(self._stack, 1)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)

    def minimumSizeHint(self) -> QSize:
        return least_width(super().minimumSizeHint())

    def _connect(self) -> None:
        session, neutral, choices = self.shell.session, self.neutral, self.choices
        self.pages.chosen.connect(self.show_page)
        self.smoothing.chosen.connect(choices.set_filter)
        self.traced.chosen.connect(self._trace)
        self.alike.clicked.connect(lambda on: choices.set_asymmetry(not on))
        self.networks.model_chosen.connect(lambda name: choices.set_networks(model=name))
        self.networks.device_chosen.connect(lambda name: choices.set_networks(device=name))
        self.networks.engine_chosen.connect(self._use_engine)
        self.networks.file_wanted.connect(self._show_file_field)
        self.channels.edited.connect(choices.set_shaping)
        self.channels.links_changed.connect(self._keep_links)
        neutral.calibrate_asked.connect(self._toggle_countdown)
        self.shell.countdown.changed.connect(self._show_progress)
        self.shell.countdown.over.connect(self._begin_moment)
        neutral.chosen.connect(self._use_neutral)
        session.neutral_read.connect(self._save)
        neutral.save_asked.connect(session.read_neutral)
        neutral.delete_asked.connect(self._delete)
        neutral.default_asked.connect(self._make_default)
        choices.changed.connect(self._show_settings)
        session.started.connect(self._follow_run)
        session.ended.connect(self._run_ended)
        self._told.connect(self._show_tracker)

    # ------------------------------------------------------------ the panel's life

    def show_page(self, name: str) -> None:
        """``setup`` or ``channels``."""
        self.pages.choose(name)
        self._stack.setCurrentIndex(("setup", "channels").index(name))
        self._show_neutral()
        if name == "channels" and self._face is not None:  # there may be no other one to come
            self.channels.show_face(self._face)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_neutral()

    def show_face(self, frame: Frame, face: FaceFrame) -> None:
        self._face = face
        self.trace.add(face)
        if self._visible_page("channels"):
            self.channels.show_face(face)

    def tick(self, snapshot: Snapshot) -> None:
        self.choices.follow()
        on_air = snapshot.state is State.RUNNING and self._pipeline is not None
        self.neutral.show_ready(ready=on_air, seen=snapshot.tracked > 0)
        if on_air and self._pipeline is not None:
            self._pipeline.call(self._ask)
        if self._visible_page("setup"):
            self._show_neutral()
            left = self.trace.jitter_left() if on_air else None
            self.jitter.setText("" if left is None else f"Jitter left: {min(100 * left, 999):.0f} %")

    def set_theme(self, theme: Theme) -> None:
        for part in (self.pages, self.neutral, self.smoothing, self.trace, self.traced, self.networks, self.channels):
            part.set_theme(theme)

    def reset(self) -> None:
        self._face = None
        self.trace.clear()

    def commands(self) -> list[Command]:
        save = "Keep the present neutral under a name"
        ready = self.neutral.save.isEnabled
        return [Command("Tracking", "Save this neutral …", self.shell.session.read_neutral, tip=save, enabled=ready)]

    # ------------------------------------------------------------ what is shown

    def _show_settings(self) -> None:
        settings = self.choices.settings
        self.smoothing.choose(settings.filter)
        self.alike.setChecked(not settings.asymmetry)
        self.networks.show_settings(settings)
        self.channels.show_shaping(settings.shaping)
        self._show_neutral()

    def _show_neutral(self) -> None:
        self.neutral.show_neutral(self._neutral_from, self.choices.settings.calibrate, self.choices.default_neutral)

    def _follow_run(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._neutral_from = self.choices.settings.calibrate

    def _run_ended(self) -> None:
        self._pipeline, self._calibrating = None, False
        self.networks.show_in_use("", "")
        self._show_progress()

    def _ask(self, tracker: object) -> None:
        """On the run's thread; asked of any tracker, so none of the answers is sure to be there."""
        model, device = (str(getattr(tracker, name, "")) for name in ("model", "device"))
        neutral_from = str(getattr(tracker, "neutral_from", self.shell.session.neutral))
        self._told.emit(model, device, neutral_from, bool(getattr(tracker, "calibrating", False)))

    def _show_tracker(self, model: str, device: str, neutral_from: str, calibrating: bool) -> None:
        if self._pipeline is not None:
            self.networks.show_in_use(model, device)
            self.choices.confirm()
            self._neutral_from, self._calibrating = neutral_from, calibrating
            self._show_progress()

    def _show_progress(self) -> None:
        self.neutral.show_progress(self.shell.countdown.left, self._calibrating)

    def _begin_moment(self) -> None:
        self._calibrating = True
        self._show_progress()

    def _trace(self, name: str) -> None:
        self.trace.channel = None if name == LIVELIEST else CHANNELS.index(name)

    def _visible_page(self, name: str) -> bool:
        return self.isVisible() and self.pages.value == name

    def _show_file_field(self) -> None:
        """It appears at the foot of the page, once this page has its new height."""
        QTimer.singleShot(0, self, lambda: self._scroll.reveal(self.networks.task))

    # ------------------------------------------------------------ what is asked

    def _toggle_countdown(self) -> None:
        countdown = self.shell.countdown
        if countdown.running:
            countdown.cancel()
        else:
            count_down_to_rest(countdown, self.shell.session, self.shell.messages)

    def _use_neutral(self, profile: str) -> None:
        try:
            self.choices.use_neutral(profile)
            self._neutral_from = profile  # the tracker says the same a moment later
        except UserError as error:
            self.shell.messages.show_error(error)
        self._show_neutral()

    def _save(self, profile: Profile) -> None:
        """Ask for a name and save. The neutral is that of the click: who types a name looks at the keyboard."""
        name, chosen = QInputDialog.getText(self, "Save this neutral", "Name of the profile:")
        if not chosen:
            return
        try:
            path = named_profile(name.strip())
            question = f"There is a profile “{path.stem}” already. Replace it?"
            if path.exists() and not asking.sure(self, "Save this neutral", question, "Replace"):
                return
            save_profile(path, profile)
        except UserError as error:
            self.shell.messages.show_error(error)
        else:
            self.shell.messages.show_message("info", f"neutral saved as {path.stem}: choose it under Profile")
        self._show_neutral()

    def _make_default(self, profile: str) -> None:
        self.choices.set_default_neutral(profile)
        self._show_neutral()

    def _delete(self, name: str) -> None:
        question = f"Delete the profile “{name}”? The face it keeps is lost."
        if not asking.sure(self, "Delete profile", question, "Delete"):
            return
        try:
            delete_profile(name)
        except UserError as error:
            self.shell.messages.show_error(error)
            return
        if self.choices.default_neutral == name:
            self.choices.set_default_neutral(AUTO)
        self._use_neutral(AUTO)

    def _use_engine(self, engine: str, task: str) -> None:
        path = Path(task) if task else None
        if engine == "mediapipe" and (path is None or not path.is_file()):
            missing = f"{task or 'MediaPipe'}: no task file is there; choose another"
            self.shell.messages.show_message("error", missing, cause=TASK_CAUSE)
            return
        self.shell.messages.withdraw(TASK_CAUSE)
        self.choices.set_networks(landmarks=engine, task_path=path)

    def _hear(self, key: str) -> None:
        kept: list[int] = self.shell.preferences.value(APART_KEY, [])
        if key == APART_KEY and kept != self.channels.apart:
            self.channels.show_apart(kept)

    def _keep_links(self) -> None:
        self.shell.preferences.set_value(APART_KEY, self.channels.apart)
