"""The window: the 3D face in the middle, panels in docks around it. Wires what is clicked to the session."""

import time
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Final

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths, Qt, QTimer
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QMainWindow,
    QMenu,
    QMessageBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.capture import Frame
from app.characters import SUFFIXES
from app.errors import UserError
from app.face_frame import FaceFrame
from app.pipeline import Snapshot, State
from app.profiles import list_profiles
from app.ui import theme as themes
from app.ui.au_bars import AuBars
from app.ui.character_menu import CharacterMenu
from app.ui.countdown import Countdown
from app.ui.docks import LEFT, RIGHT, Docks, PanelSpec
from app.ui.jobs import Jobs
from app.ui.message_bar import MessageBar
from app.ui.panel import Panel, Shell
from app.ui.preferences import Preferences
from app.ui.rig_view import BASE, RigView
from app.ui.session import Session
from app.ui.status_line import Status, StatusLine
from app.ui.theme import THEMES, Theme
from app.ui.toolbar import OSC_DEFAULT, Toolbar, clock, source_title
from app.ui.tracking_panel import TrackingPanel
from app.ui.video_view import VideoView

STATUS_MS: Final = 200
FOLDER_KEYS: Final = {"recordings": "output/folder", "videos": "source/folder"}
STATES: Final = {
    "searching": ("Searching", "warn"),
    "calibrating": ("Calibrating", "accent"),
    "tracking": ("Tracking", "good"),
    "lost": ("Face lost", "warn"),
}
YES: Final = QMessageBox.StandardButton.Yes
SKIN_TEXT: Final = {"light": "Light", "tan": "Tan", "dark": "Dark", "fair": "Fair, light eyes"}
VIDEO_FILES: Final = (
    "Video and pictures (*.mp4 *.mov *.mkv *.avi *.webm *.m4v *.mpg *.png *.jpg *.jpeg *.bmp *.tif *.tiff *.webp)"
    ";;All files (*)"
)


class PicturePanel(Panel):
    """The live picture."""

    title: ClassVar[str] = "Picture"

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.video = VideoView(shell.theme)
        _fill(self, self.video)

    def show_face(self, frame: Frame, face: FaceFrame) -> None:
        self.video.show_frame(frame.image, face)

    def set_theme(self, theme: Theme) -> None:
        self.video.set_theme(theme)

    def reset(self) -> None:
        self.video.clear()


class MetersPanel(Panel):
    """The bars of the action units."""

    title: ClassVar[str] = "Meters"

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.bars = AuBars(shell.theme)
        _fill(self, self.bars)

    def show_face(self, frame: Frame, face: FaceFrame) -> None:
        self.bars.show_channels(face.au)

    def set_theme(self, theme: Theme) -> None:
        self.bars.set_theme(theme)

    def reset(self) -> None:
        self.bars.clear()


def _fill(panel: Panel, widget: QWidget) -> None:
    column = QVBoxLayout(panel)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(widget)


PANELS: Final = (
    PanelSpec("picture", PicturePanel, LEFT, True, "Ctrl+1"),
    PanelSpec("meters", MetersPanel, LEFT, True, "Ctrl+2"),
    PanelSpec("tracking", TrackingPanel, RIGHT, True, "Ctrl+3"),
)
"""Every dock: name, class, where it is and whether it is shown at first, its key. One row is all a panel needs."""


