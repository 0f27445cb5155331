"""What a dock shows, and what every panel is given: the seam between the window and its panels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QWidget

from app.ui.keyboard import press_with_enter
from app.ui.style.theme import Theme

if TYPE_CHECKING:
    from app.capture import Frame
    from app.face_frame import FaceFrame
    from app.pipeline import Snapshot
    from app.ui.jobs import Jobs
    from app.ui.menus import Command
    from app.ui.message_bar import MessageBar
    from app.ui.output.recorder import Recorder
    from app.ui.output.streams import Streams
    from app.ui.output.take_player import TakePlayer
    from app.ui.preferences import Preferences
    from app.ui.session import Session
    from app.ui.stage.rig_view import RigView
    from app.ui.tracking.countdown import Countdown


@dataclass(frozen=True)
class Shell:
    """What the panels share. Panels talk to each other through these, never directly."""

    session: "Session"
    preferences: "Preferences"
    messages: "MessageBar"
    jobs: "Jobs"
    rig: "RigView"
    theme: Theme
    """At the start; ``Panel.set_theme`` tells of later ones."""
    countdown: "Countdown"
    """Before a calibration: started by whoever asks for one, shown by all."""
    streams: "Streams"
    recorder: "Recorder"
    player: "TakePlayer"
    """Plays a take on the 3D face instead of live frames."""


class Panel(QWidget):
    """The inside of one dock. All methods are called on the GUI thread; a panel overrides what it needs.

    A panel scrolls (a ``QScrollArea`` inside it) where it has no room, instead of making the window grow.
    """

    title: ClassVar[str] = ""
    """In the dock's title, its tab and the View menu."""
    wanted = Signal(str)
    """The name of a panel that should be brought to the front, in ``app.ui.panels.PANELS``."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self.shell = shell
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)  # else its background is the window's
        self.setAccessibleName(self.title)

    def show_face(self, frame: "Frame", face: "FaceFrame") -> None:
        """The newest frame and what was found in it; only while the panel can be seen."""

    def show_take(self, face: "FaceFrame") -> None:
        """A face of a take that is played back: live frames are not shown meanwhile. Only while it can be seen."""

    def tick(self, snapshot: "Snapshot") -> None:
        """About five times a second, seen or not: how the run is doing (an empty ``Snapshot`` while nothing runs)."""

    def set_theme(self, theme: Theme) -> None:
        """Colours for what is painted by hand; widgets are dressed by the style sheet."""

    def reset(self) -> None:
        """Another source begins: nothing of the last one may stay on the screen."""

    def commands(self) -> Sequence["Command"]:
        """What it adds to the menus. Asked once, when the window is made."""
        return ()

    def set_in_sight(self, on: bool) -> None:
        """Behind another tab its labels' mnemonics (Alt and a letter) belong to those that can be seen."""
        for label in self.findChildren(QLabel):
            if label.buddy() is not None:
                label.setEnabled(on)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not press_with_enter(event):  # here, too: a panel that floats is a window of its own
            super().keyPressEvent(event)

    def close_down(self) -> None:
        """The window closes: end timers and threads of one's own."""
