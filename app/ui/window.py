"""The window: the 3D face in the middle, panels in docks around it. Wires what is clicked to the session."""

from typing import Final

from PySide6.QtCore import QSettings, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QShowEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QVBoxLayout, QWidget

from app.face_frame import FaceFrame
from app.ui.commands import window_commands
from app.ui.dialogs import Dialogs
from app.ui.docks import Docks
from app.ui.job_strip import JobStrip
from app.ui.jobs import Jobs
from app.ui.keyboard import KeyboardWindow
from app.ui.layout_keeper import LayoutKeeper
from app.ui.menus import Menus, offer
from app.ui.message_bar import MessageBar
from app.ui.notices import NoticeStack
from app.ui.output.output_control import OutputControl
from app.ui.output.recorder import Recorder
from app.ui.output.streams import Streams
from app.ui.output.take_player import TakePlayer
from app.ui.panel import Panel, Shell
from app.ui.panels import PANELS
from app.ui.picture.cameras import list_cameras
from app.ui.picture.picture_panel import PicturePanel
from app.ui.picture.video_view import VideoView
from app.ui.preferences import Preferences
from app.ui.processing.processing import Processing
from app.ui.session import Session
from app.ui.stage.orbit_keys import OrbitKeys
from app.ui.stage.reset_button import ResetButton
from app.ui.stage.rig_view import RigView
from app.ui.status_line import StatusLine, note_of, on_air, status_of
from app.ui.style import theme as themes
from app.ui.style.tab_order import tab_after
from app.ui.style.theme import THEMES
from app.ui.toolbar import Toolbar
from app.ui.tracking.countdown import Countdown, count_down_to_rest

STATUS_MS: Final = 200
BUILD_MS: Final = 250
"""The window first, then the scene, which takes seconds on two cores: all at once, and the window would answer late."""
REPLAY_NOTE: Final = "A take is playing"
SETTINGS: Final = "settings"
"""Causes of messages that another source does not make untrue."""