class MainWindow(QMainWindow):
    """Everything on it can be read from the session and its newest frame; it keeps nothing of its own but choices."""

    def __init__(self, session: Session, settings: QSettings | None = None, character: str | None = None) -> None:
        """``character``: name or file of who is shown at first; by default who was shown last."""
        super().__init__()
        self.session = session
        self.preferences = Preferences(settings)
        self.messages = MessageBar(themes.DARK)
        self._theme_name = self.preferences.choice("window/theme", THEMES)
        self.theme = themes.pick(self._theme_name)
        self._mirror: bool | None = None  # None: on for cameras
        self.countdown = Countdown(self)
        self._state = "searching"
        self._last_spec: str | None = None
        self._otherwise: str | None = None

        self.toolbar = Toolbar(self.theme)
        self.jobs = Jobs(self.messages)
        character = character or self.preferences.value("character/name", "base")
        self.rig = RigView(self.theme, self.preferences.choice("character/skin", tuple(SKIN_TEXT)), character)
        self.status = StatusLine(self.theme)
        self._reset_button = QToolButton(self.rig)
        self._reset_button.setToolTip("Reset view (Home)")
        self._reset_button.setObjectName("overlay")
        self.shell = Shell(session, self.preferences, self.messages, self.jobs, self.rig, self.theme, self.countdown)
        self.panels: dict[str, Panel] = {spec.name: spec.kind(self.shell) for spec in PANELS}
        self._lay_out()
        self._make_menu()
        self._connect()
        self._dress()
        self.toolbar.target.setText(self.preferences.value("output/osc", OSC_DEFAULT))
        self.toolbar.show_filter(session.settings.filter)
        self.toolbar.show_recording(None)
        self.setWindowTitle("Mien")
        self.setAcceptDrops(True)
        self.resize(1280, 800)
        self._restore_layout()
        for line in self.preferences.problems:
            self.messages.show_message("warning", line)
        self.preferences.problem.connect(self._say_problem)
        self._ticker = QTimer(self, interval=STATUS_MS)
        self._ticker.timeout.connect(self._tick)
        self._ticker.start()
        self._tick()
        # The window first, then the scene: it takes about a second.
        QTimer.singleShot(50, self, self.rig.build)

    # ------------------------------------------------------------ making it

    def _lay_out(self) -> None:
        """Tools and messages on top, the status at the foot, and between them the deck: docks around the face."""
        self.deck = QMainWindow()
        self.deck.setWindowFlags(Qt.WindowType.Widget)
        self.deck.setObjectName("deck")
        self.deck.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.deck.setCentralWidget(self.rig)
        self.docks = Docks(self.deck, PANELS, self.panels, self.theme)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.toolbar)
        column.addWidget(self.messages)
        column.addWidget(self.deck, 1)
        column.addWidget(self.status)
        self.setCentralWidget(whole)
        corner = QVBoxLayout(self.rig)
        corner.setContentsMargins(12, 12, 12, 12)
        corner.addWidget(self._reset_button, 0, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom)

    @property
    def video(self) -> VideoView:
        panel = self.panels["picture"]
        assert isinstance(panel, PicturePanel)
        return panel.video

    @property
    def bars(self) -> AuBars:
        panel = self.panels["meters"]
        assert isinstance(panel, MetersPanel)
        return panel.bars

    def _restore_layout(self) -> None:
        layout = self.preferences.value("window/layout", "")
        if layout and not self.docks.restore(layout):
            self.messages.show_message(
                "info", "the layout of the last version does not fit: panels are in their places"
            )
        geometry = QByteArray.fromBase64(self.preferences.value("window/geometry", "").encode("ascii", "ignore"))
        if not geometry.isEmpty():
            self.restoreGeometry(geometry)

    def _say_problem(self, line: str) -> None:
        self.messages.show_message("warning", line)

    def _make_menu(self) -> None:
        """The menu of the view button is data: text, key, what it does, whether it is ticked."""
        menu = QMenu(self)
        self.landmarks_action = self._action(menu, "Landmarks", "L", self._show_landmarks, checked=True)
        self.mirror_action = self._action(menu, "Mirror (picture and face; data is not)", "M", self._set_mirror, False)
        self._action(menu, "Reset view", "Home", lambda _: self.rig.reset_view())
        menu.addSeparator()
        self.character_menu = CharacterMenu(self)
        menu.addMenu(self.character_menu)
        self.skin_menu = menu.addMenu("Skin")
        self._choices(self.skin_menu, SKIN_TEXT, self.rig.skin, self._set_skin)
        words = {"system": "Like the system", "dark": "Dark", "light": "Light"}
        self._choices(menu.addMenu("Theme"), words, self._theme_name, self.set_theme)
        menu.addSeparator()
        self._action(
            menu, "Let both sides move alike", "", lambda on: self.session.set_asymmetry(not on), checked=False
        )
        self.neutral_menu = menu.addMenu("Neutral")
        menu.aboutToShow.connect(self._list_neutrals)
        self.save_neutral_action = self._action(menu, "Save this neutral …", "", lambda _: self.session.read_neutral())
        menu.addSeparator()
        self._action(menu, "Keys …", "F1", lambda _: self._show_keys())
        self._action(menu, "Full screen", "F11", lambda _: self._toggle_full_screen())
        self._action(menu, "Quit", "Ctrl+Q", lambda _: self.close())
        self.toolbar.view.setMenu(menu)
        for key, slot in (
            ("Space", self.toggle_run),
            ("C", self.start_countdown),
            ("R", self.toggle_recording),
            ("O", self._toggle_osc),
            ("Ctrl+O", self.ask_for_file),
            ("Esc", self._escape),
        ):
            action = QAction(self)
            action.setShortcut(QKeySequence(key))
            action.triggered.connect(slot)
            self.addAction(action)

    def _action(self, menu: QMenu, text: str, key: str, slot: Any, checked: bool | None = None) -> QAction:
        action = QAction(text, self, checkable=checked is not None, checked=bool(checked))
        if key:
            action.setShortcut(QKeySequence(key))
        action.triggered.connect(slot)
        menu.addAction(action)
        self.addAction(action)  # keys work while the menu is closed
        return action

    def _choices(self, menu: QMenu, words: dict[str, str], chosen: str, slot: Any) -> None:
        """Fill a menu anew with what excludes each other."""
        menu.clear()
        group = menu.findChild(QActionGroup) or QActionGroup(menu)
        for name, text in words.items():
            action = QAction(text, menu, checkable=True, checked=name == chosen)
            action.triggered.connect(lambda _, name=name: slot(name))
            group.addAction(action)
            menu.addAction(action)

    def _connect(self) -> None:
        bar, session = self.toolbar, self.session
        bar.source_chosen.connect(self.start)
        bar.open_asked.connect(self.ask_for_file)
        bar.run_clicked.connect(self.toggle_run)
        bar.calibrate_clicked.connect(self.start_countdown)
        bar.filter_chosen.connect(session.set_filter)
        bar.osc_toggled.connect(self.set_osc)
        bar.record_clicked.connect(self.toggle_recording)
        bar.record_as_asked.connect(self._record_as)
        bar.folder_asked.connect(self._ask_for_folder)
        self._reset_button.clicked.connect(self.rig.reset_view)
        self.character_menu.chosen.connect(self.rig.set_character)
        self.rig.character_shown.connect(self._say_character)
        self.rig.character_failed.connect(self._character_failed)
        session.fresh.connect(self._show_newest)
        session.message.connect(self.messages.show_message)
        session.failed.connect(self._fall_back)
        session.saved.connect(self._say_saved)
        self.countdown.changed.connect(self._show_countdown)
        self.countdown.over.connect(session.calibrate)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system)

    # ------------------------------------------------------------ the run

    def start(self, spec: str, otherwise: str | None = None) -> None:
        """Run a source; whatever ran is ended first. ``otherwise`` is run where this one cannot be."""
        self._last_spec, self._otherwise = spec, otherwise
        if spec != self.session.source:
            self._mirror = None
        self.toolbar.show_source(spec)
        self.messages.dismiss()
        for panel in self.panels.values():
            panel.reset()
        self._state = "searching"
        self.session.start(spec)
        self._place_mirror()
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

    def ask_for_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Open video", self._folder("videos"), VIDEO_FILES)
        if path:
            self.preferences.set_value("source/folder", str(Path(path).parent))
            self.start(path)

    def _show_newest(self) -> None:
        newest = self.session.newest()
        if newest is None or not self.session.running or self.session.stopping:
            return
        frame, face = newest
        self._state = face.state
        for name, panel in self.panels.items():
            if self.docks.is_visible(name):
                panel.show_face(frame, face)
        self.rig.show_face(face)

    def _tick(self) -> None:
        """A few times a second: what is no frame."""
        self.session.poll()
        running, snapshot = self.session.running, self.session.snapshot()
        on_air = running and snapshot.state is State.RUNNING and not self.session.stopping
        self.toolbar.show_state(running=running, stopping=self.session.stopping, ready=on_air)
        self.toolbar.show_osc(self.session.osc_target)
        self.save_neutral_action.setEnabled(on_air and snapshot.tracked > 0)
        self._show_recording()
        if not running:
            self.countdown.cancel()
        self.status.show_status(self._status(snapshot, on_air))
        for panel in self.panels.values():
            panel.tick(snapshot)
        self.video.note = self._note(snapshot, running)
        self.video.update()

    def _status(self, snapshot: Snapshot, on_air: bool) -> Status:
        session = self.session
        if not on_air:
            if not session.running:
                return Status()
            return Status("Stopping" if session.stopping else "Starting", "accent", device=session.device)
        word, mood = STATES.get(self._state, (self._state.capitalize(), "muted"))
        if snapshot.source_state.value == "lost":
            word, mood = "Camera lost", "record"
        total = (snapshot.latency or {}).get("total")
        place = ""
        if snapshot.source is not None and snapshot.source.frame_count:
            place = f"frame {snapshot.frames} of {snapshot.source.frame_count}"
        output = ""
        if session.osc is not None:
            lost = f", {session.osc.failed} not sent" if session.osc.failed else ""
            output = f"OSC → {session.osc_target}: {session.osc.written} sent{lost}"
        return Status(
            state=word,
            mood=mood,
            fps=snapshot.fps,
            latency_ms=total.p50_ms if total is not None else None,
            latency_to="OSC" if session.osc is not None else "CSV" if session.recording is not None else "data",
            device=session.device,
            dropped=snapshot.dropped,
            place=place,
            output=output,
        )

    def _note(self, snapshot: Snapshot, running: bool) -> str:
        """What the video says in words."""
        if not running:
            if self.video.has_picture:
                return "Stopped" if self._last_spec is not None else ""
            return "Choose a camera, open a video (or drop one here), or play the demo"
        if not self.video.has_picture:
            if snapshot.source is None:
                return f"Opening {source_title(self._last_spec)} …"
            return "Loading the tracker …"
        if snapshot.source_state.value == "lost":
            return "The camera is gone; waiting for it to come back"
        return {
            "searching": "Looking for a face …",
            "lost": "Face lost",
            "calibrating": "Calibrating: keep your face relaxed",
        }.get(self._state, "")

    # ------------------------------------------------------------ calibration

    def start_countdown(self) -> None:
        """3, 2, 1, and the next second of the face is what rest looks like."""
        if self.session.running and self.video.has_picture:
            self.countdown.start()

    def _show_countdown(self, left: int) -> None:
        self.video.big_note = f"{left}\nRelax your face and look at the camera" if left else ""
        self.video.update()

    def _list_neutrals(self) -> None:
        words = {"auto": "Learn while I move (auto)"} | {name: name for name in list_profiles()}
        self._choices(self.neutral_menu, words, self.session.neutral, self._use_neutral)

    def _use_neutral(self, profile: str) -> None:
        try:
            self.session.use_neutral(profile)
        except UserError as error:
            self.messages.show_message("error", str(error))

    # ------------------------------------------------------------ outputs

    def set_osc(self, on: bool, target: str) -> None:
        try:
            self.session.set_osc(target if on else None)
        except UserError as error:
            self.messages.show_message("error", str(error))
            self.toolbar.show_osc(None, bad=True)
            return
        if on:
            self.preferences.set_value("output/osc", target)
        self.toolbar.show_osc(self.session.osc_target)

    def _toggle_osc(self) -> None:
        self.set_osc(self.session.osc_target is None, self.toolbar.target.text().strip())

    def toggle_recording(self) -> None:
        if self.session.recording is not None:
            self.session.stop_recording()
            self._show_recording()
            return
        stamp = datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
        self.start_recording(Path(self._folder("recordings")) / f"mien_{stamp}.csv")

    def start_recording(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.session.record(path, self.toolbar.csv_format())
        except UserError as error:
            self.messages.show_message("error", str(error))
        except OSError as error:
            self.messages.show_message("error", f"{path.parent} cannot be made: {error.strerror or error}")
        self._show_recording()

    def _record_as(self) -> None:
        stamp = datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
        suggestion = str(Path(self._folder("recordings")) / f"mien_{stamp}.csv")
        path, _ = QFileDialog.getSaveFileName(self, "Record to", suggestion, "CSV (*.csv)")
        if path:
            chosen = Path(path) if Path(path).suffix else Path(path).with_suffix(".csv")
            self.preferences.set_value("output/folder", str(chosen.parent))
            self.start_recording(chosen)

    def _ask_for_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Folder for recordings", self._folder("recordings"))
        if path:
            self.preferences.set_value("output/folder", path)

    def _show_recording(self) -> None:
        recording = self.session.recording
        if recording is None:
            self.toolbar.show_recording(None)
            text = ""
        else:
            elapsed_s = time.perf_counter() - recording.since_s
            self.toolbar.show_recording(elapsed_s)
            text = f"REC {clock(elapsed_s)}  {recording.path.name}  {recording.sink.written} rows"
        self.video.recording = text
        self.video.update()
        self.setWindowTitle(f"● {recording.path.name} – Mien" if recording is not None else "Mien")

    def _say_saved(self, path: str, rows: int) -> None:
        self.messages.show_message("info", f"saved {rows} rows to {path}")

    # ------------------------------------------------------------ looks

    def _show_landmarks(self, on: bool) -> None:
        self.video.landmarks_shown = on
        self.video.update()

    def _set_mirror(self, on: bool) -> None:
        self._mirror = on
        self._place_mirror()

    def _place_mirror(self) -> None:
        camera = self._last_spec is not None and self._last_spec.isdigit()
        on = camera if self._mirror is None else self._mirror
        self.mirror_action.setChecked(on)
        self.video.mirrored = on
        self.video.update()
        self.rig.set_mirrored(on)

    def _set_skin(self, name: str) -> None:
        self.preferences.set_value("character/skin", name)
        self.rig.set_skin(name)

    def _say_character(self, spec: str) -> None:
        self.preferences.set_value("character/name", spec)
        self.character_menu.show_choice(spec)
        self.skin_menu.setEnabled(spec == BASE)

    def _character_failed(self, spec: str, why: str) -> None:
        self.messages.show_message("error", f"this character cannot be shown: {why}")

    def set_theme(self, name: str) -> None:
        """``system``, ``dark`` or ``light``."""
        self._theme_name = name
        self.preferences.set_value("window/theme", name)
        self._dress()

    def _follow_system(self) -> None:
        if self._theme_name == "system":
            self._dress()

    def _dress(self) -> None:
        self.theme = themes.pick(self._theme_name)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        themes.apply(app, self.theme)
        self._reset_button.setIcon(themes.icon("reset", self.theme.muted))
        for part in (self.toolbar, self.messages, self.docks, self.rig, self.status, *self.panels.values()):
            part.set_theme(self.theme)

    def _folder(self, key: str) -> str:
        saved = self.preferences.value(FOLDER_KEYS[key], "")
        if saved and Path(saved).is_dir():
            return saved
        place = QStandardPaths.StandardLocation
        kind = place.DocumentsLocation if key == "recordings" else place.MoviesLocation
        folder = Path(QStandardPaths.writableLocation(kind) or Path.home())
        return str(folder / "Mien" if key == "recordings" else folder)

    def _show_keys(self) -> None:
        QMessageBox.information(
            self,
            "Keys",
            "Space  start or stop\nC  relax your face (calibrate)\nR  record\nO  OSC on or off\nL  landmarks\n"
            "M  mirror\nHome  reset view\nCtrl+O  open a video\nF11  full screen\nEsc  dismiss a message\nCtrl+Q  quit",
        )

    def _toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _escape(self) -> None:
        if self.countdown.running:
            self.countdown.cancel()
        else:
            self.messages.dismiss()

    # ------------------------------------------------------------ Qt

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() and event.mimeData().urls()[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = event.mimeData().urls()[0].toLocalFile()
        if Path(path).suffix.lower() in SUFFIXES:
            self.rig.set_character(path)
        else:
            self.start(path)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Files are finished before the window goes."""
        self._ticker.stop()
        self.preferences.set_value("window/geometry", self.saveGeometry().toBase64().toStdString())
        self.preferences.set_value("window/layout", self.docks.save())
        self.hide()
        self.jobs.close()
        for panel in self.panels.values():
            panel.close_down()
        self.session.close()
        self.rig.close_scene()
        event.accept()
