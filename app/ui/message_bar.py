"""One clear line under the toolbar: what went wrong and what to do, until it is read."""

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton

from app.ui import theme as themes
from app.ui.theme import Theme, set_property

INFO_MS = 8000


class ElidedLabel(QLabel):
    """A line that ends in … where there is no room; the whole of it is in the tooltip."""

    def __init__(self, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        super().__init__()
        self._mode, self._whole = mode, ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def set_whole(self, text: str) -> None:
        self._whole = text
        self._fit()

    def whole(self) -> str:
        return self._whole

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        shown = self.fontMetrics().elidedText(self._whole, self._mode, self.width())
        self.setText(shown)
        self.setToolTip(self._whole if shown != self._whole else "")

    def minimumSizeHint(self) -> QSize:
        return QSize(40, super().minimumSizeHint().height())


class MessageBar(QFrame):
    """Hidden while there is nothing to say. Errors and warnings stay until dismissed; news goes by itself."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("message")
        self._label = ElidedLabel()
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._close = QToolButton()
        self._close.setProperty("role", "quiet")
        self._close.setToolTip("Dismiss (Esc)")
        self._close.setAccessibleName("Dismiss message")
        self._close.clicked.connect(self.dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        row.addWidget(self._label, 1)
        row.addWidget(self._close)
        self._timer = QTimer(self, singleShot=True, interval=INFO_MS)
        self._timer.timeout.connect(self.dismiss)
        self.set_theme(theme)
        self.hide()

    @property
    def text(self) -> str:
        """The whole line; empty while hidden."""
        return self._label.whole() if not self.isHidden() else ""

    def set_theme(self, theme: Theme) -> None:
        self._close.setIcon(themes.icon("close", theme.muted))

    def show_message(self, kind: str, text: str) -> None:
        """``error``, ``warning`` or ``info``, one line. News never replaces an error that was not dismissed."""
        if kind == "info" and not self.isHidden() and self.property("kind") == "error":
            return
        self._label.set_whole(" ".join(text.split())[:1].upper() + " ".join(text.split())[1:])
        set_property(self, "kind", kind)
        self.show()
        if kind == "info":
            self._timer.start()
        else:
            self._timer.stop()

    def dismiss(self) -> None:
        self._timer.stop()
        self.hide()