class MainWindow(KeyboardWindow):
    """Everything on it can be read from the session and its newest frame; it keeps nothing of its own but choices."""

    specs = PANELS

    def __init__(self, session: Session, settings: QSettings | None = None, character: str | None = None) -> None:
        """``character``: name or file of who is shown at first; by default who was shown last."""
        super().__init__()
        self.session = session
        self.preferences = Preferences(settings)
        self.messages = MessageBar(themes.DARK)
        self.theme_name = self.preferences.choice("window/theme", THEMES)
        self.theme = themes.pick(self.theme_name)
        self.countdown = Countdown(self)
        self._state, self._on_air = "searching", False
        self._last_spec: str | None = None
        self._otherwise: str | None = None
        self.dialogs = Dialogs(self)

        self.toolbar = Toolbar(self.theme)
        self.jobs = Jobs(self.messages)
        self.job_strip = JobStrip(self.jobs)
        character = character or self.preferences.value("character/name", "base")
        self.rig = RigView(self.theme, character)
        self.status = StatusLine(self.theme)
        self.shell = Shell(
            session=session,
            preferences=self.preferences,
            messages=self.messages,
            jobs=self.jobs,
            rig=self.rig,
            theme=self.theme,
            countdown=self.countdown,
            streams=Streams(session, self.preferences, self.messages),
            recorder=Recorder(session, self.preferences, self.messages),
            player=TakePlayer(self.jobs),
        )
        self.processing = Processing(self.shell)
        self.panels: dict[str, Panel] = {spec.name: spec.kind(self.shell) for spec in self.specs}
        self._lay_out()
        self.outputs = OutputControl(self)
        self.menus = Menus(self, [*window_commands(self), *(c for p in self.panels.values() for c in p.commands())])
        self.toolbar.view.setMenu(self.menus.menu("View"))
        self._connect()
        self._dress()
        self.outputs.show()
        self.setAcceptDrops(True)
        self.layout_keeper = LayoutKeeper(self, self.docks, self.preferences, self.messages)
        self.layout_keeper.restore()
        for line in self.preferences.problems:
            self._say_problem(line)
        self.preferences.problem.connect(self._say_problem)
        self._ticker = QTimer(self, interval=STATUS_MS)
        self._ticker.timeout.connect(self._tick)
        self._ticker.start()
        self._tick()
        QTimer.singleShot(BUILD_MS, self, self.rig.build)

    # ------------------------------------------------------------ making it

    def _lay_out(self) -> None:
        """Tools on top, the status at the foot, between them the deck: docks around the face, which messages lie on."""
        self.deck = QMainWindow()
        self.deck.setWindowFlags(Qt.WindowType.Widget)
        self.deck.setObjectName("deck")
        self.deck.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.deck.setCentralWidget(self.rig)
        self.docks = Docks(self.deck, self.specs, self.panels, self.theme)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (self.toolbar, self.deck, self.status):
            column.addWidget(part, 1 if part is self.deck else 0)
        self.setCentralWidget(whole)
        OrbitKeys(self.rig)
        self._reset_button = ResetButton(self.rig)
        NoticeStack(self.rig, (self.messages, self.job_strip))
        tab_after(self.rig, [*self.messages.reached_by_tab, *self.job_strip.reached_by_tab, self._reset_button])

    @property
    def video(self) -> VideoView:
        panel = self.panels["picture"]
        assert isinstance(panel, PicturePanel)
        return panel.video

    def _say_problem(self, line: str) -> None:
        self.messages.show_message("warning", line, cause=f"{SETTINGS}: {line}")

    def _connect(self) -> None:
        bar, session = self.toolbar, self.session
        for panel in self.panels.values():
            panel.wanted.connect(self.docks.show)
        bar.source_chosen.connect(self.start)
        bar.open_asked.connect(self.dialogs.ask_for_file)
        bar.pictures_asked.connect(self.dialogs.ask_for_folder)
        bar.run_clicked.connect(self.toggle_run)
        bar.calibrate_clicked.connect(self.start_countdown)
        self.rig.character_shown.connect(self._say_character)
        self.rig.character_failed.connect(self._character_failed)
        self.docks.visibility_changed.connect(self._catch_up)
        session.fresh.connect(self.show_newest)
        session.message.connect(self.messages.show_message)
        session.failed.connect(self._fall_back)
        self.shell.player.face.connect(self.show_take)
        self.countdown.changed.connect(self._show_countdown)
        self.countdown.over.connect(session.calibrate)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system)

    # ------------------------------------------------------------ the run

    def start(self, spec: str, otherwise: str | None = None) -> None:
        """Run a source; whatever ran is ended first. ``otherwise`` is run where this one cannot be."""
        self._last_spec, self._otherwise = spec, otherwise
        self.toolbar.show_source(spec)
        self.messages.clear(keep=SETTINGS)
        for panel in self.panels.values():
            panel.reset()
        self._state = "searching"
        self.shell.player.stop()
        self.session.start(spec)
        if self.dialogs.welcome is not None:
            self.dialogs.welcome.set_mirrored(self.video.mirrored)
        self._tick()

    def _fall_back(self, spec: str) -> None:
        if self._otherwise is not None and spec == self._last_spec:
            self.start(self._otherwise)

    def toggle_run(self) -> None:
        if self.session.running:
            self.session.stop()
        elif self._last_spec is not None:
            self.start(self._last_spec)
        else:
            self.toolbar.source.showMenu()
        self._tick()

    def list_cameras(self, menu: QMenu) -> None:
        """Fill a menu with the cameras that are there."""
        cameras = dict(list_cameras())
        offer(menu, cameras, self._last_spec or "", self.start)
        if not cameras:
            menu.addAction("No camera found").setEnabled(False)

    def show_newest(self) -> None:
        """The newest frame and face, to whoever can be seen."""
        newest = self.session.newest()
        if newest is None or not self.session.running or self.session.stopping:
            return
        frame, face = newest
        self._state = face.state
        if self.shell.player.active:
            return
        first = not self.video.has_picture
        for name, panel in self.panels.items():
            if self.docks.is_visible(name):
                panel.show_face(frame, face)
        if first:
            self.menus.refresh()  # a film's keys work from its first picture on
        if self.dialogs.welcome is not None:
            self.dialogs.welcome.show_face(frame, face)
        self.rig.show_face(face)

    def show_take(self, face: FaceFrame) -> None:
        """A face of a take, to whoever can be seen; live ones are not shown meanwhile."""
        for name, panel in self.panels.items():
            if self.docks.is_visible(name):
                panel.show_take(face)
        self.rig.show_face(face)

    def _catch_up(self, name: str, on: bool) -> None:
        """A panel that comes into sight while nothing moves shows what the others do."""
        newest = self.session.newest()
        if on and newest is not None and not self.shell.player.active:
            self.panels[name].show_face(*newest)

    def on_air(self) -> bool:
        """Whether frames are coming; as of the last tick."""
        return self._on_air

    def _tick(self) -> None:
        """A few times a second: what is no frame."""
        self.session.poll()
        running, snapshot = self.session.running, self.session.snapshot()
        self._on_air = on_air(self.session, snapshot)
        self.toolbar.show_state(running=running, stopping=self.session.stopping, ready=self._on_air)
        self.outputs.tick(snapshot)
        if not running:
            self.countdown.cancel()
        self.status.show_status(status_of(self.session, self.shell.streams, self.shell.recorder, snapshot, self._state))
        for panel in self.panels.values():
            panel.tick(snapshot)
        if self.dialogs.welcome is not None:
            self.dialogs.welcome.tick(snapshot)
        self.menus.refresh()
        live_note = note_of(self.session, snapshot, self._state, self.video.has_picture)
        self.video.note = REPLAY_NOTE if self.shell.player.active else live_note
        self.video.update()

    # ------------------------------------------------------------ calibration

    def start_countdown(self) -> None:
        """3, 2, 1, and the next second of the face is what rest looks like."""
        if self.session.running and self.session.newest() is not None:
            count_down_to_rest(self.countdown, self.session, self.messages)

    def _show_countdown(self, left: int) -> None:
        self.video.big_note = f"{left}\nRelax your face and look at the camera" if left else ""
        self.video.update()

    # ------------------------------------------------------------ looks

    def _say_character(self, spec: str) -> None:
        self.preferences.set_value("character/name", spec)

    def _character_failed(self, spec: str, why: str) -> None:
        self.messages.show_message("error", f"this character cannot be shown: {why}")

    def set_theme(self, name: str) -> None:
        """``system``, ``dark`` or ``light``."""
        self.theme_name = name
        self.preferences.set_value("window/theme", name)
        self._dress()

    def _follow_system(self) -> None:
        if self.theme_name == "system":
            self._dress()

    def _dress(self) -> None:
        self.theme = themes.pick(self.theme_name)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        themes.apply(app, self.theme)
        self._reset_button.set_theme(self.theme)
        self.docks.set_theme(self.theme)
        self.toolbar.set_theme(self.theme)
        self.messages.set_theme(self.theme)
        self.status.set_theme(self.theme)
        self.rig.set_theme(self.theme)
        for panel in self.panels.values():
            panel.set_theme(self.theme)
        self.dialogs.set_theme(self.theme)

    def toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def escape(self) -> None:
        """End what is on the way, else let a message go."""
        running = [c for c in (self.countdown, self.shell.recorder.countdown) if c.running]
        for countdown in running:
            countdown.cancel()
        if not running:
            self.messages.dismiss()

    # ------------------------------------------------------------ settings and help

    def keep_layout(self) -> None:
        """Into the settings."""
        self.layout_keeper.keep()

    def take_settings(self) -> None:
        """Look and layout as the settings now say; panels follow ``Preferences.changed`` themselves."""
        self.set_theme(self.preferences.choice("window/theme", THEMES))
        self.layout_keeper.restore()

    # ------------------------------------------------------------ Qt

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.layout_keeper.window_shown()
        if self.focusWidget() is None:
            self.setFocus()  # else Qt gives the first button the keyboard, and Space presses it

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() and event.mimeData().urls()[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.dialogs.open_dropped([url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()])

    def closeEvent(self, event: QCloseEvent) -> None:
        """Files are finished before the window goes."""
        self._ticker.stop()
        self.keep_layout()
        self.hide()
        self.processing.cancel()
        self.session.close()
        self.jobs.close()
        self.processing.close()
        for panel in self.panels.values():
            panel.close_down()
        self.shell.streams.close()
        self.rig.close_scene()
        self.preferences.sync()
        event.accept()
