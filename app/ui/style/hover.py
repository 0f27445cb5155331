"""What lit up under the mouse goes out when the mouse is gone."""

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication


def forget_hover(popup: QObject) -> None:
    """Call where a list or menu closes, ``popup`` being what it belongs to: Qt never tells the control that was under
    the mouse when it opened that the mouse has left it since, and the control stays lit."""
    QTimer.singleShot(0, popup, _put_out)


def _put_out() -> None:
    at = QCursor.pos()
    for widget in QApplication.allWidgets():
        if widget.underMouse() and not widget.rect().contains(widget.mapFromGlobal(at)):
            QApplication.sendEvent(widget, QEvent(QEvent.Type.Leave))
            widget.update()
