"""The live picture in its dock: overlays, mirror, the film's bar or the camera's mode, and word of new cameras."""

from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from functools import partial
from typing import Any, ClassVar, Final

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QVBoxLayout

from app.capture import CameraMode, Frame, SourceState
from app.face_frame import FaceFrame
from app.pipeline import Snapshot
from app.ui.menus import Command
from app.ui.panel import Panel, Shell
from app.ui.picture.camera_modes import CameraModes
from app.ui.picture.cameras import Cameras, is_camera, mode_text, source_title
from app.ui.picture.overlay import LINES, Overlay
from app.ui.picture.transport import TransportBar, dress
from app.ui.picture.video_view import VideoView
from app.ui.style import theme as themes
from app.ui.style.menu import Menu
from app.ui.style.theme import GAP, Theme

OVERLAY_KEY: Final = "picture/overlay"
MIRROR_KEYS: Final = {True: "picture/mirror_camera", False: "picture/mirror_film"}
"""By whether it is a camera: a mirror is what people expect of a camera, and not of a film."""
LINES_TEXT: Final = dict(zip(LINES, ("No lines", "Contours", "Mesh"), strict=True))
NOTHING: Final = Overlay(lines="off")
PARTS_TEXT: Final = {
    "points": ("Five alignment points", "Shift+P", "Eyes, nose and mouth: what the network's view is aligned by"),
    "view": ("Aligned view", "V", "In the corner: the face as the network sees it"),
    "axes": ("Head axes and gaze", "X", "x to the subject's left, y up, z out of the face, and a ray out of each eye"),
}
LOST_CAUSE: Final = "camera lost"
SEEK_NOTE: Final = "the recording goes on: its frames are counted on, and their times are places in the clip"


