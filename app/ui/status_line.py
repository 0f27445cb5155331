"""The line at the foot: what the tracker is doing, how fast, how late, where, and what leaves the program."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from app.ui.message_bar import ElidedLabel
from app.ui.theme import Theme


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
    dropped: int | None = None
    place: str = ""
    output: str = ""


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


class StatusLine(QFrame):
    """Fixed places, so that numbers change and words do not jump."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("status")
        self.theme = theme
        self._dot = _Dot()
        self._labels = {name: QLabel() for name in ("state", "fps", "latency", "device", "dropped")}
        self._labels["state"].setObjectName("state")
        self._output = ElidedLabel(Qt.TextElideMode.ElideMiddle)
        self._output.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 5, 12, 5)
        row.setSpacing(16)
        row.addWidget(self._dot)
        row.setSpacing(8)
        for name, width, tip in (
            ("state", 84, "What the tracker is doing"),
            ("fps", 58, "Frames per second, over the last two seconds"),
            ("latency", 168, "Median time from capture until the last output was written"),
            ("device", 40, "Where the networks really run"),
            ("dropped", 76, "Camera frames that came too fast to be measured"),
        ):
            label = self._labels[name]
            label.setMinimumWidth(width)
            label.setToolTip(tip)
            row.addWidget(label)
            if name != "dropped":
                row.addSpacing(6)
        row.addWidget(self._output, 1)
        self.show_status(Status())

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.update()

    def show_status(self, status: Status) -> None:
        self._dot.colour = QColor(getattr(self.theme, status.mood))
        self._dot.update()
        texts = {
            "state": status.state,
            "fps": "" if status.fps is None else f"{status.fps:.1f} fps",
            "latency": "" if status.latency_ms is None else f"{status.latency_ms:.1f} ms capture → {status.latency_to}",
            "device": status.device.upper(),
            "dropped": "" if status.dropped is None else f"{status.dropped} dropped",
        }
        for name, text in texts.items():
            self._labels[name].setText(text)
        self._output.set_whole("   ".join(part for part in (status.output, status.place) if part))

    def text(self) -> str:
        """All of it as one line."""
        words = [label.text() for label in self._labels.values()] + [self._output.whole()]
        return " | ".join(word for word in words if word)
