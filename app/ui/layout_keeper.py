"""Where the window and its panels are, kept in the settings and restored from them."""

from PySide6.QtCore import QByteArray, QTimer
from PySide6.QtWidgets import QWidget

from app.ui.docks import Docks
from app.ui.message_bar import MessageBar
from app.ui.preferences import Preferences


class LayoutKeeper:
    """What was kept by another version and does not fit is told, and panels are in their places."""

    def __init__(self, window: QWidget, docks: Docks, preferences: Preferences, messages: MessageBar) -> None:
        self._window, self._docks = window, docks
        self._preferences, self._messages = preferences, messages
        self._sized = False

    def restore(self) -> None:
        layout = self._preferences.value("window/layout", "")
        self._sized = bool(layout)
        if layout and not self._docks.restore(layout):
            self._messages.show_message(
                "info", "the layout of the last version does not fit: panels are in their places"
            )
        geometry = QByteArray.fromBase64(self._preferences.value("window/geometry", "").encode("ascii", "ignore"))
        if not geometry.isEmpty():
            self._window.restoreGeometry(geometry)

    def keep(self) -> None:
        self._preferences.set_value("window/geometry", self._window.saveGeometry().toBase64().toStdString())
        self._preferences.set_value("window/layout", self._docks.save())

    def window_shown(self) -> None:
        """Docks have sizes to share out only once the window is laid out."""
        if not self._sized:
            self._sized = True
            QTimer.singleShot(0, self._docks, self._docks.share_out)
