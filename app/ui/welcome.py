"""The first start: which camera, how the face rests, where to send. Three steps, each can be left out."""

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QRadioButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.ui.destinations import DestinationsPage
from app.ui.panel import Shell
from app.ui.picture.cameras import Cameras
from app.ui.picture.video_view import VideoView
from app.ui.style.theme import GAP, MARGIN, Theme, set_role

if TYPE_CHECKING:
    from app.capture import Frame
    from app.face_frame import FaceFrame
    from app.pipeline import Snapshot

DONE_KEY: Final = "welcome/done"
SIZE: Final = (720, 600)
STEPS: Final = (
    ("Your camera", "Choose where the picture comes from. It stays on this computer."),
    ("Your face at rest", "Expressions are read as differences from your relaxed face, so it helps to know it."),
    ("Where to send it", "You can change this at any time in the panel Output."),
)


class Welcome(QDialog):
    """Beside the window, which goes on working. The window hands it frames as it does its panels."""

    source_chosen = Signal(str)
    open_asked = Signal()
    calibrate_asked = Signal()
    send_chosen = Signal(str, str)
    """Protocol and ``HOST:PORT``."""

    def __init__(self, parent: QWidget, shell: Shell, theme: Theme) -> None:
        super().__init__(parent)
        self.setWindowTitle("Welcome to Mien")
        self.resize(*SIZE)
        self._shell = shell
        self._cameras = Cameras(self)
        self._sources = QButtonGroup(self)
        self._calibrated = self._seen_calibrating = False
        self.heading, self.subtitle = QLabel(), QLabel()
        set_role(self.heading, "title")
        set_role(self.subtitle, "muted")
        self.subtitle.setWordWrap(True)
        self.marks = [QLabel() for _ in STEPS]
        self.pictures = [VideoView(theme), VideoView(theme)]
        self.stack = QStackedWidget()
        self.sending = DestinationsPage()
        for page in (self._camera_page(), self._rest_page(), self.sending):
            self.stack.addWidget(page)
        self._lay_out()
        self._cameras.changed.connect(self._list_sources)
        self._sources.buttonClicked.connect(self._choose_source)
        shell.countdown.changed.connect(self._count)
        self._list_sources()
        self._go(0)

    # ------------------------------------------------------------ making it

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(GAP)
        for i, mark in enumerate(self.marks):
            set_role(mark, "muted")
            mark.setText(f"{i + 1}  {STEPS[i][0]}")
            top.addWidget(mark)
            if i < len(STEPS) - 1:
                top.addWidget(_muted("›"))
        top.addStretch(1)
        self.skip = QPushButton("Skip")
        set_role(self.skip, "quiet")
        self.skip.setToolTip("Close this; Help has it again")
        self.skip.clicked.connect(self.close)
        self.back = QPushButton("Back")
        self.back.clicked.connect(lambda: self._go(self.step - 1))
        self.next = QPushButton()
        set_role(self.next, "primary")
        self.next.setDefault(True)
        self.next.clicked.connect(self._forward)
        for button in (self.back, self.next):
            button.setMinimumWidth(88)
        foot = QHBoxLayout()
        foot.setSpacing(GAP)
        foot.addWidget(self.skip)
        foot.addStretch(1)
        foot.addWidget(self.back)
        foot.addWidget(self.next)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 16, 24, 16)
        column.setSpacing(GAP)
        column.addLayout(top)
        column.addSpacing(GAP)
        column.addWidget(self.heading)
        column.addWidget(self.subtitle)
        column.addSpacing(GAP)
        column.addWidget(self.stack, 1)
        column.addSpacing(GAP)
        column.addLayout(foot)

    def _camera_page(self) -> QWidget:
        page = QWidget()
        self._list = QVBoxLayout()
        self._list.setSpacing(GAP // 2)
        self.open_file = QPushButton("Open a video …")
        self.open_file.clicked.connect(self.open_asked)
        left = QVBoxLayout()
        left.setSpacing(GAP)
        left.addLayout(self._list)
        left.addWidget(self.open_file)
        left.addStretch(1)
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(MARGIN)
        row.addLayout(left, 2)
        row.addWidget(self.pictures[0], 3)
        return page

    def _rest_page(self) -> QWidget:
        page = QWidget()
        self.relax = QPushButton("Relax your face")
        self.relax.setToolTip("3, 2, 1, then one second of your face at rest")
        self.relax.clicked.connect(self._calibrate)
        self.rest_line = QLabel()
        self.rest_line.setWordWrap(True)
        below = QHBoxLayout()
        below.setSpacing(MARGIN)
        below.addWidget(self.relax)
        below.addWidget(self.rest_line, 1)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self.pictures[1], 1)
        column.addLayout(below)
        return page

    # ------------------------------------------------------------ the steps

    @property
    def step(self) -> int:
        return self.stack.currentIndex()

    def _go(self, step: int) -> None:
        self.stack.setCurrentIndex(step)
        title, line = STEPS[step]
        self.heading.setText(title)
        self.subtitle.setText(line)
        for i, mark in enumerate(self.marks):
            set_role(mark, "section" if i == step else "muted")
        self.back.setEnabled(step > 0)
        self.next.setText("Done" if step == len(STEPS) - 1 else "Next")
        self.next.setFocus()
        self._show_rest()
        if (newest := self._shell.session.newest()) is not None:  # a film that stands sends no other
            self.show_face(*newest)

    def _forward(self) -> None:
        if self.step < len(STEPS) - 1:
            self._go(self.step + 1)
            return
        chosen = self.sending.choice()
        if chosen is None:
            return
        if chosen.protocol:
            self.send_chosen.emit(chosen.protocol, chosen.address)
        self.close()

    def _calibrate(self) -> None:
        """The button greys for the countdown, and its focus would go on to Skip: one more Enter, and all is gone.

        A film that stands still is played: its bar is not at hand here.
        """
        self.next.setFocus()
        film = self._shell.session.film
        if film.stands:
            film.set_paused(False)
            self._shell.countdown.start()
        else:
            self.calibrate_asked.emit()

    def done(self, result: int) -> None:
        """However it is closed: by Esc there is no close event."""
        self._shell.preferences.set_value(DONE_KEY, True)
        super().done(result)

    # ------------------------------------------------------------ sources

    def _list_sources(self, *_: object) -> None:
        for button in self._sources.buttons():
            self._sources.removeButton(button)
            button.deleteLater()
        while self._list.count():
            item = self._list.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        for camera in self._cameras.list:
            self._add_source(camera.name, camera.spec)
        if not self._cameras.list:
            self._list.addWidget(_muted("No camera found. It appears here when it is plugged in."))
        self._add_source("Demo (a built-in clip)", "demo")

    def _add_source(self, title: str, spec: str) -> None:
        button = QRadioButton(title)
        button.setProperty("spec", spec)
        button.setChecked(spec == self._shell.session.source)
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        button.setToolTip(title)
        self._sources.addButton(button)
        self._list.addWidget(button)

    def _choose_source(self, button: QRadioButton) -> None:
        for picture in self.pictures:
            picture.clear()
        self.source_chosen.emit(button.property("spec"))

    # ------------------------------------------------------------ what the window tells

    def show_face(self, frame: "Frame", face: "FaceFrame") -> None:
        if self.step < len(self.pictures):
            self.pictures[self.step].show_frame(frame.image, face)
        if face.state == "calibrating":
            self._seen_calibrating = True
        elif self._seen_calibrating and face.state == "tracking":
            self._seen_calibrating, self._calibrated = False, True
        self._show_rest(face.state)

    def tick(self, snapshot: "Snapshot") -> None:
        running = self._shell.session.running
        for picture in self.pictures:
            if not picture.has_picture:
                picture.note = "Opening …" if running else "Choose a camera on the left, or the demo"
            else:
                picture.note = ""
            picture.update()
        self.relax.setEnabled(running and snapshot.frames > 0 and not self._shell.countdown.running)
        if not running:
            self._show_rest("")

    def set_mirrored(self, on: bool) -> None:
        for picture in self.pictures:
            picture.mirrored = on

    def set_theme(self, theme: Theme) -> None:
        for picture in self.pictures:
            picture.set_theme(theme)

    def _count(self, left: int) -> None:
        picture = self.pictures[1]
        picture.big_note = f"{left}\nRelax your face and look at the camera" if left else ""
        picture.update()

    def _show_rest(self, state: str = "tracking") -> None:
        says: dict[str, tuple[str, str]] = {
            "": ("Start a camera or the demo first.", "muted"),
            "searching": ("Looking for a face …", "warn"),
            "lost": ("Looking for a face …", "warn"),
            "calibrating": ("Hold still …", "muted"),
        }
        done = ("Done: Mien knows your face at rest.", "good")
        ready = (
            "Eyes on the camera, mouth closed, brows relaxed. Mien learns by itself, too: this is quicker.",
            "muted",
        )
        text, role = says.get(state, done if self._calibrated else ready)
        if self.rest_line.text() != text:
            self.rest_line.setText(text)
            set_role(self.rest_line, role)


def _muted(text: str) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(len(text) > 20)
    set_role(label, "muted")
    return label
