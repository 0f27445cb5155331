"""Lengths that go with the system's text: who has larger letters gets higher rows."""

from typing import Final

from PySide6.QtGui import QFontInfo
from PySide6.QtWidgets import QApplication

USUAL_PX: Final = 13
"""Height of the letters for which lengths are written down."""
LARGEST: Final = 2.0


def scale() -> float:
    """How much larger than usual the system's text is, never less than 1: smaller text stays in rows of usual height.

    In pixels of the layout: where the desktop scales everything, Qt does so, and text is as usual.
    """
    return min(max(QFontInfo(QApplication.font()).pixelSize() / USUAL_PX, 1.0), LARGEST)


def px(length: float) -> int:
    """A length for usual text, as it is for the system's."""
    return round(length * scale())
