"""Lengths that go with the system's text: who has larger letters gets higher rows."""

from typing import Final

from PySide6.QtCore import QSize
from PySide6.QtGui import QFontInfo
from PySide6.QtWidgets import QApplication, QWidget

USUAL_PX: Final = 13
"""Height of the letters for which lengths are written down."""
LARGEST: Final = 2.0
NARROWEST_PX, MOST_NARROW_PX = 280, 400
"""Panels at the sides: with usual text, and with the largest."""
FRAME_PX: Final = 32
"""What a window manager puts around a dialog, about."""


def scale() -> float:
    """How much larger than usual the system's text is, never less than 1: smaller text stays in rows of usual height.

    In pixels of the layout: where the desktop scales everything, Qt does so, and text is as usual.
    """
    return min(max(QFontInfo(QApplication.font()).pixelSize() / USUAL_PX, 1.0), LARGEST)


def px(length: float) -> int:
    """A length for usual text, as it is for the system's."""
    return round(length * scale())


def least_width(hint: QSize) -> QSize:
    """Of a panel at the window's side: what is in it needs so much, and less looks squeezed."""
    return hint.expandedTo(QSize(min(px(NARROWEST_PX), MOST_NARROW_PX), 0))


def room_for(dialog: QWidget, width: int, height: int) -> None:
    """Give it the size that it needs for usual text, larger with larger text, no larger than its screen."""
    screen = dialog.screen().availableGeometry()
    dialog.resize(min(px(width), screen.width()), min(px(height), screen.height() - px(FRAME_PX)))