class PicturePanel(Panel):
    """Picture, film bar, and what is drawn over it. What is chosen is remembered."""

    title: ClassVar[str] = "Picture"

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.session, self.film = shell.session, shell.session.film
        self.video = VideoView(shell.theme)
        self.video.overlay = self._kept_overlay()
        self.bar = TransportBar(shell.theme)
        self.mode = QToolButton()
        self.mirror = QToolButton()
        self.lines = QToolButton()
        self.cameras = Cameras(self)
        self.modes = CameraModes(shell, self.cameras)
        self._aside = Overlay()  # what "nothing at all" took away
        self._name = ""
        self._resume = self._warned = self._lost = False
        self._make_tools()
        self._lay_out()
        self._connect()
        self.set_theme(shell.theme)
        self.tick(Snapshot())

    # ------------------------------------------------------------ making it

    def _make_tools(self) -> None:
        self.mirror.setCheckable(True)
        self.mirror.setToolTip("Mirror picture and face on the screen; data stays as it is (M)")
        self.mirror.setAccessibleName("Mirror")
        self.lines.setToolTip("What is drawn over the picture (L: contours, mesh, nothing)")
        self.lines.setAccessibleName("Overlay")
        self.mode.setAccessibleName("Camera mode")
        self.mode.setToolTip("Size and rate that the camera gives; choose others here")
        for button in (self.mode, self.lines):
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
            menu = Menu(button)
            menu.setToolTipsVisible(True)
            menu.aboutToShow.connect(partial(self.modes.fill if button is self.mode else self._fill_overlay, menu))
            button.setMenu(menu)
        for button in (self.mirror, self.lines):
            dress(button)

    def _lay_out(self) -> None:
        self.bar.add_at_left(self.mode)
        self.bar.add_at_right(self.mirror)
        self.bar.add_at_right(self.lines)
        foot = QVBoxLayout()
        foot.setContentsMargins(GAP, GAP, GAP, GAP)
        foot.addWidget(self.bar)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.video, 1)
        column.addLayout(foot)

    def _connect(self) -> None:
        self.mirror.clicked.connect(self.set_mirrored)
        self.cameras.changed.connect(self._say_cameras)
        self.shell.preferences.changed.connect(self._hear)
        self.session.camera_mode = self.modes.take
        self.session.started.connect(self._begin)
        self.bar.play_clicked.connect(self.toggle_play)
        self.bar.sought.connect(self.seek)
        self.bar.stepped.connect(self.step)
        self.bar.held.connect(self._hold)
        self.bar.loop_clicked.connect(self._loop)
        self.bar.speed_chosen.connect(self._set_speed)

    def commands(self) -> Sequence[Command]:
        def film() -> bool:
            return self.film.position is not None

        overlays = [
            Command(
                "View",
                text,
                partial(self.toggle_part, name),
                key,
                tip,
                checked=partial(self._shows, name),
                group=3,
            )
            for name, (text, key, tip) in PARTS_TEXT.items()
        ]
        return [
            Command("Source", "Play or pause", self.toggle_play, "P", "Of a film", enabled=film, group=2),
            Command("Source", "One frame back", partial(self.step, -1), ",", enabled=film, group=2),
            Command("Source", "One frame forward", partial(self.step, 1), ".", enabled=film, group=2),
            Command("Source", "Slower", partial(self._change_speed, -1), "[", enabled=film, group=2),
            Command("Source", "Faster", partial(self._change_speed, 1), "]", enabled=film, group=2),
            Command(
                "Source",
                "Loop",
                self._toggle_loop,
                "Shift+L",
                "Begin again at the end",
                checked=self._loops,
                enabled=film,
                group=2,
            ),
            Command(
                "Source",
                "Camera size and rate",
                fill=self.modes.fill,
                enabled=lambda: is_camera(self.session.source),
                group=3,
            ),
            Command("View", "Mirror", self.toggle_mirror, "M", checked=lambda: self.video.mirrored, group=3),
            Command(
                "View",
                "Overlay",
                self.toggle_overlay,
                "H",
                "All that is drawn in the picture: away, and back as it was",
                checked=lambda: self.video.overlay != NOTHING,
                group=3,
            ),
            Command("View", "Next overlay", self.cycle_lines, "L", "Contours, mesh, nothing at all", group=3),
            *overlays,
        ]

    # ------------------------------------------------------------ what the window tells

    def show_face(self, frame: Frame, face: FaceFrame) -> None:
        self.video.show_frame(frame.image, face)
        self._show_place()

    def tick(self, snapshot: Snapshot) -> None:
        self._show_place()
        camera = is_camera(self.session.source) and self.session.running
        self.mode.setVisible(camera)
        if camera:
            given = snapshot.source
            text = mode_text(CameraMode(*given.size, round(given.fps, 1))) if given is not None else "Opening …"
            self.mode.setText(text)
            self.mode.setAccessibleName(f"Camera mode: {text}")
        self._say_lost(self.session.running and snapshot.source_state is SourceState.LOST)

    def set_theme(self, theme: Theme) -> None:
        self.video.set_theme(theme)
        self.bar.set_theme(theme)
        self.mirror.setIcon(themes.icon("mirror", theme.text))
        self.lines.setIcon(themes.icon("mesh", theme.text))

    def reset(self) -> None:
        self.video.clear()
        self.bar.show_position(None, playing=False)

    def _begin(self, _pipeline: object) -> None:
        self._warned = False
        self._name = source_title(self.session.source)  # once it is unplugged nobody knows it any more
        self._place_mirror()

    def _show_place(self) -> None:
        self.bar.show_position(self.film.position, playing=self.film.playing)

    # ------------------------------------------------------------ the film

    def toggle_play(self) -> None:
        self.film.set_paused(self.film.playing)
        self._show_place()

    def seek(self, frame: int) -> None:
        self.film.seek(frame)
        self._warn_recording()
        self._show_place()  # at once, not with the picture

    def step(self, frames: int) -> None:
        self.film.step(frames)
        self._warn_recording()
        self._show_place()

    def _hold(self, held: bool) -> None:
        """While the handle is held the film waits for it."""
        if held:
            self._resume = self.film.playing
        self.film.set_paused(held or not self._resume)

    def _set_speed(self, speed: float) -> None:
        self.film.set_speed(speed)
        self._show_place()

    def _change_speed(self, steps: int) -> None:
        self.film.change_speed(steps)
        self._show_place()

    def _loops(self) -> bool:
        position = self.film.position
        return position is not None and position.loop

    def _toggle_loop(self) -> None:
        self._loop(not self._loops())

    def _loop(self, on: bool) -> None:
        self.film.set_loop(on, keep=self.session.source != "demo")
        self._show_place()

    def _warn_recording(self) -> None:
        """Once a run: rows go on, and who reads them should know."""
        if self.shell.recorder.recording is not None and not self._warned:
            self._warned = True
            self.shell.messages.show_message("info", SEEK_NOTE)

    # ------------------------------------------------------------ looks

    def set_mirrored(self, on: bool) -> None:
        """Picture and face on the screen, from now on for this kind of source."""
        self.shell.preferences.set_value(MIRROR_KEYS[is_camera(self.session.source)], on)
        self._place_mirror()  # also where it was kept like this: the button is to agree

    def toggle_mirror(self) -> None:
        self.set_mirrored(not self.video.mirrored)

    def _place_mirror(self) -> None:
        camera = is_camera(self.session.source)
        on = self.shell.preferences.value(MIRROR_KEYS[camera], camera)
        self.video.mirrored = on
        self.mirror.setChecked(on)
        self.shell.rig.set_mirrored(on)

    def _hear(self, key: str) -> None:
        """A value is another one now, by hand or from a settings file."""
        if key in MIRROR_KEYS.values():
            self._place_mirror()
        elif key == OVERLAY_KEY:
            self.video.overlay = self._kept_overlay()

    def set_overlay(self, overlay: Overlay) -> None:
        self.shell.preferences.set_value(OVERLAY_KEY, asdict(overlay))

    def cycle_lines(self) -> None:
        """Contours, mesh, nothing at all, and contours again with what else was there."""
        now = self.video.overlay
        following = LINES[(LINES.index(now.lines) + 1) % len(LINES)]
        if following == "off":
            self._aside, shown = now, Overlay(lines=following)
        else:
            parts: dict[str, Any] = {name: self._shows(name) or getattr(self._aside, name) for name in PARTS_TEXT}
            self._aside, shown = Overlay(), Overlay(lines=following, **parts)
        self.set_overlay(shown)

    def toggle_overlay(self) -> None:
        """Nothing at all, or again what was there."""
        now = self.video.overlay
        if now == NOTHING:
            self.set_overlay(self._aside)
        else:
            self._aside = now
            self.set_overlay(NOTHING)

    def toggle_part(self, name: str) -> None:
        """One of ``PARTS_TEXT``."""
        changed: dict[str, Any] = {name: not self._shows(name)}
        self.set_overlay(replace(self.video.overlay, **changed))

    def _shows(self, name: str) -> bool:
        return bool(getattr(self.video.overlay, name))

    def _kept_overlay(self) -> Overlay:
        """What was shown last; what does not fit is as at the start."""
        kept: dict[str, Any] = self.shell.preferences.value(OVERLAY_KEY, {})
        usual = Overlay()
        fits = {
            field.name: kept[field.name]
            for field in fields(Overlay)
            if type(kept.get(field.name)) is type(getattr(usual, field.name))
        }
        return Overlay(**fits) if fits.get("lines", usual.lines) in LINES else usual

    def _fill_overlay(self, menu: QMenu) -> None:
        menu.clear()
        group = QActionGroup(menu)
        for name, text in LINES_TEXT.items():
            action = QAction(text, menu, checkable=True, checked=name == self.video.overlay.lines)
            action.triggered.connect(partial(self._choose_lines, name))
            group.addAction(action)
            menu.addAction(action)
        menu.addSeparator()
        for name, (text, _, tip) in PARTS_TEXT.items():
            action = QAction(text, menu, checkable=True, checked=self._shows(name))
            action.setToolTip(tip)
            action.triggered.connect(partial(self._choose_part, name))
            menu.addAction(action)

    def _choose_lines(self, name: str, _on: bool = False) -> None:
        self.set_overlay(replace(self.video.overlay, lines=name))

    def _choose_part(self, name: str, _on: bool = False) -> None:
        self.toggle_part(name)

    # ------------------------------------------------------------ cameras

    def _say_lost(self, lost: bool) -> None:
        if lost == self._lost:
            return
        self._lost = lost
        name, messages = self._name, self.shell.messages
        if lost:
            text = f"{name} is gone: plug it in again, or close what took it, and it goes on by itself"
            messages.show_message("warning", text, cause=LOST_CAUSE)
        else:
            messages.withdraw(LOST_CAUSE)
            if self.session.running and not self.session.stopping:
                messages.show_message("info", f"{name} is back")

    def _say_cameras(self, came: list[str], went: list[str]) -> None:
        if came:
            self.shell.messages.show_message("info", f"plugged in: {', '.join(came)}; choose it as the source")
        if went and not is_camera(self.session.source):
            self.shell.messages.show_message("info", f"unplugged: {', '.join(went)}")
