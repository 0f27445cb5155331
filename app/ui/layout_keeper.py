"""Where the window and its panels are, kept in the settings and restored from them."""

import re
from typing import Final

from PySide6.QtCore import QByteArray, QPoint, QRect, QSize, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from app.ui.docks import Docks
from app.ui.face_room import SEPARATOR
from app.ui.message_bar import MessageBar
from app.ui.preferences import Preferences

FIRST_SIZE: Final = QSize(1280, 800)
LEAST_SIZE: Final = QSize(900, 600)
"""Less only on a screen that has no room for this and a frame around it."""
TOP_PX, SEEN_PX = 24, 200
"""So much of a window's top has to be on a screen: there it can be taken by the mouse."""
FRAME_MS: Final = (0, 300)
"""After it is shown: when the desktop has put a frame around the window, and later still on slow ones."""


class LayoutKeeper:
    """What was kept by another version and does not fit is told, and panels are in their places."""

    def __init__(self, window: QWidget, docks: Docks, preferences: Preferences, messages: MessageBar) -> None:
        self._window, self._docks = window, docks
        self._preferences, self._messages = preferences, messages
        self._sized = self._at_first = False
        self._too_large = False
        """It was kept on a screen that is larger than those here."""
        window.setMinimumSize(LEAST_SIZE)
        window.resize(FIRST_SIZE)

    def restore(self) -> None:
        layout = self._preferences.value("window/layout", "")
        self._sized = bool(layout)
        if layout and not self._docks.restore(layout):
            self._messages.show_message(
                "info", "the layout of the last version does not fit: panels are in their places"
            )
        state, _, place = self._preferences.value("window/geometry", "").partition(SEPARATOR)
        geometry = QByteArray.fromBase64(state.encode("ascii", "ignore"))
        if not geometry.isEmpty():
            self._window.restoreGeometry(geometry)
            self._put(place)

    def _put(self, kept: str) -> None:
        """Exactly where it was, on a screen that has room for it: Qt by itself keeps off the screen's edges, by what it
        believes a frame to be."""
        numbers = re.findall(r"-?\d{1,5}", kept)
        if len(numbers) != 4 or self._window.isMaximized() or self._window.isFullScreen():
            return
        place = QRect(*map(int, numbers))
        top = QRect(place.topLeft(), QSize(place.width(), TOP_PX))
        rooms = [screen.availableGeometry() for screen in QGuiApplication.screens()]
        self._too_large = all(room.width() < place.width() or room.height() < place.height() for room in rooms)
        seen = [room & top for room in rooms if room.width() >= place.width() and room.height() >= place.height()]
        if any(part.width() >= SEEN_PX and part.height() == TOP_PX for part in seen):
            self._window.setGeometry(place)

    def keep(self) -> None:
        state = self._window.saveGeometry().toBase64().toStdString()
        place = self._window.normalGeometry()
        numbers = f"{place.x()},{place.y()},{place.width()},{place.height()}"
        self._preferences.set_value("window/geometry", f"{state}{SEPARATOR}{numbers}")
        self._preferences.set_value("window/layout", self._docks.save())

    def window_shown(self) -> None:
        """Docks have sizes to share out only once the window is laid out."""
        self._at_first = not self._sized
        if self._at_first:
            self._sized = True
            QTimer.singleShot(0, self._docks, self._docks.share_out)
        for wait_ms in FRAME_MS:
            QTimer.singleShot(wait_ms, self._window, self._fit)

    def _fit(self) -> None:
        """The first time, after a larger screen, and where the frame leaves less than the least size: all of it is on
        this screen, frame and the line at its foot, too."""
        frame, room = self._window.frameGeometry(), self._window.screen().availableGeometry()
        over = (frame.size() - room.size()).expandedTo(QSize(0, 0))
        least = LEAST_SIZE.boundedTo(room.size() - (frame.size() - self._window.size()))
        if least != self._window.minimumSize():
            self._window.setMinimumSize(least)
        here = self._too_large or (self._at_first and self._window.size() == FIRST_SIZE) or least != LEAST_SIZE
        if here and not over.isNull() and not (self._window.isMaximized() or self._window.isFullScreen()):
            self._window.resize(self._window.size() - over)
            most = room.bottomRight() - QPoint(frame.width() - over.width() - 1, frame.height() - over.height() - 1)
            x, y = min(frame.x(), most.x()), min(frame.y(), most.y())
            self._window.move(max(room.left(), x), max(room.top(), y))
