"""The line at the foot: painted where something changed, though it is told several times a second."""

from typing import Any

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

from app.ui.status_line import Status, StatusLine
from app.ui.style.theme import DARK, LIGHT


class Painted(QObject):
    """How often a widget was painted."""

    def __init__(self) -> None:
        super().__init__()
        self.times = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.times += event.type() == QEvent.Type.Paint
        return False


def test_the_dot_is_painted_when_its_colour_changes_and_not_otherwise(qtbot: Any) -> None:
    line, painted = StatusLine(DARK), Painted()
    qtbot.addWidget(line)
    line.show()
    line.show_status(Status("Tracking", "good", fps=30.0))
    qtbot.waitExposed(line)
    QApplication.processEvents()
    line._dot.installEventFilter(painted)
    for fps in (29.0, 30.0, 31.0):
        line.show_status(Status("Tracking", "good", fps=fps))
        QApplication.processEvents()
    assert painted.times == 0
    assert "31.0 fps" in line.text()
    line.show_status(Status("Face lost", "warn"))
    qtbot.waitUntil(lambda: painted.times == 1)
    assert line._dot.colour.name() == DARK.warn
    line.set_theme(LIGHT)
    line.show_status(Status("Face lost", "warn"))
    assert line._dot.colour.name() == LIGHT.warn
