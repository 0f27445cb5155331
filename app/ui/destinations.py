"""Where to send: the answers to the welcome's last question, one card each."""

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLabel, QLineEdit, QRadioButton, QVBoxLayout, QWidget

from app.config import PROTOCOLS
from app.ui.style.theme import GAP, MARGIN, set_property, set_role

INDENT: Final = 24
"""Of a line under a radio button, to its text."""
THIS_COMPUTER: Final = "127.0.0.1:9000"
ADDRESS_HINT: Final = "host:port, as in 192.168.1.20:9000"
MOST_PORT: Final = 65535


@dataclass(frozen=True, slots=True)
class Destination:
    """One answer."""

    key: str
    title: str
    line: str
    protocol: str = ""
    """Empty: nothing is sent."""
    address: str = ""
    """Empty with a protocol: the user types it."""


DESTINATIONS: Final = tuple(
    one
    for one in (
        Destination("none", "Nowhere for now", "Look around first"),
        Destination("vrchat", "VRChat", "On this computer, port 9000", "vrchat", THIS_COMPUTER),
        Destination(
            "engine", "Unity, Unreal, Godot, TouchDesigner …", "OSC on this computer, port 9000", "mien", THIS_COMPUTER
        ),
        Destination("other", "Another computer or port", "OSC to this address", "mien"),
        Destination("record", "Into files", "One row a frame: press R, or Record at the top of the window", ""),
    )
    if not one.protocol or one.protocol in PROTOCOLS
)
"""Those whose protocol is there."""


class DestinationsPage(QWidget):
    """``choice`` is the answer that is ticked, with the address typed for it."""

    def __init__(self) -> None:
        super().__init__()
        self.group = QButtonGroup(self)
        """Ids are places in ``DESTINATIONS``."""
        self.address = QLineEdit(placeholderText=ADDRESS_HINT)
        self.address.setAccessibleName("Address, host and port")
        self.address.setFixedWidth(280)
        self._hint = QLabel()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        for i, one in enumerate(DESTINATIONS):
            column.addWidget(self._card(one, i))
        column.addStretch(1)

    def _card(self, one: Destination, number: int) -> QFrame:
        button = QRadioButton(one.title)
        button.setChecked(number == 0)
        button.setToolTip(one.line)
        self.group.addButton(button, number)
        line = QLabel(one.line)
        set_role(line, "muted")
        line.setContentsMargins(INDENT, 0, 0, 0)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(button)
        words.addWidget(line)
        card = Card(button)
        row = QHBoxLayout(card)
        row.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        row.addLayout(words, 1)
        if one.protocol and not one.address:
            row.addWidget(self.address)
            self._hint, self._line = line, one.line
            self.address.textEdited.connect(lambda _, button=button: self._typed(button))
        return card

    def _typed(self, button: QRadioButton) -> None:
        button.setChecked(True)
        self._complain(False)

    def _complain(self, on: bool) -> None:
        set_property(self.address, "bad", "true" if on else "false")
        self._hint.setText(f"Write {ADDRESS_HINT}" if on else self._line)
        set_role(self._hint, "bad" if on else "muted")

    def choice(self) -> Destination | None:
        """None where an address is missing or is none: the page says so, and where to write it."""
        chosen = DESTINATIONS[self.group.checkedId()]
        if not chosen.protocol or chosen.address:
            return chosen
        address = self.address.text().strip()
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) <= MOST_PORT:
            self._complain(True)
            self.address.setFocus()
            return None
        return Destination(chosen.key, chosen.title, chosen.line, chosen.protocol, address)


class Card(QFrame):
    """A click anywhere on it is one on its button."""

    def __init__(self, button: QRadioButton) -> None:
        super().__init__()
        self._button = button
        set_role(self, "card")
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._button.setFocus(Qt.FocusReason.MouseFocusReason)
            self._button.click()
