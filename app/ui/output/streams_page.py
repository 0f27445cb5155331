"""The output panel's page of streams: one card each, and one more."""

from typing import Any

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from app.errors import UserError
from app.pipeline import Snapshot, State
from app.ui.message_bar import MessageBar
from app.ui.output.stream_card import StreamCard
from app.ui.output.streams import Stream, Streams
from app.ui.style.panel_scroll import PanelScroll
from app.ui.style.tab_order import tab_after
from app.ui.style.theme import GAP, Theme, set_role

EMPTY = "Nothing is sent anywhere.\nA stream hands the face to a game engine, frame by frame, over the network."


class StreamsPage(PanelScroll):
    """Cards in the order of the streams."""

    def __init__(self, streams: Streams, messages: MessageBar, theme: Theme) -> None:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(GAP)
        super().__init__(body)
        self._streams, self._messages, self._theme = streams, messages, theme
        self.cards: list[StreamCard] = []
        self.empty = QLabel(EMPTY)
        self.empty.setWordWrap(True)
        set_role(self.empty, "muted")
        self.add = QPushButton("Add stream")
        self.add.setToolTip("One more receiver; several can be sent to at once")
        self.add.clicked.connect(self._add)
        self._list = QVBoxLayout()
        self._list.setSpacing(GAP)
        column.addWidget(self.empty)
        column.addLayout(self._list)
        column.addWidget(self.add)
        column.addStretch(1)
        streams.changed.connect(self._show_streams)
        self._show_streams()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for card in self.cards:
            card.set_theme(theme)

    def tick(self, snapshot: Snapshot) -> None:
        for card in self.cards:
            card.show_state(running=snapshot.state is State.RUNNING)

    def card(self, stream: Stream) -> StreamCard:
        """Raises ``StopIteration`` for a stream that is none of these."""
        return next(card for card in self.cards if card.stream is stream)

    def _show_streams(self) -> None:
        """Cards for new streams, none for those that went; the others stay as they are, unfolded or not."""
        wanted = self._streams.streams
        for card in [card for card in self.cards if card.stream not in wanted]:
            self.cards.remove(card)
            self._list.removeWidget(card)
            card.hide()
            card.deleteLater()
        have = [card.stream for card in self.cards]
        for stream in wanted:
            if stream not in have:
                card = StreamCard(stream, self._theme)
                card.edited.connect(self._edit)
                card.removed.connect(self._streams.remove)
                card.unfolded.connect(self._bring_into_sight)
                self.cards.append(card)
                self._list.addWidget(card)
                card.show()
        for card in self.cards:
            card.show_settings()
        self._order_tabs()
        self.empty.setVisible(not wanted)

    def showEvent(self, event: QShowEvent) -> None:
        self._order_tabs()  # Qt takes no order from a page that is not in its window yet
        super().showEvent(event)

    def _order_tabs(self) -> None:
        tab_after(self.empty, [*(part for card in self.cards for part in card.parts()), self.add])

    def _add(self) -> None:
        card = self.card(self._streams.add())
        card.fold.setChecked(True)
        card.host.setFocus()
        card.host.selectAll()

    def _edit(self, stream: Stream, changes: dict[str, Any]) -> None:
        try:
            self._streams.change(stream, **changes)
        except UserError as error:
            self.card(stream).refuse(error)
            self._messages.show_error(error)

    def _bring_into_sight(self, on: bool) -> None:
        """At once: how far it scrolls is known when the page is laid out with what was unfolded."""
        card, page = self.sender(), self.widget()
        if not on or not isinstance(card, StreamCard) or page is None or not page.isVisible():
            return
        layout = page.layout()
        assert layout is not None
        layout.activate()
        page.resize(page.width(), max(self.viewport().height(), layout.totalSizeHint().height()))
        self.reveal(card)
