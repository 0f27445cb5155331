"""The line at the foot: what the tracker is doing, how fast, how late, where, and what leaves the program."""

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from app.pipeline import Snapshot, State
from app.ui.message_bar import ElidedLabel
from app.ui.output.recorder import Recorder
from app.ui.output.streams import Streams
from app.ui.picture.cameras import source_title
from app.ui.session import Session
from app.ui.style.theme import Theme, tabular

STATES: Final = {
    "searching": ("Searching", "warn"),
    "calibrating": ("Calibrating", "accent"),
    "tracking": ("Tracking", "good"),
    "lost": ("Face lost", "warn"),
}
"""What a ``FaceFrame.state`` is called, and its colour in the theme."""
NOTES: Final = {
    "searching": "Looking for a face …",
    "lost": "Face lost",
    "calibrating": "Calibrating: keep your face relaxed",
}
"""What the picture says about it."""


@dataclass(frozen=True, slots=True)
class Status:
    """What the line says; empty texts are left out."""

    state: str = "Stopped"
    mood: str = "muted"
    """Which colour of the theme the dot has."""
    fps: float | None = None
    latency_ms: float | None = None
    latency_to: str = "OSC"
    """Where latency is measured to, from capture."""
    device: str = ""
    model: str = ""
    """The regressor."""
    dropped: int | None = None
    place: str = ""
    output: str = ""


def on_air(session: Session, snapshot: Snapshot) -> bool:
    """Frames are coming, so that there is something to calibrate and record."""
    return session.running and snapshot.state is State.RUNNING and not session.stopping


def status_of(session: Session, streams: Streams, recorder: Recorder, snapshot: Snapshot, state: str) -> Status:
    """What the line says now; ``state`` is that of the newest ``FaceFrame``."""
    if not session.running:
        return Status()
    if not on_air(session, snapshot):
        return Status("Stopping" if session.stopping else "Starting", "accent", device=session.device)
    word, mood = STATES.get(state, (state.capitalize(), "muted"))
    if snapshot.source_state.value == "lost":
        word, mood = "Camera lost", "record"
    total = (snapshot.latency or {}).get("total")
    place = ""
    film = session.film.position
    if film is not None and film.paused:
        word, mood = "Paused", "muted"
    if film is not None and film.length:
        place = f"frame {film.frame + 1} of {film.length}"
    output = ""
    if streams.on:
        where = streams.on[0].settings.title if len(streams.on) == 1 else f"{len(streams.on)} streams"
        lost = sum(stream.lost for stream in streams.on)
        output = f"OSC → {where}: {sum(stream.sent for stream in streams.on)} sent"
        output += f", {lost} not sent" if lost else ""
    return Status(
        state=word,
        mood=mood,
        fps=snapshot.fps,
        latency_ms=total.p50_ms if total is not None else None,
        latency_to="OSC" if streams.sending else "CSV" if recorder.recording is not None else "data",
        device=session.device,
        model=session.model,
        dropped=snapshot.dropped,
        place=place,
        output=output,
    )


def note_of(session: Session, snapshot: Snapshot, state: str, has_picture: bool) -> str:
    """What is written into the live picture, or in its place."""
    if not session.running:
        if has_picture:
            return "Stopped"
        return "Choose a camera, open a video (or drop one here), or play the demo"
    if not has_picture:
        return f"Opening {source_title(session.source)} …" if snapshot.source is None else "Loading the tracker …"
    if snapshot.source_state.value == "lost":
        return "The camera is gone; waiting for it to come back"
    return NOTES.get(state, "")


class _Dot(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.colour = QColor("grey")
        self.setFixedSize(QSize(12, 12))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.colour)
        painter.drawEllipse(QPointF(6, 6), 4.5, 4.5)


PLACES: Final = (
    ("state", "Calibrating  ", "What the tracker is doing"),
    ("fps", "120.0 fps", "Frames per second, over the last two seconds"),
    ("latency", "888.8 ms capture → data", "Median time from capture until the last output was written"),
    ("device", "geometric on CUDA", "The regressor, and where the networks really run"),
    ("dropped", "88888 dropped", "Camera frames that came too fast to be measured"),
)
"""Each label, the widest it says, and its tip."""
PLACE_GAP: Final = 8


class StatusLine(QFrame):
    """Fixed places, so that numbers change and words do not jump."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("status")
        self.theme = theme
        self._dot = _Dot()
        self._labels = {name: QLabel() for name, _, _ in PLACES}
        self._labels["state"].setObjectName("state")
        self._output = ElidedLabel(Qt.TextElideMode.ElideMiddle)
        self._output.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 12, 4)
        row.setSpacing(8)
        row.addWidget(self._dot)
        for name, widest, tip in PLACES:
            label = self._labels[name]
            label.setFont(tabular(label.font()))
            label.setFixedWidth(label.fontMetrics().horizontalAdvance(widest) + PLACE_GAP)
            label.setToolTip(tip)
            label.setAccessibleName(tip)
            row.addWidget(label)
        row.addWidget(self._output, 1)
        self.show_status(Status())

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.update()

    def show_status(self, status: Status) -> None:
        colour = QColor(getattr(self.theme, status.mood))
        if colour != self._dot.colour:
            self._dot.colour = colour
            self._dot.update()
        texts = {
            "state": status.state,
            "fps": "" if status.fps is None else f"{status.fps:.1f} fps",
            "latency": "" if status.latency_ms is None else f"{status.latency_ms:.1f} ms capture → {status.latency_to}",
            "device": f"{status.model} on {status.device.upper()}" if status.model else status.device.upper(),
            "dropped": "" if status.dropped is None else f"{status.dropped} dropped",
        }
        for name, text in texts.items():
            self._labels[name].setText(text)
        self._output.set_whole("   ".join(part for part in (status.output, status.place) if part))

    def text(self) -> str:
        """All of it as one line."""
        words = [label.text() for label in self._labels.values()] + [self._output.whole()]
        return " | ".join(word for word in words if word)
