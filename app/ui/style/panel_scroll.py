"""A page of a panel that scrolls up and down."""

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

BAR_PX: Final = 10
"""As the style sheet has it."""


class PanelScroll(QScrollArea):
    """The scroll bar stands in the page's right margin: what is on the page stays where it is when a bar comes, in line
    with what stands above the page."""

    def __init__(self, page: QWidget) -> None:
        """``page``: with its layout, whose right margin has room for the bar."""
        super().__init__()
        layout = page.layout()
        assert layout is not None
        self._layout = layout
        self._margin = self._layout.contentsMargins().right()
        page.setObjectName("panelBody")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it follows the focus of what is on the page
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(page)
        self.verticalScrollBar().rangeChanged.connect(self._make_room)

    def _make_room(self, low: int, high: int) -> None:
        margins = self._layout.contentsMargins()
        margins.setRight(self._margin - (BAR_PX if high > low else 0))
        if margins != self._layout.contentsMargins():
            self._layout.setContentsMargins(margins)
