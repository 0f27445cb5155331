"""A page of a panel that scrolls up and down."""

from typing import Final

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from app.ui.style.theme import GAP

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
        self._page, self._layout = page, layout
        self._margin = self._layout.contentsMargins().right()
        page.setObjectName("panelBody")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it follows the focus of what is on the page
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(page)
        self.verticalScrollBar().rangeChanged.connect(self._make_room)

    def minimumSizeHint(self) -> QSize:
        """It scrolls up and down only: nothing of the page may be cut off at its side."""
        taken = self._margin - self._layout.contentsMargins().right()
        return QSize(self._layout.totalMinimumSize().width() + taken, super().minimumSizeHint().height())

    def reveal(self, widget: QWidget) -> None:
        """Scroll as little as shows all of it. Qt's own way stops where the cursor of a field can be seen."""
        at = widget.mapTo(self._page, QPoint(0, 0))
        self.ensureVisible(at.x(), at.y() + widget.height() + GAP, 0, 0)
        self.ensureVisible(at.x(), at.y() - GAP, 0, 0)

    def focusNextPrevChild(self, forward: bool) -> bool:
        moved = super().focusNextPrevChild(forward)
        focus = self.focusWidget()
        if moved and focus is not None and self._page.isAncestorOf(focus):
            self.reveal(focus)
        return moved

    def _make_room(self, low: int, high: int) -> None:
        margins = self._layout.contentsMargins()
        margins.setRight(self._margin - (BAR_PX if high > low else 0))
        if margins != self._layout.contentsMargins():
            self._layout.setContentsMargins(margins)
