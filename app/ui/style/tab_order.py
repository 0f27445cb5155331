"""Where Tab goes for what is made late: Qt puts that last in the window, wherever it stands."""

from collections.abc import Iterable

from PySide6.QtWidgets import QWidget


def tab_after(before: QWidget, parts: Iterable[QWidget]) -> QWidget:
    """Let Tab come to these in order, right after ``before``; returns the last one."""
    for part in parts:
        QWidget.setTabOrder(before, part)
        before = part
    return before
