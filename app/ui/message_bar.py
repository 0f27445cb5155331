"""A card over the 3D face: what went wrong and what to do, until it is read. Details where asked for."""

import re
import time
from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleEvent, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.errors import UserError, told_by
from app.ui.notices import Notice
from app.ui.style import theme as themes
from app.ui.style.icons import icon_size
from app.ui.style.theme import GAP, Theme, set_property
from app.ui.style.wrapped_label import WrappedLabel

INFO_MS = 8000
READ_S: Final = 8.0
"""After that a message was there to be read."""
MAX_MESSAGES: Final = 20
"""More causes than these at once help nobody: the oldest of the least important goes."""
RANK: Final = {"error": 0, "warning": 1, "info": 2}
COLOURS: Final = {"error": "bad", "warning": "warn", "info": "accent"}
"""Colour of the theme for each kind's icon."""
DETAIL_HEIGHT, DETAIL_FRAME = 120, 20
"""Pixels at most, and of the frame."""
BESIDE_LINES: Final = 2
"""With more, the buttons stand under the text."""
ICON_PX: Final = 16


class ElidedLabel(QLabel):
    """A line that ends in … where there is no room; the whole of it is in the tooltip."""

    def __init__(self, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight, *, grows: bool = True) -> None:
        """``grows``: takes all the room that it is given, else no more than its text needs."""
        super().__init__()
        self._mode, self._whole = mode, ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        across = QSizePolicy.Policy.Ignored if grows else QSizePolicy.Policy.Maximum
        self.setSizePolicy(across, QSizePolicy.Policy.Preferred)

    def set_whole(self, text: str) -> None:
        if text != self._whole:
            self._whole = text
            self.updateGeometry()
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

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._whole) + 1, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(40, super().minimumSizeHint().height())


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be read."""

    kind: str
    text: str
    detail: str
    cause: str
    since_s: float
    """``time.monotonic()`` of its last time."""
    times: int = 1


class MessageBar(Notice):
    """Hidden while there is nothing to say. Errors and warnings stay until dismissed; news goes by itself.

    News is seen at once, before older errors, unless these only just came.
    There is one message for each cause: the same again takes the place of the one before and is counted. Its buttons
    stay where they are whatever it says.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("message")
        self._theme = theme
        self._messages: list[Message] = []
        self._icon = QLabel()
        self._icon.setFixedSize(icon_size(ICON_PX))
        self._label = WrappedLabel()
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._more = QLabel()
        self._more.setProperty("role", "muted")
        self._more.setToolTip("Dismiss this one (Esc) to read the next")
        self._details = self._button("Details", "Show or hide what is known about it")
        self._details.setCheckable(True)
        self._details.toggled.connect(self._show_detail)
        self._copy = self._button("Copy", "Copy the message and its details")
        self._copy.clicked.connect(self._copy_message)
        self._close = self._button("", "Dismiss (Esc)")
        self._close.setAccessibleName("Dismiss message")
        self._close.clicked.connect(self.dismiss)
        self._detail = QPlainTextEdit()
        self._detail.setReadOnly(True)
        self._detail.setAccessibleName("Details of the message")
        self._lay_out()
        self._timer = QTimer(self, singleShot=True, interval=INFO_MS)
        self._timer.timeout.connect(self._let_news_go)
        self.set_theme(theme)
        self._refresh()

    def _lay_out(self) -> None:
        """Buttons in the lower right corner: what stands above them may grow."""
        self._tools = QHBoxLayout()
        self._tools.setSpacing(4)
        self._tools.addStretch(1)
        for part in (self._more, self._details, self._copy, self._close):
            self._tools.addWidget(part)
        foot = QVBoxLayout()
        foot.addStretch(1)
        foot.addLayout(self._tools)
        said = QHBoxLayout()
        said.setSpacing(8)
        said.setContentsMargins(0, 4, 0, 4)
        said.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        said.addWidget(self._label, 1)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(12, 8, 8, 8)
        self._row.setSpacing(4)
        self._row.addLayout(said, 1)
        self._row.addWidget(self._detail)
        self._row.addLayout(foot)

    @property
    def reached_by_tab(self) -> list[QWidget]:
        """In order."""
        return [self._detail, self._details, self._copy, self._close]

    def height_for(self, width: int, room: int) -> int:
        """The buttons stand beside a short text, and below a long one or its details."""
        margins = self._row.contentsMargins()
        taken = self._icon.width() + 4 * GAP + self._tools.sizeHint().width()
        beside = width - margins.left() - margins.right() - taken
        short = self._detail.isHidden() and self._label.n_lines(beside) <= BESIDE_LINES
        way = QBoxLayout.Direction
        self._row.setDirection(way.LeftToRight if short else way.TopToBottom)
        return super().height_for(width, room)

    def _button(self, text: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(tip)
        button.setProperty("role", "quiet")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    # ------------------------------------------------------------ what is said

    @property
    def text(self) -> str:
        """The whole line that is shown; empty while hidden."""
        return self._messages[0].text if self._messages else ""

    @property
    def messages(self) -> list[Message]:
        """All that was not dismissed, the one on the screen first."""
        return list(self._messages)

    def show_message(self, kind: str, text: str, detail: str = "", cause: str = "") -> None:
        """``error``, ``warning`` or ``info``, one line; ``detail`` may have many.

        ``cause`` tells messages of one cause from others; by default the text with its numbers left out does.
        """
        line = " ".join(text.split())
        if not set(line.partition(" ")[0]) & set("./\\_"):  # a file's name stays as it is
            line = line[:1].upper() + line[1:]
        cause = cause or re.sub(r"\d+", "#", line)
        new = Message(kind, line, detail.strip(), cause, time.monotonic())
        for old in self._messages:
            if old.cause == cause:
                new = replace(new, times=old.times + 1)
        kept = [message for message in self._messages if message.cause != cause]
        # A stable sort: of one rank, the newest comes first.
        self._messages = sorted([new, *kept], key=lambda message: self._rank(message, new))[:MAX_MESSAGES]
        self._refresh()
        if self._messages[0] is new and new.times == 1:  # read out at once, as an alert
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def _rank(self, message: Message, new: Message) -> int:
        """News comes before what was there to be read: else nothing says that a file was saved."""
        read = new.since_s - message.since_s >= READ_S and not self._details.isChecked()
        return RANK[message.kind] + (len(RANK) if new.kind == "info" and read else 0)

    def show_error(self, error: UserError, cause: str = "") -> None:
        """Its line; what the machine said is to be had as details."""
        self.show_message("error", str(error), told_by(error), cause)

    def dismiss(self) -> None:
        """The message on the screen was read: on to the next."""
        self._messages = self._messages[1:]
        self._details.setChecked(False)
        self._refresh()

    def clear(self, keep: str = "") -> None:
        """Nothing that was said matters any more, but causes that begin with ``keep``."""
        self._messages = [message for message in self._messages if keep and message.cause.startswith(keep)]
        self._details.setChecked(False)
        self._refresh()

    def withdraw(self, cause: str) -> None:
        """What this message said is no longer so."""
        self._messages = [message for message in self._messages if message.cause != cause]
        self._refresh()

    def _let_news_go(self) -> None:
        now = time.monotonic()
        left = [m for m in self._messages if m.kind != "info" or 1e3 * (now - m.since_s) < INFO_MS - 50]
        self._messages = sorted(left, key=lambda message: RANK[message.kind])
        self._refresh()

    # ------------------------------------------------------------ how it looks

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._close.setIcon(themes.icon("close", theme.muted))
        self._refresh()

    def _refresh(self) -> None:
        self._start_timer()
        if not self._messages:
            self._detail.hide()
            self.hide()
            return
        top = self._messages[0]
        set_property(self, "kind", top.kind)
        colour = getattr(self._theme, COLOURS[top.kind])
        self._icon.setPixmap(themes.icon(top.kind, colour).pixmap(icon_size(ICON_PX)))
        self._label.set_whole(top.text)
        self.setAccessibleName(f"{top.kind}: {top.text}")
        said = f"{top.times} times" if top.times > 1 else ""
        others = f"{len(self._messages) - 1} more" if len(self._messages) > 1 else ""
        self._more.setText("  ".join(part for part in (said, others) if part))
        self._more.setVisible(bool(said or others))
        self._details.setVisible(bool(top.detail))
        self._copy.setVisible(bool(top.detail))
        self._detail.setPlainText(top.detail)
        lines = len(top.detail.splitlines()) + 1
        self._detail.setFixedHeight(min(lines * self._detail.fontMetrics().lineSpacing() + DETAIL_FRAME, DETAIL_HEIGHT))
        self._detail.setVisible(bool(top.detail) and self._details.isChecked())
        self.show()

    def _start_timer(self) -> None:
        news = [m.since_s for m in self._messages if m.kind == "info"]
        if news:
            self._timer.start(max(1, int(INFO_MS - 1e3 * (time.monotonic() - min(news)))))
        else:
            self._timer.stop()

    def _show_detail(self, on: bool) -> None:
        self._detail.setVisible(on and bool(self._messages and self._messages[0].detail))

    def _copy_message(self) -> None:
        top = self._messages[0]
        QGuiApplication.clipboard().setText(f"{top.text}\n\n{top.detail}\n")
